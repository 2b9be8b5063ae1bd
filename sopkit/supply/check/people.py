"""Checks of people and machines: heads, hours of heads, hours of machines that run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

KEY = ["resource", "period"]


def check_heads(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return gaps: heads = heads before + hired - laid off, none laid off or hired unasked.

    The first month starts from the contract's heads; most heads hold for those who are hired.
    """
    people, crew = plan.plan_people, tables.workforce.set_index("resource")
    if people.empty:
        return pd.Series(dtype=float)
    given = people[["resource"]].join(crew, on="resource")
    before = people.groupby("resource")["heads"].shift().fillna(given["heads"])
    gap = before + people["hired_heads"] - people["laid_off_heads"] - people["heads"]
    unasked = [
        people[name].where(~given[allowed].astype(bool), 0.0)
        for name, allowed in (("hired_heads", "may_hire"), ("laid_off_heads", "may_lay_off"))
    ]
    most = given["max_heads"].astype(float).fillna(np.inf)
    over = (people["heads"] - np.maximum(most, before)).where(people["hired_heads"] > 0, 0.0)
    return pd.concat([gap.abs(), *unasked, over], ignore_index=True)


def check_head_hours(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return gaps to heads x hours a head, regular and overtime, within a capacity row's hours."""
    people = plan.plan_people.merge(
        tables.workforce[["resource", "hours_per_head", "overtime_per_head"]],
        on="resource",
        how="left",
        validate="many_to_one",
    )
    rows = people.merge(plan.plan_resource, on=KEY, how="left", validate="one_to_one")
    given = _given_hours(tables)
    rows = rows.join(given, on=KEY)
    gaps = [
        np.minimum(rows["heads"] * rows[each], rows[limit].fillna(np.inf)) - rows[hours]
        for each, limit, hours in (
            ("hours_per_head", "given_regular", "regular_hours"),
            ("overtime_per_head", "given_overtime", "overtime_hours"),
        )
    ]
    return pd.concat([gap.abs() for gap in gaps], ignore_index=True)


def check_machine_hours(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return gaps to the hours of capacity rows, less the share of machines that stand still."""
    booked = plan.plan_resource
    booked = booked[~booked["resource"].isin(tables.workforce["resource"])]
    rows = booked.join(_given_hours(tables), on=KEY, how="inner")
    gaps = [
        (rows["given_regular"] - rows["regular_hours"]).abs(),
        (rows["given_overtime"] - rows["overtime_hours"]).abs(),
    ]
    return pd.concat(gaps, ignore_index=True)


def _given_hours(tables: SupplyTables) -> pd.DataFrame:
    """Return hours of the capacity rows, machines that stand still taken off."""
    rows = tables.capacity.merge(
        tables.resource[["resource", "machines"]], on="resource", validate="many_to_one"
    )
    running = (1 - rows["machines_down"] / rows["machines"]).clip(lower=0.0)
    given = rows[KEY].assign(
        given_regular=rows["regular_hours"] * running,
        given_overtime=rows["overtime_hours"] * running,
    )
    return given.set_index(KEY)
