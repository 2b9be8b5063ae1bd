"""Whose errors speak for a place: its own, or those of its kind brought to its own size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sopkit.tables import PLACE

Array = np.ndarray
FEW_ERRORS = 24
PRIOR_SPREAD = 12
LEAST_PRIOR, MOST_PRIOR = 1.0, 100.0
EPS = 1e-9


@dataclass(frozen=True)
class Pool:
    """Errors in multiples of a usual error: a place's error = its mean + its spread x a shape.

    Args:
        shapes: sorted, one per error in the pool.
        means: (item, location) -> mean of its relative errors, drawn towards the pool's.
        spreads: (item, location) -> spread of its next error, drawn towards the pool's.
        mean, spread: those of a place of which the pool knows nothing.
    """

    shapes: Array
    means: dict[tuple[str, str], float]
    spreads: dict[tuple[str, str], float]
    mean: float
    spread: float

    def errors_of(self, place: tuple[str, str]) -> tuple[float, float]:
        """Return the place's mean and spread."""
        return self.means.get(place, self.mean), self.spreads.get(place, self.spread)


def pool_own(rates: Array) -> Pool:
    """Return a place's own errors as they are."""
    return Pool(np.sort(rates), {}, {}, 0.0, 1.0)


def pool_places(rates: pd.DataFrame) -> Pool:
    """Return the errors of several places, each in multiples of its own usual error.

    A place with many errors keeps its own mean and spread, one with few takes the pool's: the mean
    counts like as many errors as the spread within places holds of the spread between them, the
    spread like 12. Each error is measured by a mean and a spread that do not know it, so that
    the shapes are those of a *next* error (conformal prediction with scaled scores). For means
    and spreads only, the extreme 1 % on both sides count like the 1 %.

    Args:
        rates: `item`, `location`, `error_rate`, at least one row.

    Example:
        A errs by 10 % and B by 40 % as a rule: an error of B of 40 % speaks to A of one of 10 %.
    """
    raw = rates["error_rate"].to_numpy(float)
    mild = np.clip(raw, *np.quantile(raw, [0.01, 0.99])) if len(raw) > FEW_ERRORS else raw
    keys = [rates["item"], rates["location"]]
    by_place = pd.Series(mild, index=rates.index).groupby(keys, sort=True)
    count, mean = (by_place.transform(name).to_numpy(float) for name in ("size", "mean"))
    whole, within, prior = _judge_pool(mild, by_place)
    off = mild - mean
    squares = pd.Series(off**2, index=rates.index).groupby(keys, sort=True)
    others = np.maximum(count - 1, 0)
    mean_before = mean - off / np.maximum(others, 1)
    squares_before = squares.transform("sum").to_numpy() - off**2 * count / np.maximum(others, 1)
    usual = _draw_mean(others, np.where(others > 0, mean_before, whole), whole, prior)
    spread = _draw_spread(others, np.where(others > 0, squares_before, 0.0), within, prior)
    shapes = np.sort((raw - usual) / np.maximum(spread, EPS))
    sizes, means = by_place.size(), by_place.mean()
    drawn = _draw_mean(sizes.to_numpy(float), means.to_numpy(), whole, prior)
    spreads = _draw_spread(sizes.to_numpy(float), squares.sum().to_numpy(), within, prior)
    places = [tuple(key) for key in means.index]
    return Pool(
        shapes,
        dict(zip(places, drawn.tolist(), strict=True)),
        dict(zip(places, spreads.tolist(), strict=True)),
        whole,
        float(_draw_spread(np.zeros(1), np.zeros(1), within, prior)[0]),
    )


def _judge_pool(rates: Array, by_place: Any) -> tuple[float, float, float]:
    """Return the pool's mean, variance within places, and how many errors its mean counts like."""
    whole, sizes = float(rates.mean()), by_place.size().to_numpy(float)
    free = (sizes - 1).sum()
    if free <= 0:
        return whole, float(rates.var(ddof=1)) if len(rates) > 1 else 0.0, MOST_PRIOR
    squares = (rates - by_place.transform("mean").to_numpy()) ** 2
    within = float(squares.sum() / free)
    means = by_place.mean().to_numpy()
    between = means.var(ddof=1) - within * (1 / sizes).mean() if len(means) > 1 else 0.0
    prior = within / between if between > 0 else MOST_PRIOR
    return whole, within, float(np.clip(prior, LEAST_PRIOR, MOST_PRIOR))


def _draw_mean(count: Array, mean: Array, whole: float, prior: float) -> Array:
    return (count * mean + prior * whole) / (count + prior)


def _draw_spread(count: Array, squares: Array, within: float, prior: float) -> Array:
    """Return the spread of a next error: around the mean, and what the mean itself may be off."""
    free = np.maximum(count - 1, 0)
    variance = (squares + PRIOR_SPREAD * within) / (free + PRIOR_SPREAD)
    return np.sqrt(variance * (1 + 1 / (count + prior)))


def choose_pools(
    rates: pd.DataFrame, places: pd.DataFrame, enough: Array
) -> list[tuple[Pool | None, str]]:
    """Return for each place whose errors count, and their name.

    Its own where there are enough; else its segment's, its family's, all. A place all of whose
    windows were without forecast asks its family first. Where even all are too few, all count.

    Args:
        rates: `item`, `location`, `segment`, `family`, `error_rate`.
        places: `item`, `location`, `segment`, `family`, `forecast_zero` (it was forecast at
            nothing whenever it was forecast); one row per place.
        enough: errors each place needs before its own, its segment's or its family's count.

    Returns:
        (pool, basis) per place: error, segment_error, family_error, all_error, or (None, none).
    """
    own = {key: rows.to_numpy() for key, rows in rates.groupby(PLACE)["error_rate"]}
    kin = {name: dict(list(rates.groupby(name))) for name in ("segment", "family")}
    made: dict[tuple[str, str], Pool] = {}

    def pooled(name: str, key: str, rows: pd.DataFrame) -> Pool:
        if (name, key) not in made:
            made[name, key] = pool_places(rows)
        return made[name, key]

    chosen: list[tuple[Pool | None, str]] = []
    for place, least in zip(places.to_dict("records"), enough, strict=True):
        mine = own.get((place["item"], place["location"]), np.array([]))
        if len(mine) >= least:
            chosen.append((pool_own(mine), "error"))
            continue
        order = ["family", "segment"] if place["forecast_zero"] else ["segment", "family"]
        for name in order:
            rows = kin[name].get(place[name], rates.iloc[:0])
            if len(rows) >= least:
                chosen.append((pooled(name, place[name], rows), f"{name}_error"))
                break
        else:
            alone = 0 < len(mine) == len(rates)
            chosen.append(
                (pool_own(mine), "error")
                if alone
                else (pooled("all", "all", rates), "all_error")
                if len(rates)
                else (None, "none")
            )
    return chosen
