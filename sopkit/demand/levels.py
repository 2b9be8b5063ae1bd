"""Numbers given at any level of item, family, location and customer, and the leaves below them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.tables import ALL, LEAF

LEVEL = ["item", "family", "location", "customer"]


def add_family(rows: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the family of each item; `other` where the master has none."""
    known = rows.drop(columns="family", errors="ignore").merge(
        item[["item", "family"]], on="item", how="left", validate="many_to_one"
    )
    return known.fillna({"family": "other"})


def group_by_level(cells: pd.DataFrame) -> list[tuple[list[str], pd.DataFrame]]:
    """Split cells by the columns that name something; `all` names nothing.

    Example:
        A row for family Water and one for item A at location D: two groups, ["family"] and
        ["item", "location"].
    """
    named = cells[LEVEL].apply(lambda codes: codes != ALL)
    groups = []
    for key, rows in cells.groupby([named[name] for name in LEVEL], sort=True):
        flags = key if isinstance(key, tuple) else (key,)
        groups.append(([name for name, used in zip(LEVEL, flags, strict=True) if used], rows))
    return groups


def match_leaves(cells: pd.DataFrame, leaves: pd.DataFrame) -> pd.DataFrame:
    """Return each cell with every leaf of its month below it.

    Args:
        cells: LEVEL, `period` and further columns.
        leaves: LEVEL (all named), `period` and further columns, none of them in `cells`.

    Returns:
        The columns of `cells` other than LEVEL, with those of the leaves.
    """
    found = []
    for named, rows in group_by_level(cells):
        told = rows.drop(columns=[name for name in LEVEL if name not in named])
        found.append(told.merge(leaves, on=[*named, "period"], how="inner"))
    if not found:
        return leaves.iloc[:0].reindex(
            columns=[*leaves.columns, *cells.columns.difference(leaves.columns)]
        )
    return pd.concat(found, ignore_index=True)


def split_amount(amount: float, weights: pd.Series, fallback: pd.Series) -> pd.Series:
    """Split an amount by weights; by `fallback` where these are 0, evenly where both are.

    The parts sum to the amount: the largest takes the rounding of the last digit.

    Example:
        10 by weights 1 and 3: 2.5 and 7.5.
    """
    chosen = next((w for w in (weights, fallback) if w.sum() > 0), weights * 0.0 + 1.0)
    parts = amount * chosen / chosen.sum()
    largest = int(np.argmax(chosen.to_numpy()))
    parts.iloc[largest] += amount - parts.sum()
    return parts


def recent_demand(history: pd.DataFrame, months: int = 12) -> pd.DataFrame:
    """Return (item, location, customer) with `recent_qty`: cleaned demand of the last months."""
    since = history["period"].max() - pd.DateOffset(months=months)
    late = history[history["period"] > since]
    key = LEAF
    return late.groupby(key, as_index=False).agg(recent_qty=("cleaned_qty", "sum"))
