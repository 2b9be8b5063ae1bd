"""KPI of stock and money: turns, cover, excess, carrying cost, supply cost, margin."""

from __future__ import annotations

import pandas as pd

from sopkit.kpi.rows import blank_kpi, to_rows
from sopkit.periods import DAYS_PER_MONTH, add_months

PENALTIES = (
    *("after_horizon", "below_target", "change", "fair", "late", "preference", "short"),
    *("revenue", "swing", "gap"),
)


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
    return to_rows("turns", turns.index, turns.to_numpy(), 13)


def measure_cover(
    stock_value: pd.Series,
    demand_value: pd.Series,
    period: pd.Timestamp,
    forward_months: int = 3,
    months: int = 24,
) -> pd.DataFrame:
    """Measure days of supply: stock / forward demand per day, both at standard cost.

    Args:
        stock_value: stock at month-end by period; the opening stock of the cycle stands at
            `period`.
        demand_value: demand by period: ordered, then agreed.
        period: last month measured: the last of history.
        forward_months: months of demand after the month-end.
        months: how many months to look back for.

    Example:
        Stock 100, demand 50 a month: 100 / (150 / 91.2 days) = 60.8 days.
    """
    ends = stock_value.index[stock_value.index <= period].sort_values()[-months:]
    if period not in ends:
        return blank_kpi("cover_days", period, "no_stock")
    spans = [
        demand_value.reindex(pd.date_range(add_months(month, 1), periods=forward_months, freq="MS"))
        for month in ends
    ]
    daily = pd.Series(
        [span.sum(skipna=False) / (forward_months * DAYS_PER_MONTH) for span in spans], index=ends
    )
    cover = (stock_value.reindex(ends) / daily.where(daily > 0)).dropna()
    if period not in cover.index:
        return blank_kpi("cover_days", period, "no_demand")
    return to_rows("cover_days", cover.index, cover.to_numpy(), forward_months)


def measure_period_of_cover(
    stock_value: pd.Series, demand_value: pd.Series, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure days until the stock on hand alone reaches 0, demand taken evenly over each month.

    Args:
        stock_value: stock at month-end by period, at standard cost; the one at `period` counts.
        demand_value: demand by period, at standard cost.
        period: last month of history.

    Returns:
        One row; `n` is the months used up. Blank where demand that is known does not use it up.

    Example:
        Stock 100, demand 50, 40, 40: all of two months and a quarter of the third: 68.4 days.
    """
    if period not in stock_value.index:
        return blank_kpi("period_of_cover", period, "no_stock")
    stock = float(stock_value[period])
    ahead = demand_value[demand_value.index > period].sort_index()
    before = ahead.cumsum() - ahead
    used = ((stock - before) / ahead.where(ahead > 0)).clip(0.0, 1.0).fillna(1.0)
    if ahead.sum() < stock or ahead.empty:
        return blank_kpi("period_of_cover", period, "no_demand")
    whole = used.where(before < stock, 0.0)
    days = float(whole.sum()) * DAYS_PER_MONTH
    return to_rows("period_of_cover", [period], [days], [int((whole > 0).sum())])


def measure_excess(
    excess_value: float, stock_value: float, count: int, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure excess stock as a share of all stock, at standard cost.

    Example:
        Stock 200, of which 30 above target and coming demand: 0.15.
    """
    if stock_value <= 0:
        return blank_kpi("excess", period, "no_stock")
    return to_rows("excess", [period], [excess_value / stock_value], [count])


def measure_carrying_cost(
    stock_value: pd.Series, holding_rate: float, period: pd.Timestamp, months: int = 24
) -> pd.DataFrame:
    """Measure what stock costs a month: stock at standard cost x holding rate / 12.

    Args:
        stock_value: stock by month-end, at standard cost.
        holding_rate: cost of holding a unit of money for a year; 0.2 is 20 %.
        period: last month measured.
        months: how many months.

    Example:
        Stock 600 at 20 % a year: 10 a month.
    """
    known = stock_value[stock_value.index <= period].sort_index().iloc[-months:]
    if known.empty:
        return blank_kpi("carrying_cost", period, "no_month_ends")
    values = known.to_numpy() * holding_rate / 12
    return to_rows("carrying_cost", known.index, values, 1)


def measure_supply_cost(
    scenario_cost: pd.DataFrame, period: pd.Timestamp, scenario: str = "base"
) -> pd.DataFrame:
    """Measure the cost of the plan as a share of the revenue it serves, over all months solved.

    Args:
        scenario_cost: contract `scenario_cost`; its term `revenue` is below 0. Terms that are
            penalties, not money, are left out.
        period: month the figure is dated for.
        scenario: the scenario measured.

    Example:
        Make 60, buy 10, late (a penalty) 5, revenue -100: 0.7.
    """
    rows = scenario_cost[scenario_cost["scenario"] == scenario]
    revenue = -rows.loc[rows["term"] == "revenue", "cost_value"].sum()
    paid = rows[~rows["term"].isin(PENALTIES)]
    if paid.empty or revenue <= 0:
        return blank_kpi("supply_cost_rate", period, "no_plan_cost")
    number = paid["cost_value"].sum() / revenue
    return to_rows("supply_cost_rate", [period], [number], [len(paid)])


def measure_margin_rate(
    outlook: pd.DataFrame, cost: pd.DataFrame, period: pd.Timestamp, months: int = 24
) -> pd.DataFrame:
    """Measure (net revenue - returns - standard cost) / net revenue of past months.

    Args:
        outlook: actual to date and plan to go: `period`, `revenue_value`, `cost_value`,
            `return_value`, `source`.
        cost: contract `cost`; without any there is no margin.
        period: last month measured.
        months: how many months.
    """
    past = outlook[(outlook["source"] == "actual") & (outlook["period"] <= period)]
    sums = past.groupby("period")[["revenue_value", "cost_value", "return_value"]].sum()
    sums = sums[sums["revenue_value"] > 0].iloc[-months:]
    if cost.empty:
        return blank_kpi("margin_rate", period, "no_cost")
    if sums.empty:
        return blank_kpi("margin_rate", period, "no_demand")
    margin = sums["revenue_value"] - sums["return_value"] - sums["cost_value"]
    return to_rows("margin_rate", sums.index, (margin / sums["revenue_value"]).to_numpy(), 1)
