"""Before and after: one KPI by one formula over two windows of months, with an interval."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from sopkit.kpi.registry import MONTHLY, REGISTRY
from sopkit.periods import add_months
from sopkit.tables import TABLES

LEAST_MONTHS, MOST_MONTHS = 6, 12
MOST_LIKENESS = 0.8
Window = tuple[pd.Timestamp, pd.Timestamp]


def compare_windows(
    kpi_value: pd.DataFrame, kpi: str, before: Window, after: Window
) -> dict[str, Any]:
    """Compare the mean of a KPI's months in two windows, with a 95 % interval of the difference.

    Welch's interval over months: with six to twelve months a bootstrap of so few draws is too
    narrow, Welch allows that one window scatters more, and it needs no random draw. Where months
    resemble the ones before, they tell less: each window counts n (1 - r) / (1 + r) months, r the
    correlation of neighbouring deviations (0 where negative, at most 0.8).

    Args:
        kpi_value: contract `kpi_value`, all its rows of the KPI that shall count.
        kpi: name in the registry.
        before: first and last month of the window before.
        after: first and last month of the window after.

    Returns:
        A row of contract `kpi_compare`. Verdict better or worse where the interval leaves 0 out
        (`changed` for a KPI that has no better side), else no_difference; refused, with the
        reason, when the windows overlap, or hold other levels, lags or sources, when a value sums
        twelve months itself, or when a window has fewer than six months.

    Example:
        Before 1, 3, 1, 3, 1, 3, after 11, 13, 11, 13, 11, 13: 10, 8.62 to 11.38 either way.
    """
    rows = kpi_value[(kpi_value["kpi"] == kpi) & kpi_value["kpi_number"].notna()]
    rows = rows.sort_values("period", kind="stable")
    parts = [rows[rows["period"].between(*window)] for window in (before, after)]
    numbers = [part["kpi_number"].to_numpy(dtype=float) for part in parts]
    used = pd.concat(parts)
    row: dict[str, Any] = {
        "kpi": kpi,
        "level": used["level"].iloc[0] if len(used) else REGISTRY[kpi].level,
        "lag": int(used["lag"].iloc[0]) if len(used) else 0,
        "unit": REGISTRY[kpi].unit,
        "before_first_period": before[0],
        "before_last_period": before[1],
        "after_first_period": after[0],
        "after_last_period": after[1],
        "before_n": len(numbers[0]),
        "after_n": len(numbers[1]),
    }
    reason = _find_refusal(used, kpi, before, after, numbers)
    if reason:
        return {**row, "verdict": "refused", "why_refused": reason}
    change, low, high = _bound_change(*numbers)
    means = [float(one.mean()) for one in numbers]
    return {
        **row,
        "before_number": means[0],
        "after_number": means[1],
        "change_number": change,
        "lo_95_number": low,
        "hi_95_number": high,
        "verdict": _judge_change(REGISTRY[kpi].better, means, low, high),
        "why_refused": None,
    }


def compare_kpis(
    kpi_value: pd.DataFrame, names: Iterable[str], lag: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Compare the last months of each KPI with as many before, six to twelve as the data allow.

    Args:
        kpi_value: contract `kpi_value`.
        names: the KPI compared, in their order.
        lag: lag of the forecast figures; other KPI have 0.
        period: last month of history.

    Returns:
        Contract `kpi_compare`, a row a KPI, in the order of `names`.
    """
    rows = []
    for name in names:
        own = kpi_value[kpi_value["kpi"] == name]
        monthly = own[own["level"].astype(str).str.endswith(MONTHLY)]
        own = monthly if len(monthly) else own[own["level"] == REGISTRY[name].level]
        own = own[own["lag"] == (lag if (own["lag"] != 0).any() else 0)]
        known = own[own["kpi_number"].notna() & (own["period"] <= period)]
        span = len(known["period"].unique()) // 2
        months = min(max(span, LEAST_MONTHS), MOST_MONTHS)
        after = (add_months(period, 1 - months), period)
        before = (add_months(after[0], -months), add_months(after[0], -1))
        rows.append(compare_windows(own, name, before, after))
    columns = [column.name for column in TABLES["kpi_compare"].columns]
    return pd.DataFrame(rows, columns=columns)


def _find_refusal(
    used: pd.DataFrame, kpi: str, before: Window, after: Window, numbers: list[np.ndarray]
) -> str:
    if before[1] >= after[0]:
        return "overlap"
    for column in ("level", "lag", "unit", "source"):
        if column in used and len(used[column].fillna("").unique()) > 1:
            return column
    if min(len(one) for one in numbers) < LEAST_MONTHS:
        return "few_months"
    return "rolling" if REGISTRY[kpi].rolling > 1 else ""


def _bound_change(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    from scipy.special import stdtrit

    change = float(after.mean() - before.mean())
    likeness = _measure_likeness(before, after)
    counts = [max(len(one) * (1 - likeness) / (1 + likeness), 2.0) for one in (before, after)]
    parts = [
        float(one.var(ddof=1)) / count for one, count in zip((before, after), counts, strict=True)
    ]
    spread = sum(parts)
    if spread <= 0:
        return change, change, change
    freedom = spread**2 / sum(p**2 / (n - 1) for p, n in zip(parts, counts, strict=True))
    reach = float(stdtrit(freedom, 0.975)) * sqrt(spread)
    return change, change - reach, change + reach


def _measure_likeness(before: np.ndarray, after: np.ndarray) -> float:
    """Return the correlation of neighbouring deviations from the windows' means, 0 to 0.8."""
    deviations = [one - one.mean() for one in (before, after)]
    size = sum(float((one**2).sum()) for one in deviations)
    pairs = sum(float((one[1:] * one[:-1]).sum()) for one in deviations)
    return min(max(pairs / size, 0.0), MOST_LIKENESS) if size > 0 else 0.0


def _judge_change(better: str, means: list[float], low: float, high: float) -> str:
    if low <= 0 <= high:
        return "no_difference"
    if better == "none":
        return "changed"
    if better == "zero":
        return "better" if abs(means[1]) < abs(means[0]) else "worse"
    return "better" if (low > 0) == (better == "high") else "worse"
