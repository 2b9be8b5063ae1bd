"""Sign a month: the proposed plan becomes the approved plan, and the cycle is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
from sopkit.params import RunParameters
from sopkit.run.state import find_due, require_manifest
from sopkit.run.steps import STEPS, Step
from sopkit.tables import TABLES

PROPOSED, APPROVED = "consensus_plan", "approved_plan"


def publish_cycle(
    paths: CyclePaths, parameters: RunParameters, by: str, steps: Sequence[Step] = STEPS
) -> Manifest:
    """Write `approved_plan` from `consensus_plan` and freeze the cycle.

    Args:
        paths: the cycle's files.
        parameters: those the cycle was run with.
        by: role that signs.
        steps: the month's steps; all must have succeeded and still hold.

    Raises:
        CycleError: a step is missing or out of date, a run is at work, or it is published already.
    """
    require_manifest(paths)
    with hold_lock(paths):
        manifest = require_manifest(paths)
        check_open(paths, manifest, parameters.common.company)
        _check_complete(paths, manifest, parameters, steps)
        plan = read_parquet(paths.table_file(PROPOSED), TABLES[PROPOSED])
        sha256 = write_parquet(paths.table_file(APPROVED), plan, TABLES[APPROVED])
        made_from = {PROPOSED: manifest.tables[PROPOSED].sha256}
        manifest.tables[APPROVED] = TableRecord(sha256, len(plan), "publish", made_from=made_from)
        manifest.state = "published"
        manifest.published = {
            "by": by,
            "at": datetime.now().astimezone().isoformat("T", "seconds"),
            "version": sopkit.__version__,
            "tables": {name: hash_file(paths.table_file(name)) for name in sorted(manifest.tables)},
        }
        write_manifest(paths, manifest)
    return manifest


def _check_complete(
    paths: CyclePaths, manifest: Manifest, parameters: RunParameters, steps: Sequence[Step]
) -> None:
    due = find_due(paths, manifest, parameters, steps)
    if due:
        raise CycleError(
            list_problems(
                f"Cycle {paths.name} cannot be published",
                [f"{name}: {', '.join(why)}" for name, why in due.items()],
                f"Run it first: sopkit run {paths.name}",
            )
        )
