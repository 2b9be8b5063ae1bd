"""A planning folder's planbook: opened, or read where it may not be there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sopkit.planbook.book import Planbook
from sopkit.planbook.connect import connect, has_planbook, migrate, to_url
from sopkit.planbook.kinds import find_kind
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


def read_records(
    folder: Path,
    kind: str,
    cycle: str,
    *,
    company: str = "",
    past: bool = True,
    url: str | None = None,
) -> pd.DataFrame:
    """Return records of a kind up to a cycle as people left them; empty without a book.

    See `Planbook.read`: what sopkit itself closed stands where it began.

    A planning folder in which nobody entered anything gets no book by being read.

    Args:
        past: with those of the cycles before it.
    """
    if not has_planbook(folder, url):
        return find_kind(kind).table.empty()
    with open_planbook(folder, url, company=company) as book:
        return book.read(kind, cycle, past=past, as_left=True)


def fingerprint_planbook(
    folder: Path, cycle: str, *, step: str = "demand", company: str = "", url: str | None = None
) -> str:
    """Return `Planbook.fingerprint` of a folder's book; empty where there is none to open."""
    if not has_planbook(folder, url):
        return ""
    with open_planbook(folder, url, company=company) as book:
        return book.fingerprint(cycle, step)
