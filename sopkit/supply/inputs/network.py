"""The supply network: places (item at a location) and the ways that bring an item there.

A *way* is one of: an operation (make), a purchase term (buy), an item on a lane (move). All three
look the same to the plan: a flow started in a month arrives, after its lead time, at one place;
it uses stock of other places, hours of resources, and money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.tables import ALL, PLACE

Place = tuple[str, str]
SLIVER = 0.05
WAY_COLUMNS = [
    "flow_kind",
    "item",
    "location",
    "source",
    "lead_days",
    "unit_cost_value",
    "yield_rate",
    "priority",
]


def find_places(tables: SupplyTables, demand: pd.DataFrame) -> pd.DataFrame:
    """Return every (item, location) the plan must know, sorted.

    Those with demand, a stock target, usable stock, an open order or a released flow; then, again
    and again, the parts of what can be made there and the places from which a lane leads there.
    Places that nothing can ever reach are left out unless somebody wants the item there.
    """
    parts = list_parts(tables.operation, tables.bom)
    stock = _pairs(usable_stock(tables.opening_stock))
    wanted = _pairs(demand) | _pairs(tables.stock_target)
    stocked = stock | _pairs(tables.open_supply) | _pairs(tables.released_plan)
    known = _follow(wanted | stocked, _list_givers(tables.lane, parts))
    bought = tables.purchase_term
    anywhere = set(bought.loc[bought["location"] == ALL, "item"])
    starts = stock | _pairs(tables.open_supply) | _pairs(tables.operation) | _pairs(bought)
    starts |= _pairs(parts, item="component")
    starts = {place for place in known if place in starts or place[0] in anywhere}
    reached = _follow(starts, _list_takers(tables.lane, known))
    kept = sorted(reached | (wanted & known))
    return pd.DataFrame(kept, columns=PLACE, dtype=object)


def _pairs(rows: pd.DataFrame, item: str = "item") -> set[Place]:
    """Return the distinct (item, location) of the rows."""
    columns = (rows[name].to_numpy(object).tolist() for name in (item, "location"))
    return set(zip(*columns, strict=True))


def _follow(start: set[Place], onward: Callable[[Place], list[Place]]) -> set[Place]:
    """Return all places that can be come to from some, step by step."""
    found, fresh = set(start), list(start)
    while fresh:
        fresh = [place for one in fresh for place in onward(one)]
        fresh = list(set(fresh) - found)
        found.update(fresh)
    return found


def usable_stock(opening_stock: pd.DataFrame) -> pd.DataFrame:
    """Return the stock rows a plan may use: plannable, not blocked, more than nothing."""
    usable = opening_stock["plannable"].astype(bool) & (opening_stock["status"] != "blocked")
    return opening_stock[usable & (opening_stock["on_hand_qty"] > 0)]


def _list_givers(lane: pd.DataFrame, parts: pd.DataFrame) -> Callable[[Place], list[Place]]:
    """Return what feeds a place: parts of its operations, places from which a lane leads to it."""
    made: defaultdict[Place, list[Place]] = defaultdict(list)
    own, pooled = _empty_lanes()
    for item, place, component in _rows(parts, "item", "location", "component"):
        made[item, place].append((component, place))
    for item, start, end in _rows(lane, "item", "from_location", "to_location"):
        (pooled[end] if item == ALL else own[item, end]).append(start)

    def givers(place: Place) -> list[Place]:
        item, location = place
        starts = [*own.get(place, ()), *pooled.get(location, ())]
        return [*made.get(place, ()), *((item, start) for start in starts)]

    return givers


def _list_takers(lane: pd.DataFrame, known: set[Place]) -> Callable[[Place], list[Place]]:
    """Return the known places to which a lane leads from a place."""
    own, pooled = _empty_lanes()
    for item, start, end in _rows(lane, "item", "from_location", "to_location"):
        (pooled[start] if item == ALL else own[item, start]).append(end)

    def takers(place: Place) -> list[Place]:
        item, location = place
        ends = [*own.get(place, ()), *pooled.get(location, ())]
        return [(item, end) for end in ends if (item, end) in known]

    return takers


def _empty_lanes() -> tuple[defaultdict[Place, list[str]], defaultdict[str, list[str]]]:
    return defaultdict(list), defaultdict(list)


def _rows(frame: pd.DataFrame, *names: str) -> Iterator[tuple[str, ...]]:
    return zip(*(frame[name].to_numpy(object).tolist() for name in names), strict=True)


def split_lead_times(days: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return whole months of each lead time, and the share that arrives a month after them.

    A lead time of d days puts the share d/30.4 - k of a quantity into month k + 1 and the rest
    into month k, so that the mean stays d (k: whole months). Within a day and a half of whole
    months all goes to that month: 1.3 % of a month-long lead time in one month and the rest in the
    next is no plan, and such slivers, multiplied month after month, leave the solver with sums
    that do not tie (seen: simplex gives up, interior point ends 1e-3 beside its rows).

    Example:
        7.6 days: 0 months, a quarter late. 45.6 days: 1 month, half of it late. 30 days: 1 month.
    """
    months = days / DAYS_PER_MONTH
    nearest = months.round()
    months = months.where((months - nearest).abs() >= SLIVER, nearest)
    whole = np.floor(months + 1e-9)
    return whole.astype("int64"), (months - whole).clip(lower=0.0)


def list_parts(operation: pd.DataFrame, bom: pd.DataFrame) -> pd.DataFrame:
    """Return the parts each operation takes: BOM rows of its location, else those for all.

    Returns:
        A row per (operation, component, start_date): `operation`, `item`, `location`,
        `component`, `part_qty` [parts a unit started, scrap on top], `start_date`, `end_date`.
    """
    parts = bom.assign(part_qty=bom["component_qty"] * (1 + bom["scrap_rate"]))
    columns = ["item", "component", "part_qty", "start_date", "end_date"]
    made = operation[["operation", *PLACE]]
    own = made.merge(parts[["location", *columns]], on=PLACE, how="inner")
    pooled = parts.loc[parts["location"] == ALL, columns]
    rest = made[~made["operation"].isin(own["operation"])].merge(pooled, on="item", how="inner")
    rows = pd.concat([own, rest], ignore_index=True)
    return rows.sort_values(
        ["operation", "component", "start_date"], kind="stable", ignore_index=True
    )


def list_moves(lane: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return the lanes item by item, both ends being known places; an item's own lane wins."""
    own = lane[lane["item"] != ALL].merge(
        places, left_on=["item", "to_location"], right_on=PLACE, how="inner"
    )
    pooled = (
        lane[lane["item"] == ALL]
        .drop(columns="item")
        .merge(places, left_on="to_location", right_on="location", how="inner")
    )
    rows = pd.concat([own.assign(of_all=False), pooled.assign(of_all=True)], ignore_index=True)
    rows = rows.drop_duplicates(["from_location", "to_location", "item"], keep="first")
    start = places.rename(columns={"location": "from_location"})
    return rows.merge(start, on=["item", "from_location"], how="inner", validate="many_to_one")


def list_ways(tables: SupplyTables, places: pd.DataFrame) -> pd.DataFrame:
    """Return all ways to bring an item to one of the places, sorted.

    Returns:
        A row per (flow_kind, item, location, source): `lead_days`, `unit_cost_value` [money a
        good unit; blank for buy, whose price is dated], `yield_rate`, `priority`, `from_location`
        (blank unless moved), `lane` (lane whose limit it shares; blank without limit).
    """
    made = tables.operation.merge(places, on=PLACE, how="inner").assign(
        flow_kind="make",
        source=lambda rows: rows["operation"],
        lead_days=lambda rows: rows["lead_time_days"],
    )
    moved = list_moves(tables.lane, places).assign(
        flow_kind="move",
        source=lambda rows: rows["from_location"],
        lead_days=lambda rows: rows["lead_time_days"],
        yield_rate=1.0,
        priority=1,
        lane=_name_lanes,
    )
    ways = pd.concat([made, _list_purchases(tables, places), moved], ignore_index=True)
    ways = ways.reindex(columns=[*WAY_COLUMNS, "from_location", "lane"])
    ways = ways.sort_values(
        ["flow_kind", "item", "location", "source"], kind="stable", ignore_index=True
    )
    return ways.rename_axis("way")


def _name_lanes(moves: pd.DataFrame) -> pd.Series:
    ends = moves["from_location"] + " > " + moves["to_location"]
    named = ends.where(moves["of_all"], ends + " : " + moves["item"])
    return named.astype(object).where(moves["max_qty"].notna(), None)


def _list_purchases(tables: SupplyTables, places: pd.DataFrame) -> pd.DataFrame:
    """Return one way per (supplier, item, location); a term for the place wins over one for all."""
    terms = tables.purchase_term.sort_values("start_date", kind="stable")
    own = terms.merge(places, on=PLACE, how="inner")
    pooled = terms[terms["location"] == ALL].drop(columns="location").merge(places, on="item")
    key = ["supplier", *PLACE]
    rows = pd.concat([own, pooled], ignore_index=True)
    rows = rows.drop_duplicates(key, keep="first")
    return rows.assign(
        flow_kind="buy",
        source=rows["supplier"],
        lead_days=rows["lead_time_days"],
        unit_cost_value=np.nan,
        yield_rate=1.0,
        priority=1,
    )


def list_lots(tables: SupplyTables) -> pd.DataFrame:
    """Return the lot in which each place is usually refilled, the largest of its sources.

    An operation's usual lot, else its smallest; a purchase's smallest order; a lane's full load.

    Returns:
        `item`, `location`, `lot_qty`; places without lots and codes `all` have no row.
    """
    made = tables.operation.assign(
        lot_qty=tables.operation["usual_lot_qty"]
        .astype(float)
        .fillna(tables.operation["lot_min_qty"])
    )
    bought = tables.purchase_term.assign(lot_qty=tables.purchase_term["min_qty"])
    moved = tables.lane.rename(columns={"to_location": "location"})
    moved = moved.assign(lot_qty=moved["multiple_qty"])
    rows = pd.concat([one[[*PLACE, "lot_qty"]] for one in (made, bought, moved)])
    rows = rows[(rows["lot_qty"] > 0) & (rows["item"] != ALL) & (rows["location"] != ALL)]
    return rows.groupby(PLACE, as_index=False)[["lot_qty"]].max()
