"""Leaves of demand as a panel, and how one person's change is split to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.levels import LEVEL, add_family, recent_demand
from sopkit.tables import ALL, LEAF

PARTS = ("baseline_qty", "event_qty", "pipeline_qty", "stream_qty")
Array = NDArray[np.float64]
Places = NDArray[np.intp]
Record = dict[str, Any]


def split_months(wanted: Array, now: Array, weights: Array, fallback: Array, cells: Array) -> Array:
    """Split one change a month to leaves, so that every month's parts sum to it.

    Args:
        wanted: change of each month; a decrease is at most what is there.
        now: what stands at each leaf (leaves x months), not below 0.
        weights: by which an increase is split; `fallback` where these are 0; evenly over `cells`
            (1 where a leaf has the month, else 0) where both are.

    Returns:
        Parts (leaves x months); now + parts >= 0.

    Example:
        +10 on leaves weighing 1 and 3: 2.5 and 7.5. -4 where 2 and 6 stand: -1 and -3.
    """
    wanted = np.where(cells.any(axis=0), np.maximum(wanted, -now.sum(axis=0)), 0.0)
    by = np.where(wanted < 0, now, weights * cells)
    by = np.where(by.sum(axis=0) > 0, by, fallback * cells)
    by = np.where(by.sum(axis=0) > 0, by, cells)
    total = by.sum(axis=0)
    parts = wanted * np.divide(by, total, out=np.zeros_like(by), where=total > 0)
    if len(parts):
        largest, months = by.argmax(axis=0), np.arange(by.shape[1])
        parts[largest, months] += wanted - parts.sum(axis=0)
    return np.where(wanted <= -now.sum(axis=0), -now, np.maximum(parts, -now))


@dataclass(frozen=True)
class LeafPanel:
    """Leaves in rows and months in columns, with what people's changes are split by.

    Args:
        members: for each column of LEVEL, the leaves of each code.
        periods: the months, sorted.
        row: leaf of each row of the frame; column: its month.
        there: 1 where the frame has a row.
        start: what people change, not below 0; below: how far the parts' sum is below 0.
        baseline: statistical part; recent: demand of the last year, the same in every month.
    """

    members: dict[str, dict[str, Places]]
    periods: NDArray[np.datetime64]
    row: Places
    column: Places
    there: Array
    start: Array
    below: Array
    baseline: Array
    recent: Array

    def find(self, one: Record) -> Places:
        """Return the leaves an override touches."""
        found: Places | None = None
        for name in LEVEL:
            if one[name] != ALL:
                own = self.members[name].get(str(one[name]), np.array([], dtype=np.intp))
                found = own if found is None else np.intersect1d(found, own, assume_unique=True)
        return np.arange(len(self.start)) if found is None else found

    def span(self, one: Record) -> slice:
        """Return the months an override touches."""
        first = np.searchsorted(self.periods, np.datetime64(one["start_period"]))
        last = np.searchsorted(self.periods, np.datetime64(one["end_period"]), side="right")
        return slice(int(first), max(int(first), int(last)))

    def split(self, one: Record, index: Places, months: slice, now: Array) -> Array:
        """Return what an override changes at its leaves and months, on top of what stands now."""
        there = now[index, months]
        amount, total = float(one["amount"]), there.sum(axis=0)
        wanted = {
            "delta": np.full_like(total, amount),
            "absolute": amount - total,
            "percent": amount * total,
        }[str(one["method"])]
        weights = there if one["method"] == "percent" else self.baseline[index, months]
        recent, cells = self.recent[index][:, None], self.there[index, months]
        return split_months(wanted, there, weights, recent, cells)

    def to_rows(self, change: Array) -> Array:
        """Return a change row by row; an increase first lifts a sum that was below 0 to 0."""
        lifted = np.where(change > 0, change - self.below, np.maximum(change, -self.start))
        return np.asarray(lifted[self.row, self.column] + 0.0)


def to_leaf_panel(rows: pd.DataFrame, history: pd.DataFrame, item: pd.DataFrame) -> LeafPanel:
    """Return rows (CELL, `baseline_qty` and the further parts that are there) as a panel."""
    leaf = np.asarray(rows.groupby(LEAF, sort=False).ngroup(), dtype=np.intp)
    named = add_family(rows[LEAF].drop_duplicates(ignore_index=True), item)
    periods = np.sort(rows["period"].unique())
    column = np.searchsorted(periods, rows["period"].to_numpy())
    recent = named.merge(recent_demand(history), on=LEAF, how="left", validate="one_to_one")

    def spread(values: pd.Series) -> Array:
        panel = np.zeros((len(named), len(periods)))
        panel[leaf, column] = values.to_numpy(dtype=float)
        return panel

    total = spread(rows[[part for part in PARTS if part in rows.columns]].sum(axis=1))
    return LeafPanel(
        members={
            name: {str(code): np.asarray(at) for code, at in named.groupby(name).indices.items()}
            for name in LEVEL
        },
        periods=periods,
        row=leaf,
        column=column,
        there=spread(pd.Series(1.0, index=rows.index)),
        start=np.maximum(total, 0.0),
        below=np.minimum(total, 0.0),
        baseline=np.maximum(spread(rows["baseline_qty"]), 0.0),
        recent=recent["recent_qty"].fillna(0.0).clip(lower=0.0).to_numpy(dtype=float),
    )


def to_records(override: pd.DataFrame) -> list[Record]:
    """Return overrides as plain records."""
    return [{str(k): v for k, v in one.items()} for one in override.to_dict("records")]
