"""One sheet as it came back: found by its marks, each value with its address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sopkit.collect.layout import INPUT, KEY, MARK, REASON, TOTAL
from sopkit.collect.numbers import Read, read_cell
from sopkit.collect.seal import Keeper
from sopkit.sources.values import clean_text

NAMED_MARKS = tuple(f"{MARK}{name}" for name in ("item", "family", "location", "customer"))
_PLAIN_TITLE = re.compile(r"[^\W\d][\w.]*")
Place = tuple[int, int]


@dataclass(frozen=True)
class Said:
    """One thing a person wrote: a number, or what is wrong with it.

    Args:
        address: sheet and cell, such as 填报!D12.
        value: as it stands there.
        key: the row's key; empty where it has none that is known.
        month: month of the column, such as 2026-11; empty outside the months.
        quantity: the number, where it can be taken.
        rule: what is wrong, where it cannot; see `collect.rule` of the catalogue.
        expected: what should stand there, where a rule says so.
        reason: the remark of the row.
    """

    address: str
    value: str
    key: str = ""
    month: str = ""
    quantity: float | None = None
    rule: str = ""
    expected: str = ""
    reason: str = ""


@dataclass
class Page:
    """A worksheet with its marks.

    Args:
        cells: the worksheet's cells that hold something, by row and column.
        results: stored results of formulas, by row and column.
        merged: merged ranges as (first row, first column, last row, last column).
        marks: what each column is, by column.
        keys: key of each row that has one, the total's too.
        head_end: last row of the head.
    """

    title: str
    cells: dict[Place, Any]
    results: dict[Place, Any]
    merged: list[tuple[int, int, int, int]]
    marks: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    head_end: int = 0
    mark_row: int = 0

    def address(self, place: Place) -> str:
        """Return sheet and cell, as a formula would name it."""
        from openpyxl.utils import get_column_letter

        plain = _PLAIN_TITLE.fullmatch(self.title)
        title = self.title if plain else "'" + self.title.replace("'", "''") + "'"
        return f"{title}!{get_column_letter(place[1])}{place[0]}"

    def columns(self, prefix: str) -> list[int]:
        """Return the columns whose mark begins so."""
        return [column for column, mark in sorted(self.marks.items()) if mark.startswith(prefix)]

    def text(self, place: Place) -> str:
        """Return what a cell shows, that of its merged range where it is part of one."""
        for top, left, bottom, right in self.merged:
            if top <= place[0] <= bottom and left <= place[1] <= right:
                place = (top, left)
        cell = self.cells.get(place)
        value = None if cell is None else cell.value
        if isinstance(value, datetime):
            return f"{value:%Y-%m}"
        return "" if value is None else clean_text(str(value))

    def read(self, place: Place, units: tuple[str, ...]) -> Read:
        """Return what a cell says; of a formula its stored result."""
        cell = self.cells.get(place)
        if cell is None:
            return Read()
        if cell.data_type != "f":
            return read_cell(cell.value, cell.number_format, cell.data_type, units)
        stored = self.results.get(place)
        if stored is None or stored.value is None:
            return Read(rule="no_value")
        return read_cell(stored.value, cell.number_format, stored.data_type, units)

    def written(self, place: Place) -> str:
        """Return a cell's content as a person sees it in the formula bar."""
        value = self.cells[place].value
        return str(getattr(value, "text", value)).strip()


def find_page(sheet: Any, results: Any) -> Page | None:
    """Return a worksheet as a page, or None where it carries no marks of ours."""
    # only cells that are in the file: a sheet whose columns are formatted to the last row has
    # millions of others
    cells = {place: cell for place, cell in sheet._cells.items() if cell.value is not None}
    start = min((place for place, cell in cells.items() if cell.value == KEY), default=None)
    if start is None:
        return None
    stored = {} if results is None else dict(results._cells)
    merged = [(r.min_row, r.min_col, r.max_row, r.max_col) for r in sheet.merged_cells.ranges]
    page = Page(sheet.title, cells, stored, merged, mark_row=start[0])
    for (row, column), cell in sorted(cells.items()):
        if row == start[0] and isinstance(cell.value, str) and cell.value.startswith(MARK):
            page.marks[column] = cell.value
        if column == start[1] and row > start[0]:
            page.keys[row] = str(cell.value).strip()
    ends = [row if key == TOTAL else row - 1 for row, key in page.keys.items()]
    page.head_end = min(ends, default=0)
    return page


def read_page(page: Page, keeper: Keeper, units: tuple[str, ...]) -> list[Said]:
    """Return all that a person wrote on a page, taken or not, in order of rows."""
    wrong_months = dict(find_changed_headings(page, keeper))
    told: list[Said] = []
    for row in sorted({row for row, _ in page.cells if row > page.mark_row}):
        key = page.keys.get(row, "")
        if not key and row <= page.head_end:
            continue
        if key == TOTAL:
            told += _find_typed_totals(page, row)
            continue
        rule, expected = judge_row(page, row, key, keeper)
        values = list(_read_row(page, row, key, units, rule, expected, wrong_months))
        told += values
        reason = page.columns(REASON)
        if reason and not values and (row, reason[0]) in page.cells:
            place = (row, reason[0])
            told.append(
                Said(page.address(place), page.written(place), key, rule=rule or "reason_alone")
            )
        if not rule:
            told += find_changed_grey(page, row, key, keeper)
    return told


def _find_typed_totals(page: Page, row: int) -> Iterator[Said]:
    """Yield what was typed over the formulas of the total."""
    for column in page.columns(INPUT):
        cell = page.cells.get((row, column))
        if cell is not None and cell.data_type != "f":
            yield Said(page.address((row, column)), page.written((row, column)), rule="total")


def judge_row(page: Page, row: int, key: str, keeper: Keeper) -> tuple[str, str]:
    """Return what is wrong with a row's key, and what it should say; blank where nothing is.

    Names that a person left out are no fault; names that say something else are.
    """
    if not key:
        return "key_missing", ""
    if key not in keeper.levels:
        return "key_unknown", ""
    for column, mark in sorted(page.marks.items()):
        if mark in NAMED_MARKS:
            shown, expected = page.text((row, column)), clean_text(keeper.locked[key].get(mark, ""))
            if shown and shown != expected:
                return "key_moved", expected
    return "", ""


def _read_row(
    page: Page,
    row: int,
    key: str,
    units: tuple[str, ...],
    rule: str,
    expected: str,
    wrong_months: dict[int, str],
) -> Iterator[Said]:
    reasons = [page.text((row, column)) for column in page.columns(REASON)]
    for column in page.columns(INPUT):
        place = (row, column)
        if place not in page.cells:
            continue
        read = page.read(place, units)
        if read.quantity is None and not read.rule:
            continue
        broken, should = rule, expected
        if not broken and column in wrong_months:
            broken, should = "heading_changed", wrong_months[column]
        if not broken and spans_inputs(page, place):
            broken = "merged"
        yield Said(
            page.address(place),
            page.written(place),
            key,
            page.marks[column].removeprefix(INPUT),
            None if broken or read.rule else read.quantity,
            broken or read.rule,
            should,
            next((text for text in reasons if text), ""),
        )


def spans_inputs(page: Page, place: Place) -> bool:
    """Say whether a cell is merged with another cell that is to be filled."""
    for top, left, bottom, right in page.merged:
        if top <= place[0] <= bottom and left <= place[1] <= right:
            rows = [row for row, key in page.keys.items() if top <= row <= bottom and key != TOTAL]
            columns = [column for column in page.columns(INPUT) if left <= column <= right]
            return len(rows) * len(columns) > 1
    return False


def find_changed_headings(page: Page, keeper: Keeper) -> Iterator[tuple[int, str]]:
    """Yield the columns whose month above says something else now, with what it should say."""
    above = range(page.mark_row + 1, page.head_end + 1)
    head = [row for row in above if page.keys.get(row) != TOTAL]
    columns = page.columns(INPUT)
    expected = {column: keeper.headings.get(page.marks[column], "") for column in columns}

    def hits(row: int) -> int:
        return sum(page.text((row, column)) in expected.values() for column in columns)

    heading = max(head, key=lambda row: (hits(row), row), default=0)
    for column in columns:
        shown, should = page.text((heading, column)), expected[column]
        month = page.marks[column].removeprefix(INPUT)
        if not should or (shown and shown not in (should, month)):
            yield column, should


def find_changed_grey(page: Page, row: int, key: str, keeper: Keeper) -> Iterator[Said]:
    """Yield the grey numbers of a row that say something else now; they are not read."""
    for column, mark in sorted(page.marks.items()):
        place = (row, column)
        if place not in page.cells or mark not in keeper.numbers:
            continue
        cell = page.cells[place]
        value = page.results[place].value if cell.data_type == "f" and page.results else cell.value
        kept = keeper.locked[key].get(mark, "")
        number = float(value) if isinstance(value, (int, float)) else None
        same = number is not None and kept != "" and abs(number - float(kept)) < 1e-6
        if value is not None and not same:
            yield Said(page.address(place), page.written(place), key, rule="grey_changed")
