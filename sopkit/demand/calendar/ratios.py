"""Series as ratios to their usual month: what is left when level and season are taken out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Rows = NDArray[np.int_]
YEAR = 12
WIDEST = 4.0  # robust standard deviations that an outlier keeps
PASSES = 2
MOST_PULL = 0.5
REACH = 12.0
ALONE = 0.6  # deviation that is no outlier where no sister series can be asked


def to_deviations(values: Matrix) -> Matrix:
    """Return how far each month is from the same month of other years, as a ratio - 1.

    Demand is divided by a centred mean of 12 months (carried on at both ends with the growth of
    the year beside it), and that by its own mean over the years. Months known in one year only,
    and series without a whole year, are blank.

    Args:
        values: a row a series, a column a month; blank before the start.

    Example:
        Two years of a constant 10, but one January of 12: +0.09 and -0.09 for the two, 0 else.
    """
    level = _yearly_mean(values)
    for _ in range(PASSES):
        ratio = _divide(values, level)
        season = month_means(ratio)
        away = _divide(ratio, season) - 1
        calm = level * season * (1 + np.clip(away, -MOST_PULL, MOST_PULL))
        level = _smooth(_divide(calm, season))
    ratio = _divide(values, level)
    return _divide(ratio, month_means(ratio)) - 1


def _divide(top: Matrix, below: Matrix) -> Matrix:
    usable = np.isfinite(top) & (below > 0)
    return np.divide(top, below, out=np.full_like(top, np.nan), where=usable)


def _smooth(values: Matrix) -> Matrix:
    """Return local straight lines (tricube weights, 12 months to each side) at known months."""
    months = values.shape[1]
    gap = np.arange(months)[None, :] - np.arange(months)[:, None]
    weight = np.clip(1 - np.abs(gap / REACH) ** 3, 0.0, None) ** 3
    known = np.isfinite(values).astype(float)
    filled = np.nan_to_num(values)
    s0, s1, s2 = (known @ (weight * gap**power).T for power in range(3))
    t0, t1 = (filled @ (weight * gap**power).T for power in range(2))
    spread = s0 * s2 - s1**2
    line = np.divide(s2 * t0 - s1 * t1, spread, out=np.zeros_like(spread), where=spread > 1e-9)
    return np.where(known > 0, line, np.nan)


def month_means(values: Matrix) -> Matrix:
    """Return the mean of the months of the same name, for each; blank where there is but one."""
    mean = np.full_like(values, np.nan)
    for offset in range(min(YEAR, values.shape[1])):
        of_month = values[:, offset::YEAR]
        known = np.isfinite(of_month)
        count = known.sum(axis=1)
        total = np.where(known, of_month, 0.0).sum(axis=1)
        own = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 1)
        mean[:, offset::YEAR] = own[:, None]
    return mean


def clip_outliers(deviations: Matrix, family: Rows) -> tuple[Matrix, Matrix]:
    """Draw outliers towards the family's month, and weigh each series by its steadiness.

    A deviation may differ from the median of its family's month by 4 robust standard deviations
    of the series (from 0 by the larger of this and 0.6 where a family has under 4 series).

    Returns:
        The deviations, and the weight of each series: 1 / (its variance + the median variance).
    """
    middle = _family_medians(deviations, family)
    away = deviations - np.nan_to_num(middle)
    spread = 1.4826 * _row_median(np.abs(away))
    usual = float(np.nanmedian(spread)) if np.isfinite(spread).any() else 1.0
    spread = np.where(spread > 0, spread, max(usual, 1e-3))
    reach = WIDEST * spread[:, None]
    reach = np.where(np.isfinite(middle), reach, np.maximum(reach, ALONE))
    return np.nan_to_num(middle) + np.clip(away, -reach, reach), 1 / (spread**2 + usual**2 + 1e-6)


def mean_of_units(deviations: Matrix, weight: Matrix, unit: Rows) -> Matrix:
    """Return the weighted mean of each unit's month for each series; blank where it is blank."""
    known = np.isfinite(deviations)
    groups = pd.DataFrame(np.where(known, deviations, 0.0) * weight[:, None]).groupby(unit)
    counts = pd.DataFrame(known * weight[:, None]).groupby(unit)
    mean = groups.transform("sum").to_numpy() / np.maximum(
        counts.transform("sum").to_numpy(), 1e-12
    )
    return np.where(known, mean, np.nan)


def _family_medians(deviations: Matrix, family: Rows) -> Matrix:
    """Return the median of each family's month for each series; blank with under 4 series."""
    frame = pd.DataFrame(deviations)
    groups = frame.groupby(family)
    median, count = groups.median(), groups.count()
    return np.asarray(median.where(count >= 4).loc[family].to_numpy(dtype=float))


def _row_median(values: Matrix) -> Matrix:
    return np.asarray(pd.DataFrame(values).median(axis=1).to_numpy(dtype=float))


def _yearly_mean(values: Matrix) -> Matrix:
    """Return centred 2x12 means, carried on at both ends; blank before the start."""
    count, months = values.shape
    level = np.full_like(values, np.nan)
    if months <= YEAR:
        return level
    weights = np.ones(YEAR + 1)
    weights[[0, -1]] = 0.5
    padded = np.concatenate([np.zeros((count, 1)), np.nan_to_num(values).cumsum(axis=1)], axis=1)
    known = np.isfinite(values)
    full = np.concatenate([np.zeros((count, 1)), known.cumsum(axis=1)], axis=1)
    low = padded[:, YEAR:-1] - padded[:, : -YEAR - 1]
    high = padded[:, YEAR + 1 :] - padded[:, 1:-YEAR]
    whole = (full[:, YEAR + 1 :] - full[:, : -YEAR - 1]) == YEAR + 1
    half = YEAR // 2
    level[:, half : months - half] = np.where(whole, (low + high) / (2 * YEAR), np.nan)
    level = _carry_on(level)
    level = _carry_on(level[:, ::-1])[:, ::-1]
    return np.where(known, level, np.nan)


def _carry_on(level: Matrix) -> Matrix:
    """Fill the months after the last level by half the growth of the year before it."""
    months = level.shape[1]
    known = np.isfinite(level)
    last = np.where(known.any(axis=1), months - 1 - known[:, ::-1].argmax(axis=1), 0)
    rows = np.arange(len(level))
    end, before = level[rows, last], level[rows, np.maximum(last - YEAR, 0)]
    usable = (last >= YEAR) & (end > 0) & (before > 0)
    growth = np.log(np.where(usable, end, 1.0) / np.where(usable, before, 1.0)) / YEAR
    growth = np.clip(growth, -0.04, 0.04)
    after = np.arange(months)[None, :] - last[:, None]
    carried = end[:, None] * np.exp(growth[:, None] * np.maximum(after, 0))
    return np.where((after > 0) & (after <= YEAR // 2), carried, level)
