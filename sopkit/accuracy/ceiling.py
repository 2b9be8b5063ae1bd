"""How good a forecast can get: naive, the best of the pool, and the noise that no model beats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.tables import PLACE

Matrix = NDArray[np.float64]
YEAR = 12
STIFFNESS = 100.0
MIN_MONTHS = 24
OUTLIER = 2.5
NORMAL_DEVIATION = 1.4826  # of the median absolute deviation
INTERMITTENT_GAP = 1.32
RECENT_MONTHS = 36
ENDED_MONTHS = 6
FLOOR_TOLERANCE = 0.10


def estimate_floor(series: pd.DataFrame) -> pd.DataFrame:
    """Estimate the WAPE that noise alone leaves to a model that knows season and trend perfectly.

    Each series is split, in logarithms, into season (12 months), smooth trend (Whittaker, second
    differences, stiffness 100) and noise; outliers bend the split no more than 2.5 deviations
    would. What the split itself takes of the noise is given back month by month (a residual is
    divided by the length of its row of I - H). Then

        floor = sum of fit x |exp(noise) - 1| / sum of actual.

    Series with months of zero are split as they are; intermittent ones (under three months of four
    sold) have no pattern to split: their floor is what the median misses. A sudden change of level
    counts in part as noise, so there the floor lies too high, by some 10 %.

    Args:
        series: a row a series, a column a month, blank before the start (`to_series`); best freed
            of calendar and events, which no noise are.

    Returns:
        By the index of `series`: `month_count`, `floor_rate` (blank under 24 months or without
        demand), `basis`: season_trend, median, too_short.

    Example:
        Twelve proportions that repeat exactly: 0. A steady 100 with a noise of 10 %: 0.08.
    """
    values = _end_with_last_sale(series.to_numpy(dtype=float))
    months = np.isfinite(values).sum(axis=1)
    floor = np.full(len(values), np.nan)
    basis = np.full(len(values), "too_short", dtype=object)
    recent = values[:, -RECENT_MONTHS:]
    sold = (recent > 0).sum(axis=1)
    seldom = np.isfinite(recent).sum(axis=1) >= INTERMITTENT_GAP * np.maximum(sold, 1)
    for length in np.unique(months[months >= MIN_MONTHS]):
        rows = np.flatnonzero((months == length) & (np.nansum(values, axis=1) > 0))
        if not len(rows):
            continue
        known = values[rows][np.isfinite(values[rows])].reshape(len(rows), length)
        always = (known > 0).all(axis=1)
        floor[rows] = np.where(always, _split_logs(known), _split(known))
        floor[rows] = np.where(seldom[rows], _miss_median(known), floor[rows])
        basis[rows] = np.where(seldom[rows], "median", "season_trend")
    told = {"month_count": months, "floor_rate": floor, "basis": basis}
    return pd.DataFrame(told, index=series.index)


def measure_ceiling(
    backtest: pd.DataFrame,
    series: pd.DataFrame,
    segment: pd.DataFrame,
    by: Sequence[str],
    *,
    target_rate: float | None = None,
    pool: Sequence[str] = ("forecast_qty",),
) -> pd.DataFrame:
    """Set what is reached beside what can be reached, by segment, so that a target can be judged.

    Args:
        backtest: contract `backtest`, best of one lag: noise is the floor of the next month, and
            further ahead trend is lost too; with further columns for other models, if any.
        series: as for `estimate_floor`, index (item, location).
        segment: `item`, `location` and the columns of `by` (abc, pattern, family).
        by: columns to group by; empty for one row.
        target_rate: wanted accuracy (1 - WAPE), such as 0.9.
        pool: columns of the models whose best counts.

    Returns:
        `by`, `cell_count`, `actual_qty`, `naive_wape_rate`, `best_wape_rate`, `best` (the column),
        `floor_rate` (series weighted by their actual; those without a floor left out),
        `floor_share_rate` (share of the actual that has one), `room_rate` = best - floor, not under
        0 (blank without a floor) and, with a target, `reach`: reachable (the best is there),
        stretch, beyond (under the floor less 10 %, its own uncertainty), unknown.

    Example:
        Naive 0.3, best 0.2, floor 0.12; target 0.85: stretch; target 0.95: beyond.
    """
    groups = segment[[*PLACE, *(name for name in by if name not in PLACE)]]
    floors = estimate_floor(series)["floor_rate"].rename("floor_rate").reset_index()
    cells = backtest.merge(groups, on=PLACE, how="inner", validate="many_to_one")
    cells = cells.merge(floors, on=PLACE, how="left", validate="many_to_one")
    cells = cells.assign(everything="all")
    actual = cells["actual_qty"]
    has_floor = cells["floor_rate"].notna()
    parts = pd.DataFrame(
        {
            "cell_count": 1.0,
            "actual_qty": actual,
            "naive": (actual - cells["naive_qty"]).abs(),
            "floored": actual.where(has_floor, 0.0),
            "floor": actual * cells["floor_rate"].fillna(0.0),
            **{f"miss {name}": (actual - cells[name]).abs() for name in pool},
        }
    )
    key = list(by) or ["everything"]
    sums = parts.groupby([cells[name] for name in key], sort=True).sum()
    sold = sums["actual_qty"].where(sums["actual_qty"] > 0)
    misses = sums[[f"miss {name}" for name in pool]].div(sold, axis=0).set_axis(list(pool), axis=1)
    told = pd.DataFrame(
        {
            "cell_count": sums["cell_count"].astype(int),
            "actual_qty": sums["actual_qty"],
            "naive_wape_rate": sums["naive"] / sold,
            "best_wape_rate": misses.min(axis=1),
            "best": misses.fillna(np.inf).idxmin(axis=1),
            "floor_rate": sums["floor"] / sums["floored"].where(sums["floored"] > 0),
            "floor_share_rate": sums["floored"] / sold,
        }
    )
    told["room_rate"] = (told["best_wape_rate"] - told["floor_rate"]).clip(lower=0.0)
    if target_rate is not None:
        told["reach"] = judge_target(told["best_wape_rate"], told["floor_rate"], target_rate)
    return told.reset_index(drop=not by)


def judge_target(best: pd.Series, floor: pd.Series, target_rate: float) -> pd.Series:
    """Say whether an accuracy can be reached: reachable, stretch, beyond or unknown.

    Example:
        Best 0.08, floor 0.05 and target 0.9: reachable.
    """
    allowed = 1 - target_rate
    rules = [
        best <= allowed + 1e-12,
        floor.isna() | best.isna(),
        allowed < floor * (1 - FLOOR_TOLERANCE),
    ]
    words = ["reachable", "unknown", "beyond"]
    return pd.Series(np.select(rules, words, "stretch"), index=best.index, name="reach")


def _end_with_last_sale(values: Matrix) -> Matrix:
    """Blank zeros after the last sale where they are half a year or more: the item has ended."""
    months = values.shape[1]
    last = months - 1 - (values[:, ::-1] > 0).argmax(axis=1)
    ended = (last < months - ENDED_MONTHS)[:, None] & (np.arange(months) > last[:, None])
    return np.where(ended, np.nan, values)


def _split_logs(known: Matrix) -> Matrix:
    logs = np.log(np.where(known > 0, known, 1.0))
    fit, noise = _smooth(logs)
    missed = np.exp(fit) * np.abs(np.expm1(noise))
    return np.asarray(missed.sum(axis=1) / known.sum(axis=1))


def _split(known: Matrix) -> Matrix:
    _, noise = _smooth(known)
    return np.asarray(np.abs(noise).sum(axis=1) / known.sum(axis=1))


def _miss_median(known: Matrix) -> Matrix:
    """Return what the median of the recent months misses, one degree of freedom given back."""
    recent = known[:, -RECENT_MONTHS:]
    months = recent.shape[1]
    missed = np.abs(recent - np.median(recent, axis=1, keepdims=True)).sum(axis=1)
    total = recent.sum(axis=1)
    rate = np.divide(missed, total, out=np.full(len(known), np.nan), where=total > 0)
    return np.asarray(rate * months / (months - 1))


def _smooth(values: Matrix) -> tuple[Matrix, Matrix]:
    """Return season + trend and the noise at its full size, twice refitted without outliers."""
    hat = _season_and_trend(values.shape[1])
    kept = np.sqrt(((np.eye(len(hat)) - hat) ** 2).sum(axis=1))
    bent = values
    for _ in range(2):
        fit = bent @ hat.T
        noise = (values - fit) / kept
        limit = OUTLIER * NORMAL_DEVIATION * np.median(np.abs(noise), axis=1, keepdims=True) * kept
        bent = fit + np.clip(values - fit, -limit, limit)
    fit = bent @ hat.T
    left = values - fit
    return fit, np.where(np.abs(left) > limit, left, left / kept)  # the fit took none of outliers


@lru_cache(maxsize=128)
def _season_and_trend(months: int) -> Matrix:
    """Return the matrix that turns a series into its fitted season and trend."""
    season = np.zeros((months, YEAR))
    season[np.arange(months), np.arange(months) % YEAR] = 1.0
    contrasts = (np.eye(YEAR) - 1 / YEAR)[:, : YEAR - 1]
    design = np.hstack([np.eye(months), season @ contrasts])
    bends = np.diff(np.eye(months), 2, axis=0)
    penalty = np.zeros((design.shape[1],) * 2)
    penalty[:months, :months] = STIFFNESS * bends.T @ bends
    square = design.T @ design + penalty + 1e-9 * np.eye(design.shape[1])
    return np.asarray(design @ np.linalg.solve(square, design.T))
