"""Units of the model: quantities of every item brought to the same size, so that sums stay exact.

Bottle caps come in hundreds of millions and pallets in dozens; in one model the solver's tolerance
on the caps would be whole pallets. Each item is therefore counted in a unit of its own (a power of
two of its base units), and money in one unit for all; powers of two lose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sopkit.supply.loads import explode_demand
from sopkit.supply.prepare import Array, Case
from sopkit.supply.streams import Streams

USUAL_QTY = 1000.0
USUAL_COST = 100.0


@dataclass(frozen=True)
class Scale:
    """Base units in one model unit, by place, way, and stream; money in one unit of the model."""

    place: Array
    way: Array
    stream: Array
    money: float

    def values(self, values: dict[str, Array]) -> dict[str, Array]:
        """Return the solver's values in base units and hours."""
        units = {"flow": self.way, "stock": self.place, "protected": self.place}
        units["overtime"] = np.ones(1)
        return {
            name: found * units.get(name, self.stream)[:, None] for name, found in values.items()
        }

    def duals(self, duals: dict[str, Array]) -> dict[str, Array]:
        """Return the solver's duals in money a base unit or hour."""
        units = {"stock_balance": self.place}
        return {
            name: found * self.money / units.get(name, np.ones(1))[:, None]
            for name, found in duals.items()
            if name != "demand_limit"
        }


def to_model_units(case: Case, streams: Streams) -> tuple[Case, Streams, Scale]:
    """Return case and demand in model units, and the way back.

    An item's unit is the power of two that brings its mean monthly volume (demand and what
    production takes of it, or its stock where there is neither) nearest to 1,000; the unit of
    money brings the usual cost of a lost unit nearest to 100.
    """
    place = _scale_places(case, streams)
    way = place[case.ways["place"].to_numpy(int)]
    stream = place[streams.streams["place"].to_numpy(int)]
    costs = streams.lost_cost * stream[:, None]
    money = _power_of_two(float(np.median(costs[costs > 0])) / USUAL_COST) if costs.any() else 1.0
    scale = Scale(place, way, stream, money)
    return _scale_case(case, scale), _scale_streams(streams, scale), scale


def _power_of_two(value: float) -> float:
    return float(2.0 ** np.round(np.log2(value))) if value > 0 else 1.0


def _scale_places(case: Case, streams: Streams) -> Array:
    """Return the unit of each place, which is that of its item."""
    demand = streams.demand_qty_by_place(case)
    started = explode_demand(case, demand)
    volume = demand.sum(axis=1)
    uses = case.uses["way"].to_numpy(int)
    np.add.at(volume, case.uses["place"].to_numpy(int), (started[uses] * case.use_qty).sum(axis=1))
    rows = case.places.assign(volume=volume / len(case.periods))
    items = rows.groupby("item")[["volume", "opening_qty"]].max()
    size = items["volume"].where(items["volume"] > 0, items["opening_qty"])
    unit = size.map(lambda qty: _power_of_two(qty / USUAL_QTY))
    return case.places["item"].map(unit).to_numpy(float)


def _scale_case(case: Case, scale: Scale) -> Case:
    place, way, money = scale.place, scale.way, scale.money
    uses, needs, shares = case.uses, case.needs, case.lane_ways
    of_use = way[uses["way"].to_numpy(int)] / place[uses["place"].to_numpy(int)]
    return replace(
        case,
        places=case.places.assign(
            unit_value=case.places["unit_value"] * place / money,
            base_cost=case.places["base_cost"] * place / money,
            opening_qty=case.places["opening_qty"] / place,
        ),
        way_cost=case.way_cost * way[:, None] / money,
        way_limit=case.way_limit / way[:, None],
        use_qty=case.use_qty * of_use[:, None],
        needs=needs.assign(need_hours=needs["need_hours"] * way[needs["way"].to_numpy(int)]),
        resources=case.resources.assign(
            hour_value=case.resources["hour_value"] / money,
            overtime_value=case.resources["overtime_value"] / money,
        ),
        lane_ways=shares.assign(weight=shares["weight"] * way[shares["way"].to_numpy(int)]),
        arriving=case.arriving / place[:, None],
        target=case.target / place[:, None],
    )


def _scale_streams(streams: Streams, scale: Scale) -> Streams:
    unit = scale.stream[:, None]
    return replace(
        streams,
        demand_qty=streams.demand_qty / unit,
        late_cost=streams.late_cost * unit / scale.money,
        lost_cost=streams.lost_cost * unit / scale.money,
    )
