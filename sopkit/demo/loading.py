"""Quarter-end loading 压货: some distributors are pushed to order early, and pay it back.

Planted: at most quarter ends since March 2024 three distributor groups order part of their next
two months of ten large items in the last days of the quarter. What they sell on stays the same,
and over the quarter turn the volume is conserved. All of it has its own random numbers, so that
nothing else of the company changes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.line_changes import find_givers
from sopkit.demo.sales import HISTORY, MONTHS, Demand, to_position, to_random
from sopkit.tables import LEAF

LOADERS, LOADED_ITEMS, CHANCE = 3, 10, 0.8
FIRST_LOADING = pd.Timestamp("2024-03-01")
SHARE = (0.20, 0.35)  # of the next month, ordered early
SECOND = 0.3  # share of the month after that, against the share of the next
_NAMES = ["series", "month", "from_month", "moved"]


def pick_distributors(seed: int, distributors: list[str]) -> list[str]:
    """Return the distributor groups that are loaded, in alphabetical order."""
    rng = to_random(seed, 50)
    return sorted(rng.choice(distributors, LOADERS, replace=False).tolist())


def plan_loading(
    demand: Demand, orders: pd.DataFrame, restated: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return what was ordered early.

    Args:
        demand: before anything is moved.
        orders: its order lines; only whole, shipped lines give volume away.
        restated: cells that the last cycle knew otherwise; their series are left alone.
        seed: of the company.

    Returns:
        `series`, `month` (quarter end, position), `from_month` (its own month), `moved` cases.
    """
    series = demand.series
    distributors = series.loc[series["channel"] == "DT", "customer"]
    rng = to_random(seed, 51)
    givers = find_givers(orders).set_index(["series", "month"])["ordered"]
    rows: list[tuple[int, int, int, int]] = []
    for customer in pick_distributors(seed, sorted(distributors.unique())):
        own = np.flatnonzero((series["customer"] == customer).to_numpy())
        picks = _pick_series(demand, own, restated, rng)
        for month in range(to_position(FIRST_LOADING), HISTORY - 1, 3):
            happens, share = rng.random() < CHANCE, rng.uniform(*SHARE)
            spread = rng.uniform(0.85, 1.0, len(picks))
            if happens:
                rows += _move_early(demand, picks, month, share * spread, givers)
    return pd.DataFrame(rows, columns=_NAMES)


def _pick_series(
    demand: Demand, own: np.ndarray, restated: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """Return ten large series of a customer, none of them restated or with a one-off order."""
    key = LEAF
    odd = pd.concat([restated[key], demand.spikes[key]])
    odd_rows = demand.series.merge(odd.drop_duplicates(), on=key, how="left", indicator=True)
    calm = (odd_rows["_merge"] == "left_only").to_numpy()
    wide = (demand.series["reach"] == "A").to_numpy()
    busy = demand.actual[:, HISTORY - 36 :].min(axis=1) > 150
    able = own[(calm & wide & busy)[own]]
    return np.sort(rng.choice(able, min(LOADED_ITEMS, len(able)), replace=False))


def _move_early(
    demand: Demand, picks: np.ndarray, month: int, share: np.ndarray, givers: pd.Series
) -> list[tuple[int, int, int, int]]:
    first_line = int(givers.index.get_level_values("month").min())
    rows = []
    for series, part in zip(picks.tolist(), share.tolist(), strict=True):
        if _is_out(demand, series, month):
            continue
        for ahead, weight in ((1, 1.0), (2, SECOND)):
            giver = month + ahead
            if giver >= HISTORY:
                continue
            moved = round(float(demand.actual[series, giver]) * part * weight)
            left = givers.get((series, giver), 0) if giver >= first_line else moved + 2
            if moved >= 20 and left > moved + 1:
                rows.append((series, month, giver, moved))
    return rows


def _is_out(demand: Demand, series: int, month: int) -> bool:
    """Tell whether the series' place ran out of stock in the quarter turn."""
    place = demand.series.loc[series]
    outs = demand.stock_outs
    same = (outs["item"] == place["item"]) & (outs["location"] == place["location"])
    turn = MONTHS[month : month + 3]
    return bool((same & outs["period"].isin(turn)).any())


def move_volume(actual: np.ndarray, loading: pd.DataFrame) -> np.ndarray:
    """Return what the books show once volume was ordered early; each series keeps its sum."""
    moved = np.zeros_like(actual)
    where = loading["series"].to_numpy()
    np.add.at(moved, (where, loading["month"].to_numpy()), loading["moved"].to_numpy())
    np.add.at(moved, (where, loading["from_month"].to_numpy()), -loading["moved"].to_numpy())
    return np.asarray(actual + moved)
