"""The bridge of a fiscal year, of budgeted years ahead, and of later months against last year."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from sopkit.finance.bridge.leaves import (
    join_leaves,
    refer_to_budget,
    refer_to_last_year,
    sum_items,
)
from sopkit.finance.bridge.outlook import find_compared_months
from sopkit.finance.bridge.parts import LEAF_PARTS, ORDER
from sopkit.finance.bridge.split import split_leaves
from sopkit.periods import fiscal_year
from sopkit.tables import ALL, TABLES

YEAR = [
    "fiscal_year",
    "first_period",
    "last_period",
    "month_count",
    "actual_count",
    "budget_count",
    "budget_value",
    "plan_value",
    "gap_value",
    "gap_rate",
]
ONE_OFF = ["family", "period", "part", "cost_value"]
CELL = ["family", "period", "part"]


def bridge_budget(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: Iterable[pd.Timestamp],
    year: int,
    one_off: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Explain the gap from budget to plan by parts that sum to it exactly, in every cell.

    The parts and their order stand in `split_leaves`; one-offs follow, then the plan.

    Args:
        outlook: what `to_outlook` returned; with `exchange_value`, the exchange rate is a part.
        budget: contract `budget`; where its margin is blank, budget value less standard cost.
        item: contract `item`, for family and base unit.
        cost: contract `cost`.
        months: the months compared, from `find_compared_months`.
        year: fiscal year, written into the result.
        one_off: `family`, `period`, `part` (overtime, copacker, write_off), `cost_value`.

    Returns:
        Contract `budget_gap`: a row per family, month and part that is not nothing, with
        `margin_value` and `revenue_value`; plan = sum of the other parts. `budget` and `plan`
        stand in every cell.

    Example:
        Budget 10 units at margin 4, demand 12, all served at the same price and cost: budget 40,
        volume 8, plan 48.
    """
    leaves = bridge_leaves(outlook, budget, item, cost, months)
    return sum_leaves(leaves, year, one_off, "budget")


def bridge_leaves(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: Iterable[pd.Timestamp],
) -> pd.DataFrame:
    """Return the bridge to budget at its leaves, for drilling down: see `split_leaves`."""
    wanted = pd.DatetimeIndex(list(months))
    reference = refer_to_budget(budget, item, cost, wanted)
    return split_leaves(join_leaves(outlook, reference, item, wanted))


def sum_leaves(
    leaves: pd.DataFrame, year: int, one_off: pd.DataFrame | None = None, against: str = "budget"
) -> pd.DataFrame:
    """Add the leaves' contributions up to families, put one-offs beside them: `budget_gap`."""
    names = ["budget", *LEAF_PARTS, "plan"]
    sums = leaves.groupby(["family", "period", "basis"])[names].sum()
    long = sums.melt(ignore_index=False, var_name="part", value_name="amount").reset_index()
    wide = long.pivot_table("amount", CELL, "basis", "sum").reset_index()
    wide = wide.rename(columns={"margin": "margin_value", "revenue": "revenue_value"})
    wide = wide.reindex(columns=[*CELL, "margin_value", "revenue_value"])
    if one_off is not None and len(one_off):
        extra = _to_extra(one_off)
        wide = pd.concat([wide, extra], ignore_index=True).groupby(CELL, as_index=False).sum()
    told = (wide[["margin_value", "revenue_value"]] != 0).any(axis=1)
    wide = wide[told | wide["part"].isin(["budget", "plan"])]
    wide = wide.assign(fiscal_year=year, against=against, order=wide["part"].map(ORDER))
    wide = wide.sort_values(["family", "period", "order"], kind="stable", ignore_index=True)
    return wide[["fiscal_year", "against", *CELL, "margin_value", "revenue_value"]]


def _to_extra(one_off: pd.DataFrame) -> pd.DataFrame:
    rows = one_off.assign(margin_value=-one_off["cost_value"], revenue_value=0.0)
    rows = pd.concat([rows, rows.assign(part="plan")], ignore_index=True)
    return rows[[*CELL, "margin_value", "revenue_value"]]


def bridge_years(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    cycle_period: pd.Timestamp,
    start_month: int = 1,
    overtime_value: pd.Series | None = None,
    one_off: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bridge the running fiscal year and each later one that has a budget.

    Args:
        outlook, budget, item, cost: as in `bridge_budget`.
        cycle_period: first planned month.
        start_month: month in which the fiscal year begins.
        overtime_value: cost of the plan's overtime, by period; belongs to no family.
        one_off: other one-offs, as in `bridge_budget`.

    Returns:
        Contract `budget_gap` over these years; and what was compared, a row a year:
        `fiscal_year`, `first_period`, `last_period`, `month_count`, `actual_count` (months of
        them that are actual), `budget_count` (months the budget has), `budget_value`,
        `plan_value`, `gap_value` (margin), `gap_rate` = gap / budget. Years without a month in
        common are left out; both are empty without a budget.
    """
    first_year, outlook = fiscal_year(cycle_period, start_month), sum_items(outlook)
    years = sorted({fiscal_year(month, start_month) for month in budget["period"].unique()})
    extra = join_one_offs(overtime_value, one_off)
    bridges = []
    for year in (year for year in years if year >= first_year):
        months = find_compared_months(budget, outlook, year, start_month)
        if months.empty:
            continue
        own = extra[extra["period"].isin(months)]
        bridges.append(bridge_budget(outlook, budget, item, cost, months, year, own))
    gap = _join_years(bridges)
    return gap, describe_years(gap, budget, cycle_period, start_month)


def bridge_last_year(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cycle_period: pd.Timestamp,
    start_month: int = 1,
    overtime_value: pd.Series | None = None,
    one_off: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bridge the planned months that have no budget against the same months a year before.

    The other side is what came then, or what is planned for then; its one-offs are not known, so
    this year's count in full.

    Returns:
        As `bridge_years`, with `against` = last_year; part `budget` is last year's margin.

    Example:
        Budget to December 2027, plan to April 2028: January to April 2028 against 2027.
    """
    outlook = sum_items(outlook)
    ahead = outlook.loc[outlook["period"] >= cycle_period, "period"].unique()
    told = set(outlook["period"] + pd.DateOffset(years=1)) - set(budget["period"])
    wanted = sorted(month for month in ahead if month in told)
    extra = join_one_offs(overtime_value, one_off)
    bridges = []
    for year in sorted({fiscal_year(month, start_month) for month in wanted}):
        own = [month for month in wanted if fiscal_year(month, start_month) == year]
        months = pd.DatetimeIndex(own, name="period")
        reference = refer_to_last_year(outlook, item, months)
        leaves = split_leaves(join_leaves(outlook, reference, item, months))
        own_extra = extra[extra["period"].isin(months)]
        bridges.append(sum_leaves(leaves, year, own_extra, "last_year"))
    gap = _join_years(bridges)
    return gap, describe_years(gap, budget.iloc[:0], cycle_period, start_month, "last_year")


def join_one_offs(
    overtime_value: pd.Series | None, one_off: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Put overtime by period and other one-offs into one table; overtime's family is `all`."""
    rows = [pd.DataFrame(columns=ONE_OFF)] if one_off is None else [one_off[ONE_OFF]]
    if overtime_value is not None and (overtime_value != 0).any():
        paid = overtime_value[overtime_value != 0]
        values = {"family": ALL, "period": paid.index, "part": "overtime"}
        rows.append(pd.DataFrame({**values, "cost_value": paid.to_numpy()}))
    kept = [part for part in rows if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else rows[0]


def _join_years(bridges: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(bridges, ignore_index=True) if bridges else TABLES["budget_gap"].empty()


def describe_years(
    budget_gap: pd.DataFrame,
    budget: pd.DataFrame,
    cycle_period: pd.Timestamp,
    start_month: int = 1,
    against: str = "budget",
) -> pd.DataFrame:
    """Return what a bridge compares, a row a year, as `bridge_years` tells it.

    Args:
        budget_gap: contract `budget_gap`.
        budget: contract `budget`, for the months it has.
        cycle_period: first planned month; months before are actual.
        start_month: month in which the fiscal year begins.
        against: budget or last_year.
    """
    rows = budget_gap[budget_gap["against"] == against]
    given = pd.Series([fiscal_year(m, start_month) for m in budget["period"].unique()], dtype=int)
    sums = rows.pivot_table("margin_value", "fiscal_year", "part", "sum", fill_value=0.0)
    months = rows.drop_duplicates(["fiscal_year", "period"])
    counts = months.assign(is_actual=months["period"] < cycle_period).groupby("fiscal_year")
    facts = counts.agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        month_count=("period", "size"),
        actual_count=("is_actual", "sum"),
    )
    sums = sums.reindex(columns=["budget", "plan"]).add_suffix("_value")
    table = facts.join(sums).assign(budget_count=given.value_counts())
    table["budget_count"] = table["budget_count"].fillna(0).astype(int)
    table["gap_value"] = table["plan_value"] - table["budget_value"]
    table["gap_rate"] = table["gap_value"] / table["budget_value"].where(table["budget_value"] != 0)
    return table.reset_index()[YEAR]


def find_lead_year(years: pd.DataFrame) -> dict[str, Any]:
    """Return the year with most months still to go: the one that decisions can change most.

    Args:
        years: what `bridge_years` described.

    Returns:
        Its row; a gap of 0 and year 0 where nothing was compared.
    """
    if years.empty:
        return {"fiscal_year": 0, "gap_value": 0.0, "gap_rate": 0.0}
    ahead = years["month_count"] - years["actual_count"]
    lead = years.iloc[[int(ahead.to_numpy().argmax())]]
    return {str(name): value for name, value in lead.to_dict("records")[0].items()}
