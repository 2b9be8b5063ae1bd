"""The supply plan as a linear model: build it from a case and its demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sopkit.supply.capacity import pay_hours
from sopkit.supply.prepare import Array, Case
from sopkit.supply.streams import Streams, late_limits

if TYPE_CHECKING:
    import linopy

AFTER_HORIZON_SHARE = 0.99


def build_model(case: Case, streams: Streams) -> linopy.Model:
    """Return the linear model of the cheapest plan that the network allows.

    Variables, all at least 0 and by month: `flow` (good units started on a way, at most its
    limit), `stock` and `protected` (closing stock; `protected` is the part up to the stock
    target), `overtime` (hours), and for each stream and month of demand `late_1`, `late_2`, ...
    (served so many months later) and `lost` (not served); the rest is served on time.

    Objective, least cost: flow (make, buy, move), regular hours, overtime, holding, units below
    target, late and lost units, a nudge between equals, less a credit for what arrives later.
    Constraints, in this order:

    1. `stock_balance`: closing = opening + arriving orders + arriving flow - used - served.
    2. `demand_limit`: late + lost <= demand.
    3. `capacity_limit`: hours needed - overtime <= regular hours.
    4. `lane_limit`: flow over all items of a lane <= its limit.

    Shortage is a variable with a price, so a plan always exists. Stock below target needs no row:
    `protected` is bounded by the target and rewarded, and units on time are no variable (the
    compact form: half the rows, the same optimum). The constants come back when costs are read.
    """
    import linopy

    linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=True)
    _add_variables(model, case, streams)
    _add_stock_balance(model, case, streams)
    _add_demand_limit(model, case, streams)
    _add_capacity_limit(model, case)
    _add_lane_limit(model, case)
    _add_objective(model, case, streams)
    return model


def _grid(values: Array, name: str, case: Case) -> Any:
    """Return an array over (name, period) with labels."""
    import xarray as xr

    rows = pd.RangeIndex(len(values), name=name)
    return xr.DataArray(values, coords=[rows, pd.Index(case.periods, name="period")])


def _labels(values: pd.Series | np.ndarray, dim: str, name: str) -> Any:
    """Return row numbers of `name` along `dim`, for picking or summing."""
    import xarray as xr

    rows = pd.RangeIndex(len(values), name=dim)
    return xr.DataArray(np.asarray(values), coords=[rows], name=name)


def _add_variables(model: linopy.Model, case: Case, streams: Streams) -> None:
    nothing = np.zeros_like(case.target)
    model.add_variables(0, _grid(case.way_limit, "way", case), name="flow")
    model.add_variables(0, _grid(nothing + np.inf, "place", case), name="stock")
    target = _grid(case.target, "place", case)
    model.add_variables(0, target, name="protected", mask=target > 0)
    model.add_variables(0, _grid(case.overtime_hours, "resource", case), name="overtime")
    demand = _grid(streams.demand_qty, "stream", case)
    model.add_variables(0, demand, name="lost", mask=demand > 0)
    for delay, limit in enumerate(late_limits(streams), start=1):
        most = _grid(limit, "stream", case)
        model.add_variables(0, most, name=f"late_{delay}", mask=most > 0)


def _sum_over(terms: Any, place: Any, name: str, size: int) -> Any:
    """Return the terms summed over the rows that share a label; 0 where there are none."""
    rows = pd.RangeIndex(size, name=name)
    return terms.groupby(place).sum().reindex({name: rows}).fillna(0)


def _add_stock_balance(model: linopy.Model, case: Case, streams: Streams) -> None:
    flow, stock, protected = (model.variables[n] for n in ("flow", "stock", "protected"))
    count = len(case.places)
    before = stock.shift(period=1).fillna(0) + protected.fillna(0).shift(period=1).fillna(0)
    change = stock + protected.fillna(0) - before
    if len(case.ways):
        change = change - _sum_over(
            _arrivals(flow, case), _labels(case.ways["place"], "way", "place"), "place", count
        )
    if len(case.uses):
        way = _labels(case.uses["way"], "use", "way")
        used = flow.sel(way=way) * _grid(case.use_qty, "use", case)
        change = change + _sum_over(
            used, _labels(case.uses["place"], "use", "place"), "place", count
        )
    given = case.arriving.copy()
    given[:, 0] += case.places["opening_qty"].to_numpy()
    if len(streams.streams):
        np.subtract.at(given, streams.streams["place"].to_numpy(), streams.demand_qty)
        place = _labels(streams.streams["place"], "stream", "place")
        change = change - _sum_over(_not_on_time(model), place, "place", count)
    model.add_constraints(change == _grid(given, "place", case), name="stock_balance")


def _not_on_time(model: linopy.Model) -> Any:
    """Return what a month's stock is spared: lost and put off, less what came late from before."""
    spared = model.variables["lost"].fillna(0)
    for delay, name in enumerate(late_names(model), start=1):
        late = model.variables[name].fillna(0)
        spared = spared + late - late.shift(period=delay).fillna(0)
    return spared


def late_names(model: linopy.Model) -> list[str]:
    """Return the names of the lateness variables, shortest delay first."""
    names = [name for name in model.variables if name.startswith("late_")]
    return sorted(names, key=lambda name: int(name.removeprefix("late_")))


def _arrivals(flow: Any, case: Case) -> Any:
    """Return what arrives of each way in each month: a `shift` per whole month of lead time."""
    parts = []
    for months, share in list_arrivals(case.ways):
        parts.append((flow * _labels(share, "way", "share")).shift(period=months).fillna(0))
    return sum(parts[1:], start=parts[0])


def list_arrivals(ways: pd.DataFrame) -> list[tuple[int, Array]]:
    """Return, per delay in whole months, the share of each way's flow that arrives with it."""
    lead = ways["lead_months"].to_numpy()
    late = ways["late_share"].to_numpy()
    delays = sorted({*lead, *(lead[late > 0] + 1)})
    shares = [(lead == delay) * (1 - late) + (lead + 1 == delay) * late for delay in delays]
    return [(int(delay), share) for delay, share in zip(delays, shares, strict=True)]


def _add_demand_limit(model: linopy.Model, case: Case, streams: Streams) -> None:
    names = late_names(model)
    if not names:
        return
    late = sum(
        (model.variables[n].fillna(0) for n in names[1:]), start=model.variables[names[0]].fillna(0)
    )
    model.add_constraints(
        model.variables["lost"].fillna(0) + late <= _grid(streams.demand_qty, "stream", case),
        name="demand_limit",
        mask=_grid(late_limits(streams)[0] > 0, "stream", case),
    )


def _add_capacity_limit(model: linopy.Model, case: Case) -> None:
    if case.needs.empty:
        return
    way = _labels(case.needs["way"], "need", "way")
    hours = _labels(case.needs["need_hours"], "need", "hours")
    load = model.variables["flow"].sel(way=way) * hours
    resource = _labels(case.needs["resource"], "need", "resource")
    load = _sum_over(load, resource, "resource", len(case.resources))
    regular = _grid(case.regular_hours, "resource", case)
    model.add_constraints(load - model.variables["overtime"] <= regular, name="capacity_limit")


def _add_lane_limit(model: linopy.Model, case: Case) -> None:
    if case.lane_ways.empty:
        return
    way = _labels(case.lane_ways["way"], "share", "way")
    weight = _labels(case.lane_ways["weight"], "share", "weight")
    moved = model.variables["flow"].sel(way=way) * weight
    lane = _labels(case.lane_ways["lane"], "share", "lane")
    moved = _sum_over(moved, lane, "lane", len(case.lanes))
    limit = np.repeat(case.lanes["max_qty"].to_numpy()[:, None], len(case.periods), axis=1)
    model.add_constraints(moved <= _grid(limit, "lane", case), name="lane_limit")


def _add_objective(model: linopy.Model, case: Case, streams: Streams) -> None:
    costs = price_terms(case, streams)
    lates = enumerate(late_names(model), start=1)
    terms = [
        model.variables[name].fillna(0) * _grid(cost, dim, case)
        for name, dim, cost in (
            ("flow", "way", costs["flow"]),
            ("stock", "place", costs["stock"]),
            ("protected", "place", costs["stock"] - costs["below_target"]),
            ("overtime", "resource", costs["overtime"]),
            ("lost", "stream", costs["lost"]),
            *((name, "stream", delay * costs["late"]) for delay, name in lates),
        )
        if len(cost)
    ]
    model.add_objective(sum((term.sum() for term in terms[1:]), start=terms[0].sum()))


def price_terms(case: Case, streams: Streams) -> dict[str, Array]:
    """Return the price of each variable (rows x periods), the nudge included.

    A unit missing from the target in the last month also costs its replacement, so that the
    plan does not end by eating its safety stock.
    """
    months = len(case.periods)
    value = case.places["unit_value"].to_numpy()[:, None]
    below = np.repeat(case.rates.below_target_rate * value, months, axis=1)
    below[:, -1] += value[:, 0]
    return {
        "flow": case.way_cost
        + hour_costs(case)[:, None]
        + nudge_flow(case)[:, None]
        - credit_after(case),
        "stock": np.repeat(hold_costs(case) + nudge_stock(case), months).reshape(-1, months),
        "below_target": below,
        "overtime": np.repeat(case.resources["overtime_value"].to_numpy(float), months).reshape(
            -1, months
        ),
        "late": streams.late_cost,
        "lost": streams.lost_cost,
    }


def hour_costs(case: Case) -> Array:
    """Return the cost of the hours that a unit of each way takes, at regular pay."""
    return pay_hours(case.needs, case.resources, len(case.ways))


def credit_after(case: Case) -> Array:
    """Return what a unit of each way is credited for arriving after the last month.

    What is started late in the plan arrives in part after it. That part is worth its cheapest
    supply cost (less a hundredth, so that nothing is started for its own sake); without it the
    last months would be bent to avoid starting anything.
    """
    base = case.places["base_cost"].to_numpy()[case.ways["place"].to_numpy()]
    worth = AFTER_HORIZON_SHARE * np.where(np.isfinite(base), base, 0.0)
    months = len(case.periods)
    after = np.zeros((len(case.ways), months))
    for delay, share in list_arrivals(case.ways):
        after[:, max(months - delay, 0) :] += share[:, None]
    return after * worth[:, None]


def hold_costs(case: Case) -> Array:
    """Return the cost of holding a unit at each place for a month."""
    return case.rates.holding_rate / 12 * case.places["unit_value"].to_numpy()


def nudge_flow(case: Case) -> Array:
    """Return what a unit of each way costs more for not being the preferred operation."""
    value = case.places["unit_value"].to_numpy()[case.ways["place"].to_numpy()]
    return case.rates.preference_rate * (case.ways["priority"].to_numpy(float) - 1) * value


def nudge_stock(case: Case) -> Array:
    """Return what a unit of stock costs more for lying behind a lane instead of before it."""
    return case.rates.preference_rate * case.places["depth"].to_numpy() * hold_costs(case)
