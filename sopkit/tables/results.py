"""Contracts of what the consensus and executive reviews and publishing write; all results."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
    date,
    flag,
    hours,
    month,
    qty,
    rate,
    result,
    value,
    words,
)
from sopkit.tables.demand import place
from sopkit.tables.results_consensus import CONSENSUS_RESULTS, CONSENSUS_STEP
from sopkit.tables.results_demand import DATA_RESULTS, DEMAND_RESULTS
from sopkit.tables.results_effects import EFFECT_RESULTS
from sopkit.tables.results_money import BRIDGE_RESULTS, KPI_RESULTS
from sopkit.tables.results_process import PROCESS_RESULTS
from sopkit.tables.results_review import REVIEW_RESULTS
from sopkit.tables.results_scenarios import SCENARIO_RESULTS
from sopkit.tables.results_supply import SUPPLY_RESULTS
from sopkit.tables.results_targets import TARGET_RESULTS

EXECUTIVE_STEP = "05_executive_review"

SCENARIO_MONTH = result(
    CONSENSUS_STEP,
    "scenario_month",
    ("scenario", "period"),
    "Money and service of a scenario, month by month.",
    code("scenario", "base, downside, upside, ..."),
    month(),
    qty("demand_qty", "unconstrained demand"),
    qty("served_qty", "served"),
    qty("short_qty", "not served"),
    value("revenue_value", "net revenue of what is served"),
    value("cost_value", "standard cost of what is served, overtime on top"),
    value("margin_value", "revenue - cost"),
    value("stock_value", "closing stock at standard cost"),
    hours("overtime_hours", "overtime used"),
    value("purchase_value", "ordered from suppliers", required=False, blank=True),
    value(
        "cash_value",
        "revenue - making, buying, moving, hours and overtime, in the month they arise",
        required=False,
        blank=True,
    ),
    code("busiest", "fullest resource; blank without any", required=False, blank=True),
    rate("load_rate", "its hours needed / regular hours", required=False, blank=True),
)

SCENARIO_COST = result(
    CONSENSUS_STEP,
    "scenario_cost",
    ("scenario", "term"),
    "What a scenario's plan costs over all months solved, term by term; revenue is below 0.",
    code("scenario", "base, downside, upside, ..."),
    code("term", "revenue (served, negative), or a term of plan_cost"),
    value("cost_value", "money over the solved months"),
)

DECISION = result(
    EXECUTIVE_STEP,
    "decision",
    ("decision", "option"),
    "A decision asked for, an option a row.",
    code("decision", "number, such as 2026-11-D1"),
    code("option", "letter"),
    code("kind", "bottleneck, shortage, budget_gap, scenario, ..."),
    words("subject", "what it is about: resource, family, item"),
    words("action", "what the option does"),
    value("margin_value", "change of margin against doing nothing"),
    rate("service_rate", "change of share served", required=False, blank=True),
    value("stock_value", "change of peak stock", required=False, blank=True),
    flag("recommended", "the proposal"),
    words("owner", "role that carries it out"),
    date("due_date", "last day to decide"),
)

APPROVED_PLAN = result(
    "publish",
    "approved_plan",
    ("item", "location", "customer", "period"),
    "What the executives signed.",
    *place(),
    month(),
    qty("demand_qty", "agreed demand (unconstrained)"),
    qty("plan_qty", "quantity planned to be served"),
    qty("short_qty", "not served"),
    value("revenue_value", "net revenue"),
    value("margin_value", "margin"),
)

RESULTS = (
    *DATA_RESULTS,
    *DEMAND_RESULTS,
    *REVIEW_RESULTS,
    *SUPPLY_RESULTS,
    SCENARIO_MONTH,
    SCENARIO_COST,
    *SCENARIO_RESULTS,
    *BRIDGE_RESULTS,
    *CONSENSUS_RESULTS,
    *TARGET_RESULTS,
    *KPI_RESULTS,
    DECISION,
    *PROCESS_RESULTS,
    APPROVED_PLAN,
    *EFFECT_RESULTS,
)
