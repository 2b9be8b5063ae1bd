"""Where a cycle stands: which steps hold, which would be run, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sopkit.cycle import CyclePaths, Manifest, hash_file, read_manifest, to_paths
from sopkit.errors import CycleError, SopkitError
from sopkit.params import RunParameters, find_params, read_params
from sopkit.run.causes import find_causes, find_changes
from sopkit.run.steps import STEPS, Step


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


def describe_cycle(folder: Path, cycle: str) -> list[str]:
    """Return the lines that tell where a cycle stands.

    Raises:
        CycleError: the cycle was never run.
    """
    paths = to_paths(cycle, folder)
    manifest = require_manifest(paths)
    lines = [f"Cycle {cycle} of {manifest.company}: {manifest.state}"]
    for name, record in sorted(manifest.steps.items()):
        line = f"  {name:20} {record.state:12} {record.seconds:7.1f} s  {record.started[:16]}"
        lines.append(f"{line}  {record.error.splitlines()[0] if record.error else ''}".rstrip())
    if manifest.state == "published":
        return [*lines, *_describe_published(paths, manifest)]
    if manifest.running:
        lines.append(
            f"  a run is at work, or was cut off: process {manifest.running['process']}, "
            f"since {manifest.running['since']}"
        )
    return [*lines, *_describe_due(paths, manifest)]


def _describe_due(paths: CyclePaths, manifest: Manifest) -> list[str]:
    try:
        parameters = read_params(choose_params(paths.folder, paths.name))
        due = find_due(paths, manifest, parameters)
    except (SopkitError, OSError) as error:
        return [f"What a run would do cannot be told: {error}"]
    if not due:
        return ["Every step holds: nothing would be run."]
    lines = [f"  {name:20} {', '.join(why)}" for name, why in due.items()]
    return [f"sopkit run {paths.name} would run", *lines, "  and every step their tables feed."]


def _describe_published(paths: CyclePaths, manifest: Manifest) -> list[str]:
    published = manifest.published
    lines = [f"Published by {published['by']} at {published['at']}."]
    for name, sha256 in published["tables"].items():
        file = paths.table_file(name)
        if not file.exists() or hash_file(file) != sha256:
            lines.append(f"  table {name} was altered since: it is not what was signed")
    return lines
