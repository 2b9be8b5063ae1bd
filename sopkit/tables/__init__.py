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
from sopkit.tables.supply import SUPPLY

TABLES: dict[str, Table] = {table.name: table for table in (*MASTER, *DEMAND, *SUPPLY, *RESULTS)}
INPUT_TABLES: dict[str, Table] = {
    name: table for name, table in TABLES.items() if table.owner == "input"
}

PLACE = ["item", "location"]
CELL = ["item", "location", "customer", "period"]

__all__ = [
    "ALL",
    "CELL",
    "INPUT_TABLES",
    "PLACE",
    "TABLES",
    "Column",
    "Table",
    "check_covers",
    "check_table",
    "find_problems",
    "fit_columns",
]
