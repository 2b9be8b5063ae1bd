"""What a stopped solve still proves: a bound from any prices of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sopkit.supply.model.lp import Array

NOISE = 1e-9


def prove_bound(
    cost: Array,
    lower: Array,
    upper: Array,
    row_lower: Array,
    row_upper: Array,
    matrix: Any,
    row_dual: Array,
) -> float | None:
    """Return what no plan can cost less than, given any prices of the rows (weak duality).

    For prices y, cost x >= sum over rows of y x limit + the sum over columns of the least of
    (cost - y A) x their bounds. It holds for every y; prices near the best ones prove most. Where
    a column without upper bound would pay for more of itself, nothing is proven; all prices are
    then lowered by the one share at which none does. None where no share helps.

    Source: Chvátal, Linear Programming, chapter 5.

    Example:
        Least cost of 2x, x >= 3, at a price of 1.5 a unit of the row: 4.5 (the optimum is 6). At a
        price of 2.5 the prices are lowered by a fifth: 6.
    """
    prices = np.where(np.isinf(row_lower) & (row_dual > 0), 0.0, row_dual)
    prices = np.where(np.isinf(row_upper) & (prices < 0), 0.0, prices)
    reduced = cost - matrix.T @ prices
    pays = np.isinf(upper) & (reduced < -NOISE)
    if pays.any():
        if (cost[pays] <= 0).any():
            return None
        kept = 1.0 - float((reduced[pays] / (reduced[pays] - cost[pays])).max())
        prices, reduced = prices * kept, cost * (1 - kept) + reduced * kept
    reduced = np.where(np.isinf(upper), np.maximum(reduced, 0.0), reduced)
    limit = np.where(prices > 0, row_lower, row_upper)
    bound = np.where(reduced > 0, lower, upper)
    total = (prices * np.where(prices != 0, limit, 0.0)).sum()
    total += (reduced * np.where(reduced != 0, bound, 0.0)).sum()
    return float(total) if np.isfinite(total) else None


def bound_of(solver: Any) -> float | None:
    """Return what a stopped solver's prices prove for the model it holds."""
    found = solver.getSolution()
    if not found.dual_valid:
        return None
    held = solver.getLp()
    proven = prove_bound(
        np.asarray(held.col_cost_),
        np.asarray(held.col_lower_),
        np.asarray(held.col_upper_),
        np.asarray(held.row_lower_),
        np.asarray(held.row_upper_),
        _matrix_of(held),
        np.asarray(found.row_dual),
    )
    return None if proven is None else proven + float(held.offset_)


def _matrix_of(held: Any) -> Any:
    import highspy
    from scipy.sparse import csc_array, csr_array

    stored = held.a_matrix_
    kind = csc_array if stored.format_ == highspy.MatrixFormat.kColwise else csr_array
    parts = (np.asarray(stored.value_), np.asarray(stored.index_), np.asarray(stored.start_))
    return kind(parts, shape=(held.num_row_, held.num_col_))
