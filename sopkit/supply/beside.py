"""The cheapest plan and the plan by rules, made at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from sopkit.supply.case import Case
from sopkit.supply.read_plan import Plan
from sopkit.supply.solve import solve_case
from sopkit.supply.twin import plan_by_rules


def solve_beside_rules(
    case: Case, demand: pd.DataFrame, *, time_limit: float = 300.0
) -> tuple[Plan, Plan]:
    """Return the cheapest plan, and the plan by rules for the same case and demand.

    The solver works outside of Python, so the second costs little time on a second core.

    Args:
        demand: contract `net_demand`.
        time_limit: seconds the solver may take.

    Raises:
        PlanError: see `solve_case`.
    """
    with ThreadPoolExecutor(1) as pool:
        by_rules = pool.submit(plan_by_rules, case, demand)
        plan = solve_case(case, demand, time_limit=time_limit)
        return plan, by_rules.result()
