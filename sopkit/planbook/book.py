"""The planbook as notebooks and commands see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from sopkit.periods import to_cycle_period
from sopkit.planbook import answers, audit, chain, left, overrides, records, streams, transfer
from sopkit.planbook.connect import describe_url, reading, writing
from sopkit.planbook.given import DemandInput
from sopkit.planbook.kinds import find_kind
from sopkit.planbook.rows import hash_rows, to_time


class Planbook(DemandInput):
    """One company's records, with its overrides and streams. Made by `open_planbook`."""

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

    def add(
        self,
        kind: str,
        frame: pd.DataFrame,
        cycle: str,
        author: str,
        *,
        reason: str = "",
        source: str = "",
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Enter records of a kind, all of them or none.

        Args:
            kind: a name in `kinds.KINDS`.
            frame: columns of the kind; may bring `reason` and `status` of each row. Its index
                names the rows in messages.
            cycle: cycle in which they are entered.
            author: who enters them; `sopkit` alone needs no reason.
            reason: why, for rows that do not say.
            source: file they come from.
            now: time of entering, with zone; default: the clock's.

        Returns:
            The records as kept, in the order of `frame`, numbered: `T-2026-11-001`.

        Raises:
            InputError: names every problem by row and column; nothing is entered.
            CycleError: the time lies before the book's last entry.

        Example:
            book.add("task", frame, "2026-11", "li", reason="decided on Monday")
        """
        to_cycle_period(cycle)
        found = find_kind(kind)
        rows = records.to_rows(found, frame, cycle, author, reason, source, to_time(now))
        with writing(self._engine) as connection:
            kept = records.insert(connection, self.company, found, rows)
        return records.to_frame(found, kept)

    def read(
        self,
        kind: str,
        cycle: str | None = None,
        *,
        status: str | None = None,
        past: bool = False,
        as_left: bool = False,
    ) -> pd.DataFrame:
        """Return records of a kind in the order of cycles and numbers.

        Args:
            kind: a name in `kinds.KINDS`.
            cycle: only those entered in it; None: all.
            status: only those that stand so.
            past: with those of the cycles before it.
            as_left: as people left them: what sopkit itself closed stands where it began, and
                `version` counts people's changes alone.

        Returns:
            `number`, `company`, `cycle`, `author`, `entered_at` (text, ISO 8601 with zone),
            `source`, `reason`, `status`, `version`, `closed_by`, `closed_at`, `closed_reason`,
            then the kind's own columns.
        """
        found = find_kind(kind)
        with reading(self._engine) as connection:
            kept = records.read(connection, self.company, found, cycle, past=past)
            if as_left:
                kept = left.to_left(connection, self.company, kept)
        chosen = [row for row in kept if status is None or row["status"] == status]
        return records.to_frame(found, chosen)

    def change(
        self,
        kind: str,
        number: str,
        changes: Mapping[str, object],
        author: str,
        reason: str,
        *,
        version: int,
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Change cells or the status of a record; the trail keeps what stood there.

        A conflict or decision that was answered closes, in the same transaction, the task by which
        sopkit asked for it; see `answers.follow`.

        Args:
            kind, number: the record.
            changes: own columns of the kind, and `status`, with their new values.
            author, reason: who changes it and why.
            version: the version that was read; refused where the record has changed since.

        Returns:
            The record as it is now; as it was where nothing would change.

        Raises:
            InputError: no such record or column, it is withdrawn, it would not be fit, or the
                version is stale: then who changed what is told; or a conflict is escalated to the
                role and day that stand there. Nothing is changed.

        Example:
            book.change("task", "T-2026-11-001", {"status": "done"}, "li", "sent", version=1)
        """
        found = find_kind(kind)
        with writing(self._engine) as connection:
            company, at = self.company, to_time(now)
            before = records.find(connection, company, found, number)
            kept = records.change(
                connection, company, found, number, changes, author, reason, version, at
            )
            if kept["version"] == before["version"]:
                answers.check_escalation(connection, company, kept, changes)
            else:
                answers.follow(connection, company, kept, author.strip(), reason.strip(), at)
        return records.to_frame(found, [kept])

    def withdraw(
        self,
        kind: str,
        number: str,
        author: str,
        reason: str,
        *,
        version: int | None = None,
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Take a record back; it stays, with who, when and why.

        Args:
            version: the version that was read; refused where the record has changed since.

        Raises:
            InputError: as of `change`, or the kind is never withdrawn.
        """
        found, at = find_kind(kind), to_time(now)
        with writing(self._engine) as connection:
            kept = records.withdraw(
                connection, self.company, found, number, author, reason, version, at
            )
            answers.follow(connection, self.company, kept, author.strip(), reason.strip(), at)
        return records.to_frame(found, [kept])

    def keep_own(
        self,
        kind: str,
        standing: Mapping[str, tuple[str, str]],
        *,
        now: datetime | None = None,
    ) -> list[str]:
        """Set where records that sopkit opened stand, and close its tasks about them.

        A record that a person entered, or answered meanwhile, is left as it is.

        Args:
            kind: a name in `kinds.KINDS`.
            standing: by number, the status and why.
            now: time of the change, with zone; default: the clock's.

        Returns:
            Numbers of the records that stand otherwise now.

        Example:
            book.keep_own("conflict", {"C-2026-11-001": ("withdrawn", "the numbers agree")})
        """
        found = find_kind(kind)
        with writing(self._engine) as connection:
            return answers.keep_own(connection, self.company, found, standing, to_time(now))

    def audit(self, kind: str | None = None, number: str | None = None) -> pd.DataFrame:
        """Return the audit trail in its order: every write since the book was made.

        Args:
            kind: only writes of it: a name in `kinds.KINDS`, override or stream.
            number: only writes of one record.

        Returns:
            `company`, `seq`, `at`, `author`, `action`, `kind`, `number`, `version`, `reason`,
            `content` (JSON: the record after the write), `previous`, `hash`.
        """
        with reading(self._engine) as connection:
            return audit.read(connection, self.company, kind, number)

    def list_companies(self) -> list[str]:
        """Return the companies that keep records here, whosever book this is."""
        with reading(self._engine) as connection:
            return audit.list_companies(connection)

    def check_chain(self, sealed: Sequence[str] = ()) -> str:
        """Return the first broken link of the audit trail in words; empty where it is whole.

        Also named is a record that is not as its last entry says.

        Args:
            sealed: hashes of entries as kept outside of the book; a trail without one was cut off.
        """
        with reading(self._engine) as connection:
            return chain.find_break(connection, self.company, sealed)

    def find_last_hash(self) -> str:
        """Return the hash of the newest entry of the audit trail; empty where there is none."""
        with reading(self._engine) as connection:
            return chain.find_last_hash(connection, self.company)

    def accept_clock(self, author: str, reason: str, *, now: datetime | None = None) -> None:
        """Enter that the clock is right, where the last entry's time was not.

        A write whose time lies before the last entry's is refused, until this says why it may.

        Raises:
            InputError: author or reason is blank.
        """
        with writing(self._engine) as connection:
            audit.accept_clock(connection, self.company, author, reason, to_time(now))

    def export_json(self, path: Path) -> None:
        """Write the whole book of the company, its audit trail too, as one JSON file."""
        with reading(self._engine) as connection:
            text = transfer.to_text(connection, self.company)
        transfer.write_whole(path, text)

    def import_json(self, path: Path) -> dict[str, int]:
        """Enter an exported book into this one, which must be empty.

        Exported again, it is the same text.

        Returns:
            How many rows of each table were entered.

        Raises:
            InputError: the file is no whole book, was altered, or is another company's.
            CycleError: this book holds rows, or the file is of a newer sopkit.
        """
        told = transfer.read_book_file(path)
        with writing(self._engine) as connection:
            return transfer.insert_book(connection, self.company, told)

    def fingerprint(self, cycle: str, step: str = "demand") -> str:
        """Return a hash of what a step's run of the cycle reads here: no clock, no author.

        Demand: overrides that hold in the cycle and standing numbers of the cycle and those before
        it. Consensus and executive: records that people touched or that earlier cycles opened, as
        people left them; tasks for the executive review alone, which shows them.
        Empty where there are none.

        Args:
            cycle: the cycle.
            step: demand, consensus or executive.
        """
        with reading(self._engine) as connection:
            if step != "demand":
                return hash_rows(records.list_content(connection, self.company, cycle, step))
            return hash_rows(
                overrides.list_content(connection, self.company, cycle),
                streams.list_content(connection, self.company, cycle),
            )
