"""The whole book of a company as one JSON file, out and in, without loss."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Double, Integer, Table, func, select
from sqlalchemy import insert as insert_into

from sopkit.errors import CycleError, InputError, list_problems
from sopkit.planbook.chain import find_break
from sopkit.planbook.connect import HEAD
from sopkit.planbook.rows import Row
from sopkit.planbook.schema import AUDIT, OVERRIDE, RECORD, STREAM_ENTRY

FORMAT = "sopkit planbook"
_TABLES = (OVERRIDE, STREAM_ENTRY, RECORD, AUDIT)


def to_text(connection: Connection, company: str) -> str:
    """Return a company's book as JSON text: the same book is the same text on any database."""
    told: dict[str, Any] = {"format": FORMAT, "revision": HEAD, "company": company}
    for table in _TABLES:
        order = table.c.seq if table is AUDIT else table.c.id
        columns = [column for column in table.columns if column.name != "id"]
        chosen = select(*columns).where(table.c.company == company).order_by(order)
        told[table.name] = [row._asdict() for row in connection.execute(chosen)]
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False, default=_day) + "\n"


def _day(cell: object) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    raise TypeError(f"{cell!r} is not a plain value")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_book_file(path: Path) -> dict[str, Any]:
    """Return what an exported book says, its days as days.

    Raises:
        InputError: there is no such file, or it is no exported book; all problems are named.
        CycleError: it was exported by a newer sopkit.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as JSON: {error}") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InputError(f"{path.name} is no exported planbook: sopkit book export writes one.")
    if str(told.get("revision")) > HEAD:
        raise CycleError(
            f"{path.name} was exported by a newer sopkit (revision {told['revision']}, here "
            f"{HEAD}). Update sopkit; nothing was imported."
        )
    problems: list[str] = []
    for table in _TABLES:
        told[table.name] = _read_rows(table, told, problems)
    if problems:
        shown = [*problems[:20], *([f"and {len(problems) - 20} more"] if problems[20:] else [])]
        raise InputError(
            list_problems(f"{path.name} is no whole planbook", shown, "Nothing was imported.")
        )
    return told


def _read_rows(table: Table, told: dict[str, Any], problems: list[str]) -> list[Row]:
    rows = told.get(table.name)
    if not isinstance(rows, list):
        problems.append(f"{table.name} is missing")
        return []
    names = {column.name for column in table.columns} - {"id"}
    read = []
    for place, row in enumerate(rows, start=1):
        where = f"{table.name}, row {place}"
        if not isinstance(row, dict) or set(row) != names:
            problems.append(f"{where}: its columns are not {', '.join(sorted(names))}")
            continue
        if row["company"] != told.get("company"):
            problems.append(f"{where}, company: {row['company']} is not {told.get('company')}")
        read.append({name: _read_cell(table, name, row[name], where, problems) for name in row})
    return read


def _read_cell(table: Table, name: str, cell: Any, where: str, problems: list[str]) -> Any:
    column = table.c[name]
    if cell is None:
        if not column.nullable:
            problems.append(f"{where}, {name}: not blank")
        return None
    kind = column.type
    try:
        if isinstance(kind, Date):
            return date.fromisoformat(cell)
        if isinstance(kind, Double) and type(cell) in (int, float):
            return float(cell)
        if type(cell) is (int if isinstance(kind, Integer) else str):
            return cell
    except (ValueError, TypeError):
        pass
    problems.append(f"{where}, {name}: {cell!r} is not of its kind")
    return None


def insert_book(connection: Connection, company: str, told: dict[str, Any]) -> dict[str, int]:
    """Enter an exported book into an empty one; return how many rows of each table it has.

    Raises:
        CycleError: the book holds rows already.
        InputError: the file is of another company, or its audit trail is broken.
    """
    if told["company"] != company:
        raise InputError(
            f"The file is the planbook of company {told['company']!r}, not of {company!r}. "
            "Nothing was imported."
        )
    for table in _TABLES:
        counted = select(func.count()).select_from(table).where(table.c.company == company)
        here = connection.execute(counted).scalar_one()
        if here:
            raise CycleError(
                f"The planbook of {company or 'this company'} holds {here} rows of {table.name} "
                "already. Import into an empty one; nothing was imported."
            )
    for table in _TABLES:
        if told[table.name]:
            connection.execute(insert_into(table), told[table.name])
    broken = find_break(connection, company)
    if broken:
        raise InputError(f"The file was altered: {broken}. Nothing was imported.")
    return {table.name: len(told[table.name]) for table in _TABLES}
