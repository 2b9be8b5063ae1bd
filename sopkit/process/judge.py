"""Where a cycle stands: its manifest, tables and records, judged into gates and signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sopkit.cycle import STAGES, Cycle, CyclePaths, Manifest, list_cycles, to_paths, view_cycle
from sopkit.errors import CycleError, SopkitError
from sopkit.params import Process, read_params, read_process
from sopkit.params.process import STEPS
from sopkit.periods import to_cycle_period
from sopkit.planbook import find_kind, has_planbook, open_planbook
from sopkit.process.approvals import Standing, hash_outputs, judge_approvals
from sopkit.process.calendar import list_due_days
from sopkit.process.gates import (
    Gate,
    Reason,
    find_clashes,
    find_data_reasons,
    find_open_conflicts,
    find_open_decisions,
    find_supply_reasons,
    name_open,
)
from sopkit.run.state import choose_params, find_due, require_manifest

PUBLISH = "publish"
PAST = ("conflict", "decision", "task")
KINDS = ("conflict", "decision", "task", "approval", "publication")
COUNTRY = "CN"


@dataclass(frozen=True)
class Standings:
    """A cycle as the process sees it.

    Args:
        paths, manifest, process: its files, its record, who does what.
        days: `list_due_days` of the cycle.
        records: planbook records by kind as people left them; conflicts, decisions and tasks with
            earlier cycles'.
        version: version of the plan that is made, or that is signed.
        due: steps that a run would run, with its reasons.
        signed: how each step stands with the role that signs it.
        gates: of the five steps and of publish.
        broken: the first broken link of the planbook's chain; empty where it holds.
        country: whose working days count.
        problem: why it cannot be told what a run would do; empty where it can.
    """

    paths: CyclePaths
    manifest: Manifest
    process: Process
    days: pd.DataFrame
    records: dict[str, pd.DataFrame]
    version: int
    due: dict[str, list[str]]
    signed: dict[str, Standing]
    gates: dict[str, Gate]
    broken: str = ""
    country: str = COUNTRY
    problem: str = ""

    @property
    def cycle(self) -> str:
        """The cycle's name."""
        return self.paths.name


def judge_cycle(folder: Path, cycle: str) -> Standings:
    """Read a cycle and judge every gate.

    Raises:
        CycleError: the cycle was never run, or the planbook is locked or newer.
        ParameterError: the cycle is no month, or `params/process.yaml` is not fit.
    """
    paths = to_paths(cycle, folder)
    manifest = require_manifest(paths)
    process = read_process(folder)
    due, country, problem = _find_due(paths, manifest)
    records, broken = _read_book(folder, cycle, manifest)
    version = find_version(records["publication"])
    hashes = {name: hash_step(manifest, name) for name in STEPS}
    signed = judge_approvals(records["approval"], hashes, version)
    gates = _judge_gates(view_cycle(cycle, folder), manifest, process, records, due, signed)
    days = list_due_days(to_cycle_period(cycle), country, process)
    return Standings(
        paths=paths,
        manifest=manifest,
        process=process,
        days=days,
        records=records,
        version=version,
        due=due,
        signed=signed,
        gates=gates,
        broken=broken,
        country=country,
        problem=problem,
    )


def find_version(publication: pd.DataFrame) -> int:
    """Return the version of the plan that stands or is being made: 1, and one more each reopening.

    Args:
        publication: records of kind `publication` of one cycle.
    """
    return 1 + int((publication["status"] == "reopened").sum())


def hash_step(manifest: Manifest, step: str) -> str:
    """Return the hash of a step's tables as it stands in the manifest; empty where it never ran."""
    record = manifest.steps.get(STAGES[step])
    return hash_outputs(record.outputs) if record is not None else ""


def find_newest(folder: Path, cycle: str) -> str:
    """Return the cycle named, else the newest that was run.

    Raises:
        CycleError: no cycle was run.
    """
    names = [cycle] if cycle else list_cycles(folder)
    if not names:
        raise CycleError(f"No cycle was run in {folder} yet: sopkit run CYCLE")
    return names[-1]


def _find_due(paths: CyclePaths, manifest: Manifest) -> tuple[dict[str, list[str]], str, str]:
    """Return what a run would run, the country of the calendar, and why that cannot be told."""
    country = COUNTRY
    try:
        parameters = read_params(choose_params(paths.folder, paths.name))
        country = parameters.common.country
        return find_due(paths, manifest, parameters), country, ""
    except (SopkitError, OSError) as error:
        return {}, country, f"What a run would do cannot be told: {error}"


def _read_book(folder: Path, cycle: str, manifest: Manifest) -> tuple[dict[str, pd.DataFrame], str]:
    """Return the records of a cycle by kind, and the first broken link of the book's chain."""
    if not has_planbook(folder):
        gone = "there is none, but the cycle was published with one" if manifest.published else ""
        return {kind: find_kind(kind).table.empty() for kind in KINDS}, gone
    with open_planbook(folder, company=manifest.company) as book:
        records = {kind: book.read(kind, cycle, past=kind in PAST, as_left=True) for kind in KINDS}
        return records, book.check_chain(list_sealed_hashes(manifest))


def list_sealed_hashes(manifest: Manifest) -> list[str]:
    """Return the planbook's hash that a cycle was signed with; nothing where it is not signed."""
    kept = manifest.published.get("chain", "")
    return [kept] if kept else []


def _judge_gates(
    view: Cycle,
    manifest: Manifest,
    process: Process,
    records: Mapping[str, pd.DataFrame],
    due: Mapping[str, list[str]],
    signed: Mapping[str, Standing],
) -> dict[str, Gate]:
    gates = {}
    for number, name in enumerate(STEPS):
        reasons = _find_run_reasons(manifest, due, name)
        if not reasons:
            reasons = [*_find_reasons(view, manifest, process, records, name)]
        if process.approvals and name in ("consensus", "executive"):
            reasons += _find_unsigned(process, signed, STEPS[:number])
        gates[name] = Gate(name, tuple(reasons), tuple(_find_warnings(view, process, name)))
    of_steps = [reason for name in STEPS for reason in _find_run_reasons(manifest, due, name)]
    open_steps = [
        Reason("gate_open", {"step": name, "first": gates[name].reasons[0]})
        for name in STEPS
        if process.approvals
        and not gates[name].holds
        and not _find_run_reasons(manifest, due, name)
    ]
    unsigned = _find_unsigned(process, signed, STEPS) if process.approvals else []
    gates[PUBLISH] = Gate(PUBLISH, (*of_steps, *open_steps, *unsigned))
    return gates


def _find_run_reasons(manifest: Manifest, due: Mapping[str, list[str]], name: str) -> list[Reason]:
    record = manifest.steps.get(STAGES[name])
    if record is None:
        return [Reason("not_run", {"step": name})]
    if record.state != "ok":
        return [Reason("failed", {"step": name, "state": record.state})]
    if STAGES[name] in due:
        return [Reason("out_of_date", {"step": name, "why": due[STAGES[name]][0]})]
    return []


def _find_reasons(
    view: Cycle,
    manifest: Manifest,
    process: Process,
    records: Mapping[str, pd.DataFrame],
    name: str,
) -> list[Reason]:
    """Return what the step's own results hold its gate open with."""
    if name == "data":
        accepted = {table: record.rows for table, record in manifest.tables.items()}
        refused, finding = view.read_optional("refused_row"), view.read_optional("finding")
        return find_data_reasons(refused, finding, accepted, process.gates)
    if name == "demand" and process.gates.touched_overrides == "hold":
        return find_clashes(view.read_optional("override_clash"))
    if name == "supply":
        plan, hours = view.read_optional("constrained_plan"), view.read_optional("plan_resource")
        return find_supply_reasons(plan, hours, process.gates)
    if name == "consensus":
        conflict = view.read_optional("conflict")
        since = manifest.steps[STAGES[name]].started
        numbers = find_open_conflicts(conflict, records["conflict"], since)
        return name_open("conflicts", numbers)
    if name == "executive":
        decision = view.read_optional("decision")
        return name_open("decisions", find_open_decisions(decision, records["decision"]))
    return []


def _find_warnings(view: Cycle, process: Process, name: str) -> list[Reason]:
    if name == "demand" and process.gates.touched_overrides == "warn":
        return find_clashes(view.read_optional("override_clash"))
    return []


def _find_unsigned(
    process: Process, signed: Mapping[str, Standing], steps: tuple[str, ...]
) -> list[Reason]:
    return [
        Reason(f"unsigned_{signed[name].verdict}", {"step": name, "role": _signer(process, name)})
        for name in steps
        if signed[name].verdict != "approved"
    ]


def _signer(process: Process, step: str) -> str:
    return process.to_step(step).accountable
