"""Sheets of `sopkit collect` out and back, as people treat them: is any number lost or changed?

    python tests/benchmarks/round_trips.py [--full]        100 round trips, 1,000 with --full

Each trip makes a small sheet, types into it (numbers, full-width digits, 千 and 万, units,
formulas with and without a stored result, percentages, negatives, dates, words), then does what
happens to a sheet on its way: rows sorted, blank rows and columns put in, rows and columns hidden,
cells merged, sheets added and renamed, protection taken off, keys, names, months and grey numbers
overwritten. Every value typed must come back as the same number in its own cell, or be refused at
its own address for the right reason; nothing else may come back.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter

from sopkit.collect.answer_sheet import Answer
from sopkit.collect.layout import BLOCKS, INPUT, KEY, MARK, REASON, Sheet
from sopkit.collect.read_back import Expected, read_files
from sopkit.collect.write import FIRST_ROW, MARK_ROW, to_workbook
from sopkit.demand.levels import LEVEL
from sopkit.messages import catalogue

BENCHMARK_SEED = 4107  # tests use others
UNITS = ("case", "cases", "箱")
FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
ITEMS = ("010101", "A-100", "茶 500ml", "00７", "SKU=1", "x'y", "1E5")
PLACES = ("D1", "上海总仓", "all", "NL 01")


@dataclass
class Typed:
    """A value as typed: what the file stores, and what has to come of it."""

    value: Any
    quantity: float | None = None
    rule: str = ""
    stored: Any = None
    number_format: str = ""


@dataclass
class Trip:
    """What came of one round trip."""

    typed: int = 0
    accepted: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


def make_sheet(rng: random.Random) -> Sheet:
    """Return a small sheet of random cells with some grey numbers."""
    months = tuple(
        f"{p:%Y-%m}" for p in pd.date_range("2026-11", periods=rng.randint(1, 6), freq="MS")
    )
    by_customer = rng.random() < 0.3
    levels = {
        (rng.choice(ITEMS), "all", rng.choice(PLACES), rng.choice("KDE") if by_customer else "all")
        for _ in range(rng.randint(2, 9))
    }
    rows = pd.DataFrame(sorted(levels), columns=LEVEL)
    rows = rows.assign(wape_rate=rng.choice([0.123, float("nan")]), bias_rate=-0.02)
    cells = rows[LEVEL].merge(pd.DataFrame({"period": pd.to_datetime(list(months))}), how="cross")
    for block in BLOCKS:
        known = rng.random() < 0.8
        cells[block] = [
            rng.uniform(0, 20_000) if known else float("nan") for _ in range(len(cells))
        ]
    owner = rng.choice(["华东大区经理", "Sales lead / North", "A & B <C>"])
    return Sheet(
        "demo", "2026-11", "sales", owner, rng.randint(1, 3), "2026-11-06", months, rows, cells
    )


def type_value(rng: random.Random) -> Typed | None:
    """Return something a person may type into a cell, or None for leaving it blank."""
    whole = rng.randint(1, 99_999)
    exact = round(rng.uniform(0, 99_999), rng.randint(0, 3))
    kinds: list[Typed | None] = [
        *[None, None, Typed(whole, whole), Typed(exact, exact), Typed(0, 0)],
        Typed(str(whole).translate(FULL_WIDTH), whole),
        Typed(f"{exact:,}".translate(FULL_WIDTH), exact),
        Typed(f"{whole:,}", whole),
        Typed(f" {whole:,} 箱 ", whole),
        Typed(f"{whole}　cases", whole),
        Typed(f"{whole % 1000 / 10}万", whole % 1000 * 1000),
        Typed(f"{whole % 1000 / 10}千箱", whole % 1000 * 100),
        Typed(f"={whole}+1", whole + 1, stored=whole + 1),
        Typed(f"=SUM({whole},0.5)", whole + 0.5, stored=whole + 0.5),
        Typed("=TEXT(5,0)", 5, stored="5"),
        Typed(f"={whole}*2", rule="no_value"),
        Typed("=1/0", rule="error", stored="#DIV/0!"),
        Typed(f"=-{whole}", rule="negative", stored=-whole),
        Typed(0.12, rule="percent", number_format="0%"),
        Typed("１２％", rule="percent"),
        Typed(-whole, rule="negative"),
        Typed(f"({whole})", rule="negative"),
        Typed(rng.choice(["约100", "同上", "1,2", "n/a", "12 pallets", "1OO"]), rule="text"),
        *[Typed("-", rule="dash"), Typed(f"{whole}元", rule="money"), Typed(True, rule="flag")],
        Typed(datetime(2026, 11, 5), rule="date", number_format="yyyy-mm-dd"),
        Typed("#N/A", rule="error"),
        *[Typed(1e15, rule="huge"), Typed("　 ")],
    ]
    return rng.choice(kinds)


@dataclass
class Block:
    """The fill sheet as rows of cells, so that it can be taken apart and put together."""

    head: list[list[Any]]
    rows: list[list[Any]]
    marks: list[str]

    def column(self, mark: str) -> int:
        return self.marks.index(mark)


def take_apart(page: Any) -> Block:
    """Return head and data rows of a sheet, values and formats."""
    cells = [[(cell.value, cell.number_format) for cell in row] for row in page.iter_rows()]
    return Block(cells[:FIRST_ROW], cells[FIRST_ROW:], [str(v) for v, _ in cells[MARK_ROW]])


def put_together(page: Any, block: Block) -> None:
    """Write rows of cells over a sheet."""
    for old in list(page._cells):
        del page._cells[old]
    page.merged_cells.ranges = set()
    page.data_validations.dataValidation = []
    for row, cells in enumerate([*block.head, *block.rows], 1):
        for column, (value, number_format) in enumerate(cells, 1):
            if value is not None:
                cell = page.cell(row, column)
                cell.value = value
                if isinstance(value, str) and not value.startswith("="):
                    cell.data_type = "s"
                cell.number_format = number_format


def fill(block: Block, rng: random.Random) -> list[tuple[list[Any], str, Typed]]:
    """Type into the cells; return (row, mark, typed) of each value that says something."""
    told = []
    for row in block.rows:
        for mark in (mark for mark in block.marks if mark.startswith(INPUT)):
            typed = type_value(rng)
            if typed is None:
                continue
            number_format = typed.number_format or "#,##0"
            row[block.column(mark)] = (typed, number_format)
            if typed.quantity is not None or typed.rule:
                told.append((row, mark, typed))
        if rng.random() < 0.3 and any(one is row for one, _, _ in told):
            row[block.column(REASON)] = ("双十一促销", "@")
    return told


def spoil(block: Block, told: list[Any], rng: random.Random, trip: Trip) -> None:
    """Overwrite keys, names, months and grey numbers now and then; say what has to come of it."""
    said = {id(row): [] for row in block.rows}
    for row, _, typed in told:
        said[id(row)].append(typed)

    def refuse_row(row: list[Any], rule: str) -> None:
        for typed in said[id(row)]:
            typed.quantity, typed.rule = None, rule
        place = block.column(REASON)
        if not said[id(row)] and row[place][0] is not None:
            row[place] = (None, "@")

    if rng.random() < 0.15:
        row = rng.choice(block.rows)
        row[block.column(KEY)] = ("0123456789ab", "General")
        refuse_row(row, "key_unknown")
        trip.done.append("key changed")
    elif rng.random() < 0.15:
        row = rng.choice(block.rows)
        row[block.column(f"{MARK}item")] = ("别的品项", "General")
        refuse_row(row, "key_moved")
        trip.done.append("name changed")
    if rng.random() < 0.1:
        place = rng.choice([n for n, mark in enumerate(block.marks) if mark.startswith(INPUT)])
        block.head[5][place] = ("2030-01", "General")
        for _, mark, typed in told:
            if mark == block.marks[place] and typed.rule not in ("key_unknown", "key_moved"):
                typed.quantity, typed.rule = None, "heading_changed"
        trip.done.append("month changed")
    spoilt = [typed for _, _, typed in told if typed.rule in ("key_unknown", "key_moved")]
    good = [row for row in block.rows if not any(one in spoilt for one in said[id(row)])]
    if rng.random() < 0.2 and good and block.rows[0] in good:
        place = block.column(f"{MARK}baseline_qty:2026-11")
        if "key changed" not in trip.done and "name changed" not in trip.done:
            typed = Typed(77, rule="grey_changed")
            block.rows[0][place] = (typed, "#,##0")
            told.append((block.rows[0], block.marks[place], typed))
            trip.done.append("grey changed")


def rearrange(block: Block, told: list[Any], rng: random.Random, trip: Trip) -> None:
    """Sort rows, put blank rows and columns in, move columns, add a row by hand."""
    if rng.random() < 0.5:
        rng.shuffle(block.rows)
        trip.done.append("sorted")
    width = len(block.marks)
    if rng.random() < 0.4:
        for _ in range(rng.randint(1, 3)):
            block.rows.insert(rng.randint(0, len(block.rows)), [(None, "General")] * width)
        trip.done.append("blank rows")
    if rng.random() < 0.15:
        row = [(None, "General")] * width
        mark = next(mark for mark in block.marks if mark.startswith(INPUT))
        typed = Typed(55, rule="key_missing")
        row[block.column(mark)] = (typed, "#,##0")
        block.rows.insert(rng.randint(0, len(block.rows)), row)
        told.append((row, mark, typed))
        trip.done.append("row added")
    if rng.random() < 0.25:
        order = list(range(1, width))
        rng.shuffle(order)
        _reorder(block, [0, *order])
        trip.done.append("columns moved")
    if rng.random() < 0.25:
        place = rng.randint(1, width)
        for row in [*block.head, *block.rows]:
            row.insert(place, (None, "General"))
        block.marks.insert(place, "")
        trip.done.append("column added")
    if rng.random() < 0.2:
        for _ in range(rng.randint(1, 3)):
            block.head.insert(rng.randint(0, 3), [("抄送：张总", "General")])
        trip.done.append("lines on top")


def _reorder(block: Block, order: list[int]) -> None:
    for row in [*block.head, *block.rows]:
        full = row + [(None, "General")] * (len(order) - len(row))
        row[:] = [full[place] for place in order]
    block.marks[:] = [block.marks[place] for place in order]


def merge(page: Any, block: Block, rng: random.Random, trip: Trip, told: list[Any]) -> None:
    """Merge name cells, and now and then two cells to be filled, which loses the second."""
    first = len(block.head) + 1
    if rng.random() < 0.3 and len(block.rows) > 1:
        column = block.column(f"{MARK}item") + 1
        same = [row[column - 1][0] for row in block.rows[:2]]
        if same[0] == same[1] and same[0] is not None:
            page.merge_cells(
                start_row=first, end_row=first + 1, start_column=column, end_column=column
            )
            trip.done.append("names merged")
    inputs = [n for n, mark in enumerate(block.marks, 1) if mark.startswith(INPUT)]
    pairs = [n for n in inputs if n + 1 in inputs]
    if rng.random() < 0.3 and pairs:
        column, at = rng.choice(pairs), rng.randrange(len(block.rows))
        row = block.rows[at]
        if row[0][0] is None:
            return
        page.merge_cells(
            *(),
            start_row=first + at,
            end_row=first + at,
            start_column=column,
            end_column=column + 1,
        )
        left, right = row[column - 1][0], row[column][0]
        stronger = ("key_unknown", "key_moved", "heading_changed")
        if any(one[2] is left for one in told) and left.rule not in stronger:
            left.quantity, left.rule = None, "merged"
        if isinstance(right, Typed):  # the program itself drops it when cells are merged
            told[:] = [one for one in told if one[2] is not right]
        trip.done.append("cells merged")


def disturb(book: Any, page: Any, rng: random.Random, trip: Trip) -> None:
    """Hide rows and columns, add and rename sheets, take protection off."""
    if rng.random() < 0.4:
        for _ in range(3):
            page.row_dimensions[rng.randint(1, page.max_row)].hidden = True
            page.column_dimensions[get_column_letter(rng.randint(1, page.max_column))].hidden = True
        trip.done.append("hidden")
    if rng.random() < 0.4:
        extra = book.create_sheet("草稿 1", rng.choice([0, len(book.sheetnames)]))
        extra["D9"] = 999
        trip.done.append("sheet added")
    if rng.random() < 0.3:
        page.title = rng.choice(["Sheet1", "华东 11月", "It's mine", "回传"])
        trip.done.append("sheet renamed")
    if rng.random() < 0.3:
        page.protection.sheet = False
        book["_sopkit"].sheet_state = "visible"
        trip.done.append("unprotected")
    if rng.random() < 0.1:
        book["_sopkit"].title = "隐藏"
        trip.done.append("hidden sheet renamed")


def store_results(content: bytes, title_index: int, results: dict[str, Any]) -> bytes:
    """Put stored results into a saved workbook, as Excel and WPS do and openpyxl cannot."""
    out = io.BytesIO()
    name = f"xl/worksheets/sheet{title_index + 1}.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part == name:
                text = data.decode("utf-8")
                for place, value in results.items():
                    text = _store(text, place, value)
                data = text.encode("utf-8")
            new.writestr(part, data)
    return out.getvalue()


def _store(text: str, place: str, value: Any) -> str:
    kind = "" if not isinstance(value, str) else ' t="e"' if value.startswith("#") else ' t="str"'
    found = re.search(rf'<c r="{place}"([^>]*)>(<f>.*?</f>)<v ?/?>(</v>)?</c>', text)
    assert found, f"no formula in {place}"
    cell = f'<c r="{place}"{found[1]}{kind}>{found[2]}<v>{value}</v></c>'
    return text.replace(found[0], cell)


def write_typed(block: Block) -> dict[int, tuple[Typed, int, int]]:
    """Put values in the place of what was typed; return where each stands, by identity."""
    places = {}
    for row, cells in enumerate([*block.head, *block.rows], 1):
        for column, (value, number_format) in enumerate(cells, 1):
            if isinstance(value, Typed):
                places[id(value)] = (value, row, column)
                cells[column - 1] = (value.value, number_format)
    return places


def go(seed: int, folder: Path) -> Trip:
    """Make one round trip and compare what came back with what was typed."""
    rng, trip = random.Random(seed), Trip()
    sheet = make_sheet(rng)
    outcome = pd.DataFrame(columns=["actual_qty", "baseline_qty", "period", "own_qty", "nearer"])
    weight = dict.fromkeys(
        ["weight_rate", "month_count", "wape_rate", "reference_wape_rate", "bias_used_rate"]
    )
    answer = Answer(outcome, {**weight, "stream": "sales", "verdict": "unscored"}, outcome, 12)
    content = to_workbook(sheet, answer, catalogue(rng.choice(["en", "zh"])), "演示 & Co")
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    block = take_apart(page)
    levels = dict(
        zip(sheet.keys, sheet.rows[LEVEL].itertuples(index=False, name=None), strict=True)
    )
    told = fill(block, rng)
    keys = {id(row): row[0][0] for row in block.rows}
    spoil(block, told, rng, trip)
    rearrange(block, told, rng, trip)
    merged = rng.random() < 0.4
    typed_rows = [list(row) for row in block.rows]
    places = write_typed(block)
    put_together(page, block)
    if merged:
        shown = Block(block.head, typed_rows, block.marks)
        merge(page, shown, rng, trip, told)
    disturb(book, page, rng, trip)
    saved = io.BytesIO()
    book.save(saved)
    stored = {
        f"{get_column_letter(column)}{row}": typed.stored
        for typed, row, column in places.values()
        if typed.stored is not None and not _is_gone(page, row, column)
    }
    path = folder / rng.choice([f"{seed}.xlsx", f"回传 (1) {seed}.XLSX", f"{seed} 副本.xlsm"])
    path.write_bytes(store_results(saved.getvalue(), book.index(page), stored))
    files = [path]
    if rng.random() < 0.1:
        files.append(folder / f"copy of {seed}.xlsx")
        files[-1].write_bytes(path.read_bytes())
        trip.done.append("copied")
    _compare(files, sheet, told, places, keys, levels, page.title, trip)
    for file in files:
        file.unlink()
    return trip


def _is_gone(page: Any, row: int, column: int) -> bool:
    return type(page.cell(row, column)).__name__ == "MergedCell"


def _compare(
    files: list[Path],
    sheet: Sheet,
    told: list[Any],
    places: dict[int, tuple[Typed, int, int]],
    keys: dict[int, str],
    levels: dict[str, tuple],
    title: str,
    trip: Trip,
) -> None:
    versions = {(sheet.stream, sheet.owner): sheet.version}
    back = read_files(files, Expected("demo", "2026-11", versions, UNITS))
    wanted, broken = {}, set()
    for row, mark, typed in told:
        _, line, column = places[id(typed)]
        address = f"{get_column_letter(column)}{line}"
        if typed.rule:
            broken.add((address, typed.rule))
        else:
            month = mark.removeprefix(INPUT)
            wanted[(*levels[keys[id(row)]], month)] = (float(typed.quantity), address)
    came = {
        (*[getattr(one, name) for name in LEVEL], f"{one.period:%Y-%m}"): (
            one.forecast_qty,
            one.address.rpartition("!")[2],
        )
        for one in back.accepted.itertuples()
    }
    refused = {
        (a.rpartition("!")[2], rule) for a, rule in back.refused[["address", "rule"]].to_numpy()
    }
    trip.typed, trip.accepted, trip.refused = len(told), len(came), len(refused)
    for key in sorted(wanted.keys() | came.keys()):
        if key not in came:
            trip.faults.append(f"lost {key} = {wanted[key]}")
        elif key not in wanted:
            trip.faults.append(f"out of nothing {key} = {came[key]}")
        elif abs(wanted[key][0] - came[key][0]) > 1e-9 or wanted[key][1] != came[key][1]:
            trip.faults.append(f"changed {key}: {wanted[key]} came back as {came[key]}")
    trip.faults += [f"not refused {one}" for one in sorted(broken - refused)]
    trip.faults += [f"refused for nothing {one}" for one in sorted(refused - broken)]
    wrong_sheet = [a for a in back.refused["address"] if title.replace("'", "''") not in a]
    trip.faults += [f"address names another sheet: {a}" for a in wrong_sheet]


def run(trips: int, seed: int) -> tuple[list[Trip], float]:
    """Make so many round trips; return them and the seconds they took."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="sopkit-trips-") as scratch:
        made = [go(seed + number, Path(scratch)) for number in range(trips)]
    return made, time.perf_counter() - started


def main() -> None:
    """Print the figures; leave with 1 where a value was lost, changed or wrongly refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000 round trips instead of 100")
    parser.add_argument("--seed", type=int, default=BENCHMARK_SEED)
    given = parser.parse_args()
    trips, seconds = run(1000 if given.full else 100, given.seed)
    faults = [f"seed {given.seed + n}: {f}" for n, trip in enumerate(trips) for f in trip.faults]
    done = Counter(kind for trip in trips for kind in trip.done)
    print(f"{date.today()}  {len(trips)} round trips in {seconds:.0f} s")
    print(f"values typed                     {sum(t.typed for t in trips):>8,}")
    print(f"came back as typed               {sum(t.accepted for t in trips):>8,}")
    print(f"refused by address and reason    {sum(t.refused for t in trips):>8,}")
    print(f"lost, changed, wrongly refused   {len(faults):>8,}    bound 0")
    print("what was done: " + ", ".join(f"{kind} {n}" for kind, n in done.most_common()))
    print("\n".join(faults[:20]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
