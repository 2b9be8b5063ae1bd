"""From the solver's numbers back to tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case, Rates
from sopkit.supply.inputs.streams import Streams
from sopkit.supply.model.build import hour_costs, list_arrivals
from sopkit.supply.model.lp import Model
from sopkit.supply.rules.fences import read_changes
from sopkit.supply.rules.limits import read_overflow
from sopkit.supply.rules.lots import read_odd_lots
from sopkit.supply.rules.orders import read_orders, shift_arrivals
from sopkit.supply.rules.people import hours_of_heads, read_people
from sopkit.supply.solver.basis import Basis
from sopkit.tables import PLACE, TABLES, fit_columns

DECIMALS = 6


@dataclass(frozen=True)
class Plan:
    """A supply plan as contract tables.

    Args:
        constrained_plan, plan_flow, plan_service, plan_resource, plan_cost, plan_people: contract
            frames over all solved months (`within` cuts them to the months shown).
        status: `optimal`, or why the solver stopped earlier.
        month_cost: `plan_cost` by month: `term`, `period` (of the flow, stock or demand),
            `cost_value`.
        objective: sum of `plan_cost` [money].
        streams: the demand the plan answers.
        flow: units started (ways x periods).
        worth: money one more unit would save (places x periods), hour (resources x periods), unit
            of lane (lanes x periods); from the duals.
        seconds: time by step; sizes: columns and rows of the model.
        basis: the solver's, to start a similar plan from.
        bound: what no plan can cost less than; None: nothing is proven.
        values: all variables of the model in base units, by block.
        duals: money a base unit of each row's limit, by rows of the model.
        order_change, plan_change: contract frames: open orders to hurry or cancel, and what of
            last month's plan is changed near the fence.
        odd_lots: what goes outside of whole lots (see `read_odd_lots`).
        rates: prices and choices it was made with.
        overflow: stock above a maximum or above the room there is (see `read_overflow`).
    """

    constrained_plan: pd.DataFrame
    plan_flow: pd.DataFrame
    plan_service: pd.DataFrame
    plan_resource: pd.DataFrame
    plan_cost: pd.DataFrame
    month_cost: pd.DataFrame
    status: str
    objective: float
    streams: Streams
    flow: Array
    worth: dict[str, Array]
    seconds: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    basis: Basis | None = field(default=None, repr=False)
    bound: float | None = None
    values: dict[str, Array] = field(default_factory=dict, repr=False)
    duals: dict[str, Array] = field(default_factory=dict, repr=False)
    order_change: pd.DataFrame = field(default_factory=TABLES["order_change"].empty)
    plan_change: pd.DataFrame = field(default_factory=TABLES["plan_change"].empty)
    plan_people: pd.DataFrame = field(default_factory=TABLES["plan_people"].empty)
    overflow: pd.DataFrame = field(default_factory=pd.DataFrame)
    odd_lots: pd.DataFrame = field(default_factory=pd.DataFrame)
    rates: Rates = field(default_factory=Rates)

    @property
    def gap(self) -> float | None:
        """Return how much dearer than the cheapest plan this may be, share of the proven bound.

        Example:
            A plan of 103 with a bound of 100: 0.03. Without a bound: None.
        """
        if self.bound is None or self.bound == 0:
            return None
        return max(self.objective - self.bound, 0.0) / abs(self.bound)

    def within(self, periods: pd.DatetimeIndex) -> Plan:
        """Return the plan with its monthly tables cut to the periods; costs stay whole."""
        names = (
            "constrained_plan",
            "plan_flow",
            "plan_service",
            "plan_resource",
            "month_cost",
            "plan_people",
        )
        cut = {}
        for name in names:
            frame = getattr(self, name)
            cut[name] = frame[frame["period"].isin(periods)].reset_index(drop=True)
        return replace(self, **cut)


def read_plan(
    case: Case,
    streams: Streams,
    model: Model,
    values: dict[str, Array],
    duals: dict[str, Array] | None = None,
    status: str = "optimal",
) -> Plan:
    """Return the plan's tables; quantities are rounded to six decimals, tiny items to more.

    Closing stock is added up from the rounded flows, so balances tie in the tables themselves.

    Args:
        values: of every variable of the model, in base units, whoever found them.
        duals: of the rows; without them (a plan by rules) nothing is said of worth.
    """
    grain = {name: find_grain(dim.unit) for name, dim in model.dims.items()}
    service = read_service(streams, values, grain["stream"])
    values = {name: _round(found, grain[model.blocks[name].dim]) for name, found in values.items()}
    duals = duals or {name: np.zeros_like(rows.upper) for name, rows in model.rows.items()}
    flow = values["flow"]
    month_cost = _read_costs(model, values)
    cost = _sum_terms(month_cost)
    return Plan(
        constrained_plan=_read_stock(case, streams, values, service, grain["place"]),
        plan_flow=_read_flow(case, flow),
        plan_service=_allocate_service(streams, service, grain["stream"]),
        plan_resource=_read_resources(case, values, duals),
        plan_cost=cost,
        status=status,
        month_cost=month_cost,
        objective=float(cost["cost_value"].sum()),
        streams=streams,
        flow=flow,
        worth=_read_worth(case, duals),
        values=values,
        duals=duals,
        order_change=read_orders(case.orders, values),
        plan_change=read_changes(case.ways, case.fences, model, values),
        plan_people=read_people(case.people, values, case.periods),
        overflow=read_overflow(case.limits, case.places, values, case.periods),
        odd_lots=read_odd_lots(case.lots, case.ways, values, case.periods),
        rates=case.rates,
    )


def find_grain(unit: Array) -> Array:
    """Return what six decimals are counted in: 1, or less for items of tiny volumes (rows x 1).

    An item of which a thousandth of a base unit is used a month is then right to a millionth of
    that. A power of two, as units are.

    Args:
        unit: base units in one model unit, by row.
    """
    return np.minimum(1.0, unit * 64)[:, None]


def _to_grain(values: Array, grain: Array | float = 1.0) -> Array:
    return np.asarray(np.round(values / grain, DECIMALS) * grain)


def _round(values: Array, grain: Array | float = 1.0) -> Array:
    """Return values rounded and never below 0; the solver leaves noise of 1e-9 of either sign."""
    return np.maximum(_to_grain(values, grain), 0.0)


@dataclass(frozen=True)
class Service:
    """How streams are served, by month of demand (streams x periods).

    Args:
        on_time: served in its month.
        late: served 1, 2, ... months later.
        short: not served.
    """

    on_time: Array
    late: list[Array]
    short: Array

    def served(self) -> Array:
        """Return what leaves stock in each month."""
        total = self.on_time.copy()
        for delay, late in enumerate(self.late, start=1):
            total[:, delay:] += late[:, :-delay]
        return total


def read_service(streams: Streams, values: dict[str, Array], grain: Array | float = 1.0) -> Service:
    """Return each stream's demand on time, late and short; the three sum to the demand.

    Steps of a shortage are added up before they are rounded: three thirds are the whole.
    """
    names = sorted((n for n in values if n.startswith("late_")), key=lambda n: int(n[5:]))
    late = [_round(values[name], grain) for name in names]
    short = np.zeros_like(streams.demand_qty)
    for name in values:
        if name.startswith("lost"):
            short = short + values[name]
    short = np.minimum(_round(short, grain), streams.demand_qty)
    on_time = _round(streams.demand_qty - short - sum(late), grain)
    return Service(on_time=on_time, late=late, short=short)


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
    case: Case, streams: Streams, values: dict[str, Array], service: Service, grain: Array
) -> pd.DataFrame:
    """Return the contract `constrained_plan`."""
    ways, uses, flow = case.ways, case.uses, values["flow"]
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
        "open_supply_qty": case.arriving + shift_arrivals(case.orders, values, case.target.shape),
        "move_out_qty": _by_place(case, used[moved], uses["place"][moved]),
        "used_qty": _by_place(case, used[~moved], uses["place"][~moved]),
        "demand_qty": demand,
        "served_qty": _by_place(case, service.served(), streams.streams["place"]),
        "short_qty": _by_place(case, service.short, streams.streams["place"]),
        "expired_qty": values.get("expired", np.zeros_like(case.target)),
    }
    columns = {name: _to_grain(qty, grain) for name, qty in columns.items()}
    gains = columns["make_qty"] + columns["buy_qty"]
    gains = gains + columns["move_in_qty"] + columns["open_supply_qty"]
    spent = columns["move_out_qty"] + columns["used_qty"] + columns["served_qty"]
    spent = spent + columns["expired_qty"]
    opening = case.places["opening_qty"].to_numpy()
    columns["opening_qty"], columns["closing_qty"] = _roll_stock(opening, gains - spent, grain)
    backlog = (demand - columns["served_qty"] - columns["short_qty"]).cumsum(axis=1)
    columns["backlog_qty"] = _round(backlog, grain)
    columns["safety_stock_qty"] = _to_grain(case.target, grain)
    return fit_columns(_to_rows(case.places[PLACE], case, columns), TABLES["constrained_plan"])


def _roll_stock(opening: Array, change: Array, grain: Array) -> tuple[Array, Array]:
    """Return opening and closing stock of each month; the solver's noise never goes below 0."""
    stock = np.zeros((len(opening), change.shape[1] + 1))
    stock[:, 0] = opening
    for month in range(change.shape[1]):
        stock[:, month + 1] = _round(stock[:, month] + change[:, month], grain[:, 0])
    return stock[:, :-1], stock[:, 1:]


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


def _read_resources(case: Case, values: dict[str, Array], duals: dict[str, Array]) -> pd.DataFrame:
    """Return the contract `plan_resource`."""
    load = np.round(_load(case, values["flow"]), DECIMALS)
    regular, overtime = hours_of_heads(case.people, values, case.regular_hours, case.overtime_hours)
    columns = {
        "load_hours": load,
        "regular_hours": regular,
        "overtime_hours": overtime,
        "overtime_used_hours": np.maximum(load - regular, 0.0),
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


def _read_costs(model: Model, values: dict[str, Array]) -> pd.DataFrame:
    """Return the objective term by term and month by month: `term`, `period`, `cost_value`."""
    months = model.cost_of(values).round(DECIMALS).rename_axis("period").reset_index()
    return months.melt(id_vars="period", var_name="term", value_name="cost_value")


def _sum_terms(month_cost: pd.DataFrame) -> pd.DataFrame:
    """Return the contract `plan_cost`."""
    terms = month_cost.groupby("term", as_index=False, sort=False)[["cost_value"]].sum()
    return fit_columns(terms.round({"cost_value": DECIMALS}), TABLES["plan_cost"])


def _allocate_service(streams: Streams, service: Service, grain: Array) -> pd.DataFrame:
    """Return the contract `plan_service`; customers of one stream share a month's service.

    Example:
        A stream wants 40, of which 30 by customer X and 10 by Y, and gets 20 on time: X gets 15.
    """
    rows, table = streams.rows, TABLES["plan_service"]
    at = (rows["stream"].to_numpy(int), rows["month"].to_numpy(int))
    share = rows["demand_qty"].to_numpy(float) / streams.demand_qty[at]
    parts = {
        "on_time_qty": service.on_time,
        "late_qty": sum(service.late, start=np.zeros_like(service.short)),
        "short_qty": service.short,
    }
    allocated = {name: _to_grain(qty[at] * share, grain[at[0], 0]) for name, qty in parts.items()}
    return fit_columns(rows.assign(**allocated), table).sort_values(
        list(table.key), ignore_index=True
    )
