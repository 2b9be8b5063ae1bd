"""Sign a month: the proposed plan becomes the approved plan, and the cycle is frozen.

Nothing is ever half signed: the tables to sign are made aside, the planbook gets the seal (a hash
over every table), then the tables move into their place and the manifest says published. A
publication that was cut off is completed by publishing again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

import sopkit
from sopkit.cycle import (
    CyclePaths,
    Manifest,
    TableRecord,
    check_open,
    hash_file,
    hold_lock,
    read_parquet,
    write_manifest,
    write_parquet,
)
from sopkit.errors import CycleError, list_problems
from sopkit.params import RunParameters, read_process
from sopkit.planbook import open_planbook, read_records
from sopkit.process.approvals import hash_outputs
from sopkit.process.gates import Gate
from sopkit.process.judge import find_version, judge_cycle
from sopkit.process.texts import say_reason
from sopkit.run.state import find_due, require_manifest
from sopkit.run.steps import STEPS, Step
from sopkit.supply import list_released_orders
from sopkit.tables import TABLES

PROPOSED, APPROVED, RELEASED = "consensus_plan", "approved_plan", "released_order"
SIGNED = (APPROVED, RELEASED)
_RELEASED_FROM = ("firm_order", "operation", "purchase_term", "lane", "pegging")
_ASIDE = ".publishing"


def publish_cycle(
    paths: CyclePaths,
    parameters: RunParameters,
    by: str,
    steps: Sequence[Step] = STEPS,
    author: str = "",
    now: datetime | None = None,
) -> Manifest:
    """Write `approved_plan` and `released_order` and freeze the cycle.

    Args:
        paths: the cycle's files.
        parameters: those the cycle was run with.
        by: role that signs.
        steps: the month's steps; all must have succeeded and still hold.
        author: user who publishes; default: `by`.
        now: time of publishing, with zone; default: the clock's.

    Raises:
        CycleError: a step is missing or out of date, a gate is open, a run is at work, or it is
            published already.
    """
    require_manifest(paths)
    with hold_lock(paths):
        manifest = require_manifest(paths)
        check_open(paths, manifest, parameters.common.company)
        _check_complete(paths, manifest, parameters, steps)
        _check_gates(paths)
        aside = paths.root / _ASIDE
        shutil.rmtree(aside, ignore_errors=True)
        made = _make_tables(paths, manifest, aside, parameters.common.country)
        manifest.tables.update(made)
        sealed = {name: record.sha256 for name, record in sorted(manifest.tables.items())}
        at = (now or datetime.now()).astimezone()
        version = _seal(paths, manifest.company, sealed, author or by, f"published by {by}", at)
        _move_in(paths, aside, list(made))
        manifest.state = "published"
        manifest.published = {
            "by": by,
            "at": at.isoformat("T", "seconds"),
            "version": sopkit.__version__,
            "plan_version": version,
            "tables": sealed,
            "chain": _read_last_hash(paths, manifest.company),
        }
        write_manifest(paths, manifest)
    return manifest


def find_altered(
    paths: CyclePaths, manifest: Manifest, publication: pd.DataFrame
) -> dict[str, str]:
    """Return the signed tables that are not as they were signed, each with who says so.

    The hashes stand in the planbook and in the manifest; altering a table and the manifest is found
    by the planbook, altering the planbook by its chain.

    Args:
        paths: the cycle's files.
        manifest: its record.
        publication: records of kind `publication` of the cycle.

    Returns:
        By table: planbook, manifest, or both.
    """
    sealed = publication[publication["status"] == "sealed"].sort_values("number")
    signed: dict[str, dict[str, str]] = {
        "planbook": json.loads(sealed["tables"].iloc[-1]) if len(sealed) else {},
        "manifest": dict(manifest.published.get("tables", {})),
    }
    present = {
        name: _hash_or_blank(paths.table_file(name))
        for name in sorted({name for hashes in signed.values() for name in hashes})
    }
    said = {
        name: [who for who, hashes in signed.items() if name in hashes and hashes[name] != sha256]
        for name, sha256 in present.items()
    }
    return {name: " and ".join(who) for name, who in said.items() if who}


def _read_last_hash(paths: CyclePaths, company: str) -> str:
    """Return the hash that the planbook's audit trail ended with when the month was signed."""
    with open_planbook(paths.folder, company=company) as book:
        return book.find_last_hash()


def _hash_or_blank(path: Path) -> str:
    return hash_file(path) if path.exists() else ""


def _check_complete(
    paths: CyclePaths, manifest: Manifest, parameters: RunParameters, steps: Sequence[Step]
) -> None:
    due = find_due(paths, manifest, parameters, steps)
    problems = [f"{name}: {', '.join(why)}" for name, why in due.items()]
    for name, record in sorted(manifest.tables.items()):
        if name not in SIGNED and _hash_or_blank(paths.table_file(name)) != record.sha256:
            problems.append(f"table {name} is not as {record.writer} wrote it")
    if problems:
        raise CycleError(
            list_problems(
                f"Cycle {paths.name} cannot be published",
                problems,
                f"Run it first: sopkit run {paths.name}",
            )
        )


def _check_gates(paths: CyclePaths) -> None:
    """Raise where the process asks for signatures and a gate is open."""
    if not read_process(paths.folder).approvals:
        return
    gate: Gate = judge_cycle(paths.folder, paths.name).gates["publish"]
    if not gate.holds:
        raise CycleError(
            list_problems(
                f"Cycle {paths.name} cannot be published: its gate is open",
                [say_reason(reason) for reason in gate.reasons],
                f"See: sopkit status {paths.name}",
            )
        )


def _make_tables(
    paths: CyclePaths, manifest: Manifest, aside: Path, country: str
) -> dict[str, TableRecord]:
    """Write the tables to be signed aside, and return their records."""
    plan = read_parquet(paths.table_file(PROPOSED), TABLES[PROPOSED])
    frames: dict[str, tuple[pd.DataFrame, tuple[str, ...]]] = {APPROVED: (plan, (PROPOSED,))}
    if "firm_order" in manifest.tables:
        firm, operation, term, lane, pegging = (_read_or_empty(paths, n) for n in _RELEASED_FROM)
        orders = list_released_orders(
            firm, operation, term, lane, pegging, paths.name, country=country
        )
        frames[RELEASED] = (orders, _RELEASED_FROM)
    made = {}
    for name, (frame, sources) in frames.items():
        sha256 = write_parquet(aside / f"{name}.parquet", frame, TABLES[name])
        from_ = {one: manifest.tables[one].sha256 for one in sources if one in manifest.tables}
        made[name] = TableRecord(sha256, len(frame), "publish", made_from=from_)
    return made


def _read_or_empty(paths: CyclePaths, name: str) -> pd.DataFrame:
    path = paths.table_file(name)
    return read_parquet(path, TABLES[name]) if path.exists() else TABLES[name].empty()


def _move_in(paths: CyclePaths, aside: Path, names: list[str]) -> None:
    for name in names:
        (aside / f"{name}.parquet").replace(paths.table_file(name))
    shutil.rmtree(aside, ignore_errors=True)


def _seal(
    paths: CyclePaths,
    company: str,
    tables: dict[str, str],
    author: str,
    reason: str,
    at: datetime,
) -> int:
    """Enter the seal into the planbook and return the plan's version.

    A seal left by a publication that was cut off is kept where it fits, else closed.
    """
    known = read_records(paths.folder, "publication", paths.name, company=company, past=False)
    version, sha256 = find_version(known), hash_outputs(tables)
    left = known[known["status"] == "sealed"]
    with open_planbook(paths.folder, company=company) as book:
        for row in left.to_dict("records"):
            if row["manifest_hash"] == sha256:
                return version
            closed = {"status": "reopened"}
            why = "its publication was cut off, and the cycle was run again"
            book.change(
                "publication",
                row["number"],
                closed,
                author,
                why,
                version=row["version"],
                now=at,
            )
            version += 1
        seal: dict[str, Any] = {
            "plan_version": version,
            "tables": json.dumps(tables, sort_keys=True),
            "manifest_hash": sha256,
        }
        book.add("publication", pd.DataFrame([seal]), paths.name, author, reason=reason, now=at)
    return version
