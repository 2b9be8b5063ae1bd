"""Rates of single events to rates of families: shrunk to the company's where events are few.

Model: rate of an event = company mean + slope x (its price cut - the mean cut) + its family's
difference + its own difference + noise; the differences are normal. Their sizes are not known, so
all sizes on a grid are weighed by how well they explain the events (empirical Bayes averaged over
its hyperparameters; Gelman et al., Bayesian Data Analysis, chapter 5).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
NORMAL_90 = 1.6449
BETWEEN_EVENTS = np.array([0.0, 0.05, 0.1, 0.17, 0.25, 0.33, 0.42, 0.52, 0.65, 0.8, 1.0, 1.3])
BETWEEN_FAMILIES = np.array([0.0, 0.07, 0.15, 0.25, 0.37, 0.5, 0.7, 1.0])
USUAL_SPREAD = 0.5  # of families and events, in sizes of a usual rate
WIDE = 5.0  # the company's mean is not known beforehand
SLOPE_WIDE = 1.5  # change of rate with one standard deviation of price cut, beforehand
LEAST_SIZE = 0.05
LEAST_CUTS = 4
LEAST_CUT = 0.005


def pool_rates(
    rate: Matrix, sd: Matrix, family: pd.Series, discount: Matrix, families: list[str]
) -> pd.DataFrame:
    """Return the mean rate of each family, and how unsure it is.

    Args:
        rate: measured rate of each event.
        sd: standard deviation of its noise.
        family: family of each event.
        discount: price cut of each event, blank where none is known.
        families: families to answer for; those without events get the company's mean.

    Returns:
        A row for `all` and each family: `rate`, `sd` of it; `event_sd`, that of one coming event's
        rate; `discount_rate`, the price cut to which the rate belongs (blank: none known);
        `slope`, `slope_sd`: change of the rate per unit of price cut; `event_count`. Blank rates
        without any event.

    Example:
        Three events of 0.30 with noise 0.05: rate 0.30, sd 0.04 (0.03, were nothing else unsure).
    """
    seen = sorted(set(family))
    if not seen:
        return _no_rates(["all", *families])
    centre, cut_size = _centre(discount)
    cut = np.nan_to_num((discount - centre) / cut_size)
    member = pd.Index(seen, dtype=object).get_indexer(pd.Index(family, dtype=object))
    design = np.zeros((len(rate), 3 + len(seen)))  # mean, cut, families, a family not seen yet
    design[:, 0], design[:, 1] = 1.0, cut
    design[np.arange(len(rate)), 2 + member] = 1.0
    cuts = _mean_cuts(discount, member, len(seen), centre)
    asked = np.eye(design.shape[1])
    asked[2:, 0] = 1.0
    asked[2:, 1] = np.nan_to_num((cuts[2:] - centre) / cut_size)
    mean, variance, event_variance = _average(rate, sd, design, asked, bool(cut.any()))
    places = pd.Index(seen, dtype=object).get_indexer(pd.Index(families, dtype=object))
    new = len(mean) - 1
    order = [0, *np.where(places >= 0, places + 2, new)]
    counts = np.concatenate([[len(rate), 0], np.bincount(member), [0]])
    return pd.DataFrame(
        {
            "family": ["all", *families],
            "rate": mean[order],
            "sd": np.sqrt(variance[order]),
            "event_sd": np.sqrt(event_variance[[new, *order[1:]]]),
            "discount_rate": cuts[order],
            "slope": mean[1] / cut_size,
            "slope_sd": np.sqrt(variance[1]) / cut_size,
            "event_count": counts[order].astype(int),
        }
    )


def _mean_cuts(discount: Matrix, member: NDArray[np.intp], count: int, centre: float) -> Matrix:
    """Return the usual price cut: overall twice, of each family, overall for a new family."""
    own = pd.Series(discount).groupby(member).mean().reindex(range(count)).fillna(centre)
    return np.concatenate([[centre, centre], own.to_numpy(dtype=float), [centre]])


def _no_rates(families: list[str]) -> pd.DataFrame:
    blank = ["rate", "sd", "event_sd", "discount_rate"]
    frame = pd.DataFrame({"family": families}).assign(**dict.fromkeys(blank, np.nan))
    return frame.assign(slope=0.0, slope_sd=0.0, event_count=0)


def _centre(discount: Matrix) -> tuple[float, float]:
    """Return mean and size of price cuts; a size of 1 where they cannot tell a slope."""
    known = discount[np.isfinite(discount)]
    if not len(known):
        return np.nan, 1.0
    told = len(known) >= LEAST_CUTS and known.std() > LEAST_CUT
    return float(known.mean()), float(known.std()) if told else np.inf


def _average(
    rate: Matrix, sd: Matrix, design: Matrix, asked: Matrix, with_slope: bool
) -> tuple[Matrix, Matrix, Matrix]:
    """Return mean, variance and an event's variance of what is asked, over the grid of spreads."""
    squares = np.average(np.maximum(rate**2 - sd**2, 0.0), weights=1 / (sd**2 + LEAST_SIZE**2))
    size = max(float(np.sqrt(squares)), LEAST_SIZE)
    found = []
    for between, chance in _list_spreads(BETWEEN_EVENTS):
        noise = sd**2 + (between * size) ** 2
        for apart, other in _list_spreads(BETWEEN_FAMILIES):
            prior = np.full(design.shape[1], (max(apart, 1e-4) * size) ** -2)
            prior[0] = (WIDE * size) ** -2
            prior[1] = ((SLOPE_WIDE if with_slope else 1e-6) * size) ** -2
            score, centre, spread = _solve(rate, noise, design, prior, asked)
            found.append((score + chance + other, centre, spread, (between * size) ** 2))
    scores = np.array([one[0] for one in found])
    weight = np.exp(scores - scores.max())
    weight = (weight / weight.sum())[:, None]
    centres, spreads = (np.stack([one[part] for one in found]) for part in (1, 2))
    mean = (weight * centres).sum(axis=0)
    variance = (weight * (spreads + (centres - mean) ** 2)).sum(axis=0)
    own = (weight[:, 0] * np.array([one[3] for one in found])).sum()
    return mean, variance, variance + own


def _list_spreads(grid: Matrix) -> list[tuple[float, float]]:
    """Return each spread with its log chance beforehand: a half-normal of USUAL_SPREAD."""
    chance = np.log(np.gradient(grid)) - (grid / USUAL_SPREAD) ** 2 / 2
    return list(zip(grid.tolist(), chance.tolist(), strict=True))


def _solve(
    rate: Matrix, noise: Matrix, design: Matrix, prior: Matrix, asked: Matrix
) -> tuple[float, Matrix, Matrix]:
    """Return how well a spread explains the rates (log), and mean and variance of what is asked."""
    weighed = design / noise[:, None]
    precision = weighed.T @ design + np.diag(prior)
    pull = weighed.T @ rate
    inverse = np.linalg.inv(precision)
    best = inverse @ pull
    score = (
        -np.log(noise).sum()
        - np.linalg.slogdet(precision)[1]
        + np.log(prior).sum()
        - (rate**2 / noise).sum()
        + pull @ best
    ) / 2
    return float(score), asked @ best, ((asked @ inverse) * asked).sum(axis=1)
