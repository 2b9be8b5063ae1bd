"""Run a plan month by month over many draws at once, re-planned without foresight.

In each month every place orders up to the plan's level (stock and orders under way), corrected by
what it has seen so far: how far its stock is off, what errors of earlier months say of this one,
and the share of this month's surprise that can still be answered. Orders run up the network; hours,
materials and supplier limits run down it and cut them; first what demand needs, then what refills
stock. What a place lacks goes to higher priorities first. A unit may be a month late where the
customer's class allows it, then it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.demand import Correlation
from sopkit.scenario.chances.draws import EIGHTY
from sopkit.scenario.chances.flows import Asked, ask_flows, grant_flows
from sopkit.scenario.chances.network import Net
from sopkit.scenario.chances.unsure import Luck
from sopkit.scenario.chances.want import Want

Array = np.ndarray


@dataclass(frozen=True)
class Outcome:
    """What came of the demand under the level asked about (all months x draws).

    Args:
        wanted, lost: units wanted in the month, and of these never served.
        wanted_value, lost_value: the same in revenue; lost_margin: in margin.
        hours_cut: hours asked for that were not there (resources x months, mean over draws).
        way_cut: units asked of a way that its limit did not allow (ways x months, mean).
    """

    wanted: Array
    lost: Array
    wanted_value: Array
    lost_value: Array
    lost_margin: Array
    hours_cut: Array
    way_cut: Array


@dataclass
class State:
    """Stock, orders under way and demand that waits, of every draw.

    Args:
        stock: at the start of the month (places x draws).
        due: what arrives in each month (months x places x draws); under_way: their sum.
        waiting: demand of the month before, not served yet (rows of want x draws).
    """

    stock: Array
    due: Array
    under_way: Array
    waiting: Array


def roll_plan(
    net: Net,
    want: Want,
    level: Array,
    drawn: Array,
    noise: Array,
    luck: Luck,
    correlation: Correlation,
    months: int,
) -> Outcome:
    """Return what is served of `want` in the first `months` months.

    Args:
        net: the plan's network.
        want: demand of every place and priority, part of it under the level asked about.
        level: stock and orders under way to order up to (places x months).
        drawn: what ways take from a place if all goes as planned (places x months).
        noise: standard normal errors (places x months x draws).
        luck: draws of supply.
        correlation: what an error says of later months.
        months: months counted; one more is run, for what is served late.
    """
    run = min(months + 1, len(net.case.periods))
    state = _start(net, want, run, noise.shape[2])
    totals = [np.zeros((run, noise.shape[2])) for _ in range(5)]
    cuts = np.zeros((len(net.case.resources), run)), np.zeros((len(net.case.ways), run))
    seen = np.zeros_like(noise[:, 0])
    for month in range(run):
        demand, expected = see_demand(want, noise, seen, month, correlation.months, net.react)
        by_place = _sum_rows(expected, want.place, len(net.react))
        surprise = by_place - _sum_rows(want.middle[:, [month]], want.place, len(net.react))
        own = by_place + _sum_rows(state.waiting, want.place, len(net.react))
        asked = Asked(
            own=own,
            surprise=surprise,
            position=state.stock + state.under_way - (own - by_place),
            have=state.stock + state.due[month],
        )
        ask_flows(net, asked, level[:, month], drawn[:, month], month)
        arrived = grant_flows(net, asked, luck, state.due, month, cuts)
        state.under_way += arrived.ordered - arrived.now - state.due[month]
        state.stock = np.maximum(asked.have + arrived.now - arrived.used, 0.0)
        _serve(want, state, demand, month, totals)
        seen += noise[:, month]
    _drop_waiting(want, state.waiting, run - 1, totals)
    wanted, lost, wanted_value, lost_value, lost_margin = (total[:months] for total in totals)
    return Outcome(wanted, lost, wanted_value, lost_value, lost_margin, *cuts)


def _start(net: Net, want: Want, run: int, draws: int) -> State:
    case = net.case
    reach = run + (int(case.ways["lead_months"].max()) if len(case.ways) else 0) + 3
    due = np.zeros((reach, len(case.places), draws))
    span = min(reach, case.arriving.shape[1])
    due[:span] += case.arriving[:, :span].T[:, :, None]
    return State(
        stock=np.repeat(case.places["opening_qty"].to_numpy(float)[:, None], draws, axis=1),
        due=due,
        under_way=due.sum(axis=0),
        waiting=np.repeat(want.overdue[:, None], draws, axis=1),
    )


def see_demand(
    want: Want, noise: Array, seen: Array, month: int, together: float, react: Array
) -> tuple[Array, Array]:
    """Return the month's demand, and what planners take it for when they decide (rows x draws).

    With n months seen, whose errors move together by m, the best guess of this month's error is
    m x (sum of errors) / (1 + m (n - 1)); of the surprise left, `react` is still seen in time.

    Example:
        Nothing seen yet, react 0: the forecast.
    """
    guess = together * seen / (1 + together * max(month - 1, 0))
    now = noise[:, month]
    known = guess + react[:, None] * (now - guess)
    return tuple(_at(want, z[want.place], month) for z in (now, known))  # type: ignore[return-value]


def _at(want: Want, z: Array, month: int) -> Array:
    wide = np.where(z > 0, want.above[:, [month]], want.below[:, [month]])
    return np.maximum(want.middle[:, [month]] + wide * (z / EIGHTY), 0.0)


def _sum_rows(rows: Array, place: Array, places: int) -> Array:
    total = np.zeros((places, rows.shape[1]))
    if len(place):
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        total[place[starts]] = np.add.reduceat(rows, starts, axis=0)
    return total


def _serve(want: Want, state: State, demand: Array, month: int, totals: list[Array]) -> None:
    """Serve the month from stock: what waits first, then demand, higher priorities first."""
    rank = np.arange(len(want.place)) - np.searchsorted(want.place, want.place)
    waiting, left = state.waiting, demand.copy()
    for one in range(int(rank.max()) + 1 if len(rank) else 0):
        rows = np.flatnonzero(rank == one)
        place = want.place[rows]
        for asked in (waiting, left):
            given = np.minimum(state.stock[place], asked[rows])
            asked[rows] -= given
            state.stock[place] -= given
    _add_up(want, demand, month, totals[0], totals[2], None)
    _drop_waiting(want, waiting, month - 1, totals)
    lost = np.where(want.late[:, None], 0.0, left)
    _add_up(want, lost, month, totals[1], totals[3], totals[4])
    state.waiting = np.where(want.late[:, None], left, 0.0)


def _drop_waiting(want: Want, waiting: Array, month: int, totals: list[Array]) -> None:
    """Count as lost what has waited for a month; overdue orders belong to no month here."""
    if month >= 0:
        _add_up(want, waiting, month, totals[1], totals[3], totals[4])


def _add_up(
    want: Want, units: Array, month: int, qty: Array, value: Array, margin: Array | None
) -> None:
    under = want.share[:, month]
    qty[month] += under @ units
    value[month] += (under * want.price[:, month]) @ units
    if margin is not None:
        margin[month] += (under * want.margin[:, month]) @ units
