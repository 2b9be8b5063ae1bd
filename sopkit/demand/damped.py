"""Seasonal indices and a damped trend for a whole panel at once; some 0.2 ms of CPU a series."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
YEAR = 12
ALPHA = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
BETA = (0.0, 0.03, 0.1, 0.25)
PHI = (0.85, 0.93, 0.98)
FLOOR = 0.05
FORGET = 0.9


def forecast_damped(values: Matrix, horizon: int, season: Matrix | None = None) -> Matrix:
    """Forecast each series by season x damped trend (Gardner and McKenzie 1985).

    l(t) = l + phi b + alpha e, b(t) = phi b + alpha beta e, e = y/season - (l + phi b);
    forecast(h) = season x (l + sum of phi^1..phi^h b). alpha, beta and phi are those of a small
    grid with the least squared one-step errors in the series.

    Args:
        values: a row a series, a column a month; blank before the start, at least one value.
        horizon: months ahead.
        season: what `find_season` returned for the months of `values`; None: no season.

    Returns:
        A row a series, a column a month ahead; never below 0.

    Example:
        A constant series of 10 is forecast as 10.
    """
    months = values.shape[1]
    index = np.ones((len(values), YEAR)) if season is None else season
    level, trend, phi = _fit(values / index[:, np.arange(months) % YEAR])
    steps = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    ahead = index[:, np.arange(months, months + horizon) % YEAR]
    return np.maximum((level[:, None] + trend[:, None] * steps) * ahead, 0.0)


def find_season(values: Matrix) -> Matrix:
    """Return multiplicative seasonal indices, one for each column modulo 12, mean 1.

    Ratio to a centred 2x12 moving average, older years weighing less (x 0.9 a year), shrunk
    towards 1 by what noise alone would show: factor 1 - (variance within months / years) /
    variance between months. Series too short for a moving average get 1.

    Example:
        Years that repeat 6, 12, 18, 12, ... keep just these proportions.
    """
    count, months = values.shape
    if months <= YEAR:
        return np.ones((count, YEAR))
    ratio = values / _centred_mean(values)
    known = np.isfinite(ratio)
    age = (months - 1 - np.arange(months)) // YEAR
    weight = np.where(known, FORGET**age, 0.0)
    groups = np.arange(months) % YEAR
    index = np.ones((count, YEAR))
    for month in range(YEAR):
        of_month = groups == month
        total = weight[:, of_month].sum(axis=1)
        summed = (np.nan_to_num(ratio[:, of_month]) * weight[:, of_month]).sum(axis=1)
        index[:, month] = np.where(total > 0, summed / np.maximum(total, 1e-12), 1.0)
    shrunk = 1 + (index - 1) * _trust(ratio, index[:, groups], known)[:, None]
    floored = np.maximum(shrunk, FLOOR)
    return np.asarray(floored / floored.mean(axis=1, keepdims=True))


def _trust(ratio: Matrix, fitted: Matrix, known: NDArray[np.bool_]) -> Matrix:
    years = np.maximum(known.sum(axis=1) / YEAR, 1.0)
    noise = np.where(known, (np.nan_to_num(ratio) - fitted) ** 2, 0.0).sum(axis=1)
    within = noise / np.maximum(known.sum(axis=1), 1)
    between = np.asarray(fitted[:, -YEAR:].var(axis=1))
    trust = np.clip(1 - within / years / np.maximum(between, 1e-12), 0.0, 1.0)
    return np.where(known.sum(axis=1) >= YEAR, trust, 0.0)


def _centred_mean(values: Matrix) -> Matrix:
    weights = np.ones(YEAR + 1)
    weights[[0, -1]] = 0.5
    mean = np.full_like(values, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(values, YEAR + 1, axis=1)
    mean[:, YEAR // 2 : values.shape[1] - YEAR // 2] = windows @ weights / YEAR
    return np.where(mean > 0, mean, np.nan)


def _fit(values: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return the last level and trend, and phi, of each series' best row of the grid."""
    grid = np.array([(a, b, p) for a in ALPHA for b in BETA for p in PHI if b or p == PHI[0]])
    alpha, beta, phi = (grid[:, column][None, :] for column in range(3))
    known = np.isfinite(values)
    level = np.repeat(_start(values)[:, None], len(grid), axis=1)
    trend, squares = np.zeros_like(level), np.zeros_like(level)
    for month in range(values.shape[1]):
        seen = known[:, [month]]
        guess = level + phi * trend
        error = np.where(seen, np.nan_to_num(values[:, [month]]) - guess, 0.0)
        squares += error**2
        trend = np.where(seen, phi * trend + alpha * beta * error, trend)
        level = np.where(seen, guess + alpha * error, level)
    best, rows = squares.argmin(axis=1), np.arange(len(values))
    return level[rows, best], trend[rows, best], grid[best, 2]


def _start(values: Matrix) -> Matrix:
    """Return the mean of each series' first six months."""
    first = np.isfinite(values).argmax(axis=1)
    since = np.arange(values.shape[1])[None, :] - first[:, None]
    early = np.where((since >= 0) & (since < YEAR // 2), values, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nan_to_num(np.nanmean(early, axis=1))
