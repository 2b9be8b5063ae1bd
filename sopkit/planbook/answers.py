"""What sopkit itself asked for is closed when it is answered, and taken up when it is asked anew.

::

    conflict  open      asks to settle it      settled: done;   withdrawn: withdrawn
    decision  open      asks to decide it      decided, done, dropped: done;   withdrawn: withdrawn
    decision  decided   asks to carry it out   done: done;   open, dropped, withdrawn: withdrawn

What people entered is never closed here. What sopkit closed is no answer of a person: pages and
gates read it as people left it (see `left`), and it may be taken up again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from sopkit.errors import InputError
from sopkit.planbook import audit, records
from sopkit.planbook.kinds import SOPKIT, WITHDRAWN, Kind, find_kind
from sopkit.planbook.left import is_closed_by_sopkit
from sopkit.planbook.rows import Row

ASKS = {
    ("conflict", "open"): "settle",
    ("decision", "open"): "decide",
    ("decision", "decided"): "carry_out",
}
ANSWERED = {
    "settle": ("settled",),
    "decide": ("decided", "done", "dropped"),
    "carry_out": ("done",),
}
_ESCALATION = ("due_date", "escalate_to")
_TASK = find_kind("task")


def find_closing(asked: str, status: str) -> str:
    """Return where a task stands when what it asks for came to stand at `status`.

    Example:
        >>> find_closing("decide", "decided"), find_closing("decide", "withdrawn")
        ('done', 'withdrawn')
    """
    return "done" if status in ANSWERED[asked] else WITHDRAWN


def follow(
    connection: Connection, company: str, record: Row, author: str, reason: str, now: datetime
) -> None:
    """Bring sopkit's tasks about a conflict or decision to where its change leaves them.

    Tasks that ask for what was answered are closed, with the record that answered; the task that
    is asked for now is taken up again, and carrying out follows where sopkit asked to decide.

    Args:
        record: the record after the change; other kinds ask for nothing.
        author: who changed it.
        reason: why.
        now: time of the change.
    """
    if record["kind"] not in ("conflict", "decision"):
        return
    own = records.read_content(record)
    tasks = _list_own_tasks(connection, company, _name_origin(record, own))
    asked = ASKS.get((record["kind"], record["status"]), "")
    said = f"{record['number']} is {record['status']}, by {author}: {reason}"
    for task in tasks:
        told = _asks(task)
        if task["status"] == "open" and told != asked:
            _set(connection, company, _TASK, task, find_closing(told, record["status"]), said, now)
    same = [task for task in tasks if _asks(task) == asked]
    closed = [task for task in same if is_closed_by_sopkit(task)]
    if closed and not any(task["status"] == "open" for task in same):
        _set(connection, company, _TASK, closed[-1], "open", said, now)
    if asked == "carry_out":
        _carry_out(connection, company, record, tasks, said, now)


def keep_own(
    connection: Connection,
    company: str,
    kind: Kind,
    standing: Mapping[str, tuple[str, str]],
    now: datetime,
) -> list[str]:
    """Set where sopkit's own records stand, and its tasks about them; return those changed.

    A record that a person entered, or answered meanwhile, is left as it is.

    Args:
        standing: by number, the status and why.
    """
    changed = []
    for number, (status, reason) in standing.items():
        row = records.find(connection, company, kind, number)
        if not _is_own(kind, row) or row["status"] == status:
            continue
        row = _set(connection, company, kind, row, status, reason, now)
        follow(connection, company, row, SOPKIT, reason, now)
        changed.append(number)
    return changed


def check_escalation(
    connection: Connection, company: str, record: Row, changes: Mapping[str, object]
) -> None:
    """Raise where a conflict was to be escalated to the role and day that stand there already.

    Args:
        record: the record, which the changes leave as it is.
        changes: what was to be changed.

    Raises:
        InputError: says what stands there, and what to do.
    """
    escalates = record["kind"] == "conflict" and any(name in changes for name in _ESCALATION)
    if not escalates or record["status"] != "open":
        return
    number, own = record["number"], records.read_content(record)
    people = audit.count_touches(connection, company).get(number, 0)
    how = "is escalated" if people else "goes, as sopkit opened it,"
    raise InputError(
        f"{number} {how} to {own['escalate_to']} after {own['due_date']} already; nothing was "
        "changed. To escalate it, name a later day or another role: sopkit book change "
        f"{number} --set due_date=DAY --set escalate_to=ROLE; or settle it: --set status=settled "
        '--set verdict="WHAT".'
    )


def _is_own(kind: Kind, row: Row) -> bool:
    """Return whether sopkit opened a record and nobody answered it."""
    is_open = row["status"] == kind.statuses[0]
    return row["author"] == SOPKIT and (is_open or is_closed_by_sopkit(row))


def _set(
    connection: Connection,
    company: str,
    kind: Kind,
    row: Row,
    status: str,
    reason: str,
    now: datetime,
) -> Row:
    action = "withdraw" if status == WITHDRAWN else "change"
    number, version, told = row["number"], row["version"], {"status": status}
    return records.change(
        connection, company, kind, number, told, SOPKIT, reason, version, now, action
    )


def _name_origin(record: Row, own: Row) -> str | None:
    """Return what tasks about a record name as their origin."""
    return record["number"] if record["kind"] == "conflict" else own["decision"]


def _list_own_tasks(connection: Connection, company: str, origin: str | None) -> list[Row]:
    """Return the tasks that sopkit opened about an origin, in their order."""
    if not origin:
        return []
    tasks = records.read(connection, company, _TASK, None)
    own = [task for task in tasks if task["author"] == SOPKIT]
    return [t for t in own if records.read_content(t)["origin"] == origin and _asks(t) in ANSWERED]


def _asks(task: Row) -> str:
    """Return what a task of sopkit asks for; one from before tasks said so, by its origin."""
    own = records.read_content(task)
    return str(own["asks"] or guess_asked(own["origin"]))


def guess_asked(origin: object) -> str:
    """Return what a task that does not say it asks for, by what it follows from.

    Example:
        >>> guess_asked("C-2026-11-001"), guess_asked("2026-11-D1"), guess_asked("demand")
        ('settle', 'decide', 'gate')
    """
    text = str(origin)
    if re.fullmatch(r"C-\d{4}-\d{2}-\d+", text):
        return "settle"
    if re.fullmatch(r"\d{4}-\d{2}-D\d+", text):
        return "decide"
    return "gate" if text in ("data", "demand", "supply", "consensus", "executive") else ""


def _carry_out(
    connection: Connection, company: str, record: Row, tasks: list[Row], said: str, now: datetime
) -> None:
    """Open the task to carry a decision out, where sopkit asked to decide; or mend its words."""
    asking = next((task for task in tasks if _asks(task) == "decide"), None)
    if asking is None:
        return
    own, before = records.read_content(record), records.read_content(asking)
    title = before["title"].replace("Decide ", f"Carry out option {own['option']} of ", 1)
    told = {"title": title, "owner": own["owner"]}
    standing = [task for task in tasks if _asks(task) == "carry_out"]
    if standing:
        last = records.find(connection, company, _TASK, standing[-1]["number"])
        if last["status"] == "open":
            number, version = last["number"], last["version"]
            records.change(connection, company, _TASK, number, told, SOPKIT, said, version, now)
        return
    days = [day for day in (own["due_date"], before["due_date"]) if day]
    told |= {"asks": "carry_out", "origin": before["origin"], "due_date": max(days, default=None)}
    frame, cycle = pd.DataFrame([told], dtype=object), record["cycle"]
    rows = records.to_rows(_TASK, frame, cycle, SOPKIT, said, record["number"], now)
    records.insert(connection, company, _TASK, rows)
