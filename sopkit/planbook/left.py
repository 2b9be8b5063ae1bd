"""Records as people left them: for pages and gates, which the tables tell what still arises."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sopkit.planbook import audit
from sopkit.planbook.kinds import KINDS, SOPKIT
from sopkit.planbook.rows import Row


def to_left(connection: Connection, company: str, rows: Sequence[Row]) -> list[Row]:
    """Return records as people left them: what sopkit closed stands where it began.

    `version` counts people's changes alone. Whether a thing still arises is told by the tables of
    the cycle, so that a run does not put itself out of date by closing what it found answered.

    Args:
        rows: records of any kind, as they stand.

    Example:
        A conflict that a run withdrew since the numbers agree: open, version 1.
    """
    touches = audit.count_touches(connection, company)
    return [_to_left(row, touches.get(row["number"], 0)) for row in rows]


def is_closed_by_sopkit(row: Row) -> bool:
    """Return whether sopkit closed what it had opened itself."""
    return bool(row["author"] == SOPKIT and row["closed_by"] == SOPKIT)


def _to_left(row: Row, touches: int) -> Row:
    told: Row = {**row, "version": 1 + touches}
    if is_closed_by_sopkit(row):
        told |= dict.fromkeys(("closed_by", "closed_at", "closed_reason"))
        told["status"] = KINDS[row["kind"]].statuses[0]
    return told
