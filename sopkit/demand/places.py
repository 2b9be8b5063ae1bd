"""The forecast at (item, location): one code path for the baseline and for its backtest."""

from __future__ import annotations

import pandas as pd

from sopkit.demand.calendar import divide_factors, measure_calendar
from sopkit.demand.launches import forecast_launches, take_from_family
from sopkit.demand.methods import (
    add_launches,
    choose_methods,
    forecast_families,
    forecast_family_share,
    forecast_intermittent,
    forecast_steady,
)
from sopkit.demand.series import family_of, next_periods
from sopkit.demand.successors import join_successors, list_joined, split_successors

MOVED_BY_FAMILY = ("ensemble", "intermittent", "family_share")
MOST_MOVED = 2.0


def forecast_places(
    series: pd.DataFrame,
    item: pd.DataFrame,
    horizon_months: int,
    *,
    family_weight: float = 0.0,
    min_history_months: int = 24,
    country: str = "",
) -> tuple[pd.DataFrame, pd.Series]:
    """Forecast each item-location from nothing but the months given.

    Steps: a successor takes over its predecessor's history; launches are added; the calendar's pull
    is taken out (`measure_calendar`) and, at the end, put back; each series goes its way
    (`choose_methods`); items are drawn towards their family's own forecast
    (`reconcile_families`); new items follow their like-item and take from their family; a
    successor leaves its predecessor a share; nothing is sold before the launch month or after the
    last month of sale.

    Args:
        series: what `to_series` returned, last known month last.
        item: contract `item`.
        family_weight: 0 keeps the items' forecasts, 1 scales them to the family's.
        country: whose moving holidays and working days are measured on these months
            (`measure_calendar`), taken out before modelling and put back after; blank for none.

    Returns:
        Points (a row a series, a column a month ahead, >= 0) and the method of each series.
    """
    periods = next_periods(series, horizon_months)
    item = stand_in_for(item)
    joined = join_successors(series, item, periods[-1])
    whole = add_launches(joined, item, periods[-1])
    factor = measure_calendar(whole, item, horizon_months, country)
    series, joined, whole = (divide_factors(panel, factor) for panel in (series, joined, whole))
    method = choose_methods(whole, item, periods[0], min_history_months)
    method.loc[list_joined(series, joined)] = "run_out"
    asked = series if family_weight else _with_short_families(series, method, item)
    families = forecast_families(asked, item, horizon_months, min_history_months)
    points = _forecast_by_method(whole, series, method, families, item, horizon_months)
    points = reconcile_families(points, families, method, item, family_weight)
    points.columns = periods
    new = method.index[method == "like_item"]
    points.loc[new] = forecast_launches(whole, new, points, item)
    points = take_from_family(points, whole, item, new)
    points = split_successors(points, series, joined, item)
    return close_sales(points * factor.loc[points.index, periods], item), method


def stand_in_for(item: pd.DataFrame) -> pd.DataFrame:
    """Return the master with the predecessor as like-item of items that name none."""
    return item.assign(like_item=item["like_item"].fillna(item["predecessor"]))


def _with_short_families(
    series: pd.DataFrame, method: pd.Series, item: pd.DataFrame
) -> pd.DataFrame:
    """Return the series of families that have an item to be forecast by its share."""
    short = method.index[method == "family_share"]
    return series[family_of(series.index, item).isin(family_of(short, item))]


def _forecast_by_method(
    whole: pd.DataFrame,
    series: pd.DataFrame,
    method: pd.Series,
    families: pd.DataFrame,
    item: pd.DataFrame,
    horizon: int,
) -> pd.DataFrame:
    points = pd.DataFrame(0.0, index=whole.index, columns=range(horizon))
    steady, sporadic, short = (
        method.index[method == name] for name in ("ensemble", "intermittent", "family_share")
    )
    points.loc[steady] = forecast_steady(whole.loc[steady], horizon, 0)
    points.loc[sporadic] = forecast_intermittent(whole.loc[sporadic], horizon)
    points.loc[short] = forecast_family_share(series, short, families, item)
    return points


def reconcile_families(
    points: pd.DataFrame,
    families: pd.DataFrame,
    method: pd.Series,
    item: pd.DataFrame,
    weight: float,
) -> pd.DataFrame:
    """Scale items by 1 - weight + weight x family forecast / sum of items, in each month.

    The ratio is kept within 1/2 and 2; items on a like-item's profile and ended ones stay.

    Example:
        Items 40 and 60, family 120, weight 1: 48 and 72. Weight 0.5: 44 and 66.
    """
    if weight == 0 or families.empty:
        return points
    family = family_of(points.index, item)
    location = points.index.get_level_values("location").rename("location")
    key = pd.MultiIndex.from_arrays([family, location], names=["family", "location"])
    total = points.groupby([family, location]).sum().reindex(key)
    ratio = families.reindex(key) / total.where(total > 0)
    ratio = ratio.clip(1 / MOST_MOVED, MOST_MOVED).fillna(1.0)
    factor = (1 - weight + weight * ratio).set_axis(points.index)
    moved = method.isin(MOVED_BY_FAMILY).reindex(points.index)
    return points * factor.where(moved, 1.0)


def close_sales(points: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Set months before an item's launch month, or after its last month of sale, to 0."""
    master = item.set_index("item").reindex(points.index.get_level_values("item"))
    first_day = master["launch_date"].fillna(pd.Timestamp("1678-01-01")).to_numpy()
    last_day = master["end_date"].fillna(pd.Timestamp("2262-01-01")).to_numpy()
    closed = points.copy()
    for period in pd.DatetimeIndex(points.columns):
        month_end = period + pd.offsets.MonthEnd(0)
        on_sale = (first_day <= month_end.to_datetime64()) & (last_day >= period.to_datetime64())
        closed[period] = points[period].where(on_sale, 0.0)
    return closed
