"""Contracts of what the supply review writes."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
    flag,
    hours,
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
from sopkit.tables.contract import Column
from sopkit.tables.demand import place

SUPPLY_STEP = "03_supply_review"

NET_DEMAND = result(
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

STOCK_TARGET = result(
    SUPPLY_STEP,
    "stock_target",
    ("item", "location", "period"),
    "Stock wanted at the end of a month.",
    *item_place(),
    month(),
    qty("safety_stock_qty", "against forecast error"),
    qty("cycle_stock_qty", "half of what is used between replenishments"),
    number("protection_months", "lead time plus review time", "months"),
    code(
        "basis",
        "whose errors: error (its own), segment_error, family_error, all_error; policy (a fixed "
        "quantity), to_order (none held), none (no errors known)",
    ),
    code(
        "goal",
        "service (no stock-out in a replenishment) or fill (share served from stock)",
        required=False,
        default="service",
    ),
    rate("goal_rate", "level asked for", required=False, blank=True),
    rate(
        "error_rate",
        "safety stock / forecast of the protection time, before fixed quantities and maxima",
        required=False,
        blank=True,
    ),
    whole("error_count", "errors it comes from", required=False, default=0),
)

CAPACITY_LOAD = result(
    SUPPLY_STEP,
    "capacity_load",
    ("resource", "period"),
    "Hours needed against hours there are, before planning (rough-cut).",
    code("resource", "resource code"),
    month(),
    hours("load_hours", "needed to make demand in its own month, lead time and stock considered"),
    hours("regular_hours", "available"),
    hours("overtime_hours", "available on top"),
    rate(
        "overload_rate",
        "chance that demand, drawn from its range, needs more than regular and overtime hours",
        required=False,
        blank=True,
        minimum=0.0,
    ),
)

CONSTRAINED_PLAN = result(
    SUPPLY_STEP,
    "constrained_plan",
    ("item", "location", "period"),
    "What supply can do. Closing = opening + made + bought + moved in + arriving orders - moved "
    "out - used - served - expired.",
    *item_place(),
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
    qty("expired_qty", "thrown away at the end of its life", required=False, default=0.0),
    qty("backlog_qty", "due and still open at the end"),
    qty("closing_qty", "stock at the end"),
    qty("safety_stock_qty", "stock wanted at the end"),
)

PLAN_FLOW = result(
    SUPPLY_STEP,
    "plan_flow",
    ("flow_kind", "item", "location", "source", "period"),
    "What to make, buy and move.",
    code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
    *item_place(),
    code("source", "operation, supplier, or location it comes from"),
    month("period", "month in which it is started, ordered or sent"),
    qty("flow_qty", "good units that will arrive"),
    value("cost_value", "variable cost"),
)

PLAN_SERVICE = result(
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

PLAN_RESOURCE = result(
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

SHORTAGE = result(
    SUPPLY_STEP,
    "shortage",
    ("item", "location", "period"),
    "Demand that the plan serves late or not at all, with the cause that binds.",
    *item_place(),
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
            "policy",
            "cost",
            "no_source",
        ),
    ),
    words("cause_code", "which resource, material, supplier or lane"),
    Column("cause_period", "month in which it binds", "month", required=False, blank=True),
    words("root_cause", "for a material: why it is short itself"),
    words("root_code", "for a material: which resource, supplier, lane or part is behind it"),
    words("also_cause", "a second cause that binds as well: with the first gone, this one holds"),
    words("also_code", "which resource, material, supplier or lane that is"),
)

SHORTAGE_FIX = result(
    SUPPLY_STEP,
    "shortage_fix",
    ("item", "location", "period", "rank"),
    "The cheapest ways to serve the dearest shortages, each solved anew.",
    *item_place(),
    month("period", "month in which the short unit was wanted"),
    whole("rank", "1 gains most (moved demand: less its price)"),
    code(
        "fix",
        "what would be done",
        allowed=(
            "overtime",
            "extra_shift",
            "alternate",
            "subcontract",
            "expedite",
            "other_supplier",
            "more_supply",
            "more_lane",
            "move_demand",
            "open_fence",
        ),
    ),
    words("fix_code", "resource, supplier, lane, order, or source whose fence is opened"),
    words("fix_item", "what the supplier brings, or the order or demand is for"),
    words("fix_location", "where to"),
    Column("first_period", "first month it changes", "month"),
    Column("last_period", "last month it changes", "month"),
    number("amount", "how much: hours, units or months, a month", "hours, units or months"),
    value(
        "price_value",
        "what the fix itself costs as far as it is used, within the plan; of moved demand the "
        "lateness by service class, outside it",
    ),
    value("gain_value", "cost of the plan without it less with it: what it is worth"),
    qty(
        "served_qty",
        "units more served of all demands that the same limit stops; 0 where it serves dearer ones "
        "instead of more",
    ),
)

BOTTLENECK = result(
    SUPPLY_STEP,
    "bottleneck",
    ("limit_kind", "limit_code", "item", "location", "period"),
    "Limits that bind, ranked by the worth of one more hour or unit, from a re-solve.",
    code(
        "limit_kind",
        "resource (regular hours), supplier, lane, stock (most of an item), storage (places)",
        allowed=("resource", "supplier", "lane", "stock", "storage"),
    ),
    code("limit_code", "which one; of stock the item, of storage the location"),
    code("item", "item of a supplier's or stock limit; all for the others"),
    code("location", "its location; all for the others"),
    month(),
    whole("rank", "1 is worth most"),
    value("worth_value", "money that one more hour or unit saves"),
    value("worth_low_value", "the least the plan's prices allow: what one more saves"),
    value("worth_high_value", "the most the plan's prices allow: what one less costs"),
    number(
        "span",
        "for how many more it is worth the same, at most as many as there are",
        "hours or units",
    ),
)

FIRM_ORDER = result(
    SUPPLY_STEP,
    "firm_order",
    ("flow_kind", "item", "location", "source", "period"),
    "What to release inside the fence, in whole lots, pallets and loads.",
    code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
    *item_place(),
    code("source", "operation, supplier, or location it comes from"),
    month("period", "month in which it is started, ordered or sent"),
    qty("flow_qty", "good units the plan wants"),
    qty("order_qty", "good units ordered, in whole lots"),
    qty("lot_qty", "size of a lot; 0: any"),
    signed_qty("carried_qty", "ordered - wanted so far: carried into the next month"),
    value("rounding_value", "holding cost of what is ordered early, price of what is late"),
)

PLAN_PEOPLE = result(
    SUPPLY_STEP,
    "plan_people",
    ("resource", "period"),
    "People that the plan wants where they are the limit.",
    code("resource", "resource code"),
    month(),
    number("heads", "people", "people"),
    number("hired_heads", "hired at the start of the month", "people"),
    number("laid_off_heads", "laid off at the start of the month", "people"),
)

PLAN_RULE = result(
    SUPPLY_STEP,
    "plan_rule",
    ("rule",),
    "Prices and choices that no table gives, as the plan was made with them.",
    code("rule", "name of the parameter"),
    words("setting", "what it is set to"),
)

PLAN_COMPARE = result(
    SUPPLY_STEP,
    "plan_compare",
    ("plan", "term"),
    "What the plan costs beside the plan of simple rules, term by term.",
    code("plan", "optimal: this plan; rules: priority order with rationing"),
    code("term", "as in plan_cost"),
    value("cost_value", "money over the solved months"),
)

ORDER_CHANGE = result(
    SUPPLY_STEP,
    "order_change",
    ("supply_order", "action"),
    "Open orders that the plan wants hurried or cancelled; the others arrive as dated.",
    code("supply_order", "order number, with line"),
    code(
        "action",
        "hurry (into the first month) or cancel",
        allowed=("hurry", "cancel"),
    ),
    *item_place(),
    qty("change_qty", "quantity hurried or cancelled"),
    value("cost_value", "what that costs"),
)

PLAN_CHANGE = result(
    SUPPLY_STEP,
    "plan_change",
    ("flow_kind", "item", "location", "source", "period"),
    "What the plan changes of last month's plan inside frozen and slushy days.",
    code("flow_kind", "make, buy or move", allowed=("make", "buy", "move")),
    *item_place(),
    code("source", "operation, supplier, or location it comes from"),
    month("period", "month in which it is started, ordered or sent"),
    code("zone", "frozen: some of its days lie inside the fence", allowed=("frozen", "slushy")),
    qty("released_qty", "good units last month's plan wanted"),
    qty("flow_qty", "good units this plan wants"),
    signed_qty("change_qty", "this plan - last month's"),
    qty("broken_qty", "missing from what the fence keeps: parts or hours are not there"),
    value("cost_value", "price of the change"),
)

PEGGING = result(
    SUPPLY_STEP,
    "pegging",
    ("demand_key", "supply_key", "period", "via", "in_life"),
    "Which supply serves which demand: first expiry, then first come; priority first.",
    code(
        "demand_key",
        "class, priority, item, location, customer and month of a demand; key of a production",
    ),
    code(
        "demand_kind",
        "demand of a customer, or make: parts of a product",
        allowed=("demand", "make"),
    ),
    *item_place(),
    words("customer", "customer group; blank for production"),
    month("demand_period", "month in which it was wanted, or production started"),
    month("period", "month in which it is served or used"),
    code("supply_key", "stock batch, open orders of a month, or what is made or bought"),
    code("supply_kind", "what it is", allowed=("stock", "open_supply", "make", "buy")),
    words("batch", "batch of stock, or order numbers"),
    code("supply_item", "item of the supply: a part where production takes it"),
    code("supply_location", "where the supply came in"),
    month("supply_period", "month in which the supply arrives, or its first part"),
    code("via", "lanes it came over; blank: from the same place", required=False, default=""),
    flag("in_life", "it is still accepted when it is served"),
    qty("pegged_qty", "units of the supply's item"),
)

PLAN_COST = result(
    SUPPLY_STEP,
    "plan_cost",
    ("term",),
    "What the plan costs, term by term; the terms sum to the objective.",
    code(
        "term",
        "make, buy, move, regular, overtime, people, hold, late, short, fair, below_target, "
        "over_limit, expired, open_orders, change, swing, lots, preference, after_horizon "
        "(credit for what arrives after the last month)",
    ),
    value("cost_value", "money over the solved months"),
)

SUPPLY_RESULTS = (
    NET_DEMAND,
    STOCK_TARGET,
    CAPACITY_LOAD,
    CONSTRAINED_PLAN,
    PLAN_FLOW,
    PLAN_SERVICE,
    PLAN_RESOURCE,
    SHORTAGE,
    SHORTAGE_FIX,
    BOTTLENECK,
    FIRM_ORDER,
    PLAN_PEOPLE,
    PLAN_COST,
    PLAN_RULE,
    PLAN_COMPARE,
    ORDER_CHANGE,
    PLAN_CHANGE,
    PEGGING,
)
