"""Assess a sales target: can it be served, what breaks, what it costs, until when to decide.

The target is demand on top of the plan's; everything said is the difference of two plans, the one
there is and the cheapest one that answers the target as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sopkit.supply.assess.actions import list_actions
from sopkit.supply.assess.breaks import find_breaks, list_overload
from sopkit.supply.assess.reliefs import list_reliefs
from sopkit.supply.assess.served import (
    add_demand,
    find_displaced,
    find_worsened,
    judge,
    rate_on_time,
    rate_served,
    sum_months,
)
from sopkit.supply.inputs.case import Case
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.results.review import sum_margin, sum_paid
from sopkit.supply.solver.living import Living
from sopkit.supply.whatif import Change, WhatIf, compare_plans, edit_demand


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
    extra = add_demand(demand, wanted)
    months = sum_months(plan, after, extra)
    rate = rate_served(months)
    missed = find_worsened(plan, after)
    breaks = find_breaks(case, after, missed)
    actions = list_actions(case, plan, after)
    served = float(months[["on_time_qty", "late_qty"]].sum().sum())
    cost = float(sum_paid(after).sum() - sum_paid(plan).sum())
    verdict = judge(rate, months)
    return Assessment(
        verdict=verdict,
        served_rate=rate,
        on_time_rate=rate_on_time(months, rate),
        months=months,
        displaced=find_displaced(missed, extra),
        breaks=breaks,
        load=list_overload(case, demand, wanted),
        actions=actions,
        reliefs=list_reliefs(living, after, wanted, breaks),
        extra_cost=cost,
        unit_cost=cost / served if served > 0 else float("nan"),
        gain=sum_margin(after) - sum_margin(plan),
        lost_value=float(months["lost_value"].sum()),
        decide_date=None if verdict == "no" or actions.empty else actions["decide_date"].min(),
        what_if=beside,
    )
