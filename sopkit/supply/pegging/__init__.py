"""Pegging: which supply serves which demand, by one stated rule.

Month by month, and within it upstream before downstream, each place's stock is taken by its
customers (overdue before open orders before forecast, then by priority, then what was wanted
first), then by production and by lanes, in the order of the ways. Everybody takes the batch that
expires first and that he still accepts; of those, the one that came first. Lanes pass batches on:
what is behind a demand is always a batch of opening stock, an open order, or something made or
bought. What is made has taken its parts by the same rule, so that one can ask on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.pegging.supplies import join_words, name_flows
from sopkit.supply.pegging.walk import walk_plan
from sopkit.supply.results.read_plan import Plan
from sopkit.tables import TABLES, fit_columns

DECIMALS = 6
EXPIRING = ["supply_key", "batch", "item", "location", "period", "expired_qty", "loss_value"]
__all__ = ["list_expiring", "peg_plan", "what_it_serves", "what_serves"]


def peg_plan(case: Case, plan: Plan) -> pd.DataFrame:
    """Return which supply serves which demand and which production.

    Customers of one stream share each batch as they share the stream's service.

    Returns:
        Contract `pegging`. Pegged quantities of a demand sum to what it is served, those of a
        supply to at most its quantity.

    Example:
        10 in stock and 5 made in January; 12 wanted: 10 of the stock and 2 of the 5 serve it.
    """
    supplies, walk = walk_plan(case, plan)
    consumers = _list_consumers(case, plan)
    columns = ["consumer", "month", "supply", "via", "in_life", "pegged_qty"]
    pegs = pd.DataFrame(walk.pegs, columns=columns)
    by = columns[:-1]
    pegs = pegs.groupby(by, as_index=False, sort=True)[["pegged_qty"]].sum()
    rows = pegs.merge(consumers, on="consumer", how="inner", validate="many_to_many")
    rows = rows.merge(supplies, on="supply", how="left", validate="many_to_one")
    qty = (rows["pegged_qty"].astype(float) * rows["share"].astype(float)).round(DECIMALS)
    rows = rows.assign(pegged_qty=qty, period=case.periods[rows["month"].to_numpy(int)])
    rows = fit_columns(rows[qty > 0], TABLES["pegging"])
    return rows.sort_values(list(TABLES["pegging"].key), kind="stable", ignore_index=True)


def list_expiring(case: Case, plan: Plan) -> pd.DataFrame:
    """Return the batches that expire under the plan, oldest going first.

    Returns:
        A row per supply, place and month: `supply_key`, `batch`, `item`, `location`, `period`
        (after which nobody accepts it), `expired_qty`, `loss_value` (at unit value) and
        `planned`: the plan counts it as expired; else it would expire beyond the plan's own
        count, as a place was sent older goods than its rows could see.
    """
    supplies, walk = walk_plan(case, plan)
    rows = pd.DataFrame(
        walk.expired, columns=["supply", "place", "month", "expired_qty", "planned"]
    )
    by = ["supply", "place", "month", "planned"]
    rows = rows.groupby(by, as_index=False)[["expired_qty"]].sum()
    known = supplies[["supply", "supply_key", "batch"]]
    rows = rows.merge(known, on="supply", how="left", validate="many_to_one")
    at = rows["place"].to_numpy(int)
    value = case.places["unit_value"].to_numpy(float)[at]
    rows = rows.assign(
        item=case.places["item"].to_numpy()[at],
        location=case.places["location"].to_numpy()[at],
        period=case.periods[rows["month"].to_numpy(int)],
        loss_value=rows["expired_qty"] * value,
    )
    rows = rows.sort_values(["period", "item", "location", "supply_key"], kind="stable")
    return rows[[*EXPIRING, "planned"]].reset_index(drop=True)


def what_serves(
    pegging: pd.DataFrame, item: str, location: str, customer: str, period: pd.Timestamp
) -> pd.DataFrame:
    """Return what serves a demand, through production down to its parts.

    Args:
        pegging: contract `pegging`.
        period: month in which it was wanted.

    Returns:
        Rows of `pegging` with `level` (0: serves it directly; 1: parts of that; ...); quantities
        of deeper levels are the share that goes into this demand.
    """
    asked = (pegging["item"] == item) & (pegging["location"] == location)
    asked &= (pegging["customer"] == customer) & (pegging["demand_period"] == period)
    asked &= pegging["demand_kind"] == "demand"
    made = pegging[pegging["demand_kind"] == "make"]
    return _follow(pegging[asked], made, "supply_key", "demand_key", pegging)


def what_it_serves(pegging: pd.DataFrame, supply_key: str) -> pd.DataFrame:
    """Return what a supply serves, through production up to customers.

    Returns:
        Rows of `pegging` with `level` (0: takes it directly; 1: takes what that makes; ...);
        quantities of deeper levels are the share of the product that this supply is behind.
    """
    first = pegging[pegging["supply_key"] == supply_key]
    return _follow(first, pegging, "demand_key", "supply_key", pegging)


def _follow(
    rows: pd.DataFrame, pool: pd.DataFrame, leave: str, enter: str, pegging: pd.DataFrame
) -> pd.DataFrame:
    """Return rows and, level by level, those of `pool` whose `enter` is what these `leave` by.

    Each level carries the share of a flow that the rows before it stand for.
    """
    totals = pegging.groupby(enter)["pegged_qty"].sum() if enter == "supply_key" else None
    made = pegging.groupby("supply_key")["pegged_qty"].sum()
    parts = pegging.groupby(["demand_key", "supply_item"])["pegged_qty"].sum()
    levels, level = [rows.assign(level=0)], 0
    while len(rows):
        level += 1
        if totals is None:
            share = rows.groupby(leave)["pegged_qty"].sum()
            share = share / made.reindex(share.index)
        else:
            each = rows.groupby([leave, "supply_item"])["pegged_qty"].sum()
            share = (each / parts.reindex(each.index)).groupby(level=0).max()
        rows = pool[pool[enter].isin(share.index)]
        scaled = rows["pegged_qty"] * share.reindex(rows[enter]).to_numpy()
        rows = rows.assign(pegged_qty=scaled)
        levels.append(rows.assign(level=level))
    return pd.concat(levels, ignore_index=True)


def _list_consumers(case: Case, plan: Plan) -> pd.DataFrame:
    """Return what the numbers of consumers stand for: demand rows with their share, production."""
    months, streams = len(case.periods), plan.streams
    rows = streams.rows
    stream, due = rows["stream"].to_numpy(int), rows["month"].to_numpy(int)
    rank = rows["priority"].astype(int)
    named = [rows["demand_class"], rank, rows["item"], rows["location"], rows["customer"]]
    wanted_in = [f"{period:%Y-%m}" for period in rows["period"]]
    wanted = pd.DataFrame(
        {
            "consumer": stream * months + due,
            "share": rows["demand_qty"].to_numpy(float) / streams.demand_qty[stream, due],
            "demand_kind": "demand",
            "demand_key": join_words(*named, wanted_in),
            "item": rows["item"].to_numpy(object),
            "location": rows["location"].to_numpy(object),
            "customer": rows["customer"].to_numpy(object),
            "demand_period": rows["period"].to_numpy(),
        }
    )
    ways = case.ways[case.ways["flow_kind"] == "make"]
    number: Array = np.repeat(ways.index.to_numpy(int), months)
    month: Array = np.tile(np.arange(months), len(ways))
    made = pd.DataFrame(
        {
            "consumer": (len(streams.streams) + number) * months + month,
            "share": 1.0,
            "demand_kind": "make",
            "demand_key": name_flows(case, number, month),
            "item": case.ways["item"].to_numpy(object)[number],
            "location": case.ways["location"].to_numpy(object)[number],
            "customer": "",
            "demand_period": case.periods[month],
        }
    )
    return pd.concat([wanted, made], ignore_index=True)
