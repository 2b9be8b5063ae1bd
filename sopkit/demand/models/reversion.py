"""Return to a straight line: what today lies above it fades, as such gaps faded before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
MOST_MEMORY = 0.98
YEAR = 12


def forecast_reversion(values: Matrix, horizon: int) -> Matrix:
    """Forecast a straight line plus a gap that fades by its own memory phi.

    The line is fitted to all months; its slope is shrunk by 1 - (its variance / its square), at
    least 0, the variance allowing for memory: x (1 + phi) / (1 - phi). phi is the gaps'
    correlation from month to month, with Kendall's correction (1 + 3 phi) / n for short series.
    forecast(h) = line(h) + phi^h x smoothed last gap.

    Args:
        values: a row a series, a column a month; blank before the start only.
        horizon: months ahead.

    Example:
        A constant series of 1 stays 1.
    """
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    time = np.arange(values.shape[1]) - values.shape[1] + 1.0
    count = known.sum(axis=1)
    centre, mean = (known * time).sum(axis=1) / count, filled.sum(axis=1) / count
    away = (time - centre[:, None]) * known
    spread = np.maximum((away**2).sum(axis=1), 1.0)
    slope = (away * filled).sum(axis=1) / spread
    gap = np.where(known, filled - mean[:, None] - slope[:, None] * away, 0.0)
    phi = _memory(gap, known, count)
    variance = (gap**2).sum(axis=1) / np.maximum(count - 2, 1) * (1 + phi) / (1 - phi) / spread
    slope = slope * np.clip(1 - variance / np.maximum(slope**2, 1e-300), 0.0, 1.0)
    gap = np.where(known, filled - mean[:, None] - slope[:, None] * away, 0.0)
    last = _smooth(gap, phi)
    ahead = np.arange(1, horizon + 1)
    line = mean[:, None] + slope[:, None] * (ahead - centre[:, None])
    return np.asarray(line + last[:, None] * phi[:, None] ** ahead)


def _memory(gap: Matrix, known: NDArray[np.bool_], count: NDArray[np.int_]) -> Matrix:
    both = known[:, 1:] & known[:, :-1]
    before = np.where(both, gap[:, :-1], 0.0)
    square = np.maximum((before**2).sum(axis=1), 1e-12)
    phi = (gap[:, 1:] * before).sum(axis=1) / square
    return np.asarray(np.clip(phi + (1 + 3 * phi) / np.maximum(count, 4), 0.0, MOST_MEMORY))


def _smooth(gap: Matrix, phi: Matrix) -> Matrix:
    """Return the last gap, smoothed over a year: g(t) = phi g + phi' (gap - phi g)."""
    share = np.clip(phi, 0.1, 0.9)
    last = np.zeros(len(gap))
    for month in gap[:, -YEAR:].T:
        last = phi * last + share * (month - phi * last)
    return last
