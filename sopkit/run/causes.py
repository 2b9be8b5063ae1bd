"""Why a step has to be run: what its result depends on, held against what it was made from."""

from __future__ import annotations

import json
import os
from typing import Any

from sopkit.cycle import CyclePaths, Manifest, StepRecord, hash_file, read_manifest
from sopkit.run.hashing import hash_environment, hash_notebook, hash_package, hash_text
from sopkit.run.seen import hash_company_files
from sopkit.run.steps import Step

_NO_CAUSE = ("lang", "interactive")
_MEMORY = ".seen.json"
URL_VARIABLE, BOOK_FILE = "SOPKIT_PLANBOOK_URL", "data/planbook.sqlite"


def find_causes(
    step: Step, paths: CyclePaths, parameters: dict[str, Any], mapping: str
) -> dict[str, str]:
    """Return the hash of everything a step depends on but the tables it reads.

    Args:
        step: the step.
        paths: the cycle's files.
        parameters: what the notebook is given; the language does not change a table.
        mapping: name of the mapping file.
    """
    folder = paths.folder
    told = {name: value for name, value in parameters.items() if name not in _NO_CAUSE}
    files = {p.relative_to(folder).as_posix(): p for one in step.files for p in folder.glob(one)}
    causes = {
        "notebook": hash_notebook(step.notebook(folder)),
        "package": hash_package(),
        "environment": hash_environment(),
        **{f"parameter {name}": hash_text(json.dumps(value)) for name, value in told.items()},
        **{f"file {name}": hash_file(path) for name, path in sorted(files.items())},
    }
    if step.company_tables:
        memory = paths.root / _MEMORY
        causes["company files"] = hash_company_files(folder, mapping, step.company_tables, memory)
    if step.planbook:
        causes["planbook"] = hash_planbook(paths, step.section)
    return causes


def hash_planbook(paths: CyclePaths, section: str) -> str:
    """Return the hash of what a step reads in the planbook; empty where there is none yet.

    Loading the database's library takes longer than all the rest of a run with nothing to do, so
    that the book is looked for first.
    """
    if not os.environ.get(URL_VARIABLE) and not (paths.folder / BOOK_FILE).exists():
        return ""
    from sopkit.planbook import fingerprint_planbook

    manifest = read_manifest(paths)
    company = manifest.company if manifest else ""
    return fingerprint_planbook(paths.folder, paths.name, step=section, company=company)


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
