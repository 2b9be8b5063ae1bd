"""Contracts of the bridge from budget to plan, its actions, the KPI values and their comparison."""

from __future__ import annotations

from sopkit.tables.build import ALL, code, date, month, number, rate, result, value, whole, words

UNKNOWN = {"required": False, "blank": True}

BUDGET_GAP = result(
    "04_consensus_review",
    "budget_gap",
    ("fiscal_year", "against", "family", "period", "part"),
    "Bridge from budget (or last year) to plan; in every cell the parts sum to plan - budget.",
    whole("fiscal_year", "fiscal year"),
    code(
        "against",
        "what the plan is compared with",
        required=False,
        default="budget",
        allowed=("budget", "last_year"),
    ),
    code("family", "item family; all: what belongs to none, such as overtime"),
    month(),
    code("part", "budget, volume, mix, timing, new, ended, supply_lost, price, cost, ..., plan"),
    value("margin_value", "margin"),
    value("revenue_value", "revenue", required=False, blank=True),
)

BRIDGE_ACTION = result(
    "04_consensus_review",
    "bridge_action",
    ("action",),
    "What people do about a part of the bridge, what they expect of it and what came.",
    code("action", "number of the record, such as B-2026-11-001"),
    code("entered_cycle", "cycle in which it was entered"),
    whole("fiscal_year", "fiscal year"),
    code("part", "part of the bridge, or all"),
    code("family", "item family, or all", required=False, default=ALL),
    words("title", "what is done"),
    words("owner", "role that does it"),
    date("due_date", "last day"),
    words("status", "open, done or dropped"),
    value("cost_value", "what it costs", **UNKNOWN),
    rate("chance_rate", "chance that it works", **UNKNOWN),
    value("closure_value", "margin it brings if it works", **UNKNOWN),
    value("expected_value", "chance x closure - cost", **UNKNOWN),
    value("part_value", "its part of the bridge now", **UNKNOWN),
    value("then_value", "its part when the action was entered", **UNKNOWN),
    value("restated_value", "what restated data moved since", **UNKNOWN),
    value("realised_value", "its share of now - then - restated", **UNKNOWN),
    words("clash", "what is wrong with it: no_owner, no_date, no_part, no_amount, late"),
)

KPI_VALUE = result(
    "05_executive_review",
    "kpi_value",
    ("kpi", "level", "lag", "period"),
    "A KPI of a month, with everything needed to compare it.",
    code("kpi", "name in the registry"),
    code("level", "grain: item-location, line, order, item, resource, total"),
    whole("lag", "months ahead; 0 where it has no meaning"),
    month(),
    number("kpi_number", "value in the KPI's unit", "see unit", **UNKNOWN),
    code("unit", "rate, signed_rate, turns, days, value, qty, number"),
    whole("n", "cells or lines it rests on"),
    number("band_low", "low end of the target band", "see unit", **UNKNOWN),
    number("band_high", "high end of the target band", "see unit", **UNKNOWN),
    words("verdict", "good, warn, bad, none"),
    words("why_blank", "why there is no value"),
    words("source", "what it was measured on: agreed, baseline; measured, recorded"),
    number(
        "stated_number",
        "value that an earlier cycle stated, where it differs",
        "see unit",
        **UNKNOWN,
    ),
)

KPI_COMPARE = result(
    "05_executive_review",
    "kpi_compare",
    ("kpi", "level", "lag"),
    "A KPI before and after, by one formula: the mean of the months of two windows.",
    code("kpi", "name in the registry"),
    code("level", "grain"),
    whole("lag", "months ahead"),
    code("unit", "unit of the values"),
    month("before_first_period", "first month of the window before"),
    month("before_last_period", "last month of it"),
    month("after_first_period", "first month of the window after"),
    month("after_last_period", "last month of it"),
    whole("before_n", "months with a value before"),
    whole("after_n", "months with a value after"),
    number("before_number", "mean before", "see unit", **UNKNOWN),
    number("after_number", "mean after", "see unit", **UNKNOWN),
    number("change_number", "after - before", "see unit", **UNKNOWN),
    number("lo_95_number", "low end of the change, 95 %", "see unit", **UNKNOWN),
    number("hi_95_number", "high end of the change, 95 %", "see unit", **UNKNOWN),
    code("verdict", "better, worse, no_difference, changed (no better side), or refused"),
    words("why_refused", "why there is no verdict"),
)

BRIDGE_RESULTS = (BUDGET_GAP, BRIDGE_ACTION)
KPI_RESULTS = (KPI_VALUE, KPI_COMPARE)
