"""Records of people's changes to the baseline."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, select, update
from sqlalchemy import insert as insert_into

from sopkit.errors import InputError, list_problems
from sopkit.periods import to_cycle_period
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
from sopkit.planbook.schema import LEVEL, OVERRIDE
from sopkit.tables import ALL, TABLES, find_problems, fit_columns
from sopkit.tables.contract import PROBLEM_COLUMNS

CONTRACT = TABLES["override"]
CONTENT = tuple(CONTRACT.column_names)
MOST_PERCENT = 10.0
_SAME = ("start_period", "end_period", "method", "amount", "reason_code", "owner", *LEVEL)


def find_override_problems(frame: pd.DataFrame) -> pd.DataFrame:
    """Return every rule that rows break, before anything is entered.

    Beside the contract's: the first month is not after the last; an item is not named together
    with a family; a percent is a ratio, from -1 to 10; an absolute amount is not negative.

    Args:
        frame: contract `override`, fitted; blank numbers are no problem.

    Returns:
        `row` (index label), `column`, `rule`, `value`, `advice`, sorted by row.

    Example:
        percent 15: "a ratio from -1 to 10"; advice: 0.15 is +15 %.
    """
    numbered = frame.assign(
        override=frame["override"].where(frame["override"].notna(), _stand_ins(frame))
    )
    found = [find_problems(numbered, CONTRACT)]
    percent, absolute = frame["method"] == "percent", frame["method"] == "absolute"
    amount = frame["amount"]
    rules: list[tuple[str, str, str, pd.Series]] = [
        (
            "end_period",
            "not before the first month",
            "Correct the months.",
            frame["end_period"] < frame["start_period"],
        ),
        (
            "family",
            "an item or a family, not both",
            "Leave the family blank.",
            (frame["item"] != ALL) & (frame["family"] != ALL),
        ),
        (
            "amount",
            f"a ratio from -1 to {MOST_PERCENT:g}",
            "0.15 is +15 %.",
            percent & ~amount.between(-1, MOST_PERCENT) & amount.notna(),
        ),
        ("amount", "at least 0", "An absolute amount is a quantity.", absolute & (amount < 0)),
        ("amount", "a finite number", "Write a number.", amount.abs() == float("inf")),
    ]
    for column, rule, advice, bad in rules:
        found.append(_problem(frame[bad], column, rule, advice))
    filled = [part.astype({"value": object}) for part in found if len(part)]
    problems = pd.concat(filled or found[:1], ignore_index=True)
    return problems.sort_values(["row", "column", "rule"], kind="stable", ignore_index=True)


def _stand_ins(frame: pd.DataFrame) -> pd.Series:
    return pd.Series([f"\0{n}" for n in range(len(frame))], index=frame.index, dtype=object)


def _problem(rows: pd.DataFrame, column: str, rule: str, advice: str) -> pd.DataFrame:
    shown = rows[column]
    if str(shown.dtype).startswith("datetime"):
        shown = shown.dt.strftime("%Y-%m")
    return pd.DataFrame(
        {
            "row": rows.index,
            "column": column,
            "rule": rule,
            "value": shown.astype(str).to_numpy(),
            "advice": advice,
        },
        columns=PROBLEM_COLUMNS,
    )


def to_rows(frame: pd.DataFrame, cycle: str, author: str, source: str, now: datetime) -> list[Row]:
    """Return rows fit to be entered; numbers that are not given stay None.

    Raises:
        InputError: names every problem by row and column.
    """
    given = frame if "override" in frame.columns else frame.assign(override=None)
    fitted = fit_rows(given, CONTRACT)
    lines = name_problems(find_override_problems(fitted))
    refuse("The overrides are not fit to be entered", [*check_author(author), *lines])
    day = pd.Timestamp(now.date())
    fitted = fitted.assign(entered_date=fitted["entered_date"].fillna(day))
    told = {
        "cycle": cycle,
        "author": author.strip(),
        "entered_at": now.isoformat(timespec="seconds"),
        "source": source,
        "version": 1,
    }
    rows = to_plain(fitted)
    return [{**row, **told, "row": label} for row, label in zip(rows, frame.index, strict=True)]


def insert(connection: Connection, company: str, rows: list[Row]) -> pd.DataFrame:
    """Number and enter rows; return them as contract `override` in their order.

    Raises:
        InputError: a number stands there already, or the same change does.
    """
    standing = connection.execute(select(OVERRIDE).where(OVERRIDE.c.company == company)).mappings()
    known = [dict(row) for row in standing]
    refuse("The overrides are not fit to be entered", _find_doubles(rows, known))
    numbered = _give_numbers(rows, {str(row["override"]) for row in known})
    kept = [{k: v for k, v in row.items() if k != "row"} for row in numbered]
    if kept:
        connection.execute(insert_into(OVERRIDE), [{**row, "company": company} for row in kept])
        entries = [_to_entry({**row, "company": company}, "add", row, "") for row in kept]
        audit.append(connection, company, entries)
    return fit_columns(_to_frame(kept), CONTRACT)


def _to_entry(row: Row, action: str, told: Row, reason: str) -> audit.Entry:
    """Return the audit entry of a write: `told` says by whom and when."""
    whole = {name: row.get(name) for name in (c.name for c in OVERRIDE.columns)}
    who, at, number = told["author"], told["entered_at"], row["override"]
    return audit.Entry(
        at, who, action, "override", number, row["version"], reason, audit.to_state(whole)
    )


def join_overrides(of_files: pd.DataFrame, of_book: pd.DataFrame) -> pd.DataFrame:
    """Return the overrides of the company's files and of the planbook as one table.

    Where both have a number, the planbook's record counts: it knows what was withdrawn.

    Args:
        of_files, of_book: contract `override`.

    Raises:
        InputError: a change stands in both under different numbers, and would count twice.
    """
    files = of_files[~of_files["override"].isin(of_book["override"])]
    problems = [
        f"{number} of the company's file is the same change as {other} of the planbook"
        for number, other in find_same(files, of_book)
    ]
    if problems:
        advice = "Withdraw the one in the planbook, or take the other out of the file."
        raise InputError(list_problems("Changes would count twice", problems, advice))
    parts = [part for part in (files, of_book) if len(part)] or [of_book]
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values("override", kind="stable", ignore_index=True)


def find_same(new: pd.DataFrame, standing: pd.DataFrame) -> list[tuple[Any, str]]:
    """Return rows that say what an active override says already, with that one's number.

    The same cell, months, method, amount, reason and owner is the same change.

    Args:
        new: contract `override`, its index names the rows where numbers are blank.
        standing: contract `override`.
    """
    active = standing[standing["status"] == "active"]
    same = {_content(row): str(row["override"]) for row in to_plain(active)}
    found = []
    for label, row in zip(new.index, to_plain(new), strict=True):
        if row["status"] == "active" and _content(row) in same:
            found.append((row["override"] or label, same[_content(row)]))
    return found


def _find_doubles(rows: list[Row], known: list[Row]) -> list[str]:
    numbers = {row["override"] for row in known}
    same = {_content(row): row["override"] for row in known if row["status"] == "active"}
    problems = []
    for row in rows:
        number, content = row["override"], _content(row)
        if number is not None and number in numbers:
            problems.append(f"row {row['row']}, override: {number} stands in the planbook already")
        elif row["status"] == "active" and content in same:
            problems.append(f"row {row['row']}: the same change stands already, as {same[content]}")
        same.setdefault(content, number or f"row {row['row']}")
    return problems


def _content(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SAME)


def _give_numbers(rows: list[Row], taken: set[str]) -> list[Row]:
    """Return rows with a number each: one above the highest of the cycle's, in their order."""
    taken = taken | {row["override"] for row in rows if row["override"] is not None}
    numbered = []
    last: dict[str, int] = {}
    for row in rows:
        cycle = row["cycle"]
        if row["override"] is None:
            pattern = re.compile(rf"O-{re.escape(cycle)}-(\d+)")
            found = [int(m.group(1)) for m in map(pattern.fullmatch, taken) if m]
            last[cycle] = last.get(cycle, max(found, default=0)) + 1
            row = {**row, "override": f"O-{cycle}-{last[cycle]:03d}"}
        numbered.append(row)
    return numbered


def read(
    connection: Connection, company: str, cycle: str | None, include_withdrawn: bool = True
) -> pd.DataFrame:
    """Return records as a frame, sorted by number."""
    chosen = _choose(company, cycle)
    if not include_withdrawn:
        chosen = chosen.where(OVERRIDE.c.status == "active")
    return _to_frame(_in_order(connection, chosen))


def _in_order(connection: Connection, chosen: Select[Any]) -> list[Row]:
    """Return records by number; sorted here, since databases differ in how they sort text."""
    records = [dict(row) for row in connection.execute(chosen).mappings()]
    return sorted(records, key=lambda row: str(row["override"]))


def _choose(company: str, cycle: str | None) -> Select[Any]:
    chosen = select(OVERRIDE).where(OVERRIDE.c.company == company)
    if cycle is not None:
        first = to_cycle_period(cycle).date()
        chosen = chosen.where(OVERRIDE.c.cycle <= cycle, OVERRIDE.c.end_period >= first)
    return chosen


def _to_frame(records: list[Row]) -> pd.DataFrame:
    others = [c.name for c in OVERRIDE.columns if c.name not in (*CONTENT, "id")]
    frame = pd.DataFrame(records, columns=[*CONTENT, *others])
    return pd.concat([fit_columns(frame, CONTRACT), blank_to_none(frame[others])], axis=1)


def to_contract(records: pd.DataFrame) -> pd.DataFrame:
    """Return records as contract `override`."""
    return fit_columns(records, CONTRACT)


def list_content(connection: Connection, company: str, cycle: str) -> list[list[object]]:
    """Return what the contract says of each override that holds in a cycle."""
    chosen = _choose(company, cycle)
    return [[row[name] for name in CONTENT] for row in _in_order(connection, chosen)]


def withdraw(
    connection: Connection,
    company: str,
    number: str,
    author: str,
    reason: str,
    now: datetime,
    version: int | None,
) -> Row:
    """Mark an override withdrawn and return its record as it was.

    Raises:
        InputError: it is not there, not active, or not at this version.
    """
    record = _close(connection, company, number, author, reason, now, version)
    _keep_closing(connection, record["id"], "withdraw")
    return record


def _close(
    connection: Connection,
    company: str,
    number: str,
    author: str,
    reason: str,
    now: datetime,
    version: int | None,
) -> Row:
    refuse(
        f"Override {number} is not withdrawn",
        check_author(author) + ([] if reason.strip() else ["the reason is blank"]),
    )
    record = _find(connection, company, number, version)
    connection.execute(
        update(OVERRIDE)
        .where(OVERRIDE.c.id == record["id"], OVERRIDE.c.version == record["version"])
        .values(
            status="withdrawn",
            version=record["version"] + 1,
            withdrawn_by=author.strip(),
            withdrawn_at=now.isoformat(timespec="seconds"),
            withdrawn_reason=reason,
        )
    )
    return record


def _keep_closing(connection: Connection, key: int, action: str) -> None:
    """Enter the withdrawal of an override into the audit trail, as it now stands."""
    found = connection.execute(select(OVERRIDE).where(OVERRIDE.c.id == key)).mappings().one()
    row = dict(found)
    told = {"author": row["withdrawn_by"], "entered_at": row["withdrawn_at"]}
    entry = _to_entry(row, action, told, row["withdrawn_reason"])
    audit.append(connection, row["company"], [entry])


def _find(connection: Connection, company: str, number: str, version: int | None) -> Row:
    wanted = select(OVERRIDE).where(OVERRIDE.c.company == company, OVERRIDE.c.override == number)
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise InputError(f"No override of {company or 'this company'} has the number {number}.")
    record = dict(found)
    if version is not None and record["version"] != version:
        raise InputError(
            f"Override {number} was changed meanwhile: you read version {version}, now it is "
            f"{record['version']} ({record['status']}"
            + (f" by {record['withdrawn_by']}" if record["withdrawn_by"] else "")
            + "). Read it again; nothing was changed."
        )
    if record["status"] != "active":
        raise InputError(
            f"Override {number} is withdrawn already, by {record['withdrawn_by']} at "
            f"{record['withdrawn_at']}: {record['withdrawn_reason']}."
        )
    return record


def replace(
    connection: Connection,
    company: str,
    number: str,
    changes: dict[str, object],
    cycle: str,
    author: str,
    now: datetime,
    version: int,
) -> pd.DataFrame:
    """Withdraw an override and enter its changed copy under a new number; return that.

    Raises:
        InputError: as of `withdraw` and `insert`; a column is not known.
    """
    unknown = sorted(set(changes) - set(CONTENT) | ({"override", "status"} & set(changes)))
    refuse(f"Override {number} is not changed", [f"{name} cannot be changed" for name in unknown])
    old = _close(connection, company, number, author, "changed", now, version)
    kept = {**{name: old[name] for name in CONTENT}, **changes}
    kept.update(override=None, entered_date=None, status="active")
    changed = pd.DataFrame([kept], index=[number])
    rows = to_rows(changed, cycle, author, f"{number} changed", now)
    entered = insert(connection, company, rows)
    connection.execute(
        update(OVERRIDE)
        .where(OVERRIDE.c.id == old["id"])
        .values(withdrawn_reason=f"changed: {entered['override'].iloc[0]} stands instead")
    )
    _keep_closing(connection, old["id"], "change")
    return entered
