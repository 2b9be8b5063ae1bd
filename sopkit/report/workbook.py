"""The plan as an Excel workbook: plan, supply plan, shortages, capacity, and where it came from.

Every text is written as text: a cell that begins with ``=``, ``+``, ``-`` or ``@`` is no formula.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

import sopkit
from sopkit.cycle import view_cycle, write_atomic
from sopkit.messages import Catalogue, catalogue, is_missing
from sopkit.report.cells import heading_unit
from sopkit.report.labels import read_labels
from sopkit.report.pages import Issue

SHEETS = {
    "plan": ("approved_plan", "consensus_plan", "plan_service"),
    "supply": ("constrained_plan",),
    "flows": ("plan_flow",),
    "orders": ("firm_order",),
    "released": ("released_order",),
    "shortage": ("shortage",),
    "fixes": ("shortage_fix",),
    "capacity": ("plan_resource", "capacity_load"),
}
_NAMED = ("item", "location", "customer", "resource")
_WIDTHS = {"text": 16, "name": 26, "month": 10, "number": 13}


@dataclass(frozen=True)
class Contents:
    """All that a cycle's workbook is made of: the same contents give the same bytes.

    Args:
        folder: the planning folder.
        cycle: name of the cycle.
        lang: language of headings and words.
        currency: money of the pages.
        volume_unit: unit of the pages.
        tables: by sheet: the table's name and its hash; blank where there is none.
        about: facts of the last sheet, in order.
    """

    folder: Path
    cycle: str
    lang: str
    currency: str
    volume_unit: str
    tables: tuple[tuple[str, str, str], ...]
    about: tuple[tuple[str, str], ...]


def write_workbook(issue: Issue, path: Path, lang: str) -> Path | None:
    """Write the plan of a cycle; nothing where no plan was made yet.

    Args:
        issue: the cycle's record: state, fingerprint, money, unit.
        path: the file, written whole or not at all.
        lang: language of headings and words.
    """
    contents = list_contents(issue, lang)
    if not any(name for _, name, _ in contents.tables):
        path.unlink(missing_ok=True)
        return None
    write_atomic(path, make_workbook(contents))
    return path


def list_contents(issue: Issue, lang: str) -> Contents:
    """Return what a cycle's workbook is made of: of each sheet's tables the first that is there."""
    cycle = view_cycle(issue.paths.name, issue.paths.folder)
    found = {sheet: next(filter(cycle.has, names), "") for sheet, names in SHEETS.items()}
    records = issue.manifest.tables
    tables = tuple(
        (sheet, name, records[name].sha256 if name in records else "")
        for sheet, name in found.items()
    )
    company = issue.company
    about = _about(issue, catalogue(lang, company.currency, company.volume_unit), found)
    return Contents(
        issue.paths.folder,
        issue.paths.name,
        lang,
        company.currency,
        company.volume_unit,
        tables,
        tuple(about.items()),
    )


@lru_cache(maxsize=1)
def make_workbook(contents: Contents) -> bytes:
    """Return a cycle's workbook; the last one made is kept, so that it may be made beforehand."""
    cycle = view_cycle(contents.cycle, contents.folder)
    tables = {sheet: cycle.read(name) if name else None for sheet, name, _ in contents.tables}
    labels = read_labels(cycle)[contents.lang]
    t = catalogue(contents.lang, contents.currency, contents.volume_unit, labels)
    return to_workbook(tables, t, dict(contents.about))


def _about(issue: Issue, t: Catalogue, shown: dict[str, str]) -> dict[str, str]:
    records, steps = issue.manifest.tables, issue.manifest.steps
    writers = {records[name].writer for name in shown.values() if name in records}
    started = [steps[name].started for name in writers if name in steps and steps[name].started]
    return {
        t("workbook.company"): issue.company.names[t.lang],
        t("workbook.cycle"): issue.paths.name,
        t("workbook.state"): t(f"nav.state.{issue.state}"),
        t("workbook.currency"): issue.company.currency,
        t("workbook.volume_unit"): t.unit,
        t("workbook.version"): issue.manifest.version or sopkit.__version__,
        t("workbook.fingerprint"): issue.fingerprint,
        t("workbook.ran"): max(started)[:16].replace("T", " ") if started else "",
    }


def to_workbook(
    tables: dict[str, pd.DataFrame | None], t: Catalogue, about: dict[str, str]
) -> bytes:
    """Return a workbook: a sheet for each table, and one that says where it came from.

    Args:
        tables: by word under `workbook.` of the catalogue; None says so on its sheet.
        t: the language.
        about: facts of the last sheet.

    Returns:
        The bytes of an xlsx file; the same tables and facts give the same bytes.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "nan_inf_to_errors": False, **safe})
    book.set_properties({"created": datetime(2020, 1, 1)})
    formats = _make_formats(book)
    for name, frame in tables.items():
        sheet = book.add_worksheet(t(f"workbook.{name}"))
        if frame is None:
            sheet.write_string(0, 0, t("workbook.none"))
        else:
            _write_sheet(sheet, _with_names(frame, t), t, formats)
    _write_about(book.add_worksheet(t("workbook.about")), about, formats)
    book.close()
    return buffer.getvalue()


def _make_formats(book: Any) -> dict[str, Any]:
    font = {"font_name": "Microsoft YaHei", "font_size": 10}
    heading = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}
    return {
        "head": book.add_format({**font, **heading}),
        "text": book.add_format(font),
        "month": book.add_format({**font, "num_format": "yyyy-mm", "align": "left"}),
        "date": book.add_format({**font, "num_format": "yyyy-mm-dd", "align": "left"}),
        "number": book.add_format({**font, "num_format": "#,##0"}),
        "fine": book.add_format({**font, "num_format": "#,##0.00"}),
        "rate": book.add_format({**font, "num_format": "0.0%"}),
    }


def _with_names(frame: pd.DataFrame, t: Catalogue) -> pd.DataFrame:
    """Return the table with a name beside each code that has one, and words for its words."""
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        columns[name] = frame[name]
        if name in _NAMED:
            labels = {code: t.label(name, code) for code in frame[name].unique()}
            if any(label != code for code, label in labels.items()):
                columns[f"{name}_name"] = frame[name].map(labels)
        elif t.is_word(name):
            columns[name] = frame[name].map(lambda value, name=name: t.word(name, value))
    return pd.DataFrame(columns)


def _write_sheet(sheet: Any, frame: pd.DataFrame, t: Catalogue, formats: dict[str, Any]) -> None:
    for number, name in enumerate(frame.columns):
        unit = heading_unit(t, name)
        sheet.write_string(
            0, number, f"{t.col(name)} ({unit})" if unit else t.col(name), formats["head"]
        )
        kind = _kind(frame, name)
        width = _WIDTHS["name"] if name.endswith("_name") else _WIDTHS.get(kind, 13)
        sheet.set_column(number, number, width)
        _write_column(sheet, number, frame[name], formats[kind])
    sheet.freeze_panes(1, min(2, len(frame.columns)))
    sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _kind(frame: pd.DataFrame, name: str) -> str:
    values = frame[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date" if name.endswith("_date") else "month"
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return "text"
    fine = values.dropna().abs().max() < 100 and (values.dropna() % 1 != 0).any()
    return "rate" if name.endswith("_rate") else "fine" if fine else "number"


def _write_column(sheet: Any, column: int, values: pd.Series, shape: Any) -> None:
    if pd.api.types.is_datetime64_any_dtype(values):
        for row, value in enumerate(values, 1):
            if not is_missing(value):
                sheet.write_datetime(row, column, value.to_pydatetime(), shape)
        return
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    for row, value in enumerate(values, 1):
        if is_missing(value):
            continue
        if number:
            sheet.write_number(row, column, float(value), shape)
        else:
            sheet.write_string(row, column, str(value), shape)


def _write_about(sheet: Any, about: dict[str, str], formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 40)
    for row, (name, value) in enumerate(about.items()):
        sheet.write_string(row, 0, name, formats["head"])
        sheet.write_string(row, 1, value, formats["text"])
