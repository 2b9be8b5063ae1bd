"""Records of people's forecasts: every number ever given, and which of them stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy import insert as insert_into

from sopkit.planbook import audit
from sopkit.planbook.rows import (
    Row,
    blank_to_none,
    check_author,
    fit_rows,
    name_problems,
    refuse,
    to_plain,
)
from sopkit.planbook.schema import STREAM_ENTRY, STREAM_KEY
from sopkit.tables import TABLES, find_problems, fit_columns

CONTRACT = TABLES["forecast_stream"]
CONTENT = tuple(CONTRACT.column_names)
_RECORD = ("company", "author", "entered_at", "source", "note", "superseded_at")


def to_rows(frame: pd.DataFrame, cycle: str, author: str, source: str, now: datetime) -> list[Row]:
    """Return rows fit to be entered.

    Raises:
        InputError: names every problem by row and column.
    """
    given = frame if "cycle" in frame.columns else frame.assign(cycle=cycle)
    fitted = fit_rows(given, CONTRACT)
    lines = name_problems(find_problems(fitted, CONTRACT))
    lines += [
        f"row {label}, cycle: {other} is not the cycle {cycle} that is being entered"
        for label, other in fitted.loc[fitted["cycle"] != cycle, "cycle"].items()
    ]
    infinite = fitted.index[fitted["forecast_qty"].abs() == float("inf")]
    lines += [f"row {label}, forecast_qty: a finite number" for label in infinite]
    refuse("The forecasts are not fit to be entered", [*check_author(author), *lines])
    told = fitted.assign(
        author=author.strip(),
        entered_at=now.isoformat(timespec="seconds"),
        source=_own(frame, "source", source),
        note=_own(frame, "note", None),
    )
    return to_plain(told)


def _own(frame: pd.DataFrame, column: str, default: str | None) -> pd.Series:
    """Return a column that rows may bring themselves; the default where they do not."""
    if column not in frame.columns:
        return pd.Series([default] * len(frame), index=frame.index, dtype=object)
    given = frame[column].astype(object)
    return given.where(given.notna(), default)


def insert(connection: Connection, company: str, rows: list[Row]) -> int:
    """Enter rows, mark those they supersede, and return how many were entered."""
    if not rows:
        return 0
    now = rows[0]["entered_at"]
    cycles = sorted({row["cycle"] for row in rows})
    standing = {
        _key(row): dict(row)
        for row in connection.execute(
            _choose(company, None, superseded=False).where(STREAM_ENTRY.c.cycle.in_(cycles))
        ).mappings()
    }
    new = [row for row in rows if not _says_the_same(row, standing.get(_key(row)))]
    old = [standing[_key(row)]["id"] for row in new if _key(row) in standing]
    for first in range(0, len(old), 500):
        connection.execute(
            update(STREAM_ENTRY)
            .where(STREAM_ENTRY.c.id.in_(old[first : first + 500]))
            .values(superseded_at=now)
        )
    if new:
        kept = [{**row, "company": company} for row in new]
        audit.append(connection, company, _to_entries(connection, kept, cycles))
        connection.execute(insert_into(STREAM_ENTRY), kept)
    return len(new)


def _to_entries(connection: Connection, rows: list[Row], cycles: list[str]) -> list[audit.Entry]:
    """Return the audit entries of numbers about to be entered; the first of a cell is version 1."""
    columns = [STREAM_ENTRY.c[name] for name in STREAM_KEY]
    counted = (
        select(*columns, func.count())
        .where(STREAM_ENTRY.c.company == rows[0]["company"], STREAM_ENTRY.c.cycle.in_(cycles))
        .group_by(*columns)
    )
    given = {tuple(row[:-1]): int(row[-1]) for row in connection.execute(counted)}
    return [
        audit.Entry(
            row["entered_at"],
            row["author"],
            "add",
            "stream",
            audit.name_stream(row),
            given.get(_key(row), 0) + 1,
            row["note"] or "",
            audit.to_state(row),
        )
        for row in rows
    ]


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in STREAM_KEY)


def _says_the_same(row: Row, standing: Row | None) -> bool:
    if standing is None:
        return False
    return all(row[name] == standing[name] for name in ("forecast_qty", "owner", "source", "note"))


def _choose(
    company: str, cycle: str | None, *, past: bool = False, superseded: bool = True
) -> Select[Any]:
    chosen = select(STREAM_ENTRY).where(STREAM_ENTRY.c.company == company)
    if cycle is not None:
        of_cycle = STREAM_ENTRY.c.cycle <= cycle if past else STREAM_ENTRY.c.cycle == cycle
        chosen = chosen.where(of_cycle)
    if not superseded:
        chosen = chosen.where(STREAM_ENTRY.c.superseded_at.is_(None))
    return chosen


def read(
    connection: Connection,
    company: str,
    cycle: str | None,
    *,
    past: bool = False,
    superseded: bool = True,
) -> pd.DataFrame:
    """Return records in the order of entering."""
    chosen = _choose(company, cycle, past=past, superseded=superseded).order_by(STREAM_ENTRY.c.id)
    records = [dict(row) for row in connection.execute(chosen).mappings()]
    frame = pd.DataFrame(records, columns=[*CONTENT, *_RECORD])
    others = blank_to_none(frame[list(_RECORD)])
    told = pd.concat([fit_columns(frame, CONTRACT), others], axis=1)
    return told.assign(superseded=told["superseded_at"].notna())


def to_contract(records: pd.DataFrame) -> pd.DataFrame:
    """Return records as contract `forecast_stream`, sorted by key."""
    rows = fit_columns(records, CONTRACT)
    return rows.sort_values(list(CONTRACT.key), kind="stable", ignore_index=True)


def list_content(connection: Connection, company: str, cycle: str) -> list[list[object]]:
    """Return what the contract says of each number that stands, up to a cycle."""
    chosen = _choose(company, cycle, past=True, superseded=False)
    rows = sorted(connection.execute(chosen).mappings(), key=_key)
    return [[row[name] for name in CONTENT] for row in rows]
