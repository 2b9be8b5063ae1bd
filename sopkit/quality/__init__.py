"""Is the data fit to plan on: one history, what is odd in it, and what changed since last month.

Each finder states its rule; nothing is corrected without a reason that `correction` lists.
"""

from __future__ import annotations

from sopkit.quality.channel import find_loading, to_channel_months
from sopkit.quality.channel_summary import (
    sum_channel_months,
    summarise_channel,
    to_channel_findings,
)
from sopkit.quality.clean import (
    ACCEPTED,
    clean_history,
    revenue_per_unit,
    to_correction_findings,
    to_corrections,
)
from sopkit.quality.compare import compare_plan, compare_restated
from sopkit.quality.effect import (
    CorrectionEffect,
    list_corrections,
    measure_correction_effect,
    say_evidence,
    sum_lost,
)
from sopkit.quality.expect import expect_demand, expect_with_siblings, robust_spread
from sopkit.quality.find import classify_zeros, find_gaps, mark_promotions
from sopkit.quality.history import fill_missing_months, find_price, to_demand_history
from sopkit.quality.lost import estimate_lost, find_stock_outs
from sopkit.quality.marks import stack_marks
from sopkit.quality.outliers import find_bulk_orders, find_outliers
from sopkit.quality.summary import (
    check_ties,
    number_findings,
    sum_restated,
    summarise_corrections,
    summarise_plan,
    summarise_tables,
)

__all__ = [
    "ACCEPTED",
    "CorrectionEffect",
    "check_ties",
    "classify_zeros",
    "clean_history",
    "compare_plan",
    "compare_restated",
    "estimate_lost",
    "expect_demand",
    "expect_with_siblings",
    "fill_missing_months",
    "find_bulk_orders",
    "find_gaps",
    "find_loading",
    "find_outliers",
    "find_price",
    "find_stock_outs",
    "list_corrections",
    "mark_promotions",
    "measure_correction_effect",
    "number_findings",
    "revenue_per_unit",
    "robust_spread",
    "say_evidence",
    "stack_marks",
    "sum_channel_months",
    "sum_lost",
    "sum_restated",
    "summarise_channel",
    "summarise_corrections",
    "summarise_plan",
    "summarise_tables",
    "to_channel_findings",
    "to_channel_months",
    "to_correction_findings",
    "to_corrections",
    "to_demand_history",
]
