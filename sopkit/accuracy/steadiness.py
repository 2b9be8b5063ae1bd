"""Beside accuracy: how calm the forecast is from cycle to cycle, and whether it leans one way."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

import numpy as np
import pandas as pd

from sopkit.periods import months_between

SIGNAL_LIMIT = 4.0
SIGNAL_MONTHS = 12
MEAN_TO_DEVIATION = 0.7979  # mean |x| of a standard normal


def measure_stability(
    forecasts: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    cell: Sequence[str] = ("item", "location"),
    made: str = "cutoff",
) -> pd.DataFrame:
    """Measure how much forecasts of the same months change from one making to the next.

    Stability = sum |forecast - the one made before| / sum of the one before, same cells; lower is
    calmer. A change that brought the forecast nearer to what came is no fault: see it beside the
    accuracy gained by it.

    Args:
        forecasts: columns of `cell`, `by` and `made`, `period`, `forecast_qty`; with `actual_qty`
            the errors are compared too. A backtest's cutoffs overlap; past cycles do as well.
        by: columns to group by, such as the segment.
        cell: what names a series.
        made: column that says when a forecast was made: a month, or a cycle's name.

    Returns:
        `by`, `cell_count`, `months_apart` (mean months between the two makings), `stability_rate`,
        `drift_rate` = sum (forecast - before) / sum before (plus: raised), and, with actuals,
        `wape_rate` and `before_wape_rate` of the same cells. Without overlap no rows.

    Example:
        May was forecast as 10 in January and as 11 in March: 0.1, two months apart.
    """
    rows = forecasts.assign(made=pd.to_datetime(forecasts[made]), everything="all")
    series = [*cell, "period"]
    rows = rows.sort_values([*series, "made"], kind="stable")
    past = rows.groupby(series, sort=False)[["forecast_qty", "made"]].shift(1)
    both = rows.assign(before_qty=past["forecast_qty"], earlier=past["made"])
    both = both.dropna(subset=["before_qty"])
    change = both["forecast_qty"] - both["before_qty"]
    parts = pd.DataFrame(
        {
            "cell_count": 1,
            "apart": months_between(both["earlier"], both["made"]),
            "moved": change.abs(),
            "drift": change,
            "before": both["before_qty"],
        }
    )
    if "actual_qty" in both.columns:
        parts["size"] = both["actual_qty"].abs()
        parts["error"] = (both["actual_qty"] - both["forecast_qty"]).abs()
        parts["before_error"] = (both["actual_qty"] - both["before_qty"]).abs()
    key = list(by) or ["everything"]
    sums = parts.groupby([both[name] for name in key], sort=True).sum()
    base = sums["before"].where(sums["before"] != 0)
    told = pd.DataFrame(
        {
            "cell_count": sums["cell_count"].astype(int),
            "months_apart": sums["apart"] / sums["cell_count"],
            "stability_rate": sums["moved"] / base,
            "drift_rate": sums["drift"] / base,
        }
    )
    if "size" in sums:
        size = sums["size"].where(sums["size"] != 0)
        told["wape_rate"] = sums["error"] / size
        told["before_wape_rate"] = sums["before_error"] / size
    return told.reset_index().drop(columns="everything", errors="ignore")


def track_places(
    cells: pd.DataFrame,
    by: Sequence[str] = ("item", "location"),
    *,
    months: int = SIGNAL_MONTHS,
    limit: float = SIGNAL_LIMIT,
) -> pd.DataFrame:
    """Measure the tracking signal of each series: does its forecast lean one way?

    Signal = sum (forecast - actual) / mean |forecast - actual| over the last `months`; it starts
    anew where `method` changes. Where a month was forecast more than once, the last one counts.

    Args:
        cells: columns of `by`, `period`, `forecast_qty`, `actual_qty`; `lag` where a month was
            forecast more than once, `method` where the model is known.
        by: what names a series.
        limit: beyond +- this a series leans.

    Returns:
        `by`, `month_count`, `tracking_signal` (plus: over-forecast; blank without error), `leans`
        (beyond the limit), `chance_rate`: the chance of that for a forecast without any bias,
        which is 36 % for twelve months and a limit of 4, so that only a share well above it tells
        something.

    Example:
        Errors +2, +2, -2: 2 / 2 = 1.
    """
    key = list(by)
    rows = cells.assign(lag=cells.get("lag", 0)).sort_values([*key, "period", "lag"], kind="stable")
    rows = rows.drop_duplicates([*key, "period"])
    if "method" in rows.columns:
        last = rows.groupby(key)["method"].transform("last")
        other = (rows["method"] != last).astype(int)
        later = other[::-1].groupby([rows[name] for name in key]).cumsum()[::-1]
        rows = rows[later == 0]
    rows = rows.groupby(key, sort=False).tail(months)
    error = rows["forecast_qty"] - rows["actual_qty"]
    parts = pd.DataFrame({"bias": error, "size": error.abs(), "month_count": 1})
    sums = parts.groupby([rows[name] for name in key], sort=True).sum()
    mean = sums["size"] / sums["month_count"]
    signal = sums["bias"] / mean.where(mean > 0)
    chance = {n: chance_beyond(int(n), limit) for n in sums["month_count"].unique()}
    told = pd.DataFrame(
        {
            "month_count": sums["month_count"],
            "tracking_signal": signal,
            "leans": signal.abs() > limit,
            "chance_rate": sums["month_count"].map(chance).astype(float),
        }
    )
    return told.reset_index()


def chance_beyond(months: int, limit: float = SIGNAL_LIMIT) -> float:
    """Return the chance that an unbiased forecast's signal lies beyond +-limit (normal errors).

    The sum of n errors has the deviation sqrt(n) / 0.798 in units of the mean absolute error; the
    signal of n months cannot exceed n.

    Example:
        >>> round(chance_beyond(12), 2)
        0.36
    """
    if months <= limit:
        return 0.0
    return erfc(limit * MEAN_TO_DEVIATION / np.sqrt(months) / sqrt(2))
