"""Scenarios solved side by side, each from where the solver ended on the base plan."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from sopkit.scenario.fit import Fitted
from sopkit.supply import Case, Living, Plan
from sopkit.supply.solver.basis import Basis
from sopkit.supply.whatif import Change

THREADS = 2
# Usual seconds of a question, to share the work out evenly; lead times build another model.
WEIGHTS = {"lead_time": 12.0, "demand": 2.0, "outage": 2.0, "limit": 2.0, "cost": 2.0}


@dataclass(frozen=True)
class Solved:
    """A scenario's plan, with the data it answers.

    Args:
        plan: the whole plan.
        added: `period`, `demand_qty`: what the scenario adds to the base plan's demand, signed.
        case, demand: with the scenario's changes; `case.tables.price` holds its prices.
        changes: its changes.
    """

    plan: Plan
    added: pd.DataFrame
    case: Case
    demand: pd.DataFrame
    changes: tuple[Change, ...]

    @property
    def price(self) -> pd.DataFrame:
        """Contract `price` under the scenario."""
        return self.case.tables.price


def solve_diffs(
    case: Case,
    demand: pd.DataFrame,
    fitted: Sequence[Fitted],
    *,
    basis: Basis | None = None,
    time_limit: float = 300.0,
) -> dict[str, Solved]:
    """Solve a whole plan for every scenario that can be applied.

    Two threads, each with a solver at the base plan's optimum; every scenario starts from there, so
    that no answer depends on what was asked before it, and work is shared out in a fixed way: the
    same input gives the same numbers. The cost is that of a cold solve. What two scenarios ask
    alike is solved once.

    Args:
        case: network of the base plan, with the places of every scenario's demand.
        demand: contract `net_demand` of the base plan.
        fitted: what `fit_scenarios` returned.
        basis: where the solver ended on the base plan; without it the base is solved first.
        time_limit: seconds a scenario may take.

    Returns:
        By scenario, in the order given; refused ones are left out.

    Raises:
        PlanError: the solver found no plan.
    """
    asked = [one for one in fitted if not one.is_refused]
    if not asked:
        return {}
    if basis is None:
        basis = Living(case, demand, time_limit=time_limit).base.plan.basis

    def solve_some(some: list[Fitted]) -> dict[tuple[Change, ...], Plan]:
        if not some:
            return {}
        living = Living(case, demand, basis=basis, time_limit=time_limit)
        return {one.asks: living.ask(one.case, one.demand).plan for one in some}

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(solve_some, share_out(list({a.asks: a for a in asked}.values()))))
    plans = {asks: plan for part in parts for asks, plan in part.items()}
    return {
        one.scenario.name: Solved(
            plans[one.asks],
            subtract_demand(one.demand, demand),
            one.case,
            one.demand,
            one.asks,
        )
        for one in asked
    }


def share_out(asked: Sequence[Fitted], parts: int = THREADS) -> list[list[Fitted]]:
    """Return scenarios shared out over threads, the heaviest first, each to the least loaded."""
    shares: list[list[Fitted]] = [[] for _ in range(parts)]
    loads = [0.0] * parts
    weights = [_weigh(one) for one in asked]
    for at in sorted(range(len(asked)), key=lambda n: (-weights[n], n)):
        least = loads.index(min(loads))
        shares[least].append(asked[at])
        loads[least] += weights[at]
    return shares


def _weigh(one: Fitted) -> float:
    kinds = {change.kind for change in one.changes.values()}
    whole = any(change.level == "all" for change in one.changes.values())
    return max((WEIGHTS.get(kind, 1.0) for kind in kinds), default=1.0) * (2.0 if whole else 1.0)


def subtract_demand(wanted: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """Return what one demand is more than another, by month: `period`, `demand_qty`, signed."""
    more = wanted.groupby("period")["demand_qty"].sum()
    return more.sub(demand.groupby("period")["demand_qty"].sum(), fill_value=0.0).reset_index()
