"""Does the supply review name what stops a demand? Companies with causes planted in them.

    python tests/benchmarks/supply_causes.py [--full] [--seed N] [--count N] [--pairs N] [--gains N]

A company is drawn whose plan serves everybody; then one cause (or two that act on the same demand)
is planted, and the dearest missed demand is explained. One cause counts as named when `cause` and
`cause_code` (of a material also `root_cause` and `root_code`) are the planted ones. Two count when
each is among cause, root cause and second cause of that demand. A draw is used when the plan
without the cause serves everybody, and the plan with it misses something; with two, each of them
alone must also miss that demand. What the explanation says plays no part in choosing. Last, the
gains of fixes are held against cold solves of the edited input tables.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply import (
    Case,
    Plan,
    Rates,
    SupplyTables,
    explain_shortages,
    prepare_case,
    solve_case,
)
from sopkit.supply.explain import apply_fix, list_fixes, to_fix
from sopkit.tables import TABLES

SEED = 90_210  # tests and development used others
KINDS = (
    "lead_time",
    "resource",
    "material",
    "supplier",
    "lane",
    "fence",
    "policy",
    "cost",
    "no_source",
)
PAIRS = (
    ("resource", "lane"),
    ("resource", "material"),
    ("resource", "fence"),
    ("material", "lane"),
    ("lead_time", "lane"),
    ("lead_time", "resource"),
    ("supplier", "lane"),
    ("lead_time", "supplier"),
    ("fence", "lane"),
    ("fence", "supplier"),
    ("policy", "resource"),
    ("material", "material"),
)
FIRST = "2026-03-01"
LEAST_SHARE = 0.02
Draw = np.random.Generator
Name = tuple[str, str]


@dataclass(frozen=True)
class Company:
    """Tables by name, contract `net_demand`, months and prices."""

    frames: dict[str, pd.DataFrame]
    demand: pd.DataFrame
    periods: pd.DatetimeIndex
    rates: Rates

    def edit(self, **frames: pd.DataFrame) -> Company:
        """Return the company with some tables replaced."""
        return replace(self, frames={**self.frames, **frames})

    def wants(self, item: str, location: str | None = None) -> np.ndarray:
        """Return the demand of an item by month."""
        rows = self.demand[self.demand["item"] == item]
        rows = rows if location is None else rows[rows["location"] == location]
        sums = rows.groupby("period")["demand_qty"].sum()
        return sums.reindex(self.periods).fillna(0.0).to_numpy()


@dataclass(frozen=True)
class Planted:
    """A company with a cause in it; `row` is what must be named, root included."""

    company: Company
    limit: Name
    material: str = ""


def frame(rows: list[tuple], names: str) -> pd.DataFrame:
    """Return rows as a frame with named columns."""
    return pd.DataFrame(rows, columns=names.split())


# --- a company that can serve everybody ------------------------------------------------------


def draw_company(draw: Draw, *, peak: bool = False) -> Company:
    """Return a company: 1 or 2 plants with shared lines, alternates, parts, a semi-finished item,
    traded goods, lanes to 1 or 2 centres; `peak`: a season that needs building ahead.
    """
    periods = pd.date_range(FIRST, periods=int(draw.integers(6, 10)), freq="MS", name="period")
    plants, centres = ["P1", "P2"][: draw.integers(1, 3)], ["D1", "D2"][: draw.integers(1, 3)]
    finished = [f"F{n}" for n in range(1, int(draw.integers(2, 5)) + 1)]
    home = {item: str(draw.choice(plants)) for item in finished}
    demand = _draw_demand(draw, finished, centres, periods, peak)
    operation, need, bom = _draw_making(draw, finished, home, plants)
    frames = {
        "operation": operation,
        "resource_need": need,
        "bom": bom,
        "purchase_term": _draw_buying(draw, plants, centres),
        "lane": _draw_lanes(draw, plants, centres),
        "resource": _draw_resources(draw, need),
        "price": _draw_prices(draw, finished),
        "service_class": frame(
            [
                ("K", 1, 0.08, 1.0, float(draw.integers(0, 2))),
                ("X", 2, 0.05, 0.9, float(draw.integers(0, 2))),
            ],
            "customer priority late_rate lost_sale_rate late_months",
        ),
        "item": frame(
            [(item, np.nan) for item in [*finished, "T1", "T2", "S1", "M1", "M2", "M3"]],
            "item shelf_life_days",
        ),
    }
    company = Company(frames, demand, periods, _draw_rates(draw))
    company = company.edit(capacity=_draw_capacity(draw, company, peak))
    return company.edit(opening_stock=_draw_stock(draw, company, home))


def _draw_rates(draw: Draw) -> Rates:
    usual = Rates()
    if draw.random() < 0.3:
        return replace(usual, fair_share_rate=0.0, preference_rate=0.0, change_rate=0.0)
    return usual


def _draw_demand(
    draw: Draw, finished: list[str], centres: list[str], periods: pd.DatetimeIndex, peak: bool
) -> pd.DataFrame:
    rows = []
    high = int(draw.integers(3, len(periods) - 1))
    for item in [*finished, "T1", "T2"]:
        sold = [c for c in centres if draw.random() < 0.7] or [str(draw.choice(centres))]
        level = draw.uniform(50, 400)
        for centre in sold:
            split = draw.uniform(0.3, 0.7)
            for month, period in enumerate(periods):
                qty = level * draw.uniform(0.85, 1.15)
                qty *= 1.7 if peak and month == high and item[0] == "F" else 1.0
                rows.append((item, centre, "K", period, "forecast", qty * split, 1))
                rows.append((item, centre, "X", period, "forecast", qty * (1 - split), 2))
    names = "item location customer period demand_class demand_qty priority"
    return frame(rows, names)


def _draw_making(
    draw: Draw, finished: list[str], home: dict[str, str], plants: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    operation, need, bom = [], [], []
    lines = {plant: [f"L{plant}a", f"L{plant}b"][: draw.integers(1, 3)] for plant in plants}
    for item in finished:
        plant = home[item]
        line, hours = str(draw.choice(lines[plant])), draw.uniform(0.2, 0.8)
        lead = float(draw.choice([0, 0, 3, 8]))
        operation.append((f"{item}@{line}", item, plant, draw.uniform(1, 3), lead, 1))
        need.append((f"{item}@{line}", line, hours))
        others = [one for one in lines[plant] if one != line]
        if others and draw.random() < 0.5:
            other = others[0]
            operation.append((f"{item}@{other}", item, plant, draw.uniform(4, 6), lead, 2))
            need.append((f"{item}@{other}", other, hours * 1.4))
        parts = draw.choice(["M1", "M2"], size=int(draw.integers(1, 3)), replace=False)
        bom += [(item, str(part), float(draw.integers(1, 4))) for part in parts]
        if draw.random() < 0.5:
            bom.append((item, "S1", 1.0))
    for plant in plants:
        operation.append((f"S1@LS{plant}", "S1", plant, draw.uniform(0.5, 1.5), 0.0, 1))
        need.append((f"S1@LS{plant}", f"LS{plant}", draw.uniform(0.1, 0.3)))
    bom.append(("S1", "M3", 1.0))
    return (
        frame(operation, "operation item location unit_cost_value lead_time_days priority"),
        frame(need, "operation resource hours_per_unit"),
        frame(bom, "item component component_qty"),
    )


def _draw_buying(draw: Draw, plants: list[str], centres: list[str]) -> pd.DataFrame:
    rows = []
    for part in ("M1", "M2", "M3"):
        for plant in plants:
            price, lead = draw.uniform(0.5, 1.5), float(draw.choice([0, 5, 10]))
            rows.append((f"V{part}", part, plant, price, lead, np.nan))
            if draw.random() < 0.4:
                rows.append((f"W{part}", part, plant, price * 1.5, lead, draw.uniform(10, 40)))
    for item in ("T1", "T2"):
        for centre in centres:
            price = draw.uniform(5, 10)
            rows.append((f"V{item}", item, centre, price, float(draw.choice([0, 5])), np.nan))
            if draw.random() < 0.4:
                rows.append((f"W{item}", item, centre, price * 1.4, 5.0, draw.uniform(5, 20)))
    return frame(rows, "supplier item location price_value lead_time_days max_qty")


def _draw_lanes(draw: Draw, plants: list[str], centres: list[str]) -> pd.DataFrame:
    rows = [
        (plant, centre, "all", float(draw.choice([0, 2, 6])), draw.uniform(0.2, 1), np.nan)
        for plant in plants
        for centre in centres
    ]
    if len(centres) > 1 and draw.random() < 0.3:
        rows.append(("D1", "D2", "all", 2.0, 1.5, 15.0))
    return frame(rows, "from_location to_location item lead_time_days unit_cost_value max_qty")


def _draw_resources(draw: Draw, need: pd.DataFrame) -> pd.DataFrame:
    codes = sorted(need["resource"].unique())
    rows = [(code, "P1", draw.uniform(2, 6), draw.uniform(1, 5)) for code in codes]
    return frame(rows, "resource location hour_value overtime_value")


def _draw_prices(draw: Draw, finished: list[str]) -> pd.DataFrame:
    rows = [(item, draw.uniform(45, 90)) for item in finished]
    return frame(
        [*rows, ("T1", draw.uniform(25, 50)), ("T2", draw.uniform(25, 50))], "item price_value"
    )


def _line_load(company: Company) -> pd.DataFrame:
    """Return hours that demand takes of each line (resource x period), preferred ways only."""
    made = company.frames["operation"].merge(company.frames["resource_need"], on="operation")
    made = made[made["priority"] == 1]
    load: dict[str, np.ndarray] = {}
    for row in made.itertuples():
        if row.item == "S1":
            takers = company.frames["bom"].query("component == 'S1'")["item"]
            homes = made[made["location"] == row.location]["item"]
            qty = sum(
                (company.wants(item) for item in takers if item in set(homes)),
                start=np.zeros(len(company.periods)),
            )
        else:
            qty = company.wants(row.item)
        load[row.resource] = load.get(row.resource, 0) + qty * row.hours_per_unit
    every = company.frames["resource"]["resource"]
    none = np.zeros(len(company.periods))
    return pd.DataFrame({code: load.get(code, none) for code in every}, index=company.periods).T


def _draw_capacity(draw: Draw, company: Company, peak: bool) -> pd.DataFrame:
    load = _line_load(company)
    rows = []
    for code, hours in load.iterrows():
        usual = np.sort(hours.to_numpy())[:-1].max() if peak else hours.max()
        regular = usual * draw.uniform(1.25, 1.5) if usual > 0 else draw.uniform(5, 20)
        rows += [(code, period, regular, 0.05 * regular) for period in company.periods]
    return frame(rows, "resource period regular_hours overtime_hours")


def _draw_stock(draw: Draw, company: Company, home: dict[str, str]) -> pd.DataFrame:
    rows = []
    places = company.demand[["item", "location"]].drop_duplicates()
    for item, centre in places.itertuples(index=False):
        qty = company.wants(item, centre)[0]
        rows.append((item, centre, qty * draw.uniform(0.45, 0.6)))
        if item in home:
            rows.append((item, home[item], qty * draw.uniform(0.05, 0.3)))
    for plant in set(home.values()):
        takes = {
            part: sum(
                company.wants(item)[0] * qty
                for item, component, qty in company.frames["bom"].itertuples(index=False)
                if component == part and home.get(item) == plant
            )
            for part in ("M1", "M2", "S1")
        }
        takes["M3"] = takes["S1"]
        rows += [(part, plant, qty * draw.uniform(0.5, 0.7)) for part, qty in takes.items()]
    rows = [row for row in rows if row[2] > 0]
    stock = frame(rows, "item location on_hand_qty")
    return stock.groupby(["item", "location"], as_index=False).sum()


# --- causes ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A finished item, its preferred operation, and a centre that sells it."""

    item: str
    operation: str
    line: str
    plant: str
    centre: str


def pick_target(draw: Draw, company: Company) -> Target:
    """Return an item to plant a cause for."""
    made = company.frames["operation"].merge(company.frames["resource_need"], on="operation")
    made = made[(made["priority"] == 1) & (made["item"] != "S1")]
    row = made.iloc[int(draw.integers(len(made)))]
    sold = company.demand.loc[company.demand["item"] == row["item"], "location"].unique()
    return Target(
        row["item"], row["operation"], row["resource"], row["location"], str(draw.choice(sold))
    )


def _where(rows: pd.DataFrame, column: str, mask: pd.Series, values: object) -> pd.DataFrame:
    changed = rows.copy()
    if column not in changed:
        changed[column] = 0.0
    changed.loc[mask, column] = values
    return changed


def _span(draw: Draw, company: Company) -> slice:
    """Return some months in a row, the first one not always among them."""
    count = len(company.periods)
    start = int(draw.integers(0, count - 2))
    return slice(start, min(count, start + int(draw.integers(2, count))))


def plant_resource(draw: Draw, company: Company, target: Target) -> Planted:
    """Take hours from the target's line."""
    return Planted(_cut_line(draw, company, target.line), ("resource", target.line))


def _cut_line(draw: Draw, company: Company, line: str) -> Company:
    rows = company.frames["capacity"]
    months = company.periods[_span(draw, company)]
    cut = (rows["resource"] == line) & rows["period"].isin(months)
    for column in ("regular_hours", "overtime_hours"):
        rows = _where(rows, column, cut, rows.loc[cut, column] * draw.uniform(0.25, 0.55))
    return company.edit(capacity=rows)


def plant_lane(draw: Draw, company: Company, target: Target) -> Planted:
    """Limit the lanes on which the target's item leaves its plant for the centre."""
    lanes = company.frames["lane"]
    own = (lanes["from_location"] == target.plant) & (lanes["to_location"] == target.centre)
    made = company.frames["operation"].query("location == @target.plant")["item"].unique()
    usual = sum(company.wants(item, target.centre).mean() for item in made if item != "S1")
    lanes = _where(lanes, "max_qty", own, usual * draw.uniform(0.35, 0.75))
    return Planted(company.edit(lane=lanes), ("lane", f"{target.plant} > {target.centre}"))


def plant_supplier(draw: Draw, company: Company, target: Target) -> Planted:
    """Limit what a supplier of a traded item delivers."""
    item = str(draw.choice(["T1", "T2"]))
    sold = company.demand.loc[company.demand["item"] == item, "location"].unique()
    return _limit_supplier(draw, company, item, str(draw.choice(sold)))


def _limit_supplier(draw: Draw, company: Company, item: str, centre: str) -> Planted:
    terms = company.frames["purchase_term"]
    own = (terms["supplier"] == f"V{item}") & (terms["location"] == centre)
    most = company.wants(item, centre).mean() * draw.uniform(0.4, 0.8)
    terms = _where(terms, "max_qty", own, most)
    return Planted(company.edit(purchase_term=terms), ("supplier", f"V{item}"))


def _usage(company: Company, part: str, plant: str) -> np.ndarray:
    made = set(company.frames["operation"].query("location == @plant")["item"])
    total = np.zeros(len(company.periods))
    for item, component, qty in company.frames["bom"].itertuples(index=False):
        if component == part and item in made:
            own = _usage(company, "S1", plant) if item == "S1" else company.wants(item)
            total = total + own * qty
    return total


def _parts_of(company: Company, item: str) -> list[str]:
    bom = company.frames["bom"]
    return sorted(bom.loc[bom["item"] == item, "component"])


def plant_material(draw: Draw, company: Company, target: Target) -> Planted:
    """Make a part of the target's item scarce: supplier, lead time, or the line that makes it."""
    part = str(draw.choice(_parts_of(company, target.item)))
    if part == "S1" and draw.random() < 0.6:
        line = f"LS{target.plant}"
        return Planted(_cut_line(draw, company, line), ("resource", line), "S1")
    bought = "M3" if part == "S1" else part
    terms = company.frames["purchase_term"]
    own = (terms["supplier"] == f"V{bought}") & (terms["location"] == target.plant)
    if draw.random() < 0.6:
        most = _usage(company, bought, target.plant).mean() * draw.uniform(0.4, 0.8)
        terms = _where(terms, "max_qty", own, most)
        kind = "supplier"
    else:
        terms = _where(terms, "lead_time_days", own, draw.uniform(45, 100))
        kind = "lead_time"
    return Planted(company.edit(purchase_term=terms), (kind, f"V{bought}"), part)


def plant_lead_time(draw: Draw, company: Company, target: Target) -> Planted:
    """Make the target's operation, its lane, or a traded item's supplier slow."""
    days = float(draw.uniform(40, 110))
    how = draw.random()
    if how < 0.35:
        rows = company.frames["operation"]
        rows = _where(rows, "lead_time_days", rows["item"] == target.item, days)
        return Planted(company.edit(operation=rows), ("lead_time", target.operation))
    if how < 0.65:
        rows = company.frames["lane"]
        own = (rows["from_location"] == target.plant) & (rows["to_location"] == target.centre)
        rows = _where(rows, "lead_time_days", own, days)
        return Planted(company.edit(lane=rows), ("lead_time", target.plant))
    item = str(draw.choice(["T1", "T2"]))
    rows = company.frames["purchase_term"]
    rows = _where(rows, "lead_time_days", rows["supplier"] == f"V{item}", days)
    return Planted(company.edit(purchase_term=rows), ("lead_time", f"V{item}"))


def plant_fence(draw: Draw, company: Company, target: Target) -> Planted:
    """Freeze the target's operation or lane, or a traded item's supplier, with too little in it."""
    days, share, how = float(draw.uniform(35, 95)), draw.uniform(0.0, 0.5), draw.random()
    if how < 0.4:
        rows = company.frames["operation"]
        frozen = _where(rows, "frozen_days", rows["item"] == target.item, days)
        qty = company.wants(target.item) * share
        released = ("make", target.item, target.plant, target.operation)
        return _release(company.edit(operation=frozen), released, qty)
    if how < 0.6:
        rows = company.frames["lane"]
        own = (rows["from_location"] == target.plant) & (rows["to_location"] == target.centre)
        qty = company.wants(target.item, target.centre) * share
        released = ("move", target.item, target.centre, target.plant)
        return _release(company.edit(lane=_where(rows, "frozen_days", own, days)), released, qty)
    item = str(draw.choice(["T1", "T2"]))
    centre = str(draw.choice(company.demand.query("item == @item")["location"].unique()))
    rows = company.frames["purchase_term"]
    own = (rows["item"] == item) & (rows["location"] == centre)
    frozen = company.edit(purchase_term=_where(rows, "frozen_days", own, days))
    return _release(frozen, ("buy", item, centre, f"V{item}"), company.wants(item, centre) * share)


def _release(company: Company, way: tuple[str, str, str, str], qty: np.ndarray) -> Planted:
    rows = [(*way, period, one) for period, one in zip(company.periods, qty, strict=True)]
    released = frame(rows, "flow_kind item location source period flow_qty")
    return Planted(company.edit(released_plan=released), ("fence", way[3]))


def plant_policy(draw: Draw, company: Company, target: Target) -> Planted:
    """Forbid what building ahead needs: a maximum, room, a long life; or the share of a supplier."""
    how = draw.random()
    if how < 0.35:
        most = company.wants(target.item).mean() * draw.uniform(0.02, 0.15)
        policy = frame([(target.item, "all", most)], "item location max_qty")
        return Planted(company.edit(stock_policy=policy), ("policy", "max_stock"))
    if how < 0.6:
        places = sorted({*company.demand["location"], *company.frames["operation"]["location"]})
        usual = company.demand.groupby("period")["demand_qty"].sum().mean()
        most = usual * draw.uniform(0.02, 0.15)
        room = frame([(place, most) for place in places], "location max_places")
        parts = company.frames["item"].assign(storage_places=1.0)
        parts.loc[parts["item"].str[0].isin(["M", "S"]), "storage_places"] = 0.0
        return Planted(company.edit(storage=room, item=parts), ("policy", "storage"))
    if how < 0.8:
        items = _where(
            company.frames["item"],
            "shelf_life_days",
            company.frames["item"]["item"] == target.item,
            draw.uniform(15, 28),
        )
        return Planted(company.edit(item=items), ("policy", "shelf_life"))
    return _agree_share(draw, company)


def _agree_share(draw: Draw, company: Company) -> Planted:
    """Let two suppliers share a traded item, the smaller of them with a share it cannot give."""
    item = str(draw.choice(["T1", "T2"]))
    centre = str(draw.choice(company.demand.query("item == @item")["location"].unique()))
    usual = company.wants(item, centre).mean()
    terms = company.frames["purchase_term"]
    terms = terms[~((terms["supplier"] == f"W{item}") & (terms["location"] == centre))]
    price = terms.loc[terms["supplier"] == f"V{item}", "price_value"].mean()
    small = frame(
        [(f"W{item}", item, centre, price * 1.2, 0.0, usual * draw.uniform(0.1, 0.3))],
        "supplier item location price_value lead_time_days max_qty",
    )
    terms = pd.concat([terms, small], ignore_index=True).assign(max_share_rate=1.0)
    own = (terms["supplier"] == f"V{item}") & (terms["location"] == centre)
    terms = _where(terms, "max_share_rate", own, draw.uniform(0.4, 0.6))
    return Planted(company.edit(purchase_term=terms), ("policy", "share"))


def plant_cost(draw: Draw, company: Company, target: Target) -> Planted:
    """Let a traded item bring less than it costs, or cost more than it brings."""
    item = str(draw.choice(["T1", "T2"]))
    if draw.random() < 0.5:
        rows = company.frames["price"]
        rows = _where(rows, "price_value", rows["item"] == item, draw.uniform(1, 3))
        return Planted(company.edit(price=rows), ("cost", f"V{item}"))
    rows = company.frames["purchase_term"]
    own = rows["item"] == item
    rows = _where(rows, "price_value", own, rows.loc[own, "price_value"] * draw.uniform(12, 30))
    return Planted(company.edit(purchase_term=rows), ("cost", f"V{item}"))


def plant_no_source(draw: Draw, company: Company, target: Target) -> Planted:
    """Take away an item's operations, a traded item's suppliers, a part's, or all lanes."""
    how = draw.random()
    if how < 0.3:
        rows = company.frames["operation"].query("item != @target.item")
        need = company.frames["resource_need"]
        need = need[need["operation"].isin(rows["operation"])]
        cut = company.edit(operation=rows.reset_index(drop=True), resource_need=need)
        return Planted(cut, ("no_source", target.item))
    terms = company.frames["purchase_term"]
    if how < 0.6:
        item = str(draw.choice(["T1", "T2"]))
        rows = terms[terms["item"] != item].reset_index(drop=True)
        return Planted(company.edit(purchase_term=rows), ("no_source", item))
    part = str(draw.choice(_parts_of(company, target.item)))
    bought = "M3" if part == "S1" else part
    rows = terms[terms["item"] != bought].reset_index(drop=True)
    return Planted(company.edit(purchase_term=rows), ("no_source", bought), part)


PLANT: dict[str, Callable[[Draw, Company, Target], Planted]] = {
    "lead_time": plant_lead_time,
    "resource": plant_resource,
    "material": plant_material,
    "supplier": plant_supplier,
    "lane": plant_lane,
    "fence": plant_fence,
    "policy": plant_policy,
    "cost": plant_cost,
    "no_source": plant_no_source,
}


# --- drawing, judging ------------------------------------------------------------------------


def solve(company: Company) -> tuple[Case, Plan]:
    """Return a company's case and plan."""
    tables = SupplyTables.collect(company.frames)
    case = prepare_case(tables, company.demand, company.periods, rates=company.rates)
    return case, solve_case(case, company.demand)


def missed(plan: Plan) -> pd.Series:
    """Return what is short or late by item, location, month."""
    rows = plan.plan_service.assign(qty=lambda one: one["short_qty"] + one["late_qty"])
    return rows.groupby(["item", "location", "period"])["qty"].sum()


def misses(plan: Plan) -> bool:
    """Return whether a plan misses more than a fiftieth of any month's demand."""
    return bool((missed(plan) > LEAST_SHARE * wanted(plan)).any())


def wanted(plan: Plan) -> pd.Series:
    """Return what is wanted by item, location, month."""
    return plan.plan_service.groupby(["item", "location", "period"])["demand_qty"].sum()


@dataclass(frozen=True)
class Instance:
    """A case with planted causes, its plan, and what was planted."""

    seed: int
    case: Case
    plan: Plan
    planted: tuple[Planted, ...]


def draw_singles(kinds: list[str], seed: int, count: int) -> Iterator[tuple[str, Instance]]:
    """Yield cases with one cause, so many of each kind; kinds share the companies drawn."""
    left = dict.fromkeys(kinds, count)
    while any(left.values()):
        seed += 1
        for peak in (False, True):
            wanted = [kind for kind, n in left.items() if n and (kind == "policy") == peak]
            company = draw_company(np.random.default_rng([seed, peak]), peak=peak)
            if not wanted or misses(solve(company)[1]):
                continue
            for kind in wanted:
                draw = np.random.default_rng([seed, peak, KINDS.index(kind)])
                one = PLANT[kind](draw, company, pick_target(draw, company))
                case, plan = solve(one.company)
                if misses(plan):
                    left[kind] -= 1
                    yield kind, Instance(seed, case, plan, (one,))


def draw_pairs(seed: int, count: int) -> Iterator[tuple[str, Instance]]:
    """Yield cases with two causes that act on the same demand; pairs take turns."""
    found = 0
    while found < count:
        seed += 1
        kinds = PAIRS[seed % len(PAIRS)]
        company = draw_company(np.random.default_rng([seed, 7]), peak="policy" in kinds)
        instance = _draw_pair(seed, company, kinds)
        if instance is not None and not misses(solve(company)[1]):
            found += 1
            yield "+".join(kinds), instance


def _draw_pair(seed: int, company: Company, kinds: tuple[str, str]) -> Instance | None:
    """Return a case with two causes, None where they do not act on the same demand."""
    target = pick_target(np.random.default_rng([seed, 8]), company)

    def plant(number: int, into: Company) -> Planted:
        return PLANT[kinds[number]](np.random.default_rng([seed, 9, number]), into, target)

    one, other = plant(0, company), plant(1, company)
    if one.limit == other.limit:
        return None
    case, plan = solve(plant(1, one.company).company)
    if not misses(plan):
        return None
    key = dearest(explain_rows(plan))
    least = LEAST_SHARE * wanted(plan)[key]
    for planted in (one, other):
        if missed(solve(planted.company)[1]).get(key, 0.0) < least:
            return None
    return Instance(seed, case, plan, (one, other))


def explain_rows(plan: Plan) -> pd.DataFrame:
    """Return missed demand with its money, as the review ranks it."""
    keys = ["item", "location", "customer", "period", "demand_class"]
    prices = plan.streams.rows[[*keys, "price_value"]]
    rows = plan.plan_service.merge(prices, on=keys, validate="one_to_one")
    rows["short_value"] = rows["short_qty"] * rows["price_value"]
    rows["late_value"] = rows["late_qty"] * rows["price_value"]
    sums = rows.groupby(["item", "location", "period"], as_index=False)[
        ["short_value", "late_value"]
    ].sum()
    order = ["short_value", "late_value", "item", "location", "period"]
    return sums.sort_values(order, ascending=[False, False, True, True, True], ignore_index=True)


def dearest(rows: pd.DataFrame) -> tuple[str, str, pd.Timestamp]:
    """Return item, location and month of the dearest missed demand."""
    row = rows.iloc[0]
    return row["item"], row["location"], row["period"]


def is_named(row: pd.Series, planted: Planted) -> bool:
    """Return whether the planted cause is the one that is named, root included."""
    named = (row["cause"], row["cause_code"])
    if not planted.material:
        return bool(named == planted.limit)
    return bool(
        named == ("material", planted.material)
        and (row["root_cause"], row["root_code"]) == planted.limit
    )


def are_named(row: pd.Series, planted: tuple[Planted, ...]) -> bool:
    """Return whether each planted limit is among cause, root cause and second cause."""
    pairs = [("cause", "cause_code"), ("root_cause", "root_code"), ("also_cause", "also_code")]
    named = {(row[kind], row[code]) for kind, code in pairs}
    return all(one.limit in named for one in planted)


def judge(instance: Instance) -> tuple[bool, pd.Series]:
    """Return whether an instance is explained right, and the row that was judged."""
    shortage = explain_shortages(instance.case, instance.plan)
    item, location, period = dearest(explain_rows(instance.plan))
    same = (shortage["item"] == item) & (shortage["location"] == location)
    row = shortage[same & (shortage["period"] == period)].iloc[0]
    if len(instance.planted) == 1:
        return is_named(row, instance.planted[0]), row
    return are_named(row, instance.planted), row


def tell(instance: Instance, row: pd.Series) -> str:
    """Return a line on an instance that was explained wrong."""
    said = [str(row[name]) for name in row.index[row.index.str.contains("cause|code")]]
    planted = [f"{one.material} {one.limit}" for one in instance.planted]
    where = f"{row['item']} {row['location']} {row['period']:%Y-%m}"
    return f"  seed {instance.seed}: {where}: planted {planted}, said {said}"


def report(drawn: Iterator[tuple[str, Instance]], with_wrong: bool) -> None:
    """Judge cases and print how many of each kind, and in all, are named right."""
    judged = []
    for kind, one in drawn:
        good, row = judge(one)
        judged.append((kind, good))
        if with_wrong and not good:
            print(f"  {kind}{tell(one, row)}", flush=True)
        if with_wrong and len(judged) % 20 == 0:
            print(f"  {sum(good for _, good in judged)}/{len(judged)} so far", flush=True)
    table = pd.DataFrame(judged, columns=["kind", "named"])
    sums = table.groupby("kind", sort=False)["named"].agg(["sum", "count"])
    for kind, row in sums.iterrows():
        print(f"{kind:22} {row['sum']}/{row['count']}")
    print(
        f"{'all':22} {table['named'].sum()}/{len(table)} = {table['named'].mean():.1%}", flush=True
    )


def report_gains(drawn: Iterator[tuple[str, Instance]]) -> None:
    """Print how far gains of fixes lie from the difference of two cold solves of edited tables."""
    worst, count = 0.0, 0
    for _, one in drawn:
        wanted_now = one.plan.streams.rows[[c.name for c in TABLES["net_demand"].columns]]
        shortage = explain_shortages(one.case, one.plan, probes=0)
        fixes = list_fixes(one.case, wanted_now, one.plan, shortage, most=3)
        before = solve_case(one.case, wanted_now).objective
        for _, row in fixes.iterrows():
            tables, changed = apply_fix(one.case, wanted_now, to_fix(row))
            case = prepare_case(tables, changed, one.case.periods, rates=one.case.rates)
            gap = row["gain_value"] - (before - solve_case(case, changed).objective)
            worst, count = max(worst, abs(gap) / abs(before)), count + 1
    print(f"{count} fixes: gain - difference of two cold solves, at most {worst:.1e} of the cost")


def main() -> None:
    """Print the share of causes named right, kind by kind and for pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="50 of each kind, 200 pairs")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--count", type=int)
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--gains", type=int, help="cases whose fixes are solved cold")
    parser.add_argument("--tell", action="store_true", help="show what was explained wrong")
    given = parser.parse_args()
    count = given.count if given.count is not None else (50 if given.full else 5)
    pairs = given.pairs if given.pairs is not None else (200 if given.full else 10)
    started = time.process_time()
    if count:
        print("one cause, named right (aim 95 %)")
        report(draw_singles(given.kinds, given.seed, count), given.tell)
    if pairs:
        print("two causes, both named (aim 85 %)")
        report(draw_pairs(given.seed, pairs), given.tell)
    gains = given.gains if given.gains is not None else (10 if given.full else 2)
    if gains:
        report_gains(draw_pairs(given.seed + 50_000, gains))
    print(f"CPU seconds {time.process_time() - started:.0f}")


if __name__ == "__main__":
    main()
