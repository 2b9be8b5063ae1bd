"""What `sopkit init` writes: a mapping with comments, Excel files to fill in or to copy from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sopkit.sources.rules import SALES_TABLES
from sopkit.tables import INPUT_TABLES, Column, Table

_HEAD = """\
# Which file gives which table of {company}, and how its cells are read.
#
# As it stands it reads the Excel templates in {folder}. For your own exports put your file's
# name and your headers on the right of the colons; on the left stand sopkit's names. Every word
# you may use is explained in sopkit.sources.mapping:
#
#     python -c "import sopkit.sources.mapping as m; print(m.__doc__)"
#
# Then `sopkit check` says what is accepted, what is refused, and what to do.

company: {company}
folder: {folder}                  # below the planning folder
# encoding: gb18030               # of CSV files; without it UTF-8
# assumptions:                    # what you assume; the data review shows each sentence
#   - Prices contain 13 % tax and are taken net.

tables:
"""
_EXAMPLES = """
# Forms that exports often take:
#
#     - file: 销售月报_*.csv         # all files that fit
#       header: [3, 4]              # two header rows, names joined: 销量/箱
#       skip_footer: 合计
#       where: "not (数量 < 0)"      # returns are another table
#       columns:
#         item: 物料编码
#         customer: {join: [渠道, 大区], by: "-"}
#         family: {column: 系列, codes: {水: WATER}}
#         period: 年月              # 2026-10, 202610, 2026年10月, Excel dates
#         actual_qty: {column: 数量, unit: 单位}        # by uom_conversion
#         net_value: {column: 含税金额(万), scale: 10000, tax: 0.13}
#
#     - file: forecast.xlsx         # months across
#       months: {columns: '^\\d{4}-\\d{2}$', period: period, value: forecast_qty}
"""


def mapping_template(company: str, folder: str = "data/raw") -> str:
    """Return a mapping with comments that reads the Excel templates; optional tables are comments.

    Every column of every table stands in it with its meaning and unit, from the contracts.
    """
    blocks = []
    for table in INPUT_TABLES.values():
        lines = _table_lines(table)
        active = table.required or table.name == SALES_TABLES[0]
        blocks.append("\n".join(lines if active else [f"#{line}" for line in lines]))
    head = _HEAD.format(company=company, folder=folder)
    return head + "\n\n".join(blocks) + "\n" + _EXAMPLES


def _table_lines(table: Table) -> list[str]:
    rows = [(f"        {column.name}: {column.name}", _explain(column)) for column in table.columns]
    width = max(len(left) for left, _ in rows) + 2
    return [
        f"  # {table.about}",
        f"  {table.name}:",
        f"    - file: {table.group}.xlsx",
        f"      sheet: {table.name}",
        "      columns:",
        *(f"{left.ljust(width)}# {right}" for left, right in rows),
    ]


def _explain(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit and column.kind != "month" else ""
    optional = "" if column.required else "; optional"
    return f"{column.about}{unit}{optional}"


def write_excel_templates(folder: Path | str) -> list[Path]:
    """Write `master.xlsx`, `demand.xlsx` and `supply.xlsx`: one empty sheet per table.

    Headers are the contract's columns, with their meaning as a note; columns of codes are text, so
    that leading zeros stay. The first sheet lists all columns. Files that are there stay.

    Returns:
        The files written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    groups = sorted({table.group for table in INPUT_TABLES.values()})
    written = []
    for group in groups:
        path = target / f"{group}.xlsx"
        if not path.exists():
            _write_book(path, [t for t in INPUT_TABLES.values() if t.group == group])
            written.append(path)
    return written


def _write_book(path: Path, tables: list[Table]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # the same bytes every time
        styles = {
            "needed": book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1}),
            "free": book.add_format({"italic": True, "bottom": 1}),
            "text": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "month": book.add_format({"num_format": "yyyy-mm"}),
            "number": book.add_format({"num_format": "General"}),
        }
        _write_about(book.add_worksheet("about"), tables, styles)
        for table in tables:
            _write_sheet(book.add_worksheet(table.name), table, styles)


def _write_about(sheet: Any, tables: list[Table], styles: dict[str, Any]) -> None:
    heads = ["table", "column", "needed", "kind", "unit", "meaning"]
    sheet.write_row(0, 0, heads, styles["needed"])
    row = 1
    for table in tables:
        for column in table.columns:
            needed = "yes" if column.required else "no"
            cells = [table.name, column.name, needed, column.kind, column.unit, column.about]
            sheet.write_row(row, 0, cells)
            row += 1
    sheet.set_column(0, 1, 22)
    sheet.set_column(2, 4, 12)
    sheet.set_column(5, 5, 80)
    sheet.freeze_panes(1, 0)


def _write_sheet(sheet: Any, table: Table, styles: dict[str, Any]) -> None:
    for place, column in enumerate(table.columns):
        style = styles.get(column.kind, styles["number"])
        sheet.set_column(place, place, max(12, len(column.name) + 2), style)
        sheet.write(0, place, column.name, styles["needed" if column.required else "free"])
        allowed = f" One of: {', '.join(column.allowed)}." if column.allowed else ""
        sheet.write_comment(0, place, f"{_explain(column)}.{allowed}")
    sheet.freeze_panes(1, 0)
