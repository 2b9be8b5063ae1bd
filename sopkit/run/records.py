"""The end of a run: what it found goes into the planbook, once for the same results."""

from __future__ import annotations

import json
import os

from sopkit.cycle import CyclePaths, Manifest, write_atomic
from sopkit.errors import SopkitError
from sopkit.run.causes import BOOK_FILE, URL_VARIABLE

KEPT_TABLES = ("conflict", "decision", "task", "kpi_value")
_MEMORY = ".kept.json"


def enter_records(paths: CyclePaths, manifest: Manifest) -> None:
    """Enter the conflicts, decisions, tasks and KPI of a cycle, unless they stand there already.

    A run that found nothing else than the one before does not open the book: loading its library
    takes longer than all the rest.

    Raises:
        SopkitError: the book could not be written; the tables are complete all the same, and the
            same run enters the records later.
    """
    tables = {name: manifest.tables[name].sha256 for name in KEPT_TABLES if name in manifest.tables}
    if not tables or _are_kept(paths, tables):
        return
    from sopkit.process.keep import keep_records

    try:
        keep_records(paths, manifest)
    except SopkitError as error:
        raise type(error)(
            f"The tables of {paths.name} are complete, but its records could not be entered into "
            f"the planbook: {error}\nEnter them with: sopkit run {paths.name}"
        ) from error
    write_atomic(paths.root / _MEMORY, json.dumps(tables, sort_keys=True).encode())


def _are_kept(paths: CyclePaths, tables: dict[str, str]) -> bool:
    """Return whether the records of these very tables were entered into the book that is there."""
    memory = paths.root / _MEMORY
    there = os.environ.get(URL_VARIABLE) or (paths.folder / BOOK_FILE).exists()
    if not there or not memory.exists():
        return False
    return bool(json.loads(memory.read_text(encoding="utf-8")) == tables)
