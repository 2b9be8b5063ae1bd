"""Rough-cut load: what demand asks of each resource before anything is planned around it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import to_streams
from sopkit.tables import PLACE, TABLES, fit_columns


def rough_cut_load(case: Case, demand: pd.DataFrame) -> pd.DataFrame:
    """Return hours that each resource would need if demand were made just in time.

    Level by level down lanes and BOM: what a place must have in a month, less its stock and
    arriving orders, plus its stock target, is started on its cheapest way, a lead time earlier
    (before the first month: in the first month). Capacity is not looked at, nothing is built
    ahead: this is where the plan would break, not the plan.

    Args:
        demand: contract `net_demand`.

    Returns:
        Contract `capacity_load`, a row per limiting resource and period.

    Example:
        Demand 100 a month at 2 hours each, 30 in stock: 140 hours, then 200.
    """
    started = explode_demand(case, to_streams(case, demand).demand_qty_by_place(case))
    load = np.zeros_like(case.regular_hours)
    hours = started[case.needs["way"].to_numpy()] * case.needs["need_hours"].to_numpy()[:, None]
    np.add.at(load, case.needs["resource"].to_numpy(), hours)
    months = len(case.periods)
    rows = pd.DataFrame(
        {
            "resource": case.resources["resource"].repeat(months).to_numpy(),
            "period": np.tile(case.periods.to_numpy(), len(case.resources)),
            "load_hours": load.ravel().round(6),
            "regular_hours": case.regular_hours.ravel(),
            "overtime_hours": case.overtime_hours.ravel(),
        }
    )
    return fit_columns(rows, TABLES["capacity_load"])


def explode_demand(case: Case, demand_qty: Array) -> Array:
    """Return what is started on each way (ways x periods) to meet demand just in time.

    Args:
        demand_qty: demand (places x periods).
    """
    primary = find_primary_ways(case)
    gross = demand_qty.copy()
    started = np.zeros_like(case.way_cost)
    for places in _order_levels(case, primary):
        receipts = _net_needs(case, places, gross[places])
        ways = primary[places]
        sourced = ways >= 0
        ways, receipts = ways[sourced], receipts[sourced]
        started[ways] = _shift_back(case, ways, receipts)
        uses = np.flatnonzero(np.isin(case.uses["way"].to_numpy(), ways))
        used = started[case.uses["way"].to_numpy()[uses]] * case.use_qty[uses]
        np.add.at(gross, case.uses["place"].to_numpy()[uses], used)
    return started


def find_primary_ways(case: Case) -> np.ndarray:
    """Return the way each place is supplied by when nothing is scarce; -1 without any source."""
    first = rank_ways(case).drop_duplicates("place")
    primary = np.full(len(case.places), -1)
    primary[first["place"].to_numpy()] = first["way"].to_numpy()
    return primary


def rank_ways(case: Case) -> pd.DataFrame:
    """Return the ways that can be supplied, each place's preferred and cheapest first.

    Returns:
        The columns of `case.ways` with `way` (its row) and `total` [money a unit when nothing is
        scarce, without hours].
    """
    base = case.places["base_cost"].to_numpy()
    qty = case.use_qty.mean(axis=1)
    parts = np.where(qty > 0, qty * base[case.uses["place"].to_numpy()], 0.0)
    total = case.way_cost.mean(axis=1) + np.bincount(
        case.uses["way"].to_numpy(), parts, minlength=len(case.ways)
    )
    ranked = case.ways.assign(total=total).reset_index(names="way")
    ranked = ranked[np.isfinite(ranked["total"])]
    return ranked.sort_values(["place", "priority", "total", "way"], ignore_index=True)


def find_lead_times(case: Case) -> pd.DataFrame:
    """Return how long each place waits for supply on its cheapest way, down to where it is made.

    Moves add up to the lead time of the operation or supplier at their start, since goods between
    are not held on the way. A place without source has no row.

    Returns:
        `item`, `location`, `lead_time_days`, sorted by key.

    Example:
        Made in 5 days, then 3 days on the lane: 8 days at the DC, 5 at the plant.
    """
    primary = find_primary_ways(case)
    lead = case.ways["lead_days"].to_numpy(float)
    start = case.ways["from_place"].to_numpy()
    days = np.zeros(len(case.places))
    at = primary.copy()
    for _ in range(len(case.places)):
        moving = at >= 0
        if not moving.any():
            break
        days[moving] += lead[at[moving]]
        before = np.where(moving, start[at], -1)
        at = np.where(before >= 0, primary[before], -1)
    rows = case.places[PLACE].assign(lead_time_days=days)
    return rows[primary >= 0].reset_index(drop=True)


def _order_levels(case: Case, primary: np.ndarray) -> list[np.ndarray]:
    """Return the places level by level: each after all that take from it."""
    way = case.uses["way"].to_numpy()
    chosen = np.isin(way, primary[primary >= 0])
    taker = case.ways["place"].to_numpy()[way[chosen]]
    giver = case.uses["place"].to_numpy()[chosen]
    level = np.zeros(len(case.places), dtype=int)
    for _ in range(len(case.places)):
        deeper = level.copy()
        np.maximum.at(deeper, giver, level[taker] + 1)
        if np.array_equal(deeper, level):
            break
        level = deeper
    return [np.flatnonzero(level == depth) for depth in range(level.max(initial=-1) + 1)]


def _net_needs(case: Case, places: np.ndarray, gross: Array) -> Array:
    """Return what must arrive at each place and month so that stock stays at its target."""
    stock = case.places["opening_qty"].to_numpy()[places]
    needs = np.zeros_like(gross)
    for month in range(gross.shape[1]):
        stock = stock + case.arriving[places, month] - gross[:, month]
        needs[:, month] = np.maximum(case.target[places, month] - stock, 0.0)
        stock = stock + needs[:, month]
    return needs


def _shift_back(case: Case, ways: np.ndarray, receipts: Array) -> Array:
    """Return when receipts are started: a lead time earlier, at the earliest in the first month."""
    lead = case.ways["lead_months"].to_numpy()[ways]
    late = case.ways["late_share"].to_numpy()[ways]
    started = np.zeros_like(receipts)
    rows = np.arange(len(ways))
    for month in range(receipts.shape[1]):
        for delay, share in ((lead, 1 - late), (lead + 1, late)):
            at = np.maximum(month - delay, 0)
            np.add.at(started, (rows, at), receipts[:, month] * share)
    return started
