"""The sheet as both sides know it: what is written, and how it is found again.

Nothing is found by position. A hidden row of marks says what each column is (`sopkit:in:2026-11`),
a hidden column holds each row's key, and the hidden sheet `_sopkit` keeps whose sheet it is, which
cell every key stands for and what every locked cell said. So rows may be sorted, columns moved,
lines inserted, sheets renamed, and the numbers still find their cells.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from unicodedata import east_asian_width

import pandas as pd

from sopkit.demand.levels import LEVEL
from sopkit.tables import ALL

LAYOUT = "1"
HIDDEN = "_sopkit"
MARK = "sopkit:"
KEY, TOTAL, REASON, INPUT = f"{MARK}key", f"{MARK}total", f"{MARK}reason", f"{MARK}in:"
NAMES = ("item", "item_name", "family", "location", "customer")
BLOCKS = ("baseline_qty", "last_year_qty", "agreed_qty", "own_qty")
RECORD = ("wape_rate", "bias_rate")
META = (
    *("layout", "company", "cycle", "stream", "owner", "version", "lang", "unit", "due"),
    *("months", "headings"),
)


@dataclass(frozen=True)
class Sheet:
    """One sender's sheet.

    Args:
        company: short name of the company.
        cycle: the month planned first.
        stream: whose function speaks: sales, marketing.
        owner: the role that is asked.
        version: 1, and one more whenever the cells asked for change.
        due: day by which it is expected, such as 2026-11-06.
        months: months asked for, such as 2026-11.
        rows: LEVEL, a row of the sheet each, with RECORD (blank where there is no past).
        cells: LEVEL, `period` and BLOCKS.
        own_cycle: cycle in which the sender's stream spoke last; empty when never.
    """

    company: str
    cycle: str
    stream: str
    owner: str
    version: int
    due: str
    months: tuple[str, ...]
    rows: pd.DataFrame
    cells: pd.DataFrame
    own_cycle: str = ""

    @property
    def keys(self) -> list[str]:
        """Key of each row: changes with cycle, sender, version and cell."""
        head = [self.company, self.cycle, self.stream, self.owner, str(self.version)]
        return [to_key([*head, *row]) for row in self.rows[LEVEL].astype(str).to_numpy().tolist()]

    @property
    def grid(self) -> str:
        """Hash of the cells asked for; a sheet whose grid changed gets a new version."""
        rows = self.rows[LEVEL].astype(str).to_numpy().tolist()
        return to_key([*self.months, *(code for row in sorted(rows) for code in row)], 16)


def text_width(texts: list[str]) -> float:
    """Return the width of a column that shows these texts: a Chinese letter is two wide.

    Example:
        >>> text_width(["经典可乐", "A-1"])
        11.0
    """
    wide = [sum(2 if east_asian_width(letter) in "WF" else 1 for letter in t) for t in texts]
    return float(min(max([6, *wide]) + 3, 42))


def to_key(parts: list[str], length: int = 12) -> str:
    """Return a short hash of texts, the same on every machine."""
    text = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def to_seal(lines: list[list[str]]) -> str:
    """Return the hash of the hidden sheet's lines, so that a change of it is seen.

    Blank cells at a line's end count for nothing, since no file keeps them.
    """
    return to_key([json.dumps(trim(line), ensure_ascii=False) for line in lines], 20)


def trim(line: list[str]) -> list[str]:
    """Return a line without the blank cells at its end."""
    full = [place for place, text in enumerate(line, 1) if text]
    return line[: full[-1]] if full else []


def name_columns(rows: pd.DataFrame) -> list[str]:
    """Return which of NAMES a sheet shows: a level that is `all` everywhere is left out.

    Example:
        Rows by item and location: item, item_name, location.
    """
    shown = {name for name in LEVEL if (rows[name] != ALL).any()}
    return [name for name in NAMES if name.removesuffix("_name") in shown]


def list_columns(sheet: Sheet) -> list[str]:
    """Return the marks of a sheet's columns from left to right, the hidden key first.

    Example:
        key, names, `sopkit:in:<month>` per month, reason, the sender's record, the grey blocks.
    """
    grey = [f"{MARK}{block}:{month}" for block in BLOCKS for month in sheet.months]
    return [
        KEY,
        *(f"{MARK}{name}" for name in name_columns(sheet.rows)),
        *(f"{INPUT}{month}" for month in sheet.months),
        REASON,
        *(f"{MARK}{name}" for name in RECORD),
        *grey,
    ]
