"""Forecast value added: what each step, each stream and each person's change was worth, how sure
that is, and what it calls for. Value is in WAPE: 0.02 is two points nearer to what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sopkit.accuracy.intervals import bound_ratio
from sopkit.accuracy.scores import FORECAST, REFERENCE, score_forecasts, to_errors

MIN_MONTHS, MIN_CELLS = 6, 24
TOLERANCE_RATE = 0.01
LEVEL = 0.95
FAR_LAG = 2
STEPS = ("naive", "statistical", "events", "consensus")


def measure_value(
    cells: pd.DataFrame,
    by: list[str],
    *,
    months_column: str = "period",
    reference: str = REFERENCE,
    min_months: int = MIN_MONTHS,
    min_cells: int = MIN_CELLS,
    tolerance_rate: float = TOLERANCE_RATE,
    seed: int = 20,
) -> pd.DataFrame:
    """Measure what a forecast added to its reference, with interval and verdict, group by group.

    Value added = WAPE of the reference - WAPE of the forecast, on the same cells. Its 95 % interval
    draws whole months again (`bound_ratio`). The first verdict that fits counts:

    - too_few: under `min_months` months or `min_cells` cells
    - no_difference: the interval lies within +-`tolerance_rate`
    - keep, drop: the interval lies above, or below, 0
    - too_few: it holds 0 and is too wide to call it nothing

    Where there is no difference, keep or drop is said in at most 5 of 100 groups.

    Args:
        cells: columns of `by`, the months' column, `forecast_qty`, the reference, `actual_qty`; a
            row a cell; `lag` where forecasts look several months ahead.
        by: columns to group by; empty for one row.
        months_column: the month whose cells belong together.

    Returns:
        A row a group, sorted: `cell_count`, `month_count`, `actual_qty`, `wape_rate`, `bias_rate`,
        `reference_wape_rate`, `value_added_rate`, `lo_95_rate`, `hi_95_rate` (blank under
        `min_months`), `verdict`.

    Example:
        Twelve months of 10 cells, actual 100, forecast 90, reference 80: 0.1 (0.1 to 0.1), keep.
    """
    key = by or ["everything"]
    told = cells.assign(everything="all")
    scores = score_forecasts(told, key, reference).set_index(key)
    months = told.groupby(key)[months_column].nunique()
    scores.insert(1, "month_count", months.reindex(scores.index).astype(int))
    bounds = _bound_groups(told, key, months_column, reference, min_months, seed)
    for name in ("lo_95_rate", "hi_95_rate"):
        scores[name] = bounds[name].reindex(scores.index) if len(bounds) else float("nan")
    enough = (scores["month_count"] >= min_months) & (scores["cell_count"] >= min_cells)
    scores["verdict"] = judge_interval(
        scores["lo_95_rate"], scores["hi_95_rate"], enough, tolerance_rate
    )
    return scores.reset_index(drop=not by)


def judge_interval(
    low: pd.Series, high: pd.Series, enough: pd.Series, tolerance_rate: float = TOLERANCE_RATE
) -> pd.Series:
    """Say what an interval of value added calls for: keep, drop, no_difference or too_few.

    Example:
        (0.02, 0.05), (-0.05, -0.02), (-0.005, 0.005), (-0.05, 0.05), all with enough months: keep,
        drop, no_difference, too_few.
    """
    rules = [
        ~enough | low.isna() | high.isna(),
        (low >= -tolerance_rate) & (high <= tolerance_rate),
        low > 0,
        high < 0,
    ]
    words = ["too_few", "no_difference", "keep", "drop"]
    return pd.Series(np.select(rules, words, "too_few"), index=low.index, name="verdict")


def measure_slices(
    cells: pd.DataFrame, slices: Sequence[str], within: Sequence[str] = (), **options: Any
) -> pd.DataFrame:
    """Measure value added along one column after another: owner, family, class, lag, direction.

    Args:
        cells: as for `measure_value`, with the columns of `slices`; see `add_direction`.
        slices: columns to cut along; those that `cells` lacks are left out.
        within: columns that every cut keeps, such as the stream.
        options: what `measure_value` takes.

    Returns:
        `within`, `slice` (the column), `code` (its value as text), and the columns of
        `measure_value`; slices in the order given.

    Example:
        Slices owner and lag of one stream with two owners and three lags: five rows.
    """
    keep = list(within)
    parts = []
    for name in slices:
        if name not in cells.columns or cells.empty:
            continue
        part = measure_value(cells, [*keep, name], **options)
        part.insert(len(keep), "code", part.pop(name).astype(str))
        part.insert(len(keep), "slice", name)
        parts.append(part)
    if not parts:
        whole = measure_value(cells.iloc[:0].assign(slice="", code=""), [*keep, "slice", "code"])
        return whole
    return pd.concat(parts, ignore_index=True)


def add_direction(
    cells: pd.DataFrame, forecast: str = FORECAST, reference: str = REFERENCE
) -> pd.DataFrame:
    """Return cells with `direction` of the change: up, down or same, against the reference.

    Example:
        Forecast 12 and reference 10: up.
    """
    change = cells[forecast] - cells[reference]
    words = np.select([change > 0, change < 0], ["up", "down"], "same")
    return cells.assign(direction=words)


def measure_steps(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    steps: Sequence[str] = STEPS,
    **options: Any,
) -> pd.DataFrame:
    """Measure what each step added to the one before it, on the same cells.

    Args:
        cells: columns of `by`, `period`, `actual_qty` and `<step>_qty` for each step; rows that
            lack a step are left out; a step whose column is not there is passed over.
        by: columns to group by.
        steps: in their order: naive, statistical, events (statistical + events + pipeline),
            consensus.
        options: what `measure_value` takes.

    Returns:
        A row a group and step after the first: `by`, `step`, `reference` (the step before) and the
        columns of `measure_value`. The value added of a group's steps sums to
        WAPE(first) - WAPE(last).

    Example:
        Actual 10, naive 6, statistical 8, consensus 9: 0.2 and 0.1; together 0.4 - 0.1.
    """
    there = [step for step in steps if f"{step}_qty" in cells.columns]
    whole = cells.dropna(subset=[f"{step}_qty" for step in there])
    parts = []
    for before, step in pairwise(there):
        pair = whole.assign(forecast_qty=whole[f"{step}_qty"], reference_qty=whole[f"{before}_qty"])
        part = measure_value(pair, list(by), **options)
        part.insert(len(by), "reference", before)
        part.insert(len(by), "step", step)
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=[*by, "step", "reference"])
    order = pd.concat(parts, ignore_index=True)
    return order.sort_values(list(by), kind="stable", ignore_index=True) if by else order


def measure_streams(
    cells: pd.DataFrame, by: Sequence[str] = ("stream", "owner"), **options: Any
) -> pd.DataFrame:
    """Measure each parallel stream against statistics, and the consensus without it.

    Args:
        cells: what `compare_streams` or `replay_streams` returned: `stream`, `owner`, `lag`,
            `period`, `forecast_qty`, `reference_qty`, `actual_qty`; with `consensus_qty` and
            `without_qty` (the consensus of the cell, and what it had been without the stream) the
            stream's part in the consensus is measured too.
        options: what `measure_value` takes.

    Returns:
        The columns of `measure_value` and, where measured, `consensus_wape_rate`,
        `without_wape_rate` and `consensus_value_rate` = WAPE without - WAPE with the stream; plus:
        the consensus is nearer to what came because of it.

    Example:
        Actual 100, consensus 95, without the stream 90: consensus_value_rate 0.05.
    """
    key = list(by)
    value = measure_value(cells, key, **options)
    if not {"consensus_qty", "without_qty"} <= set(cells.columns):
        return value
    pair = cells.assign(forecast_qty=cells["consensus_qty"])
    part = score_forecasts(pair, key, "without_qty").rename(
        columns={
            "wape_rate": "consensus_wape_rate",
            "reference_wape_rate": "without_wape_rate",
            "value_added_rate": "consensus_value_rate",
        }
    )
    extra = [*key, "consensus_wape_rate", "without_wape_rate", "consensus_value_rate"]
    return value.merge(part[extra], on=key, how="left", validate="one_to_one")


def _bound_groups(
    cells: pd.DataFrame, key: list[str], month: str, reference: str, min_months: int, seed: int
) -> pd.DataFrame:
    """Return `lo_95_rate`, `hi_95_rate` by group; groups with as many months are drawn together."""
    errors = to_errors(cells, reference)
    errors["gain"] = errors["abs_reference_error"] - errors["abs_error"]
    sums = errors.groupby([*key, month], sort=True)[["gain", "abs_actual"]].sum()
    count = sums.groupby(key)["gain"].transform("size")
    far = cells.groupby(key)["lag"].max() > FAR_LAG if "lag" in cells.columns else None
    parts = []
    for months, rows in sums[count >= max(min_months, 3)].groupby(count):
        shape = (-1, int(str(months)))
        groups = rows.reset_index(month).index[:: shape[1]]
        looks_far = False if far is None else far.reindex(groups).to_numpy()
        low, high = bound_ratio(
            rows["gain"].to_numpy().reshape(shape),
            rows["abs_actual"].to_numpy().reshape(shape),
            level=LEVEL,
            far=looks_far,
            seed=seed,
        )
        parts.append(pd.DataFrame({"lo_95_rate": low, "hi_95_rate": high}, index=groups))
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts)
