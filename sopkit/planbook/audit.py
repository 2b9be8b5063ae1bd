"""The audit trail: what was written, by whom, when and why; each entry sealed to the one before.

Every company's entries are numbered from 1 without holes. An entry's hash is taken over all it
says and the hash before it, so that none can be altered, moved or taken out unseen. The database
itself refuses to change or delete an entry (see the migration r002).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, func, select
from sqlalchemy import insert as insert_into

from sopkit.errors import CycleError
from sopkit.planbook.kinds import SOPKIT
from sopkit.planbook.rows import Row, check_author, refuse
from sopkit.planbook.schema import AUDIT

CLOCK_TOLERANCE = timedelta(minutes=5)
CARRIED, CLOCK, BOOK = "carried", "clock", "book"
COLUMNS = tuple(column.name for column in AUDIT.columns)
_NOT_STATE = ("id", "superseded_at")


class Entry(NamedTuple):
    """One write of one record.

    Args:
        at: when, ISO 8601 with zone.
        author: who.
        action: add, change, withdraw; carried (it stood there before the trail began); clock.
        kind, number, version: of the record as it is now.
        reason: why.
        content: the record as it is now, see `to_state`.
    """

    at: str
    author: str
    action: str
    kind: str
    number: str
    version: int
    reason: str
    content: str


def to_state(row: Mapping[str, Any]) -> str:
    """Return what a record says as text that is the same on every database: sorted JSON.

    Its `id` is left out, and `superseded_at`, which the next number of a stream tells.
    """
    said = {name: _plain(cell) for name, cell in row.items() if name not in _NOT_STATE}
    return to_canonical(said)


def to_canonical(value: object) -> str:
    """Return plain values as JSON text, the same for the same values."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _plain(cell: Any) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    return cell + 0.0 if isinstance(cell, float) else cell  # a database knows no -0


def name_stream(row: Mapping[str, Any]) -> str:
    """Return what an entry of a stream is called: cycle, stream, level and month."""
    level = [row[name] for name in ("cycle", "stream", "item", "family", "location", "customer")]
    return "/".join([*level, str(row["period"])[:7]])


def hash_entry(company: str, seq: int, entry: Entry, previous: str) -> str:
    """Return the SHA-256 over everything an entry says and the hash before it."""
    return hashlib.sha256(to_canonical([company, seq, *entry, previous]).encode()).hexdigest()


def seal_entries(
    company: str, entries: Sequence[Entry], seq: int = 0, previous: str = ""
) -> list[Row]:
    """Return rows of the trail that follow the entry `seq` with the hash `previous`."""
    rows = []
    for entry in entries:
        seq += 1
        sealed = hash_entry(company, seq, entry, previous)
        told = entry._asdict()
        rows.append({"company": company, "seq": seq, **told, "previous": previous, "hash": sealed})
        previous = sealed
    return rows


def append(connection: Connection, company: str, entries: Sequence[Entry]) -> None:
    """Enter what was written, in the transaction that writes it.

    Raises:
        CycleError: the time lies before the last entry's: a clock was moved.
    """
    if not entries:
        return
    last = (
        select(AUDIT.c.seq, AUDIT.c.at, AUDIT.c.hash)
        .where(AUDIT.c.company == company)
        .order_by(AUDIT.c.seq.desc())
        .limit(1)
    )
    found = connection.execute(last).first()
    seq, at, previous = tuple(found) if found else (0, "", "")
    if at and entries[0].action != CLOCK:
        check_clock(at, entries[0].at)
    connection.execute(insert_into(AUDIT), seal_entries(company, entries, seq, previous))


def accept_clock(
    connection: Connection, company: str, author: str, reason: str, now: datetime
) -> None:
    """Enter that the clock is right now, whatever the last entry says.

    Raises:
        InputError: author or reason is blank.
    """
    blank = [] if reason.strip() else ["the reason is blank"]
    refuse("The clock is not accepted", check_author(author) + blank)
    at = now.isoformat(timespec="seconds")
    entry = Entry(at, author.strip(), CLOCK, BOOK, CLOCK, 1, reason.strip(), "{}")
    append(connection, company, [entry])


def check_clock(last: str, now: str) -> None:
    """Raise where the time of a write lies before that of the last one; nothing is written.

    Five minutes are allowed, since the clocks of two machines never agree.

    Args:
        last, now: ISO 8601 with zone.

    Raises:
        CycleError: names both times.
    """
    if datetime.fromisoformat(now) < datetime.fromisoformat(last) - CLOCK_TOLERANCE:
        raise CycleError(
            f"The clock says {now}, but the planbook's last entry was made at {last}. Set the "
            "clock right and try again; nothing was written and nothing is lost. If that entry's "
            "time was the wrong one, say so: sopkit book clock --reason WHY"
        )


def list_companies(connection: Connection) -> list[str]:
    """Return the companies of whom the trail tells, in alphabetical order."""
    chosen = select(AUDIT.c.company).distinct().order_by(AUDIT.c.company)
    return [str(name) for name in connection.execute(chosen).scalars()]


def read(
    connection: Connection, company: str, kind: str | None = None, number: str | None = None
) -> pd.DataFrame:
    """Return the trail as a frame, in its order."""
    chosen = select(AUDIT).where(AUDIT.c.company == company).order_by(AUDIT.c.seq)
    if kind is not None:
        chosen = chosen.where(AUDIT.c.kind == kind)
    if number is not None:
        chosen = chosen.where(AUDIT.c.number == number)
    records = [tuple(row) for row in connection.execute(chosen)]
    columns = {name: "object" for name in COLUMNS if name not in ("seq", "version")}
    frame = pd.DataFrame(records, columns=list(COLUMNS))
    return frame.astype({**columns, "seq": "int64", "version": "int64"})


def count_touches(connection: Connection, company: str) -> dict[str, int]:
    """Return how often people changed each record since it was entered, by number; never: left out.

    What sopkit itself closes and takes up again counts for nobody.
    """
    chosen = (
        select(AUDIT.c.number, func.count())
        .where(AUDIT.c.company == company, AUDIT.c.author != SOPKIT, AUDIT.c.action != "add")
        .group_by(AUDIT.c.number)
    )
    return {str(number): int(times) for number, times in connection.execute(chosen)}


def describe_history(trail: pd.DataFrame) -> list[tuple[int, str]]:
    """Return version and line for each write of one record: who changed what, when and why.

    Args:
        trail: the audit entries of one record, in their order.

    Example:
        (2, "li at 2026-11-20T09:00:00+08:00: status from 'open' to 'done' (sent)")
    """
    lines = []
    before: dict[str, Any] = {}
    for entry in trail.to_dict("records"):
        now = flatten(json.loads(entry["content"]))
        told = [
            f"{name} from {before[name]!r} to {cell!r}"
            for name, cell in now.items()
            if before and before.get(name) != cell and name not in _BOOKKEEPING
        ]
        why = f" ({entry['reason']})" if entry["reason"] else ""
        what = ", ".join(told) or entry["action"]
        lines.append((int(entry["version"]), f"{entry['author']} at {entry['at']}: {what}{why}"))
        before = now
    return lines


_BOOKKEEPING = (
    "version",
    *("closed_by", "closed_at", "closed_reason"),
    *("withdrawn_by", "withdrawn_at", "withdrawn_reason"),
)


def flatten(state: dict[str, Any]) -> dict[str, Any]:
    """Return a record's state with its own columns beside the common ones."""
    own = json.loads(state["content"]) if "content" in state else {}
    return {**{name: cell for name, cell in state.items() if name != "content"}, **own}
