"""A table over all past cycles of the company at once: what was said, cycle by cycle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sopkit.cycle.manifest import read_manifest
from sopkit.cycle.paths import CyclePaths
from sopkit.cycle.store import read_stored
from sopkit.errors import ParameterError
from sopkit.periods import add_months, to_cycle_name, to_cycle_period
from sopkit.tables import Table

if TYPE_CHECKING:
    import pyarrow

PAST_MONTHS = 36


def list_past_months(cycle: str, months: int = PAST_MONTHS) -> list[str]:
    """Return the names of the cycles before one, oldest first, whether they were run or not.

    Example:
        >>> list_past_months("2026-02", 3)
        ['2025-11', '2025-12', '2026-01']
    """
    first = to_cycle_period(cycle)
    return [to_cycle_name(add_months(first, -back)) for back in range(months, 0, -1)]


def is_of_company(paths: CyclePaths, company: str) -> bool:
    """Say whether a cycle was run, and for this company."""
    manifest = read_manifest(paths)
    return manifest is not None and manifest.company == company


def read_past_tables(
    files: dict[str, Path], table: Table, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return one table of several cycles under each other, with its `cycle` in front.

    Only the columns asked for are read. Where a table keeps every cycle's rows itself
    (`forecast_stream`, `past_plan`), each cycle gives only its own. A column that a cycle's table
    did not have yet holds the contract's default, or is blank. Rows were checked when written.

    Args:
        files: the Parquet file of each cycle.
        table: its contract.
        columns: columns wanted; None for all of the contract.

    Returns:
        Rows in the order of the cycles, each cycle sorted by key.

    Raises:
        InputError: a file is damaged, or was written under a newer contract.
        ParameterError: a column is not in the contract.
    """
    unknown = sorted(set(columns or ()) - set(table.column_names))
    if unknown:
        raise ParameterError(f"Table {table.name} has no column {', '.join(unknown)}.")
    wanted = [c for c in table.column_names if columns is None or c in columns]
    names = ["cycle", *(name for name in wanted if name != "cycle")]
    if not files:
        return table.empty().reindex(columns=names)
    import pyarrow

    parts = [_read_one(path, table, wanted, cycle) for cycle, path in files.items()]
    stacked = pyarrow.concat_tables(parts, promote_options="default").to_pandas()
    return _fill_new_columns(stacked.reindex(columns=names, copy=False), table)


def _read_one(path: Path, table: Table, wanted: list[str], cycle: str) -> pyarrow.Table:
    import pyarrow
    import pyarrow.compute as compute

    own = "cycle" in table.column_names
    stored = read_stored(path, table, ["cycle", *wanted] if own else wanted)
    if own:
        return stored.filter(compute.field("cycle") == cycle)
    name = pyarrow.repeat(pyarrow.scalar(cycle), len(stored))
    return stored.add_column(0, "cycle", name)


def _fill_new_columns(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    defaults = {
        column.name: column.default
        for column in table.columns
        if column.default is not None
        and column.name in frame.columns
        and frame[column.name].isna().any()
    }
    return frame.fillna(defaults) if defaults else frame
