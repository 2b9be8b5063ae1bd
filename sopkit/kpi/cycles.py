"""KPI of the process, cycle by cycle: signed when, on time or late, how much had one number."""

from __future__ import annotations

import pandas as pd

from sopkit.kpi.rows import blank_kpi, to_rows
from sopkit.periods import add_months, to_cycle_period

HEALTH = ("steps_on_time", "days_late", "close_to_sign", "open_conflicts")
SHOWN = ("close_to_sign", "one_number")
YEAR = 12
TREND = ["kpi", "unit", "before_period", "before_number", "after_period", "after_number"]
GIVEN = "given"


def measure_cycle_health(
    health: pd.DataFrame,
    one_number_rate: float | None,
    open_count: int,
    period: pd.Timestamp,
) -> pd.DataFrame:
    """List the health of the cycles as KPI, each dated for the month before its meetings.

    Args:
        health: a row a `cycle`: `close_to_sign_days`, `steps_signed`, `steps_on_time`, `days_late`,
            `open_conflicts`; blank where a cycle has none; empty where nothing was signed.
        one_number_rate: share of this cycle's revenue with one agreed number; None: unknown.
        open_count: conflicts of this cycle that are open.
        period: last month of history.

    Returns:
        Rows as of `to_rows`; a KPI that no cycle has is blank in `period`, with the reason.
    """
    own = (
        blank_kpi("one_number", period, "no_other_number")
        if one_number_rate is None
        else to_rows("one_number", [period], [one_number_rate], [1])
    )
    months = pd.Series([add_months(to_cycle_period(name), -1) for name in health["cycle"]])
    rows = health.assign(period=months.to_numpy(dtype="datetime64[ns]"))
    signed = rows["steps_signed"]
    numbers = {
        "steps_on_time": rows["steps_on_time"] / signed.where(signed > 0),
        "days_late": rows["days_late"],
        "close_to_sign": rows["close_to_sign_days"],
        "open_conflicts": rows["open_conflicts"],
    }
    parts = [own, to_rows("open_conflicts", [period], [float(open_count)], [1])]
    for name in HEALTH:
        known = numbers[name].notna()
        if name != "open_conflicts" and not (rows["period"] == period).any():
            parts.append(blank_kpi(name, period, "not_signed"))
        counts = signed[known].fillna(0).to_numpy()
        parts.append(to_rows(name, rows.loc[known, "period"], numbers[name][known], counts))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def measure_given_cycles(past_cycle: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """List what the company's own log says of earlier cycles, as KPI of source `given`.

    Days from close to sign-off: signed day - last day of the close. Share with one number: its
    revenue / revenue of the plan, as the log states it.

    Args:
        past_cycle: contract `past_cycle`.
        known: cycles that the planbook has; its records count there, not the log.

    Example:
        Closed on 4 November, signed on the 24th, 60 of 120 agreed: 20 days, 0.5.
    """
    rows = past_cycle[~past_cycle["cycle"].isin(known)].sort_values("cycle", ignore_index=True)
    months = pd.Series([add_months(to_cycle_period(name), -1) for name in rows["cycle"]])
    revenue = rows["revenue_value"]
    numbers = {
        "close_to_sign": (rows["signed_date"] - rows["close_date"]).dt.days,
        "one_number": rows["agreed_value"] / revenue.where(revenue > 0),
    }
    parts = [
        to_rows(name, months[value.notna()], value.dropna().astype(float), 1, source=GIVEN)
        for name, value in numbers.items()
    ]
    return pd.concat(parts, ignore_index=True)


def list_cycle_trends(kpi_value: pd.DataFrame) -> pd.DataFrame:
    """Return how the process moved: for each KPI of it, its last cycle against a year before.

    Args:
        kpi_value: contract `kpi_value`.

    Returns:
        A row a KPI with at least two cycles: `kpi`, `unit`, `before_period` and `before_number`
        (the cycle a year before, else the first there is; a cycle by its month), `after_period`
        and `after_number` (the last cycle), `change_number`, `trend` (all values, oldest first).

    Example:
        Signed after 20 days in October 2025 and after 15 in October 2026: change -5.
    """
    rows = []
    for name in SHOWN:
        own = kpi_value[(kpi_value["kpi"] == name) & kpi_value["kpi_number"].notna()]
        own = own.sort_values("period", kind="stable").drop_duplicates("period", keep="last")
        if len(own) < 2:
            continue
        last = own.iloc[-1]
        year = own[own["period"] >= add_months(last["period"], -YEAR)].iloc[0]
        rows.append(
            {
                "kpi": name,
                "unit": last["unit"],
                "before_period": add_months(year["period"], 1),
                "before_number": float(year["kpi_number"]),
                "after_period": add_months(last["period"], 1),
                "after_number": float(last["kpi_number"]),
                "change_number": float(last["kpi_number"] - year["kpi_number"]),
                "trend": own["kpi_number"].astype(float).tolist(),
            }
        )
    return pd.DataFrame(rows, columns=[*TREND, "change_number", "trend"])


def name_trend(row: pd.Series) -> str:
    """Return the message that tells a row of `list_cycle_trends` as a finding."""
    if row["kpi"] != "close_to_sign":
        return "kpi.cycles_share"
    change = row["change_number"]
    return f"kpi.cycles_{'less' if change < 0 else 'more' if change > 0 else 'same'}"
