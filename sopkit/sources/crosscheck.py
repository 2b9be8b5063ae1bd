"""Tables are held against each other: orphans, BOM loops, overlaps, items nobody can supply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sopkit.sources.amounts import by_code
from sopkit.sources.rules import list_rows, make_finding
from sopkit.sources.standin import demand_money, owners
from sopkit.tables import ALL, INPUT_TABLES, Table

Tables = dict[str, pd.DataFrame]
_LEVELS = {"item": "item", "location": "location", "customer": "customer", "family": "item"}
_SLACK = 1 + 1e-9  # quantities converted between units
_TOLD_ONLY = ("family", "customer")  # coarser groups are a choice, not a fault


@dataclass(frozen=True)
class _Odd:
    """Rows that are odd by themselves and stay: only a planner knows whether they are wrong."""

    table: str
    kind: str
    is_odd: Callable[[pd.DataFrame], pd.Series]
    text: str
    advice: str


def _disorder(table: str, first: str, last: str) -> _Odd:
    return _Odd(
        table,
        "date_order",
        lambda rows: rows[last] < rows[first],
        f"{last} lies before {first}",
        "Correct the dates.",
    )


_ODD_ROWS = (
    _disorder("sales_order_line", "order_date", "requested_date"),
    _disorder("sales_order_line", "order_date", "shipped_date"),
    _disorder("open_supply", "order_date", "due_date"),
    _disorder("item", "launch_date", "end_date"),
    _Odd(
        "sales_order_line",
        "over_shipped",
        lambda rows: rows["shipped_qty"] + rows["cancelled_qty"] > rows["ordered_qty"] * _SLACK,
        "more was shipped and cancelled than ordered",
        "Correct the quantities; the line counts as complete.",
    ),
    _Odd(
        "price",
        "zero_price",
        lambda rows: rows["price_value"] == 0,
        "the price is 0",
        "Correct the price; the item earns nothing with it.",
    ),
)


def find_orphans(
    frame: pd.DataFrame, table: Table, masters: Tables, origin: pd.DataFrame
) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Return codes that no master row carries: problems, and findings where rows are kept.

    A code of a column that refers to a master is a problem of its row; so is an item or location
    that names a level. A customer or family that names a level is only told. `all` is no orphan
    where the contract allows it, nor is the channel of a target. Masters that were not read are
    not asked.
    """
    problems = [pd.DataFrame(columns=["row", "column", "rule", "value"])]
    notes = []
    for column in table.columns:
        master = column.refers or (_LEVELS.get(column.name, "") if table.group == "demand" else "")
        if master == table.name or master not in masters:
            continue
        known = _known_codes(masters[master], master, column.name, table)
        codes = frame[column.name]
        allowed = {ALL} if column.default == ALL else set()
        bad = frame.index[codes.notna() & ~codes.isin(known | allowed)]
        if not len(bad):
            continue
        if not column.refers and column.name in _TOLD_ONLY:
            notes.append(_orphan_note(table, column.name, codes.loc[bad], origin))
            continue
        rows = {"row": bad, "column": column.name, "rule": "no master row", "value": codes.loc[bad]}
        problems.append(pd.DataFrame(rows))
    found = [rows for rows in problems if len(rows)]
    return pd.concat(found, ignore_index=True) if found else problems[0], notes


def _known_codes(rows: pd.DataFrame, master: str, column: str, table: Table) -> set[object]:
    """Return the codes a column may hold; the customer of a target may be a whole channel."""
    known = set(rows["family" if column == "family" else INPUT_TABLES[master].key[0]])
    return known | set(rows["channel"]) if (table.name, column) == ("target", "customer") else known


def _orphan_note(
    table: Table, column: str, codes: pd.Series, origin: pd.DataFrame
) -> dict[str, object]:
    place = origin.loc[codes.index]
    named = ", ".join(sorted(set(codes))[:10])
    return make_finding(
        "orphan",
        "warning",
        table=table.name,
        file=place["file"].iloc[0],
        row_count=len(codes),
        value=f"{column} {named} (rows {list_rows(place['row'])})",
        advice=f"Add the {column} to its master, or correct it.",
    )


def find_bom_loops(bom: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Return, for each BOM row that makes an item part of itself, the loop it closes.

    Rows that ended before `as_of` are passed over. Items without parts and parts nobody is made
    of are taken away until nothing changes; what remains holds the loops.

    Example:
        A needs B, B needs C, B needs A: rows 1 and 3 are the loops `A > B > A` and `B > A > B`.
    """
    live = bom.loc[~(bom["end_date"] < as_of), ["item", "component"]]
    while True:
        inner = live["component"].isin(live["item"]) & live["item"].isin(live["component"])
        if inner.all():
            break
        live = live.loc[inner]
    parts: dict[str, list[str]] = {}
    for item, component in zip(live["item"], live["component"], strict=True):
        parts.setdefault(item, []).append(component)
    loops = {
        row: " > ".join([item, *path])
        for row, item, component in live.itertuples()
        if (path := _find_path(parts, component, item))
    }
    return pd.Series(loops, dtype=object)


def _find_path(parts: dict[str, list[str]], start: str, end: str) -> list[str]:
    """Return the shortest way from an item down to a part; empty when there is none."""
    ways, seen = [[start]], {start}
    while ways:
        if ways[0][-1] == end:
            return ways[0]
        way = ways.pop(0)
        for part in parts.get(way[-1], []):
            if part not in seen:
                seen.add(part)
                ways.append([*way, part])
    return []


def check_tables(tables: Tables, origins: Tables, as_of: pd.Timestamp) -> list[dict[str, object]]:
    """Return what a planner should know of the tables taken together; no row is refused for it."""
    return [
        *_find_odd_rows(tables, origins),
        *_find_overlaps(tables, origins),
        *_find_unknown_items(tables, origins),
        *_find_unsupplied(tables, as_of),
    ]


def _find_odd_rows(tables: Tables, origins: Tables) -> list[dict[str, object]]:
    notes = []
    for odd in _ODD_ROWS:
        if odd.table not in origins:
            continue
        frame = tables[odd.table]
        rows = frame.loc[frame.index.isin(origins[odd.table].index)]
        bad = rows.index[odd.is_odd(rows).to_numpy(dtype=bool)]
        for file, place in origins[odd.table].loc[bad].groupby("file", sort=True):
            text = f"{odd.text} in rows {list_rows(place['row'], most=None)}"
            content = {"table": odd.table, "file": str(file), "value": text, "advice": odd.advice}
            notes.append(make_finding(odd.kind, "warning", **content, row_count=len(place)))
    return notes


def _find_overlaps(tables: Tables, origins: Tables) -> list[dict[str, object]]:
    """BOM rows of one part that hold at the same time would use it twice."""
    if "bom" not in origins:
        return []
    key = ["item", "location", "component"]
    bom = tables["bom"].loc[tables["bom"].index.intersection(origins["bom"].index)]
    bom = bom.sort_values([*key, "start_date"], kind="stable")
    before = bom.groupby(key, sort=False)["end_date"].shift(1)
    same = bom.duplicated(key)
    ends = before.fillna(pd.Timestamp.max.normalize())
    bad = bom.index[same & (bom["start_date"] <= ends)]
    notes = []
    for file, place in origins["bom"].loc[bad].groupby("file", sort=True):
        pairs = bom.loc[place.index, "item"] + " - " + bom.loc[place.index, "component"]
        notes.append(
            make_finding(
                "overlap",
                "warning",
                table="bom",
                file=file,
                row_count=len(place),
                value=f"{', '.join(sorted(set(pairs))[:5])}: rows {list_rows(place['row'])} begin "
                f"before the row before them ends, so the part counts twice",
                advice="Give the earlier row an end date.",
            )
        )
    return notes


def _find_unknown_items(tables: Tables, origins: Tables) -> list[dict[str, object]]:
    items = tables.get("item")
    if items is None or "item" not in origins:
        return []
    notes = []
    for column in ("predecessor", "like_item"):
        bad = items.index[items[column].notna() & ~items[column].isin(items["item"])]
        if len(bad):
            notes.append(
                _orphan_note(INPUT_TABLES["item"], column, items.loc[bad, column], origins["item"])
            )
    return notes


def _find_unsupplied(tables: Tables, as_of: pd.Timestamp) -> list[dict[str, object]]:
    """A demand item that nobody makes or buys, and that has no stock on order either."""
    supply = [tables[name]["item"] for name in ("operation", "purchase_term") if name in tables]
    money = demand_money(tables, as_of)
    if not supply or money.empty:
        return []
    items = tables["item"]
    live = items.loc[items["sellable"].astype(bool) & ~(items["end_date"] < as_of)]
    families = by_code(live, "family")
    missing = sorted(set(money.index) & set(families.index) - set(pd.concat(supply)))
    who = owners(tables, "supply_planner")
    return [
        make_finding(
            "no_source",
            "warning",
            table="item",
            item=item,
            value="customers order it, but no operation makes it and no supplier delivers it",
            advice="Add an operation or a purchase term, name a like-item, or end the item.",
            owner=who.get(families[item], who.get(ALL)),
            amount_value=float(money[item]),
        )
        for item in missing
    ]
