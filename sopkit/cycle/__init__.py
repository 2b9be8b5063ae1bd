"""A cycle's files: where they are, what state they are in, and how tables are read and written.

Notebooks call `open_cycle` and then `c.read("item")`, `c.write("baseline", frame)`. The runner uses
the rest: paths, the manifest (the record of every step and table) and the lock.
"""

from __future__ import annotations

from sopkit.cycle.lock import hold_lock
from sopkit.cycle.manifest import (
    Manifest,
    StepRecord,
    TableRecord,
    read_manifest,
    write_manifest,
)
from sopkit.cycle.opened import JOURNAL, Cycle, check_open, open_cycle, view_cycle
from sopkit.cycle.paths import CyclePaths, find_folder, list_cycles, to_paths
from sopkit.cycle.store import (
    FULL,
    DiskFullError,
    hash_file,
    read_parquet,
    write_atomic,
    write_parquet,
)
from sopkit.cycle.writers import STAGES, list_owned, to_writer

__all__ = [
    "FULL",
    "JOURNAL",
    "STAGES",
    "Cycle",
    "CyclePaths",
    "DiskFullError",
    "Manifest",
    "StepRecord",
    "TableRecord",
    "check_open",
    "find_folder",
    "hash_file",
    "hold_lock",
    "list_cycles",
    "list_owned",
    "open_cycle",
    "read_manifest",
    "read_parquet",
    "to_paths",
    "to_writer",
    "view_cycle",
    "write_atomic",
    "write_manifest",
    "write_parquet",
]
