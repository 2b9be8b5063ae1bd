"""Sudden changes of level (a new channel, a range relaunched), taken out before modelling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
YEAR = 12
LEAST_JUMP = 1.4
LEAST_SUDDEN = 0.8
MONTHS_AFTER = 8
MONTHS_NEAR = 6
MOST_BREAKS = 2
MOST_CHANGE = 1.5


def level_breaks(values: Matrix) -> Matrix:
    """Scale the months before a sudden change of level to the level after it.

    Growth is log(month / the same month a year before). A break is a month from which on the
    median growth of up to 12 months, 8 at least, lies over log 1.4 above, or below, the growth
    usual in the year before, and over the range of the middle half of these months (noise). Four
    fifths of that must show between the six months before and after it, or it is a slope. The
    most sudden goes first, then one more where there is one. Single outliers move no median.
    Without this, models take a jump for a season or a trend.

    Args:
        values: a row a series, a column a month; blank before the start.

    Returns:
        The same panel; only months before a break differ.

    Example:
        Two years of 10, then one of 30: three years of 30. Steady growth of 20 % a year stays.
    """
    level = values
    for _ in range(MOST_BREAKS):
        jump, place = _find_break(level)
        if not (jump != 0).any():
            return level
        before = np.arange(values.shape[1])[None, :] < place[:, None]
        level = np.where(before, level * np.exp(jump)[:, None], level)
    return level


def _find_break(values: Matrix) -> tuple[Matrix, NDArray[np.int_]]:
    """Return each series' most sudden break: its jump as a log, 0 for none, and its month."""
    count, months = values.shape
    if months < YEAR + MONTHS_AFTER:
        return np.zeros(count), np.zeros(count, dtype=int)
    growth = _growth(values)
    after, spread, seen = _middle_ahead(growth, YEAR)
    before = np.pad(after, ((0, 0), (YEAR, 0)), constant_values=np.nan)[:, :months]
    usual = np.where(np.sign(before) == np.sign(after), np.nan_to_num(before), 0.0)
    jump = np.where(np.abs(after) > np.abs(usual), after - usual, 0.0)
    sudden = _mean_ahead(growth, MONTHS_NEAR) - _mean_behind(growth, MONTHS_NEAR)
    fits = (seen >= MONTHS_AFTER) & (np.abs(jump) > np.maximum(np.log(LEAST_JUMP), spread))
    fits &= np.sign(sudden) == np.sign(jump)
    fits &= np.abs(sudden) >= LEAST_SUDDEN * np.abs(jump)
    size = np.where(fits, np.abs(sudden), 0.0)
    place = size.argmax(axis=1)
    rows = np.arange(count)
    return np.where(size[rows, place] > 0, jump[rows, place], 0.0), place


def _growth(values: Matrix) -> Matrix:
    growth = np.full_like(values, np.nan)
    now, ago = values[:, YEAR:], values[:, :-YEAR]
    both = (now > 0) & (ago > 0)
    growth[:, YEAR:] = np.log(np.where(both, now, np.nan) / np.where(both, ago, np.nan))
    return growth


def _windows(values: Matrix, months: int) -> Matrix:
    """Return for each month the `months` from it on; blank beyond the end."""
    padded = np.pad(values, ((0, 0), (0, months - 1)), constant_values=np.nan)
    return np.lib.stride_tricks.sliding_window_view(padded, months, axis=1)


def _middle_ahead(values: Matrix, months: int) -> tuple[Matrix, Matrix, NDArray[np.int_]]:
    """Return median and range of the middle half of the months from each on, and their number."""
    ordered = np.sort(_windows(values, months), axis=2)
    known = np.isfinite(ordered).sum(axis=2)

    def at(place: NDArray[np.int_]) -> Matrix:
        inside = np.clip(place, 0, months - 1)[:, :, None]
        return np.asarray(np.take_along_axis(ordered, inside, axis=2)[:, :, 0])

    middle = (at((known - 1) // 2) + at(known // 2)) / 2
    return middle, at(known - 1 - known // 4) - at(known // 4), known


def _mean_ahead(values: Matrix, months: int) -> Matrix:
    window = np.clip(_windows(values, months), -MOST_CHANGE, MOST_CHANGE)
    known = np.isfinite(window)
    total = np.where(known, window, 0.0).sum(axis=2)
    return np.where(known.any(axis=2), total / np.maximum(known.sum(axis=2), 1), np.nan)


def _mean_behind(values: Matrix, months: int) -> Matrix:
    """Return the mean of the months before each."""
    ahead = _mean_ahead(np.pad(values, ((0, 0), (months, 0)), constant_values=np.nan), months)
    return ahead[:, : values.shape[1]]
