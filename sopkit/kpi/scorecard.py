"""The scorecard: one row a KPI, with its band, its past months and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.kpi.registry import REGISTRY, Band

NO_MEASURE = "not_measured"


def to_scorecard(
    values: pd.DataFrame, bands: Mapping[str, Band], lag: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per KPI of the registry, in its order.

    Args:
        values: contract `kpi_value`.
        bands: what `to_bands` returned.
        lag: lag of the forecast figures (`accuracy`, `bias`).
        period: month of the figures: the last of history.

    Returns:
        `kpi`, `level`, `lag`, `n`, `unit`, `kpi_number`, `band_low`, `band_high`, `verdict`,
        `side` (good, low or high of the band, none, or blank), `why_blank`, `trend` (list of the
        months' values, oldest first), `sales`, `operations`.
    """
    rows = []
    for name, kpi in REGISTRY.items():
        own = values[values["kpi"] == name]
        wanted = lag if name in ("accuracy", "bias") else 0
        at_lag = own[(own["period"] == period) & (own["lag"] == wanted)]
        month_rows = own.drop(at_lag.index) if wanted else own
        band = bands.get(name, Band())
        row: dict[Any, Any] = at_lag.iloc[0].to_dict() if len(at_lag) else {"why_blank": NO_MEASURE}
        number = row.get("kpi_number", float("nan"))
        trend = month_rows.sort_values("period")["kpi_number"].dropna()
        rows.append(
            {
                "kpi": name,
                "level": kpi.level,
                "lag": wanted,
                "n": row.get("n", 0),
                "unit": kpi.unit,
                "kpi_number": number,
                "band_low": band.low,
                "band_high": band.high,
                "verdict": row.get("verdict", "none"),
                "side": find_side(number, band),
                "why_blank": row.get("why_blank"),
                "trend": trend.tolist() if len(trend) > 1 else [],
                "sales": band.sales,
                "operations": band.operations,
            }
        )
    return pd.DataFrame(rows)


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
