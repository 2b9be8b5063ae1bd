"""From budget to plan: actual to date and plan to go against the fiscal year's budget."""

from __future__ import annotations

from sopkit.finance.bridge.actions import cover_gap, measure_restated, value_actions
from sopkit.finance.bridge.one_off import price_copacker, price_write_off
from sopkit.finance.bridge.outlook import find_compared_months, to_outlook, value_exchange
from sopkit.finance.bridge.parts import LEAF_PARTS, ONE_OFFS, PARTS
from sopkit.finance.bridge.views import (
    check_bridge,
    check_leaves,
    drill_down,
    find_largest_part,
    list_absent,
    spread_bridge,
    spread_months,
    sum_bridge,
)
from sopkit.finance.bridge.years import (
    bridge_budget,
    bridge_last_year,
    bridge_leaves,
    bridge_years,
    describe_years,
    find_lead_year,
    join_one_offs,
    sum_leaves,
)

__all__ = [
    "LEAF_PARTS",
    "ONE_OFFS",
    "PARTS",
    "bridge_budget",
    "bridge_last_year",
    "bridge_leaves",
    "bridge_years",
    "check_bridge",
    "check_leaves",
    "cover_gap",
    "describe_years",
    "drill_down",
    "find_compared_months",
    "find_largest_part",
    "find_lead_year",
    "join_one_offs",
    "list_absent",
    "measure_restated",
    "price_copacker",
    "price_write_off",
    "spread_bridge",
    "spread_months",
    "sum_bridge",
    "sum_leaves",
    "to_outlook",
    "value_actions",
    "value_exchange",
]
