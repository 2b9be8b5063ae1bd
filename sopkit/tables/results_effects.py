"""Contracts of what decisions brought, and of the orders a signed plan releases."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
    date,
    flag,
    item_place,
    month,
    number,
    qty,
    rate,
    result,
    signed_qty,
    value,
    whole,
    words,
)

EXECUTIVE_STEP = "05_executive_review"
PUBLISH_STEP = "publish"
REFRESH = "refresh"  # its tables lie beside the cycle's, in refresh/<day>/
UNKNOWN = {"required": False, "blank": True}

DECISION_EFFECT = result(
    EXECUTIVE_STEP,
    "decision_effect",
    ("decision",),
    "What an earlier decision was expected to bring and what it brought: two simulations under "
    "actual demand, with and without it, each month planned only from what was known then.",
    code("decision", "number of the decision"),
    code("cycle", "cycle that took it"),
    words("title", "the decision in one line"),
    words("owner", "role that carries it out"),
    date("due_date", "last day"),
    words("status", "open, done, dropped"),
    value("expected_value", "money it was expected to bring", **UNKNOWN),
    value("realised_value", "margin with it less margin without, months simulated", **UNKNOWN),
    rate("service_rate", "change of the share of demand served", **UNKNOWN),
    value("revenue_value", "of it: more revenue, lost sales regained", **UNKNOWN),
    value("cost_value", "of it: more spent on making, buying, moving and overtime", **UNKNOWN),
    value("holding_value", "of it: more spent on holding stock", **UNKNOWN),
    value("stock_value", "of it: more stock left at the end, at cost", **UNKNOWN),
    number("overtime_hours", "more overtime", "hours", **UNKNOWN),
    date("first_period", "first month simulated"),
    date("last_period", "last month simulated"),
    whole("month_count", "months simulated"),
    date("due_period", "first month in which it can be measured, where that lies ahead"),
    words(
        "why_blank", "no_diff, not_before, open, dropped, unread, no_network, no_stock, no_forecast"
    ),
    words("why_text", "unread: which part of its diff"),
    words("fingerprint", "of all that went into the simulation; equal: not simulated again"),
)

RELEASED_ORDER = result(
    PUBLISH_STEP,
    "released_order",
    ("released_order",),
    "Production, purchase and transport orders inside the fence, as the signed plan releases them.",
    code("released_order", "number, such as 2026-11-M0001; M make, B buy, T transport"),
    code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
    *item_place(),
    code("source", "operation, supplier, or location it comes from"),
    month("period", "month in which the plan starts it"),
    date("release_date", "day on which it is started, ordered or sent"),
    date("due_date", "day on which it is there"),
    qty("order_qty", "good units ordered"),
    qty("lot_qty", "size of a lot; 0: any"),
    qty("lot_count", "whole lots"),
    signed_qty("carried_qty", "of the month: ordered less wanted, carried into the next"),
    code(
        "purpose",
        "class of demand it serves most, parts of production, or stock",
        allowed=("overdue", "open", "forecast", "parts", "stock"),
    ),
    rate("pegged_rate", "share of the month's quantity that serves a known demand"),
    words("serves", "the largest demand behind it: item, location, customer, month"),
)

REFRESH_MONTH = result(
    REFRESH,
    "refresh_month",
    ("family",),
    "The month so far by family, as of a day: orders against agreed demand and its range, "
    "shipments and production against the plan; all: the company.",
    code("family", "family, or all"),
    month(),
    qty("demand_qty", "agreed demand of the month"),
    qty("plan_qty", "quantity the plan serves of it"),
    rate("share_rate", "share of a month's orders that is usually in by this day"),
    rate("days_rate", "share of the month's working days that is over"),
    whole("month_count", "past months behind the share; 0: working days stand in"),
    qty("expected_qty", "orders that agreed demand expects by this day"),
    qty("low_qty", "low end of demand, by this day", **UNKNOWN),
    qty("high_qty", "high end, by this day", **UNKNOWN),
    qty("ordered_qty", "ordered so far for the month"),
    signed_qty("change_qty", "ordered so far - expected by this day"),
    rate("change_rate", "the same, share of expected", **UNKNOWN),
    qty("month_qty", "the whole month, if it goes on so", **UNKNOWN),
    qty("ship_plan_qty", "to be shipped by this day: plan x working days"),
    qty("shipped_qty", "shipped so far in the month"),
    qty("make_plan_qty", "to be made by this day: plan x working days", **UNKNOWN),
    qty("made_qty", "made so far", **UNKNOWN),
    code("state", "of orders: below, above, inside or none (no demand agreed)"),
)

REFRESH_ORDER = result(
    REFRESH,
    "refresh_order",
    ("order", "line"),
    "An open order due soon that stock and released orders do not cover, as of a day.",
    code("order", "order number"),
    code("line", "line number"),
    *item_place(),
    code("customer", "customer group"),
    words("family", "item family"),
    date("due_date", "day the customer wants it"),
    qty("open_qty", "still to be shipped"),
    qty("short_qty", "of it, not covered by then"),
    value("short_value", "the same in net money", **UNKNOWN),
    date("covered_date", "day on which it is covered; blank: by nothing that is known"),
    flag("is_late", "its day has passed"),
)

REFRESH_TRIGGER = result(
    REFRESH,
    "refresh_trigger",
    ("trigger", "family"),
    "What is watched between cycles, as of a day: what was seen, whether it fired, who is told.",
    code("trigger", "below, above (month to date against plan), target, risk (orders)"),
    code("family", "family, or all"),
    number("seen", "share of plan, share of target, or money at risk", "see trigger", **UNKNOWN),
    number("threshold", "beyond which it fires", "as seen", **UNKNOWN),
    flag("fired", "whether it fired"),
    words("told", "roles that are told, with commas"),
    words("owner", "who answers"),
    date("due_date", "last day to answer"),
)

REFRESH_TABLES = (REFRESH_MONTH, REFRESH_ORDER, REFRESH_TRIGGER)
EFFECT_RESULTS = (DECISION_EFFECT, RELEASED_ORDER)
