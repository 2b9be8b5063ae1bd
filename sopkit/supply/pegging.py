"""Pegging: which supply serves which demand, by one stated rule.

Month by month, and within it upstream before downstream, each place's stock is taken by its
customers (overdue before open orders before forecast, then by priority, then what was wanted
first), then by production and by lanes, in the order of the ways. Everybody takes the batch that
expires first and that he still accepts; of those, the one that came first. Lanes pass batches on:
what is behind a demand is always a batch of opening stock, an open order, or something made or
bought. What is made has taken its parts by the same rule, so that one can ask on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.batches import NEVER
from sopkit.supply.case import Array, Case
from sopkit.supply.model import list_arrivals
from sopkit.supply.netting import CLASSES
from sopkit.supply.read_plan import Plan, read_service
from sopkit.supply.rules.windows import count_shifts, least_rates
from sopkit.tables import PLACE, TABLES, fit_columns

LEAST = 1e-6
ROUNDS = 20
DECIMALS = 6
EXPIRING = ["supply_key", "batch", "item", "location", "period", "expired_qty", "loss_value"]


@dataclass
class Lot:
    """A part of a supply at a place: what of it is left, and until when it is accepted."""

    last: int  # last month (column) in which the most patient customer accepts it
    came: int  # month in which it came into being; below 0: opening stock
    supply: int
    qty: float
    via: str = ""


@dataclass
class Walk:
    """What a walk through the plan finds.

    Args:
        pegs: (consumer, month, supply, via, whether it was accepted, quantity).
        expired: (supply, place, month, quantity, whether the plan knows it).
    """

    pegs: list[tuple[int, int, int, str, bool, float]] = field(default_factory=list)
    expired: list[tuple[int, int, int, float, bool]] = field(default_factory=list)


def peg_plan(case: Case, plan: Plan) -> pd.DataFrame:
    """Return which supply serves which demand and which production.

    Customers of one stream share each batch as they share the stream's service.

    Returns:
        Contract `pegging`. Pegged quantities of a demand sum to what it is served, those of a
        supply to at most its quantity.

    Example:
        10 in stock and 5 made in January; 12 wanted: 10 of the stock and 2 of the 5 serve it.
    """
    supplies, walk = _walk(case, plan)
    consumers = _list_consumers(case, plan)
    columns = ["consumer", "month", "supply", "via", "in_life", "pegged_qty"]
    pegs = pd.DataFrame(walk.pegs, columns=columns)
    by = columns[:-1]
    pegs = pegs.groupby(by, as_index=False, sort=True)[["pegged_qty"]].sum()
    rows = pegs.merge(consumers, on="consumer", how="inner", validate="many_to_many")
    rows = rows.merge(supplies, on="supply", how="left", validate="many_to_one")
    qty = (rows["pegged_qty"] * rows["share"]).round(DECIMALS)
    rows = rows.assign(pegged_qty=qty, period=case.periods[rows["month"].to_numpy(int)])
    rows = fit_columns(rows[qty > 0], TABLES["pegging"])
    return rows.sort_values(list(TABLES["pegging"].key), kind="stable", ignore_index=True)


def list_expiring(case: Case, plan: Plan) -> pd.DataFrame:
    """Return the batches that expire under the plan, oldest going first.

    Returns:
        A row per supply, place and month: `supply_key`, `batch`, `item`, `location`, `period`
        (after which nobody accepts it), `expired_qty`, `loss_value` (at unit value) and
        `planned`: the plan counts it as expired; else it would expire beyond the plan's own
        count, as a place was sent older goods than its rows could see.
    """
    supplies, walk = _walk(case, plan)
    rows = pd.DataFrame(
        walk.expired, columns=["supply", "place", "month", "expired_qty", "planned"]
    )
    by = ["supply", "place", "month", "planned"]
    rows = rows.groupby(by, as_index=False)[["expired_qty"]].sum()
    known = supplies[["supply", "supply_key", "batch"]]
    rows = rows.merge(known, on="supply", how="left", validate="many_to_one")
    at = rows["place"].to_numpy(int)
    value = case.places["unit_value"].to_numpy(float)[at]
    rows = rows.assign(
        item=case.places["item"].to_numpy()[at],
        location=case.places["location"].to_numpy()[at],
        period=case.periods[rows["month"].to_numpy(int)],
        loss_value=rows["expired_qty"] * value,
    )
    rows = rows.sort_values(["period", "item", "location", "supply_key"], kind="stable")
    return rows[[*EXPIRING, "planned"]].reset_index(drop=True)


def what_serves(
    pegging: pd.DataFrame, item: str, location: str, customer: str, period: pd.Timestamp
) -> pd.DataFrame:
    """Return what serves a demand, through production down to its parts.

    Args:
        pegging: contract `pegging`.
        period: month in which it was wanted.

    Returns:
        Rows of `pegging` with `level` (0: serves it directly; 1: parts of that; ...); quantities
        of deeper levels are the share that goes into this demand.
    """
    asked = (pegging["item"] == item) & (pegging["location"] == location)
    asked &= (pegging["customer"] == customer) & (pegging["demand_period"] == period)
    asked &= pegging["demand_kind"] == "demand"
    made = pegging[pegging["demand_kind"] == "make"]
    return _follow(pegging[asked], made, "supply_key", "demand_key", pegging)


def what_it_serves(pegging: pd.DataFrame, supply_key: str) -> pd.DataFrame:
    """Return what a supply serves, through production up to customers.

    Returns:
        Rows of `pegging` with `level` (0: takes it directly; 1: takes what that makes; ...);
        quantities of deeper levels are the share of the product that this supply is behind.
    """
    first = pegging[pegging["supply_key"] == supply_key]
    return _follow(first, pegging, "demand_key", "supply_key", pegging)


def _follow(
    rows: pd.DataFrame, pool: pd.DataFrame, leave: str, enter: str, pegging: pd.DataFrame
) -> pd.DataFrame:
    """Return rows and, level by level, those of `pool` whose `enter` is what these `leave` by.

    Each level carries the share of a flow that the rows before it stand for.
    """
    totals = pegging.groupby(enter)["pegged_qty"].sum() if enter == "supply_key" else None
    made = pegging.groupby("supply_key")["pegged_qty"].sum()
    parts = pegging.groupby(["demand_key", "supply_item"])["pegged_qty"].sum()
    levels, level = [rows.assign(level=0)], 0
    while len(rows):
        level += 1
        if totals is None:
            share = rows.groupby(leave)["pegged_qty"].sum()
            share = share / made.reindex(share.index)
        else:
            each = rows.groupby([leave, "supply_item"])["pegged_qty"].sum()
            share = (each / parts.reindex(each.index)).groupby(level=0).max()
        rows = pool[pool[enter].isin(share.index)]
        scaled = rows["pegged_qty"] * share.reindex(rows[enter]).to_numpy()
        rows = rows.assign(pegged_qty=scaled)
        levels.append(rows.assign(level=level))
    return pd.concat(levels, ignore_index=True)


@dataclass
class _Month:
    """What a walk needs to go on: stock and what is coming, by place (and month)."""

    stock: dict[int, list[Lot]]
    coming: dict[tuple[int, int], list[Lot]]
    delays: list[list[tuple[int, float]]]
    into: Array
    legs: list[str]

    def receive(self, place: int, month: int) -> list[Lot]:
        """Return a place's stock in the order in which it is taken, what has come included."""
        held = self.stock[place]
        new = self.coming.pop((place, month), None)
        if new:
            held.extend(new)
            held.sort(key=lambda lot: (lot.last, lot.came, lot.supply))
        return held

    def send(self, lot: Lot, way: int, month: int, qty: float) -> None:
        """Put a part of a lot on a lane."""
        via = f"{lot.via}, {self.legs[way]}" if lot.via else self.legs[way]
        for delay, share in self.delays[way]:
            sent = Lot(lot.last, lot.came, lot.supply, qty * share, via)
            self.coming[int(self.into[way]), month + delay].append(sent)


def _walk(case: Case, plan: Plan) -> tuple[pd.DataFrame, Walk]:
    """Return the supplies of a plan, and who takes what of them."""
    supplies, lots = _list_supplies(case, plan)
    takes = _list_takes(case, plan)
    coming: dict[tuple[int, int], list[Lot]] = defaultdict(list)
    for place, month, lot in lots:
        coming[place, max(month, 0)].append(lot)
    into = case.ways["place"].to_numpy(int)
    ends = zip(case.ways["source"], case.ways["location"], strict=True)
    legs = [f"{start} > {end}" for start, end in ends]
    state = _Month(defaultdict(list), coming, _delays_of_ways(case), into, legs)
    expired = plan.values.get("expired", np.zeros_like(case.target))  # noqa: PD011
    walk, order = Walk(), _order_places(case)
    for month in range(len(case.periods)):
        for place in order:
            if expired[place, month] > LEAST:
                held = state.receive(place, month)
                for lot, qty, _ in _take(held, expired[place, month], month, 0, any_age=True):
                    walk.expired.append((lot.supply, place, month, qty, True))
        _serve_month(state, walk, order, takes, month)
        for place in order:
            held = state.receive(place, month)
            for lot in held:
                if lot.last == month or (month == 0 and lot.last < 0):
                    walk.expired.append((lot.supply, place, month, lot.qty, False))
            state.stock[place] = [lot for lot in held if lot.qty > LEAST]
    walk.expired = [row for row in walk.expired if row[3] > LEAST]
    return supplies, walk


def _serve_month(
    state: _Month,
    walk: Walk,
    order: list[int],
    takes: dict[tuple[int, int], list[tuple[int, int, float, int]]],
    month: int,
) -> None:
    """Serve all takers of a month; where lanes form a circle, in several rounds."""
    left = {place: takes[place, month] for place in order if (place, month) in takes}
    for _ in range(ROUNDS):
        before = sum(one[2] for some in left.values() for one in some)
        for place in [place for place in order if place in left]:
            held, unserved = state.receive(place, month), []
            for consumer, way, qty, shift in left[place]:
                missing = qty
                for lot, part, fits in _take(held, qty, month, shift, any_age=way >= 0):
                    missing -= part
                    if consumer < 0:
                        state.send(lot, way, month, part)
                    else:
                        walk.pegs.append((consumer, month, lot.supply, lot.via, fits, part))
                if missing > LEAST:
                    unserved.append((consumer, way, missing, shift))
            left[place] = unserved
        left = {place: some for place, some in left.items() if some}
        if not left or sum(one[2] for some in left.values() for one in some) >= before:
            return


def _take(
    held: list[Lot], qty: float, month: int, shift: int, *, any_age: bool
) -> list[tuple[Lot, float, bool]]:
    """Take a quantity from lots in their order; those accepted first, then, if need be, others.

    Args:
        shift: months by which the taker accepts goods less long than the most patient.
        any_age: the taker takes whatever is oldest.
    """
    taken: list[tuple[Lot, float, bool]] = []
    for fits in (True, False):
        for lot in held:
            if qty <= LEAST:
                return taken
            accepted = any_age or lot.last - shift >= month or (lot.came == month)
            if lot.qty > 0 and accepted == fits:
                part = min(lot.qty, qty)
                lot.qty -= part
                qty -= part
                taken.append((lot, part, fits))
    return taken


def _delays_of_ways(case: Case) -> list[list[tuple[int, float]]]:
    delays: list[list[tuple[int, float]]] = [[] for _ in range(len(case.ways))]
    for delay, share in list_arrivals(case.ways):
        for way in np.flatnonzero(share > 0):
            delays[way].append((delay, float(share[way])))
    return delays


def _order_places(case: Case) -> list[int]:
    """Return the places, each after those that feed it (as far as lanes form no circle)."""
    level = np.zeros(len(case.places), dtype=int)
    start = case.uses["place"].to_numpy(int)
    end = case.ways["place"].to_numpy(int)[case.uses["way"].to_numpy(int)]
    for _ in range(min(len(level), 50)):
        deeper = level.copy()
        np.maximum.at(deeper, end, level[start] + 1)
        if np.array_equal(deeper, level):
            break
        level = deeper
    return [int(place) for place in np.argsort(level, kind="stable")]


def _list_takes(case: Case, plan: Plan) -> dict[tuple[int, int], list[tuple[int, int, float, int]]]:
    """Return who takes what, by place and month, in the order of the rule.

    Each is (consumer, way, quantity, months of life less): customers have way -1, production has
    both (the consumers after the streams' cells), lanes have consumer -1.
    """
    streams, months = plan.streams, len(case.periods)
    service = read_service(streams, plan.values)
    shift = count_shifts(case.life.pools, case.life.life_days, streams.streams)
    place = streams.streams["place"].to_numpy(int)
    rank = streams.streams["demand_class"].map(CLASSES.index).to_numpy(int)
    priority = streams.streams["priority"].to_numpy(int)
    found: dict[tuple[int, int], list[tuple[tuple, tuple[int, int, float, int]]]] = defaultdict(
        list
    )
    for delay, qty in enumerate([service.on_time, *service.late]):
        for stream, month in zip(*np.nonzero(qty > LEAST), strict=True):
            consumer = int(stream * months + month)
            one = (consumer, -1, float(qty[stream, month]), int(shift[stream]))
            key = (0, rank[stream], priority[stream], month, stream)
            found[int(place[stream]), int(month + delay)].append((key, one))
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    used = plan.flow[way] * case.use_qty
    moved = (case.ways["flow_kind"] == "move").to_numpy()
    for row, month in zip(*np.nonzero(used > LEAST), strict=True):
        flow = int(way[row])
        consumer = -1 if moved[flow] else int((len(place) + flow) * months + month)
        one = (consumer, flow, float(used[row, month]), 0)
        found[int(part[row]), int(month)].append(((1, flow, row), one))
    return {cell: [one for _, one in sorted(takes)] for cell, takes in found.items()}


def _list_consumers(case: Case, plan: Plan) -> pd.DataFrame:
    """Return what the numbers of consumers stand for: demand rows with their share, production."""
    months, streams = len(case.periods), plan.streams
    rows = streams.rows
    stream, due = rows["stream"].to_numpy(int), rows["month"].to_numpy(int)
    rank = rows["priority"].astype(int)
    named = [rows["demand_class"], rank, rows["item"], rows["location"], rows["customer"]]
    wanted_in = [f"{period:%Y-%m}" for period in rows["period"]]
    wanted = pd.DataFrame(
        {
            "consumer": stream * months + due,
            "share": rows["demand_qty"].to_numpy(float) / streams.demand_qty[stream, due],
            "demand_kind": "demand",
            "demand_key": _join_words(*named, wanted_in),
            "item": rows["item"].to_numpy(object),
            "location": rows["location"].to_numpy(object),
            "customer": rows["customer"].to_numpy(object),
            "demand_period": rows["period"].to_numpy(),
        }
    )
    ways = case.ways[case.ways["flow_kind"] == "make"]
    number: Array = np.repeat(ways.index.to_numpy(int), months)
    month: Array = np.tile(np.arange(months), len(ways))
    made = pd.DataFrame(
        {
            "consumer": (len(streams.streams) + number) * months + month,
            "share": 1.0,
            "demand_kind": "make",
            "demand_key": _name_flows(case, number, month),
            "item": case.ways["item"].to_numpy(object)[number],
            "location": case.ways["location"].to_numpy(object)[number],
            "customer": "",
            "demand_period": case.periods[month],
        }
    )
    return pd.concat([wanted, made], ignore_index=True)


def _join_words(*columns: Iterable[object]) -> list[str]:
    """Return the words of each row, joined; blanks are left out."""
    return [
        " ".join(str(word) for word in words if word not in ("", None))
        for words in zip(*columns, strict=True)
    ]


def _name_flows(case: Case, way: Array, month: Array) -> Array:
    """Return the key of flows: kind, item, location, source and month of start."""
    ways = case.ways
    named = _join_words(*(ways[name] for name in ("flow_kind", *PLACE, "source")))
    start = case.periods.strftime(" %Y-%m").to_numpy(object)
    keys: Array = np.array(named, dtype=object)[way] + start[month]
    return keys


def _list_supplies(case: Case, plan: Plan) -> tuple[pd.DataFrame, list[tuple[int, int, Lot]]]:
    """Return all supplies, and their lots as (place, month of arrival, lot)."""
    last = case.life.accepted_until(plan.streams.streams)
    network = case.life.pools.network
    least = least_rates(case.life.pools, plan.streams.streams)[network]
    window = (1 - least) * case.life.life_days / DAYS_PER_MONTH
    batches = case.life.batches.assign(last=last)
    opened = _list_opening(case, batches)
    orders = _list_orders(case, plan)
    flows = _list_flows(case, plan)
    supplies = pd.concat([opened, orders, flows], ignore_index=True)
    supplies = supplies.assign(supply=np.arange(len(supplies)))
    lots = []
    columns = ("place", "came", "supply", "supply_qty", "last", "delay_shares")
    for place, came, supply, qty, until, shares in zip(
        *(supplies[name] for name in columns), strict=True
    ):
        for delay, share in shares:
            month = came + delay
            for end, part in [(until, 1.0)] if came < 0 else _split_life(month, window[place]):
                if month < len(case.periods) and qty * share * part > 0:
                    first = came if came < 0 else month
                    lots.append((place, month, Lot(end, first, supply, qty * share * part)))
    soonest = supplies["came"] + supplies["delay_shares"].map(lambda shares: shares[0][0])
    arrives = np.clip(soonest.to_numpy(int), 0, len(case.periods) - 1)
    named = ["supply", "supply_key", "supply_kind", "batch", "supply_item", "supply_location"]
    return supplies[named].assign(supply_period=case.periods[arrives]), lots


def _split_life(month: int, window: float) -> list[tuple[int, float]]:
    """Return until when the parts of a month's arrivals are accepted; the mean is its life.

    Example:
        A life of 1.5 months: half until the next month, half until the one after it.
    """
    if not np.isfinite(window):
        return [(NEVER, 1.0)]
    whole = int(np.floor(max(window, 0.0) + 1e-9))
    late = max(window - whole, 0.0)
    return [(month + whole, 1 - late), (month + whole + 1, late)]


def _list_opening(case: Case, batches: pd.DataFrame) -> pd.DataFrame:
    at = batches["place"].to_numpy(int)
    places = case.places.iloc[at].reset_index(drop=True)
    repeated = batches.groupby(["place", "batch"]).cumcount()
    number = ["" if count == 0 else str(count) for count in repeated]
    kind = ["stock"] * len(batches)
    named = _join_words(kind, places["item"], places["location"], batches["batch"], number)
    return pd.DataFrame(
        {
            "supply_key": named,
            "supply_kind": "stock",
            "batch": batches["batch"],
            "supply_item": places["item"],
            "supply_location": places["location"],
            "place": at,
            "came": -1,
            "supply_qty": batches["on_hand_qty"],
            "last": batches["last"],
            "delay_shares": [[(1, 1.0)]] * len(batches),
        }
    )


def _list_orders(case: Case, plan: Plan) -> pd.DataFrame:
    """Return open orders month by month: what the plan books, shared by the orders due then."""
    booked = plan.constrained_plan[["item", "location", "period", "open_supply_qty"]]
    booked = booked[booked["open_supply_qty"] > LEAST]
    numbers = case.places[PLACE].assign(place=case.places.index)
    rows = booked.merge(numbers, on=PLACE, how="inner", validate="many_to_one")
    due = case.tables.open_supply
    period = due["due_date"].dt.to_period("M").dt.to_timestamp()
    due = due.assign(period=period.where(period >= case.periods[0], case.periods[0]))
    due = due.groupby([*PLACE, "period"], as_index=False).agg(
        names=("supply_order", lambda names: " ".join(sorted(names)))
    )
    rows = rows.merge(due, on=[*PLACE, "period"], how="left", validate="many_to_one")
    kind = ["open_supply"] * len(rows)
    first = [f"{period:%Y-%m}" for period in rows["period"]]
    key = _join_words(kind, rows["item"], rows["location"], first)
    return pd.DataFrame(
        {
            "supply_key": key,
            "supply_kind": "open_supply",
            "batch": rows["names"].fillna(""),
            "supply_item": rows["item"],
            "supply_location": rows["location"],
            "place": rows["place"],
            "came": case.periods.get_indexer(pd.DatetimeIndex(rows["period"])),
            "supply_qty": rows["open_supply_qty"],
            "last": NEVER,
            "delay_shares": [[(0, 1.0)]] * len(rows),
        }
    )


def _list_flows(case: Case, plan: Plan) -> pd.DataFrame:
    """Return what is made and bought, by month of start."""
    brought = (case.ways["flow_kind"] != "move").to_numpy()[:, None]
    flow = plan.flow
    way, month = np.nonzero((flow > LEAST) & brought)
    delays = _delays_of_ways(case)
    ways = case.ways.iloc[way].reset_index(drop=True)
    return pd.DataFrame(
        {
            "supply_key": _name_flows(case, way, month),
            "supply_kind": ways["flow_kind"],
            "batch": "",
            "supply_item": ways["item"],
            "supply_location": ways["location"],
            "place": ways["place"],
            "came": month,
            "supply_qty": flow[way, month],
            "last": NEVER,
            "delay_shares": [delays[one] for one in way],
        }
    )
