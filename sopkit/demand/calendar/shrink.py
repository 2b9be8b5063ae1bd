"""How strongly a calendar effect is believed: by the evidence of the years, none by default."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.calendar.ratios import YEAR, month_means

Matrix = NDArray[np.float64]
Rows = NDArray[np.int_]
Flags = NDArray[np.bool_]
SIZES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)  # typical move of a month, ratio
NO_EFFECT = 0.8  # prior chance that there is none
PRIOR_UNITS = 5.0  # how many units the prior weighs as much as
CAUTION = 2.0  # noise counts double: errors have long tails and neighbours err alike
LEAST_NOISE = 0.003
STEPS = 15


def shrink_effects(
    moved: Matrix, weight: Matrix, unit: Rows, shapes: list[tuple[Matrix, Matrix]]
) -> Matrix:
    """Return the effect of each unit in each month: the shapes that fit, shrunk by their evidence.

    A unit's effect is no effect, or a random mix of the shapes of one of several sizes; each case
    weighs by its likelihood on the unit's years, and cases that many units show weigh more
    (adaptive shrinkage, Stephens 2017; the mixture's weights by EM). Its noise is what the months
    far from the holiday show, or what is left near it if that is more, doubled (`CAUTION`).

    Args:
        moved: deviations (a row a series, a column a month), blank where not known.
        weight: of each series in its unit.
        unit: number of the unit of each series; every number up to the largest is used.
        shapes: one case or more: shapes in the known months and in all months asked for.

    Returns:
        A row a unit, a column a month asked for; ratio, 0 is no effect.
    """
    known = np.isfinite(moved)
    units = int(unit.max()) + 1
    share = weight / np.bincount(unit, weight, units)[unit]
    mean = _sum_units(np.nan_to_num(moved - month_means(moved)) * share[:, None], unit, units)
    freedom = _sum_units(_count_freedom(known) * share[:, None], unit, units)
    patterns, which = _list_patterns(known)
    fits = []
    for seen, _ in shapes:
        axes = _find_axes(_sum_products(patterns, seen), which, share, unit, units)
        fits.append(_fit_sizes(mean, freedom, seen, *axes))
    chance = _weigh_cases(np.concatenate([likelihood for likelihood, _ in fits], axis=1))
    effect = np.zeros((units, len(shapes[0][1])))
    for number, ((_, mixes), (_, told)) in enumerate(zip(fits, shapes, strict=True)):
        own = chance[:, 1 + number * len(SIZES) : 1 + (number + 1) * len(SIZES)]
        effect += np.einsum("us,usk->uk", own, mixes) @ told.T
    return effect


def _fit_sizes(
    mean: Matrix, freedom: Matrix, seen: Matrix, size: Matrix, axes: Matrix
) -> tuple[Matrix, Matrix]:
    """Return log likelihood over that of no effect, and mix of shapes, for each unit and size.

    With moves of typical size t and noise of variance v, along an axis of size s pulled by p, the
    mix is r p / (1 + r s) with r = t^2 / v, and twice the log likelihood r p^2 / (1 + r s) / v -
    log(1 + r s).
    """
    pull = np.einsum("uij,ui->uj", axes, mean @ seen)
    noise = _measure_noise(mean, freedom, seen, size, pull)
    ratio = np.square(SIZES)[None, :, None] / noise[:, None, None]
    spread = 1 + ratio * size[:, None, :]
    mix = ratio * pull[:, None, :] / spread
    gain = mix * pull[:, None, :] / noise[:, None, None] - np.log(spread)
    return gain.sum(axis=2) / 2, np.einsum("uij,usj->usi", axes, mix)


def _weigh_cases(over_none: Matrix) -> Matrix:
    """Return each unit's chance of no effect, then of each case."""
    likelihood = np.concatenate([np.zeros((len(over_none), 1)), over_none], axis=1)
    cases = likelihood.shape[1]
    prior = np.full(cases, (1 - NO_EFFECT) / (cases - 1))
    prior[0] = NO_EFFECT
    scaled = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    weight = prior
    for _ in range(STEPS if len(likelihood) > 1 else 1):
        chance = scaled * weight
        chance = chance / chance.sum(axis=1, keepdims=True)
        weight = (chance.sum(axis=0) + PRIOR_UNITS * prior) / (len(likelihood) + PRIOR_UNITS)
    return np.asarray(chance)


def _measure_noise(
    mean: Matrix, freedom: Matrix, seen: Matrix, size: Matrix, pull: Matrix
) -> Matrix:
    """Return the variance of a unit's month: far from the holiday, or around it if larger."""
    squares = np.square(mean)
    far = np.square(seen).sum(axis=1) < 1e-9
    fitted = (pull**2 / np.maximum(size, 1e-9) * (size > 1e-6)).sum(axis=1)
    left = np.maximum(squares.sum(axis=1) - fitted, 0.0)
    count = freedom.sum(axis=1) - (size > 1e-6).sum(axis=1)
    noise = _pool_variance(left, count)
    if far.any():
        noise = np.maximum(
            noise, _pool_variance(squares[:, far].sum(axis=1), freedom[:, far].sum(axis=1))
        )
    return np.maximum(CAUTION * noise, LEAST_NOISE**2)


def _pool_variance(squares: Matrix, freedom: Matrix) -> Matrix:
    """Return variances, those with few degrees of freedom drawn to the mean of all units."""
    usable = freedom > 1
    usual = squares[usable].sum() / freedom[usable].sum() if usable.any() else 1.0
    return np.asarray((squares + 4 * usual) / (np.maximum(freedom, 0.0) + 4))


def _count_freedom(known: Flags) -> Matrix:
    """Return each known month's degrees of freedom: 1 - 1 / known months of the name."""
    free = np.zeros(known.shape)
    for offset in range(min(YEAR, known.shape[1])):
        count = known[:, offset::YEAR].sum(axis=1, keepdims=True)
        free[:, offset::YEAR] = known[:, offset::YEAR] * (1 - 1 / np.maximum(count, 1))
    return free


def _list_patterns(known: Flags) -> tuple[Matrix, Rows]:
    """Return the different rows of flags as numbers, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(known, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return known[first].astype(float), which


def _find_axes(
    products: Matrix, which: Rows, share: Matrix, unit: Rows, units: int
) -> tuple[Matrix, Matrix]:
    """Return size and direction of the axes along which the shapes vary in each unit's months.

    Args:
        products: `_sum_products` of each pattern of known months.
        which: pattern of each series.
    """
    if units == len(unit):
        size, axes = np.linalg.eigh(products)
        place = np.empty(units, dtype=int)
        place[unit] = which
        return np.maximum(size, 0.0)[place], axes[place]
    flat = products.reshape(len(products), -1)[which] * share[:, None]
    size, axes = np.linalg.eigh(_sum_units(flat, unit, units).reshape(units, *products.shape[1:]))
    return np.maximum(size, 0.0), axes


def _sum_products(patterns: Matrix, seen: Matrix) -> Matrix:
    """Return the products of the shapes, centred by month of the year, summed over known months."""
    total = np.zeros((len(patterns), seen.shape[1], seen.shape[1]))
    for offset in range(min(YEAR, len(seen))):
        here, known = seen[offset::YEAR], patterns[:, offset::YEAR]
        if not here.any():
            continue
        years = known.sum(axis=1)[:, None, None]
        centre = known @ here
        between = centre[:, :, None] * centre[:, None, :] / np.maximum(years, 1)
        pairs = (here[:, :, None] * here[:, None, :]).reshape(len(here), -1)
        total += (known @ pairs).reshape(total.shape) - between
    return total


def _sum_units(rows: Matrix, unit: Rows, units: int) -> Matrix:
    """Return the sums of rows by unit; every unit has a row."""
    if units == len(rows):
        return rows[np.argsort(unit, kind="stable")]
    order = np.argsort(unit, kind="stable")
    return np.add.reduceat(rows[order], np.searchsorted(unit[order], np.arange(units)), axis=0)
