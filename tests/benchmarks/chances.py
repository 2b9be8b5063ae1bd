"""Do chances come true? Targets of drawn companies: chance stated, then what happened, once each.

    python tests/benchmarks/chances.py [--full] [--seed N] [--count N]

Every company has its own demand, line, materials and luck, and gives one outcome for each chance.

Demand: errors are a level that drifts from month to month, a shock that all items share, and skewed
noise of each item. Ranges and correlation are measured on a backtest of 24 cutoffs of that process,
as a company would; the estimator sees nothing else.

Supply: the outcome is a company run here month by month, item by item, with a linear programme of
its own (scipy) over forecast, stock, hours and material at the start of each month, knowing only
what happened before; then breakdowns (rare and long), yield, late deliveries and demand happen. The
estimator gets the plan of `supply.solve_case` and the sizes of these uncertainties.

A target is placed so that its stated chance falls anywhere; seven in ten of them near 0.8. Printed: the
calibration table over all bins, the share that came true of those stated 0.75 to 0.85, Brier score
and that of the base rate.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit import consensus, supply
from sopkit.demand import Correlation, measure_correlation
from sopkit.scenario import build_net, complete_cells, measure_unsure, rate_targets
from sopkit.scenario.chances import Unsure, targets
from sopkit.tables import ALL

SEED = 611_953  # tests and development used others
MONTHS, CUTOFFS = 8, 24
FIRST = pd.Timestamp("2026-01-01")
PERIODS = pd.date_range(FIRST, periods=MONTHS, freq="MS", name="period")
OWNERS = pd.DataFrame(columns=["family", "sales_owner", "supply_planner"])
ITEM_COLUMNS = "item family"
NEAR = 0.7  # share of targets placed near the band of the figure


@dataclass
class Company:
    """What is true of a company; the estimator sees only tables made from it."""

    rng: np.random.Generator
    items: list[str]
    forecast: np.ndarray
    drift: float
    shared: float
    noise: float
    hours_per_unit: np.ndarray
    hours: float
    yield_error: float
    downtime: float
    late_chance: float
    late_days: float
    safety: np.ndarray


def draw_company(seed: int) -> Company:
    """Return a company by seed."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 6))
    size = rng.uniform(50, 400, count)
    season = 1 + rng.uniform(0, 0.35) * np.sin(
        np.arange(MONTHS) / 12 * 2 * np.pi + rng.uniform(0, 6)
    )
    forecast = size[:, None] * season * rng.uniform(0.95, 1.05, (count, MONTHS))
    per_unit = rng.uniform(0.5, 2.0, count)
    load = (per_unit[:, None] * forecast).sum(axis=0)
    noise = rng.uniform(0.06, 0.2)
    return Company(
        rng=rng,
        items=[f"I{n}" for n in range(count)],
        forecast=forecast,
        drift=rng.uniform(0.01, 0.05),
        shared=rng.uniform(0.0, 0.06),
        noise=noise,
        hours_per_unit=per_unit,
        hours=float(load.mean() * rng.uniform(0.98, 1.3)),
        yield_error=rng.uniform(0.003, 0.02),
        downtime=rng.uniform(0.02, 0.06),
        late_chance=rng.uniform(0.05, 0.2),
        late_days=rng.uniform(4, 10),
        safety=forecast.mean(axis=1) * noise * rng.uniform(0.5, 1.6),
    )


def draw_path(company: Company) -> np.ndarray:
    """Return actual / forecast of one future (items x months): drift, shared shock, skewed noise."""
    rng, shape = company.rng, company.forecast.shape
    level = np.cumsum(rng.normal(0, company.drift, shape), axis=1)
    shared = rng.normal(0, company.shared, shape[1])
    own = rng.gamma(1 / company.noise**2, company.noise**2, shape)
    return np.exp(level + shared) * own


def make_backtest(company: Company) -> pd.DataFrame:
    """Return what a backtest of the company's forecast shows: contract `backtest`, short."""
    actual = np.stack([draw_path(company) * company.forecast for _ in range(CUTOFFS)])
    cutoff, item, lag = (one.ravel() for one in np.indices(actual.shape))
    month = FIRST.to_period("M").ordinal - CUTOFFS - MONTHS + np.arange(CUTOFFS + MONTHS + 1)
    starts = pd.PeriodIndex.from_ordinals(month, freq="M").to_timestamp()
    return pd.DataFrame(
        {
            "item": np.array(company.items)[item],
            "location": "P",
            "cutoff": starts[cutoff],
            "period": starts[np.minimum(cutoff + lag + 1, len(starts) - 1)],
            "lag": lag,
            "forecast_qty": company.forecast[item, lag],
            "actual_qty": actual.ravel(),
        }
    )


def make_cells(company: Company, backtest: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return plan and agreed demand with ranges as the backtest's quantiles, by lag."""
    ratio = backtest["actual_qty"] / backtest["forecast_qty"]
    ends = ratio.groupby(backtest["lag"]).quantile([0.1, 0.9]).unstack()
    ends = ends.rolling(3, min_periods=1, center=True).mean().to_numpy()
    rows = pd.DataFrame(
        {
            "item": np.repeat(company.items, MONTHS),
            "location": "P",
            "customer": ALL,
            "period": np.tile(PERIODS, len(company.items)),
            "demand_qty": company.forecast.ravel(),
        }
    )
    tiled = np.tile(ends, (len(company.items), 1))
    agreed = rows.assign(
        lo_80_qty=rows["demand_qty"] * np.minimum(tiled[:, 0], 1),
        hi_80_qty=rows["demand_qty"] * np.maximum(tiled[:, 1], 1),
    )
    plan = rows.assign(plan_qty=rows["demand_qty"], short_qty=0.0)
    money = {"demand_value": 10.0, "revenue_value": 10.0, "margin_value": 4.0}
    return plan.assign(**{n: plan["demand_qty"] * p for n, p in money.items()}), agreed


def make_tables(company: Company) -> dict[str, pd.DataFrame]:
    """Return the supply tables of a company: one line, one material bought a month ahead."""
    count, hours = len(company.items), company.hours
    need = company.forecast.sum(axis=0)
    codes = [f"op{item}" for item in company.items]
    return {
        "operation": pd.DataFrame(
            {"operation": codes, "item": company.items, "location": "P", "unit_cost_value": 3.0}
        ),
        "resource_need": pd.DataFrame(
            {"operation": codes, "resource": "L", "hours_per_unit": company.hours_per_unit}
        ),
        "resource": pd.DataFrame({"resource": ["L"], "location": "P", "overtime_value": 1.0}),
        "capacity": pd.DataFrame(
            {"resource": "L", "period": PERIODS, "regular_hours": hours, "overtime_hours": 0.0}
        ),
        "bom": pd.DataFrame({"item": company.items, "component": "M", "component_qty": 1.0}),
        "purchase_term": pd.DataFrame(
            {"supplier": ["V"], "item": "M", "location": "P", "price_value": 1.0}
        ).assign(lead_time_days=30.0),
        "opening_stock": pd.DataFrame(
            {
                "item": [*company.items, "M"],
                "location": "P",
                "status": "free",
                "on_hand_qty": [*company.safety, material_safety(company) + need[0]],
            }
        ),
        "price": pd.DataFrame({"item": company.items, "price_value": 10.0}),
        "cost": pd.DataFrame(
            {"item": [*company.items, "M"], "unit_cost_value": [4.0] * count + [1]}
        ),
        "service_class": pd.DataFrame(
            {"customer": [ALL], "priority": 2, "late_rate": 0.05, "lost_sale_rate": 1.0}
        ).assign(late_months=0.0),
    }


def material_safety(company: Company) -> float:
    """Return the stock of material that a company wants at the end of a month."""
    return float(company.forecast.sum(axis=0).mean() * 0.25)


def make_targets(company: Company) -> pd.DataFrame:
    """Return contract `stock_target`; a month of protection: no answer within the month."""
    wanted = pd.Series([*company.safety, material_safety(company)], [*company.items, "M"])
    rows = pd.DataFrame(
        {"item": np.repeat(wanted.index, MONTHS), "period": np.tile(PERIODS, len(wanted))}
    )
    return rows.assign(
        location="P",
        safety_stock_qty=rows["item"].map(wanted),
        cycle_stock_qty=0.0,
        protection_months=1.0,
        basis="error",
    )


def band(amount: float, months: tuple[int, int]) -> pd.DataFrame:
    """Return one target of all items over some months, in units."""
    target = pd.DataFrame(
        {
            "owner": [ALL],
            "family": ALL,
            "location": ALL,
            "customer": ALL,
            "period": PERIODS[months[0]],
            "span_months": months[1] - months[0],
            "target_qty": amount,
            "target_value": np.nan,
        }
    )
    given = {"low_rate": 0.95, "high_rate": 1.05, "sales": "s", "operations": "o"}
    return consensus.sum_bands(consensus.complete_bands(target, OWNERS, **given), FIRST)


def rate(
    company: Company,
    bands: pd.DataFrame,
    cells: pd.DataFrame,
    correlation: Correlation,
    **supply_side: object,
) -> pd.DataFrame:
    """Return the rated targets."""
    item = pd.DataFrame({"item": company.items, "family": "F"})
    customer = pd.DataFrame(columns=["customer", "channel"])
    actual = cells.iloc[:0].assign(plan_qty=0.0, revenue_value=0.0)
    given = {"net": None, "net_demand": cells, "unsure": Unsure(), **supply_side}
    rated, _ = rate_targets(bands, cells, actual, item, customer, PERIODS, correlation, **given)
    return rated


def place_chance(rng: np.random.Generator) -> float:
    """Return a chance to aim at: near 0.8 for most of them."""
    return float(rng.uniform(0.75, 0.85) if rng.random() < NEAR else rng.uniform(0.03, 0.97))


def ask_demand(seed: int) -> tuple[float, bool]:
    """Return the stated chance that demand reaches a target, and whether it did."""
    company = draw_company(seed)
    backtest = make_backtest(company)
    correlation = measure_correlation(backtest)
    cells = complete_cells(*make_cells(company, backtest))
    months = sorted(company.rng.choice(MONTHS + 1, 2, replace=False))
    goal = place_chance(company.rng)
    whole = company.forecast[:, months[0] : months[1]].sum()
    asked = whole * np.linspace(0.6, 1.6, 101)
    bands = pd.concat([band(amount, tuple(months)) for amount in asked[:1]] * len(asked))
    bands = bands.assign(base=asked, low=asked * 0.95).reset_index(drop=True)
    stated = rate(company, bands, cells, correlation)["demand_chance_rate"].to_numpy(float)
    at = int(np.abs(stated - goal).argmin())
    chance, target = float(stated[at]), asked[at]
    came = (draw_path(company) * company.forecast)[:, months[0] : months[1]].sum()
    return chance, bool(came >= target)


def ask_supply(seed: int) -> tuple[float, bool] | None:
    """Return the stated chance that supply serves a share, and whether the company did."""
    company = draw_company(seed)
    backtest = make_backtest(company)
    correlation = measure_correlation(backtest)
    plan_cells, agreed = make_cells(company, backtest)
    cells = complete_cells(plan_cells, agreed)
    net_demand = cells[["item", "location", "customer", "period", "demand_qty"]].assign(
        demand_class="forecast", priority=2
    )
    case = supply.open_case(make_tables(company), net_demand, make_targets(company), PERIODS)
    plan = supply.solve_case(case, net_demand)
    net = build_net(case, plan.plan_flow, plan.constrained_plan, make_targets(company))
    unsure = Unsure(
        measure_unsure(make_production(company), pd.DataFrame(), FIRST).yield_error,
        company.downtime,
        company.late_chance,
        company.late_days,
    )
    lift = float(company.rng.uniform(0.97, 1.12))
    months = (1, MONTHS - 1)
    bands = band(lift * company.forecast[:, months[0] : months[1]].sum(), months)
    goal = place_chance(company.rng)
    side = {"net": net, "net_demand": net_demand, "unsure": unsure}
    shares = np.linspace(0.5, 1.0, 501)
    served = find_served(company, bands, cells, correlation, **side)
    chances = (served[None, :] >= shares[:, None]).mean(axis=1)
    at = int(np.abs(chances - goal).argmin())
    share, chance = float(shares[at]), float(chances[at])
    if share > 0.9985:
        return None  # nearly every future serves all: nothing to be wrong about
    wanted, lost = run_company(company, lift, months)
    return chance, bool(1 - lost / wanted >= share)


def find_served(
    company: Company,
    bands: pd.DataFrame,
    cells: pd.DataFrame,
    correlation: Correlation,
    draws: int = 200,
    **side: object,
) -> np.ndarray:
    """Return the share served in each draw; what `rate_targets` compares with its `serve_rate`.

    Listened to inside one call of `rate_targets`, so that it need not be asked for every share.
    """
    kept: list[np.ndarray] = []
    whole = targets.rate_months
    try:
        targets.rate_months = lambda outcome, at, share: (
            kept.append(1 - outcome.lost[at].sum(axis=0) / outcome.wanted[at].sum(axis=0))
            or whole(outcome, at, share)
        )
        rate(company, bands, cells, correlation, draws=draws, **side)
    finally:
        targets.rate_months = whole
    return kept[0]


def make_production(company: Company) -> pd.DataFrame:
    """Return two years of what the line made and scrapped."""
    rows = pd.DataFrame(
        {
            "item": np.repeat(company.items, 24),
            "location": "P",
            "period": 24 * len(company.items) * [0],
        }
    )
    scrapped = np.clip(company.rng.normal(0.04, company.yield_error, len(rows)), 0, None)
    return rows.assign(made_qty=100.0 * (1 - scrapped), scrapped_qty=100.0 * scrapped)


def run_company(company: Company, lift: float, months: tuple[int, int]) -> tuple[float, float]:
    """Run the company as it is, month by month; return what was wanted and lost over months."""
    rng, count = company.rng, len(company.items)
    goal = company.forecast.copy()
    goal[:, months[0] : months[1]] *= lift
    ratio = draw_path(company)
    stock, material = company.safety.copy(), material_safety(company) + company.forecast[:, 0].sum()
    due = np.zeros(MONTHS + 3)
    wanted = lost = 0.0
    for month in range(MONTHS):
        seen = ratio[:, :month].mean(axis=1) if month else np.ones(count)
        trust = month / (month + 3.0)
        expected = goal[:, month:] * (1 + trust * (seen - 1))[:, None]
        make, buy = plan_month(company, stock, material, due[month:], expected)
        down = (
            rng.exponential(company.downtime / np.sqrt(2), 2).sum() - np.sqrt(2) * company.downtime
        )
        room = company.hours * (1 - down) / max(float(company.hours_per_unit @ make), 1e-9)
        arrived = material + due[month]
        make = make * min(1.0, room, arrived / max(make.sum(), 1e-9))
        material = arrived - make.sum()
        late = min(
            rng.binomial(4, company.late_chance) / 4 * rng.exponential(company.late_days) / 30.4, 1
        )
        due[month + 1] += buy * (1 - late)
        due[month + 2] += buy * late
        stock = stock + make * np.clip(rng.normal(1, company.yield_error, count), 0.5, 1.5)
        demand = goal[:, month] * ratio[:, month]
        short = np.maximum(demand - stock, 0.0)
        stock = np.maximum(stock - demand, 0.0)
        if months[0] <= month < months[1]:
            wanted, lost = wanted + demand.sum(), lost + short.sum()
    return wanted, lost


def plan_month(
    company: Company, stock: np.ndarray, material: float, due: np.ndarray, expected: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return what to make now and to buy for next month: the cheapest plan of what is known.

    Variables by item and month: make, stock, missing from safety stock, lost; by month: buy,
    material left, missing from its safety stock.
    """
    from scipy.optimize import linprog

    count, months = expected.shape
    cells = count * months
    parts = ["make", "stock", "missing", "lost"]
    at = {
        name: np.arange(n * cells, (n + 1) * cells).reshape(count, months)
        for n, name in enumerate(parts)
    }
    extra = {
        n: np.arange(4 * cells + k * months, 4 * cells + (k + 1) * months)
        for k, n in enumerate(("buy", "left", "few"))
    }
    size = 4 * cells + 3 * months
    cost = np.zeros(size)
    for name, price in (("make", 4.0), ("stock", 0.07), ("missing", 0.3), ("lost", 10.0)):
        cost[at[name]] = price
    for name, price in (("buy", 0.01), ("left", 0.02), ("few", 0.08)):
        cost[extra[name]] = price
    cost[at["stock"][:, -1]] -= 3.9
    cost[at["lost"]] += np.arange(months)[::-1] * 0.001
    equal, right, most, limit = [], [], [], []
    for month in range(months):
        for item in range(count):
            row = np.zeros(size)
            row[at["make"][item, month]] = 1
            row[at["lost"][item, month]] = 1
            row[at["stock"][item, month]] = -1
            if month:
                row[at["stock"][item, month - 1]] = 1
            equal.append(row)
            right.append(expected[item, month] - (0 if month else stock[item]))
            row = np.zeros(size)
            row[at["stock"][item, month]], row[at["missing"][item, month]] = -1, -1
            most.append(row)
            limit.append(-company.safety[item])
        row = np.zeros(size)
        row[at["make"][:, month]] = company.hours_per_unit
        most.append(row)
        limit.append(company.hours)
        row = np.zeros(size)
        row[extra["left"][month]] = 1
        row[at["make"][:, month]] = 1
        if month:
            row[extra["left"][month - 1]], row[extra["buy"][month - 1]] = -1, -1
        equal.append(row)
        right.append(due[month] + (0 if month else material))
        row = np.zeros(size)
        row[extra["left"][month]], row[extra["few"][month]] = -1, -1
        most.append(row)
        limit.append(-material_safety(company))
    found = linprog(cost, np.array(most), limit, np.array(equal), right, method="highs")
    return found.x[at["make"][:, 0]], float(found.x[extra["buy"][0]])


def show(name: str, outcomes: list[tuple[float, bool]]) -> None:
    """Print the calibration table and scores of one chance."""
    stated, came = (np.array(one, dtype=float) for one in zip(*outcomes, strict=True))
    print(f"\n{name}: {len(stated)} targets, one outcome each")
    print("  stated        n   mean stated   came true")
    for low in (0.0, 0.15, 0.35, 0.55, 0.75, 0.85):
        high = {0.0: 0.15, 0.15: 0.35, 0.35: 0.55, 0.55: 0.75, 0.75: 0.85}.get(low, 1.0001)
        own = (stated >= low) & (stated <= high if low == 0.75 else stated < high)
        if own.any():
            print(
                f"  {low:.2f}-{min(high, 1):.2f} {own.sum():7d} {stated[own].mean():13.3f} {came[own].mean():11.3f}"
            )
    near = (stated >= 0.75) & (stated <= 0.85)
    if near.any():
        rate = came[near].mean()
        error = np.sqrt(rate * (1 - rate) / near.sum())
        verdict = "inside" if 0.75 <= rate <= 0.85 else "OUTSIDE"
        print(
            f"  stated 0.75-0.85: {near.sum()} outcomes, {rate:.3f} came true (se {error:.3f}), {verdict} 0.75-0.85"
        )
    brier, base = ((stated - came) ** 2).mean(), came.mean() * (1 - came.mean())
    print(
        f"  Brier {brier:.4f}, of the base rate {base:.4f}: {'better' if brier < base else 'NOT better'}"
    )


def main() -> None:
    """Ask both chances of every company and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="600 companies each instead of 60")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--only", choices=("demand", "supply"), default="")
    args = parser.parse_args()
    count = args.count or (600 if args.full else 60)
    for name, ask in (("demand", ask_demand), ("supply", ask_supply)):
        if args.only in ("", name):
            started = time.perf_counter()
            found = [ask(args.seed + 7919 * n) for n in range(count)]
            show(name, [one for one in found if one is not None])
            print(
                f"  {sum(one is None for one in found)} left out; {time.perf_counter() - started:.0f} s"
            )


if __name__ == "__main__":
    main()
