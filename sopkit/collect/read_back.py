"""Workbooks that came back: what is accepted, what is refused, each by file, sheet and cell."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sopkit.collect.layout import MARK
from sopkit.collect.read_page import Said, find_page, read_page
from sopkit.collect.seal import Keeper, read_keeper
from sopkit.demand.levels import LEVEL

FAR = 10.0
CELL_KEY = ["stream", "owner", *LEVEL, "period"]
ACCEPTED = [
    *("cycle", *CELL_KEY, "forecast_qty", "reason", "file", "address", "written"),
    *("baseline_qty", "far", "earlier"),
]
REFUSED = ["stream", "owner", "file", "address", "value", "rule", "expected", "other"]
RECEIVED = ["file", "sha256", "stream", "owner", "asked", "accepted", "refused"]
_DTYPES: dict[str, Any] = {
    **{"period": "datetime64[ns]", "forecast_qty": float, "baseline_qty": float},
    **{"far": bool, "earlier": bool},
}
_SKIPPED = ("~$", ".")  # lock files of Excel and of WPS
_BOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".xlsb", ".ods")


@dataclass(frozen=True)
class Expected:
    """What sheets may be read for.

    Args:
        company: short name of the company.
        cycle: the month planned first.
        versions: newest version sent, by stream and owner.
        units: words that may stand behind a number.
        known: SHA-256 of the files read before; they give way to newer ones.
        untouched: SHA-256 of the workbooks as sent; such a file has not come back.
    """

    company: str
    cycle: str
    versions: Mapping[tuple[str, str], int]
    units: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    untouched: frozenset[str] = frozenset()


class Back(NamedTuple):
    """What came back: ACCEPTED, REFUSED and RECEIVED (a row a file that could be read)."""

    accepted: pd.DataFrame
    refused: pd.DataFrame
    received: pd.DataFrame


def list_files(given: Iterable[Path]) -> list[Path]:
    """Return the files named, and those below the folders named, without editors' lock files.

    Below a folder only workbooks count; a file that is named counts always.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.suffix.lower() in _BOOKS and p.is_file())
            found += sorted(p for p in inside if not p.name.startswith(_SKIPPED))
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read_files(files: Iterable[Path], expected: Expected) -> Back:
    """Read workbooks that came back.

    Each number is matched by its row's key and its column's month, wherever they stand now. Blank
    is no opinion, 0 is zero; a workbook as it was sent is passed over. What two files say of one
    cell counts when they agree; a file read before gives way to a new one.

    Returns:
        `accepted`: contract `forecast_stream` with `reason`, `file`, `address`, `written` (as
        typed), `baseline_qty` as the sheet showed it, `far` (ten times away from it) and
        `earlier` (of a file read before); sorted by cell. `refused`: `rule` is a word of
        `collect.rule`, `expected` what should stand there, `other` the address that differs;
        a file that cannot be taken has a blank address. `received`: `asked` cells, and counts.
    """
    said: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    received: list[dict[str, Any]] = []
    for path, file in name_files(list(files)):
        content, problem = _read_bytes(path)
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in expected.untouched:
            continue
        keeper, pages = (None, []) if problem else _open_book(content)
        rule, should = (problem, "") if problem else judge_book(keeper, pages, expected)
        if rule or keeper is None:
            sender = keeper.sender if keeper else ("", "")
            refused.append(_refuse(file, sender, rule=rule, expected=should, value=file))
            continue
        units = (*expected.units, keeper.facts.get("unit", ""))
        told = [one for page in pages for one in read_page(page, keeper, units)]
        said += [_accept(file, keeper, one, sha256, expected) for one in told if not one.rule]
        refused += [
            _refuse(file, keeper.sender, one.address, one.value, one.rule, one.expected)
            for one in told
            if one.rule
        ]
        received.append(_receive(file, keeper, sha256))
    accepted, doubled = settle(pd.DataFrame(said, columns=ACCEPTED))
    bad = pd.DataFrame([*refused, *doubled.to_dict("records")], columns=REFUSED)
    return Back(accepted, bad, _count(pd.DataFrame(received, columns=RECEIVED), accepted, bad))


def name_files(files: list[Path]) -> list[tuple[Path, str]]:
    """Return each file with its name; with its whole path where two share a name."""
    names = [path.name for path in files]
    return [(p, p.name if names.count(p.name) == 1 else str(p)) for p in files]


def _read_bytes(path: Path) -> tuple[bytes, str]:
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return b"", "not_xlsx"
    try:
        return path.read_bytes(), ""
    except OSError:
        return b"", "unreadable"


def _open_book(content: bytes) -> tuple[Keeper | None, list[Any]]:
    """Return the hidden sheet's contents and the pages with marks; (None, [None]) if unreadable."""
    try:
        book = _load(content, results=False)
    except Exception:  # openpyxl raises whatever a damaged or encrypted file makes it stumble over
        return None, [None]
    has_formula = any(
        cell.data_type == "f" for sheet in book.worksheets for cell in sheet._cells.values()
    )
    results = _load(content, results=True) if has_formula else None
    pages = [
        find_page(sheet, results[sheet.title] if results is not None else None)
        for sheet in book.worksheets
    ]
    return read_keeper(book), [page for page in pages if page is not None]


def _load(content: bytes, *, results: bool) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of extensions that it drops; we only read
        return openpyxl.load_workbook(io.BytesIO(content), data_only=results)


def judge_book(keeper: Keeper | None, pages: list[Any], expected: Expected) -> tuple[str, str]:
    """Return why a workbook is not taken and what was expected; blank where it is."""
    if keeper is None:
        return ("unreadable" if pages == [None] else "not_ours"), ""
    newest = expected.versions.get(keeper.sender)
    version = int(keeper.facts.get("version", "0") or 0) if keeper.sealed else 0
    tests = (
        (not pages, "not_ours", ""),
        (not keeper.layout_fits, "layout", ""),
        (not keeper.sealed, "sealed", ""),
        (keeper.facts["company"] != expected.company, "company", expected.company),
        (keeper.facts["cycle"] != expected.cycle, "cycle", expected.cycle),
        (newest is None, "sender", ""),
        (version < (newest or 0), "older", str(newest)),
        (version > (newest or 0), "newer", str(newest)),
    )
    return next(((rule, should) for broken, rule, should in tests if broken), ("", ""))


def _accept(
    file: str, keeper: Keeper, said: Said, sha256: str, expected: Expected
) -> dict[str, Any]:
    stream, owner = keeper.sender
    level = dict(zip(LEVEL, keeper.levels[said.key], strict=True))
    kept = keeper.locked[said.key].get(f"{MARK}baseline_qty:{said.month}", "")
    baseline = float(kept) if kept else float("nan")
    quantity = said.quantity or 0.0
    far = baseline > 0 and quantity > 0 and not 1 / FAR < quantity / baseline < FAR
    return {
        "cycle": expected.cycle,
        "stream": stream,
        "owner": owner,
        **level,
        "period": pd.Timestamp(f"{said.month}-01"),
        "forecast_qty": quantity,
        "reason": said.reason,
        "file": file,
        "address": said.address,
        "written": said.value,
        "baseline_qty": baseline,
        "far": far,
        "earlier": sha256 in expected.known,
    }


def _refuse(
    file: str,
    sender: tuple[str, str],
    address: str = "",
    value: str = "",
    rule: str = "",
    expected: str = "",
) -> dict[str, Any]:
    stream, owner = sender
    return {
        **{"stream": stream, "owner": owner, "file": file, "address": address},
        **{"value": value, "rule": rule, "expected": expected, "other": ""},
    }


def _receive(file: str, keeper: Keeper, sha256: str) -> dict[str, Any]:
    stream, owner = keeper.sender
    asked = len(keeper.levels) * len(keeper.facts["months"].split())
    told = {"file": file, "sha256": sha256, "stream": stream, "owner": owner}
    return {**told, "asked": asked, "accepted": 0, "refused": 0}


def settle(said: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one number a cell, and as refused those cells that were given two.

    A file read before counts only where no new one speaks.

    Example:
        100 in two copies: accepted once. 100 and 120: both refused, each names the other.
    """
    if said.empty:
        return said.astype(_DTYPES), pd.DataFrame(columns=REFUSED)
    newest = said.groupby(CELL_KEY)["earlier"].transform("min")
    current = said[said["earlier"] == newest]
    values = current.groupby(CELL_KEY)["forecast_qty"].transform("nunique")
    kept = current[values == 1].drop_duplicates(CELL_KEY)
    clash = current[values > 1].sort_values(CELL_KEY, kind="stable")
    where = clash["file"] + " " + clash["address"] + " = " + clash["written"]
    groups = [clash[name] for name in CELL_KEY]
    other = where.groupby(groups).shift(-1).fillna(where.groupby(groups).transform("first"))
    refused = clash.assign(value=clash["written"], rule="conflict", expected="", other=other)
    told = kept.sort_values(CELL_KEY, kind="stable", ignore_index=True)
    return told.astype(_DTYPES), refused[REFUSED].reset_index(drop=True)


def _count(received: pd.DataFrame, accepted: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    counts = {
        "accepted": accepted["file"].value_counts(),
        "refused": refused["file"].value_counts(),
    }
    told = {name: received["file"].map(n).fillna(0).astype(int) for name, n in counts.items()}
    return received.assign(**told)
