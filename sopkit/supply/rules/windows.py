"""Windows of shelf life: where stock is looked at together, and how long it is accepted there.

A *pool* is the place itself, or all places of an item that lanes join (its network). The longest
window of a network is what its most patient customer accepts (the whole shelf life, where the item
is a part of something); that of another is a whole number of months shorter, rounded up from three
days on, so that one month's arrivals grow too old for all of them at the same point of the month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH

Array = np.ndarray
SMALL = 1e-9
ROUNDED_DOWN = 0.1  # months


@dataclass(frozen=True)
class Pools:
    """Places whose stock is looked at together.

    Args:
        network: number of the network of each place.
        age_days: least days that goods have lived when they come in at a place: 0 where they are
            made or bought, else those of the quickest lanes from there.
        is_part: whether a network's item is used in production (by network).
        members: `pool`, `place`; pools of networks first, then one for each place.
        network_pools: how many pools are networks (those of one place have none).
    """

    network: Array
    age_days: Array
    is_part: Array
    members: pd.DataFrame
    network_pools: int


def list_pools(places: pd.DataFrame, ways: pd.DataFrame, uses: pd.DataFrame) -> Pools:
    """Return the pools of all places.

    Args:
        places: `item`, `location`.
        ways: `flow_kind`, `place`, `from_place`, `lead_days`.
        uses: `way`, `place`: what flows take from stock.
    """
    is_move = (ways["flow_kind"] == "move").to_numpy()
    into, start = (ways[name].to_numpy(int) for name in ("place", "from_place"))
    network = _join(len(places), start[is_move], into[is_move])
    used = ~is_move[uses["way"].to_numpy(int)]
    is_part = np.zeros(network.max(initial=-1) + 1, dtype=bool)
    is_part[network[uses["place"].to_numpy(int)[used]]] = True
    size = np.bincount(network, minlength=len(is_part))
    numbers = np.where(size > 1, np.cumsum(size > 1) - 1, -1)
    joined = np.flatnonzero(numbers[network] >= 0)
    count = int((size > 1).sum())
    members = {
        "pool": np.concatenate([numbers[network[joined]], count + np.arange(len(places))]),
        "place": np.concatenate([joined, np.arange(len(places))]),
    }
    lead = ways["lead_days"].to_numpy(float)
    age = _age_on_lanes(len(places), is_move, into, start, lead)
    return Pools(network, age, is_part, pd.DataFrame(members), count)


def _join(count: int, start: Array, into: Array) -> Array:
    """Return the number of the part of each place that lanes join, in order of first places."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return np.zeros(0, dtype=int)
    links = coo_array((np.ones(len(start)), (start, into)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=int)


def _age_on_lanes(count: int, is_move: Array, into: Array, start: Array, lead: Array) -> Array:
    """Return the least days on lanes from where goods are made or bought to each place."""
    age = np.full(count, np.inf)
    age[into[~is_move]] = 0.0
    for _ in range(count):
        nearer = age.copy()
        np.minimum.at(nearer, into[is_move], age[start[is_move]] + lead[is_move])
        if np.array_equal(nearer, age):
            break
        age = nearer
    return np.where(np.isinf(age), 0.0, age)


@dataclass(frozen=True)
class Windows:
    """Windows that matter, with what opening stock gives to each.

    Args:
        keys: `item`, `location` (`all`: its network), `shift`.
        pool: of each window; shift: months by which it is shorter than the network's longest.
        months: how long goods may lie after coming in.
        opening: opening stock still accepted after each month; column 0: at the start
            (windows x (1 + periods)).
        keep: months at whose end the window can bind.
        starts_old: whether some opening stock is not accepted even in the first month.
        is_network: whether its pool is a network.
        a_place: one of the pool's places.
        pools: the pools.
    """

    keys: pd.Index
    pool: Array
    shift: Array
    months: Array
    opening: Array
    keep: Array
    starts_old: Array
    is_network: Array
    a_place: Array
    pools: Pools

    @property
    def is_longest(self) -> Array:
        """Return which windows are the longest of their network."""
        found: Array = self.shift == 0
        return found

    def pair(self, place: Array, wanted: Array | None = None) -> tuple[Array, Array]:
        """Return (number, window) for each of the numbered places and each window it is in.

        Args:
            place: place of each thing numbered.
            wanted: windows to look at; all where not given.
        """
        things = pd.DataFrame({"place": place, "thing": np.arange(len(place))})
        looked_at = np.arange(len(self.pool)) if wanted is None else np.flatnonzero(wanted)
        windows = pd.DataFrame({"pool": self.pool[looked_at], "window": looked_at})
        pairs = things.merge(self.pools.members, on="place").merge(windows, on="pool")
        pairs = pairs.sort_values(["window", "thing"], kind="stable")
        return pairs["thing"].to_numpy(int), pairs["window"].to_numpy(int)

    def take(self, rows: Array) -> Windows:
        """Return some of the windows."""
        names = ("pool", "shift", "months", "opening", "keep", "starts_old")
        some = {name: getattr(self, name)[rows] for name in (*names, "is_network", "a_place")}
        return replace(self, keys=self.keys[rows], **some)

    def round_up(self) -> Windows:
        """Return the windows in whole months, kept where a shorter one of the pool has length 0.

        There, and only there, two windows of a pool end at different points of a month.
        """
        none = np.isin(self.pool, self.pool[(self.months == 0) & (self.shift > 0)])
        keep = self.keep & (none & (np.ceil(self.months) != self.months))[:, None]
        return replace(self, months=np.ceil(self.months), keep=keep)

    def shares(self) -> Array:
        """Return which share of a month's arrivals is accepted 0, 1, ... months later, at its end.

        Example:
            1.5 months: 1, 0.5, 0, ...
        """
        ago = np.arange(self.keep.shape[1])
        return np.clip(self.months[:, None] - ago, 0.0, 1.0)


def least_rates(pools: Pools, streams: pd.DataFrame) -> Array:
    """Return, by network, the least share of life that anybody wants left; 0 for parts."""
    least = np.full(len(pools.is_part), np.inf)
    network = pools.network[streams["place"].to_numpy(int)]
    np.minimum.at(least, network, streams["remaining_life_rate"].to_numpy(float))
    return np.where(pools.is_part | np.isinf(least), 0.0, least)


def count_shifts(pools: Pools, life_days: Array, streams: pd.DataFrame) -> Array:
    """Return by how many months each stream accepts goods less long than the most patient one.

    Example:
        Shelf life 180 days, streams that want 0, a third and a half of it left: 0, 2 (1.97) and
        3 (2.96).
    """
    place = streams["place"].to_numpy(int)
    more = streams["remaining_life_rate"].to_numpy(float)
    more = more - least_rates(pools, streams)[pools.network[place]]
    life = np.where(np.isfinite(life_days[place]), life_days[place], 0.0)
    months = np.ceil(more * life / DAYS_PER_MONTH - ROUNDED_DOWN)
    return np.maximum(months, 0.0).astype(int)


def list_windows(
    pools: Pools,
    life_days: Array,
    batches: pd.DataFrame,
    last: Array,
    streams: pd.DataFrame,
    months: int,
    places: pd.DataFrame,
) -> Windows:
    """Return the windows that can bind within the plan.

    Args:
        life_days: shelf life of each place; infinite without one.
        batches: see `list_batches`; last: last month in which the most patient accept each.
        streams: `place`, `remaining_life_rate`.
        places: `item`, `location`.
    """
    asked = streams[["place"]].assign(shift=count_shifts(pools, life_days, streams))
    asked = pools.members.merge(asked.drop_duplicates(), on="place")
    rows = pd.concat([pools.members.assign(shift=0), asked])[["pool", "shift"]].drop_duplicates()
    rows = rows.sort_values(["pool", "shift"], ignore_index=True)
    first = pools.members.drop_duplicates("pool").set_index("pool")["place"]
    pool, shift = rows["pool"].to_numpy(int), rows["shift"].to_numpy(int)
    a_place = first.reindex(pool).to_numpy(int)
    is_network = pool < pools.network_pools
    least = least_rates(pools, streams)[pools.network[a_place]]
    age = np.where(is_network, 0.0, pools.age_days[a_place])
    days = np.where(np.isinf(life_days[a_place]), np.inf, (1 - least) * life_days[a_place] - age)
    item, location = (places[name].to_numpy(object)[a_place] for name in ("item", "location"))
    named = [item, np.where(is_network, "all", location), shift]
    found = Windows(
        keys=pd.MultiIndex.from_arrays(named, names=["item", "location", "shift"]),
        pool=pool,
        shift=shift,
        months=np.maximum(days / DAYS_PER_MONTH - shift, 0.0),
        opening=np.zeros((len(pool), months + 1)),
        keep=np.zeros((len(pool), months), dtype=bool),
        starts_old=np.zeros(len(pool), dtype=bool),
        is_network=is_network,
        a_place=a_place,
        pools=pools,
    )
    return _fill_windows(found, batches, last)


def _fill_windows(found: Windows, batches: pd.DataFrame, last: Array) -> Windows:
    """Return the windows with opening stock, and only those that can bind in some month.

    Args:
        last: last month in which each batch is accepted by the most patient (column).
    """
    months = found.keep.shape[1]
    batch, window = found.pair(batches["place"].to_numpy(int))
    until = np.zeros((len(found.pool), months + 2))
    end = np.clip(last[batch] - found.shift[window], -1, months)
    np.add.at(until, (window, end + 1), batches["on_hand_qty"].to_numpy(float)[batch])
    left = until[:, ::-1].cumsum(axis=1)[:, ::-1]  # column j: accepted in month j - 1 or later
    opening, held = left[:, 1:], left[:, 0]
    binds = (found.shares() < 1) | (opening[:, 1:] < held[:, None] - SMALL)
    binds = np.logical_or.accumulate(binds, axis=1)
    filled = replace(found, opening=opening, keep=binds, starts_old=opening[:, 0] < held - SMALL)
    return filled.take(np.flatnonzero(binds.any(axis=1)))
