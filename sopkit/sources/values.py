"""Cells become values: numbers, dates, yes or no, and codes, as company files write them.

Every reader takes text cells and returns the values with a mask of the cells it could not read;
blank cells are blank values, never zero and never unreadable. Work is done once per distinct text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd

_TIMES = {
    "": Decimal(1),
    "百": Decimal(100),
    "千": Decimal(1000),
    "万": Decimal(10_000),
    "萬": Decimal(10_000),
    "十万": Decimal(100_000),
    "百万": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
}
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:[¥$€](?P<inner>[+-]?))?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d*)(?P<part>\.\d*)?"
    r" ?(?P<times>[十百千万萬亿]*)(?P<rate>%?)元?"
)
_NO_VALUE = {"-", "--", "—", "——"}
_DATE = re.compile(
    r"(\d{4})(?:"
    r"[-/.](\d{1,2})(?:[-/.](\d{1,2}))?"
    r"|年(\d{1,2})(?:月(?:(\d{1,2})日?)?)?"
    r"|(\d{2})(\d{2})?"
    r")(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_FIRST_YEAR, _LAST_YEAR = 1900, 2262
_YES = {"1", "1.0", "true", "yes", "y", "t", "x", "是", "有", "对", "√", "✓"}
_NO = {"0", "0.0", "false", "no", "n", "f", "否", "无", "不", "×"}


def clean_text(text: str) -> str:
    """Return a text with full-width letters and digits made plain and its outer blanks gone.

    Example:
        >>> clean_text(" Ａ－１００\u3000")
        'A-100'
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().strip("\ufeff")


def map_distinct(cells: pd.Series, read: Callable[[str], object]) -> pd.Series:
    """Return what `read` makes of each cell, called once per distinct text."""
    places, distinct = pd.factorize(cells.astype(object), use_na_sentinel=False)
    read_values = np.empty(len(distinct), dtype=object)
    read_values[:] = [read("" if pd.isna(text) else str(text)) for text in distinct]
    return pd.Series(read_values[places], index=cells.index, dtype=object)


def to_codes(cells: pd.Series) -> pd.Series:
    """Return codes: plain letters and digits, outer blanks gone, leading zeros kept; blank is None.

    Example:
        >>> to_codes(pd.Series([" 00１2 ", ""])).tolist()
        ['0012', None]
    """
    return map_distinct(cells, lambda text: clean_text(text) or None)


def to_names(cells: pd.Series) -> pd.Series:
    """Return texts for people: as written, without outer blanks; blank is None."""
    return map_distinct(cells, lambda text: text.strip() or None)


def to_numbers(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return numbers and the mask of cells that hold none.

    Reads thousands separators, full-width digits, `(1,234)` and `1,234-` as negative, `12 %` as
    0.12, currency signs, and 千, 万, 亿 behind the number. A dash alone is blank. A comma that
    does not part thousands is not read, since it may be a decimal comma.

    Example:
        >>> to_numbers(pd.Series(["1,234.5", "1.2万", "(30)", "12%", "", "abc"]))[0].tolist()
        [1234.5, 12000.0, -30.0, 0.12, nan, nan]
    """
    text = cells.astype(object).where(cells.notna(), "")
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    odd = numbers.isna() | ~np.isfinite(numbers)
    if odd.any():
        read = map_distinct(text[odd], _read_number)
        numbers = numbers.where(~odd, np.nan)
        numbers[odd] = pd.to_numeric(read.where(read != "bad", np.nan)).astype(float)
        bad = pd.Series(False, index=cells.index)
        bad[odd] = (read == "bad").to_numpy(dtype=bool)
        return numbers, bad
    return numbers, odd


def _read_number(text: str) -> float | str | None:
    text = clean_text(text)
    if text == "" or text in _NO_VALUE:
        return None
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1].strip() if negative else text
    if text.endswith("-"):
        negative, text = not negative, text[:-1].strip()
    found = _NUMBER.fullmatch(text)
    digits = re.sub("[, ]", "", found["whole"]) + (found["part"] or "") if found else ""
    if found is None or digits in ("", ".") or found["times"] not in _TIMES:
        return "bad"
    number = Decimal(digits) * _TIMES[found["times"]] / (100 if found["rate"] else 1)
    minus = negative ^ (found["sign"] == "-") ^ (found["inner"] == "-")
    return float(-number if minus else number)


def to_dates(cells: pd.Series, layout: str = "") -> tuple[pd.Series, pd.Series]:
    """Return days and the mask of cells that hold none; a month without a day is its first day.

    Reads 2026-10-05, 2026/10/5, 2026.10.05, 20261005, 2026-10, 202610, 2026年10月, a time behind
    the day, and Excel's day numbers. Orders such as 05/10/2026 have to be declared by `layout`
    (`%d/%m/%Y`), since nobody can tell day from month.

    Example:
        >>> to_dates(pd.Series(["2026年10月", "202610", "2026/1/5"]))[0].dt.day.tolist()
        [1, 1, 5]
    """
    text = map_distinct(cells, clean_text)
    places, distinct = pd.factorize(text)
    days = _read_days(pd.Series(distinct, dtype=object), layout)
    dates = pd.Series(days.to_numpy()[places], index=cells.index)
    return dates, dates.isna() & (text != "")


def _read_days(text: pd.Series, layout: str) -> pd.Series:
    if layout:
        return pd.to_datetime(text, format=layout, errors="coerce").astype("datetime64[ns]")
    parts = [_split_date(cell) for cell in text]
    frame = pd.DataFrame(parts, columns=["year", "month", "day"], dtype=float)
    days = pd.to_datetime(frame, errors="coerce").astype("datetime64[ns]")
    serial = text.map(lambda cell: bool(_SERIAL.fullmatch(cell))).astype(bool)
    if serial.any():
        counted = pd.to_numeric(text.where(serial), errors="coerce")
        excel = pd.to_datetime(counted, unit="D", origin="1899-12-30").dt.normalize()
        days = days.where(~serial, excel.astype("datetime64[ns]"))
    return days


def _split_date(text: str) -> tuple[float, float, float]:
    found = _DATE.fullmatch(text)
    if found is None or not _FIRST_YEAR <= int(found[1]) < _LAST_YEAR:
        return (np.nan, np.nan, np.nan)
    month = found[2] or found[4] or found[6]
    day = found[3] or found[5] or found[7] or "1"
    return (float(found[1]), float(month), float(day))


def to_cycles(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return names of cycles, such as 2026-10, and the mask of cells that name no month.

    Example:
        >>> to_cycles(pd.Series(["202610", "2026年9月"]))[0].tolist()
        ['2026-10', '2026-09']
    """
    places, distinct = pd.factorize(map_distinct(cells, clean_text))
    months, bad = to_dates(pd.Series(distinct, dtype=object))
    names = months.dt.strftime("%Y-%m").astype(object).where(months.notna(), None)
    return (
        pd.Series(names.to_numpy()[places], index=cells.index, dtype=object),
        pd.Series(bad.to_numpy()[places], index=cells.index),
    )


def to_flags(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return True, False or None (blank), and the mask of cells that say neither.

    Example:
        >>> to_flags(pd.Series(["是", "N", ""]))[0].tolist()
        [True, False, None]
    """
    read = map_distinct(cells, _read_flag)
    bad = read == "bad"
    return read.where(~bad, None), bad


def _read_flag(text: str) -> bool | str | None:
    word = clean_text(text).lower()
    if word == "":
        return None
    return True if word in _YES else False if word in _NO else "bad"
