"""Damped trend, its parameters judged one month and three months ahead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.models.grids import first_months, make_grid, weigh_rows

Matrix = NDArray[np.float64]
ALPHA = (0.02, 0.07, 0.15, 0.3, 0.5, 0.8)
BETA = (0.0, 0.04, 0.2)
PHI = (0.8, 0.9, 0.97)
YEAR = 12
FAR = 3
WARM_UP = 3


def forecast_trend(values: Matrix, horizon: int) -> Matrix:
    """Forecast by a damped trend (Gardner and McKenzie 1985), mean over a grid.

    l(t) = l + phi b + alpha e, b(t) = phi b + alpha beta e, e = y - (l + phi b);
    forecast(h) = l + sum of phi^1..phi^h b. A row of the grid counts by its errors one month and
    three months ahead: one month alone overrates quick trends.

    Args:
        values: a row a series, a column a month; blank before the start only.
        horizon: months ahead.

    Example:
        A constant series of 1 stays 1.
    """
    grid = make_grid(ALPHA, BETA, PHI)
    grid = grid[(grid[:, 1] > 0) | (grid[:, 2] == PHI[0])]
    alpha, beta, phi = (grid[None, :, column] for column in range(3))
    gain, far = alpha * beta, phi + phi**2 + phi**3
    level, trend = start_of(values)
    level = np.repeat(level[:, None], len(grid), axis=1)
    trend = trend[:, None] * (beta > 0)
    squares, count = np.zeros_like(level), np.zeros(len(values))
    months = values.shape[1]
    for place in range(months):
        seen = np.isfinite(values[:, place])
        later = values[:, min(place + FAR - 1, months - 1)]
        if place + FAR <= months:
            scored = (count >= WARM_UP)[:, None]
            squares += np.where(scored, later[:, None] - level - far * trend, 0.0) ** 2
        step = phi * trend
        month = np.where(seen, values[:, place], 0.0)
        error = np.where(seen[:, None], month[:, None] - level - step, 0.0)
        squares += error * error
        level += np.where(seen[:, None], step, 0.0) + alpha * error
        trend = np.where(seen[:, None], step + gain * error, trend)
        count = count + seen
    weight = weigh_rows(squares, count)
    points = np.repeat((weight * level).sum(axis=1)[:, None], horizon, axis=1)
    for power in PHI:
        way = (weight * trend * (phi == power)).sum(axis=1)
        points += way[:, None] * np.cumsum(power ** np.arange(1, horizon + 1))
    return points


def start_of(values: Matrix) -> tuple[Matrix, Matrix]:
    """Return level and trend before the first month: half the slope of the first year."""
    early = first_months(values, YEAR)
    away = np.arange(YEAR) - (YEAR - 1) / 2
    slope = (away * (early - early.mean(axis=1, keepdims=True))).sum(axis=1) / (away**2).sum()
    return early.mean(axis=1) - slope / 2 * (YEAR + 1) / 2, slope / 2
