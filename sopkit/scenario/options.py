"""Options of the decisions that a plan asks for, each a change of the plan's inputs; re-solved.

A decision comes from a fact of the plan: what it loses at a full resource, at a supplier's or a
lane's limit, a target or sales number above it, the year's gap to budget. Without such facts
there is no decision.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from sopkit.consensus import find_owners
from sopkit.scenario.diffs import RESERVED, Scenario
from sopkit.tables import ALL

EXTRA_SHIFT_RATE = 0.20
MORE_SUPPLY_RATE = 0.20
LEAST_SHARE = 0.0002
FULL_SHARE = 0.3
FIXABLE = ("resource", "supplier", "material", "lane")
CHANGES = {
    "resource": ("keep", "extra_shift", "no_overtime"),
    "supplier": ("keep", "more_supply"),
    "material": ("keep", "more_supply"),
    "lane": ("keep", "more_supply"),
    "target": ("keep", "half_way", "as_asked"),
    "budget": ("keep", "upside"),
    "excess": ("keep", "sell_off"),
}
TOPIC = ["kind", "cause", "subject", "first_period", "last_period", "lost_value", "rate", "owner"]
TOPIC += ["elasticity"]
SELL_OFF_RATE = 0.20
SELL_OFF_MONTHS = 3
USUAL_ELASTICITY = -1.5


def list_options(
    cycle: str,
    shortage: pd.DataFrame,
    plan_resource: pd.DataFrame,
    made_on: pd.DataFrame,
    conflict: pd.DataFrame,
    agreed: pd.DataFrame,
    item: pd.DataFrame,
    responsibility: pd.DataFrame,
    budget_gap_value: float = 0.0,
    *,
    excess: pd.DataFrame | None = None,
    elasticity: pd.Series | None = None,
    known: pd.DataFrame | None = None,
    most_limits: int = 2,
    most_targets: int = 1,
) -> pd.DataFrame:
    """List the decisions that the plan's facts ask for, an option a row.

    Args:
        cycle: the cycle's name, for the running numbers.
        shortage: contract `shortage`; causes that money can loosen count: a resource, a supplier, a
            material, a lane.
        plan_resource: contract `plan_resource`; a resource that loses no sales but is full, so
            that the plan works overtime and builds stock ahead, counts with the worth of 20 %
            more hours.
        made_on: `resource`, `item`: what is made where, to name the owner.
        conflict: contract `conflict`; targets and sales numbers above the plan count.
        agreed: `item`, `period`, `demand_value`: agreed demand in money; a limit or target that
            is worth less than 0.02 % of it asks for no decision.
        item: contract `item`.
        responsibility: contract `responsibility`.
        budget_gap_value: plan - budget of the fiscal year, margin; below 0 asks for a decision.
        excess: `item`, `excess_value`: stock above what is wanted; the item with most of it is
            offered for less; without it there is no such decision.
        elasticity: by family, how demand answers to price (`measure_elasticity`); -1.5 where it
            is silent.
        known: planbook records of this cycle's decisions: `decision`, `kind`, `subject`; a question
            asked before keeps its number, and no other takes it.
        most_limits: most decisions about limits.
        most_targets: most decisions about targets.

    Returns:
        `decision` (2026-11-D1), `option` (A is doing nothing), `scenario` (name under which it is
        solved; `base` for A, `upside` for the gap to budget), `kind`, `cause`, `subject` (code),
        `change`, `rate` (how much), `first_period`, `last_period`, `lost_value` (money at stake
        if nothing is done), `owner`, `elasticity` (of selling off). Limits first, then targets,
        dearest first; then stock above what is wanted, then the gap to budget.
    """
    least = LEAST_SHARE * float(agreed["demand_value"].sum())
    owners = find_owners(responsibility, pd.concat([item[["family"]], _every_family()]))
    short = _find_limits(shortage, item, owners)
    full = _find_full(plan_resource, made_on, item, owners)
    full = full[~full["subject"].isin(short["subject"])]
    parts = [part.assign(elasticity=np.nan)[TOPIC] for part in (short, full)]
    limits = pd.concat([part for part in parts if len(part)] or [parts[0]])
    limits = limits[limits["lost_value"] > least].head(most_limits)
    targets = _find_targets(conflict, agreed, item).head(most_targets)
    budget = _find_budget(agreed, budget_gap_value, least)
    stock = _find_excess(excess, agreed, item, owners, elasticity, least)
    found = [part[TOPIC] for part in (limits, targets, stock, budget) if len(part)]
    topics = pd.concat(found, ignore_index=True) if found else budget[TOPIC]
    topics["decision"] = _number(topics, cycle, known)
    changes = topics["cause"].map(CHANGES)
    rows = topics.assign(change=changes).explode("change", ignore_index=True)
    place = rows.groupby("decision", sort=False).cumcount()
    rows["option"] = ["ABC"[number] for number in place]
    fixed = {"keep": "base", "upside": "upside"}
    rows["scenario"] = [
        fixed.get(change, f"{decision}-{option}")
        for decision, option, change in zip(
            rows["decision"], rows["option"], rows["change"], strict=True
        )
    ]
    return rows[["decision", "option", "scenario", "change", *TOPIC]]


def _number(topics: pd.DataFrame, cycle: str, known: pd.DataFrame | None) -> list[str]:
    """Return a number for each question: the one it had, else the next that is free."""
    rows = topics.iloc[:0].assign(decision="") if known is None else known
    asked = {(row["kind"], row["subject"]): row["decision"] for row in rows.to_dict("records")}
    free = (f"{cycle}-D{number}" for number in count(1))
    fresh = (number for number in free if number not in set(asked.values()))
    keys = zip(topics["kind"], topics["subject"], strict=True)
    return [str(asked[key]) if key in asked else next(fresh) for key in keys]


def _every_family() -> pd.DataFrame:
    return pd.DataFrame({"family": [ALL]})


def _find_limits(shortage: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Return what each limit costs in lost sales, dearest first."""
    rows = shortage[shortage["cause"].isin(FIXABLE) & (shortage["short_value"] > 0)]
    rows = rows.merge(item[["item", "family"]], on="item", how="left", validate="many_to_one")
    rows = rows.merge(owners, on="family", how="left", validate="many_to_one")
    rows = rows.assign(binds=rows["cause_period"].fillna(rows["period"]))
    rows = rows.sort_values("short_value", ascending=False, kind="stable")
    sums = rows.groupby(["cause", "cause_code"], as_index=False).agg(
        first_period=("binds", "min"),
        last_period=("binds", "max"),
        lost_value=("short_value", "sum"),
        owner=("supply_planner", "first"),
    )
    rates = {"resource": EXTRA_SHIFT_RATE}
    sums = sums.assign(
        kind=sums["cause"].where(sums["cause"] != "resource", "bottleneck"),
        subject=sums["cause_code"],
        rate=sums["cause"].map(rates).fillna(MORE_SUPPLY_RATE),
        owner=sums["owner"].fillna("supply_planner"),
    )
    sums["kind"] = sums["kind"].where(sums["kind"] == "bottleneck", "shortage")
    order = ["lost_value", "cause", "cause_code"]
    return sums.sort_values(order, ascending=[False, True, True], kind="stable")


def _find_full(
    plan_resource: pd.DataFrame, made_on: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame
) -> pd.DataFrame:
    """Return full resources with what 20 % more hours could save at most, dearest first."""
    worth = plan_resource["hour_worth_value"] * plan_resource["regular_hours"] * EXTRA_SHIFT_RATE
    rows = plan_resource.assign(lost_value=worth)
    most = rows.groupby("resource")["lost_value"].transform("max")
    rows = rows[(rows["lost_value"] > 0) & (rows["lost_value"] >= FULL_SHARE * most)]
    sums = rows.groupby("resource", as_index=False).agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        lost_value=("lost_value", "sum"),
    )
    families = made_on.merge(item[["item", "family"]], on="item", how="left")
    usual = families.groupby("resource")["family"].agg(lambda names: names.mode().iloc[0])
    planners = owners.set_index("family")["supply_planner"]
    sums = sums.assign(
        kind="capacity",
        cause="resource",
        subject=sums["resource"],
        rate=EXTRA_SHIFT_RATE,
        owner=sums["resource"].map(usual).map(planners).fillna("supply_planner"),
    )
    return sums.sort_values(["lost_value", "subject"], ascending=[False, True], kind="stable")


def _find_targets(conflict: pd.DataFrame, agreed: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return targets, then sales numbers, above the plan; the largest first, a family once."""
    kinds = conflict["kind"].map({"target_plan": 0, "sales_supply": 1})
    above = kinds.notna() & (conflict["gap_value"] < 0)
    rows = conflict.assign(rank=kinds)[above]
    rows = rows.sort_values(["rank", "gap_value"], kind="stable", ignore_index=True)
    rows = rows.drop_duplicates("family", ignore_index=True)
    families = agreed.merge(item[["item", "family"]], on="item", how="left")
    base = [_sum_wanted(families, row) for row in rows.to_dict("records")]
    wanted = pd.Series(base, index=rows.index, dtype=float)
    rows = rows.assign(
        kind="target",
        cause="target",
        subject=rows["family"],
        lost_value=-rows["gap_value"],
        rate=(-rows["gap_value"] / wanted.where(wanted > 0)).round(4),
        elasticity=np.nan,
        owner=rows["first_owner"].fillna("sales_owner"),
    )
    return rows[rows["rate"].notna()]


def _sum_wanted(agreed: pd.DataFrame, row: dict[Any, Any]) -> float:
    inside = agreed["period"].between(row["first_period"], row["last_period"])
    if row["family"] != ALL:
        inside &= agreed["family"] == row["family"]
    return float(agreed["demand_value"][inside].sum())


def _find_budget(agreed: pd.DataFrame, gap_value: float, least: float) -> pd.DataFrame:
    if gap_value > -max(least, 1e-9) or agreed.empty:
        return pd.DataFrame(columns=TOPIC)
    row = {
        "kind": "budget_gap",
        "cause": "budget",
        "subject": ALL,
        "first_period": agreed["period"].min(),
        "last_period": agreed["period"].max(),
        "lost_value": -gap_value,
        "rate": np.nan,
        "owner": "finance",
        "elasticity": np.nan,
    }
    return pd.DataFrame([row], columns=TOPIC)


def measure_elasticity(event_uplift: pd.DataFrame, event: pd.DataFrame) -> pd.Series:
    """Return by family how past promotions answered to their discounts, as an elasticity.

    - (uplift - dip in the month after) / mean discount, of a family's own promotions; never above
    0. Families without promotions or discounts are left out.

    Args:
        event_uplift: contract `event_uplift`.
        event: contract `event`; its `discount_rate` where one is stated.

    Example:
        Uplift 0.6, dip 0.2, discounts of 20 %: -2.
    """
    shown = event_uplift[(event_uplift["event_kind"] == "promotion")]
    cut = event[(event["event_kind"] == "promotion") & (event["discount_rate"] > 0)]
    mean = cut["discount_rate"].mean() if len(cut) else np.nan
    net = shown.set_index("family")["uplift_rate"] - shown.set_index("family")["dip_rate"].fillna(0)
    return (-net.clip(lower=0.0) / mean).dropna().round(1).rename("elasticity")


def _find_excess(
    excess: pd.DataFrame | None,
    agreed: pd.DataFrame,
    item: pd.DataFrame,
    owners: pd.DataFrame,
    elasticity: pd.Series | None,
    least: float,
) -> pd.DataFrame:
    """Return the sold item with most stock above what is wanted; empty where none matters.

    An item that nobody will buy in the months of the sale cannot be sold off.
    """
    none = pd.DataFrame(columns=TOPIC)
    if excess is None or agreed.empty:
        return none
    first = agreed["period"].min()
    last = first + pd.DateOffset(months=SELL_OFF_MONTHS - 1)
    bought = agreed.loc[(agreed["period"] <= last) & (agreed["demand_value"] > 0), "item"]
    sums = excess[excess["item"].isin(bought)].groupby("item")["excess_value"].sum()
    if sums.empty or sums.max() <= least:
        return none
    subject = str(sums.idxmax())
    family = item.loc[item["item"] == subject, "family"]
    known = {} if elasticity is None else elasticity.to_dict()
    of = str(family.iloc[0]) if len(family) else ALL
    named = owners.loc[owners["family"] == of, "sales_owner"].dropna()
    row = {
        "kind": "excess",
        "cause": "excess",
        "subject": subject,
        "first_period": first,
        "last_period": last,
        "lost_value": float(sums.max()),
        "rate": SELL_OFF_RATE,
        "owner": str(named.iloc[0]) if len(named) else "sales_owner",
        "elasticity": float(known.get(of, known.get(ALL, USUAL_ELASTICITY))),
    }
    return pd.DataFrame([row], columns=TOPIC)


def list_option_scenarios(options: pd.DataFrame) -> list[Scenario]:
    """Return every option that has a scenario of its own as a diff of the plan.

    Args:
        options: what `list_options` returned.

    Example:
        Extra shift of 20 % at L1 in May and June: `overtime: L1, from: 2027-05, to: 2027-06,
        change: +20 %`.
    """
    own = options[~options["scenario"].isin(RESERVED)]
    return [
        Scenario(
            name=str(option["scenario"]),
            title="",
            owner=str(option["owner"]),
            reason=str(option["decision"]),
            origin="option",
            blocks=(_to_block(option),),
        )
        for option in own.to_dict("records")
    ]


def _to_block(option: dict[Any, Any]) -> dict[str, str]:
    """Return the change that an option makes, as a block."""
    code, change = str(option["subject"]), option["change"]
    months = {"from": f"{option['first_period']:%Y-%m}", "to": f"{option['last_period']:%Y-%m}"}
    size = f"{100 * option['rate']:+.10g} %"
    if change == "extra_shift":
        return {"overtime": code, **months, "change": size}
    if change == "no_overtime":
        return {"overtime": code, **months, "change": "0 hours"}
    if change == "more_supply" and option["cause"] == "lane":
        lane, _, of_item = code.partition(" : ")
        return {"limit": lane, **({"item": of_item} if of_item else {}), "change": size}
    if change == "more_supply":
        return {"limit": code, **months, "change": size}
    if change == "sell_off":
        off = f"{-100 * option['rate']:+.10g} %"
        elastic = f"{option['elasticity']:.10g}"
        return {"price": code, **months, "change": off, "elasticity": elastic}
    share = {"half_way": 0.5, "as_asked": 1.0}[change]
    return {"demand": code, **months, "change": f"{100 * share * option['rate']:+.10g} %"}
