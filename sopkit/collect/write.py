"""One sender's sheet as an Excel workbook, in what Excel 2007 knew, so that WPS reads it as well.

Sheet 1 is to be filled, sheet 2 tells what became of the last numbers, a hidden one keeps keys.
Every text is written as text; the same contents give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pandas as pd

from sopkit.collect.answer_sheet import Answer, closed_sentence, write_answer
from sopkit.collect.layout import (
    BLOCKS,
    HIDDEN,
    INPUT,
    KEY,
    LAYOUT,
    MARK,
    META,
    NAMES,
    REASON,
    RECORD,
    TOTAL,
    Sheet,
    list_columns,
    text_width,
    to_seal,
)
from sopkit.demand.levels import LEVEL
from sopkit.messages import Catalogue, is_missing

MARK_ROW, BAND_ROW, HEAD_ROW, TOTAL_ROW, FIRST_ROW = 3, 4, 5, 6, 7
Cell = str | float | None


def to_workbook(sheet: Sheet, answer: Answer, t: Catalogue, company_name: str) -> bytes:
    """Return the workbook of one sender.

    Args:
        sheet: what is asked for.
        answer: what became of the last numbers.
        t: the language, with the labels of codes and the unit of quantities.
        company_name: the company as its people call it.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **safe})
    book.set_properties({"created": dt.datetime(2020, 1, 1)})
    styles = make_styles(book)
    table = to_table(sheet, t)
    fill = book.add_worksheet(t("collect.fill_sheet"))
    _write_head(fill, sheet, answer, styles, t, company_name)
    _write_fill(fill, sheet, table, styles, t)
    write_answer(book.add_worksheet(t("collect.answer_sheet")), sheet, answer, styles, t)
    _write_hidden(book.add_worksheet(HIDDEN), sheet, table, t)
    book.close()
    return buffer.getvalue()


def make_styles(book: Any) -> dict[str, Any]:
    """Return the few cell styles there are."""
    font = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
    grey = {**font, "font_color": "#595959", "bg_color": "#F2F2F2"}
    line = {"border": 1, "border_color": "#D9D9D9"}
    yellow = {**font, **line, "bg_color": "#FFF8DC", "locked": False}
    head = {**font, "bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}
    number = "#,##0"
    return {
        "title": book.add_format({**font, "font_size": 14, "bold": True}),
        "ask": book.add_format({**font, "bold": True, "font_color": "#9C5700"}),
        "say": book.add_format(font),
        "text": book.add_format(font),
        "text_in": book.add_format({**font, "indent": 1}),
        "band": book.add_format({**font, "bold": True, "font_color": "#595959"}),
        "head": book.add_format(head),
        "head_in": book.add_format({**head, "indent": 1}),
        "head_number": book.add_format({**head, "align": "right"}),
        "total": book.add_format({**font, "bold": True, "bottom": 1}),
        "total_number": book.add_format(
            {**font, "bold": True, "bottom": 1, "num_format": "#,##0;-#,##0;"}
        ),
        "input": book.add_format({**yellow, "num_format": number}),
        "reason": book.add_format({**yellow, "num_format": "@"}),
        "grey": book.add_format({**grey, "num_format": number}),
        "grey_fine": book.add_format({**grey, "num_format": "#,##0.0"}),
        "grey_rate": book.add_format({**grey, "num_format": "0%"}),
        "grey_signed": book.add_format({**grey, "num_format": "+0%;-0%;0%"}),
        "number": book.add_format({**font, "num_format": number}),
        "signed": book.add_format({**font, "num_format": "+#,##0;-#,##0;0"}),
        "rate": book.add_format({**font, "num_format": "0.0%"}),
        "signed_rate": book.add_format({**font, "num_format": "+0.0%;-0.0%;0.0%"}),
    }


def to_table(sheet: Sheet, t: Catalogue) -> list[list[Cell]]:
    """Return the rows of the sheet as they are shown, one cell for each of `list_columns`."""
    blocks = sheet.cells.melt([*LEVEL, "period"], list(BLOCKS), "block", "quantity")
    amounts = {
        (*map(str, key), f"{MARK}{block}:{period:%Y-%m}"): _shown(quantity)
        for *key, period, block, quantity in blocks.itertuples(index=False)
    }
    marks = list_columns(sheet)
    table = []
    for key, row in zip(sheet.keys, sheet.rows.to_dict("records"), strict=True):
        level = tuple(str(row[name]) for name in LEVEL)
        known: dict[str, Cell] = {KEY: key, **{f"{MARK}{n}": _shown(row[n], 3) for n in RECORD}}
        known |= {f"{MARK}{name}": t.label(name, row[name]) for name in LEVEL}
        known[f"{MARK}item"] = t.label("code", row["item"])  # `all` has a word, codes have none
        known[f"{MARK}item_name"] = t.label("item", row["item"])
        table.append([known.get(mark, amounts.get((*level, mark))) for mark in marks])
    return table


def _shown(value: Any, decimals: int | None = None) -> float | None:
    """Return a number as the sheet shows it: whole from 10 on, with one decimal below."""
    if is_missing(value):
        return None
    return round(float(value), decimals if decimals is not None else int(abs(value) < 10))


def head_of(mark: str, t: Catalogue) -> str:
    """Return the heading of a column."""
    name = mark.rpartition(":")[2]
    if mark == KEY:
        return ""
    if mark.count(":") > 1:
        return t.show(pd.Timestamp(f"{name}-01"), "ym")
    return t(f"collect.col.{name}")


def _write_fill(
    page: Any, sheet: Sheet, table: list[list[Cell]], styles: dict[str, Any], t: Catalogue
) -> None:
    marks = list_columns(sheet)
    last = FIRST_ROW + len(table) - 1
    for column, mark in enumerate(marks):
        page.write_string(MARK_ROW, column, mark)
        width = _width(mark, [head_of(mark, t), *(cells[column] for cells in table)])
        page.set_column(column, column, width, None, {"hidden": mark == KEY})
        if mark == KEY:
            page.write_string(TOTAL_ROW, column, TOTAL)
        else:
            words = mark.count(":") == 1 and mark not in [f"{MARK}{name}" for name in RECORD]
            style = styles["head_in" if mark == REASON else "head" if words else "head_number"]
            page.write_string(HEAD_ROW, column, head_of(mark, t), style)
            _write_total(page, column, mark, last, table, styles, t)
        for row, cells in enumerate(table, FIRST_ROW):
            _write_cell(page, row, column, mark, cells[column], styles)
    _write_bands(page, sheet, marks, styles, t)
    _guard(page, marks, last, t)


def _width(mark: str, texts: list[Cell]) -> float:
    name = mark.removeprefix(MARK)
    if name in NAMES:
        return text_width([text for text in texts if isinstance(text, str)])
    return 30 if mark == REASON else 9.5 if ":" in name else 10


def _write_cell(
    page: Any, row: int, column: int, mark: str, value: Cell, styles: dict[str, Any]
) -> None:
    if mark.startswith(INPUT) or mark == REASON:
        page.write_blank(row, column, None, styles["reason" if mark == REASON else "input"])
    elif isinstance(value, str):
        page.write_string(row, column, value, styles["text"])
    else:
        name = mark.removeprefix(MARK)
        fine = value is not None and value % 1 != 0
        style = {"wape_rate": "grey_rate", "bias_rate": "grey_signed"}.get(name)
        shape = styles[style or ("grey_fine" if fine else "grey")]
        if value is None:
            page.write_blank(row, column, None, shape)
        else:
            page.write_number(row, column, value, shape)


def _write_total(
    page: Any,
    column: int,
    mark: str,
    last: int,
    table: list[list[Cell]],
    styles: dict[str, Any],
    t: Catalogue,
) -> None:
    from xlsxwriter.utility import xl_range

    if mark.count(":") == 1:
        text = t("collect.total") if column == 1 else ""
        page.write_string(TOTAL_ROW, column, text, styles["total"])
        return
    cells = [cells[column] for cells in table]
    sums = sum(value for value in cells if isinstance(value, float))
    formula = f"=SUM({xl_range(FIRST_ROW, column, last, column)})"
    page.write_formula(TOTAL_ROW, column, formula, styles["total_number"], sums)


def _write_bands(
    page: Any, sheet: Sheet, marks: list[str], styles: dict[str, Any], t: Catalogue
) -> None:
    page.write_string(
        BAND_ROW, marks.index(f"{INPUT}{sheet.months[0]}"), t("collect.band.input"), styles["band"]
    )
    page.write_string(
        BAND_ROW, marks.index(f"{MARK}{RECORD[0]}"), t("collect.band.record"), styles["band"]
    )
    for block in BLOCKS:
        key, cycle = f"collect.band.{block}", sheet.own_cycle
        text = t(key, cycle=cycle) if block != "own_qty" or cycle else t(f"{key}_none")
        column = marks.index(f"{MARK}{block}:{sheet.months[0]}")
        page.write_string(BAND_ROW, column, text, styles["band"])


def _guard(page: Any, marks: list[str], last: int, t: Catalogue) -> None:
    """Freeze the names, lock what is not to be filled (no password), check what is typed."""
    from xlsxwriter.utility import xl_range

    inputs = [column for column, mark in enumerate(marks) if mark.startswith(INPUT)]
    reason = marks.index(REASON)
    page.set_row(MARK_ROW, None, None, {"hidden": True})
    page.set_row(0, 24)
    page.freeze_panes(FIRST_ROW, inputs[0])
    page.hide_gridlines(2)
    page.ignore_errors({"number_stored_as_text": xl_range(FIRST_ROW, 1, last, inputs[0] - 1)})
    page.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})
    page.autofilter(TOTAL_ROW, 1, last, inputs[0] - 1)
    page.data_validation(
        *(FIRST_ROW, inputs[0], last, inputs[-1]),
        {
            "validate": "decimal",
            "criteria": ">=",
            "value": 0,
            "error_title": t("collect.stop_title"),
            "error_message": t("collect.stop_text"),
        },
    )
    page.data_validation(
        *(FIRST_ROW, reason, last, reason),
        {
            "validate": "length",
            "criteria": "<=",
            "value": 200,
            "error_title": t("collect.reason_title"),
            "error_message": t("collect.reason_text"),
        },
    )
    page.set_landscape()
    page.set_paper(8)
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEAD_ROW)


def _write_head(
    page: Any, sheet: Sheet, answer: Answer, styles: dict[str, Any], t: Catalogue, name: str
) -> None:
    title = t(
        *("collect.title",),
        company=name,
        cycle=sheet.cycle,
        stream=sheet.stream,
        owner=sheet.owner,
    )
    page.write_string(0, 1, title, styles["title"])
    page.write_string(1, 1, t("collect.ask", due=pd.Timestamp(sheet.due)), styles["ask"])
    page.write_string(2, 1, closed_sentence(sheet, answer, t), styles["say"])
    first = list_columns(sheet).index(f"{INPUT}{sheet.months[0]}")
    page.set_selection(FIRST_ROW, first, FIRST_ROW, first)


def _write_hidden(page: Any, sheet: Sheet, table: list[list[Cell]], t: Catalogue) -> None:
    """Keep whose sheet it is, what each key stands for, and what every locked cell says."""
    for row, line in enumerate(hidden_lines(sheet, table, t)):
        for column, text in enumerate(line):
            page.write_string(row, column, text)
    page.hide()


def hidden_lines(sheet: Sheet, table: list[list[Cell]], t: Catalogue) -> list[list[str]]:
    """Return the hidden sheet as lines of text: seal, facts, then a line a row."""
    marks = list_columns(sheet)
    locked = [n for n, m in enumerate(marks) if m not in (KEY, REASON) and not m.startswith(INPUT)]
    values = {
        **{name: str(getattr(sheet, name, "")) for name in META},
        "layout": LAYOUT,
        "lang": t.lang,
        "unit": t.unit,
        "months": " ".join(sheet.months),
        "headings": " ".join(t.show(pd.Timestamp(f"{m}-01"), "ym") for m in sheet.months),
    }
    lines = [[name, values[name]] for name in META]
    lines.append(["key", *LEVEL, *(marks[n] for n in locked)])
    levels = sheet.rows[LEVEL].astype(str).to_numpy().tolist()
    for key, level, cells in zip(sheet.keys, levels, table, strict=True):
        lines.append([key, *level, *(_as_text(cells[n]) for n in locked)])
    return [["seal", to_seal(lines)], *lines]


def _as_text(value: Cell) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.15g}"
