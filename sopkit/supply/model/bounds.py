"""What a month could do at most, and what a unit or an hour could be worth at most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.capacity import pay_hours
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams

FIRM = 10.0
DEAREST = 100.0


def month_limits(case: Case) -> Array:
    """Return what each way could do alone in a whole month (ways x periods); infinite: no limit.

    The least of its own limit, the hours of its resources (regular and overtime; of people: of
    all that may be there), and the limit of its lane.

    Example:
        100 regular and 20 overtime hours, 2 hours a unit: 60.
    """
    most = case.way_limit.copy()
    hours = _most_hours(case)
    way, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    need = case.needs["need_hours"].to_numpy(float)[:, None]
    np.minimum.at(most, way, hours[resource] / need)
    moved, lane = (case.lane_ways[name].to_numpy(int) for name in ("way", "lane"))
    limit = case.lanes["max_qty"].to_numpy(float)[lane]
    weight = case.lane_ways["weight"].to_numpy(float)
    np.minimum.at(most, moved, np.repeat((limit / weight)[:, None], most.shape[1], axis=1))
    return most


def _most_hours(case: Case) -> Array:
    """Return regular and overtime hours; where people are the limit, those of the most heads."""
    hours = case.regular_hours + case.overtime_hours
    crew = case.tables.workforce.set_index("resource")
    if crew.empty:
        return hours
    heads = crew["max_heads"].astype(float).fillna(np.inf)
    heads = heads.where(crew["may_hire"], crew["heads"])
    total = heads * (crew["hours_per_head"] + crew["overtime_per_head"])
    given = total.reindex(case.resources["resource"]).to_numpy(float)[:, None]
    return np.where(np.isnan(given), hours, given)


def worth_limits(case: Case, streams: Streams) -> tuple[Array, Array]:
    """Return the most that a unit of each place, and an hour of each resource, could be worth.

    A unit is worth at most the dearest lost sale it can serve: at its own place, or through
    what it is made into (divided by the units that takes). An hour: that of the dearest unit it
    makes.
    """
    unit = np.zeros(len(case.places))
    np.maximum.at(unit, streams.streams["place"].to_numpy(int), streams.lost_cost.max(axis=1))
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    into = case.ways["place"].to_numpy(int)[way]
    qty = case.use_qty.max(axis=1, initial=0.0)
    used = qty > 0
    for _ in range(len(case.places)):
        wider = unit.copy()
        np.maximum.at(wider, part[used], unit[into[used]] / qty[used])
        if np.array_equal(wider, unit):
            break
        unit = wider
    hour = np.zeros(len(case.resources))
    maker, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    made = unit[case.ways["place"].to_numpy(int)[maker]]
    np.maximum.at(hour, resource, made / case.needs["need_hours"].to_numpy(float))
    return unit, hour


def firm_prices(case: Case, streams: Streams) -> Array:
    """Return a price a unit of each way that no sale is worth, to keep what is firm.

    Ten times the dearest of: the sale it could serve, its standard cost, its own cost; and above
    the sales that its parts and hours could serve instead, up to a hundred times the first.
    """
    unit, hour = worth_limits(case, streams)
    place = case.ways["place"].to_numpy(int)
    value = case.places["unit_value"].to_numpy(float)[place]
    own = case.way_cost.max(axis=1) + pay_hours(case.needs, case.resources, len(case.ways))
    usual = np.maximum(np.maximum(unit[place], value), own)
    way, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    tied = np.zeros(len(place))
    np.add.at(tied, way, case.needs["need_hours"].to_numpy(float) * hour[resource])
    maker, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    np.add.at(tied, maker, case.use_qty.max(axis=1, initial=0.0) * unit[part])
    return np.maximum(FIRM * usual, np.minimum(2 * tied, DEAREST * usual))


def most_needed(case: Case, streams: Streams) -> Array:
    """Return more than any sensible plan starts on a way in all its months together (ways).

    Twice what demand, stock targets and the parts of all that ask of the item, whichever way
    supplies it.

    Example:
        Demand 100 of an item that takes two caps, target 10: 220 of the item, 440 caps.
    """
    codes, item = np.unique(case.places["item"].to_numpy(str), return_inverse=True)
    demand = streams.demand_qty_by_place(case).sum(axis=1) + case.target.max(axis=1, initial=0.0)
    own = np.bincount(item, demand, minlength=len(codes))
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    into = item[case.ways["place"].to_numpy(int)[way]]
    pairs = pd.DataFrame({"into": into, "part": item[part], "qty": case.use_qty.max(axis=1)})
    pairs = pairs[pairs["into"] != pairs["part"]].groupby(["into", "part"], as_index=False).max()
    needed = own
    for _ in range(len(codes)):
        asked = needed[pairs["into"]] * pairs["qty"].to_numpy(float)
        wider = own + np.bincount(pairs["part"], asked, minlength=len(codes))
        if np.array_equal(wider, needed):
            break
        needed = wider
    return 2.0 * needed[item][case.ways["place"].to_numpy(int)]
