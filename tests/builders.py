"""Small frames written as text, so that a test shows its data."""

from __future__ import annotations

import pandas as pd


def table(header: str, *rows: str) -> pd.DataFrame:
    """Return a frame from words: numbers become floats, months (2026-01) and days become dates.

    A cell `-` is blank.
    """
    names = header.split()
    cells = [row.split() for row in rows]
    assert all(len(row) == len(names) for row in cells), "every row needs a cell for each column"
    frame = pd.DataFrame(cells, columns=names, dtype=object).replace("-", None)
    return frame.apply(_to_kind)


def _to_kind(column: pd.Series) -> pd.Series:
    filled = column.dropna().astype(str)
    is_date = column.name in ("period", "cutoff", "cause_period") or str(column.name).endswith(
        ("_date", "_period")
    )
    if is_date and len(filled):
        return pd.to_datetime(column, format="ISO8601")
    if len(filled) and filled.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?").all():
        return column.astype(float)
    return column
