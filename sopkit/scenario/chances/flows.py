"""A month of flows over all draws: what places ask for, and what hours and materials grant."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sopkit.scenario.chances.network import Net
from sopkit.scenario.chances.unsure import Luck

Array = np.ndarray
TINY = 1e-9


@dataclass
class Asked:
    """What each place has, and asks for (places x draws; ways x draws).

    Args:
        own: demand that planners expect of the month, with what waits.
        surprise: how far that is from the forecast.
        position: stock and orders under way less what waits; have: stock and what is due now.
        drawn, drawn_need: what ways ask of a place, in all, and of it for demand.
        need, fill: what is asked of each way: for demand, and to refill stock.
    """

    own: Array
    surprise: Array
    position: Array
    have: Array
    drawn: Array = field(default_factory=lambda: np.zeros(0))
    drawn_need: Array = field(default_factory=lambda: np.zeros(0))
    need: Array = field(default_factory=lambda: np.zeros(0))
    fill: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Arrived:
    """Good units of a month by place: `ordered` in all, `now` of them in it; `used` by ways."""

    ordered: Array
    now: Array
    used: Array


def ask_flows(net: Net, asked: Asked, level: Array, drawn: Array, month: int) -> None:
    """Ask for flows from the customer's end up the network.

    A place asks for level + surprise + (what ways draw more than planned) - position. Of that,
    demand needs what is expected less what it has. Where a resource lacks the hours, what its
    places owe is asked of another way, as far as hours are left there.
    """
    draws = asked.own.shape[1]
    asked.drawn, asked.drawn_need = np.zeros_like(asked.own), np.zeros_like(asked.own)
    asked.need = np.zeros((len(net.case.ways), draws))
    asked.fill = np.zeros_like(asked.need)
    limit = (net.case.regular_hours + net.case.overtime_hours)[:, [month]]
    for number, ways in enumerate(net.layer_ways):
        if not len(ways):
            continue
        _ask_layer(net, asked, level, drawn, number, month)
        if net.steps[number].has_hours and _turn_elsewhere(net, asked, limit, number, month):
            _ask_layer(net, asked, level, drawn, number, month)
        _draw_on(net, asked, ways, month, asked.need[ways], asked.fill[ways])


def _draw_on(net: Net, asked: Asked, ways: Array, month: int, need: Array, fill: Array) -> None:
    uses = net.steps_of(ways, month)
    asked.drawn_need += uses @ need
    asked.drawn += uses @ (need + fill)


def _ask_layer(net: Net, asked: Asked, level: Array, drawn: Array, number: int, month: int) -> None:
    layer, ways = net.layers[number], net.layer_ways[number]
    step = net.steps[number]
    wish = level[layer, None] + asked.surprise[layer] - asked.position[layer]
    wish = np.maximum(wish + asked.drawn[layer] - drawn[layer, None], 0.0)
    need = asked.own[layer] + asked.drawn_need[layer] - asked.have[layer]
    need = np.clip(need, 0.0, wish)
    share = net.share[ways, month][:, None]
    asked.need[ways] = share * need[step.to]
    asked.fill[ways] = share * (wish - need)[step.to]
    if month == 0:
        kept = (net.frozen * net.planned[:, 0])[ways][:, None]
        whole = asked.need[ways] + asked.fill[ways]
        asked.fill[ways] += np.maximum(kept - whole, 0.0)


def _turn_elsewhere(net: Net, asked: Asked, limit: Array, number: int, month: int) -> bool:
    """Ask other ways for what the hours of a layer cannot make; return whether any was turned."""
    step, ways = net.steps[number], net.layer_ways[number]
    if not len(step.movers):
        return False
    whole = asked.need[ways] + asked.fill[ways]
    load = step.hours @ whole
    over = np.maximum(load - limit, 0.0)
    if not (over > TINY * limit).any():
        return False
    cut = over / np.maximum(load, TINY)
    source = net.maker[net.source[step.movers]]
    other = net.maker[net.source[net.other[step.movers]]]
    moved = asked.need[step.movers] + asked.fill[step.movers]
    turned = (
        moved * cut[net.resource[source]] * (net.resource[source] != net.resource[other])[:, None]
    )
    extra = step.turn_hours @ turned
    room = np.maximum(limit - load, 0.0)
    fits = np.minimum(1.0, room / np.maximum(extra, TINY))
    part = turned * fits[net.resource[other]] / np.maximum(moved, TINY)
    for amount, drawn in ((asked.need, asked.drawn_need), (asked.fill, None)):
        shifted = amount[step.movers] * part
        amount += step.turn_ways @ shifted
        change = step.turn_places @ shifted
        asked.drawn += change
        if drawn is not None:
            drawn += change
    return True


def grant_flows(
    net: Net,
    asked: Asked,
    luck: Luck,
    due: Array,
    month: int,
    cuts: tuple[Array, Array],
) -> Arrived:
    """Cut what is asked down to materials, hours and limits, from the suppliers' end down.

    Hours are planned with first, demand before refilling; those that are then lost in the month
    cut everything on the resource alike, as nobody knew of them.

    Adds what arrives later to `due`, and hours and units that were not there to `cuts`.
    """
    case = net.case
    planned = (case.regular_hours + case.overtime_hours)[:, [month]]
    left, real = planned * np.ones_like(luck.hours[:, month]), planned * luck.hours[:, month]
    flow = np.zeros_like(asked.need)
    ordered, now = np.zeros_like(asked.own), np.zeros_like(asked.own)
    got_need, got_fill = np.ones_like(asked.own), np.ones_like(asked.own)
    for number in range(len(net.layers) - 1, -1, -1):
        layer, ways, step = net.layers[number], net.layer_ways[number], net.steps[number]
        if len(ways):
            need, fill = asked.need[ways], asked.fill[ways]
            need = need * step.least_of_parts(got_need)
            fill = fill * step.least_of_parts(got_fill)
            if step.has_hours:
                need = _use_hours(step, need, left, cuts[0][:, month])
                fill = _use_hours(step, fill, left, cuts[0][:, month])
            whole = need + fill
            if step.has_hours:
                whole = _use_hours(step, whole, real, cuts[0][:, month])
            done = _keep_limits(net, ways, step, whole, month, cuts[1])
            flow[ways] = done
            _arrive(net, ways, number, done, luck, due, month, ordered, now)
        _share_out(asked, layer, now, got_need, got_fill)
    used = net.uses[month] @ flow
    return Arrived(ordered, now, used)


def _share_out(asked: Asked, layer: Array, now: Array, got_need: Array, got_fill: Array) -> None:
    """Say which share of what is asked of the layer's places they can give: demand first."""
    there = asked.have[layer] + now[layer]
    claims = asked.own[layer] + asked.drawn_need[layer]
    got_need[layer] = np.minimum(1.0, there / np.maximum(claims, TINY))
    rest = np.maximum(there - claims, 0.0)
    more = asked.drawn[layer] - asked.drawn_need[layer]
    got_fill[layer] = np.minimum(1.0, rest / np.maximum(more, TINY))


def _use_hours(step: object, amount: Array, left: Array, cut: Array) -> Array:
    load = step.hours @ amount  # type: ignore[attr-defined]
    given = np.minimum(1.0, left / np.maximum(load, TINY))
    left -= load * given
    cut += (load * (1 - given)).mean(axis=1)
    return amount * step.least_of_hours(given)  # type: ignore[attr-defined]


def _keep_limits(net: Net, ways: Array, step: object, flow: Array, month: int, cut: Array) -> Array:
    """Cut ways to their limit; another way into the same place takes what it has room for."""
    limit = net.case.way_limit[ways, month][:, None]
    if not np.isfinite(limit).any():
        return flow
    kept = np.minimum(flow, limit)
    over = flow - kept
    if (over > TINY).any():
        room = np.minimum(limit, 1e15) - kept
        to = step.to  # type: ignore[attr-defined]
        lacking, free = (np.zeros((to.max() + 1, flow.shape[1])) for _ in range(2))
        np.add.at(lacking, to, over)
        np.add.at(free, to, room)
        part = np.minimum(1.0, lacking / np.maximum(free, TINY))
        kept = kept + room * part[to]
        gone = np.maximum(lacking - free, 0.0) / np.maximum(lacking, TINY)
        cut[ways, month] += (over * gone[to]).mean(axis=1)
    return kept


def _arrive(
    net: Net,
    ways: Array,
    number: int,
    flow: Array,
    luck: Luck,
    due: Array,
    month: int,
    ordered: Array,
    now: Array,
) -> None:
    step = net.steps[number]
    good, late = flow, step.late
    if len(step.makes):
        good = flow.copy()
        good[step.makes] *= luck.good[net.make_row[ways[step.makes]], month]
    if len(step.buys):
        late = np.repeat(late, flow.shape[1], axis=1)
        slow = luck.late[net.supplier[ways[step.buys]], month]
        late[step.buys] = np.minimum(late[step.buys] + slow, 1.0)
    layer = net.layers[number]
    ordered[layer] += step.into @ good
    for lead in step.leads:
        rows = step.lead == lead
        first, then = good * rows * (1 - late), good * rows * late
        for delay, amount in ((lead, first), (lead + 1, then)):
            came = step.into @ amount
            if delay == 0:
                now[layer] += came
            else:
                due[month + delay][layer] += came
