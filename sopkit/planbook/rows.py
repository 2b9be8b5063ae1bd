"""Rows between frames and the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.tables import Table, fit_columns

Row = dict[str, Any]


def to_time(now: datetime | None) -> datetime:
    """Return the time given, else the clock's, always with its zone."""
    return (now or datetime.now()).astimezone()


def to_plain(frame: pd.DataFrame) -> list[Row]:
    """Return rows in plain values that any database takes: dates, floats, texts, None."""
    return [
        {str(name): _plain(cell) for name, cell in row.items()} for row in frame.to_dict("records")
    ]


def fit_rows(frame: pd.DataFrame, contract: Table) -> pd.DataFrame:
    """Return the frame fitted to its contract, its index as it was.

    Raises:
        InputError: columns are missing, or hold what is no number or no date.
    """
    try:
        return fit_columns(frame, contract)
    except (ValueError, TypeError) as error:
        raise InputError(f"Rows of {contract.name} cannot be read: {error}") from error


def _plain(cell: Any) -> Any:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, pd.Timestamp):
        return cell.date()
    return cell.item() if hasattr(cell, "item") else cell


def blank_to_none(texts: pd.DataFrame) -> pd.DataFrame:
    """Return columns as plain objects, None where they are blank."""
    plain = texts.astype(object)
    return plain.where(plain.notna(), None)


def name_problems(problems: pd.DataFrame, word: str = "row") -> list[str]:
    """Return a line for each problem: row, column, rule, what stood there.

    Args:
        problems: `row`, `column`, `rule`, `value`, as `sopkit.tables.find_problems` gives them.
        word: what a row is called.
    """
    blank = problems["value"].isna() | problems["value"].isin(["", "None", "nan", "NaT"])
    return [
        f"{word} {row['row']}, {row['column']}: {row['rule']}"
        + ("" if nothing else f"; there stands {row['value']}")
        for row, nothing in zip(problems.to_dict("records"), blank, strict=True)
    ]


def refuse(headline: str, problems: list[str]) -> None:
    """Raise with all problems, where there are any.

    Raises:
        InputError: there are.
    """
    if problems:
        raise InputError(list_problems(headline, problems, "Nothing was entered."))


def check_author(author: str) -> list[str]:
    """Return the problem of a blank author, if it is one."""
    return [] if author.strip() else ["the author is blank: say who enters them"]


def hash_rows(*tables: Sequence[Sequence[object]]) -> str:
    """Return one hash over rows of several tables; empty where no table has a row."""
    if not any(tables):
        return ""
    text = json.dumps([[list(row) for row in rows] for rows in tables], default=_to_text)
    return hashlib.sha256(text.encode()).hexdigest()


def _to_text(cell: object) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    raise TypeError(f"{cell!r} is not a plain value")
