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
    usual_of_month,
    working_day_feature,
)
from sopkit.demand.calendar.ratios import clip_outliers, mean_of_units, month_means, to_deviations
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
    return pd.DataFrame(to_factor(list(effects.values())), index=series.index, columns=months)


def all_periods(series: pd.DataFrame, horizon: int) -> pd.DatetimeIndex:
    """Return the months of the series and those of the horizon."""
    first = pd.Timestamp(series.columns[0])
    return pd.date_range(first, periods=series.shape[1] + horizon, freq="MS", name="period")


def divide_factors(series: pd.DataFrame, factor: pd.DataFrame) -> pd.DataFrame:
    """Return series without the calendar's pull: each month divided by its factor."""
    return series / factor.loc[series.index, series.columns]


def to_factor(effects: list[Matrix]) -> Matrix:
    """Return 1 + the sum of effects over 1 + the sum of what they usually are; 0.3 to 3.

    Args:
        effects: a row a series; columns are the months, then the usual effect of the same months.

    Example:
        +0.2 in a month where it usually is -0.2: 1.2 / 0.8 = 1.5.
    """
    here, usual = np.split(1 + sum(effects), 2, axis=1)
    return np.asarray(np.clip(np.maximum(here, LEAST) / np.maximum(usual, LEAST), LEAST, MOST))


def measure_effects(
    series: pd.DataFrame,
    item: pd.DataFrame,
    months: pd.DatetimeIndex,
    country: str,
    by_series: bool = True,
) -> dict[str, Matrix]:
    """Return the effect of each holiday, and of working days, on each series.

    Measured twice: what a month deviates from its namesakes is a ratio to their mean, and that
    holds the effect's own mean, which the first round tells.

    Args:
        months: the columns of `series` and any months after them.
        by_series: False leaves out how a series differs from its family.

    Returns:
        Rows of `series`; ratio by which the month is moved, then what is usual for it; see
        `to_factor`.
    """
    blocks = list_blocks(months, series.shape[1], country)
    moved, rows = _usable_deviations(series)
    if not len(rows):
        return {name: np.zeros((len(series), 2 * len(months))) for name in blocks}
    family = pd.factorize(family_of(series.index, item), sort=True)[0]
    moved, weight = clip_outliers(moved, family[rows])
    first = _add_levels(moved, weight, family, rows, blocks, by_series=False)
    here = np.sum(list(first.values()), axis=0)[rows][:, : moved.shape[1]]
    usual = month_means(np.where(np.isfinite(moved), here, np.nan))
    moved = moved * np.maximum(1 + np.nan_to_num(usual), LEAST)
    return _add_levels(moved, weight, family, rows, blocks, by_series)


def _usable_deviations(series: pd.DataFrame) -> tuple[Matrix, Rows]:
    """Return deviations of series that are long enough and moved at all, and their row numbers."""
    known = series.notna().sum(axis=1).to_numpy() >= LEAST_MONTHS
    moved = to_deviations(series[known].to_numpy(dtype=float))
    told = np.isfinite(moved).any(axis=1)
    return moved[told], np.flatnonzero(known)[told]


def _add_levels(
    moved: Matrix,
    weight: Matrix,
    family: Rows,
    rows: Rows,
    blocks: Blocks,
    by_series: bool,
) -> dict[str, Matrix]:
    """Return each block's effect on each series: company's, family's and its own, added up."""
    total = {name: np.zeros((len(family), len(shapes[0][1]))) for name, shapes in blocks.items()}
    for panel, unit, taker in _list_levels(moved, weight, family, rows, by_series):
        found = _fit_blocks(panel, weight, unit, blocks)
        for name, effect in found.items():
            total[name] += np.where((taker >= 0)[:, None], effect[taker], 0.0)
    return total


def list_blocks(months: pd.DatetimeIndex, known: int, country: str) -> Blocks:
    """Return the shapes of each holiday and of working days.

    Each is given in the known months, and in all months with the usual ones of these below.
    """
    years = spanning_years(months)
    first = (months[0].year - years[0]) * 12 + months[0].month - 1
    here = slice(first, first + len(months))
    shapes = {
        festival: [festival_features(festival, scale, years) for scale in SCALES]
        for festival in list_festivals(country)
    }
    shapes["working_days"] = [working_day_feature(country, years)]
    return {
        name: [
            (shape[here][:known], np.concatenate([shape[here], usual_of_month(shape)[here]]))
            for shape in found
        ]
        for name, found in shapes.items()
    }


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


def _fit_blocks(panel: Matrix, weight: Matrix, unit: Rows, blocks: Blocks) -> dict[str, Matrix]:
    """Return each block's effect on each unit, each fitted to what the others leave."""
    months = panel.shape[1]
    found: dict[str, Matrix] = {}
    for _ in range(ROUNDS if len(blocks) > 1 else 1):
        for name, shapes in blocks.items():
            rest = panel
            for other in found.keys() - {name}:
                rest = rest - found[other][unit, :months]
            found[name] = shrink_effects(rest, weight, unit, shapes)
    return found
