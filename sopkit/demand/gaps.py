"""Months missing inside a series, filled by a rule that is stated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.models import bridge_gaps, measure_season

Matrix = NDArray[np.float64]
YEAR = 12
RULES = {
    "zero": "count 0",
    "missing": "are taken between their neighbours, season considered",
}


def find_inner_gaps(values: Matrix) -> NDArray[np.bool_]:
    """Return where a series has no number after its first one.

    Example:
        blank, 5, blank, 7: the third month.
    """
    return np.isnan(values) & np.logical_or.accumulate(np.isfinite(values), axis=1)


def fill_gaps(values: Matrix, rule: str) -> Matrix:
    """Fill the months missing inside series by a rule; blanks before the start stay.

    zero: 0. missing: on the line between the known months on either side, both divided by their
    season (`models.measure_season`), times the month's own season; after the last known month its
    level stays.

    Args:
        values: a row a series, a column a month, none negative.
        rule: `zero` or `missing`.

    Example:
        10, blank, 30 becomes 10, 0, 30 or 10, 20, 30.
    """
    gaps = find_inner_gaps(values)
    if rule == "zero" or not gaps.any():
        return np.where(gaps, 0.0, values)
    rows = np.flatnonzero(gaps.any(axis=1))
    season = measure_season(values[rows], multiplicative=True).indices
    usual = season[:, np.arange(values.shape[1]) % YEAR]
    filled = values.copy()
    filled[rows] = np.where(gaps[rows], bridge_gaps(values[rows] / usual) * usual, values[rows])
    return filled
