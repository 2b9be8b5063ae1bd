"""Open a signed month again: a new version with a reason; what was signed is kept beside it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

from sopkit.cycle import CyclePaths, Manifest, hold_lock, write_manifest
from sopkit.errors import CycleError, ParameterError
from sopkit.params import Process, read_process
from sopkit.planbook import open_planbook, read_records
from sopkit.process.approvals import find_refusals
from sopkit.process.judge import find_version
from sopkit.process.publish import SIGNED, find_altered
from sopkit.run.state import require_manifest


def reopen_cycle(
    paths: CyclePaths, user: str, role: str, reason: str, now: datetime | None = None
) -> int:
    """Open a published cycle for a new version and return that version.

    Every signed table and the record of signing go to `versions/v1/` (v2, ...) of the cycle; the
    approvals of the old version count no more. What was cut off is completed by reopening again.
    A table that was altered since it was signed is kept as it is now, and named in
    `published.json`; see `list_altered`.

    Args:
        paths: the cycle's files.
        user: who opens it.
        role: his role; the one that signs the executives' meeting, where the process has approvals.
        reason: why.
        now: time of reopening, with zone; default: the clock's.

    Raises:
        CycleError: the cycle was never run, is not published, or a run is at work.
        ParameterError: the role may not, or no reason is given.
    """
    manifest = require_manifest(paths)
    check_words(read_process(paths.folder), user, role, reason)
    with hold_lock(paths):
        manifest = require_manifest(paths)
        if manifest.state != "published":
            raise CycleError(f"Cycle {paths.name} is not published: there is nothing to reopen.")
        known = read_records(
            paths.folder, "publication", paths.name, company=manifest.company, past=False
        )
        signed_version = int(manifest.published.get("plan_version", 1))
        _keep_version(paths, manifest, signed_version, list(find_altered(paths, manifest, known)))
        left = known[known["status"] == "sealed"]
        if len(left):
            with open_planbook(paths.folder, company=manifest.company) as book:
                for row in left.to_dict("records"):
                    book.change(
                        "publication",
                        row["number"],
                        {"status": "reopened"},
                        user,
                        reason,
                        version=row["version"],
                        now=now,
                    )
        _open_again(paths, manifest)
    known = read_records(
        paths.folder, "publication", paths.name, company=manifest.company, past=False
    )
    return find_version(known)


def check_words(process: Process, user: str, role: str, reason: str) -> None:
    """Raise where a cycle may not be reopened with these words.

    Raises:
        ParameterError: no reason, or a role that may not.
    """
    if not reason.strip():
        raise ParameterError("Say why it is opened again: --reason WHY")
    refusals = find_refusals(process, "executive", user, role) if process.approvals else []
    if refusals:
        raise ParameterError(f"{'; '.join(refusals)}.")


def find_version_dir(paths: CyclePaths, version: int) -> Path:
    """Return where the tables of a signed version that was reopened are kept."""
    return paths.root / "versions" / f"v{version}"


def list_altered(paths: CyclePaths, version: int) -> list[str]:
    """Return the tables of a kept version that were not as signed any more when it was kept."""
    file = find_version_dir(paths, version) / "published.json"
    return list(json.loads(file.read_text(encoding="utf-8")).get("altered", []))


def _keep_version(paths: CyclePaths, manifest: Manifest, version: int, altered: list[str]) -> None:
    """Copy what was signed, whole or not at all."""
    kept = find_version_dir(paths, version)
    if kept.exists():
        return
    part = kept.with_name(f".v{version}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(paths.tables_dir, part)
    record = {**manifest.published, "cycle": paths.name, "company": manifest.company}
    record["altered"] = altered
    (part / "published.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.replace(kept)


def _open_again(paths: CyclePaths, manifest: Manifest) -> None:
    manifest.state, manifest.published = "draft", {}
    for name in SIGNED:
        manifest.tables.pop(name, None)
    write_manifest(paths, manifest)
    for name in SIGNED:
        paths.table_file(name).unlink(missing_ok=True)
