"""A first answer before anything is solved: what a change costs at least and at most.

At least: the prices of the plan there is (duals) value every changed limit; a plan for the changed
company can cost no less (weak duality). At most: the plan there is, mended month by month until it
fits the changed company, is one that could be followed. Where both meet, the answer is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.loads import explode_demand
from sopkit.supply.model.build import late_names, list_arrivals, lost_names
from sopkit.supply.model.lp import Lp, Model

if TYPE_CHECKING:
    from sopkit.supply.solver.living import Answer, Arrays

CLOSE_SHARE = 0.10
NOISE = 1e-6
ROW_GAP = 1e-5


@dataclass(frozen=True)
class FirstAnswer:
    """What a change does to the cost of the plan [money; below 0: it saves].

    Args:
        low: at least; None: nothing is proven.
        high: at most; None: no mended plan was found.
    """

    low: float | None
    high: float | None

    @property
    def is_close(self) -> bool:
        """Whether both ends lie within a tenth, so that one number may be shown."""
        if self.low is None or self.high is None:
            return False
        size = min(abs(self.low), abs(self.high))
        return self.high - self.low <= CLOSE_SHARE * size + NOISE


def guess_answer(base: Answer, asked: Arrays) -> FirstAnswer:
    """Return the range of a change's cost.

    Args:
        base: the plan there is, solved.
        asked: the changed company, in the same cells and units.

    Example:
        Ten hours fewer, each worth 96: at least 960. The units of those hours are lost, at 96 net
        each: at most 960. Both ends meet.
    """
    before = base.arrays.lp
    cost = float(before.cost @ base.x) * before.money
    constant = _constant(asked.model) - _constant(base.arrays.model)
    low = _bound_below(base.row_dual, asked)
    plans = [mend_plan(base.values, base.arrays.streams, asked, follow) for follow in (0, 1)]
    costs = [_cost_of(values, asked.lp) for values in plans if values is not None]
    found = [one for one in costs if one is not None]
    return FirstAnswer(
        low=None if low is None else low - cost + constant,
        high=min(found) - cost + constant if found else None,
    )


def _constant(model: Model) -> float:
    return float(sum(money.sum() for money in model.constants.values()))


def _bound_below(row_dual: Array, asked: Arrays) -> float | None:
    """Return what no plan can cost less than, by the prices of another plan [money].

    bound = sum of prices x limits of rows + for each variable its reduced cost x the limit that
    it would be driven to. A flow without limit is driven at most to all that its place can ever be
    asked for.
    """
    lp = asked.lp
    price = np.where((row_dual > 0) & np.isinf(lp.row_lower), 0.0, row_dual)
    price = np.where((price < 0) & np.isinf(lp.row_upper), 0.0, price)
    with np.errstate(invalid="ignore"):
        rows = np.where(price > 0, price * lp.row_lower, price * lp.row_upper)
    reduced = lp.cost - lp.matrix.T @ price
    reduced = np.where(np.abs(reduced) <= NOISE, 0.0, reduced)
    at = np.where(reduced > 0, lp.lower, lp.upper)
    endless = (reduced != 0) & np.isinf(at)
    driven = np.where(endless | (reduced == 0), 0.0, reduced * np.where(np.isinf(at), 0.0, at))
    total = float(np.where(price == 0, 0.0, rows).sum() + driven.sum())
    if endless.any():
        flows = _drive_flows(asked, reduced, endless)
        if flows is None:
            return None
        total += flows
    return total * lp.money


def _drive_flows(asked: Arrays, reduced: Array, endless: Array) -> float | None:
    """Return what endless flows of falling cost can save at most; None for other variables."""
    lp, case = asked.lp, asked.case
    cells = lp.columns["flow"]
    if endless.sum() != endless[cells[cells >= 0]].sum():
        return None
    most = _most_wanted(case, asked.streams)
    if most is None:
        return None
    price = np.where(cells >= 0, np.append(reduced, 0.0)[cells], 0.0)
    price = np.where(np.append(endless, False)[cells], price, 0.0).min(axis=1)
    unit = asked.model.dims["way"].unit
    place = case.ways["place"].to_numpy(int)
    cheapest = np.zeros(len(case.places))
    np.minimum.at(cheapest, place, price / unit)
    return float((cheapest * most).sum())


def _most_wanted(case: Case, streams: Streams) -> Array | None:
    """Return all that each place can be asked for over all months; None in a ring of lanes."""
    levels = _order_places(case)
    if levels is None:
        return None
    way, part = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    taker, qty = case.ways["place"].to_numpy(int)[way], case.use_qty.max(axis=1)
    most = streams.demand_qty_by_place(case).sum(axis=1) + case.target.max(axis=1)
    for level in range(levels.max(initial=0), -1, -1):
        feeds = levels[taker] == level
        np.add.at(most, part[feeds], (qty * most[taker])[feeds])
    return most


def _order_places(case: Case) -> Array | None:
    """Return how many steps of making and moving lie before each place; None in a ring."""
    way, part = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    taker = case.ways["place"].to_numpy(int)[way]
    level = np.zeros(len(case.places), dtype=int)
    for _ in range(len(case.places) + 1):
        deeper = level.copy()
        np.maximum.at(deeper, taker, level[part] + 1)
        if np.array_equal(deeper, level):
            return level
        level = deeper
    return None


def mend_plan(
    values: dict[str, Array], known: Streams, asked: Arrays, follow: float
) -> dict[str, Array] | None:
    """Return a plan mended month by month so that it fits a changed company; None in a ring.

    Flows are cut in proportion where hours, limits or parts no longer suffice, and what cannot be
    served is lost.

    Args:
        values: of the plan there is, in base units.
        known: the demand it answers.
        follow: share of additional demand that is made as well, by each place's usual way.
    """
    case, streams, model = asked.case, asked.streams, asked.model
    levels = _order_places(case)
    if levels is None or known.demand_qty.shape != streams.demand_qty.shape:
        return None
    late = [np.minimum(values[name], model.blocks[name].upper) for name in late_names(model)]
    lost = sum((values[name] for name in lost_names(model)), np.zeros_like(streams.demand_qty))
    more = np.maximum(streams.demand_qty - known.demand_qty, 0.0)
    lost = np.minimum(lost + (1 - follow) * more, streams.demand_qty)
    total = sum(late, np.zeros_like(lost))
    excess = np.maximum(total + lost - streams.demand_qty, 0.0)
    lost = np.maximum(lost - excess, 0.0)
    scale = np.minimum(1.0, (streams.demand_qty - lost) / np.where(total > 0, total, 1.0))
    late = [one * np.where(total > 0, scale, 1.0) for one in late]
    flow = values["flow"]
    if follow:
        extra = replace(streams, demand_qty=more)
        flow = flow + follow * _explode(case, extra)
    return _roll(case, streams, model, values, _Wish(flow, late, lost), levels)


def _explode(case: Case, extra: Streams) -> Array:
    """Return the flows that bring additional demand, stock left out."""
    places = case.places.assign(opening_qty=0.0)
    none = np.zeros_like(case.arriving)
    bare = replace(case, places=places, arriving=none, target=none)
    return explode_demand(bare, extra.demand_qty_by_place(case))


@dataclass(frozen=True)
class _Wish:
    """What the mended plan starts from: flows, and service by month of demand."""

    flow: Array
    late: list[Array]
    lost: Array


def _roll(
    case: Case, streams: Streams, model: Model, values: dict[str, Array], wish: _Wish, levels: Array
) -> dict[str, Array]:
    """Return the plan's variables after rolling it forward, month by month and level by level."""
    months = len(case.periods)
    flow, late, lost = wish.flow.copy(), [one.copy() for one in wish.late], wish.lost.copy()
    on_time = np.maximum(streams.demand_qty - lost - sum(late, np.zeros_like(lost)), 0.0)
    arrivals, into = list_arrivals(case.ways), case.ways["place"].to_numpy(int)
    way, part = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    place = streams.streams["place"].to_numpy(int)
    coming = case.arriving.copy()
    closing = np.zeros_like(case.target)
    stock = case.places["opening_qty"].to_numpy(float)
    for month in range(months):
        flow[:, month] = _fit_limits(case, model, flow[:, month], month)
        ready = stock + coming[:, month]
        for level in range(levels.max(initial=0) + 1):
            inside = levels == level
            for delay, share in arrivals:
                if delay == 0:
                    here = inside[into]
                    np.add.at(ready, into[here], (share * flow[:, month])[here])
            asked = np.zeros(len(stock))
            np.add.at(asked, part, flow[way, month] * case.use_qty[:, month])
            np.add.at(asked, place, on_time[:, month])
            for delay, one in enumerate(late, start=1):
                if month >= delay:
                    np.add.at(asked, place, one[:, month - delay])
            ratio = np.clip(ready / np.where(asked > 0, asked, 1.0), 0.0, 1.0)
            ratio = np.where(inside & (asked > 0), ratio, 1.0)
            cut = np.ones(len(flow))
            np.minimum.at(cut, way, np.where(case.use_qty[:, month] > 0, ratio[part], 1.0))
            flow[:, month] *= cut
            lost[:, month] += on_time[:, month] * (1 - ratio[place])
            on_time[:, month] *= ratio[place]
            for delay, one in enumerate(late, start=1):
                if month >= delay:
                    lost[:, month - delay] += one[:, month - delay] * (1 - ratio[place])
                    one[:, month - delay] *= ratio[place]
        for delay, share in arrivals:
            if 0 < delay < months - month:
                np.add.at(coming[:, month + delay], into, share * flow[:, month])
        np.subtract.at(ready, part, flow[way, month] * case.use_qty[:, month])
        np.subtract.at(ready, place, on_time[:, month])
        for delay, one in enumerate(late, start=1):
            if month >= delay:
                np.subtract.at(ready, place, one[:, month - delay])
        stock = np.maximum(ready, 0.0)
        closing[:, month] = stock
    return _to_values(case, model, values, flow, closing, late, lost)


def _fit_limits(case: Case, model: Model, flow: Array, month: int) -> Array:
    """Return a month's flows cut in proportion to their limits, hours and lanes."""
    flow = np.minimum(flow, model.blocks["flow"].upper[:, month])
    limits = [
        (
            case.needs["resource"].to_numpy(int),
            case.needs["way"].to_numpy(int),
            case.needs["need_hours"].to_numpy(float),
            model.rows["capacity_limit"].upper[:, month] + model.blocks["overtime"].upper[:, month],
        )
    ]
    if "lane_limit" in model.rows:
        lanes = case.lane_ways
        limits.append(
            (
                lanes["lane"].to_numpy(int),
                lanes["way"].to_numpy(int),
                lanes["weight"].to_numpy(float),
                model.rows["lane_limit"].upper[:, month],
            )
        )
    for of, way, need, most in limits:
        load = np.bincount(of, need * flow[way], minlength=len(most))
        ratio = np.minimum(1.0, most / np.where(load > 0, load, 1.0))
        cut = np.ones(len(flow))
        np.minimum.at(cut, way, np.where(load > 0, ratio, 1.0)[of])
        flow = flow * cut
    return flow


def _to_values(
    case: Case,
    model: Model,
    values: dict[str, Array],
    flow: Array,
    closing: Array,
    late: list[Array],
    lost: Array,
) -> dict[str, Array]:
    """Return the variables of a rolled plan; those of other rules stay as they are."""
    found = dict(values)
    found["flow"] = flow
    for name in ("guarded", "protected"):
        block = model.blocks[name]
        most = block.upper if block.keep is None else np.where(block.keep, block.upper, 0.0)
        found[name] = np.minimum(closing, most)
        closing = closing - found[name]
    found["stock"] = closing
    load = np.zeros_like(case.regular_hours)
    hours = flow[case.needs["way"].to_numpy(int)] * case.needs["need_hours"].to_numpy()[:, None]
    np.add.at(load, case.needs["resource"].to_numpy(int), hours)
    found["overtime"] = np.maximum(load - model.rows["capacity_limit"].upper, 0.0)
    for name, one in zip(late_names(model), late, strict=True):
        found[name] = one
    for name in lost_names(model):
        found[name] = np.minimum(lost, model.blocks[name].upper)
        lost = lost - found[name]
    return found


def _cost_of(values: dict[str, Array], lp: Lp) -> float | None:
    """Return what values of the variables cost [money]; None where they break a limit."""
    x = np.zeros(len(lp.cost))
    for name, cells in lp.columns.items():
        x[cells[cells >= 0]] = values[name][cells >= 0]
    x = x / lp.column_unit
    room = ROW_GAP * (1.0 + np.abs(x))
    if (x < lp.lower - room).any() or (x > lp.upper + room).any():
        return None
    sums = lp.matrix @ x
    size = ROW_GAP * (1.0 + abs(lp.matrix) @ np.abs(x))
    if (sums < lp.row_lower - size).any() or (sums > lp.row_upper + size).any():
        return None
    return float(lp.cost @ x) * lp.money
