"""Numbers, money, months and days as people of a language write them.

Each format splits a value into parts (sign, digits, scale, ...) that a pattern of the catalogue
(``format.money``, say) puts together, so that word order and spacing stand in YAML. Prose carries
three significant digits; tables carry whole figures (see `full_digits`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

MINUS = "\u2212"
CURRENCIES = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SCALES = {"en": ((1e9, "B"), (1e6, "M")), "zh": ((1e8, "亿"), (1e4, "万"))}
_MONEY_FROM = {"en": 1e5, "zh": 1e4}
_COUNT_FROM = {"en": 1e6, "zh": 1e4}

Parts = dict[str, str]


def is_missing(value: object) -> bool:
    """Return True for None, NaN and NaT, also for a number that is not finite."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float) and not math.isfinite(value)


def round_significant(value: float, digits: int = 3) -> float:
    """Return a number rounded to so many significant digits.

    Example:
        >>> round_significant(4_912_345.0)
        4910000.0
    """
    if value == 0:
        return 0.0
    return float(round(value, digits - 1 - math.floor(math.log10(abs(value)))))


def short_digits(value: float) -> str:
    """Return an amount without sign in three significant digits, two decimals at most.

    Example:
        >>> short_digits(4.912), short_digits(41234.0), short_digits(-0.5)
        ('4.91', '41,200', '0.5')
    """
    size = abs(round_significant(value))
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def full_digits(value: float, decimals: int = 0) -> str:
    """Return a whole figure with thousands separators and a real minus sign.

    Example:
        >>> full_digits(-1234567.2)
        '−1,234,567'
    """
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and any(c in "123456789" for c in text) else text


def _scaled(value: float, lang: str, smallest: float) -> Parts:
    rounded = round_significant(value)
    step, scale = 1.0, ""
    if abs(rounded) >= smallest:
        fitting = [pair for pair in _SCALES[lang] if abs(rounded) >= pair[0]]
        step, scale = fitting[0] if fitting else _SCALES[lang][-1]
    digits = short_digits(rounded / step)
    return {"digits": digits, "scale": scale, **_signs(rounded, digits)}


def _signs(value: float, digits: str) -> Parts:
    zero = not any(c in "123456789" for c in digits)
    minus = MINUS if value < 0 and not zero else ""
    return {"minus": minus, "sign": minus or ("" if zero else "+")}


def _money(value: float, lang: str) -> Parts:
    return _scaled(value, lang, _MONEY_FROM[lang])


def _quantity(value: float, lang: str) -> Parts:
    return _scaled(value, lang, _COUNT_FROM[lang])


def _ratio(value: float, lang: str) -> Parts:
    digits = f"{abs(100 * value):,.1f}".removesuffix(".0")
    return {"digits": digits, **_signs(value, digits)}


def _count(value: float, lang: str) -> Parts:
    digits = f"{abs(round(value)):,}"
    return {"digits": digits, **_signs(value, digits)}


def _hours(value: float, lang: str) -> Parts:
    return _count(value, lang) if abs(value) >= 10 else _number(value, lang)


def _number(value: float, lang: str) -> Parts:
    digits = short_digits(value)
    return {"digits": digits, **_signs(value, digits)}


def _turns(value: float, lang: str) -> Parts:
    digits = f"{abs(value):,.1f}".removesuffix(".0")
    return {"digits": digits, **_signs(value, digits)}


def _date(value: Any, lang: str) -> Parts:
    day = pd.Timestamp(value)
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return {
        "year": str(day.year),
        "month": str(day.month),
        "month_name": names[day.month - 1],
        "day": str(day.day),
        "mm": f"{day.month:02d}",
        "dd": f"{day.day:02d}",
    }


FORMATS: dict[str, Callable[[Any, str], Parts]] = {
    "money": _money,
    "signed_money": _money,
    "qty": _quantity,
    "signed_qty": _quantity,
    "volume": _quantity,
    "signed_volume": _quantity,
    "rate": _ratio,
    "signed_rate": _ratio,
    "points": _ratio,
    "count": _count,
    "signed_count": _count,
    "hours": _hours,
    "days": _hours,
    "months": _number,
    "number": _number,
    "signed_number": _number,
    "turns": _turns,
    "month": _date,
    "month_name": _date,
    "ym": _date,
    "day": _date,
    "short_day": _date,
    "iso_day": _date,
}

_JOINTS = re.compile(
    r"(?<=[¥$€£]) (?=\d)"
    r"|(?<=\d) (?=(?:[MBh]\b|%|[万亿元年月日次箱个天件]|cases\b|units\b|points?\b))"
    r"|(?<=[MB]) (?=cases\b|units\b)"
)


def keep_together(text: str) -> str:
    """Return the text with no-break spaces inside amounts, so that money never wraps."""
    return _JOINTS.sub("\u00a0", text)
