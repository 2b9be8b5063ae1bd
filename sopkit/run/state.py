"""Which steps of a cycle hold, which would be run, and why; whether its report is behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sopkit.cycle import CyclePaths, Manifest, read_manifest, to_paths
from sopkit.errors import CycleError
from sopkit.params import RunParameters, find_params
from sopkit.run.causes import find_causes, find_changes
from sopkit.run.steps import STEPS, Step

REPORT = "report"


def choose_params(folder: Path, cycle: str, given: str = "") -> Path:
    """Return the parameter file to use: the one given, else the one the cycle was last run with.

    Raises:
        ParameterError: it is not there, or there are several to choose from.
    """
    manifest = read_manifest(to_paths(cycle, folder))
    last = manifest.parameter_file if manifest else ""
    if not given and last and (folder / last).is_file():
        return folder / last
    return find_params(folder, given)


def require_manifest(paths: CyclePaths) -> Manifest:
    """Return a cycle's record.

    Raises:
        CycleError: the cycle was never run.
    """
    manifest = read_manifest(paths)
    if manifest is None:
        raise CycleError(
            f"Cycle {paths.name} was never run in {paths.folder}: sopkit run {paths.name}"
        )
    return manifest


def find_due(
    paths: CyclePaths, manifest: Manifest, parameters: RunParameters, steps: Sequence[Step] = STEPS
) -> dict[str, list[str]]:
    """Return the steps that a run would run now, each with its reasons, in order."""
    mapping = parameters.common.mapping
    due = {}
    for step in steps:
        told = {**parameters.for_step(step.name), "cycle": paths.name}
        causes = find_causes(step, paths, told, mapping)
        changes = find_changes(step, paths, manifest, causes)
        if changes:
            due[step.name] = changes
    return due


def is_behind(manifest: Manifest) -> bool:
    """Return whether the site was built before the cycle was published or opened again, or failed.

    Example:
        Built as a draft, published since, and the report was cut off: it is behind.
    """
    last = manifest.steps.get(REPORT)
    if last is None:
        return False
    return last.state != "ok" or last.causes.get("published", "") != find_published_at(manifest)


def find_published_at(manifest: Manifest) -> str:
    """Return when the cycle was published; blank: it is not."""
    return str(manifest.published.get("at", ""))
