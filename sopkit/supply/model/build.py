"""The supply plan as a linear model: build it from a case and its demand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.capacity import pay_hours
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import STREAM, Streams, late_limits
from sopkit.supply.model.bounds import firm_prices, month_limits, most_needed, worth_limits
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.supply.model.units import find_units
from sopkit.supply.rules.fair import list_loss_steps
from sopkit.supply.rules.fences import add_fences
from sopkit.supply.rules.life import add_life
from sopkit.supply.rules.limits import add_limits
from sopkit.supply.rules.lots import add_lots
from sopkit.supply.rules.orders import add_orders
from sopkit.supply.rules.people import add_people
from sopkit.supply.rules.shares import add_shares
from sopkit.supply.rules.swings import add_swings, hourly_costs
from sopkit.tables import PLACE

AFTER_HORIZON_SHARE = 0.99
LOWER_HALF = 0.5
HOUR_PRICES = ("hour_value", "overtime_value")


def build_model(case: Case, streams: Streams, *, units: pd.Series | None = None) -> Model:
    """Return the linear model of the cheapest plan that the network allows.

    Variables, all at least 0 and by month: `flow` (good units started on a way, at most its
    limit), `stock`, `guarded` and `protected` (closing stock: above the stock target, in its lower
    half, in its upper half), `overtime` (hours), and for each stream and month of demand `late_1`,
    `late_2`, ... (served so many months later) and `lost`, `lost_2`, `lost_3` (not served, in
    steps of fair share); the rest is served on time.

    Objective, least cost: flow (make, buy, move), regular hours, overtime, holding, units below
    target, late and lost units, a nudge between equals, less a credit for what arrives later.
    Constraints, in this order:

    1. `stock_balance`: closing = opening + arriving orders + arriving flow - used - served.
    2. `demand_limit`: late + lost <= demand.
    3. `capacity_limit`: hours needed - overtime <= regular hours.
    4. `lane_limit`: flow over all items of a lane <= its limit.
    5. what the rules add (`rules`): people, fences, open orders, limits of stock, shelf life,
       shares, swings, lots.

    Shortage is a variable with a price, so a plan always exists. Stock below target needs no row:
    the two parts up to the target are bounded by it and rewarded, and units on time are no
    variable (the compact form: half the rows, the same optimum; the constants bring the money
    back).

    Args:
        units: base units in a model unit by (item, location), from a similar model, so that the
            arrays of both compare; found where not given, or where the places differ.
    """
    model = Model(case.periods, {})
    _add_dims(model, case, streams, units)
    _add_flow(model, case)
    _add_stock(model, case)
    _add_overtime(model, case)
    _add_service(model, case, streams)
    _add_stock_balance(model, case, streams)
    _add_demand_limit(model, streams)
    _add_capacity_limit(model, case)
    _add_lane_limit(model, case)
    add_people(model, case.people)
    fences, firm = case.fences, case.fences.firm()
    firm_price = firm_prices(case, streams) if firm.any() else np.zeros(len(case.ways))
    add_fences(
        model,
        fences,
        month_limit=month_limits(case) if fences.frozen.any() else case.way_limit,
        change_price=case.rates.change_rate * _way_values(case),
        firm_price=firm_price,
    )
    add_orders(model, case.orders)
    _add_stock_limits(model, case, streams)
    add_life(
        model,
        case.life,
        ways=case.ways,
        streams=streams.streams,
        demand_qty=streams.demand_qty,
    )
    add_shares(model, case.shares, firm=firm, firm_price=firm_price)
    add_swings(model, case.rates.swing_rate, _price_hours(case))
    if case.lots.any():
        most = np.minimum(month_limits(case), most_needed(case, streams)[:, None])
        add_lots(model, case.lots, most=most, price=firm_prices(case, streams))
    return model


def _add_dims(model: Model, case: Case, streams: Streams, known: pd.Series | None) -> None:
    place = case.places[PLACE]
    keys = pd.MultiIndex.from_frame(place)
    if known is not None and known.index.equals(keys):
        units = known.to_numpy(float)
    else:
        units = find_units(case, streams)
    model.add_dim("place", keys, units)
    ways = case.ways[["flow_kind", *PLACE, "source"]]
    model.add_dim("way", pd.MultiIndex.from_frame(ways), units[case.ways["place"].to_numpy(int)])
    of = streams.streams["place"].to_numpy(int)
    named = streams.streams[STREAM[1:]]
    named = pd.concat([place.iloc[of].reset_index(drop=True), named], axis=1)
    model.add_dim("stream", pd.MultiIndex.from_frame(named), units[of])
    model.add_dim("resource", pd.Index(case.resources["resource"], dtype=object))
    model.add_dim("lane", pd.Index(case.lanes["lane"], dtype=object))


def _add_flow(model: Model, case: Case) -> None:
    kind = case.ways["flow_kind"].to_numpy()[:, None]
    prices = {name: np.where(kind == name, case.way_cost, 0.0) for name in ("make", "buy", "move")}
    prices["regular"] = _repeat(model, hour_costs(case))
    prices["preference"] = _repeat(model, nudge_flow(case))
    prices["after_horizon"] = -credit_after(case)
    lower, upper = np.zeros_like(case.way_limit), case.way_limit
    model.blocks["flow"] = Block("way", upper, prices, lower)


def _repeat(model: Model, values: Array) -> Array:
    return np.repeat(np.asarray(values, dtype=float)[:, None], len(model.periods), axis=1)


def _add_stock(model: Model, case: Case) -> None:
    """Add closing stock in three parts, and what units missing from the target cost."""
    held = {
        "hold": _repeat(model, case.hold_value),
        "preference": _repeat(model, nudge_stock(case)),
    }
    no_limit = np.full_like(case.target, np.inf)
    model.blocks["stock"] = Block("place", no_limit, held)
    wanted = case.target > 0
    for name, share, rate in (
        ("guarded", LOWER_HALF, case.rates.deep_target_rate),
        ("protected", 1 - LOWER_HALF, case.rates.below_target_rate),
    ):
        price = price_below(case, rate)
        prices = {**held, "below_target": -price}
        model.blocks[name] = Block("place", case.target * share, prices, keep=wanted)
        model.add_constant("below_target", (case.target * share * price).sum(axis=0))


def _add_overtime(model: Model, case: Case) -> None:
    price = _repeat(model, case.resources["overtime_value"].to_numpy(float))
    model.blocks["overtime"] = Block("resource", case.overtime_hours, {"overtime": price})


def _add_service(model: Model, case: Case, streams: Streams) -> None:
    wanted = streams.demand_qty > 0
    for name, most, on_top in list_loss_steps(streams, case.rates.fair_share_rate):
        prices = {"short": streams.lost_cost, "fair": on_top}
        model.blocks[name] = Block("stream", most, prices, keep=wanted)
    for delay, most in enumerate(late_limits(streams), start=1):
        prices = {"late": delay * streams.late_cost}
        model.blocks[f"late_{delay}"] = Block("stream", most, prices, keep=most > 0)


def lost_names(model: Model) -> list[str]:
    """Return the names of the variables of lost demand, cheapest step first."""
    return [name for name in model.blocks if name.startswith("lost")]


def late_names(model: Model) -> list[str]:
    """Return the names of the lateness variables, shortest delay first."""
    return [name for name in model.blocks if name.startswith("late_")]


def _add_stock_balance(model: Model, case: Case, streams: Streams) -> None:
    terms = [Term(name) for name in ("stock", "guarded", "protected")]
    terms += [Term(name, -1.0, delay=1) for name in ("stock", "guarded", "protected")]
    into = case.ways["place"].to_numpy(int)
    for delay, share in list_arrivals(case.ways):
        terms.append(Term("flow", -share[:, None], to=into, delay=delay))
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    terms.append(Term("flow", case.use_qty, pick=way, to=part))
    place = streams.streams["place"].to_numpy(int)
    terms += [Term(name, -1.0, to=place) for name in lost_names(model)]
    for delay, name in enumerate(late_names(model), start=1):
        terms += [Term(name, -1.0, to=place), Term(name, 1.0, to=place, delay=delay)]
    given = case.arriving - streams.demand_qty_by_place(case)
    given[:, 0] += case.places["opening_qty"].to_numpy(float)
    model.rows["stock_balance"] = Rows("place", given, given, terms)


def list_arrivals(ways: pd.DataFrame) -> list[tuple[int, Array]]:
    """Return, per delay in whole months, the share of each way's flow that arrives with it."""
    lead = ways["lead_months"].to_numpy()
    late = ways["late_share"].to_numpy()
    delays = sorted({*lead, *(lead[late > 0] + 1)})
    shares = [(lead == delay) * (1 - late) + (lead + 1 == delay) * late for delay in delays]
    return [(int(delay), share) for delay, share in zip(delays, shares, strict=True)]


def _add_demand_limit(model: Model, streams: Streams) -> None:
    """Add late + lost <= demand; where nothing may be late and all is one step, a bound says it."""
    late, lost = late_names(model), lost_names(model)
    if not late:
        return
    most = streams.demand_qty
    keep = late_limits(streams)[0] > 0
    terms = [Term(name) for name in [*lost, *late]]
    model.rows["demand_limit"] = Rows("stream", np.full_like(most, -np.inf), most, terms, keep)


def _add_capacity_limit(model: Model, case: Case) -> None:
    way, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    hours = case.needs["need_hours"].to_numpy(float)[:, None]
    terms = [Term("flow", hours, pick=way, to=resource), Term("overtime", -1.0)]
    regular = case.regular_hours
    model.rows["capacity_limit"] = Rows("resource", np.full_like(regular, -np.inf), regular, terms)


def _add_lane_limit(model: Model, case: Case) -> None:
    way, lane = (case.lane_ways[name].to_numpy(int) for name in ("way", "lane"))
    weight = case.lane_ways["weight"].to_numpy(float)[:, None]
    limit = _repeat(model, case.lanes["max_qty"].to_numpy(float))
    terms = [Term("flow", weight, pick=way, to=lane)]
    model.rows["lane_limit"] = Rows("lane", np.full_like(limit, -np.inf), limit, terms)


def _add_stock_limits(model: Model, case: Case, streams: Streams) -> None:
    if case.limits.any():
        worth, _ = worth_limits(case, streams)
        value = case.places["unit_value"].to_numpy(float)
        add_limits(model, case.limits, worth=worth, unit_value=value)


def _price_hours(case: Case) -> Array:
    """Return what an hour of each resource costs; of people, a head's pay for an hour."""
    crews, heads = case.people.crews, np.zeros(len(case.resources))
    if len(crews):
        hours = crews["hours_per_head"].to_numpy(float)
        pay = crews["head_value"].to_numpy(float) / np.where(hours > 0, hours, np.inf)
        heads[crews["resource"].to_numpy(int)] = pay
    hour, overtime = (case.resources[name].to_numpy(float) for name in HOUR_PRICES)
    return hourly_costs(hour, overtime, heads)


def price_below(case: Case, rate: float) -> Array:
    """Return what a unit missing from the target costs (places x periods).

    In the last month it also costs its replacement, so that the plan does not end by eating its
    safety stock.
    """
    value = case.places["unit_value"].to_numpy(float)
    price = np.repeat(rate * value[:, None], len(case.periods), axis=1)
    price[:, -1] += value
    return price


def _way_values(case: Case) -> Array:
    """Return the standard cost of a unit that each way brings."""
    return case.places["unit_value"].to_numpy(float)[case.ways["place"].to_numpy(int)]


def hour_costs(case: Case) -> Array:
    """Return the cost of the hours that a unit of each way takes, at regular pay."""
    return pay_hours(case.needs, case.resources, len(case.ways))


def price_flow(case: Case) -> Array:
    """Return what a unit started on each way costs in all (ways x periods)."""
    fixed = hour_costs(case) + nudge_flow(case)
    return case.way_cost + fixed[:, None] - credit_after(case)


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


def nudge_flow(case: Case) -> Array:
    """Return what a unit of each way costs more for not being the preferred operation."""
    value = case.places["unit_value"].to_numpy()[case.ways["place"].to_numpy()]
    return case.rates.preference_rate * (case.ways["priority"].to_numpy(float) - 1) * value


def nudge_stock(case: Case) -> Array:
    """Return what a unit of stock costs more for lying behind a lane instead of before it."""
    return case.rates.preference_rate * case.places["depth"].to_numpy() * case.hold_value
