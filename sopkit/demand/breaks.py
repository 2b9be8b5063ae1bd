"""Sudden changes of level (a new channel, a range relaunched), taken out before modelling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
YEAR = 12
LEAST_JUMP = 1.75
MONTHS_AFTER = 8
MOST_BREAKS = 2


def level_breaks(values: Matrix) -> Matrix:
    """Scale the months before a sudden change of level to the level after it.

    A break is a month from which on up to 12 months (8 at least) sold over 1.75 times, or under
    1 / 1.75 of, the same months a year before, beyond the growth seen in the year before the
    break. The largest goes first, then one more where there is one. Without this, models take a
    jump for a season or a trend.

    Args:
        values: a row a series, a column a month; blank before the start.

    Returns:
        The same panel; only months before a break differ.

    Example:
        Two years of 10, then one of 30: three years of 30. Steady growth of 20 % a year stays.
    """
    level = values
    for _ in range(MOST_BREAKS):
        beyond, jump, place = _find_break(level)
        before = np.arange(values.shape[1])[None, :] < place[:, None]
        broken = before & (beyond > np.log(LEAST_JUMP))[:, None]
        level = np.where(broken, level * np.exp(jump)[:, None], level)
    return level


def _find_break(values: Matrix) -> tuple[Matrix, Matrix, NDArray[np.int_]]:
    """Return each series' largest change of growth, its jump (both logs) and its first month."""
    count, months = values.shape
    sums = np.concatenate([np.zeros((count, 1)), np.nan_to_num(values).cumsum(axis=1)], axis=1)
    known = np.isfinite(values)
    start = np.where(known.any(axis=1), known.argmax(axis=1), months)
    best, found, place = np.zeros(count), np.zeros(count), np.zeros(count, dtype=int)
    for month in range(YEAR, months - MONTHS_AFTER + 1):
        jump = _log_ratio(sums, month, min(YEAR, months - month))
        growth = _log_ratio(sums, month - YEAR, YEAR) if month >= 2 * YEAR else np.zeros(count)
        growth = np.where(start <= month - 2 * YEAR, growth, 0.0)
        beyond = np.abs(jump) - np.where(np.sign(growth) == np.sign(jump), np.abs(growth), 0.0)
        better = (start <= month - YEAR) & (beyond > best)
        best, found = np.where(better, beyond, best), np.where(better, jump, found)
        place = np.where(better, month, place)
    return best, found, place


def _log_ratio(sums: Matrix, month: int, span: int) -> Matrix:
    """Return log(sold in `span` months from `month` / in the same a year before); else 0."""
    after = sums[:, month + span] - sums[:, month]
    before = sums[:, month - YEAR + span] - sums[:, month - YEAR]
    known = (after > 0) & (before > 0)
    return np.log(np.where(known, after, 1.0) / np.where(known, before, 1.0))
