"""Contracts of targets as bands: the two chances, money at risk, triggers."""

from __future__ import annotations

from sopkit.tables.build import code, date, flag, month, number, rate, result, value, whole, words
from sopkit.tables.contract import Column

CONSENSUS_STEP = "04_consensus_review"
KEY = ("family", "location", "customer", "period", "span_months")


def _key() -> tuple[Column, ...]:
    return (
        code("family", "family, or all"),
        code("location", "location, or all"),
        code("customer", "customer group, channel, or all"),
        month("period", "first month of the target"),
        whole("span_months", "months it covers", minimum=1),
    )


TARGET_BAND = result(
    CONSENSUS_STEP,
    "target_band",
    (*KEY, "unit"),
    "A target as a band with its two chances: demand reaches it; supply can serve it.",
    *_key(),
    code("unit", "what it was given in", allowed=("qty", "value")),
    code("grain", "a single target, or the sum of a level's open ones", allowed=("single", "sum")),
    code("stage", "past, running or ahead", allowed=("past", "running", "ahead")),
    value(
        "low_value",
        "low end, at the mean net price where given in units",
        required=False,
        blank=True,
    ),
    value("base_value", "the target", required=False, blank=True),
    value("high_value", "high end", required=False, blank=True),
    value("reached_value", "actual to date and plan", required=False, blank=True),
    value("expected_value", "actual to date and expected demand", required=False, blank=True),
    value("lo_80_value", "actual to date and demand at P10", required=False, blank=True),
    value("hi_80_value", "actual to date and demand at P90", required=False, blank=True),
    rate("demand_chance_rate", "chance that demand reaches base", required=False, blank=True),
    rate("low_chance_rate", "chance that demand reaches the low end", required=False, blank=True),
    rate(
        "supply_chance_rate",
        "chance that supply serves the share asked for at base",
        required=False,
        blank=True,
    ),
    rate("served_rate", "share served at base, mean over draws", required=False, blank=True),
    value("at_risk_value", "revenue unserved at base, expected", required=False, blank=True),
    value("at_risk_p50_value", "revenue unserved, P50", required=False, blank=True),
    value("at_risk_p90_value", "revenue unserved, P90", required=False, blank=True),
    value("at_risk_margin_value", "margin unserved at base, expected", required=False, blank=True),
    value("at_risk_margin_p50_value", "margin unserved, P50", required=False, blank=True),
    value("at_risk_margin_p90_value", "margin unserved, P90", required=False, blank=True),
    words("remedy", "hours, goods_ahead, parts_ahead: what still raises the chance; or none"),
    date("risk_period", "first month in which supply runs short"),
    date("decide_date", "last day on which the remedy still arrives"),
    words("trigger", "first trigger that fired"),
    words("told", "who is told"),
    words("sales_owner", "owner on the sales side"),
    words("operations_owner", "owner on the operations side"),
    flag("is_given", "whether both ends were given, not taken from the process file"),
    words("why_blank", "why there are no chances: past, beyond, no_demand, no_plan"),
)

TARGET_TRIGGER = result(
    CONSENSUS_STEP,
    "target_trigger",
    (*KEY, "trigger"),
    "Every trigger of every open target: what was seen, and whether it fired.",
    *_key(),
    code("trigger", "what is watched"),
    flag("fired", "whether it fired"),
    number(
        "seen", "months in a row, chance, or days left", "see trigger", required=False, blank=True
    ),
    number("limit", "from which it fires", "see trigger"),
    words("told", "who is told"),
)

TARGET_RESULTS = (TARGET_BAND, TARGET_TRIGGER)
