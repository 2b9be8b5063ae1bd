"""Shelf life: how long stock may lie, and what customers still accept.

What arrives in a month may lie, at a month's end, as many months as its shelf life has (30.4 days
each); of a part of a month that share (25 days: of what arrived in the month, 25/30.4 may lie at
its end), so that the mean age is kept, as with lead times. A customer that wants a share of the
shelf life to be left accepts the rest of it only (允收期).

No batches are modelled. Where the oldest goes first, nothing in stock is older than its life
exactly when closing stock is at most what arrived in the months of that life, plus the opening
batches that have not expired by then. For customers that want it fresher, `young` is the stock kept
for them: at most what arrived in their shorter time, fed by arrivals, drained by what they are
served. At one place this equals a model with every batch a variable (as long as batches expire in
the order in which they arrive, which opening batches are held to). Over several places the rows
stand twice: for the item's whole network (moving makes nothing younger; goods on lanes count), and
for each place on its own (what arrives by lane has lost the days of the lane). Both are necessary,
together not always enough, as a place may be sent older goods than its rows take for granted:
`peg_plan` follows the batches and shows what would then still expire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.batches import last_months, list_batches
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.supply.rules.windows import (
    SMALL,
    Pools,
    Windows,
    count_shifts,
    least_rates,
    list_pools,
    list_windows,
)
from sopkit.tables import PLACE

Array = np.ndarray
PARTS = ("stock", "guarded", "protected")
ORDERS = ("hurried", "cancelled")


@dataclass(frozen=True)
class Life:
    """Shelf lives.

    Args:
        places: `item`, `location`.
        life_days: shelf life at each place; infinite without one.
        pools: places whose stock is looked at together.
        batches: opening stock (see `list_batches`).
        arriving: orders under way (places x periods).
        unit_value: what an expired unit costs (places).
        periods: planned months.
    """

    places: pd.DataFrame
    life_days: Array
    pools: Pools
    batches: pd.DataFrame
    arriving: Array
    unit_value: Array
    periods: pd.DatetimeIndex

    def fit_rates(self, place: pd.Series, rate: pd.Series) -> pd.Series:
        """Return the share of the shelf life that a customer wants left, 0 where it never matters.

        It does not matter for items without shelf life, nor where all that arrives, and all
        opening stock of the item, is accepted to the end of the plan.

        Args:
            place: row of the places of each demand row.
            rate: `service_class.remaining_life_rate` of its customer.
        """
        at, wanted, months = place.to_numpy(int), rate.to_numpy(float), len(self.periods)
        limited = np.isfinite(self.life_days[at])
        days = np.where(limited, self.life_days[at], 0.0)
        left = (1 - wanted) * days - self.pools.age_days[at]
        matters = limited & (left < months * DAYS_PER_MONTH)
        stocked = self.pools.network[self.batches["place"].to_numpy(int)]
        for one in np.unique(wanted[wanted > 0]):
            last = self._last_months(one)
            early = np.unique(stocked[last < months - 1])
            matters |= limited & (wanted == one) & np.isin(self.pools.network[at], early)
        return pd.Series(np.where(matters, wanted, 0.0), index=rate.index)

    def accepted_until(self, streams: pd.DataFrame) -> Array:
        """Return the last month (column) in which somebody accepts each opening batch."""
        network = self.pools.network[self.batches["place"].to_numpy(int)]
        return self._last_months(least_rates(self.pools, streams)[network])

    def _last_months(self, rate: float | Array) -> Array:
        return last_months(
            self.batches["expiry_date"], self.batches["life_days"], rate, self.periods
        )


def prepare_life(
    tables: SupplyTables,
    places: pd.DataFrame,
    ways: pd.DataFrame,
    uses: pd.DataFrame,
    arriving: Array,
    periods: pd.DatetimeIndex,
) -> Life:
    """Return what the rule needs.

    Args:
        places, ways, uses, arriving: as in `Case`.
    """
    days = places["item"].map(tables.item.set_index("item")["shelf_life_days"].astype(float))
    return Life(
        places=places[PLACE],
        life_days=days.astype(float).fillna(np.inf).to_numpy(float),
        pools=list_pools(places, ways, uses),
        batches=list_batches(tables, places, periods),
        arriving=arriving,
        unit_value=places["unit_value"].to_numpy(float),
        periods=periods,
    )


def add_life(
    model: Model, life: Life, *, ways: pd.DataFrame, streams: pd.DataFrame, demand_qty: Array
) -> None:
    """Add the rule to the model.

    Variables `expired` (stock thrown away, at its unit value, cost term `expired`) and, for each
    share of life wanted above the least, `young` (closing stock kept for those customers). A
    *window* is a pool and a share of life. Rows by window and month, where they can bind at all:

    1. `life_limit`: closing stock (goods on lanes included) <= arrivals of the last months +
       opening batches not yet expired - what stricter customers were since served out of these;
       of a shorter window `young` in place of closing stock. Dual, sign turned: what a unit that
       lives past that month would save. (`life_limit_whole`: the same for whole months, where a
       customer accepts nothing but the month's own output.)
    2. `young_held`: young <= closing stock.
    3. `young_balance`: young <= young before + arrivals - served to customers who want it young.
       Dual, sign turned: what a young unit more would save.

    Opening stock that nobody accepts any more is expired in the first month, by a lower bound.

    Args:
        ways: as in `Case`.
        streams: `place` and `remaining_life_rate` of each stream; demand_qty: (streams x periods).
    """
    last = life.accepted_until(streams)
    windows = list_windows(
        life.pools, life.life_days, life.batches, last, streams, len(life.periods), life.places
    )
    if not len(windows.pool):
        return
    model.add_dim("window", windows.keys, model.dims["place"].unit[windows.a_place])
    _add_expired(model, life, windows, last)
    young = windows.keep & ~windows.is_longest[:, None]
    if young.any():
        model.blocks["young"] = Block("window", np.full(young.shape, np.inf), {}, keep=young)
    arrivals = find_arrivals(model, windows, ways)
    _add_life_limit(model, life, "life_limit", windows, ways, arrivals)
    if young.any():
        shift = count_shifts(life.pools, life.life_days, streams)
        place = streams["place"].to_numpy(int)
        _take_stricter(model, "life_limit", windows, place, shift, demand_qty)
        whole = windows.round_up()
        if whole.keep.any():
            _add_life_limit(model, life, "life_limit_whole", whole, ways, arrivals)
            _take_stricter(model, "life_limit_whole", whole, place, shift, demand_qty)
        _add_young_held(model, windows, ways, young)
        _add_young_balance(model, life, windows, arrivals, place, shift, demand_qty)


def _add_expired(model: Model, life: Life, windows: Windows, last: Array) -> None:
    """Add stock that is thrown away; opening stock nobody accepts goes in the first month."""
    least = np.zeros(model.shape("place"))
    dead = life.batches[last < 0]
    np.add.at(least[:, 0], dead["place"].to_numpy(int), dead["on_hand_qty"].to_numpy(float))
    keep = least > 0
    place, window = windows.pair(np.arange(len(keep)), windows.is_longest)
    np.logical_or.at(keep, place, windows.keep[window])
    prices = {"expired": np.repeat(life.unit_value[:, None], keep.shape[1], axis=1)}
    no_limit = np.full(keep.shape, np.inf)
    model.blocks["expired"] = Block("place", no_limit, prices, least, keep)
    model.rows["stock_balance"].terms.append(Term("expired"))


@dataclass(frozen=True)
class Arrival:
    """A variable that brings goods into pools.

    Args:
        variable: name of its block; delay: months until it arrives.
        row, window: pairs of a row of the block and a window it feeds; qty: arriving, of a unit.
    """

    variable: str
    delay: int
    row: Array
    window: Array
    qty: Array


def find_arrivals(model: Model, windows: Windows, ways: pd.DataFrame) -> list[Arrival]:
    """Return what brings goods into each window's pool from outside, as the stock balance has it.

    Those are flows (within a network: not what is only moved), orders hurried (and, with a minus,
    those taken out of the month they were due).
    """
    is_move = (ways["flow_kind"] == "move").to_numpy()
    arrivals = []
    for term in model.rows["stock_balance"].terms:
        of_orders = term.variable in ORDERS
        if not of_orders and (term.variable != "flow" or term.pick is not None):
            continue
        assert term.to is not None
        rows = np.arange(len(term.to)) if term.pick is None else term.pick
        qty = -np.broadcast_to(np.asarray(term.coef, dtype=float), (len(rows), 1))[:, 0]
        thing, window = windows.pair(term.to)
        used = qty[thing] != 0
        if not of_orders:
            used &= ~(windows.is_network[window] & is_move[rows[thing]])
        thing, window = thing[used], window[used]
        arrivals.append(Arrival(term.variable, term.delay, rows[thing], window, qty[thing]))
    return arrivals


def _list_transit(windows: Windows, ways: pd.DataFrame, wanted: Array) -> list[Term]:
    """Return goods on lanes within a network at each month's end."""
    into = ways["place"].to_numpy(int)
    way, window = windows.pair(into, wanted & windows.is_network)
    moved = (ways["flow_kind"] == "move").to_numpy()[way]
    way, window = way[moved], window[moved]
    whole, late = (ways[name].to_numpy(float)[way] for name in ("lead_months", "late_share"))
    terms = []
    for ago in range(int(np.ceil((whole + late).max(initial=0.0)))):
        still = np.where(ago < whole, 1.0, np.where(ago == whole, late, 0.0))
        terms.append(Term("flow", still[:, None], pick=way, to=window, delay=ago))
    return terms


def _list_stock(windows: Windows, wanted: Array) -> list[Term]:
    """Return closing stock of the places of each wanted window."""
    place, window = windows.pair(np.arange(len(windows.pools.network)), wanted)
    return [Term(name, pick=place, to=window) for name in PARTS]


def _add_life_limit(
    model: Model,
    life: Life,
    name: str,
    windows: Windows,
    ways: pd.DataFrame,
    arrivals: list[Arrival],
) -> None:
    """Add: closing stock, or of shorter windows young stock <= what came in and still counts."""
    shares = windows.shares()
    longest = windows.is_longest
    terms = [*_list_stock(windows, longest), *_list_transit(windows, ways, longest)]
    young = np.flatnonzero(~longest)
    if len(young):
        terms.append(Term("young", pick=young, to=young))
    for one in arrivals:
        for ago in range(shares.shape[1] - one.delay):
            coef = -one.qty * shares[one.window, ago]
            there = coef != 0
            if there.any():
                pick, to = one.row[there], one.window[there]
                terms.append(Term(one.variable, coef[there, None], pick, to, one.delay + ago))
    given = _sum_arriving(windows, life.arriving)
    most = windows.opening[:, 1:].copy()
    for ago in range(shares.shape[1]):
        most[:, ago:] += shares[:, ago, None] * given[:, : shares.shape[1] - ago]
    least = np.full_like(most, -np.inf)
    model.rows[name] = Rows("window", least, most, terms, windows.keep, lazy=True)


def _sum_arriving(windows: Windows, arriving: Array) -> Array:
    """Return orders under way that come into each window's pool (windows x periods)."""
    total = np.zeros(windows.keep.shape)
    place, window = windows.pair(np.arange(len(arriving)))
    np.add.at(total, window, arriving[place])
    return total


def list_served(model: Model, stream: Array, to: Array, ago: int = 0) -> list[Term]:
    """Return what streams are served in a month so many ago, less their demand of that month."""
    terms = []
    for name in model.blocks:
        if name.startswith(("lost", "late_")):
            terms.append(Term(name, -1.0, stream, to, ago))
        if name.startswith("late_"):
            delay = int(name.removeprefix("late_"))
            terms.append(Term(name, 1.0, stream, to, ago + delay))
    return terms


def _take_stricter(
    model: Model, name: str, windows: Windows, place: Array, shift: Array, demand_qty: Array
) -> None:
    """Take from each window what stricter customers can only have been served out of it.

    A stream whose window is n months shorter was, in the last n months, served from what the
    longer window still holds at the end of the last.
    """
    limit = model.rows[name]
    stream, window = windows.pair(place)
    own = pd.Series(np.arange(len(windows.pool)), index=[windows.pool, windows.shift])
    asked = pd.MultiIndex.from_arrays([windows.pool[window], shift[stream]])
    at = own.reindex(asked).fillna(-1).to_numpy(int)
    stream, window, at = stream[at >= 0], window[at >= 0], at[at >= 0]
    shorter = np.floor(windows.months[window] - windows.months[at] + SMALL)
    most = limit.upper.copy()
    for ago in range(int(shorter.max(initial=0.0))):
        some = shorter > ago
        limit.terms.extend(list_served(model, stream[some], window[some], ago))
        months = most.shape[1] - ago
        np.subtract.at(most[:, ago:], window[some], demand_qty[stream[some], :months])
    model.rows[name] = replace(limit, upper=most)


def _add_young_held(model: Model, windows: Windows, ways: pd.DataFrame, young: Array) -> None:
    wanted = ~windows.is_longest
    terms = [*_list_stock(windows, wanted), *_list_transit(windows, ways, wanted)]
    terms.append(Term("young", -1.0))
    no_limit = np.full(young.shape, np.inf)
    model.rows["young_held"] = Rows("window", np.zeros(young.shape), no_limit, terms, young)


def _add_young_balance(
    model: Model,
    life: Life,
    windows: Windows,
    arrivals: list[Arrival],
    place: Array,
    shift: Array,
    demand_qty: Array,
) -> None:
    """Add the balance of young stock; before its first month all stock was young."""
    wanted = ~windows.is_longest
    keep = np.zeros_like(windows.keep)
    keep[:, 0] = windows.starts_old
    keep[:, 1:] = windows.keep[:, :-1]
    stream, window = windows.pair(place, wanted)
    strict = shift[stream] >= windows.shift[window]
    stream, window = stream[strict], window[strict]
    terms = [Term("young"), Term("young", -1.0, delay=1)]
    for one in arrivals:
        there = wanted[one.window]
        row, to, qty = one.row[there], one.window[there], one.qty[there]
        terms.append(Term(one.variable, -qty[:, None], row, to, one.delay))
    terms += list_served(model, stream, window)
    most = _sum_arriving(windows, life.arriving)
    np.subtract.at(most, window, demand_qty[stream])
    most[:, 0] += windows.opening[:, 0]
    least = np.full_like(most, -np.inf)
    model.rows["young_balance"] = Rows("window", least, most, terms, keep & wanted[:, None])
