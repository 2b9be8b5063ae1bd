"""Whether the audit trail is whole, and whether the records are what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Table, select

from sopkit.planbook import audit, records
from sopkit.planbook.audit import Entry, flatten, hash_entry, to_state
from sopkit.planbook.schema import AUDIT, OVERRIDE, RECORD, STREAM_ENTRY, STREAM_KEY

Row = Mapping[str, Any]


def find_break(connection: Connection, company: str, sealed: Sequence[str] = ()) -> str:
    """Return the first broken link of a company's trail in words; empty where it is whole.

    First the trail itself: numbers without holes, each entry's hash over what it says, each sealed
    to the one before. Then the records: each is as its last entry says, none lacks one. Entries
    cut off at the end leave a whole trail; they are missed by the hashes kept elsewhere.

    Args:
        sealed: hashes of entries as kept outside of the book.

    Example:
        Somebody sets `author` of entry 3 by hand: "entry 3 of the audit trail (change of
        T-2026-11-001) was altered: its content does not fit its hash".
    """
    chosen = select(AUDIT).where(AUDIT.c.company == company).order_by(AUDIT.c.seq)
    rows = [row._asdict() for row in connection.execute(chosen)]
    return (
        _find_broken_link(company, rows)
        or _find_cut(rows, sealed)
        or next(_find_other_records(connection, company, rows), "")
        or next(_find_other_streams(connection, company, rows), "")
    )


def _find_broken_link(company: str, rows: list[dict[str, Any]]) -> str:
    previous = ""
    for place, row in enumerate(rows, start=1):
        seq = row["seq"]
        if seq != place:
            before = f"after entry {place - 1} comes entry {seq}" if place > 1 else ""
            before = before or f"it begins with entry {seq}"
            return f"entry {place} of the audit trail is missing: {before}"
        entry = Entry(*(row[name] for name in Entry._fields))
        if row["previous"] != previous:
            return _tell_order(rows, row)
        if hash_entry(company, seq, entry, previous) != row["hash"]:
            return f"{_name(row)} was altered: its content does not fit its hash"
        previous = row["hash"]
    return ""


def find_last_hash(connection: Connection, company: str) -> str:
    """Return the hash of a company's newest entry; empty where there is none."""
    newest = select(AUDIT.c.hash).where(AUDIT.c.company == company).order_by(AUDIT.c.seq.desc())
    return str(connection.execute(newest.limit(1)).scalar() or "")


def _find_cut(rows: Sequence[Row], sealed: Sequence[str]) -> str:
    """Say that the trail lacks an entry whose hash a publication kept."""
    if not set(sealed) - {row["hash"] for row in rows}:
        return ""
    return (
        f"the audit trail ends with entry {len(rows)}: the entry that a publication was sealed "
        "with is missing, so the newest entries were cut off"
    )


def _tell_order(rows: list[dict[str, Any]], row: Row) -> str:
    """Say why an entry does not follow the one before it."""
    follows = [other["seq"] for other in rows if other["hash"] == row["previous"]]
    if follows or not row["previous"]:
        where = f"it follows entry {follows[0]}" if follows else "it is the first entry"
        return f"{_name(row)} stands in another order than it was written in: {where}"
    before = row["seq"] - 1
    return (
        f"entry {before} of the audit trail was altered or put in another's place: "
        f"entry {row['seq']} does not follow it"
        if before
        else f"{_name(row)} was altered: it says that another came before it"
    )


def _name(row: Row) -> str:
    return f"entry {row['seq']} of the audit trail ({row['action']} of {row['number']})"


def _find_other_records(connection: Connection, company: str, rows: Sequence[Row]) -> Iterator[str]:
    """Give each override and record that is not as the last entry about it says."""
    last = {(row["kind"], row["number"]): row for row in rows}
    present = {
        **{
            ("override", row["override"]): to_state(row)
            for row in _list(connection, OVERRIDE, company)
        },
        **{
            (row["kind"], row["number"]): records.to_state(row)
            for row in _list(connection, RECORD, company)
        },
    }
    for (kind, number), entry in last.items():
        if kind in ("stream", audit.BOOK):
            continue
        if (kind, number) not in present:
            yield f"the {kind} {number} is gone; entry {entry['seq']} of the audit trail has it"
        elif present[kind, number] != entry["content"]:
            yield (
                f"the {kind} {number} was altered behind the audit trail: "
                + tell_difference(entry["content"], present[kind, number])
                + f" in entry {entry['seq']}"
            )
    for kind, number in present:
        if (kind, number) not in last:
            yield f"the {kind} {number} was entered behind the audit trail: no entry has it"


def tell_difference(said: str, now: str) -> str:
    """Return in which columns a record differs from what the trail says of it."""
    was, present = json.loads(said), json.loads(now)
    with suppress(ValueError, TypeError):  # torn content is told as it stands
        was, present = flatten(was), flatten(present)
    told = [
        f"{name} is {present.get(name)!r}, it was {was.get(name)!r}"
        for name in sorted(was.keys() | present.keys())
        if was.get(name) != present.get(name)
    ]
    return ", ".join(told) or "it is written otherwise than it was"


def _find_other_streams(connection: Connection, company: str, rows: Sequence[Row]) -> Iterator[str]:
    """Give each number of a stream that is not as its entry says, or stands where it should not."""
    said: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["kind"] == "stream":
            content = json.loads(row["content"])
            said.setdefault(tuple(content[name] for name in STREAM_KEY), []).append(row)
    there: dict[tuple[Any, ...], list[Row]] = {}
    for row in _list(connection, STREAM_ENTRY, company):
        key = tuple(str(row[name]) for name in STREAM_KEY)
        there.setdefault(key, []).append(row)
    for key in sorted(said.keys() | there.keys()):
        given, entries = there.get(key, []), said.get(key, [])
        name = "/".join(key)
        if len(given) != len(entries):
            yield (
                f"the forecast {name} has {len(given)} numbers, the audit trail has {len(entries)}"
            )
        ends = [*(row["entered_at"] for row in given[1:]), None]
        for row, entry, end in zip(given, entries, ends, strict=False):
            if to_state(row) != entry["content"]:
                yield (
                    f"the forecast {name} was altered behind the audit trail: "
                    + tell_difference(entry["content"], to_state(row))
                    + f" in entry {entry['seq']}"
                )
            if row["superseded_at"] != end:
                yield (
                    f"the forecast {name} of entry {entry['seq']} was altered behind the audit "
                    f"trail: superseded_at is {row['superseded_at']}, not {end}"
                )


def _list(connection: Connection, table: Table, company: str) -> list[dict[str, Any]]:
    chosen = select(table).where(table.c.company == company).order_by(table.c.id)
    return [row._asdict() for row in connection.execute(chosen)]
