"""The cheapest ways out of the dearest shortages, each from a plan solved anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.explain.apply import HOURS, SUPPLY, Fix, fix_case, way_of
from sopkit.supply.explain.limits import PROBED
from sopkit.supply.explain.offers import Market, Offer, Shortage, list_offers, price_of
from sopkit.supply.explain.probe import Bound, Probe
from sopkit.supply.explain.shortages import list_causes, list_missed, start_living
from sopkit.supply.explain.trace import Tracer
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.results.read_plan import Plan, read_service
from sopkit.supply.solver.living import Answer, Living
from sopkit.tables import PLACE, TABLES, fit_columns

LEAST_SHARE = 1e-6
MOST_TRIES = 8
MOST_LIMITS = 2
SAME = 1e-6
DECIMALS = 6


def list_fixes(
    case: Case,
    demand: pd.DataFrame,
    plan: Plan,
    shortage: pd.DataFrame,
    *,
    most: int = 10,
    fixes: int = 3,
    living: Living | None = None,
) -> pd.DataFrame:
    """Return the ways that gain most for the dearest shortages, each re-solved with the whole plan.

    Shortages are taken by the limit that stops them: of the dearest limits, the dearest demand.
    Each fix is a change of the input tables (`apply_fix`); its gain is the cost of the plan without
    it less that of the plan with it, in which it is paid for as far as it is used. Whole lots and
    whole people are left aside in both plans.

    Args:
        demand: contract `net_demand`, which the plan answers.
        plan: of this case, with all solved months.
        shortage: contract `shortage`; the rows to look at.
        most: most shortages; fixes: most fixes for each.
        living: a solver that holds the plan (`start_living`), if there is one.

    Returns:
        Contract `shortage_fix`, the dearest shortage first, its best fix first. A fix that gains
        less than a millionth of the plan's cost, or serves nothing that the limit stops, is not
        listed; a shortage that nothing helps makes room for the next.

    Example:
        A line is full at 100, 10 units of 100 are lost: 10 overtime hours at 7 instead of 4 gain
        10 x (100 - 4 - 7) = 890.
    """
    living = living or start_living(case, plan)
    desk = Desk(living, Probe(living.base), demand)
    tracer = Tracer.prepare(case, plan)
    market = Market(case, plan, tracer.rents)
    parts: list[pd.DataFrame] = []
    for one in _pick(case, plan, shortage, tracer)[: MOST_LIMITS * most]:
        found = _rank(desk, one, list_offers(market, one), fixes)
        parts += [_to_rows(one, found)] if found else []
        if len(parts) >= most:
            break
    table = TABLES["shortage_fix"]
    return fit_columns(pd.concat(parts, ignore_index=True), table) if parts else table.empty()


def _pick(case: Case, plan: Plan, shortage: pd.DataFrame, tracer: Tracer) -> list[Shortage]:
    """Return the dearest shortage of each limit, the dearest limit first.

    What is not worth serving, or has no source, is left out: there is nothing to offer.
    """
    rows = list_missed(case, plan)
    wanted = pd.MultiIndex.from_frame(shortage[[*PLACE, "period"]])
    rows = rows[pd.MultiIndex.from_frame(rows[[*PLACE, "period"]]).isin(wanted)]
    causes = list_causes(tracer, rows)
    accepted = plan.streams.streams.groupby("place")["late_months"].max()
    groups: dict[object, list[int]] = {}
    for number, cause in enumerate(causes):
        if cause.limit.kind not in PROBED:
            continue
        groups.setdefault(cause.limit, []).append(number)
    money = (rows["short_value"] + rows["late_value"]).to_numpy()
    ranked = sorted(groups.values(), key=lambda members: -money[members].sum())
    return [
        Shortage(
            item=str(row["item"]),
            location=str(row["location"]),
            period=pd.Timestamp(row["period"]),
            qty=float(row["short_qty"] + row["late_qty"]),
            cause=causes[members[0]],
            place=causes[members[0]].place,
            first=min(causes[member].month for member in members),
            last=max(causes[member].month for member in members),
            late_months=int(accepted[row["place"]]),
            stopped=rows.iloc[members][["place", "month"]].reset_index(drop=True),
        )
        for members in ranked
        for row in [rows.iloc[members[0]]]
    ]


@dataclass(frozen=True)
class Desk:
    """Where fixes are tried: two solvers at the plan's optimum, and the demand it answers."""

    living: Living
    probe: Probe
    demand: pd.DataFrame

    def try_fix(self, fix: Fix) -> tuple[float, dict[str, Array], Streams]:
        """Return what a fix saves, and the variables and streams of the plan with it.

        A higher limit is a bound moved, unless a fence counts with it; all else is asked anew.
        """
        base = self.living.base
        case = base.arrays.case
        moves = [] if case.fences.frozen.any() else _to_moves(base, fix)
        if moves:
            gain = self.probe.cost - self.probe.ask(moves)
            return gain, self.probe.values(), base.arrays.streams
        answer = self.living.ask(*fix_case(case, self.demand, fix))
        values = answer.values  # noqa: PD011
        return base.objective - answer.objective, values, answer.arrays.streams


def _to_moves(base: Answer, fix: Fix) -> list[tuple[Bound, float]]:
    """Return the bounds that a fix raises; empty where it is more than that."""
    case, lp, model = base.arrays.case, base.arrays.lp, base.arrays.model
    months = np.flatnonzero((case.periods >= fix.first) & (case.periods <= fix.last))
    if fix.fix in HOURS and fix.code not in set(case.people.crews["crew"]):
        row = int(np.flatnonzero((case.resources["resource"] == fix.code).to_numpy())[0])
        at, unit, is_row = lp.columns["overtime"][row], model.dims["resource"].unit[row], False
    elif fix.fix in SUPPLY:
        way = int(np.flatnonzero(way_of(case, fix))[0])
        at, unit, is_row = lp.columns["flow"][way], model.dims["way"].unit[way], False
    elif fix.fix == "more_lane":
        row = int(np.flatnonzero((case.lanes["lane"] == fix.code).to_numpy())[0])
        at, unit, is_row = lp.rows["lane_limit"][row], model.dims["lane"].unit[row], True
    else:
        return []
    return [(Bound(is_row, int(at[month]), float(unit)), fix.amount) for month in months]


@dataclass(frozen=True)
class Found:
    """A fix that helps: what it gains and costs [money], and the units it serves."""

    fix: Fix
    gain: float
    price: float
    served: float

    def worth(self) -> float:
        """Return the gain, less a price that the plan does not hold."""
        return self.gain - (self.price if self.fix.fix == "move_demand" else 0.0)


def _rank(desk: Desk, shortage: Shortage, offers: list[Offer], fixes: int) -> list[Found]:
    """Return the best fixes, the best first.

    Offers are tried from the most promising on, until no other can beat those found. Of two that
    gain the same on one resource the smaller stays.
    """
    base = desk.living.base
    least = LEAST_SHARE * abs(base.objective)
    found: list[Found] = []
    for offer in offers[:MOST_TRIES]:
        worths = [one.worth() for one in found if not _is_outdone(one, found)]
        worths.sort(reverse=True)
        if len(worths) >= fixes and offer.most <= worths[fixes - 1]:
            break
        gain, values, streams = desk.try_fix(offer.fix)
        units, cost = _missed(base.arrays.streams, base.values, shortage)
        left, less = _missed(streams, values, shortage)
        if gain > least and cost - less > LEAST_SHARE * cost:
            price = price_of(base.arrays.case, offer.fix, values)
            if offer.fix.fix == "move_demand":
                price = _price_of_moving(base, shortage, offer.fix)
            found.append(Found(offer.fix, gain, price, max(units - left, 0.0)))
    found = [one for one in found if one.worth() > least and not _is_outdone(one, found)]
    return sorted(found, key=lambda one: (-one.worth(), one.fix.fix, one.fix.code))[:fixes]


def _is_outdone(one: Found, found: list[Found]) -> bool:
    """Return whether a smaller step of the same gains as much, or another delay is better."""
    if one.fix.fix == "move_demand":
        return any(o.worth() > one.worth() for o in found if o.fix.fix == "move_demand")
    same = [o for o in found if o.fix.code == one.fix.code and o.fix.amount < one.fix.amount]
    return any(o.gain >= one.gain * (1 - SAME) and o.fix.fix in HOURS for o in same)


def _price_of_moving(base: Answer, shortage: Shortage, fix: Fix) -> float:
    """Return what so much lateness costs by the service class of the customers."""
    streams, case = base.arrays.streams, base.arrays.case
    month = int(case.periods.get_indexer(pd.DatetimeIndex([fix.first]))[0])
    delay = int(case.periods.get_indexer(pd.DatetimeIndex([fix.last]))[0]) - month
    here = _is_here(case, streams, shortage)
    qty, cost = streams.demand_qty[here, month], streams.late_cost[here, month]
    return float((qty * cost).sum() / max(qty.sum(), 1e-12) * delay * fix.amount)


def _is_here(case: Case, streams: Streams, shortage: Shortage) -> Array:
    """Return which streams are of the item and location of a shortage."""
    places = case.places.loc[streams.streams["place"], PLACE]
    here = (places["item"] == shortage.item) & (places["location"] == shortage.location)
    return here.to_numpy(dtype=bool)


def _missed(streams: Streams, values: dict[str, Array], shortage: Shortage) -> tuple[float, float]:
    """Return units late or not served of the demands that the limit stops, and what they cost."""
    service = read_service(streams, values)
    units, cost = service.short.copy(), service.short * streams.lost_cost
    for delay, late in enumerate(service.late, start=1):
        units, cost = units + late, cost + delay * late * streams.late_cost
    place = streams.streams["place"].to_numpy(int)
    at = shortage.stopped["place"].to_numpy(int), shortage.stopped["month"].to_numpy(int)
    sums = []
    for missed in (units, cost):
        by_place = np.zeros((max(place.max(), at[0].max()) + 1, missed.shape[1]))
        np.add.at(by_place, place, missed)
        sums.append(float(by_place[at].sum()))
    return sums[0], sums[1]


def _to_rows(shortage: Shortage, found: list[Found]) -> pd.DataFrame:
    rows = [
        {
            "item": shortage.item,
            "location": shortage.location,
            "period": shortage.period,
            "rank": rank,
            "fix": one.fix.fix,
            "fix_code": one.fix.code,
            "fix_item": one.fix.item or None,
            "fix_location": one.fix.location or None,
            "first_period": one.fix.first,
            "last_period": one.fix.last,
            "amount": one.fix.amount,
            "price_value": round(one.price, DECIMALS),
            "gain_value": round(one.gain, DECIMALS),
            "served_qty": round(one.served, DECIMALS),
        }
        for rank, one in enumerate(found, start=1)
    ]
    return pd.DataFrame(rows, columns=[c.name for c in TABLES["shortage_fix"].columns])
