"""Options of a conflict as scenarios: keep the plan, go half way, plan for the first number."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from sopkit.consensus.conflicts.find import find_cells, keep_open, list_customers
from sopkit.consensus.levels import add_family
from sopkit.tables import ALL

LEAST_RATE = 0.0005
SHARES = {"half_way": 0.5, "as_asked": 1.0, "capacity": 1.0}
STEP = 0.05
LIMIT_RATE = 0.2
LIMITS = {"resource": "overtime", "supplier": "limit", "material": "limit", "lane": "limit"}
OPTION = ["conflict", "option", "action", "scenario", "demand_rate", "blocks"]


def list_conflict_options(
    conflict: pd.DataFrame,
    cells: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    loads: pd.DataFrame,
    shortage: pd.DataFrame,
    *,
    most: int = 3,
) -> pd.DataFrame:
    """List what could settle each of the largest open conflicts, an option a row, to be solved.

    A keeps the plan. B goes half way, C plans for the first number: demand of the family and
    months changes by the share that lies between that number and agreed demand. The last one also
    loosens what stops supply: hours beyond regular and overtime that the first number lacks (in
    5 % steps of regular hours, at overtime cost), and 20 % more of the limit that costs the family
    most sales in the plan. Where people agree on demand and only supply is short of it, B is that.

    Args:
        conflict: contract `conflict` with `demand_value` known (see `add_demand`).
        cells: as in `compare_streams`, planned months alone.
        item: contract `item`.
        customer: contract `customer`, for channels.
        loads: what `sum_family_loads` returned; may be empty.
        shortage: contract `shortage`; may be empty.
        most: how many conflicts get options.

    Returns:
        `conflict`, `option` (A, B, ...), `action` (keep, half_way, as_asked, capacity), `scenario`
        (`base` for A), `demand_rate` (0.1 is +10 % of demand in the family's months), `blocks` (the
        scenario as a list of changes; empty for A).

    Example:
        Target 120 for tea in March, agreed demand 100: +10 % and +20 % of tea in March.
    """
    cells, short = add_family(cells, item), add_family(shortage, item)
    told: list[dict[str, Any]] = []
    for row in keep_open(conflict).head(most).to_dict("records"):
        scope = find_cells(cells, row, customer)
        rate = find_rate(row, scope)
        if rate is None:
            continue
        months = (scope["period"].min(), scope["period"].max())
        more = [*_list_hours(row, rate, months, loads), *_list_limits(row, months, short)]
        more = [
            block
            for place, block in enumerate(more)
            if _names(block) not in map(_names, more[:place])
        ]
        actions = ["keep", *(["half_way", "as_asked"] if abs(rate) >= LEAST_RATE else [])]
        actions += ["capacity"] if more else []
        for letter, action in zip("ABCD", actions, strict=False):
            share = rate * SHARES.get(action, 0.0)
            blocks = _list_demand(row, share, months, scope, customer)
            blocks += more if action == "capacity" else []
            name = "base" if action == "keep" else f"{row['conflict']}-{letter}"
            told.append(
                dict(
                    zip(OPTION, [row["conflict"], letter, action, name, share, blocks], strict=True)
                )
            )
    return pd.DataFrame(told, columns=OPTION)


def _names(block: dict[str, str]) -> tuple[str, str]:
    """Return what a block is about: its first word and code."""
    return next(iter(block.items()))


def find_rate(row: dict[Any, Any], scope: pd.DataFrame) -> float | None:
    """Return the change of planned demand that makes it the first number; None: nothing planned.

    Never below -95 %: a first number under what has come already cannot be planned for.
    """
    planned = float(scope["demand_value"].sum())
    asked = float(row["first_value"]) - float(row["demand_value"])
    return None if planned <= 0 else round(max(asked / planned, -0.95), 4)


def _list_demand(
    row: dict[Any, Any],
    rate: float,
    months: tuple[pd.Timestamp, pd.Timestamp],
    scope: pd.DataFrame,
    customer: pd.DataFrame,
) -> list[dict[str, str]]:
    """Return the blocks that change a conflict's demand; a channel takes one for each group."""
    if abs(rate) < LEAST_RATE:
        return []
    named = {"demand": str(row["family"])}
    if row["location"] != ALL:
        named["location"] = str(row["location"])
    span = _write_months(months) | {"change": write_rate(rate)}
    if row["customer"] == ALL:
        return [named | span]
    groups = list_customers(str(row["customer"]), customer)
    there = [name for name in groups if name in set(scope["customer"])]
    return [named | {"customer": name} | span for name in there]


def _write_months(months: tuple[pd.Timestamp, pd.Timestamp]) -> dict[str, str]:
    return {"from": f"{months[0]:%Y-%m}", "to": f"{months[1]:%Y-%m}"}


def write_rate(rate: float) -> str:
    """Return a change as a block says it: `+15.8 %`."""
    return f"{100 * rate:+.2f}".rstrip("0").rstrip(".") + " %"


def sum_family_loads(
    plan_flow: pd.DataFrame,
    resource_need: pd.DataFrame,
    plan_resource: pd.DataFrame,
    item: pd.DataFrame,
) -> pd.DataFrame:
    """Return the hours that each family takes of each resource in the plan, month by month.

    Hours per unit without set-ups and loss, so a little less than the plan's load.

    Args:
        plan_flow: contract `plan_flow`; what is made, by operation.
        resource_need: contract `resource_need`.
        plan_resource: contract `plan_resource`.
        item: contract `item`.

    Returns:
        `resource`, `period`, `family`, `family_hours`, with the resource's `load_hours`,
        `regular_hours` and `overtime_hours`, sorted.

    Example:
        100 tea made at 0.5 hours each on L1: 50 hours of L1 for tea.
    """
    made = plan_flow[plan_flow["flow_kind"] == "make"].rename(columns={"source": "operation"})
    need = resource_need[["operation", "resource", "hours_per_unit"]]
    rows = add_family(made.merge(need, on="operation", how="inner"), item)
    rows = rows.assign(family_hours=rows["flow_qty"] * rows["hours_per_unit"])
    keys = ["resource", "period", "family"]
    sums = rows.groupby(keys, as_index=False)["family_hours"].sum()
    limits = plan_resource[["resource", "period", "load_hours", "regular_hours", "overtime_hours"]]
    return sums.merge(limits, on=["resource", "period"], how="inner", validate="many_to_one")


def _list_hours(
    row: dict[Any, Any],
    rate: float,
    months: tuple[pd.Timestamp, pd.Timestamp],
    loads: pd.DataFrame,
) -> list[dict[str, str]]:
    """Return blocks that add the hours which are missing for the first number, in 5 % steps.

    What is short may be made ahead: hours count from the plan's first month on. A resource is
    named only where it lacks at least one step.
    """
    if loads.empty:
        return []
    own = loads if row["family"] == ALL else loads[loads["family"] == row["family"]]
    inside = own["period"].between(*months)
    extra = (own["family_hours"] * max(rate, 0.0)).where(inside, 0.0)
    added = extra.groupby([own["resource"], own["period"]]).sum().rename("extra_hours")
    every = loads.drop_duplicates(["resource", "period"]).set_index(["resource", "period"])
    table = every.join(added, how="left").fillna({"extra_hours": 0.0}).reset_index()
    table = table[table["period"] <= months[1]].sort_values(["resource", "period"])
    lacks = table["load_hours"] + table["extra_hours"]
    lacks -= table["regular_hours"] + table["overtime_hours"]
    sums = lacks.groupby(table["resource"]).cumsum()
    regular = table["regular_hours"].groupby(table["resource"]).cumsum()
    rates = (sums / regular.where(regular > 0)).groupby(table["resource"]).max()
    touched = set(own.loc[inside & (extra > 0), "resource"])
    span = _write_months((table["period"].min(), months[1])) if len(table) else {}
    return [
        {"overtime": str(name)} | span | {"change": write_rate(math.ceil(most / STEP) * STEP)}
        for name, most in rates.items()
        if name in touched and most > LEAST_RATE
    ]


def _list_limits(
    row: dict[Any, Any], months: tuple[pd.Timestamp, pd.Timestamp], shortage: pd.DataFrame
) -> list[dict[str, str]]:
    """Return the block that loosens the limit which costs the family most sales in these months."""
    rows = shortage[shortage["cause"].isin(list(LIMITS)) & shortage["period"].between(*months)]
    if row["family"] != ALL:
        rows = rows[rows["family"] == row["family"]]
    lost = rows.groupby(["cause", "cause_code"])["short_value"].sum()
    if lost.empty or lost.max() <= 0:
        return []
    most = lost.reset_index().iloc[int(lost.to_numpy().argmax())]
    cause, name = str(most["cause"]), str(most["cause_code"])
    binds = rows[(rows["cause"] == cause) & (rows["cause_code"] == name)]
    first = binds["cause_period"].fillna(binds["period"]).min()
    span = _write_months((first, max(first, months[1])))
    return [{LIMITS[cause]: name} | span | {"change": write_rate(LIMIT_RATE)}]
