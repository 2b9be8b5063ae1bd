"""Firm orders: what to release inside the fence, in whole lots, pallets and loads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.model.build import list_arrivals
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.rules.fences import list_fence_days, month_days
from sopkit.supply.solver.stages import rank_levels
from sopkit.tables import ALL, TABLES, fit_columns

PALLETS = ("pallet", "pal", "托", "托盘")
DIVISIBLE = ("kg", "g", "t", "l", "litre", "liter", "m", "m2", "m3", "kwh")
NOISE = 1e-6
HALF = 0.5


@dataclass
class Book:
    """What the orders so far leave, by month; kept up as orders are rounded.

    Args:
        stock: closing stock (places x periods).
        hours: regular and overtime hours left (resources x periods).
        lanes: room left on lanes that have a limit (lanes x periods).
        carried: ordered - wanted so far (ways).
    """

    stock: Array
    hours: Array
    lanes: Array
    carried: Array


@dataclass(frozen=True)
class Sizes:
    """Lots of every way.

    Args:
        multiple, least: good units (ways x periods); 0: any.
        load: row of `case.lots.loads`, -1 where a way does not go in full loads (ways).
        months: months in which orders are rounded (ways).
        late_value: money a unit that is not there for a month (places).
    """

    multiple: Array
    least: Array
    load: Array
    months: Array
    late_value: Array


def round_orders(
    case: Case,
    plan: Plan,
    *,
    uom_conversion: pd.DataFrame | None = None,
    divisible: tuple[str, ...] = DIVISIBLE,
) -> pd.DataFrame:
    """Return what to release inside the fence in whole lots, and what the rounding costs.

    Inside the frozen and slushy days of each way, in the first month at least. A lot is the
    multiple of the operation (good units of the units started), purchase term or lane; without
    one, for what is bought and moved, a pallet (`uom_conversion`); without that one base unit,
    unless the base unit is a measure (`divisible`). A lane for all items goes in whole loads, each
    item on it in its own lots.

    Every way is rounded by itself, so that suppliers keep their shares to within a lot: what was
    ordered too much or too little is taken off or added in the next month (ordered - wanted so far
    = carried, less than a lot, or a load). Up or down, whichever is cheaper in the month in which
    it arrives: holding what is early; units missing from the stock target, or late, at their
    price. Parts come before what is made of them, and no order takes more stock, hours, supplier's
    or lane's room than there is: then fewer lots are ordered.

    Args:
        plan: of the case, all its months.
        uom_conversion: contract; only rows of the unit `pallet` count.
        divisible: base units of which parts can be ordered.

    Returns:
        Contract `firm_order`; `rounding_value`: money of `carried_qty` for a month.

    Example:
        40 and 40 wanted in lots of 50: 50 and 50 where late is dear, carried 10 and 20; or 50 and
        50, then 0 where the third month wants 10.
    """
    sizes = _find_sizes(case, plan, uom_conversion, divisible)
    book = _open_book(case, plan)
    orders = np.zeros_like(plan.flow)
    carried, value = np.zeros((2, *plan.flow.shape))
    level = rank_levels(case)[case.ways["place"].to_numpy(int)]
    turns = _list_turns(level, sizes.load)
    for month in range(int(sizes.months.max(initial=0))):
        _settle(case, plan, sizes, book, month)
        for ways in turns:
            ways = ways[sizes.months[ways] > month]
            if not len(ways) or not (plan.flow[ways, month] + np.abs(book.carried[ways])).any():
                continue
            chosen, money = _choose(case, plan, sizes, book, ways, month)
            orders[ways, month], value[ways, month] = chosen, money
            _book_order(case, book, ways, month, chosen - plan.flow[ways, month])
            book.carried[ways] += chosen - plan.flow[ways, month]
            carried[ways, month] = book.carried[ways]
    return _to_rows(case, plan, sizes, orders, carried, value)


def _list_turns(level: Array, load: Array) -> list[Array]:
    """Return the ways in the order in which they are rounded: parts first; a load's together."""
    turns = []
    for one in np.unique(level)[::-1]:
        ways = np.flatnonzero(level == one)
        alone = [np.array([way]) for way in ways[load[ways] < 0]]
        shared = [ways[load[ways] == at] for at in np.unique(load[ways][load[ways] >= 0])]
        turns += [*alone, *shared]
    return turns


def _find_sizes(
    case: Case, plan: Plan, uom_conversion: pd.DataFrame | None, divisible: tuple[str, ...]
) -> Sizes:
    ways, lots = case.ways, case.lots
    shape = plan.flow.shape
    multiple, least = np.zeros((2, *shape))
    multiple[lots.ways["way"].to_numpy(int)] = lots.multiple
    least[lots.ways["way"].to_numpy(int)] = lots.least
    usual = _usual_lots(case, uom_conversion, divisible)
    load = np.full(len(ways), -1)
    load[lots.load_ways["way"].to_numpy(int)] = lots.load_ways["load"].to_numpy(int)
    own = load >= 0
    own[own] = lots.loads["item"].to_numpy(object)[load[own]] != ALL
    multiple[own] = lots.loads["multiple"].to_numpy(float)[load[own]][:, None]
    load[own] = -1
    multiple = np.where(multiple > 0, multiple, np.where(least > 0, 0.0, usual[:, None]))
    frozen, slushy = list_fence_days(case.tables, ways, case.periods[0])
    start, _ = month_days(case.periods)
    months = (start[None, :] < (frozen + slushy)[:, None]).sum(axis=1).clip(min=1)
    return Sizes(multiple, least, load, months, _price_late(case, plan))


def _usual_lots(
    case: Case, uom_conversion: pd.DataFrame | None, divisible: tuple[str, ...]
) -> Array:
    """Return a pallet for what is bought and moved, else one base unit, else any quantity."""
    item = case.ways["item"]
    known = case.tables.item.drop_duplicates("item").set_index("item")["base_unit"]
    base = item.map(known).fillna("unit").astype(str).str.lower()
    lot = np.where(base.isin(divisible), 0.0, 1.0)
    if uom_conversion is None:
        return lot
    rows = uom_conversion[uom_conversion["unit"].astype(str).str.lower().isin(PALLETS)]
    pallet = item.map(rows.drop_duplicates("item").set_index("item")["base_qty"]).to_numpy(float)
    sent = (case.ways["flow_kind"] != "make").to_numpy()
    return np.where(sent & (np.nan_to_num(pallet) > 0), pallet, lot)


def _price_late(case: Case, plan: Plan) -> Array:
    """Return what a unit that is not there costs a month, of parts: through what they go into."""
    streams = plan.streams
    waits = (streams.streams["late_months"].to_numpy(float) > 0)[:, None]
    dear = np.where(waits, streams.late_cost, streams.lost_cost).max(axis=1, initial=0.0)
    price = np.zeros(len(case.places))
    np.maximum.at(price, streams.streams["place"].to_numpy(int), dear)
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    into, qty = case.ways["place"].to_numpy(int)[way], case.use_qty.max(axis=1, initial=0.0)
    used = qty > 0
    for _ in range(len(case.places)):
        wider = price.copy()
        np.maximum.at(wider, part[used], price[into[used]] / qty[used])
        if np.array_equal(wider, price):
            break
        price = wider
    return price


def _open_book(case: Case, plan: Plan) -> Book:
    """Return what the plan leaves."""
    months = len(case.periods)
    stock, hours = plan.constrained_plan, plan.plan_resource
    left = hours["regular_hours"] + hours["overtime_hours"] - hours["load_hours"]
    lanes = np.repeat(case.lanes["max_qty"].to_numpy(float)[:, None], months, axis=1)
    way, lane = (case.lane_ways[name].to_numpy(int) for name in ("way", "lane"))
    np.add.at(lanes, lane, -plan.flow[way])
    return Book(
        stock=stock["closing_qty"].to_numpy(float).reshape(-1, months).copy(),
        hours=left.to_numpy(float).reshape(-1, months).copy(),
        lanes=lanes,
        carried=np.zeros(len(case.ways)),
    )


def _settle(case: Case, plan: Plan, sizes: Sizes, book: Book, month: int) -> None:
    """Take what is carried out of the fence off the plan of the month after it."""
    ways = np.flatnonzero((sizes.months == month) & (np.abs(book.carried) > NOISE))
    if len(ways):
        back = -np.minimum(book.carried[ways], plan.flow[ways, month])
        _book_order(case, book, ways, month, back)
        book.carried[ways] += back


def _book_order(case: Case, book: Book, ways: Array, month: int, more: Array) -> None:
    """Book what is ordered on top of the plan: stock from its arrival on, parts, hours, lanes."""
    months = len(case.periods)
    for delay, share in list_arrivals(case.ways):
        if month + delay < months:
            place = case.ways["place"].to_numpy(int)[ways]
            arriving = np.bincount(place, more * share[ways], minlength=len(book.stock))
            book.stock[:, month + delay :] += arriving[:, None]
    for frame, name, left, weight in (
        (case.uses, "place", book.stock[:, month:], case.use_qty[:, month]),
        (case.needs, "resource", book.hours[:, month : month + 1], case.needs["need_hours"]),
        (case.lane_ways, "lane", book.lanes[:, month : month + 1], case.lane_ways["weight"]),
    ):
        amount = np.zeros(len(case.ways))
        amount[ways] = more
        of_way = frame["way"].to_numpy(int)
        rows = np.flatnonzero(amount[of_way] != 0)
        spent = amount[of_way[rows]] * np.asarray(weight, dtype=float)[rows]
        taken = np.bincount(frame[name].to_numpy(int)[rows], spent, minlength=len(left))
        left -= taken[:, None]


def _choose(
    case: Case, plan: Plan, sizes: Sizes, book: Book, ways: Array, month: int
) -> tuple[Array, Array]:
    """Return what is ordered on a way, or on all ways of a load, and what the rounding costs."""
    wanted = plan.flow[ways, month]
    if sizes.load[ways[0]] < 0:
        tries = _try_lots(case, sizes, book, ways, month, wanted)
    else:
        tries = _try_loads(case, plan, sizes, book, ways, month)
    fitting = [one for one in tries if _fits(case, book, ways, month, one - wanted)]
    if not fitting:
        fitting = [_largest_fit(case, sizes, book, ways, month, tries[-1], wanted)]
    costs = [float(_price(case, sizes, book, ways, month, one - wanted).sum()) for one in fitting]
    chosen = fitting[int(np.argmin(np.round(costs, 9)))]
    return chosen, _price_carried(case, sizes, book, ways, month, chosen - wanted)


def _try_lots(
    case: Case, sizes: Sizes, book: Book, ways: Array, month: int, wanted: Array
) -> list[Array]:
    """Return the next lot above what is needed and the one below."""
    need = np.maximum(wanted - book.carried[ways], 0.0)
    lot, least = sizes.multiple[ways, month], sizes.least[ways, month]
    step = np.where(lot > 0, lot, 1.0)
    up = np.where(lot > 0, np.ceil(need / step - NOISE) * step, need)
    down = np.where(lot > 0, np.floor(need / step + NOISE) * step, need)
    up = np.where(need > NOISE, np.maximum(up, least), 0.0)
    limit = case.way_limit[ways, month]
    most = np.where((lot > 0) & np.isfinite(limit), np.floor(limit / step + NOISE) * step, limit)
    found = [np.minimum(one, most) for one in (up, down)]
    return [np.where(one >= least - NOISE, one, 0.0) for one in found]


def _try_loads(
    case: Case, plan: Plan, sizes: Sizes, book: Book, ways: Array, month: int
) -> list[Array]:
    """Return the items of one load more than is needed, and of one less."""
    full = float(case.lots.loads["multiple"].iloc[sizes.load[ways[0]]])
    need = np.maximum(plan.flow[ways, month] - book.carried[ways], 0.0)
    later = plan.flow[ways, min(month + 1, len(case.periods) - 1)]
    lot = sizes.multiple[ways, month]
    loads = need.sum() / full
    counts = {float(np.ceil(loads - NOISE)), float(np.floor(loads + NOISE))}
    return [_fill(count * full, need, later, lot) for count in sorted(counts, reverse=True)]


def _fill(room: float, need: Array, later: Array, lot: Array) -> Array:
    """Return whole lots that fill the room: what is needed first, then what is wanted next.

    Example:
        Room 100, needs 30 and 40 in lots of 10, next month 60 and 0: 60 and 40.
    """
    order = np.zeros_like(need)
    for asked in (need, need + later):
        open_qty = np.maximum(asked - order, 0.0)
        share = min(1.0, (room - order.sum()) / open_qty.sum()) if open_qty.sum() > 0 else 0.0
        part = open_qty * max(share, 0.0)
        steps = np.where(lot > 0, np.floor(part / np.where(lot > 0, lot, 1.0) + NOISE) * lot, part)
        order = order + steps
        for one in np.argsort(-(asked - order), kind="stable"):
            fits = order.sum() + lot[one] <= room + NOISE
            if fits and asked[one] - order[one] > NOISE:
                order[one] += lot[one]
    return order


def _fits(case: Case, book: Book, ways: Array, month: int, more: Array) -> bool:
    """Return whether stock, hours and lanes allow an order; what takes nothing more always fits."""
    amount = np.zeros(len(case.ways))
    amount[ways] = more
    for frame, name, left, weight in (
        (case.uses, "place", book.stock[:, month], case.use_qty[:, month]),
        (case.needs, "resource", book.hours[:, month], case.needs["need_hours"]),
        (case.lane_ways, "lane", book.lanes[:, month], case.lane_ways["weight"]),
    ):
        of_way = frame["way"].to_numpy(int)
        rows = np.flatnonzero(np.isin(of_way, ways))
        to = frame[name].to_numpy(int)[rows]
        spent = np.zeros(len(left))
        np.add.at(spent, to, amount[of_way[rows]] * np.asarray(weight, dtype=float)[rows])
        scale = NOISE * np.maximum(1.0, np.abs(left[to]))
        if (spent[to] > np.maximum(left[to], 0.0) + scale).any() or (
            (left[to] < -scale) & (spent[to] > left[to] + scale)
        ).any():
            return False
    return True


def _largest_fit(
    case: Case, sizes: Sizes, book: Book, ways: Array, month: int, order: Array, wanted: Array
) -> Array:
    """Return the order cut lot by lot until it fits; at the least nothing."""
    lot = sizes.multiple[ways, month]
    lot = np.where(lot > 0, lot, order)
    smallest = sizes.least[ways, month]
    low, high = 0, int(np.ceil((order / np.where(lot > 0, lot, 1.0)).max(initial=0.0)))
    best = np.zeros_like(order)
    while low < high:
        cut = (low + high) // 2
        tried = np.maximum(order - (cut + 1) * lot, 0.0)
        tried = np.where(tried >= smallest - NOISE, tried, 0.0)
        if _fits(case, book, ways, month, tried - wanted):
            best, high = tried, cut
        else:
            low = cut + 1
    return best


def _arrival(case: Case, ways: Array, month: int) -> tuple[Array, Array]:
    """Return place and month (the last one after the horizon) in which most of a way arrives."""
    lead = case.ways["lead_months"].to_numpy(int) + (case.ways["late_share"].to_numpy() > HALF)
    arrives = np.minimum(month + lead[ways], len(case.periods) - 1)
    return case.ways["place"].to_numpy(int)[ways], arrives


def _price(case: Case, sizes: Sizes, book: Book, ways: Array, month: int, more: Array) -> Array:
    """Return what a month costs with so much more in stock: holding, below target, late."""
    place, at = _arrival(case, ways, month)
    stock = book.stock[place, at] + more
    below = case.rates.below_target_rate * case.places["unit_value"].to_numpy(float)[place]
    gap = np.clip(case.target[place, at] - stock, 0.0, case.target[place, at])
    held = case.hold_value[place] * np.maximum(stock, 0.0)
    return held + below * gap + sizes.late_value[place] * np.maximum(-stock, 0.0)


def _price_carried(
    case: Case, sizes: Sizes, book: Book, ways: Array, month: int, more: Array
) -> Array:
    """Return holding what is ordered early; of what is late, what is missing at its price."""
    place, at = _arrival(case, ways, month)
    carried = book.carried[ways] + more
    stock = book.stock[place, at] + more
    missing = np.clip(-stock, 0.0, np.maximum(-carried, 0.0))
    below = np.clip(case.target[place, at] - np.maximum(stock, 0.0), 0.0, None)
    below = np.minimum(below, np.maximum(-carried, 0.0) - missing)
    price = case.rates.below_target_rate * case.places["unit_value"].to_numpy(float)[place]
    early = case.hold_value[place] * np.maximum(carried, 0.0)
    return early + price * below + sizes.late_value[place] * missing


def _to_rows(
    case: Case, plan: Plan, sizes: Sizes, orders: Array, carried: Array, value: Array
) -> pd.DataFrame:
    """Return the contract `firm_order`: months in which something is wanted or ordered."""
    inside = np.arange(len(case.periods))[None, :] < sizes.months[:, None]
    way, month = np.nonzero(inside & ((plan.flow > 0) | (orders > 0)))
    keys = case.ways.loc[way, ["flow_kind", "item", "location", "source"]].reset_index(drop=True)
    rows = keys.assign(
        period=case.periods[month],
        flow_qty=plan.flow[way, month],
        order_qty=np.round(orders[way, month], 6),
        lot_qty=np.maximum(sizes.multiple, sizes.least)[way, month],
        carried_qty=np.round(carried[way, month], 6),
        rounding_value=np.round(value[way, month], 6),
    )
    return fit_columns(rows, TABLES["firm_order"])
