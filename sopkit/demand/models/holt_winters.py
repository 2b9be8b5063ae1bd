"""Damped Holt-Winters: level, trend and a season that may change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.models.grids import first_months, make_grid, weigh_rows

Matrix = NDArray[np.float64]
YEAR = 12
ALPHA = (0.02, 0.1, 0.25, 0.5, 0.8)
BETA = (0.0, 0.04, 0.2)
GAMMA = (0.0, 0.07, 0.2)
PHI = 0.95
LEAST = 0.05
LEAST_INDEX = 0.02
START = 6


def forecast_holt_winters(
    values: Matrix, horizon: int, season: Matrix, *, multiplicative: bool
) -> Matrix:
    """Forecast by Holt-Winters with a damped trend, mean over a grid; season included.

    e = y - (l + phi b) s (or + s); l(t) = l + phi b + alpha e / s (or e);
    b(t) = phi b + alpha beta e / s; s(t) = s + gamma (1 - alpha) e / (l + phi b) (or e);
    phi 0.95.

    Args:
        values: a row a series, a column a month, season included; blank before the start only.
        horizon: months ahead.
        season: index of each column modulo 12 to begin with.
        multiplicative: whether the season is a factor, or an amount.

    Example:
        A constant series of 1 with season 1 stays 1.
    """
    grid = make_grid(ALPHA, BETA, GAMMA)
    alpha, beta, gamma = (grid[None, :, column] for column in range(3))
    gain, turn = alpha * beta, gamma * (1 - alpha)
    months = values.shape[1]
    index = season[:, np.arange(months) % YEAR]
    bare = values / index if multiplicative else values - index
    level = np.repeat(first_months(bare, START).mean(axis=1)[:, None], len(grid), axis=1)
    trend, squares = np.zeros_like(level), np.zeros_like(level)
    seasons = np.repeat(season.T[:, :, None], len(grid), axis=2)
    for place in range(months):
        now = seasons[place % YEAR]
        seen = np.isfinite(values[:, place])[:, None]
        month = np.nan_to_num(values[:, [place]])
        step = PHI * trend
        ahead = level + step
        error = np.where(seen, month - (ahead * now if multiplicative else ahead + now), 0.0)
        squares += error * error
        if multiplicative:
            size = np.where(np.abs(ahead) > LEAST, ahead, LEAST)
            np.maximum(now + turn * error / size, LEAST_INDEX, out=now)
            error = error / np.maximum(now, LEAST)
        else:
            now += turn * error
        level = np.where(seen, ahead + alpha * error, level)
        trend = np.where(seen, step + gain * error, trend)
    weight = weigh_rows(squares, np.isfinite(values).sum(axis=1))
    points, reach = np.empty((len(values), horizon)), 0.0
    for step_ahead in range(horizon):
        reach += PHI ** (step_ahead + 1)
        now, ahead = seasons[(months + step_ahead) % YEAR], level + reach * trend
        points[:, step_ahead] = (weight * (ahead * now if multiplicative else ahead + now)).sum(1)
    return points
