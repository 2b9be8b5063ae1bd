"""After a run: what it found is entered into the planbook, once, as sopkit's own records.

What sopkit had opened and the run finds answered, or no longer there, is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from sopkit.cycle import STAGES, Cycle, CyclePaths, Manifest, view_cycle
from sopkit.messages import Catalogue, catalogue
from sopkit.params import Process, read_process
from sopkit.planbook import SOPKIT, Planbook, has_planbook, open_planbook
from sopkit.process.gates import drop_settled, drop_unasked
from sopkit.process.tasks import TAKEN, find_records
from sopkit.process.texts import say_proposal, say_task
from sopkit.process.tidy import judge_conflicts, judge_decisions, judge_tasks
from sopkit.report.labels import read_labels

_KPI_KEY = ["kpi", "level", "lag", "period"]


def keep_records(
    paths: CyclePaths, manifest: Manifest, now: datetime | None = None
) -> dict[str, int]:
    """Enter the conflicts, decisions, tasks and KPI of a run into the planbook; close its own.

    Only what is not there is entered, all as author `sopkit`. What sopkit opened and the run finds
    answered or gone is closed with the reason, and taken up again where a later run asks anew; see
    `tidy`. Nothing a person entered or answered is changed, and nothing counts as people's input
    of this cycle. Where nothing was found no book is made.
    Titles are English, with names for codes; pages tell the same in either language.

    Args:
        paths: the cycle's files.
        manifest: its record; tells which tables there are.
        now: time of entering, with zone; default: the clock's.

    Returns:
        How many records were entered, by kind.

    Raises:
        CycleError: the planbook is locked, or newer than this sopkit.
    """
    view, process = view_cycle(paths.name, paths.folder), read_process(paths.folder)
    t = catalogue("en", labels=read_labels(view)["en"])
    found = {
        "conflict": _to_conflicts(view.read_optional("conflict"), process),
        "decision": _to_decisions(view.read_optional("decision"), t),
        "task": _to_tasks(view.read_optional("task"), process, t),
        "kpi": _to_kpis(view.read_optional("kpi_value")),
    }
    entered = {}
    if any(len(rows) for rows in found.values()) or has_planbook(paths.folder):
        with open_planbook(paths.folder, company=manifest.company) as book:
            for kind, rows in found.items():
                past = kind in ("conflict", "task")
                known = book.read(kind, paths.name, past=past, as_left=True)
                new = rows[~_is_known(kind, rows, known, paths.name)].reset_index(drop=True)
                if len(new):
                    book.add(kind, new, paths.name, SOPKIT, source=f"run of {paths.name}", now=now)
                entered[kind] = len(new)
            _close_answered(book, view, manifest, now)
    return entered


def _close_answered(book: Planbook, view: Cycle, manifest: Manifest, now: datetime | None) -> None:
    """Close what sopkit opened and the cycle's tables do not ask for; each has its tables only."""
    cycle = view.name
    if "conflict" in manifest.tables:
        records = book.read("conflict", cycle, past=True)
        found = judge_conflicts(records, view.read_optional("conflict"), cycle)
        book.keep_own("conflict", found, now=now)
    if "decision" in manifest.tables:
        records = book.read("decision", cycle, past=True)
        book.keep_own(
            "decision", judge_decisions(records, view.read_optional("decision"), cycle), now=now
        )
    if "task" not in manifest.tables:
        return
    left = {
        kind: book.read(kind, cycle, past=True, as_left=True) for kind in ("conflict", "decision")
    }
    answers = [book.read(kind, cycle, past=True) for kind in left]
    named = pd.concat([answers[0].assign(origin=answers[0]["number"]),
                       answers[1].assign(origin=answers[1]["decision"])])  # fmt: skip
    asked = _list_asked(view, manifest, left)
    tasks = book.read("task", cycle, past=True)
    found = judge_tasks(tasks, asked, named[["origin", "number", "status"]], cycle)
    book.keep_own("task", found, now=now)


def _list_asked(
    view: Cycle, manifest: Manifest, left: Mapping[str, pd.DataFrame]
) -> set[tuple[str, str]]:
    """Return kind and origin of what is asked for: by tables and records, gates by the tasks."""
    run = manifest.steps.get(STAGES["consensus"])
    since = run.started if run else ""
    conflict = drop_settled(view.read_optional("conflict"), left["conflict"], since)
    task, record = view.read_optional("task"), left["decision"]
    now = drop_unasked(record, view.read_optional("decision"))
    gates = task[(task["kind"] == "gate") & (task["state"] == "open")]
    return {
        *(("settle", origin) for origin in conflict["conflict"]),
        *(("decide", origin) for origin in now.loc[now["status"] == "open", "decision"]),
        *(("carry_out", origin) for origin in record.loc[record["status"] == TAKEN, "decision"]),
        *(("gate", origin) for origin in gates["origin"]),
    }


def _is_known(kind: str, rows: pd.DataFrame, known: pd.DataFrame, cycle: str) -> pd.Series:
    """Mark the rows that a record stands for already."""
    if kind == "task":
        return find_records(rows.rename(columns={"asks": "kind"}), known, cycle).notna()
    keys = {"conflict": ["family", "kind"], "decision": ["decision"], "kpi": _KPI_KEY}[kind]
    standing = known[known["status"] != "withdrawn"] if kind == "conflict" else known
    there = {tuple(str(cell) for cell in row) for row in standing[keys].to_numpy()}
    marks = [tuple(str(cell) for cell in row) in there for row in rows[keys].to_numpy()]
    return pd.Series(marks, index=rows.index, dtype=bool)


def _to_conflicts(conflict: pd.DataFrame, process: Process) -> pd.DataFrame:
    """Return the new conflicts; one that nobody owns goes to the first of its task force."""
    columns = ["family", "kind", "first_value", "second_value", "gap_value"]
    columns += ["first_owner", "second_owner", "first_period", "last_period"]
    columns += ["task_force", "due_date", "escalate_to"]
    fresh = conflict[conflict["state"] == "new"].sort_values("conflict", kind="stable")
    members = [process.conflicts.list_members(kind)[0] for kind in fresh["kind"]]
    nobody = fresh["first_owner"].isna() & fresh["second_owner"].isna()
    first = pd.Series(members, index=fresh.index, dtype=object)
    return fresh.assign(first_owner=fresh["first_owner"].where(~nobody, first))[columns]


def _to_decisions(decision: pd.DataFrame, t: Catalogue) -> pd.DataFrame:
    """Return a record per decision, with what its proposal is expected to bring."""
    first = decision[decision["recommended"]].drop_duplicates("decision")
    rest = decision[~decision["decision"].isin(first["decision"])].drop_duplicates("decision")
    rows = pd.concat([first, rest]).sort_values("decision", kind="stable")
    names: list[Any] = [say_proposal(row, t) for row in _rows(rows)]
    rows = rows.assign(title=names, expected_value=rows["margin_value"])
    columns = ["decision", "title", "kind", "subject", "option", "owner", "due_date"]
    extra = ["diff"] if "diff" in rows.columns else []
    return rows[[*columns, "expected_value", *extra]]


def _to_tasks(task: pd.DataFrame, process: Process, t: Catalogue) -> pd.DataFrame:
    """Return the open tasks; one that nobody owns goes to who runs the executives' meeting."""
    own = task[(task["kind"] != "other") & (task["state"] == "open")]
    titles: list[Any] = [say_task(row, t) for row in _rows(own)]
    owners = own["owner"].fillna(process.to_step("executive").responsible)
    columns = ["title", "owner", "due_date", "origin", "asks"]
    return own.assign(title=titles, owner=owners, asks=own["kind"])[columns]


def _to_kpis(kpi: pd.DataFrame) -> pd.DataFrame:
    stated = kpi[kpi["kpi_number"].notna()]
    return stated[[*_KPI_KEY, "kpi_number", "unit", "n"]]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
