"""Health of the cycle: days from close to sign-off, steps on time, days late, open conflicts."""

from __future__ import annotations

import pandas as pd

from sopkit.params.process import STEPS
from sopkit.process.calendar import CLOSE, count_days_late

COLUMNS = ["cycle", "close_to_sign_days", "steps_signed", "steps_on_time", "days_late"]


def measure_health(
    approval: pd.DataFrame,
    publication: pd.DataFrame,
    conflict: pd.DataFrame,
    due_days: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the health figures of cycles, from their records.

    Days from close to sign-off: calendar days from the last day of the close to the first
    publication. A step is on time when its last approval was given on its due day or before; days
    late add up over the steps that were approved. Days come from entering times in their own zone.

    Args:
        approval: planbook records of kind `approval`: `cycle`, `step`, `verdict`, `status`,
            `entered_at`.
        publication: records of kind `publication`: `cycle`, `entered_at`.
        conflict: records of kind `conflict`: `cycle`, `status`.
        due_days: `list_due_days` of each cycle wanted.

    Returns:
        A row per cycle, oldest first: `close_to_sign_days` (blank: not signed), `steps_signed`,
        `steps_on_time`, `days_late`, `open_conflicts` (opened in the cycle and still open).

    Example:
        Close on 4 November, published on the 24th: 20 days.
    """
    rows = [
        {
            "cycle": cycle,
            "close_to_sign_days": _count_to_sign(publication, cycle, days),
            **_count_steps(approval, cycle, days),
            "open_conflicts": int(
                ((conflict["cycle"] == cycle) & (conflict["status"] == "open")).sum()
            ),
        }
        for cycle, days in sorted(due_days.items())
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, "open_conflicts"])


def _count_to_sign(publication: pd.DataFrame, cycle: str, days: pd.DataFrame) -> float:
    signed = publication.loc[publication["cycle"] == cycle, "entered_at"]
    if signed.empty:
        return float("nan")
    close = days.loc[days["step"] == CLOSE, "due_date"].iloc[0]
    return float((_to_day(signed.min()) - close).days)


def _count_steps(approval: pd.DataFrame, cycle: str, days: pd.DataFrame) -> dict[str, int]:
    given = approval[
        (approval["cycle"] == cycle)
        & (approval["verdict"] == "approve")
        & (approval["status"] == "active")
    ]
    last = given.groupby("step")["entered_at"].max()
    due = days.set_index("step")["due_date"]
    late = [count_days_late(due[step], _to_day(last[step])) for step in STEPS if step in last]
    return {"steps_signed": len(late), "steps_on_time": late.count(0), "days_late": sum(late)}


def _to_day(entered_at: str) -> pd.Timestamp:
    """Return the day of a time as its own zone had it."""
    return pd.Timestamp(entered_at).tz_localize(None).normalize()
