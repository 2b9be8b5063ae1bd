"""An independent check of a plan: from its tables and the company's tables, not from the model.

Each rule of the plan has a check here, written anew from what the tables mean. To add one, write
`(tables, plan) -> Series of deviations` in a module of its subject, and its line in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from sopkit.supply.check.fences import check_fences
from sopkit.supply.check.life import check_shelf_life
from sopkit.supply.check.limits import check_stock_limits
from sopkit.supply.check.lots import check_lots, check_whole_people
from sopkit.supply.check.network import (
    check_arrivals,
    check_balance,
    check_hours,
    check_lane_limit,
    check_opening,
    check_parts,
    check_service,
    check_supplier_limit,
)
from sopkit.supply.check.orders import check_open_orders, check_shares
from sopkit.supply.check.people import check_head_hours, check_heads, check_machine_hours
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

Check = Callable[[SupplyTables, Plan], pd.Series]


def check_not_negative(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return how far below 0 each row of the plan goes."""
    return -plan.constrained_plan.select_dtypes("number").min(axis=1)


def check_cost(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return the gap between the cost terms' sum and the objective."""
    return pd.Series([abs(plan.plan_cost["cost_value"].sum() - plan.objective)])


CHECKS: dict[str, Check] = {
    "balance": check_balance,
    "opening": check_opening,
    "not_negative": check_not_negative,
    "arrivals": check_arrivals,
    "parts": check_parts,
    "hours": check_hours,
    "supplier_limit": check_supplier_limit,
    "lane_limit": check_lane_limit,
    "service": check_service,
    "fences": check_fences,
    "open_orders": check_open_orders,
    "shares": check_shares,
    "stock_limits": check_stock_limits,
    "shelf_life": check_shelf_life,
    "machine_hours": check_machine_hours,
    "heads": check_heads,
    "head_hours": check_head_hours,
    "whole_people": check_whole_people,
    "lots": check_lots,
    "cost": check_cost,
}


def check_plan(tables: SupplyTables, plan: Plan, *, tolerance: float = 1e-3) -> pd.DataFrame:
    """Return how well a plan keeps each rule; a plan is sound when every row passed.

    Args:
        plan: with all solved months (not cut by `within`).
        tolerance: largest deviation that passes, in units, hours or money, and as a share
            (a millionth of it) of the largest quantity concerned.

    Returns:
        `check` (a name in `CHECKS`), `worst` (largest deviation), `passed`.
    """
    size = plan.constrained_plan.select_dtypes("number").abs().to_numpy().max(initial=0.0)
    allowed = max(tolerance, tolerance * 1e-6 * float(size))
    gaps = {name: check(tables, plan) for name, check in CHECKS.items()}
    worst = {name: float(gap.max()) if len(gap) else 0.0 for name, gap in gaps.items()}
    rows = pd.DataFrame({"check": list(worst), "worst": list(worst.values())})
    rows["worst"] = rows["worst"].clip(lower=0.0)
    return rows.assign(passed=rows["worst"] <= allowed)
