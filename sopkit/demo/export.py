"""Raw files as systems export them: text files and sheets with titles, headers and footers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

CREATED = dt.datetime(2026, 11, 1, 8, 0, 0, tzinfo=dt.UTC).replace(tzinfo=None)


@dataclass
class RawFile:
    """One text file or one sheet, before it is written.

    Args:
        name: file name; a sheet of a workbook has `sheet`.
        header: rows of column names; two rows are a merged header.
        rows: cells as a system would print them; None is an empty cell.
        title: rows above the header.
        footer: last row, a total; empty when there is none.
        encoding: of a text file.
    """

    name: str
    header: list[list[str]]
    rows: list[list[object]]
    title: list[str] = field(default_factory=list)
    footer: list[object] = field(default_factory=list)
    sheet: str = ""
    encoding: str = "utf-8-sig"

    @property
    def first_row(self) -> int:
        """Row number of the first data row, as a spreadsheet counts."""
        return len(self.title) + len(self.header) + 1

    def position(self, column: str) -> int:
        """Return the place of a column, named as in the last header row."""
        return self.header[-1].index(column)


def to_cell(value: object) -> object:
    """Return a value as files hold it: blank empty, whole floats without point, days as dates."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 6)
    return value


def to_rows(frame: pd.DataFrame) -> list[list[object]]:
    """Return a frame's rows as lists of cells."""
    columns = [_to_cells(frame[name]) for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _to_cells(column: pd.Series) -> list[object]:
    if pd.api.types.is_integer_dtype(column):
        return list(column.tolist())
    return [value if type(value) is str else to_cell(value) for value in column.tolist()]


def write_files(files: Iterable[RawFile], folder: Path) -> list[Path]:
    """Write text files and workbooks; sheets of one name go into one workbook, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    books: dict[str, list[RawFile]] = {}
    written = []
    for file in files:
        if file.sheet:
            books.setdefault(file.name, []).append(file)
        else:
            path = folder / file.name
            path.write_bytes(to_text(file).encode(file.encoding))
            written.append(path)
    for name, sheets in books.items():
        _write_book(folder / name, sheets)
        written.append(folder / name)
    return written


def to_text(file: RawFile) -> str:
    """Return a text file's content; lines end as the exporting system ends them."""
    buffer = io.StringIO()
    end = "\r\n" if file.encoding == "gb18030" else "\n"
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerows([line] for line in file.title)
    writer.writerows(file.header)
    writer.writerows(file.rows)
    if file.footer:
        writer.writerow(file.footer)
    return buffer.getvalue()


def _write_book(path: Path, sheets: list[RawFile]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": CREATED})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        bold = book.add_format({"bold": True})
        for file in sheets:
            sheet = book.add_worksheet(file.sheet)
            for row, line in enumerate(file.title):
                sheet.write_string(row, 0, line, bold)
            _write_header(sheet, file, bold)
            rows = [*file.rows, file.footer] if file.footer else file.rows
            for row, cells in enumerate(rows, start=file.first_row - 1):
                for column, cell in enumerate(cells):
                    if isinstance(cell, dt.date):
                        moment = dt.datetime(cell.year, cell.month, cell.day)
                        sheet.write_datetime(row, column, moment, day)
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell)


def _write_header(sheet: object, file: RawFile, bold: object) -> None:
    """Write the header rows; equal neighbours of an upper row become one merged cell."""
    for offset, names in enumerate(file.header):
        row = len(file.title) + offset
        upper = offset < len(file.header) - 1
        start = 0
        for column in range(1, len(names) + 1):
            if column < len(names) and upper and names[column] == names[start]:
                continue
            if upper and column - start > 1:
                sheet.merge_range(row, start, row, column - 1, names[start], bold)  # type: ignore[attr-defined]
            else:
                for place in range(start, column):
                    sheet.write_string(row, place, names[place], bold)  # type: ignore[attr-defined]
            start = column
