"""The contract of every table: key, columns, units, sign, owner, meaning; and the checks.

`TABLES` maps a table's name to its contract. Whoever writes or reads a table goes through
`check_table`, so planning code may trust what it is given.
"""

from __future__ import annotations

from sopkit.tables.build import ALL
from sopkit.tables.contract import (
    Column,
    Table,
    check_covers,
    check_table,
    find_problems,
    fit_columns,
)
from sopkit.tables.demand import DEMAND
from sopkit.tables.master import MASTER
from sopkit.tables.results import RESULTS
from sopkit.tables.results_review import MOVE_CAUSES
from sopkit.tables.supply import SUPPLY

TABLES: dict[str, Table] = {table.name: table for table in (*MASTER, *DEMAND, *SUPPLY, *RESULTS)}
INPUT_TABLES: dict[str, Table] = {
    name: table for name, table in TABLES.items() if table.owner == "input"
}

# Grains: a stock point's item, a customer's demand of it, and that in a month.
PLACE = ["item", "location"]
LEAF = [*PLACE, "customer"]
CELL = [*LEAF, "period"]

__all__ = [
    "ALL",
    "CELL",
    "INPUT_TABLES",
    "LEAF",
    "MOVE_CAUSES",
    "PLACE",
    "TABLES",
    "Column",
    "Table",
    "check_covers",
    "check_table",
    "find_problems",
    "fit_columns",
]
