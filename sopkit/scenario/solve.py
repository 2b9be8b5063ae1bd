"""Solve the demand range and the options of decisions through the supply model."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from sopkit.demand import Correlation
from sopkit.scenario.demand import shift_demand
from sopkit.scenario.options import list_jobs
from sopkit.supply import Case, Plan, net_demand, solve_case


def net_range(
    consensus_demand: pd.DataFrame,
    correlation: Correlation,
    sales_order_line: pd.DataFrame,
    service_class: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> dict[str, pd.DataFrame]:
    """Return what supply would plan against at both ends of the demand range.

    Orders in hand are netted as in the supply review.

    Args:
        consensus_demand: contract `consensus_demand`.
        correlation: how far demand errors move together; see `shift_demand`.
        sales_order_line: contract `sales_order_line`.
        service_class: contract `service_class`.
        periods: planned months.

    Returns:
        Contract `net_demand` for `downside` and `upside`.
    """
    return {
        "downside": net_demand(
            shift_demand(consensus_demand, "downside", correlation),
            sales_order_line,
            service_class,
            periods,
        ),
        "upside": net_demand(
            shift_demand(consensus_demand, "upside", correlation),
            sales_order_line,
            service_class,
            periods,
        ),
    }


@dataclass(frozen=True)
class Solved:
    """A scenario's plan, with the demand it answers.

    Args:
        plan: the whole plan.
        added: `period`, `demand_qty`: what the scenario adds to the base plan's demand, signed.
    """

    plan: Plan
    added: pd.DataFrame


def solve_scenarios(
    case: Case,
    demand: pd.DataFrame,
    ends: Mapping[str, pd.DataFrame],
    options: pd.DataFrame,
    item: pd.DataFrame,
) -> dict[str, Solved]:
    """Solve a whole plan for both ends of the demand range and for every option.

    Ends and options are solved side by side, the solver lets other threads run. Within each, the
    first plan is solved cold and the others start from it: always in this order, so that the same
    input gives the same numbers.

    Args:
        case: the base plan's network, prepared for the places of every demand.
        demand: contract `net_demand` of the base plan.
        ends: what `net_range` returned.
        options: what `list_options` returned.
        item: contract `item`.

    Returns:
        By scenario, the ends first: its plan and the demand it adds.

    Raises:
        PlanError: the solver found no plan.
    """
    chains = [
        {name: (case, end) for name, end in ends.items()},
        list_jobs(case, demand, options, item),
    ]
    with ThreadPoolExecutor(max_workers=len(chains)) as pool:
        plans = [plan for solved in pool.map(_solve_chain, chains) for plan in solved]
    jobs = {**chains[0], **chains[1]}
    return {
        name: Solved(plan, _subtract(wanted, demand))
        for (name, (_, wanted)), plan in zip(jobs.items(), plans, strict=True)
    }


def _solve_chain(jobs: Mapping[str, tuple[Case, pd.DataFrame]]) -> list[Plan]:
    plans: list[Plan] = []
    for case, demand in jobs.values():
        plans.append(solve_case(case, demand, start=plans[0] if plans else None))
    return plans


def _subtract(wanted: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    more = wanted.groupby("period")["demand_qty"].sum()
    return more.sub(demand.groupby("period")["demand_qty"].sum(), fill_value=0.0).reset_index()
