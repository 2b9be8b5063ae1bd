"""Planted decision effects against those that sopkit recovers by its two simulations.

Companies of one to four items on a line or from suppliers are drawn by seed. In each a decision was
carried out: more hours, a second supplier, a pre-build for a peak, trust in the better of two
forecasts. Its true effect comes from an independent simulator below, which knows nothing of sopkit:
plain loops that make, month by month, what the forecast asks for within the hours or the suppliers'
limits, dearest unit first, and then meet actual demand. Recovered is `realised_value` of
`scenario.effect.measure_decisions` from the company's tables, its orders and its books alone.

    python tests/benchmarks/decision_effects.py            # 40 companies, some 1 minute
    python tests/benchmarks/decision_effects.py --full     # 200 companies
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.scenario.effect import collect_known, list_known_forecasts, measure_decisions
from sopkit.tables import TABLES, fit_columns

MONTHS = pd.date_range("2026-03-01", periods=6, freq="MS", name="period")
KINDS = ("hours", "supplier", "prebuild", "trust")
SEED = 900_000
CLOSE = 0.10
PEAK = 4  # built for in months 1 and 2; a plan looks one month ahead


@dataclass(frozen=True)
class World:
    """A drawn company: items by price, forecasts by stream, what came, limits (all by month)."""

    kind: str
    price: np.ndarray  # items
    cost: np.ndarray  # items
    hours: np.ndarray  # items: hours a unit
    forecast: np.ndarray  # items x months
    doubted: np.ndarray  # items x months: what the other stream says
    actual: np.ndarray  # items x months
    limit: np.ndarray  # months: hours there are, or units of the first supplier
    extra: float  # hours a month, or units of the second supplier, or units built ahead
    second_cost: float


def draw(kind: str, seed: int) -> World:
    """Return a company whose decision has an effect worth measuring."""
    rng = np.random.default_rng(seed)
    items = int(rng.integers(1, 5)) if kind in ("hours", "trust") else 1
    months = len(MONTHS)
    price = np.round(rng.uniform(20, 90, items), 2)
    cost = np.round(price * rng.uniform(0.3, 0.6, items), 2)
    hours = np.round(rng.uniform(0.5, 2.0, items), 2)
    level = rng.uniform(200, 900, items)[:, None]
    actual = np.round(level * rng.uniform(0.8, 1.3, (items, months)))
    forecast = np.round(actual * np.exp(rng.normal(0, 0.06, (items, months))))
    doubted = np.round(actual * rng.uniform(0.55, 0.85, (items, 1)))
    need = (forecast * hours[:, None]).sum(axis=0)
    limit, extra, second = np.full(months, 1e9), 0.0, 0.0
    if kind == "hours":
        limit, extra = need * rng.uniform(0.85, 0.97), float(round(need.mean() * 0.1))
    elif kind == "supplier":
        units = forecast.sum(axis=0)
        limit, extra = np.round(units * rng.uniform(0.6, 0.8)), float(round(units.max()))
        second = float(round(cost[0] * rng.uniform(1.05, 1.3), 2))
    elif kind == "prebuild":
        actual[:, :] = np.round(level * 0.6)
        actual[:, PEAK] = np.round(level[:, 0] * rng.uniform(1.4, 1.8))
        forecast = actual.copy()
        limit = np.full(months, float(np.round((level * 0.8 * hours[:, None]).sum())))
        extra = float(round(level.sum() * 0.15))
    return World(kind, price, cost, hours, forecast, doubted, actual, limit, extra, second)


# --- the truth: plain loops ---


def live(world: World, decided: bool) -> float:
    """Return revenue - cost + worth of stock left, with or without the decision."""
    months = world.actual.shape[1]
    stock, money = np.zeros(len(world.price)), 0.0
    view = world.doubted if world.kind == "trust" and not decided else world.forecast
    for month in range(months):
        wanted = np.maximum(view[:, month] - stock, 0.0)
        made, spent = _supply(world, wanted, month, decided)
        if world.kind == "prebuild":
            ahead = _see_peak(world, stock, made, month)
            made, spent = made + ahead, spent + float((ahead * world.cost).sum())
            if decided and month in (1, 2):
                left = world.limit[month] - float((made * world.hours).sum())
                more = min(world.extra, max(left, 0.0) / world.hours[0])
                made[0] += more
                spent += more * float(world.cost[0])
        money -= spent
        there = stock + made
        served = np.minimum(there, world.actual[:, month])
        money += float((served * world.price).sum())
        stock = there - served
    return money + float((stock * world.cost).sum())


def _see_peak(world: World, stock: np.ndarray, made: np.ndarray, month: int) -> np.ndarray:
    """Return what a plan of two months makes ahead: what next month lacks, within hours left."""
    if month + 1 >= world.actual.shape[1]:
        return np.zeros_like(made)
    left = np.maximum(stock + made - world.forecast[:, month], 0.0)
    lack = world.forecast[:, month + 1] - left - world.limit[month + 1] / world.hours
    room = world.limit[month] / world.hours - made
    return np.clip(np.minimum(lack, room), 0.0, None)


def _supply(
    world: World, wanted: np.ndarray, month: int, decided: bool
) -> tuple[np.ndarray, float]:
    """Return what is made or bought of what is wanted, and what it costs."""
    if world.kind == "supplier":
        first = np.minimum(wanted, world.limit[month])
        second = np.minimum(wanted - first, world.extra if decided else 0.0)
        return first + second, float((first * world.cost).sum() + second.sum() * world.second_cost)
    left = world.limit[month] + (world.extra if world.kind == "hours" and decided else 0.0)
    made = np.zeros_like(wanted)
    for item in np.argsort(-(world.price / world.hours), kind="stable"):
        made[item] = min(wanted[item], left / world.hours[item])
        left -= made[item] * world.hours[item]
    return made, float((made * world.cost).sum())


# --- the same company as sopkit sees it ---


def fit(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows under a contract."""
    table = TABLES[name]
    return fit_columns(pd.DataFrame(rows), table) if rows else table.empty()


def to_given(world: World) -> dict[str, pd.DataFrame]:
    """Return the company's tables; they hold what the decision brought."""
    names = [f"A{n}" for n in range(len(world.price))]
    item = [{"item": a, "family": "F", "base_unit": "unit", "sellable": True} for a in names]
    served = [{"customer": "all", "priority": 1, "late_rate": 0.0, "lost_sale_rate": 1.0,
               "late_months": 0.0}]  # fmt: skip
    cost = [{"item": a, "unit_cost_value": c, "start_date": pd.Timestamp("2025-01-01"),
             "holding_value": 1e-6} for a, c in zip(names, world.cost, strict=True)]  # fmt: skip
    given = {"item": fit("item", item), "service_class": fit("service_class", served),
             "cost": fit("cost", cost)}  # fmt: skip
    if world.kind == "supplier":
        terms = [
            {"supplier": "V1", "item": "A0", "location": "P", "start_date": month,
             "price_value": world.cost[0], "lead_time_days": 0.0, "max_qty": most}
            for month, most in zip(MONTHS, world.limit, strict=True)
        ] + [{"supplier": "V2", "item": "A0", "location": "P", "start_date": MONTHS[0],
              "price_value": world.second_cost, "lead_time_days": 0.0, "max_qty": world.extra}]  # fmt: skip
        return {**given, "purchase_term": fit("purchase_term", terms)}
    more = world.extra if world.kind == "hours" else 0.0
    span = pd.date_range(MONTHS[0], periods=len(MONTHS) + 6, freq="MS")
    most = [*world.limit, *[world.limit[-1]] * 6]
    return {
        **given,
        "operation": fit("operation", [
            {"operation": f"{a}-L", "item": a, "location": "P", "unit_cost_value": c,
             "yield_rate": 1.0} for a, c in zip(names, world.cost, strict=True)]),
        "resource": fit("resource", [{"resource": "L", "location": "P", "hour_value": 0.0,
                                      "overtime_value": 0.0}]),
        "resource_need": fit("resource_need", [
            {"operation": f"{a}-L", "resource": "L", "hours_per_unit": h}
            for a, h in zip(names, world.hours, strict=True)]),
        "capacity": fit("capacity", [
            {"resource": "L", "period": month, "regular_hours": hours + more,
             "overtime_hours": 0.0} for month, hours in zip(span, most, strict=True)]),
    }  # fmt: skip


def to_decision(world: World) -> pd.DataFrame:
    """Return the decision as the company wrote it down."""
    first, last = f"{MONTHS[0]:%Y-%m}", f"{MONTHS[-1]:%Y-%m}"
    diffs = {
        "hours": f"- capacity: L\n  from: {first}\n  to: {last}\n  change: +{world.extra} hours",
        "supplier": f"- supplier: V2\n  from: {first}",
        "prebuild": f"- build: F\n  from: {MONTHS[1]:%Y-%m}\n  to: {MONTHS[2]:%Y-%m}\n"
        f"  change: +{world.extra} units",
        "trust": f"- forecast: sales\n  instead: marketing\n  from: {first}",
    }
    return fit("past_decision", [{"decision": "D1", "cycle": "2026-02", "status": "done",
                                  "diff": diffs[world.kind]}])  # fmt: skip


def to_forecasts(world: World) -> pd.DataFrame:
    """Return what each cycle knew: this month and the two after it, from each stream."""
    rows = [
        {"cycle": f"{month:%Y-%m}", "stream": stream, "owner": "x", "item": f"A{item}",
         "family": "all", "location": "P", "customer": "all", "period": MONTHS[later],
         "forecast_qty": said[item, later]}
        for stream, said in (("sales", world.forecast), ("marketing", world.doubted))
        for number, month in enumerate(MONTHS)
        for later in range(number, min(number + 3, len(MONTHS)))
        for item in range(len(world.price))
        if world.kind == "trust" or stream == "sales"
    ]  # fmt: skip
    none = TABLES["past_plan"].empty()
    return list_known_forecasts(
        TABLES["consensus_demand"].empty().assign(cycle=""), none, fit("forecast_stream", rows)
    )


def recover(world: World) -> float:
    """Return the effect that sopkit finds."""
    history = pd.DataFrame(
        [
            {"item": f"A{n}", "location": "P", "customer": "K", "period": month,
             "actual_qty": qty, "revenue_value": qty * world.price[n]}
            for n in range(len(world.price))
            for month, qty in zip(MONTHS, world.actual[n], strict=True)
        ]
    )  # fmt: skip
    ends = [MONTHS[0] - pd.DateOffset(months=1), *MONTHS[:-1]]
    stock = fit("stock_history", [{"item": "A0", "location": "P", "period": end,
                                   "closing_qty": 0.0} for end in ends])  # fmt: skip
    known = collect_known(
        to_given(world), history, stock, TABLES["stock_target"].empty(), to_forecasts(world)
    )
    found = measure_decisions(to_decision(world), known, horizon_months=2)
    return float(found["realised_value"].iloc[0])


def main() -> None:
    """Print planted and recovered effects, and the share within 10 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="200 companies instead of 40")
    each = 50 if parser.parse_args().full else 10
    warnings.simplefilter("ignore", FutureWarning)
    close: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for number in range(each):
            world = draw(kind, SEED + 1000 * KINDS.index(kind) + number)
            planted = live(world, True) - live(world, False)
            found = recover(world)
            off = abs(found - planted) / max(abs(planted), 1.0)
            close[kind].append(off <= CLOSE)
            print(f"{kind:9} {number:3}  planted {planted:12,.0f}  recovered {found:12,.0f}  "
                  f"off {off:6.1%}")  # fmt: skip
        print(f"{kind}: {sum(close[kind])} of {each} within {CLOSE:.0%}")
    hits = [one for kind in KINDS for one in close[kind]]
    print(f"all: {sum(hits)} of {len(hits)} planted effects recovered within {CLOSE:.0%} "
          f"({np.mean(hits):.1%})")  # fmt: skip


if __name__ == "__main__":
    main()
