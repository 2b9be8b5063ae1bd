"""From tables to the arrays of the supply model: everything but the demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.supply.inputs.capacity import list_hours, list_needs, pay_hours
from sopkit.supply.inputs.case import Array, Case, Rates
from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.network import (
    find_places,
    list_parts,
    list_ways,
    split_lead_times,
    usable_stock,
)
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.problems import (
    find_supply_problems,
    find_unreached,
    join_problems,
    raise_errors,
)
from sopkit.supply.rules.fences import prepare_fences
from sopkit.supply.rules.life import prepare_life
from sopkit.supply.rules.limits import prepare_limits
from sopkit.supply.rules.lots import prepare_lots
from sopkit.supply.rules.orders import prepare_orders
from sopkit.supply.rules.people import prepare_people
from sopkit.supply.rules.shares import prepare_shares
from sopkit.tables import PLACE


def prepare_case(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    working_days: dict[pd.Timestamp, int] | None = None,
    rates: Rates | None = None,
) -> Case:
    """Return the network of the tables for the planned months, demand left out.

    Args:
        tables: contract frames.
        demand: contract `net_demand`; says only which places are needed.
        periods: planned months, first month first, none missing.
        working_days: working days of each period, for resources without capacity rows.

    Raises:
        PlanError: hard data contradict each other (a BOM loop, a negative cost); all are named.
    """
    rates = rates or Rates()
    warnings = raise_errors(find_supply_problems(tables, demand, periods, working_days))
    places = find_places(tables, demand)
    ways = _link_ways(list_ways(tables, places), places)
    hours = list_hours(
        tables.resource, tables.capacity, periods, working_days or {}, tables.workforce
    )
    uses, use_qty = _list_uses(tables, ways, places, periods)
    way_cost, way_limit = _price_ways(tables, ways, periods)
    needs = list_needs(tables, ways, hours.resources)
    cost = way_cost.mean(axis=1) + pay_hours(needs, hours.resources, len(ways))
    base = base_costs(len(places), ways, uses, use_qty.mean(axis=1), cost)
    places = _value_places(tables, places.assign(base_cost=base), ways, periods[0])
    lanes, lane_ways = _list_lanes(tables, ways)
    arriving = _sum_arriving(tables.open_supply, places, periods)
    fences = prepare_fences(tables, ways, periods)
    return Case(
        tables=tables,
        periods=periods,
        rates=rates,
        places=places,
        ways=ways,
        way_cost=way_cost,
        way_limit=way_limit,
        uses=uses,
        use_qty=use_qty,
        needs=needs,
        resources=hours.resources,
        regular_hours=hours.regular_hours,
        overtime_hours=hours.overtime_hours,
        lanes=lanes,
        lane_ways=lane_ways,
        arriving=arriving,
        target=_spread_target(tables, places, periods),
        hold_value=_price_holding(tables, places, rates, periods[0]),
        people=prepare_people(tables, hours.resources, periods, rates.whole_people),
        fences=fences,
        orders=prepare_orders(tables, places, periods),
        limits=prepare_limits(tables, places, periods),
        life=prepare_life(tables, places, ways, uses, arriving, periods),
        shares=prepare_shares(tables, ways, periods),
        lots=prepare_lots(tables, ways, rates.lot_months, periods),
        warnings=join_problems(
            warnings, find_unreached(tables, places, uses, demand), fences.warnings
        ),
        unlimited=hours.unlimited,
    )


def set_targets(case: Case, stock_target: pd.DataFrame) -> Case:
    """Return the case with other stock targets; places it does not know are left out.

    Args:
        stock_target: contract `stock_target`.
    """
    tables = replace(case.tables, stock_target=stock_target)
    return replace(case, tables=tables, target=_spread_target(tables, case.places, case.periods))


def _index_places(rows: pd.DataFrame, places: pd.DataFrame, location: str) -> pd.Series:
    """Return the row in `places` of each (item, location), -1 where there is none."""
    known = {place: row for row, place in enumerate(zip(*_columns(places, *PLACE), strict=True))}
    asked = zip(*_columns(rows, "item", location), strict=True)
    return pd.Series([known.get(place, -1) for place in asked], index=rows.index, dtype="int64")


def _columns(rows: pd.DataFrame, *names: str) -> list[list[str]]:
    return [rows[name].to_numpy(object).tolist() for name in names]


def _link_ways(ways: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return the ways with their places and their lead time split over months."""
    whole, late = split_lead_times(ways["lead_days"])
    return ways.assign(
        place=_index_places(ways, places, "location"),
        from_place=_index_places(ways, places, "from_location"),
        lead_months=whole,
        late_share=late,
    )


def _list_uses(
    tables: SupplyTables, ways: pd.DataFrame, places: pd.DataFrame, periods: pd.DatetimeIndex
) -> tuple[pd.DataFrame, Array]:
    """Return what each way takes from stock: parts of a unit made, the unit itself when moved."""
    made = ways[ways["flow_kind"] == "make"].reset_index(names="way")
    parts = list_parts(tables.operation, tables.bom).merge(
        made[["way", "source", "yield_rate"]],
        left_on="operation",
        right_on="source",
        how="inner",
        validate="many_to_one",
    )
    used = parts.assign(item=parts["component"])
    parts = parts.assign(place=_index_places(used, places, "location"))
    shares = _share_of_month(parts, periods)
    part_qty = (parts["part_qty"] / parts["yield_rate"]).to_numpy(float)[:, None] * shares
    moved = ways[ways["flow_kind"] == "move"].reset_index(names="way")
    uses = pd.concat(
        [parts[["way", "place"]], moved[["way", "from_place"]].set_axis(["way", "place"], axis=1)],
        ignore_index=True,
    ).astype("int64")
    return uses, np.vstack([part_qty, np.ones((len(moved), len(periods)))])


def _share_of_month(rows: pd.DataFrame, periods: pd.DatetimeIndex) -> Array:
    """Return the share of each month's days on which a dated row holds (rows x periods)."""
    start = periods.to_numpy()[None, :]
    end = (periods + pd.offsets.MonthBegin(1)).to_numpy()[None, :]
    last = rows["end_date"].fillna(pd.Timestamp("2200-01-01")) + pd.Timedelta(days=1)
    first = np.maximum(rows["start_date"].to_numpy()[:, None], start)
    until = np.minimum(last.to_numpy()[:, None], end)
    shares = (until - first) / (end - start)
    return np.clip(shares.astype(float), 0.0, 1.0)


def _price_ways(
    tables: SupplyTables, ways: pd.DataFrame, periods: pd.DatetimeIndex
) -> tuple[Array, Array]:
    """Return cost and limit of a unit started (ways x periods); purchase prices are dated."""
    cost = np.repeat(ways["unit_cost_value"].to_numpy(float)[:, None], len(periods), axis=1)
    limit = np.full(cost.shape, np.inf)
    bought = (ways["flow_kind"] == "buy").to_numpy()
    keys = ways.loc[bought, ["source", *PLACE]].rename(columns={"source": "supplier"})
    terms = tables.purchase_term.assign(
        max_qty=tables.purchase_term["max_qty"].astype(float).fillna(np.inf)
    )
    asked = keys.loc[keys.index.repeat(len(periods))].reset_index(drop=True)
    asked["period"] = np.tile(periods.to_numpy(), len(keys))
    on = ["supplier", *PLACE]
    for values, column in ((cost, "price_value"), (limit, "max_qty")):
        found = value_on(asked, terms, column, on, "location").to_numpy(float)
        values[bought] = found.reshape(-1, len(periods))
    return np.nan_to_num(cost, nan=0.0), limit


def _value_places(
    tables: SupplyTables, places: pd.DataFrame, ways: pd.DataFrame, first: pd.Timestamp
) -> pd.DataFrame:
    """Return the places with unit value, depth and opening stock.

    The unit value is the standard cost in the first month, else the cheapest supply cost, else
    next to nothing (so that stock is never free to hold).
    """
    base = places["base_cost"].to_numpy(float)
    standard = value_on(
        places.assign(period=first), tables.cost, "unit_cost_value", PLACE, "location"
    ).to_numpy(float)
    finite = np.where(np.isfinite(base), base, 0.0)
    value = np.where(np.isnan(standard) | (standard <= 0), finite, standard)
    known = value[value > 0]
    stock = usable_stock(tables.opening_stock)
    on_hand = stock.groupby(PLACE, as_index=False)["on_hand_qty"].sum()
    opening = places.merge(on_hand, on=PLACE, how="left", validate="one_to_one")["on_hand_qty"]
    moved = ways.loc[ways["flow_kind"] == "move", "place"]
    return places.assign(
        unit_value=np.where(value > 0, value, np.median(known) * 1e-3 if len(known) else 1e-3),
        depth=places.index.isin(moved).astype(int),
        opening_qty=opening.fillna(0.0).to_numpy(float),
    )


def base_costs(
    place_count: int, ways: pd.DataFrame, uses: pd.DataFrame, use_qty: Array, way_cost: Array
) -> Array:
    """Return the cheapest cost of a unit at each place if nothing were scarce; inf: no source.

    cost(place) = min over its ways of (cost of the way + sum of parts x cost(part)), repeated
    until nothing falls any more.
    """
    base = np.full(place_count, np.inf)
    way, part = uses["way"].to_numpy(), uses["place"].to_numpy()
    target = ways["place"].to_numpy()
    for _ in range(max(1, place_count)):
        with np.errstate(invalid="ignore"):
            priced = np.where(use_qty > 0, use_qty * base[part], 0.0)
        total = way_cost + np.bincount(way, weights=priced, minlength=len(ways))
        cheaper = base.copy()
        np.minimum.at(cheaper, target, total)
        if np.array_equal(cheaper, base):
            break
        base = cheaper
    return base


def _list_lanes(tables: SupplyTables, ways: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lanes that have a limit, and the ways that share it."""
    limited = tables.lane[tables.lane["max_qty"].notna()]
    ends = limited["from_location"] + " > " + limited["to_location"]
    names = ends.where(limited["item"] == "all", ends + " : " + limited["item"])
    lanes = pd.DataFrame(
        {"lane": names.astype(object), "max_qty": limited["max_qty"].astype(float)}
    ).sort_values("lane", ignore_index=True)
    shared = ways[ways["lane"].notna()].reset_index(names="way")[["way", "lane"]]
    numbers = pd.Series(lanes.index, index=lanes["lane"])
    lane = shared["lane"].map(numbers).astype("int64")
    return lanes, shared.assign(lane=lane, weight=1.0)


def _sum_arriving(
    open_supply: pd.DataFrame, places: pd.DataFrame, periods: pd.DatetimeIndex
) -> Array:
    """Return orders under way by place and month of arrival; overdue ones come in the first."""
    due = to_period(open_supply["due_date"])
    month = due.where(due >= periods[0], periods[0])
    rows = open_supply.assign(
        _place=_index_places(open_supply, places, "location"),
        _month=periods.get_indexer(pd.Index(month)),
    )
    rows = rows[(rows["_place"] >= 0) & (rows["_month"] >= 0)]
    arriving = np.zeros((len(places), len(periods)))
    np.add.at(arriving, (rows["_place"].to_numpy(), rows["_month"].to_numpy()), rows["open_qty"])
    return arriving


def _price_holding(
    tables: SupplyTables, places: pd.DataFrame, rates: Rates, first: pd.Timestamp
) -> Array:
    """Return what a unit of stock costs a month: stated, else the holding rate of its value."""
    stated = value_on(places.assign(period=first), tables.cost, "holding_value", PLACE, "location")
    usual = rates.holding_rate / 12 * places["unit_value"].to_numpy(float)
    return np.where(stated.isna(), usual, stated.to_numpy(float))


def _spread_target(tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex) -> Array:
    """Return the stock wanted by place and month; months past the last repeat it.

    In the last month it is at least what the policy wants to be left when the plan ends.
    """
    wide = tables.stock_target.pivot_table(
        index=PLACE, columns="period", values="safety_stock_qty", aggfunc="sum"
    )
    target = np.zeros((len(places), len(periods)))
    if not wide.empty:
        wide = wide.reindex(columns=pd.DatetimeIndex(wide.columns).union(periods)).ffill(axis=1)
        rows = pd.MultiIndex.from_frame(places[PLACE])
        known = wide.reindex(index=rows, columns=periods).fillna(0.0)
        target = known.to_numpy(float, copy=True)
    policy = tables.stock_policy.drop_duplicates(PLACE)[[*PLACE, "closing_qty"]]
    left = places[PLACE].merge(policy, on=PLACE, how="left", validate="many_to_one")
    wished = left["closing_qty"].astype(float).fillna(0.0).to_numpy()
    target[:, -1] = np.maximum(target[:, -1], wished)
    return target
