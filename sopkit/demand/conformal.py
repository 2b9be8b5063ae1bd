"""Ranges from what forecasts missed by, on plain arrays: spread, pooled errors, quantiles.

Errors of the backtest are scaled by what is usual for their series, pooled over series by kind and
months ahead, and their quantiles put back around each forecast (split conformal prediction, Vovk
et al. 2005, with the scores pooled over a panel). Pooling gives honest ranges from few cutoffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Whole = NDArray[np.int64]

SMOOTH, SPORADIC, SHORT = 0, 1, 2
KINDS = (SMOOTH, SPORADIC, SHORT)
YEAR = 12
LEAST_PAIRS = 6
LEAST_MONTHS = 3
MONTHLY_WEIGHT = 0.3
LEAST_RATE, BLIND_RATE, MOST_RATE = 0.005, 0.5, 2.0
SPORADIC_GAP = 1.32
MOST_GROWTH = 1.0
PRIOR_TRACKS, PRIOR_GROWTH = 10, 0.1


class Errors(NamedTuple):
    """Scaled errors, one each: (actual - forecast) / spread, months ahead (0 first), kind."""

    scaled: Matrix
    lag: Whole
    kind: Whole


def measure_spread(values: Matrix) -> tuple[Matrix, Matrix]:
    """Return each series' mean of the last 12 months, and its usual change / that mean.

    change = a^0.7 x min(a, b)^0.3 over the last 36 months: a = mean |change against a year before,
    less the mean of these changes|, b = mean |change from month to month|. Trend and season are no
    surprise, so neither may widen a range. With under 6 pairs of years, b of the last 12 months.
    The rate is kept within 0.005 and 2, and is 0.5 where nothing is known.

    Args:
        values: a row a series, a column a month; blank before the start.

    Example:
        Two years of 10, 12, 10, 12, ...: nothing differs from a year before: rate 0.005, mean 11.
    """
    mean = _row_mean(values[:, -YEAR:])
    yearly = (values[:, YEAR:] - values[:, :-YEAR])[:, -3 * YEAR :]
    monthly = np.abs(np.diff(values, axis=1))[:, -3 * YEAR :]
    apart = _row_mean(np.abs(yearly - _row_mean(yearly)[:, None]))
    near = np.fmin(apart, _row_mean(monthly))
    paired = np.isfinite(yearly).sum(axis=1) >= LEAST_PAIRS
    change = np.where(
        paired, apart ** (1 - MONTHLY_WEIGHT) * near**MONTHLY_WEIGHT, _row_mean(monthly[:, -YEAR:])
    )
    rate = np.divide(change, mean, out=np.full(len(values), np.nan), where=mean > 0)
    known = np.where(np.isfinite(rate), np.clip(rate, LEAST_RATE, MOST_RATE), BLIND_RATE)
    return np.nan_to_num(mean), known


def spread_of(values: Matrix, points: Matrix) -> Matrix:
    """Return the size of a usual error: rate of the series x (forecast + mean month) / 2.

    Errors are larger in strong months, yet a forecast near 0 is not sure to be right.

    Args:
        values: history of each series, blank before the start; all blank: nothing is known.
        points: forecasts, a column a month ahead.
    """
    mean, rate = measure_spread(values)
    usual = np.where(np.isfinite(values).any(axis=1, keepdims=True), mean[:, None], points)
    return rate[:, None] * (points + usual) / 2


def kinds_of(values: Matrix) -> Whole:
    """Return how each series behaves: smooth, sporadic (ADI >= 1.32) or short (under 2 years).

    Example:
        Three years of 6, 0, 0, ... are sporadic; 15 months of 5 are short.
    """
    recent = values[:, -2 * YEAR :]
    busy = (np.nan_to_num(recent) > 0).sum(axis=1)
    months = np.isfinite(values).sum(axis=1)
    rare = np.isfinite(recent).sum(axis=1) >= SPORADIC_GAP * busy
    kinds = np.where(months < 2 * YEAR, SHORT, SMOOTH)
    return np.where(rare & (months >= YEAR), SPORADIC, kinds).astype(np.int64)


def scale_errors(values: Matrix, points: Matrix, actual: Matrix) -> Errors:
    """Return the scaled errors of one cutoff; months without forecast and demand are left out.

    Args:
        values: what was known at the cutoff.
        points: what was forecast from it.
        actual: what came; blank where unknown.
    """
    spread = spread_of(values, points)
    scaled = np.divide(actual - points, spread, out=np.full(points.shape, np.nan), where=spread > 0)
    told = np.isfinite(scaled) & ((points != 0) | (actual != 0))
    row, lag = np.nonzero(told)
    return Errors(scaled[told], lag.astype(np.int64), kinds_of(values)[row])


def has_grown_up(known: Matrix, values: Matrix) -> NDArray[np.bool_]:
    """Say which series had, at a cutoff, 3 months and half of those that they have now.

    What a series missed by when it was much younger says little of what it misses by now.

    Args:
        known: what was known at the cutoff.
        values: all that is known now.

    Example:
        20 months now: tested from where it had 10.
    """
    then, now = (np.isfinite(panel).sum(axis=1) for panel in (known, values))
    return np.asarray((then >= LEAST_MONTHS) & (2 * then >= now))


def join_errors(parts: Iterable[Errors]) -> Errors:
    """Return the errors of several cutoffs, or of several parts of a panel, as one."""
    listed = list(parts) or [Errors(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))]
    return Errors(*(np.concatenate(column) for column in zip(*listed, strict=True)))


def find_quantiles(errors: Errors, levels: Sequence[float], horizon: int) -> Matrix:
    """Return quantiles of scaled errors by kind, level, side (low, high) and month ahead.

    Errors / (lag + 1)^g are pooled, g being the growth of errors over the lags, and their quantile
    is put back x (lag + 1)^g. A pool of n tracks (a series from a cutoff) counts n, and what it
    leans on counts 10: a kind leans on all kinds together, and these on a normal spread of 1 that
    grows by the power 0.1.

    Args:
        levels: widths of the ranges in per cent.

    Example:
        No errors, level 80: -1.28 and 1.28 in the first month, 1.64 in the twelfth.
    """
    tails = np.array([(1 - level / 100) / 2 for level in levels])
    normal = np.array([NormalDist().inv_cdf(1 - tail) for tail in tails])
    start = np.stack([-normal, normal], axis=1)[:, :, None] * _widths(PRIOR_GROWTH, horizon)
    whole = _lean(errors, tails, horizon, start)
    pools = []
    for kind in KINDS:
        own = errors.kind == kind
        pool = Errors(errors.scaled[own], errors.lag[own], errors.kind[own])
        pools.append(_lean(pool, tails, horizon, whole))
    return np.stack(pools)


def put_ranges(
    points: Matrix, spread: Matrix, kinds: Whole, quantiles: Matrix, floor: Matrix
) -> Matrix:
    """Return (level, side, series, month): forecast + spread x quantile, wider levels never within.

    Args:
        points, spread: a row a series, a column a month ahead.
        kinds: how each series behaves.
        quantiles: what `find_quantiles` returned, levels in rising order.
        floor: the least that a range may reach, by series.

    Example:
        Forecast 100, spread 10, quantiles -1 and 2: 90 to 120.
    """
    moves = spread[:, None, None, :] * quantiles[kinds]
    low = np.minimum.accumulate(np.minimum(moves[:, :, 0], 0.0), axis=1)
    high = np.maximum.accumulate(np.maximum(moves[:, :, 1], 0.0), axis=1)
    base = points[:, None, :]
    least = np.minimum(floor[:, None, None], base)
    ranges = np.stack([np.maximum(base + low, least), base + high], axis=2)
    return ranges.transpose(1, 2, 0, 3)


def measure_growth(errors: Errors) -> float:
    """Return the power of months ahead with which errors grow, within 0 and 1.

    Slope of log mean |scaled error| on log (lag + 1).

    Example:
        Mean errors 1, 1.414, 1.732 at lags 0, 1, 2: 0.5.
    """
    count = np.bincount(errors.lag)
    total = np.bincount(errors.lag, weights=np.abs(errors.scaled))
    lags = np.flatnonzero((count > 0) & (total > 0))
    if len(lags) < 2:
        return 0.0
    size = np.log(total[lags] / count[lags])
    slope = np.polyfit(np.log(lags + 1.0), size, 1, w=np.sqrt(count[lags]))[0]
    return float(np.clip(slope, 0.0, MOST_GROWTH))


def _lean(errors: Errors, tails: Matrix, horizon: int, on: Matrix) -> Matrix:
    """Return the quantiles of a pool, drawn towards others by how few tracks it holds."""
    if not len(errors.scaled):
        return on
    tracks = int(np.bincount(errors.lag).max())
    growth = measure_growth(errors) * tracks / (tracks + PRIOR_TRACKS)
    even = errors.scaled / (errors.lag + 1.0) ** growth
    beyond = np.maximum(1 - (1 - tails) * (1 + 1 / len(even)), 0.0)
    sides = np.stack([np.quantile(even, beyond), np.quantile(even, 1 - beyond)], axis=1)
    own = sides[:, :, None] * _widths(growth, horizon)
    return np.asarray((tracks * own + PRIOR_TRACKS * on) / (tracks + PRIOR_TRACKS))


def _widths(growth: float, horizon: int) -> Matrix:
    return np.asarray((np.arange(horizon) + 1.0) ** growth)


def _row_mean(values: Matrix) -> Matrix:
    """Return each row's mean over its known cells; blank where it has none."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
