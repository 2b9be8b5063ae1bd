"""Contracts of the demand side: orders, history, returns, pipeline, streams, targets, budget."""

from __future__ import annotations

from sopkit.tables.build import ALL, code, date, month, qty, rate, signed_qty, value, whole, words
from sopkit.tables.contract import Column, Table


def place(customer: bool = True) -> tuple[Column, ...]:
    """Return the grain of demand: item, location that ships, customer group."""
    columns = (
        code("item", "item code", refers="item"),
        code("location", "stock point that ships", refers="location"),
    )
    if not customer:
        return columns
    group = code("customer", "customer group", required=False, default=ALL, refers="customer")
    return (*columns, group)


def level() -> tuple[Column, ...]:
    """Return the columns that name a level: each a code, or all."""
    return tuple(
        code(name, f"{name} code, or all", required=False, default=ALL)
        for name in ("item", "family", "location", "customer")
    )


SALES_ORDER_LINE = Table(
    name="sales_order_line",
    owner="input",
    group="demand",
    key=("order", "line"),
    about="One line of a customer's order.",
    columns=(
        code("order", "order number"),
        code("line", "line number", required=False, default="1"),
        *place(),
        date("order_date", "day the order came in", required=True, blank=False),
        date("requested_date", "day the customer wants it; blank: the order day"),
        date("promised_date", "day first promised"),
        date("shipped_date", "day it left; blank while open"),
        qty("ordered_qty", "ordered"),
        qty("shipped_qty", "shipped so far", required=False, default=0.0),
        qty("cancelled_qty", "cancelled", required=False, default=0.0),
        value("net_value", "net money of the ordered quantity", required=False, blank=True),
    ),
)

SALES_HISTORY = Table(
    name="sales_history",
    owner="input",
    group="demand",
    key=("item", "location", "customer", "period"),
    about="What customers ordered in a month, by requested month.",
    columns=(
        *place(),
        month(),
        signed_qty("actual_qty", "ordered quantity by requested month", minimum=0.0),
        value("net_value", "net revenue", required=False, blank=True),
    ),
)

RETURN_LINE = Table(
    name="return_line",
    owner="input",
    group="demand",
    key=("return_id",),
    about="Goods that came back: less revenue in their month, never less demand.",
    columns=(
        code("return_id", "number of the return"),
        *place(),
        date("return_date", "day of the return", required=True, blank=False),
        qty("return_qty", "returned"),
        value("return_value", "net money given back", required=False, blank=True, minimum=0.0),
    ),
)

OPPORTUNITY_LINE = Table(
    name="opportunity_line",
    owner="input",
    group="demand",
    key=("opportunity",),
    about="A deal that sales works on (CRM).",
    columns=(
        code("opportunity", "number of the opportunity"),
        *place(),
        code("stage", "sales stage now"),
        date("opened_date", "day it was opened"),
        date("expected_date", "day the customer is expected to want it", required=True),
        qty("opportunity_qty", "quantity if won"),
        rate("win_rate", "chance to win", required=False, blank=True, minimum=0.0),
        code(
            "outcome",
            "open, won or lost",
            required=False,
            default="open",
            allowed=("open", "won", "lost"),
        ),
        date("closed_date", "day it was won or lost; blank while open"),
    ),
)

OPPORTUNITY_STAGE = Table(
    name="opportunity_stage",
    owner="input",
    group="demand",
    key=("opportunity", "entered_date"),
    about="When a deal entered a stage and what date was expected then; win rates and slips.",
    columns=(
        code("opportunity", "number of the opportunity", refers="opportunity_line"),
        date("entered_date", "day it entered the stage", required=True, blank=False),
        code("stage", "the stage"),
        date("expected_date", "day expected then for the delivery", required=True),
    ),
)

SELL_OUT = Table(
    name="sell_out",
    owner="input",
    group="demand",
    key=("item", "location", "customer", "period"),
    about="What distributors sold on in a month, as they report it.",
    columns=(*place(), month(), qty("sell_out_qty", "sold by the distributor")),
)

CHANNEL_STOCK = Table(
    name="channel_stock",
    owner="input",
    group="demand",
    key=("item", "location", "customer", "period"),
    about="What distributors had in stock at a month's end, as they report it.",
    columns=(*place(), month(), qty("stock_qty", "stock at the distributor, end of the month")),
)

EVENT = Table(
    name="event",
    owner="input",
    group="demand",
    key=("event",),
    about="A promotion or another known cause of unusual demand.",
    columns=(
        code("event", "event number"),
        *level(),
        code("event_kind", "promotion, listing, price change", required=False, default="promotion"),
        date("start_date", "first day", required=True, blank=False),
        date("end_date", "last day", required=True, blank=False),
        rate("discount_rate", "price cut", required=False, blank=True, minimum=0.0),
        rate("uplift_rate", "uplift its owner expects", required=False, blank=True),
        words("owner", "role that planned it"),
    ),
)

FORECAST_STREAM = Table(
    name="forecast_stream",
    owner="input",
    group="demand",
    key=("cycle", "stream", "item", "family", "location", "customer", "period"),
    about="What somebody expected in a cycle; kept for ever, so accuracy at any lag is a read.",
    columns=(
        code("cycle", "cycle in which it was given, such as 2026-10"),
        code("stream", "whose forecast: sales, marketing, finance, customer"),
        words("owner", "role that gave it"),
        *level(),
        month(),
        qty("forecast_qty", "expected quantity"),
    ),
)

TARGET = Table(
    name="target",
    owner="input",
    group="demand",
    key=("owner", "family", "location", "customer", "period"),
    about="What somebody wants; compared with a forecast, never blended into it.",
    columns=(
        code("owner", "role that holds the target", required=False, default=ALL),
        code("family", "family, or all", required=False, default=ALL),
        code("location", "location, or all", required=False, default=ALL),
        code("customer", "customer group, channel, or all", required=False, default=ALL),
        month("period", "first month of the target"),
        whole("span_months", "months it covers", required=False, default=1, minimum=1),
        qty("target_qty", "wanted quantity", required=False, blank=True),
        value("target_value", "wanted revenue", required=False, blank=True),
        qty("low_qty", "low end; blank: see process file", required=False, blank=True),
        qty("high_qty", "high end", required=False, blank=True),
        value("low_value", "low end in revenue", required=False, blank=True),
        value("high_value", "high end in revenue", required=False, blank=True),
        words("sales_owner", "role that owns it in sales"),
        words("operations_owner", "role that owns it in operations"),
    ),
)

BUDGET = Table(
    name="budget",
    owner="input",
    group="demand",
    key=("item", "family", "location", "customer", "period"),
    about="The fiscal year's budget, by item or, where item is all, by family.",
    columns=(
        code("item", "item code, or all", required=False, default=ALL, refers="item"),
        code("family", "family of a row for all items", required=False, default=ALL),
        code("location", "location, or all", required=False, default=ALL),
        code("customer", "customer group, or all", required=False, default=ALL),
        month(),
        qty("budget_qty", "budgeted quantity"),
        value("budget_value", "budgeted net revenue"),
        value("budget_margin_value", "budgeted margin", required=False, blank=True),
        value("budget_material_value", "material in its cost", required=False, blank=True),
        value("budget_conversion_value", "conversion in its cost", required=False, blank=True),
        value("budget_freight_value", "freight in its cost", required=False, blank=True),
    ),
)

OVERRIDE = Table(
    name="override",
    owner="input",
    group="demand",
    key=("override",),
    about="A person's change to the baseline, with name and reason.",
    columns=(
        code("override", "number of the record"),
        *level(),
        month("start_period", "first month it touches"),
        month("end_period", "last month it touches"),
        code("method", "how the amount is meant", allowed=("delta", "absolute", "percent")),
        Column(
            "amount",
            "units a month (delta, absolute) or ratio (percent; 0.1 is +10 %)",
            "number",
            unit="see method",
        ),
        code("reason_code", "why: promotion, listing, price, weather, correction, other"),
        words("assumption", "what has to be true"),
        code("owner", "role that gave it"),
        date("entered_date", "day it was entered"),
        date("expiry_date", "last day it holds; blank: until its last month"),
        code(
            "status",
            "active or withdrawn",
            required=False,
            default="active",
            allowed=("active", "withdrawn"),
        ),
    ),
)

PAST_HISTORY = Table(
    name="past_history",
    owner="input",
    group="demand",
    key=("item", "location", "customer", "period"),
    about="History as it was known in the last cycle; shows what was restated since.",
    columns=(*place(), month(), qty("actual_qty", "ordered quantity as known then")),
)

PAST_PLAN = Table(
    name="past_plan",
    owner="input",
    group="demand",
    key=("cycle", "item", "location", "customer", "period"),
    about="The plan approved in an earlier cycle, before sopkit kept it itself.",
    columns=(
        code("cycle", "cycle that approved it"),
        *place(),
        month(),
        qty("demand_qty", "agreed demand, as if supply had no limit"),
        qty("plan_qty", "quantity planned to be served", required=False, blank=True),
        qty("supply_qty", "planned make and buy", required=False, blank=True),
    ),
)

PAST_DECISION = Table(
    name="past_decision",
    owner="input",
    group="demand",
    key=("decision",),
    about="What an earlier executive meeting decided, with what it was expected to bring.",
    columns=(
        code("decision", "number of the decision"),
        code("cycle", "cycle that took it"),
        words("title", "the decision in one line"),
        words("owner", "role that carries it out"),
        date("due_date", "last day"),
        value("expected_value", "money it was expected to bring", required=False, blank=True),
        words("status", "open, done, dropped"),
        words("kind", "bottleneck, shortage, budget_gap, scenario, ..."),
        words("option", "option that was chosen"),
        words("diff", "what it changed, as YAML text (see scenario.effect); blank: not measured"),
    ),
)

PAST_CYCLE = Table(
    name="past_cycle",
    owner="input",
    group="demand",
    key=("cycle",),
    about="The company's log of its months: when the books closed, when the plan was signed.",
    columns=(
        code("cycle", "the month of the meetings"),
        date("close_date", "last day of the close"),
        date("signed_date", "day the plan was signed; blank: never"),
        value("revenue_value", "revenue of the months planned", required=False, blank=True),
        value("agreed_value", "of it, with one agreed number", required=False, blank=True),
    ),
)

DEMAND = (
    SALES_ORDER_LINE,
    SALES_HISTORY,
    RETURN_LINE,
    OPPORTUNITY_LINE,
    OPPORTUNITY_STAGE,
    SELL_OUT,
    CHANNEL_STOCK,
    EVENT,
    FORECAST_STREAM,
    TARGET,
    BUDGET,
    OVERRIDE,
    PAST_HISTORY,
    PAST_PLAN,
    PAST_DECISION,
    PAST_CYCLE,
)
