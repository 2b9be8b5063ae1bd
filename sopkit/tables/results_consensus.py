"""Contracts of what the consensus review settles: conflicts, agreed number, quotas, promises."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
    date,
    days,
    flag,
    item_place,
    month,
    qty,
    rate,
    result,
    signed_qty,
    value,
    words,
)
from sopkit.tables.demand import place

CONSENSUS_STEP = "04_consensus_review"
UNKNOWN = {"required": False, "blank": True}

CONSENSUS_PLAN = result(
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

CONFLICT = result(
    CONSENSUS_STEP,
    "conflict",
    ("conflict",),
    "Where the numbers of sales, supply or finance differ by more than the threshold, or did.",
    code("conflict", "number, such as C-2026-11-001; kept as long as it is about the same thing"),
    code("family", "item family, or all"),
    code("kind", "sales_supply, sales_finance, target_plan"),
    code(
        "state",
        "new, open (since an earlier cycle), reopened, settled, or agreed (closed by itself)",
        required=False,
        default="new",
        allowed=("new", "open", "reopened", "settled", "agreed"),
    ),
    code(
        "location", "location that the first number is for, or all", required=False, default="all"
    ),
    code(
        "customer",
        "customer group or channel that the first number is for, or all",
        required=False,
        default="all",
    ),
    value("first_value", "the one number, in money"),
    value("second_value", "the other"),
    value("gap_value", "second - first"),
    value(
        "demand_value", "agreed demand over the same months (what came, in past ones)", **UNKNOWN
    ),
    value("threshold_value", "smallest gap that must be settled", **UNKNOWN),
    value("last_gap_value", "gap at the verdict, or in the last cycle", **UNKNOWN),
    words("first_owner", "role that holds the one"),
    words("second_owner", "role that holds the other"),
    date("first_period", "first month compared"),
    date("last_period", "last month compared"),
    words("opened_cycle", "cycle that opened it, or opened it again"),
    date("opened_date", "day of that cycle's pre-meeting"),
    date("due_date", "last day to settle it"),
    days("days_open", "calendar days from opening to this cycle's pre-meeting", default=0.0),
    words("task_force", "roles that settle it"),
    words("escalate_to", "role that decides when the last day has passed"),
    words("option", "option that the verdict took"),
    words("verdict", "what was decided"),
    words("settled_by", "who decided"),
    date("settled_date", "day of the verdict"),
    words("settled_reason", "why"),
)

CONFLICT_OPTION = result(
    CONSENSUS_STEP,
    "conflict_option",
    ("conflict", "option"),
    "A way to settle a conflict, solved as a whole plan, and what it costs if the other is right.",
    code("conflict", "number of the conflict"),
    code("option", "letter; A keeps the plan"),
    code("action", "keep, half_way, as_asked (plan for the first number), capacity (with hours)"),
    code("scenario", "name under which it is solved; base for keep"),
    rate("demand_rate", "change of the family's demand over its months"),
    words("diff", "the scenario's blocks, as YAML"),
    value("margin_value", "change of margin after all costs, if its demand comes", **UNKNOWN),
    rate("service_rate", "change of the share served", **UNKNOWN),
    value("stock_value", "change of peak stock", **UNKNOWN),
    value("second_regret_value", "cost of this plan if agreed demand comes", **UNKNOWN),
    value("first_regret_value", "cost of this plan if the first number comes", **UNKNOWN),
    rate("first_rate", "chance that demand comes nearer to the first number", **UNKNOWN),
    value(
        "regret_value", "expected cost of being wrong; the larger one without a chance", **UNKNOWN
    ),
    flag("recommended", "the smallest expected cost of being wrong"),
)

AGREED_NUMBER = result(
    CONSENSUS_STEP,
    "agreed_number",
    ("family", "period"),
    "Agreed demand of a family and month, the rule that led there, and whether it is disputed.",
    code("family", "item family"),
    month(),
    qty("demand_qty", "agreed demand"),
    value("demand_value", "the same at net price"),
    value("revenue_value", "net revenue of the plan"),
    value("agreed_value", "of it, what no open conflict is about"),
    qty("baseline_qty", "statistical part"),
    signed_qty("event_qty", "from events"),
    signed_qty("pipeline_qty", "from deals"),
    signed_qty("stream_qty", "from people's forecasts by their weights"),
    signed_qty("override_qty", "from people's changes"),
    code(
        "rule",
        "what decided last: verdict, override, weights or baseline",
        allowed=("verdict", "override", "weights", "baseline"),
    ),
    words("rule_code", "streams with their weights, owners of changes, or number of the verdict"),
    words("conflict", "open conflicts over it"),
    flag("agreed", "no open conflict"),
)

QUOTA = result(
    CONSENSUS_STEP,
    "quota",
    ("item", "location", "customer", "period"),
    "Short supply split to customers by the declared rule; sums to at most what is served.",
    *place(),
    month(),
    qty("demand_qty", "wanted in the month: open orders and net forecast"),
    qty("plan_qty", "how the supply plan serves the customer"),
    qty("quota_qty", "the customer's share"),
    code(
        "rule", "priority, proportional or history", allowed=("priority", "proportional", "history")
    ),
)

PROMISE = result(
    CONSENSUS_STEP,
    "promise",
    ("item", "location", "period"),
    "What can still be promised (ATP), cumulative, with look-ahead; a family is only a sum.",
    *item_place(),
    month(),
    qty("on_hand_qty", "stock that may be planned with, at the start of the first month"),
    qty("receipt_qty", "made, bought, moved in and arriving in the month"),
    qty("issue_qty", "moved out, used as parts or expired in the month"),
    qty("open_qty", "open orders promised for the month; overdue ones in the first"),
    signed_qty("net_qty", "on hand + receipts - issues - open orders, up to the month"),
    signed_qty("atp_qty", "least net_qty from the month on: still free; negative: over-promised"),
    qty("over_qty", "promised beyond supply up to the month"),
)

CONSENSUS_RESULTS = (
    CONSENSUS_PLAN,
    CONFLICT,
    CONFLICT_OPTION,
    AGREED_NUMBER,
    QUOTA,
    PROMISE,
)
