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
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.prepare import prepare_case
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.whatif.changes import Change
from sopkit.supply.whatif.demand import Shift, edit_demand, name_rows
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

FIRST_DAY = pd.Timestamp("1900-01-01")
OF_HOURS = {"capacity", "overtime"}
IN_ARRAYS = {*OF_HOURS, "demand", "price"}


def change_case(
    case: Case, demand: pd.DataFrame, changes: Sequence[Change], shift: Shift | None = None
) -> tuple[Case, pd.DataFrame]:
    """Return case and demand with the changes in effect.

    The same as preparing the case from `edit_tables` and `edit_demand`.

    Args:
        demand: contract `net_demand`.
        shift: gives demand at an end of its range.

    Raises:
        InputError: nothing can be done with a change: no demand, row or limit of what it names;
            hours of people are to grow without more people.
    """
    tables = edit_tables(case, changes)
    wanted = edit_demand(demand, changes, tables.item, shift)
    crews = set(tables.workforce["resource"])
    limits = [one for one in changes if one.kind in OF_HOURS]
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
        elif change.kind == "limit":
            tables = _edit_limit(tables, change)
        elif change.kind in ("outage", "cost"):
            tables = replace(tables, purchase_term=_edit_terms(tables.purchase_term, change))
        elif change.kind == "price":
            tables = replace(tables, price=_edit_price(tables, change))
    limits = [change for change in changes if change.kind in OF_HOURS]
    return _edit_capacity(case, tables, limits) if limits else tables


def edit_hours(case: Case, changes: Sequence[Change]) -> tuple[Array, Array]:
    """Return regular and overtime hours (resources x periods) with changes of both.

    Of capacity, a share changes both, hours change the regular ones. Of overtime, a share is one
    of the regular hours. In the order of the changes.
    """
    regular, overtime = case.regular_hours.copy(), case.overtime_hours.copy()
    codes = pd.Index(case.resources["resource"])
    for change in changes:
        row = codes.get_indexer([change.code])[0]
        if row < 0:
            raise InputError(f"{change.code} has no hours in the plan; it does not limit it.")
        months = (case.periods >= change.first) & (case.periods <= change.last)
        if change.kind == "overtime" and change.unit == "rate":
            more = overtime[row, months] + change.amount * regular[row, months]
            overtime[row, months] = np.maximum(more, 0.0)
            continue
        both = (regular, overtime) if change.unit == "rate" else (regular,)
        for hours in (overtime,) if change.kind == "overtime" else both:
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


def _edit_limit(tables: SupplyTables, change: Change) -> SupplyTables:
    """Return tables with another limit a month of a supplier, a bought item or a lane.

    Raises:
        InputError: nothing that it names has a limit.
    """
    name = "lane" if change.level == "lane" else "purchase_term"
    frame: pd.DataFrame = getattr(tables, name)
    if frame.loc[_rows_of(frame, change), "max_qty"].isna().all():
        raise InputError(f"{change.describe()}: {change.code} has no limit (max_qty in {name}).")
    if name == "lane":
        return _edit_column(tables, change, "max_qty")
    return replace(tables, purchase_term=_edit_terms(frame, change))


def _edit_price(tables: SupplyTables, change: Change) -> pd.DataFrame:
    """Return prices that are changed in the months of the change and hold as before in others.

    A customer that pays the price of all gets rows of its own.

    Raises:
        InputError: no price of what it names is known.

    Example:
        Price 10 from January; + 3 % in May: 10 from January, 10.3 from May, 10 from June.
    """
    key = ["item", "customer"]
    price = tables.price[[*key, "start_date", "price_value"]]
    named = change.code if change.level == "customer" else change.customer
    if named != ALL:
        own = price[price["customer"] == named]
        pooled = price[(price["customer"] == ALL) & ~price["item"].isin(own["item"])]
        rows = pd.concat([own, pooled.assign(customer=named)], ignore_index=True)
    else:
        rows = price
    rows = rows[name_rows(rows, change, tables.item)]
    if rows.empty:
        raise InputError(f"{change.describe()}: no price of {change.code} is known.")
    after = change.last + pd.DateOffset(months=1)
    cuts = pd.DataFrame({"period": [FIRST_DAY, change.first, after]})
    cuts = rows[key].drop_duplicates().merge(cuts, how="cross")
    there = value_on(cuts, rows, "price_value", key, "customer")
    cuts = cuts.rename(columns={"period": "start_date"}).assign(price_value=there)
    cut = pd.concat([rows, cuts]).drop_duplicates([*key, "start_date"], ignore_index=True)
    inside = (cut["start_date"] >= change.first) & (cut["start_date"] < after)
    cut["price_value"] *= np.where(inside, 1.0 + change.amount, 1.0)
    old = pd.MultiIndex.from_frame(tables.price[key]).isin(pd.MultiIndex.from_frame(rows[key]))
    kept = tables.price[~old]
    cut = fit_columns(cut.sort_values([*key, "start_date"]), TABLES["price"])
    return pd.concat([part for part in (kept, cut) if len(part)], ignore_index=True)


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
    if change.kind == "limit":
        most = rows["max_qty"].astype(float)
        return rows.assign(max_qty=most.where(~inside, most.map(change.on, na_action="ignore")))
    none = {"max_qty": 0.0, "min_qty": 0.0, "min_share_rate": 0.0}
    return rows.assign(**{name: rows[name].where(~inside, to) for name, to in none.items()})
