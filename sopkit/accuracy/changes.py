"""People's changes: how often they hit, and how the items nobody touched fared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sopkit.accuracy.scores import score_forecasts
from sopkit.accuracy.value import add_direction, measure_value

SMALL_RATE, LARGE_RATE = 0.05, 0.20
LEAST_CHANGE = 1e-6


def add_change(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that somebody changed, with `direction` and `size` of the change.

    Size is |after - before| / before: small below 5 %, medium below 20 %, else large (also where
    nothing was expected before).

    Args:
        cells: `before_qty`, `after_qty` and further columns.

    Example:
        Before 100, after 110: up, medium. Before 100, after 100: left out.
    """
    change = (cells["after_qty"] - cells["before_qty"]).abs()
    changed = cells[change > LEAST_CHANGE * (1 + cells["before_qty"].abs())]
    rate = change / cells["before_qty"].where(cells["before_qty"] > 0)
    rate = rate.reindex(changed.index).fillna(np.inf)
    size = np.select([rate < SMALL_RATE, rate < LARGE_RATE], ["small", "medium"], "large")
    return add_direction(changed, "after_qty", "before_qty").assign(size=size)


def measure_hits(
    cells: pd.DataFrame, by: Sequence[str] = ("owner", "direction", "size"), **options: Any
) -> pd.DataFrame:
    """Measure how often people's changes brought the forecast nearer to what came.

    Hit rate = share with |actual - after| < |actual - before|, ties left out. A rate above one half
    can still do harm when the misses are the large ones; so the value in WAPE stands beside it.

    Args:
        cells: `before_qty`, `after_qty`, `actual_qty`, `period` and what `by` names beside
            `direction` and `size`, which are added here; a row a cell and override.
        by: columns to group by.
        options: what `measure_value` takes.

    Returns:
        `by`, `change_count` (changed cells, ties out), `hit_rate` and the columns of
        `measure_value`.

    Example:
        Actual 10, before 8: after 9 hits, after 14 misses, after 8 is no change: 0.5 of 2.
    """
    changed = add_change(cells)
    key = list(by)
    before = (changed["actual_qty"] - changed["before_qty"]).abs()
    after = (changed["actual_qty"] - changed["after_qty"]).abs()
    hits = changed.assign(
        counted=(before != after).astype(int),
        hit=(after < before).astype(int),
        forecast_qty=changed["after_qty"],
        reference_qty=changed["before_qty"],
        everything="all",
    )
    value = measure_value(hits, key, **options)
    sums = hits.groupby(key or ["everything"], sort=True)[["counted", "hit"]].sum()
    value.insert(len(key), "change_count", sums["counted"].to_numpy())
    rate = (sums["hit"] / sums["counted"].where(sums["counted"] > 0)).to_numpy()
    value.insert(len(key) + 1, "hit_rate", rate)
    return value


def measure_touchless(
    cells: pd.DataFrame, unit: Sequence[str] = ("item",), by: Sequence[str] = ()
) -> pd.DataFrame:
    """Measure the share of items whose forecast was accepted with no edit, and how these fared.

    Args:
        cells: `cycle`, `period`, columns of `unit` and `by`, `before_qty` (without overrides),
            `after_qty` (agreed), `actual_qty`.
        unit: what counts as one item.
        by: columns to group by, such as the family.

    Returns:
        A row a group for `touched` False, and one for True: `unit_count` (items times cycles),
        `share_rate` of all of them, `wape_rate` (after), `before_wape_rate`, `value_added_rate`.

    Example:
        Three items, one of them edited: touched False has a share of 2/3.
    """
    key = list(by)
    change = (cells["after_qty"] - cells["before_qty"]).abs()
    edited = change > LEAST_CHANGE * (1 + cells["before_qty"].abs())
    one = [name for name in ("cycle", *unit) if name in cells.columns]
    touched = edited.groupby([cells[name] for name in one]).transform("any")
    rows = cells.assign(
        touched=touched, forecast_qty=cells["after_qty"], reference_qty=cells["before_qty"]
    )
    scored = score_forecasts(rows, [*key, "touched"], "reference_qty")
    units = rows.drop_duplicates([*key, *one])
    count = units.groupby([*key, "touched"], as_index=False).size()
    told = scored.merge(count, on=[*key, "touched"], how="left", validate="one_to_one")
    whole = told.groupby(key)["size"].transform("sum") if key else told["size"].sum()
    told = told.assign(unit_count=told["size"], share_rate=told["size"] / whole)
    told = told.rename(columns={"reference_wape_rate": "before_wape_rate"})
    shown = ["unit_count", "share_rate", "wape_rate", "before_wape_rate", "value_added_rate"]
    return told[[*key, "touched", *shown]]
