"""Draw demand around its forecast: every cell within its range, places and months correlated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.demand import Correlation

Array = np.ndarray
EIGHTY = 1.2815515655446004  # standard normal value with 10 % above it


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
