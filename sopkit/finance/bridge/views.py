"""The bridge for the page: a year's parts, families, months and the year to date; and its proof."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.parts import COST_PARTS, ORDER, PARTS, STEPS

AMOUNTS = ["margin_value", "revenue_value"]


def sum_bridge(budget_gap: pd.DataFrame, year: int, against: str = "budget") -> pd.DataFrame:
    """Return the bridge of a year over all families and months, its parts in their order."""
    rows = budget_gap[(budget_gap["fiscal_year"] == year) & (budget_gap["against"] == against)]
    sums = rows.groupby("part", as_index=False)[AMOUNTS].sum()
    order = sums["part"].map(ORDER)
    return sums.assign(order=order).sort_values("order", ignore_index=True).drop(columns="order")


def check_bridge(budget_gap: pd.DataFrame) -> float:
    """Return the largest |plan - budget - sum of the parts| of any cell; 0 when right.

    A cell is a family's month, in margin and in revenue; sums of cells then tie as well.
    """
    keys = [budget_gap[name] for name in ("fiscal_year", "against", "family", "period")]
    signs = budget_gap["part"].map({"plan": 1.0}).fillna(-1.0)
    residual = budget_gap[AMOUNTS].astype(float).mul(signs, axis=0).groupby(keys).sum()
    return float(residual.abs().max().max()) if len(residual) else 0.0


def check_leaves(leaves: pd.DataFrame) -> float:
    """Return the largest |plan - budget - sum of the parts| of any leaf's month; 0 when right."""
    parts = [name for name in STEPS if name in leaves]
    residual = leaves["plan"] - leaves["budget"] - leaves[parts].sum(axis=1)
    return float(residual.abs().max()) if len(residual) else 0.0


def spread_bridge(budget_gap: pd.DataFrame) -> pd.DataFrame:
    """Return the bridge for display: a row a year and family, a column a part (margin).

    Returns:
        `fiscal_year`, `family`, the parts that are not nothing everywhere, budget first and plan
        last, and `gap_value` = plan - budget; by year, the largest gap first. Timing is nothing
        over whole years.
    """
    wide = _spread(budget_gap, ["fiscal_year", "family"])
    wide = wide.assign(size=lambda rows: -rows["gap_value"].abs())
    wide = wide.sort_values(["fiscal_year", "size"], kind="stable", ignore_index=True)
    return wide.drop(columns="size")


def spread_months(
    budget_gap: pd.DataFrame, year: int, cycle_period: pd.Timestamp, against: str = "budget"
) -> pd.DataFrame:
    """Return a year's bridge by month, with timing, and the gap of the year to date.

    Args:
        budget_gap: contract `budget_gap`.
        year: fiscal year.
        cycle_period: first planned month; months before are actual.
        against: budget or last_year.

    Returns:
        `period`, the parts that are not nothing everywhere, `gap_value` and `to_date_value` (sum
        of the gaps so far); `source` is actual or plan.
    """
    rows = budget_gap[(budget_gap["fiscal_year"] == year) & (budget_gap["against"] == against)]
    wide = _spread(rows, ["period"]).sort_values("period", ignore_index=True)
    source = (wide["period"] < cycle_period).map({True: "actual", False: "plan"})
    return wide.assign(to_date_value=wide["gap_value"].cumsum(), source=source)


def drill_down(leaves: pd.DataFrame, families: list[str], basis: str = "margin") -> pd.DataFrame:
    """Return the bridge of some families by item, over all months: the leaves' contributions.

    Args:
        leaves: what `bridge_leaves` returned.
        families: the families opened.
        basis: margin or revenue.

    Returns:
        `family`, `item`, the parts that are not nothing everywhere, `budget`, `plan`,
        `gap_value`; the largest gap first.
    """
    rows = leaves[(leaves["basis"] == basis) & leaves["family"].isin(families)]
    long = rows.drop(columns=["basis", "period"]).melt(
        ["family", "item"], var_name="part", value_name="margin_value"
    )
    wide = _spread(long, ["family", "item"]).assign(size=lambda rows: -rows["gap_value"].abs())
    return wide.sort_values("size", kind="stable", ignore_index=True).drop(columns="size")


def _spread(long: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    wide = long.pivot_table("margin_value", keys, "part", "sum", fill_value=0.0)
    wide = wide.reindex(columns=list(PARTS), fill_value=0.0)
    telling = [part for part in STEPS if wide[part].abs().max() > 0.005]
    wide = wide[["budget", *telling, "plan"]].assign(gap_value=wide["plan"] - wide["budget"])
    wide.columns.name = None
    return wide.reset_index()


def find_largest_part(parts: pd.DataFrame) -> str:
    """Return the step of a bridge (`part`, `margin_value`) that moved most in the gap's direction.

    Example:
        Budget 100, volume -10, price +2, plan 92: volume.
    """
    value = parts.set_index("part")["margin_value"]
    steps = value.drop(["budget", "plan"], errors="ignore")
    if steps.empty:
        return "volume"
    sign = -1.0 if steps.sum() < 0 else 1.0
    return str((sign * steps).idxmax())


def list_absent(budget_gap: pd.DataFrame, cost: pd.DataFrame, fx_rate: pd.DataFrame) -> list[str]:
    """Return what the data do not let the bridge show: cost, cost_parts, exchange, past_one_offs.

    Args:
        budget_gap: contract `budget_gap`.
        cost: contract `cost`.
        fx_rate: contract `fx_rate`.
    """
    there = set(budget_gap["part"])
    absent = {
        "cost": cost.empty,
        "cost_parts": len(cost) > 0 and not there & set(COST_PARTS),
        "exchange": fx_rate.empty or "exchange" not in there,
        "past_one_offs": True,
    }
    return [name for name, lacking in absent.items() if lacking]
