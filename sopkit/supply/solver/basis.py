"""A solver's basis with labels, so that a similar model can start from it.

Last month's plan and this month's share most places, ways and months; what both know keeps its
status, what is new starts at its lower limit, and the solver repairs the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.model.lp import Array, Lp, Model

AT_LOWER, BASIC, UNKNOWN = 0, 1, -1


@dataclass(frozen=True)
class Basis:
    """Status of each variable and row, by block.

    Args:
        columns, rows: by block: labels of its rows, and statuses (rows x periods; -1: none).
        periods: months of the columns of each block.
        as_text: whether the labels are texts, as a table keeps them.
    """

    columns: dict[str, tuple[pd.Index, Array]]
    rows: dict[str, tuple[pd.Index, Array]]
    periods: pd.DatetimeIndex
    as_text: bool = False


def to_text(keys: pd.Index) -> pd.Index:
    """Return labels as texts, the parts of one set apart by a bar."""
    if keys.nlevels == 1:
        return pd.Index([str(key) for key in keys], dtype=object)
    return pd.Index(["|".join(map(str, key)) for key in keys], dtype=object)


def label_basis(model: Model, lp: Lp, statuses: tuple[Array, Array]) -> Basis:
    """Return a solver's statuses with the labels of the model."""
    columns, rows = (np.append(one, UNKNOWN).astype(np.int8) for one in statuses)
    return Basis(
        {n: (model.dims[model.blocks[n].dim].keys, columns[at]) for n, at in lp.columns.items()},
        {n: (model.dims[model.rows[n].dim].keys, rows[at]) for n, at in lp.rows.items()},
        model.periods,
    )


def fit_basis(basis: Basis, model: Model, lp: Lp) -> tuple[Array, Array]:
    """Return statuses for another model: those with the same labels and months, else the usual."""
    months = basis.periods.get_indexer(model.periods)
    labels = {
        name: to_text(dim.keys) if basis.as_text else dim.keys for name, dim in model.dims.items()
    }
    columns = [
        _fit(basis.columns.get(n), labels[model.blocks[n].dim], months, AT_LOWER)[at >= 0]
        for n, at in lp.columns.items()
    ]
    rows = [
        _fit(basis.rows.get(n), labels[model.rows[n].dim], months, BASIC)[at >= 0]
        for n, at in lp.rows.items()
    ]
    return np.concatenate(columns), np.concatenate(rows)


def _fit(known: tuple[pd.Index, Array] | None, keys: pd.Index, months: Array, usual: int) -> Array:
    fitted = np.full((len(keys), len(months)), usual, dtype=np.int8)
    if known is None or not len(known[0]) or not len(keys):
        return fitted
    at = np.arange(len(keys)) if keys.equals(known[0]) else known[0].get_indexer(keys)
    found = known[1][at][:, months]
    there = (at >= 0)[:, None] & (months >= 0)[None, :] & (found != UNKNOWN)
    return np.where(there, found, fitted)
