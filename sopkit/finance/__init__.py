"""Volume to money: prices, costs, revenue, margin, and the bridge from budget to plan."""

from __future__ import annotations

from sopkit.finance.bridge import (
    PARTS,
    bridge_budget,
    bridge_years,
    check_bridge,
    find_compared_months,
    find_lead_year,
    spread_bridge,
    sum_bridge,
    to_outlook,
)
from sopkit.finance.money import (
    complete_prices,
    cost_demand,
    cost_places,
    look_up_cost,
    look_up_price,
    price_demand,
    to_money,
    unit_worth,
    value_stock,
)

__all__ = [
    "PARTS",
    "bridge_budget",
    "bridge_years",
    "check_bridge",
    "complete_prices",
    "cost_demand",
    "cost_places",
    "find_compared_months",
    "find_lead_year",
    "look_up_cost",
    "look_up_price",
    "price_demand",
    "spread_bridge",
    "sum_bridge",
    "to_money",
    "to_outlook",
    "unit_worth",
    "value_stock",
]
