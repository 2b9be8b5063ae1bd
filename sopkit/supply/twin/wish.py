"""What should be started when: needs back in time and down the network, limits kept."""

from __future__ import annotations

import numpy as np

from sopkit.supply.inputs.case import Array
from sopkit.supply.twin.net import Level
from sopkit.supply.twin.room import EMPTY, Room, fit_limits

HALF = 0.5


def wish_flows(
    levels: list[Level],
    room: Room,
    need: Array,
    patience: int = 0,
    worth: Array | None = None,
) -> Array:
    """Return what should be started on each way (ways x months) so that needs are met in time.

    Level by level, customers' end first: what a place lacks is started a lead time earlier on its
    cheapest way in regular hours; what does not fit there is made earlier, in overtime or on the
    next way, whichever is cheapest; what fits nowhere in time is made up to `patience` months
    later. Parts are then wanted in the month in which they are used.

    Args:
        need: units wanted (places x months).
        patience: months by which what fits nowhere in time may come later.
        worth: most that a unit at each place may cost; any cost where not given.
    """
    need = need.copy()
    left = Room(room.stock, room.usual, room.extra, room.way.copy())
    wish = np.zeros_like(room.way)
    for level in levels:
        missing = list_missing(room.stock[level.places], need[level.places])
        if not len(level.ways) or missing.max(initial=0.0) <= EMPTY:
            continue
        most = None if worth is None else worth[level.places]
        started = _place_level(level, left, missing, patience, most)
        wish[level.ways] = started
        used = started[level.use_way] * level.use_qty
        need += level.part_sum @ used
    return wish


def list_missing(stock: Array, need: Array) -> Array:
    """Return what must arrive in each month, so that stock never falls below 0."""
    lacking = (need - stock).cumsum(axis=1)
    wanted = np.maximum.accumulate(np.maximum(lacking, 0.0), axis=1)
    missing = np.diff(wanted, axis=1, prepend=0.0)
    missing[missing <= EMPTY * (1.0 + need.max(axis=1, initial=0.0, keepdims=True))] = 0.0
    return missing


def _place_level(
    level: Level, left: Room, missing: Array, patience: int, worth: Array | None
) -> Array:
    """Return what is started on the level's ways; takes it from the room that is left."""
    started = np.zeros((len(level.ways), missing.shape[1]))
    months = missing.shape[1]
    for _ in range(patience + 1):
        for everything in (False, True):
            for choice, reach in zip(level.choices, level.reach, strict=True):
                rows = np.flatnonzero((choice >= 0) & (missing > 0).any(axis=1))
                if worth is not None:
                    rows = rows[level.cost[choice[rows]] <= worth[rows]]
                if not len(rows):
                    continue
                ways = choice[rows]
                most = np.minimum(months if everything else reach[rows], level.ahead[rows])
                lead, late = level.lead[ways], level.late[ways]
                in_time = np.arange(months)[None, :] >= (lead + (late > HALF))[:, None]
                wanted = np.where(in_time, missing[rows], 0.0)
                starts = list_starts(wanted, lead, late)
                placed, over = _place_ways(level, left, ways, starts, most)
                started[ways] += placed
                missing[rows] += list_arrivals(over, lead, late) - wanted
        missing = np.hstack([np.zeros((len(missing), 1)), missing[:, :-1]])
        if missing.max(initial=0.0) <= EMPTY:
            break
    return started


def list_starts(missing: Array, lead: Array, late: Array) -> Array:
    """Return when to start so that all arrives in time, though a share comes a month late.

    With N the needs so far, n a month's, k the whole months and s the late share, the starts so
    far are F(t) = N(t + k) + s x max(n(t + k), n(t + k + 1)): the least that never falls behind,
    whatever the needs. In the first month more is started, so that the share that comes at once
    is enough, if that is at least half.

    Example:
        Needs 10, 10, 10, no whole month, half late: 20, 5, 10 are started.
    """
    months = missing.shape[1]
    padded = np.hstack([missing, np.zeros((len(missing), 2))])
    at = np.minimum(np.arange(months)[None, :] + lead[:, None], months)
    total = np.minimum(at, months - 1)
    so_far = np.take_along_axis(missing.cumsum(axis=1), total, axis=1)
    peak = np.maximum(
        np.take_along_axis(padded, at, axis=1), np.take_along_axis(padded, at + 1, axis=1)
    )
    starts = so_far + late[:, None] * peak
    at_once = np.minimum(so_far[:, 0] / np.maximum(1 - late, HALF), missing.sum(axis=1))
    starts[:, 0] = np.maximum(starts[:, 0], at_once)
    starts = np.maximum.accumulate(starts, axis=1)
    return np.diff(starts, axis=1, prepend=0.0)


def list_arrivals(starts: Array, lead: Array, late: Array) -> Array:
    """Return what arrives in each month of what is started (both n x months)."""
    months = starts.shape[1]
    padded = np.hstack([starts, np.zeros((len(starts), 1))])
    at = np.arange(months)[None, :] - lead[:, None]
    first = np.take_along_axis(padded, np.where(at >= 0, at, months), axis=1)
    second = np.take_along_axis(padded, np.where(at >= 1, at - 1, months), axis=1)
    return first * (1 - late)[:, None] + second * late[:, None]


def _place_ways(
    level: Level, left: Room, ways: Array, starts: Array, most: Array
) -> tuple[Array, Array]:
    """Return what is started in each month, and what fits nowhere, by the month it was meant for.

    A month's starts are tried in that month in regular hours, then a month earlier, and so on;
    overtime in a month is tried as soon as holding stock for longer would cost more.
    """
    placed, over = np.zeros_like(starts), starts.copy()
    wait = level.overtime_wait[ways]
    months = starts.shape[1]
    least = EMPTY * (1.0 + starts.max(axis=1, initial=0.0))
    for ahead in range(min(2 * months, int(most.max()) + 1)):
        late = _last_month(over > least[:, None])
        if late.max(initial=-1) < 0:
            break
        for extra in (False, True):
            early = ahead - wait * extra
            rows = np.flatnonzero((early >= 0) & (early <= late) & (ahead <= most))
            if not len(rows):
                continue
            free = left.usual + left.extra if extra else left.usual
            asked = _shift(over[rows], early[rows]) * _find_open(level, left, ways[rows], free)
            if asked.max(initial=0.0) <= 0:
                continue
            taken = _take(level, left, ways[rows], asked, free)
            placed[rows] += taken
            over[rows] -= _shift(taken, -early[rows])
    return placed, np.where(over > least[:, None], over, 0.0)


def _last_month(cells: Array) -> Array:
    """Return the last month in which each row is true, -1 where it never is."""
    months = cells.shape[1]
    return np.where(cells.any(axis=1), months - 1 - cells[:, ::-1].argmax(axis=1), -1)


def _find_open(level: Level, left: Room, ways: Array, free: Array) -> Array:
    """Return which ways have any hours, lane and supplier left (rows x months)."""
    is_open = left.way[level.ways[ways]] > EMPTY
    if len(level.limit):
        full = (free <= EMPTY).astype(float)
        is_open &= (level.takers @ full)[ways] <= 0
    return is_open


def _shift(values: Array, early: Array) -> Array:
    """Return rows moved earlier by so many months (later where negative), 0 moved in."""
    months = values.shape[1]
    if early.min() == early.max():
        by = int(early[0])
        moved = np.zeros_like(values)
        moved[:, max(-by, 0) : months - max(by, 0)] = values[:, max(by, 0) : months + min(by, 0)]
        return moved
    padded = np.hstack([values, np.zeros((len(values), 1))])
    at = np.arange(months)[None, :] + early[:, None]
    inside = (at >= 0) & (at < months)
    return padded[np.arange(len(values))[:, None], np.where(inside, at, months)]


def _take(level: Level, left: Room, ways: Array, asked: Array, free: Array) -> Array:
    """Return what fits, and take it from the room."""
    taken = fit_limits(level, ways, asked, free, left.way[level.ways[ways]])
    if len(level.limit):
        full = np.zeros((len(level.ways), asked.shape[1]))
        full[ways] = taken
        load = level.take @ full
        over = np.maximum(load - left.usual, 0.0)
        left.usual = np.maximum(left.usual - load, 0.0)
        left.extra = np.maximum(left.extra - over, 0.0)
    left.way[level.ways[ways]] -= taken
    return taken
