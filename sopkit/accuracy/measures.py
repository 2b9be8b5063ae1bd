"""The formulas of accuracy. Each stands here once; bias = forecast - actual.

Measures take the forecast and the actual of the same cells (any sequence or column) and return a
float, NaN where the measure has no meaning. A number is worth nothing without its level and lag.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
NAN = float("nan")


def wape(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Return sum |actual - forecast| / sum |actual|; NaN where nothing was sold.

    Example:
        >>> wape([8, 12], [10, 10])
        0.2
    """
    f, a = _pair(forecast, actual)
    return _ratio(np.abs(a - f).sum(), np.abs(a).sum())


def forecast_accuracy(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Return max(0, 1 - WAPE).

    Example:
        >>> forecast_accuracy([8, 12], [10, 10])
        0.8
    """
    return float(np.maximum(0.0, 1.0 - wape(forecast, actual)))


def bias_rate(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Return sum (forecast - actual) / sum actual; plus is over-forecast.

    Example:
        >>> bias_rate([12, 12], [10, 10])
        0.2
    """
    f, a = _pair(forecast, actual)
    return _ratio((f - a).sum(), a.sum())


def tracking_signal(forecast: ArrayLike, actual: ArrayLike, months: int = 12) -> float:
    """Return sum (forecast - actual) / mean |forecast - actual| of the last `months`.

    Beyond +-4 a forecast leans one way. NaN without any error.

    Example:
        >>> tracking_signal([12, 12, 8], [10, 10, 10])
        1.0
    """
    f, a = _pair(forecast, actual)
    error = (f - a)[-months:]
    return _ratio(error.sum(), np.abs(error).mean()) if len(error) else NAN


def mase(forecast: ArrayLike, actual: ArrayLike, past: ArrayLike, season: int = 12) -> float:
    """Return mean |actual - forecast| / mean |y(t) - y(t - season)| in the past of the series.

    NaN where the past is flat or not longer than a season (Hyndman and Koehler 2006).

    Example:
        >>> mase([8], [10], [1, 2, 3], season=1)
        2.0
    """
    f, a = _pair(forecast, actual)
    y = np.asarray(past, dtype=float)
    change = np.abs(y[season:] - y[:-season])
    return _ratio(np.abs(a - f).mean(), change.mean()) if len(change) else NAN


def rmsse(forecast: ArrayLike, actual: ArrayLike, past: ArrayLike) -> float:
    """Return root of mean (actual - forecast)^2 / mean (y(t) - y(t-1))^2, from the first demand on.

    For intermittent demand (M5). NaN where the past is flat.

    Example:
        >>> rmsse([8], [10], [0, 0, 5, 7])
        1.0
    """
    f, a = _pair(forecast, actual)
    y = np.asarray(past, dtype=float)
    y = y[np.argmax(y > 0) :]
    change = np.diff(y) ** 2
    return float(np.sqrt(_ratio(((a - f) ** 2).mean(), change.mean()))) if len(change) else NAN


def smape(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Return mean 200 |actual - forecast| / (|actual| + |forecast|), 0 to 200; 0/0 counts 0.

    Only to compare with published tables.

    Example:
        >>> smape([10], [30])
        100.0
    """
    f, a = _pair(forecast, actual)
    size = np.abs(a) + np.abs(f)
    parts = np.divide(200 * np.abs(a - f), size, out=np.zeros_like(size), where=size > 0)
    return float(parts.mean()) if len(parts) else NAN


def pinball(quantile: ArrayLike, actual: ArrayLike, q: float) -> float:
    """Return the mean of max(q (actual - quantile), (q - 1) (actual - quantile)).

    Example:
        >>> pinball([10], [20], 0.9)
        9.0
    """
    f, a = _pair(quantile, actual)
    return float(np.maximum(q * (a - f), (q - 1) * (a - f)).mean()) if len(a) else NAN


def coverage(low: ArrayLike, high: ArrayLike, actual: ArrayLike) -> float:
    """Return the share of actuals inside [low, high].

    Example:
        >>> coverage([0, 0], [5, 5], [5, 6])
        0.5
    """
    lo, a = _pair(low, actual)
    hi, _ = _pair(high, actual)
    return float(((lo <= a) & (a <= hi)).mean()) if len(a) else NAN


def forecast_value_added(forecast: ArrayLike, reference: ArrayLike, actual: ArrayLike) -> float:
    """Return WAPE(reference) - WAPE(forecast) on the same cells; plus is better than the reference.

    Example:
        >>> round(forecast_value_added([9, 11], [8, 12], [10, 10]), 6)
        0.1
    """
    return wape(reference, actual) - wape(forecast, actual)


def hit_rate(after: ArrayLike, before: ArrayLike, actual: ArrayLike) -> float:
    """Return the share of changes that brought the forecast nearer to the actual; ties left out.

    Example:
        >>> hit_rate([9, 14, 10], [8, 12, 10], [10, 10, 10])
        0.5
    """
    new, a = _pair(after, actual)
    old, _ = _pair(before, actual)
    gain = np.abs(a - old) - np.abs(a - new)
    return _ratio(float((gain > 0).sum()), float((gain != 0).sum()))


def stability(forecast: ArrayLike, previous: ArrayLike) -> float:
    """Return sum |forecast - previous cycle's| / sum previous, same cells; lower is calmer.

    Example:
        >>> stability([11, 9], [10, 10])
        0.1
    """
    f, p = _pair(forecast, previous)
    return _ratio(np.abs(f - p).sum(), p.sum())


def nervousness(plan: ArrayLike, previous: ArrayLike, weight: ArrayLike) -> float:
    """Return sum w |plan - previous| / sum w previous; the weights fall with distance.

    Example:
        >>> nervousness([12, 10], [10, 20], [1, 0.5])
        0.35
    """
    f, p = _pair(plan, previous)
    w = np.asarray(weight, dtype=float)
    return _ratio((w * np.abs(f - p)).sum(), (w * p).sum())


def adherence(made: ArrayLike, plan: ArrayLike) -> float:
    """Return 1 - sum |made - plan| / sum plan, not below 0; plan as frozen at the fence.

    Example:
        >>> adherence([8, 11], [10, 10])
        0.85
    """
    m, p = _pair(made, plan)
    return float(np.maximum(0.0, 1 - _ratio(np.abs(m - p).sum(), p.sum())))


def attainment(made: ArrayLike, plan: ArrayLike) -> float:
    """Return sum min(made, plan) / sum plan.

    Example:
        >>> attainment([8, 11], [10, 10])
        0.9
    """
    m, p = _pair(made, plan)
    return _ratio(np.minimum(m, p).sum(), p.sum())


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[Vector, Vector]:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape:
        raise ValueError(f"{one.size} forecasts cannot be scored on {two.size} actuals")
    return one, two


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else NAN
