"""Draw demand around its forecast: every cell within its range, places and months correlated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.demand import Correlation

Array = np.ndarray
EIGHTY = 1.2815515655446004  # standard normal value with 10 % above it
END_ERROR = 1.33387  # of a half-range seen once: sqrt(0.1 x 0.9) / normal density there / 1.28


@dataclass(frozen=True)
class Spread:
    """Demand of some rows over months, with the distance to both ends of its 80 % range.

    Args:
        middle, below, above: forecast, and how far P10 lies below and P90 above it (rows x
            months), in units or money.
        place: row of the noise that each row follows.
    """

    middle: Array
    below: Array
    above: Array
    place: Array


def draw_noise(places: int, months: int, draws: int, correlation: Correlation, seed: int) -> Array:
    """Return standard normal errors (places x months x draws) that move together as measured.

    z = sqrt(p) shared + sqrt(1 - p) own, each of them sqrt(m) of all months + sqrt(1 - m) of the
    month, with p the correlation of places in a month and m that of months: what
    `demand.sum_ranges` assumes of a total. The second half of the draws mirrors the first.

    Example:
        Both correlations 1: one number for every place and month of a draw.
    """
    rng = np.random.default_rng(seed)
    half = (draws + 1) // 2
    p, m = correlation.places, correlation.months
    of_place = np.array([np.sqrt(1 - p), np.sqrt(p)])
    of_month = np.array([np.sqrt(1 - m), np.sqrt(m)])

    def one(rows: int) -> Array:
        level = rng.standard_normal((rows, 1, half))
        month = rng.standard_normal((rows, months, half))
        return of_month[1] * level + of_month[0] * month

    shared = one(1)
    z = of_place[0] * one(places) + of_place[1] * shared
    return np.concatenate([z, -z], axis=2)[:, :, :draws]


def draw_widths(places: int, months: int, draws: int, correlation: Correlation, seed: int) -> Array:
    """Return factors on both half-ranges (below, above; months; draws): what a record can tell.

    P10 and P90 are quantiles of the errors of n cutoffs and k places, so they are not known: the
    standard error of a quantile q is sqrt(q (1 - q) / n') / density (Kendall and Stuart, order
    statistics), which for half of a normal range of 80 % is 1.33 / sqrt(n') of it. Places whose
    errors leave the range together by t count n' = n k / (1 + (k - 1) t); months are as alike as
    theirs (`share_tails`). The two ends err apart, as quantiles so far from each other nearly do.
    Cutoffs that overlap count in full, so the factors are rather too close to 1. No cutoffs told:
    all 1. The second half of the draws mirrors the first.

    Args:
        places: item-locations whose errors the ranges are measured on.
        months, draws, correlation, seed: as in `draw_noise`.

    Example:
        16 cutoffs of one place: a standard deviation of 1.33 / 4 = 0.33.
    """
    if correlation.cutoffs <= 0 or places <= 0:
        return np.ones((2, months, draws))
    rng = np.random.default_rng([seed, 2])
    half = (draws + 1) // 2
    alike = 1 + (places - 1) * share_tails(correlation.places)
    error = END_ERROR * np.sqrt(alike / (correlation.cutoffs * places))
    level, month = rng.standard_normal((2, 1, half)), rng.standard_normal((2, months, half))
    together = share_tails(correlation.months)
    z = np.sqrt(together) * level + np.sqrt(1 - together) * month
    mirrored = np.concatenate([z, -z], axis=2)[:, :, :draws]
    return np.maximum(1 + error * mirrored, 0.0)


def share_tails(together: float) -> float:
    """Return the correlation of two normal errors lying above their P90, from that of the errors.

    integral over a from 0 to arcsin(r) of exp(-q^2 / (1 + sin a)) / (2 pi), over 0.1 x 0.9, with
    q = 1.28 (the derivative of the bivariate normal chance by r; Plackett 1954).

    Example:
        0 for 0, 1 for 1, 0.25 for 0.5.
    """
    angle = np.linspace(0.0, np.arcsin(together), 201)
    height = np.exp(-(EIGHTY**2) / (1 + np.sin(angle))) / (2 * np.pi)
    area = ((height[1:] + height[:-1]) / 2 * np.diff(angle)).sum()
    return float(min(area / 0.09, 1.0))


def widen_noise(noise: Array, widths: Array) -> Array:
    """Return errors above the forecast times the width above, those below times the one below.

    Args:
        noise: what `draw_noise` returned; widths: what `draw_widths` returned.

    Example:
        Widths 0.9 below and 1.2 above: 1 becomes 1.2, and -1 becomes -0.9.
    """
    return noise * np.where(noise > 0, widths[1], widths[0])


def draw_demand(spread: Spread, noise: Array, month: int) -> Array:
    """Return draws of a month's demand (rows x draws); never below 0.

    Above the forecast by z / 1.28 of the distance to P90, below it by the distance to P10, so
    that 80 of 100 draws of every row lie inside its range.

    Example:
        Forecast 100, P10 80, P90 130, z = 1.28: 130; z = -1.28: 80.
    """
    z = noise[spread.place, month] / EIGHTY
    wide = np.where(z > 0, spread.above[:, month, None], spread.below[:, month, None])
    return np.maximum(spread.middle[:, month, None] + wide * z, 0.0)
