"""The scorecard: one row a KPI, with its band, its past months and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.kpi.bands import Band, find_owner_side, list_scorecard
from sopkit.kpi.registry import MONTHLY, REGISTRY

NO_MEASURE = "not_measured"
SHOWN_MONTHS = 12


def to_scorecard(
    values: pd.DataFrame, bands: Mapping[str, Band], lag: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per KPI that the bands put on the scorecard, in their order, at most eight.

    Args:
        values: contract `kpi_value`.
        bands: what `to_bands` returned.
        lag: lag of the forecast figures.
        period: month of the figures: the last of history.

    Returns:
        `kpi`, `level`, `lag`, `n`, `unit`, `kpi_number`, `band_low`, `band_high`, `verdict`,
        `side` (good, low or high of the band, none, or blank), `why_blank`, `source`,
        `stated_number`, `trend` (list of up to twelve months' values, oldest first), `sales`,
        `operations`, `owner_side` (both, sales, operations, nobody).
    """
    rows = [_to_row(values, name, bands[name], lag, period) for name in list_scorecard(bands)]
    return pd.DataFrame(rows)


def list_figures(
    values: pd.DataFrame, bands: Mapping[str, Band], lag: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per KPI of the whole registry, in its order: as `to_scorecard`."""
    names = list(REGISTRY)
    return pd.DataFrame([_to_row(values, n, bands.get(n, Band()), lag, period) for n in names])


def _to_row(
    values: pd.DataFrame, name: str, band: Band, lag: int, period: pd.Timestamp
) -> dict[str, Any]:
    kpi = REGISTRY[name]
    own = values[values["kpi"] == name]
    at_level = own[(own["level"] == kpi.level) & (own["period"] == period)]
    at_lag = at_level[at_level["lag"] == lag]
    found = at_lag if len(at_lag) else at_level[at_level["lag"] == 0]
    row: dict[Any, Any] = found.iloc[0].to_dict() if len(found) else {"why_blank": NO_MEASURE}
    number = row.get("kpi_number", float("nan"))
    return {
        "kpi": name,
        "level": kpi.level,
        "lag": row.get("lag", 0),
        "n": row.get("n", 0),
        "unit": kpi.unit,
        "kpi_number": number,
        "band_low": band.low,
        "band_high": band.high,
        "verdict": row.get("verdict", "none"),
        "side": find_side(number, band),
        "why_blank": row.get("why_blank"),
        "source": row.get("source"),
        "stated_number": row.get("stated_number", float("nan")),
        "trend": _list_trend(own, kpi.level),
        "sales": band.sales,
        "operations": band.operations,
        "owner_side": find_owner_side(band),
    }


def _list_trend(own: pd.DataFrame, level: str) -> list[float]:
    """Return a value a month, the shortest lag there is for it."""
    monthly = own[own["level"] == level + MONTHLY]
    rows = monthly if len(monthly) else own[own["level"] == level]
    rows = rows.sort_values(["period", "lag"], kind="stable").drop_duplicates("period")
    trend = rows["kpi_number"].dropna().iloc[-SHOWN_MONTHS:]
    return trend.tolist() if len(trend) > 1 else []


def find_side(number: float, band: Band) -> str:
    """Return on which side of its band a value lies: good, low, high; none without a band.

    Example:
        >>> find_side(0.2, Band(high=0.1)), find_side(float("nan"), Band(high=0.1))
        ('high', 'blank')
    """
    if pd.isna(number):
        return "blank"
    if band.low is None and band.high is None:
        return "none"
    if band.low is not None and number < band.low:
        return "low"
    return "high" if band.high is not None and number > band.high else "good"
