"""Other demands: the whole company at the low or high end of its range, a family at its target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pandas as pd

from sopkit.demand import Correlation, sum_ranges
from sopkit.tables import PLACE


def shift_demand(
    consensus_demand: pd.DataFrame, end: Literal["downside", "upside"], correlation: Correlation
) -> pd.DataFrame:
    """Move demand so that its total over all months stands at an end of its 80 % range.

    The total's range is that of `demand.sum_ranges`: errors of places and of months that differ
    partly cancel out. Every cell moves by the same share of the distance to its own end.

    Args:
        consensus_demand: contract `consensus_demand`.
        end: `downside` (total at P10) or `upside` (total at P90).
        correlation: how far errors move together, from `demand.measure_correlation`.

    Returns:
        `consensus_demand` with another `demand_qty`; never below 0.

    Example:
        Two items of 100 whose P90 is 120, all correlated: 120 each; independent: 114.1 each.
    """
    demand = consensus_demand["demand_qty"]
    total = sum_ranges(consensus_demand, [], "demand_qty", correlation)
    if end == "upside":
        distance = (consensus_demand["hi_80_qty"] - demand).clip(lower=0.0)
        moved = float((total["hi_80_qty"] - total["demand_qty"]).sum())
    else:
        distance = -(demand - consensus_demand["lo_80_qty"]).clip(lower=0.0)
        moved = float((total["lo_80_qty"] - total["demand_qty"]).sum())
    whole = float(distance.sum())
    share = moved / whole if whole else 0.0
    return consensus_demand.assign(demand_qty=(demand + share * distance).clip(lower=0.0))


def raise_demand(
    demand: pd.DataFrame,
    items: Iterable[str],
    first: pd.Timestamp,
    last: pd.Timestamp,
    rate: float,
) -> pd.DataFrame:
    """Raise the net forecast of some items in some months by a rate; orders in hand stay.

    The forecast is raised by the rate times all that is wanted (orders in hand included), so that
    the whole grows by the rate.

    Args:
        demand: contract `net_demand`.
        items: item codes.
        first: first month.
        last: last month.
        rate: 0.1 is + 10 %.

    Example:
        Forecast 80 and an open order of 20, rate 0.1: forecast 90, order 20.
    """
    chosen = demand["item"].isin(list(items)) & demand["period"].between(first, last)
    chosen &= demand["demand_class"] != "overdue"
    keys = [*PLACE, "customer", "period"]
    wanted = demand["demand_qty"].where(chosen, 0.0)
    whole = wanted.groupby([demand[key] for key in keys]).transform("sum")
    forecast = chosen & (demand["demand_class"] == "forecast")
    raised = demand["demand_qty"].where(~forecast, demand["demand_qty"] + rate * whole)
    return demand.assign(demand_qty=raised)
