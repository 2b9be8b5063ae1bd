"""A year of monthly plans of the demo company: the cheapest plan against the plan by rules.

    python tests/benchmarks/supply_year.py [--full]     three months, or twelve

Each month both companies plan from what is known, start what their plan wants in its first month,
meet what customers then order, and carry stock, goods under way, late orders and the released plan
into the next month. Nothing of the months to come is known.

- *World*: the tables of cycle 2026-11 (stock, orders under way, hours, prices). What customers order
  from 2026-11 on is what they ordered a year earlier.
- *Known demand*: the sales stream of the same month a year earlier (its own six months, errors as
  they were), then last year's orders times the ratio of the stream to them; split over customer
  groups by their share in the twelve months before.
- *Stock targets*: the error that 95 % of the stream's first months stayed under in the year before
  (share of its forecast, by location) x next month's forecast; not below 0.
- *Counted*: what is started (materials, production with hours and overtime, moves), stock at each
  month's end, units below target, late and lost units, each at the plan's own prices; less the
  growth of stock and goods under way at their cheapest supply cost. Fill: ordered units served in
  their month. Changed lines: rows of `plan_change` (flows inside the fence or the slushy days that
  are not as released; 7 and 14 days here, so all lie in the first month), from the second month on.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from demo_past import AS_OF, CYCLE, ROOT

from sopkit import finance, quality
from sopkit.periods import working_days
from sopkit.sources import read_mapping, read_tables
from sopkit.supply import (
    Case,
    Plan,
    SupplyTables,
    list_released,
    plan_by_rules,
    prepare_case,
    solve_case,
)
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.build import hour_costs, list_arrivals
from sopkit.supply.twin.ranks import list_ranks
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

STREAM = "sales"
YEAR = pd.DateOffset(years=1)
SOLVED = 12
LEVEL = 0.95
CELL = [*PLACE, "period"]
PLANNERS = {"optimal": solve_case, "rules": plan_by_rules}


@dataclass(frozen=True)
class Known:
    """What a year of planning is made of.

    Args:
        tables: of the first cycle; `stock_target` is set month by month.
        orders: what customers order: `item`, `location`, `customer`, `period`, `demand_qty`.
        streams: forecasts by `cycle` (first month known): `item`, `location`, `period`,
            `forecast_qty`.
    """

    tables: SupplyTables
    orders: pd.DataFrame
    streams: pd.DataFrame


@dataclass
class Company:
    """One of the two companies on its way through the year.

    Args:
        tables: as they are now: stock, goods under way, released plan.
        overdue: late orders, rows of `net_demand`.
        money: by term; units: ordered, on time, late, lost; changes: lines and units a month.
    """

    tables: SupplyTables
    overdue: pd.DataFrame
    money: dict[str, float] = field(default_factory=dict)
    units: dict[str, float] = field(default_factory=dict)
    changed_lines: int = 0
    changed_value: float = 0.0
    seconds: float = 0.0

    def add(self, where: dict[str, float], name: str, amount: float) -> None:
        """Add to a sum."""
        where[name] = where.get(name, 0.0) + float(amount)


def read_world() -> Known:
    """Return the demo company's tables, orders and streams, moved a year on."""
    mapping = read_mapping(ROOT / "params/mapping/demo.yaml")
    found = read_tables(mapping, ROOT / "data/demo", CYCLE, AS_OF).tables
    history = quality.to_demand_history(
        *(found[name] for name in ("sales_history", "sales_order_line", "return_line", "item")),
        CYCLE,
        pd.Timestamp("2020-11-01"),
        price=found["price"],
    )
    price = finance.complete_prices(
        found["price"], history.assign(cleaned_qty=history["actual_qty"])
    )
    tables = SupplyTables.collect({**found, "price": price})
    customers = _group_customers(tables.service_class)
    orders = history.assign(
        customer=history["customer"].map(customers).fillna(history["customer"]),
        period=history["period"] + YEAR,
        demand_qty=history["actual_qty"].clip(lower=0.0),
    )
    orders = orders.groupby([*PLACE, "customer", "period"], as_index=False)[["demand_qty"]].sum()
    told = found["forecast_stream"]
    told = told[told["stream"] == STREAM]
    streams = told.assign(
        cycle=pd.to_datetime(told["cycle"] + "-01") + YEAR, period=told["period"] + YEAR
    )
    streams = streams.groupby(["cycle", *CELL], as_index=False)[["forecast_qty"]].sum()
    return Known(tables, orders, streams)


def _group_customers(service_class: pd.DataFrame) -> pd.Series:
    """Return for each customer the first of those that are served alike."""
    alike = [name for name in service_class.columns if name != "customer"]
    first = service_class.groupby(alike, dropna=False)["customer"].transform("first")
    return pd.Series(first.to_numpy(), index=service_class["customer"].to_numpy())


def forecast(known: Known, first: pd.Timestamp, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what is known of demand in a cycle: contract `net_demand`, class forecast."""
    told = known.streams[known.streams["cycle"] == first].drop(columns="cycle")
    before = known.orders.assign(period=known.orders["period"] + YEAR)
    before = before[before["period"].isin(months)].groupby(CELL, as_index=False)["demand_qty"].sum()
    near = before.merge(told, on=CELL, how="inner", validate="one_to_one")
    ratio = near["forecast_qty"].sum() / max(near["demand_qty"].sum(), 1e-9)
    later = before[before["period"] > told["period"].max()]
    rest = later.assign(forecast_qty=later["demand_qty"] * ratio)
    rows = pd.concat([told, rest[[*CELL, "forecast_qty"]]], ignore_index=True)
    rows = rows[rows["period"].isin(months)]
    past = known.orders[known.orders["period"].between(first - YEAR, first, inclusive="left")]
    share = past.groupby([*PLACE, "customer"], as_index=False)["demand_qty"].sum()
    total = share.groupby(PLACE)["demand_qty"].transform("sum")
    share = share.assign(share=share["demand_qty"] / total.where(total > 0))
    share = share.dropna(subset="share")[[*PLACE, "customer", "share"]]
    split = rows.merge(share, on=PLACE, how="left", validate="many_to_many")
    split = split.assign(
        customer=split["customer"].fillna(ALL),
        demand_qty=split["forecast_qty"] * split["share"].fillna(1.0),
        demand_class="forecast",
    )
    return _rank(known, split)


def _rank(known: Known, rows: pd.DataFrame) -> pd.DataFrame:
    """Return demand rows with their customers' priority."""
    priority = known.tables.service_class.set_index("customer")["priority"]
    found = rows.assign(priority=rows["customer"].map(priority).fillna(2).astype("int64"))
    return fit_columns(found[found["demand_qty"] > 0], TABLES["net_demand"]).reset_index(drop=True)


def set_target(known: Known, first: pd.Timestamp, demand: pd.DataFrame) -> pd.DataFrame:
    """Return stock targets from the stream's errors in the year before: `stock_target`."""
    told = known.streams[known.streams["cycle"] == known.streams["period"]]
    told = told[told["cycle"].between(first - YEAR, first, inclusive="left")]
    came = known.orders.groupby(CELL, as_index=False)["demand_qty"].sum()
    both = told.merge(came, on=CELL, how="left", validate="one_to_one").fillna({"demand_qty": 0.0})
    both = both[both["forecast_qty"] > 0]
    error = (both["demand_qty"] - both["forecast_qty"]) / both["forecast_qty"]
    rate = error.groupby(both["location"]).quantile(LEVEL).clip(0.0, 2.0)
    rows = demand.groupby(CELL, as_index=False)["demand_qty"].sum()
    cover = rows["location"].map(rate).fillna(rate.median())
    target = rows.assign(
        period=rows["period"] - pd.DateOffset(months=1),
        safety_stock_qty=rows["demand_qty"] * cover,
        cycle_stock_qty=0.0,
        protection_months=1.0,
        basis="error",
    )
    return fit_columns(target[target["period"] >= first], TABLES["stock_target"])


def run_month(known: Known, company: Company, planner: str, first: pd.Timestamp) -> None:
    """Plan, start the first month, meet what is ordered, and carry the rest on."""
    months = pd.date_range(first, periods=SOLVED, freq="MS", name="period")
    wanted = pd.concat([company.overdue, forecast(known, first, months)], ignore_index=True)
    orders = known.orders[known.orders["period"] == first].assign(demand_class="forecast")
    ordered = pd.concat([company.overdue, _rank(known, orders)], ignore_index=True)
    tables = replace(company.tables, stock_target=set_target(known, first, wanted))
    days = {month: working_days(month, "CN") for month in months}
    started = time.process_time()
    places = pd.concat([wanted, ordered], ignore_index=True)
    places = places.drop_duplicates(list(TABLES["net_demand"].key), ignore_index=True)
    case = prepare_case(tables, places, months, working_days=days)
    plan = PLANNERS[planner](case, wanted)
    company.seconds += time.process_time() - started
    slushy = plan.plan_change
    company.changed_lines += len(slushy)
    value = case.places.set_index(PLACE)["unit_value"]
    company.changed_value += float(
        (
            slushy["change_qty"].abs().to_numpy()
            * value.reindex(pd.MultiIndex.from_frame(slushy[PLACE])).to_numpy()
        ).sum()
    )
    served = meet_orders(company, case, plan, ordered, first)
    carry_on(company, case, plan, served)


def meet_orders(
    company: Company, case: Case, plan: Plan, ordered: pd.DataFrame, first: pd.Timestamp
) -> np.ndarray:
    """Return the stock left at each place when the month is over; books units and money.

    Orders are served rank after rank; what a customer who waits does not get is served next month
    or lost then.
    """
    flow = plan.flow[:, 0]
    stock = case.places["opening_qty"].to_numpy(float) + case.arriving[:, 0]
    arrived = dict(list_arrivals(case.ways)).get(0, np.zeros(len(flow))) * flow
    np.add.at(stock, case.ways["place"].to_numpy(int), arrived)
    used = flow[case.uses["way"].to_numpy(int)] * case.use_qty[:, 0]
    np.subtract.at(stock, case.uses["place"].to_numpy(int), used)
    stock = np.maximum(stock, 0.0)
    streams = to_streams(case, ordered)
    short = streams.demand_qty[:, 0].copy()
    for rank in list_ranks(streams):
        given = np.minimum(rank.due[:, 0], stock[rank.place])
        stock[rank.place] -= given
        short[rank.streams] -= given
    _book_month(company, case, flow, stock)
    rows = streams.rows[streams.rows["month"] == 0]
    share = short / np.maximum(streams.demand_qty[:, 0], 1e-12)
    rows = rows.assign(short_qty=rows["demand_qty"] * share[rows["stream"].to_numpy(int)])
    waits = (rows["late_months"] >= 1) & (rows["demand_class"] != "overdue")
    fresh = rows["demand_class"] != "overdue"
    lost = rows["short_qty"].where(~waits, 0.0)
    late = rows["short_qty"].where(waits, 0.0)
    company.add(company.money, "short", (lost * rows["lost_value"]).sum())
    company.add(company.money, "late", (late * rows["late_value"]).sum())
    company.add(company.units, "ordered", rows.loc[fresh, "demand_qty"].sum())
    company.add(company.units, "missed", rows.loc[fresh, "short_qty"].sum())
    company.add(company.units, "lost", lost.sum())
    overdue = rows.assign(
        demand_qty=late, demand_class="overdue", period=first + pd.DateOffset(months=1)
    )
    overdue = overdue[overdue["demand_qty"] > 1e-6]
    company.overdue = fit_columns(overdue, TABLES["net_demand"]).reset_index(drop=True)
    return stock


def _book_month(company: Company, case: Case, flow: np.ndarray, stock: np.ndarray) -> None:
    """Add what was started and held to the company's money."""
    for kind in ("make", "buy", "move"):
        of = (case.ways["flow_kind"] == kind).to_numpy()
        company.add(company.money, kind, (flow * case.way_cost[:, 0])[of].sum())
    company.add(company.money, "regular", (flow * hour_costs(case)).sum())
    hours = flow[case.needs["way"].to_numpy(int)] * case.needs["need_hours"].to_numpy(float)
    load = np.bincount(case.needs["resource"].to_numpy(int), hours, minlength=len(case.resources))
    over = np.maximum(load - case.regular_hours[:, 0], 0.0)
    pay = case.resources["overtime_value"].to_numpy(float)
    company.add(company.money, "overtime", (over * pay).sum())
    company.add(company.money, "hold", (stock * case.hold_value).sum())
    value = case.places["unit_value"].to_numpy(float)
    half = case.target[:, 0] / 2
    deep = np.maximum(half - stock, 0.0) * case.rates.deep_target_rate
    upper = np.maximum(half - np.maximum(stock - half, 0.0), 0.0) * case.rates.below_target_rate
    company.add(company.money, "below_target", ((deep + upper) * value).sum())


def carry_on(company: Company, case: Case, plan: Plan, stock: np.ndarray) -> None:
    """Set stock, goods under way and the released plan for the next month."""
    following = case.periods[0] + pd.DateOffset(months=1)
    place = case.places[PLACE]
    held = place.assign(on_hand_qty=stock, status="free")[stock > 1e-9]
    under_way = case.arriving.copy()
    under_way[:, 0] = 0.0
    into = case.ways["place"].to_numpy(int)
    for delay, share in list_arrivals(case.ways):
        if 0 < delay < len(case.periods):
            np.add.at(under_way[:, delay], into, plan.flow[:, 0] * share)
    at, month = np.nonzero(under_way > 1e-9)
    coming = place.iloc[at].reset_index(drop=True)
    coming = coming.assign(
        supply_order=[f"o{number:06d}" for number in range(len(at))],
        supply_kind="buy",
        due_date=case.periods[month],
        open_qty=under_way[at, month],
    )
    company.tables = replace(
        company.tables,
        opening_stock=fit_columns(held.reset_index(drop=True), TABLES["opening_stock"]),
        open_supply=fit_columns(coming, TABLES["open_supply"]),
        released_plan=list_released(plan.plan_flow, following),
        stock_target=TABLES["stock_target"].empty(),
    )


def value_stock(tables: SupplyTables, case: Case) -> float:
    """Return stock and goods under way at their cheapest supply cost."""
    base = case.places["base_cost"].to_numpy(float)
    worth = pd.Series(
        np.where(np.isfinite(base), base, case.places["unit_value"].to_numpy(float)),
        index=pd.MultiIndex.from_frame(case.places[PLACE]),
    )
    total = 0.0
    for frame, qty in ((tables.opening_stock, "on_hand_qty"), (tables.open_supply, "open_qty")):
        each = worth.reindex(pd.MultiIndex.from_frame(frame[PLACE])).fillna(0.0).to_numpy()
        total += float((frame[qty].to_numpy(float) * each).sum())
    return total


def main(months: int) -> None:
    """Print cost, fill and changes of both companies."""
    known = read_world()
    companies = {name: Company(known.tables, TABLES["net_demand"].empty()) for name in PLANNERS}
    cycles = pd.date_range(CYCLE, periods=months, freq="MS")
    for first in cycles:
        for name, company in companies.items():
            run_month(known, company, name, first)
        print(f"{first:%Y-%m} done", *(f"{n} {c.seconds:.0f} s" for n, c in companies.items()))
    after = cycles[-1] + pd.DateOffset(months=1)
    periods = pd.date_range(after, periods=SOLVED, freq="MS", name="period")
    wanted = forecast(known, cycles[-1], periods)
    rows = {}
    for name, company in companies.items():
        case = prepare_case(known.tables, wanted, periods)
        grown = value_stock(company.tables, case) - value_stock(known.tables, case)
        money = {**company.money, "less stock grown": -grown}
        units = company.units
        rows[name] = {
            **money,
            "cost": sum(money.values()),
            "fill": 1 - units["missed"] / units["ordered"],
            "lost share": units["lost"] / units["ordered"],
            "changed lines": company.changed_lines,
            "changed value": company.changed_value,
            "CPU s": company.seconds,
        }
    table = pd.DataFrame(rows)
    table["rules / optimal"] = table["rules"] / table["optimal"].where(table["optimal"] != 0)
    with pd.option_context("display.float_format", "{:,.4f}".format, "display.width", 120):
        print(table)


if __name__ == "__main__":
    main(12 if "--full" in sys.argv else 3)
