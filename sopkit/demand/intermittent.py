"""Sporadic demand: how much a month on average, without promising which month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
ALPHA = (0.1, 0.125, 0.15, 0.175, 0.2, 0.225, 0.25, 0.275, 0.3)
CHUNK = 1024


def forecast_intermittent_values(values: Matrix, horizon: int) -> Matrix:
    """Forecast sporadic demand by IMAPA, the same in every month ahead.

    Demand is averaged over blocks of 1, 2, ... months, up to its mean interval between demands;
    each row of blocks is simply smoothed, with the alpha from 0.1 to 0.3 of least squared errors;
    the forecast is the mean over block lengths (Petropoulos and Kourentzes 2015). Unlike Croston's
    method it is not biased upward, and it follows demand that fades out.

    Args:
        values: a row a series, a column a month; blank before the start; other blanks count 0.
        horizon: months ahead.

    Returns:
        A row a series, a column a month ahead; a series without demand is 0.

    Example:
        6, 0, 0 again and again: 2 a month, a little more or less by where the last 6 lies.
    """
    level = np.zeros(len(values))
    for first in range(0, len(values), CHUNK):
        level[first : first + CHUNK] = _average_levels(values[first : first + CHUNK])
    return np.repeat(level[:, None], horizon, axis=1)


def _average_levels(values: Matrix) -> Matrix:
    """Return each series' mean of smoothed block means over block lengths."""
    started = np.isfinite(values).cumsum(axis=1) > 0
    filled = np.where(started, np.nan_to_num(values), np.nan)
    most = longest_blocks(filled)
    total = np.zeros(len(values))
    for months in range(1, int(most.max(initial=0)) + 1):
        rows = most >= months
        total[rows] += _smooth_blocks(filled[rows], months)
    return total / np.maximum(most, 1)


def longest_blocks(values: Matrix) -> NDArray[np.int_]:
    """Return the mean interval between demands in whole months; 0 without demand.

    Months up to the last demand / months with demand.

    Example:
        5, 0, 0, 7, 0: four months up to the last demand, two with demand: 2.
    """
    busy = np.isfinite(values) & (values != 0)
    known = np.isfinite(values).sum(axis=1)
    silent = busy[:, ::-1].argmax(axis=1)
    interval = (known - silent) / np.maximum(busy.sum(axis=1), 1)
    return np.where(busy.any(axis=1), np.maximum(np.rint(interval), 1), 0).astype(int)


def _smooth_blocks(values: Matrix, months: int) -> Matrix:
    """Return the last smoothed mean of blocks of months, the newest ending with the last month."""
    count = values.shape[1] // months
    whole = values[:, values.shape[1] - count * months :].reshape(len(values), count, months)
    means, alpha = whole.mean(axis=2), np.array(ALPHA)[None, :]
    known = np.isfinite(means)
    level = np.zeros((len(values), len(ALPHA)))
    squares, begun = np.zeros_like(level), np.zeros(len(values), dtype=bool)
    for block, seen in zip(np.where(known, means, 0.0).T, known.T, strict=True):
        error = block[:, None] - level
        squares += np.where((seen & begun)[:, None], error**2, 0.0)
        gain = np.where(begun[:, None], alpha, 1.0)
        level += np.where(seen[:, None], gain * error, 0.0)
        begun = begun | seen
    return np.asarray(level[np.arange(len(values)), squares.argmin(axis=1)])
