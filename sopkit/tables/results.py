"""Contracts of results: what each review writes."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
    date,
    flag,
    hours,
    month,
    number,
    qty,
    rate,
    signed_qty,
    value,
    whole,
    words,
)
from sopkit.tables.contract import Column, Table
from sopkit.tables.demand import place

DATA, DEMAND_STEP, SUPPLY_STEP = "01_data_review", "02_demand_review", "03_supply_review"
CONSENSUS_STEP, EXECUTIVE_STEP = "04_consensus_review", "05_executive_review"


def _result(owner: str, name: str, key: tuple[str, ...], about: str, *columns: Column) -> Table:
    return Table(name=name, owner=owner, group="result", key=key, about=about, columns=columns)


def _item_place() -> tuple[Column, ...]:
    return (code("item", "item code"), code("location", "location code"))


REFUSED_ROW = _result(
    DATA,
    "refused_row",
    ("table", "file", "row", "column", "rule"),
    "A row of a company file that was not accepted, with the reason and the money it stands for.",
    code("table", "table it was meant for"),
    code("file", "file it stands in, with sheet"),
    whole("row", "row in that file, as a spreadsheet counts; 0 is the whole file"),
    code("column", "column that broke the rule"),
    code("rule", "the rule"),
    words("value", "what stood there"),
    words("advice", "what to do"),
    value("amount_value", "money the row stands for", required=False, blank=True),
    words("content", "the row as read, column=value; column=value"),
)

FINDING = _result(
    DATA,
    "finding",
    ("finding",),
    "Something about the data that a planner should know; nothing was refused for it.",
    code("finding", "running number, such as F001"),
    code("kind", "gap, stock_out, outlier, restated, like_item, not_yet_known, orphan, ..."),
    code("severity", "error, warning or info", allowed=("error", "warning", "info")),
    words("table", "table it is about"),
    words("file", "file it stands in"),
    whole("row_count", "rows concerned", required=False, default=1),
    words("item", "item, where it is about one"),
    words("location", "location, where it is about one"),
    Column("period", "month, where it is about one", "month", required=False, blank=True),
    words("value", "what was found"),
    words("advice", "what to do"),
    words("owner", "role that should look"),
    value("amount_value", "money concerned", required=False, blank=True),
)

DEMAND_HISTORY = _result(
    DATA,
    "demand_history",
    ("item", "location", "customer", "period"),
    "Demand and revenue of a past month; no month is missing between a series' first and the last.",
    *place(),
    month(),
    qty("actual_qty", "ordered quantity by requested month"),
    qty("cleaned_qty", "the same after accepted corrections; what forecasts learn from"),
    value("revenue_value", "net revenue of the orders, returns not taken off"),
    value("return_value", "net money of goods that came back in the month", default=0.0),
)

CORRECTION = _result(
    DATA,
    "correction",
    ("item", "location", "customer", "period", "reason"),
    "A month whose history was marked or corrected.",
    *place(),
    month(),
    qty("actual_qty", "as it was"),
    qty("cleaned_qty", "as it is used"),
    code("reason", "stock_out, outlier, promotion, gap"),
    flag("accepted", "cleaned_qty differs from actual_qty because of it"),
)

PLAN_VERSUS_ACTUAL = _result(
    DATA,
    "plan_versus_actual",
    ("item", "location", "customer", "period"),
    "Last cycle's agreed demand and plan against what came, for the month just ended.",
    *place(),
    month(),
    qty("demand_qty", "agreed demand"),
    qty("plan_qty", "quantity planned to be served", required=False, blank=True),
    qty("actual_qty", "ordered"),
    signed_qty("bias_qty", "agreed demand - actual"),
)

SEGMENT = _result(
    DEMAND_STEP,
    "segment",
    ("item", "location"),
    "How an item-location is to be planned.",
    *_item_place(),
    value("revenue_value", "net revenue of the last 12 months"),
    code("abc", "A, B or C by value", allowed=("A", "B", "C")),
    code(
        "pattern",
        "smooth, erratic, intermittent, lumpy, new, ended, no demand",
        allowed=("smooth", "erratic", "intermittent", "lumpy", "new", "ended", "none"),
    ),
    code("strategy", "MTS, ATO or MTO"),
)

BASELINE = _result(
    DEMAND_STEP,
    "baseline",
    ("item", "location", "customer", "period"),
    "Statistical forecast before people touch it, with range.",
    *place(),
    month(),
    qty("baseline_qty", "expected demand"),
    qty("lo_80_qty", "9 of 10 times it is above"),
    qty("hi_80_qty", "9 of 10 times it is below"),
    code("method", "ensemble, family_share, like_item, run_out, zero"),
)

BACKTEST = _result(
    DEMAND_STEP,
    "backtest",
    ("item", "location", "cutoff", "period"),
    "What the baseline would have said at earlier months, against what came.",
    *_item_place(),
    month("cutoff", "last month it knew"),
    month("period", "month it forecast"),
    whole("lag", "months between cutoff and period, less one: 0 is the next month"),
    qty("forecast_qty", "baseline"),
    qty("naive_qty", "same month a year ago (last month where history is short)"),
    qty("actual_qty", "what came"),
)

STREAM_VALUE = _result(
    DEMAND_STEP,
    "stream_value",
    ("stream", "owner", "lag"),
    "What people's forecasts were worth against the baseline or naive on the same cells.",
    code("stream", "whose forecast"),
    code("owner", "role that gave it"),
    whole("lag", "months ahead: 0 is the cycle's own month"),
    whole("cell_count", "cells compared"),
    whole("month_count", "months compared"),
    rate("wape_rate", "WAPE of the stream"),
    rate("reference_wape_rate", "WAPE of the reference on the same cells"),
    rate("value_added_rate", "reference WAPE - stream WAPE; plus is better"),
    rate("bias_rate", "sum (forecast - actual) / sum actual"),
    rate("weight_rate", "weight it gets in consensus demand"),
)

CONSENSUS_DEMAND = _result(
    DEMAND_STEP,
    "consensus_demand",
    ("item", "location", "customer", "period"),
    "What customers would take if supply had no limit.",
    *place(),
    month(),
    qty("demand_qty", "agreed demand = baseline + streams + overrides, not below 0"),
    qty("baseline_qty", "statistical part"),
    signed_qty("stream_qty", "change from people's streams"),
    signed_qty("override_qty", "change from overrides"),
    qty("lo_80_qty", "9 of 10 times demand is above"),
    qty("hi_80_qty", "9 of 10 times demand is below"),
)

NET_DEMAND = _result(
    SUPPLY_STEP,
    "net_demand",
    ("item", "location", "customer", "period", "demand_class"),
    "What supply plans against: overdue orders, open orders, net forecast.",
    *place(),
    month("period", "month in which it is wanted; overdue orders stand in the first month"),
    code("demand_class", "overdue, open or forecast", allowed=("overdue", "open", "forecast")),
    qty("demand_qty", "wanted"),
    whole("priority", "1 is served first"),
)

STOCK_TARGET = _result(
    SUPPLY_STEP,
    "stock_target",
    ("item", "location", "period"),
    "Stock wanted at the end of a month.",
    *_item_place(),
    month(),
    qty("safety_stock_qty", "against forecast error"),
    qty("cycle_stock_qty", "half of what is used between replenishments"),
    number("protection_months", "lead time plus review time", "months"),
    code("basis", "error, family_error, policy, like_item"),
)

CAPACITY_LOAD = _result(
    SUPPLY_STEP,
    "capacity_load",
    ("resource", "period"),
    "Hours needed against hours there are, before planning (rough-cut).",
    code("resource", "resource code"),
    month(),
    hours("load_hours", "needed to make demand in its own month, lead time and stock considered"),
    hours("regular_hours", "available"),
    hours("overtime_hours", "available on top"),
)

CONSTRAINED_PLAN = _result(
    SUPPLY_STEP,
    "constrained_plan",
    ("item", "location", "period"),
    "What supply can do. Closing = opening + made + bought + moved in + arriving orders - moved "
    "out - used - served.",
    *_item_place(),
    month(),
    qty("opening_qty", "stock at the start"),
    qty("make_qty", "good units made that arrive in the month"),
    qty("buy_qty", "bought, arriving in the month"),
    qty("move_in_qty", "moved in, arriving in the month"),
    qty("open_supply_qty", "orders under way that arrive in the month"),
    qty("move_out_qty", "moved out"),
    qty("used_qty", "used as a part"),
    qty("demand_qty", "independent demand newly due in the month"),
    qty("served_qty", "served, backlog included"),
    qty("short_qty", "lost: will not be served"),
    qty("backlog_qty", "due and still open at the end"),
    qty("closing_qty", "stock at the end"),
    qty("safety_stock_qty", "stock wanted at the end"),
)

PLAN_FLOW = _result(
    SUPPLY_STEP,
    "plan_flow",
    ("flow_kind", "item", "location", "source", "period"),
    "What to make, buy and move.",
    code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
    *_item_place(),
    code("source", "operation, supplier, or location it comes from"),
    month("period", "month in which it is started, ordered or sent"),
    qty("flow_qty", "good units that will arrive"),
    value("cost_value", "variable cost"),
)

PLAN_SERVICE = _result(
    SUPPLY_STEP,
    "plan_service",
    ("item", "location", "customer", "period", "demand_class"),
    "How each demand is served.",
    *place(),
    month("period", "month in which it is wanted"),
    code("demand_class", "overdue, open or forecast"),
    qty("demand_qty", "wanted"),
    qty("on_time_qty", "served in its month"),
    qty("late_qty", "served later"),
    qty("short_qty", "not served within the longest lateness or the horizon"),
)

PLAN_RESOURCE = _result(
    SUPPLY_STEP,
    "plan_resource",
    ("resource", "period"),
    "Hours that the plan uses.",
    code("resource", "resource code"),
    month(),
    hours("load_hours", "used"),
    hours("regular_hours", "available"),
    hours("overtime_hours", "available on top"),
    hours("overtime_used_hours", "used on top"),
    value("hour_worth_value", "money one more hour would save (dual; 0 where hours are left)"),
)

SHORTAGE = _result(
    SUPPLY_STEP,
    "shortage",
    ("item", "location", "period"),
    "Demand that the plan serves late or not at all, with the cause that binds.",
    *_item_place(),
    month("period", "month in which it was wanted"),
    qty("short_qty", "not served"),
    qty("late_qty", "served later"),
    value("short_value", "net price x short quantity"),
    code(
        "cause",
        "what binds",
        allowed=(
            "lead_time",
            "resource",
            "material",
            "supplier",
            "lane",
            "fence",
            "cost",
            "no_source",
        ),
    ),
    words("cause_code", "which resource, material, supplier or lane"),
    Column("cause_period", "month in which it binds", "month", required=False, blank=True),
)

PLAN_COST = _result(
    SUPPLY_STEP,
    "plan_cost",
    ("term",),
    "What the plan costs, term by term; the terms sum to the objective.",
    code("term", "make, buy, move, overtime, regular, hold, late, short, below_target"),
    value("cost_value", "money over the solved months"),
)

SCENARIO_MONTH = _result(
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
)

CONSENSUS_PLAN = _result(
    CONSENSUS_STEP,
    "consensus_plan",
    ("item", "location", "customer", "period"),
    "What will be made and served, as the pre-meeting proposes.",
    *place(),
    month(),
    qty("demand_qty", "agreed demand (unconstrained)"),
    qty("plan_qty", "quantity planned to be served of the month's demand, early or late"),
    qty("short_qty", "not served"),
    value("revenue_value", "net revenue of plan_qty"),
    value("margin_value", "margin of plan_qty at standard cost"),
)

BUDGET_GAP = _result(
    CONSENSUS_STEP,
    "budget_gap",
    ("fiscal_year", "family", "part"),
    "Bridge from budget to plan; the parts of a year sum to plan - budget.",
    whole("fiscal_year", "fiscal year"),
    code("family", "item family"),
    code("part", "budget, volume, mix, new_ended, price, cost, supply_lost, plan"),
    value("margin_value", "margin"),
    value("revenue_value", "revenue", required=False, blank=True),
)

CONFLICT = _result(
    CONSENSUS_STEP,
    "conflict",
    ("conflict",),
    "Where the numbers of sales, supply or finance differ by more than the threshold.",
    code("conflict", "running number"),
    code("family", "item family"),
    code("kind", "sales_supply, sales_finance, target_plan"),
    value("first_value", "the one number, in money"),
    value("second_value", "the other"),
    value("gap_value", "second - first"),
    words("first_owner", "role that holds the one"),
    words("second_owner", "role that holds the other"),
    date("first_period", "first month compared"),
    date("last_period", "last month compared"),
)

KPI_VALUE = _result(
    EXECUTIVE_STEP,
    "kpi_value",
    ("kpi", "level", "lag", "period"),
    "A KPI of a month, with everything needed to compare it.",
    code("kpi", "name in the registry"),
    code("level", "grain: item-location, family, total"),
    whole("lag", "months ahead; 0 where it has no meaning"),
    month(),
    number("kpi_number", "value in the KPI's unit", "see unit", required=False, blank=True),
    code("unit", "rate, turns, days, value, qty, number"),
    whole("n", "cells or lines it rests on"),
    number("band_low", "low end of the target band", "see unit", required=False, blank=True),
    number("band_high", "high end of the target band", "see unit", required=False, blank=True),
    words("verdict", "good, warn, bad, none"),
    words("why_blank", "why there is no value"),
)

DECISION = _result(
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

APPROVED_PLAN = _result(
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
    REFUSED_ROW,
    FINDING,
    DEMAND_HISTORY,
    CORRECTION,
    PLAN_VERSUS_ACTUAL,
    SEGMENT,
    BASELINE,
    BACKTEST,
    STREAM_VALUE,
    CONSENSUS_DEMAND,
    NET_DEMAND,
    STOCK_TARGET,
    CAPACITY_LOAD,
    CONSTRAINED_PLAN,
    PLAN_FLOW,
    PLAN_SERVICE,
    PLAN_RESOURCE,
    SHORTAGE,
    PLAN_COST,
    SCENARIO_MONTH,
    CONSENSUS_PLAN,
    BUDGET_GAP,
    CONFLICT,
    KPI_VALUE,
    DECISION,
    APPROVED_PLAN,
)
