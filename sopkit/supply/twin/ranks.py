"""Who is served: rank after rank takes what it needs, each next one plans with what is left."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.netting import CLASSES
from sopkit.supply.inputs.streams import RANK, STREAM, Streams
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
    case: Case, levels: list[Level], room: Room, groups: list[list[Rank]], served: list[Array]
) -> tuple[Array, Room]:
    """Return what is started for all ranks together, and what they leave; fills `served`.

    Args:
        groups: ranks that are planned together; each group plans with what the ones before leave.
        served: served 0, 1, 2, ... months late, by month of demand (each streams x periods).
    """
    flow = np.zeros_like(room.way)
    for group in groups:
        run, room = _plan_group(case, levels, room, group)
        flow += run.flow
        _book(served, group, run)
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
        _book(served, [rank], run_plan(levels, replace(room, stock=stock), nothing, [owed]))


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


def _plan_group(case: Case, levels: list[Level], room: Room, ranks: list[Rank]) -> tuple[Run, Room]:
    """Return the plan of ranks that are planned together, and what it leaves.

    On time first, then late. What could not be served is tried again with what is left; where
    that no longer helps, the ways that missed a part are closed up to that month, so that other
    ways are tried.
    """
    whole: Run | None = None
    longest = max(int(rank.patience.max(initial=0)) for rank in ranks)
    for patience in sorted({0, longest}):
        closed = np.zeros(room.way.shape, dtype=bool)
        for _ in range(ROUNDS):
            tried = replace(room, way=np.where(closed, 0.0, room.way))
            willing = [replace(r, patience=np.minimum(r.patience, patience)) for r in ranks]
            run, missed = _try_group(case, levels, tried, willing)
            whole = run if whole is None else _add_runs(whole, run)
            room = leave(levels, room, run)
            before = sum(rank.due.sum() for rank in ranks)
            ranks = [replace(r, due=due) for r, due in zip(ranks, run.lost(ranks), strict=True)]
            if sum(rank.due.sum() for rank in ranks) > (1 - PROGRESS) * before:
                if not (missed & ~closed).any():
                    break
                closed |= missed
            if all(rank.due.max(initial=0.0) <= EMPTY for rank in ranks):
                break
    assert whole is not None
    return whole, room


def _try_group(case: Case, levels: list[Level], room: Room, ranks: list[Rank]) -> tuple[Run, Array]:
    """Return a run without what cannot be served, and where (ways x months) parts were missed."""
    patience = max(int(rank.patience.max(initial=0)) for rank in ranks)
    worth = np.zeros(len(case.places))
    for rank in ranks:
        np.maximum.at(worth, rank.place, rank.worth)
    worth[worth == 0] = np.inf
    wanted = [[rank.due * _is_worth(case, rank)[:, None]] for rank in ranks]
    wish = wish_flows(levels, room, _need(case, ranks, wanted), patience, worth)
    first = run_plan(levels, room, wish, ranks)
    cut = wish - first.flow > CUT * (1.0 + wish)
    missed = np.maximum.accumulate(cut[:, ::-1], axis=1)[:, ::-1]
    if patience == 0 and all(lost.max(initial=0.0) <= EMPTY for lost in first.lost(ranks)):
        return first, missed
    wish = wish_flows(levels, room, _need(case, ranks, first.served), patience, worth)
    return run_plan(levels, room, wish, ranks), missed


def _is_worth(case: Case, rank: Rank) -> Array:
    """Return which streams are worth what their cheapest supply costs."""
    return rank.worth >= case.places["base_cost"].to_numpy(float)[rank.place]


def _need(case: Case, ranks: list[Rank], served: list[list[Array]]) -> Array:
    """Return what leaves stock for all ranks (places x months)."""
    need = np.zeros_like(case.target)
    for rank, kept in zip(ranks, served, strict=True):
        for delay, units in enumerate(kept):
            need[rank.place, delay:] += units[:, : units.shape[1] - delay]
    return need


def _add_runs(one: Run, other: Run) -> Run:
    """Return two runs, the second on what the first left, as one."""
    served = [
        [np.asarray(a + b) for a, b in zip_longest(x, y, fillvalue=0.0)]
        for x, y in zip(one.served, other.served, strict=True)
    ]
    return Run(one.flow + other.flow, other.stock, served)


def _book(served: list[Array], ranks: list[Rank], run: Run) -> None:
    for rank, kept in zip(ranks, run.served, strict=True):
        for delay, units in enumerate(kept):
            served[delay][rank.streams] += units
