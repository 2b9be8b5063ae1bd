"""The planbook: what people put in, kept as records with author, time, source and reason.

A small relational database: an SQLite file in the planning folder, or PostgreSQL by URL. Nothing
is lost: an override is withdrawn, a stream's number is superseded, a record has versions, and every
write is kept in an audit trail that nobody can alter unseen.
"""

from __future__ import annotations

from sopkit.planbook.answers import find_closing, guess_asked
from sopkit.planbook.audit import describe_history
from sopkit.planbook.book import Planbook
from sopkit.planbook.connect import URL_VARIABLE, find_book_file, has_planbook
from sopkit.planbook.kinds import KINDS, SOPKIT, Kind, find_kind, find_kind_of
from sopkit.planbook.opening import (
    People,
    fingerprint_planbook,
    open_planbook,
    read_people,
    read_records,
)
from sopkit.planbook.overrides import find_override_problems, find_same, join_overrides
from sopkit.planbook.transfer import read_book_file

__all__ = [
    "KINDS",
    "SOPKIT",
    "URL_VARIABLE",
    "Kind",
    "People",
    "Planbook",
    "describe_history",
    "find_book_file",
    "find_closing",
    "find_kind",
    "find_kind_of",
    "find_override_problems",
    "find_same",
    "fingerprint_planbook",
    "guess_asked",
    "has_planbook",
    "join_overrides",
    "open_planbook",
    "read_book_file",
    "read_people",
    "read_records",
]
