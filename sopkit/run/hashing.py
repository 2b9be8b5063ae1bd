"""What a step's result depends on, as hashes: the causes that are compared before a step is run."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import sopkit
from sopkit.cycle import CyclePaths, Manifest, StepRecord, hash_file, read_manifest
from sopkit.errors import InputError
from sopkit.run.steps import Step

PACKAGE = Path(sopkit.__file__).parent
_SOURCES = {".py", ".yaml", ".j2", ".html", ".css", ".js", ".json"}


def hash_text(*parts: str) -> str:
    """Return one hash over several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def hash_package() -> str:
    """Return a hash over the package's own source files."""
    files = sorted(p for p in PACKAGE.rglob("*") if p.suffix in _SOURCES and p.is_file())
    names = [path.relative_to(PACKAGE).as_posix() for path in files]
    return hash_text(*names, *(hash_file(path) for path in files))


@cache
def hash_environment() -> str:
    """Return a hash of Python and the lock file; of the packages' versions where there is none."""
    lock = PACKAGE.parent / "requirements.lock"
    python = ".".join(str(part) for part in sys.version_info[:3])
    return hash_text(python, hash_file(lock) if lock.exists() else _versions())


def _versions() -> str:
    names = [line.split(";")[0] for line in requires("sopkit") or [] if "extra ==" not in line]
    found = []
    for name in sorted(line.split("<")[0].split(">")[0].split("=")[0].strip() for line in names):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return "\n".join(found)


def hash_notebook(path: Path) -> str:
    """Return a hash of a notebook's cells: kind, source and tags, never outputs.

    Raises:
        InputError: the file is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        kept = [
            [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])]
            for cell in cells
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a notebook: {error}") from error
    return hash_text(json.dumps(kept))


def hash_company_files(folder: Path, mapping: str, tables: tuple[str, ...]) -> str:
    """Return a hash of the company files that feed tables, and of their mapping."""
    from sopkit.sources import fingerprint_files, read_mapping

    found = read_mapping(folder / "params" / "mapping" / f"{mapping}.yaml")
    return str(fingerprint_files(found, folder, tables=list(tables)))


def find_causes(
    step: Step, folder: Path, parameters: dict[str, Any], mapping: str
) -> dict[str, str]:
    """Return the hash of everything a step depends on but the tables it reads.

    Args:
        step: the step.
        folder: the planning folder.
        parameters: what the notebook is given; the language does not change a table.
        mapping: name of the mapping file.
    """
    told = {
        name: value for name, value in parameters.items() if name not in ("lang", "interactive")
    }
    causes = {
        "notebook": hash_notebook(step.notebook(folder)),
        "package": hash_package(),
        "environment": hash_environment(),
        **{f"parameter {name}": hash_text(json.dumps(value)) for name, value in told.items()},
    }
    for name in step.files:
        path = folder / name
        causes[f"file {name}"] = hash_file(path) if path.exists() else ""
    if step.company_tables:
        causes["company files"] = hash_company_files(folder, mapping, step.company_tables)
    return causes


def hash_read(paths: CyclePaths, name: str, company: str) -> str:
    """Return the present hash of something a notebook read; empty where it is not there.

    Args:
        paths: the cycle's files.
        name: a table; `2026-10/item` for one of an earlier cycle, `2026-10/` for that cycle.
        company: whose cycle it is.
    """
    cycle, slash, table = name.rpartition("/")
    owner = CyclePaths(paths.folder, cycle) if slash else paths
    if slash and not table:
        manifest = read_manifest(owner)
        return "there" if manifest is not None and manifest.company == company else ""
    path = owner.table_file(table)
    return hash_file(path) if path.exists() else ""


def find_changes(
    step: Step, paths: CyclePaths, manifest: Manifest, causes: dict[str, str]
) -> list[str]:
    """Return why a step has to be run, in words; empty when its result still holds."""
    record = manifest.steps.get(step.name)
    if record is None:
        return ["not run yet"]
    if record.state != "ok":
        return [f"last run {'was cut off' if record.state == 'running' else record.state}"]
    before = {name: sha for name, sha in record.causes.items() if not name.startswith("table ")}
    changes = sorted(
        name for name in before.keys() | causes.keys() if before.get(name) != causes.get(name)
    )
    changes += _find_changed_tables(paths, record, manifest.company)
    return [f"{name} changed" for name in changes] + _find_lost(step, paths, record)


def _find_changed_tables(paths: CyclePaths, record: StepRecord, company: str) -> list[str]:
    read = [name for name in record.causes if name.startswith("table ")]
    return [
        name
        for name in read
        if hash_read(paths, name.removeprefix("table "), company) != record.causes[name]
    ]


def _find_lost(step: Step, paths: CyclePaths, record: StepRecord) -> list[str]:
    lost = [
        f"its table {name} is not as it wrote it"
        for name, sha256 in record.outputs.items()
        if hash_read(paths, name, "") != sha256
    ]
    if not (paths.executed_dir / f"{step.name}.ipynb").exists():
        lost.append("its executed notebook is gone")
    return lost
