"""Agenda and minutes of a meeting, written from the records alone, as text and as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle import STAGES, view_cycle, write_atomic
from sopkit.messages import Catalogue, catalogue
from sopkit.planbook import SOPKIT
from sopkit.process.calendar import find_last_day
from sopkit.process.gates import drop_ended, drop_unasked, is_escalated
from sopkit.process.judge import Standings, judge_cycle
from sopkit.process.sheet import Section, Sheet, to_html, to_text
from sopkit.process.sign import NO_REMARK
from sopkit.process.status import list_open_tasks, list_steps, read_restated
from sopkit.process.texts import list_owners, say_reason, say_step, say_task
from sopkit.report.company import read_company
from sopkit.report.labels import read_labels
from sopkit.run.steps import find_step

_MEETINGS_OF_MONEY = ("consensus", "executive")
Row = dict[str, Any]


@dataclass(frozen=True)
class Meeting:
    """What a sheet is made from: the cycle as it stands, the step, and the language."""

    state: Standings
    step: str
    t: Catalogue

    def say(self, key: str, **values: Any) -> str:
        """Return a message of the process."""
        return self.t(f"process.{key}", **values)


def write_agenda(
    folder: Path, cycle: str, step: str, lang: str = "en", now: datetime | None = None
) -> tuple[str, Path]:
    """Write the agenda of a step's meeting; return its text and the page.

    Args:
        folder: the planning folder; the page goes to `reports/<cycle>/`.
        cycle: the cycle.
        step: `demand`, `02` or `02_demand_review`.
        lang: en or zh.
        now: today, from which inputs are late; default: the clock's.

    Raises:
        ParameterError: no such step.
        CycleError: the cycle was never run.
    """
    meeting = _open_meeting(folder, cycle, step, lang)
    return _write(meeting, compose_agenda(meeting, now), "agenda")


def write_minutes(folder: Path, cycle: str, step: str, lang: str = "en") -> tuple[str, Path]:
    """Write the minutes of a step's meeting; return their text and the page.

    Raises:
        ParameterError: no such step.
        CycleError: the cycle was never run.
    """
    meeting = _open_meeting(folder, cycle, step, lang)
    return _write(meeting, compose_minutes(meeting), "minutes")


def compose_agenda(meeting: Meeting, now: datetime | None = None) -> Sheet:
    """Return the agenda: question, what holds the gate, conflicts, decisions, tasks, delays."""
    state, say = meeting.state, meeting.say
    step = state.process.to_step(meeting.step)
    due = state.days.set_index("step").loc[meeting.step, "due_date"]
    gate = state.gates[meeting.step]
    sections = [
        Section(say("agenda.question"), (say(f"question.{meeting.step}"),)),
        _section(meeting, "agenda.open", [say_reason(r, meeting.t) for r in gate.reasons]),
    ]
    if meeting.step in _MEETINGS_OF_MONEY:
        sections += [
            _section(meeting, "agenda.conflicts", _list_open_conflicts(meeting)),
            _section(meeting, "agenda.decisions", _list_open_decisions(meeting)),
        ]
    sections += [
        _section(meeting, "agenda.tasks", _say_tasks(meeting, list_open_tasks(state))),
        _section(meeting, "agenda.late", _list_late(meeting, now)),
    ]
    names = {"owner": step.responsible, "signer": step.accountable}
    return Sheet(_title(meeting, "agenda"), say("agenda.sub", due=due, **names), tuple(sections))


def compose_minutes(meeting: Meeting) -> Sheet:
    """Return the minutes: signatures, decisions, conflicts settled or open, tasks still open."""
    say, version = meeting.say, meeting.state.version
    sections = [_section(meeting, "minutes.verdicts", _list_verdicts(meeting))]
    if meeting.step in _MEETINGS_OF_MONEY:
        sections += [
            _section(meeting, "minutes.decisions", _list_taken(meeting)),
            _section(meeting, "minutes.conflicts", _list_disputes(meeting)),
        ]
    sections.append(_section(meeting, "minutes.tasks", _list_opened_tasks(meeting)))
    return Sheet(_title(meeting, "minutes"), say("minutes.sub", version=version), tuple(sections))


def _open_meeting(folder: Path, cycle: str, step: str, lang: str) -> Meeting:
    name = find_step(step).section
    state = judge_cycle(folder, cycle)
    company = read_company(folder, state.manifest)
    labels = read_labels(view_cycle(cycle, folder))[lang]
    t = catalogue(lang, company.currency, company.volume_unit, labels)
    return Meeting(state, name, t)


def _write(meeting: Meeting, sheet: Sheet, kind: str) -> tuple[str, Path]:
    state = meeting.state
    identity = meeting.say("identity")
    name = f"{kind}_{STAGES[meeting.step][:2]}_{meeting.step}.{meeting.t.lang}.html"
    path = state.paths.folder / "reports" / state.cycle / name
    write_atomic(path, to_html(sheet, meeting.t.lang, identity).encode())
    return to_text(sheet, identity), path


def _title(meeting: Meeting, kind: str) -> str:
    step = say_step(meeting.step, meeting.t)
    return meeting.say(f"{kind}.title", step=step, cycle=pd.Timestamp(f"{meeting.state.cycle}-01"))


def _section(meeting: Meeting, key: str, lines: Iterable[str]) -> Section:
    told = tuple(" ".join(line.split()) for line in lines)
    return Section(meeting.say(key), told or (meeting.say(f"{key}_none"),))


def _list_open_conflicts(meeting: Meeting) -> list[str]:
    records = _list_conflicts(meeting)
    return [
        meeting.say(
            "agenda.conflict_row",
            number=row["number"],
            kind=row["kind"],
            family=row["family"],
            first=row["first_value"],
            second=row["second_value"],
            gap=row["gap_value"],
            first_owner=row["first_owner"],
            second_owner=row["second_owner"],
            due=row["due_date"],
        )
        for row in _rows(records[records["status"] == "open"])
    ]


def _list_open_decisions(meeting: Meeting) -> list[str]:
    state = meeting.state
    asked = view_cycle(state.cycle, state.paths.folder).read_optional("decision")
    records = drop_unasked(_of_cycle(meeting, "decision"), asked)
    return [
        meeting.say(
            "agenda.decision_row",
            number=row["number"],
            kind=row["kind"],
            subject=row["subject"],
            option=row["option"],
            value=row["expected_value"],
            owner=list_owners(row["owner"]),
            due=_find_due(meeting, row),
        )
        for row in _rows(records[records["status"] == "open"])
    ]


def _find_due(meeting: Meeting, decision: Row) -> pd.Timestamp:
    """Return by when a decision of this cycle is answered, as its task has it."""
    state = meeting.state
    day = state.days.set_index("step").loc["executive", "due_date"]
    return find_last_day(decision["due_date"], pd.Timestamp(str(day)), state.country)


def _of_cycle(meeting: Meeting, kind: str) -> pd.DataFrame:
    records = meeting.state.records[kind]
    return records[records["cycle"] == meeting.state.cycle]


def _say_tasks(meeting: Meeting, tasks: pd.DataFrame) -> list[str]:
    return [
        meeting.say(
            "agenda.task_row",
            number=row["number"],
            title=say_task(row, meeting.t),
            owner=list_owners(row["owner"]),
            due=row["due_date"],
        )
        for row in _rows(tasks)
    ]


def _list_late(meeting: Meeting, now: datetime | None) -> list[str]:
    state = meeting.state
    lines = [
        meeting.say(
            "agenda.late_row",
            step=say_step(line.step, meeting.t),
            due=pd.Timestamp(line.due),
            role=line.owner,
        )
        for line in list_steps(state, now)
        if line.late and line.verdict != "approved" and line.step in state.signed
    ]
    if meeting.step in ("data", "demand"):
        restated = read_restated(state)
        key = "agenda.restated" if len(restated) else "agenda.restated_none"
        total = restated["restated_value"].sum(min_count=1)
        lines.append(meeting.say(key, n=len(restated), value=total))
    return lines


def _list_verdicts(meeting: Meeting) -> list[str]:
    approval = meeting.state.records["approval"]
    lines = [
        meeting.say(
            f"minutes.{row['verdict']}_row",
            author=row["author"],
            role=row["role"],
            at=pd.Timestamp(row["entered_at"][:10]),
            reason=_say_remark(meeting, row),
        )
        for row in _rows(approval[approval["step"] == meeting.step])
    ]
    return lines + (_list_publications(meeting) if meeting.step == "executive" else [])


def _say_remark(meeting: Meeting, approval: Row) -> str:
    """Return the remark of a signature; one on an earlier version of the plan says so."""
    remark = "" if approval["reason"] == NO_REMARK else _text(approval["reason"], meeting.t)
    version = approval["plan_version"]
    if version == version and version is not None and int(version) < meeting.state.version:
        return f"{remark} {meeting.say('minutes.of_version', version=int(version))}".strip()
    return remark


def _list_publications(meeting: Meeting) -> list[str]:
    lines = []
    for row in _rows(meeting.state.records["publication"]):
        told = {"version": row["plan_version"], "author": row["author"]}
        at = pd.Timestamp(row["entered_at"][:10])
        lines.append(meeting.say("minutes.published", at=at, **told))
        if row["status"] == "reopened":
            closed = pd.Timestamp(row["closed_at"][:10])
            told = {**told, "author": row["closed_by"], "reason": row["closed_reason"]}
            lines.append(meeting.say("minutes.reopened", at=closed, **told))
    return lines


def _list_taken(meeting: Meeting) -> list[str]:
    records = _of_cycle(meeting, "decision")
    return _say_each(
        meeting,
        "minutes.decision_row",
        records[records["status"] != "open"],
        lambda row: {
            "title": _name_decision(meeting, row),
            "option": row["option"],
            "owner": list_owners(row["owner"]),
            "due": _find_due(meeting, row),
        },
    )


def _list_conflicts(meeting: Meeting) -> pd.DataFrame:
    """Return records of the conflicts that stand open, and of those closed since the month began.

    Verdicts of earlier months stand in the minutes of theirs.
    """
    state = meeting.state
    view, records = view_cycle(state.cycle, state.paths.folder), state.records["conflict"]
    if "conflict" in state.manifest.tables:
        records = drop_ended(records, view.read_optional("conflict"))
    closed = records["closed_at"].fillna("").astype(str).str[:7]
    new = (records["cycle"] == state.cycle) | (closed >= state.cycle)
    return records[(records["status"] == "open") | new]


def _list_disputes(meeting: Meeting) -> list[str]:
    """Return the conflicts in lines: settled, given to the role above, or left open."""
    records = _list_conflicts(meeting)
    above = dict(zip(records["number"], is_escalated(records), strict=True))
    return [
        line
        for row in _rows(records)
        for line in _say_each(
            meeting,
            f"minutes.conflict_{_name_outcome(row, above[row['number']])}row",
            pd.DataFrame([row]),
            lambda row: {
                "kind": row["kind"],
                "family": row["family"],
                "gap": row["gap_value"],
                "to": row["escalate_to"],
                "due": row["due_date"],
            },
        )
    ]


def _name_outcome(row: Row, escalated: bool) -> str:
    if row["status"] != "open":
        return ""
    return "escalated_" if escalated else "open_"


def _list_opened_tasks(meeting: Meeting) -> list[str]:
    """Return the tasks that this cycle opened in this step and that nothing has answered yet.

    A task of a signature is told with the step it was given on; decisions, conflicts and people's
    own tasks with the meetings of money.
    """
    state = meeting.state
    tasks = list_open_tasks(state)
    tasks = tasks[tasks["opened_cycle"] == state.cycle]
    given = state.records["approval"]
    own = set(given.loc[given["step"] == meeting.step, "number"]) | {meeting.step}
    if meeting.step in _MEETINGS_OF_MONEY:
        others = set(given["number"]) - own | set(state.signed) - own
        rows = tasks[~tasks["origin"].isin(others)]
    else:
        rows = tasks[tasks["origin"].isin(own)]
    return _say_tasks(meeting, rows)


def _say_each(
    meeting: Meeting, key: str, rows: pd.DataFrame, values: Callable[[Row], Row]
) -> list[str]:
    return [
        meeting.say(
            key,
            number=row["number"],
            status=row["status"],
            said=_join(meeting, row.get("verdict"), row["closed_reason"]),
            **values(row),
        )
        for row in _rows(rows)
    ]


def _name_decision(meeting: Meeting, row: Row) -> str:
    """Return what a decision is about: a person's title, or a run's kind and subject in words."""
    if row["author"] != SOPKIT:
        return meeting.t.text(row["title"])
    return meeting.say("minutes.about", kind=row["kind"], subject=row["subject"])


def _rows(frame: pd.DataFrame) -> list[Row]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def _join(meeting: Meeting, *said: Any) -> str:
    return "; ".join(filter(None, (_text(one, meeting.t) for one in said)))


def _text(cell: Any, t: Catalogue) -> str:
    return "" if cell is None or cell != cell else t.text(cell)
