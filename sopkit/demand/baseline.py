"""The statistical forecast at (item, location, customer), with its range."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sopkit.demand.launches import launch_range, measure_launch_spread
from sopkit.demand.places import forecast_places, stand_in_for
from sopkit.demand.ranges import add_ranges
from sopkit.demand.series import from_series, to_series
from sopkit.demand.shares import find_customer_shares, split_to_customers
from sopkit.tables import PLACE, TABLES

RANGES = {"80": 1.2816, "95": 1.9600}
AMOUNTS = ["baseline_qty", *(f"{side}_{level}_qty" for level in RANGES for side in ("lo", "hi"))]


def forecast_baseline(
    history: pd.DataFrame,
    item: pd.DataFrame,
    horizon_months: int,
    backtest: pd.DataFrame,
    *,
    family_weight: float = 0.0,
    min_history_months: int = 24,
    country: str = "",
) -> pd.DataFrame:
    """Forecast what customers would order if nobody did anything special.

    Each item-location is forecast as one series (`forecast_places`), gets the range that its
    backtest errors justify (`add_ranges`), and is split to customers by their share of the last
    12 months. Customers' ranges are shares of the item-location's.

    Args:
        history: contract `demand_history`, ending the month before the first planned one.
        item: contract `item`.
        horizon_months: months to forecast.
        backtest: what `backtest_baseline` returned, same options.
        family_weight: 0 keeps the items' forecasts, 1 scales them to their family's.
        min_history_months: months of sales from which an item is forecast on its own.
        country: whose calendar is taken out; see `forecast_places`.

    Returns:
        Contract `baseline`: every item-location-customer, every month of the horizon.

    Example:
        Sales of 10 a month for three years, a quarter of it by customer K: 2.5 for K each month.
    """
    if history.empty:
        return TABLES["baseline"].empty()
    series = to_series(history)
    points, method = forecast_places(
        series,
        item,
        horizon_months,
        family_weight=family_weight,
        min_history_months=min_history_months,
        country=country,
    )
    rows = add_ranges(points, method, series, backtest)
    rows = rows.merge(method.reset_index(), on=PLACE, how="left", validate="many_to_one")
    rows = _range_launches(rows, series, item)
    shares = find_customer_shares(history, item, rows)
    split = split_to_customers(rows, shares, AMOUNTS)[TABLES["baseline"].column_names]
    return split.sort_values(list(TABLES["baseline"].key), kind="stable", ignore_index=True)


def forecast_sums(
    history: pd.DataFrame, item: pd.DataFrame, horizon_months: int, **options: Any
) -> pd.DataFrame:
    """Return the baseline by item and location alone: no ranges, no customers.

    Args:
        options: what `forecast_places` takes.

    Returns:
        PLACE, `period`, `baseline_qty`: the sums of what `forecast_baseline` returns.
    """
    points, _ = forecast_places(to_series(history), item, horizon_months, **options)
    return from_series(points, "baseline_qty")


def _range_launches(rows: pd.DataFrame, series: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Give new items the range that past launches justify, not that of items known for long."""
    new = rows["method"] == "like_item"
    if not new.any():
        return rows
    places = pd.MultiIndex.from_frame(rows.loc[new, PLACE].drop_duplicates())
    spread = measure_launch_spread(series, places, stand_in_for(item))
    own = spread.reindex(pd.MultiIndex.from_frame(rows.loc[new, PLACE])).to_numpy(dtype=float)
    ranged = rows.copy()
    for level, z in RANGES.items():
        low, high = launch_range(rows.loc[new, "baseline_qty"].to_numpy(dtype=float), own, z)
        ranged.loc[new, f"lo_{level}_qty"], ranged.loc[new, f"hi_{level}_qty"] = low, high
    return ranged
