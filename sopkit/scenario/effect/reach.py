"""What a decision reaches: its items, what shares their lines, and the parts that can run short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from sopkit.scenario.effect.sides import Side
from sopkit.supply import SupplyTables
from sopkit.supply.inputs.network import list_parts
from sopkit.tables import ALL


def find_reach(tables: SupplyTables, sides: Sequence[Side], sold: set[str]) -> set[str]:
    """Return the sold items that a decision reaches, with all that share their lines.

    Args:
        tables: the company's network.
        sides: with and without the decision.
        sold: items with demand.

    Example:
        A decision on line 1: what is made there, and what is made on a line that those items can
        also run on.
    """
    if any(side.stream for side in sides):
        return sold
    start: set[str] = set()
    for side in sides:
        for build in side.builds:
            start |= _items_of(tables, build.code)
        for change in side.undone:
            start |= _items_of(tables, change.item if change.item != ALL else change.code)
    return _share_lines(tables, _climb(tables, start), sold) & sold


def _items_of(tables: SupplyTables, code: str) -> set[str]:
    """Return the items behind a code: itself, its family, its resource, supplier, operation."""
    item, operation, terms = tables.item, tables.operation, tables.purchase_term
    need = tables.resource_need
    on_line = need.loc[need["resource"] == code, "operation"]
    found = {
        *item.loc[(item["item"] == code) | (item["family"] == code), "item"],
        *operation.loc[operation["operation"].isin([code, *on_line]), "item"],
        *terms.loc[terms["supplier"] == code, "item"],
    }
    return found or set(item["item"])  # a lane, a customer or all: everybody


def _climb(tables: SupplyTables, items: set[str]) -> set[str]:
    """Return the items and all that they go into."""
    bom = tables.bom
    found, fresh = set(items), set(items)
    while fresh:
        fresh = set(bom.loc[bom["component"].isin(fresh), "item"]) - found
        found |= fresh
    return found


def _share_lines(tables: SupplyTables, items: set[str], sold: set[str]) -> set[str]:
    """Return the items and the sold ones that share a line with them, directly or over others."""
    need = tables.resource_need.merge(
        tables.operation[["operation", "item"]], on="operation", how="inner",
        validate="many_to_one",
    )  # fmt: skip
    need = need[need["item"].isin(sold)]
    found, fresh = set(items), set(items)
    while fresh:
        lines = set(need.loc[need["item"].isin(fresh), "resource"])
        fresh = set(need.loc[need["resource"].isin(lines), "item"]) - found
        found |= fresh
    return found


def cut_tables(
    tables: SupplyTables, items: set[str], cost: pd.DataFrame, sides: Sequence[Side]
) -> SupplyTables:
    """Return the network of some items; parts that cannot run short are taken at standard cost.

    A part can run short where a supplier's limit or the decision names it; it is kept with all
    that it goes into. Every other part's standard cost is added to what it goes into.

    Args:
        items: sold items to keep.
        cost: contract `cost`.
    """
    terms = tables.purchase_term
    scarce = set(terms.loc[terms["max_qty"].notna(), "item"])
    for side in sides:
        for change in side.undone:
            if change.level == "supplier":
                scarce |= set(terms.loc[terms["supplier"] == change.code, "item"])
    kept = items | _climb(tables, scarce - items)
    kept = _needed(tables, items, kept)
    operation = tables.operation[tables.operation["item"].isin(kept)]
    bom = tables.bom[tables.bom["item"].isin(kept)]
    inside = bom["component"].isin(kept)
    extra = _cost_parts(list_parts(operation, bom[~inside]), cost)
    added = operation["operation"].map(extra).fillna(0.0) / operation["yield_rate"].fillna(1.0)
    operation = operation.assign(unit_cost_value=operation["unit_cost_value"] + added)
    rows = {
        name: getattr(tables, name)[getattr(tables, name)["item"].isin(kept)]
        for name in ("item", "price", "cost", "purchase_term")
    }
    need = tables.resource_need
    return replace(
        tables,
        operation=operation.reset_index(drop=True),
        bom=bom[inside].reset_index(drop=True),
        resource_need=need[need["operation"].isin(operation["operation"])].reset_index(drop=True),
        **{name: frame.reset_index(drop=True) for name, frame in rows.items()},
    )


def _needed(tables: SupplyTables, items: set[str], kept: set[str]) -> set[str]:
    """Return of the kept items those that the sold ones are made of, and these themselves."""
    bom = tables.bom
    found, fresh = set(items), set(items)
    while fresh:
        fresh = (set(bom.loc[bom["item"].isin(fresh), "component"]) & kept) - found
        found |= fresh
    return found


def _cost_parts(parts: pd.DataFrame, cost: pd.DataFrame) -> pd.Series:
    """Return standard cost of the parts of one unit started, by operation; as of the last date."""
    last = cost.sort_values("start_date", kind="stable").drop_duplicates("item", keep="last")
    now = parts.sort_values("start_date", kind="stable")
    now = now.drop_duplicates(["operation", "component"], keep="last")
    value = now["component"].map(last.set_index("item")["unit_cost_value"]).fillna(0.0)
    return (value * now["part_qty"]).groupby(now["operation"]).sum()
