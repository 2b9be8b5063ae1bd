"""The price of a conflict: what it costs to plan for one number when the other one comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.tables import PLACE

IN = ["make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]
OUT = ["move_out_qty", "used_qty", "expired_qty"]
NOTICE_MONTHS = 3
LEAST_SAVED = 0.01
RISKS = ["second_regret_value", "first_regret_value"]
Array = NDArray[np.float64]


def measure_regret(
    plans: Mapping[str, pd.DataFrame],
    demands: Mapping[str, pd.DataFrame],
    worth: pd.DataFrame,
    last_period: pd.Timestamp,
    *,
    holding_rate: float,
) -> pd.DataFrame:
    """Play every plan against every demand up to a month, and say what the wrong plan costs.

    The plan is held as it is until the wrong number is noticed. Earned until then = margin of
    what is served (late counts while it is inside) - price of holding the stock that is left at
    the end of each month. What is lost against the plan that would have earned most is its regret.
    Overtime and freight of the plans are left out: they are in the solved margins.

    Args:
        plans: contract `constrained_plan` by name.
        demands: contract `net_demand` by name.
        worth: `item`, `location`, `margin_value`, `unit_cost_value` [money a unit].
        last_period: month in which a wrong number is noticed.
        holding_rate: of stock at cost, a year.

    Returns:
        `planned`, `came`, `earned_value`, `regret_value` (0 or more).

    Example:
        Stock 0, plans 100 and 120, demand 100 and 120, margin 3, cost 6, 1 month at 10 % a month:
        planned 100 and 120 came: 20 short, 60 lost. Planned 120 and 100 came: 12 of holding.
    """
    months = _list_months(plans, last_period)
    frames = [*plans.values(), *demands.values()]
    index = pd.MultiIndex.from_frame(pd.concat([one[PLACE] for one in frames]).drop_duplicates())
    index = index.sort_values()
    unit = worth.set_index(PLACE).reindex(index).fillna(0.0)
    supply = {name: _sum_supply(plan, index, months) for name, plan in plans.items()}
    wanted = {name: _to_panel(one, "demand_qty", index, months) for name, one in demands.items()}
    rows = [
        (planned, came, _earn(supply[planned], wanted[came], unit, holding_rate / 12))
        for came in demands
        for planned in plans
    ]
    table = pd.DataFrame(rows, columns=["planned", "came", "earned_value"])
    best = table.groupby("came")["earned_value"].transform("max")
    return table.assign(regret_value=best - table["earned_value"])


def find_worth(plan: pd.DataFrame) -> pd.DataFrame:
    """Return what a unit earns and costs by item and location, as the plan serves it.

    Args:
        plan: contract `consensus_plan`.

    Returns:
        `item`, `location`, `margin_value`, `unit_cost_value` [money a unit]; places of which
        nothing is served are left out.

    Example:
        10 served for 100 with a margin of 30: 3 and 7 a unit.
    """
    sums = plan.groupby(PLACE, as_index=False)[["plan_qty", "revenue_value", "margin_value"]].sum()
    sums = sums[sums["plan_qty"] > 0].reset_index(drop=True)
    cost = (sums["revenue_value"] - sums["margin_value"]) / sums["plan_qty"]
    each = sums["margin_value"] / sums["plan_qty"]
    return sums[PLACE].assign(margin_value=each, unit_cost_value=cost)


def measure_regrets(
    options: pd.DataFrame,
    conflict: pd.DataFrame,
    plans: Mapping[str, pd.DataFrame],
    demands: Mapping[str, pd.DataFrame],
    worth: pd.DataFrame,
    cycle_period: pd.Timestamp,
    *,
    holding_rate: float,
    notice_months: int = NOTICE_MONTHS,
) -> dict[str, pd.DataFrame]:
    """Return by conflict what each of its plans costs if agreed demand or the first number comes.

    A wrong number is noticed `notice_months` after the first month in which the numbers differ;
    until then the plan is held. Conflicts about supply alone have no such price.

    Args:
        options: what `list_conflict_options` returned.
        conflict: contract `conflict`.
        plans, demands: contracts `constrained_plan` and `net_demand` by scenario, `base` among
            them; options that were not solved are left out.
        worth: what `find_worth` returned.
        cycle_period: first planned month.
        holding_rate: of stock at cost, a year.

    Returns:
        By conflict, what `measure_regret` returned: demands `second` (agreed) and `first`.
    """
    starts = conflict.set_index("conflict")["first_period"]
    found = {}
    for name, part in options.groupby("conflict", sort=False):
        solved = [one for one in part["scenario"] if one in plans]
        asked = [one for one in part.loc[part["action"] == "as_asked", "scenario"] if one in plans]
        if not asked:
            continue
        first = max(starts[name], cycle_period) + pd.DateOffset(months=notice_months - 1)
        both = {"second": demands["base"], "first": demands[asked[0]]}
        told = {one: plans[one] for one in solved}
        found[str(name)] = measure_regret(told, both, worth, first, holding_rate=holding_rate)
    return found


def _list_months(plans: Mapping[str, pd.DataFrame], last: pd.Timestamp) -> pd.DatetimeIndex:
    first = min(plan["period"].min() for plan in plans.values())
    return pd.date_range(first, max(first, last), freq="MS", name="period")


def _to_panel(
    rows: pd.DataFrame, name: str, index: pd.MultiIndex, months: pd.DatetimeIndex
) -> Array:
    wide = rows.groupby([*PLACE, "period"])[name].sum().unstack("period")
    return wide.reindex(index=index, columns=months).fillna(0.0).to_numpy(dtype=float)


def _sum_supply(plan: pd.DataFrame, index: pd.MultiIndex, months: pd.DatetimeIndex) -> Array:
    """Return what is there for customers, added up: opening stock and all that comes, less uses."""
    flow = plan.assign(flow_qty=plan[IN].sum(axis=1) - plan[OUT].sum(axis=1))
    panel = _to_panel(flow, "flow_qty", index, months)
    first = plan[plan["period"] == plan["period"].min()]
    opening = _to_panel(first, "opening_qty", index, months)[:, :1]
    return np.asarray(panel.cumsum(axis=1) + opening)


def _earn(supply: Array, demand: Array, unit: pd.DataFrame, rate: float) -> float:
    net = supply - demand.cumsum(axis=1)
    short = np.maximum(-net[:, -1], 0.0)
    margin, cost = unit["margin_value"].to_numpy(), unit["unit_cost_value"].to_numpy()
    held = np.maximum(net, 0.0).sum(axis=1)
    return float(((demand.sum(axis=1) - short) * margin - held * cost * rate).sum())


def price_options(
    options: pd.DataFrame,
    conflict: pd.DataFrame,
    sums: pd.DataFrame,
    gains: pd.Series,
    regrets: Mapping[str, pd.DataFrame] | None = None,
    chances: pd.Series | None = None,
) -> pd.DataFrame:
    """Put solved options into money and propose the one that is least dear to be wrong with.

    Expected cost of being wrong = chance of the first number x cost if it comes + the rest x cost
    if agreed demand comes; without a chance, the larger of the two. The smallest is proposed, but
    only where it saves 1 % of the gap or more against keeping the plan: less is not worth a change.

    Args:
        options: what `list_conflict_options` returned, with `diff`, its blocks as text.
        conflict: contract `conflict`.
        sums: what `scenario.compare_scenarios` returned, with `base` and the options' scenarios.
        gains: by scenario, what its plan earns more than base after all costs.
        regrets: by conflict, what `measure_regret` returned for plans named by scenario and the
            demands `second` (agreed) and `first`.
        chances: by conflict, chance that demand comes nearer to the first number, 0..1.

    Returns:
        Contract `conflict_option`.
    """
    of = sums.set_index("scenario")
    named = options["scenario"]
    rows = options.drop(columns="blocks").assign(
        margin_value=named.map(gains).astype(float),
        service_rate=named.map(of["change_service_rate"]).astype(float),
        stock_value=named.map(of["change_stock_value"]).astype(float),
        first_rate=options["conflict"].map(pd.Series(dtype=float) if chances is None else chances),
    )
    cost = _join_regrets(rows, regrets or {})
    rows = rows.assign(**{name: cost[name] for name in RISKS})
    chance = rows["first_rate"].astype(float)
    expected = rows[RISKS[1]] * chance + rows[RISKS[0]] * (1 - chance)
    rows["regret_value"] = expected.fillna(rows[RISKS].max(axis=1, skipna=False))
    rows["recommended"] = False
    least = LEAST_SAVED * conflict.set_index("conflict")["gap_value"].abs()
    for name, part in rows.groupby("conflict", sort=False):
        rows.loc[_propose(part["regret_value"], float(least[name])), "recommended"] = True
    return rows


def list_advice(conflict: pd.DataFrame, conflict_option: pd.DataFrame) -> pd.DataFrame:
    """Return by family what its dearest priced conflict advises.

    Args:
        conflict: contract `conflict`.
        conflict_option: contract `conflict_option`.

    Returns:
        Index `family`; `action` (keep, half_way or as_asked; loosening a limit serves the whole
        number: as_asked) and `chance_rate`, that demand comes nearer to the first number.

    Example:
        Keeping the plan costs least to be wrong with, the chance of the target is 6 %: keep, 0.06.
    """
    advised = conflict_option[conflict_option["recommended"]]
    size = conflict.assign(size=conflict["gap_value"].abs())[["conflict", "family", "size"]]
    rows = advised.merge(size, on="conflict", how="inner", validate="one_to_one")
    rows = rows.sort_values("size", ascending=False, kind="stable").drop_duplicates("family")
    rows = rows.assign(
        action=rows["action"].replace("capacity", "as_asked"), chance_rate=rows["first_rate"]
    )
    return rows.set_index("family")[["action", "chance_rate"]]


def _propose(cost: pd.Series, least: float) -> Any:
    """Return the row that costs least, or the first where that saves too little."""
    known = cost.dropna()
    saved = cost.iloc[0] - known.min() if len(known) else 0.0
    return known.idxmin() if saved >= least else cost.index[0]


def _join_regrets(rows: pd.DataFrame, regrets: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what each option costs if the second or the first number comes; blank: not known."""
    found = pd.DataFrame(np.nan, index=rows.index, columns=RISKS)
    for conflict, table in regrets.items():
        wide = table.pivot(index="planned", columns="came", values="regret_value")
        own = rows.index[rows["conflict"] == conflict]
        for name, came in zip(RISKS, ("second", "first"), strict=True):
            found.loc[own, name] = rows.loc[own, "scenario"].map(wide[came]).astype(float)
    return found
