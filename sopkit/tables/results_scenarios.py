"""Contracts of scenarios as small diffs, and of the basis from which they are solved."""

from __future__ import annotations

from sopkit.tables.build import code, date, month, result, value, whole, words

SUPPLY_STEP = "03_supply_review"
CONSENSUS_STEP = "04_consensus_review"

PLAN_BASIS = result(
    SUPPLY_STEP,
    "plan_basis",
    ("part", "block", "label"),
    "Where the solver ended on the plan, so that questions start there; empty: they start cold.",
    code("part", "column or row"),
    code("block", "block of variables or rule"),
    words("label", "what it stands for, parts set apart by a bar"),
    month("first_period", "month of the first digit"),
    words("statuses", "a digit a month: 0 lower limit, 1 basic, 2 upper, 3 zero, 4 free; -: none"),
)

SCENARIO_DIFF = result(
    CONSENSUS_STEP,
    "scenario_diff",
    ("scenario", "block"),
    "What a scenario changes, a block a row, and whether it could be applied to this month's data.",
    code("scenario", "short name"),
    whole("block", "number of the block, from 1"),
    words("title", "for people; blank where the blocks say all"),
    words("owner", "who stands for it"),
    words("reason", "why it is asked"),
    code("origin", "range, option, conflict, file or book"),
    code("kind", "capacity, overtime, limit, lead_time, outage, demand, price, cost; unknown"),
    words("subject", "code of what changes"),
    words("size", "by how much, as written"),
    date("first_period", "first month it holds in"),
    date("last_period", "last month"),
    words("said", "the block as a line of codes and numbers"),
    code("state", "applied, cut (months have passed) or refused"),
    code("why", "why it was cut or refused: past, unknown, doubled, nothing, other_block; none"),
    words("detail", "the reason in words"),
    words("touches", "other scenarios that change the same thing in the same months"),
)

SCENARIO_WIN = result(
    CONSENSUS_STEP,
    "scenario_win",
    ("scenario", "end"),
    "What a scenario earns more than the base plan, at the low, agreed and high end of demand.",
    code("scenario", "short name"),
    code("end", "low, agreed, high"),
    value(
        "gain_value",
        "revenue less every cost, against the base plan at the same demand; blank: not asked",
        required=False,
        blank=True,
    ),
)

SCENARIO_RESULTS = (PLAN_BASIS, SCENARIO_DIFF, SCENARIO_WIN)
