"""Whether a series is more than noise round a level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
LAGS = (1, 2, 3, 12)
LEAST_MONTHS = 24
MIDDLE = 2.2
WIDTH = 0.5
OUTLIER = 3.0


def weigh_noise(values: Matrix) -> Matrix:
    """Return how far each series looks like independent noise round its mean, 0 to 1.

    Q = n (n + 2) sum of r(k)^2 / (n - k) over lags k of 1, 2, 3 and 12 months with a positive
    correlation r(k) (Ljung and Box 1978); noise alone has about 2. The weight is
    1 / (1 + exp((Q - 2.2) / 0.5)): trend, memory or season soon make it 0. Months beyond three
    standard deviations count as three. 0 under 24 months.

    Args:
        values: a row a series, a column a month; blanks are left out.

    Example:
        A straight line over 36 months: 0.
    """
    known = np.isfinite(values)
    count = known.sum(axis=1)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    gap = np.where(known, values - mean[:, None], 0.0)
    usual = np.sqrt((gap**2).sum(axis=1) / np.maximum(count, 1))[:, None]
    gap = np.clip(gap, -OUTLIER * usual, OUTLIER * usual)
    square = (gap**2).sum(axis=1)
    total = np.zeros(len(values))
    for lag in LAGS:
        if lag < values.shape[1]:
            product = (gap[:, lag:] * gap[:, :-lag]).sum(axis=1)
            related = np.maximum(product, 0.0) / np.where(square > 0, square, 1.0)
            total += count * (count + 2) * related**2 / np.maximum(count - lag, 1)
    weight = 1 / (1 + np.exp(np.clip((total - MIDDLE) / WIDTH, -50.0, 50.0)))
    return np.asarray(np.where(count >= LEAST_MONTHS, weight, 0.0))
