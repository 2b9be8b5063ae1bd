"""From flows and service to values of the model's variables, so that one function prices all."""

from __future__ import annotations

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.model.build import late_names, list_arrivals, lost_names
from sopkit.supply.model.lp import Model
from sopkit.supply.rules.lots import count_lots
from sopkit.supply.rules.people import hours_of_heads


def fill_values(
    case: Case, streams: Streams, model: Model, flow: Array, served: list[Array]
) -> dict[str, Array]:
    """Return the values of the model's variables, by block, that flows and service mean.

    Stock fills the lower half of its target first, then the upper half; hours over regular ones
    are overtime; what is lost fills the steps of fair share from the cheapest. People stay, open
    orders come as they are, nothing is thrown away.

    Args:
        flow: started (ways x periods).
        served: served 0, 1, 2, ... months late, by month of demand (each streams x periods).
    """
    values = {"flow": flow, **_fill_service(streams, model, served)}
    stock = close_stock(case, streams, flow, served)
    for name in ("guarded", "protected"):
        values[name] = np.minimum(stock, model.blocks[name].upper)
        stock = stock - values[name]
    values["stock"] = stock
    values.update(keep_people(case))
    load = _sum_hours(case, flow)
    regular, _ = hours_of_heads(case.people, values, case.regular_hours, case.overtime_hours)
    values["overtime"] = np.maximum(load - regular, 0.0)
    values.update(_fill_changes(case, flow))
    values.update(_fill_excess(case, model, values))
    values.update(_fill_swings(load))
    values.update(count_lots(case.lots, flow))
    nothing = {name: np.zeros_like(block.upper) for name, block in model.blocks.items()}
    return {name: values.get(name, none) for name, none in nothing.items()}


def keep_people(case: Case) -> dict[str, Array]:
    """Return heads as at the start, as far as their most allows; who is above it leaves."""
    crews, months = case.people.crews, len(case.periods)
    if crews.empty:
        return {}
    start = crews["heads"].to_numpy(float)
    heads = np.minimum(start, crews["max_heads"].to_numpy(float))
    gone = np.zeros((len(crews), months))
    gone[:, 0] = start - heads
    stay = np.repeat(heads[:, None], months, axis=1)
    return {"heads": stay, "hired": np.zeros_like(gone), "laid_off": gone}


def _sum_hours(case: Case, flow: Array) -> Array:
    """Return hours needed (resources x periods)."""
    load = np.zeros_like(case.regular_hours)
    hours = flow[case.needs["way"].to_numpy(int)]
    hours = hours * case.needs["need_hours"].to_numpy(float)[:, None]
    np.add.at(load, case.needs["resource"].to_numpy(int), hours)
    return load


def _fill_changes(case: Case, flow: Array) -> dict[str, Array]:
    """Return what is added to and taken from the released plan, what is firm last."""
    firm, released = case.fences.firm(), case.fences.released
    less = np.maximum(released - flow, 0.0)
    removed = np.minimum(less, released - firm)
    return {
        "added": np.maximum(flow - released, 0.0),
        "removed": removed,
        "withdrawn": less - removed,
    }


def _fill_excess(case: Case, model: Model, values: dict[str, Array]) -> dict[str, Array]:
    """Return stock above its maximum, and above the room of each location."""
    stock = sum(values[name] for name in ("stock", "guarded", "protected"))
    excess = {}
    if "stock_limit" in model.rows:
        excess["over_stock"] = np.maximum(stock - model.rows["stock_limit"].upper, 0.0)
    if "storage_limit" in model.rows:
        most = model.rows["storage_limit"].upper
        inside = case.limits.store >= 0
        taken = np.zeros(most.shape)
        np.add.at(taken, case.limits.store[inside], (stock * case.limits.room[:, None])[inside])
        excess["over_storage"] = np.maximum(taken - most, 0.0)
    return excess


def _fill_swings(load: Array) -> dict[str, Array]:
    """Return hours more and less than in the month before."""
    change = np.diff(load, axis=1, prepend=load[:, :1])
    return {"swing_up": np.maximum(change, 0.0), "swing_down": np.maximum(-change, 0.0)}


def _fill_service(streams: Streams, model: Model, served: list[Array]) -> dict[str, Array]:
    values = {}
    for delay, name in enumerate(late_names(model), start=1):
        late = served[delay] if delay < len(served) else np.zeros_like(streams.demand_qty)
        values[name] = np.minimum(late, model.blocks[name].upper)
    on_time = np.minimum(served[0], streams.demand_qty)
    lost = np.maximum(streams.demand_qty - on_time - sum(values.values()), 0.0)
    for name in lost_names(model):
        values[name] = np.minimum(lost, model.blocks[name].upper)
        lost = lost - values[name]
    return values


def close_stock(case: Case, streams: Streams, flow: Array, served: list[Array]) -> Array:
    """Return the stock at the end of each month (places x periods)."""
    change = case.arriving.copy()
    change[:, 0] += case.places["opening_qty"].to_numpy(float)
    into = case.ways["place"].to_numpy(int)
    for delay, share in list_arrivals(case.ways):
        until = max(flow.shape[1] - delay, 0)
        np.add.at(change[:, flow.shape[1] - until :], into, (flow * share[:, None])[:, :until])
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    np.subtract.at(change, part, flow[way] * case.use_qty)
    place = streams.streams["place"].to_numpy(int)
    for delay, units in enumerate(served):
        until = units.shape[1] - delay
        np.subtract.at(change[:, delay:], place, units[:, :until])
    return np.maximum(change.cumsum(axis=1), 0.0)
