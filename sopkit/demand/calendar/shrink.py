"""How strongly a calendar effect is believed: by the evidence of the years, none by default."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.calendar.ratios import YEAR, month_means

Matrix = NDArray[np.float64]
Rows = NDArray[np.int_]
SIZES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)  # typical move of a month, ratio
NO_EFFECT = 0.8  # prior chance that there is none
PRIOR_UNITS = 5.0  # how many units the prior weighs as much as
CAUTION = 2.0  # noise counts double: errors have long tails and neighbours err alike
LEAST_NOISE = 0.003
STEPS = 15


def shrink_effects(
    moved: Matrix,
    weight: Matrix,
    unit: Rows,
    shapes: list[tuple[Matrix, Matrix]],
    first_month: int,
) -> Matrix:
    """Return the effect of each unit in each month: the shapes that fit, shrunk by their evidence.

    A unit's effect is no effect, or a random mix of the shapes of one of several sizes; each case
    weighs by its likelihood on the unit's years, and cases that many units show weigh more
    (adaptive shrinkage, Stephens 2017; the mixture's weights by EM). Its noise is what the months
    far from the holiday show, or what is left near it if that is more, doubled (`CAUTION`).

    Args:
        moved: deviations (a row a series, a column a month), blank where not known.
        weight: of each series in its unit.
        unit: number of the unit of each series.
        shapes: one case or more: shapes in the known months and in all months asked for.
        first_month: month of the year of the first column.

    Returns:
        A row a unit, a column a month asked for; ratio, 0 is no effect.
    """
    known = np.isfinite(moved)
    centred = np.nan_to_num(moved - month_means(moved, first_month))
    units = int(unit.max()) + 1
    share = weight / np.bincount(unit, weight, units)[unit]
    mean = _sum_units(centred * share[:, None], unit, units)
    freedom = _count_freedom(known, first_month, share, unit, units)
    likelihood, parts = [np.zeros(units)], []
    for seen, _ in shapes:
        size, axes = np.linalg.eigh(_sum_products(known, seen, first_month, share, unit, units))
        pull = np.einsum("uij,ui->uj", axes, mean @ seen)
        noise = _measure_noise(mean, freedom, seen, size, pull)
        for typical in SIZES:
            ratio = typical**2 / noise
            gain = ratio[:, None] * pull**2 / (1 + ratio[:, None] * size)
            penalty = np.log1p(ratio[:, None] * np.maximum(size, 0.0))
            likelihood.append((gain / noise[:, None] - penalty).sum(axis=1) / 2)
            parts.append((axes, ratio[:, None] * pull / (1 + ratio[:, None] * size)))
    chance = _weigh_cases(np.stack(likelihood, axis=1), len(shapes))
    effect = np.zeros((units, shapes[0][1].shape[0]))
    for case, (axes, mix) in enumerate(parts):
        coefficient = np.einsum("uij,uj->ui", axes, mix * chance[:, [case + 1]])
        effect += coefficient @ shapes[case // len(SIZES)][1].T
    return effect


def _weigh_cases(likelihood: Matrix, shapes: int) -> Matrix:
    """Return each unit's chance of each case; the first case is no effect."""
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


def _count_freedom(
    known: NDArray[np.bool_], first_month: int, share: Matrix, unit: Rows, units: int
) -> Matrix:
    """Return degrees of freedom by unit and month: known months less one a month of the year."""
    free = np.zeros(known.shape)
    for offset in range(min(YEAR, known.shape[1])):
        of_month = known[:, offset::YEAR]
        count = of_month.sum(axis=1, keepdims=True)
        free[:, offset::YEAR] = of_month * np.where(
            count > 1, (count - 1) / np.maximum(count, 1), 0
        )
    return _sum_units(free * share[:, None], unit, units)


def _sum_products(
    known: NDArray[np.bool_], seen: Matrix, first_month: int, share: Matrix, unit: Rows, units: int
) -> Matrix:
    """Return each unit's mean matrix of products of the shapes, months centred by series."""
    count = seen.shape[1]
    total = np.zeros((len(known), count * count))
    for offset in range(min(YEAR, known.shape[1])):
        of_month = known[:, offset::YEAR].astype(float)
        here = seen[offset::YEAR]
        if not here.any():
            continue
        years = of_month.sum(axis=1, keepdims=True)
        products = (here[:, :, None] * here[:, None, :]).reshape(len(here), -1)
        centre = of_month @ here / np.maximum(years, 1)
        between = (centre[:, :, None] * centre[:, None, :]).reshape(len(known), -1)
        total += np.where(years > 1, of_month @ products - years * between, 0.0)
    return _sum_units(total * share[:, None], unit, units).reshape(units, count, count)


def _sum_units(rows: Matrix, unit: Rows, units: int) -> Matrix:
    """Return the sums of rows by unit; every unit has a row."""
    if units == len(rows):
        return rows[np.argsort(unit)]
    order = np.argsort(unit, kind="stable")
    return np.add.reduceat(rows[order], np.searchsorted(unit[order], np.arange(units)), axis=0)
