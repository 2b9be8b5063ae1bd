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
SATURDAY, SUNDAY = 5, 6
FEBRUARY, NEW_YEAR = 2, 5  # the Spring Festival comes after the first days of January
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
    """Return the working days of a month: no weekend, no public holiday, make-up days counted.

    Weekends that a government turns into workdays (China's 调休) count, as published; see
    `list_working_days` for the years not yet published.

    Example:
        February 2026 in China: 20 weekdays less 6 of the Spring Festival, plus the Saturdays 14
        and 28, which are worked.

        >>> working_days(pd.Timestamp("2026-02-01"), "CN")
        16
        >>> working_days(pd.Timestamp("2026-11-01"), "CN")
        21
    """
    closed, worked = _days_off(period.year, country)
    days = pd.date_range(period, period + pd.offsets.MonthEnd(0))
    return sum(day in worked or (day not in closed and not _is_weekend(day)) for day in days)


def working_dates(period: pd.Timestamp, country: str = "CN") -> pd.DatetimeIndex:
    """Return the working days of a month as dates; their number is `working_days`.

    Example:
        >>> working_dates(pd.Timestamp("2026-02-01"), "CN")[-1]
        Timestamp('2026-02-28 00:00:00')
    """
    closed, worked = _days_off(period.year, country)
    days = pd.date_range(period, period + pd.offsets.MonthEnd(0))
    return days[[day in worked or (day not in closed and not _is_weekend(day)) for day in days]]


def list_working_days(periods: pd.DatetimeIndex, country: str = "CN") -> pd.DataFrame:
    """Return `period`, `working_days` and `is_estimated` of each month.

    Countries that turn weekends into workdays publish the days a year at a time. For China the
    years after the last published one follow the habit of the published ones (`_guess_swaps`);
    elsewhere they count without make-up days. Both are marked as estimated.

    Example:
        China, 2026-02 and 2027-02: 16 published and 15 estimated days.
    """
    last = _last_published(country)
    return pd.DataFrame(
        {
            "period": periods,
            "working_days": [working_days(period, country) for period in periods],
            "is_estimated": [last is not None and period.year > last for period in periods],
        }
    )


def _is_weekend(day: pd.Timestamp) -> bool:
    return day.weekday() >= SATURDAY


@cache
def _days_off(year: int, country: str) -> tuple[frozenset[pd.Timestamp], frozenset[pd.Timestamp]]:
    """Return the holidays of a year and the weekend days that are worked."""
    import holidays

    calendar = holidays.country_holidays(country, years=[year, year + 1])
    closed = {pd.Timestamp(day) for day in calendar if day.year == year}
    worked = {pd.Timestamp(day) for day in getattr(calendar, "weekend_workdays", ())}
    last = _last_published(country)
    if country == "CN" and last is not None and year > last:
        off, swapped = _guess_swaps(year, closed)
        closed, worked = closed | off, worked | swapped
    return frozenset(closed), frozenset(worked)


@cache
def _last_published(country: str) -> int | None:
    """Return the newest year with make-up workdays; None where there were none since 2015."""
    import holidays

    calendar = holidays.country_holidays(country, years=range(2015, 2041))
    return max((day.year for day in getattr(calendar, "weekend_workdays", ())), default=None)


def _guess_swaps(
    year: int, closed: set[pd.Timestamp]
) -> tuple[set[pd.Timestamp], set[pd.Timestamp]]:
    """Return days off and worked weekend days that China is likely to add to the statutory ones.

    Habit since 2021: the Spring Festival closes for eight days from its eve, May for five,
    October for seven; the weekdays so gained are worked on the Sunday before and the Saturday
    after, in turn.
    """
    spring = [day for day in closed if day.month <= FEBRUARY and day.day_of_year > NEW_YEAR]
    blocks = [(pd.Timestamp(year, 5, 1), 5), (pd.Timestamp(year, 10, 1), 7)]
    blocks += [(min(spring), 8)] if spring else []  # the moon is not listed beyond 2099
    off, worked = set(), set()
    for first, length in blocks:
        days = pd.date_range(first, periods=length)
        gained = [day for day in days if day not in closed and not _is_weekend(day)]
        before = first - pd.Timedelta(days=1)
        before -= pd.Timedelta(days=(before.weekday() - SUNDAY) % 7)
        after = days[-1] + pd.Timedelta(days=1)
        after += pd.Timedelta(days=(SATURDAY - after.weekday()) % 7)
        weekends = (before, after, before - pd.Timedelta(days=7), after + pd.Timedelta(days=7))
        off |= set(gained)
        worked |= set(weekends[: len(gained)])
    return off, worked
