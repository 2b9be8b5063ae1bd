"""Limits that may stop a plan, and the case without one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.rules.life import prepare_life

POLICIES = {
    "stock_limit": "max_stock",
    "storage_limit": "storage",
    "share_least": "share",
    "share_most": "share",
    "life_limit": "shelf_life",
    "young_held": "shelf_life",
    "young_balance": "shelf_life",
}
PROBED = ("lead_time", "resource", "supplier", "lane", "fence", "policy")


@dataclass(frozen=True, order=True)
class Limit:
    """One thing that may stop a plan.

    Args:
        kind: `lead_time`, `resource`, `supplier`, `lane`, `fence`, `policy`; or what nothing can
            be taken away from: `cost` (not worth serving), `no_source`.
        code: resource, lane, or policy (`max_stock`, `storage`, `share`, `shelf_life`); of a lead
            time, supplier limit, fence or cost the source: operation, supplier, or where a lane
            starts; of no_source the item.
        item: of a lead time, supplier limit, fence or cost: the item that is brought.
        location: the same: the place it is brought to.
    """

    kind: str
    code: str
    item: str = ""
    location: str = ""


def name_policy(row: str) -> str:
    """Return the policy that rows of the model stand for; empty where they stand for none."""
    return POLICIES.get(row, "")


def loosen(case: Case, limits: Iterable[Limit]) -> Case:
    """Return the case without these limits.

    Hours become unlimited overtime at its price, supplier and lane limits fall, lead times become
    0, fences open, policies are not kept. The case is one to ask with, not to plan with.
    """
    for limit in sorted(limits):
        case = _LOOSEN[limit.kind](case, limit)
    return case


def find_ways(case: Case, limit: Limit) -> Array:
    """Return which ways a lead time, supplier limit or fence is about."""
    ways = case.ways
    same = (ways["source"] == limit.code) & (ways["item"] == limit.item)
    return np.asarray(same & (ways["location"] == limit.location), dtype=bool)


def _loosen_resource(case: Case, limit: Limit) -> Case:
    overtime = case.overtime_hours.copy()
    overtime[(case.resources["resource"] == limit.code).to_numpy()] = np.inf
    people, kept = case.people, (case.people.crews["crew"] != limit.code).to_numpy()
    if not kept.all():
        people = replace(
            people,
            crews=people.crews[kept].reset_index(drop=True),
            regular_limit=people.regular_limit[kept],
            overtime_limit=people.overtime_limit[kept],
        )
    return replace(case, overtime_hours=overtime, people=people)


def _loosen_supplier(case: Case, limit: Limit) -> Case:
    most = case.way_limit.copy()
    most[find_ways(case, limit)] = np.inf
    return replace(case, way_limit=most)


def _loosen_lane(case: Case, limit: Limit) -> Case:
    lanes = case.lanes
    most = lanes["max_qty"].where(lanes["lane"] != limit.code, np.inf)
    return replace(case, lanes=lanes.assign(max_qty=most))


def _loosen_lead_time(case: Case, limit: Limit) -> Case:
    ways, late = case.ways, ~find_ways(case, limit)
    return replace(
        case,
        ways=ways.assign(
            lead_days=ways["lead_days"].where(late, 0.0),
            lead_months=ways["lead_months"].where(late, 0),
            late_share=ways["late_share"].where(late, 0.0),
        ),
    )


def _loosen_fence(case: Case, limit: Limit) -> Case:
    frozen, nearness = case.fences.frozen.copy(), case.fences.nearness.copy()
    of = find_ways(case, limit)
    frozen[of], nearness[of] = 0.0, 0.0
    return replace(case, fences=replace(case.fences, frozen=frozen, nearness=nearness))


def _loosen_policy(case: Case, limit: Limit) -> Case:
    if limit.code == "max_stock":
        most = np.full_like(case.limits.max_qty, np.inf)
        return replace(case, limits=replace(case.limits, max_qty=most))
    if limit.code == "storage":
        free = replace(
            case.limits,
            stores=case.limits.stores.iloc[:0],
            store=np.full_like(case.limits.store, -1),
        )
        return replace(case, limits=free)
    if limit.code == "share":
        none = np.array([], dtype=int)
        return replace(case, shares=replace(case.shares, way=none, other=none))
    return _keep_forever(case)


def _keep_forever(case: Case) -> Case:
    """Return the case in which nothing expires."""
    item = case.tables.item.assign(shelf_life_days=np.nan)
    stock = case.tables.opening_stock
    stock = stock.assign(expiry_date=pd.Series(pd.NaT, stock.index, dtype="datetime64[ns]"))
    tables = replace(case.tables, item=item, opening_stock=stock)
    life = prepare_life(tables, case.places, case.ways, case.uses, case.arriving, case.periods)
    return replace(case, life=life)


_LOOSEN = {
    "resource": _loosen_resource,
    "supplier": _loosen_supplier,
    "lane": _loosen_lane,
    "lead_time": _loosen_lead_time,
    "fence": _loosen_fence,
    "policy": _loosen_policy,
}
