"""Do conflicts open where numbers differ, and only there? Conflicts planted in the demo company.

    python tests/benchmarks/conflicts.py [--full] [--seed N] [--count N]

Agreed demand is the demo's last twelve months, a year later; the plan serves it short here and
there. Around it people's forecasts, a budget and targets are drawn, at levels drawn anew for each
family: items, items by location, the family, regions of several owners; targets by month, quarter,
channel, in money or units. Each number lies within 0.98 of the threshold of what it is compared
with, unless a conflict is planted there: then it is 1.02 to 4 thresholds away, above or below. A
planted conflict counts as opened when family, kind, gap (to a millionth) and the role that gave the
number are right. Every copy is also asked with nothing planted: there none may open.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sopkit import finance
from sopkit.consensus import (
    compare_budget,
    compare_streams,
    compare_targets,
    find_conflicts,
    find_owners,
    keep_weighted,
    to_target_pairs,
)
from sopkit.tables import ALL, CELL, TABLES, fit_columns

SEED = 70_117  # tests and development used others
CYCLE = pd.Timestamp("2026-11-01")
KINDS = ("sales_supply", "sales_finance", "target_plan")
NEAR, FAR = 0.98, (1.02, 4.0)
LEVELS = {
    "item": ["item"],
    "place": ["item", "location"],
    "family": ["family"],
    "region": ["family", "location"],
}
NAME = "2026-11"


@dataclass
class Company:
    """A company's month without other people's numbers: `cells` is the plan in money."""

    cells: pd.DataFrame
    item: pd.DataFrame
    customer: pd.DataFrame
    owners: pd.DataFrame
    threshold: float
    families: list[str] = field(default_factory=list)


def read_month(tables: dict[str, pd.DataFrame], rng: np.random.Generator) -> Company:
    """Return the demo's coming year as its last one, a tenth of the items served short."""
    history = tables["demand_history"]
    recent = history[history["period"] >= CYCLE - pd.DateOffset(months=12)]
    cells = recent[CELL].assign(
        period=recent["period"] + pd.DateOffset(months=12), demand_qty=recent["actual_qty"]
    )
    items = np.sort(cells["item"].unique())
    short = rng.choice(items, max(len(items) // 10, 1), replace=False)
    rate = np.where(cells["item"].isin(short), rng.uniform(0.9, 1.0, len(cells)), 1.0)
    cells = cells.assign(plan_qty=cells["demand_qty"] * rate, short_qty=0.0)
    price = finance.complete_prices(tables["price"], history)
    cells = finance.to_money(cells, price, tables["cost"])
    cells["demand_value"] = finance.price_demand(cells, price)
    cells = cells.merge(tables["item"][["item", "family"]], on="item", validate="many_to_one")
    nobody = TABLES["responsibility"].empty()
    families = sorted(cells["family"].unique())
    named = pd.DataFrame({"family": [*families, ALL]})
    threshold = 0.005 * float(cells["revenue_value"].sum())
    owners = find_owners(nobody, named)
    return Company(cells, tables["item"], tables["customer"], owners, threshold, families)


def draw_gap(rng: np.random.Generator, is_planted: bool) -> float:
    """Return a gap in thresholds, above or below."""
    size = rng.uniform(*FAR) if is_planted else rng.uniform(0.0, NEAR)
    return float(size * rng.choice([-1.0, 1.0]))


def scale_to(base: pd.DataFrame, second: float, gap: float) -> float:
    """Return the factor on agreed demand's money that puts it `gap` above the second number."""
    return max((second - gap) / float(base["demand_value"].sum()), 0.0)


def draw_streams(
    company: Company, gaps: dict[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Return people's forecasts that lie so far from the plan, at a level drawn for each family."""
    rows = []
    for family, own in company.cells.groupby("family"):
        factor = scale_to(own, float(own["revenue_value"].sum()), gaps[str(family)])
        level = str(rng.choice(list(LEVELS)))
        sums = own.groupby([*LEVELS[level], "period"], as_index=False)[["demand_qty"]].sum()
        sums = sums.assign(forecast_qty=sums["demand_qty"] * factor, stream="sales", owner="Kim")
        if level == "region":
            sums["owner"] = "Kim of " + sums["location"]
        rows.append(sums)
    table = pd.concat(rows, ignore_index=True).assign(cycle=NAME)
    levels = dict.fromkeys(["item", "family", "location", "customer"], ALL)
    for name, other in levels.items():
        table[name] = table[name].fillna(other) if name in table else other
    return fit_columns(table, TABLES["demand_stream"])


def draw_budget(company: Company, gaps: dict[str, float], rng: np.random.Generator) -> pd.DataFrame:
    """Return a budget that lies so far from agreed demand, by item or by item and location."""
    rows = []
    for family, own in company.cells.groupby("family"):
        factor = scale_to(own, float(own["demand_value"].sum()), gaps[str(family)])
        by = ["item"] if rng.random() < 0.5 else ["item", "location"]
        sums = own.groupby([*by, "period"], as_index=False)[["demand_qty", "demand_value"]].sum()
        rows.append(
            sums.assign(
                budget_qty=sums["demand_qty"] * factor, budget_value=sums["demand_value"] * factor
            )
        )
    return fit_columns(pd.concat(rows, ignore_index=True), TABLES["budget"])


def draw_targets(
    company: Company, gaps: dict[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Return targets that lie so far from the plan: by month or quarter, in money or units.

    The last of `gaps`, `all`, is one channel's over all families.
    """
    rows = []
    for family, gap in gaps.items():
        own = company.cells
        channel = ALL
        if family == ALL:
            channel = str(rng.choice(np.sort(company.customer["channel"].unique())))
            groups = company.customer.loc[company.customer["channel"] == channel, "customer"]
            own = own[own["customer"].isin(groups)]
        else:
            own = own[own["family"] == family]
        span = int(rng.choice([1, 3]))
        step = (own["period"].dt.month - CYCLE.month) % 12 % span
        quarter = (own["period"].dt.to_period("M") - step.to_numpy()).dt.to_timestamp()
        sums = own.groupby(quarter)[["revenue_value", "plan_qty"]].sum()
        total = float(sums["revenue_value"].sum())
        factor = max((total - gap) / total, 0.0)
        in_money = rng.random() < 0.5
        for period, row in sums.iterrows():
            rows.append(
                {
                    "owner": "Lou",
                    "family": family,
                    "location": ALL,
                    "customer": channel,
                    "period": period,
                    "span_months": span,
                    "target_qty": np.nan if in_money else row["plan_qty"] * factor,
                    "target_value": row["revenue_value"] * factor if in_money else np.nan,
                }
            )
    return fit_columns(pd.DataFrame(rows), TABLES["target"])


def open_conflicts(
    company: Company, stream: pd.DataFrame, budget: pd.DataFrame, target: pd.DataFrame
) -> pd.DataFrame:
    """Return the conflicts that the consensus review would open."""
    cells, item = company.cells.drop(columns="family"), company.item
    targets = compare_targets(target, cells, item, company.customer, CYCLE)
    heard = keep_weighted(stream, TABLES["stream_value"].empty())
    pairs = [
        compare_streams(heard, cells, item, company.owners),
        compare_budget(cells, budget, item, company.owners),
        to_target_pairs(targets, company.owners),
    ]
    return find_conflicts(pd.concat(pairs, ignore_index=True), company.threshold, NAME)


def try_copy(tables: dict[str, pd.DataFrame], seed: int, rate: float) -> dict[str, int]:
    """Return planted, opened, false and wrong conflicts of one copy; `rate` of them planted."""
    rng = np.random.default_rng(seed)
    company = read_month(tables, rng)
    named = dict.fromkeys(KINDS[:2], company.families)
    named["target_plan"] = [*company.families, ALL]
    planted, gaps = {}, {}
    for kind, families in named.items():
        told = {name: bool(rng.random() < rate) for name in families}
        gaps[kind] = {
            name: draw_gap(rng, is_in) * company.threshold for name, is_in in told.items()
        }
        planted |= {(name, kind): gaps[kind][name] for name, is_in in told.items() if is_in}
    made = (draw_streams, draw_budget, draw_targets)
    drawn = [draw(company, gaps[kind], rng) for draw, kind in zip(made, KINDS, strict=True)]
    found = open_conflicts(company, *drawn)
    opened = {(row.family, row.kind): row for row in found.itertuples()}
    right = [key for key, gap in planted.items() if key in opened and _is_right(opened[key], gap)]
    return {
        "planted": len(planted),
        "opened": len(right),
        "missed": len(planted.keys() - opened.keys()),
        "wrong": len(planted.keys() & opened.keys()) - len(right),
        "false": len(opened.keys() - planted.keys()),
    }


def _is_right(row: object, gap: float) -> bool:
    owners = {"sales_supply": "Kim", "sales_finance": "finance", "target_plan": "Lou"}
    given = str(row.first_owner)  # type: ignore[attr-defined]
    named = given.startswith(owners[row.kind]) or given == "sales"  # type: ignore[attr-defined]
    return named and abs(row.gap_value - gap) <= 1e-6 * abs(gap)  # type: ignore[attr-defined]


def try_copies(tables: dict[str, pd.DataFrame], count: int, seed: int) -> pd.DataFrame:
    """Return the sums of copies with conflicts planted, and of copies without."""
    rows = {
        name: pd.DataFrame([try_copy(tables, seed + n, rate) for n in range(count)]).sum()
        for name, rate in (("planted", 0.3), ("agreeing", 0.0))
    }
    return pd.DataFrame(rows).T


def main() -> None:
    """Print what was planted, opened, missed, wrong and false."""
    from demo_past import read_company

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    count = asked.count or (60 if asked.full else 10)
    started = time.perf_counter()
    tables = read_company()
    print(f"company read in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    print(f"{count} copies each, seeds from {asked.seed}")
    print(try_copies(tables, count, asked.seed).to_string())
    print(f"{(time.perf_counter() - started) / (2 * count):.2f} s a copy")


if __name__ == "__main__":
    main()
