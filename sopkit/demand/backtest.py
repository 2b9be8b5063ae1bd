"""What the baseline would have said at earlier months, by the code that forecasts today."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sopkit.demand.places import forecast_places
from sopkit.demand.series import blank_before_start, from_series, to_series
from sopkit.periods import add_months, months_between
from sopkit.tables import PLACE, TABLES
from sopkit.tables.panel import to_panel, until

MIN_MONTHS = 3


def backtest_baseline(
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle_period: pd.Timestamp,
    *,
    cutoffs: int = 3,
    backtest_horizon: int = 6,
    cutoff_step_months: int = 4,
    family_weight: float = 0.0,
    min_history_months: int = 24,
    country: str = "",
) -> pd.DataFrame:
    """Forecast again from earlier months and set the result beside what came.

    The newest cutoff lies `backtest_horizon` months before the cycle, so that each cutoff has all
    its months; the others are `cutoff_step_months` apart. No month after a cutoff is seen by its
    forecast; the item master (launch and end dates) is taken as known. Forecasts learn from
    `cleaned_qty` and are scored on `actual_qty`.

    Args:
        history: contract `demand_history`.
        item: contract `item`.
        cycle_period: first month without history.

    Returns:
        Contract `backtest`, without series that were asleep (nothing forecast, nothing came).
        Cutoffs before the third month of history are left out.

    Example:
        Cycle 2026-11, horizon 6, step 4: cutoffs 2026-04, 2025-12, 2025-08.
    """
    if history.empty:
        return TABLES["backtest"].empty()
    return backtest_series(
        to_series(history),
        to_panel(history, PLACE, "actual_qty").fillna(0.0),
        item,
        choose_cutoffs(
            history["period"].min(), cycle_period, cutoffs, backtest_horizon, cutoff_step_months
        ),
        backtest_horizon,
        family_weight=family_weight,
        min_history_months=min_history_months,
        country=country,
    )


def backtest_series(
    series: pd.DataFrame,
    actual: pd.DataFrame,
    item: pd.DataFrame,
    cutoffs: list[pd.Timestamp],
    horizon: int,
    **options: Any,
) -> pd.DataFrame:
    """Forecast a panel from each cutoff and score it; see `backtest_baseline`.

    Args:
        series: what `to_series` returned, all months.
        actual: the same panel as ordered, without blanks.
        cutoffs: last month each forecast may know.
        options: what `forecast_places` takes.
    """
    found = []
    for cutoff in cutoffs:
        known = until(series, cutoff)
        seen = known[known.notna().any(axis=1)]
        if len(seen):
            points, _ = forecast_places(seen, item, horizon, **options)
            found.append(_score_cutoff(points, actual, cutoff))
    if not found:
        return TABLES["backtest"].empty()
    key = [*PLACE, "cutoff", "period"]
    return pd.concat(found).sort_values(key, kind="stable", ignore_index=True)


def choose_cutoffs(
    first: pd.Timestamp, cycle_period: pd.Timestamp, cutoffs: int, horizon: int, step: int
) -> list[pd.Timestamp]:
    """Return the last known month of each backtest, newest first; `first` month of history."""
    newest = add_months(cycle_period, -1 - horizon)
    earliest = add_months(first, MIN_MONTHS - 1)
    asked = [add_months(newest, -step * number) for number in range(cutoffs)]
    return [cutoff for cutoff in asked if cutoff >= earliest]


def _score_cutoff(points: pd.DataFrame, actual: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    known = until(actual, cutoff)
    rows = from_series(points, "forecast_qty")
    for name, panel in {
        "naive_qty": forecast_naive(known, points.columns),
        "actual_qty": actual.reindex(columns=points.columns),
    }.items():
        extra = from_series(panel, name)
        rows = rows.merge(extra, on=[*PLACE, "period"], how="left", validate="one_to_one")
    rows = rows.fillna({"naive_qty": 0.0, "actual_qty": 0.0})
    rows["cutoff"] = cutoff
    rows["lag"] = months_between(rows["cutoff"], rows["period"]) - 1
    awake = (rows["forecast_qty"] > 0) | (rows["actual_qty"] > 0)
    return rows.loc[awake, TABLES["backtest"].column_names]


def forecast_naive(known: pd.DataFrame, periods: pd.Index) -> pd.DataFrame:
    """Forecast each month by the same month of the last known year; last month if too young.

    Args:
        known: a row a series, a column a month; the last column is the last known month.

    Example:
        January last year 8, December 5: next January is 8; with no January known it is 5.
    """
    started = blank_before_start(known)
    last = pd.Timestamp(known.columns[-1])
    columns = {}
    for period in periods:
        year_ago = period
        while year_ago > last:
            year_ago = year_ago - pd.DateOffset(months=12)
        past = started.get(year_ago, pd.Series(np.nan, index=known.index))
        columns[period] = past.fillna(known[last])
    return pd.DataFrame(columns, index=known.index)
