"""Is the data fit to plan on: one history, what is odd in it, and what changed since last month.

Each finder states its rule; nothing is corrected without a reason that `correction` lists.
"""

from __future__ import annotations

from sopkit.quality.clean import (
    clean_history,
    revenue_per_unit,
    stack_marks,
    to_correction_findings,
    to_corrections,
)
from sopkit.quality.compare import compare_plan, compare_restated
from sopkit.quality.expect import expect_demand, robust_spread
from sopkit.quality.find import find_gaps, find_outliers, find_stock_outs, mark_promotions
from sopkit.quality.history import fill_missing_months, find_price, to_demand_history
from sopkit.quality.summary import (
    check_ties,
    number_findings,
    sum_restated,
    summarise_corrections,
    summarise_plan,
    summarise_tables,
)

__all__ = [
    "check_ties",
    "clean_history",
    "compare_plan",
    "compare_restated",
    "expect_demand",
    "fill_missing_months",
    "find_gaps",
    "find_outliers",
    "find_price",
    "find_stock_outs",
    "mark_promotions",
    "number_findings",
    "revenue_per_unit",
    "robust_spread",
    "stack_marks",
    "sum_restated",
    "summarise_corrections",
    "summarise_plan",
    "summarise_tables",
    "to_correction_findings",
    "to_corrections",
    "to_demand_history",
]
