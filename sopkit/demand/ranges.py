"""How far demand may lie from the forecast: pooled conformal ranges, and ranges of totals.

Errors of the backtest are scaled per series, pooled over series by months ahead, and their
quantiles put back around each forecast. Pooling gives honest ranges from few cutoffs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.series import from_series
from sopkit.periods import months_between
from sopkit.tables import PLACE
from sopkit.tables.panel import until

TAIL = 0.1
NORMAL_80 = 1.2816
LEAST_RATE = 0.05
BLIND_RATE = 0.5
MOST_RATE = 2.0
LEAST_ERRORS = 30
MOST_GROWTH = 0.5
PRIOR = 3


def add_ranges(
    points: pd.DataFrame, method: pd.Series, series: pd.DataFrame, backtest: pd.DataFrame
) -> pd.DataFrame:
    """Put the range that 8 of 10 months fall into around each forecast.

    range = forecast + spread x quantile (10 % and 90 %) of the pooled scaled errors at that lag,
    apart for series on the ensemble and for all others; the quantiles grow by the power of months
    ahead seen in the backtest (0 to 0.5), beyond its lags too.

    Args:
        points: a row an item-location, a column a month ahead.
        method: how each was forecast.
        series: what `to_series` returned.
        backtest: contract `backtest`; with under 30 errors a normal spread is assumed.

    Returns:
        (item, location, period) with `baseline_qty`, `lo_80_qty` <= it <= `hi_80_qty`, all >= 0.

    Example:
        Forecast 100, spread 10, quantiles -1 and 2: 90 to 120.
    """
    rows = from_series(points, "baseline_qty")
    first = pd.Series(points.columns[0], index=rows.index)
    rows["lag"] = months_between(first, rows["period"])
    steady = method.eq("ensemble").rename("steady").reset_index()
    rows = rows.merge(steady, on=PLACE, how="left", validate="many_to_one")
    quantiles = find_quantiles(scale_errors(backtest, series), steady, points.shape[1])
    rows = rows.merge(quantiles, on=["steady", "lag"], how="left", validate="many_to_one")
    spread = spread_of(rows, "baseline_qty", series)
    low, high = (
        rows["baseline_qty"] + spread * rows["low"],
        rows["baseline_qty"] + spread * rows["high"],
    )
    rows["lo_80_qty"] = low.clip(upper=rows["baseline_qty"]).clip(lower=0.0)
    rows["hi_80_qty"] = high.clip(lower=rows["baseline_qty"])
    return rows[[*PLACE, "period", "baseline_qty", "lo_80_qty", "hi_80_qty"]]


def scale_errors(backtest: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Return (item, location, lag) and `scaled` = (actual - forecast) / spread at the cutoff."""
    found = []
    for cutoff in sorted(backtest["cutoff"].unique()):
        rows = backtest[backtest["cutoff"] == cutoff]
        known = until(series, cutoff)
        spread = spread_of(rows, "forecast_qty", known)
        scaled = (rows["actual_qty"] - rows["forecast_qty"]) / spread.where(spread > 0)
        found.append(rows[[*PLACE, "lag"]].assign(scaled=scaled).dropna(subset=["scaled"]))
    if not found:
        return pd.DataFrame({"item": [], "location": [], "lag": [], "scaled": []})
    return pd.concat(found, ignore_index=True)


def spread_of(rows: pd.DataFrame, forecast: str, series: pd.DataFrame) -> pd.Series:
    """Return the size of a usual error: rate of the series x (forecast + mean month) / 2.

    Errors are larger in strong months, yet a forecast near 0 is not sure to be right.
    """
    known = measure_spread(series).reset_index()
    told = rows[PLACE].merge(known, on=PLACE, how="left", validate="many_to_one")
    told.index = rows.index
    mean = told["mean_qty"].fillna(rows[forecast])
    return told["rate"].fillna(BLIND_RATE) * (rows[forecast] + mean) / 2


def measure_spread(series: pd.DataFrame) -> pd.DataFrame:
    """Return for each series `mean_qty` of the last 12 months and `rate` of usual change.

    rate = mean |y(t) - y(t-12)| over the last 36 months / mean; with under 6 such pairs the
    change from month to month stands in; within 0.05 and 2, and 0.5 for a series without sales.

    Example:
        Two equal years of 10 a month: rate 0.05 (the floor), mean 10.
    """
    mean = series.iloc[:, -12:].mean(axis=1).fillna(0.0)
    yearly = (series - series.shift(12, axis=1)).abs().iloc[:, -36:]
    monthly = series.diff(axis=1).abs().iloc[:, -12:]
    change = yearly.mean(axis=1).where(yearly.notna().sum(axis=1) >= 6, monthly.mean(axis=1))
    rate = (change / mean.where(mean > 0)).clip(LEAST_RATE, MOST_RATE).fillna(BLIND_RATE)
    return pd.DataFrame({"mean_qty": mean, "rate": rate})


def find_quantiles(errors: pd.DataFrame, steady: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return `low` and `high` quantiles of scaled errors for each (steady, lag) of the horizon.

    quantile at a lag = pooled quantile of error / (lag + 1)^g x (lag + 1)^g, with g the growth of
    the spread over the lags of the backtest. A kind of series with under 30 errors takes those of
    both kinds; without 30 of those, a normal spread.
    """
    kinds = errors.merge(steady, on=PLACE, how="left", validate="many_to_one")
    own = kinds["steady"].eq(True)
    pools = []
    for steady_kind, rows in ((True, kinds[own]), (False, kinds[~own])):
        used = rows if len(rows) >= LEAST_ERRORS else kinds
        pools.append(_pool(used, horizon).assign(steady=steady_kind))
    return pd.concat(pools, ignore_index=True)


def _pool(errors: pd.DataFrame, horizon: int) -> pd.DataFrame:
    ahead = pd.Series(np.arange(horizon) + 1.0)
    low, high, growth = -NORMAL_80, NORMAL_80, 0.0
    if len(errors) >= LEAST_ERRORS:
        growth = measure_growth(errors)
        even = errors["scaled"] / (errors["lag"] + 1.0) ** growth
        tail = max(1 - (1 - TAIL) * (len(even) + 1) / len(even), 0.0)
        low, high = float(even.quantile(tail)), float(even.quantile(1 - tail))
    width = ahead**growth
    return pd.DataFrame({"lag": np.arange(horizon), "low": low * width, "high": high * width})


def measure_growth(errors: pd.DataFrame) -> float:
    """Return the power of months ahead with which errors grow, within 0 and 0.5.

    Slope of log mean |scaled error| on log (lag + 1).

    Example:
        Mean errors 1, 1.414, 1.732 at lags 0, 1, 2: 0.5.
    """
    size = errors["scaled"].abs().groupby(errors["lag"]).mean()
    size = size[size > 0]
    if len(size) < 2:
        return 0.0
    ahead = np.log(size.index.to_numpy(dtype=float) + 1)
    line = np.polyfit(ahead, np.log(size.to_numpy(dtype=float)), 1)
    return min(max(float(line[0]), 0.0), MOST_GROWTH)


class Correlation(NamedTuple):
    """How far errors move together: of item-locations in a month, of months in a total; 0 to 1."""

    places: float
    months: float


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
    return Correlation(places, (cutoffs * months + PRIOR * BLIND_RATE) / (cutoffs + PRIOR))


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
        rows: `item`, `location`, `period`, the columns of `by`, `quantity`, `lo_80_qty`,
            `hi_80_qty`.
        by: columns that stay; empty for one total.
        correlation: what `measure_correlation` returned.

    Returns:
        One row per `by` with `quantity`, `lo_80_qty`, `hi_80_qty`.

    Example:
        Two items 100 with 30 above each: 42.4 above at correlation 0, 60 at 1.
    """
    amounts = [quantity, "lo_80_qty", "hi_80_qty"]
    kept = [name for name in by if name != "period"]
    cells = rows.groupby(list(dict.fromkeys([*kept, *PLACE, "period"])), as_index=False)
    parts = cells[amounts].sum()
    parts = parts.assign(
        below=parts[quantity] - parts["lo_80_qty"], above=parts["hi_80_qty"] - parts[quantity]
    )
    total = _join_parts(parts, [*kept, "period"], quantity, correlation.places)
    if "period" not in by:
        total = _join_parts(total, kept, quantity, correlation.months)
    total["lo_80_qty"] = (total[quantity] - total["below"]).clip(lower=0.0)
    total["hi_80_qty"] = total[quantity] + total["above"]
    return total[[*by, *amounts]]


def _join_parts(
    parts: pd.DataFrame, by: list[str], quantity: str, correlation: float
) -> pd.DataFrame:
    squared = parts.assign(below_2=parts["below"] ** 2, above_2=parts["above"] ** 2)
    sums = [quantity, "below", "above", "below_2", "above_2"]
    total = squared.assign(_all=0).groupby(by or ["_all"], as_index=False)[sums].sum()
    for side in ("below", "above"):
        apart, together = total[f"{side}_2"], total[side] ** 2
        total[side] = np.sqrt((1 - correlation) * apart + correlation * together)
    return total
