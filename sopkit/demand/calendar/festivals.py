"""Moving holidays: their dates, and where in a month the days before and after them fall."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.periods import list_working_days

Matrix = NDArray[np.float64]
REFERENCE_YEARS = range(2008, 2046)  # what is usual: two rounds of the moon's 19 years
SCALES = (8.0, 30.0)  # days over which the pull of a holiday may change its sign
WINDOW = (-45, 30)  # days before and after a holiday in which it may pull at demand
FADING = (26.0, 18.0)  # days over which its pull fades, before and after
MOST_SHAPES = 10
KEPT = 0.995  # of the variance of all shapes
_SPAN = 3  # days around a festival in which a country keeps it
_SOURCES = {  # country whose list tells the date, and the name it has there
    "spring_festival": ("CN", "en_US", "Chinese New Year (Spring Festival)"),
    "mid_autumn": ("CN", "en_US", "Mid-Autumn Festival"),
    "eid_al_fitr": ("AE", "en_US", "Eid al-Fitr"),
    "eid_al_adha": ("AE", "en_US", "Eid al-Adha"),
    "deepavali": ("SG", "en_SG", "Deepavali"),
}
_ALSO_KEPT = {"US": ("easter",)}  # where the day moves trade without being a public holiday


@cache
def list_festivals(country: str) -> tuple[str, ...]:
    """Return the moving holidays that a country keeps.

    A festival counts where the country has a public holiday within 3 days of it in three of four
    years (2012 to 2025).

    Example:
        >>> list_festivals("CN")
        ('spring_festival', 'mid_autumn')
        >>> list_festivals("DE")
        ('easter',)
    """
    import holidays

    kept = {
        pd.Timestamp(day) for day in holidays.country_holidays(country, years=range(2011, 2027))
    }
    found = []
    for festival in (*_SOURCES, "easter"):
        days = festival_days(festival, range(2012, 2026))
        near = [
            any(day + pd.Timedelta(days=shift) in kept for shift in range(-_SPAN, _SPAN + 1))
            for day in days
        ]
        if np.mean(near) >= 0.75 or festival in _ALSO_KEPT.get(country, ()):
            found.append(festival)
    return tuple(found)


@cache
def festival_days(festival: str, years: range) -> tuple[pd.Timestamp, ...]:
    """Return the first day of a festival in each of the years, in order.

    Example:
        >>> festival_days("spring_festival", range(2027, 2028))
        (Timestamp('2027-02-06 00:00:00'),)
    """
    if festival == "easter":
        from dateutil.easter import easter

        return tuple(pd.Timestamp(easter(year)) for year in years)
    import holidays

    country, language, name = _SOURCES[festival]
    calendar = holidays.country_holidays(country, years=years, language=language, observed=False)
    days = sorted(pd.Timestamp(day) for day, said in calendar.items() if name in said)
    return tuple(day for day in days if day - pd.Timedelta(days=1) not in days)


def count_days(festival: str, years: range) -> Matrix:
    """Return how many days of each month lie so far from the festival.

    A row a month of the years, a column a day of `WINDOW` (-1 is the eve): 1 where the month
    holds that day.
    """
    first, last = WINDOW
    counts = np.zeros((len(years) * 12, last - first + 1))
    days = np.array(festival_days(festival, years), dtype="datetime64[D]")
    hit = days[:, None] + np.arange(first, last + 1)[None, :]
    row = hit.astype("datetime64[M]").astype(int) - (years[0] - 1970) * 12
    column = np.broadcast_to(np.arange(hit.shape[1]), hit.shape)
    inside = (row >= 0) & (row < len(counts))
    np.add.at(counts, (row[inside], column[inside]), 1.0)
    return counts


@cache
def festival_features(festival: str, scale: float, years: range) -> Matrix:
    """Return the shapes that a festival's pull on a month can take.

    The pull on a day is a random function of the days from the festival (`_pull_covariance`); its
    sum over the month is what the month gains. The shapes are the largest principal components of
    how far these sums are from those of the month's namesakes, scaled so that the random pull
    moves the months it reaches by 1 from the usual (root mean square).

    Returns:
        A row a month of the years, a column a shape; 0 in months out of reach.
    """
    counts = count_days(festival, years)
    drawn = counts @ np.linalg.cholesky(_pull_covariance(scale))
    moved = centre_months(drawn)
    spread, axes = np.linalg.eigh(moved.T @ moved)
    share = np.cumsum(spread[::-1]) / spread.sum()
    chosen = axes[:, ::-1][:, : min(int(np.searchsorted(share, KEPT)) + 1, MOST_SHAPES)]
    size = np.square(moved @ chosen).sum(axis=1)
    return np.asarray(drawn @ chosen / np.sqrt(size[size > size.max() / 10].mean()))


def _pull_covariance(scale: float) -> Matrix:
    """Return the covariance of the pull on the days of `WINDOW`.

    It fades as a normal curve with the days from the festival (`FADING`, slower before than
    after); the correlation of two days is exp(-gap / scale); what happens before the festival
    tells nothing of what happens from it on.
    """
    days = np.arange(WINDOW[0], WINDOW[1] + 1)
    before = days < 0
    size = np.exp(-np.square(days / np.where(before, *FADING)) / 2)
    together = np.exp(-np.abs(days[:, None] - days[None, :]) / scale)
    together = together * (before[:, None] == before[None, :])
    return np.asarray(together * size[:, None] * size[None, :] + 1e-9 * np.eye(len(days)))


@cache
def working_day_feature(country: str, years: range) -> Matrix:
    """Return how far each month's working days are from the usual ones, in standard deviations.

    Example:
        19 days where the month usually has 20 is -0.05; where all months deviate by 0.05 (root
        mean square), the feature is -1.
    """
    months = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-01", freq="MS")
    days = list_working_days(months, country)["working_days"].to_numpy(dtype=float)
    moved = days / usual_of_month(days) - 1
    return np.asarray(moved / np.sqrt(np.square(moved).mean()))[:, None]


def spanning_years(periods: pd.DatetimeIndex) -> range:
    """Return the reference years, widened to hold all periods."""
    first, last = REFERENCE_YEARS[0], REFERENCE_YEARS[-1]
    return range(min(first, periods[0].year), max(last, periods[-1].year) + 1)


def usual_of_month(values: Matrix) -> Matrix:
    """Return the mean of each month's namesakes; the first row is a January, years are whole."""
    years = len(values) // 12
    mean = values.reshape(years, 12, -1).mean(axis=0)
    return np.asarray(np.tile(mean, (years, 1)).reshape(values.shape))


def centre_months(values: Matrix) -> Matrix:
    """Return values less the mean of each month's namesakes."""
    return values - usual_of_month(values)
