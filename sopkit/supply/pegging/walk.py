"""A walk through a plan, month by month and downstream: who takes what of which lot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.netting import CLASSES
from sopkit.supply.pegging.supplies import LEAST, Lot, delays_of_ways, list_supplies
from sopkit.supply.results.read_plan import Plan, read_service
from sopkit.supply.rules.windows import count_shifts

ROUNDS = 20


@dataclass
class Walk:
    """What a walk through the plan finds.

    Args:
        pegs: (consumer, month, supply, via, whether it was accepted, quantity).
        expired: (supply, place, month, quantity, whether the plan knows it).
    """

    pegs: list[tuple[int, int, int, str, bool, float]] = field(default_factory=list)
    expired: list[tuple[int, int, int, float, bool]] = field(default_factory=list)


@dataclass
class _Month:
    """What a walk needs to go on: stock and what is coming, by place (and month)."""

    stock: dict[int, list[Lot]]
    coming: dict[tuple[int, int], list[Lot]]
    delays: list[list[tuple[int, float]]]
    into: Array
    legs: list[str]

    def receive(self, place: int, month: int) -> list[Lot]:
        """Return a place's stock in the order in which it is taken, what has come included."""
        held = self.stock[place]
        new = self.coming.pop((place, month), None)
        if new:
            held.extend(new)
            held.sort(key=lambda lot: (lot.last, lot.came, lot.supply))
        return held

    def send(self, lot: Lot, way: int, month: int, qty: float) -> None:
        """Put a part of a lot on a lane."""
        via = f"{lot.via}, {self.legs[way]}" if lot.via else self.legs[way]
        for delay, share in self.delays[way]:
            sent = Lot(lot.last, lot.came, lot.supply, qty * share, via)
            self.coming[int(self.into[way]), month + delay].append(sent)


def walk_plan(case: Case, plan: Plan) -> tuple[pd.DataFrame, Walk]:
    """Return the supplies of a plan, and who takes what of them."""
    supplies, lots = list_supplies(case, plan)
    takes = _list_takes(case, plan)
    coming: dict[tuple[int, int], list[Lot]] = defaultdict(list)
    for place, month, lot in lots:
        coming[place, max(month, 0)].append(lot)
    into = case.ways["place"].to_numpy(int)
    ends = zip(case.ways["source"], case.ways["location"], strict=True)
    legs = [f"{start} > {end}" for start, end in ends]
    state = _Month(defaultdict(list), coming, delays_of_ways(case), into, legs)
    expired = plan.values.get("expired", np.zeros_like(case.target))  # noqa: PD011
    walk, order = Walk(), _order_places(case)
    for month in range(len(case.periods)):
        for place in order:
            if expired[place, month] > LEAST:
                held = state.receive(place, month)
                for lot, qty, _ in _take(held, expired[place, month], month, 0, any_age=True):
                    walk.expired.append((lot.supply, place, month, qty, True))
        _serve_month(state, walk, order, takes, month)
        for place in order:
            held = state.receive(place, month)
            for lot in held:
                if lot.last == month or (month == 0 and lot.last < 0):
                    walk.expired.append((lot.supply, place, month, lot.qty, False))
            state.stock[place] = [lot for lot in held if lot.qty > LEAST]
    walk.expired = [row for row in walk.expired if row[3] > LEAST]
    return supplies, walk


def _serve_month(
    state: _Month,
    walk: Walk,
    order: list[int],
    takes: dict[tuple[int, int], list[tuple[int, int, float, int]]],
    month: int,
) -> None:
    """Serve all takers of a month; where lanes form a circle, in several rounds."""
    left = {place: takes[place, month] for place in order if (place, month) in takes}
    for _ in range(ROUNDS):
        before = sum(one[2] for some in left.values() for one in some)
        for place in [place for place in order if place in left]:
            held, unserved = state.receive(place, month), []
            for consumer, way, qty, shift in left[place]:
                missing = qty
                for lot, part, fits in _take(held, qty, month, shift, any_age=way >= 0):
                    missing -= part
                    if consumer < 0:
                        state.send(lot, way, month, part)
                    else:
                        walk.pegs.append((consumer, month, lot.supply, lot.via, fits, part))
                if missing > LEAST:
                    unserved.append((consumer, way, missing, shift))
            left[place] = unserved
        left = {place: some for place, some in left.items() if some}
        if not left or sum(one[2] for some in left.values() for one in some) >= before:
            return


def _take(
    held: list[Lot], qty: float, month: int, shift: int, *, any_age: bool
) -> list[tuple[Lot, float, bool]]:
    """Take a quantity from lots in their order; those accepted first, then, if need be, others.

    Args:
        shift: months by which the taker accepts goods less long than the most patient.
        any_age: the taker takes whatever is oldest.
    """
    taken: list[tuple[Lot, float, bool]] = []
    for fits in (True, False):
        for lot in held:
            if qty <= LEAST:
                return taken
            accepted = any_age or lot.last - shift >= month or (lot.came == month)
            if lot.qty > 0 and accepted == fits:
                part = min(lot.qty, qty)
                lot.qty -= part
                qty -= part
                taken.append((lot, part, fits))
    return taken


def _order_places(case: Case) -> list[int]:
    """Return the places, each after those that feed it (as far as lanes form no circle)."""
    level = np.zeros(len(case.places), dtype=int)
    start = case.uses["place"].to_numpy(int)
    end = case.ways["place"].to_numpy(int)[case.uses["way"].to_numpy(int)]
    for _ in range(min(len(level), 50)):
        deeper = level.copy()
        np.maximum.at(deeper, end, level[start] + 1)
        if np.array_equal(deeper, level):
            break
        level = deeper
    return [int(place) for place in np.argsort(level, kind="stable")]


def _list_takes(case: Case, plan: Plan) -> dict[tuple[int, int], list[tuple[int, int, float, int]]]:
    """Return who takes what, by place and month, in the order of the rule.

    Each is (consumer, way, quantity, months of life less): customers have way -1, production has
    both (the consumers after the streams' cells), lanes have consumer -1.
    """
    streams, months = plan.streams, len(case.periods)
    service = read_service(streams, plan.values)
    shift = count_shifts(case.life.pools, case.life.life_days, streams.streams)
    place = streams.streams["place"].to_numpy(int)
    rank = streams.streams["demand_class"].map(CLASSES.index).to_numpy(int)
    priority = streams.streams["priority"].to_numpy(int)
    found: dict[tuple[int, int], list[tuple[tuple, tuple[int, int, float, int]]]] = defaultdict(
        list
    )
    for delay, qty in enumerate([service.on_time, *service.late]):
        for stream, month in zip(*np.nonzero(qty > LEAST), strict=True):
            consumer = int(stream * months + month)
            one = (consumer, -1, float(qty[stream, month]), int(shift[stream]))
            key = (0, rank[stream], priority[stream], month, stream)
            found[int(place[stream]), int(month + delay)].append((key, one))
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    used = plan.flow[way] * case.use_qty
    moved = (case.ways["flow_kind"] == "move").to_numpy()
    for row, month in zip(*np.nonzero(used > LEAST), strict=True):
        flow = int(way[row])
        consumer = -1 if moved[flow] else int((len(place) + flow) * months + month)
        one = (consumer, flow, float(used[row, month]), 0)
        found[int(part[row]), int(month)].append(((1, flow, row), one))
    return {cell: [one for _, one in sorted(takes)] for cell, takes in found.items()}
