"""What can be started when: month after month, with the parts, hours and lanes there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.supply.inputs.case import Array
from sopkit.supply.twin.net import Level
from sopkit.supply.twin.room import Room, fit_limits


@dataclass(frozen=True)
class Rank:
    """Demand that is served together: at most one stream a place.

    Args:
        streams: rows of the streams; place: of each.
        due: units wanted (streams x months).
        patience: months each stream waits.
        worth: money that a lost unit costs.
    """

    streams: Array
    place: Array
    due: Array
    patience: Array
    worth: Array


@dataclass(frozen=True)
class Run:
    """What happened.

    Args:
        flow: started (ways x months).
        stock: left at the end of each month (places x months).
        served: for each rank, served 0, 1, 2, ... months late, by month of demand (each streams
            of the rank x months).
    """

    flow: Array
    stock: Array
    served: list[list[Array]]

    def lost(self, ranks: list[Rank]) -> list[Array]:
        """Return what is never served, by rank."""
        return [
            np.maximum(rank.due - sum(served), 0.0)
            for rank, served in zip(ranks, self.served, strict=True)
        ]


def run_plan(levels: list[Level], room: Room, wish: Array, ranks: list[Rank]) -> Run:
    """Return what comes of a wish when each month takes what is there.

    In each month suppliers and lines start what was wished, the first of the chain first, as far
    as parts, hours and lanes go; what misses a part waits for it. Then demand is served, rank
    after rank, the oldest first; what has waited too long is lost.
    """
    months = wish.shape[1]
    flow = np.zeros_like(wish)
    left = np.zeros_like(room.stock)
    coming = np.zeros((len(room.stock), months + 1))
    stock = np.zeros(len(room.stock))
    waiting = np.zeros(len(wish))
    longest = max((int(rank.patience.max(initial=0)) for rank in ranks), default=0)
    served = [[np.zeros_like(rank.due) for _ in range(longest + 1)] for rank in ranks]
    wanting = [both for both in zip(ranks, served, strict=True) if both[0].due.any()]
    for month in range(months):
        stock = stock + room.stock[:, month] + coming[:, month]
        used = np.zeros(len(room.usual))
        for level in reversed(levels):
            if not len(level.ways):
                continue
            asked = wish[level.ways, month] + waiting[level.ways]
            started = _start(level, room, month, asked, used, stock)
            flow[level.ways, month] = started
            waiting[level.ways] = (asked - started) if longest else 0.0
            _send(level, started, stock, coming, month)
        for rank, kept in wanting:
            _serve(rank, kept, stock, month)
        left[:, month] = stock
    return Run(flow, left, served)


def _start(level: Level, room: Room, month: int, asked: Array, used: Array, stock: Array) -> Array:
    """Return what is started on a level's ways; takes hours (`used`) and parts (`stock`)."""
    if asked.max(initial=0.0) <= 0:
        return asked
    free = (room.usual[:, month] + room.extra[:, month] - used)[:, None]
    every = np.arange(len(level.ways))
    own = room.way[level.ways, month][:, None]
    fits = fit_limits(level, every, asked[:, None], free, own)[:, 0]
    fits = _fit_parts(level, fits, stock, month)
    used += (level.take @ fits) if len(level.limit) else 0.0
    stock -= level.part_sum @ (fits[level.use_way] * level.use_qty[:, month])
    np.maximum(stock, 0.0, out=stock)
    return fits


def _fit_parts(level: Level, asked: Array, stock: Array, month: int) -> Array:
    """Return what the parts allow; what competes for a part gets the same share."""
    qty = level.use_qty[:, month]
    wanted = level.part_sum @ (asked[level.use_way] * qty)
    short = wanted > stock
    if not short.any():
        return asked
    share = np.ones_like(stock)
    share[short] = np.maximum(stock[short], 0.0) / wanted[short]
    worst = np.ones_like(asked)
    needed = qty > 0
    np.minimum.at(worst, level.use_way[needed], share[level.use_place[needed]])
    return asked * worst


def _send(level: Level, started: Array, stock: Array, coming: Array, month: int) -> None:
    """Book what arrives at once and what is under way."""
    months = coming.shape[1] - 1
    some = np.flatnonzero(started)
    if not len(some):
        return
    places, late = level.places[level.into[some]], level.late[some]
    for delay, units in (
        (level.lead[some], started[some] * (1 - late)),
        (level.lead[some] + 1, started[some] * late),
    ):
        at_once = delay == 0
        np.add.at(stock, places[at_once], units[at_once])
        later = ~at_once
        due = np.minimum(month + delay[later], months)
        np.add.at(coming, (places[later], due), units[later])


def _serve(rank: Rank, served: list[Array], stock: Array, month: int) -> None:
    """Serve what is due, the oldest first."""
    for delay in range(len(served) - 1, -1, -1):
        of = month - delay
        if of < 0:
            continue
        waits = rank.patience >= delay
        owed = rank.due[:, of] - sum(one[:, of] for one in served)
        given = np.where(waits, np.minimum(np.maximum(owed, 0.0), stock[rank.place]), 0.0)
        served[delay][:, of] += given
        stock[rank.place] -= given
