"""What was known when a month was planned: the network, forecasts of then, stock, actual demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from sopkit.supply import SupplyTables
from sopkit.tables import ALL, PLACE, TABLES

WHOLE = 0.99
PLAN = "plan"
FORECAST = ["cycle", "stream", *PLACE, "period", "forecast_qty"]


@dataclass(frozen=True)
class Known:
    """What past months are planned and judged from.

    Args:
        tables: the company's network, hours and prices, past months included; no stock, orders,
            fences or shelf life (`collect_known`).
        forecast: `cycle`, `stream` (`plan`: what that cycle agreed), `item`, `location`,
            `period`, `forecast_qty`: all that was said, cycle by cycle.
        actual: `item`, `location`, `period`, `actual_qty` [units ordered], `price_value` [net].
        stock: contract `stock_history`: closing stock of past months.
        target: contract `stock_target`, of any months; a month takes those of its namesake.
    """

    tables: SupplyTables
    forecast: pd.DataFrame
    actual: pd.DataFrame
    stock: pd.DataFrame
    target: pd.DataFrame

    @property
    def last(self) -> pd.Timestamp | None:
        """Last month whose demand is known."""
        return None if self.actual.empty else pd.Timestamp(self.actual["period"].max())


def collect_known(
    given: Mapping[str, pd.DataFrame],
    demand_history: pd.DataFrame,
    stock_history: pd.DataFrame,
    stock_target: pd.DataFrame,
    forecast: pd.DataFrame,
) -> Known:
    """Return what past months can be planned from, out of the company's tables.

    Args:
        given: the company's tables by name (contract frames).
        demand_history: contract `demand_history`; its net revenue gives the prices.
        stock_history: contract `stock_history`.
        stock_target: contract `stock_target`.
        forecast: what `list_known_forecasts` returned.
    """
    tables = SupplyTables.collect(given)
    none = {
        name: TABLES[name].empty()
        for name in ("opening_stock", "open_supply", "released_plan", "stock_target", "storage")
    }
    free = {"frozen_days": 0.0, "slushy_days": 0.0}
    tables = replace(
        tables,
        **none,
        item=tables.item.assign(shelf_life_days=float("nan")),
        operation=tables.operation.assign(**free),
        purchase_term=tables.purchase_term.assign(frozen_days=0.0),
    )
    actual = _price_actual(demand_history)
    return Known(tables, forecast, actual, stock_history, stock_target)


def _price_actual(demand_history: pd.DataFrame) -> pd.DataFrame:
    """Return orders by place and month at the place's mean net price of all months given."""
    names = ["actual_qty", "revenue_value"]
    sums = demand_history.groupby([*PLACE, "period"], as_index=False)[names].sum()
    whole = sums.groupby(PLACE)[names].transform("sum")
    price = (whole["revenue_value"] / whole["actual_qty"].where(whole["actual_qty"] > 0)).fillna(0)
    return sums.assign(price_value=price)[[*PLACE, "period", "actual_qty", "price_value"]]


def list_known_forecasts(
    consensus_demand: pd.DataFrame, past_plan: pd.DataFrame, forecast_stream: pd.DataFrame
) -> pd.DataFrame:
    """Return every forecast of past cycles by place: what was agreed, and what each stream said.

    Args:
        consensus_demand: contract `consensus_demand` of past cycles, with `cycle`.
        past_plan: contract `past_plan`; counts where a cycle kept no demand of its own.
        forecast_stream: contract `forecast_stream`; rows that name no item or no location, or one
            customer group only, are left out.

    Returns:
        `cycle`, `stream`, `item`, `location`, `period`, `forecast_qty`.
    """
    key = FORECAST[:-1]
    older = past_plan[~past_plan["cycle"].isin(consensus_demand["cycle"])]
    agreed = [frame[["cycle", *PLACE, "period", "demand_qty"]] for frame in
              (consensus_demand, older) if len(frame)]  # fmt: skip
    parts = []
    if agreed:
        rows = pd.concat(agreed, ignore_index=True).rename(columns={"demand_qty": "forecast_qty"})
        parts.append(rows.assign(stream=PLAN).groupby(key, as_index=False)[["forecast_qty"]].sum())
    named = (forecast_stream["item"] != ALL) & (forecast_stream["location"] != ALL)
    said = forecast_stream.loc[named & (forecast_stream["customer"] == ALL), FORECAST]
    parts += [said] if len(said) else []
    if not parts:
        return pd.DataFrame(columns=FORECAST)
    return pd.concat(parts, ignore_index=True)[FORECAST]


def find_forecast(forecast: pd.DataFrame, cycle: str, stream: str = "") -> pd.DataFrame:
    """Return the forecast a cycle planned from: what it agreed, else the mean of its streams.

    Args:
        forecast: what `list_known_forecasts` returned.
        stream: a stream to trust instead; where it says nothing, the usual one stands.

    Returns:
        `item`, `location`, `period`, `forecast_qty`; empty where nothing is known of then. Streams
        that reach less far than the widest (a few customers, say) are no forecast of the whole.

    Example:
        Sales says 100, marketing 80, nothing was agreed: 90; with sales trusted, 100.
    """
    cell = [*PLACE, "period"]
    of_cycle = forecast[forecast["cycle"] == cycle]
    agreed = of_cycle[of_cycle["stream"] == PLAN]
    if agreed.empty:
        reach = of_cycle.groupby("stream")["forecast_qty"].transform("size")
        agreed = of_cycle[reach >= WHOLE * reach.max()] if len(of_cycle) else of_cycle
        agreed = agreed.groupby(cell, as_index=False)[["forecast_qty"]].mean()
    agreed = agreed[[*cell, "forecast_qty"]]
    trusted = of_cycle.loc[of_cycle["stream"] == stream, [*cell, "forecast_qty"]]
    both = pd.concat([trusted, agreed], ignore_index=True).drop_duplicates(cell, keep="first")
    return both.sort_values(cell, ignore_index=True)
