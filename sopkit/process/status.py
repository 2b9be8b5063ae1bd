"""Where a cycle stands, told to people: steps, owners, due days, gates, tasks, what was altered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle import STAGES, view_cycle
from sopkit.messages import Catalogue, catalogue
from sopkit.params.process import STEPS
from sopkit.process.calendar import count_days_late
from sopkit.process.gates import Gate, drop_ended, drop_settled, drop_unasked, is_escalated
from sopkit.process.judge import PUBLISH, Standings, judge_cycle
from sopkit.process.publish import find_altered
from sopkit.process.restated import list_restated
from sopkit.process.tasks import find_records, list_tasks
from sopkit.process.texts import say_gate, say_reason, say_task
from sopkit.report.labels import read_labels
from sopkit.run.state import is_behind

_HEAD = ("step", "state", "owner", "due", "late", "gate")
_TASKS_SHOWN = 10


@dataclass(frozen=True)
class StepLine:
    """A step in a line: state of its run, who does it, its day, calendar days late, its gate."""

    step: str
    state: str
    owner: str
    due: str
    late: int
    gate: str
    holds: bool
    verdict: str


def describe_cycle(folder: Path, cycle: str, now: datetime | None = None) -> list[str]:
    """Return the lines that tell where a cycle stands.

    Args:
        folder: the planning folder.
        cycle: the cycle.
        now: today, from which days late are counted; default: the clock's.

    Raises:
        CycleError: the cycle was never run.
    """
    state = judge_cycle(folder, cycle)
    manifest = state.manifest
    lines = [f"Cycle {cycle} of {manifest.company}: {manifest.state}, version {state.version}"]
    steps = list_steps(state, now)
    lines += _lay_out([_HEAD, *(_to_cells(step) for step in steps)])
    lines += _describe_runs(state)
    lines += _describe_records(state)
    lines.append(catalogue("en")("process.identity"))
    return [line.rstrip() for line in lines]


def to_facts(folder: Path, cycle: str, now: datetime | None = None) -> dict[str, Any]:
    """Return what `describe_cycle` tells as plain values, for programs.

    Raises:
        CycleError: the cycle was never run.
    """
    state = judge_cycle(folder, cycle)
    tasks, t = list_open_tasks(state), _name_codes(state)
    return {
        "cycle": cycle,
        "company": state.manifest.company,
        "state": state.manifest.state,
        "plan_version": state.version,
        "approvals": state.process.approvals,
        "steps": [vars(step) for step in list_steps(state, now)],
        "warnings": [say_reason(w) for gate in state.gates.values() for w in gate.warnings],
        "publish": {
            "holds": state.gates[PUBLISH].holds,
            "why": [say_reason(reason) for reason in state.gates[PUBLISH].reasons],
        },
        "would_run": state.due,
        "problem": state.problem,
        "tasks": [
            {
                "task": row["task"],
                "number": row["number"],
                "title": say_task(row, t),
                "owner": _text(row["owner"]),
                "due_date": _day(row["due_date"]),
            }
            for row in _rows(tasks)
        ],
        "chain": state.broken,
        "altered": find_altered(state.paths, state.manifest, state.records["publication"]),
        "identity": catalogue("en")("process.identity"),
    }


def list_steps(state: Standings, now: datetime | None = None) -> list[StepLine]:
    """Return the steps in order, and the publication.

    A step is done with its approval; without approvals, with its run. Days late: calendar days
    from its day to when it was done, else to today.
    """
    today = (now or datetime.now()).astimezone().isoformat()
    due = state.days.set_index("step")
    lines = []
    for name in STEPS:
        gate, signed = state.gates[name], state.signed[name]
        done = _find_done(state, name)
        day = pd.Timestamp(str(due.loc[name, "due_date"]))
        late = count_days_late(day, pd.Timestamp((done or today)[:19]))
        lines.append(
            StepLine(
                step=name,
                state=_state_of(state, name),
                owner=str(due.loc[name, "owner"]),
                due=_day(day),
                late=late,
                gate=say_gate(gate, signed),
                holds=gate.holds,
                verdict=signed.verdict,
            )
        )
    return [*lines, _to_publication(state, today)]


def list_open_tasks(state: Standings) -> pd.DataFrame:
    """Return the open tasks of a cycle as they stand now: contract `task`, and `number`.

    The number is that of the task's record in the planbook; where it has none yet, the task's own.
    """
    view = view_cycle(state.cycle, state.paths.folder)
    run = state.manifest.steps.get(STAGES["consensus"])
    conflict = drop_settled(
        view.read_optional("conflict"), state.records["conflict"], run.started if run else ""
    )
    tasks = list_tasks(
        view.read_optional("decision"),
        conflict,
        [] if state.manifest.state == "published" else find_result_gates(state),
        state.days,
        state.records["decision"],
        state.records["task"],
        state.cycle,
        country=state.country,
    )
    tasks = tasks[tasks["state"] == "open"].reset_index(drop=True)
    records = state.records["task"]
    number = find_records(tasks, records[records["status"] == "open"], state.cycle)
    number = number.where((tasks["kind"] != "other") & number.notna(), tasks["task"])
    return tasks.assign(number=number)


def find_result_gates(state: Standings) -> list[Gate]:
    """Return the gates of steps whose own results hold them open."""
    kept = ("refused", "errors", "clash", "check_balance", "check_hours", "check_stock")
    gates = []
    for name in STEPS:
        reasons = tuple(r for r in state.gates[name].reasons if r.key in kept)
        gates.append(Gate(name, reasons))
    return gates


def read_restated(state: Standings) -> pd.DataFrame:
    """Return the rows of closed months that were posted since the previous cycle."""
    view = view_cycle(state.cycle, state.paths.folder)
    return list_restated(view.read_optional("demand_history"), view.read_optional("past_history"))


def _to_publication(state: Standings, today: str) -> StepLine:
    gate = state.gates[PUBLISH]
    published = state.manifest.published
    day = state.days["due_date"].iloc[-1]
    done = str(published.get("at", ""))
    said = f"published by {published.get('by', '')} at {done}" if published else "holds"
    why = f"open: {say_reason(gate.reasons[0])}" if gate.reasons else said
    return StepLine(
        step=PUBLISH,
        state=state.manifest.state,
        owner=str(state.days["owner"].iloc[-1]),
        due=_day(day),
        late=count_days_late(day, pd.Timestamp((done or today)[:10])),
        gate=said if published else why,
        holds=gate.holds,
        verdict="approved" if published else "none",
    )


def _find_done(state: Standings, name: str) -> str:
    if state.process.approvals:
        signed = state.signed[name]
        return signed.entered_at if signed.verdict == "approved" else ""
    record = state.manifest.steps.get(STAGES[name])
    return record.started if record is not None and record.state == "ok" else ""


def _state_of(state: Standings, name: str) -> str:
    record = state.manifest.steps.get(STAGES[name])
    if record is None:
        return "not run"
    return "out of date" if STAGES[name] in state.due and record.state == "ok" else record.state


def _describe_runs(state: Standings) -> list[str]:
    manifest, lines = state.manifest, []
    for name, record in sorted(manifest.steps.items()):
        if record.error:
            lines.append(f"  {name}: {record.error.splitlines()[0]}")
    if is_behind(manifest):
        lines.append(f"The report does not show this yet: sopkit report {state.cycle}")
    if manifest.running and manifest.state != "published":
        lines.append(
            f"  a run is at work, or was cut off: process {manifest.running['process']}, "
            f"since {manifest.running['since']}"
        )
    if manifest.state == "published":
        return lines
    if state.problem:
        return [*lines, state.problem]
    if not state.due:
        return [*lines, "Every step holds: nothing would be run."]
    due = [f"  {name:20} {', '.join(why)}" for name, why in state.due.items()]
    return [
        *lines,
        f"sopkit run {state.cycle} would run",
        *due,
        "  and every step their tables feed.",
    ]


def _describe_records(state: Standings) -> list[str]:
    lines = [f"Note: {say_reason(w)}." for g in state.gates.values() for w in g.warnings]
    tasks, t = list_open_tasks(state), _name_codes(state)
    lines.append(f"Open tasks: {len(tasks)}")
    for row in _rows(tasks.head(_TASKS_SHOWN)):
        lines.append(
            f"  {_day(row['due_date'])}  {row['number']}  {say_task(row, t)}; {_text(row['owner'])}"
        )
    if len(tasks) > _TASKS_SHOWN:
        lines.append(f"  and {len(tasks) - _TASKS_SHOWN} more: sopkit status --json")
    lines += _describe_answers(state)
    restated = read_restated(state)
    if len(restated):
        first, last = restated["period"].min(), restated["period"].max()
        lines.append(
            f"Restated since the last cycle: {len(restated)} rows of {first:%Y-%m} to "
            f"{last:%Y-%m}, {restated['restated_value'].sum():+,.0f} in money."
        )
    lines.append(f"Planbook: {state.broken or 'every entry is as it was written.'}")
    return [*lines, *_describe_published(state)]


def _name_codes(state: Standings) -> Catalogue:
    """Return English with the company's names for its codes."""
    return catalogue("en", labels=read_labels(view_cycle(state.cycle, state.paths.folder))["en"])


def _describe_answers(state: Standings) -> list[str]:
    """Return how the first open conflict and decision are answered in the planbook."""
    if state.manifest.state == "published":
        return []
    view = view_cycle(state.cycle, state.paths.folder)
    conflicts = drop_ended(state.records["conflict"], view.read_optional("conflict"))
    decisions = drop_unasked(state.records["decision"], view.read_optional("decision"))
    told = {
        "conflict": 'Settle one: sopkit book change {} --set status=settled --set verdict="WHAT"',
        "escalated": "Escalate it: sopkit book change {} --set due_date=DAY --set escalate_to=ROLE",
        "decision": "Decide one: sopkit book change {} --set status=decided --set option=LETTER",
    }
    lines = []
    for kind, line in told.items():
        records = decisions if kind == "decision" else conflicts
        asked = records[(records["status"] == "open") & (records["cycle"] == state.cycle)]
        if kind == "escalated":
            asked = asked[~is_escalated(asked)]
        if len(asked):
            lines.append(f'{line.format(asked["number"].min())} --reason "WHY"')
    return lines


def _describe_published(state: Standings) -> list[str]:
    if state.manifest.state != "published":
        return []
    published = state.manifest.published
    lines = [f"Published by {published['by']} at {published['at']}."]
    altered = find_altered(state.paths, state.manifest, state.records["publication"])
    lines += [
        f"  table {name} was altered since: it is not what was signed (by the {who})"
        for name, who in altered.items()
    ]
    return lines


def _to_cells(step: StepLine) -> tuple[str, ...]:
    late = f"{step.late} d" if step.late else ""
    return (step.step, step.state, step.owner, step.due, late, step.gate)


def _lay_out(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEAD) - 1)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _day(day: Any) -> str:
    return "" if pd.isna(day) else f"{pd.Timestamp(day):%Y-%m-%d}"


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell)
