"""From the solver's numbers back to tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sopkit.supply.model import (
    hold_costs,
    hour_costs,
    list_arrivals,
    nudge_flow,
    nudge_stock,
    price_terms,
)
from sopkit.supply.prepare import Array, Case
from sopkit.supply.streams import Streams
from sopkit.tables import PLACE, TABLES, fit_columns

DECIMALS = 6


@dataclass(frozen=True)
class Plan:
    """A supply plan as contract tables.

    Args:
        constrained_plan, plan_flow, plan_service, plan_resource, plan_cost: contract frames over
            all solved months (`within` cuts them to the months shown).
        status: `optimal`, or why the solver stopped earlier.
        objective: sum of `plan_cost` [money].
        streams: the demand the plan answers.
        flow: units started (ways x periods).
        worth: money one more unit would save (places x periods), hour (resources x periods), unit
            of lane (lanes x periods); from the duals.
        seconds: time by step; sizes: columns and rows of the model.
    """

    constrained_plan: pd.DataFrame
    plan_flow: pd.DataFrame
    plan_service: pd.DataFrame
    plan_resource: pd.DataFrame
    plan_cost: pd.DataFrame
    status: str
    objective: float
    streams: Streams
    flow: Array
    worth: dict[str, Array]
    seconds: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def within(self, periods: pd.DatetimeIndex) -> Plan:
        """Return the plan with its monthly tables cut to the periods; costs stay whole."""
        names = ("constrained_plan", "plan_flow", "plan_service", "plan_resource")
        cut = {}
        for name in names:
            frame = getattr(self, name)
            cut[name] = frame[frame["period"].isin(periods)].reset_index(drop=True)
        return replace(self, **cut)


def read_plan(
    case: Case,
    streams: Streams,
    values: dict[str, Array],
    duals: dict[str, Array],
    status: str,
) -> Plan:
    """Return the plan's tables; quantities are rounded to six decimals.

    Closing stock is added up from the rounded flows, so balances tie in the tables themselves.
    """
    flow = _round(values["flow"])
    served, lost = _round(values.get("served")), _round(values.get("lost"))
    constrained = _read_stock(case, streams, flow, served, lost)
    resource = _read_resources(case, flow, values, duals)
    cost = _read_costs(case, streams, flow, values)
    return Plan(
        constrained_plan=constrained,
        plan_flow=_read_flow(case, flow),
        plan_service=read_service(streams, served, lost),
        plan_resource=resource,
        plan_cost=cost,
        status=status,
        objective=float(cost["cost_value"].sum()),
        streams=streams,
        flow=flow,
        worth=_read_worth(case, duals),
    )


def _round(values: Array | None) -> Array:
    """Return values rounded and never below 0; the solver leaves noise of 1e-9 of either sign."""
    if values is None:
        return np.zeros((0, 0))
    return np.maximum(np.round(values, DECIMALS), 0.0)


def arriving_flow(case: Case, flow: Array) -> Array:
    """Return what arrives of each way in each month (ways x periods)."""
    arriving = np.zeros_like(flow)
    months = flow.shape[1]
    for delay, share in list_arrivals(case.ways):
        if delay < months:
            arriving[:, delay:] += flow[:, : months - delay] * share[:, None]
    return arriving


def _by_place(case: Case, rows: np.ndarray, place: pd.Series) -> Array:
    total = np.zeros_like(case.target)
    np.add.at(total, place.to_numpy(), rows)
    return total


def _read_stock(
    case: Case, streams: Streams, flow: Array, served: Array, lost: Array
) -> pd.DataFrame:
    """Return the contract `constrained_plan`."""
    ways, uses = case.ways, case.uses
    arriving = arriving_flow(case, flow)
    used = flow[uses["way"].to_numpy()] * case.use_qty
    moved = (ways["flow_kind"] == "move").to_numpy()[uses["way"].to_numpy()]
    kinds = {
        kind: _by_place(case, arriving[rows], ways["place"][rows])
        for kind in ("make", "buy", "move")
        for rows in [(ways["flow_kind"] == kind).to_numpy()]
    }
    demand = _by_place(case, streams.demand_qty, streams.streams["place"])
    columns = {
        "make_qty": kinds["make"],
        "buy_qty": kinds["buy"],
        "move_in_qty": kinds["move"],
        "open_supply_qty": case.arriving,
        "move_out_qty": _by_place(case, used[moved], uses["place"][moved]),
        "used_qty": _by_place(case, used[~moved], uses["place"][~moved]),
        "demand_qty": demand,
        "served_qty": _by_place(case, served, streams.streams["place"]),
        "short_qty": _by_place(case, lost, streams.streams["place"]),
    }
    columns = {name: np.round(qty, DECIMALS) for name, qty in columns.items()}
    gains = columns["make_qty"] + columns["buy_qty"]
    gains = gains + columns["move_in_qty"] + columns["open_supply_qty"]
    spent = columns["move_out_qty"] + columns["used_qty"] + columns["served_qty"]
    opening = case.places["opening_qty"].to_numpy()[:, None]
    closing = np.round(opening + (gains - spent).cumsum(axis=1), DECIMALS)
    closing = np.where(np.abs(closing) < 1e-4, np.maximum(closing, 0.0), closing)
    columns["closing_qty"] = closing
    columns["opening_qty"] = np.hstack([np.broadcast_to(opening, (len(closing), 1)), closing])[
        :, :-1
    ]
    backlog = (demand - columns["served_qty"] - columns["short_qty"]).cumsum(axis=1)
    columns["backlog_qty"] = np.maximum(np.round(backlog, DECIMALS), 0.0)
    columns["safety_stock_qty"] = np.round(case.target, DECIMALS)
    return fit_columns(_to_rows(case.places[PLACE], case, columns), TABLES["constrained_plan"])


def _to_rows(keys: pd.DataFrame, case: Case, columns: dict[str, Array]) -> pd.DataFrame:
    """Return arrays (keys x periods) as a long frame, a row per key and period."""
    months = len(case.periods)
    rows = keys.loc[keys.index.repeat(months)].reset_index(drop=True)
    rows["period"] = np.tile(case.periods.to_numpy(), len(keys))
    return rows.assign(**{name: values.ravel() for name, values in columns.items()})


def _read_flow(case: Case, flow: Array) -> pd.DataFrame:
    """Return the contract `plan_flow`: what is started, ordered or sent."""
    keys = case.ways[["flow_kind", "item", "location", "source"]]
    cost = np.round(flow * (case.way_cost + hour_costs(case)[:, None]), DECIMALS)
    rows = _to_rows(keys, case, {"flow_qty": flow, "cost_value": cost})
    return fit_columns(rows[rows["flow_qty"] > 0].reset_index(drop=True), TABLES["plan_flow"])


def _load(case: Case, flow: Array) -> Array:
    """Return hours needed (resources x periods)."""
    load = np.zeros_like(case.regular_hours)
    hours = flow[case.needs["way"].to_numpy()] * case.needs["need_hours"].to_numpy()[:, None]
    np.add.at(load, case.needs["resource"].to_numpy(), hours)
    return load


def _read_resources(
    case: Case, flow: Array, values: dict[str, Array], duals: dict[str, Array]
) -> pd.DataFrame:
    """Return the contract `plan_resource`."""
    load = np.round(_load(case, flow), DECIMALS)
    columns = {
        "load_hours": load,
        "regular_hours": case.regular_hours,
        "overtime_hours": case.overtime_hours,
        "overtime_used_hours": np.maximum(load - case.regular_hours, 0.0),
        "hour_worth_value": np.round(_read_worth(case, duals)["hour"], DECIMALS),
    }
    rows = _to_rows(case.resources[["resource"]], case, columns)
    return fit_columns(rows, TABLES["plan_resource"])


def _read_worth(case: Case, duals: dict[str, Array]) -> dict[str, Array]:
    """Return what one more unit, hour or unit of lane would save; never below 0 for limits."""
    hour = duals.get("capacity_limit", np.zeros_like(case.regular_hours))
    lane = duals.get("lane_limit", np.zeros((len(case.lanes), len(case.periods))))
    return {
        "unit": -duals["stock_balance"],
        "hour": np.maximum(-hour, 0.0),
        "lane": np.maximum(-lane, 0.0),
    }


def _read_costs(
    case: Case, streams: Streams, flow: Array, values: dict[str, Array]
) -> pd.DataFrame:
    """Return the contract `plan_cost`: the objective term by term."""
    prices = price_terms(case, streams)
    kind = case.ways["flow_kind"].to_numpy()
    money = (flow * case.way_cost).sum(axis=1)
    stock = values["stock"] + values["protected"]
    missing = case.target - values["protected"]
    terms = {
        "make": money[kind == "make"].sum(),
        "buy": money[kind == "buy"].sum(),
        "move": money[kind == "move"].sum(),
        "regular": (flow * hour_costs(case)[:, None]).sum(),
        "overtime": (values["overtime"] * prices["overtime"]).sum(),
        "hold": (stock * hold_costs(case)[:, None]).sum(),
        "late": _cost_of(values.get("backlog"), prices["late"]),
        "short": _cost_of(values.get("lost"), prices["lost"]),
        "below_target": (missing * prices["below_target"]).sum(),
        "preference": (flow * nudge_flow(case)[:, None]).sum()
        + (stock * nudge_stock(case)[:, None]).sum(),
    }
    rows = pd.DataFrame({"term": list(terms), "cost_value": list(terms.values())})
    return fit_columns(rows.round({"cost_value": DECIMALS}), TABLES["plan_cost"])


def _cost_of(qty: Array | None, price: Array) -> float:
    return 0.0 if qty is None or not qty.size else float((qty * price).sum())


def read_service(streams: Streams, served: Array, lost: Array) -> pd.DataFrame:
    """Return the contract `plan_service`: each demand on time, late and short.

    Within a stream the oldest demand is served first, and what is given up is the oldest left;
    customers of one stream share a month's service in proportion to their demand.

    Example:
        Demand 10 then 0, served 6 then 3, lost 0 then 1: of 10 wanted in the first month 6 are
        on time, 3 late, 1 short.
    """
    rows = streams.rows
    on_time, late, short = split_service(streams.demand_qty, served, lost)
    at = (rows["stream"].to_numpy(), rows["month"].to_numpy())
    share = (
        rows["demand_qty"].to_numpy(float)
        / np.where(streams.demand_qty[at] > 0, streams.demand_qty[at], 1.0)
        if len(rows)
        else np.zeros(0)
    )
    service = rows.assign(
        on_time_qty=np.round(on_time[at] * share, DECIMALS) if len(rows) else 0.0,
        late_qty=np.round(late[at] * share, DECIMALS) if len(rows) else 0.0,
        short_qty=np.round(short[at] * share, DECIMALS) if len(rows) else 0.0,
    )
    table = TABLES["plan_service"]
    return fit_columns(service, table).sort_values(list(table.key), ignore_index=True)


def split_service(demand: Array, served: Array, lost: Array) -> tuple[Array, Array, Array]:
    """Return demand (streams x months) split into on time, late and short, oldest served first.

    Cumulative curves say it: of the demand up to month m, what is gone (served or lost) by month
    t is min(D[m], S[t] + L[t]). Within a month service comes before loss.
    """
    months = demand.shape[1]
    left, on_time = demand.copy(), np.zeros_like(demand)
    late, short = np.zeros_like(demand), np.zeros_like(demand)
    for month in range(months):
        serve, lose = served[:, month].copy(), lost[:, month].copy()
        for wanted in range(month + 1):
            taken = np.minimum(left[:, wanted], serve)
            (on_time if wanted == month else late)[:, wanted] += taken
            left[:, wanted] -= taken
            serve -= taken
        for wanted in range(month + 1):
            taken = np.minimum(left[:, wanted], lose)
            short[:, wanted] += taken
            left[:, wanted] -= taken
            lose -= taken
    return on_time, late, short + left
