"""What was sent and what came back: one file a cycle, `data/cycles/<cycle>/collect.json`.

The numbers themselves are kept in the planbook. This file says which version of whose sheet was
sent, until when it is expected, and which files were read.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.collect.layout import Sheet
from sopkit.cycle import to_paths, write_atomic
from sopkit.errors import CycleError

FILE = "collect.json"


@dataclass(frozen=True)
class Sent:
    """A sheet as last sent.

    Args:
        stream, owner: whose it is.
        version: 1, and one more whenever the cells asked for changed.
        grid: hash of the cells asked for.
        due: day by which it is expected.
        asked: cells to fill.
        file: name of the workbook.
        written: SHA-256 of the workbook each time it was written; such a file is no answer.
    """

    stream: str
    owner: str
    version: int
    grid: str
    due: str
    asked: int
    file: str
    written: tuple[str, ...]


@dataclass(frozen=True)
class Received:
    """A file that was read.

    Args:
        stream, owner: whose it is.
        file, sha256: its name and its content.
        day: when it was read.
        accepted, refused: cells.
    """

    stream: str
    owner: str
    file: str
    sha256: str
    day: str
    accepted: int
    refused: int


@dataclass(frozen=True)
class Record:
    """All sheets sent and all files read of a cycle."""

    sent: tuple[Sent, ...] = ()
    received: tuple[Received, ...] = field(default=())

    @property
    def versions(self) -> dict[tuple[str, str], int]:
        """Newest version sent, by stream and owner."""
        return {(one.stream, one.owner): one.version for one in self.sent}

    @property
    def untouched(self) -> frozenset[str]:
        """SHA-256 of the workbooks as they were sent."""
        return frozenset(sha256 for one in self.sent for sha256 in one.written)

    @property
    def known(self) -> frozenset[str]:
        """SHA-256 of the files read."""
        return frozenset(one.sha256 for one in self.received)


def read_record(folder: Path, cycle: str) -> Record:
    """Return a cycle's record; an empty one where nothing was sent.

    Raises:
        CycleError: the file is damaged.
    """
    path = to_paths(cycle, folder).root / FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            tuple(Sent(**{**one, "written": tuple(one["written"])}) for one in stored["sent"]),
            tuple(Received(**one) for one in stored["received"]),
        )
    except FileNotFoundError:
        return Record()
    except (ValueError, KeyError, TypeError) as error:
        raise CycleError(
            f"{path} is damaged ({error}). Put it back from a copy, or move it away and send the "
            "sheets again with sopkit collect --out."
        ) from error


def write_record(folder: Path, cycle: str, record: Record) -> None:
    """Write a cycle's record whole, or leave the old one."""
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1)
    write_atomic(to_paths(cycle, folder).root / FILE, f"{text}\n".encode())


def number_sheet(sheet: Sheet, record: Record) -> Sheet:
    """Return a sheet with its version: the last one sent, or the next if its cells changed.

    Example:
        Sent as version 1; now a month more is asked for: version 2.
    """
    last = _last(sheet, record)
    if last is None:
        return sheet
    return replace(sheet, version=last.version + int(last.grid != sheet.grid))


def _last(sheet: Sheet, record: Record) -> Sent | None:
    mine = (sheet.stream, sheet.owner)
    return next((one for one in record.sent if (one.stream, one.owner) == mine), None)


def add_sent(record: Record, sheets: list[tuple[Sheet, str, str]]) -> Record:
    """Return the record with sheets as sent now, each with its file and SHA-256; others stay."""
    new = []
    for sheet, file, sha256 in sheets:
        last = _last(sheet, record)
        before = tuple(one for one in (last.written if last else ()) if one != sha256)
        asked = len(sheet.rows) * len(sheet.months)
        who = (sheet.stream, sheet.owner, sheet.version, sheet.grid, sheet.due)
        new.append(Sent(*who, asked, file, (*before, sha256)))
    mine = {(one.stream, one.owner) for one in new}
    kept = [one for one in record.sent if (one.stream, one.owner) not in mine]
    return replace(record, sent=tuple(sorted([*kept, *new], key=lambda s: (s.stream, s.owner))))


def add_received(record: Record, received: pd.DataFrame, day: date) -> Record:
    """Return the record with files as read on a day; a file read before is not noted again."""
    new = [
        Received(
            *(one["stream"], one["owner"], one["file"], one["sha256"], day.isoformat()),
            *(int(one["accepted"]), int(one["refused"])),
        )
        for one in received.to_dict("records")
        if one["sha256"] not in record.known
    ]
    return replace(record, received=(*record.received, *new))


def tell_status(
    record: Record, counts: pd.Series, today: date, *, due: date | None = None
) -> pd.DataFrame:
    """Say who has sent, who is late and how many cells each gave.

    Args:
        counts: cells that stand in the planbook, by (stream, owner).
        today: a sheet is late from the day after it was due.
        due: one day for all, instead of the days the sheets were sent with.

    Returns:
        `stream`, `owner`, `state` (sent, late, waiting), `due_date`, `late_days`,
        `received_date` (the last file's; blank), `cell_count`, `asked_count`, `refused_count` (of
        the last file); sorted by stream and owner.
    """
    rows: list[dict[str, Any]] = []
    for sent in record.sent:
        mine = (sent.stream, sent.owner)
        files = [one for one in record.received if (one.stream, one.owner) == mine]
        day = due or date.fromisoformat(sent.due)
        late = max(0, (today - day).days) if not files else 0
        rows.append(
            {
                **{"stream": sent.stream, "owner": sent.owner},
                "state": "sent" if files else "late" if late else "waiting",
                "due_date": pd.Timestamp(day),
                "late_days": late,
                "received_date": pd.Timestamp(files[-1].day) if files else pd.NaT,
                "cell_count": int(counts.get(mine, 0)),
                "asked_count": sent.asked,
                "refused_count": files[-1].refused if files else 0,
            }
        )
    return pd.DataFrame(rows, columns=_STATUS)


_STATUS = [
    *("stream", "owner", "state", "due_date", "late_days", "received_date"),
    *("cell_count", "asked_count", "refused_count"),
]
