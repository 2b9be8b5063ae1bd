"""The network in levels, for planning by rules: each place after all that take from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.model.build import hour_costs, nudge_flow

NO_WAY = -1


@dataclass(frozen=True)
class Level:
    """Places that are supplied together, and the ways into them (n ways, in the case's order).

    Args:
        places: rows of the case's places.
        ways: rows of the case's ways.
        into: row of `places` for each way.
        lead, late: whole months of each way's lead time, share that comes a month later.
        cost: what a unit costs on each way, with the cheapest supply of its parts.
        limit_way, limit: which way takes which shared limit (a resource or a lane).
        take: units of limit for a unit of each way (limits x n, sparse).
        takers: the same the other way round (n x limits, sparse).
        use_way, use_place: which way takes from which place; `use_qty` (uses x months).
        part_sum: sums uses by place (places of the case x uses, sparse).
        choices: for each place its ways, best first; -1 where it has no more (list over rank).
        reach: months that each choice may be made ahead before the next is cheaper.
        ahead: months that may be made ahead at all, by place.
        overtime_wait: months of pre-build that cost no more than the overtime of a unit (n).
    """

    places: Array
    ways: Array
    into: Array
    lead: Array
    late: Array
    cost: Array
    limit_way: Array
    limit: Array
    take: Any
    takers: Any
    use_way: Array
    use_place: Array
    use_qty: Array
    part_sum: Any
    choices: list[Array]
    reach: list[Array]
    ahead: Array
    overtime_wait: Array


def list_levels(case: Case, ahead: Array) -> list[Level]:
    """Return the levels of a case, customers' end first.

    Ways are tried by what a unit costs on them with its parts, the preferred operation first
    where two cost the same. A way that would send goods in a circle is left out.

    Args:
        ahead: months that may be made ahead at most, by place.
    """
    cost = _chain_costs(case)
    level, kept = _find_depth(case, cost)
    kept &= np.isfinite(cost)
    of_way = level[case.ways["place"].to_numpy(int)]
    return [
        _make_level(case, np.flatnonzero(level == depth), kept & (of_way == depth), cost, ahead)
        for depth in range(level.max(initial=-1) + 1)
    ]


def _chain_costs(case: Case) -> Array:
    """Return what a unit costs on each way, with the cheapest supply of its parts."""
    base = case.places["base_cost"].to_numpy()
    qty = case.use_qty.mean(axis=1)
    with np.errstate(invalid="ignore"):
        parts = np.where(qty > 0, qty * base[case.uses["place"].to_numpy(int)], 0.0)
    taken = np.bincount(case.uses["way"].to_numpy(int), parts, minlength=len(case.ways))
    return case.way_cost.mean(axis=1) + hour_costs(case) + nudge_flow(case) + taken


def _find_depth(case: Case, cost: Array) -> tuple[Array, Array]:
    """Return how many steps each place is from its last customer, and the ways without a circle."""
    taker = case.ways["place"].to_numpy(int)
    way, giver = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    kept = np.ones(len(case.ways), dtype=bool)
    for circles in (_in_circle, _in_circle_but_best):
        kept[way[circles(case, kept, cost)]] = False
    level = np.zeros(len(case.places), dtype=int)
    used = kept[way]
    for _ in range(len(case.places)):
        deeper = level.copy()
        np.maximum.at(deeper, giver[used], level[taker[way[used]]] + 1)
        if np.array_equal(deeper, level):
            break
        level = deeper
    return level, kept


def _circles(case: Case, kept: Array) -> Array:
    """Return the uses that lie in a circle of kept ways."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    way, giver = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    taker = case.ways["place"].to_numpy(int)[way]
    used = kept[way]
    count = len(case.places)
    arcs = coo_array((np.ones(used.sum()), (giver[used], taker[used])), shape=(count, count))
    group = connected_components(arcs, connection="strong")[1]
    return used & (group[giver] == group[taker])


def _in_circle_but_best(case: Case, kept: Array, cost: Array) -> Array:
    """Return every use in a circle that is still there."""
    return _circles(case, kept)


def _in_circle(case: Case, kept: Array, cost: Array) -> Array:
    """Return the uses in a circle, save those of a place's cheapest way."""
    order = np.lexsort((cost, case.ways["place"].to_numpy(int)))
    place = case.ways["place"].to_numpy(int)[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = place[1:] != place[:-1]
    best = np.zeros(len(order), dtype=bool)
    best[order[first]] = True
    return _circles(case, kept) & ~best[case.uses["way"].to_numpy(int)]


def _make_level(case: Case, places: Array, chosen: Array, cost: Array, ahead: Array) -> Level:
    from scipy.sparse import csr_array

    ways = np.flatnonzero(chosen)
    local = np.full(len(case.ways), NO_WAY)
    local[ways] = np.arange(len(ways))
    row = np.zeros(len(case.places), dtype=int)
    row[places] = np.arange(len(places))
    into = row[case.ways["place"].to_numpy(int)[ways]]
    limit_way, limit, weight = _list_limits(case, local)
    count = len(case.resources) + len(case.lanes)
    way = local[case.uses["way"].to_numpy(int)]
    of = np.flatnonzero(way >= 0)
    use_place = case.uses["place"].to_numpy(int)[of]
    choices = _rank_ways(into, cost[ways], len(places))
    hold = np.maximum(case.hold_value[places], 1e-12)
    return Level(
        places=places,
        ways=ways,
        into=into,
        lead=case.ways["lead_months"].to_numpy(int)[ways],
        late=case.ways["late_share"].to_numpy(float)[ways],
        cost=cost[ways],
        limit_way=limit_way,
        limit=limit,
        take=csr_array((weight, (limit, limit_way)), shape=(count, len(ways))),
        takers=csr_array((weight, (limit_way, limit)), shape=(len(ways), count)),
        use_way=way[of],
        use_place=use_place,
        use_qty=case.use_qty[of],
        part_sum=csr_array(
            (np.ones(len(of)), (use_place, np.arange(len(of)))), shape=(len(case.places), len(of))
        ),
        choices=choices,
        reach=_find_reach(choices, cost[ways], hold, len(case.periods)),
        ahead=ahead[places],
        overtime_wait=_wait_for_overtime(case, ways, hold[into]),
    )


def _list_limits(case: Case, local: Array) -> tuple[Array, Array, Array]:
    """Return way, limit and units taken for each shared limit of the level's ways."""
    way = np.concatenate([case.needs["way"].to_numpy(int), case.lane_ways["way"].to_numpy(int)])
    lanes = case.lane_ways["lane"].to_numpy(int) + len(case.resources)
    limit = np.concatenate([case.needs["resource"].to_numpy(int), lanes])
    weight = np.concatenate(
        [case.needs["need_hours"].to_numpy(float), case.lane_ways["weight"].to_numpy(float)]
    )
    here = local[way] >= 0
    return local[way[here]], limit[here], weight[here]


def _rank_ways(into: Array, cost: Array, count: int) -> list[Array]:
    """Return, for each rank, the way of each place (-1: none left)."""
    order = np.lexsort((np.arange(len(into)), cost, into))
    place = into[order]
    start = np.searchsorted(place, np.arange(count))
    rank = np.arange(len(order)) - start[place]
    choices = []
    for at in range(rank.max(initial=-1) + 1):
        chosen = np.full(count, NO_WAY)
        chosen[place[rank == at]] = order[rank == at]
        choices.append(chosen)
    return choices


def _find_reach(choices: list[Array], cost: Array, hold: Array, months: int) -> list[Array]:
    """Return how many months ahead each choice is still cheaper than the next one in time."""
    reach = []
    for here, after in zip(choices, [*choices, None][1:], strict=True):
        most = np.full(len(hold), months)
        if after is not None:
            both = after >= 0
            dearer = cost[after[both]] - cost[here[both]]
            most[both] = np.minimum(np.floor(dearer / hold[both]), months).astype(int)
        reach.append(most)
    return reach


def _wait_for_overtime(case: Case, ways: Array, hold: Array) -> Array:
    """Return for how many months holding a unit costs no more than its overtime."""
    pay = case.resources["overtime_value"].to_numpy(float)[case.needs["resource"].to_numpy(int)]
    hours = case.needs["need_hours"].to_numpy(float)
    extra = np.bincount(case.needs["way"].to_numpy(int), hours * pay, minlength=len(case.ways))
    months = len(case.periods)
    return np.minimum(np.floor(extra[ways] / hold), months).astype(int)
