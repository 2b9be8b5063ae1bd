"""What would serve more of a target: a limit raised where it binds, each solved anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sopkit.supply.assess.actions import find_last_days
from sopkit.supply.inputs.case import Case
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.solver.living import Living
from sopkit.supply.whatif.answer import price_service

SHIFT_SHARE = 0.20
MORE_SHARE = 0.20
SHIFT_DAYS = 30.0
RELIEFS = {"resource": "extra_shift", "supplier": "more_supply", "lane": "more_lane"}
LIMITS_ASKED = 4
COLUMNS = {
    "relief": "object",
    "code": "object",
    "first_period": "datetime64[ns]",
    "last_period": "datetime64[ns]",
    "lead_days": "float64",
    "served_value": "float64",
    "gain_value": "float64",
}


def list_reliefs(
    living: Living, after: Plan, wanted: pd.DataFrame, breaks: pd.DataFrame
) -> pd.DataFrame:
    """Return what would serve more of the target, each solved anew, most gain first."""
    base = living.base.arrays.case
    lost = _short_value(after)
    rows = []
    for kind, code, first, last in _list_limits(breaks):
        lead = _relief_days(base, kind, code)
        reachable = base.periods[0] + pd.Timedelta(days=lead)
        start = max(first, _next_month(reachable))
        if start > last:
            rows.append((RELIEFS[kind], code, first, last, lead, 0.0, 0.0))
            continue
        eased = _ease(base, kind, code, start, last)
        plan = living.ask(eased, wanted).plan
        saved = lost - _short_value(plan)
        rows.append(
            (RELIEFS[kind], code, start, last, lead, saved, after.objective - plan.objective)
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    table = table.assign(
        decide_date=find_last_days(base, table["first_period"], table["lead_days"]),
        served_value=table["served_value"].clip(lower=0.0).round(6),
    )
    table = table[[*list(COLUMNS)[:5], "decide_date", "served_value", "gain_value"]]
    return table.sort_values("gain_value", ascending=False, kind="stable", ignore_index=True)


def _next_month(day: pd.Timestamp) -> pd.Timestamp:
    """Return the first month that begins on the day or after it."""
    month = day.to_period("M").to_timestamp()
    return month if month == day else month + pd.DateOffset(months=1)


def _short_value(plan: Plan) -> float:
    rows = price_service(plan)
    return float((rows["short_qty"] * rows["price_value"]).sum())


def _list_limits(
    breaks: pd.DataFrame,
) -> list[tuple[str, str, pd.Timestamp, pd.Timestamp]]:
    """Return the limits behind the breaks that more of them would ease, dearest first."""
    found: dict[tuple[str, str], tuple[pd.Timestamp, pd.Timestamp]] = {}
    for row in breaks.to_dict("records"):
        is_part = row["cause"] == "material"
        kind = str(row["root_cause"] if is_part else row["cause"])
        code = str(row["root_code"] if is_part else row["cause_code"])
        if kind in RELIEFS:
            first, last = found.get((kind, code), (row["first_period"], row["last_period"]))
            span = (min(first, row["first_period"]), max(last, row["last_period"]))
            found[kind, code] = span
    return [(kind, code, *span) for (kind, code), span in found.items()][:LIMITS_ASKED]


def _relief_days(case: Case, kind: str, code: str) -> float:
    if kind == "resource":
        return SHIFT_DAYS
    if kind == "supplier":
        days = case.ways.loc[case.ways["source"] == code, "lead_days"]
    else:
        days = case.ways.loc[case.ways["lane"] == code, "lead_days"]
    return float(days.max()) if len(days) else 0.0


def _ease(case: Case, kind: str, code: str, first: pd.Timestamp, last: pd.Timestamp) -> Case:
    """Return the case with a limit raised by a fifth in some months.

    Hours of an extra shift are paid as overtime.
    """
    months = np.asarray((case.periods >= first) & (case.periods <= last))
    if kind == "resource":
        row = (case.resources["resource"] == code).to_numpy()
        overtime = case.overtime_hours.copy()
        overtime[np.ix_(row, months)] += SHIFT_SHARE * case.regular_hours[np.ix_(row, months)]
        return replace(case, overtime_hours=overtime)
    if kind == "supplier":
        row = (case.ways["source"] == code).to_numpy() & (case.ways["flow_kind"] == "buy")
        limit = case.way_limit.copy()
        limit[np.ix_(row, months)] *= 1 + MORE_SHARE
        return replace(case, way_limit=limit)
    lanes = case.lanes["max_qty"].where(
        case.lanes["lane"] != code, case.lanes["max_qty"] * (1 + MORE_SHARE)
    )
    return replace(case, lanes=case.lanes.assign(max_qty=lanes))
