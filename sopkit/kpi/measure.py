"""The measures: each returns rows of the contract `kpi_value` without band and verdict.

A KPI that cannot be measured returns one row with the reason in `why_blank`, a word of the page.
"""

from __future__ import annotations

import pandas as pd

from sopkit.accuracy import bias_rate, forecast_accuracy
from sopkit.kpi.registry import REGISTRY
from sopkit.periods import DAYS_PER_MONTH, add_months, months_between, to_period
from sopkit.tables import PLACE

MEASURED = ["kpi", "level", "lag", "period", "kpi_number", "n", "why_blank"]


def blank_kpi(name: str, period: pd.Timestamp, reason: str) -> pd.DataFrame:
    """Return the row of a KPI that cannot be measured, with the reason (a word of the page)."""
    return _rows(name, [period], [float("nan")], [0], reason=reason)


def _rows(
    name: str,
    periods: object,
    numbers: object,
    counts: object,
    lags: object = 0,
    reason: str | None = None,
) -> pd.DataFrame:
    frame = pd.DataFrame({"period": periods, "kpi_number": numbers, "n": counts, "lag": lags})
    frame = frame.assign(kpi=name, level=REGISTRY[name].level, why_blank=reason)
    return frame.astype({"n": "int64", "lag": "int64"})[MEASURED]


def measure_forecast(backtest: pd.DataFrame, lag: int, period: pd.Timestamp) -> pd.DataFrame:
    """Measure accuracy and bias of the baseline, from its backtest.

    Args:
        backtest: contract `backtest`.
        lag: lag of the figure: pooled over all cutoffs.
        period: month the figure is dated for: the last of history.

    Returns:
        For `accuracy` = max(0, 1 - WAPE) and `bias`: the figure at `lag`, then a row for each of
        the last 12 months, each at the shortest lag the backtest has for it.
    """
    if backtest.empty:
        return pd.concat([blank_kpi(name, period, "no_backtest") for name in ("accuracy", "bias")])
    pooled = backtest[backtest["lag"] == lag].assign(period=period)
    monthly = backtest[backtest["period"] > add_months(period, -12)]
    shortest = monthly["lag"] == monthly.groupby("period")["lag"].transform("min")
    cells = pd.concat([pooled, monthly[shortest]], keys=["figure", "month"]).reset_index(level=0)
    rows = []
    for (_, lag_of, month), part in cells.groupby(["level_0", "lag", "period"], sort=True):
        actual, forecast = part["actual_qty"], part["forecast_qty"]
        figures = {
            "accuracy": forecast_accuracy(forecast, actual),
            "bias": bias_rate(forecast, actual),
        }
        rows += [
            _rows(name, [month], [number], [len(part)], lag_of) for name, number in figures.items()
        ]
    return pd.concat(rows, ignore_index=True)


def measure_otif(
    lines: pd.DataFrame, period: pd.Timestamp, months: int = 12, tolerance_days: int = 0
) -> pd.DataFrame:
    """Measure lines on time and in full, by the month in which they were due.

    A line is due on its requested day (the order day where none was named) and kept when its last
    shipment left by then with all that was not cancelled. Lines cancelled whole are left out.

    Args:
        lines: contract `sales_order_line`.
        period: last month measured.
        months: how many months.
        tolerance_days: days a line may be late and still count.

    Example:
        Two lines due in October, one shipped whole on its day, one three days late: 0.5.
    """
    wanted = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0)
    due = lines["requested_date"].fillna(lines["order_date"])
    month = to_period(due)
    counted = (wanted > 0) & (month <= period) & (month > add_months(period, -months))
    if not counted.any():
        return blank_kpi("otif", period, "no_order_lines")
    on_time = lines["shipped_date"] <= due + pd.Timedelta(days=tolerance_days)
    kept = (on_time & (lines["shipped_qty"] >= wanted - 1e-9))[counted].astype(float)
    by_month = kept.groupby(month[counted]).agg(["mean", "size"])
    return _rows("otif", by_month.index, by_month["mean"].to_numpy(), by_month["size"].to_numpy())


def measure_turns(
    stock_value: pd.Series, sold_value: pd.Series, period: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """Measure inventory turns: cost of goods sold of 12 months / mean of the 13 month-ends.

    Args:
        stock_value: stock at standard cost by month-end, indexed by period.
        sold_value: cost of goods sold by period.
        period: last month measured.
        months: how many months to look back for.

    Example:
        Stock always 100, cost of goods sold 50 a month: 600 / 100 = 6 turns.
    """
    calendar = pd.date_range(end=period, periods=months + 12, freq="MS")
    stock = stock_value.reindex(calendar)
    sold = sold_value.reindex(calendar)
    turns = sold.rolling(12, min_periods=12).sum() / stock.rolling(13, min_periods=13).mean()
    turns = turns.iloc[-months:].dropna()
    if period not in turns.index:
        return blank_kpi("turns", period, "no_stock_history")
    return _rows("turns", turns.index, turns.to_numpy(), 13)


def measure_cover(
    stock_value: pd.Series, demand_value: pd.Series, period: pd.Timestamp, forward_months: int = 3
) -> pd.DataFrame:
    """Measure days of supply: stock / forward demand per day, both at standard cost.

    Args:
        stock_value: stock at month-end by period; the opening stock of the cycle stands at
            `period`.
        demand_value: demand by period: ordered, then agreed.
        period: last month measured: the last of history.
        forward_months: months of demand after the month-end.

    Example:
        Stock 100, demand 50 a month: 100 / (150 / 91.2 days) = 60.8 days.
    """
    months = stock_value.index[stock_value.index <= period].sort_values()[-12:]
    if period not in months:
        return blank_kpi("cover_days", period, "no_stock")
    spans = [
        demand_value.reindex(pd.date_range(add_months(month, 1), periods=forward_months, freq="MS"))
        for month in months
    ]
    daily = pd.Series(
        [span.sum(skipna=False) / (forward_months * DAYS_PER_MONTH) for span in spans], index=months
    )
    cover = (stock_value.reindex(months) / daily.where(daily > 0)).dropna()
    if period not in cover.index:
        return blank_kpi("cover_days", period, "no_demand")
    return _rows("cover_days", cover.index, cover.to_numpy(), forward_months)


def measure_excess(
    excess_value: float, stock_value: float, count: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure excess stock as a share of all stock, at standard cost.

    Example:
        Stock 200, of which 30 above target and coming demand: 0.15.
    """
    if stock_value <= 0:
        return blank_kpi("excess", period, "no_stock")
    return _rows("excess", [period], [excess_value / stock_value], [count])


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
    return _rows("nervousness", [last_month], [number], [len(used)])


def measure_adherence(
    made: pd.DataFrame, planned: pd.DataFrame, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure how closely production kept to its plan: 1 - sum |made - plan| / sum plan, floor 0.

    Items whose production is recorded count; over and under do not cancel out.

    Args:
        made: contract `production_actual`.
        planned: `item`, `period`, `supply_qty` planned in the last cycle.
        period: the month just ended.

    Example:
        Planned 100 and 50, made 90 and 60: 1 - 20 / 150 = 0.867.
    """
    made = made[made["period"] == period]
    planned = planned[(planned["period"] == period) & planned["supply_qty"].notna()]
    if planned.empty:
        return blank_kpi("adherence", period, "second_cycle")
    if made.empty:
        return blank_kpi("adherence", period, "no_production")
    now = made.groupby("item")["made_qty"].sum()
    then = planned.groupby("item")["supply_qty"].sum().reindex(now.index)
    both = pd.DataFrame({"made": now, "plan": then}).fillna(0.0)
    total = both["plan"].sum()
    if total <= 0:
        return blank_kpi("adherence", period, "second_cycle")
    number = max(0.0, 1.0 - (both["made"] - both["plan"]).abs().sum() / total)
    return _rows("adherence", [period], [number], [len(both)])
