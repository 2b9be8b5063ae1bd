"""Assess a sales target: can it be served, what breaks, what it costs, until when to decide.

The target is demand on top of the plan's; everything said is the difference of two plans, the one
there is and the cheapest one that answers the target as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.case import Array, Case
from sopkit.supply.explain import explain_shortages
from sopkit.supply.living import Living
from sopkit.supply.loads import rough_cut_load
from sopkit.supply.read_plan import Plan, arriving_flow
from sopkit.supply.review import sum_margin, sum_paid
from sopkit.supply.whatif import Change, WhatIf, compare_plans, edit_demand
from sopkit.supply.whatif.answer import price_service
from sopkit.tables import PLACE

FULL_SHARE = 0.995
NONE_SHARE = 0.005
MOVED_SHARE = 0.01
SHIFT_SHARE = 0.20
MORE_SHARE = 0.20
LEAD_DAYS = {"overtime": 0.0, "extra_shift": 30.0}
RELIEFS = {
    "resource": "extra_shift",
    "supplier": "more_supply",
    "lane": "more_lane",
}
LIMITS_ASKED = 4
SERVED = ["on_time_qty", "late_qty", "short_qty"]


@dataclass(frozen=True)
class Assessment:
    """What a sales target means for supply.

    Args:
        verdict: `yes` (all of it can be served), `partly`, or `no`.
        served_rate: share of the target's extra demand that is served in the end, in money: less
            what other demand loses to it.
        on_time_rate: the same, in the month it is wanted.
        months: `period`, `extra_qty` and how it is served: `on_time_qty`, `late_qty`, `short_qty`
            [units]; `extra_value` and `lost_value` [net price; lost by any demand], `served_rate`.
        displaced: demand outside the target that is served worse: `item`, `location`, `period`,
            `late_qty`, `short_qty`, `short_value`, each more than before.
        breaks: what stops the target: `cause`, `cause_code`, `root_cause`, `root_code`,
            `first_period`, `last_period`, `short_qty`, `late_qty`, `short_value`; dearest first.
        load: resource-months in which the target asks for more hours than there are, nothing built
            ahead: `resource`, `period`, `before_hours`, `after_hours`, `limit_hours` (regular and
            overtime), `missing_hours`.
        actions: what the plan does otherwise, first to be decided first: `action` (overtime, make,
            buy, move), `code` (resource, operation, supplier, start of the lane), `item`,
            `location`, `period` (first month of its effect), `amount_qty` (hours or units over all
            months), `lead_days`, `decide_date`.
        reliefs: what would serve more, each solved anew: `relief`, `code`, `first_period`,
            `last_period`, `lead_days`, `decide_date`, `served_value` (at net price),
            `gain_value` (cost of the plan less with it).
        extra_cost: more money paid than in the plan there is; unit_cost: the same for each extra
            unit served (blank where none is).
        gain: margin gained: what the served demand brings less what is paid.
        lost_value: what the target leaves unserved, at net price.
        decide_date: the last day to decide on the plan found; None where it is no plan at all.
        what_if: both plans beside each other.
    """

    verdict: str
    served_rate: float
    on_time_rate: float
    months: pd.DataFrame
    displaced: pd.DataFrame
    breaks: pd.DataFrame
    load: pd.DataFrame
    actions: pd.DataFrame
    reliefs: pd.DataFrame
    extra_cost: float
    unit_cost: float
    gain: float
    lost_value: float
    decide_date: pd.Timestamp | None
    what_if: WhatIf


def assess_target(
    case: Case,
    demand: pd.DataFrame,
    plan: Plan,
    target: Sequence[Change],
    *,
    living: Living | None = None,
) -> Assessment:
    """Return what serving a target takes, against the plan there is.

    Decision dates are real days: the first day of the month in which something new must have its
    effect, less its lead time (or its frozen days, if longer), not before the plan's first day.
    An extra shift takes 30 days, overtime none.

    Args:
        demand: contract `net_demand` of the plan.
        target: changes of demand; together they are the target.
        living: a living solver of the same case.

    Raises:
        InputError: the target names nothing that is sold.

    Example:
        A line of 100 hours makes 80 units of an hour; wanted 110: 20 more are served, 10 are not,
        and the line is what breaks.
    """
    living = living or Living(case, demand, plan)
    wanted = edit_demand(demand, target, case.tables.item)
    after = living.ask(case, wanted).plan
    beside = compare_plans(case, plan, case, wanted, after, target)
    extra = _add_demand(demand, wanted)
    months = _sum_months(plan, after, extra)
    rate = _rate_served(months)
    missed = _worsened(plan, after)
    breaks = _find_breaks(case, after, missed)
    actions = _list_actions(case, plan, after)
    served = float(months[["on_time_qty", "late_qty"]].sum().sum())
    cost = float(sum_paid(after).sum() - sum_paid(plan).sum())
    verdict = _judge(rate, months)
    return Assessment(
        verdict=verdict,
        served_rate=rate,
        on_time_rate=_rate_on_time(months, rate),
        months=months,
        displaced=_find_displaced(missed, extra),
        breaks=breaks,
        load=_list_overload(case, demand, wanted),
        actions=actions,
        reliefs=_list_reliefs(living, after, wanted, breaks),
        extra_cost=cost,
        unit_cost=cost / served if served > 0 else float("nan"),
        gain=sum_margin(after) - sum_margin(plan),
        lost_value=float(months["lost_value"].sum()),
        decide_date=None if verdict == "no" or actions.empty else actions["decide_date"].min(),
        what_if=beside,
    )


CELL = [*PLACE, "customer", "period"]


def _add_demand(demand: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return what the target adds by item, location, customer and month: `extra_qty`."""
    sums = [frame.groupby(CELL)["demand_qty"].sum() for frame in (wanted, demand)]
    extra = sums[0].sub(sums[1], fill_value=0.0)
    return extra[extra.abs() > 0].rename("extra_qty").reset_index()


def _served(plan: Plan) -> pd.DataFrame:
    """Return service by item, location, customer and month, with `price_value`."""
    rows = price_service(plan)
    value = (rows["price_value"] * rows["demand_qty"]).groupby([rows[key] for key in CELL]).sum()
    sums = rows.groupby(CELL)[["demand_qty", *SERVED]].sum()
    return sums.assign(price_value=value / sums["demand_qty"])


def _worsened(plan: Plan, after: Plan) -> pd.DataFrame:
    """Return how much more or less is on time, late and short, by cell of demand."""
    before, now = _served(plan), _served(after)
    change = now[SERVED].sub(before[SERVED], fill_value=0.0)
    price = now["price_value"].combine_first(before["price_value"])
    return change.assign(price_value=price).reset_index()


def _sum_months(plan: Plan, after: Plan, extra: pd.DataFrame) -> pd.DataFrame:
    change = _worsened(plan, after)
    rows = change.merge(extra, on=CELL, how="left", validate="one_to_one")
    inside = rows["extra_qty"].notna()
    rows = rows.assign(
        extra_qty=rows["extra_qty"].fillna(0.0),
        extra_value=rows["extra_qty"].fillna(0.0) * rows["price_value"],
        lost_value=rows["short_qty"] * rows["price_value"],
    )
    rows[SERVED] = rows[SERVED].where(inside, 0.0)
    names = ["extra_qty", *SERVED, "extra_value", "lost_value"]
    months = rows.groupby("period", as_index=False)[names].sum()
    months[names] = months[names].round(6)
    lost = months["lost_value"] / months["extra_value"].where(months["extra_value"] > 0)
    return (
        months[(months["extra_qty"] != 0) | (months["lost_value"].abs() > 1e-6)]
        .assign(served_rate=(1.0 - lost).clip(0.0, 1.0))
        .reset_index(drop=True)
    )


def _rate_served(months: pd.DataFrame) -> float:
    extra = float(months["extra_value"].sum())
    return float(np.clip(1.0 - months["lost_value"].sum() / extra, 0, 1)) if extra > 0 else 1.0


def _rate_on_time(months: pd.DataFrame, served_rate: float) -> float:
    """Return the share of the extra units served in their month, never more than in the end."""
    extra = float(months["extra_qty"].sum())
    on_time = float(months["on_time_qty"].sum())
    return float(np.clip(on_time / extra, 0.0, served_rate)) if extra > 0 else 1.0


def _judge(rate: float, months: pd.DataFrame) -> str:
    """Return yes, partly or no; late units are served, though not as asked."""
    late = float(months["late_qty"].sum()) > NONE_SHARE * float(months["extra_qty"].sum())
    if rate >= FULL_SHARE:
        return "partly" if late else "yes"
    return "partly" if rate > NONE_SHARE else "no"


def _find_displaced(missed: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """Return demand outside the target that is served worse than before."""
    rows = missed.merge(extra, on=CELL, how="left", validate="one_to_one")
    rows = rows[rows["extra_qty"].isna()]
    rows = rows.assign(short_value=rows["short_qty"] * rows["price_value"])
    names = ["late_qty", "short_qty", "short_value"]
    sums = rows.groupby([*PLACE, "period"], as_index=False)[names].sum()
    worse = sums[(sums["short_qty"] > 1e-3) | (sums["late_qty"] > 1e-3)]
    order = ["short_value", "late_qty"]
    return worse.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def _find_breaks(case: Case, after: Plan, missed: pd.DataFrame) -> pd.DataFrame:
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


def _list_overload(case: Case, demand: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
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


def _list_actions(case: Case, plan: Plan, after: Plan) -> pd.DataFrame:
    """Return overtime and flows that the target adds, with the day to decide on each."""
    rows = pd.DataFrame(
        [*_add_overtime(plan, after), *_add_flows(case, plan, after)],
        columns=["action", "code", *PLACE, "period", "amount_qty", "lead_days"],
    )
    rows = rows.assign(decide_date=_last_days(case, rows["period"], rows["lead_days"]))
    order = ["decide_date", "period", "action", "code", *PLACE]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def _last_days(case: Case, period: pd.Series, lead_days: pd.Series) -> pd.Series:
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
    lead = LEAD_DAYS["overtime"]
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


def _list_reliefs(
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
    names = ["relief", "code", "first_period", "last_period", "lead_days"]
    table = pd.DataFrame(rows, columns=[*names, "served_value", "gain_value"])
    table = table.assign(
        decide_date=_last_days(base, table["first_period"], table["lead_days"]),
        served_value=table["served_value"].clip(lower=0.0).round(6),
    )
    table = table[[*names, "decide_date", "served_value", "gain_value"]]
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
        return LEAD_DAYS["extra_shift"]
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
