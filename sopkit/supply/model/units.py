"""Units of the model: every item's quantities brought to the same size, so that sums stay exact."""

from __future__ import annotations

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.loads import explode_demand
from sopkit.supply.model.lp import power_of_two

USUAL_QTY = 1000.0
USUAL_COST = 100.0


def find_units(case: Case, streams: Streams) -> Array:
    """Return the base units in one model unit of each place, which is that of its item.

    It is the power of two that brings the item's mean monthly volume (demand and what production
    takes of it, or its stock where there is neither) nearest to 1,000.
    """
    demand = streams.demand_qty_by_place(case)
    started = explode_demand(case, demand)
    volume = demand.sum(axis=1)
    uses = case.uses["way"].to_numpy(int)
    np.add.at(volume, case.uses["place"].to_numpy(int), (started[uses] * case.use_qty).sum(axis=1))
    rows = case.places.assign(volume=volume / len(case.periods))
    items = rows.groupby("item")[["volume", "opening_qty"]].max()
    size = items["volume"].where(items["volume"] > 0, items["opening_qty"])
    unit = size.map(lambda qty: power_of_two(qty / USUAL_QTY))
    return case.places["item"].map(unit).to_numpy(float)


def find_money(streams: Streams, unit: Array) -> float:
    """Return the unit of money: the power of two that brings a usual lost unit nearest to 100.

    Args:
        unit: base units in one model unit of each stream.
    """
    costs = streams.lost_cost * unit[:, None]
    return power_of_two(float(np.median(costs[costs > 0])) / USUAL_COST) if costs.any() else 1.0
