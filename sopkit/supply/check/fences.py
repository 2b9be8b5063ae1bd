"""Check of the fences: what was released inside them is kept, and nothing is added."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

FLOW_KEY = ["flow_kind", "item", "location", "source"]
Numbers = dict[tuple[str, ...], float]


def check_fences(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return units started above, or missing below, what the fences allow.

    Inside the fence a flow is what was released; a month partly inside keeps that share of it,
    and may add what the free days of the month could do. What is missing from a released plan
    counts unless the plan says so (`plan_change.broken_qty`).
    """
    rows = list_frozen(tables, plan)
    if rows.empty:
        return pd.Series(dtype=float)
    key = [*FLOW_KEY, "period"]
    frozen = rows["frozen"]
    flow = _look_up(rows[key], plan.plan_flow, "flow_qty")
    released = _look_up(rows[key], tables.released_plan, "flow_qty")
    told = _look_up(rows[key], plan.plan_change, "broken_qty")
    partly = frozen < 1
    new = pd.Series(0.0, index=rows.index)
    new[partly] = (1 - frozen[partly]) * _could(tables, plan, rows.loc[partly, key])
    above = flow - frozen * released - new
    below = frozen * released - flow - told
    return pd.concat([above, below], ignore_index=True)


def list_frozen(tables: SupplyTables, plan: Plan) -> pd.DataFrame:
    """Return the months of planned or released flows that lie inside a fence, and how far.

    Returns:
        `flow_kind`, `item`, `location`, `source`, `period`, `frozen` (share of its days, above 0).
    """
    stock = plan.constrained_plan["period"]
    first = stock.min()
    days = list_numbers(tables, first, "frozen_days")
    key = [*FLOW_KEY, "period"]
    rows = pd.concat([plan.plan_flow[key], tables.released_plan[key]]).drop_duplicates()
    near = rows["period"] < first + pd.Timedelta(days=max(days.values(), default=0.0))
    rows = rows[near & rows["period"].isin(stock)].reset_index(drop=True)
    fence = pd.Series([find_number(days, *row) for row in rows[FLOW_KEY].to_numpy()], dtype=float)
    length = (rows["period"] + pd.offsets.MonthBegin(1) - rows["period"]).dt.days
    frozen = ((fence - (rows["period"] - first).dt.days) / length).clip(0.0, 1.0)
    return rows.assign(frozen=frozen)[frozen > 0].reset_index(drop=True)


def list_numbers(tables: SupplyTables, first: pd.Timestamp, column: str) -> Numbers:
    """Return a column of operations, purchase terms and lanes by what names their flows.

    Of dated purchase terms that which holds on the first day, else the first one.
    """
    terms = tables.purchase_term.sort_values("start_date", kind="stable")
    key = ["supplier", "item", "location"]
    held = terms[terms["start_date"] <= first].drop_duplicates(key, keep="last")
    terms = pd.concat([held, terms]).drop_duplicates(key)
    parts = {
        "make": (tables.operation, ["operation"]),
        "buy": (terms, key),
        "move": (tables.lane, ["from_location", "to_location", "item"]),
    }
    found: Numbers = {}
    for kind, (frame, names) in parts.items():
        if column in frame.columns:
            codes = frame[names].itertuples(index=False, name=None)
            values = frame[column].astype(float)
            found |= {(kind, *code): v for code, v in zip(codes, values, strict=True) if v > 0}
    return found


def find_number(numbers: Numbers, kind: str, item: str, location: str, source: str) -> float:
    """Return the number of a flow: of its own row, else of the one for all; 0 without any."""
    own, pooled = {
        "make": ((source,), (source,)),
        "buy": ((source, item, location), (source, item, "all")),
        "move": ((source, location, item), (source, location, "all")),
    }[kind]
    return numbers.get((kind, *own), numbers.get((kind, *pooled), 0.0))


def _look_up(keys: pd.DataFrame, rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the sum of a column for each key, 0 where there is no row."""
    sums = rows.groupby(list(keys.columns))[column].sum()
    found = sums.reindex(pd.MultiIndex.from_frame(keys)).fillna(0.0).to_numpy(float)
    return pd.Series(found, index=keys.index)


def _could(tables: SupplyTables, plan: Plan, flows: pd.DataFrame) -> pd.Series:
    """Return what each flow could do in a whole month by itself; infinite without a limit."""
    limits = list_numbers(tables, flows["period"].min(), "max_qty")
    found = [
        np.inf if row[0] == "make" else find_number(limits, *row) or np.inf
        for row in flows[FLOW_KEY].to_numpy()
    ]
    could = pd.Series(found, index=flows.index, dtype=float)
    made = flows["flow_kind"] == "make"
    return could.where(~made, _could_make(tables, plan, flows[made]))


def _could_make(tables: SupplyTables, plan: Plan, flows: pd.DataFrame) -> pd.Series:
    """Return the good units that all hours of the operations' resources would make.

    Args:
        flows: `source` (the operation) and `period`.
    """
    sizes = tables.operation[["usual_lot_qty", "lot_min_qty", "lot_multiple_qty"]].astype(float)
    lot = sizes.where(sizes > 0).bfill(axis=1).iloc[:, 0].fillna(1.0)
    made = tables.operation[["operation", "yield_rate"]].assign(lot_qty=lot)
    made = made.drop_duplicates("operation")
    needs = tables.resource_need[["operation", "resource", "hours_per_unit", "setup_hours_per_lot"]]
    needs = needs[~needs["resource"].isin(tables.workforce["resource"])]
    needs = needs.merge(made, on="operation", how="inner", validate="many_to_one")
    each = needs["hours_per_unit"] + needs["setup_hours_per_lot"] / needs["lot_qty"]
    needs = needs.assign(each_hours=each.where(each > 0))
    asked = flows[["source", "period"]].drop_duplicates()
    asked = asked.merge(needs, left_on="source", right_on="operation", validate="many_to_many")
    hours = plan.plan_resource[["resource", "period", "regular_hours", "overtime_hours"]]
    asked = asked.merge(hours, on=["resource", "period"], how="inner", validate="many_to_one")
    given = asked["regular_hours"] + asked["overtime_hours"]
    units = given / asked["each_hours"] * asked["yield_rate"]
    most = units.groupby([asked["source"], asked["period"]]).min()
    at = pd.MultiIndex.from_frame(flows[["source", "period"]])
    return pd.Series(most.reindex(at).fillna(np.inf).to_numpy(float), index=flows.index)
