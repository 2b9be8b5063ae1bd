"""Contracts of the supply side: stock, open supply, capacity, ways to make, move and buy."""

from __future__ import annotations

from sopkit.tables.build import (
    ALL,
    code,
    date,
    days,
    flag,
    hours,
    month,
    number,
    qty,
    rate,
    value,
    whole,
    words,
)
from sopkit.tables.contract import Table
from sopkit.tables.demand import place

OPENING_STOCK = Table(
    name="opening_stock",
    owner="input",
    group="supply",
    key=("item", "location", "status", "batch"),
    about="Stock at the start of the cycle, by status and batch.",
    columns=(
        *place(customer=False),
        code(
            "status",
            "free, blocked, qc, in_transit or consignment",
            required=False,
            default="free",
            allowed=("free", "blocked", "qc", "in_transit", "consignment"),
        ),
        code("batch", "batch number", required=False, default=""),
        date("expiry_date", "last day it may be sold"),
        qty("on_hand_qty", "stock"),
        flag("plannable", "the plan may use it", default=True),
        date("snapshot_date", "day of the count"),
    ),
)

STOCK_HISTORY = Table(
    name="stock_history",
    owner="input",
    group="supply",
    key=("item", "location", "period"),
    about="Stock at the end of a month; tells no demand from no stock.",
    columns=(
        *place(customer=False),
        month(),
        qty("closing_qty", "stock at month end"),
        rate(
            "stocked_share",
            "share of the month's days with stock, 0..1",
            required=False,
            blank=True,
            minimum=0.0,
        ),
    ),
)

OPEN_SUPPLY = Table(
    name="open_supply",
    owner="input",
    group="supply",
    key=("supply_order",),
    about="Make, purchase and transfer orders under way.",
    columns=(
        code("supply_order", "order number, with line"),
        *place(customer=False),
        code("supply_kind", "make, buy or move", allowed=("make", "buy", "move")),
        words("source", "supplier, or location it comes from"),
        date("order_date", "day of the order"),
        date("due_date", "day it arrives at `location`", required=True, blank=False),
        qty("open_qty", "quantity still to come"),
        value(
            "expedite_value",
            "price a unit to have it in the first month; blank: cannot be hurried",
            required=False,
            blank=True,
            minimum=0.0,
        ),
        value(
            "cancel_value",
            "price a unit to cancel it; blank: cannot be cancelled",
            required=False,
            blank=True,
            minimum=0.0,
        ),
    ),
)

PRODUCTION_ACTUAL = Table(
    name="production_actual",
    owner="input",
    group="supply",
    key=("item", "location", "period"),
    about="What was made in a month.",
    columns=(
        *place(customer=False),
        month(),
        qty("made_qty", "good quantity made"),
        qty("scrapped_qty", "scrapped", required=False, default=0.0),
    ),
)

RESOURCE = Table(
    name="resource",
    owner="input",
    group="supply",
    key=("resource",),
    about="What limits production: a line, a work centre, a crew.",
    columns=(
        code("resource", "resource code"),
        words("resource_name", "name for people"),
        code("location", "where it stands", refers="location"),
        hours(
            "hours_per_day",
            "regular hours a working day, used for months without a capacity row",
            required=False,
            blank=True,
        ),
        rate(
            "overtime_rate",
            "overtime allowed, share of regular hours, where capacity gives none",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
        value("hour_value", "cost of a regular hour", required=False, default=0.0, minimum=0.0),
        value(
            "overtime_value",
            "extra cost of an overtime hour",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
        number(
            "machines",
            "equal machines behind the code; capacity.machines_down of them may stand still",
            "machines",
            required=False,
            default=1.0,
            minimum=1.0,
        ),
    ),
)

WORKFORCE = Table(
    name="workforce",
    owner="input",
    group="supply",
    key=("resource",),
    about="People where they are the limit: a resource named here has hours as it has heads.",
    columns=(
        code("resource", "resource whose hours are people's", refers="resource"),
        number("heads", "people at the start", "people", minimum=0.0),
        hours("hours_per_head", "regular hours of a head in a month"),
        hours("overtime_per_head", "most overtime of a head", required=False, default=0.0),
        value("head_value", "pay of a head a month, used or not", required=False, default=0.0),
        value("hire_value", "cost of hiring one", required=False, default=0.0),
        value("lay_off_value", "cost of laying one off", required=False, default=0.0),
        flag("may_hire", "people can be hired", default=True),
        flag("may_lay_off", "people can be laid off", default=False),
        number(
            "shift_heads",
            "heads come and go in steps of so many; 0: one by one",
            "people",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
        number("max_heads", "most heads", "people", required=False, blank=True, minimum=0.0),
    ),
)

CAPACITY = Table(
    name="capacity",
    owner="input",
    group="supply",
    key=("resource", "period"),
    about="Hours that can be worked: working days x shifts x hours x efficiency - maintenance.",
    columns=(
        code("resource", "resource code", refers="resource"),
        month(),
        hours("regular_hours", "regular hours available"),
        hours("overtime_hours", "overtime hours available", required=False, default=0.0),
        hours("maintenance_hours", "already taken off", required=False, default=0.0),
        number(
            "machines_down",
            "machines of the group that stand still; their share is not yet taken off",
            "machines",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
    ),
)

OPERATION = Table(
    name="operation",
    owner="input",
    group="supply",
    key=("operation",),
    about="One way to make an item at a location.",
    columns=(
        code("operation", "operation code"),
        *place(customer=False),
        value("unit_cost_value", "conversion cost a good unit", required=False, default=0.0),
        rate(
            "yield_rate",
            "good units out of units started",
            required=False,
            default=1.0,
            minimum=0.01,
        ),
        days("lead_time_days", "from start to stock", default=0.0),
        qty("lot_min_qty", "smallest lot", required=False, default=0.0),
        qty("lot_multiple_qty", "lots are multiples of", required=False, default=0.0),
        qty("usual_lot_qty", "usual lot; spreads set-up hours", required=False, blank=True),
        whole("priority", "1 is preferred", required=False, default=1),
        days("frozen_days", "released production stays as it is", default=0.0),
        days("slushy_days", "changes cost more", default=0.0),
    ),
)

RESOURCE_NEED = Table(
    name="resource_need",
    owner="input",
    group="supply",
    key=("operation", "resource"),
    about="Hours an operation takes from a resource.",
    columns=(
        code("operation", "operation code", refers="operation"),
        code("resource", "resource code", refers="resource"),
        hours("hours_per_unit", "hours a unit started", required=False, default=0.0),
        hours("setup_hours_per_lot", "hours a lot, whatever its size", required=False, default=0.0),
    ),
)

BOM = Table(
    name="bom",
    owner="input",
    group="supply",
    key=("item", "location", "component", "start_date"),
    about="Parts in one unit of an item.",
    columns=(
        code("item", "item that is made", refers="item"),
        code("location", "where it holds, or all", required=False, default=ALL),
        code("component", "part that is used", refers="item"),
        qty("component_qty", "base units of the part in one unit", minimum=1e-12),
        rate("scrap_rate", "part lost on top, 0.02 is 2 %", required=False, default=0.0, minimum=0),
        date("start_date", "first day", default="1900-01-01", blank=False),
        date("end_date", "last day; blank while it holds"),
    ),
)

LANE = Table(
    name="lane",
    owner="input",
    group="supply",
    key=("from_location", "to_location", "item"),
    about="A way to move goods.",
    columns=(
        code("from_location", "where it starts", refers="location"),
        code("to_location", "where it ends", refers="location"),
        code("item", "item, or all", required=False, default=ALL),
        days("lead_time_days", "days under way", default=0.0),
        value("unit_cost_value", "freight a base unit", required=False, default=0.0),
        qty("max_qty", "limit a month over all items of the lane", required=False, blank=True),
        qty("multiple_qty", "full load: truck or container", required=False, default=0.0),
        days("frozen_days", "transfers stay as they are", default=0.0),
        days("slushy_days", "changes cost more", default=0.0),
    ),
)

PURCHASE_TERM = Table(
    name="purchase_term",
    owner="input",
    group="supply",
    key=("supplier", "item", "location", "start_date"),
    about="On what terms a supplier delivers an item; subcontractors too.",
    columns=(
        code("supplier", "supplier code"),
        code("item", "item code", refers="item"),
        code("location", "where it is delivered, or all", required=False, default=ALL),
        date("start_date", "first day", default="1900-01-01", blank=False),
        value("price_value", "price a base unit", minimum=0.0),
        days("lead_time_days", "from order to stock", default=0.0),
        qty("min_qty", "smallest order", required=False, default=0.0),
        qty("multiple_qty", "orders are multiples of", required=False, default=0.0),
        qty("max_qty", "limit a month", required=False, blank=True),
        days("frozen_days", "orders stay as they are", default=0.0),
        days("slushy_days", "changes cost more", default=0.0),
        rate(
            "min_share_rate",
            "agreed share of the item's purchases at the place, at least",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
        rate(
            "max_share_rate",
            "agreed share of the item's purchases at the place, at most",
            required=False,
            default=1.0,
            minimum=0.0,
        ),
    ),
)

STOCK_POLICY = Table(
    name="stock_policy",
    owner="input",
    group="supply",
    key=("item", "location", "abc"),
    about="Service wanted from stock; of several rows that fit, item wins over location over abc.",
    columns=(
        code("item", "item, or all", required=False, default=ALL),
        code("location", "location, or all", required=False, default=ALL),
        code(
            "abc",
            "segment by value, or all",
            required=False,
            default=ALL,
            allowed=(ALL, "A", "B", "C"),
        ),
        rate(
            "service_level_rate",
            "chance of no stock-out in a replenishment; blank: a wider row's",
            required=False,
            blank=True,
            minimum=0.0,
        ),
        days("review_days", "days between replenishments; blank: a wider row's", blank=True),
        qty(
            "safety_stock_qty",
            "fixed safety stock in place of a computed one",
            required=False,
            blank=True,
        ),
        qty("max_qty", "most that may be held", required=False, blank=True),
        rate(
            "fill_rate",
            "share of demand served from stock; in one row it wins over the service level",
            required=False,
            blank=True,
            minimum=0.0,
        ),
        qty("closing_qty", "stock wanted when the plan ends", required=False, blank=True),
    ),
)

STORAGE = Table(
    name="storage",
    owner="input",
    group="supply",
    key=("location",),
    about="Room for stock at a location; item.storage_places says what a base unit takes.",
    columns=(
        code("location", "location code", refers="location"),
        number("max_places", "storage places there are", "places", minimum=0.0),
        value(
            "overflow_value",
            "price of a place outside, a month; blank: dearer than any sale",
            required=False,
            blank=True,
            minimum=0.0,
        ),
    ),
)

SERVICE_CLASS = Table(
    name="service_class",
    owner="input",
    group="supply",
    key=("customer",),
    about="How a customer group is served when supply is short.",
    columns=(
        code("customer", "customer group, or all", required=False, default=ALL),
        whole("priority", "1 is served first", required=False, default=2, minimum=1),
        rate("late_rate", "cost of a month's delay, share of price", required=False, default=0.05),
        rate("lost_sale_rate", "cost of a lost unit, share of price", required=False, default=1.0),
        number("late_months", "longest lateness accepted", "months", required=False, default=1.0),
        rate(
            "remaining_life_rate",
            "share of the shelf life that must be left at delivery",
            required=False,
            default=0.0,
            minimum=0.0,
        ),
    ),
)

RELEASED_PLAN = Table(
    name="released_plan",
    owner="input",
    group="supply",
    key=("flow_kind", "item", "location", "source", "period"),
    about="What last month's plan wanted started from now on; kept inside the fences.",
    columns=(
        code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
        *place(customer=False),
        code("source", "operation, supplier, or location it comes from"),
        month("period", "month in which it is started, ordered or sent"),
        qty("flow_qty", "good units that will arrive"),
    ),
)

SUPPLY = (
    OPENING_STOCK,
    STOCK_HISTORY,
    OPEN_SUPPLY,
    PRODUCTION_ACTUAL,
    RESOURCE,
    WORKFORCE,
    CAPACITY,
    OPERATION,
    RESOURCE_NEED,
    BOM,
    LANE,
    PURCHASE_TERM,
    STOCK_POLICY,
    STORAGE,
    SERVICE_CLASS,
    RELEASED_PLAN,
)
