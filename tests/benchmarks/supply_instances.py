"""Supply companies of any size, drawn from a seed: the instances on which the model is timed.

    python tests/benchmarks/supply_instances.py [S M L ...]

Plants make finished items from semi-finished ones and materials (three BOM levels) and send them
to distribution centres. Every company has alternate lines, plants, lanes and suppliers, lead times
of 0 to 3 months, regular and overtime hours, stock targets, season, and three customer groups of
priority 1, 2, 3 that wait two months, one month, or not at all. Lines, lanes and suppliers are cut
so that the season does not fit: there is something to decide.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply import Plan, SupplyTables

SEED = 7_301  # tests use others
MONTHS = 18
FIRST = "2026-01-01"
LEADS = {  # days on a lane, in production, from a supplier; days: chance
    "months": (
        {0: 0.5, 1: 0.2, 30: 0.3},
        {0: 0.5, 1: 0.3, 30: 0.2},
        {1: 0.3, 30: 0.35, 60: 0.25, 91: 0.1},
    ),
    "days": (
        {2: 0.2, 5: 0.2, 9: 0.2, 15: 0.2, 30: 0.2},
        {0: 0.3, 2: 0.25, 7: 0.2, 14: 0.15, 30: 0.1},
        {10: 0.3, 30: 0.3, 45: 0.2, 60: 0.15, 91: 0.05},
    ),
}
CUSTOMERS = ("key", "trade", "rest")
SHARE_WITH = (0.40, 0.80, 0.35)  # how many DC places sell to each customer group
Draw = np.random.Generator
Lead = dict[int, float]


@dataclass(frozen=True)
class Size:
    """How large a company is; columns and rows are those measured for the plain formulation."""

    places: int
    resources: int
    centres: int
    plants: int
    columns: int
    rows: int


SIZES = {
    "S": Size(90, 5, 3, 2, 8_550, 4_554),
    "M": Size(975, 15, 8, 4, 102_006, 50_796),
    "L": Size(11_162, 50, 20, 10, 1_177_992, 578_862),
}


@dataclass(frozen=True)
class Instance:
    """What a plan is made of: `tables`, contract `net_demand`, planned months."""

    tables: SupplyTables
    demand: pd.DataFrame
    periods: pd.DatetimeIndex


def make_instance(
    size: Size | str, seed: int = SEED, months: int = MONTHS, lead: str = "months"
) -> Instance:
    """Return a connected company of a size.

    Args:
        lead: `months`: lead times of 0, 1, 2, 3 whole months; `days`: of any days, so that most
            arrive split over two months (a harder model).

    Example:
        >>> len(make_instance("S").tables.resource)
        5
    """
    size = SIZES[size] if isinstance(size, str) else size
    draw = np.random.default_rng(seed)
    periods = pd.date_range(FIRST, periods=months, freq="MS", name="period")
    goods = _draw_goods(draw, size)
    of_lane, of_line, of_supplier = LEADS[lead]
    operation, need, lines = _draw_operations(draw, size, goods, of_line)
    bom = _draw_bom(draw, goods)
    centre = _draw_centre_places(draw, size, operation, bom)
    demand = _draw_demand(draw, centre, periods)
    usage = _explode(demand, operation, bom, goods, months)
    lane = _draw_lanes(draw, size, demand, months, of_lane)
    terms = _draw_terms(draw, usage, of_supplier)
    frames = {
        "item": goods[["item", "item_kind"]],
        "operation": operation.drop(columns=["usage", "line", "family"]),
        "resource_need": need,
        "resource": lines[["resource", "location", "hour_value", "overtime_value"]],
        "capacity": _draw_capacity(draw, operation, need, usage, lines, periods),
        "bom": bom,
        "lane": lane,
        "purchase_term": terms,
        "opening_stock": _draw_stock(draw, centre, usage, terms),
        "open_supply": _draw_open_supply(draw, usage, periods),
        "price": _price_goods(goods),
        "cost": goods.loc[goods["item_kind"] == "finished", ["item", "unit_cost_value"]],
        "service_class": pd.DataFrame(
            {
                "customer": CUSTOMERS,
                "priority": [1, 2, 3],
                "late_rate": [0.10, 0.06, 0.04],
                "lost_sale_rate": [1.0, 0.8, 0.6],
                "late_months": [2.0, 1.0, 0.0],
            }
        ),
        "stock_target": _draw_targets(draw, demand),
    }
    return Instance(SupplyTables.collect(frames), demand, periods)


def join_instances(parts: list[Instance]) -> Instance:
    """Return companies that share nothing as one; every code is marked with its company."""
    marked = [_mark(part, f"{number}~") for number, part in enumerate(parts)]
    names = SupplyTables.names()
    frames = {
        name: pd.concat([getattr(part.tables, name) for part in marked], ignore_index=True)
        for name in names
        if name != "service_class"
    }
    frames["service_class"] = parts[0].tables.service_class
    demand = pd.concat([part.demand for part in marked], ignore_index=True)
    return Instance(SupplyTables.collect(frames), demand, parts[0].periods)


def make_apart(size: Size | str, groups: int, seed: int = SEED, lead: str = "months") -> Instance:
    """Return a company of a size that falls into so many parts which share nothing."""
    size = SIZES[size] if isinstance(size, str) else size
    part = Size(
        *(max(low, getattr(size, name) // groups) for name, low in _LEAST.items()),
        columns=size.columns // groups,
        rows=size.rows // groups,
    )
    return join_instances(
        [make_instance(part, seed + number, lead=lead) for number in range(groups)]
    )


def move_on(made: Instance, plan: Plan, seed: int = SEED) -> Instance:
    """Return the company a month later: the plan's first month has happened.

    Stock is what the plan left, what it had started and not yet received is under way, the
    forecast of each cell has moved by 5 % (standard deviation), a month is added at the end with
    the demand, hours and targets of the month a year before.
    """
    draw = np.random.default_rng([seed, 1])
    periods = made.periods + pd.offsets.MonthBegin(1)
    demand = _roll(made.demand, made.periods)
    demand["demand_qty"] *= draw.lognormal(0, 0.05, len(demand))
    left = plan.constrained_plan.query("period == @made.periods[0] and closing_qty > 0")
    stock = left[["item", "location"]].assign(status="free", on_hand_qty=left["closing_qty"])
    tables = made.tables
    kept = tables.open_supply[tables.open_supply["due_date"] >= periods[0]]
    frames = {name: getattr(tables, name) for name in SupplyTables.names()}
    frames |= {
        "opening_stock": stock,
        "open_supply": pd.concat([kept, _under_way(made, plan)], ignore_index=True),
        "capacity": _roll(tables.capacity, made.periods),
        "stock_target": _roll(tables.stock_target, made.periods),
    }
    return Instance(SupplyTables.collect(frames), demand, periods)


def _roll(rows: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return rows without the first month and with another at the end, a copy a year on."""
    last = periods[-1] + pd.offsets.MonthBegin(1)
    added = rows[rows["period"] == last - pd.DateOffset(years=1)].assign(period=last)
    return pd.concat([rows[rows["period"] > periods[0]], added], ignore_index=True)


def _under_way(made: Instance, plan: Plan) -> pd.DataFrame:
    """Return what the first month started and a later month receives, as open orders."""
    started = plan.plan_flow.query("period == @made.periods[0]")
    days = _lead_days(made.tables, started) / 30.4
    whole = np.where(np.abs(days - np.round(days)) < 0.05, np.round(days), days)
    months = np.floor(whole).astype(int)
    parts = [
        started.assign(open_qty=started["flow_qty"] * share, months=months + late)
        for late, share in ((0, 1 - (whole - months)), (1, whole - months))
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[(rows["open_qty"] > 1e-6) & (rows["months"] > 0)].reset_index(drop=True)
    due = [made.periods[0] + pd.DateOffset(months=int(count)) for count in rows["months"]]
    return pd.DataFrame(
        {
            "supply_order": _codes("N", len(rows)),
            "item": rows["item"],
            "location": rows["location"],
            "supply_kind": rows["flow_kind"],
            "due_date": pd.DatetimeIndex(due),
            "open_qty": rows["open_qty"],
        }
    )


def _lead_days(tables: SupplyTables, started: pd.DataFrame) -> np.ndarray:
    made = tables.operation.set_index("operation")["lead_time_days"]
    bought = tables.purchase_term.drop_duplicates(["supplier", "item", "location"])
    bought = bought.set_index(["supplier", "item", "location"])["lead_time_days"]
    moved = tables.lane.set_index(["from_location", "to_location"])["lead_time_days"]
    find = {
        "make": lambda row: made[row.source],
        "buy": lambda row: bought[row.source, row.item, row.location],
        "move": lambda row: moved[row.source, row.location],
    }
    return np.array([find[row.flow_kind](row) for row in started.itertuples()], dtype=float)


_LEAST = {"places": 90, "resources": 5, "centres": 3, "plants": 2}
_CODES = (
    "item",
    "component",
    "location",
    "from_location",
    "to_location",
    "operation",
    "resource",
    "supplier",
    "supply_order",
)


def _mark(part: Instance, mark: str) -> Instance:
    def marked(frame: pd.DataFrame) -> pd.DataFrame:
        codes = [name for name in _CODES if name in frame]
        return frame.assign(
            **{name: frame[name].where(frame[name] == "all", mark + frame[name]) for name in codes}
        )

    tables = {name: marked(getattr(part.tables, name)) for name in SupplyTables.names()}
    return Instance(SupplyTables(**tables), marked(part.demand), part.periods)


def _draw_days(draw: Draw, lead: Lead, count: int) -> np.ndarray:
    return draw.choice(list(lead), count, p=list(lead.values())).astype(float)


def _codes(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{number:05d}" for number in range(count)], dtype=object)


def _draw_goods(draw: Draw, size: Size) -> pd.DataFrame:
    """Return the items: `item`, `item_kind`, `unit_cost_value`, `level_qty` (demand of a DC)."""
    finished = max(6, round(size.places / (0.85 * size.centres + 2.8)))
    semis = max(3, finished // 5)
    counts = {"finished": finished, "semi": semis, "material": 4 * semis}
    goods = [
        pd.DataFrame({"item": _codes(kind[0].upper(), count), "item_kind": kind})
        for kind, count in counts.items()
    ]
    goods = pd.concat(goods, ignore_index=True)
    count = len(goods)
    return goods.assign(
        unit_cost_value=np.where(
            goods["item_kind"] == "finished", draw.uniform(8, 40, count), np.nan
        ).round(2),
        price_value=draw.uniform(0.3, 3.0, count).round(3),
        level_qty=draw.lognormal(4.5, 0.9, count).round(1),
    )


def _draw_operations(
    draw: Draw, size: Size, goods: pd.DataFrame, lead: Lead
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return operations, hours they need, and lines.

    Every plant has one mixing line, the rest fill. A finished item has a home plant (that of its
    family) and line; four in ten are made at the next plant too, others on a second line at home.
    Semi-finished items are made wherever a finished item of their family is.
    """
    plants = _codes("P", size.plants)
    lines = pd.DataFrame({"resource": _codes("L", size.resources)})
    at = np.arange(size.resources) % size.plants
    lines = lines.assign(
        plant=at,
        location=plants[at],
        mixes=np.arange(size.resources) < size.plants,
        hour_value=draw.uniform(20, 40, size.resources).round(1),
        overtime_value=draw.uniform(15, 40, size.resources).round(1),
    )
    filling = lines[~lines["mixes"]]
    made = goods[goods["item_kind"] == "finished"].reset_index(drop=True)
    semis = goods.loc[goods["item_kind"] == "semi", "item"].to_numpy()
    count = len(made)
    family = np.arange(count) % len(semis)
    away = draw.random(count) < 0.4
    home = _pick_line(draw, filling, family % size.plants)
    other = _pick_line(draw, filling, (family + away) % size.plants)
    ways = [pd.DataFrame({"item": made["item"], "family": family, "priority": 1}).join(home)]
    beside = ~away & (other["resource"] != home["resource"]) & (draw.random(count) < 0.6)
    ways.append(ways[0][["item", "family"]].assign(priority=1).join(other)[away])
    ways.append(ways[0][["item", "family"]].assign(priority=2).join(other)[beside])
    fill = pd.concat(ways, ignore_index=True)
    mixing = lines[lines["mixes"]]
    mix = fill[["family", "plant"]].drop_duplicates().merge(mixing, on="plant")
    mix = mix.assign(item=semis[mix["family"]], priority=1)
    rows = pd.concat([fill, mix.sort_values(["item", "plant"])], ignore_index=True)
    rows["operation"] = rows["item"] + "-" + rows["resource"]
    total = len(rows)
    rows = rows.assign(
        line=rows["resource"],
        unit_cost_value=draw.uniform(0.5, 3.0, total).round(2),
        yield_rate=draw.uniform(0.92, 1.0, total).round(3),
        lead_time_days=_draw_days(draw, lead, total),
        usual_lot_qty=draw.choice([200.0, 500.0, 1000.0], total),
        usage=np.where(rows["priority"] == 1, 1.0, 0.0),
    )
    need = pd.DataFrame(
        {
            "operation": rows["operation"],
            "resource": rows["line"],
            "hours_per_unit": draw.uniform(0.005, 0.03, total).round(5),
            "setup_hours_per_lot": draw.uniform(0.2, 2.0, total).round(2),
        }
    )
    columns = [
        "operation",
        "item",
        "location",
        "unit_cost_value",
        "yield_rate",
        "lead_time_days",
        "usual_lot_qty",
        "priority",
        "line",
        "usage",
        "family",
    ]
    return rows[columns], need, lines


def _pick_line(draw: Draw, filling: pd.DataFrame, plant: np.ndarray) -> pd.DataFrame:
    """Return one of the filling lines of each plant, drawn."""
    lines = filling.sort_values(["plant", "resource"], ignore_index=True)
    counts = np.bincount(lines["plant"])
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    chosen = first[plant] + np.floor(draw.random(len(plant)) * counts[plant]).astype(int)
    return lines.iloc[chosen].reset_index(drop=True)


def _draw_bom(draw: Draw, goods: pd.DataFrame) -> pd.DataFrame:
    """Return parts: finished = semi of its family + two materials, semi = three materials.

    One part in twelve is replaced by another in the middle of the plan.
    """
    finished, semis, materials = (
        goods.loc[goods["item_kind"] == kind, "item"].to_numpy()
        for kind in ("finished", "semi", "material")
    )
    count = len(semis)
    packs, liquids = materials[: 2 * count], materials[2 * count :]
    family = np.arange(len(finished)) % count
    base = pd.DataFrame({"item": finished, "component": semis[family]})
    packed = [
        pd.DataFrame({"item": finished, "component": packs[_near(draw, family, 2 * count)]})
        for _ in range(2)
    ]
    mixed = [
        pd.DataFrame(
            {"item": semis, "component": liquids[_near(draw, np.arange(count), 2 * count)]}
        )
        for _ in range(3)
    ]
    rows = pd.concat([base, *packed, *mixed], ignore_index=True)
    rows = rows.drop_duplicates(["item", "component"], ignore_index=True)
    rows = rows.assign(
        component_qty=draw.uniform(0.4, 2.0, len(rows)).round(3),
        scrap_rate=draw.uniform(0.0, 0.04, len(rows)).round(3),
        start_date=pd.Timestamp("1900-01-01"),
        end_date=pd.NaT,
    )
    ends = (draw.random(len(rows)) < 1 / 12) & ~rows["component"].isin(semis)
    change = pd.Timestamp("2026-09-16")
    rows.loc[ends, "end_date"] = change - pd.Timedelta(days=1)
    pool = np.where(rows.loc[ends, "item"].isin(semis), liquids[0], packs[0])
    later = rows[ends].assign(component=pool, start_date=change, end_date=pd.NaT)
    later = later[
        ~later.set_index(["item", "component"]).index.isin(
            rows.set_index(["item", "component"]).index
        )
    ]
    later = later.drop_duplicates(["item", "component"])
    return pd.concat([rows, later], ignore_index=True)


def _near(draw: Draw, family: np.ndarray, count: int) -> np.ndarray:
    """Return a part of each family: one of its own two, one in eight of any family."""
    own = 2 * family + draw.integers(0, 2, len(family))
    return np.where(draw.random(len(family)) < 1 / 8, draw.integers(0, count, len(family)), own)


def _draw_centre_places(
    draw: Draw, size: Size, operation: pd.DataFrame, bom: pd.DataFrame
) -> pd.DataFrame:
    """Return the (item, location) at DCs: as many as bring the company to its size."""
    plant_places = operation[["item", "location"]].drop_duplicates()
    parts = plant_places.merge(bom[["item", "component"]], on="item")
    bought = parts[["component", "location"]].set_axis(["item", "location"], axis=1)
    held = pd.concat([plant_places, bought]).drop_duplicates()
    made = operation.loc[operation["item"].str.startswith("F"), "item"].unique()
    count = min(size.places - len(held), len(made) * size.centres)
    first = np.arange(len(made)) * size.centres + draw.integers(0, size.centres, len(made))
    rest = np.setdiff1d(np.arange(len(made) * size.centres), first)
    chosen = np.sort(
        np.concatenate([first, draw.choice(rest, max(0, count - len(first)), replace=False)])
    )
    return pd.DataFrame(
        {
            "item": made[chosen // size.centres],
            "location": _codes("D", size.centres)[chosen % size.centres],
        }
    )


def _draw_demand(draw: Draw, centre: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return contract `net_demand`: each DC place sells to one, two or three customer groups."""
    count, months = len(centre), len(periods)
    level = draw.lognormal(4.5, 0.9, count)
    peak = draw.integers(0, 12, count)
    peak = np.where(draw.random(count) < 0.6, 6, peak)  # most sell in summer
    depth = draw.uniform(0.05, 0.45, count)
    month = np.arange(months)
    season = 1 + depth[:, None] * np.cos(2 * np.pi * (month[None, :] - peak[:, None]) / 12)
    qty = level[:, None] * season * draw.lognormal(0, 0.15, (count, months))
    sells = draw.random((count, 3)) < SHARE_WITH
    sells[~sells.any(axis=1), 1] = True
    share = sells * draw.uniform(0.3, 1.0, (count, 3))
    share /= share.sum(axis=1, keepdims=True)
    place, group = np.nonzero(sells)
    wanted = qty[place] * share[place, group][:, None]
    rows = centre.iloc[place.repeat(months)].reset_index(drop=True)
    return rows.assign(
        customer=np.array(CUSTOMERS, dtype=object)[group.repeat(months)],
        period=np.tile(periods.to_numpy(), len(place)),
        demand_class="forecast",
        demand_qty=wanted.ravel().round(2),
        priority=(group + 1).repeat(months),
    )


def _explode(
    demand: pd.DataFrame,
    operation: pd.DataFrame,
    bom: pd.DataFrame,
    goods: pd.DataFrame,
    months: int,
) -> pd.DataFrame:
    """Return mean monthly use of every item at every plant: `item`, `location`, `usage_qty`.

    Finished items are spread evenly over their plants; parts follow the BOM.
    """
    sold = demand.groupby("item")["demand_qty"].sum() / months
    main = operation[operation["usage"] > 0]
    homes = main.groupby("item")["location"].nunique()
    top = main[["item", "location", "yield_rate"]].drop_duplicates(["item", "location"])
    top = top[top["item"].isin(sold.index)]
    top = top.assign(usage_qty=(top["item"].map(sold) / top["item"].map(homes)).to_numpy())
    levels, rows = [top], top
    for _ in range(2):
        taken = rows.merge(bom, on="item")
        taken["usage_qty"] *= taken["component_qty"] / taken["yield_rate"]
        taken = taken.groupby(["component", "location"], as_index=False)["usage_qty"].sum()
        taken = taken.rename(columns={"component": "item"})
        rates = main[["item", "location", "yield_rate"]].drop_duplicates(["item", "location"])
        rows = taken.merge(rates, on=["item", "location"], how="left")
        levels.append(rows)
        rows = rows[rows["yield_rate"].notna()]
    used = pd.concat(levels, ignore_index=True)
    used = used.groupby(["item", "location"], as_index=False)["usage_qty"].sum()
    return used.merge(goods, on="item", validate="many_to_one")


def _draw_capacity(
    draw: Draw,
    operation: pd.DataFrame,
    need: pd.DataFrame,
    usage: pd.DataFrame,
    lines: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Return hours a month: 0.95 to 1.3 times the mean load; the season does not fit every line."""
    rows = operation[operation["usage"] > 0].merge(need, on="operation")
    rows = rows.merge(usage[["item", "location", "usage_qty"]], on=["item", "location"])
    each = rows["hours_per_unit"] + rows["setup_hours_per_lot"] / rows["usual_lot_qty"]
    load = (rows["usage_qty"] / rows["yield_rate"] * each).groupby(rows["resource"]).sum()
    usual = lines["resource"].map(load).fillna(load.mean()).to_numpy()
    months = len(periods)
    hours = usual[:, None] * draw.uniform(0.95, 1.30, (len(lines), 1))
    hours = hours * draw.choice([0.9, 1.0, 1.0, 1.05], (len(lines), months))
    return pd.DataFrame(
        {
            "resource": lines["resource"].repeat(months).to_numpy(),
            "period": np.tile(periods.to_numpy(), len(lines)),
            "regular_hours": hours.ravel().round(1),
            "overtime_hours": (0.15 * hours).ravel().round(1),
        }
    )


def _draw_lanes(
    draw: Draw, size: Size, demand: pd.DataFrame, months: int, lead: Lead
) -> pd.DataFrame:
    """Return a lane from every plant to every DC; six in ten carry a limited total a month."""
    rows = pd.MultiIndex.from_product(
        [_codes("P", size.plants), _codes("D", size.centres)],
        names=["from_location", "to_location"],
    ).to_frame(index=False)
    count = len(rows)
    sold = demand.groupby("location")["demand_qty"].sum() / months
    limit = rows["to_location"].map(sold) / size.plants * draw.uniform(1.2, 2.0, count)
    return rows.assign(
        item="all",
        lead_time_days=_draw_days(draw, lead, count),
        unit_cost_value=draw.uniform(0.2, 2.0, count).round(2),
        max_qty=limit.where(draw.random(count) < 0.6).round(0),
    )


def _draw_terms(draw: Draw, usage: pd.DataFrame, lead: Lead) -> pd.DataFrame:
    """Return purchase terms: one or two suppliers a material and plant, some with a limit.

    One term in four changes its price in the middle of the plan.
    """
    bought = usage[usage["item_kind"] == "material"].reset_index(drop=True)
    main = bought.assign(supplier="V" + bought["item"], dearer=1.0)
    second = bought[draw.random(len(bought)) < 0.4]
    second = second.assign(supplier="W" + second["item"], dearer=1.08)
    rows = pd.concat([main, second], ignore_index=True)
    count = len(rows)
    limited = draw.random(count) < 0.4
    rows = rows.assign(
        price_value=(rows["price_value"] * rows["dearer"] * draw.uniform(0.95, 1.05, count)).round(
            3
        ),
        lead_time_days=_draw_days(draw, lead, count),
        max_qty=np.where(
            limited, (rows["usage_qty"] * draw.uniform(1.0, 1.6, count)).round(0), np.nan
        ),
        start_date=pd.Timestamp("1900-01-01"),
    )
    changed = rows[draw.random(count) < 0.25]
    changed = changed.assign(
        start_date=pd.Timestamp("2026-07-01"), price_value=(changed["price_value"] * 1.05).round(3)
    )
    columns = [
        "supplier",
        "item",
        "location",
        "start_date",
        "price_value",
        "lead_time_days",
        "max_qty",
    ]
    return pd.concat([rows, changed], ignore_index=True)[columns]


def _draw_stock(
    draw: Draw, centre: pd.DataFrame, usage: pd.DataFrame, terms: pd.DataFrame
) -> pd.DataFrame:
    """Return opening stock: half a month to a month at DCs, at plants also the supplier's lead."""
    days = terms.groupby(["item", "location"], as_index=False)["lead_time_days"].min()
    held = usage.merge(days, on=["item", "location"], how="left")
    cover = held["lead_time_days"].fillna(5.0) / 30.4 + draw.uniform(0.1, 0.5, len(held))
    plant = held[["item", "location"]].assign(on_hand_qty=(held["usage_qty"] * cover).round(1))
    placed = centre.assign(on_hand_qty=draw.lognormal(4.2, 0.9, len(centre)).round(1))
    return pd.concat([plant, placed], ignore_index=True).assign(status="free")


def _draw_open_supply(draw: Draw, usage: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return purchase orders under way for a third of the materials."""
    bought = usage[usage["item_kind"] == "material"]
    rows = bought[draw.random(len(bought)) < 0.33].reset_index(drop=True)
    days = draw.integers(-10, 60, len(rows))
    return pd.DataFrame(
        {
            "supply_order": _codes("O", len(rows)),
            "item": rows["item"],
            "location": rows["location"],
            "supply_kind": "buy",
            "due_date": periods[0] + pd.to_timedelta(days, unit="D"),
            "open_qty": (rows["usage_qty"] * draw.uniform(0.3, 1.0, len(rows))).round(1),
        }
    )


def _price_goods(goods: pd.DataFrame) -> pd.DataFrame:
    """Return net prices: 1.7 times the cost, 5 % less for key accounts."""
    sold = goods[goods["item_kind"] == "finished"]
    usual = pd.DataFrame({"item": sold["item"], "customer": "all"})
    usual["price_value"] = (sold["unit_cost_value"] * 1.7).round(2)
    key = usual.assign(customer="key", price_value=(usual["price_value"] * 0.95).round(2))
    return pd.concat([usual, key], ignore_index=True)


def _draw_targets(draw: Draw, demand: pd.DataFrame) -> pd.DataFrame:
    """Return safety stock of a fifth to three fifths of a month's demand at DC places."""
    on = ["item", "location", "period"]
    rows = demand.groupby(on, as_index=False)["demand_qty"].sum()
    places = rows.groupby(["item", "location"]).ngroup().to_numpy()
    cover = draw.uniform(0.2, 0.6, places.max() + 1)[places]
    return rows[on].assign(
        safety_stock_qty=(rows["demand_qty"] * cover).round(1),
        cycle_stock_qty=0.0,
        protection_months=1.0,
        basis="error",
    )


def main(names: list[str]) -> None:
    """Print how large the instances are and what drawing them takes."""
    for name in names:
        started = time.process_time()
        made = make_instance(name)
        seconds = time.process_time() - started
        sizes = {key: len(getattr(made.tables, key)) for key in SupplyTables.names()}
        print(f"{name}: drawn in {seconds:.2f} CPU s, demand rows {len(made.demand):,}", sizes)


if __name__ == "__main__":
    main(sys.argv[1:] or ["S", "M"])
