"""The kit's baseline for any monthly series, as `unique_id, ds, y`.

The panel is cut into parts of some hundred series. Each part is forecast and backtested on its
own, here or on a cluster; the errors of all parts are pooled, and ranges put around all forecasts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.conformal import (
    LEAST_MONTHS,
    Errors,
    find_quantiles,
    has_grown_up,
    join_errors,
    put_ranges,
    scale_errors,
    spread_of,
)
from sopkit.demand.engines import ENGINES, run_parts
from sopkit.demand.gaps import RULES, fill_gaps, find_inner_gaps
from sopkit.demand.places import forecast_places
from sopkit.demand.ranges import kinds_of_methods
from sopkit.demand.series_rows import MonthRows, check_rows, to_dates
from sopkit.errors import ParameterError, list_problems
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

Matrix = NDArray[np.float64]
Whole = NDArray[np.int64]
MONTHS_BACK = (6, 12, 18)
MOST_SERIES, MOST_CELLS = 500, 40_000
MOST_MONTHS = 600


class SeriesWarning(UserWarning):
    """Something about the series that their owner should know; they are forecast all the same."""


class Part(NamedTuple):
    """Series whose last months fall together, and how to forecast them.

    `panel`: a row a series, a column a month, blank where nothing is known; `last`: number of
    the last month.
    """

    panel: Matrix
    last: int
    horizon: int
    gaps: str
    country: str


class Told(NamedTuple):
    """What is forecast for a part: points, usual errors and kinds, and the backtest's errors."""

    points: Matrix
    spread: Matrix
    kinds: Whole
    offset: Matrix
    errors: Errors


def forecast_series(
    series: pd.DataFrame,
    horizon: int,
    level: Sequence[float] = (80,),
    country: str = "",
    gaps: str = "zero",
    engine: str = "local",
) -> pd.DataFrame:
    """Forecast monthly series with the baseline's ensemble and its pooled ranges.

    Each series is forecast from its own last month on, and tested from 6, 12 and 18 months before
    (as far as it reaches back, up to `horizon` months ahead). A series that was ever below 0 is
    lifted above it for modelling and put back after; only its forecast may be negative. Months
    missing inside series are filled by the rule `gaps`, and a warning counts them.

    Args:
        series: `unique_id`, `ds` (any day of the month), `y` (blank: not known); a row a series
            and month, in any order. What `ds` may look like: `series_rows.check_rows`.
        horizon: months ahead, 1 to 600.
        level: widths of the ranges in per cent.
        country: code such as CN, whose working days and moving holidays are taken out before
            modelling and put back after; empty: no calendar.
        gaps: `zero`: missing months count 0; `missing`: they lie between their neighbours,
            season considered, and are not tested against.
        engine: `local`, or `dask`; see `engines.run_parts`.

    Returns:
        `unique_id` (as given), `ds` (first of the month), `forecast`, and for each level
        `forecast-lo-80`, `forecast-hi-80`; every series and month, no blanks; never below 0
        where the history is not.

    Raises:
        ParameterError: an option is wrong.
        InputError: the rows are not fit to forecast; see `series_rows.check_rows`.

    Example:
        Three years of 10 a month: 10 in every month ahead.
    """
    _check_options(horizon, level, country, gaps, engine)
    rows = check_rows(series)
    last = _last_months(rows)
    groups = _group_series(rows, last, bool(country))
    parts = [Part(values, end, horizon, gaps, country) for _, values, end in groups]
    _warn_of_gaps(rows, parts, gaps)
    told = run_parts(forecast_part, parts, engine)
    widths = sorted({float(width) for width in level})
    quantiles = find_quantiles(join_errors(one.errors for one in told), widths, horizon)
    numbers = np.zeros((1 + 2 * len(widths), len(rows.ids), horizon))
    for (members, _, _), one in zip(groups, told, strict=True):
        numbers[:, members] = _to_numbers(one, quantiles)
    return _to_rows(rows.ids, last, numbers, widths)


def forecast_part(part: Part) -> Told:
    """Forecast the series of a part and test them from earlier months.

    No forecast of a test sees a month after its cutoff.
    """
    started = _blank_before_start(part.panel)
    zeros = part.gaps == "zero"
    whole = part._replace(panel=fill_gaps(started, "zero") if zeros else started)
    points, spread, kinds, _, offset = _forecast(whole)
    errors = [_test_back(whole, months) for months in MONTHS_BACK]
    return Told(points, spread, kinds, offset, join_errors(errors))


def _test_back(part: Part, months: int) -> Errors:
    """Return the scaled errors of the forecasts made so many months before the last one."""
    known = part.panel[:, : max(part.panel.shape[1] - months, 0)]
    old = has_grown_up(known, part.panel)
    if not old.any():
        return join_errors([])
    ahead = min(months, part.horizon)
    asked = part._replace(panel=known[old], last=part.last - months, horizon=ahead)
    points, _, _, model, offset = _forecast(asked)
    actual = part.panel[old, known.shape[1] : known.shape[1] + ahead]
    return scale_errors(model, points, actual + offset[:, None])


def _forecast(part: Part) -> tuple[Matrix, Matrix, Whole, Matrix, Matrix]:
    """Return points, spread, kinds, the series as modelled, and by how much they are lifted."""
    offset = _find_offset(part.panel)
    model = fill_gaps(part.panel + offset[:, None], "missing")
    points = np.zeros((len(model), part.horizon))
    kinds = np.zeros(len(model), dtype=np.int64)
    sold = np.isfinite(model).any(axis=1)
    if sold.any():
        frame = _to_frame(model[sold], part.last)
        item = _list_items(max(len(frame), MOST_SERIES))
        found, method = forecast_places(frame, item, part.horizon, country=part.country)
        points[sold] = found.reindex(frame.index).to_numpy(dtype=float)
        kinds[sold] = kinds_of_methods(method.reindex(frame.index))
    spread = np.where(np.expand_dims(sold, 1), spread_of(model, points), 0.0)
    return points, spread, kinds, model, offset


def _find_offset(values: Matrix) -> Matrix:
    """Return what lifts a series that goes below 0 to at least twice its own span; 0 for others.

    So high, its season and trend are as good as added, not multiplied.

    Example:
        -5 to 10: 35, so that the series runs from 30 to 45. Always -5: 10, so that it is 5.
    """
    low, high = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    lifted = 2 * np.where(high > low, high - low, np.abs(low)) - low
    below = np.nan_to_num(low) < 0
    return np.where(below, np.nan_to_num(lifted), 0.0)


def _blank_before_start(values: Matrix) -> Matrix:
    """Blank the months before each series' first number that is not 0."""
    moved = np.isfinite(values) & (values != 0)
    return np.where(np.logical_or.accumulate(moved, axis=1), values, np.nan)


def _to_frame(values: Matrix, last: int) -> pd.DataFrame:
    """Return the panel that `forecast_places` takes; each series is an item of its own family."""
    names = _list_items(max(len(values), MOST_SERIES))["item"].head(len(values))
    index = pd.MultiIndex.from_arrays([names, [ALL] * len(values)], names=PLACE)
    months = to_dates(np.arange(last - values.shape[1] + 1, last + 1))
    return pd.DataFrame(values, index=index, columns=pd.DatetimeIndex(months, name="period"))


@cache
def _list_items(count: int) -> pd.DataFrame:
    """Return an item master for so many series, each a family of its own."""
    names = pd.DataFrame({"item": [f"{row:06d}" for row in range(count)]})
    return fit_columns(names.assign(family=names["item"]), TABLES["item"])


def _check_options(
    horizon: int, level: Sequence[float], country: str, gaps: str, engine: str
) -> None:
    whole = isinstance(horizon, (int, np.integer)) and not isinstance(horizon, bool)
    wrong = {
        f"horizon is a whole number of months, 1 to {MOST_MONTHS}; {horizon!r} is not": not (
            whole and 1 <= horizon <= MOST_MONTHS
        ),
        f"level is between 0 and 100 per cent; {list(level)} is not": not all(
            0 < width < 100 for width in level
        ),
        f"country is a code such as CN, or empty; {country!r} is not": not _is_country(country),
        f"gaps is {' or '.join(RULES)}; {gaps!r} is not": gaps not in RULES,
        f"engine is {' or '.join(ENGINES)}; {engine!r} is not": engine not in ENGINES,
    }
    problems = [problem for problem, found in wrong.items() if found]
    if problems:
        raise ParameterError(list_problems("The forecast is not asked for rightly", problems))


def _is_country(code: str) -> bool:
    if not code:
        return True
    from holidays import list_supported_countries

    return code in list_supported_countries()


def _last_months(rows: MonthRows) -> Whole:
    last = np.full(len(rows.ids), -1, dtype=np.int64)
    np.maximum.at(last, rows.code, rows.month)
    return last


def _group_series(
    rows: MonthRows, last: Whole, keep_months: bool
) -> list[tuple[Whole, Matrix, int]]:
    """Return the parts: ids, their values with the last months in one column, and that month.

    With a calendar a part holds series of one last month only, so that months stay months;
    without, every series is moved to end in the newest month.
    """
    first = np.full(len(rows.ids), np.iinfo(np.int64).max)
    np.minimum.at(first, rows.code, rows.month)
    order = np.argsort(rows.code, kind="stable")
    starts = np.searchsorted(rows.code[order], np.arange(len(rows.ids) + 1))
    groups = []
    for members in _cut(last, last - first + 1, keep_months):
        width = int((last - first)[members].max()) + 1
        values = np.full((len(members), width), np.nan)
        counts = starts[members + 1] - starts[members]
        row = np.repeat(np.arange(len(members)), counts)
        taken = order[
            np.repeat(starts[members], counts)
            + np.arange(counts.sum())
            - np.repeat(np.cumsum(counts) - counts, counts)
        ]
        values[row, width - 1 - (last[members][row] - rows.month[taken])] = rows.y[taken]
        groups.append((members, values, int(last[members].max())))
    return groups


def _cut(last: Whole, months: Whole, keep_months: bool) -> Iterator[Whole]:
    """Yield the ids of each part: at most 500 series, and no more cells than 40,000."""
    own = last if keep_months else np.zeros_like(last)
    for month in np.unique(own):
        members = np.flatnonzero(own == month)
        members = members[np.argsort(months[members], kind="stable")]
        size = max(1, min(MOST_SERIES, MOST_CELLS // int(months[members].max())))
        size = max(size, MOST_SERIES * 20) if months[members].max() < LEAST_MONTHS else size
        for start in range(0, len(members), size):
            yield np.sort(members[start : start + size])


def _warn_of_gaps(rows: MonthRows, parts: list[Part], rule: str) -> None:
    inner = [find_inner_gaps(part.panel) for part in parts]
    months = sum(int(one.sum()) for one in inner)
    if months:
        series = sum(int(one.any(axis=1).sum()) for one in inner)
        text = f"{months} missing month(s) inside {series} series {RULES[rule]} (gaps: {rule})."
        warnings.warn(text, SeriesWarning, stacklevel=3)
    known = np.bincount(rows.code, weights=np.isfinite(rows.y), minlength=len(rows.ids)) > 0
    if not known.all():
        empty = f"{int((~known).sum())} series hold no number and are forecast as 0; first: "
        warnings.warn(f"{empty}{rows.ids[int(known.argmin())]}.", SeriesWarning, stacklevel=3)


def _to_numbers(told: Told, quantiles: Matrix) -> Matrix:
    """Return (number, series, month): points, then low and high of each level."""
    lifted = told.offset[:, None]
    floor = np.where(told.offset > 0, -np.inf, 0.0)
    ends = put_ranges(told.points, told.spread, told.kinds, quantiles, floor)
    levels, sides, count, horizon = ends.shape
    return np.concatenate(
        [told.points[None] - lifted, ends.reshape(levels * sides, count, horizon) - lifted]
    )


def _to_rows(ids: pd.Index, last: Whole, numbers: Matrix, widths: list[float]) -> pd.DataFrame:
    horizon = numbers.shape[2]
    names = ["forecast", *(f"forecast-{side}-{w:g}" for w in widths for side in ("lo", "hi"))]
    month = (last[:, None] + np.arange(1, horizon + 1)).ravel()
    told = {name: one.ravel() for name, one in zip(names, numbers, strict=True)}
    return pd.DataFrame({"unique_id": ids.repeat(horizon), "ds": to_dates(month), **told})
