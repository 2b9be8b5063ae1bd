"""The planbook: what people put in, kept as records with author, time, source and reason.

A small relational database: an SQLite file in the planning folder, or PostgreSQL by URL. Records
are never altered: an override is withdrawn, a stream's number is superseded, and both stay.
"""

from __future__ import annotations

from sopkit.planbook.book import (
    People,
    Planbook,
    fingerprint_planbook,
    open_planbook,
    read_people,
)
from sopkit.planbook.connect import URL_VARIABLE, find_book_file, has_planbook
from sopkit.planbook.overrides import find_override_problems, find_same, join_overrides

__all__ = [
    "URL_VARIABLE",
    "People",
    "Planbook",
    "find_book_file",
    "find_override_problems",
    "find_same",
    "fingerprint_planbook",
    "has_planbook",
    "join_overrides",
    "open_planbook",
    "read_people",
]
