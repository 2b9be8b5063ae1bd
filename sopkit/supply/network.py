"""The supply network: places (item at a location) and the ways that bring an item there.

A *way* is one of: an operation (make), a purchase term (buy), an item on a lane (move). All three
look the same to the plan: a flow started in a month arrives, after its lead time, at one place;
it uses stock of other places, hours of resources, and money.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.tables import SupplyTables
from sopkit.tables import ALL, PLACE

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
    wanted = _distinct(demand[PLACE], tables.stock_target[PLACE])
    ordered = _distinct(tables.open_supply[PLACE], tables.released_plan[PLACE])
    stocked = _distinct(usable_stock(tables.opening_stock)[PLACE], ordered)
    known = _distinct(wanted, stocked)
    arcs = _find_arcs(tables)
    while True:
        feeding = arcs.merge(known, left_on=["item", "location"], right_on=PLACE, how="inner")[
            ["from_item", "from_location"]
        ]
        feeding.columns = pd.Index(PLACE)
        wider = _distinct(known, _expand_all_lanes(tables.lane, known), feeding)
        if len(wider) == len(known):
            break
        known = wider
    return _drop_unreachable(tables, known, wanted)


def _distinct(*frames: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat([frame[PLACE].astype(object) for frame in frames], ignore_index=True)
    return rows.drop_duplicates().sort_values(PLACE, ignore_index=True)


def usable_stock(opening_stock: pd.DataFrame) -> pd.DataFrame:
    """Return the stock rows a plan may use: plannable, not blocked, more than nothing."""
    usable = opening_stock["plannable"].astype(bool) & (opening_stock["status"] != "blocked")
    return opening_stock[usable & (opening_stock["on_hand_qty"] > 0)]


def _find_arcs(tables: SupplyTables) -> pd.DataFrame:
    """Return which place feeds which: parts of operations, and lanes of a single item."""
    parts = list_parts(tables.operation, tables.bom)
    made = parts.rename(columns={"component": "from_item"}).assign(from_location=parts["location"])
    lanes = tables.lane[tables.lane["item"] != ALL]
    moved = lanes.rename(columns={"to_location": "location"}).assign(from_item=lanes["item"])
    columns = ["item", "location", "from_item", "from_location"]
    return pd.concat([made[columns], moved[columns]], ignore_index=True).drop_duplicates()


def _expand_all_lanes(lane: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the places from which a lane for all items leads to a known place."""
    pooled = lane.loc[lane["item"] == ALL, ["from_location", "to_location"]]
    fed = known.merge(pooled, left_on="location", right_on="to_location", how="inner")
    return fed[["item", "from_location"]].rename(columns={"from_location": "location"})


def _drop_unreachable(
    tables: SupplyTables, known: pd.DataFrame, wanted: pd.DataFrame
) -> pd.DataFrame:
    """Return the places that supply can reach, and those where demand waits in vain."""
    bought = tables.purchase_term
    somewhere = set(bought.loc[bought["location"] == ALL, "item"])
    starts = _distinct(
        usable_stock(tables.opening_stock),
        tables.open_supply,
        tables.operation,
        bought[bought["location"] != ALL],
        list_parts(tables.operation, tables.bom).assign(item=lambda rows: rows["component"]),
    )
    reached = known.merge(starts, on=PLACE, how="left", indicator=True)["_merge"] == "both"
    reached = reached | known["item"].isin(somewhere)
    moves = list_moves(tables.lane, known)
    while True:
        ready = known[reached].rename(columns={"location": "from_location"})
        led = moves.merge(ready, on=["item", "from_location"], how="inner")
        now = known.merge(_distinct(led), on=PLACE, how="left", indicator=True)["_merge"] == "both"
        if not (now & ~reached).any():
            break
        reached = reached | now
    asked = known.merge(wanted, on=PLACE, how="left", indicator=True)["_merge"] == "both"
    return known[reached | asked].reset_index(drop=True)


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
