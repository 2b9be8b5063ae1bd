"""Contracts of what the data review and the demand review write."""

from __future__ import annotations

from sopkit.tables.build import (
    code,
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
from sopkit.tables.contract import Column
from sopkit.tables.demand import place

DATA = "01_data_review"
DEMAND_STEP = "02_demand_review"

REFUSED_ROW = result(
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

FINDING = result(
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

DEMAND_HISTORY = result(
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

CORRECTION = result(
    DATA,
    "correction",
    ("item", "location", "customer", "period", "reason"),
    "A month whose history was marked or corrected, with the evidence and what it would become.",
    *place(),
    month(),
    qty("actual_qty", "as it was"),
    qty("cleaned_qty", "as it is used"),
    qty("proposed_qty", "as it would be used if accepted"),
    code("reason", "gap, stock_out, bulk, outlier, loading, payback, promotion"),
    flag("accepted", "cleaned_qty differs from actual_qty because of it"),
    code("why", "the evidence, a sentence of the catalogue; why_qty and why_rate are its numbers"),
    qty("why_qty", "quantity the sentence names", required=False, blank=True),
    rate("why_rate", "ratio the sentence names", required=False, blank=True),
    qty("lost_qty", "sales lost for want of stock, estimated", required=False, blank=True),
    qty("lo_80_qty", "9 of 10 times more was lost", required=False, blank=True),
    qty("hi_80_qty", "9 of 10 times less was lost", required=False, blank=True),
)

CHANNEL_MONTH = result(
    DATA,
    "channel_month",
    ("item", "location", "customer", "period"),
    "What a distributor ordered, sold on and holds, as reported, with loading and its payback.",
    *place(),
    month(),
    qty("sell_in_qty", "ordered from us, by requested month"),
    qty("received_qty", "of it, what left us", required=False, blank=True),
    qty("sell_out_qty", "sold on", required=False, blank=True),
    qty("stock_qty", "stock at the month's end", required=False, blank=True),
    signed_qty(
        "stock_gap_qty",
        "stock - (stock before + received - sold on); plus: more than follows",
        required=False,
        blank=True,
    ),
    number(
        "cover_months",
        "stock over the mean sell-out of three months",
        "months",
        required=False,
        blank=True,
        minimum=0.0,
    ),
    qty("loading_qty", "ordered early for the quarter's end"),
    qty("payback_qty", "ordered less because it was loaded before"),
    qty("owed_qty", "loaded and still to be paid back after the history"),
    code("mark", "loading, payback or none", allowed=("loading", "payback", "none")),
)

PLAN_VERSUS_ACTUAL = result(
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

SEGMENT = result(
    DEMAND_STEP,
    "segment",
    ("item", "location"),
    "How an item-location is to be planned.",
    *item_place(),
    value("revenue_value", "net revenue of the last 12 months"),
    code("abc", "A, B or C by value", allowed=("A", "B", "C")),
    code(
        "pattern",
        "smooth, erratic, intermittent, lumpy, new, ended, no demand",
        allowed=("smooth", "erratic", "intermittent", "lumpy", "new", "ended", "none"),
    ),
    code("strategy", "MTS, ATO or MTO"),
)

BASELINE = result(
    DEMAND_STEP,
    "baseline",
    ("item", "location", "customer", "period"),
    "Statistical forecast before people touch it, with range.",
    *place(),
    month(),
    qty("baseline_qty", "expected demand"),
    qty("lo_80_qty", "9 of 10 times it is above"),
    qty("hi_80_qty", "9 of 10 times it is below"),
    qty("lo_95_qty", "39 of 40 times it is above", required=False, blank=True),
    qty("hi_95_qty", "39 of 40 times it is below", required=False, blank=True),
    code("method", "ensemble, family_share, like_item, run_out, zero"),
)

BACKTEST = result(
    DEMAND_STEP,
    "backtest",
    ("item", "location", "cutoff", "period"),
    "What the baseline would have said at earlier months, against what came.",
    *item_place(),
    month("cutoff", "last month it knew"),
    month("period", "month it forecast"),
    whole("lag", "months between cutoff and period, less one: 0 is the next month"),
    qty("forecast_qty", "baseline with the events planned for the month"),
    qty("statistical_qty", "baseline without events", required=False, blank=True),
    qty("naive_qty", "same month a year ago (last month where history is short)"),
    qty("actual_qty", "what came"),
)

STREAM_VALUE = result(
    DEMAND_STEP,
    "stream_value",
    ("stream", "owner", "lag"),
    "What people's forecasts were worth, and the weight and bias that consensus uses for them.",
    code("stream", "whose forecast"),
    code("owner", "role that gave it"),
    whole("lag", "months ahead: 0 is the cycle's own month"),
    whole("cell_count", "cells compared"),
    whole("month_count", "months compared, all lags"),
    rate("wape_rate", "WAPE of the stream"),
    rate("reference_wape_rate", "WAPE of the baseline on the same cells"),
    rate("value_added_rate", "reference WAPE - stream WAPE; plus is better"),
    rate("bias_rate", "sum (forecast - actual) / sum actual"),
    rate(
        "bias_used_rate",
        "bias taken off before it counts: drawn to 0 where little is known",
        required=False,
        default=0.0,
    ),
    rate("weight_rate", "how far it draws the baseline"),
    code(
        "source",
        "learned, no_value, too_few, fixed or refused",
        required=False,
        default="learned",
    ),
)

CONSENSUS_DEMAND = result(
    DEMAND_STEP,
    "consensus_demand",
    ("item", "location", "customer", "period"),
    "What customers would take if supply had no limit.",
    *place(),
    month(),
    qty("demand_qty", "baseline + events + pipeline + streams + overrides, not below 0"),
    qty("baseline_qty", "statistical part, without events"),
    signed_qty("event_qty", "planned events, less the dip after", required=False, default=0.0),
    signed_qty("pipeline_qty", "deals beyond the baseline", required=False, default=0.0),
    signed_qty("stream_qty", "change from people's streams"),
    signed_qty("override_qty", "change from overrides"),
    qty("lo_80_qty", "9 of 10 times demand is above"),
    qty("hi_80_qty", "9 of 10 times demand is below"),
)

DATA_RESULTS = (
    REFUSED_ROW,
    FINDING,
    DEMAND_HISTORY,
    CORRECTION,
    CHANNEL_MONTH,
    PLAN_VERSUS_ACTUAL,
)
DEMAND_RESULTS = (SEGMENT, BASELINE, BACKTEST, STREAM_VALUE, CONSENSUS_DEMAND)
