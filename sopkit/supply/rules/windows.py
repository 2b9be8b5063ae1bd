"""Windows of shelf life: where stock is looked at together, and how long it is accepted there.

A *pool* is the place itself, or all places of an item that lanes join (its network). A *window* is
a pool and a share of the shelf life that must be left. Where no customer wants more, and for parts
of what is made, the share is 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.batches import last_months

Array = np.ndarray
SMALL = 1e-9


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
        keys: `item`, `location` (`all`: its network), `rate`.
        pool, rate: of each window; is_base: no customer of its network wants less left.
        days: how long goods may lie after coming in.
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
    rate: Array
    is_base: Array
    days: Array
    opening: Array
    keep: Array
    starts_old: Array
    is_network: Array
    a_place: Array
    pools: Pools

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

    def take(self, rows: Array, opening: Array, keep: Array, starts_old: Array) -> Windows:
        """Return some of the windows, with what was found out about all."""
        return replace(
            self,
            keys=self.keys[rows],
            pool=self.pool[rows],
            rate=self.rate[rows],
            is_base=self.is_base[rows],
            days=self.days[rows],
            opening=opening[rows],
            keep=keep[rows],
            starts_old=starts_old[rows],
            is_network=self.is_network[rows],
            a_place=self.a_place[rows],
        )

    def shares(self) -> Array:
        """Return which share of a month's arrivals is accepted 0, 1, ... months later, at its end.

        Example:
            45.6 days: 1, 0.5, 0, ...
        """
        ago = np.arange(self.keep.shape[1])
        return np.clip(self.days[:, None] / DAYS_PER_MONTH - ago, 0.0, 1.0)


def list_windows(
    pools: Pools,
    life_days: Array,
    batches: pd.DataFrame,
    streams: pd.DataFrame,
    periods: pd.DatetimeIndex,
    places: pd.DataFrame,
) -> Windows:
    """Return the windows that can bind within the plan.

    Args:
        life_days: shelf life of each place; infinite without one.
        batches: see `list_batches`.
        streams: `place`, `remaining_life_rate`.
        places: `item`, `location`.
    """
    least = least_rates(pools, streams)
    own = streams["place"].to_numpy(int), streams["remaining_life_rate"].to_numpy(float)
    asked = pools.members.merge(pd.DataFrame({"place": own[0], "rate": own[1]}), on="place")
    base = pools.members.assign(rate=least[pools.network[pools.members["place"].to_numpy(int)]])
    rows = pd.concat([base, asked])[["pool", "rate"]].drop_duplicates()
    rows = rows.sort_values(["pool", "rate"], ignore_index=True)
    first = pools.members.drop_duplicates("pool").set_index("pool")["place"]
    pool, rate = rows["pool"].to_numpy(int), rows["rate"].to_numpy(float)
    a_place = first.reindex(pool).to_numpy(int)
    is_network = pool < pools.network_pools
    age = np.where(is_network, 0.0, pools.age_days[a_place])
    with np.errstate(invalid="ignore"):
        fresh = np.where(np.isinf(life_days[a_place]), np.inf, (1 - rate) * life_days[a_place])
    days = np.maximum(fresh - age, 0.0)
    item, location = (places[name].to_numpy(object)[a_place] for name in ("item", "location"))
    named = [item, np.where(is_network, "all", location), rate]
    found = Windows(
        keys=pd.MultiIndex.from_arrays(named, names=["item", "location", "rate"]),
        pool=pool,
        rate=rate,
        is_base=rate <= least[pools.network[a_place]] + SMALL,
        days=days,
        opening=np.zeros((len(pool), len(periods) + 1)),
        keep=np.zeros((len(pool), len(periods)), dtype=bool),
        starts_old=np.zeros(len(pool), dtype=bool),
        is_network=is_network,
        a_place=a_place,
        pools=pools,
    )
    return _fill_windows(found, batches, periods)


def least_rates(pools: Pools, streams: pd.DataFrame) -> Array:
    """Return, by network, the least share of life that anybody wants left; 0 for parts."""
    least = np.full(len(pools.is_part), np.inf)
    network = pools.network[streams["place"].to_numpy(int)]
    np.minimum.at(least, network, streams["remaining_life_rate"].to_numpy(float))
    return np.where(pools.is_part | np.isinf(least), 0.0, least)


def _fill_windows(found: Windows, batches: pd.DataFrame, periods: pd.DatetimeIndex) -> Windows:
    """Return the windows with opening stock, and only those that can bind in some month."""
    months = len(periods)
    batch, window = found.pair(batches["place"].to_numpy(int))
    rows = batches.iloc[batch]
    last = last_months(rows["expiry_date"], rows["life_days"], found.rate[window], periods)
    until = np.zeros((len(found.pool), months + 2))
    np.add.at(until, (window, np.clip(last, -1, months) + 1), rows["on_hand_qty"].to_numpy(float))
    left = until[:, ::-1].cumsum(axis=1)[:, ::-1]  # column j: accepted in month j - 1 or later
    opening, held = left[:, 1:], left[:, 0]
    binds = (found.shares() < 1) | (opening[:, 1:] < held[:, None] - SMALL)
    binds = np.logical_or.accumulate(binds, axis=1)
    old = opening[:, 0] < held - SMALL
    return found.take(np.flatnonzero(binds.any(axis=1)), opening, binds, old)
