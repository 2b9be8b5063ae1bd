"""What is worked out side by side on two cores: plan and rules, shortages and limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pandas as pd

from sopkit.supply.explain import (
    explain_shortages,
    list_fixes,
    rank_bottlenecks,
    start_living,
)
from sopkit.supply.inputs.case import Case
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.solver.living import Living
from sopkit.supply.solver.solve import solve_case
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


class Explained(NamedTuple):
    """Why a plan falls short and what would help.

    Args:
        shortage, shortage_fix, bottleneck: contract frames.
        living: a solver that holds the plan, for further questions.
    """

    shortage: pd.DataFrame
    shortage_fix: pd.DataFrame
    bottleneck: pd.DataFrame
    living: Living


def explain_plan(
    case: Case, demand: pd.DataFrame, plan: Plan, *, probes: int = 4, limits: int = 5
) -> Explained:
    """Return what stops the plan, the fixes of the dearest shortages, and the dearest limits.

    Shortages with their fixes, and limits, are asked of two solvers side by side; each asks in
    its own order, so that the answers do not depend on which is faster.

    Args:
        demand: contract `net_demand`, which the plan answers.
        probes: how many limits are taken away one by one to find what stands behind them.
        limits: how many limits are ranked.
    """
    with ThreadPoolExecutor(1) as pool:
        ranked = pool.submit(rank_bottlenecks, case, demand, plan, most=limits)
        living = start_living(case, plan)
        shortage = explain_shortages(case, plan, probes=probes, living=living)
        fixes = list_fixes(case, demand, plan, shortage, living=living)
        return Explained(shortage, fixes, ranked.result(), living)
