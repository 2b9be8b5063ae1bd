"""The kit's baseline for any monthly series, as `unique_id, ds, y`."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from sopkit.demand.backtest import backtest_series, choose_cutoffs
from sopkit.demand.places import forecast_places
from sopkit.demand.ranges import add_ranges
from sopkit.demand.series import blank_before_start
from sopkit.errors import InputError
from sopkit.periods import add_months, to_period
from sopkit.tables import ALL, PLACE, TABLES, fit_columns
from sopkit.tables.panel import to_panel

CUTOFFS, BACKTEST_HORIZON, STEP = 3, 6, 4
LEVEL = 80


def forecast_series(series: pd.DataFrame, horizon: int, level: int = LEVEL) -> pd.DataFrame:
    """Forecast monthly series with the baseline's ensemble and its pooled 80 % range.

    Each series is forecast from its own last month on. Months missing inside a series count 0,
    and a warning tells how many.

    Args:
        series: `unique_id`, `ds` (a day of the month), `y` >= 0; a row a series and month.
        horizon: months ahead.
        level: width of the range in per cent; 80 is the only one.

    Returns:
        `unique_id`, `ds` (first of the month), `forecast`, `forecast-lo-80`, `forecast-hi-80`;
        every series and month, no blanks, never below 0.

    Raises:
        InputError: a month of a series stands there twice, or a number is negative.

    Example:
        Three years of 10 a month: 10 in every month ahead.
    """
    if level != LEVEL:
        raise InputError(f"Only the {LEVEL} % range is known, not {level} %.")
    rows = _check_months(series)
    panel, last = _align(rows)
    known = blank_before_start(panel.fillna(0.0)).where(panel.notna())
    known = known[known.notna().any(axis=1)]
    found = _forecast_known(known, panel, horizon) if len(known) else _no_forecast()
    return _to_dates(found, last, horizon)


def _forecast_known(known: pd.DataFrame, panel: pd.DataFrame, horizon: int) -> pd.DataFrame:
    alone = pd.DataFrame({"item": known.index.get_level_values("item")})
    item = fit_columns(alone.assign(family=alone["item"]), TABLES["item"])
    first, cycle = pd.Timestamp(panel.columns[0]), add_months(pd.Timestamp(panel.columns[-1]), 1)
    cutoffs = choose_cutoffs(first, cycle, CUTOFFS, BACKTEST_HORIZON, STEP)
    tested = backtest_series(known, panel.fillna(0.0), item, cutoffs, BACKTEST_HORIZON)
    points, method = forecast_places(known, item, horizon)
    return add_ranges(points, method, known, tested)


def _no_forecast() -> pd.DataFrame:
    return TABLES["baseline"].empty()[[*PLACE, "period", "baseline_qty", "lo_80_qty", "hi_80_qty"]]


def _check_months(series: pd.DataFrame) -> pd.DataFrame:
    rows = series.assign(period=to_period(pd.to_datetime(series["ds"])))
    doubled = rows.duplicated(["unique_id", "period"])
    if doubled.any():
        first = rows[doubled].iloc[0]
        raise InputError(
            f"{int(doubled.sum())} row(s) share their series and month; first: "
            f"{first['unique_id']}, {first['period']:%Y-%m}. Sum the data to months before."
        )
    if (rows["y"] < 0).any():
        first = rows[rows["y"] < 0].iloc[0]
        raise InputError(
            f"{int((rows['y'] < 0).sum())} number(s) are negative; first: {first['unique_id']}, "
            f"{first['period']:%Y-%m}. Demand is not negative: keep returns apart."
        )
    return rows


def _align(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the panel with every series moved to end in the newest month, and its own last."""
    last = rows.groupby("unique_id")["period"].max()
    own_last = rows["unique_id"].map(last)
    newest = rows["period"].max()
    behind = (newest.year - own_last.dt.year) * 12 + newest.month - own_last.dt.month
    number = rows["period"].dt.year * 12 + rows["period"].dt.month - 1 + behind
    moved = pd.to_datetime({"year": number // 12, "month": number % 12 + 1, "day": 1})
    placed = rows.assign(item=rows["unique_id"], location=ALL, period=moved)
    panel = to_panel(placed, PLACE, "y")
    started = panel.notna().cummax(axis=1)
    gaps = int((started & panel.isna()).sum().sum())
    if gaps:
        warnings.warn(f"{gaps} missing month(s) inside the series count 0.", stacklevel=3)
    return panel.where(panel.notna() | ~started, 0.0), last


def _to_dates(found: pd.DataFrame, last: pd.Series, horizon: int) -> pd.DataFrame:
    """Return forecasts at each series' own months; series that were never above 0 are 0."""
    ahead = pd.DataFrame({"step": np.arange(1, horizon + 1)})
    grid = last.rename("last").reset_index().merge(ahead, how="cross")
    number = grid["last"].dt.year * 12 + grid["last"].dt.month - 1 + grid["step"]
    grid["ds"] = pd.to_datetime({"year": number // 12, "month": number % 12 + 1, "day": 1})
    told = found.rename(columns={"item": "unique_id"})
    told["step"] = told.groupby("unique_id").cumcount() + 1
    names = {
        "baseline_qty": "forecast",
        "lo_80_qty": "forecast-lo-80",
        "hi_80_qty": "forecast-hi-80",
    }
    told = told.rename(columns=names)[["unique_id", "step", *names.values()]]
    full = grid.merge(told, on=["unique_id", "step"], how="left", validate="one_to_one")
    full[list(names.values())] = full[list(names.values())].astype(float).fillna(0.0)
    return full[["unique_id", "ds", *names.values()]]
