"""Supply planning: net demand, rough-cut load, the cheapest plan, and why it falls short.

Notebooks and `scenario` call what is listed here; the modules are the steps of the work.
"""

from __future__ import annotations

from sopkit.supply.case import Case, Rates
from sopkit.supply.check import check_plan
from sopkit.supply.explain import explain_shortages
from sopkit.supply.loads import find_lead_times, rough_cut_load
from sopkit.supply.netting import extend_forecast, net_demand
from sopkit.supply.network import usable_stock
from sopkit.supply.prepare import prepare_case, set_targets
from sopkit.supply.problems import find_supply_problems
from sopkit.supply.read_plan import Plan
from sopkit.supply.review import (
    rank_flows,
    rate_loads,
    sum_causes,
    sum_hits,
    sum_margin,
    sum_months,
    sum_paid,
    sum_resources,
    sum_service,
)
from sopkit.supply.solve import solve_case, solve_plan
from sopkit.supply.tables import SupplyTables
from sopkit.supply.twin import compare_plans, plan_by_rules

__all__ = [
    "Case",
    "Plan",
    "Rates",
    "SupplyTables",
    "check_plan",
    "compare_plans",
    "explain_shortages",
    "extend_forecast",
    "find_lead_times",
    "find_supply_problems",
    "net_demand",
    "plan_by_rules",
    "prepare_case",
    "rank_flows",
    "rate_loads",
    "rough_cut_load",
    "set_targets",
    "solve_case",
    "solve_plan",
    "sum_causes",
    "sum_hits",
    "sum_margin",
    "sum_months",
    "sum_paid",
    "sum_resources",
    "sum_service",
    "usable_stock",
]
