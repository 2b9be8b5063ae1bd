"""What fired between cycles, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sopkit.periods import working_dates
from sopkit.tables import ALL, fit_columns
from sopkit.tables.results_effects import REFRESH_TRIGGER


@dataclass(frozen=True)
class Thresholds:
    """What is called out: rates of `params/process.yaml`, roles that are told, days to answer."""

    below_rate: float
    above_rate: float
    low_rate: float
    task_days: int
    told: str
    told_target: tuple[str, ...] = ()
    country: str = "CN"


def find_triggers(
    month: pd.DataFrame,
    orders: pd.DataFrame,
    target: pd.DataFrame,
    owners: Mapping[str, Mapping[str, str]],
    thresholds: Thresholds,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Return every trigger that is watched, with what was seen; fired ones first.

    `below` and `above`: ordered so far against agreed demand by this day, by family, and told to
    sales and to the role of the process file. `target`: the whole month, if it goes on so, against
    the low end of the family's target of the month. `risk`: money of orders at risk, above nothing,
    told to whoever plans the family's supply.

    Args:
        month: contract `refresh_month`.
        orders: contract `refresh_order`.
        target: contract `target`; single months in units, whole families.
        owners: for each family `sales_owner` and `supply_planner`, where known.
        as_of: the day; answers are due so many working days later.

    Returns:
        Contract `refresh_trigger`.

    Example:
        Ordered 25 % below agreed demand so far, 10 % allowed: `below` fired, seen - 0.25.
    """
    due = add_working_days(as_of, thresholds.task_days, thresholds.country)
    rows = [
        *_watch_month(month, owners, thresholds),
        *_watch_targets(month, target, owners, thresholds),
        *_watch_orders(orders, owners, thresholds),
    ]
    frame = fit_columns(
        pd.DataFrame(rows, columns=REFRESH_TRIGGER.column_names).assign(due_date=due),
        REFRESH_TRIGGER,
    )
    frame = frame.assign(due_date=frame["due_date"].where(frame["fired"]))
    return frame.sort_values(
        ["fired", "trigger", "family"], ascending=[False, True, True], ignore_index=True
    )


def add_working_days(day: pd.Timestamp, days: int, country: str = "CN") -> pd.Timestamp:
    """Return the day so many working days after one.

    Example:
        >>> add_working_days(pd.Timestamp("2026-11-13"), 3)
        Timestamp('2026-11-18 00:00:00')
    """
    first = day.to_period("M").to_timestamp()
    months = [first + pd.DateOffset(months=n) for n in range(days // 15 + 3)]
    known = [one for month in months for one in working_dates(month, country) if one > day]
    return pd.Timestamp(known[days - 1])


def _row(
    trigger: str, family: str, seen: float, threshold: float, fired: bool, told: list[str],
    owner: str,
) -> dict[str, object]:  # fmt: skip
    names = [one for one in dict.fromkeys(told) if one]
    return {
        "trigger": trigger, "family": family, "seen": seen, "threshold": threshold,
        "fired": fired, "told": ", ".join(names), "owner": owner,
    }  # fmt: skip


def _watch_month(
    month: pd.DataFrame, owners: Mapping[str, Mapping[str, str]], limits: Thresholds
) -> list[dict[str, object]]:
    rows = []
    for one in month[month["state"] != "none"].to_dict("records"):
        family, seen = str(one["family"]), float(one["change_rate"])
        sales = owners.get(family, {}).get("sales_owner", limits.told)
        supply = owners.get(family, {}).get("supply_planner", limits.told)
        for trigger, threshold in (("below", -limits.below_rate), ("above", limits.above_rate)):
            owner = sales if trigger == "below" else supply
            fired = one["state"] == trigger
            rows.append(_row(trigger, family, seen, threshold, fired, [owner, limits.told], owner))
    return rows


def _watch_targets(
    month: pd.DataFrame,
    target: pd.DataFrame,
    owners: Mapping[str, Mapping[str, str]],
    limits: Thresholds,
) -> list[dict[str, object]]:
    if month.empty or target.empty:
        return []
    whole = (target["location"] == ALL) & (target["customer"] == ALL)
    rows = target[whole & (target["period"] == month["period"].iloc[0])]
    rows = rows[(rows["span_months"] == 1) & (rows["target_qty"] > 0)]
    rows = rows.drop_duplicates("family").merge(
        month[["family", "month_qty"]], on="family", how="inner", validate="one_to_one"
    )
    found = []
    for one in rows.to_dict("records"):
        given = one["low_qty"]
        low = limits.low_rate if pd.isna(given) else float(given) / float(one["target_qty"])
        seen = float(one["month_qty"]) / float(one["target_qty"])
        role = owners.get(str(one["family"]), {}).get("sales_owner", limits.told)
        owner = one["sales_owner"] if isinstance(one["sales_owner"], str) else role
        told = [owner, *limits.told_target]
        found.append(_row("target", str(one["family"]), seen, low, seen < low, told, owner))
    return found


def _watch_orders(
    orders: pd.DataFrame, owners: Mapping[str, Mapping[str, str]], limits: Thresholds
) -> list[dict[str, object]]:
    worth = orders["short_value"].fillna(0.0).groupby(orders["family"].fillna("other")).sum()
    rows = []
    for family, value in worth.items():
        owner = owners.get(str(family), {}).get("supply_planner", limits.told)
        told = [owner, limits.told]
        rows.append(_row("risk", str(family), float(value), 0.0, True, told, owner))
    return rows or [_row("risk", ALL, 0.0, 0.0, False, [limits.told], limits.told)]


def list_owners(responsibility: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return for each family who sells it and who plans its supply, the first named of each."""
    owners: dict[str, dict[str, str]] = {}
    for row in responsibility.to_dict("records"):
        known = owners.setdefault(str(row["family"]), {})
        for name in ("sales_owner", "supply_planner"):
            if isinstance(row[name], str) and row[name]:
                known.setdefault(name, row[name])
    return owners
