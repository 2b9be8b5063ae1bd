"""The basis of a plan as a table, so that whoever asks the plan later starts where it ended."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array
from sopkit.supply.solver.basis import UNKNOWN, Basis, to_text
from sopkit.tables import TABLES, fit_columns

_SIGNS = np.array(list("-01234"))  # by status + 1


def list_basis(basis: Basis | None) -> pd.DataFrame:
    """Return a basis as contract `plan_basis`, a row per row of a block; empty without a basis.

    Example:
        A line at its limit in the second of three months: part row, block capacity_limit, label
        L1, statuses `120` (basic, at its upper limit, at its lower).
    """
    table = TABLES["plan_basis"]
    if basis is None:
        return table.empty()
    frames = [
        pd.DataFrame(
            {
                "part": part,
                "block": block,
                "label": to_text(keys),
                "first_period": basis.periods[0],
                "statuses": _write(statuses),
            }
        )
        for part, blocks in (("column", basis.columns), ("row", basis.rows))
        for block, (keys, statuses) in blocks.items()
        if len(keys)
    ]
    return fit_columns(pd.concat(frames, ignore_index=True), table) if frames else table.empty()


def read_basis(plan_basis: pd.DataFrame) -> Basis | None:
    """Return the basis that a table holds; None where it is empty.

    Args:
        plan_basis: contract `plan_basis`.
    """
    if plan_basis.empty:
        return None
    months = len(str(plan_basis["statuses"].iloc[0]))
    parts: dict[str, dict[str, tuple[pd.Index, Array]]] = {"column": {}, "row": {}}
    for (part, block), rows in plan_basis.groupby(["part", "block"], sort=False):
        labels = pd.Index(rows["label"].to_numpy(object), dtype=object)
        parts[str(part)][str(block)] = (labels, _read(rows["statuses"], months))
    first = plan_basis["first_period"].iloc[0]
    periods = pd.date_range(first, periods=months, freq="MS", name="period")
    return Basis(parts["column"], parts["row"], periods, as_text=True)


def _write(statuses: Array) -> Array:
    """Return a text a row: a digit a month, - where there is no cell."""
    signs = np.ascontiguousarray(_SIGNS[statuses.astype(np.int64) - UNKNOWN])
    return signs.view(f"U{statuses.shape[1]}").ravel().astype(object)


def _read(texts: pd.Series, months: int) -> Array:
    signs = texts.to_numpy(f"U{months}").view("U1").reshape(len(texts), months)
    return (np.searchsorted(_SIGNS, signs) + UNKNOWN).astype(np.int8)
