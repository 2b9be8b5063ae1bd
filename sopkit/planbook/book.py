"""The planbook as notebooks and commands see it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pandas as pd
from sqlalchemy import Engine

from sopkit.periods import to_cycle_period
from sopkit.planbook import overrides, streams
from sopkit.planbook.connect import (
    connect,
    describe_url,
    has_planbook,
    migrate,
    reading,
    to_url,
    writing,
)
from sopkit.planbook.rows import hash_rows, to_time
from sopkit.tables import TABLES


def open_planbook(folder: Path, url: str | None = None, *, company: str = "") -> Planbook:
    """Open the planbook of a planning folder; it is made, or brought up to date, where needed.

    Args:
        folder: the planning folder; the book is its `data/planbook.sqlite`.
        url: a database instead, such as `postgresql://USER:PASSWORD@HOST/DATABASE`; default:
            SOPKIT_PLANBOOK_URL.
        company: whose records; default: SOPKIT_COMPANY. Others' are never seen.

    Raises:
        ParameterError: the address is wrong, its driver is missing, or nobody answers there.
        CycleError: the book was written by a newer sopkit, or is locked too long.

    Example:
        with open_planbook(c.folder, company=c.company) as book:
            override = book.read_overrides(c.name)
    """
    engine = connect(to_url(folder, url))
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Planbook(engine, company or os.environ.get("SOPKIT_COMPANY", ""))


class People(NamedTuple):
    """What people gave for a cycle: `override` and `stream`, by their contracts."""

    override: pd.DataFrame
    stream: pd.DataFrame


def read_people(folder: Path, cycle: str, *, company: str = "", url: str | None = None) -> People:
    """Return the overrides that hold in a cycle, and all streams up to it; empty without a book.

    A planning folder in which nobody entered anything gets no book by being read.
    """
    if not has_planbook(folder, url):
        return People(TABLES["override"].empty(), TABLES["forecast_stream"].empty())
    with open_planbook(folder, url, company=company) as book:
        return People(book.read_overrides(cycle), book.read_streams(cycle, past=True))


def fingerprint_planbook(
    folder: Path, cycle: str, *, company: str = "", url: str | None = None
) -> str:
    """Return `Planbook.fingerprint` of a folder's book; empty where there is none to open."""
    if not has_planbook(folder, url):
        return ""
    with open_planbook(folder, url, company=company) as book:
        return book.fingerprint(cycle)


class Planbook:
    """One company's records: overrides and the numbers of streams. Made by `open_planbook`."""

    def __init__(self, engine: Engine, company: str) -> None:
        self.company = company
        self._engine = engine

    def __repr__(self) -> str:
        return f"Planbook of {self.company or 'no company'} in {describe_url(self._engine.url)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def add_overrides(
        self,
        frame: pd.DataFrame,
        cycle: str,
        author: str,
        *,
        source: str = "",
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Enter people's changes, all of them or none.

        Args:
            frame: contract `override`; `override` (the number) may be blank or absent, it is then
                given: `O-2026-11-001`. `entered_date` blank: the day of `now`. Its index names
                the rows in messages.
            cycle: cycle in which they are entered.
            author: who enters them; `owner` is whose judgement each is.
            source: file they come from.
            now: time of entering, with zone; default: the clock's.

        Returns:
            The rows as kept, contract `override`, numbered, in the order of `frame`.

        Raises:
            InputError: names every problem by row and column; nothing is entered.
        """
        to_cycle_period(cycle)
        rows = overrides.to_rows(frame, cycle, author, source, to_time(now))
        with writing(self._engine) as connection:
            return overrides.insert(connection, self.company, rows)

    def read_overrides(
        self, cycle: str | None = None, include_withdrawn: bool = True
    ) -> pd.DataFrame:
        """Return overrides as contract `override`, sorted by number.

        Args:
            cycle: only those that hold in this cycle: entered in it or before, with a last month
                not before its first planned month; None: all.
            include_withdrawn: with the withdrawn ones, `status` withdrawn.
        """
        return overrides.to_contract(self.read_override_records(cycle, include_withdrawn))

    def read_override_records(
        self, cycle: str | None = None, include_withdrawn: bool = True
    ) -> pd.DataFrame:
        """Return overrides as `read_overrides` does, with everything else that is kept.

        Returns:
            The columns of contract `override` and `company`, `cycle` (entered in), `author`,
            `entered_at` (text, ISO 8601 with zone), `source`, `version`, `withdrawn_by`,
            `withdrawn_at`, `withdrawn_reason`.
        """
        with reading(self._engine) as connection:
            return overrides.read(connection, self.company, cycle, include_withdrawn)

    def withdraw_override(
        self,
        number: str,
        author: str,
        reason: str,
        *,
        version: int | None = None,
        now: datetime | None = None,
    ) -> None:
        """Take an override back; its record stays, with who, when and why.

        Args:
            version: the version that was read; refused where the record has changed since.

        Raises:
            InputError: no such override, it is withdrawn already, the version is stale, or author
                or reason is blank.
        """
        with writing(self._engine) as connection:
            overrides.withdraw(
                connection, self.company, number, author, reason, to_time(now), version
            )

    def change_override(
        self,
        number: str,
        changes: dict[str, object],
        cycle: str,
        author: str,
        *,
        version: int,
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Put a changed override in the place of another, which is withdrawn; both stay.

        Args:
            changes: columns of contract `override` with their new values.
            cycle: cycle in which it is changed.
            version: the version that was read; refused where the record has changed since.

        Returns:
            The new row, contract `override`, under a new number.

        Raises:
            InputError: as of `add_overrides` and `withdraw_override`; nothing is changed.

        Example:
            book.change_override("O-2026-11-001", {"amount": 500.0}, "2026-11", "li", version=1)
        """
        to_cycle_period(cycle)
        with writing(self._engine) as connection:
            return overrides.replace(
                connection, self.company, number, changes, cycle, author, to_time(now), version
            )

    def add_streams(
        self,
        frame: pd.DataFrame,
        cycle: str,
        author: str,
        source: str,
        *,
        now: datetime | None = None,
    ) -> int:
        """Enter people's forecasts, all of them or none; a later number supersedes an earlier.

        Args:
            frame: contract `forecast_stream`; `cycle` may be absent; may bring `note`, and
                `source` where each row has its own (file, sheet and cell).
            cycle: cycle for which they are given.
            author: who enters them; `owner` is whose forecast it is.
            source: where they come from, for rows that do not say.
            now: time of entering, with zone; default: the clock's.

        Returns:
            How many rows were entered; a row that says what stands there already (same number,
            owner, source and note) is not entered again.

        Raises:
            InputError: names every problem by row and column; nothing is entered.
        """
        to_cycle_period(cycle)
        rows = streams.to_rows(frame, cycle, author, source, to_time(now))
        with writing(self._engine) as connection:
            return streams.insert(connection, self.company, rows)

    def read_streams(self, cycle: str | None = None, *, past: bool = False) -> pd.DataFrame:
        """Return the numbers that stand, as contract `forecast_stream`, sorted by key.

        Args:
            cycle: only numbers given for this cycle; None: for all.
            past: with those of the cycles before it.
        """
        with reading(self._engine) as connection:
            records = streams.read(connection, self.company, cycle, past=past, superseded=False)
        return streams.to_contract(records)

    def read_stream_records(self, cycle: str | None = None) -> pd.DataFrame:
        """Return every number ever entered for a cycle, in the order of entering.

        Returns:
            The columns of contract `forecast_stream` and `company`, `author`, `entered_at` (text,
            ISO 8601 with zone), `source`, `note`, `superseded` (a later number stands instead),
            `superseded_at`.
        """
        with reading(self._engine) as connection:
            return streams.read(connection, self.company, cycle)

    def fingerprint(self, cycle: str) -> str:
        """Return a hash of what a run of the cycle reads here: no clock, no author.

        Overrides that hold in the cycle and standing numbers of the cycle and those before it;
        empty where there are none.
        """
        with reading(self._engine) as connection:
            return hash_rows(
                overrides.list_content(connection, self.company, cycle),
                streams.list_content(connection, self.company, cycle),
            )
