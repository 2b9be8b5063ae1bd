"""Seasonal indices of a whole panel, as factors or as amounts, and which of both a series has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
YEAR = 12
FLOOR = 0.05
REACH = 12
FORGET = (1.0, 0.9, 0.75, 0.5)
USUAL = 0.9
SURE = 0.3
MOST_MONTHS = 200
FAR = 1.2
UNKNOWN = 0.5
PRIOR = 3
CAP = 3.0
POWER = 8.0


class Season(NamedTuple):
    """Indices, one for each column modulo 12; mean absolute miss of trend and season together."""

    indices: Matrix
    miss: Matrix


def measure_season(values: Matrix, *, multiplicative: bool) -> Season:
    """Return each series' seasonal indices: factors with mean 1, or amounts with mean 0.

    First month / (or -) a centred 2x12 moving average, then, the season taken out, month / a
    local straight line that reaches both ends. The mean of a calendar month over the years weighs
    recent years more (how much more: `_forgetting`) and outliers less (Huber), and is shrunk
    towards no season by what noise alone would show (`_trust`). Up to 12 months tell no season.

    Args:
        values: a row a series, a column a month; blanks are left out.
        multiplicative: factors, else amounts.

    Example:
        Years that repeat 6, 12, 18, 12, ... keep just these proportions.
    """
    none = 1.0 if multiplicative else 0.0
    index = np.full((len(values), YEAR), none)
    months = np.arange(values.shape[1]) % YEAR
    if values.shape[1] > YEAR:
        ratio = _compare(values, _centred_mean(bridge_gaps(values)), multiplicative)
        index = _average(ratio, np.full(len(values), USUAL), multiplicative)
        level = smooth_locally(_compare(values, index[:, months], multiplicative), REACH)
        ratio = _compare(values, level, multiplicative)
        index = _average(ratio, _forgetting(ratio, none), multiplicative)
        index[np.isfinite(values).sum(axis=1) <= YEAR] = none
    level = smooth_locally(_compare(values, index[:, months], multiplicative), REACH)
    fitted = level * index[:, months] if multiplicative else level + index[:, months]
    return Season(indices=index, miss=_typical(np.abs(values - fitted)))


def weigh_forms(factors: Season, amounts: Season) -> Matrix:
    """Return how far each series' season is a factor rather than an amount, 0 to 1.

    1 / (1 + (miss as factors / miss as amounts) ^ 8): equal misses give a half.
    """
    worse = np.maximum(factors.miss, 1e-9) / np.maximum(amounts.miss, 1e-9)
    return np.asarray(1 / (1 + np.clip(worse, 0.1, 10.0) ** POWER))


def smooth_locally(values: Matrix, reach: int) -> Matrix:
    """Return a local straight line through each month: tricube weights, `reach` months each way.

    Blanks are left out; at the ends the line has one side only.

    Example:
        A straight line is returned as it is.
    """
    offset = np.arange(-reach, reach + 1)
    kernel = (1 - np.abs(offset / (reach + 1)) ** 3) ** 3
    weights = np.stack([kernel, kernel * offset, kernel * offset**2], axis=1)
    known = np.isfinite(values)
    sides = ((0, 0), (reach, reach))
    around = np.lib.stride_tricks.sliding_window_view
    counted = around(np.pad(known.astype(float), sides), 2 * reach + 1, axis=1) @ weights
    padded = np.pad(np.where(known, values, 0.0), sides)
    summed = around(padded, 2 * reach + 1, axis=1) @ weights[:, :2]
    determinant = counted[..., 0] * counted[..., 2] - counted[..., 1] ** 2
    straight = counted[..., 2] * summed[..., 0] - counted[..., 1] * summed[..., 1]
    mean = summed[..., 0] / np.maximum(counted[..., 0], 1e-12)
    enough = determinant > 1e-9
    line = np.where(enough, straight / np.where(enough, determinant, 1.0), mean)
    return np.where(counted[..., 0] > 0, line, np.nan)


def _compare(values: Matrix, level: Matrix, multiplicative: bool) -> Matrix:
    if not multiplicative:
        return values - level
    return values / np.where(level > 0, level, np.nan)


def _typical(miss: Matrix) -> Matrix:
    """Return the mean miss, no month counting over three times the mean."""
    known = np.isfinite(miss)
    size, count = np.where(known, miss, 0.0), np.maximum(known.sum(axis=1), 1)
    mean = size.sum(axis=1) / count
    return np.asarray(np.minimum(size, CAP * mean[:, None]).sum(axis=1) / count)


def bridge_gaps(values: Matrix) -> Matrix:
    """Put blanks after a series' start on the straight line between their neighbours.

    Blanks after the last known month repeat it.

    Example:
        Blank, 2, blank, 4: blank, 2, 3, 4.
    """
    known = np.isfinite(values)
    gap = ~known & known.cumsum(axis=1).astype(bool)
    bridged, months = values.copy(), np.arange(values.shape[1])
    for row in np.flatnonzero(gap.any(axis=1)):
        seen = known[row]
        bridged[row, gap[row]] = np.interp(months[gap[row]], months[seen], values[row, seen])
    return bridged


def _centred_mean(values: Matrix) -> Matrix:
    weights = np.ones(YEAR + 1)
    weights[[0, -1]] = 0.5
    mean = np.full_like(values, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(values, YEAR + 1, axis=1)
    mean[:, YEAR // 2 : values.shape[1] - YEAR // 2] = windows @ weights / YEAR
    return mean


def _by_year(ratio: Matrix) -> Matrix:
    """Return series x year x calendar month; the years end with the newest month's column."""
    extra = -ratio.shape[1] % YEAR
    padded = np.concatenate([np.full((len(ratio), extra), np.nan), ratio], axis=1)
    return padded.reshape(len(ratio), -1, YEAR)


def _average(ratio: Matrix, forget: Matrix, multiplicative: bool) -> Matrix:
    years = _by_year(ratio)
    known = np.isfinite(years)
    filled = np.where(known, years, 0.0)
    age = np.arange(years.shape[1])[::-1]
    weight = known * forget[:, None, None] ** age[None, :, None]
    none = 1.0 if multiplicative else 0.0
    index = _mean(filled, weight, none)
    miss = np.where(known, np.abs(filled - index[:, None, :]), 0.0)
    usual = np.sqrt((miss**2).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1))
    calm = weight / np.maximum(1.0, miss / (FAR * usual[:, None, None] + 1e-12))
    index = _mean(filled, calm, none)
    index = none + (index - none) * _trust(filled, known, calm, index)[:, None]
    if multiplicative:
        index = np.maximum(index, FLOOR)
        index = index / index.mean(axis=1, keepdims=True)
    else:
        index = index - index.mean(axis=1, keepdims=True)
    return np.roll(index, ratio.shape[1] % YEAR, axis=1)


def _mean(filled: Matrix, weight: Matrix, none: float) -> Matrix:
    total = weight.sum(axis=1)
    return np.where(total > 0, (filled * weight).sum(axis=1) / np.maximum(total, 1e-12), none)


def _trust(filled: Matrix, known: NDArray[np.bool_], weight: Matrix, index: Matrix) -> Matrix:
    """Return the share of the variance between calendar months that noise does not explain.

    1 - (variance within a calendar month / effective years) / variance between them, at least 0.
    Months seen twice tell noise from season; where they are under 12 (less than two years), three
    more that say 0.5 are added. 0 under 12 months.
    """
    months, seen = known.sum(axis=(1, 2)), np.maximum(known.any(axis=1).sum(axis=1), 1)
    twice = months - seen
    noise = np.where(known, (filled - index[:, None, :]) ** 2, 0.0).sum(axis=(1, 2))
    within = noise / np.maximum(twice, 1)
    total, squared = weight.sum(axis=1), (weight**2).sum(axis=1)
    years = (total**2 / np.maximum(squared, 1e-12)).mean(axis=1)
    between = index.var(axis=1, ddof=1)
    share = within / np.maximum(years, 1e-9) / np.maximum(between, 1e-300)
    trust = np.clip(1 - share, 0.0, 1.0)
    unsure = (twice * trust + PRIOR * UNKNOWN) / (twice + PRIOR)
    trust = np.where(twice < YEAR, unsure, trust)
    return np.where(months >= YEAR, trust, 0.0)


def _forgetting(ratio: Matrix, none: float) -> Matrix:
    """Return the yearly weight factor under which past years told the next one best.

    Mean of 1, 0.9, 0.75 and 0.5, weighed by the absolute misses of year-ahead seasons.
    """
    years = _by_year(ratio)
    known = np.isfinite(years)
    filled = np.where(known, years, 0.0)
    rates = np.array(FORGET)[:, None, None]
    summed = np.zeros((len(FORGET), len(ratio), YEAR))
    total, missed = np.zeros_like(summed), np.zeros((len(FORGET), len(ratio)))
    old = (known.any(axis=2).cumsum(axis=1) > 2)[:, :, None]
    for year in range(years.shape[1]):
        told = np.where(total > 0, summed / np.maximum(total, 1e-12), none)
        scored = known[:, year] & (total > 0) & old[:, year]
        missed += np.where(scored, np.abs(filled[:, year] - told), 0.0).sum(axis=2)
        summed = summed * rates + filled[:, year]
        total = total * rates + known[:, year]
    best = np.maximum(missed.min(axis=0), 1e-12)
    power = SURE * np.minimum(np.isfinite(ratio).sum(axis=1), MOST_MONTHS)
    weight = np.maximum(missed / best, 1.0) ** -power
    return np.asarray((weight * np.array(FORGET)[:, None]).sum(axis=0) / weight.sum(axis=0))
