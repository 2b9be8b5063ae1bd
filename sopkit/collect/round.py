"""A round of collecting: sheets out, sheets back, who is late."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sopkit.collect.given import read_given, require_manifest
from sopkit.collect.keep import add_states, find_staying, keep_cells, read_standing
from sopkit.collect.layout import Sheet
from sopkit.collect.make import make_sheets
from sopkit.collect.read_back import Back, Expected, list_files, read_files
from sopkit.collect.record import (
    Record,
    add_received,
    add_sent,
    number_sheet,
    read_record,
    tell_status,
    write_record,
)
from sopkit.collect.write import to_workbook
from sopkit.cycle import Cycle, check_open, find_folder, view_cycle, write_atomic
from sopkit.errors import CycleError, ParameterError, list_problems
from sopkit.messages import LANGUAGES, catalogue
from sopkit.periods import to_cycle_period
from sopkit.report.company import read_company

DUE_WORKING_DAY = 5
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


class Out(NamedTuple):
    """Sheets sent, each with its file, and the leaves that nobody answers for."""

    sheets: list[tuple[Sheet, Path]]
    unowned: pd.DataFrame
    due: date


class In(NamedTuple):
    """What came back.

    Args:
        accepted: see `read_files`, with `state`, see `add_states`.
        refused, received: see `read_files`.
        stay: numbers given earlier whose cells are blank now; blank is no opinion, so they stand.
        entered: how many cells were entered into the planbook.
    """

    accepted: pd.DataFrame
    refused: pd.DataFrame
    received: pd.DataFrame
    stay: pd.DataFrame
    entered: int


def send_sheets(
    folder: str | Path | None,
    cycle: str,
    out: Path,
    *,
    lang: str = "en",
    months: int = 6,
    due: date | None = None,
    by_customer: bool = False,
    senders: tuple[str, ...] = (),
) -> Out:
    """Write a workbook for each sender of a cycle.

    Args:
        folder: the planning folder, as `find_folder` takes it.
        out: folder for the workbooks, named `<cycle>_<stream>_<owner>.xlsx`.
        lang: language of the sheets.
        months: months asked for, the cycle's own first.
        due: day by which they are expected; default: the last round's, else the fifth working
            day of the cycle's month.
        by_customer: ask sales by customer group everywhere.
        senders: only these owners or streams; empty for all.

    Raises:
        InputError: the demand review has not run, or there is nobody to ask.
        CycleError: the cycle is published or was never run.
        ParameterError: a workbook in `out` holds numbers that were not read yet, or a sender
            named is not asked.
    """
    home = find_folder(folder)
    c = view_cycle(cycle, home)
    check_open(c.paths, require_manifest(c), c.company)
    given = read_given(home, cycle)
    record = read_record(home, cycle)
    day = due or _last_due(record) or default_due(cycle, given.country)
    made = make_sheets(given, months=months, due=day.isoformat(), by_customer=by_customer)
    chosen = [
        (number_sheet(sheet, record), answer)
        for sheet, answer in made.sheets
        if not senders or sheet.owner in senders or sheet.stream in senders
    ]
    _check_senders(senders, [sheet for sheet, _ in made.sheets])
    paths = name_workbooks([sheet for sheet, _ in chosen], out)
    _check_unread(paths, c, record)
    t = given.catalogue(lang)
    sent = []
    for (sheet, answer), path in zip(chosen, paths, strict=True):
        content = to_workbook(sheet, answer, t, given.names.names[lang])
        write_atomic(path, content)
        sent.append((sheet, path.name, hashlib.sha256(content).hexdigest()))
    write_record(home, cycle, add_sent(record, sent))
    sheets = [(sheet, path) for (sheet, _), path in zip(chosen, paths, strict=True)]
    return Out(sheets, made.unowned, day)


def read_sheets(
    folder: str | Path | None,
    cycle: str,
    files: list[Path],
    *,
    today: date,
    author: str = "S&OP lead",
    preview: bool = False,
) -> In:
    """Read workbooks that came back; accepted cells go into the planbook.

    Reading the same files again enters nothing.

    Args:
        files: workbooks, or folders of them.
        today: noted as the day of reading.
        author: who reads them in.
        preview: enter nothing, note nothing.

    Raises:
        ParameterError: a file is not there, or no workbook is found.
        CycleError: the cycle is published or was never run; no sheet was sent for it.
    """
    home = find_folder(folder)
    c = view_cycle(cycle, home)
    if not preview:
        check_open(c.paths, require_manifest(c), c.company)
    missing = [f"{path} is not there" for path in files if not path.exists()]
    if missing:
        raise ParameterError(list_problems("Sheets cannot be read", missing))
    record = read_record(home, cycle)
    if not record.sent:
        raise CycleError(
            f"No sheet was sent for cycle {cycle} from {home}: sopkit collect {cycle} --out DIR"
        )
    found = list_files(files)
    if not found:
        raise ParameterError(f"No workbook was found in {', '.join(map(str, files))}.")
    back = _read(found, c, record)
    standing = read_standing(home, cycle, c.company)
    cells = add_states(back.accepted, standing)
    stay = find_staying(standing, back, record.known)
    if preview:
        return In(cells, back.refused, back.received, stay, 0)
    entered = keep_cells(home, cycle, c.company, cells, author)
    changed = add_received(record, back.received, today)
    if changed != record:
        write_record(home, cycle, changed)
    return In(cells, back.refused, back.received, stay, entered)


def describe_status(
    folder: str | Path | None, cycle: str, today: date, *, due: date | None = None
) -> pd.DataFrame:
    """Say who has sent, who is late and how many cells each gave; see `tell_status`.

    Args:
        due: the day sheets are expected, instead of the one they were sent with.

    Raises:
        CycleError: the cycle was never run, or no sheet was sent for it.
    """
    home = find_folder(folder)
    c = view_cycle(cycle, home)
    record = read_record(home, cycle)
    if not record.sent:
        raise CycleError(
            f"No sheet was sent for cycle {cycle} from {home}: sopkit collect {cycle} --out DIR"
        )
    standing = read_standing(home, cycle, c.company)
    return tell_status(record, standing.groupby(["stream", "owner"]).size(), today, due=due)


def default_due(cycle: str, country: str) -> date:
    """Return the fifth working day of the cycle's month: no weekend, no public holiday.

    Example:
        2026-11 in China: 6 November, a Friday.
    """
    import holidays

    first = to_cycle_period(cycle)
    closed = holidays.country_holidays(country, years=first.year) if country else {}
    days = pd.date_range(first, periods=28, freq="D")
    working = [day.date() for day in days if day.weekday() < 5 and day.date() not in closed]
    return working[DUE_WORKING_DAY - 1]


def name_workbooks(sheets: list[Sheet], out: Path) -> list[Path]:
    """Return a file for each sheet; names that clash after cleaning get a number."""
    taken: dict[str, int] = {}
    paths = []
    for sheet in sheets:
        words = (
            " ".join(_NOT_IN_NAMES.sub(" ", word).split()) for word in (sheet.stream, sheet.owner)
        )
        name = "_".join([sheet.cycle, *words])
        count = taken[name.lower()] = taken.get(name.lower(), 0) + 1
        paths.append(out / f"{name}{f'_{count}' if count > 1 else ''}.xlsx")
    return paths


def _check_senders(senders: tuple[str, ...], sheets: list[Sheet]) -> None:
    known = {sheet.owner for sheet in sheets} | {sheet.stream for sheet in sheets}
    unknown = [f"nobody asked is called {name}" for name in senders if name not in known]
    if unknown:
        asked = f"Asked are: {', '.join(sorted(known))}."
        raise ParameterError(list_problems("Sheets cannot be written", unknown, asked))


def _check_unread(paths: list[Path], c: Cycle, record: Record) -> None:
    """Raise where a workbook to be overwritten holds numbers nobody has read."""
    back = _read([path for path in paths if path.exists()], c, record)
    cells = add_states(back.accepted, read_standing(c.folder, c.name, c.company))
    unread = cells[~cells["state"].isin(["same", "earlier"])]
    counts = Counter([*unread["file"], *back.refused["file"]])
    lines = [f"{name} holds {n} cells that nobody has read" for name, n in sorted(counts.items())]
    if lines:
        advice = f"Read them first (sopkit collect {c.name} --read DIR), or take another folder."
        raise ParameterError(list_problems("Nothing was written", lines, advice))


def _last_due(record: Record) -> date | None:
    return max((date.fromisoformat(one.due) for one in record.sent), default=None)


def _read(files: list[Path], c: Cycle, record: Record) -> Back:
    names = read_company(c.folder, require_manifest(c))
    words = {catalogue(lang, names.currency, names.volume_unit).unit for lang in LANGUAGES}
    units = tuple(sorted({names.volume_unit, *words}))
    expected = Expected(c.company, c.name, record.versions, units, record.known, record.untouched)
    return read_files(files, expected)
