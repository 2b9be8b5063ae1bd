"""Rows given at any level (an item, a family, a region or all) against the cells they cover."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import ALL

LEVEL = ["item", "family", "location", "customer"]


def add_family(cells: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the family of each item; `other` where the item has no master row."""
    families = item[["item", "family"]]
    joined = cells.merge(families, on="item", how="left", validate="many_to_one")
    return joined.assign(family=joined["family"].fillna("other"))


def sum_matching(rows: pd.DataFrame, cells: pd.DataFrame, values: list[str]) -> pd.DataFrame:
    """Add to each row the sums of the cells of its month that lie under its level.

    Args:
        rows: `item`, `family`, `location`, `customer` (each a code or `all`) and `period`.
        cells: the same columns, all of them codes, and `values`.
        values: columns of `cells` to sum.

    Returns:
        `rows` in their order with the `values`; blank where no cell lies under the row.

    Example:
        A row (all, tea, all, all, 2026-01) takes the sum of all tea cells of January.
    """
    rows = rows.reset_index(drop=True)
    named = rows[LEVEL] != ALL
    matched = [rows.iloc[:0].assign(**dict.fromkeys(values, 0.0))]
    for pattern, part in rows.groupby([named[name] for name in LEVEL], sort=True):
        names = [name for name, is_named in zip(LEVEL, pattern, strict=True) if is_named]
        sums = cells.groupby([*names, "period"], as_index=False)[values].sum()
        found = part.merge(sums, on=[*names, "period"], how="left", validate="many_to_one")
        matched.append(found.set_axis(part.index))
    return pd.concat(matched).sort_index(kind="stable").reset_index(drop=True)
