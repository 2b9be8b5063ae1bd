"""What stops a target: limits behind what stays unserved, and hours that are not there."""

from __future__ import annotations

import pandas as pd

from sopkit.supply.explain import explain_shortages
from sopkit.supply.inputs.case import Case
from sopkit.supply.loads import rough_cut_load
from sopkit.supply.results.read_plan import Plan
from sopkit.tables import PLACE


def find_breaks(case: Case, after: Plan, missed: pd.DataFrame) -> pd.DataFrame:
    """Return the causes of what the target makes short or late, dearest first."""
    key = [*PLACE, "period"]
    more = missed.assign(short_value=missed["short_qty"] * missed["price_value"])
    sums = more.groupby(key, as_index=False)[["short_qty", "late_qty", "short_value"]].sum()
    sums = sums[(sums["short_qty"] > 1e-3) | (sums["late_qty"] > 1e-3)]
    why = ["cause", "cause_code", "root_cause", "root_code", "cause_period"]
    told = explain_shortages(case, after, probes=0)[[*key, *why]]
    rows = sums.merge(told, on=key, how="inner", validate="one_to_one")
    rows[why[2:4]] = rows[why[2:4]].astype(object).where(rows[why[2:4]].notna(), "")
    rows = rows.groupby(why[:4], as_index=False, sort=False).agg(
        first_period=("cause_period", "min"),
        last_period=("cause_period", "max"),
        short_qty=("short_qty", "sum"),
        late_qty=("late_qty", "sum"),
        short_value=("short_value", "sum"),
    )
    order = ["short_value", "late_qty"]
    return rows.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def list_overload(case: Case, demand: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return resource-months where the target needs more hours than there are."""
    before, after = rough_cut_load(case, demand), rough_cut_load(case, wanted)
    limit = after["regular_hours"] + after["overtime_hours"]
    rows = after[["resource", "period"]].assign(
        before_hours=before["load_hours"],
        after_hours=after["load_hours"],
        limit_hours=limit,
        missing_hours=(after["load_hours"] - limit).clip(lower=0.0),
    )
    more = (rows["after_hours"] - rows["before_hours"] > 1e-3) & (rows["missing_hours"] > 1e-3)
    return rows[more].reset_index(drop=True)
