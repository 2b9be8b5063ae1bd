"""The report of the input contract: what was read, accepted, refused, with its money."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sopkit.sources.reading import Loaded


def summarise(loaded: Loaded) -> pd.DataFrame:
    """Return one row per table, in the order of the contracts.

    Returns:
        `table`, `rows_read`, `rows_left_out` (by the mapping's own conditions),
        `rows_not_yet_known`, `rows_refused`, `rows_accepted`, `table_rows` (after grouping, with
        what like-items lent), `accepted_value`, `refused_value`, `not_yet_known_value` [currency].
    """
    counts = loaded.tied.drop(columns="file").groupby("table", sort=False).sum(min_count=1)
    rows = {name: len(frame) for name, frame in loaded.tables.items()}
    order = [*rows, *(name for name in counts.index if name not in rows)]
    summary = counts.reindex(order).rename_axis("table").reset_index()
    whole = [name for name in counts.columns if name.startswith("rows_")]
    summary[whole] = summary[whole].fillna(0).astype("int64")
    place = list(summary.columns).index("rows_accepted") + 1
    summary.insert(place, "table_rows", [rows.get(name, 0) for name in order])
    return summary


def is_fit(loaded: Loaded) -> bool:
    """Return True when a month can be planned on these files; refused rows do not forbid it."""
    return not loaded.errors and not (loaded.findings["severity"] == "error").any()


def to_json(loaded: Loaded) -> dict[str, Any]:
    """Return the same report as plain values for JSON: dates as text, blanks as null."""
    return {
        "fit": is_fit(loaded),
        "errors": list(loaded.errors),
        "tables": _records(summarise(loaded)),
        "parts": _records(loaded.tied),
        "refused": _records(loaded.refused),
        "findings": _records(loaded.findings),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in line.items()}
        for line in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return value.item() if hasattr(value, "item") else value
