"""How much of a target's extra demand is served, and what other demand loses to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.results.read_plan import Plan
from sopkit.supply.whatif.answer import price_service
from sopkit.tables import PLACE

FULL_SHARE = 0.995
NONE_SHARE = 0.005
SERVED = ["on_time_qty", "late_qty", "short_qty"]
CELL = [*PLACE, "customer", "period"]


def add_demand(demand: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return what the target adds by item, location, customer and month: `extra_qty`."""
    sums = [frame.groupby(CELL)["demand_qty"].sum() for frame in (wanted, demand)]
    extra = sums[0].sub(sums[1], fill_value=0.0)
    return extra[extra.abs() > 0].rename("extra_qty").reset_index()


def _served(plan: Plan) -> pd.DataFrame:
    """Return service by item, location, customer and month, with `price_value`."""
    rows = price_service(plan)
    value = (rows["price_value"] * rows["demand_qty"]).groupby([rows[key] for key in CELL]).sum()
    sums = rows.groupby(CELL)[["demand_qty", *SERVED]].sum()
    return sums.assign(price_value=value / sums["demand_qty"])


def find_worsened(plan: Plan, after: Plan) -> pd.DataFrame:
    """Return how much more or less is on time, late and short, by cell of demand."""
    before, now = _served(plan), _served(after)
    change = now[SERVED].sub(before[SERVED], fill_value=0.0)
    price = now["price_value"].combine_first(before["price_value"])
    return change.assign(price_value=price).reset_index()


def sum_months(plan: Plan, after: Plan, extra: pd.DataFrame) -> pd.DataFrame:
    """Return by month what the target adds and how it is served; see `Assessment.months`.

    Args:
        extra: what `add_demand` returned.
    """
    change = find_worsened(plan, after)
    rows = change.merge(extra, on=CELL, how="left", validate="one_to_one")
    inside = rows["extra_qty"].notna()
    rows = rows.assign(
        extra_qty=rows["extra_qty"].fillna(0.0),
        extra_value=rows["extra_qty"].fillna(0.0) * rows["price_value"],
        lost_value=rows["short_qty"] * rows["price_value"],
    )
    rows[SERVED] = rows[SERVED].where(inside, 0.0)
    names = ["extra_qty", *SERVED, "extra_value", "lost_value"]
    months = rows.groupby("period", as_index=False)[names].sum()
    months[names] = months[names].round(6)
    lost = months["lost_value"] / months["extra_value"].where(months["extra_value"] > 0)
    return (
        months[(months["extra_qty"] != 0) | (months["lost_value"].abs() > 1e-6)]
        .assign(served_rate=(1.0 - lost).clip(0.0, 1.0))
        .reset_index(drop=True)
    )


def rate_served(months: pd.DataFrame) -> float:
    """Return the share of the extra demand served in the end, in money, losses of others off."""
    extra = float(months["extra_value"].sum())
    return float(np.clip(1.0 - months["lost_value"].sum() / extra, 0, 1)) if extra > 0 else 1.0


def rate_on_time(months: pd.DataFrame, served_rate: float) -> float:
    """Return the share of the extra units served in their month, never more than in the end."""
    extra = float(months["extra_qty"].sum())
    on_time = float(months["on_time_qty"].sum())
    return float(np.clip(on_time / extra, 0.0, served_rate)) if extra > 0 else 1.0


def judge(rate: float, months: pd.DataFrame) -> str:
    """Return yes, partly or no; late units are served, though not as asked."""
    late = float(months["late_qty"].sum()) > NONE_SHARE * float(months["extra_qty"].sum())
    if rate >= FULL_SHARE:
        return "partly" if late else "yes"
    return "partly" if rate > NONE_SHARE else "no"


def find_displaced(missed: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """Return demand outside the target that is served worse than before."""
    rows = missed.merge(extra, on=CELL, how="left", validate="one_to_one")
    rows = rows[rows["extra_qty"].isna()]
    rows = rows.assign(short_value=rows["short_qty"] * rows["price_value"])
    names = ["late_qty", "short_qty", "short_value"]
    sums = rows.groupby([*PLACE, "period"], as_index=False)[names].sum()
    worse = sums[(sums["short_qty"] > 1e-3) | (sums["late_qty"] > 1e-3)]
    order = ["short_value", "late_qty"]
    return worse.sort_values(order, ascending=False, kind="stable", ignore_index=True)
