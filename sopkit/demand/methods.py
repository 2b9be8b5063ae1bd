"""Which way each item-location is forecast, and the ways that lean on another series."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.damped import forecast_damped
from sopkit.demand.ensemble import forecast_ensemble
from sopkit.demand.intermittent import forecast_intermittent_values
from sopkit.demand.series import count_months, family_of, measure_gaps, to_families
from sopkit.tables import PLACE

Matrix = NDArray[np.float64]
INTERMITTENT_GAP = 1.32
LIKE_MONTHS = 12
SHARE_MONTHS = 6


def choose_methods(
    series: pd.DataFrame, item: pd.DataFrame, first: pd.Timestamp, min_history_months: int
) -> pd.Series:
    """Say how each series is forecast; the first rule that fits counts.

    run_out: its last day of sale lies before the first planned month. like_item: no demand yet, or
    under 12 months of it, and the master names a like-item. zero: no demand in 12 months.
    intermittent: demand in fewer than three of four months (ADI >= 1.32 in the last 24 months).
    family_share: under `min_history_months` of history. ensemble: the rest.
    """
    master = item.set_index("item").reindex(series.index.get_level_values("item"))
    months = count_months(series)
    ended = pd.Series((master["end_date"] < first).to_numpy(), index=series.index)
    has_like = pd.Series(master["like_item"].notna().to_numpy(), index=series.index)
    silent = series.iloc[:, -12:].fillna(0.0).sum(axis=1) <= 0
    rules = [
        (ended, "run_out"),
        (has_like & (months < LIKE_MONTHS), "like_item"),
        (silent, "zero"),
        ((measure_gaps(series) >= INTERMITTENT_GAP) & (months >= 12), "intermittent"),
        (months < min_history_months, "family_share"),
    ]
    chosen = np.select([rule for rule, _ in rules], [name for _, name in rules], "ensemble")
    return pd.Series(chosen, index=series.index, name="method")


def forecast_steady(series: pd.DataFrame, horizon: int, min_history_months: int) -> Matrix:
    """Forecast series that stand on their own: ensemble with enough history, else damped trend."""
    values = series.to_numpy(dtype=float)
    long_enough = count_months(series).ge(min_history_months).to_numpy()
    points = np.zeros((len(values), horizon))
    points[long_enough] = forecast_ensemble(values[long_enough], horizon)
    if (~long_enough).any():
        points[~long_enough] = forecast_damped(values[~long_enough], horizon)
    return points


def forecast_intermittent(series: pd.DataFrame, horizon: int) -> Matrix:
    """Forecast sporadic demand by one amount a month; see `forecast_intermittent_values`."""
    return forecast_intermittent_values(series.to_numpy(dtype=float), horizon)


def forecast_families(
    series: pd.DataFrame, item: pd.DataFrame, horizon: int, min_history_months: int
) -> pd.DataFrame:
    """Forecast the totals of each (family, location), ended items' months included."""
    if series.empty:
        return pd.DataFrame(columns=range(horizon))
    families = to_families(series, item)
    families = families[families.iloc[:, -12:].fillna(0.0).sum(axis=1) > 0]
    gaps = measure_gaps(families) >= INTERMITTENT_GAP
    points = forecast_steady(families, horizon, min_history_months)
    sporadic = gaps.to_numpy()
    points[sporadic] = forecast_intermittent(families[gaps], horizon)
    return pd.DataFrame(points, index=families.index)


def forecast_family_share(
    series: pd.DataFrame, short: pd.Index, families: pd.DataFrame, item: pd.DataFrame
) -> Matrix:
    """Forecast short series by their family's forecast x their share of it.

    The share is that of the last 6 months, or of all months but the first where there are fewer
    (a launch month is seldom whole).

    Args:
        series: all series, for the families' totals.
        short: index of those to forecast.
        families: what `forecast_families` returned.

    Example:
        30 of the family's 300 units lately, family forecast 400: 40.
    """
    totals = to_families(series, item)
    own = series.loc[short]
    recent = own.iloc[:, -SHARE_MONTHS:]
    counted = recent.notna().to_numpy(copy=True)
    launched = count_months(own).between(4, SHARE_MONTHS).to_numpy()
    first = counted.argmax(axis=1)
    counted[launched, first[launched]] = False
    key = pd.MultiIndex.from_arrays(
        [family_of(short, item), short.get_level_values("location")], names=["family", "location"]
    )
    family_recent = totals.reindex(key).iloc[:, -SHARE_MONTHS:].to_numpy(dtype=float)
    mine = np.where(counted, recent.fillna(0.0), 0.0).sum(axis=1)
    whole = np.where(counted, np.nan_to_num(family_recent), 0.0).sum(axis=1)
    share = np.divide(mine, whole, out=np.zeros_like(mine), where=whole > 0)
    ahead = families.reindex(key).fillna(0.0).to_numpy(dtype=float)
    return np.asarray(ahead * share[:, None])


def add_launches(series: pd.DataFrame, item: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Add blank series for items not yet sold, at the locations of their like-item.

    Only items with a launch date up to `last` and a like-item that has been sold are added.
    """
    known = set(series.index.get_level_values("item"))
    waiting = item[
        item["like_item"].isin(known) & ~item["item"].isin(known) & (item["launch_date"] <= last)
    ]
    places = series.index.to_frame(index=False)
    added = waiting[["item", "like_item"]].merge(
        places.rename(columns={"item": "like_item"}), on="like_item", how="inner"
    )
    if added.empty:
        return series
    rows = pd.MultiIndex.from_frame(added[PLACE])
    return series.reindex(series.index.append(rows).sort_values())
