"""Cells and rows that break the contract of their table, and quantities in two units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.problems.found import Found, note
from sopkit.tables import TABLES
from sopkit.tables.contract import Column, Table

NEVER_NEGATIVE = {
    "operation": ("unit_cost_value",),
    "lane": ("unit_cost_value",),
    "workforce": ("head_value", "hire_value", "lay_off_value"),
    "service_class": ("late_rate", "lost_sale_rate", "late_months"),
}
UNIT_NAMES = ("unit", "uom", "base_unit")
FILL = "Give a number; leave the cell blank only where the table allows it."
KEEP_ONE = "Keep one of the rows that share the key."


def find_cell_problems(tables: SupplyTables, demand: pd.DataFrame) -> Found:
    """Return an error per cell that is blank, no number, or below the least, and doubled keys."""
    frames = {name: getattr(tables, name) for name in tables.names()}
    found: Found = []
    for name, frame in [*frames.items(), ("net_demand", demand)]:
        if not frame.empty:
            found += _find_in_table(frame, TABLES[name])
    return found


def _find_in_table(frame: pd.DataFrame, table: Table) -> Found:
    found: Found = []
    key = [name for name in table.key if name in frame.columns]
    for column in table.columns:
        if column.name in frame.columns:
            found += _find_in_column(frame, table.name, key, column)
    doubled = frame.duplicated(key)
    if not key or not doubled.any():
        return found
    rows = _days(frame.loc[doubled, key]).assign(value="")
    return found + note("error", "doubled key", table.name, KEEP_ONE, rows)


def _days(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with dates as text, months as 2026-01."""
    shown = rows.copy()
    for name in shown.select_dtypes("datetime"):
        pattern = "%Y-%m" if name == "period" else "%Y-%m-%d"
        shown[name] = shown[name].dt.strftime(pattern)
    return shown


def _find_in_column(frame: pd.DataFrame, table: str, key: list[str], column: Column) -> Found:
    values = frame[column.name]
    named = [name for name in key if name != column.name]
    bad: list[tuple[str, str, pd.Series]] = []
    if not column.blank and column.default is None:
        bad.append((f"{column.name} is blank", FILL, values.isna()))
    if column.kind in ("number", "whole"):
        numbers = values.to_numpy(float)
        least = _least(table, column)
        infinite = pd.Series(np.isinf(numbers), index=frame.index)
        below = pd.Series(numbers < least - 1e-12, index=frame.index) & ~infinite
        bad.append((f"{column.name} is not a finite number", FILL, infinite))
        advice = f"Give a value of at least {least:g}."
        bad.append((f"{column.name} below {least:g}", advice, below))
    if column.allowed:
        names = ", ".join(column.allowed)
        other = values.notna() & ~values.isin(column.allowed)
        bad.append((f"{column.name} is not one of {names}", "Use one of them.", other))
    return [
        problem
        for kind, advice, rows in bad
        if rows.any()
        for problem in note(
            "error", kind, table, advice, _days(frame.loc[rows, [*named, column.name]])
        )
    ]


def _least(table: str, column: Column) -> float:
    if column.name in NEVER_NEGATIVE.get(table, ()):
        return 0.0
    return -np.inf if column.minimum is None else column.minimum


def find_mixed_units(frames: Mapping[str, pd.DataFrame], item: pd.DataFrame) -> Found:
    """Return an error per item whose rows carry a unit that is not its base unit.

    Quantities are base units everywhere; a table that carries a column `unit` (or `uom`) must
    hold nothing else. Without a base unit for the item, its rows must at least agree.

    Args:
        frames: tables as they came, by name, with whatever columns they have.
        item: contract `item`.
    """
    base = item.drop_duplicates("item").set_index("item")["base_unit"]
    found: Found = []
    for name, frame in frames.items():
        carried = next((one for one in UNIT_NAMES if one in frame.columns), None)
        if carried is None or "item" not in frame.columns or name in ("item", "uom_conversion"):
            continue
        rows = frame[["item", carried]].dropna().astype(str).drop_duplicates()
        first = rows.drop_duplicates("item").set_index("item")[carried]
        rows["expected"] = rows["item"].map(base).fillna(rows["item"].map(first))
        bad = rows[rows[carried] != rows["expected"]]
        found += note(
            "error",
            "quantities in two units",
            name,
            "Convert them to the item's base unit, and run again.",
            bad[["item"]].assign(value=bad[carried] + ", not " + bad["expected"]),
        )
    return found
