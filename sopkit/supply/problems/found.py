"""How a problem is noted down."""

from __future__ import annotations

import pandas as pd

PROBLEM_COLUMNS = ["severity", "kind", "table", "subject", "value", "advice"]
Found = list[tuple[str, str, str, str, str, str]]


def join_problems(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of several frames of problems as one."""
    given = [frame for frame in frames if len(frame)]
    if not given:
        return pd.DataFrame(columns=PROBLEM_COLUMNS)
    return pd.concat(given, ignore_index=True)


def note(severity: str, kind: str, table: str, advice: str, rows: pd.DataFrame) -> Found:
    """Return a problem per row of a frame: its first columns are codes, its last the value."""
    if rows.empty:
        return []
    codes, values = rows.iloc[:, :-1], rows.iloc[:, -1]
    subjects = codes.astype(str).agg(", ".join, axis=1)
    shown = [_show(value) for value in values]
    return [
        (severity, kind, table, str(subject), value, advice)
        for subject, value in zip(subjects, shown, strict=True)
    ]


def _show(value: object) -> str:
    """Return a value in words: numbers short, dates as days, blanks as nothing."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float | int):
        return f"{value:g}"
    return "" if value is None else str(value)
