"""What a change does to the plan: cost, service, stock, hours, shortages, the first month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Case
from sopkit.supply.inputs.streams import sum_revenue
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.solver.living import Living
from sopkit.supply.whatif.changes import Change
from sopkit.supply.whatif.demand import Shift
from sopkit.supply.whatif.edit import change_case
from sopkit.tables import PLACE

LEAST_SHARE = 1e-6
FLOW_KEY = ["flow_kind", *PLACE, "source", "period"]
NOT_PAID = ("short", "preference")
SERVED = ["demand_qty", "on_time_qty", "late_qty", "short_qty"]


@dataclass(frozen=True)
class WhatIf:
    """Two plans beside each other; every table names `before_` and `after_`.

    Args:
        changes: what was asked.
        case, demand: with the changes in effect.
        plan: the plan that answers them.
        cost: `term`, `before_value`, `after_value`, `change_value`; terms of the plan's cost.
        service: `family` and, before and after, demand, on time, late and short [units].
        shortage: `item`, `location`, `period` with short and late units before and after and
            `change_value` [lost sales at net price, more is worse]; only what changes, dearest
            first.
        stock: `period`, closing stock in money before and after.
        hours: `resource`, `period`, `before_hours`, `after_hours` needed, `regular_hours` and
            `overtime_hours` there are after the change; only what changes.
        first_change: first month in which something else is started, used or served; None.
        revenue_change: revenue served after the changes less before, each at its own prices.
    """

    changes: Sequence[Change]
    case: Case
    demand: pd.DataFrame
    plan: Plan
    cost: pd.DataFrame
    service: pd.DataFrame
    shortage: pd.DataFrame
    stock: pd.DataFrame
    hours: pd.DataFrame
    first_change: pd.Timestamp | None
    revenue_change: float = 0.0

    @property
    def gain(self) -> float:
        """Money the changes save: cost before less cost after."""
        return -float(self.cost["change_value"].sum())

    @property
    def earned(self) -> float:
        """Money the plan earns more: change of revenue less change of every cost.

        Lost sales are in revenue already, so their price is no cost here. Where prices or demand
        change, this is what counts.
        """
        costs = self.cost.loc[~self.cost["term"].isin(NOT_PAID), "change_value"]
        return self.revenue_change - float(costs.sum())


def what_if(
    case: Case,
    demand: pd.DataFrame,
    plan: Plan,
    changes: Sequence[Change],
    *,
    living: Living | None = None,
    shift: Shift | None = None,
) -> WhatIf:
    """Return the plan under changed inputs beside the plan there is.

    The answer is a view: it starts from the plan's optimum, so that of plans of equal cost the
    nearest is found. Stock targets stay as they are, whatever lead time or demand becomes.

    Args:
        demand: contract `net_demand`.
        plan: of the case and this demand.
        living: a living solver of the same case, to ask again and again.
        shift: gives demand at an end of its range, for changes to P10 or P90.

    Raises:
        InputError: a change that nothing can be done with.
        PlanError: hard data contradict each other, or no plan was found in time.

    Example:
        One line of 100 hours is full, an hour's unit sells at 100: ten hours more gain up to 1,000.
    """
    living = living or Living(case, demand, plan)
    changed, wanted = change_case(case, demand, changes, shift)
    after = living.ask(changed, wanted).plan
    return compare_plans(case, plan, changed, wanted, after, changes)


def compare_plans(
    case: Case,
    plan: Plan,
    changed: Case,
    demand: pd.DataFrame,
    after: Plan,
    changes: Sequence[Change] = (),
) -> WhatIf:
    """Return two plans beside each other.

    Args:
        case, plan: before the changes.
        changed, demand, after: with them.
    """
    return WhatIf(
        changes=tuple(changes),
        case=changed,
        demand=demand,
        plan=after,
        cost=compare_costs(plan, after),
        service=_compare_service(plan, after, changed.tables.item),
        shortage=compare_shortages(plan, after),
        stock=_compare_stock(case, plan, changed, after),
        hours=_compare_hours(plan, after),
        first_change=find_first_change(plan, after),
        revenue_change=_sum_served(after) - _sum_served(plan),
    )


def _sum_served(plan: Plan) -> float:
    return float(sum_revenue(plan.streams, plan.plan_service).sum())


def compare_costs(plan: Plan, after: Plan) -> pd.DataFrame:
    """Return cost by term of two plans: `term`, `before_value`, `after_value`, `change_value`."""
    both = _beside(plan.plan_cost, after.plan_cost, ["term"], ["cost_value"], sort=False)
    names = {"before_cost_value": "before_value", "after_cost_value": "after_value"}
    rows = both.rename(columns=names)
    rows = rows[(rows["before_value"] != 0) | (rows["after_value"] != 0)]
    return rows.assign(change_value=rows["after_value"] - rows["before_value"]).reset_index(
        drop=True
    )


def _beside(
    before: pd.DataFrame,
    after: pd.DataFrame,
    key: list[str],
    names: list[str],
    *,
    sort: bool = True,
) -> pd.DataFrame:
    """Return sums by key of two frames beside each other; nothing counts as 0."""
    sums = [
        frame.groupby(key, sort=sort, as_index=False)[names]
        .sum()
        .rename(columns={name: f"{word}_{name}" for name in names})
        for word, frame in (("before", before), ("after", after))
    ]
    rows = sums[0].merge(sums[1], on=key, how="outer", validate="one_to_one", sort=sort)
    return rows.fillna({f"{w}_{name}": 0.0 for w in ("before", "after") for name in names})


def _compare_service(plan: Plan, after: Plan, item: pd.DataFrame) -> pd.DataFrame:
    family = item.drop_duplicates("item").set_index("item")["family"]
    both = [
        one.plan_service.assign(family=one.plan_service["item"].map(family).fillna("other"))
        for one in (plan, after)
    ]
    return _beside(both[0], both[1], ["family"], SERVED)


def price_service(plan: Plan) -> pd.DataFrame:
    """Return `plan_service` with `price_value` [money a unit]."""
    key = [*PLACE, "customer", "period", "demand_class"]
    prices = plan.streams.rows[[*key, "price_value"]]
    return plan.plan_service.merge(prices, on=key, how="left", validate="one_to_one")


def compare_shortages(plan: Plan, after: Plan) -> pd.DataFrame:
    """Return short and late units before and after, where they differ; dearest change first."""
    both = []
    for one in (plan, after):
        rows = price_service(one)
        both.append(rows.assign(short_value=rows["short_qty"] * rows["price_value"]))
    names = ["short_qty", "late_qty", "short_value"]
    rows = _beside(both[0], both[1], [*PLACE, "period"], names)
    size = max(float(one["demand_qty"].max()) for one in both) if len(both[0]) else 0.0
    moved = [(rows[f"after_{name}"] - rows[f"before_{name}"]).abs() for name in names[:2]]
    rows = rows[(moved[0] > LEAST_SHARE * size) | (moved[1] > LEAST_SHARE * size)]
    rows = rows.assign(change_value=rows["after_short_value"] - rows["before_short_value"])
    rows = rows.drop(columns=["before_short_value", "after_short_value"])
    order = rows["change_value"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def _compare_stock(case: Case, plan: Plan, changed: Case, after: Plan) -> pd.DataFrame:
    value = case.places.set_index(PLACE)["unit_value"]
    both = []
    for one in (plan, after):
        rows = one.constrained_plan
        worth = value.reindex(pd.MultiIndex.from_frame(rows[PLACE])).fillna(0.0).to_numpy()
        both.append(rows[["period"]].assign(value=rows["closing_qty"].to_numpy() * worth))
    return _beside(both[0], both[1], ["period"], ["value"])


def _compare_hours(plan: Plan, after: Plan) -> pd.DataFrame:
    key = ["resource", "period"]
    both = [one.plan_resource.rename(columns={"load_hours": "hours"}) for one in (plan, after)]
    rows = _beside(both[0], both[1], key, ["hours"])
    limits = after.plan_resource[[*key, "regular_hours", "overtime_hours"]]
    rows = rows.merge(limits, on=key, how="left", validate="one_to_one")
    before = plan.plan_resource[[*key, "regular_hours", "overtime_hours"]]
    old = rows[key].merge(before, on=key, how="left", validate="one_to_one")
    size = max(float(rows["after_hours"].max()), 1.0) if len(rows) else 1.0
    moved = (rows["after_hours"] - rows["before_hours"]).abs() > LEAST_SHARE * size
    for name in ("regular_hours", "overtime_hours"):
        moved |= (rows[name] - old[name]).abs() > LEAST_SHARE * size
    return rows[moved].reset_index(drop=True)


def compare_flows(plan: Plan, after: Plan) -> pd.DataFrame:
    """Return what is started otherwise: key of `plan_flow`, `before_`, `after_flow_qty`."""
    rows = _beside(plan.plan_flow, after.plan_flow, FLOW_KEY, ["flow_qty"])
    largest = rows[["before_flow_qty", "after_flow_qty"]].max(axis=1)
    usual = largest.groupby([rows["item"], rows["location"]]).transform("max")
    moved = (rows["after_flow_qty"] - rows["before_flow_qty"]).abs() > LEAST_SHARE * usual
    return rows[moved & (usual > 0)].reset_index(drop=True)


def find_first_change(plan: Plan, after: Plan) -> pd.Timestamp | None:
    """Return the first month in which two plans start, use or serve something else."""
    key = [*PLACE, "customer", "period", "demand_class"]
    served = _beside(plan.plan_service, after.plan_service, key, SERVED[1:])
    moved = np.zeros(len(served), dtype=bool)
    size = served[[f"after_{name}" for name in SERVED[1:]]].max(axis=1)
    for name in SERVED[1:]:
        gap = (served[f"after_{name}"] - served[f"before_{name}"]).abs()
        moved |= (gap > LEAST_SHARE * size + LEAST_SHARE).to_numpy()
    months = [
        compare_flows(plan, after)["period"],
        _compare_hours(plan, after)["period"],
        served.loc[moved, "period"],
    ]
    first = pd.concat([one for one in months if len(one)] or [pd.Series(dtype="datetime64[ns]")])
    return None if first.empty else pd.Timestamp(first.min())
