"""Which fixes come into question for a shortage, and the most that each could be worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.explain.apply import Fix, expedite_price, way_of
from sopkit.supply.explain.rents import Rents
from sopkit.supply.explain.trace import Cause
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.results.read_plan import Plan

OVERTIME_RATE = 0.10
SHIFT_RATE = 0.20
STEP_RATE = 0.20


@dataclass(frozen=True)
class Shortage:
    """A missed demand with its cause.

    Args:
        item, location, period: of the demand; qty: short and late units.
        cause: what stops it.
        place: row of the place whose ways are stopped: its own, or that of a part.
        first, last: columns of the months in which the limit binds for all that it stops.
        late_months: longest lateness that one of its customers accepts.
        stopped: `place` and `month` (row and column of the case) of all demands that the same
            limit stops.
    """

    item: str
    location: str
    period: pd.Timestamp
    qty: float
    cause: Cause
    place: int
    first: int
    last: int
    late_months: int
    stopped: pd.DataFrame


@dataclass(frozen=True)
class Offer:
    """A fix with the most it could save by the plan's prices; infinite where they do not say."""

    fix: Fix
    most: float


@dataclass(frozen=True)
class Market:
    """What offers are made from: a case, its plan, and the plan's prices."""

    case: Case
    plan: Plan
    rents: Rents


def list_offers(market: Market, shortage: Shortage) -> list[Offer]:
    """Return the fixes that may help with a shortage, the most promising first.

    The limit itself is raised (overtime by 10 % of the regular hours, an extra shift by 20 %, a
    supplier or lane by 20 % or by what is short), the other ways to the same place are (their
    hours, suppliers, lanes), its open orders are hurried, its fence opened, its demand moved. A
    higher limit can save at most its price in the plan times what it adds; what can save nothing
    is left out.
    """
    offers = [*_raise_ways(market, shortage), *_hurry_orders(market, shortage)]
    offers += [*_open_fences(market, shortage), *_move(market, shortage)]
    distinct = {offer.fix: offer for offer in offers if offer.most > 0 and offer.fix.amount >= 0}
    return sorted(distinct.values(), key=lambda o: (-o.most, o.fix.fix, o.fix.code))


def _months(market: Market, shortage: Shortage) -> tuple[Array, pd.Timestamp, pd.Timestamp]:
    columns = np.arange(shortage.first, shortage.last + 1)
    periods = market.case.periods
    return columns, periods[shortage.first], periods[shortage.last]


def _raise_ways(market: Market, shortage: Shortage) -> list[Offer]:
    """Return offers that raise what limits the ways to the place that is stopped."""
    ways = market.case.ways
    offers = []
    into = np.flatnonzero(ways["place"].to_numpy() == shortage.place)
    limit = shortage.cause.limit
    if limit.kind == "resource":
        offers += _add_hours(market, shortage, limit.code, ("overtime", "extra_shift"))
    made = any(ways["flow_kind"].iloc[way] == "make" for way in into)
    for way in into:
        kind, source = str(ways["flow_kind"].iloc[way]), str(ways["source"].iloc[way])
        if kind == "make":
            for code in _resources_of(market.case, int(way)):
                if (limit.kind, limit.code) != ("resource", code):
                    offers += _add_hours(market, shortage, code, ("alternate",))
        if kind == "buy":
            own = limit.kind == "supplier" and limit.code == source
            name = "more_supply" if own else "subcontract" if made else "other_supplier"
            offers += _raise_supplier(market, shortage, int(way), name)
        if kind == "move" and isinstance(ways["lane"].iloc[way], str):
            offers += _raise_lane(market, shortage, int(way))
    return offers


def _resources_of(case: Case, way: int) -> list[str]:
    rows = case.needs["resource"].to_numpy()[case.needs["way"].to_numpy() == way]
    return [str(case.resources["resource"].iloc[row]) for row in rows]


def _add_hours(
    market: Market, shortage: Shortage, code: str, names: tuple[str, ...]
) -> list[Offer]:
    case = market.case
    row = int(np.flatnonzero((case.resources["resource"] == code).to_numpy())[0])
    months, first, last = _months(market, shortage)
    price = float(case.resources["overtime_value"].iloc[row])
    saved = np.maximum(market.plan.worth["hour"][row, months] - price, 0.0).sum()
    regular = float(case.regular_hours[row, months].mean())
    rates = {"overtime": OVERTIME_RATE, "extra_shift": SHIFT_RATE, "alternate": SHIFT_RATE}
    return [
        Offer(Fix(name, code, "", "", first, last, hours), float(saved) * hours)
        for name in names
        for hours in [round(rates[name] * regular, 6)]
        if hours > 0
    ]


def _step(limit: float, shortage: Shortage, *, same_item: bool) -> float:
    """Return how much to raise a limit by: a fifth, or what is short if that is more."""
    return round(max(STEP_RATE * limit, shortage.qty if same_item else 0.0), 6)


def _raise_supplier(market: Market, shortage: Shortage, way: int, name: str) -> list[Offer]:
    case, row = market.case, market.case.ways.iloc[way]
    months, first, last = _months(market, shortage)
    limit = case.way_limit[way, months]
    if not np.isfinite(limit).all():
        return []
    amount = _step(limit.mean(), shortage, same_item=row["item"] == shortage.item)
    item, location = str(row["item"]), str(row["location"])
    fix = Fix(name, str(row["source"]), item, location, first, last, amount)
    saved = np.maximum(-market.rents.gap[way, months], 0.0).sum()
    return [Offer(fix, float(saved) * amount)] if amount > 0 else []


def _raise_lane(market: Market, shortage: Shortage, way: int) -> list[Offer]:
    case, code = market.case, str(market.case.ways["lane"].iloc[way])
    row = int(np.flatnonzero((case.lanes["lane"] == code).to_numpy())[0])
    limit = float(case.lanes["max_qty"].iloc[row])
    amount = _step(limit, shortage, same_item=case.ways["item"].iloc[way] == shortage.item)
    fix = Fix("more_lane", code, "", "", case.periods[0], case.periods[-1], amount)
    return [Offer(fix, float(market.plan.worth["lane"][row].sum()) * amount)]


def _hurry_orders(market: Market, shortage: Shortage) -> list[Offer]:
    """Return offers to hurry open orders that have no price for that yet."""
    case, orders = market.case, market.case.tables.open_supply
    offers = []
    for place in {shortage.place, *_place_of(case, shortage)}:
        item, location = case.places[["item", "location"]].iloc[place]
        here = (orders["item"] == item) & (orders["location"] == location)
        here &= orders["expedite_value"].isna() & (orders["open_qty"] > 0)
        later = orders["due_date"] >= case.periods[0] + pd.DateOffset(months=1)
        worth = market.plan.worth["unit"][place]
        for row in orders[here & later].itertuples():
            due = case.periods.get_indexer(pd.DatetimeIndex([row.due_date]), method="ffill")[0]
            inside = pd.Timestamp(str(row.due_date)) < case.periods[-1] + pd.DateOffset(months=1)
            last = case.periods[due] if inside else case.periods[-1]
            fix = Fix(
                "expedite",
                str(row.supply_order),
                str(item),
                str(location),
                case.periods[0],
                last,
                float(str(row.open_qty)),
            )
            before = float(worth[due]) if inside else 0.0
            saved = float(worth[0]) - before - expedite_price(case, fix)
            offers.append(Offer(fix, saved * fix.amount))
    return offers


def _place_of(case: Case, shortage: Shortage) -> list[int]:
    same = (case.places["item"] == shortage.item) & (case.places["location"] == shortage.location)
    return [int(place) for place in np.flatnonzero(same.to_numpy())]


def _open_fences(market: Market, shortage: Shortage) -> list[Offer]:
    """Return offers to open the fences of the ways to the place that is stopped."""
    case = market.case
    into = np.flatnonzero(case.ways["place"].to_numpy() == shortage.place)
    _, first, last = _months(market, shortage)
    offers = []
    for way in into:
        if case.fences.frozen[way].any():
            row = case.ways.iloc[way]
            source, item, location = (str(row[name]) for name in ("source", "item", "location"))
            fix = Fix("open_fence", source, item, location, first, last, 0.0)
            offers.append(Offer(fix, np.inf))
    return offers


def _move(market: Market, shortage: Shortage) -> list[Offer]:
    """Return offers to move what is missed to a later month: asked of the customer.

    As late as the customers accept, at least a month; not past the plan.
    """
    case = market.case
    month = int(case.periods.get_indexer(pd.DatetimeIndex([shortage.period]))[0])
    offers = []
    for delay in range(1, max(shortage.late_months, 1) + 1):
        if month + delay < len(case.periods):
            fix = Fix(
                "move_demand",
                shortage.item,
                shortage.item,
                shortage.location,
                shortage.period,
                case.periods[month + delay],
                round(shortage.qty, 6),
            )
            offers.append(Offer(fix, np.inf))
    return offers


def price_of(case: Case, fix: Fix, values: dict[str, Array]) -> float:
    """Return what a fix itself costs, as far as a plan with it uses it.

    Hours over the old limit at regular and overtime pay, units over the old limit at their price,
    units hurried; moving demand and opening a fence cost nothing themselves.

    Args:
        case: before the fix.
        values: variables of the plan with it.
    """
    if "overtime" in values and fix.fix in ("overtime", "extra_shift", "alternate"):
        row = (case.resources["resource"] == fix.code).to_numpy()
        over = np.maximum(values["overtime"][row] - case.overtime_hours[row], 0.0).sum()
        pay = case.resources.loc[row, ["hour_value", "overtime_value"]].sum(axis=1)
        return float(over * pay.iloc[0])
    if fix.fix in ("more_supply", "other_supplier", "subcontract"):
        way = way_of(case, fix)
        over = np.maximum(values["flow"][way] - case.way_limit[way], 0.0)
        return float((over * case.way_cost[way]).sum())
    if fix.fix == "more_lane":
        return _price_lane(case, fix, values["flow"])
    if fix.fix == "expedite" and "hurried" in values:
        return expedite_price(case, fix) * float(values["hurried"].sum())
    return 0.0


def _price_lane(case: Case, fix: Fix, flow: Array) -> float:
    row = int(np.flatnonzero((case.lanes["lane"] == fix.code).to_numpy())[0])
    on = case.lane_ways[case.lane_ways["lane"] == row]
    moved = flow[on["way"].to_numpy(int)]
    total = moved.sum(axis=0)
    paid = (moved * case.way_cost[on["way"].to_numpy(int)]).sum(axis=0)
    over = np.maximum(total - float(case.lanes["max_qty"].iloc[row]), 0.0)
    return float((over * paid / np.where(total > 0, total, 1.0)).sum())
