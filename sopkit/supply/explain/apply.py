"""Fixes put into effect: on the input tables and demand, and the case that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.whatif.edit import prepare_again, state_hours
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

FIRST_DAY = pd.Timestamp("1900-01-01")
EXPEDITE_RATE = 0.1
HOURS = ("overtime", "extra_shift", "alternate")
SUPPLY = ("more_supply", "other_supplier", "subcontract")
FENCED = ("operation", "purchase_term", "lane")


@dataclass(frozen=True)
class Fix:
    """One thing that could be done about a shortage.

    Args:
        fix: as in contract `shortage_fix`.
        code: resource, supplier, lane, open order, item, or the source whose fence is opened.
        item, location: what a supplier brings where, an order or a demand is for; blank for hours
            and lanes.
        first, last: months it holds; of a demand: from and to which month it moves.
        amount: hours or units more a month; units hurried or moved.
    """

    fix: str
    code: str
    item: str
    location: str
    first: pd.Timestamp
    last: pd.Timestamp
    amount: float


def to_fix(row: pd.Series) -> Fix:
    """Return a row of contract `shortage_fix` as a fix."""
    named = row.fillna({"fix_item": "", "fix_location": ""})
    return Fix(
        fix=str(named["fix"]),
        code=str(named["fix_code"]),
        item=str(named["fix_item"]),
        location=str(named["fix_location"]),
        first=pd.Timestamp(row["first_period"]),
        last=pd.Timestamp(row["last_period"]),
        amount=float(row["amount"]),
    )


def apply_fix(case: Case, demand: pd.DataFrame, fix: Fix) -> tuple[SupplyTables, pd.DataFrame]:
    """Return the input tables and the demand with a fix in effect.

    The tables state the hours of every planned month, so that working days are not needed again.

    - overtime, extra_shift, alternate: more overtime hours, at the price of overtime.
    - more_supply, other_supplier, subcontract: a higher limit of a supplier, at his price.
    - more_lane: a higher limit of a lane, in every month.
    - expedite: an open order may be hurried, at a tenth of its standard value.
    - move_demand: units of a demand, the lowest priority first, are wanted in a later month.
    - open_fence: no frozen days.

    Args:
        case: prepared from the tables as they are.
        demand: contract `net_demand`.

    Example:
        20 overtime hours in May on L: the capacity row of L in May allows 20 more.
    """
    tables = state_hours(case, case.tables)
    if fix.fix == "move_demand":
        return tables, _move_demand(demand, fix)
    if fix.fix in HOURS:
        return _add_overtime(case, tables, fix), demand
    if fix.fix in SUPPLY:
        terms = _raise_terms(tables.purchase_term, fix)
        return replace(tables, purchase_term=terms), demand
    if fix.fix == "more_lane":
        lane, chosen = tables.lane, _is_lane(tables.lane, fix.code)
        most = lane["max_qty"].astype(float)
        most = most.where(~chosen, most + fix.amount)
        return replace(tables, lane=lane.assign(max_qty=most)), demand
    if fix.fix == "expedite":
        orders = tables.open_supply
        price = orders["expedite_value"].astype(float)
        price = price.where(orders["supply_order"] != fix.code, expedite_price(case, fix))
        return replace(tables, open_supply=orders.assign(expedite_value=price)), demand
    return _open_fence(tables, fix), demand


def fix_case(case: Case, demand: pd.DataFrame, fix: Fix) -> tuple[Case, pd.DataFrame]:
    """Return the case and the demand with a fix in effect.

    The same as preparing the case from `apply_fix`; limits are changed in its arrays.
    """
    tables, wanted = apply_fix(case, demand, fix)
    months = (case.periods >= fix.first) & (case.periods <= fix.last)
    if fix.fix == "move_demand":
        return case, wanted
    if fix.fix in HOURS and fix.code not in set(case.people.crews["crew"]):
        row = (case.resources["resource"] == fix.code).to_numpy()
        more = fix.amount * np.outer(row, months)
        return replace(case, tables=tables, overtime_hours=case.overtime_hours + more), wanted
    if fix.fix in SUPPLY and not _is_pooled(case.tables.purchase_term, fix):
        more = fix.amount * np.outer(way_of(case, fix), months)
        return replace(case, tables=tables, way_limit=case.way_limit + more), wanted
    if fix.fix == "more_lane":
        lanes, chosen = case.lanes, case.lanes["lane"] == fix.code
        most = lanes["max_qty"].where(~chosen, lanes["max_qty"] + fix.amount)
        return replace(case, tables=tables, lanes=lanes.assign(max_qty=most)), wanted
    return prepare_again(case, tables, wanted), wanted


def way_of(case: Case, fix: Fix) -> Array:
    """Return which way a fix of a supplier is about."""
    ways = case.ways
    same = (ways["source"] == fix.code) & (ways["flow_kind"] == "buy")
    same &= (ways["item"] == fix.item) & (ways["location"] == fix.location)
    return same.to_numpy(dtype=bool)


def expedite_price(case: Case, fix: Fix) -> float:
    """Return what a unit hurried is taken to cost: a tenth of its standard value."""
    places = case.places
    same = (places["item"] == fix.item) & (places["location"] == fix.location)
    return EXPEDITE_RATE * float(places.loc[same, "unit_value"].iloc[0])


def _add_overtime(case: Case, tables: SupplyTables, fix: Fix) -> SupplyTables:
    """Return tables with more overtime hours; those of people by more overtime a head."""
    rows = tables.capacity
    chosen = (rows["resource"] == fix.code) & rows["period"].between(fix.first, fix.last)
    hours = rows["overtime_hours"].where(~chosen, rows["overtime_hours"] + fix.amount)
    tables = replace(tables, capacity=rows.assign(overtime_hours=hours))
    crews = tables.workforce
    if fix.code not in set(crews["resource"]):
        return tables
    each = crews["overtime_per_head"] + fix.amount / crews["heads"].clip(lower=1.0)
    each = crews["overtime_per_head"].where(crews["resource"] != fix.code, each)
    return replace(tables, workforce=crews.assign(overtime_per_head=each))


def _is_pooled(terms: pd.DataFrame, fix: Fix) -> bool:
    """Return whether a supplier's terms for a place are those for all places."""
    own = (terms["supplier"] == fix.code) & (terms["item"] == fix.item)
    return not (own & (terms["location"] == fix.location)).any()


def _raise_terms(terms: pd.DataFrame, fix: Fix) -> pd.DataFrame:
    """Return purchase terms with a higher limit in some months; the same before and after.

    Terms for all places get a copy for the place of the fix.
    """
    same = (terms["supplier"] == fix.code) & (terms["item"] == fix.item)
    own = same & (terms["location"] == fix.location)
    pooled = not own.any()
    rows = terms[same & (terms["location"] == ALL)] if pooled else terms[own]
    rows = rows.assign(location=fix.location).sort_values("start_date", kind="stable")
    rows = _cut_months(rows.reset_index(drop=True), fix)
    kept = terms if pooled else terms[~own]
    return fit_columns(pd.concat([kept, rows], ignore_index=True), TABLES["purchase_term"])


def _cut_months(rows: pd.DataFrame, fix: Fix) -> pd.DataFrame:
    """Return dated terms, cut at both ends of the fix, with more allowed in between."""
    days = rows["start_date"].tolist()
    rows = rows.assign(start_date=[min(days[0], FIRST_DAY), *days[1:]])
    after = fix.last + pd.DateOffset(months=1)
    for day in (fix.first, after):
        begun = rows[rows["start_date"] <= day].tail(1)
        if begun["start_date"].iloc[0] != day:
            rows = pd.concat([rows, begun.assign(start_date=day)])
            rows = rows.sort_values("start_date", kind="stable", ignore_index=True)
    inside = (rows["start_date"] >= fix.first) & (rows["start_date"] < after)
    most = rows["max_qty"].astype(float)
    return rows.assign(max_qty=most.where(~inside, most + fix.amount))


def _is_lane(lane: pd.DataFrame, code: str) -> pd.Series:
    ends = lane["from_location"] + " > " + lane["to_location"]
    return ends.where(lane["item"] == ALL, ends + " : " + lane["item"]) == code


def _open_fence(tables: SupplyTables, fix: Fix) -> SupplyTables:
    """Return tables in which the fence of an operation, supplier or lane is open."""
    for name in FENCED:
        rows: pd.DataFrame = getattr(tables, name)
        source = {"operation": "operation", "purchase_term": "supplier", "lane": "from_location"}
        place = "to_location" if name == "lane" else "location"
        chosen = (rows[source[name]] == fix.code) & rows["item"].isin([fix.item, ALL])
        chosen &= rows[place].isin([fix.location, ALL])
        days = rows["frozen_days"].where(~chosen, 0.0)
        tables = replace(tables, **{name: rows.assign(frozen_days=days)})
    return tables


def _move_demand(demand: pd.DataFrame, fix: Fix) -> pd.DataFrame:
    """Return demand with units of one month wanted in a later one, the lowest priority first."""
    rows = demand.reset_index(drop=True)
    here = (rows["item"] == fix.item) & (rows["location"] == fix.location)
    here &= rows["period"] == fix.first
    order = rows[here].sort_values(["priority", "demand_class", "customer"], ascending=False)
    before = order["demand_qty"].cumsum() - order["demand_qty"]
    taken = (fix.amount - before).clip(lower=0.0, upper=order["demand_qty"])
    left = rows["demand_qty"].sub(taken, fill_value=0.0)
    moved = rows.loc[taken.index].assign(period=fix.last, demand_qty=taken)
    both = pd.concat([rows.assign(demand_qty=left), moved], ignore_index=True)
    keys = [*PLACE, "customer", "period", "demand_class", "priority"]
    sums = both.groupby(keys, as_index=False, sort=False, dropna=False)["demand_qty"].sum()
    return fit_columns(sums[sums["demand_qty"] > 0], TABLES["net_demand"])
