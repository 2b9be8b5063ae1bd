"""What months would have been without events: level and season from months free of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.levels import add_family
from sopkit.demand.series import blank_before_start
from sopkit.tables import LEAF
from sopkit.tables.panel import to_panel

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.intp]
SPAN = 18  # months each side from which a level is taken
LEAST_WEIGHT = 4.0  # months' worth of weight that a level needs
SLOPE_PRIOR = 60.0  # months squared: a slope needs some evidence
YOUNG = 6  # first months of sale, in which a leaf tells nothing
ENDED = 3  # last months without any demand, which are no months of sale
PASSES = 2


class Panel(NamedTuple):
    """Demand of leaves by month.

    Args:
        leaves: LEVEL, a row a leaf.
        months: the columns.
        actual: cleaned demand; blank before a leaf's first.
        as_ordered: months that nobody corrected.
        settled: months after the first YOUNG ones of a leaf (all, where it sold from the start),
            up to its last demand where it sold nothing for ENDED months since.
    """

    leaves: pd.DataFrame
    months: pd.DatetimeIndex
    actual: Matrix
    as_ordered: Flags
    settled: Flags


def to_leaf_panel(history: pd.DataFrame, item: pd.DataFrame) -> Panel:
    """Return the history of every item-location-customer as a panel, with families."""
    cleaned = blank_before_start(to_panel(history, LEAF, "cleaned_qty").fillna(0.0))
    ordered = to_panel(history, LEAF, "actual_qty").fillna(0.0)
    leaves = add_family(cleaned.index.to_frame(index=False), item)
    actual = cleaned.to_numpy(dtype=float)
    same = np.isclose(actual, ordered.to_numpy(dtype=float), rtol=1e-9, atol=1e-9)
    age = np.isfinite(actual).cumsum(axis=1)
    settled = ((age > YOUNG) | np.isfinite(actual[:, :1])) & ~_after_end(actual)
    return Panel(leaves, pd.DatetimeIndex(cleaned.columns), actual, same, settled)


def _after_end(actual: Matrix) -> Flags:
    """Return the months after the last demand of leaves that sold nothing for ENDED months."""
    sold = np.nan_to_num(actual) > 0
    silent = np.cumsum(sold[:, ::-1], axis=1)[:, ::-1] == 0
    return silent & (silent.sum(axis=1, keepdims=True) >= ENDED)


def expect_months(panel: Panel, free: Flags) -> tuple[Matrix, Matrix]:
    """Return what each month would have been, and how unsure its level is.

    expected = level x season. Level: a straight line through the free months within SPAN of the
    month, nearer ones counting more. Season: ratio of demand to level in the same month of other
    years, of the family, then of the family's customer, then of the leaf, each drawn towards 1 as
    far as its own noise goes. A month never takes part in its own expectation.

    Args:
        panel: what `to_leaf_panel` returned.
        free: months that no event touched.

    Returns:
        Expected demand [units], blank where too few free months are near; variance of the level
        in months' noise (1/12: as good as a mean of 12 months).

    Example:
        10 a month with one event month of 17: expected is 10 in that month too.
    """
    usable = free & panel.settled & np.isfinite(panel.actual)
    known = np.where(usable, panel.actual, 0.0)
    family = pd.factorize(panel.leaves["family"])[0]
    customer = pd.factorize(panel.leaves["customer"])[0]
    pair = pd.factorize(family.astype(np.int64) * (customer.max(initial=0) + 1) + customer)[0]
    groups = [family, pair, np.arange(len(known))]
    season = np.ones_like(known)
    level, unsure = _local_line(known, usable)
    month = np.asarray(panel.months.month)
    for _ in range(PASSES):
        season = np.ones_like(known)
        for codes in groups:
            season = season * _season_ratio(known, level, season, usable, month, codes)
        level, unsure = _local_line(known / season, usable)
    return np.where(np.isfinite(panel.actual), level * season, np.nan), unsure


def _local_line(known: Matrix, usable: Flags) -> tuple[Matrix, Matrix]:
    """Fit a weighted line around each month without the month itself; return it and its variance.

    The slope is drawn to 0 by SLOPE_PRIOR, so that few months give a mean.
    """
    names = ("w", "wj", "wjj", "wx", "wjx", "vv", "vj", "vjj")
    sums = {name: np.zeros_like(known) for name in names}
    weight = usable.astype(float)
    count = known.shape[1]
    for j in range(-SPAN, SPAN + 1):
        if j == 0 or abs(j) >= count:
            continue
        k = (1 - (abs(j) / (SPAN + 1)) ** 3) ** 3
        here, there = _shift(count, j)
        w, x = weight[:, there], known[:, there]
        parts = {"w": k, "wj": k * j, "wjj": k * j * j, "vv": k * k, "vj": k * k * j,
                 "vjj": k * k * j * j}  # fmt: skip
        for name, factor in parts.items():
            sums[name][:, here] += factor * w
        sums["wx"][:, here] += k * x
        sums["wjx"][:, here] += k * j * x
    curve = sums["wjj"] + SLOPE_PRIOR
    with np.errstate(divide="ignore", invalid="ignore"):
        divisor = sums["w"] * curve - sums["wj"] ** 2
        level = (curve * sums["wx"] - sums["wj"] * sums["wjx"]) / divisor
        unsure = (
            curve**2 * sums["vv"]
            - 2 * curve * sums["wj"] * sums["vj"]
            + sums["wj"] ** 2 * sums["vjj"]
        ) / divisor**2
    enough = sums["w"] >= LEAST_WEIGHT
    return np.where(enough, np.maximum(level, 0.0), np.nan), np.where(enough, unsure, np.nan)


def _shift(count: int, j: int) -> tuple[slice, slice]:
    """Return the columns that have a neighbour j months on, and those neighbours."""
    return slice(max(0, -j), count - max(0, j)), slice(max(0, j), count + min(0, j))


def _season_ratio(
    known: Matrix, level: Matrix, season: Matrix, usable: Flags, month: Codes, codes: Codes
) -> Matrix:
    """Return each leaf's ratio of demand to level x season in the same month of other years.

    `season` is what wider groups said, each month's from other years than its own; all other years
    are held against that one number, so that a month has no way into its own expectation.
    """
    ready = usable & np.isfinite(level)
    sold, usual = np.where(ready, known, 0.0), np.where(ready, level, 0.0)
    other_sold, other_usual = (_other_years(part, month) for part in (sold, usual))
    demand, expected = (_add_up(part, codes) for part in (sold, usual * season))
    others, base = _add_up(other_sold, codes), _add_up(other_usual * season, codes)
    years = _other_years((expected > 0).astype(float), month)
    told = (base > 0) & (years > 0)
    change = np.where(told, others / np.where(told, base, 1.0) - 1.0, 0.0)
    return (1.0 + _draw_to_zero(demand, expected, change, years))[codes]


def _other_years(values: Matrix, month: Codes) -> Matrix:
    """Return the sum of the same month in other years."""
    sums = np.zeros_like(values)
    for one in range(1, 13):
        same = month == one
        sums[:, same] = values[:, same].sum(axis=1, keepdims=True) - values[:, same]
    return sums


def _add_up(values: Matrix, codes: Codes) -> Matrix:
    """Return the sums of rows by group."""
    sums = np.zeros((int(codes.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def _draw_to_zero(demand: Matrix, base: Matrix, change: Matrix, years: Matrix) -> Matrix:
    """Keep of each change the share that noise does not explain: 1 - variance / change^2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        miss = np.where(base > 0, demand / base - 1.0 - change, 0.0)
        weight = np.where((base > 0) & (years > 0), base, 0.0)
        noise = (weight * miss**2).sum(axis=1) / weight.sum(axis=1)
        variance = np.nan_to_num(noise)[:, None] / np.maximum(years, 1.0)
        kept = np.clip(1.0 - variance / change**2, 0.0, 1.0)
    return np.where((change != 0) & (years > 1), np.nan_to_num(kept) * change, 0.0).clip(-0.95)
