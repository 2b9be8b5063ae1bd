"""Allocation: what supply can serve, split into quotas by a declared rule."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.tables import CELL, LEAF, PLACE, TABLES, fit_columns

Rule = Literal["priority", "proportional", "history"]
Array = NDArray[np.float64]
BLOCK = [*PLACE, "period"]
LITTLE = 1e-6
HISTORY_MONTHS = 12


def list_short(plan_service: pd.DataFrame) -> pd.DataFrame:
    """Return what each customer wants where the plan cannot serve all of a month's demand.

    Overdue orders belong to earlier months and are left out.

    Args:
        plan_service: contract `plan_service`.

    Returns:
        `item`, `location`, `customer`, `period`, `demand_qty` (open orders and net forecast),
        `plan_qty` (served in its month or late), of places and months with a shortage.
    """
    new = plan_service[plan_service["demand_class"] != "overdue"]
    rows = new.assign(plan_qty=new["on_time_qty"] + new["late_qty"])
    cells = rows.groupby(CELL, as_index=False)[["demand_qty", "plan_qty", "short_qty"]].sum()
    short = cells.groupby(BLOCK)["short_qty"].transform("sum")
    return cells.loc[short > LITTLE, [*CELL, "demand_qty", "plan_qty"]].reset_index(drop=True)


def allocate_supply(
    wanted: pd.DataFrame,
    rule: Rule,
    service_class: pd.DataFrame,
    history: pd.DataFrame,
    *,
    floor_rate: float = 0.5,
    above_demand: bool = False,
) -> pd.DataFrame:
    """Split what supply serves of an item, location and month into quotas by customer.

    priority: the first class gets all it wants, then the next; within a class fair shares.
    proportional: everybody the same share of his demand. history: everybody `floor_rate` of his
    demand as far as supply goes, the rest by the last twelve months' sales (evenly where there are
    none). Supply = what the plan serves of the month's demand. Whole base units by largest
    remainder, the first customer code winning ties; a customer whose whole demand is met gets it
    to the digit. A quota never exceeds the demand, unless `above_demand` lets history do so.

    Args:
        wanted: what `list_short` returned; `customer` may be a channel.
        rule: the declared rule.
        service_class: contract `service_class`, for priority (2 where it is silent).
        history: `item`, `location`, `customer`, `period`, `actual_qty`.
        floor_rate: of each one's demand, before history counts, 0..1.
        above_demand: history alone may give more than is wanted.

    Returns:
        Contract `quota`: quotas of a place and month sum to at most its supply.

    Example:
        Supply 90 for wants of 100 and 50: fair shares 60 and 30; priority 1 and 2: 90 and 0.
    """
    rows = wanted.sort_values(CELL, kind="stable", ignore_index=True)
    rank = _rank(rows["customer"], service_class) if rule == "priority" else None
    weight = _sum_history(rows, history) if rule == "history" else rows["demand_qty"]
    told = np.zeros(len(rows))
    for _, place in rows.groupby(BLOCK, sort=False).indices.items():
        part = rows.iloc[place]
        want, supply = part["demand_qty"].to_numpy(float), float(part["plan_qty"].sum())
        cap = np.full_like(want, np.inf) if above_demand and rule == "history" else want
        share = weight.to_numpy(float)[place]
        if rank is not None:
            exact = _share_by_rank(want, supply, rank[place])
        elif rule == "history":
            exact = _share_by_history(want, cap, supply, share, floor_rate)
        else:
            exact = _fill_up(np.zeros_like(want), want, want, min(supply, want.sum()))
        told[place] = round_shares(exact, cap, supply)
    return fit_columns(rows.assign(quota_qty=told, rule=rule), TABLES["quota"])


def check_quota(quota: pd.DataFrame) -> float:
    """Return by how much quotas exceed what the plan serves, the most of any place and month.

    Example:
        Quotas 60 and 31 of a supply of 90: 1. Quotas 60 and 29: 0.
    """
    sums = quota.groupby(BLOCK)[["quota_qty", "plan_qty"]].sum()
    return float((sums["quota_qty"] - sums["plan_qty"]).clip(lower=0.0).max()) if len(sums) else 0.0


def _rank(customer: pd.Series, service_class: pd.DataFrame) -> NDArray[np.int64]:
    ranks = service_class.drop_duplicates("customer").set_index("customer")["priority"]
    return customer.map(ranks).fillna(ranks.get("all", 2)).to_numpy(np.int64)


def _sum_history(rows: pd.DataFrame, history: pd.DataFrame) -> pd.Series:
    """Return sales of the last twelve months of each row's place and customer."""
    if history.empty:
        return pd.Series(0.0, index=rows.index)
    since = history["period"].max() - pd.DateOffset(months=HISTORY_MONTHS - 1)
    recent = history[history["period"] >= since].groupby(LEAF, as_index=False)[["actual_qty"]].sum()
    told = rows[LEAF].merge(recent, on=LEAF, how="left", validate="many_to_one")
    return told["actual_qty"].fillna(0.0).clip(lower=0.0)


def _share_by_rank(want: Array, supply: float, rank: NDArray[np.int64]) -> Array:
    told, left = np.zeros_like(want), supply
    for one in np.unique(rank):
        own = np.where(rank == one, want, 0.0)
        part = own * min(left / own.sum(), 1.0) if own.sum() > 0 else own
        told += part
        left = max(left - float(part.sum()), 0.0)
    return told


def _share_by_history(want: Array, cap: Array, supply: float, sold: Array, floor: float) -> Array:
    sure = floor * want
    sure *= min(supply / sure.sum(), 1.0) if sure.sum() > 0 else 0.0
    by = sold if sold.sum() > 0 else np.ones_like(want)
    return _fill_up(sure, cap, by, supply)


def _fill_up(start: Array, cap: Array, by: Array, supply: float) -> Array:
    """Raise shares in proportion to `by` until supply is gone; who reaches his cap stands aside.

    Example:
        Supply 90 by 1 and 1, caps 30 and 100: 30 and 60.
    """
    told = start.copy()
    for _ in range(len(told) + 1):
        left = supply - float(told.sum())
        free = (told < cap - LITTLE) & (by > 0)
        if left <= LITTLE or not free.any():
            break
        step = np.where(free, by, 0.0)
        told = np.minimum(told + left * step / step.sum(), cap)
    left = supply - float(told.sum())
    room = np.where(np.isfinite(cap), cap - told, 0.0)
    if left > LITTLE and room.sum() > 0:
        told += room * min(left / room.sum(), 1.0)
    return told


def round_shares(exact: Array, cap: Array, supply: float) -> Array:
    """Round shares to whole base units by largest remainder; none above its cap, all within supply.

    A share at its cap keeps the cap's fraction. What is left over goes, a unit each, to the largest
    remainders; ties to the first.

    Example:
        Shares 3.5, 3.5 and 3 of supply 10, caps 10: 4, 3 and 3.
    """
    met = exact >= cap - LITTLE
    told = np.where(met, cap, np.floor(exact + LITTLE))
    over = float(told.sum()) - supply
    if over > 0 and met.any():
        last = int(np.flatnonzero(met)[-1])
        told[last] = max(told[last] - over, 0.0) if over <= LITTLE * len(told) else told[last]
    left = int(np.floor(supply - float(told.sum()) + LITTLE))
    order = np.argsort(-(exact - told), kind="stable")
    for place in [one for one in order if not met[one]]:
        if left < 1:
            break
        if told[place] + 1 <= cap[place]:
            told[place] += 1
            left -= 1
    return np.asarray(told)


def to_channels(wanted: pd.DataFrame, customer: pd.DataFrame) -> pd.DataFrame:
    """Return wants summed to the channel of each customer; one without a channel stays itself.

    Args:
        wanted: what `list_short` returned.
        customer: contract `customer`.
    """
    channel = customer.dropna(subset="channel").set_index("customer")["channel"]
    named = wanted["customer"].map(channel).fillna(wanted["customer"])
    return (
        wanted.assign(customer=named)
        .groupby(CELL, as_index=False)[["demand_qty", "plan_qty"]]
        .sum()
    )


def compare_quota(quota: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return where quotas and the plan part ways, by item and customer, the largest first.

    Args:
        quota: contract `quota`.
        item: contract `item`; items are named as they are, whatever their family.

    Returns:
        `item`, `customer`, `first_period`, `last_period`, `demand_qty`, `plan_qty`, `quota_qty`,
        `change_qty` = quota - plan, `quota_rate` = quota / demand.
    """
    known = quota[quota["item"].isin(item["item"])] if len(item) else quota
    sums = known.groupby(["item", "customer"], as_index=False).agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        demand_qty=("demand_qty", "sum"),
        plan_qty=("plan_qty", "sum"),
        quota_qty=("quota_qty", "sum"),
    )
    sums["change_qty"] = sums["quota_qty"] - sums["plan_qty"]
    sums["quota_rate"] = sums["quota_qty"] / sums["demand_qty"].where(sums["demand_qty"] > 0)
    order = sums["change_qty"].abs().sort_values(ascending=False, kind="stable").index
    return sums.loc[order].reset_index(drop=True)
