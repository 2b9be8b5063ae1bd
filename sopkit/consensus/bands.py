"""Targets as bands: low, base and high, both owners, and the triggers that tell people to act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.tables import ALL

LEVEL = ["family", "location", "customer"]
BAND_KEY = [*LEVEL, "period", "span_months"]
ENDS = ["low", "base", "high"]
TRIGGERS = (
    "actual_below",
    "actual_above",
    "demand_below",
    "demand_above",
    "demand_chance",
    "supply_chance",
    "decide",
)
GIVEN = {
    "qty": ("low_qty", "target_qty", "high_qty"),
    "value": ("low_value", "target_value", "high_value"),
}


def complete_bands(
    target: pd.DataFrame,
    owners: pd.DataFrame,
    *,
    low_rate: float,
    high_rate: float,
    sales: str,
    operations: str,
) -> pd.DataFrame:
    """Return each target as low <= base <= high with both owners; what is not given is filled in.

    A target given in money is a band in money, else in units. Where it names no low or high end,
    they are the stated share of base. Targets of several owners for one level and the same months
    add up, end by end.

    Args:
        target: contract `target`.
        owners: what `find_owners` returned: where a target names nobody, its `owner` owns it in
            sales, else the family's `sales_owner`; in operations the family's `supply_planner`.
        low_rate, high_rate: ends where none are given, share of base; 0.95 is 5 % below.
        sales, operations: roles that own a target where those are blank too.

    Returns:
        One row per level and months, sorted: `family`, `location`, `customer`, `period`,
        `span_months`, `unit` (qty or value), `low`, `base`, `high`, `is_given` (both ends were),
        `owner`, `sales_owner`, `operations_owner` (the first; `all` where there are several).

    Raises:
        InputError: low above base, or base above high; every such row is named.

    Example:
        Base 100, no ends, rates 0.95 and 1.05: 95, 100, 105.
    """
    rows = target[target[["target_qty", "target_value"]].notna().any(axis=1)].reset_index(drop=True)
    in_money = rows["target_value"].notna()
    for number, end in enumerate(ENDS):
        qty, value = (
            rows[name].astype(float) if name in rows else pd.Series(np.nan, rows.index)
            for name in (GIVEN["qty"][number], GIVEN["value"][number])
        )
        rows[end] = value.where(in_money, qty)
    _check_order(rows)
    is_given = rows[["low", "high"]].notna().all(axis=1)
    rows["low"] = rows["low"].fillna(rows["base"] * low_rate)
    rows["high"] = rows["high"].fillna(rows["base"] * high_rate)
    of_family = owners.set_index("family")
    for name, source, role in (
        ("sales_owner", "sales_owner", sales),
        ("operations_owner", "supply_planner", operations),
    ):
        none = pd.Series(None, rows.index, dtype=object)
        given = rows[name].astype(object) if name in rows else none
        usual = rows["family"].map(of_family[source]) if len(of_family) else given
        if name == "sales_owner":
            usual = rows["owner"].where(rows["owner"] != ALL, usual)
        rows[name] = given.where(given.notna(), usual).fillna(role)
    rows = rows.assign(unit=np.where(in_money, "value", "qty"), is_given=is_given)
    return _add_owners(rows)


def _check_order(rows: pd.DataFrame) -> None:
    low_over = rows["low"] > rows["base"]
    high_under = rows["high"] < rows["base"]
    crossed = rows["low"] > rows["high"]
    problems = [
        f"{said}: {_name(rows.loc[row])} has {first} {rows.loc[row, first]:g} and "
        f"{second} {rows.loc[row, second]:g}"
        for wrong, said, first, second in (
            (low_over, "the low end is above base", "low", "base"),
            (high_under, "the high end is below base", "high", "base"),
            (crossed & ~low_over & ~high_under, "the ends are crossed", "low", "high"),
        )
        for row in rows.index[wrong]
    ]
    if problems:
        advice = "Correct the ends in the target file and run 01_data_review again."
        headline = "target is not a band: low <= base <= high must hold"
        raise InputError(list_problems(headline, problems, advice))


def _name(row: pd.Series) -> str:
    return f"{row['owner']}, {row['family']}, {row['customer']}, {row['period']:%Y-%m}"


def _add_owners(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby([*BAND_KEY, "unit"], as_index=False)
    sums = grouped[ENDS].sum()
    sums["is_given"] = grouped["is_given"].all()["is_given"]
    for name in ("owner", "sales_owner", "operations_owner"):
        found = grouped[name].agg(["first", "nunique"])
        sums[name] = found["first"].where(found["nunique"] == 1, ALL)
    return sums


def sum_bands(bands: pd.DataFrame, cycle_period: pd.Timestamp) -> pd.DataFrame:
    """Return the bands with their stage, and for each level with several open ones their sum.

    Args:
        bands: what `complete_bands` returned.
        cycle_period: first planned month.

    Returns:
        The rows with `stage` (past, running, ahead), `first_period` and `last_period`, and `grain`
        (single, or sum: all open ones of a level that follow one another without a gap); sums
        first.

    Example:
        Twelve months of 2027 at 100 each: twelve singles and a sum of 1,200.
    """
    last = bands["period"].dt.to_period("M") + (bands["span_months"].astype(int) - 1).to_numpy()
    rows = bands.assign(last_period=last.dt.to_timestamp(), grain="single")
    stage = np.where(rows["period"] >= cycle_period, "ahead", "running")
    rows = rows.assign(
        first_period=rows["period"],
        stage=np.where(rows["last_period"] < cycle_period, "past", stage),
    )
    opened = rows[rows["stage"] != "past"].sort_values([*LEVEL, "unit", "period"], kind="stable")
    before = opened.groupby([*LEVEL, "unit"])["last_period"].shift()
    follows = opened["period"].dt.to_period("M") == before.dt.to_period("M") + 1
    opened = opened.assign(run=(~follows).cumsum())
    sums = [_sum_run(run) for _, run in opened.groupby("run") if len(run) > 1]
    return pd.concat([*sums, rows], ignore_index=True)[[*rows.columns]]


def _sum_run(run: pd.DataFrame) -> pd.DataFrame:
    one = run.iloc[:1].assign(**{end: run[end].sum() for end in ENDS})
    for name in ("owner", "sales_owner", "operations_owner"):
        one[name] = _one_or_all(run[name])
    return one.assign(
        span_months=int(run["span_months"].sum()),
        last_period=run["last_period"].max(),
        is_given=bool(run["is_given"].all()),
        stage="running" if (run["stage"] == "running").any() else "ahead",
        grain="sum",
    )


def _one_or_all(names: pd.Series) -> str:
    return str(names.iloc[0]) if len(set(names)) == 1 else ALL


def fire_triggers(
    bands: pd.DataFrame,
    months: pd.DataFrame,
    cycle_period: pd.Timestamp,
    *,
    below_months: int,
    above_months: int,
    told: Sequence[str] = (),
    demand_rate: float = 0.5,
    supply_rate: float = 0.8,
) -> pd.DataFrame:
    """Return every trigger of every open band: what was seen, whether it fired, who is told.

    actual_below / actual_above: so many months in a row, up to the last one known, below the low
    or above the high end. demand_below / demand_above: the same months in a row ahead where
    expected demand is. demand_chance and supply_chance: below the stated share. decide: the last
    day to decide lies before the next cycle.

    Args:
        bands: rows of `sum_bands` with `demand_chance_rate`, `supply_chance_rate`, `decide_date`.
        months: the months that `rate_targets` returned: level, `period`, `low`, `high`, `amount`.
        cycle_period: first planned month.
        below_months, above_months: months in a row that fire.
        told: roles told besides both owners.
        demand_rate, supply_rate: chances below these fire.

    Returns:
        Contract `target_trigger`: the key of the band, `trigger`, `fired`, `seen` (months in a
        row, chance, or days left), `limit`, `told`; in the order of the bands and TRIGGERS.
    """
    opened = bands[bands["stage"] != "past"].reset_index(drop=True)
    runs = [_count_runs(months, band, cycle_period) for band in opened.to_dict("records")]
    next_cycle = cycle_period + pd.DateOffset(months=1)
    limits = {
        **dict.fromkeys(("actual_below", "demand_below"), below_months),
        **dict.fromkeys(("actual_above", "demand_above"), above_months),
        "demand_chance": demand_rate,
        "supply_chance": supply_rate,
        "decide": (next_cycle - cycle_period).days,
    }
    rows = []
    for band, run in zip(opened.to_dict("records"), runs, strict=True):
        days = (
            (band["decide_date"] - cycle_period).days if pd.notna(band["decide_date"]) else np.nan
        )
        seen: dict[str, float] = {
            **run,
            "demand_chance": band["demand_chance_rate"],
            "supply_chance": band["supply_chance_rate"],
            "decide": days,
        }
        key = {name: band[name] for name in BAND_KEY}
        people = [band["sales_owner"], band["operations_owner"]]
        for trigger in TRIGGERS:
            number, limit = seen[trigger], limits[trigger]
            fired = number >= limit if trigger in run else number < limit
            rows.append(
                {
                    **key,
                    "trigger": trigger,
                    "fired": bool(fired),
                    "seen": float(number),
                    "limit": float(limit),
                    "told": ", ".join(dict.fromkeys([*people, *told])),
                }
            )
    columns = [*BAND_KEY, "trigger", "fired", "seen", "limit", "told"]
    frame = pd.DataFrame(rows, columns=columns)
    kinds = {name: bands[name].dtype for name in BAND_KEY}
    return frame.astype({**kinds, "fired": bool, "seen": float, "limit": float})


def _count_runs(
    months: pd.DataFrame, band: dict[Any, Any], cycle_period: pd.Timestamp
) -> dict[str, float]:
    """Return months in a row outside the band: behind us up to the last, ahead the longest."""
    level = np.logical_and.reduce([months[name] == band[name] for name in LEVEL])
    own = months[level].sort_values("period", kind="stable")
    past = own[own["period"] < cycle_period]
    inside = own["period"].between(band["first_period"], band["last_period"])
    ahead = own[inside & (own["period"] >= cycle_period)]
    found = {}
    for name, rows, count in (("actual", past, _tail), ("demand", ahead, _longest)):
        outside = {"below": rows["amount"] < rows["low"], "above": rows["amount"] > rows["high"]}
        for side, flags in outside.items():
            found[f"{name}_{side}"] = count(flags.tolist()) if len(rows) else np.nan
    return found


def _tail(flags: list[bool]) -> float:
    count = 0
    for flag in reversed(flags):
        if not flag:
            break
        count += 1
    return float(count)


def _longest(flags: list[bool]) -> float:
    best = count = 0
    for flag in flags:
        count = count + 1 if flag else 0
        best = max(best, count)
    return float(best)


def name_fired(bands: pd.DataFrame, triggers: pd.DataFrame) -> pd.DataFrame:
    """Return the bands with the first trigger that fired (`trigger`) and who is told (`told`)."""
    fired = triggers[triggers["fired"]].drop_duplicates(BAND_KEY)
    return bands.merge(
        fired[[*BAND_KEY, "trigger", "told"]], on=BAND_KEY, how="left", validate="many_to_one"
    )


def to_target_band(
    rated: pd.DataFrame, triggers: pd.DataFrame, targets: pd.DataFrame
) -> pd.DataFrame:
    """Return contract `target_band`: bands with chances, what the plan reaches, first trigger.

    Args:
        rated: what `scenario.rate_targets` returned.
        triggers: what `fire_triggers` returned.
        targets: what `compare_targets` returned: actual and plan of each single target.
    """
    named = name_fired(rated, triggers)
    plan = targets[[*BAND_KEY, "reached_value"]]
    rows = named.merge(plan, on=BAND_KEY, how="left", validate="many_to_one")
    singles = rows[rows["grain"] == "single"]
    for row, band in rows[rows["grain"] == "sum"].iterrows():
        own = np.logical_and.reduce([singles[name] == band[name] for name in [*LEVEL, "unit"]])
        parts = singles[own & singles["period"].between(band["period"], band["last_period"])]
        parts = parts[parts["stage"] != "past"]
        rows.loc[row, "reached_value"] = parts["reached_value"].sum(skipna=False)
    return rows.sort_values([*BAND_KEY, "unit"], kind="stable", ignore_index=True)


def pick_bands(bands: pd.DataFrame) -> pd.DataFrame:
    """Return the open bands that a page shows: a level's sum, or its single target.

    Args:
        bands: contract `target_band`.

    Returns:
        Rows with a chance, with `last_period`; the least likely to be served first, then the least
        likely to be reached.
    """
    opened = bands[(bands["stage"] != "past") & bands["demand_chance_rate"].notna()]
    last = opened["period"].dt.to_period("M") + (opened["span_months"].astype(int) - 1).to_numpy()
    opened = opened.assign(last_period=last.dt.to_timestamp())
    sums = opened[opened["grain"] == "sum"]
    inside = pd.Series(False, index=opened.index)
    for band in sums.to_dict("records"):
        own = np.logical_and.reduce([opened[name] == band[name] for name in [*LEVEL, "unit"]])
        inside |= own & opened["period"].between(band["period"], band["last_period"])
    shown = opened[(opened["grain"] == "sum") | ~inside]
    order = ["supply_chance_rate", "demand_chance_rate", *BAND_KEY]
    return shown.sort_values(order, kind="stable", ignore_index=True)


def list_fired(triggers: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    """Return the triggers that fired on these bands, with `kind` of what was seen.

    Args:
        triggers: contract `target_trigger`.
        bands: what `pick_bands` returned.

    Returns:
        Rows of `triggers` in the order of the bands; `kind`: months, rate or days.
    """
    fired = triggers[triggers["fired"]].drop_duplicates([*BAND_KEY, "trigger"])
    order = bands[BAND_KEY].drop_duplicates(ignore_index=True)
    rows = order.reset_index(names="order").merge(fired, on=BAND_KEY, validate="one_to_many")
    kinds = {"demand_chance": "rate", "supply_chance": "rate", "decide": "days"}
    rows["kind"] = [kinds.get(one, "months") for one in rows["trigger"]]
    return rows.sort_values(["order"], kind="stable", ignore_index=True).drop(columns="order")
