"""Other demands: the whole company at the low or high end of its range, a family at its target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from sopkit.tables import PLACE

MIN_MONTHS = 6


def measure_correlation(backtest: pd.DataFrame, fallback: float) -> tuple[float, int]:
    """Return how far forecast errors of item-locations move together, and the months it rests on.

    rho = (var(sum of errors) - sum of var) / ((sum of sd)^2 - sum of var), errors of one month
    (its shortest lag) as the sample, in base units; held to 0..1. With fewer than 6 months the
    fallback counts.

    Args:
        backtest: contract `backtest`.
        fallback: correlation assumed when there are too few months.

    Example:
        Two items whose errors are always equal: 1. Errors that cancel out: 0.
    """
    first = backtest["lag"] == backtest.groupby("period")["lag"].transform("min")
    rows = backtest[first]
    error = (rows["actual_qty"] - rows["forecast_qty"]).rename("error")
    wide = rows.assign(error=error).pivot_table(
        index="period", columns=PLACE, values="error", aggfunc="mean", fill_value=0.0
    )
    if len(wide) < MIN_MONTHS:
        return fallback, len(wide)
    single = wide.var(ddof=0)
    alone = float(single.sum())
    together = float(np.sqrt(single).sum() ** 2)
    if together <= alone:
        return fallback, len(wide)
    spread = float(wide.sum(axis=1).var(ddof=0))
    return float(np.clip((spread - alone) / (together - alone), 0.0, 1.0)), len(wide)


def shift_demand(
    consensus_demand: pd.DataFrame, end: Literal["downside", "upside"], correlation: float
) -> pd.DataFrame:
    """Move demand so that each month's total stands at the low or high end of its 80 % range.

    With u = distance of a cell from its own end of range, the total's distance is
    sqrt((1 - rho) sum u^2 + rho (sum u)^2); every cell moves the same share of its u.

    Args:
        consensus_demand: contract `consensus_demand`.
        end: `downside` (total at P10) or `upside` (total at P90), all months at once.
        correlation: rho, 0 (independent) to 1 (all move together).

    Returns:
        `consensus_demand` with another `demand_qty`; never below 0.

    Example:
        Two cells of 100 whose P90 is 120, correlation 1: 120 each; correlation 0: 114.1 each.
    """
    demand = consensus_demand["demand_qty"]
    if end == "upside":
        distance = (consensus_demand["hi_80_qty"] - demand).clip(lower=0.0)
    else:
        distance = (demand - consensus_demand["lo_80_qty"]).clip(lower=0.0)
    month = consensus_demand["period"]
    total = distance.groupby(month).transform("sum")
    squares = (distance**2).groupby(month).transform("sum")
    moved = np.sqrt((1 - correlation) * squares + correlation * total**2)
    share = (moved / total.where(total > 0)).fillna(0.0)
    sign = 1.0 if end == "upside" else -1.0
    return consensus_demand.assign(demand_qty=(demand + sign * share * distance).clip(lower=0.0))


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
