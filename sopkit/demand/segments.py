"""How each item-location is to be planned: its worth, its pattern, its strategy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.series import count_months, measure_gaps, measure_variation, to_series
from sopkit.tables import PLACE, TABLES

A_RATE, B_RATE = 0.80, 0.95
GAP_LIMIT, VARIATION_LIMIT = 1.32, 0.49
NEW_MONTHS = 12


def segment_items(
    history: pd.DataFrame, item: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    """Sort item-locations by value and by pattern of demand.

    ABC: items by net revenue of the last 12 months, all locations together; an item is A while
    those before it make less than 80 % of the revenue, B less than 95 %, else C.
    Pattern (Syntetos, Boylan and Croston 2005), over the last 24 months: interval between
    demands (ADI) against 1.32 and squared variation of sizes (CV2) against 0.49: smooth,
    erratic, intermittent, lumpy. Before that: ended (last day of sale is past), none (no demand
    in 12 months), new (under 12 months of demand).

    Args:
        history: contract `demand_history`.
        item: contract `item`.
        cycle_period: first planned month.

    Returns:
        Contract `segment`; `revenue_value` is the item-location's own.

    Example:
        Items of 80, 15 and 5: A, B, C.
    """
    if history.empty:
        return TABLES["segment"].empty()
    series = to_series(history)
    since = cycle_period - pd.DateOffset(months=12)
    late = history[history["period"] >= since]
    revenue = late.groupby(PLACE)["revenue_value"].sum().reindex(series.index).fillna(0.0)
    places = revenue.rename("revenue_value").reset_index()
    places["pattern"] = find_patterns(series, item, cycle_period).to_numpy()
    places = places.merge(rank_by_value(places), on="item", how="left", validate="many_to_one")
    strategy = item[["item", "strategy"]]
    places = places.merge(strategy, on="item", how="left", validate="many_to_one")
    ordered = places[TABLES["segment"].column_names]
    return ordered.sort_values(PLACE, kind="stable", ignore_index=True)


def rank_by_value(places: pd.DataFrame) -> pd.DataFrame:
    """Return `item`, `abc`: A makes the first 80 % of revenue, B the next 15 %, C the rest."""
    ranked = places.groupby("item", as_index=False).agg(revenue_value=("revenue_value", "sum"))
    ranked = ranked.sort_values(["revenue_value", "item"], ascending=[False, True], kind="stable")
    total = ranked["revenue_value"].sum()
    before = ranked["revenue_value"].cumsum() - ranked["revenue_value"]
    share = before / total if total > 0 else pd.Series(1.0, index=ranked.index)
    worth = ranked["revenue_value"] > 0
    abc = np.select([worth & (share < A_RATE), worth & (share < B_RATE)], ["A", "B"], "C")
    return ranked[["item"]].assign(abc=abc)


def find_patterns(
    series: pd.DataFrame, item: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.Series:
    """Return the demand pattern of each series; see `segment_items`."""
    end = item.set_index("item")["end_date"].reindex(series.index.get_level_values("item"))
    ended = pd.Series((end < cycle_period).to_numpy(), index=series.index)
    silent = series.iloc[:, -12:].fillna(0.0).sum(axis=1).le(0)
    young = count_months(series) < NEW_MONTHS
    often = measure_gaps(series) < GAP_LIMIT
    even = measure_variation(series) < VARIATION_LIMIT
    pattern = pd.Series("lumpy", index=series.index, name="pattern")
    for name, rule in {
        "intermittent": even,
        "erratic": often,
        "smooth": often & even,
        "new": young,
        "none": silent,
        "ended": ended,
    }.items():
        pattern = pattern.mask(rule, name)
    return pattern
