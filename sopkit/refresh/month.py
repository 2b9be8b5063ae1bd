"""The month to date: orders against agreed demand and its range, shipments against the plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sopkit.periods import add_months, to_period, working_dates
from sopkit.tables import ALL, fit_columns
from sopkit.tables.results_effects import REFRESH_MONTH

PROFILE_MONTHS, LEAST_MONTHS = 12, 3
RANGE = {"low_qty": "lo_80_qty", "high_qty": "hi_80_qty"}


def share_of_days(day: pd.Timestamp, country: str = "CN") -> float:
    """Return the share of a month's working days that is over at the end of a day.

    Example:
        >>> round(share_of_days(pd.Timestamp("2026-11-13")), 3)
        0.476
    """
    period = day.to_period("M").to_timestamp()
    days = working_dates(period, country)
    return float((days <= day).mean()) if len(days) else day.day / day.days_in_month


def measure_share(
    lines: pd.DataFrame,
    family: Mapping[str, str],
    as_of: pd.Timestamp,
    *,
    country: str = "CN",
) -> pd.DataFrame:
    """Return the share of a month's orders that is usually in by this day, by family.

    Of each of the last twelve months: what was ordered for it by the day on which as many of its
    working days were over as now, of all that was ordered for it; months weigh as their volume.
    A family of fewer than three months takes the company's share, the company then that of working
    days.

    Args:
        lines: contract `sales_order_line`.
        family: family of each item.
        as_of: last day seen.
        country: whose working days count.

    Returns:
        `family` (and `all`), `share_rate`, `month_count`, `days_rate`.

    Example:
        A third of an order book comes before the month begins; by half of the days, 70 % is in.
    """
    period = as_of.to_period("M").to_timestamp()
    done = share_of_days(as_of, country)
    wanted = to_period(lines["requested_date"].fillna(lines["order_date"]))
    asked = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0.0)
    past = wanted.between(add_months(period, -PROFILE_MONTHS), add_months(period, -1))
    cutoff = {one: _same_day(one, done, country) for one in wanted[past].drop_duplicates()}
    seen = lines["order_date"] <= pd.to_datetime(wanted.map(cutoff))
    rows = pd.DataFrame(
        {
            "family": lines["item"].map(family).fillna("other"),
            "period": wanted,
            "asked_qty": asked,
            "seen_qty": asked.where(seen, 0.0),
        }
    )[past]
    both = pd.concat([rows, rows.assign(family=ALL)], ignore_index=True)
    sums = both.groupby("family")[["asked_qty", "seen_qty"]].sum()
    count = both[both["asked_qty"] > 0].groupby("family")["period"].nunique()
    names = [*sorted({*family.values(), "other"} - {ALL}), ALL]
    shares = pd.DataFrame({"family": names})
    rate = (sums["seen_qty"] / sums["asked_qty"].where(sums["asked_qty"] > 0)).reindex(names)
    months = count.reindex(names).fillna(0).astype(int)
    rate = rate.where(months >= LEAST_MONTHS)
    months = months.where(rate.notna().to_numpy(), months[ALL] if rate.notna()[ALL] else 0)
    rate = rate.fillna(rate[ALL]).fillna(done)
    return shares.assign(share_rate=rate.to_numpy(), month_count=months.to_numpy(), days_rate=done)


def _same_day(period: pd.Timestamp, done: float, country: str) -> pd.Timestamp:
    """Return the day of a month on which a share of its working days is over."""
    days = working_dates(period, country)
    number = round(done * len(days))
    return days[number - 1] if number >= 1 else add_months(period, 0) - pd.Timedelta(days=1)


def compare_month(
    plan: pd.DataFrame,
    demand: pd.DataFrame,
    made_plan: pd.DataFrame,
    lines: pd.DataFrame,
    production: pd.DataFrame,
    share: pd.DataFrame,
    family: Mapping[str, str],
    as_of: pd.Timestamp,
    *,
    below_rate: float,
    above_rate: float,
) -> pd.DataFrame:
    """Return the month so far by family: ordered against what agreed demand expects by this day.

    Expected = agreed demand of the month x share usually in by now; below or above where what was
    ordered differs from it by more than the rates. Demand, not the plan: what a month short of
    stock cannot serve is ordered all the same. Ends of the range are those of demand x the same
    share: families add their places' ends, the widest case. Shipped and made so far stand against
    the plan's month x working days over.

    Args:
        plan: `item`, `period`, `plan_qty` of the approved or proposed plan.
        demand: contract `consensus_demand`.
        made_plan: contract `constrained_plan`; `make_qty`.
        lines: contract `sales_order_line` as known by the day.
        production: contract `production_actual`.
        share: what `measure_share` returned.
        below_rate, above_rate: shares of the expected beyond which a month is called out.

    Returns:
        Contract `refresh_month`; families with neither demand nor plan nor orders are left out;
        all is last.

    Example:
        Agreed 100, 60 % usually in by now, 45 ordered: expected 60, 25 % below. The plan serves 80;
        half of the working days are over: 40 to be shipped by now.
    """
    period = as_of.to_period("M").to_timestamp()
    wanted = to_period(lines["requested_date"].fillna(lines["order_date"]))
    asked = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0.0)
    shipped = to_period(lines["shipped_date"]) == period
    now = {
        "plan_qty": _sum(plan[plan["period"] == period], "plan_qty", family),
        "ordered_qty": _sum(lines.assign(q=asked)[wanted == period], "q", family),
        "shipped_qty": _sum(lines[shipped], "shipped_qty", family),
        "make_month_qty": _sum(made_plan[made_plan["period"] == period], "make_qty", family),
        "made_qty": _sum(production[production["period"] == period], "made_qty", family),
    }
    of_month = demand[demand["period"] == period]
    of_demand = {"demand_qty": "demand_qty", **RANGE}
    now |= {name: _sum(of_month, column, family) for name, column in of_demand.items()}
    rows = share.set_index("family").join(pd.DataFrame(now), how="left")
    amounts = ["demand_qty", "plan_qty", "ordered_qty", "shipped_qty", "make_month_qty"]
    rows = rows.fillna(dict.fromkeys(amounts, 0.0))
    rows = rows[(rows[["demand_qty", "plan_qty", "ordered_qty"]] > 0).any(axis=1)]
    rows = _judge(rows, below_rate, above_rate)
    rows = rows.assign(
        made_qty=rows["made_qty"] if len(production) else np.nan,
        ship_plan_qty=rows["plan_qty"] * rows["days_rate"],
        make_plan_qty=rows["make_month_qty"] * rows["days_rate"],
        **{name: rows[name] * rows["share_rate"] for name in RANGE},
        period=period,
    )
    return fit_columns(rows.reset_index(), REFRESH_MONTH)


def _sum(rows: pd.DataFrame, column: str, family: Mapping[str, str]) -> pd.Series:
    """Return sums by family, with `all`."""
    if rows.empty:
        return pd.Series(dtype=float)
    sums = rows[column].groupby(rows["item"].map(family).fillna("other")).sum()
    sums[ALL] = sums.sum()
    return sums.astype(float)


def _judge(rows: pd.DataFrame, below_rate: float, above_rate: float) -> pd.DataFrame:
    expected = rows["demand_qty"] * rows["share_rate"]
    change = rows["ordered_qty"] - expected
    rate = change / expected.where(expected > 0)
    state = pd.Series("inside", index=rows.index).mask(rate < -below_rate, "below")
    state = state.mask(rate > above_rate, "above").mask(rate.isna(), "none")
    share = rows["share_rate"]
    return rows.assign(
        expected_qty=expected,
        change_qty=change,
        change_rate=rate,
        month_qty=rows["ordered_qty"] / share.where(share > 0),
        state=state,
    )
