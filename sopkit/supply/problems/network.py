"""Problems of the network: loops, codes nobody knows, demand that nothing leads to, long leads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.network import list_parts, usable_stock
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.problems.found import PROBLEM_COLUMNS, Found, note
from sopkit.tables import PLACE

ADD_SOURCE = "Give it an operation or a purchase term, or take its demand out."
LEAD_KEYS = {
    "operation": ["operation"],
    "purchase_term": ["supplier", "item"],
    "lane": ["from_location", "to_location"],
}


def find_network_problems(
    tables: SupplyTables, demand: pd.DataFrame, periods: pd.DatetimeIndex
) -> Found:
    """Return loops, unknown codes, demand without any source, and leads beyond the horizon."""
    return [
        *_find_loops(tables, periods),
        *_find_unknown_resources(tables),
        *_find_unknown_operations(tables),
        *_find_no_source(tables, demand),
        *_find_long_leads(tables, periods),
    ]


def _find_loops(tables: SupplyTables, periods: pd.DatetimeIndex) -> Found:
    """Return one error per knot of items that are parts of themselves: its shortest loop, in order.

    BOM rows that do not hold in any planned month are left out.
    """
    parts = list_parts(tables.operation, tables.bom)
    if len(periods):
        ended = parts["end_date"] < periods[0]
        parts = parts[~ended & (parts["start_date"] <= periods[-1] + pd.offsets.MonthEnd(0))]
    arcs = _keep_loops(parts[["item", "component"]].drop_duplicates())
    if arcs.empty:
        return []
    advice = "Take one of these BOM rows out, or end it by date."
    return [
        ("error", "an item is a part of itself", "bom", " > ".join(loop), "", advice)
        for loop in _shortest_loops(arcs)
    ]


def _keep_loops(arcs: pd.DataFrame) -> pd.DataFrame:
    """Return the arcs left when items that are no part, or have none, are taken off in turn."""
    while True:
        inner = arcs["component"].isin(arcs["item"]) & arcs["item"].isin(arcs["component"])
        if inner.all():
            return arcs
        arcs = arcs[inner]


def _shortest_loops(arcs: pd.DataFrame) -> list[list[str]]:
    """Return a shortest loop of each item that no earlier loop names, first items first."""
    parts = arcs.sort_values(["item", "component"]).groupby("item")["component"].agg(list)
    loops: list[list[str]] = []
    named: set[str] = set()
    for item in parts.index:
        if item not in named:
            loop = _walk_back_to(item, parts)
            if loop:
                loops.append(loop)
                named |= set(loop)
    return loops


def _walk_back_to(item: str, parts: pd.Series) -> list[str]:
    """Return the shortest way from an item down its parts to itself; empty where there is none."""
    ways, seen = [[item]], {item}
    while ways:
        longer = []
        for way in ways:
            for part in parts.get(way[-1], []):
                if part == item:
                    return [*way, item]
                if part not in seen:
                    seen.add(part)
                    longer.append([*way, part])
        ways = longer
    return []


def _find_unknown_resources(tables: SupplyTables) -> Found:
    known = set(tables.resource["resource"])
    found: Found = []
    for table in ("resource_need", "capacity", "workforce"):
        codes = sorted(set(getattr(tables, table)["resource"].dropna().astype(str)) - known)
        rows = pd.DataFrame({"code": codes, "value": ""})
        advice = "Add it to table resource, or correct the code."
        found += note("error", "resource is not in table resource", table, advice, rows)
    return found


def _find_unknown_operations(tables: SupplyTables) -> Found:
    known = set(tables.operation["operation"])
    codes = sorted(set(tables.resource_need["operation"].dropna().astype(str)) - known)
    rows = pd.DataFrame({"code": codes, "value": ""})
    advice = "Its hours are not planned; add the operation or take the row out."
    return note("warning", "unknown_operation", "resource_need", advice, rows)


def _find_no_source(tables: SupplyTables, demand: pd.DataFrame) -> Found:
    """Return a warning per item that is wanted and can neither be made, bought nor taken."""
    sources = set(tables.operation["item"]) | set(tables.purchase_term["item"])
    stocked = set(usable_stock(tables.opening_stock)["item"]) | set(tables.open_supply["item"])
    wanted = demand.groupby("item")["demand_qty"].sum()
    wanted = wanted[(wanted > 0) & ~wanted.index.isin(list(sources))]
    return [
        (
            "warning",
            "no_source" if item not in stocked else "stock_only",
            "operation",
            str(item),
            f"{qty:.0f}",
            ADD_SOURCE,
        )
        for item, qty in wanted.items()
    ]


def find_unreached(
    tables: SupplyTables, places: pd.DataFrame, uses: pd.DataFrame, demand: pd.DataFrame
) -> pd.DataFrame:
    """Return warnings for places that no source reaches although the item has one elsewhere.

    Wanted items (`no_way_there`), and parts that operations need and that are not in stock
    (`part_without_source`); either is planned as short.

    Args:
        places: of the case, with `base_cost` (infinite: no source).
        uses: of the case: `place` of what ways take.
    """
    lost = places[np.isinf(places["base_cost"].to_numpy(float))]
    sums = demand[demand["demand_qty"] > 0].groupby(PLACE, as_index=False)["demand_qty"].sum()
    wanted = lost[PLACE].merge(sums, on=PLACE, how="inner", validate="one_to_one")
    sources = set(tables.operation["item"]) | set(tables.purchase_term["item"])
    wanted = wanted[wanted["item"].isin(sources)]
    stocked = pd.concat([usable_stock(tables.opening_stock)[PLACE], tables.open_supply[PLACE]])
    there = pd.MultiIndex.from_frame(stocked)
    part = lost.loc[lost.index.isin(uses["place"]), PLACE].merge(sums, on=PLACE, how="left")
    part = part[part["demand_qty"].isna() & ~pd.MultiIndex.from_frame(part[PLACE]).isin(there)]
    part = part[~part["item"].isin(sources)]
    found = [
        *note("warning", "no_way_there", "lane", "Give it a lane or a source there.", wanted),
        *note("warning", "part_without_source", "bom", ADD_SOURCE, part.assign(demand_qty="")),
    ]
    return pd.DataFrame(found, columns=PROBLEM_COLUMNS)


def _find_long_leads(tables: SupplyTables, periods: pd.DatetimeIndex) -> Found:
    limit = len(periods) * DAYS_PER_MONTH
    found: Found = []
    for table, key in LEAD_KEYS.items():
        frame = getattr(tables, table)
        rows = frame.loc[frame["lead_time_days"] >= limit, [*key, "lead_time_days"]]
        advice = "Nothing started in the plan arrives in it; check the days, or plan further."
        found += note("warning", "lead_beyond_horizon", table, advice, rows.drop_duplicates())
    return found
