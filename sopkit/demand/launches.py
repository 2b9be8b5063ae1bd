"""New items: a like-item's profile, the ramp that past launches showed, and how far it may miss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
RAMP_MONTHS = 12
MATURE_FROM = 6
LEVEL_PRIOR, LEVEL_WEIGHT = 0.4, 3.0
NOISE_PRIOR, NOISE_WEIGHT = 0.2, 12.0
SHAPE_WEIGHT = 1.0


class Ramp(NamedTuple):
    """What past launches teach, against their like-items.

    `shape`: each of the first 12 months as a share of the mature level; `level`: mean log of that
    level; `spread`: its standard deviation from launch to launch; `noise`: that of a month (logs);
    `launches`: launches seen.
    """

    shape: Matrix
    level: float
    spread: float
    noise: float
    launches: int


def measure_ramp(series: pd.DataFrame, item: pd.DataFrame) -> Ramp:
    """Learn from past launches how fast a new item grows to its share of its like-item.

    A past launch has a like-item, began after the first month of the panel and has sold for a year;
    all locations count together. Its mature level is what it sold in months 7 to 12 / the
    like-item's in the same months. Shapes are averaged in logs and drawn towards "full from the
    first month" by one launch's weight; the level's spread is drawn towards 0.4 by three.

    Example:
        One past launch at half the like-item from the seventh month on, and a quarter in the first:
        its shape begins with 0.5; drawn towards 1, the ramp's is 0.71.
    """
    found = [path for path in map(_ratio_of(series), _past_launches(series, item)) if len(path)]
    if not found:
        return Ramp(np.ones(RAMP_MONTHS), 0.0, LEVEL_PRIOR, NOISE_PRIOR, 0)
    ratios = np.stack(found)
    level = ratios[:, MATURE_FROM:].mean(axis=1)
    logs = np.log(np.clip(ratios / level[:, None], 0.02, 5.0))
    count = len(logs)
    shape = logs.sum(axis=0) / (count + SHAPE_WEIGHT)
    around = logs - logs.mean(axis=0)
    freedom = max((count - 1) * (RAMP_MONTHS - 1), 0)
    noise = np.sqrt(((around**2).sum() + NOISE_WEIGHT * NOISE_PRIOR**2) / (freedom + NOISE_WEIGHT))
    steps = np.log(level)
    mean = steps.sum() / (count + 1)
    spread = np.sqrt(
        (((steps - steps.mean()) ** 2).sum() + LEVEL_WEIGHT * LEVEL_PRIOR**2)
        / (count - 1 + LEVEL_WEIGHT)
    )
    return Ramp(np.exp(shape), float(mean), float(spread), float(noise), count)


def forecast_launches(
    series: pd.DataFrame, new: pd.Index, points: pd.DataFrame, item: pd.DataFrame
) -> Matrix:
    """Forecast new items by their like-item at the same location.

    months ahead = like-item's forecast (its last year again, where it has none) x ramp x level x
    share of the launch month on sale. The level begins with that of past launches and moves towards
    what the item's own months say, each by its certainty.

    Args:
        series: what is known; the new items' rows may be blank.
        new: (item, location) to forecast.
        points: forecasts of all others, columns are months.
        item: contract `item`, `like_item` filled.

    Returns:
        A row for each of `new`; 0 where the like-item is not sold at the location.

    Example:
        No past launch, no own month, like-item forecast 100: 100, half the time under it.
    """
    ramp = measure_ramp(series, item)
    master = item.set_index("item")
    found = np.zeros((len(new), points.shape[1]))
    for row, key in enumerate(new.to_list()):
        found[row] = _forecast_one(key, series, points, master, ramp)
    return found


class Learned(NamedTuple):
    """What is known of one launch: mean and variance of its log level, noise of a month."""

    level: float
    level_variance: float
    noise: float


def learn_launch(series: pd.DataFrame, key: tuple[str, str], item: pd.DataFrame) -> Learned:
    """Return the level of one new item against its like-item, and how sure it is.

    The mean of n months varies by `level_variance` + `noise`^2 / n.
    """
    ramp, like = measure_ramp(series, item), item.set_index("item")["like_item"]
    return Learned(*_learn_level(*_own_and_like(key, series, like), ramp), ramp.noise)


def measure_launch_spread(series: pd.DataFrame, new: pd.Index, item: pd.DataFrame) -> pd.Series:
    """Return the standard deviation (of logs) of a month of each new item's forecast.

    Its square is the variance of the level and that of a month's noise.

    Example:
        No past launch and no own month: sqrt(2 x 0.4^2 + 0.2^2) = 0.6.
    """
    ramp, like = measure_ramp(series, item), item.set_index("item")["like_item"]
    spread = [
        float(np.sqrt(_learn_level(*_own_and_like(key, series, like), ramp)[1] + ramp.noise**2))
        for key in new.to_list()
    ]
    return pd.Series(spread, index=new, dtype=float, name="spread")


def launch_range(median: Matrix, spread: Matrix, z: float) -> tuple[Matrix, Matrix]:
    """Return the bounds z standard deviations (of logs) below and above a launch's forecast.

    Example:
        Forecast 100, spread 0.4, z 1.2816: 60 and 167.
    """
    return median * np.exp(-z * spread), median * np.exp(z * spread)


def _past_launches(series: pd.DataFrame, item: pd.DataFrame) -> list[tuple[str, str]]:
    paired = item.dropna(subset=["like_item"])
    codes = set(series.index.get_level_values("item"))
    pairs = zip(paired["item"], paired["like_item"], strict=True)
    return sorted((new, like) for new, like in pairs if new in codes and like in codes)


def _ratio_of(series: pd.DataFrame) -> Callable[[tuple[str, str]], Matrix]:
    """Return a function that gives a past launch's first year against its like-item's."""
    totals = series.groupby(level="item").sum(min_count=1)

    def ratio(pair: tuple[str, str]) -> Matrix:
        own, like = (totals.loc[[code]].to_numpy(dtype=float)[0] for code in pair)
        begins = int(np.isfinite(own).argmax())
        year = slice(begins, begins + RAMP_MONTHS)
        enough = begins > 0 and begins + RAMP_MONTHS <= len(own) and np.nanmin(like[year]) > 0
        if not enough or np.nansum(own[year][MATURE_FROM:]) <= 0:
            return np.zeros(0)
        return np.asarray(np.nan_to_num(own[year]) / like[year])

    return ratio


def _own_and_like(
    key: tuple[str, str], series: pd.DataFrame, like: pd.Series
) -> tuple[Matrix, Matrix]:
    blank = np.full(series.shape[1], np.nan)
    return tuple(  # type: ignore[return-value]
        _row(series, one) if one in series.index else blank for one in (key, (like[key[0]], key[1]))
    )


def _forecast_one(
    key: tuple[str, str],
    series: pd.DataFrame,
    points: pd.DataFrame,
    master: pd.DataFrame,
    ramp: Ramp,
) -> Matrix:
    periods = pd.DatetimeIndex(points.columns)
    base_key = (str(master["like_item"][key[0]]), key[1])
    if base_key not in series.index:
        return np.zeros(len(periods))
    own, past = _own_and_like(key, series, master["like_item"])
    base = _row(points, base_key) if base_key in points.index else np.zeros(1)
    if base.sum() <= 0:
        base = np.resize(last_year(past), len(periods))
    age = int(np.isfinite(own).sum())
    on_sale = (
        np.ones(len(periods)) if age else _launch_share(periods, master["launch_date"][key[0]])
    )
    steps = np.arange(len(periods)) + age - int((on_sale == 0).sum())
    shape = np.where(steps < RAMP_MONTHS, ramp.shape[np.clip(steps, 0, RAMP_MONTHS - 1)], 1.0)
    level, _ = _learn_level(own, past, ramp)
    return np.asarray(base * shape * on_sale * np.exp(level))


def _learn_level(own: Matrix, like: Matrix, ramp: Ramp) -> tuple[float, float]:
    """Return mean and variance of the log level, from past launches and the item's own months."""
    prior = ramp.spread**2 * (1 + 1 / (ramp.launches + 1))
    known = np.flatnonzero(np.isfinite(own))
    if not len(known):
        return ramp.level, prior
    shape = ramp.shape[np.clip(known - known[0], 0, RAMP_MONTHS - 1)]
    expected = np.nan_to_num(like[known]) * shape
    sold = own[known]
    if len(known) > 1:  # the first month is seldom whole
        expected, sold = expected[1:], sold[1:]
    if expected.sum() <= 0 or sold.sum() <= 0:
        return ramp.level, prior
    seen = float(np.log(sold.sum() / expected.sum()))
    error = ramp.noise**2 * (1 / len(sold) + 1 / (ramp.launches + 1))
    variance = 1 / (1 / prior + 1 / error)
    return float(variance * (ramp.level / prior + seen / error)), float(variance)


def _launch_share(periods: pd.DatetimeIndex, launch: pd.Timestamp | None) -> Matrix:
    """Return the share of each month in which the item is on sale; 1 without a launch date."""
    if launch is None or pd.isna(launch):
        return np.ones(len(periods))
    days = periods.days_in_month.to_numpy(dtype=float)
    before = (launch - periods).days.to_numpy(dtype=float)
    return np.asarray(np.clip(1 - before / days, 0.0, 1.0))


def _row(panel: pd.DataFrame, key: tuple[str, str]) -> Matrix:
    return np.asarray(panel.to_numpy(dtype=float)[panel.index.get_loc(key)])


def last_year(values: Matrix) -> Matrix:
    """Return the last 12 months up to the last demand, in the order of the months ahead.

    Example:
        13 months 0, 1, 2, ... 12: the last twelve, 1 to 12.
    """
    busy = np.flatnonzero(np.nan_to_num(values) > 0)
    if not len(busy):
        return np.zeros(12)
    end = len(values) - 12 * -(-(len(values) - 1 - busy[-1]) // 12)
    return np.nan_to_num(values[end - 12 : end]) if end >= 12 else np.zeros(12)


def take_from_family(
    points: pd.DataFrame, series: pd.DataFrame, item: pd.DataFrame, new: pd.Index
) -> pd.DataFrame:
    """Take from a family what its new items will take from it: cannibalised volume is conserved.

    Of what a new item adds beyond its mean of the last three months (its family's history already
    shows the rest), the share `cannibal_rate` of the master comes from the other items of its
    family at the location, in proportion to their forecasts, and never more than they have. A
    blank rate takes nothing.

    Example:
        A new item of 100 with rate 0.3; two others 60 and 40: they fall to 42 and 28.
    """
    rate = item.set_index("item")["cannibal_rate"].fillna(0.0)
    codes = [key for key in new.to_list() if rate.get(key[0], 0.0) > 0]
    if not codes:
        return points
    family = item.set_index("item")["family"]
    groups = pd.Series(
        [(family.get(code, "other"), place) for code, place in points.index], index=points.index
    )
    taken = points.copy()
    for key in codes:
        siblings = groups.index[(groups == groups[key]) & ~groups.index.isin(new)]
        recent = series.loc[key].iloc[-3:].fillna(0.0).mean() if key in series.index else 0.0
        wanted = rate[key[0]] * (points.loc[key] - recent).clip(lower=0.0)
        there = taken.loc[siblings].sum()
        left = 1 - (wanted / there.where(there > 0)).clip(upper=1.0).fillna(0.0)
        taken.loc[siblings] = taken.loc[siblings] * left
    return taken
