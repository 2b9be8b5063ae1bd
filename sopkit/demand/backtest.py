"""What the baseline would have said at earlier months, by the code that forecasts today."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sopkit.demand.events import plan_events, take_out_events
from sopkit.demand.places import forecast_places
from sopkit.demand.series import blank_before_start, from_series, to_families, to_series
from sopkit.demand.shares import find_customer_shares, split_to_customers
from sopkit.periods import add_months, months_between
from sopkit.tables import PLACE, TABLES, fit_columns
from sopkit.tables.panel import to_panel, until

MIN_MONTHS = 3
GAIN_MONTHS = 12


def backtest_baseline(
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle_period: pd.Timestamp,
    *,
    event: pd.DataFrame | None = None,
    cutoffs: int = 3,
    backtest_horizon: int = 6,
    cutoff_step_months: int = 4,
    **options: Any,
) -> pd.DataFrame:
    """Forecast again from earlier months and set the result beside what came.

    The newest cutoff lies `backtest_horizon` months before the cycle, so that each cutoff has all
    its months; the others are `cutoff_step_months` apart. No month after a cutoff is seen by its
    forecast: calendar effects and uplifts of events are measured anew from what was known. The item
    master (launch and end dates) and the plan of events are taken as known. Forecasts learn from
    `cleaned_qty` and are scored on `actual_qty`.

    Args:
        history: contract `demand_history`.
        item: contract `item`.
        cycle_period: first month without history.
        event: contract `event`; its past is taken out before, its plan put on after.
        options: what `forecast_places` takes.

    Returns:
        Contract `backtest`, without series that were asleep (nothing forecast, nothing came).
        Cutoffs before the third month of history are left out.

    Example:
        Cycle 2026-11, horizon 6, step 4: cutoffs 2026-04, 2025-12, 2025-08.
    """
    if history.empty:
        return TABLES["backtest"].empty()
    actual = to_panel(history, PLACE, "actual_qty").fillna(0.0)
    found = []
    for cutoff in choose_cutoffs(
        history["period"].min(), cycle_period, cutoffs, backtest_horizon, cutoff_step_months
    ):
        known = history[history["period"] <= cutoff]
        uplift, steady = take_out_events(known, event, item)
        points, _ = forecast_places(to_series(steady), item, backtest_horizon, **options)
        rows = _score_cutoff(points, actual, cutoff)
        found.append(_add_events(rows, known, event, uplift, item, cutoff))
    return _stack(found)


def measure_calendar_gain(
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle_period: pd.Timestamp,
    *,
    country: str,
    years: int = 2,
) -> pd.DataFrame:
    """Forecast the last Januaries and Februaries again, with the calendar and without.

    Families' totals at each location, from the December before, by what was known then; only
    months that have passed. At item-location noise would hide what the calendar does.

    Args:
        history: contract `demand_history`, events taken out.
        item: contract `item`.
        cycle_period: first month without history.
        country: whose calendar.
        years: how many of the last years.

    Returns:
        A row a year: `year`, `wape_rate` with the calendar and `without_wape_rate`. Empty where no
        year is known.
    """
    whole, actual, master = _to_family_items(history, item)
    found = []
    for year in range(cycle_period.year - years, cycle_period.year + 1):
        cutoff = pd.Timestamp(year - 1, 12, 1)
        known = until(whole, cutoff)
        if pd.Timestamp(year, 2, 1) >= cycle_period or known.shape[1] < 2 * GAIN_MONTHS:
            continue
        sides = []
        for code in (country, ""):
            points, _ = forecast_places(known, master, 2, country=code)
            came = actual.reindex(index=points.index, columns=points.columns).fillna(0.0)
            sides.append((points - came).abs().to_numpy().sum() / came.to_numpy().sum())
        found.append((year, *sides))
    return pd.DataFrame(found[-years:], columns=["year", "wape_rate", "without_wape_rate"])


def _to_family_items(
    history: pd.DataFrame, item: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return families' series, what came of them, and a master in which each is an item."""
    series = to_families(to_series(history), item).rename_axis(PLACE)
    actual = to_families(to_panel(history, PLACE, "actual_qty"), item).rename_axis(PLACE)
    codes = pd.DataFrame({"item": sorted(series.index.get_level_values("item").unique())})
    return series, actual, fit_columns(codes.assign(family=codes["item"]), TABLES["item"])


def _add_events(
    rows: pd.DataFrame,
    known: pd.DataFrame,
    event: pd.DataFrame | None,
    uplift: pd.DataFrame,
    item: pd.DataFrame,
    cutoff: pd.Timestamp,
) -> pd.DataFrame:
    """Put the planned events of the months ahead on a backtest's forecast."""
    if event is None or event.empty:
        return rows
    shares = find_customer_shares(known, item, rows)
    leaves = split_to_customers(
        rows[[*PLACE, "period", "statistical_qty"]].rename(
            columns={"statistical_qty": "baseline_qty"}
        ),
        shares,
        ["baseline_qty"],
    )
    planned = plan_events(leaves, event, uplift, item, cutoff + pd.offsets.MonthEnd(0)).rows
    change = planned.groupby([*PLACE, "period"], as_index=False).agg(event_qty=("event_qty", "sum"))
    told = rows.merge(change, on=[*PLACE, "period"], how="left", validate="one_to_one")
    total = told["statistical_qty"] + told["event_qty"].fillna(0.0)
    return told.assign(forecast_qty=total.clip(lower=0.0))[TABLES["backtest"].column_names]


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
    return _stack(found)


def _stack(found: list[pd.DataFrame]) -> pd.DataFrame:
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
    rows["statistical_qty"] = rows["forecast_qty"]
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
