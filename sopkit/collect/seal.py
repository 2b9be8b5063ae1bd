"""The hidden sheet of a workbook that came back: whose it is, and whether it was touched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sopkit.collect.layout import HIDDEN, INPUT, LAYOUT, META, to_seal, trim
from sopkit.demand.levels import LEVEL


@dataclass(frozen=True)
class Keeper:
    """What the hidden sheet keeps.

    Args:
        facts: META by name: company, cycle, stream, owner, version, ...
        levels: LEVEL of each row, by key.
        locked: what each locked cell of a row said when it was sent, by key and column mark.
        headings: the month as shown above each column, by column mark.
        sealed: nothing was changed since.
    """

    facts: dict[str, str]
    levels: dict[str, tuple[str, ...]]
    locked: dict[str, dict[str, str]]
    headings: dict[str, str]
    sealed: bool

    @cached_property
    def numbers(self) -> set[str]:
        """Marks of the grey columns that hold numbers."""
        marks = {mark for row in self.locked.values() for mark in row}
        return {mark for mark in marks if mark.count(":") > 1 or mark.endswith("_rate")}

    @property
    def sender(self) -> tuple[str, str]:
        """Stream and owner."""
        return self.facts.get("stream", ""), self.facts.get("owner", "")

    @property
    def layout_fits(self) -> bool:
        """Whether this sopkit can read the sheet."""
        return self.facts.get("layout") == LAYOUT


def read_keeper(book: Any) -> Keeper | None:
    """Return what a workbook's hidden sheet keeps, whatever it is called now; None without one."""
    sheets = sorted(book.worksheets, key=lambda sheet: sheet.title != HIDDEN)
    sheet = next((one for one in sheets if one["A1"].value == "seal"), None)
    return None if sheet is None else to_keeper(_to_lines(sheet))


def _to_lines(sheet: Any) -> list[list[str]]:
    texts = {place: str(c.value) for place, c in sheet._cells.items() if c.value is not None}
    last = max(row for row, _ in texts)
    width = max(column for _, column in texts)
    rows = range(1, last + 1)
    return [trim([texts.get((row, n), "") for n in range(1, width + 1)]) for row in rows]


def to_keeper(lines: list[list[str]]) -> Keeper:
    """Return what lines of a hidden sheet say; damaged lines are left out and break the seal."""
    seal = [*lines[0], "", ""][1]
    facts = {line[0]: [*line, ""][1] for line in lines[1:] if line and line[0] in META}
    head = next((line for line in lines if line and line[0] == "key"), ["key"])
    start = lines.index(head) + 1 if head in lines else len(lines)
    wide = len(LEVEL) + 1
    levels, locked = {}, {}
    for line in lines[start:]:
        if len(line) >= wide:
            full = line + [""] * (len(head) - len(line))
            levels[line[0]] = tuple(full[1:wide])
            locked[line[0]] = dict(zip(head[wide:], full[wide:], strict=False))
    months, shown = facts.get("months", "").split(), facts.get("headings", "").split()
    headings = {f"{INPUT}{month}": text for month, text in zip(months, shown, strict=False)}
    return Keeper(facts, levels, locked, headings, seal == to_seal(lines[1:]))
