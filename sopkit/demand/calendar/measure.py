"""Factors of moving holidays and working days, measured on the series and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.calendar.festivals import (
    SCALES,
    festival_features,
    list_festivals,
    spanning_years,
    working_day_feature,
)
from sopkit.demand.calendar.ratios import clip_outliers, mean_of_units, to_deviations
from sopkit.demand.calendar.shrink import shrink_effects
from sopkit.demand.series import family_of

Matrix = NDArray[np.float64]
Rows = NDArray[np.int_]
Blocks = dict[str, list[tuple[Matrix, Matrix]]]
LEAST_MONTHS = 36  # three New Years; from two, nothing can be told from chance
ROUNDS = 2
LEAST, MOST = 0.3, 3.0


def measure_calendar(
    series: pd.DataFrame, item: pd.DataFrame, horizon: int, country: str
) -> pd.DataFrame:
    """Measure what moving holidays and working days add to each month, history and horizon.

    A factor tells how far a month is from its usual self because the holidays fall otherwise than
    they usually do: what they do every year is the season's, and stays in the series. Effects are
    measured on the series given, for the company, for each family's difference from it and each
    series' from its family, each shrunk by its evidence (`shrink_effects`), so that series without
    an effect keep factors of about 1. Nothing after the last column is used but the calendar.

    Args:
        series: what `to_series` returned: a row an (item, location), a column a month.
        item: contract `item`; series without a family form one.
        horizon: months ahead.
        country: two letters; without one all factors are 1.

    Returns:
        The rows of `series`, a column a month of history and horizon: 1.05 is 5 % more than
        usual. 1 throughout where no series has 36 months; shorter series take their family's.

    Example:
        A family that sells 20 % more in a January that holds the weeks before the New Year
        and 20 % less in the others: 1.2 and 0.8, drawn towards 1 where few years tell so.
    """
    months = all_periods(series, horizon)
    if not country or series.empty:
        return pd.DataFrame(1.0, index=series.index, columns=months)
    effects = measure_effects(series, item, months, country)
    factor = np.clip(1 + sum(effects.values()), LEAST, MOST)
    return pd.DataFrame(factor, index=series.index, columns=months)


def all_periods(series: pd.DataFrame, horizon: int) -> pd.DatetimeIndex:
    """Return the months of the series and those of the horizon."""
    first = pd.Timestamp(series.columns[0])
    return pd.date_range(first, periods=series.shape[1] + horizon, freq="MS", name="period")


def divide_factors(series: pd.DataFrame, factor: pd.DataFrame) -> pd.DataFrame:
    """Return series without the calendar's pull: each month divided by its factor."""
    return series / factor.loc[series.index, series.columns]


def measure_effects(
    series: pd.DataFrame,
    item: pd.DataFrame,
    months: pd.DatetimeIndex,
    country: str,
    by_series: bool = True,
) -> dict[str, Matrix]:
    """Return the effect of each holiday, and of working days, on each series and month (ratio).

    Args:
        months: the columns of `series` and any months after them.
        by_series: False leaves out how a series differs from its family.
    """
    blocks = list_blocks(months, series.shape[1], country)
    total = {name: np.zeros((len(series), len(months))) for name in blocks}
    known = series.notna().sum(axis=1).to_numpy() >= LEAST_MONTHS
    first_month = pd.Timestamp(months[0]).month
    moved = to_deviations(series[known].to_numpy(dtype=float), first_month)
    rows = np.flatnonzero(known)[np.isfinite(moved).any(axis=1)]
    if not len(rows):
        return total
    family = pd.factorize(family_of(series.index, item), sort=True)[0]
    moved = moved[np.isfinite(moved).any(axis=1)]
    moved, weight = clip_outliers(moved, family[rows])
    for panel, unit, taker in _list_levels(moved, weight, family, rows, by_series):
        found = _fit_blocks(panel, weight, unit, blocks, first_month)
        for name, effect in found.items():
            total[name] += np.where((taker >= 0)[:, None], effect[taker], 0.0)
    return total


def list_blocks(months: pd.DatetimeIndex, known: int, country: str) -> Blocks:
    """Return the shapes of each holiday and of working days, in the known and in all months."""
    years = spanning_years(months)
    first = (months[0].year - years[0]) * 12 + months[0].month - 1
    here = slice(first, first + len(months))
    shapes = {
        festival: [festival_features(festival, scale, years)[here] for scale in SCALES]
        for festival in list_festivals(country)
    }
    shapes["working_days"] = [working_day_feature(country, years)[here]]
    return {name: [(shape[:known], shape) for shape in found] for name, found in shapes.items()}


def _list_levels(
    moved: Matrix, weight: Matrix, family: Rows, rows: Rows, by_series: bool
) -> list[tuple[Matrix, Rows, Rows]]:
    """Return company, families and series: deviations from the level above, units, takers.

    A level's panel is blank where the series is; its unit is that of each measured row; its taker
    is the unit whose effect each series takes, -1 for none.
    """
    everyone = np.zeros(len(rows), dtype=int)
    families, unit = np.unique(family[rows], return_inverse=True)
    company = mean_of_units(moved, weight, everyone)
    by_family = mean_of_units(moved, weight, unit)
    levels = [(company, everyone, np.zeros(len(family), dtype=int))]
    if len(families) > 1:
        place = np.searchsorted(families, family).clip(max=len(families) - 1)
        taker = np.where(families[place] == family, place, -1)
        levels.append((by_family - company, unit, taker))
    if by_series and len(families) < len(rows):
        taker = np.full(len(family), -1)
        taker[rows] = np.arange(len(rows))
        levels.append((moved - by_family, np.arange(len(rows)), taker))
    return levels


def _fit_blocks(
    panel: Matrix, weight: Matrix, unit: Rows, blocks: Blocks, first_month: int
) -> dict[str, Matrix]:
    """Return each block's effect on each unit, each fitted to what the others leave."""
    months = panel.shape[1]
    found: dict[str, Matrix] = {}
    for _ in range(ROUNDS if len(blocks) > 1 else 1):
        for name, shapes in blocks.items():
            rest = panel
            for other in found.keys() - {name}:
                rest = rest - found[other][unit, :months]
            found[name] = shrink_effects(rest, weight, unit, shapes, first_month)
    return found
