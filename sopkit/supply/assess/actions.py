"""What the plan does otherwise for a target, and by which day each must be decided."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.results.read_plan import Plan, arriving_flow
from sopkit.tables import PLACE

MOVED_SHARE = 0.01
OVERTIME_DAYS = 0.0
COLUMNS = {
    "action": "object",
    "code": "object",
    "item": "object",
    "location": "object",
    "period": "datetime64[ns]",
    "amount_qty": "float64",
    "lead_days": "float64",
}


def list_actions(case: Case, plan: Plan, after: Plan) -> pd.DataFrame:
    """Return overtime and flows that the target adds, with the day to decide on each."""
    found = [*_add_overtime(plan, after), *_add_flows(case, plan, after)]
    rows = pd.DataFrame(found, columns=list(COLUMNS)).astype(COLUMNS)
    rows = rows.assign(decide_date=find_last_days(case, rows["period"], rows["lead_days"]))
    order = ["decide_date", "period", "action", "code", *PLACE]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def find_last_days(case: Case, period: pd.Series, lead_days: pd.Series) -> pd.Series:
    """Return the day by which to decide; not before the plan's first day.

    Example:
        Wanted in May with 45 days' lead time: March 17.
    """
    days = pd.to_datetime(period) - pd.to_timedelta(np.ceil(lead_days.astype(float)), unit="D")
    return days.where(days > case.periods[0], case.periods[0])


def _add_overtime(plan: Plan, after: Plan) -> list[tuple[object, ...]]:
    rows = after.plan_resource[["resource", "period", "regular_hours"]].assign(
        more=after.plan_resource["overtime_used_hours"] - plan.plan_resource["overtime_used_hours"]
    )
    rows = rows[rows["more"] > MOVED_SHARE * rows["regular_hours"].clip(lower=1.0)]
    lead = OVERTIME_DAYS
    return [
        ("overtime", str(code), "", "", one["period"].min(), float(one["more"].sum()), lead)
        for code, one in rows.groupby("resource")
    ]


def _add_flows(case: Case, plan: Plan, after: Plan) -> list[tuple[object, ...]]:
    """Return each way that brings more than before, from the month in which it is ahead."""
    ahead = (arriving_flow(case, after.flow) - arriving_flow(case, plan.flow)).cumsum(axis=1)
    usual = np.maximum(plan.flow.mean(axis=1), after.flow.mean(axis=1))
    place = case.ways["place"].to_numpy(int)
    of_place = np.zeros(len(case.places))
    np.add.at(of_place, place, usual)
    moved = ahead > np.maximum(MOVED_SHARE * of_place[place], 1e-6)[:, None]
    lead = np.maximum(case.ways["lead_days"].to_numpy(float), _frozen_days(case))
    rows = case.ways[["flow_kind", "source", *PLACE]].to_numpy(object)
    return [
        (
            kind,
            source,
            item,
            location,
            case.periods[int(moved[way].argmax())],
            float(ahead[way].max()),
            float(lead[way]),
        )
        for way, (kind, source, item, location) in enumerate(rows)
        if moved[way].any()
    ]


def _frozen_days(case: Case) -> Array:
    """Return the days before which nothing of a way can be changed."""
    tables, ways = case.tables, case.ways
    days = np.zeros(len(ways))
    known = {
        "make": tables.operation.groupby("operation")["frozen_days"].max(),
        "buy": tables.purchase_term.groupby(["supplier", "item"])["frozen_days"].max(),
    }
    lanes = tables.lane.groupby(["from_location", "to_location"])["frozen_days"].max()
    kind = ways["flow_kind"].to_numpy(object)
    keys = {
        "make": pd.Index(ways["source"]),
        "buy": pd.MultiIndex.from_frame(ways[["source", "item"]]),
        "move": pd.MultiIndex.from_frame(ways[["source", "location"]]),
    }
    for name, frozen in {**known, "move": lanes}.items():
        found = frozen.reindex(keys[name]).fillna(0.0).to_numpy(float)
        days = np.where(kind == name, found, days)
    return days
