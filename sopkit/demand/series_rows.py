"""Rows of `unique_id`, `ds`, `y` as people give them: checked, all problems at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.errors import InputError, list_problems

Matrix = NDArray[np.float64]
Whole = NDArray[np.int64]
NEEDED = ("unique_id", "ds", "y")
FIRST_YEAR, LAST_YEAR = 1700, 2200
BLANK = ("", "na", "nan", "n/a", "null", "none", "<na>")
DATE = (
    r"^\s*(\d{4})"  # the year, then month and day with or without something between
    r"(?:\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})?)?|(\d{2})(\d{2})?)"
    r"(?:日|\.0)?(?:[ T].*)?\s*$"
)
ADVICE = "Rows are counted as in a file whose header is row 1."


class MonthRows(NamedTuple):
    """Fit rows: ids in order, and for each row its id's place, month number and number.

    A month number is year x 12 + month - 1; a blank `y` is not known.
    """

    ids: pd.Index
    code: Whole
    month: Whole
    y: Matrix


def check_rows(series: pd.DataFrame) -> MonthRows:
    """Return fit rows, or tell everything that is wrong with them.

    `ds` is any day of the month: a date, or text or a number such as 2026-01-31, 2026/1, 202601,
    20260131, 2026年1月. Other orders of day and month are refused, since they can be misread. A
    blank `y` is a month not known.

    Raises:
        InputError: a column is missing, an id is blank, `ds` is no month, `y` is no number, or a
            series has a month twice.

    Example:
        A row of id 007, ds 202601, y 5: ids ["007"], month 24312 (2026 x 12 + 0), y 5.
    """
    missing = [name for name in NEEDED if name not in series.columns]
    if missing:
        there = ", ".join(map(str, series.columns)) or "none"
        raise InputError(_say([f"column {name} is missing (there: {there})" for name in missing]))
    if series.empty:
        raise InputError(_say(["there is no row"]))
    code, ids = _to_codes(series["unique_id"])
    month = to_month_numbers(series["ds"])
    y, no_number = to_numbers(series["y"])
    problems = [
        f"{rule} in {int(bad.sum())} row(s); first: row {int(bad.argmax()) + 2}"
        f" ({series[column].iloc[int(bad.argmax())]!r})"
        for rule, column, bad in (
            ("unique_id is blank", "unique_id", code < 0),
            ("ds is no date", "ds", month < 0),
            ("y is no number", "y", no_number),
        )
        if bad.any()
    ]
    problems += _find_doubled(ids, code, month)
    if problems:
        raise InputError(_say(problems, ADVICE))
    return MonthRows(ids, code, month, y)


def to_month_numbers(dates: pd.Series) -> Whole:
    """Return year x 12 + month - 1 of each date; -1 where it is none.

    Example:
        2026-01-31, 202601 and "2026年1月" are all 24312; "31/01/2026" is -1.
    """
    code, told = pd.factorize(dates, use_na_sentinel=True)
    found = _parse_dates(pd.Series(told, dtype=told.dtype))
    month = np.where(
        found.notna() & found.dt.year.between(FIRST_YEAR, LAST_YEAR),
        found.dt.year * 12 + found.dt.month - 1,
        -1,
    )
    return np.append(month, -1).astype(np.int64)[code]


def to_numbers(column: pd.Series) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return numbers, blank where none is known, and where there is something else.

    Example:
        "5", "", "x", inf: 5, blank, blank, blank; the last two are something else.
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        return np.where(np.isfinite(numbers), numbers, np.nan), np.isinf(numbers)
    numbers = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=float)
    blank = column.isna() | column.astype(str).str.strip().str.lower().isin(BLANK)
    known = np.isfinite(numbers)
    return np.where(known, numbers, np.nan), ~known & ~blank.to_numpy(dtype=bool)


def to_dates(month: Whole) -> NDArray[np.datetime64]:
    """Return the first days of month numbers: 24312 is 2026-01-01."""
    return (month - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]")


def _parse_dates(told: pd.Series) -> pd.Series:
    if isinstance(told.dtype, pd.DatetimeTZDtype):
        return told.dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(told):
        return told
    parts = told.astype(str).str.extract(DATE).apply(pd.to_numeric)
    month, day = parts[1].fillna(parts[3]), parts[2].fillna(parts[4]).fillna(1)
    columns = pd.DataFrame({"year": parts[0], "month": month, "day": day})
    return pd.to_datetime(columns, errors="coerce")


def _to_codes(ids: pd.Series) -> tuple[Whole, pd.Index]:
    """Return each row's place among the sorted ids, -1 where blank; mixed kinds become text."""
    if ids.dtype == object:
        ids = ids.where(ids.isna(), ids.astype(str))
    code, found = pd.factorize(ids, sort=True, use_na_sentinel=True)
    names = pd.Index(found)
    if isinstance(names.dtype, pd.CategoricalDtype):
        names = pd.Index(names.categories[names.codes])
    blank = np.array([isinstance(name, str) and not name.strip() for name in names], dtype=bool)
    return np.where(np.append(blank, True)[code], -1, code).astype(np.int64), names


def _find_doubled(ids: pd.Index, code: Whole, month: Whole) -> list[str]:
    """Say how many rows share their series and month, and whether they look like weeks."""
    fit = (code >= 0) & (month >= 0)
    again = pd.DataFrame({"code": code, "month": month}).duplicated().to_numpy() & fit
    if not again.any():
        return []
    row = int(again.argmax())
    where = f"{ids[code[row]]}, {to_dates(month[[row]])[0].astype('datetime64[M]')}"
    weekly = again.sum() > fit.sum() / 2
    advice = "data by week or day? Sum them to months first" if weekly else "sum or correct them"
    return [
        f"{int(again.sum())} row(s) share their series and month with an earlier one; first: row "
        f"{row + 2} ({where}): {advice}"
    ]


def _say(problems: list[str], advice: str = "") -> str:
    return list_problems("The series are not fit to forecast", problems, advice)
