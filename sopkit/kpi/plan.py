"""KPI of the plan: nervousness, adherence, capacity, risk, gap to budget."""

from __future__ import annotations

import pandas as pd

from sopkit.accuracy import adherence, attainment
from sopkit.kpi.rows import blank_kpi, to_rows
from sopkit.periods import add_months, months_between
from sopkit.tables import PLACE

ADHERENCE = ("adherence", "adherence_over", "adherence_under", "attainment")


def measure_nervousness(
    plan: pd.DataFrame,
    past: pd.DataFrame,
    cycle_period: pd.Timestamp,
    months: int = 6,
    fence_months: int = 1,
) -> pd.DataFrame:
    """Measure how much the plan moved since last cycle: sum w |P - P last| / sum w P last.

    w is 1 inside the fence, then 1/2, 1/3, ... month by month.

    Args:
        plan: `item`, `location`, `period`, `plan_qty` of this cycle.
        past: the same of the last cycle; empty in the first cycle.
        cycle_period: first planned month.
        months: months compared, from `cycle_period` on; only those that both plans have.
        fence_months: months inside the fence.

    Example:
        Last plan 100 and 100, now 110 and 80: (1 x 10 + 1/2 x 20) / 150 = 0.133.
    """
    last_month = add_months(cycle_period, -1)
    if past.empty:
        return blank_kpi("nervousness", last_month, "second_cycle")
    keys = [*PLACE, "period"]
    now = plan.groupby(keys)["plan_qty"].sum()
    then = past.groupby(keys)["plan_qty"].sum()
    both = pd.concat({"now": now, "then": then}, axis=1).fillna(0.0).reset_index()
    shared = set(plan["period"]) & set(past["period"])
    ahead = months_between(pd.Series(cycle_period, index=both.index), both["period"])
    used = both[both["period"].isin(shared) & ahead.between(0, months - 1)]
    weight = 1.0 / (ahead[used.index] - fence_months + 2).clip(lower=1)
    total = (weight * used["then"]).sum()
    if total <= 0:
        return blank_kpi("nervousness", last_month, "second_cycle")
    number = (weight * (used["now"] - used["then"]).abs()).sum() / total
    return to_rows("nervousness", [last_month], [number], [len(used)])


def measure_adherence(
    made: pd.DataFrame, planned: pd.DataFrame, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure how closely production kept to its plan: 1 - sum |made - plan| / sum plan, floor 0.

    Items whose production is recorded count; over and under do not cancel out, and stand beside
    it: adherence = 1 - over - under where it is above 0. Attainment = sum min(made, plan) / plan.

    Args:
        made: contract `production_actual`.
        planned: `item`, `period`, `supply_qty` planned in the last cycle.
        period: the month just ended.

    Example:
        Planned 100 and 50, made 90 and 60: 1 - 20 / 150 = 0.867, over and under 10 / 150 each,
        attainment 140 / 150.
    """
    made = made[made["period"] == period]
    planned = planned[(planned["period"] == period) & planned["supply_qty"].notna()]
    if planned.empty:
        return _blank_all(ADHERENCE, period, "second_cycle")
    if made.empty:
        return _blank_all(ADHERENCE, period, "no_production")
    now = made.groupby("item")["made_qty"].sum()
    then = planned.groupby("item")["supply_qty"].sum().reindex(now.index).fillna(0.0)
    total = then.sum()
    if total <= 0:
        return _blank_all(ADHERENCE, period, "second_cycle")
    numbers = (
        adherence(now, then),
        (now - then).clip(lower=0).sum() / total,
        (then - now).clip(lower=0).sum() / total,
        attainment(now, then),
    )
    rows = [
        to_rows(name, [period], [number], [len(now)])
        for name, number in zip(ADHERENCE, numbers, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)


def measure_utilisation(
    plan_resource: pd.DataFrame, cycle_period: pd.Timestamp, months: int = 3
) -> pd.DataFrame:
    """Measure load with set-ups / hours available in the coming months: regular, with overtime.

    Args:
        plan_resource: contract `plan_resource`.
        cycle_period: first planned month.
        months: how many months.

    Example:
        Load 90 of 100 regular and 20 overtime hours: 0.9 and 0.75.
    """
    last = add_months(cycle_period, -1)
    near = plan_resource[
        plan_resource["period"].between(cycle_period, add_months(cycle_period, months - 1))
    ]
    sums = near[["load_hours", "regular_hours", "overtime_hours"]].sum()
    names = ("utilisation", "utilisation_overtime")
    if sums["regular_hours"] <= 0:
        return _blank_all(names, last, "no_capacity")
    hours = (sums["regular_hours"], sums["regular_hours"] + sums["overtime_hours"])
    rows = [
        to_rows(name, [last], [sums["load_hours"] / one], [len(near)])
        for name, one in zip(names, hours, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)


def measure_overload(
    capacity_load: pd.DataFrame, cycle_period: pd.Timestamp, months: int = 6
) -> pd.DataFrame:
    """Measure the largest share of demand draws that overload a resource in a coming month."""
    last = add_months(cycle_period, -1)
    near = capacity_load[
        capacity_load["period"].between(cycle_period, add_months(cycle_period, months - 1))
    ]
    known = near["overload_rate"].dropna() if "overload_rate" in near else pd.Series(dtype=float)
    if known.empty:
        return blank_kpi("overload", last, "no_capacity")
    return to_rows("overload", [last], [known.max()], [len(known)])


def measure_at_risk(plan: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Measure revenue the plan does not serve: demand at net price less revenue of the plan.

    Args:
        plan: contract `consensus_plan` with `demand_value` (agreed demand at net price).
        period: month the figure is dated for.
    """
    if plan.empty:
        return blank_kpi("revenue_at_risk", period, "no_demand")
    lost = (plan["demand_value"] - plan["revenue_value"]).clip(lower=0.0)
    count = int((plan["short_qty"] > 1e-6).sum())
    return to_rows("revenue_at_risk", [period], [float(lost.sum())], [count])


def measure_budget_gap(years: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Measure (plan - budget) / budget of the first fiscal year that has months to go.

    Args:
        years: what `finance.bridge_years` described.
        period: month the figure is dated for.
    """
    known = years[years["gap_rate"].notna()]
    if known.empty:
        return blank_kpi("budget_gap", period, "no_budget")
    first = known.iloc[0]
    return to_rows("budget_gap", [period], [first["gap_rate"]], [int(first["month_count"])])


def _blank_all(names: tuple[str, ...], period: pd.Timestamp, reason: str) -> pd.DataFrame:
    return pd.concat([blank_kpi(name, period, reason) for name in names], ignore_index=True)
