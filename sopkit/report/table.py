"""A table of a page: which columns, how they are headed and written, which cells are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sopkit.messages import Catalogue, is_missing
from sopkit.report.cells import TableCell, heading_unit, is_number, write_column
from sopkit.report.html import macros


@dataclass(frozen=True)
class View:
    """How a table is shown.

    Args:
        columns: columns in order.
        formats: format of a column, by name.
        headings: key of a column's heading, by name.
        compact: amounts in three digits.
        tones: good, warn or bad for each row of a column.
        pick: true for the rows to mark.
    """

    columns: list[str]
    formats: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    compact: bool = False
    tones: Mapping[str, pd.Series] = field(default_factory=dict)
    pick: pd.Series | None = None


def write_table(
    t: Catalogue, shown: pd.DataFrame, view: View, total: int, boxed: bool = True
) -> str:
    """Return a table's HTML; says how many rows there are where not all are shown."""
    columns = [_write_toned(t, shown, name, view) for name in view.columns]
    picks = [False] * len(shown)
    if view.pick is not None:
        picks = [bool(p) for p in view.pick.reindex(shown.index)]
    rows = [
        {"cells": [column[i] for column in columns], "pick": picks[i]} for i in range(len(shown))
    ]
    more = t("part.shown", shown=len(shown), n=total) if len(shown) < total else ""
    heads = [_head(t, shown, name, view) for name in view.columns]
    return str(macros().table(heads, rows, t("part.empty"), more, boxed))


def _head(t: Catalogue, shown: pd.DataFrame, name: str, view: View) -> dict[str, Any]:
    text = t(view.headings[name]) if name in view.headings else t.col(name)
    plain = not view.compact and name not in view.formats
    number = is_number(shown, name)
    return {
        "text": text,
        "unit": heading_unit(t, name) if plain and number else "",
        "number": number or name in view.formats,
    }


def _write_toned(t: Catalogue, shown: pd.DataFrame, name: str, view: View) -> list[TableCell]:
    cells = write_column(t, shown, name, view.formats.get(name, ""), view.compact)
    if name not in view.tones:
        return cells
    tones = view.tones[name].reindex(shown.index)
    return [
        TableCell(c.html, c.code, c.number, "" if is_missing(tone) else str(tone))
        for c, tone in zip(cells, tones, strict=True)
    ]


def describe(t: Catalogue, frame: pd.DataFrame, view: View) -> str:
    """Return one line about a table for readers of the bare notebook."""
    heads = ", ".join(t.col(name) for name in view.columns)
    return f"{len(frame)} x {len(view.columns)}: {heads}"
