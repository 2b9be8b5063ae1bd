"""From budget to plan: actual to date and plan to go against the fiscal year's budget."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from sopkit.finance.money import cost_demand
from sopkit.periods import fiscal_year
from sopkit.tables import ALL, TABLES

PARTS = (
    "budget",
    "volume",
    "mix",
    "new_ended",
    "supply_lost",
    "price",
    "cost",
    "returns",
    "overtime",
    "plan",
)
LEAF_PARTS = PARTS[1:-2]
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


def to_outlook(
    history: pd.DataFrame, plan: pd.DataFrame, cost: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    """Put actual to date and plan to go into one table.

    Args:
        history: contract `demand_history`; months before the cycle count.
        plan: contract `consensus_plan`; the cycle's month and later count.
        cost: contract `cost`, for the past; the plan brings its own margin.
        cycle_period: first planned month.

    Returns:
        `item`, `location`, `customer`, `period`, `demand_qty` (ordered, then agreed demand),
        `plan_qty` (ordered, then planned to be served), `revenue_value`, `cost_value`,
        `return_value`, `source` (actual or plan).

    Example:
        Ordered 5 in October, 7 planned of 8 wanted in November: plan_qty 5 then 7, demand_qty 5
        then 8.
    """
    past = history[history["period"] < cycle_period]
    past = past.rename(columns={"actual_qty": "demand_qty"}).assign(
        plan_qty=lambda rows: rows["demand_qty"],
        cost_value=cost_demand(past, cost, "actual_qty"),
        source="actual",
    )
    ahead = plan[plan["period"] >= cycle_period]
    ahead = ahead.assign(
        cost_value=ahead["revenue_value"] - ahead["margin_value"],
        return_value=0.0,
        source="plan",
    )
    columns = [
        *("item", "location", "customer", "period", "demand_qty", "plan_qty"),
        *("revenue_value", "cost_value", "return_value", "source"),
    ]
    kept = [part[columns] for part in (past, ahead) if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else past[columns]


def find_compared_months(
    budget: pd.DataFrame, outlook: pd.DataFrame, year: int, start_month: int = 1
) -> pd.DatetimeIndex:
    """Return the months of a fiscal year for which both budget and outlook have numbers.

    Example:
        Budget January to December, outlook from March on: March to December.
    """
    both = set(budget["period"]) & set(outlook["period"])
    months = [month for month in both if fiscal_year(month, start_month) == year]
    return pd.DatetimeIndex(sorted(months), name="period")


def bridge_budget(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: Iterable[pd.Timestamp],
    year: int,
    overtime_value: float = 0.0,
) -> pd.DataFrame:
    """Explain the gap from budget to plan by parts that sum to it exactly.

    Per item, with budget margin m (or price) a unit and Q the total of the items that are in both:
    volume = (Q_demand / Q_budget - 1) x q_budget x m; mix = (q_demand - q_budget x Q_demand /
    Q_budget) x m; supply lost = (q_plan - q_demand) x m; price and cost on plan quantity, in this
    order. Items that only one side has stand in `new_ended` whole. Q is counted in base units
    where all items share one, else in money at budget price. Returned goods and the plan's
    overtime stand apart; shifts between months of the year cancel out. Source: the formulas'
    page, budget bridge.

    Args:
        outlook: what `to_outlook` returned.
        budget: contract `budget`; where its margin is blank, budget value less standard cost.
        item: contract `item`, for family and base unit.
        cost: contract `cost`.
        months: the months compared, from `find_compared_months`.
        year: fiscal year, written into the result.
        overtime_value: cost of the plan's overtime in these months; family `all`.

    Returns:
        Contract `budget_gap`: a row per family and part, with `margin_value` and `revenue_value`;
        plan = sum of the other parts, and `plan` - `budget` = sum of the parts between.

    Example:
        Budget 10 units at margin 4, demand 12, all served at the same price and cost: budget 40,
        volume 8, plan 48.
    """
    leaf = _to_leaf(outlook, budget, item, cost, pd.DatetimeIndex(list(months)))
    parts = _split_leaf(leaf)
    long = parts.melt(
        ["item", "family", "basis"], list(LEAF_PARTS), var_name="part", value_name="amount"
    )
    ends = [
        _ends(leaf, "budget", "budget_margin_value", "budget_value"),
        _ends(leaf, "plan", "margin_value", "net_revenue_value"),
    ]
    sums = long.pivot_table("amount", ["family", "part"], "basis", "sum").reset_index()
    sums = sums.rename(columns={"margin": "margin_value", "revenue": "revenue_value"})
    table = pd.concat([*ends, sums], ignore_index=True)
    if overtime_value:
        table = pd.concat([table, _overtime_rows(overtime_value)], ignore_index=True)
    order = table["part"].map({part: place for place, part in enumerate(PARTS)})
    table = table.assign(fiscal_year=year, order=order)
    table = table.sort_values(["family", "order"], kind="stable", ignore_index=True)
    return table[["fiscal_year", "family", "part", "margin_value", "revenue_value"]]


def bridge_years(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    cycle_period: pd.Timestamp,
    start_month: int = 1,
    overtime_value: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bridge the running fiscal year and each later one that has a budget.

    Args:
        outlook, budget, item, cost: as in `bridge_budget`.
        cycle_period: first planned month.
        start_month: month in which the fiscal year begins.
        overtime_value: cost of the plan's overtime, by period.

    Returns:
        Contract `budget_gap` over these years; and what was compared, a row a year:
        `fiscal_year`, `first_period`, `last_period`, `month_count`, `actual_count` (months of
        them that are actual), `budget_count` (months the budget has), `budget_value`,
        `plan_value`, `gap_value` (margin), `gap_rate` = gap / budget. Years without a month in
        common are left out; both are empty without a budget.
    """
    first_year = fiscal_year(cycle_period, start_month)
    extra = pd.Series(dtype=float) if overtime_value is None else overtime_value
    years = sorted({fiscal_year(month, start_month) for month in budget["period"].unique()})
    bridges, compared = [], []
    for year in (year for year in years if year >= first_year):
        months = find_compared_months(budget, outlook, year, start_month)
        if months.empty:
            continue
        premium = float(extra[extra.index.isin(months)].sum())
        parts = bridge_budget(outlook, budget, item, cost, months, year, premium)
        bridges.append(parts)
        compared.append(_describe_year(parts, budget, months, year, cycle_period, start_month))
    if not bridges:
        return TABLES["budget_gap"].empty(), pd.DataFrame(columns=YEAR)
    return pd.concat(bridges, ignore_index=True), pd.DataFrame(compared, columns=YEAR)


def _describe_year(
    parts: pd.DataFrame,
    budget: pd.DataFrame,
    months: pd.DatetimeIndex,
    year: int,
    cycle_period: pd.Timestamp,
    start_month: int,
) -> dict[str, object]:
    sums = parts.groupby("part")["margin_value"].sum()
    given = {m for m in budget["period"].unique() if fiscal_year(m, start_month) == year}
    gap = sums["plan"] - sums["budget"]
    return {
        "fiscal_year": year,
        "first_period": months[0],
        "last_period": months[-1],
        "month_count": len(months),
        "actual_count": int((months < cycle_period).sum()),
        "budget_count": len(given),
        "budget_value": sums["budget"],
        "plan_value": sums["plan"],
        "gap_value": gap,
        "gap_rate": gap / sums["budget"] if sums["budget"] else float("nan"),
    }


def sum_bridge(budget_gap: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the bridge of a year over all families, its parts in the order of the bridge."""
    rows = budget_gap[budget_gap["fiscal_year"] == year]
    sums = rows.groupby("part", as_index=False)[["margin_value", "revenue_value"]].sum()
    order = sums["part"].map({part: place for place, part in enumerate(PARTS)})
    return sums.assign(order=order).sort_values("order", ignore_index=True).drop(columns="order")


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


def check_bridge(budget_gap: pd.DataFrame) -> float:
    """Return the largest difference of plan - budget and the sum of the parts; 0 when right."""
    keys = ["fiscal_year", "family"]
    signs = budget_gap["part"].map({"plan": 1.0}).fillna(-1.0)
    residual = (signs * budget_gap["margin_value"]).groupby([budget_gap[k] for k in keys]).sum()
    return float(residual.abs().max()) if len(residual) else 0.0


def spread_bridge(budget_gap: pd.DataFrame) -> pd.DataFrame:
    """Return the bridge for display: a row a year and family, a column a part (margin).

    Returns:
        `fiscal_year`, `family`, the parts that are not nothing everywhere, budget first and plan
        last, and `gap_value` = plan - budget; by year, the largest gap first.
    """
    keys = ["fiscal_year", "family"]
    wide = budget_gap.pivot_table("margin_value", keys, "part", "sum", fill_value=0.0)
    wide = wide.reindex(columns=list(PARTS), fill_value=0.0)
    telling = [part for part in (*LEAF_PARTS, "overtime") if wide[part].abs().max() > 0.005]
    wide = wide[["budget", *telling, "plan"]].assign(gap_value=wide["plan"] - wide["budget"])
    wide = wide.reset_index().assign(size=lambda rows: -rows["gap_value"].abs())
    wide.columns.name = None
    wide = wide.sort_values(["fiscal_year", "size"], kind="stable", ignore_index=True)
    return wide.drop(columns="size")


def _overtime_rows(overtime_value: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": ALL,
            "part": ["overtime", "plan"],
            "margin_value": -overtime_value,
            "revenue_value": 0.0,
        }
    )


def _ends(leaf: pd.DataFrame, part: str, margin: str, revenue: str) -> pd.DataFrame:
    sums = leaf.groupby("family", as_index=False)[[margin, revenue]].sum()
    sums = sums.rename(columns={margin: "margin_value", revenue: "revenue_value"})
    return sums.assign(part=part)


def _to_leaf(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Return one row per item with the budget's and the outlook's sums over the months."""
    planned = budget[budget["period"].isin(months)]
    given = planned["budget_margin_value"].astype(float)
    standard = cost_demand(planned[given.isna()], cost, "budget_qty")
    planned = planned.assign(budget_margin_value=given.fillna(planned["budget_value"] - standard))
    known = outlook[outlook["period"].isin(months)]
    one_side = planned.groupby("item")[["budget_qty", "budget_value", "budget_margin_value"]].sum()
    other = known.groupby("item")[
        ["demand_qty", "plan_qty", "revenue_value", "cost_value", "return_value"]
    ].sum()
    leaf = one_side.join(other, how="outer").fillna(0.0).rename_axis("item").reset_index()
    leaf = leaf.merge(
        item[["item", "family", "base_unit"]], on="item", how="left", validate="one_to_one"
    )
    leaf["family"] = leaf["family"].fillna("other")
    leaf["net_revenue_value"] = leaf["revenue_value"] - leaf["return_value"]
    leaf["margin_value"] = leaf["net_revenue_value"] - leaf["cost_value"]
    return leaf


def _split_leaf(leaf: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of every item, once in margin and once in revenue (column `basis`)."""
    both = (leaf["budget_qty"] > 0) & ((leaf["demand_qty"] > 0) | (leaf["plan_qty"] > 0))
    budgeted = leaf["budget_qty"].where(leaf["budget_qty"] > 0)
    price = (leaf["budget_value"] / budgeted).fillna(0.0)
    margin = (leaf["budget_margin_value"] / budgeted).fillna(0.0)
    weight = price if len(leaf["base_unit"].dropna().unique()) > 1 else price * 0.0 + 1.0
    total = (weight * leaf["budget_qty"])[both].sum()
    growth = (weight * leaf["demand_qty"])[both].sum() / total if total > 0 else 1.0
    at_price = leaf["revenue_value"] - price * leaf["plan_qty"]
    at_cost = (price - margin) * leaf["plan_qty"] - leaf["cost_value"]
    frames = []
    for basis, unit, gone in (
        ("margin", margin, leaf["budget_margin_value"]),
        ("revenue", price, leaf["budget_value"]),
    ):
        costly = float(basis == "margin")
        fresh = leaf["revenue_value"] - costly * leaf["cost_value"]
        parts = pd.DataFrame(
            {
                "volume": (growth - 1) * leaf["budget_qty"] * unit,
                "mix": (leaf["demand_qty"] - growth * leaf["budget_qty"]) * unit,
                "supply_lost": (leaf["plan_qty"] - leaf["demand_qty"]) * unit,
                "price": at_price,
                "cost": costly * at_cost,
            }
        ).where(both, 0.0)
        parts["new_ended"] = (fresh - gone).where(~both, 0.0)
        parts["returns"] = -leaf["return_value"]
        frames.append(parts.assign(item=leaf["item"], family=leaf["family"], basis=basis))
    return pd.concat(frames, ignore_index=True)
