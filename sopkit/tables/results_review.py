"""Contracts of what the demand review shows beside its numbers: reasons, causes, verdicts."""

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
from sopkit.tables.demand import level, place
from sopkit.tables.results_demand import DEMAND_STEP

UNKNOWN = {"required": False, "blank": True}
# Why agreed demand moved since the last cycle, in the order in which causes are applied.
MOVE_CAUSES = {
    "actuals": "the months that passed",
    "restated": "history that the books now show differently",
    "hierarchy": "items that moved to another family",
    "model": "options and method",
    "lifecycle": "items that come, go or follow another",
    "events": "promotions and opportunities",
    "streams": "people's forecasts",
    "overrides": "people's changes",
}

LOOK = result(
    DEMAND_STEP,
    "look",
    ("rank",),
    "An item-location where a person's look is worth most, with its reason; at most twenty.",
    whole("rank", "1 is worth most"),
    *item_place(),
    code("reason", "surprise, broken, error, change, streams, new, ending"),
    qty("demand_qty", "agreed demand of the next six months"),
    signed_qty("seen_qty", "what was seen; plus is more demand"),
    qty("look_qty", "units of six months at stake"),
    value("look_value", "the same in money"),
)

DEMAND_MOVE = result(
    DEMAND_STEP,
    "demand_move",
    ("item", "location", "customer", "period"),
    "Last cycle's agreed demand to this one's, split by cause; the parts sum exactly.",
    *place(),
    month(),
    qty("last_qty", "agreed demand of the last cycle"),
    *(signed_qty(f"{cause}_qty", f"change from {about}") for cause, about in MOVE_CAUSES.items()),
    qty("demand_qty", "agreed demand now"),
)

DEMAND_STREAM = result(
    DEMAND_STEP,
    "demand_stream",
    ("cycle", "stream", "item", "family", "location", "customer", "period"),
    "People's forecasts and the order book as this cycle used them, files and planbook together.",
    code("cycle", "this cycle"),
    code("stream", "whose forecast: sales, marketing, finance, customer, orders"),
    words("owner", "role that gave it"),
    *level(),
    month(),
    qty("forecast_qty", "expected quantity"),
)

CALENDAR_EFFECT = result(
    DEMAND_STEP,
    "calendar_effect",
    ("family", "period"),
    "A month that moving holidays or working days make unusual for a family.",
    code("family", "family"),
    month(),
    number("working_days", "working days of the month", "days"),
    number("usual_days", "working days of its namesakes, on average", "days"),
    code("holiday", "what moves it most: spring_festival, mid_autumn, easter, working_days, ..."),
    rate("factor_rate", "demand against a usual month of this name; -0.12 is 12 % less"),
    flag("is_estimated", "its working days are not published yet"),
)

EVENT_UPLIFT = result(
    DEMAND_STEP,
    "event_uplift",
    ("event_kind", "family"),
    "What past events of a family added, and what the month after took back; all: the company.",
    code("event_kind", "promotion, listing, ..."),
    code("family", "family, or all"),
    whole("event_count", "past events"),
    rate("uplift_rate", "more demand while an event covers the month", **UNKNOWN),
    rate(
        "lo_90_rate", "9 of 10 times the family's mean lies above (and below the next)", **UNKNOWN
    ),
    rate("hi_90_rate", "upper end", **UNKNOWN),
    rate("event_lo_90_rate", "the same for one coming event", **UNKNOWN),
    rate("event_hi_90_rate", "upper end", **UNKNOWN),
    rate("dip_rate", "less demand in the month after", **UNKNOWN),
    rate("dip_lo_90_rate", "lower end", **UNKNOWN),
    rate("dip_hi_90_rate", "upper end", **UNKNOWN),
)

EVENT_PLAN = result(
    DEMAND_STEP,
    "event_plan",
    ("event",),
    "An event that reaches into the horizon, and what it changes.",
    code("event", "event number"),
    code("event_kind", "promotion, listing, ..."),
    *level(),
    date("start_date", "first day"),
    date("end_date", "last day"),
    words("owner", "role that planned it"),
    code("state", "planned, running or ended"),
    words("basis", "where the uplift is from: family, company, owner"),
    rate("uplift_rate", "measured uplift that is used", **UNKNOWN),
    rate("planned_uplift_rate", "uplift its owner expects; compared, not blended", **UNKNOWN),
    qty("uplift_qty", "more while it runs"),
    signed_qty("dip_qty", "less after it; negative"),
    signed_qty("event_qty", "both together, over the horizon"),
    signed_qty("lo_90_qty", "9 of 10 times between this"),
    signed_qty("hi_90_qty", "and this"),
    qty("planned_qty", "more while it runs, as its owner expects", **UNKNOWN),
)

EVENT_RESULT = result(
    DEMAND_STEP,
    "event_result",
    ("event",),
    "What a past event brought against what its owner had planned.",
    code("event", "event number"),
    code("event_kind", "promotion, listing, ..."),
    words("owner", "role that planned it"),
    code("family", "family"),
    month("period", "month it began"),
    flag("complete", "all its days are known"),
    rate("planned_uplift_rate", "uplift its owner expected", **UNKNOWN),
    rate("realised_uplift_rate", "uplift measured", **UNKNOWN),
    rate("lo_90_rate", "9 of 10 times the true uplift lies above (and below the next)", **UNKNOWN),
    rate("hi_90_rate", "upper end", **UNKNOWN),
    qty("planned_qty", "more, as planned", **UNKNOWN),
    signed_qty("realised_qty", "more, as measured", **UNKNOWN),
)

DEAL_PLAN = result(
    DEMAND_STEP,
    "deal_plan",
    ("opportunity",),
    "A deal still to be delivered, and what it adds to demand.",
    code("opportunity", "number of the opportunity"),
    *place(),
    code("stage", "sales stage"),
    code("outcome", "open or won"),
    date("expected_date", "day of delivery expected now"),
    qty("opportunity_qty", "quantity if won"),
    rate("win_rate", "chance to win"),
    rate("lo_90_rate", "9 of 10 times the true rate lies above (and below the next)"),
    rate("hi_90_rate", "upper end"),
    words("basis", "measured, crm, company or won"),
    qty("expected_qty", "quantity x chance, all months"),
    qty("pipeline_qty", "of it, added in the horizon beyond what the baseline holds"),
    qty("later_qty", "of it, after the horizon"),
)

RUN_OUT = result(
    DEMAND_STEP,
    "run_out",
    ("item",),
    "An item that ends, with the stock it would leave behind.",
    code("item", "item code"),
    date("end_date", "last day of sale"),
    qty("stock_qty", "stock at all locations"),
    qty("coming_qty", "on order"),
    qty("demand_qty", "agreed demand until it ends"),
    qty("stranded_qty", "left over"),
    value("stranded_value", "left over, at standard cost"),
)

OVERRIDE_CLASH = result(
    DEMAND_STEP,
    "override_clash",
    ("override", "other_override"),
    "Changes of two owners to the same cells and months; both stand, the earlier entered first.",
    code("override", "applied first"),
    code("other_override", "applied after it"),
    words("owner", "role of the first"),
    words("other_owner", "role of the second"),
    *level(),
    month("first_period", "first month in common"),
    month("last_period", "last month in common"),
    whole("month_count", "months in common"),
    signed_qty("effect_qty", "effect of the first alone on what they share", **UNKNOWN),
    signed_qty("other_effect_qty", "effect of the second alone", **UNKNOWN),
    signed_qty("together_qty", "effect of both", **UNKNOWN),
)

VALUE_ADDED = result(
    DEMAND_STEP,
    "value_added",
    ("stream", "slice", "code"),
    "What a forecast added to its reference: streams by slice, and the steps of our own forecast.",
    code("stream", "whose forecast; step: a step of our own"),
    code("slice", "all, owner, family, abc, lag, direction, step"),
    code("code", "value of the slice"),
    whole("cell_count", "cells compared"),
    whole("month_count", "months compared"),
    qty("actual_qty", "what came"),
    rate("wape_rate", "WAPE of the forecast"),
    rate("bias_rate", "sum (forecast - actual) / sum actual"),
    rate("reference_wape_rate", "WAPE of the reference on the same cells"),
    rate("value_added_rate", "reference WAPE - WAPE; plus is better"),
    rate("lo_95_rate", "19 of 20 times the true value lies above (and below the next)", **UNKNOWN),
    rate("hi_95_rate", "upper end", **UNKNOWN),
    code("verdict", "keep, drop, no_difference or too_few"),
)

FORECASTABILITY = result(
    DEMAND_STEP,
    "forecastability",
    ("abc", "pattern"),
    "How good a forecast can get in a segment: naive, reached, and the noise that no model beats.",
    code("abc", "A, B or C by value"),
    code("pattern", "pattern of demand"),
    whole("cell_count", "item-location-months of the backtest, one month ahead"),
    qty("actual_qty", "what came"),
    rate("naive_wape_rate", "WAPE of the same month a year before", **UNKNOWN),
    rate("best_wape_rate", "WAPE reached", **UNKNOWN),
    rate("floor_rate", "WAPE that noise alone leaves", **UNKNOWN),
    rate("floor_share_rate", "share of the quantity for which a floor is known", **UNKNOWN),
    rate("room_rate", "reached - floor, not below 0", **UNKNOWN),
    code("reach", "the wanted accuracy is reachable, stretch, beyond or unknown"),
    rate("stability_rate", "change of a month's forecast from one making to the next", **UNKNOWN),
)

REVIEW_RESULTS = (
    LOOK,
    DEMAND_MOVE,
    DEMAND_STREAM,
    CALENDAR_EFFECT,
    EVENT_UPLIFT,
    EVENT_PLAN,
    EVENT_RESULT,
    DEAL_PLAN,
    RUN_OUT,
    OVERRIDE_CLASH,
    VALUE_ADDED,
    FORECASTABILITY,
)
