"""Season x damped trend: the quick way for series too short for the ensemble, and a reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.models import bridge_gaps, forecast_trend, measure_season

Matrix = NDArray[np.float64]
YEAR = 12


def forecast_damped(values: Matrix, horizon: int, season: Matrix | None = None) -> Matrix:
    """Forecast each series by season x damped trend (`forecast_trend`).

    Args:
        values: a row a series, a column a month; blank before the start, at least one value.
        horizon: months ahead.
        season: what `find_season` returned for the months of `values`; None: no season.

    Returns:
        A row a series, a column a month ahead; never below 0 where history is not.

    Example:
        A constant series of 10 is forecast as 10.
    """
    if not len(values):
        return np.zeros((0, horizon))
    months = values.shape[1]
    index = np.ones((len(values), YEAR)) if season is None else season
    level = bridge_gaps(values / index[:, np.arange(months) % YEAR])
    size = np.nanmean(np.abs(level), axis=1, keepdims=True)
    size = np.where(size > 0, size, 1.0)
    ahead = index[:, np.arange(months, months + horizon) % YEAR]
    points = forecast_trend(level / size, horizon) * size * ahead
    least = np.where(np.nanmin(values, axis=1, keepdims=True) < 0, -np.inf, 0.0)
    return np.asarray(np.maximum(points, least))


def find_season(values: Matrix) -> Matrix:
    """Return multiplicative seasonal indices, one for each column modulo 12, mean 1.

    See `measure_season`. Up to 12 months tell no season: 1.

    Example:
        Years that repeat 6, 12, 18, 12, ... keep just these proportions.
    """
    return measure_season(values, multiplicative=True).indices
