"""Changes put into effect: on the input tables, on the demand, on a prepared case.

What a change does is said once, on the tables. A case is changed by preparing it from the changed
tables; hours and demand alone, which sliders move, are changed in its arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sopkit.errors import InputError
from sopkit.supply.case import Array, Case
from sopkit.supply.prepare import prepare_case
from sopkit.supply.tables import SupplyTables
from sopkit.supply.whatif.changes import Change
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

FIRST_DAY = pd.Timestamp("1900-01-01")
IN_ARRAYS = {"capacity", "demand"}


def change_case(
    case: Case, demand: pd.DataFrame, changes: Sequence[Change]
) -> tuple[Case, pd.DataFrame]:
    """Return case and demand with the changes in effect.

    The same as preparing the case from `edit_tables` and `edit_demand`.

    Args:
        demand: contract `net_demand`.

    Raises:
        InputError: hours of people are to grow without more people.
    """
    tables = edit_tables(case, changes)
    wanted = edit_demand(demand, changes, tables.item)
    crews = set(tables.workforce["resource"])
    limits = [one for one in changes if one.kind == "capacity"]
    if {one.kind for one in changes} <= IN_ARRAYS and not crews & {one.code for one in limits}:
        regular, overtime = edit_hours(case, limits)
        changed = replace(case, tables=tables, regular_hours=regular, overtime_hours=overtime)
        return changed, wanted
    return prepare_again(case, tables, wanted), wanted


def prepare_again(case: Case, tables: SupplyTables, demand: pd.DataFrame) -> Case:
    """Return a case from changed tables with the hours, months, rates and places of another."""
    stated = state_hours(case, tables)
    known = pd.MultiIndex.from_frame(case.places[PLACE])
    target = tables.stock_target
    inside = pd.MultiIndex.from_frame(target[PLACE]).isin(known)
    stated = replace(stated, stock_target=target[inside].reset_index(drop=True))
    changed = prepare_case(stated, demand, case.periods, rates=case.rates)
    return replace(changed, warnings=case.warnings, unlimited=case.unlimited)


def edit_tables(case: Case, changes: Sequence[Change]) -> SupplyTables:
    """Return the case's input tables with the changes in effect.

    Hours are those of the case: a resource whose hours came from hours a day or from the year
    before gets a capacity row for every planned month.

    Raises:
        InputError: hours of people are to grow without more people.
    """
    tables = case.tables
    for change in changes:
        if change.kind == "lead_time":
            tables = _edit_column(tables, change, "lead_time_days")
        elif change.kind == "cost" and change.level == "operation":
            tables = _edit_column(tables, change, "unit_cost_value")
        elif change.kind in ("outage", "cost"):
            tables = replace(tables, purchase_term=_edit_terms(tables.purchase_term, change))
    limits = [change for change in changes if change.kind == "capacity"]
    return _edit_capacity(case, tables, limits) if limits else tables


def edit_hours(case: Case, changes: Sequence[Change]) -> tuple[Array, Array]:
    """Return regular and overtime hours (resources x periods) with changes of capacity.

    A share changes both, hours change the regular ones.
    """
    regular, overtime = case.regular_hours.copy(), case.overtime_hours.copy()
    codes = pd.Index(case.resources["resource"])
    for change in changes:
        row = codes.get_indexer([change.code])[0]
        if row < 0:
            raise InputError(f"{change.code} has no hours in the plan; it does not limit it.")
        months = (case.periods >= change.first) & (case.periods <= change.last)
        for hours in (regular, overtime) if change.unit == "rate" else (regular,):
            hours[row, months] = [change.on(value) for value in hours[row, months]]
    return regular, overtime


def _edit_capacity(case: Case, tables: SupplyTables, changes: Sequence[Change]) -> SupplyTables:
    crews = set(tables.workforce["resource"])
    for change in changes:
        if change.code in crews and change.amount > 0 and not change.sets:
            raise InputError(
                f"The hours of {change.code} are those of its people; "
                "more hours need more heads (table workforce)."
            )
    regular, overtime = edit_hours(case, changes)
    touched = {change.code for change in changes}
    rows = _list_capacity(case, regular, overtime)
    changed = np.zeros(len(rows), dtype=bool)
    for change in changes:
        changed |= (rows["resource"] == change.code) & rows["period"].between(
            change.first, change.last
        )
    rows = rows[changed | rows["resource"].isin(touched - crews)]
    return replace(tables, capacity=_put_rows(tables.capacity, rows))


def _list_capacity(case: Case, regular: Array, overtime: Array) -> pd.DataFrame:
    months = len(case.periods)
    rows = pd.DataFrame(
        {
            "resource": case.resources["resource"].repeat(months).to_numpy(),
            "period": np.tile(case.periods.to_numpy(), len(case.resources)),
            "regular_hours": regular.ravel(),
            "overtime_hours": overtime.ravel(),
        }
    )
    return fit_columns(rows, TABLES["capacity"])


def _put_rows(capacity: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return capacity rows, those of the same resource and month replaced."""
    key = ["resource", "period"]
    old = pd.MultiIndex.from_frame(capacity[key]).isin(pd.MultiIndex.from_frame(rows[key]))
    kept = capacity[~old]
    return pd.concat([kept, rows], ignore_index=True) if len(kept) else rows.reset_index(drop=True)


def state_hours(case: Case, tables: SupplyTables) -> SupplyTables:
    """Return tables in which every month's hours are stated, as the case knows them.

    Rows that `tables` has and the case's own tables have not (a change) stay as they are. People's
    hours come from their heads and stay unstated.
    """
    rows = _list_capacity(case, case.regular_hours, case.overtime_hours)
    rows = rows[~rows["resource"].isin(tables.workforce["resource"])]
    changed = set() if tables.capacity is case.tables.capacity else _find_stated(case, tables)
    return replace(
        tables, capacity=_put_rows(tables.capacity, rows[~rows["resource"].isin(changed)])
    )


def _find_stated(case: Case, tables: SupplyTables) -> set[str]:
    """Return the resources whose capacity rows differ from those of the case's tables."""
    key = ["resource", "period"]
    both = [frame.set_index(key).sort_index() for frame in (case.tables.capacity, tables.capacity)]
    before, after = (frame[["regular_hours", "overtime_hours"]] for frame in both)
    same = after.eq(before.reindex(after.index)).all(axis=1)
    return set(same.index.get_level_values("resource")[~same.to_numpy(bool)])


def _edit_column(tables: SupplyTables, change: Change, column: str) -> SupplyTables:
    """Return tables with a column of the operation, supplier or lane changed."""
    name = {"operation": "operation", "supplier": "purchase_term", "lane": "lane"}[change.level]
    frame: pd.DataFrame = getattr(tables, name)
    chosen = _rows_of(frame, change)
    values = frame[column].where(~chosen, frame[column].map(change.on))
    return replace(tables, **{name: frame.assign(**{column: values})})


def _rows_of(frame: pd.DataFrame, change: Change) -> pd.Series:
    """Return which rows a change names.

    Raises:
        InputError: there is none.
    """
    if change.level == "lane":
        chosen = frame["from_location"] + " > " + frame["to_location"] == change.code
    else:
        chosen = frame[change.level] == change.code
    if change.item != ALL:
        chosen &= frame["item"] == change.item
    if not chosen.any():
        raise InputError(f"{change.describe()}: {change.code} has no row of item {change.item}.")
    return chosen


def _edit_terms(terms: pd.DataFrame, change: Change) -> pd.DataFrame:
    """Return purchase terms that hold in other months as before and are changed in between."""
    chosen = _rows_of(terms, change)
    after = change.last + pd.DateOffset(months=1)
    groups = terms[chosen].groupby(["supplier", *PLACE], sort=False)
    made = [_cut_months(rows, change, after) for _, rows in groups]
    return pd.concat([terms[~chosen], *made], ignore_index=True)


def _cut_months(rows: pd.DataFrame, change: Change, after: pd.Timestamp) -> pd.DataFrame:
    """Return one supplier's dated terms of an item, cut at both ends of the change.

    Example:
        Price 10 from January; + 10 % in May: 10 from January, 11 from May, 10 from June.
    """
    rows = rows.sort_values("start_date", kind="stable", ignore_index=True)
    days = rows["start_date"].tolist()
    rows = rows.assign(start_date=[min(days[0], FIRST_DAY), *days[1:]])
    for day in (change.first, after):
        begun = rows[rows["start_date"] <= day].tail(1)
        if begun["start_date"].iloc[0] != day:
            rows = pd.concat([rows, begun.assign(start_date=day)], ignore_index=True)
            rows = rows.sort_values("start_date", kind="stable", ignore_index=True)
    inside = (rows["start_date"] >= change.first) & (rows["start_date"] < after)
    if change.kind == "cost":
        price = rows["price_value"].where(~inside, rows["price_value"].map(change.on))
        return rows.assign(price_value=price)
    none = {"max_qty": 0.0, "min_qty": 0.0, "min_share_rate": 0.0}
    return rows.assign(**{name: rows[name].where(~inside, to) for name, to in none.items()})


def edit_demand(
    demand: pd.DataFrame, changes: Sequence[Change], item: pd.DataFrame
) -> pd.DataFrame:
    """Return demand with its changes in effect; orders in hand stay as they are.

    A share is one of all that is wanted in a month, put on the forecast, which never falls below
    0. Units are those a month over all that the change names, shared out as demand is.

    Args:
        demand: contract `net_demand`.
        item: contract `item`; says which items a family has.

    Example:
        Forecast 80 and an open order of 20: + 10 % makes 90 and 20; 150 units make 130 and 20.
    """
    for change in changes:
        if change.kind == "demand":
            demand = _edit_one(demand, change, item)
    return demand


def find_rows(demand: pd.DataFrame, change: Change, item: pd.DataFrame) -> pd.Series:
    """Return which rows of demand a change of demand names; overdue orders are never among them."""
    chosen = demand["period"].between(change.first, change.last)
    chosen &= demand["demand_class"] != "overdue"
    if change.level == "family":
        chosen &= demand["item"].isin(item.loc[item["family"] == change.code, "item"])
    elif change.level != ALL:
        chosen &= demand[change.level] == change.code
    for name in ("item", "location", "customer"):
        if getattr(change, name) != ALL:
            chosen &= demand[name] == getattr(change, name)
    return chosen


def _edit_one(demand: pd.DataFrame, change: Change, item: pd.DataFrame) -> pd.DataFrame:
    demand = demand.reset_index(drop=True)
    chosen = find_rows(demand, change, item)
    wanted = demand["demand_qty"].where(chosen, 0.0)
    whole = wanted.groupby(demand["period"]).transform("sum")
    months = pd.date_range(change.first, change.last, freq="MS")
    if change.unit != "rate" and not set(months) <= set(demand.loc[wanted > 0, "period"]):
        raise InputError(f"{change.describe()}: a month without any demand cannot be shared out.")
    if change.unit == "rate":
        extra = change.amount * wanted
    else:
        extra = (wanted / whole.where(whole > 0, 1.0)) * (
            change.amount - whole if change.sets else change.amount
        )
    return _add_forecast(demand, extra.where(chosen, 0.0))


def _add_forecast(demand: pd.DataFrame, extra: pd.Series) -> pd.DataFrame:
    """Return demand with extra units put on the forecast of the same place, customer and month."""
    keys = [*PLACE, "customer", "period"]
    is_forecast = demand["demand_class"] == "forecast"
    cell = [demand[key] for key in keys]
    total = extra.groupby(cell).transform("sum")
    raised = (demand["demand_qty"] + total).clip(lower=0.0)
    changed = demand.assign(demand_qty=demand["demand_qty"].where(~is_forecast, raised))
    has_forecast = is_forecast.groupby(cell).transform("any")
    bare = demand.assign(demand_qty=extra)[~has_forecast & (extra > 0)]
    if bare.empty:
        return changed
    fresh = bare.groupby([*keys, "priority"], as_index=False, sort=False)["demand_qty"].sum()
    fresh = fresh.assign(demand_class="forecast")
    return pd.concat([changed, fresh.reindex(columns=demand.columns)], ignore_index=True)
