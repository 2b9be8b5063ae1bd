"""Values that break a row the rules do not know are brought inside it, at the least cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.model.lp import Lp, Model, to_lp
from sopkit.supply.model.units import find_money

TOLERANCE = 1e-6


def repair_values(
    case: Case, streams: Streams, model: Model, values: dict[str, Array]
) -> dict[str, Array]:
    """Return values that keep every row of the model.

    Shelf life and agreed shares couple months and suppliers in ways that are not planned by hand.
    Where the plan by rules breaks such a row, the nearest that keeps it is solved for: nothing is
    started beyond the plan by rules (save for purchases under an agreed share), the rest follows.
    """
    lp = to_lp(model, find_money(streams, model.dims["stream"].unit))
    x = to_columns(lp, values)
    if not _breaks(lp, x):
        return values
    from sopkit.supply.solver.highs import solve_lp

    most = values["flow"].copy()
    shared = np.unique(case.shares.other)
    most[shared] = model.blocks["flow"].upper[shared]
    cells = lp.columns["flow"]
    upper = lp.upper.copy()
    inside = cells >= 0
    upper[cells[inside]] = most[inside] / lp.column_unit[cells[inside]]
    bound = replace(lp, upper=np.maximum(np.minimum(upper, lp.upper), lp.lower))
    found = solve_lp(bound)
    return values if found.x is None else lp.values(found.x)


def to_columns(lp: Lp, values: dict[str, Array]) -> Array:
    """Return values by block as the columns of a solver."""
    x = np.zeros(len(lp.cost))
    for name, cells in lp.columns.items():
        inside = cells >= 0
        if name in values:
            x[cells[inside]] = values[name][inside]
    return x / lp.column_unit


def _breaks(lp: Lp, x: Array) -> bool:
    """Return whether any row or bound is broken by more than rounding."""
    sums = lp.matrix @ x
    size = TOLERANCE * (1.0 + abs(lp.matrix) @ abs(x))
    rows = (sums > lp.row_upper + size) | (sums < lp.row_lower - size)
    least = TOLERANCE * (1.0 + abs(x))
    return bool(rows.any() or (x > lp.upper + least).any() or (x < lp.lower - least).any())
