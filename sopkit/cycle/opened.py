"""A cycle as a notebook sees it: `open_cycle`, then read and write tables by name."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle.lock import hold_lock
from sopkit.cycle.manifest import Manifest, TableRecord, read_manifest, write_manifest
from sopkit.cycle.past import PAST_MONTHS, is_of_company, list_past_months, read_past_tables
from sopkit.cycle.paths import CyclePaths, find_folder, to_paths
from sopkit.cycle.store import count_rows, hash_file, read_parquet, write_parquet
from sopkit.cycle.writers import list_owned, to_step, to_writer
from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.periods import previous_cycle, to_cycle_period
from sopkit.tables import TABLES

JOURNAL = "reads.jsonl"
LOCK_WAIT_SECONDS = 10.0


def open_cycle(
    cycle: str,
    stage: str,
    folder: str | Path | None = None,
    interactive: bool = True,
    company: str = "",
) -> Cycle:
    """Open a cycle to plan in: the first line of a notebook's work.

    Args:
        cycle: the month planned first, such as `2026-11`.
        stage: data, demand, supply, consensus or executive; says which tables may be written.
        folder: the planning folder; default as `find_folder` says.
        interactive: a person runs the notebook: warn of tables that are out of step.
        company: whose cycle this is, where it is new; else the manifest knows.

    Raises:
        CycleError: the cycle is published, or belongs to another company.
        ParameterError: the cycle is not a month, or the stage is not known.
    """
    paths = to_paths(cycle, find_folder(folder))
    manifest = read_manifest(paths) or Manifest(cycle)
    wanted = os.environ.get("SOPKIT_COMPANY") or company or manifest.company
    check_open(paths, manifest, wanted)
    staging = os.environ.get("SOPKIT_STAGING")
    opened = Cycle(paths, to_step(stage), wanted, Path(staging) if staging else None)
    if interactive and not staging:
        opened.warn_out_of_step(manifest)
    return opened


def view_cycle(cycle: str, folder: str | Path | None = None) -> Cycle:
    """Open a cycle only to read, published or not.

    Raises:
        CycleError: the cycle was never run.
    """
    paths = to_paths(cycle, find_folder(folder))
    manifest = read_manifest(paths)
    if manifest is None:
        raise CycleError(f"Cycle {cycle} was never run in {paths.folder}: sopkit run {cycle}")
    return Cycle(paths, "", manifest.company, None)


def check_open(paths: CyclePaths, manifest: Manifest, company: str) -> None:
    """Raise unless the cycle may be written for the company.

    Raises:
        CycleError: it is published, or belongs to another company.
    """
    if manifest.state == "published":
        by = manifest.published.get("by", "")
        raise CycleError(
            f"Cycle {paths.name} is published{f' (by {by})' if by else ''}: it is not run or "
            f"written again. Its tables can be read in {paths.tables_dir}."
        )
    if manifest.company and company and manifest.company != company:
        raise CycleError(
            f"Cycle {paths.name} in {paths.folder} belongs to company {manifest.company!r}, "
            f"not {company!r}. Plan {company!r} in a planning folder of its own: --folder DIR"
        )


class Cycle:
    """One cycle's tables, read and written under their contracts.

    Make it with `open_cycle`. `name` is the cycle, `period` its first planned month, `company`
    whose it is; `folder`, `input_dir`, `tables_dir` and `executed_dir` are its folders.
    """

    def __init__(self, paths: CyclePaths, step: str, company: str, staging: Path | None) -> None:
        self.paths = paths
        self.name = paths.name
        self.period = to_cycle_period(paths.name)
        self.company = company
        self.folder = paths.folder
        self.input_dir = paths.input_dir
        self.tables_dir = paths.tables_dir
        self.executed_dir = paths.executed_dir
        self.step = step
        self._staging = staging
        self._written: set[str] = set()
        self._reads: dict[str, str] = {}
        self._journal_label = ""

    def __repr__(self) -> str:
        return f"Cycle {self.name} of {self.company or 'no company'} ({self.step or 'read only'})"

    def read(self, table: str) -> pd.DataFrame:
        """Return a table, checked against its contract, sorted by key.

        Raises:
            InputError: the table is not there; names the step that writes it.
        """
        path = self._find(table)
        if path is None:
            writer = to_writer(table)
            raise InputError(
                f"Table {table} of cycle {self.name} is not there; {writer} writes it. "
                f"Run that first: sopkit run {self.name} --from {writer}"
            )
        return read_parquet(path, TABLES[table])

    def read_optional(self, table: str) -> pd.DataFrame:
        """Return a table, or a frame of its columns without rows where it is not there."""
        path = self._find(table)
        return TABLES[table].empty() if path is None else read_parquet(path, TABLES[table])

    def has(self, table: str) -> bool:
        """Say whether a table is there and holds a row."""
        path = self._find(table)
        return path is not None and count_rows(path) > 0

    def write(self, table: str, frame: pd.DataFrame) -> None:
        """Write a table this stage owns: checked, whole or not at all, same rows same bytes.

        Every result table a notebook owns is written in each run, without rows if there is
        nothing to tell; the runner takes a missing one for a failure.

        Raises:
            InputError: the frame breaks its contract.
            CycleError: another notebook owns the table, the cycle is published, or a run is
                writing it.
        """
        writer = to_writer(table)
        if writer != self.step:
            raise CycleError(
                f"{self.step or 'A reader'} may not write table {table}; {writer} alone does."
            )
        if self._staging is not None:
            write_parquet(self._staging / f"{table}.parquet", frame, TABLES[table])
        else:
            self._write_by_hand(table, frame)
        self._written.add(table)

    def parameters(self, stage: str) -> dict[str, Any]:
        """Return what a stage of this cycle was last run with; empty where it was run by hand."""
        manifest = read_manifest(self.paths)
        record = manifest.steps.get(to_step(stage)) if manifest else None
        return dict(record.parameters) if record else {}

    @property
    def previous(self) -> Cycle | None:
        """The cycle a month earlier, to read; None when this company has none."""
        paths = CyclePaths(self.folder, previous_cycle(self.name))
        manifest = read_manifest(paths)
        there = manifest is not None and manifest.company == self.company
        self._note(f"{paths.name}/", "there" if there else "")
        if not there:
            return None
        earlier = Cycle(paths, "", self.company, None)
        earlier._reads, earlier._staging = self._reads, self._staging
        earlier._journal_label = f"{paths.name}/"
        return earlier

    def read_past(
        self, table: str, columns: Sequence[str] | None = None, months: int = PAST_MONTHS
    ) -> pd.DataFrame:
        """Return a table over all cycles of the company before this one, with a column `cycle`.

        So accuracy at any lag costs one read. Every file read is noted for the runner, and every
        month without a cycle: a past table that changes, or a past cycle that is run later, runs
        the step again.

        Args:
            table: name of the table.
            columns: columns wanted; None for all.
            months: how many months to look back.

        Returns:
            `cycle` and the columns; without rows where there is no earlier cycle.

        Raises:
            InputError: a file is damaged, or was written under a newer contract.
            ParameterError: no such table or column.
        """
        if table not in TABLES:
            raise ParameterError(f"No table is named {table!r}; sopkit.tables lists them all.")
        files = {}
        for name in list_past_months(self.name, months):
            paths = CyclePaths(self.folder, name)
            there = is_of_company(paths, self.company)
            self._note(f"{name}/", "there" if there else "")
            if there:
                path = paths.table_file(table)
                self._note(f"{name}/{table}", hash_file(path) if path.exists() else "")
                if path.exists():
                    files[name] = path
        return read_past_tables(files, TABLES[table], columns)

    def warn_out_of_step(self, manifest: Manifest) -> None:
        """Warn of tables made from others that have changed since."""
        owned = set(list_owned(self.step))
        stale: dict[str, set[str]] = {}
        for name, record in manifest.tables.items():
            if name in owned or record.writer >= self.step:
                continue
            for source, sha256 in record.made_from.items():
                now = manifest.tables.get(source)
                if "/" not in source and (now.sha256 if now else "") != sha256:
                    stale.setdefault(record.writer, set()).add(source)
        for step, sources in sorted(stale.items()):
            warnings.warn(
                f"{', '.join(sorted(sources))} changed after {step} ran: its tables are older. "
                f"Run {step} again first.",
                stacklevel=3,
            )

    def _find(self, table: str) -> Path | None:
        """Return the file of a table, its own fresh one first, and note what was read."""
        if table not in TABLES:
            raise ParameterError(f"No table is named {table!r}; sopkit.tables lists them all.")
        if self._staging is not None and to_writer(table) == self.step:
            fresh = self._staging / f"{table}.parquet"  # what an earlier run wrote is not seen
            return fresh if fresh.exists() else None
        path = self.paths.table_file(table)
        there = path.exists()
        if table not in self._written:
            self._note(f"{self._journal_label}{table}", hash_file(path) if there else "")
        return path if there else None

    def _note(self, name: str, sha256: str) -> None:
        if self._reads.get(name) == sha256:
            return
        self._reads[name] = sha256
        if self._staging is not None:
            with (self._staging / JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write(json.dumps([name, sha256]) + "\n")

    def _write_by_hand(self, table: str, frame: pd.DataFrame) -> None:
        with hold_lock(self.paths, LOCK_WAIT_SECONDS):
            manifest = read_manifest(self.paths) or Manifest(self.name)
            check_open(self.paths, manifest, self.company)
            self._warn_newer(table)
            manifest.company = manifest.company or self.company
            sha256 = write_parquet(self.paths.table_file(table), frame, TABLES[table])
            reads = {name: sha for name, sha in self._reads.items() if name != table}
            manifest.tables[table] = TableRecord(sha256, len(frame), self.step, True, reads)
            write_manifest(self.paths, manifest)

    def _warn_newer(self, table: str) -> None:
        newer = []
        for name, sha256 in self._reads.items():
            path = self.paths.table_file(name)
            if "/" not in name and (hash_file(path) if path.exists() else "") != sha256:
                newer.append(name)
        if newer:
            warnings.warn(
                f"{', '.join(sorted(newer))} changed after this notebook read it: {table} is made "
                "from the older. Run the notebook again from the top.",
                stacklevel=4,
            )
