"""How far demand may lie from the forecast: ranges of item-locations, and of totals.

`conformal` holds the arithmetic on arrays; here are the tables of the planning month.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.conformal import (
    BLIND_RATE,
    SHORT,
    SMOOTH,
    SPORADIC,
    Errors,
    Whole,
    find_quantiles,
    has_grown_up,
    join_errors,
    put_ranges,
    scale_errors,
    spread_of,
)
from sopkit.demand.series import from_series
from sopkit.tables import PLACE
from sopkit.tables.panel import until

LEVELS = (80, 95)
KIND_OF_METHOD = {"intermittent": SPORADIC, "family_share": SHORT, "like_item": SHORT}
PRIOR = 3


def add_ranges(
    points: pd.DataFrame,
    method: pd.Series,
    series: pd.DataFrame,
    backtest: pd.DataFrame,
    levels: Sequence[int] = LEVELS,
) -> pd.DataFrame:
    """Put the ranges that 80 and 95 of 100 months fall into around each forecast.

    range = forecast + spread x quantile of the pooled scaled errors at that many months ahead
    (`conformal.find_quantiles`), apart for smooth, sporadic and short series. A month that is
    forecast as exactly 0 (not on sale) has no range.

    Args:
        points: a row an item-location, a column a month ahead.
        method: how each was forecast.
        series: what `to_series` returned.
        backtest: contract `backtest`; where it is small, a normal spread is leant on.
        levels: widths of the ranges in per cent.

    Returns:
        (item, location, period) with `baseline_qty` and, for each level, `lo_80_qty` <= it <=
        `hi_80_qty`; wider levels lie outside narrower ones; nothing below 0.

    Example:
        Forecast 100, spread 10, quantiles -1 and 2: 90 to 120.
    """
    ahead = points.sort_index(kind="stable")
    known = _to_values(series, ahead.index)
    numbers = ahead.to_numpy(dtype=float)
    kinds = kinds_of_methods(method.reindex(ahead.index))
    widths = sorted(levels)
    quantiles = find_quantiles(pool_errors(backtest, series), widths, numbers.shape[1])
    spread = np.where(numbers == 0, 0.0, spread_of(known, numbers))
    ranges = put_ranges(numbers, spread, kinds, quantiles, np.zeros(len(numbers)))
    rows = from_series(ahead, "baseline_qty")
    for level, (low, high) in zip(widths, ranges, strict=True):
        rows[f"lo_{level}_qty"] = low.ravel()
        rows[f"hi_{level}_qty"] = high.ravel()
    return rows


def kinds_of_methods(method: pd.Series) -> Whole:
    """Return whose errors a series shares, by how it is forecast: see `conformal.kinds_of`."""
    return np.array([KIND_OF_METHOD.get(name, SMOOTH) for name in method], dtype=np.int64)


def pool_errors(backtest: pd.DataFrame, series: pd.DataFrame) -> Errors:
    """Return the scaled errors of a backtest; the spread is what was known at each cutoff.

    Series count from where they had half of their months (`conformal.has_grown_up`).

    Args:
        backtest: contract `backtest`.
        series: what `to_series` returned, all months.
    """
    found = []
    for cutoff in sorted(backtest["cutoff"].unique()):
        rows = backtest[backtest["cutoff"] == cutoff]
        wide = rows.set_index([*PLACE, "lag"])[["forecast_qty", "actual_qty"]].unstack("lag")
        lags = range(int(rows["lag"].max()) + 1)
        points, actual = (
            wide[name].reindex(columns=lags).to_numpy(dtype=float)
            for name in ("forecast_qty", "actual_qty")
        )
        now = _to_values(series, wide.index)
        known = now[:, : until(series, cutoff).shape[1]]
        old = has_grown_up(known, now)
        found.append(scale_errors(known[old], points[old], actual[old]))
    return join_errors(found)


def _to_values(series: pd.DataFrame, index: pd.Index) -> np.ndarray:
    """Return the months of the series of an index; all blank for those that are not there."""
    return series.reindex(index).to_numpy(dtype=float)


class Correlation(NamedTuple):
    """How far errors move together: of item-locations in a month, of months in a total; 0 to 1.

    `cutoffs` is how many forecasts the backtest compared; 0: not told.
    """

    places: float
    months: float
    cutoffs: int = 0


def measure_correlation(backtest: pd.DataFrame) -> Correlation:
    """Return how far errors of item-locations, and of months, move together.

    With e the errors and s their root mean square, over groups: (sum of (sum e)^2 - sum of e^2)
    / (sum of (sum s)^2 - sum of s^2), kept within 0 and 1. Places: groups are the cutoff-months.
    Months: groups are the cutoffs, e the errors of the total; few cutoffs tell little, so three
    more that say 0.5 are added. 0.5 without a backtest.

    Example:
        Two items that are both 10 too high, then both 10 too low: places 1.
    """
    errors = backtest.assign(error=backtest["forecast_qty"] - backtest["actual_qty"])
    places = _correlate(errors, PLACE, ["cutoff", "period"])
    total = errors.groupby(["cutoff", "period", "lag"], as_index=False).agg(error=("error", "sum"))
    cutoffs = total["cutoff"].nunique()
    months = _correlate(total, ["lag"], ["cutoff"])
    months = (cutoffs * months + PRIOR * BLIND_RATE) / (cutoffs + PRIOR)
    return Correlation(places, months, int(cutoffs))


def _correlate(errors: pd.DataFrame, part: list[str], group: list[str]) -> float:
    squares = errors["error"].pow(2)
    size = np.sqrt(squares.groupby([errors[key] for key in part]).transform("mean"))
    groups = [errors[key] for key in group]
    together = errors["error"].groupby(groups).sum().pow(2).sum()
    most = size.groupby(groups).sum().pow(2).sum() - size.pow(2).sum()
    if not most > 0:
        return BLIND_RATE
    return float(min(max((together - squares.sum()) / most, 0.0), 1.0))


def sum_ranges(
    rows: pd.DataFrame, by: list[str], quantity: str, correlation: Correlation
) -> pd.DataFrame:
    """Sum forecasts with their ranges: ranges of parts that err apart partly cancel out.

    A half-range of a sum, above and below apart, is
    sqrt((1 - c) x sum d^2 + c x (sum d)^2) over its parts' half-ranges d: first over the
    item-locations of a month, then over months where `by` does not hold the period. Customers of
    an item-location err together.

    Args:
        rows: `item`, `location`, `period`, the columns of `by`, `quantity`, and `lo_80_qty` with
            `hi_80_qty`, `lo_95_qty` with `hi_95_qty`, or both.
        by: columns that stay; empty for one total.
        correlation: what `measure_correlation` returned.

    Returns:
        One row per `by` with `quantity` and the range columns that `rows` holds.

    Example:
        Two items 100 with 30 above each: 42.4 above at correlation 0, 60 at 1.
    """
    pairs = [(f"lo_{level}_qty", f"hi_{level}_qty") for level in LEVELS]
    pairs = [pair for pair in pairs if pair[0] in rows]
    ends = [name for pair in pairs for name in pair]
    kept = [name for name in by if name != "period"]
    cells = rows.groupby(list(dict.fromkeys([*kept, *PLACE, "period"])), as_index=False)
    parts = cells[[quantity, *ends]].sum()
    parts[ends] = parts[ends].sub(parts[quantity], axis=0).abs()
    total = _join_parts(parts, [*kept, "period"], quantity, ends, correlation.places)
    if "period" not in by:
        total = _join_parts(total, kept, quantity, ends, correlation.months)
    for low, high in pairs:
        total[low] = (total[quantity] - total[low]).clip(lower=0.0)
        total[high] = total[quantity] + total[high]
    return total[[*by, quantity, *ends]]


def _join_parts(
    parts: pd.DataFrame, by: list[str], quantity: str, halves: list[str], correlation: float
) -> pd.DataFrame:
    """Return sums of `quantity`, and half-ranges joined by how far they move together."""
    squares = {f"{name}_2": parts[name] ** 2 for name in halves}
    sums = [quantity, *halves, *squares]
    total = parts.assign(_all=0, **squares).groupby(by or ["_all"], as_index=False)[sums].sum()
    for name in halves:
        apart, together = total[f"{name}_2"], total[name] ** 2
        total[name] = np.sqrt((1 - correlation) * apart + correlation * together)
    return total
