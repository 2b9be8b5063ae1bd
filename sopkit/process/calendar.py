"""When the steps of a cycle are due, and which days late they are."""

from __future__ import annotations

import pandas as pd

from sopkit.params import Process
from sopkit.params.process import STEPS
from sopkit.periods import add_months, working_dates

CLOSE = "close"


def to_working_day(period: pd.Timestamp, number: int, country: str = "CN") -> pd.Timestamp:
    """Return a month's working day of a number; a day beyond its last falls into the next month.

    Example:
        Chinese New Year's February 2026: the 14th is a Saturday that is worked, the 11th of 16.

        >>> to_working_day(pd.Timestamp("2026-02-01"), 11, "CN")
        Timestamp('2026-02-14 00:00:00')
    """
    days = working_dates(period, country)
    if number <= len(days):
        return pd.Timestamp(days[number - 1])
    return to_working_day(add_months(period, 1), number - len(days), country)


def add_working_days(day: pd.Timestamp, number: int, country: str = "CN") -> pd.Timestamp:
    """Return the working day so many working days after a day.

    Example:
        >>> add_working_days(pd.Timestamp("2026-11-06"), 1, "CN")
        Timestamp('2026-11-09 00:00:00')
    """
    month = day.replace(day=1)
    before = int((working_dates(month, country) <= day).sum())
    return to_working_day(month, before + number, country)


def find_last_day(
    due: pd.Timestamp | None, meeting: pd.Timestamp, country: str = "CN"
) -> pd.Timestamp:
    """Return the day by which a decision is answered: its last working day, not before its meeting.

    A decision whose last day has passed when the executives meet is taken when they meet.

    Args:
        due: last day of the decision; blank: that of the meeting.
        meeting: day of the executives' meeting.
        country: whose working days count.

    Example:
        The executives meet on Monday, 23 November 2026. A decision due on the 1st is answered on
        the 23rd, one due on Sunday, 29 November, on Friday before.

        >>> find_last_day(pd.Timestamp("2026-11-29"), pd.Timestamp("2026-11-23"), "CN")
        Timestamp('2026-11-27 00:00:00')
    """
    if due is None or pd.isna(due) or due <= meeting:
        return meeting
    months = [due.replace(day=1) - pd.DateOffset(months=n) for n in range(3)]
    days = [day for month in months for day in working_dates(month, country) if day <= due]
    return max([meeting, *days])


def list_due_days(period: pd.Timestamp, country: str, process: Process) -> pd.DataFrame:
    """Return the day on which the close ends, and by which each step is signed.

    Args:
        period: the cycle's month, in which its meetings are held.
        country: whose holidays; weekends that a government makes workdays count as worked.
        process: working days by step.

    Returns:
        `step` (close, then the five), `due_date`, `owner` (role that does it; of the close: of 01),
        `signer` (role that signs it; blank for the close).

    Example:
        November 2026 in China begins on a Sunday: the close ends on the 4th (WD3), the executives
        meet on the 23rd (WD16).
    """
    rows: list[tuple[str, int, str, str | None]] = [
        (CLOSE, process.calendar.close_last, process.to_step("data").responsible, None)
    ]
    for name in STEPS:
        step = process.to_step(name)
        rows.append((name, step.due, step.responsible, step.accountable))
    due = [to_working_day(period, number, country) for _, number, _, _ in rows]
    frame = pd.DataFrame(rows, columns=["step", "day", "owner", "signer"])
    return frame.assign(due_date=due)[["step", "due_date", "owner", "signer"]]


def count_days_late(due: pd.Timestamp, done: pd.Timestamp) -> int:
    """Return calendar days from the due day to the day it was done; early is not late: 0.

    Example:
        >>> count_days_late(pd.Timestamp("2026-11-04"), pd.Timestamp("2026-11-06"))
        2
    """
    return max(0, (done.normalize().tz_localize(None) - due).days)
