"""Grids of parameters, and how much each of their rows counts for each series."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
LEAST_SQUARE = 1e-10


def make_grid(*axes: tuple[float, ...]) -> Matrix:
    """Return every combination of the axes' values, a row each.

    Example:
        (0.1, 0.5) and (1, 2): four rows.
    """
    return np.array(list(itertools.product(*axes)), dtype=float)


def weigh_rows(squares: Matrix, count: Matrix) -> Matrix:
    """Return the weight of each row of a grid: its likelihood under normal errors.

    weight = (mean square) ** (-count / 2), summing to 1 a series. The more months a series has,
    the nearer this comes to the best row alone.

    Args:
        squares: a row a series, a column a row of the grid: summed squared errors.
        count: errors summed, for each series.

    Example:
        Squares 4 and 1 over two errors: weights 0.2 and 0.8.
    """
    known = np.maximum(count, 1)[:, None]
    likelihood = -0.5 * known * np.log(np.maximum(squares / known, LEAST_SQUARE))
    weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def first_months(values: Matrix, months: int) -> Matrix:
    """Return the first known months of each series; a shorter series repeats its last."""
    first = np.isfinite(values).argmax(axis=1)
    columns = np.minimum(first[:, None] + np.arange(months), values.shape[1] - 1)
    return np.take_along_axis(values, columns, axis=1)
