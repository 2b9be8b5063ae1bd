"""What people put into the demand review: their changes, and the numbers of their streams."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from sopkit.periods import to_cycle_period
from sopkit.planbook import overrides, streams
from sopkit.planbook.connect import reading, writing
from sopkit.planbook.rows import to_time


class DemandInput:
    """One company's overrides and numbers of streams; a part of `Planbook`."""

    def __init__(self, engine: Engine, company: str) -> None:
        self.company = company
        self._engine = engine

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
