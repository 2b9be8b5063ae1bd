"""Where a planning folder and its cycles keep their files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sopkit.errors import CycleError, ParameterError
from sopkit.periods import to_cycle_period


@dataclass(frozen=True)
class CyclePaths:
    """The files of one cycle, below `data/cycles/<cycle>/` of the planning folder.

    Args:
        folder: the planning folder.
        name: the cycle, such as `2026-11`.
    """

    folder: Path
    name: str

    @property
    def root(self) -> Path:
        """The cycle's own folder."""
        return self.folder / "data" / "cycles" / self.name

    @property
    def input_dir(self) -> Path:
        """The raw snapshot of the company's files, never edited."""
        return self.root / "input"

    @property
    def tables_dir(self) -> Path:
        """Parquet, one file a table."""
        return self.root / "tables"

    @property
    def executed_dir(self) -> Path:
        """The notebooks as run."""
        return self.root / "executed"

    @property
    def staging_dir(self) -> Path:
        """Where a step under way writes; promoted to `tables` when it succeeds."""
        return self.root / ".staging"

    @property
    def manifest_file(self) -> Path:
        """The record of every step and table."""
        return self.root / "manifest.json"

    @property
    def lock_file(self) -> Path:
        """Held by the one run, or the one notebook, that may write."""
        return self.root / ".lock"

    def table_file(self, table: str) -> Path:
        """Return the file of a table."""
        return self.tables_dir / f"{table}.parquet"


def to_paths(cycle: str, folder: Path) -> CyclePaths:
    """Return the paths of a cycle.

    Raises:
        ParameterError: the cycle's name is not a month (`../x`, say).
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", cycle):
        to_cycle_period(cycle)  # raises; asked last because it loads pandas
    return CyclePaths(folder, cycle)


def find_folder(folder: str | Path | None = None) -> Path:
    """Return the planning folder: the one given, else `SOPKIT_HOME`, else the nearest above.

    The nearest is the current folder or the first parent that holds `params/` and `notebooks/`.

    Raises:
        ParameterError: the folder named is not there.
        CycleError: no planning folder is found.
    """
    for named, by in ((folder, "--folder"), (os.environ.get("SOPKIT_HOME"), "SOPKIT_HOME")):
        if named:
            path = Path(named).expanduser().resolve()
            if not path.is_dir():
                raise ParameterError(f"The folder {path}, named by {by}, is not there.")
            return path
    here = Path.cwd().resolve()
    for path in (here, *here.parents):
        if (path / "params").is_dir() and (path / "notebooks").is_dir():
            return path
    raise CycleError(
        f"No planning folder at or above {here}: it holds params/ and notebooks/. "
        "Go to one, name it with --folder or SOPKIT_HOME, or make one with: sopkit init DIR"
    )


def list_cycles(folder: Path) -> list[str]:
    """Return the cycles of a planning folder that have a manifest, oldest first."""
    found = (folder / "data" / "cycles").glob("*/manifest.json")
    return sorted(path.parent.name for path in found)
