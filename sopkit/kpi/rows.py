"""Rows of the contract `kpi_value` without band and verdict: what every measure returns."""

from __future__ import annotations

import pandas as pd

from sopkit.kpi.registry import REGISTRY

MEASURED = ["kpi", "level", "lag", "period", "kpi_number", "n", "why_blank", "source"]


def to_rows(
    name: str,
    periods: object,
    numbers: object,
    counts: object,
    *,
    lags: object = 0,
    level: str = "",
    source: str | None = None,
    reason: str | None = None,
) -> pd.DataFrame:
    """Return measured values of one KPI; its level is the registry's where none is given."""
    frame = pd.DataFrame({"period": periods, "kpi_number": numbers, "n": counts, "lag": lags})
    frame = frame.assign(
        kpi=name, level=level or REGISTRY[name].level, why_blank=reason, source=source
    )
    return frame.astype({"n": "int64", "lag": "int64"})[MEASURED]


def blank_kpi(name: str, period: pd.Timestamp, reason: str, level: str = "") -> pd.DataFrame:
    """Return the row of a KPI that cannot be measured, with the reason (a word of the page)."""
    return to_rows(name, [period], [float("nan")], [0], level=level, reason=reason)


def join_measured(*measured: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Put all measures into one table and add a row for each KPI of the registry that lacks one.

    Args:
        measured: what `measure_` functions returned.
        period: month of the blanks.

    Returns:
        `MEASURED`; every KPI of the registry is in it, with a value or the reason why not.
    """
    kept = [part for part in measured if len(part)]
    there = {name for part in kept for name in part["kpi"].unique()}
    blanks = [
        blank_kpi(name, period, kpi.blank or "not_measured")
        for name, kpi in REGISTRY.items()
        if name not in there
    ]
    parts = [part.dropna(axis=1, how="all") for part in [*kept, *blanks]]
    return pd.concat(parts, ignore_index=True).reindex(columns=MEASURED)
