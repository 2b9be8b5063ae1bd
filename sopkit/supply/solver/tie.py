"""Sums of a plan made exact: one step of iterative refinement on the solver's own basis."""

from __future__ import annotations

from typing import Any

import numpy as np

from sopkit.supply.model.lp import Array, Lp

TIED = 1e-7
AT_LOWER, AT_UPPER = 0, 2


def tie_sums(solver: Any, lp: Lp, x: Array, basis: tuple[Array, Array]) -> Array:
    """Return an optimum whose rows tie, where the solver's values leave gaps.

    Lead times that split over two months chain the months of a plan, and through a long chain the
    values of a basis that is optimal come out a few thousandths wrong. Columns at a bound are put
    on it, what the rows then lack is solved for the basic columns (x_B += inverse of B x gap), and
    that is the same basis with exact sums: no search, no other plan. Values that tie are returned
    as they are, and so are those that the step does not bring nearer.

    Args:
        solver: has run on the arrays and holds the basis.
        x: values of the columns; basis: status of columns and rows.
    """
    before = row_gap(lp, x)
    if before <= TIED:
        return x
    tied = _refine(solver, lp, x, basis)
    return tied if tied is not None and row_gap(lp, tied) < before else x


def row_gap(lp: Lp, x: Array) -> float:
    """Return the most by which a row is off its limits [model units]."""
    sums = lp.matrix @ x
    gap = np.maximum(sums - lp.row_upper, lp.row_lower - sums)
    return float(gap.max(initial=0.0))


def _refine(solver: Any, lp: Lp, x: Array, basis: tuple[Array, Array]) -> Array | None:
    status, basic = solver.getBasicVariables()
    if int(status) != 0:
        return None
    columns, rows = basis
    pinned = np.where(columns == AT_LOWER, lp.lower, np.where(columns == AT_UPPER, lp.upper, x))
    sums = lp.matrix @ pinned
    wanted = np.where(
        rows == AT_LOWER, lp.row_lower, np.where(rows == AT_UPPER, lp.row_upper, sums)
    )
    status, step = solver.getBasisSolve(wanted - sums)[:2]
    basic = np.asarray(basic)
    if int(status) != 0 or len(basic) != len(rows):
        return None
    of_column = basic >= 0
    pinned[basic[of_column]] += np.asarray(step)[of_column]
    return np.clip(pinned, lp.lower, lp.upper)
