"""Who is served: rank after rank takes what it needs, each next one plans with what is left."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

import numpy as np

from sopkit.supply.case import Array, Case
from sopkit.supply.netting import CLASSES
from sopkit.supply.streams import RANK, STREAM, Streams
from sopkit.supply.twin.fill import close_stock
from sopkit.supply.twin.net import Level
from sopkit.supply.twin.room import EMPTY, Room, free_stock
from sopkit.supply.twin.run import Rank, Run, run_plan
from sopkit.supply.twin.wish import wish_flows

ROUNDS = 6
PROGRESS = 0.1
CUT = 1e-6


def list_ranks(streams: Streams) -> list[Rank]:
    """Return the streams in the order in which they are served.

    Overdue orders before open orders before forecast, then priority, then those that wait least,
    then those that want the freshest.
    """
    rows = streams.streams.assign(
        demand_class=streams.streams["demand_class"].map(CLASSES.index).astype(int),
        remaining_life_rate=-streams.streams["remaining_life_rate"],
    )
    key = [name for name in (*RANK, *STREAM) if name != "place"]
    ranks = []
    for _, of in rows.groupby(list(dict.fromkeys(key)), sort=True):
        at = of.index.to_numpy()
        ranks.append(
            Rank(
                streams=at,
                place=of["place"].to_numpy(int),
                due=streams.demand_qty[at],
                patience=of["late_months"].to_numpy(int),
                worth=streams.lost_cost[at].mean(axis=1),
            )
        )
    return ranks


def serve_ranks(
    case: Case, levels: list[Level], room: Room, ranks: list[Rank], served: list[Array]
) -> tuple[Array, Room]:
    """Return what is started for all ranks together, and what they leave; fills `served`.

    Args:
        served: served 0, 1, 2, ... months late, by month of demand (each streams x periods).
    """
    flow = np.zeros_like(room.way)
    for rank in ranks:
        run, room = _plan_rank(case, levels, room, rank)
        flow += run.flow
        _book(served, rank, run)
    return flow, room


def serve_leftovers(
    case: Case,
    streams: Streams,
    levels: list[Level],
    room: Room,
    ranks: list[Rank],
    flow: Array,
    served: list[Array],
) -> None:
    """Give stock that no later demand needs to what would be lost; adds to `served`."""
    nothing = np.zeros_like(flow)
    for rank in ranks:
        lost = rank.due - sum(units[rank.streams] for units in served)
        if lost.max(initial=0.0) <= EMPTY:
            continue
        stock = free_stock(close_stock(case, streams, flow, served))
        owed = replace(rank, due=np.maximum(lost, 0.0))
        _book(served, rank, run_plan(levels, replace(room, stock=stock), nothing, [owed]))


def fill_targets(
    case: Case,
    streams: Streams,
    levels: list[Level],
    room: Room,
    flow: Array,
    served: list[Array],
) -> tuple[Array, Room]:
    """Return what is started to bring stock to its target as soon as possible, and what is left.

    What is missing from a month to the end of the plan is made; what is missing for some months
    only, until production catches up, is not.
    """
    closing = close_stock(case, streams, flow, served)
    wanted = np.minimum(case.target, case.limits.max_qty[:, None])
    lacking = np.maximum(wanted - closing, 0.0)
    need = free_stock(lacking)
    stock = free_stock(closing)
    stock[need.any(axis=1)] = 0.0
    held = replace(room, stock=stock)
    run = run_plan(levels, held, wish_flows(levels, held, need, len(case.periods)), [])
    return run.flow, leave(levels, held, run)


def leave(levels: list[Level], room: Room, run: Run) -> Room:
    """Return what a run leaves."""
    load = np.zeros_like(room.usual)
    for level in levels:
        if len(level.limit):
            load += level.take @ run.flow[level.ways]
    over = np.maximum(load - room.usual, 0.0)
    return Room(
        stock=free_stock(run.stock),
        usual=np.maximum(room.usual - load, 0.0),
        extra=np.maximum(room.extra - over, 0.0),
        way=np.maximum(room.way - run.flow, 0.0),
    )


def _plan_rank(case: Case, levels: list[Level], room: Room, rank: Rank) -> tuple[Run, Room]:
    """Return the plan of one rank, and what it leaves.

    On time first, then late. What could not be served is tried again with what is left; where
    that no longer helps, the ways that missed a part are closed up to that month, so that other
    ways are tried.
    """
    whole: Run | None = None
    longest = int(rank.patience.max(initial=0))
    for patience in sorted({0, longest}):
        closed = np.zeros(room.way.shape, dtype=bool)
        willing = np.minimum(rank.patience, patience)
        for _ in range(ROUNDS):
            tried = replace(room, way=np.where(closed, 0.0, room.way))
            run, missed = _try_rank(case, levels, tried, replace(rank, patience=willing))
            whole = run if whole is None else _add_runs(whole, run)
            room = leave(levels, room, run)
            before, rank = rank.due.sum(), replace(rank, due=run.lost([rank])[0])
            if rank.due.sum() > (1 - PROGRESS) * before:
                if not (missed & ~closed).any():
                    break
                closed |= missed
            if rank.due.max(initial=0.0) <= EMPTY:
                break
    assert whole is not None
    return whole, room


def _try_rank(case: Case, levels: list[Level], room: Room, rank: Rank) -> tuple[Run, Array]:
    """Return a run without what cannot be served, and where (ways x months) parts were missed."""
    patience = int(rank.patience.max(initial=0))
    worth = np.full(len(case.places), np.inf)
    worth[rank.place] = rank.worth
    wish = wish_flows(levels, room, _need(case, rank, [rank.due]), patience, worth)
    first = run_plan(levels, room, wish, [rank])
    cut = wish - first.flow > CUT * (1.0 + wish)
    missed = np.maximum.accumulate(cut[:, ::-1], axis=1)[:, ::-1]
    if first.lost([rank])[0].max(initial=0.0) <= EMPTY and len(first.served[0]) == 1:
        return first, missed
    need = _need(case, rank, first.served[0])
    wish = wish_flows(levels, room, need, patience, worth)
    return run_plan(levels, room, wish, [rank]), missed


def _need(case: Case, rank: Rank, served: list[Array]) -> Array:
    """Return what leaves stock for a rank (places x months)."""
    need = np.zeros_like(case.target)
    for delay, units in enumerate(served):
        need[rank.place, delay:] += units[:, : units.shape[1] - delay]
    return need


def _add_runs(one: Run, other: Run) -> Run:
    """Return two runs, the second on what the first left, as one."""
    served = [
        [np.asarray(a + b) for a, b in zip_longest(x, y, fillvalue=0.0)]
        for x, y in zip(one.served, other.served, strict=True)
    ]
    return Run(one.flow + other.flow, other.stock, served)


def _book(served: list[Array], rank: Rank, run: Run) -> None:
    for delay, units in enumerate(run.served[0]):
        served[delay][rank.streams] += units
