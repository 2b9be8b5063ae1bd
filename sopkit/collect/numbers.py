"""What a person typed into one cell: a quantity, nothing, or something that cannot be taken.

Full-width digits, thousands separators, 千, 万 and the sheet's unit behind a number are read. What
could mean two things (a dash, a percentage, money) is refused by name, never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

import pandas as pd

from sopkit.sources.values import clean_text, to_numbers

HUGE = 1e12
_MONEY = re.compile(r"[¥$€£]|元|rmb|cny|usd", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_DASHES = {"-", "--", "—", "——", "–", "/", "\\"}
_DAY = re.compile(r"\d{4}([-/]\d{1,2}([-/]\d{1,2})?|年\d{1,2}月(\d{1,2}日)?)")
_BLANKS = re.compile(r"[\s\u200b\ufeff]+")


class Read(NamedTuple):
    """A quantity, or the rule that was broken; neither: no opinion."""

    quantity: float | None = None
    rule: str = ""


def read_cell(value: object, number_format: str, kind: str, units: tuple[str, ...]) -> Read:
    """Return what a cell says.

    Args:
        value: the cell's stored value; a formula's stored result.
        number_format: the cell's format, since 12 % is stored as 0.12.
        kind: the cell's kind as openpyxl has it; `e` is an error, `f` a formula without result.
        units: words that may stand behind the number: the base unit in both languages.

    Example:
        >>> read_cell("１，２００ 箱", "General", "s", ("箱", "cases"))
        Read(quantity=1200.0, rule='')
        >>> read_cell(-5, "#,##0", "n", ()).rule
        'negative'
        >>> read_cell("", "General", "s", ())
        Read(quantity=None, rule='')
    """
    if kind == "f":
        return Read(rule="no_value")
    if kind == "e":
        return Read(rule="error")
    if value is None:
        return Read()
    if isinstance(value, bool):
        return Read(rule="flag")
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return Read(rule="date")
    if isinstance(value, (int, float)):
        return Read(rule="percent") if _is_percent(number_format) else _check(float(value))
    return _read_text(str(value), units)


def _is_percent(number_format: str) -> bool:
    plain = re.sub(r'"[^"]*"|\\.', "", number_format or "")
    return "%" in plain


def _check(quantity: float) -> Read:
    if quantity != quantity or abs(quantity) > HUGE:
        return Read(rule="huge")
    return Read(rule="negative") if quantity < 0 else Read(quantity + 0.0)


def _read_text(given: str, units: tuple[str, ...]) -> Read:
    text = _BLANKS.sub(" ", clean_text(given)).strip()
    if not text:
        return Read()
    if text in _DASHES:
        return Read(rule="dash")
    if "%" in text or "‰" in text:
        return Read(rule="percent")
    if text.startswith("#"):
        return Read(rule="error")
    if _DAY.fullmatch(text):
        return Read(rule="date")
    if _MONEY.search(text):
        return Read(rule="money")
    text = _without_unit(text, units)
    if _PLAIN.fullmatch(text):
        return _check(float(text))
    numbers, bad = to_numbers(pd.Series([text], dtype=object))
    if bad.iloc[0] or pd.isna(numbers.iloc[0]):
        return Read(rule="text")
    return _check(float(numbers.iloc[0]))


def _without_unit(text: str, units: tuple[str, ...]) -> str:
    low = text.lower()
    for unit in sorted(units, key=len, reverse=True):
        if unit and low.endswith(clean_text(unit).lower()) and len(text) > len(unit):
            return text[: -len(clean_text(unit))].strip()
    return text
