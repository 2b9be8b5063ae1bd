"""Generated monthly series for tests and benchmarks of forecasts: smooth and sporadic families."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
YEAR = 12
Random = np.random.Generator


def make_season(rng: Random, size: float) -> Matrix:
    """Return twelve amounts with mean 0 and standard deviation `size`: waves and some noise."""
    month = 2 * np.pi * np.arange(YEAR) / YEAR
    waves = [
        rng.normal(0, 1 / k) * np.sin(k * month) + rng.normal(0, 1 / k) * np.cos(k * month)
        for k in (1, 2, 3)
    ]
    season = np.sum(waves, axis=0) + rng.normal(0, 0.3, YEAR)
    return np.asarray(size * (season - season.mean()) / season.std())


def smoothed(rng: Random, months: int, noise: float, *, factor: bool) -> Matrix:
    """Return level, damped trend and season of exponential smoothing, season as factor or not."""
    season = make_season(rng, rng.uniform(0.03, 0.35))
    season = np.exp(season) if factor else season
    level, trend = 1.0, rng.normal(0.002, 0.006)
    alpha, beta = rng.uniform(0.02, 0.5), rng.uniform(0, 0.03)
    found = np.empty(months)
    for month in range(months):
        error, base = rng.normal(0, noise), max(level + trend, 0.05)
        now = season[month % YEAR]
        found[month] = base * now * (1 + error) if factor else base + now + error
        level, trend = base * (1 + alpha * error), 0.98 * trend + beta * alpha * error
    return np.maximum(found, 0.01)


def factor_season(rng: Random, months: int) -> Matrix:
    """Return a smoothed series with a season as factor."""
    return smoothed(rng, months, rng.uniform(0.02, 0.15), factor=True)


def amount_season(rng: Random, months: int) -> Matrix:
    """Return a smoothed series with a season as amount."""
    return smoothed(rng, months, rng.uniform(0.02, 0.15), factor=False)


def changed_level(rng: Random, months: int) -> Matrix:
    """Return a seasonal series with one or two sudden changes of level."""
    level = np.zeros(months)
    for _ in range(rng.integers(1, 3)):
        level[rng.integers(months // 6, months - 20) :] += rng.choice([-1, 1]) * rng.uniform(
            0.2, 0.9
        )
    season = np.resize(make_season(rng, rng.uniform(0.03, 0.3)), months)
    return np.exp(level + season + rng.normal(0, rng.uniform(0.03, 0.15), months))


def retail(rng: Random, months: int) -> Matrix:
    """Return uneven growth, a strong month a year, and promotions."""
    growth = np.cumsum(rng.normal(rng.normal(0.003, 0.004), 0.01, months))
    strong = (np.arange(months) + rng.integers(YEAR)) % YEAR == 0
    peak = 1 + strong * rng.uniform(0.2, 1.5)
    promotion = 1 + (rng.random(months) < 0.08) * rng.uniform(0.1, 0.6, months)
    season = np.resize(make_season(rng, rng.uniform(0.02, 0.15)), months)
    return np.exp(growth + season + rng.normal(0, 0.04, months)) * peak * promotion


def random_walk(rng: Random, months: int) -> Matrix:
    """Return a level that wanders, with a season in half of the series."""
    walk = np.cumsum(rng.normal(0, rng.uniform(0.01, 0.08), months))
    season = np.resize(make_season(rng, rng.choice([0.0, 0.15])), months)
    return np.exp(walk + season + rng.normal(0, 0.02, months))


def saturating(rng: Random, months: int) -> Matrix:
    """Return growth or decline that ends at a new level (an S curve), with a season."""
    time = np.arange(months)
    middle, width = rng.uniform(0, months), rng.uniform(3, 20)
    level = 1 + rng.uniform(-0.5, 2) / (1 + np.exp(-(time - middle) / width))
    season = np.resize(make_season(rng, rng.uniform(0.03, 0.3)), months)
    return level * np.exp(season + rng.normal(0, rng.uniform(0.03, 0.12), months))


def turning_season(rng: Random, months: int) -> Matrix:
    """Return a season that turns into another one over the years."""
    share = np.arange(months) / months
    first, last = (np.resize(make_season(rng, rng.uniform(0.05, 0.3)), months) for _ in range(2))
    noise = rng.normal(0, rng.uniform(0.03, 0.12), months)
    return np.exp((1 - share) * first + share * last + noise)


def outliers(rng: Random, months: int) -> Matrix:
    """Return a seasonal series in which one month of 25 is far off."""
    season = np.resize(make_season(rng, rng.uniform(0.03, 0.25)), months)
    odd = np.where(rng.random(months) < 0.04, rng.normal(0, 1, months), 0.0)
    return np.exp(season + odd + rng.normal(0, 0.06, months))


def reverting(rng: Random, months: int) -> Matrix:
    """Return gaps from a level that fade, with a season in half of the series."""
    gap, memory = np.zeros(months), rng.uniform(0.3, 0.95)
    for month in range(1, months):
        gap[month] = memory * gap[month - 1] + rng.normal(0, 0.06)
    season = np.resize(make_season(rng, rng.choice([0.0, 0.15])), months)
    return np.exp(gap + season + rng.normal(0, 0.003) * np.arange(months))


def plain_noise(rng: Random, months: int) -> Matrix:
    """Return a constant level with noise and nothing else."""
    return np.maximum(1 + rng.normal(0, rng.uniform(0.02, 0.2), months), 0.01)


SMOOTH: dict[str, Callable[[Random, int], Matrix]] = {
    "factor_season": factor_season,
    "amount_season": amount_season,
    "changed_level": changed_level,
    "retail": retail,
    "random_walk": random_walk,
    "saturating": saturating,
    "turning_season": turning_season,
    "outliers": outliers,
    "reverting": reverting,
    "plain_noise": plain_noise,
}


def make_smooth(family: str, count: int, months: tuple[int, ...], ahead: int, seed: int) -> Matrix:
    """Return series of one family, a row each, newest last; blank before the start.

    Args:
        months: lengths of history, drawn at random; `ahead` months more are added.
    """
    rng = np.random.default_rng(seed)
    panel = np.full((count, max(months) + ahead), np.nan)
    for row in range(count):
        length = int(rng.choice(months)) + ahead
        panel[row, -length:] = np.exp(rng.normal(6, 1.5)) * SMOOTH[family](rng, length)
    return panel


def make_sporadic(count: int, months: int, seed: int) -> dict[str, Matrix]:
    """Return families of series with 40 % zeros or more in the months but the last six."""
    rng = np.random.default_rng(seed)
    shape, time = (count, months), np.arange(months)
    busy = rng.random(shape) < rng.uniform(0.1, 0.6, count)[:, None]
    calm = rng.random(shape) < np.where(
        np.cumsum(rng.random(shape) < 0.25, axis=1) % 2 == 0, 0.55, 0.08
    )
    fading = rng.random(shape) < 0.6 * np.exp(-time / rng.uniform(40, 200, count)[:, None])
    rate = rng.uniform(0.3, 3, count)[:, None]
    found = {
        "small_sizes": busy * (1 + rng.poisson(3, shape)),
        "lumpy": busy * np.exp(rng.normal(2, 1.1, shape)),
        "negative_binomial": rng.negative_binomial(0.4, 0.4 / (0.4 + rate), shape),
        "clumped": calm * (1 + rng.poisson(2, shape)),
        "fading": fading * (1 + rng.poisson(4, shape)),
    }
    return {name: keep_sporadic(values.astype(float)) for name, values in found.items()}


def keep_sporadic(values: Matrix, ahead: int = 6) -> Matrix:
    """Return the series with two demands and at least 40 % zeros before the last months."""
    past = values[:, :-ahead] > 0
    return values[(past.sum(axis=1) >= 2) & (past.mean(axis=1) <= 0.6)]
