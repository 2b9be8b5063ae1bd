"""Solve a supply plan: prepare, build, solve, turn back into tables."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from time import perf_counter

import pandas as pd

from sopkit.supply.inputs.case import Array, Case, Rates
from sopkit.supply.inputs.prepare import prepare_case
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import Model, to_lp
from sopkit.supply.model.units import find_money
from sopkit.supply.results.read_plan import Plan, read_plan
from sopkit.supply.solver.basis import fit_basis, label_basis
from sopkit.supply.solver.groups import Start, solve_groups
from sopkit.supply.solver.highs import BY_RULES, solve_lp
from sopkit.supply.solver.stages import hint_whole
from sopkit.supply.solver.whole import solve_whole
from sopkit.supply.twin.plan import rule_values
from sopkit.supply.twin.repair import to_columns

LARGE_COLUMNS = 300_000
BY_GROUPS = "plan by groups"


def solve_plan(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    working_days: dict[pd.Timestamp, int] | None = None,
    rates: Rates | None = None,
    time_limit: float = 300.0,
) -> Plan:
    """Return the cheapest plan for a demand: prepare, build, solve, turn back into tables.

    Args:
        tables: contract frames.
        demand: contract `net_demand`.
        periods: planned months.
        working_days: working days of each period, for resources without capacity rows.
        rates: prices no table gives.
        time_limit: seconds the solver may take.

    Raises:
        PlanError: hard data contradict each other.

    Example:
        One item bought at 4 and sold at 10, demand 5, no stock: the plan buys 5 and costs 20.
    """
    started = perf_counter()
    case = prepare_case(tables, demand, periods, working_days=working_days, rates=rates)
    return solve_case(case, demand, time_limit=time_limit, prepared=perf_counter() - started)


def solve_case(
    case: Case,
    demand: pd.DataFrame,
    *,
    start: Plan | None = None,
    time_limit: float = 300.0,
    prepared: float = 0.0,
) -> Plan:
    """Return the cheapest plan of a prepared case for a demand; for scenarios, again and again.

    A solver that is stopped by the time limit gives its plan if it has one, else the plan by rules
    (`plan_by_rules`), or of a large model the one made group by group (`solve_groups`), stands;
    `Plan.status` says so, `Plan.bound` what is proven, `Plan.gap` how
    far the plan may be from the cheapest.

    Without `start` the solve is cold, on one thread and with one seed, so that the same input
    gives the same plan, number for number: what is written to tables comes from cold solves.

    Args:
        demand: contract `net_demand`; every place must be known to the case.
        start: a plan of a similar case (more hours, other demand) to start from; the cost is
            the same, the time a fraction, but among plans of equal cost another may be found.
        time_limit: seconds the solver may take.
        prepared: seconds already spent on preparing; only reported.

    Raises:
        PlanError: a place is unknown.
    """
    marks = [perf_counter()]
    streams = to_streams(case, demand)
    model = build_model(case, streams)
    lp = to_lp(model, find_money(streams, model.dims["stream"].unit))
    marks.append(perf_counter())
    known = fit_basis(start.basis, model, lp) if start is not None and start.basis else None

    groups: Start | None = None
    if known is None and len(lp.cost) > LARGE_COLUMNS and not lp.whole.any():
        groups = solve_groups(case, streams, model, lp, time_limit=time_limit)
        known = None if groups is None else groups.basis
        time_limit = max(time_limit - (perf_counter() - marks[-1]), 0.0)

    def by_rules() -> Array:
        return groups.x if groups else to_columns(lp, rule_values(case, streams, model))

    if lp.whole.any():
        found = solve_whole(
            lp,
            hint_whole(case),
            time_limit=time_limit,
            basis=known,
            gap=case.rates.whole_gap_rate,
            constant=constant_of(model) / lp.money,
        )
    else:
        found = solve_lp(lp, time_limit=time_limit, basis=known, rules=by_rules)
    if found.x is None:
        found = replace(found, x=by_rules(), status=f"{found.status}: {BY_RULES}", basis=None)
    marks.append(perf_counter())
    assert found.x is not None
    plan = read_plan(case, streams, model, lp.values(found.x), lp.duals(found.row_dual))
    marks.append(perf_counter())
    build, solve, read = (late - early for early, late in pairwise(marks))
    plan.seconds.update(prepare=prepared, build=build, solve=solve, read=read)
    plan.sizes.update(columns=len(lp.cost), rows=len(lp.row_lower))
    basis = label_basis(model, lp, found.basis) if found.basis is not None else None
    bound = None if found.bound is None else found.bound * lp.money + constant_of(model)
    status = found.status.replace(BY_RULES, BY_GROUPS) if groups else found.status
    return replace(plan, status=status, basis=basis, bound=bound)


def constant_of(model: Model) -> float:
    """Return the part of the objective that no variable changes."""
    return float(sum(money.sum() for money in model.constants.values()))
