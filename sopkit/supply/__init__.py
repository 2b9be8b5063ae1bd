"""Supply planning: net demand, rough-cut load, the cheapest plan, and why it falls short.

Notebooks and `scenario` call what is listed here. The folders follow the work: `inputs` (tables to
arrays), `rules` and `model` (arrays to a linear model), `solver`, `results` (numbers to tables);
then what is asked of a plan: `check`, `problems`, `explain`, `pegging`, `assess`, `whatif`, and the
planner by rules it is held against, `twin`.
"""

from __future__ import annotations

from sopkit.supply.assess import Assessment, assess_target
from sopkit.supply.beside import explain_plan, solve_beside_rules
from sopkit.supply.check import check_plan
from sopkit.supply.explain import explain_shortages, list_fixes, rank_bottlenecks, start_living
from sopkit.supply.inputs.case import Case, Rates
from sopkit.supply.inputs.netting import extend_forecast, join_demands, net_demand
from sopkit.supply.inputs.network import list_lots, usable_stock
from sopkit.supply.inputs.open_case import open_case
from sopkit.supply.inputs.prepare import prepare_case, set_targets
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.loads import find_lead_times, rough_cut_load
from sopkit.supply.overload import add_overload
from sopkit.supply.pegging import list_expiring, peg_plan, what_it_serves, what_serves
from sopkit.supply.problems import find_supply_problems
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.results.released import list_released, list_released_orders
from sopkit.supply.results.review import (
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
from sopkit.supply.results.rounding import round_orders
from sopkit.supply.solver.kept_basis import list_basis, read_basis
from sopkit.supply.solver.living import Living
from sopkit.supply.solver.solve import solve_case, solve_plan
from sopkit.supply.twin import compare_plans, plan_by_rules
from sopkit.supply.whatif import Change, list_codes, read_changes, what_if
from sopkit.supply.whatif.questions import list_questions, pick_target, sum_what_if

__all__ = [
    "Assessment",
    "Case",
    "Change",
    "Living",
    "Plan",
    "Rates",
    "SupplyTables",
    "add_overload",
    "assess_target",
    "check_plan",
    "compare_plans",
    "explain_plan",
    "explain_shortages",
    "extend_forecast",
    "find_lead_times",
    "find_supply_problems",
    "join_demands",
    "list_basis",
    "list_codes",
    "list_expiring",
    "list_fixes",
    "list_lots",
    "list_questions",
    "list_released",
    "list_released_orders",
    "net_demand",
    "open_case",
    "peg_plan",
    "pick_target",
    "plan_by_rules",
    "prepare_case",
    "rank_bottlenecks",
    "rank_flows",
    "rate_loads",
    "read_basis",
    "read_changes",
    "rough_cut_load",
    "round_orders",
    "set_targets",
    "solve_beside_rules",
    "solve_case",
    "solve_plan",
    "start_living",
    "sum_causes",
    "sum_hits",
    "sum_margin",
    "sum_months",
    "sum_paid",
    "sum_resources",
    "sum_service",
    "sum_what_if",
    "usable_stock",
    "what_if",
    "what_it_serves",
    "what_serves",
]
