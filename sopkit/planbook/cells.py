"""The cells of a record: read as what their column is, and held to the rules of their kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from sopkit.planbook.kinds import Kind
from sopkit.planbook.rows import Row
from sopkit.tables import Column


def read_own(kind: Kind, given: Mapping[Any, Any]) -> tuple[Row, list[str]]:
    """Return a record's own cells as plain values, and what is wrong with them.

    Example:
        `due_date` "2026-11-20" stays; "soon" is "due_date: a day such as 2026-11-20; there
        stands soon".
    """
    own: Row = {}
    problems = []
    for column in kind.columns:
        try:
            own[column.name] = read_cell(column, given.get(column.name))
        except ValueError as rule:
            own[column.name] = None
            problems.append(f"{column.name}: {rule}; there stands {given[column.name]}")
            continue
        if own[column.name] is None and not column.blank:
            problems.append(f"{column.name}: not blank")
    return own, problems


def read_cell(column: Column, cell: Any) -> Any:
    """Return one cell as text, float, whole number or ISO day; None where it is blank.

    Raises:
        ValueError: the rule it breaks.
    """
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return None
    if isinstance(cell, str) and not cell.strip():
        return None
    if column.kind in ("number", "whole"):
        return _read_number(column, cell)
    if column.kind in ("month", "date"):
        return _read_day(column, cell)
    text = cell if isinstance(cell, str) else str(cell)
    if column.allowed and text not in column.allowed:
        raise ValueError(f"one of {', '.join(column.allowed)}")
    return text.strip()


def _read_number(column: Column, cell: Any) -> float | int:
    try:
        found = float(cell)
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(cell, bool) or not math.isfinite(found):
        raise ValueError("a number")
    if column.minimum is not None and found < column.minimum:
        raise ValueError(f"at least {column.minimum:g}")
    if column.kind == "whole":
        if found % 1:
            raise ValueError("a whole number")
        return int(found)
    return found + 0.0


def _read_day(column: Column, cell: Any) -> str:
    example = "a month such as 2026-12" if column.kind == "month" else "a day such as 2026-11-20"
    text = cell.isoformat() if isinstance(cell, date) else str(cell).strip()
    text = f"{text}-01" if column.kind == "month" and len(text) == 7 else text[:10]
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValueError(example) from None
    if column.kind == "month" and found.day != 1:
        raise ValueError("first day of a month")
    return found.isoformat()


def find_problems(kind: Kind, own: Row, status: str) -> list[str]:
    """Return the rules of its kind that a record breaks, a line each, the column first."""
    problems = []
    if status not in kind.statuses:
        problems.append(f"status: one of {', '.join(kind.statuses)}; there stands {status}")
    if kind.needs_one and not any(own[name] for name in kind.needs_one):
        problems.append(f"{kind.needs_one[0]}: not blank, or {' or '.join(kind.needs_one[1:])}")
    for name in kind.needs_when.get(status, ()):
        if own[name] is None:
            problems.append(f"{name}: not blank in {with_article(kind.name)} that is {status}")
    for name, most in kind.at_most.items():
        if own[name] is not None and own[name] > most:
            problems.append(f"{name}: at most {most:g}; there stands {own[name]:g}")
    first, last = own.get("first_period"), own.get("last_period")
    if first and last and last < first:
        problems.append(f"last_period: not before the first month; there stands {last[:7]}")
    return problems


def find_missing(kind: Kind, own: Row, reason: str) -> list[str]:
    """Return what people must say, and what sopkit opens may lack: a reason, an owner."""
    missing = [f"{name}: not blank" for name in kind.needs_of_people if own[name] is None]
    return missing if reason else [*missing, "reason: not blank; say why it is entered"]


def with_article(name: str) -> str:
    """Return a kind's name with its article."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
