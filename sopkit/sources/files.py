"""Company files become frames of text cells: CSV and Excel, with the row each cell stood in.

Nothing is interpreted here. Codes keep their leading zeros, and the index of a frame is the row
number that a spreadsheet shows, so that every later message can name it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sopkit.errors import InputError
from sopkit.sources.values import clean_text

TEXT_FILES = (".csv", ".txt", ".tsv")
EXCEL_FILES = (".xlsx", ".xlsm")
_SURE_BYTES = 12  # bytes beyond ASCII from which valid UTF-8 is no accident
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """The data rows of one sheet or text file.

    Args:
        name: file and sheet, as messages name it.
        cells: text cells, columns named by the header; the index is the row number in the file.
        spilled: True for rows that hold cells right of the last one the header names.
    """

    name: str
    cells: pd.DataFrame
    spilled: pd.Series


def read_source(
    path: Path,
    name: str,
    header: list[int],
    encoding: str | None = None,
    sheet: str | int | None = None,
    delimiter: str | None = None,
) -> Source:
    """Return the data rows below the header of a text file or an Excel sheet.

    Args:
        header: row numbers of the header; of two, the upper one names groups of columns.
        encoding: of a text file; None is UTF-8.
        sheet: name, or number from 1; None is the first sheet.

    Raises:
        InputError: one sentence: it is empty, not in its encoding, not an Excel file, no header.
    """
    if path.stat().st_size == 0:
        raise InputError(f"{name} is empty; export it again.")
    if path.suffix.lower() in EXCEL_FILES:
        rows, name = _read_sheet(path, name, sheet)
    elif path.suffix.lower() in TEXT_FILES:
        rows = _read_text(path, name, header, encoding, delimiter)
    else:
        kinds = ", ".join((*TEXT_FILES, *EXCEL_FILES))
        raise InputError(f"{name} is none of {kinds}; save it as one of them.")
    return _name_columns(rows, name, header)


# --- text files ---


def _read_text(
    path: Path, name: str, header: list[int], encoding: str | None, delimiter: str | None
) -> pd.DataFrame:
    text = decode_text(path.read_bytes(), name, encoding)
    lines = text.splitlines()
    if len(lines) < header[0]:
        raise InputError(f"{name} has {len(lines)} rows, so no header in row {header[0]}.")
    mark = delimiter or _find_delimiter(path, lines[header[0] - 1])
    width = max(line.count(mark) for line in lines[header[0] - 1 :]) + 1
    try:
        cells = pd.read_csv(
            io.StringIO(text),
            sep=mark,
            header=None,
            names=list(range(width)),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            skiprows=header[0] - 1,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, csv.Error) as wrong:
        raise InputError(f"{name} is not a readable table: {wrong}.") from wrong
    cells.index = pd.RangeIndex(header[0], header[0] + len(cells))
    return _fill_blanks(cells.astype(object))


def _fill_blanks(cells: pd.DataFrame) -> pd.DataFrame:
    """Return text cells with nothing where a row is shorter than the others."""
    blank = cells.isna()
    return cells.mask(blank, "") if blank.to_numpy().any() else cells


def _find_delimiter(path: Path, line: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    return max([",", "\t", ";", "|"], key=line.count)


def decode_text(raw: bytes, name: str, encoding: str | None) -> str:
    """Return the text of a file, or say that it is in another encoding.

    UTF-8 with or without a mark is always told from a declared Chinese encoding.

    Raises:
        InputError: the bytes are not in the encoding, or the encoding is unknown.
    """
    declared = (encoding or "utf-8").lower().replace("_", "-")
    is_utf8 = declared in ("utf-8", "utf8", "utf-8-sig")
    if not is_utf8 and _is_surely_utf8(raw):
        raise InputError(
            f"{name} is in UTF-8, not in {encoding} as the mapping says; "
            f"write `encoding: utf-8` there."
        )
    try:
        return raw.decode("utf-8-sig" if is_utf8 else declared)
    except LookupError as wrong:
        raise InputError(f"{name}: {encoding} is no encoding; use utf-8 or gb18030.") from wrong
    except UnicodeDecodeError as wrong:
        row = raw[: wrong.start].count(b"\n") + 1
        raise InputError(
            f"{name} is not in {declared} (row {row} cannot be read); {_suggest_encoding(raw)}."
        ) from wrong


def _is_surely_utf8(raw: bytes) -> bool:
    if raw.startswith(_MARK):
        return True
    beyond = int((np.frombuffer(raw, dtype=np.uint8) > 127).sum())
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return beyond >= _SURE_BYTES


def _suggest_encoding(raw: bytes) -> str:
    guesses = ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8", "gb18030"]
    for guess in guesses:
        try:
            raw.decode(guess)
        except UnicodeDecodeError:
            continue
        return f"it can be read as {guess}: write `encoding: {guess}` in the mapping"
    return "save it as UTF-8"


# --- Excel ---


def _read_sheet(path: Path, name: str, sheet: str | int | None) -> tuple[pd.DataFrame, str]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl on styles it does not know
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as wrong:  # zip, XML and key errors: all mean the same to a planner
        raise InputError(f"{name} cannot be opened as an Excel file; save it again.") from wrong
    try:
        page = _find_sheet(book, name, sheet)
        page.reset_dimensions()
        rows = _read_rows(page)
        title = f"{name}[{page.title}]"
    finally:
        book.close()
    cells = pd.DataFrame(rows, dtype=object)
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    return _fill_blanks(cells), title


def _find_sheet(book: Any, name: str, sheet: str | int | None) -> Any:
    if sheet is None:
        return book.worksheets[0]
    if isinstance(sheet, int) and 1 <= sheet <= len(book.worksheets):
        return book.worksheets[sheet - 1]
    found = {clean_text(title): title for title in book.sheetnames}
    title = found.get(clean_text(str(sheet)))
    if title is None:
        raise InputError(f"{name} has no sheet {sheet}; it has {', '.join(book.sheetnames)}.")
    return book[title]


def _read_rows(page: Any) -> list[list[str]]:
    zeros: dict[str, int] = {}
    rows = [[_cell_text(cell, zeros) for cell in row] for row in page.iter_rows()]
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _cell_text(cell: Any, zeros: dict[str, int]) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        layout = cell.number_format
        if layout not in zeros:  # a code shown as 000123 is kept as it is shown
            zeros[layout] = len(layout) if re.fullmatch("0{2,}", layout) else 0
        return str(value).zfill(zeros[layout])
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        is_day = value.time() == dt.time()
        return value.strftime("%Y-%m-%d") if is_day else value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


# --- header ---


def _name_columns(rows: pd.DataFrame, name: str, header: list[int]) -> Source:
    if rows.empty or not set(header) <= set(rows.index):
        raise InputError(f"{name} has no header in row {header[-1]}; it has {len(rows)} rows.")
    names = name_headers([[str(cell) for cell in rows.loc[row]] for row in header])
    named = [place for place, label in enumerate(names) if label]
    if not named:
        raise InputError(f"{name} has no header in row {header[-1]}; say `header:` in the mapping.")
    body = rows.loc[rows.index > header[-1]]
    filled = body.astype(bool)  # texts: all but the empty one
    spilled = filled.iloc[:, named[-1] + 1 :].any(axis=1)
    cells = body.iloc[:, named].set_axis([names[place] for place in named], axis=1)
    some = filled.any(axis=1)
    return Source(name=name, cells=cells.loc[some], spilled=spilled.loc[some])


def name_headers(rows: list[list[str]]) -> list[str]:
    """Return one name per column; of several header rows the upper ones name groups, joined by `/`.

    A group's name holds for the cells right of it until the next name. A cell without anything
    below it (merged downwards) names its own column and no group. A date in a header is its month.
    A name that stands twice gets `#1` and `#2`.

    Example:
        >>> name_headers([["物料", "销量", "", "备注"], ["", "箱", "元", ""]])
        ['物料', '销量/箱', '销量/元', '备注']
    """
    labels = [[clean_header(cell) for cell in row] for row in rows]
    names = labels[-1]
    for upper in reversed(labels[:-1]):
        names = _join_headers(upper, names)
    counts = pd.Series(names).value_counts()
    seen: dict[str, int] = {}
    result = []
    for label in names:
        seen[label] = seen.get(label, 0) + 1
        result.append(f"{label}#{seen[label]}" if label and counts[label] > 1 else label)
    return result


def _join_headers(upper: list[str], lower: list[str]) -> list[str]:
    group, names = "", []
    for above, below in zip(upper, lower, strict=True):
        if above:
            group = above if below else ""
        names.append("/".join(part for part in (above or (group if below else ""), below) if part))
    return names


def clean_header(text: str) -> str:
    """Return a header as columns are named by it: plain signs, single blanks, a date as its month.

    Example:
        >>> clean_header("数量（箱）"), clean_header("2026-10-01")
        ('数量(箱)', '2026-10')
    """
    plain = re.sub(r"\s+", " ", clean_text(text))
    found = re.fullmatch(r"(\d{4}-\d{2})-01(?: 00:00:00)?", plain)
    return found[1] if found else plain
