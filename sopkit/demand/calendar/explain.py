"""What the calendar does to each family, month by month, for people to read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.calendar.festivals import spanning_years, usual_of_month
from sopkit.demand.calendar.measure import all_periods, measure_effects, to_factor
from sopkit.demand.series import family_of
from sopkit.periods import list_working_days

LEAST_RATE = 0.005
COLUMNS = [
    "family",
    "period",
    "working_days",
    "usual_days",
    "holiday",
    "factor_rate",
    "is_estimated",
]


def explain_calendar(
    series: pd.DataFrame, item: pd.DataFrame, horizon: int, country: str
) -> pd.DataFrame:
    """Tell which months the calendar makes unusual, for each family, and why.

    Args:
        series: what `to_series` returned.
        item: contract `item`.
        horizon: months ahead.
        country: two letters.

    Returns:
        A row a family and month of the last 12 and of the horizon in which the calendar moves
        demand by 0.5 % or more: `working_days` of the month, `usual_days` of its namesakes on
        average, `holiday` that moves it most (`spring_festival`, `mid_autumn`, `easter`,
        `eid_al_fitr`, `eid_al_adha`, `deepavali` or `working_days`), `factor_rate` (-0.12: 12 %
        less than in a usual month of this name), `is_estimated`: the working days of the month
        are not published yet. Empty where nothing was found, or no country is given.

    Example:
        A family that stocks up before the New Year: +0.15 in a January that holds all the weeks
        before it, with holiday `spring_festival`.
    """
    if not country or series.empty:
        return pd.DataFrame(columns=COLUMNS)
    months = all_periods(series, horizon)
    effects = measure_effects(series, item, months, country, by_series=False)
    family = family_of(series.index, item)
    first = ~family.duplicated()
    shown = months[-(horizon + 12) :]
    found = [effect[first] for effect in effects.values()]
    late = slice(len(months) - len(shown), None)
    total = to_factor(found)[:, late] - 1
    strongest = np.abs([to_factor([effect])[:, late] - 1 for effect in found]).argmax(axis=0)
    rows = pd.DataFrame(
        {
            "family": np.repeat(family[first].to_numpy(), len(shown)),
            "period": np.tile(shown, int(first.sum())),
            "holiday": np.array(list(effects))[strongest].ravel(),
            "factor_rate": total.ravel(),
        }
    )
    told = rows[rows["factor_rate"].abs() >= LEAST_RATE]
    days = _list_days(shown, country)
    told = told.merge(days, on="period", how="left", validate="many_to_one")
    return told.sort_values(["family", "period"], kind="stable", ignore_index=True)[COLUMNS]


def _list_days(months: pd.DatetimeIndex, country: str) -> pd.DataFrame:
    """Return working days of months beside those of their namesakes on average."""
    years = spanning_years(months)
    every = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-01", freq="MS")
    days = list_working_days(every, country)
    usual = usual_of_month(days["working_days"].to_numpy(dtype=float))
    return days.assign(usual_days=usual)[days["period"].isin(months)]
