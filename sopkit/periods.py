"""Months: names of cycles, horizons, working days and fiscal years.

A period is a month, held as the timestamp of its first day. A cycle is named for the month of its
meetings (``"2026-11"``), which is the first planned month; history ends the month before.
"""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from sopkit.errors import ParameterError

DAYS_PER_MONTH = 30.4
_CYCLE = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def to_cycle_period(cycle: str) -> pd.Timestamp:
    """Return the first planned month of a cycle.

    Raises:
        ParameterError: the name is not a month such as ``2026-11`` (a path, say).

    Example:
        >>> to_cycle_period("2026-11")
        Timestamp('2026-11-01 00:00:00')
    """
    if not isinstance(cycle, str) or not _CYCLE.fullmatch(cycle):
        raise ParameterError(
            f"A cycle is named for its month, such as 2026-11; {cycle!r} is not a month."
        )
    return pd.Timestamp(f"{cycle}-01")


def to_cycle_name(period: pd.Timestamp) -> str:
    """Return the cycle that plans a period first: ``2026-11`` for November 2026."""
    return period.strftime("%Y-%m")


def previous_cycle(cycle: str) -> str:
    """Return the name of the cycle a month earlier.

    Example:
        >>> previous_cycle("2026-01")
        '2025-12'
    """
    return to_cycle_name(add_months(to_cycle_period(cycle), -1))


def to_period(dates: pd.Series) -> pd.Series:
    """Return the first day of the month of each date; blanks stay blank."""
    return dates.dt.to_period("M").dt.to_timestamp()


def add_months(period: pd.Timestamp, months: int) -> pd.Timestamp:
    """Return the period so many months later (earlier when negative)."""
    return period + pd.DateOffset(months=months)


def months_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Return whole months from `first` to `last`, both periods; 1 from November to December."""
    return (last.dt.year - first.dt.year) * 12 + (last.dt.month - first.dt.month)


def to_horizon(cycle: str, months: int) -> pd.DatetimeIndex:
    """Return the planned periods of a cycle, the cycle's own month first."""
    return pd.date_range(to_cycle_period(cycle), periods=months, freq="MS", name="period")


def last_history_day(cycle: str) -> pd.Timestamp:
    """Return the default `as_of`: the day before the cycle's month begins.

    Example:
        >>> last_history_day("2026-03")
        Timestamp('2026-02-28 00:00:00')
    """
    return to_cycle_period(cycle) - pd.Timedelta(days=1)


def fiscal_year(period: pd.Timestamp, start_month: int = 1) -> int:
    """Return the fiscal year of a period, named for the calendar year in which it ends.

    Example:
        >>> fiscal_year(pd.Timestamp("2026-04-01"), start_month=4)
        2027
        >>> fiscal_year(pd.Timestamp("2026-04-01"))
        2026
    """
    return period.year + int(start_month > 1 and period.month >= start_month)


@cache
def working_days(period: pd.Timestamp, country: str = "CN") -> int:
    """Return Monday-to-Friday days of a month that are no public holiday of the country.

    Make-up workdays (Chinese weekend work) are not counted here.

    Example:
        >>> working_days(pd.Timestamp("2026-11-01"), "CN")
        21
    """
    import holidays

    days = pd.date_range(period, period + pd.offsets.MonthEnd(0), freq="B")
    closed = holidays.country_holidays(country, years=period.year)
    return sum(day.date() not in closed for day in days)
