"""Records of every kind in `kinds`: entered, read, changed under a version, withdrawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy import insert as insert_into

from sopkit.errors import InputError
from sopkit.planbook import audit
from sopkit.planbook.cells import find_missing, find_problems, read_own, with_article
from sopkit.planbook.kinds import KINDS, SOPKIT, WITHDRAWN, Kind
from sopkit.planbook.left import to_left
from sopkit.planbook.rows import Row, check_author, refuse
from sopkit.planbook.schema import RECORD
from sopkit.tables import Column

_GIVEN = ("reason", "status")
_IN_TABLE = tuple(column.name for column in RECORD.columns if column.name != "id")


def to_rows(
    kind: Kind,
    frame: pd.DataFrame,
    cycle: str,
    author: str,
    reason: str,
    source: str,
    now: datetime,
) -> list[Row]:
    """Return rows fit to be entered, still without numbers.

    Raises:
        InputError: names every problem by row and column.
    """
    lines = check_author(author)
    unknown = [str(n) for n in frame.columns if n not in (*kind.column_names, *_GIVEN)]
    known = ", ".join((*kind.column_names, *_GIVEN))
    lines += [
        f"{name} is no column of {with_article(kind.name)}; there are {known}" for name in unknown
    ]
    rows = []
    for label, given in zip(frame.index, frame.to_dict("records"), strict=True):
        why = _text(given.get("reason")) or reason.strip()
        status = _text(given.get("status")) or kind.statuses[0]
        own, problems = read_own(kind, given)
        problems += find_problems(kind, own, status)
        if author.strip() != SOPKIT:
            problems += find_missing(kind, own, why)
        lines += [f"row {label}, {problem}" for problem in problems]
        rows.append({"own": own, "reason": why, "status": status, "row": label})
    refuse(f"The {kind.name} records are not fit to be entered", lines)
    at = now.isoformat(timespec="seconds")
    told = {
        "kind": kind.name,
        "cycle": cycle,
        "author": author.strip(),
        "entered_at": at,
        "source": source,
        "version": 1,
    }
    return [{**row, **told, **_closing(kind, row["status"], told, row["reason"])} for row in rows]


def insert(connection: Connection, company: str, kind: Kind, rows: list[Row]) -> list[Row]:
    """Number and enter rows and their audit entries; return them in their order.

    Raises:
        InputError: a name that is to be unique stands there already.
    """
    if not rows:
        return []
    refuse(
        f"The {kind.name} records are not fit to be entered",
        _find_doubles(connection, company, kind, rows),
    )
    first = _last_place(connection, company, kind, rows[0]["cycle"]) + 1
    kept = []
    for place, row in enumerate(rows, start=first):
        told = {name: row[name] for name in _IN_TABLE if name in row}
        number = f"{kind.letter}-{row['cycle']}-{place:03d}"
        content = audit.to_canonical(row["own"])
        kept.append({**told, "company": company, "number": number, "content": content})
    connection.execute(insert_into(RECORD), kept)
    audit.append(
        connection,
        company,
        [_to_entry(row, "add", row["author"], row["entered_at"], row["reason"]) for row in kept],
    )
    return kept


def _find_doubles(connection: Connection, company: str, kind: Kind, rows: list[Row]) -> list[str]:
    """Return rows whose unique column says what a standing record of the cycle says."""
    if not kind.unique:
        return []
    standing = _choose(company, kind, rows[0]["cycle"]).where(RECORD.c.status != WITHDRAWN)
    known = {
        read_content(row)[kind.unique]: row["number"]
        for row in map(dict, connection.execute(standing).mappings())
    }
    problems = []
    for row in rows:
        name = row["own"][kind.unique]
        if name in known:
            problems.append(
                f"row {row['row']}, {kind.unique}: {name} stands already, as {known[name]}"
            )
        known.setdefault(name, f"row {row['row']}")
    return problems


def _last_place(connection: Connection, company: str, kind: Kind, cycle: str) -> int:
    """Return the highest place given to a record of a kind in a cycle; 0 where there is none."""
    highest = (
        select(RECORD.c.number)
        .where(RECORD.c.company == company, RECORD.c.kind == kind.name, RECORD.c.cycle == cycle)
        .order_by(func.length(RECORD.c.number).desc(), RECORD.c.number.desc())
        .limit(1)
    )
    number = connection.execute(highest).scalar()
    return int(number.rsplit("-", 1)[1]) if number else 0


def _to_entry(row: Row, action: str, author: str, at: str, reason: str) -> audit.Entry:
    return audit.Entry(
        at, author, action, row["kind"], row["number"], row["version"], reason, to_state(row)
    )


def to_state(row: Mapping[str, Any]) -> str:
    """Return what a record says, see `audit.to_state`."""
    return audit.to_state({name: row[name] for name in _IN_TABLE})


def read(
    connection: Connection,
    company: str,
    kind: Kind,
    cycle: str | None,
    *,
    past: bool = False,
) -> list[Row]:
    """Return records of a kind in the order of cycles and places."""
    chosen = _choose(company, kind, cycle, past=past)
    records = [dict(row) for row in connection.execute(chosen).mappings()]
    return sorted(records, key=_in_order)


def _in_order(row: Row) -> tuple[str, int]:
    return row["cycle"], int(row["number"].rsplit("-", 1)[1])


def _choose(company: str, kind: Kind, cycle: str | None, *, past: bool = False) -> Select[Any]:
    chosen = select(RECORD).where(RECORD.c.company == company, RECORD.c.kind == kind.name)
    if cycle is not None:
        chosen = chosen.where(RECORD.c.cycle <= cycle if past else RECORD.c.cycle == cycle)
    return chosen


def to_frame(kind: Kind, records: Sequence[Row]) -> pd.DataFrame:
    """Return records as a frame: the common columns, then the kind's own, each of its kind.

    Raises:
        InputError: a record was altered so that it cannot be read.
    """
    flat = [{**row, **read_content(row)} for row in records]
    columns = {c.name: _to_series(c, [row.get(c.name) for row in flat]) for c in kind.table.columns}
    return pd.DataFrame(columns)


def read_content(row: Row) -> Row:
    """Return a record's own cells; one that a column was added to since has it blank.

    Raises:
        InputError: it was altered so that it cannot be read.
    """
    names = KINDS[row["kind"]].column_names
    try:
        return {**dict.fromkeys(names), **json.loads(row["content"])}
    except (ValueError, TypeError):
        raise InputError(
            f"{row['number']} was altered behind the audit trail and cannot be read; see "
            "sopkit book check, and put the planbook's last copy in its place."
        ) from None


def _to_series(column: Column, cells: list[Any]) -> pd.Series:
    if column.kind in ("month", "date"):
        return pd.Series(pd.to_datetime(cells, format="%Y-%m-%d"), dtype="datetime64[ns]")
    if column.kind == "number" or (column.kind == "whole" and None in cells):
        return pd.Series(cells, dtype="float64")
    return pd.Series(cells, dtype="int64" if column.kind == "whole" else "object")


def find(connection: Connection, company: str, kind: Kind, number: str) -> Row:
    """Return the record of a number.

    Raises:
        InputError: there is none.
    """
    wanted = _choose(company, kind, None).where(RECORD.c.number == number)
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise InputError(f"No {kind.name} of {company or 'this company'} has the number {number}.")
    return dict(found)


def change(
    connection: Connection,
    company: str,
    kind: Kind,
    number: str,
    changes: Mapping[str, object],
    author: str,
    reason: str,
    version: int | None,
    now: datetime,
    action: str = "change",
) -> Row:
    """Change cells or the status of a record, and enter that into the trail; return it.

    What the changes leave as it is, is no change: no version, no entry.

    Raises:
        InputError: it is not there, was changed meanwhile, is withdrawn, or would not be fit.
    """
    row = find(connection, company, kind, number)
    _check_version(connection, row, version)
    _check_standing(row, changes)
    own, status = _apply(kind, row, changes, author, reason)
    if (own, status) == (read_content(row), row["status"]):
        return row
    told = {"author": author.strip(), "entered_at": now.isoformat(timespec="seconds")}
    closed = {name: row[name] for name in ("closed_by", "closed_at", "closed_reason")}
    new = {
        **closed,
        **(_closing(kind, status, told, reason.strip()) if status != row["status"] else {}),
        "content": audit.to_canonical(own),
        "status": status,
        "version": row["version"] + 1,
    }
    here = (RECORD.c.id == row["id"], RECORD.c.version == row["version"])
    connection.execute(update(RECORD).where(*here).values(**new))
    row = {**row, **new}
    entry = _to_entry(row, action, told["author"], told["entered_at"], reason.strip())
    audit.append(connection, company, [entry])
    return row


def _apply(
    kind: Kind, row: Row, changes: Mapping[str, object], author: str, reason: str
) -> tuple[Row, str]:
    """Return a record's own cells and status with the changes in them.

    Raises:
        InputError: names all that is wrong with them.
    """
    may = (*kind.column_names, "status")
    problems = check_author(author)
    if not reason.strip() and author.strip() != SOPKIT:
        problems.append("the reason is blank")
    problems += [
        f"{name} cannot be changed; {', '.join(may)} can" for name in changes if name not in may
    ]
    status = str(changes.get("status", row["status"]))
    own, unfit = read_own(kind, {**read_content(row), **changes})
    problems += [*unfit, *find_problems(kind, own, status)]
    refuse(f"{row['number']} is not changed", problems)
    return own, status


def _check_version(connection: Connection, row: Row, version: int | None) -> None:
    if version is None or version == row["version"]:
        return
    trail = audit.read(connection, row["company"], row["kind"], row["number"])
    said = [line for changed, line in audit.describe_history(trail) if changed > version]
    raise InputError(
        f"{row['number']} was changed meanwhile: you read version {version}, now it is "
        f"{row['version']}. {'. '.join(said)}. Read it again; nothing was changed."
    )


def _check_standing(row: Row, changes: Mapping[str, object]) -> None:
    """Raise where a record is withdrawn; what sopkit withdrew may be given another status."""
    if row["status"] != WITHDRAWN:
        return
    by_sopkit = row["closed_by"] == SOPKIT
    if by_sopkit and changes.get("status", WITHDRAWN) != WITHDRAWN:
        return
    way = "Give it another status to take it up again." if by_sopkit else "Enter a new one."
    raise InputError(
        f"{row['number']} is withdrawn already, by {row['closed_by']} at {row['closed_at']}: "
        f"{row['closed_reason']}. {way}"
    )


def withdraw(
    connection: Connection,
    company: str,
    kind: Kind,
    number: str,
    author: str,
    reason: str,
    version: int | None,
    now: datetime,
) -> Row:
    """Mark a record withdrawn, with who, when and why; return it.

    Raises:
        InputError: as of `change`, or its kind is never withdrawn.
    """
    if WITHDRAWN not in kind.statuses:
        raise InputError(
            f"{with_article(kind.name).capitalize()} is not withdrawn; it may be "
            f"{', '.join(kind.statuses)}."
        )
    changes = {"status": WITHDRAWN}
    return change(
        connection, company, kind, number, changes, author, reason, version, now, "withdraw"
    )


def _closing(kind: Kind, status: str, told: Mapping[str, Any], reason: str) -> Row:
    """Return who ended a record, when and why; blank where its status does not end it."""
    ended = status == WITHDRAWN or status in kind.closing
    return {
        "closed_by": told["author"] if ended else None,
        "closed_at": told["entered_at"] if ended else None,
        "closed_reason": reason if ended else None,
    }


def list_content(connection: Connection, company: str, cycle: str, step: str) -> list[list[object]]:
    """Return what a step's run reads of the records: no clock, no author, no run's own records.

    Records that people touched or that earlier cycles opened, as people left them; what sopkit
    opened for this cycle and nobody touched is left out, and what it closed stands as it began, so
    that a run does not make itself out of date. A task, such as one of a step that was sent back,
    counts for the executive review alone: no other page shows tasks.
    """
    chosen = select(RECORD).where(
        RECORD.c.company == company, RECORD.c.kind.in_(_READ_BY[step]), RECORD.c.cycle <= cycle
    )
    standing = [dict(row) for row in connection.execute(chosen).mappings()]
    rows = to_left(connection, company, standing)
    counts = [
        row for row in rows if row["cycle"] < cycle or row["author"] != SOPKIT or row["version"] > 1
    ]
    return [
        [row[name] for name in ("kind", "number", "cycle", "status", "reason", "content")]
        for row in sorted(counts, key=lambda row: (row["kind"], *_in_order(row)))
    ]


_CONSENSUS = ("assumption", "scenario", "action", "conflict", "decision")
_READ_BY = {"demand": (), "consensus": _CONSENSUS, "executive": (*_CONSENSUS, "task", "kpi")}


def _text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else ""
