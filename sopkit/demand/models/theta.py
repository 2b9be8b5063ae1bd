"""Theta: simple smoothing with a share of the straight line's slope, by month and by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.models.grids import first_months, make_grid, weigh_rows

Matrix = NDArray[np.float64]
ALPHA = (0.02, 0.07, 0.15, 0.3, 0.5, 0.75, 1.0)
THETA = (1.0, 1.5, 2.0, 4.0, 20.0)
WARM_UP = 3
LEAST_BLOCKS = 4


def forecast_theta(values: Matrix, horizon: int, *, warm_up: int = WARM_UP) -> Matrix:
    """Forecast by the dynamic theta model (Fiorucci et al. 2016), mean over a grid.

    With l the simply smoothed level and a, b the line fitted to the n months so far,
    forecast(h) = l + (1 - 1/theta) (a (1-alpha)^n + b (h - 1 + (1 - (1-alpha)^(n+1)) / alpha));
    theta 1 is simple smoothing, theta 2 goes half the slope, and so on.

    Args:
        values: a row a series, a column a month; blank before the start only.
        horizon: months ahead.
        warm_up: first months whose errors do not count.

    Example:
        A constant series of 1 stays 1.
    """
    grid = make_grid(ALPHA, THETA)
    alpha, share = grid[None, :, 0], 1 - 1 / grid[None, :, 1]
    level = np.repeat(first_months(values, WARM_UP).mean(axis=1)[:, None], len(grid), axis=1)
    squares, decay = np.zeros_like(level), np.ones_like(level)
    count, mean = np.zeros(len(values)), np.zeros(len(values))
    start, slope = np.zeros(len(values)), np.zeros(len(values))
    for column in values.T:
        seen = np.isfinite(column)
        month = np.where(seen, column, 0.0)
        error = month[:, None] - level
        drift = share * _drift(start, slope, decay, alpha)
        scored = (seen & (count >= warm_up))[:, None]
        squares += np.where(scored, error - drift * (count >= 2)[:, None], 0.0) ** 2
        level += np.where(seen[:, None], alpha * error, 0.0)
        decay *= np.where(seen[:, None], 1 - alpha, 1.0)
        turn = ((count - 1) * slope + 6 * (month - mean) / (count + 1)) / (count + 2)
        slope = np.where(seen & (count >= 1), turn, slope)
        mean = np.where(seen, (count * mean + month) / (count + 1), mean)
        count = count + seen
        start = mean - slope * (count + 1) / 2
    weight = weigh_rows(squares, count - warm_up)
    first = (weight * (level + share * _drift(start, slope, decay, alpha))).sum(axis=1)
    step = (weight * share).sum(axis=1) * slope
    return np.asarray(first[:, None] + step[:, None] * np.arange(horizon))


def _drift(start: Matrix, slope: Matrix, decay: Matrix, alpha: Matrix) -> Matrix:
    """Return a (1-alpha)^n + b (1 - (1-alpha)^(n+1)) / alpha, `decay` being (1-alpha)^n."""
    reach = (1 - decay * (1 - alpha)) / alpha
    return np.asarray(start[:, None] * decay + slope[:, None] * reach)


def forecast_theta_blocks(values: Matrix, horizon: int, months: int) -> Matrix:
    """Forecast means of blocks of months by theta, and draw straight lines between their middles.

    Summed months are calmer, so trends show earlier (temporal aggregation, Kourentzes et al.
    2014). Series with under four whole blocks are forecast month by month.

    Args:
        values: a row a series, a column a month; blank before the start only.
        horizon: months ahead.
        months: length of a block; the newest ends with the last month.

    Example:
        A constant series of 1 stays 1.
    """
    blocks = values.shape[1] // months
    whole = values[:, values.shape[1] - blocks * months :].reshape(len(values), blocks, months)
    means = whole.mean(axis=2)
    long = np.isfinite(means).sum(axis=1) >= LEAST_BLOCKS
    points = np.empty((len(values), horizon))
    if not long.all():
        points[~long] = forecast_theta(values[~long], horizon)
    if long.any():
        ahead = forecast_theta(means[long], max(-(-horizon // months), 2), warm_up=1)
        middle = np.arange(ahead.shape[1]) * months + (months + 1) / 2
        step = np.arange(1, horizon + 1)
        left = np.clip(np.searchsorted(middle, step) - 1, 0, len(middle) - 2)
        share = (step - middle[left]) / months
        points[long] = ahead[:, left] * (1 - share) + ahead[:, left + 1] * share
    return points
