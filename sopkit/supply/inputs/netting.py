"""Demand classes: overdue orders, open orders, and the forecast that orders do not yet cover."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import add_months, to_period
from sopkit.tables import ALL, CELL, LEAF, PLACE, TABLES, fit_columns

CLASSES = ("overdue", "open", "forecast")


def net_demand(
    consensus_demand: pd.DataFrame,
    sales_order_line: pd.DataFrame,
    service_class: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    backward_months: int = 1,
    forward_months: int = 1,
) -> pd.DataFrame:
    """Split what supply plans against into overdue orders, open orders and net forecast.

    An order consumes the forecast of its item, location and customer group (that of group `all`
    where the group itself has none): first in its requested month, then up to `backward_months`
    earlier, then up to `forward_months` later. What orders do not consume stays as net forecast:
    max(0, forecast - orders requested). An open order requested before the first period is
    overdue; it stands in the first period and consumes nothing. Orders requested after the last
    period are left out.

    Args:
        consensus_demand: contract `consensus_demand`; `demand_qty` [units per month].
        sales_order_line: contract `sales_order_line`; cancelled quantity counts nowhere, shipped
            quantity consumes the forecast but is no longer wanted.
        service_class: contract `service_class`; gives `priority` (2 where it is silent).
        periods: planned months. Months after the last forecast month repeat the forecast of
            twelve months earlier, so that the plan can look past the horizon.

    Returns:
        Contract `net_demand`: rows with `demand_qty` > 0, sorted by key.

    Example:
        Forecast 100 in November, an order of 30 wanted in November (10 shipped) and one of 5
        from October: overdue 5, open 20, forecast 70.
    """
    lines = _to_requested(sales_order_line, periods)
    forecast = extend_forecast(consensus_demand, periods)
    lines = _match_customers(lines, forecast)
    left = _consume(forecast, lines, periods, backward_months, forward_months)
    wanted = lines[lines["open_qty"] > 0].rename(columns={"open_qty": "demand_qty"})
    rows = pd.concat(
        [
            wanted[[*CELL, "demand_class", "demand_qty"]],
            left.assign(demand_class="forecast")[[*CELL, "demand_class", "demand_qty"]],
        ],
        ignore_index=True,
    )
    rows = rows[rows["demand_qty"] > 0]
    rows = rows.groupby([*CELL, "demand_class"], as_index=False)[["demand_qty"]].sum()
    rows["priority"] = rank_customers(rows["customer"], service_class)
    return fit_columns(rows, TABLES["net_demand"])


def rank_customers(customer: pd.Series, service_class: pd.DataFrame) -> pd.Series:
    """Return the priority of each customer group: its own, else that of `all`, else 2."""
    ranks = service_class.set_index("customer")["priority"]
    other = ranks.get(ALL, 2)
    return customer.map(ranks).fillna(other).astype("int64")


def extend_forecast(consensus_demand: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the forecast of the planned months; months past its end repeat the year before.

    Example:
        Forecast given to October 2027, months planned to December 2027: November and December
        2027 take the quantities of November and December 2026.
    """
    known = consensus_demand[[*CELL, "demand_qty"]]
    if known.empty:
        return known
    last = known["period"].max()
    beyond = periods[periods > last]
    copies = [
        known[known["period"] == add_months(period, -12)].assign(period=period) for period in beyond
    ]
    extended = pd.concat([known, *copies], ignore_index=True)
    return extended[extended["period"].isin(periods)].reset_index(drop=True)


def _to_requested(sales_order_line: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return orders by cell with what they asked for (`asked_qty`) and still want (`open_qty`)."""
    lines = sales_order_line.copy()
    requested = to_period(lines["requested_date"].fillna(lines["order_date"]))
    asked = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0)
    lines["open_qty"] = (asked - lines["shipped_qty"]).clip(lower=0)
    overdue = requested < periods[0]
    lines["asked_qty"] = asked.where(~overdue, 0.0)
    lines["demand_class"] = np.where(overdue, "overdue", "open")
    lines["period"] = requested.where(~overdue, periods[0])
    lines = lines[lines["period"].isin(periods)]
    columns = ["asked_qty", "open_qty"]
    return lines.groupby([*CELL, "demand_class"], as_index=False, sort=True)[columns].sum()


def _match_customers(lines: pd.DataFrame, forecast: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with the customer group whose forecast they consume."""
    own = lines.merge(forecast[LEAF].drop_duplicates(), on=LEAF, how="left", indicator=True)
    pooled = forecast.loc[forecast["customer"] == ALL, PLACE].drop_duplicates()
    other = lines.merge(pooled, on=PLACE, how="left", indicator=True)
    has_own = (own["_merge"] == "both").to_numpy()
    has_pool = (other["_merge"] == "both").to_numpy()
    consumes = np.where(has_own | ~has_pool, lines["customer"], ALL)
    return lines.assign(consumes=consumes)


def _consume(
    forecast: pd.DataFrame,
    lines: pd.DataFrame,
    periods: pd.DatetimeIndex,
    backward_months: int,
    forward_months: int,
) -> pd.DataFrame:
    """Return the forecast that orders leave over, a row per cell."""
    if forecast.empty:
        return forecast
    wide = forecast.pivot_table(
        index=LEAF, columns="period", values="demand_qty", aggfunc="sum", fill_value=0.0
    ).reindex(columns=periods, fill_value=0.0)
    asked = lines.drop(columns="customer").rename(columns={"consumes": "customer"})
    orders = (
        asked.pivot_table(
            index=LEAF, columns="period", values="asked_qty", aggfunc="sum", fill_value=0.0
        )
        .reindex(index=wide.index, columns=periods)
        .fillna(0.0)
    )
    left = _consume_months(
        wide.to_numpy(float), orders.to_numpy(float), backward_months, forward_months
    )
    rows = pd.DataFrame(left, index=wide.index, columns=periods.rename("period"))
    return rows.melt(value_name="demand_qty", ignore_index=False).reset_index()


def _consume_months(
    forecast: np.ndarray, orders: np.ndarray, backward: int, forward: int
) -> np.ndarray:
    """Return forecast (cells x months) less orders: own month, then earlier, then later months."""
    left, excess = forecast.copy(), orders.copy()
    months = range(forecast.shape[1])
    offsets = [*range(-1, -backward - 1, -1), *range(1, forward + 1)]
    elsewhere = [(month, month + offset) for month in months for offset in offsets]
    for month, target in [*zip(months, months, strict=True), *elsewhere]:
        if target in months:
            taken = np.minimum(left[:, target], excess[:, month])
            left[:, target] -= taken
            excess[:, month] -= taken
    return left


def join_demands(*demands: pd.DataFrame) -> pd.DataFrame:
    """Return demands of several plans as one, each cell once: to prepare one case for them all.

    Args:
        demands: contract `net_demand`, each.

    Returns:
        Contract `net_demand`; where several name a cell, the first one's quantity.
    """
    table = TABLES["net_demand"]
    rows = pd.concat(demands, ignore_index=True).drop_duplicates(list(table.key), keep="first")
    return fit_columns(rows, table)
