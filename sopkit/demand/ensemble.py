"""The baseline's engine: a mean of four cheap and different models.

    theta            follows the level of two-month means, and a share of their line's slope
    damped_trend     level and trend, the trend fading
    holt_winters     level, fading trend and a season that may change
    reversion        returns to a straight line as past gaps did

They err in different ways, which is what their mean lives on; `tests/benchmarks/
forecast_accuracy.py` prints what each one earns, on M3 monthly and on other series.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sopkit.demand.breaks import level_breaks
from sopkit.demand.models import (
    bridge_gaps,
    forecast_holt_winters,
    forecast_reversion,
    forecast_theta_blocks,
    forecast_trend,
    measure_season,
    weigh_forms,
    weigh_noise,
)

Matrix = NDArray[np.float64]
Model = Callable[[Matrix, int], Matrix]
Member = Callable[["Forms", int], Matrix]
YEAR = 12
CHUNK = 512
BLOCK = 2
FADE = 0.85
LEAST_LOG = 0.02
MOST_LOG = 8.0
TESTED = 6
LEAST_TESTED = 30
LEAST_ERROR = 0.02
POWER = 3
MOST_GROWTH = 1.5


class Forms(NamedTuple):
    """A panel of mean size 1, its seasons as factor and as amount, and the panel without them."""

    whole: Matrix
    factors: Matrix
    amounts: Matrix
    by_factor: Matrix
    by_amount: Matrix
    share: Matrix


def forecast_ensemble(values: Matrix, horizon: int) -> Matrix:
    """Forecast each series by a mean of four models (`forecast_members`, `weigh_members`).

    The more a series looks like noise alone (`weigh_noise`), the more its plain mean counts.

    A series of under 12 months is forecast by their mean, recent months weighing more, one
    without any by 0 (`name_methods`).

    Args:
        values: a row a series, a column a month; blank before the start. A blank after it is put
            on the straight line between its neighbours, the season allowed for.
        horizon: months ahead.

    Returns:
        A row a series, a column a month ahead, without blanks. Never below 0 where the history
        is not; a series with negative months is forecast additively and may be.

    Example:
        A constant series of 10 is forecast as 10.
    """
    members = np.stack(list(forecast_members(values, horizon).values()))
    points = (members * weigh_members(values)[:, :, None]).sum(axis=0)
    noise = weigh_noise(values)[:, None]
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    return np.asarray(noise * mean + (1 - noise) * points)


def weigh_members(values: Matrix) -> Matrix:
    """Return each member's weight for each series: half is equal, half goes by its last errors.

    The errors are those of forecasting the last six months from the months before them; that half
    is shared out by (mean absolute error / the members' mean) ^ -3. A series of under 30 months
    keeps equal weights.

    Returns:
        A row a member, in the order of `MEMBERS`, a column a series; columns sum to 1.

    Example:
        Four members with equal errors: 0.25 each.
    """
    weight = np.full((len(MEMBERS), len(values)), 1 / len(MEMBERS))
    long = np.isfinite(values).sum(axis=1) >= LEAST_TESTED
    if long.any():
        past, came = values[long, :-TESTED], values[long, -TESTED:]
        told = np.stack(list(forecast_members(past, TESTED).values()))
        known = np.isfinite(came)
        missed = np.where(known, np.abs(told - np.where(known, came, 0.0)), 0.0)
        error = missed.sum(axis=2)
        usual = error.mean(axis=0)
        error = np.where(usual > 0, error / np.where(usual > 0, usual, 1.0), 1.0) + LEAST_ERROR
        trust = error**-POWER
        weight[:, long] = (weight[:, long] + trust / trust.sum(axis=0)) / 2
    return weight


def name_methods(values: Matrix) -> NDArray[np.str_]:
    """Say how `forecast_ensemble` treats each series, by the months it knows.

    zero: none, or nothing but 0. recent_mean: under 12 months, each weighing 0.85 of the next.
    ensemble: the rest; it finds a season from 13 months on.
    """
    known = np.isfinite(values)
    count, silent = known.sum(axis=1), ~(np.where(known, values, 0.0) != 0).any(axis=1)
    return np.select([silent, count < YEAR], ["zero", "recent_mean"], "ensemble")


def forecast_members(values: Matrix, horizon: int) -> dict[str, Matrix]:
    """Forecast each series by each model of the ensemble apart.

    The series is scaled to a mean size of 1 and sudden changes of level are scaled out
    (`level_breaks`). Each model forecasts it twice, with the season as factor and as amount;
    the two are weighed by how well either describes the past (`weigh_forms`). No model may
    promise more than 1.5 times the largest month of the last two years.

    Returns:
        The members' points by name, each like those of `forecast_ensemble`.
    """
    parts = [
        _forecast_chunk(values[first : first + CHUNK], horizon)
        for first in range(0, len(values), CHUNK)
    ] or [_no_points(horizon)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _no_points(horizon: int) -> dict[str, Matrix]:
    return dict.fromkeys(MEMBERS, np.zeros((0, horizon)))


def _forecast_chunk(values: Matrix, horizon: int) -> dict[str, Matrix]:
    known = np.isfinite(values)
    filled, count = np.where(known, values, 0.0), known.sum(axis=1)
    size = np.abs(filled).sum(axis=1) / np.maximum(count, 1)
    modelled = (count >= YEAR) & (size > 0)
    weight = known * FADE ** np.arange(values.shape[1])[::-1]
    recent = (filled * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    points = {name: np.repeat(recent[:, None], horizon, axis=1) for name in MEMBERS}
    if modelled.any():
        scaled = values[modelled] / size[modelled, None]
        forms, limits = to_forms(scaled), _limits(scaled)
        for name, forecast_member in MEMBERS.items():
            limited = np.clip(forecast_member(forms, horizon), *limits)
            points[name][modelled] = limited * size[modelled, None]
    return points


def to_forms(scaled: Matrix) -> Forms:
    """Return a panel, breaks of level taken out, with and without its season in both forms.

    Blanks inside are filled here. A series with negative months has no factors: share 0.
    """
    level = level_breaks(scaled)
    factors = measure_season(level, multiplicative=True)
    amounts = measure_season(level, multiplicative=False)
    past = np.arange(scaled.shape[1]) % YEAR
    share = np.where(np.nanmin(scaled, axis=1) < 0, 0.0, weigh_forms(factors, amounts))
    by_factor = bridge_gaps(level / factors.indices[:, past])
    by_amount = bridge_gaps(level - amounts.indices[:, past])
    whole = np.where(np.isfinite(by_amount), by_amount + amounts.indices[:, past], np.nan)
    return Forms(whole, factors.indices, amounts.indices, by_factor, by_amount, share[:, None])


def _limits(scaled: Matrix) -> tuple[Matrix, Matrix]:
    recent = np.where(np.isfinite(scaled), np.abs(scaled), 0.0)[:, -2 * YEAR :]
    most = MOST_GROWTH * recent.max(axis=1, keepdims=True)
    return np.where(np.nanmin(scaled, axis=1, keepdims=True) < 0, -most, 0.0), most


def _in_both_forms(model: Model, *, log: bool = False) -> Member:
    """Return a member that forecasts by a model with the season as factor and as amount.

    With `log`, the series whose season is a factor is forecast as its logarithm, no month
    counting as less than 2 % of the mean: trends are growth then, and outliers weigh less.
    """

    def forecast_member(forms: Forms, horizon: int) -> Matrix:
        ahead = (forms.whole.shape[1] + np.arange(horizon)) % YEAR
        if log:
            smooth = np.log(np.maximum(forms.by_factor, LEAST_LOG))
            by_factor = np.exp(np.clip(model(smooth, horizon), -MOST_LOG, MOST_LOG))
        else:
            by_factor = model(forms.by_factor, horizon)
        return _blend(
            forms.share,
            by_factor * forms.factors[:, ahead],
            model(forms.by_amount, horizon) + forms.amounts[:, ahead],
        )

    return forecast_member


def _holt_winters(forms: Forms, horizon: int) -> Matrix:
    return _blend(
        forms.share,
        forecast_holt_winters(forms.whole, horizon, forms.factors, multiplicative=True),
        forecast_holt_winters(forms.whole, horizon, forms.amounts, multiplicative=False),
    )


def _blend(share: Matrix, by_factor: Matrix, by_amount: Matrix) -> Matrix:
    return np.asarray(share * by_factor + (1 - share) * by_amount)


MEMBERS: dict[str, Member] = {
    "theta": _in_both_forms(partial(forecast_theta_blocks, months=BLOCK), log=True),
    "damped_trend": _in_both_forms(forecast_trend),
    "holt_winters": _holt_winters,
    "reversion": _in_both_forms(forecast_reversion),
}
