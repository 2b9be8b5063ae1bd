"""What people's changes would do to volume, stock, capacity and money, before they are entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demand import apply_overrides, to_consensus_demand
from sopkit.demand.clashes import find_clashes
from sopkit.demand.levels import add_family
from sopkit.finance import complete_prices, to_money
from sopkit.inventory import project_inventory
from sopkit.supply import (
    SupplyTables,
    join_demands,
    net_demand,
    prepare_case,
    rate_loads,
    rough_cut_load,
)
from sopkit.tables import CELL, PLACE

PREVIEW_TABLES = (
    *("consensus_demand", "demand_history", "sales_order_line", "constrained_plan"),
    *SupplyTables.names(),
)
STOCK = [*PLACE, "period", "target_qty", "change_qty", "before_qty", "after_qty"]
CAPACITY = ["resource", "period", "before_hours", "after_hours", "regular_hours", "overtime_hours"]
STATES = ["before_state", "after_state"]
_LITTLE = 0.01
_FLOWS_IN = ["make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]
_FLOWS_OUT = ["move_out_qty", "used_qty"]


@dataclass(frozen=True)
class Preview:
    """What would change; every frame is sorted by its first columns.

    Args:
        effect: of each new override: `override`, `effect_qty`, `state` (as `apply_overrides`).
        volume: `family`, `period`, `before_qty`, `after_qty`, `change_qty`.
        stock: of each place whose demand changes, month by month: `item`, `location`, `period`,
            `target_qty` (safety stock), `change_qty` (of demand), `before_qty`, `after_qty` (net
            stock: closing less backlog, supply as planned now), `before_state`, `after_state`:
            fits, below (its target), short (below 0). Empty where nothing is planned yet.
        capacity: `resource`, `period`, `before_hours`, `after_hours` (rough-cut load),
            `regular_hours`, `overtime_hours`, `before_state`, `after_state`: fits, overtime, over.
            Empty where no resource limits.
        money: `family`, `period`, and `before_`, `after_` of `revenue_value`, `margin_value`: all
            demand at net price and standard cost, as if it were served.
        clash: pairs of overrides by different owners of which one is new, as `find_clashes`.
    """

    effect: pd.DataFrame
    volume: pd.DataFrame
    stock: pd.DataFrame
    capacity: pd.DataFrame
    money: pd.DataFrame
    clash: pd.DataFrame


def preview_overrides(
    tables: Mapping[str, pd.DataFrame],
    standing: pd.DataFrame,
    new: pd.DataFrame,
    as_of: pd.Timestamp,
    working_days: dict[pd.Timestamp, int] | None = None,
) -> Preview:
    """Return what new overrides would change, on top of those that stand.

    Demand is put together again from its parts, with and without the new ones; nothing is solved.
    Stock keeps the supply of the present plan: what the plan would do about it, the next run says.

    Args:
        tables: contract frames by the names of PREVIEW_TABLES; those of supply may be empty.
        standing: contract `override`: what holds already.
        new: contract `override`, numbered otherwise than `standing`.
        as_of: last day of what is known.
        working_days: of each planned month, for resources without capacity rows.

    Raises:
        InputError: an item that gets demand has no price, or no cost.

    Example:
        60 a month stand, a new delta of +10: before 60, after 70; net stock falls by 10 a month.
    """
    item, history = tables["item"], tables["demand_history"]
    agreed = tables["consensus_demand"]
    rows = agreed.drop(columns=["override_qty", "demand_qty"], errors="ignore")
    given = (history, item, as_of)
    both = pd.concat([part for part in (standing, new) if len(part)] or [new], ignore_index=True)
    before = to_consensus_demand(apply_overrides(rows, standing, *given)[0])
    changed, effect = apply_overrides(rows, both, *given)
    after = to_consensus_demand(changed)
    periods = pd.DatetimeIndex(sorted(agreed["period"].unique()), name="period")
    clash = find_clashes(both, item, periods, as_of, rows, history)
    numbers = set(new["override"])
    is_new = clash["override"].isin(numbers) | clash["other_override"].isin(numbers)
    price = complete_prices(tables["price"], history)
    stock, capacity = _preview_supply(tables, price, before, after, periods, working_days)
    return Preview(
        effect=effect[effect["override"].isin(numbers)].reset_index(drop=True),
        volume=_compare_volume(before, after, item),
        stock=stock,
        capacity=capacity,
        money=_compare_money(before, after, item, price, tables["cost"]),
        clash=clash[is_new].reset_index(drop=True),
    )


def _compare_volume(before: pd.DataFrame, after: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    rows = _side_by_side(before, after, item, ["demand_qty"])
    rows = rows.rename(columns={"before_demand_qty": "before_qty", "after_demand_qty": "after_qty"})
    return rows.assign(change_qty=rows["after_qty"] - rows["before_qty"])


def _compare_money(
    before: pd.DataFrame,
    after: pd.DataFrame,
    item: pd.DataFrame,
    price: pd.DataFrame,
    cost: pd.DataFrame,
) -> pd.DataFrame:
    priced = [to_money(side, price, cost, "demand_qty") for side in (before, after)]
    return _side_by_side(priced[0], priced[1], item, ["revenue_value", "margin_value"])


def _side_by_side(
    before: pd.DataFrame, after: pd.DataFrame, item: pd.DataFrame, amounts: list[str]
) -> pd.DataFrame:
    """Return sums by family and month, `before_` and `after_` each amount."""
    by = ["family", "period"]
    sums = [
        add_family(side[[*CELL, *amounts]], item).groupby(by)[amounts].sum().add_prefix(word)
        for word, side in (("before_", before), ("after_", after))
    ]
    return pd.concat(sums, axis=1).fillna(0.0).sort_index().reset_index()


def _preview_supply(
    tables: Mapping[str, pd.DataFrame],
    price: pd.DataFrame,
    before: pd.DataFrame,
    after: pd.DataFrame,
    periods: pd.DatetimeIndex,
    working_days: dict[pd.Timestamp, int] | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    plan = tables["constrained_plan"]
    if plan.empty:
        return _no_rows([*STOCK, *STATES]), _no_rows([*CAPACITY, *STATES])
    solved = pd.date_range(plan["period"].min(), plan["period"].max(), freq="MS", name="period")
    nets = [
        net_demand(side, tables["sales_order_line"], tables["service_class"], solved)
        for side in (before, after)
    ]
    bundle = SupplyTables.collect({**tables, "price": price})
    case = prepare_case(bundle, join_demands(*nets), solved, working_days=working_days)
    loads = [rate_loads(rough_cut_load(case, net)) for net in nets]
    stock = _compare_stock(plan, nets[0], nets[1])
    return _within(stock, periods), _within(_compare_loads(loads[0], loads[1]), periods)


def _no_rows(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


def _within(rows: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    return rows[rows["period"].isin(periods)].reset_index(drop=True)


def _compare_loads(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    names = {"load_hours": "before_hours", "state": "before_state"}
    rows = before.drop(columns="load_rate").rename(columns=names)
    later = after[["resource", "period", "load_hours", "state"]].set_axis(
        ["resource", "period", "after_hours", "after_state"], axis=1
    )
    rows = rows.merge(later, on=["resource", "period"], how="left", validate="one_to_one")
    return rows[[*CAPACITY, *STATES]].sort_values(["resource", "period"], ignore_index=True)


def _compare_stock(plan: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return net stock of the places whose demand changes, supply as planned."""
    change = _sum_change(before, after)
    places = change.loc[change["change_qty"].abs() > _LITTLE, PLACE].drop_duplicates()
    months = pd.DataFrame({"period": np.sort(plan["period"].unique())})
    rows = places.merge(months, how="cross")
    if rows.empty:
        return _no_rows([*STOCK, *STATES])
    key = [*PLACE, "period"]
    rows = rows.merge(plan, on=key, how="left", validate="one_to_one")
    rows = rows.merge(change, on=key, how="left", validate="one_to_one")
    numbers = rows.columns.difference(key)
    rows = rows.fillna(dict.fromkeys(numbers, 0.0)).sort_values(key, ignore_index=True)
    opening = rows.groupby(PLACE, as_index=False)[["opening_qty"]].first()
    opening = opening.rename(columns={"opening_qty": "on_hand_qty"})
    supply = rows[_FLOWS_IN].sum(axis=1) - rows[_FLOWS_OUT].sum(axis=1)
    now = rows[key].assign(supply_qty=supply, demand_qty=rows["demand_qty"] - rows["short_qty"])
    then = now.assign(demand_qty=now["demand_qty"] + rows["change_qty"])
    nets = [project_inventory(opening, one)["net_stock_qty"] for one in (now, then)]
    told = rows.assign(target_qty=rows["safety_stock_qty"], before_qty=nets[0], after_qty=nets[1])
    for word in ("before", "after"):
        told[f"{word}_state"] = _judge_stock(told[f"{word}_qty"], told["target_qty"])
    return told[[*STOCK, *STATES]]


def _sum_change(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    key = [*PLACE, "period"]
    sums = [side.groupby(key)["demand_qty"].sum() for side in (before, after)]
    change = sums[1].sub(sums[0], fill_value=0.0)
    return change.sort_index().reset_index(name="change_qty")


def _judge_stock(net: pd.Series, target: pd.Series) -> np.ndarray:
    return np.where(net < -_LITTLE, "short", np.where(net < target - _LITTLE, "below", "fits"))
