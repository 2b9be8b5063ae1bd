"""What is wrong with supply data before anything is solved: named row by row, all at once.

`cells` holds single tables to their contracts, `network` follows codes, loops and sources, `limits`
finds bounds that contradict each other. An error stops the plan; a warning is told beside it.
"""

from __future__ import annotations

import pandas as pd

from sopkit.errors import PlanError, list_problems
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.problems.cells import find_cell_problems, find_mixed_units
from sopkit.supply.problems.found import PROBLEM_COLUMNS, Found, join_problems
from sopkit.supply.problems.limits import find_limit_problems
from sopkit.supply.problems.network import find_network_problems, find_unreached

__all__ = [
    "PROBLEM_COLUMNS",
    "find_mixed_units",
    "find_supply_problems",
    "find_unreached",
    "join_problems",
    "raise_errors",
]

SHOWN = 5


def find_supply_problems(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    working_days: dict[pd.Timestamp, int] | None = None,
) -> pd.DataFrame:
    """Return contradictions (error) and doubts (warning) in supply data.

    Errors: cells that break their contract (blank, not a number, below the least, a doubled key),
    an item in two units, negative costs, a BOM loop, unknown resources, limits and shares that
    contradict each other, months that do not follow each other. Warnings: demand without source,
    lead time beyond the horizon, resource without hours, capacity missing for a month, set-up
    without a lot to spread it over, hours for an operation that is not there.

    Returns:
        `severity`, `kind`, `table`, `subject` (codes), `value`, `advice` (what to do); errors
        first.
    """
    found = [
        *_find_broken_months(periods),
        *find_cell_problems(tables, demand),
        *find_mixed_units({"net_demand": demand}, tables.item),
        *find_network_problems(tables, demand, periods),
        *find_limit_problems(tables, demand, periods, working_days or {}),
    ]
    order = sorted(found, key=lambda one: one[0] != "error")
    return pd.DataFrame(order, columns=PROBLEM_COLUMNS)


def raise_errors(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the warnings; raise when there are errors.

    Raises:
        PlanError: names every kind of error with its table, first rows and what to do.
    """
    errors = problems[problems["severity"] == "error"]
    if len(errors):
        raise PlanError(
            list_problems(
                "The supply data contradict themselves",
                [_tell(rows) for _, rows in errors.groupby(["table", "kind"], sort=False)],
                "Correct the rows and run the supply review again.",
            )
        )
    return problems[problems["severity"] == "warning"].reset_index(drop=True)


def _tell(rows: pd.DataFrame) -> str:
    """Return one line: table, rule, the first rows that break it, how many more, what to do."""
    first = rows.iloc[0]
    subjects = [f"{row.subject} {row.value}".strip() for row in rows.head(SHOWN).itertuples()]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{first['table']}: {first['kind']}: {'; '.join(subjects)}{more}. {first['advice']}"


def _find_broken_months(periods: pd.DatetimeIndex) -> Found:
    following = pd.date_range(periods[0], periods=len(periods), freq="MS") if len(periods) else None
    if following is not None and following.equals(pd.DatetimeIndex(periods)):
        return []
    kind = "planned months must follow each other, at least one"
    return [("error", kind, "periods", "", "", "Plan months in a row, each by its first day.")]
