"""One side of a comparison, month by month: plan from what was known, then meet actual demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sopkit.periods import add_months, to_cycle_name
from sopkit.scenario.effect.known import Known, find_forecast
from sopkit.scenario.effect.sides import Build, Side
from sopkit.supply import Case, Rates, SupplyTables, plan_by_rules, prepare_case
from sopkit.supply.inputs.case import Array
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.build import build_model, list_arrivals
from sopkit.supply.model.lp import to_lp
from sopkit.supply.model.units import find_money
from sopkit.supply.solver.highs import solve_lp
from sopkit.supply.whatif import Change, change_case, edit_demand
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

TIME_LIMIT = 60.0
MONTH = [
    "period", "demand_qty", "served_qty", "lost_qty", "revenue_value", "cost_value",
    "holding_value", "stock_value", "overtime_hours",
]  # fmt: skip
SMALL = 1e-9


@dataclass
class Store:
    """What a side carries from month to month, by place.

    Args:
        on_hand: stock.
        coming: units under way by month of arrival.
        waiting: unserved demand by months it may still wait, the most patient last.
    """

    on_hand: pd.Series
    coming: dict[pd.Timestamp, pd.Series] = field(default_factory=dict)
    waiting: list[pd.Series] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """What both sides share: the network, months looked ahead, prices no table gives."""

    known: Known
    horizon_months: int = 3
    rates: Rates = field(default_factory=Rates)


def simulate(
    known: Known,
    months: pd.DatetimeIndex,
    sides: Sequence[Side],
    *,
    horizon_months: int = 3,
    rates: Rates | None = None,
) -> list[pd.DataFrame]:
    """Return money and service of each side, month by month, under actual demand.

    Each month is planned at least cost over `horizon_months` from the forecast its own cycle had,
    the stock the simulation has come to, and hours, terms and prices of those months; the plan's
    first month is carried out, then actual demand takes what is there. What is not there waits as
    long as its customers do, then is lost. All that is not carried out is planned anew.

    Args:
        known: cut to the items looked at (`cut_tables`).
        months: months simulated, none missing; each needs a forecast of its own cycle.
        sides: what differs.
        horizon_months: months a plan looks ahead, its own first.
        rates: prices that no table gives.

    Returns:
        For each side `period`, `demand_qty`, `served_qty` (of any month's demand), `lost_qty`,
        `revenue_value` (served at net price), `cost_value` (made, bought, moved, hours,
        overtime), `holding_value`, `stock_value` (closing stock and what is under way, at its
        cheapest cost of supply), `overtime_hours`. Frozen days, shelf life and stores' room are
        left out; customers of a place count as one.

    Raises:
        PlanError: hard data contradict each other.

    Example:
        Forecast 100 a month, actual 120, a line of 110 hours at an hour a unit, no stock: 100 are
        made and served in the first month, 20 wait.
    """
    setting = Setting(known, horizon_months, replace(rates or Rates(), lot_months=0))
    span = pd.date_range(months[0], periods=len(months) + horizon_months - 1, freq="MS")
    network = _prepare(setting, months, span)
    return [_live_on(setting, network, months, side) for side in sides]


def _live_on(setting: Setting, network: Case, months: pd.DatetimeIndex, side: Side) -> pd.DataFrame:
    """Return one side, month after month."""
    changes = [one for one in _clip(side.undone, network.periods) if one.kind != "demand"]
    none = TABLES["net_demand"].empty()
    case = change_case(network, none, changes)[0] if changes else network
    store = _open_store(setting.known, months[0])
    rows = []
    for number, month in enumerate(months):
        demand = _to_demand(setting, month, side, store)
        part = slice_case(case, number, setting.horizon_months)
        row, store = _live(setting, part, demand, month, side, store)
        rows.append(row)
    return pd.DataFrame(rows, columns=MONTH)


def slice_case(case: Case, start: int, length: int) -> Case:
    """Return a case of some of its months: every array by month is cut, the rest stays.

    Example:
        A case of January to June, start 2 and length 3: March to May.
    """
    cut: Case = _slice(case, start, start + length, len(case.periods))
    return cut


def _slice(part: Any, start: int, stop: int, months: int) -> Any:
    cut: dict[str, Any] = {}
    for one in fields(part):
        value = getattr(part, one.name)
        if isinstance(value, SupplyTables | Rates):
            continue
        if isinstance(value, pd.DatetimeIndex):
            cut[one.name] = value[start:stop]
        elif isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] == months:
            cut[one.name] = value[:, start:stop]
        elif is_dataclass(value):
            cut[one.name] = _slice(value, start, stop, months)
    return replace(part, **cut)


def _open_store(known: Known, month: pd.Timestamp) -> Store:
    """Return the stock at the end of the month before."""
    rows = known.stock[known.stock["period"] == add_months(month, -1)]
    rows = rows[rows["item"].isin(known.tables.item["item"])]
    return Store(rows.groupby(PLACE)["closing_qty"].sum())


def _to_demand(setting: Setting, month: pd.Timestamp, side: Side, store: Store) -> pd.DataFrame:
    """Return what the month's plan is made for: what waits, and the forecast of then."""
    known = setting.known
    periods = _periods(setting, month)
    forecast = find_forecast(known.forecast, to_cycle_name(month), side.stream)
    forecast = forecast[
        forecast["period"].isin(periods) & forecast["item"].isin(known.tables.item["item"])
    ]
    rows = forecast.rename(columns={"forecast_qty": "demand_qty"}).assign(demand_class="forecast")
    rows = _edit(_to_net(rows), side.undone, periods, known.tables.item)
    waits = [one for one in store.waiting if len(one)]
    if waits:
        late = pd.concat(waits).groupby(level=PLACE).sum().rename("demand_qty").reset_index()
        late = late.assign(period=month, demand_class="overdue")
        rows = pd.concat([_to_net(late), rows], ignore_index=True)
    return rows


def _to_net(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["demand_qty"] > 0].assign(customer=ALL, priority=1)
    return fit_columns(rows.reset_index(drop=True), TABLES["net_demand"])


def _edit(
    demand: pd.DataFrame, changes: Sequence[Change], periods: pd.DatetimeIndex, item: pd.DataFrame
) -> pd.DataFrame:
    """Return demand with the changes of demand that fall into the months."""
    wanted = [one for one in _clip(changes, periods) if one.kind == "demand"]
    return edit_demand(demand, wanted, item) if wanted and len(demand) else demand


def _clip(changes: Sequence[Change], periods: pd.DatetimeIndex) -> list[Change]:
    inside = [one for one in changes if one.first <= periods[-1] and one.last >= periods[0]]
    return [
        replace(one, first=max(one.first, periods[0]), last=min(one.last, periods[-1]))
        for one in inside
    ]


def _periods(setting: Setting, month: pd.Timestamp) -> pd.DatetimeIndex:
    return pd.date_range(month, periods=setting.horizon_months, freq="MS", name="period")


def _prepare(setting: Setting, months: pd.DatetimeIndex, span: pd.DatetimeIndex) -> Case:
    """Return the network over all months, with every place that is ever wanted or stocked."""
    known = setting.known
    stock, cycles = known.stock, [to_cycle_name(month) for month in months]
    said = known.forecast[known.forecast["cycle"].isin(cycles)]
    rows = pd.concat([stock[PLACE], said[PLACE], known.actual[PLACE]], ignore_index=True)
    rows = rows[rows["item"].isin(known.tables.item["item"])].drop_duplicates(ignore_index=True)
    stocked = stock.loc[stock["item"].isin(known.tables.item["item"]), PLACE].drop_duplicates()
    stocked = stocked.assign(
        status="free", batch="", on_hand_qty=1.0, plannable=True, snapshot_date=months[0]
    )
    wanted = _to_net(rows.assign(period=months[0], demand_class="forecast", demand_qty=1.0))
    tables = replace(
        known.tables,
        opening_stock=fit_columns(stocked.reset_index(drop=True), TABLES["opening_stock"]),
        stock_target=_shift_targets(known.target, span, known.tables.item),
        price=_to_prices(known),
        service_class=_pool_classes(known.tables.service_class),
    )
    return prepare_case(tables, wanted, span, rates=setting.rates)


def _shift_targets(
    target: pd.DataFrame, periods: pd.DatetimeIndex, item: pd.DataFrame
) -> pd.DataFrame:
    """Return the stock targets of the months' namesakes, the nearest year first."""
    rows = target[target["item"].isin(item["item"])]
    parts = []
    for period in periods:
        same = rows[rows["period"].dt.month == period.month]
        near = same.assign(away=(same["period"] - period).abs())
        near = near.sort_values([*PLACE, "away"], kind="stable").drop_duplicates(PLACE)
        parts.append(near.assign(period=period).drop(columns="away"))
    joined = pd.concat(parts, ignore_index=True) if parts else rows
    return fit_columns(joined, TABLES["stock_target"])


def _to_prices(known: Known) -> pd.DataFrame:
    """Return the price of each item over its places, as contract `price`."""
    rows = known.actual[known.actual["item"].isin(known.tables.item["item"])]
    worth = (rows["actual_qty"] * rows["price_value"]).groupby(rows["item"]).sum()
    qty = rows.groupby("item")["actual_qty"].sum()
    price = (worth / qty.where(qty > 0)).dropna()
    frame = price.rename("price_value").rename_axis("item").reset_index()
    return fit_columns(frame.assign(customer=ALL), TABLES["price"])


def _pool_classes(service_class: pd.DataFrame) -> pd.DataFrame:
    """Return one class for all customers: the mean of the company's classes."""
    names = ["late_rate", "lost_sale_rate", "late_months"]
    if service_class.empty:
        return service_class
    means = service_class[names].mean()
    pooled = pd.DataFrame([means]).assign(customer=ALL, priority=1)
    pooled["late_months"] = pooled["late_months"].round()
    return fit_columns(pooled, TABLES["service_class"])


def _live(
    setting: Setting, case: Case, demand: pd.DataFrame, month: pd.Timestamp, side: Side,
    store: Store,
) -> tuple[dict[str, object], Store]:  # fmt: skip
    """Plan a month, carry out its first month, and meet actual demand."""
    case = _stock_case(case, store)
    planned = _plan_first(case, demand)
    flow = planned + _build_more(case, planned, month, side.builds, demand)
    moved, missing = _move(case, flow, store, month)
    actual, price = _actual_of(setting.known, month, side, case)
    served, lost, waiting = _serve(case, moved.on_hand, store.waiting, actual)
    left = (moved.on_hand - served).clip(lower=0.0)
    value = _unit_values(case)
    under_way = sum(
        float((later * value.reindex(later.index).fillna(0.0)).sum())
        for later in moved.coming.values()
    )
    row = {
        "period": month,
        "demand_qty": float(actual.sum()),
        "served_qty": float(served.sum()),
        "lost_qty": lost,
        "revenue_value": float((served * price.reindex(served.index).fillna(0.0)).sum()),
        "cost_value": _price_flow(case, flow) + missing,
        "holding_value": float((left.to_numpy() * case.hold_value).sum()),
        "stock_value": float((left * value).sum()) + under_way,
        "overtime_hours": _sum_overtime(case, flow),
    }
    return row, Store(left, moved.coming, waiting)


def _plan_first(case: Case, demand: pd.DataFrame) -> Array:
    """Return what the cheapest plan starts in its first month, by way.

    The steps of `supply.solve_case` without its tables, which nobody reads here.
    """
    streams = to_streams(case, demand)
    model = build_model(case, streams)
    lp = to_lp(model, find_money(streams, model.dims["stream"].unit))
    found = solve_lp(lp, time_limit=TIME_LIMIT)
    if found.x is None:
        return np.asarray(plan_by_rules(case, demand).flow[:, 0])
    return np.maximum(lp.values(found.x)["flow"][:, 0], 0.0)


def _index(case: Case) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(case.places[PLACE])


def _stock_case(case: Case, store: Store) -> Case:
    """Return the case with the stock and what is under way of the simulation."""
    index = _index(case)
    opening = store.on_hand.reindex(index).fillna(0.0).to_numpy()
    arriving = np.zeros_like(case.arriving)
    for number, period in enumerate(case.periods):
        if period in store.coming:
            arriving[:, number] = store.coming[period].reindex(index).fillna(0.0)
    return replace(case, places=case.places.assign(opening_qty=opening), arriving=arriving)


def _unit_values(case: Case) -> pd.Series:
    """Return what a unit left is worth: its cheapest cost of supply, else its unit value."""
    base = case.places["base_cost"].to_numpy(float)
    value = np.where(np.isfinite(base), base, case.places["unit_value"].to_numpy(float))
    return pd.Series(value, index=_index(case))


def _build_more(
    case: Case, planned: Array, month: pd.Timestamp, builds: Sequence[Build], demand: pd.DataFrame
) -> Array:
    """Return what is made on top of the plan, by way: shared as later demand is, within hours."""
    extra = np.zeros(len(case.ways))
    later = demand[demand["period"] > month].groupby("item")["demand_qty"].sum()
    for build in builds:
        if not build.first <= month <= build.last:
            continue
        chosen = _ways_of(case, build.code)
        weight = case.ways["item"].map(later).fillna(0.0).to_numpy() * chosen
        cheapest = _first_ways(case, chosen)
        weight = np.where(cheapest, weight, 0.0)
        if weight.sum() > 0:
            extra += build.qty * weight / weight.sum()
    return extra * _room(case, planned, extra)


def _ways_of(case: Case, code: str) -> Array:
    """Return which ways make what a code names: item, family or resource."""
    tables, ways = case.tables, case.ways
    family = tables.item.drop_duplicates("item").set_index("item")["family"]
    need = tables.resource_need
    on_line = need.loc[need["resource"] == code, "operation"]
    named = (ways["item"] == code) | (ways["item"].map(family) == code)
    named |= ways["source"].isin(on_line)
    return np.asarray(named & (ways["flow_kind"] == "make"))


def _first_ways(case: Case, chosen: Array) -> Array:
    """Return the first of the chosen ways of each item."""
    rows = case.ways.assign(chosen=chosen)[chosen]
    first = rows.sort_values(["item", "priority"], kind="stable").drop_duplicates("item").index
    return np.isin(np.arange(len(case.ways)), first)


def _hours_of(case: Case, flow: Array) -> Array:
    way, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    hours = case.needs["need_hours"].to_numpy(float) * flow[way]
    return np.bincount(resource, weights=hours, minlength=len(case.resources))


def _room(case: Case, planned: Array, extra: Array) -> float:
    """Return the share of the extra quantity for which regular and overtime hours are left."""
    wanted = _hours_of(case, extra)
    left = case.regular_hours[:, 0] + case.overtime_hours[:, 0] - _hours_of(case, planned)
    tight = wanted > SMALL
    return float(np.clip(left[tight] / wanted[tight], 0.0, 1.0).min()) if tight.any() else 1.0


def _price_flow(case: Case, flow: Array) -> float:
    """Return what a month's flows cost: units made, bought and moved, hours, overtime on top."""
    needed = _hours_of(case, flow)
    over = np.maximum(needed - case.regular_hours[:, 0], 0.0)
    hour, premium = (case.resources[n].to_numpy(float) for n in ("hour_value", "overtime_value"))
    hours = np.nan_to_num(hour) * needed + np.nan_to_num(premium) * over
    return float((case.way_cost[:, 0] * flow).sum() + hours.sum())


def _sum_overtime(case: Case, flow: Array) -> float:
    """Return the hours beyond the regular ones that the flows of a month need."""
    return float(np.maximum(_hours_of(case, flow) - case.regular_hours[:, 0], 0.0).sum())


def _move(case: Case, flow: Array, store: Store, month: pd.Timestamp) -> tuple[Store, float]:
    """Return stock after the month's flows, what is under way, and the price of missing parts.

    Parts missing for what is made on top of the plan are bought in time at their cheapest cost.
    """
    index = _index(case)
    place = case.ways["place"].to_numpy(int)
    arrived = case.places["opening_qty"].to_numpy(float) + case.arriving[:, 0]
    coming = {period: qty for period, qty in store.coming.items() if period > month}
    for delay, share in list_arrivals(case.ways):
        qty = np.bincount(place, weights=flow * share, minlength=len(case.places))
        if delay == 0:
            arrived = arrived + qty
        elif qty.any():
            due = add_months(month, delay)
            new = pd.Series(qty, index=index)
            coming[due] = new.add(coming[due], fill_value=0.0) if due in coming else new
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    used = np.bincount(part, flow[way] * case.use_qty[:, 0], minlength=len(case.places))
    missing = np.maximum(used - arrived, 0.0)
    price = float((missing * _unit_values(case).to_numpy()).sum())
    return Store(pd.Series(np.maximum(arrived - used, 0.0), index=index), coming), price


def _actual_of(
    known: Known, month: pd.Timestamp, side: Side, case: Case
) -> tuple[pd.Series, pd.Series]:
    """Return actual demand of the month by place, as it would have been, and its price."""
    rows = known.actual[
        (known.actual["period"] == month) & known.actual["item"].isin(known.tables.item["item"])
    ]
    price = rows.groupby(PLACE)["price_value"].first()
    net = _to_net(rows.rename(columns={"actual_qty": "demand_qty"}).assign(demand_class="forecast"))
    net = _edit(net, side.undone, pd.DatetimeIndex([month]), known.tables.item)
    actual = net.groupby(PLACE)["demand_qty"].sum()
    return actual.reindex(_index(case)).fillna(0.0), price


def _serve(
    case: Case, on_hand: pd.Series, waiting: Sequence[pd.Series], actual: pd.Series
) -> tuple[pd.Series, float, list[pd.Series]]:
    """Return what is served by place, what is lost, and what waits on, the oldest first."""
    left, served = on_hand.copy(), on_hand * 0.0
    patience = _patience(case)
    ages = [one.reindex(on_hand.index).fillna(0.0) for one in waiting] + [actual]
    open_qty = []
    for asked in ages:
        given = np.minimum(left, asked)
        left, served = left - given, served + given
        open_qty.append(asked - given)
    kept = open_qty[-patience:] if patience else []
    lost = sum(float(one.sum()) for one in open_qty[: len(open_qty) - len(kept)])
    return served, lost, [one[one > SMALL] for one in kept]


def _patience(case: Case) -> int:
    """Return the months a customer waits."""
    classes = case.tables.service_class
    return round(float(classes["late_months"].iloc[0])) if len(classes) else 1
