"""The budget bridge on random companies: residual at every cell, planted effects in their part.

Run: `python tests/benchmarks/bridge.py [--full]`. Seeds 9100 and up. Prints the largest residual of
leaf, family and month, in money and as a share of the budget, and for each effect that was planted
alone how much of the gap stands in its part and how much in any other.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from sopkit.finance import (
    LEAF_PARTS,
    bridge_leaves,
    bridge_years,
    check_bridge,
    check_leaves,
    sum_bridge,
    value_exchange,
)
from sopkit.periods import fiscal_year
from sopkit.tables import TABLES

CYCLE = pd.Timestamp("2026-05-01")
COST = TABLES["cost"].empty()
PARTS = ("material_value", "conversion_value", "freight_value")
FX = pd.DataFrame(
    {
        "currency": "USD",
        "period": pd.date_range("2025-01-01", periods=48, freq="MS"),
        "budget_fx_value": 7.0,
        "fx_value": 7.0,
    }
)
CUSTOMERS = pd.DataFrame({"customer": ["US", "CN"], "currency": ["USD", None]})


def make_company(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return items, budget, and an outlook that keeps the budget to the unit."""
    count, start = int(rng.integers(2, 25)), int(rng.integers(1, 13))
    units = ["case"] if rng.random() < 0.6 else ["case", "piece", "kg"]
    item = pd.DataFrame(
        {
            "item": [f"I{n}" for n in range(count)],
            "family": rng.choice(["tea", "cola", "water"], count),
            "base_unit": rng.choice(units, count),
        }
    )
    months = pd.date_range("2026-01-01", periods=24, freq="MS")
    cells = item[["item"]].merge(pd.DataFrame({"period": months}), how="cross")
    season = 1 + 0.4 * np.sin(2 * np.pi * cells["period"].dt.month / 12 + rng.random())
    size = cells["item"].map(dict(zip(item["item"], rng.lognormal(5, 1, count), strict=True)))
    price = cells["item"].map(dict(zip(item["item"], rng.uniform(5, 60, count), strict=True)))
    qty = (size * season * rng.uniform(0.8, 1.2, len(cells))).round(1)
    cost = 0.6 * price
    budget = cells.assign(
        location="all",
        customer="all",
        budget_qty=qty,
        budget_value=qty * price,
        budget_margin_value=qty * (price - cost),
        **{f"budget_{n}": qty * cost * s for n, s in zip(PARTS, (0.5, 0.3, 0.2), strict=True)},
    )
    outlook = cells.assign(
        location="D1",
        customer=np.where(rng.random(len(cells)) < 0.5, "US", "CN"),
        demand_qty=qty,
        plan_qty=qty,
        revenue_value=qty * price,
        cost_value=qty * cost,
        return_value=0.0,
        **{name: qty * cost * s for name, s in zip(PARTS, (0.5, 0.3, 0.2), strict=True)},
    )
    return item.assign(start_month=start), budget, outlook


def sell(outlook: pd.DataFrame, factor: pd.Series | float) -> pd.DataFrame:
    """Return the outlook with all quantities and money times a factor."""
    names = ["demand_qty", "plan_qty", "revenue_value", "cost_value", *PARTS]
    return outlook.assign(**{name: outlook[name] * factor for name in names})


def plant(
    kind: str, outlook: pd.DataFrame, item: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the outlook with one effect alone."""
    rate = float(rng.choice([-1, 1]) * rng.uniform(0.02, 0.3))
    if kind == "volume":
        return sell(outlook, 1 + rate)
    if kind == "price":
        return outlook.assign(revenue_value=outlook["revenue_value"] * (1 + rate))
    if kind == "supply_lost":
        short = sell(outlook, 1 - abs(rate))
        return short.assign(demand_qty=outlook["demand_qty"])
    if kind in ("material", "conversion", "freight"):
        moved = outlook[f"{kind}_value"] * rate
        cost = outlook["cost_value"] + moved
        return outlook.assign(
            **{f"{kind}_value": outlook[f"{kind}_value"] + moved}, cost_value=cost
        )
    if kind == "exchange":
        abroad = outlook["customer"] == "US"
        revenue = outlook["revenue_value"] * (1 + rate * abroad)
        moved = outlook.assign(revenue_value=revenue)
        effect = value_exchange(moved, CUSTOMERS, FX.assign(fx_value=7.0 * (1 + rate)))
        return moved.assign(exchange_value=effect)
    if kind == "returns":
        return outlook.assign(return_value=outlook["revenue_value"] * abs(rate))
    if kind == "ended":
        return outlook[outlook["item"] != "I0"]
    if kind == "mix":
        own = outlook["item"] == "I0"
        other = outlook["item"] == "I1"
        start, units = int(item["start_month"].iloc[0]), len(item["base_unit"].unique())
        year = outlook["period"].map(lambda month: fiscal_year(month, start))
        common = outlook["demand_qty" if units == 1 else "revenue_value"]
        given = 0.5 * common.where(own, 0).groupby(year).transform("sum")
        base = common.where(other, 0).groupby(year).transform("sum")
        factor = pd.Series(1.0, index=outlook.index)
        return sell(outlook, factor.mask(own, 0.5).mask(other, 1 + given / base))
    return outlook


def disturb(outlook: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return an outlook in which everything moved at once, items come and go."""
    draw = {
        name: outlook[name] * rng.uniform(0.5, 1.6, len(outlook))
        for name in ("demand_qty", "plan_qty", "revenue_value", "cost_value", *PARTS)
    }
    moved = outlook.assign(**draw, return_value=outlook["revenue_value"] * 0.03)
    moved = moved.assign(exchange_value=moved["revenue_value"] * rng.normal(0, 0.05, len(moved)))
    gone, fresh = rng.random(len(moved)) < 0.1, moved["item"].isin(["I0"])
    return moved[~gone].assign(item=moved["item"].mask(fresh & (rng.random() < 0.5), "NEW"))


def bend(budget: pd.DataFrame, item: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the budget as companies give it: by family, without parts, with zero quantities."""
    kind = rng.integers(0, 4)
    if kind == 1:
        family = dict(zip(item["item"], item["family"], strict=True))
        rows = budget.assign(family=budget["item"].map(family), item="all")
        keys = ["item", "family", "location", "customer", "period"]
        return rows.groupby(keys, as_index=False).sum(numeric_only=True)
    if kind == 2:
        empty = rng.random(len(budget)) < 0.1
        return budget.assign(budget_qty=budget["budget_qty"].mask(empty, 0.0))
    if kind == 3:
        return budget.drop(columns=[f"budget_{name}" for name in PARTS])
    return budget


def main() -> None:
    """Print residuals and what planted effects land in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="200 companies instead of 10")
    count = 200 if parser.parse_args().full else 10
    began, worst = time.process_time(), {"leaf": 0.0, "family and month": 0.0, "timing": 0.0}
    kinds = (
        *("volume", "mix", "price", "supply_lost", "material", "conversion", "freight"),
        *("exchange", "returns", "ended"),
    )
    inside, outside = dict.fromkeys(kinds, 0.0), dict.fromkeys(kinds, 0.0)
    for seed in range(9100, 9100 + count):
        rng = np.random.default_rng(seed)
        item, budget, outlook = make_company(rng)
        start = int(item["start_month"].iloc[0])
        size = budget["budget_value"].sum()
        seen, given = disturb(outlook, rng), bend(budget, item, rng)
        gap, years = bridge_years(seen, given, item, COST, CYCLE, start)
        leaves = bridge_leaves(seen, given, item, COST, sorted(set(seen["period"])))
        worst["leaf"] = max(worst["leaf"], check_leaves(leaves) / size)
        worst["family and month"] = max(worst["family and month"], check_bridge(gap) / size)
        for year in years["fiscal_year"]:
            sums = sum_bridge(gap, year).set_index("part")["margin_value"]
            worst["timing"] = max(worst["timing"], abs(sums.get("timing", 0.0)) / size)
        for kind in kinds:
            gap, years = bridge_years(
                plant(kind, outlook, item, rng), budget, item, COST, CYCLE, start
            )
            rows = gap[gap["part"].isin(LEAF_PARTS)]
            parts = rows.groupby(["fiscal_year", "part"])["margin_value"].sum().abs()
            own = parts[parts.index.get_level_values("part") == kind].sum()
            inside[kind] = max(inside[kind], own / size)
            outside[kind] = max(outside[kind], (parts.sum() - own) / size)
    print(f"{count} companies, {time.process_time() - began:.0f} CPU s; shares of the budget")
    for name, value in worst.items():
        print(f"largest residual of {name}: {value:.1e}")
    for kind in kinds:
        print(f"only {kind}: in its part up to {inside[kind]:.3f}, elsewhere {outside[kind]:.1e}")


if __name__ == "__main__":
    main()
