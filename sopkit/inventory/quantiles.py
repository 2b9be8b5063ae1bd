"""How much stock a goal asks for, from a sample of errors."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

Array = np.ndarray
LateDays = dict[tuple[str, str] | str | None, Array]  # by place, by location, of all
POINTS = 20
MOST_SHAPES, MOST_LATE = 400, 40
FEW_RECEIPTS = 12
EPS = 1e-9


def service_quantile(errors: Array, level: float, repeats: int = 1) -> float:
    """Return the error that the next one exceeds with chance 1 - level.

    Of n sorted errors the next stays below the k-th with chance k / (n + 1): the finite-sample
    rank (n + 1) x level of conformal prediction, between two ranks by its share, at most n.

    Args:
        errors: sorted.
        level: chance of no stock-out in a replenishment, 0..1.
        repeats: how often each measured error stands in `errors` (with lead times drawn).

    Example:
        19 errors 1, 2 .. 19 at 90 %: rank 18, the error 18. At 95 %: rank 19, the largest.
    """
    count = len(errors) // repeats
    rank = np.clip((count + 1) * min(level, 1.0), 1.0, count) * repeats - 1
    below = int(rank + EPS)
    above = min(below + 1, len(errors) - 1)
    return float(errors[below] + (rank - below) * (errors[above] - errors[below]))


def fill_quantile(errors: Array, missed: float, repeats: int = 1) -> float:
    """Return the x with mean of (error - x)+ = `missed`.

    The largest error counts once more than it was seen: the worst of the next is not below it
    (conformal risk control).

    Args:
        errors: sorted.
        missed: mean that may be missed in a replenishment, in the unit of the errors.
        repeats: how often each measured error stands in `errors`.

    Example:
        Errors 0, 0, 10 count as 0, 0, 10, 10; 2.5 may be missed: x = 5.
    """
    sample = np.append(errors, np.repeat(errors[-1], repeats))
    count = len(sample)
    above = np.cumsum(sample[::-1])[::-1]
    left = np.arange(count, 0, -1)
    at = int(np.argmax((above - left * sample) / count <= missed + EPS * (1 + abs(missed))))
    return float((above[at] - count * missed) / left[at])


def draw_late_days(sd_days: float) -> Array:
    """Return 20 equally likely deviations of a lead time with that standard deviation, mean 0."""
    if not sd_days > 0:
        return np.zeros(1)
    normal = NormalDist()
    points = np.array([normal.inv_cdf((at + 0.5) / POINTS) for at in range(POINTS)])
    return points / points.std() * sd_days


def measure_late_days(receipt: pd.DataFrame) -> LateDays:
    """Return how many days past receipts came late (early: below 0), by place, location and all.

    Args:
        receipt: `item`, `location`, `due_date`, `receipt_date`; rows with a blank are left out.

    Returns:
        (item, location), location and None -> at most 40 equally likely deviations. Places and
        locations with fewer than 12 receipts have none.
    """
    known = receipt.dropna(subset=["due_date", "receipt_date"])
    late = (known["receipt_date"] - known["due_date"]).dt.days.astype(float)
    found: LateDays = {None: _to_points(late)} if len(late) else {}
    for location, days in late.groupby(known["location"]):
        if len(days) >= FEW_RECEIPTS:
            found[str(location)] = _to_points(days)
    for (item, location), days in late.groupby([known["item"], known["location"]]):
        if len(days) >= FEW_RECEIPTS:
            found[str(item), str(location)] = _to_points(days)
    return found


def _to_points(days: pd.Series) -> Array:
    return thin(np.sort(days.to_numpy(float)), MOST_LATE)


def thin(values: Array, most: int) -> Array:
    """Return at most so many equally likely values of a sorted sample."""
    if len(values) <= most:
        return values
    return np.quantile(values, (np.arange(most) + 0.5) / most, method="inverted_cdf")


def add_lateness(errors: Array, mean: float, late_days: Array, tau_days: float) -> Array:
    """Return errors over a protection time that itself varies, relative to its planned forecast.

    Over g times the planned time, mean error grows by g, chance by sqrt(g), and (g - 1) of the
    forecast is wanted on top: mean x g + (error - mean) x sqrt(g) + g - 1, for each pair of
    error and lateness.

    Args:
        errors: relative errors over the planned time.
        mean: their mean.
        late_days: equally likely deviations; a time below 0 counts as 0.
        tau_days: the planned protection time.

    Returns:
        Sorted, len(errors) x len(late_days) values.

    Example:
        No forecast error, tau 10 days, half of receipts 5 days late: 0 and 0.5.
    """
    times = np.maximum(1 + late_days / tau_days, 0.0)
    drawn = mean * times[:, None] + (errors - mean)[None, :] * np.sqrt(times)[:, None]
    return np.sort((drawn + times[:, None] - 1).ravel())
