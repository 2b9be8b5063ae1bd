"""Checks of the network: balances, arrivals, parts, hours, limits, service."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.network import list_parts, split_lead_times, usable_stock
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan
from sopkit.tables import PLACE

PLACE_PERIOD = [*PLACE, "period"]


def check_balance(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return |closing - (opening + in - out)| and |backlog| gaps, by row."""
    stock = plan.constrained_plan
    gains = ["opening_qty", "make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]
    spent = ["move_out_qty", "used_qty", "served_qty", "expired_qty", "closing_qty"]
    gap = stock[gains].sum(axis=1) - stock[spent].sum(axis=1)
    before = stock.groupby(PLACE)["backlog_qty"].shift(fill_value=0.0)
    owed = before + stock["demand_qty"] - stock["served_qty"] - stock["short_qty"]
    return pd.concat([gap.abs(), (owed - stock["backlog_qty"]).abs()], ignore_index=True)


def check_opening(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return |opening - closing of the month before|, and against usable stock at the start."""
    stock = plan.constrained_plan
    on_hand = usable_stock(tables.opening_stock).groupby(PLACE)["on_hand_qty"].sum()
    rows = pd.MultiIndex.from_frame(stock[PLACE])
    start = pd.Series(on_hand.reindex(rows).fillna(0.0).to_numpy(), index=stock.index)
    before = stock.groupby(PLACE)["closing_qty"].shift()
    return (stock["opening_qty"] - before.fillna(start)).abs()


def _deviation(expected: pd.DataFrame, stock: pd.DataFrame, column: str) -> pd.Series:
    """Return |expected - column| over every place and period of the plan."""
    sums = expected.groupby(PLACE_PERIOD)["qty"].sum()
    rows = pd.MultiIndex.from_frame(stock[PLACE_PERIOD])
    return (sums.reindex(rows).fillna(0.0).to_numpy() - stock[column]).abs()


def check_arrivals(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return the gap between what flows bring after their lead time and what the plan books."""
    flow = _with_lead_days(tables, plan.plan_flow)
    whole, late = split_lead_times(flow["lead_time_days"])
    parts = [
        flow.assign(qty=flow["flow_qty"] * share, delay=delay)
        for share, delay in ((1 - late, whole), (late, whole + 1))
    ]
    arriving = pd.concat(parts, ignore_index=True)
    start = arriving["period"].dt.to_period("M") + arriving["delay"]
    arriving["period"] = start.dt.to_timestamp()
    names = {"make": "make_qty", "buy": "buy_qty", "move": "move_in_qty"}
    gaps = [
        _deviation(arriving[arriving["flow_kind"] == kind], plan.constrained_plan, column)
        for kind, column in names.items()
    ]
    return pd.concat(gaps, ignore_index=True)


def _with_lead_days(tables: SupplyTables, flow: pd.DataFrame) -> pd.DataFrame:
    """Return the flows with the lead time their table gives, the most specific row first."""
    lanes = tables.lane.rename(columns={"from_location": "source", "to_location": "location"})
    terms = tables.purchase_term.sort_values("start_date", kind="stable")
    terms = terms.rename(columns={"supplier": "source"})
    made = tables.operation.rename(columns={"operation": "source"})
    given = pd.concat(
        [
            made.assign(flow_kind="make"),
            terms.assign(flow_kind="buy"),
            lanes.assign(flow_kind="move"),
        ]
    )
    given = given[["flow_kind", "item", "location", "source", "lead_time_days"]]
    given = given.drop_duplicates(["flow_kind", "item", "location", "source"])
    found = flow
    for any_item, any_place in ((False, False), (False, True), (True, False)):
        rows = given[(given["item"] == "all") == any_item]
        rows = rows[(rows["location"] == "all") == any_place]
        on = ["flow_kind", "source"]
        on += [] if any_item else ["item"]
        on += [] if any_place else ["location"]
        days = found.merge(rows[[*on, "lead_time_days"]], on=on, how="left", validate="many_to_one")
        new = pd.Series(days.filter(like="lead_time_days").iloc[:, -1].to_numpy(), found.index)
        old = found.get("lead_time_days", pd.Series(np.nan, index=found.index))
        found = flow.assign(lead_time_days=old.fillna(new))
    return found


def check_parts(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return the gap between parts that production takes, by BOM, and what the plan books."""
    made = plan.plan_flow[plan.plan_flow["flow_kind"] == "make"]
    operation = tables.operation[["operation", "yield_rate"]]
    parts = list_parts(tables.operation, tables.bom)[
        ["operation", "component", "part_qty", "start_date", "end_date"]
    ]
    rows = made.merge(operation, left_on="source", right_on="operation", how="left")
    rows = rows.drop(columns="operation").merge(parts, left_on="source", right_on="operation")
    first = rows["period"]
    last = first + pd.offsets.MonthEnd(0)
    start = rows["start_date"].where(rows["start_date"] > first, first)
    end = rows["end_date"].where(rows["end_date"] < last, last)
    days = ((end - start).dt.days + 1).clip(lower=0)
    share = days / ((last - first).dt.days + 1)
    qty = rows["flow_qty"] / rows["yield_rate"] * rows["part_qty"] * share
    used = rows.assign(item=rows["component"], qty=qty)
    return _deviation(used, plan.constrained_plan, "used_qty")


def check_hours(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return hours over regular and overtime, and the gap to the load that the plan books."""
    made = plan.plan_flow[plan.plan_flow["flow_kind"] == "make"]
    lots = tables.operation.set_index("operation")
    lot = lots["usual_lot_qty"].astype(float)
    lot = lot.where(lot > 0, lots["lot_min_qty"])
    lot = lot.where(lot > 0, lots["lot_multiple_qty"])
    lot = lot.where(lot > 0, 1.0)
    rows = made.merge(tables.resource_need, left_on="source", right_on="operation")
    started = rows["flow_qty"] / rows["operation"].map(lots["yield_rate"])
    each = rows["hours_per_unit"] + rows["setup_hours_per_lot"] / rows["operation"].map(lot)
    key = ["resource", "period"]
    needed = rows.assign(need_hours=started * each).groupby(key)["need_hours"].sum()
    booked = plan.plan_resource.set_index(key)
    gap = (needed.reindex(booked.index).fillna(0.0) - booked["load_hours"]).abs()
    over = booked["load_hours"] - booked["regular_hours"] - booked["overtime_hours"]
    return pd.concat([gap, over], ignore_index=True)


def check_supplier_limit(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return what is ordered above the largest limit its supplier ever states."""
    terms = tables.purchase_term
    stated = terms.assign(max_qty=terms["max_qty"].astype(float).fillna(np.inf))
    limit = stated.groupby(["supplier", "item"])["max_qty"].max()
    bought = plan.plan_flow[plan.plan_flow["flow_kind"] == "buy"]
    rows = pd.MultiIndex.from_frame(bought[["source", "item"]])
    return bought["flow_qty"] - limit.reindex(rows).to_numpy()


def check_lane_limit(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return what is moved above a lane's limit over all its items."""
    moved = plan.plan_flow[plan.plan_flow["flow_kind"] == "move"]
    lanes = tables.lane[tables.lane["max_qty"].notna()]
    gaps = [pd.Series(dtype=float)]
    for lane in lanes.itertuples():
        on_lane = (moved["source"] == lane.from_location) & (moved["location"] == lane.to_location)
        own = set(
            tables.lane.loc[
                (tables.lane["from_location"] == lane.from_location)
                & (tables.lane["to_location"] == lane.to_location),
                "item",
            ]
        ) - {"all"}
        of_lane = ~moved["item"].isin(own) if lane.item == "all" else moved["item"] == lane.item
        total = moved[on_lane & of_lane].groupby("period")["flow_qty"].sum()
        gaps.append(total - float(str(lane.max_qty)))
    return pd.concat(gaps, ignore_index=True)


def check_service(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return gaps: on time + late + short = demand, and no unit served before it is wanted."""
    service = plan.plan_service
    parts = service[["on_time_qty", "late_qty", "short_qty"]].sum(axis=1)
    stock = plan.constrained_plan.sort_values(PLACE_PERIOD)
    sums = stock.groupby(PLACE)[["served_qty", "demand_qty"]].cumsum()
    return pd.concat(
        [(parts - service["demand_qty"]).abs(), sums["served_qty"] - sums["demand_qty"]],
        ignore_index=True,
    )
