"""What a month should have been: a robust level and season for each series, all at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.tables.panel import to_long

Matrix = NDArray[np.float64]


def expect_demand(panel: pd.DataFrame) -> pd.DataFrame:
    """Return what each month would have been without its own surprise.

    expected = level x season: level is the median of the 13 months around a month, season the
    median, over years, of actual / level for the month of the year (1 below three years of data,
    shrunk by years / (years + 1)). Medians keep one odd month out of its own yardstick.

    Args:
        panel: a row a series, a column a month (all months, in order) [units]; blank before a
            series' first month.

    Example:
        Constant demand of 10 with one month of 90: expected is 10 in every month.
    """
    values = panel.to_numpy(dtype=float)
    with np.errstate(all="ignore"):
        level = _running_median(values)
        season = _season(
            values / np.where(level > 0, level, np.nan), pd.DatetimeIndex(panel.columns).month
        )
        level = _running_median(values / season)
    return pd.DataFrame(level * season, index=panel.index, columns=panel.columns)


def expect_with_siblings(
    panel: pd.DataFrame, expected: pd.DataFrame, *, minimum: int = 2
) -> pd.DataFrame:
    """Return the expectation moved by what the other customers of the place did in the month.

    expected x exp(median over the other customers of the item and location of log(actual /
    expected)); where fewer than `minimum` others sold, the expectation stays.

    Args:
        panel: actual units by (item, location, customer), a column a month.
        expected: what `expect_demand` says of it.

    Example:
        Two other customers at 1.2 and 1.4 times their usual month: the expectation of a third
        rises by the root of 1.2 x 1.4.
    """
    log = log_ratio(panel, expected).to_numpy()
    moved = np.zeros_like(log)
    places = panel.index.to_frame(index=False).groupby(["item", "location"], sort=False)
    for rows in (index.to_numpy() for index in places.groups.values()):
        if len(rows) <= minimum:
            continue
        for place, row in enumerate(rows):
            others = log[np.delete(rows, place)]
            enough = np.isfinite(others).sum(axis=0) >= minimum
            moved[row] = np.where(enough, _quiet_median(others, axis=0), 0.0)
    return expected * np.exp(moved)


def robust_spread(panel: pd.DataFrame, expected: pd.DataFrame) -> pd.Series:
    """Return each series' usual distance from expectation: 1.4826 x median absolute difference."""
    return 1.4826 * (panel - expected).abs().median(axis=1)


def log_ratio(panel: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """Return log((actual + 1) / (expected + 1)): 0 as expected, 0.69 at twice that."""
    return pd.DataFrame(
        np.log((panel.to_numpy(dtype=float) + 1) / (expected.to_numpy(dtype=float) + 1)),
        index=panel.index,
        columns=panel.columns,
    )


def find_true(panel: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the keys (`by`, period) of the cells that are true."""
    long = to_long(panel.fillna(False), by, "found")
    return long.loc[long["found"].astype(bool), [*by, "period"]].reset_index(drop=True)


def _running_median(values: Matrix, span: int = 13) -> Matrix:
    edge = span // 2
    padded = np.pad(values, ((0, 0), (edge, edge)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, span, axis=1)
    return _quiet_median(windows, axis=2)


def _season(ratio: Matrix, months: pd.Index) -> Matrix:
    season = np.ones_like(ratio)
    for month in range(1, 13):
        columns = np.asarray(months == month)
        years = np.isfinite(ratio[:, columns]).sum(axis=1)
        index = np.nan_to_num(_quiet_median(ratio[:, columns], axis=1), nan=1.0)
        shrink = np.where(years >= 3, years / (years + 1), 0.0)
        season[:, columns] = np.maximum(1 + shrink * (index - 1), 0.05)[:, None]
    return season


def _quiet_median(values: Matrix, axis: int) -> Matrix:
    """Return the median without blanks; blank where all are."""
    if not values.shape[axis]:
        return np.full(np.delete(values.shape, axis), np.nan)
    ordered = np.sort(values, axis=axis)  # blanks last
    known = (~np.isnan(ordered)).sum(axis=axis, keepdims=True)
    middle = (np.maximum(known - 1, 0) // 2, np.minimum(known // 2, ordered.shape[axis] - 1))
    low, high = (np.take_along_axis(ordered, place, axis=axis) for place in middle)
    return np.asarray(((low + high) / 2).squeeze(axis))
