"""The kinds of records that people and runs keep, each declared once.

::

    assumption   A   what the plan takes for granted
    scenario     S   a diff of a few lines, solved side by side
    conflict     C   two numbers for one thing, with both owners
    decision     D   what was asked for and what was decided
    action       B   what closes a part of the budget bridge
    task         T   who does what until when
    approval     V   a role's verdict on a step
    publication  P   the seal over a published plan
    kpi          K   a KPI as it was stated in its cycle
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sopkit.errors import InputError
from sopkit.tables import Column, Table

SOPKIT = "sopkit"
WITHDRAWN = "withdrawn"
COMMON = (
    Column("number", "letter of the kind, cycle and place in it: S-2026-11-001"),
    Column("company", "whose record it is"),
    Column("cycle", "cycle in which it was entered"),
    Column("author", "who entered it; sopkit for what a run opened"),
    Column("entered_at", "time of entering, ISO 8601 with zone"),
    Column("source", "where it comes from: a file, a run", blank=True),
    Column("reason", "why it was entered", blank=True),
    Column("status", "where it stands"),
    Column("version", "1, and one more with every change", kind="whole"),
    Column("closed_by", "who settled, ended or withdrew it", blank=True),
    Column("closed_at", "when, ISO 8601 with zone", blank=True),
    Column("closed_reason", "why", blank=True),
)
COMMON_NAMES = tuple(column.name for column in COMMON)


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    Args:
        name: its name.
        letter: how its numbers begin.
        about: what one record is.
        columns: its own columns; one that may not be blank is asked of everybody.
        statuses: where it may stand, the first one where it begins.
        closing: statuses that end it; who, when and why are kept.
        needs_one: columns of which one at least is filled.
        needs_of_people: columns that are asked of people, not yet of what sopkit opens.
        needs_when: columns that a status asks for.
        at_most: largest value of a column.
        unique: column that no two standing records of a cycle share.
    """

    name: str
    letter: str
    about: str
    columns: tuple[Column, ...]
    statuses: tuple[str, ...]
    closing: tuple[str, ...] = ()
    needs_one: tuple[str, ...] = ()
    needs_of_people: tuple[str, ...] = ()
    needs_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    unique: str = ""

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Names of its own columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def table(self) -> Table:
        """What a frame of such records looks like: the common columns, then its own."""
        columns = (*COMMON, *self.columns)
        return Table(self.name, "planbook", "record", ("number",), columns, self.about)


def _text(name: str, about: str, *, blank: bool = True) -> Column:
    return Column(name, about, blank=blank)


def _value(name: str, about: str) -> Column:
    return Column(name, about, kind="number", unit="currency", blank=True)


_TITLE = _text("title", "what it is, in a line", blank=False)
_OWNER = _text("owner", "who answers for it", blank=False)
_ANY_OWNER = _text(
    "owner", "who answers for it; what sopkit opens may lack one until it is decided"
)
_DUE = Column("due_date", "day by which it is done", kind="date", blank=True)
_FIRST = Column("first_period", "first month it is about", kind="month", blank=True)
_LAST = Column("last_period", "last month it is about", kind="month", blank=True)
_PLAN = Column("plan_version", "version of the plan, 1 and up", kind="whole", blank=True, minimum=0)
_DIFF = _text("diff", "what changes, YAML of a few lines")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "assumption",
            "A",
            "What the plan takes for granted, and who answers for it.",
            (_TITLE, _OWNER, _text("subject", "item, family, resource"), _FIRST, _LAST),
            ("active", WITHDRAWN),
        ),
        Kind(
            "scenario",
            "S",
            "A small diff of the base case, solved side by side with it.",
            (
                _text("name", "short name", blank=False),
                _TITLE,
                _OWNER,
                Column("diff", "what changes, YAML of a few lines"),
            ),
            ("active", WITHDRAWN),
            unique="name",
        ),
        Kind(
            "conflict",
            "C",
            "Two numbers for one thing that differ by more than the threshold, with both owners.",
            (
                _text("family", "family in conflict"),
                _text("kind", "which numbers differ", blank=False),
                _value("first_value", "what the first owner says"),
                _value("second_value", "what the second owner says"),
                _value("gap_value", "money between them"),
                _text("first_owner", "whose number the first is"),
                _text("second_owner", "whose number the second is"),
                _FIRST,
                _LAST,
                _text("task_force", "roles that settle it"),
                _DUE,
                _text("escalate_to", "role that decides when they do not"),
                _text("option", "option chosen"),
                _text("verdict", "what was settled"),
            ),
            ("open", "settled", WITHDRAWN),
            closing=("settled",),
            needs_one=("first_owner", "second_owner"),
            needs_when={"settled": ("verdict",)},
        ),
        Kind(
            "decision",
            "D",
            "What was asked for, what was decided, and what it was expected to bring.",
            (
                _text("decision", "number on the page, such as 2026-11-D1"),
                _TITLE,
                _text("kind", "bottleneck, shortage, budget_gap, scenario"),
                _text("subject", "resource, family, item"),
                _text("option", "letter of the option"),
                _ANY_OWNER,
                _DUE,
                _value("expected_value", "money it is expected to bring"),
                _DIFF,
            ),
            ("open", "decided", "done", "dropped", WITHDRAWN),
            closing=("done", "dropped"),
            needs_of_people=("owner",),
            needs_when={"decided": ("owner",), "done": ("owner",)},
        ),
        Kind(
            "action",
            "B",
            "What closes a part of the budget bridge.",
            (
                Column("fiscal_year", "fiscal year", kind="whole", blank=True),
                _text("part", "part of the bridge"),
                _text("family", "item family"),
                _TITLE,
                _OWNER,
                _value("cost_value", "what it costs"),
                _DUE,
                Column("chance_rate", "how likely", "number", "ratio", blank=True, minimum=0),
                _value("closure_value", "money it is expected to close"),
                _value("realised_value", "money it did close"),
            ),
            ("open", "done", "dropped", WITHDRAWN),
            closing=("done", "dropped"),
            needs_of_people=("fiscal_year",),
            at_most={"chance_rate": 1.0},
        ),
        Kind(
            "task",
            "T",
            "Who does what until when, and what it follows from.",
            (
                _TITLE,
                _OWNER,
                _DUE,
                _text("origin", "decision, conflict, gate or trigger"),
                Column(
                    "asks",
                    "what it asks for; blank where people entered it, or a weekly look",
                    blank=True,
                    allowed=("decide", "carry_out", "settle", "gate"),
                ),
            ),
            ("open", "done", WITHDRAWN),
            closing=("done",),
        ),
        Kind(
            "approval",
            "V",
            "A role's verdict on a step of the month.",
            (
                _text("step", "step of the month", blank=False),
                _text("role", "role that says it", blank=False),
                Column("verdict", "approve or reject", allowed=("approve", "reject")),
                _PLAN,
            ),
            ("active", WITHDRAWN),
        ),
        Kind(
            "publication",
            "P",
            "The seal over a published plan: a hash of every table.",
            (
                _PLAN,
                _text("tables", "JSON: table and its SHA-256", blank=False),
                _text("manifest_hash", "SHA-256 over all of them", blank=False),
            ),
            ("sealed", "reopened"),
            closing=("reopened",),
        ),
        Kind(
            "kpi",
            "K",
            "A KPI as it was stated in its cycle.",
            (
                _text("kpi", "name in the registry", blank=False),
                _text("level", "grain: item-location, family, total", blank=False),
                Column("lag", "months ahead; 0 where it has no meaning", kind="whole"),
                Column("period", "month it measures", kind="month"),
                Column("kpi_number", "value in the KPI's unit", kind="number", blank=True),
                _text("unit", "rate, turns, days, value, qty, number", blank=False),
                Column("n", "cells or lines it rests on", kind="whole", minimum=0),
            ),
            ("active",),
        ),
    )
}


def find_kind(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        InputError: there is none of that name.

    Example:
        "task" has the letter T; "tasks" is refused, and all names are told.
    """
    if name not in KINDS:
        raise InputError(f"No kind of record is {name!r}; there are {', '.join(KINDS)}.")
    return KINDS[name]


def find_kind_of(number: str) -> Kind:
    """Return the kind that a number's letter says: `T-2026-11-001` is a task.

    Raises:
        InputError: no kind has that letter.
    """
    letter = number.split("-")[0]
    found = [kind for kind in KINDS.values() if kind.letter == letter]
    if not found:
        letters = ", ".join(f"{kind.letter} {kind.name}" for kind in KINDS.values())
        raise InputError(f"No record has the number {number}: it begins with none of {letters}.")
    return found[0]
