"""The plan's network as a rolling simulation needs it: layers, shares, levels to order up to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sopkit.supply import Case
from sopkit.tables import PLACE

Array = np.ndarray
DAYS = 30.4
REVIEW_DAYS = 7.0


@dataclass(frozen=True)
class Step:
    """The ways into one layer.

    Args:
        to: position in the layer of the place each way leads to; into: the same as a matrix.
        hours: hours of a resource for a unit of each way (sparse); has_hours: whether any.
        hour_rows: ways with hours, where each begins in hour_at, the resources of each.
        part_rows, part_at, part_of: the same for parts: ways, where each begins, places used.
        lead, late, leads: whole months to arrive, share a month later, lead times there are.
        makes, buys: rows of the ways that make and buy.
        movers: ways (of the case) that move goods of this layer's places and have another way.
        turn_ways, turn_places, turn_hours: what a unit turned to the other way changes in ways,
            in what is asked of places, and in hours of the other's resource (sparse).
    """

    to: Array
    into: Any
    hours: Any
    has_hours: bool
    hour_rows: Array
    hour_at: Array
    hour_of: Array
    part_rows: Array
    part_at: Array
    part_of: Array
    lead: Array
    late: Array
    leads: tuple[int, ...]
    makes: Array
    buys: Array
    movers: Array
    turn_ways: Any
    turn_places: Any
    turn_hours: Any

    def least_of_parts(self, got: Array) -> Array:
        """Return the least that any part of each way is granted (ways x draws)."""
        return _least(got, self.part_rows, self.part_at, self.part_of, len(self.to))

    def least_of_hours(self, got: Array) -> Array:
        """Return the least that any resource of each way is granted (ways x draws)."""
        return _least(got, self.hour_rows, self.hour_at, self.hour_of, len(self.to))


def _least(got: Array, rows: Array, at: Array, of: Array, count: int) -> Array:
    least = np.ones((count, got.shape[1]))
    if len(rows):
        least[rows] = np.minimum.reduceat(got[of], at, axis=0)
    return least


@dataclass(frozen=True)
class Net:
    """A plan to be followed and corrected (rows of ways and places as in the case).

    Args:
        case: the network.
        layers: places from the customer's end to the suppliers'; ways of a layer lead into it.
        layer_ways: ways into each layer; ways between places of one layer are left out.
        uses: by month, units of a place that a unit of each way takes (places x ways, sparse).
        hours: hours of a resource that a unit of each way takes (resources x ways, sparse).
        into: 1 where a way leads into a place (places x ways, sparse).
        share: of a place's inflow that comes by each way (ways x months).
        other: for each way, another one into the same place to turn to; -1: none.
        level: stock and orders under way, after ordering, as planned (places x months).
        drawn: units that other ways take from a place as planned (places x months).
        react: share of a month's surprise that can still be answered in it (places).
        frozen: share of the first month that stays as planned (ways).
        planned: what the plan starts on each way (ways x months).
        steps: of each layer, what its ways need.
        source: place that a move takes from (ways; -1: none); maker: the make way of a place
            (-1: none); resource, need_hours: of a way, the resource it needs most hours of.
        make_row, supplier: which row of luck a way follows.
    """

    case: Case
    layers: tuple[Array, ...]
    layer_ways: tuple[Array, ...]
    uses: tuple[Any, ...]
    hours: Any
    into: Any
    share: Array
    other: Array
    level: Array
    drawn: Array
    react: Array
    frozen: Array
    planned: Array
    steps: tuple[Step, ...]
    source: Array
    maker: Array
    resource: Array
    need_hours: Array
    make_row: Array
    supplier: Array

    def steps_of(self, ways: Array, month: int) -> Any:
        """Return units of a place that a unit of each of these ways takes in a month."""
        return self.uses[month][:, ways]


def build_net(
    case: Case,
    plan_flow: pd.DataFrame,
    constrained_plan: pd.DataFrame,
    stock_target: pd.DataFrame,
) -> Net:
    """Return the plan as levels to order up to and shares to follow.

    Args:
        case: the network that the plan was made for.
        plan_flow, constrained_plan: contract frames of the plan, all months solved.
        stock_target: contract `stock_target`: `protection_months` tells how fast a place reacts.
    """
    from scipy.sparse import csr_array

    flow = _place_flows(case, plan_flow)
    ways, months = case.ways, len(case.periods)
    to = ways["place"].to_numpy(int)
    layers, layer_ways = _layer(case, len(case.places))
    kept = np.zeros(len(ways), dtype=bool)
    kept[np.concatenate(layer_ways)] = True
    at, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    use = kept[at]
    shape = (len(case.places), len(ways))
    uses = tuple(
        csr_array((case.use_qty[use, month], (part[use], at[use])), shape=shape)
        for month in range(months)
    )
    drawn = np.stack([uses[month] @ flow[:, month] for month in range(months)], axis=1)
    needs = case.needs
    hours = csr_array(
        (needs["need_hours"].to_numpy(float), (needs["resource"], needs["way"])),
        shape=(len(case.resources), len(ways)),
    )
    into = csr_array((kept.astype(float), (to, np.arange(len(ways)))), shape=shape)
    share = _share(flow * kept[:, None], to, ways, kept)
    net = Net(
        case=case,
        layers=layers,
        layer_ways=layer_ways,
        uses=uses,
        hours=hours,
        into=into,
        share=share,
        other=_find_other(ways, to, kept),
        level=_find_levels(case, flow, constrained_plan, to),
        drawn=drawn,
        react=_find_react(case, stock_target, to),
        frozen=case.fences.frozen[:, 0],
        planned=flow,
        steps=(),
        source=ways["from_place"].to_numpy(int),
        **_find_makers(case),
    )
    steps = tuple(_build_step(net, number) for number in range(len(layers)))
    return replace(net, steps=steps)


def _find_makers(case: Case) -> dict[str, Array]:
    ways, needs = case.ways, case.needs
    maker = np.full(len(case.places), -1)
    make = (ways["flow_kind"] == "make").to_numpy()
    rows = np.flatnonzero(make)[::-1]
    maker[ways["place"].to_numpy(int)[rows]] = rows
    resource, hours = np.zeros(len(ways), dtype=int), np.zeros(len(ways))
    order = needs.sort_values("need_hours", kind="stable")
    resource[order["way"].to_numpy(int)] = order["resource"].to_numpy(int)
    hours[order["way"].to_numpy(int)] = order["need_hours"].to_numpy(float)
    codes, _ = pd.factorize(ways["source"].where(~make, ""), sort=True)
    return {
        "maker": maker,
        "resource": resource,
        "need_hours": hours,
        "make_row": np.where(make, np.cumsum(make) - 1, 0),
        "supplier": codes,
    }


def _build_step(net: Net, number: int) -> Step:
    from scipy.sparse import csr_array

    case, layer, ways = net.case, net.layers[number], net.layer_ways[number]
    place = case.ways["place"].to_numpy(int)
    at = np.full(len(case.places), -1)
    at[layer] = np.arange(len(layer))
    to = at[place[ways]]
    row = np.full(len(case.ways), -1)
    row[ways] = np.arange(len(ways))
    kind = case.ways["flow_kind"].to_numpy()[ways]
    lead = case.ways["lead_months"].to_numpy(int)[ways]
    hour_rows, hour_at, hour_of = _list_parts(case.needs, "resource", row)
    part_rows, part_at, part_of = _list_parts(case.uses, "place", row)
    movers = np.flatnonzero((net.source >= 0) & (net.other >= 0) & np.isin(net.source, layer))
    other = net.other[movers]
    fits = np.isin(net.source[other], layer) & (net.maker[net.source[other]] >= 0)
    fits &= (net.maker[net.source[movers]] >= 0) & (net.source[other] >= 0)
    shape = (len(layer), len(ways))
    return Step(
        to=to,
        into=csr_array((np.ones(len(ways)), (to, np.arange(len(ways)))), shape=shape),
        hours=net.hours[:, ways],
        has_hours=len(hour_rows) > 0,
        hour_rows=hour_rows,
        hour_at=hour_at,
        hour_of=hour_of,
        part_rows=part_rows,
        part_at=part_at,
        part_of=part_of,
        lead=lead[:, None],
        late=case.ways["late_share"].to_numpy(float)[ways][:, None],
        leads=tuple(int(one) for one in np.unique(lead)),
        makes=np.flatnonzero(kind == "make"),
        buys=np.flatnonzero(kind == "buy"),
        movers=movers[fits],
        **_find_turns(net, movers[fits]),
    )


def _find_turns(net: Net, movers: Array) -> dict[str, Any]:
    """Return what a unit turned from each mover to its other way changes."""
    from scipy.sparse import csr_array

    case, other, count = net.case, net.other[movers], np.arange(len(movers))
    maker = net.maker[net.source[other]]
    one = np.ones(len(movers))
    both, twice = np.concatenate([-one, one]), np.concatenate([count, count])

    def matrix(rows: Array, size: int) -> Any:
        return csr_array((both, (rows, twice)), shape=(size, len(movers)))

    sources = np.concatenate([net.source[movers], net.source[other]])
    shape = (len(case.resources), len(movers))
    return {
        "turn_ways": matrix(np.concatenate([movers, other]), len(case.ways)),
        "turn_places": matrix(sources, len(case.places)),
        "turn_hours": csr_array((net.need_hours[maker], (net.resource[maker], count)), shape=shape),
    }


def _list_parts(pairs: pd.DataFrame, name: str, row: Array) -> tuple[Array, Array, Array]:
    """Return ways with parts, where each begins in the list of parts, and the list."""
    rows, of = row[pairs["way"].to_numpy(int)], pairs[name].to_numpy(int)
    order = np.argsort(rows, kind="stable")
    rows, of = rows[order], of[order]
    of, rows = of[rows >= 0], rows[rows >= 0]
    at = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[at], at, of


def _place_flows(case: Case, plan_flow: pd.DataFrame) -> Array:
    """Return what is planned to start on each way in each month."""
    keys = ["flow_kind", *PLACE, "source"]
    wide = plan_flow.pivot_table(index=keys, columns="period", values="flow_qty", aggfunc="sum")
    index = pd.MultiIndex.from_frame(case.ways[keys])
    return wide.reindex(index=index, columns=case.periods).fillna(0.0).to_numpy(float)


def _layer(case: Case, count: int) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Return places by their distance from the customer, and the ways into each layer."""
    way_to = case.ways["place"].to_numpy(int)
    at, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    to = way_to[at]
    depth = case.places["depth"].to_numpy(int)
    is_move = (case.ways["flow_kind"] == "move").to_numpy()[at]
    between = is_move & (depth[part] >= depth[to]) & (depth[to] > 0)
    edges = ~between & (to != part)
    rank = np.zeros(count, dtype=int)
    for _ in range(count):
        higher = rank.copy()
        np.maximum.at(higher, part[edges], rank[to[edges]] + 1)
        if (higher == rank).all() or higher.max() > 30:
            break
        rank = higher
    wrong = np.zeros(len(way_to), dtype=bool)
    wrong[at[rank[part] <= rank[to]]] = True
    layers = tuple(np.flatnonzero(rank == one) for one in range(rank.max() + 1))
    ways = tuple(np.flatnonzero((rank[way_to] == one) & ~wrong) for one in range(rank.max() + 1))
    return layers, ways


def _share(flow: Array, to: Array, ways: pd.DataFrame, kept: Array) -> Array:
    """Return the share of a place's inflow by way: the month's, else the plan's, else the first."""
    total = flow.sum(axis=1)
    rank = pd.DataFrame(
        {"to": to, "no": -total, "priority": ways["priority"].to_numpy(), "k": ~kept}
    )
    order = rank.sort_values(["to", "k", "no", "priority"], kind="stable")
    first = np.zeros(len(to))
    first[order.drop_duplicates("to").index] = 1.0
    first *= kept

    def of_place(amount: Array) -> Array:
        sums = np.zeros((int(to.max()) + 1 if len(to) else 0, *amount.shape[1:]))
        np.add.at(sums, to, amount)
        return sums[to]

    whole = of_place(total)
    usual = np.where(whole > 0, total / np.where(whole > 0, whole, 1), first)
    month = of_place(flow)
    return np.where(month > 1e-9, flow / np.where(month > 1e-9, month, 1), usual[:, None])


def _find_other(ways: pd.DataFrame, to: Array, kept: Array) -> Array:
    """Return another way into the same place: the cheapest by priority, as fast or faster."""
    lead = ways["lead_months"].to_numpy()
    other = np.full(len(ways), -1)
    rows = pd.DataFrame({"way": np.arange(len(ways)), "to": to, "lead": lead})
    rows = rows[kept & (ways["flow_kind"] != "buy").to_numpy() & (lead == 0)]
    rows = rows.assign(priority=ways["priority"].to_numpy()[rows["way"]])
    rows = rows.sort_values(["to", "priority", "way"], kind="stable")
    first = rows.drop_duplicates("to").set_index("to")["way"]
    second = rows[rows.duplicated("to")].drop_duplicates("to").set_index("to")["way"]
    for way, place in zip(rows["way"], rows["to"], strict=True):
        other[way] = first[place] if first[place] != way else second.get(place, -1)
    return other


def _find_levels(case: Case, flow: Array, constrained_plan: pd.DataFrame, to: Array) -> Array:
    """Return stock plus everything under way after the orders of each month, as planned."""
    ordered = np.zeros((len(case.places), len(case.periods)))
    np.add.at(ordered, to, flow)
    out = constrained_plan.assign(
        out_qty=constrained_plan[["move_out_qty", "used_qty", "served_qty"]].sum(axis=1)
    )
    if "expired_qty" in out:
        out["out_qty"] += out["expired_qty"].fillna(0.0)
    index = pd.MultiIndex.from_frame(case.places[PLACE])
    wide = out.pivot_table(index=PLACE, columns="period", values="out_qty", aggfunc="sum")
    left = wide.reindex(index=index, columns=case.periods).fillna(0.0).to_numpy(float)
    before = np.cumsum(left, axis=1) - left
    start = case.places["opening_qty"].to_numpy(float) + case.arriving.sum(axis=1)
    return start[:, None] + np.cumsum(ordered, axis=1) - before


def _find_react(case: Case, stock_target: pd.DataFrame, to: Array) -> Array:
    """Return the share of a month's surprise that supply can still answer: 1 - protection."""
    index = pd.MultiIndex.from_frame(case.places[PLACE])
    known = pd.Series(np.nan, index=index)
    if len(stock_target):
        known = stock_target.groupby(PLACE)["protection_months"].max().reindex(index)
    days = pd.Series(case.ways["lead_days"].to_numpy(float)).groupby(to).min()
    usual = days.reindex(np.arange(len(index))).fillna(DAYS).to_numpy() + REVIEW_DAYS
    months = np.where(known.notna(), known.fillna(0.0), usual / DAYS)
    return np.clip(1 - months, 0.0, 1.0)
