"""People's changes: split to the leaves, summing exactly, each with what came of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.levels import LEVEL, add_family, recent_demand, split_amount
from sopkit.tables import ALL, CELL

PLACES = ["item", "location", "customer"]
EFFECT = ["override", "effect_qty", "state"]


def apply_overrides(
    rows: pd.DataFrame,
    override: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    as_of: pd.Timestamp,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply people's changes on top of baseline and streams, oldest first.

    delta adds units a month to the cell, absolute sets the cell's month, percent scales it. An
    increase is split to leaves by the baseline's proportions (the last year's demand where that
    is 0); a decrease by what is there, so no leaf falls below 0 and the parts sum exactly. A cell
    that names an item and a location nobody sold before is added.

    Args:
        rows: what `apply_streams` returned.
        override: contract `override`; withdrawn ones and those expired by `as_of` are ignored.
        as_of: last day of what is known.

    Returns:
        (the rows with `override_qty`; `override`, `effect_qty` summed over the horizon and
        `state`: applied, withdrawn, expired, outside the horizon, no_place).

    Example:
        Leaves 60 and 40, delta +10: 66 and 44. Absolute 50: 30 and 20.
    """
    periods = np.sort(rows["period"].unique())
    ordered = override.sort_values(["entered_date", "override"], kind="stable", na_position="first")
    states = judge_overrides(ordered, periods, as_of)
    active = ordered[(states == "applied").to_numpy()]
    leaves = _to_leaves(_add_places(rows, active, periods), history, item)
    effects: dict[str, float] = {}
    lost = []
    for one in active.to_dict("records"):
        change = _change_of(one, leaves)
        leaves["override_qty"] += change
        effects[one["override"]] = float(change.sum())
        if not _inside(one, leaves).any():
            lost.append(one["override"])
    effect = pd.DataFrame(
        {
            "override": ordered["override"],
            "effect_qty": ordered["override"].map(effects).astype(float).fillna(0.0),
            "state": states.mask(ordered["override"].isin(lost), "no_place"),
        }
    )
    kept = leaves.drop(columns=["family", "recent_qty"])
    return kept, effect.sort_values("override", kind="stable", ignore_index=True)


def judge_overrides(override: pd.DataFrame, periods: np.ndarray, as_of: pd.Timestamp) -> pd.Series:
    """Say which overrides hold: applied, withdrawn, expired or outside (of the horizon)."""
    state = pd.Series("applied", index=override.index)
    if len(periods):
        missed = (override["end_period"] < periods[0]) | (override["start_period"] > periods[-1])
        state = state.mask(missed, "outside")
    state = state.mask(override["expiry_date"] <= as_of, "expired")
    return state.mask(override["status"] == "withdrawn", "withdrawn")


def _change_of(one: dict, leaves: pd.DataFrame) -> pd.Series:
    """Return the change of every leaf by one override, month by month."""
    change = pd.Series(0.0, index=leaves.index)
    inside = leaves[_inside(one, leaves)]
    running = inside["baseline_qty"] + inside["stream_qty"] + inside["override_qty"]
    for _, index in inside.groupby("period", sort=True).groups.items():
        now = running[index]
        wanted = {
            "delta": one["amount"],
            "absolute": one["amount"] - now.sum(),
            "percent": one["amount"] * now.sum(),
        }[one["method"]]
        wanted = max(wanted, -now.sum())
        by = now if wanted < 0 or one["method"] == "percent" else inside.loc[index, "baseline_qty"]
        change[index] = split_amount(wanted, by, inside.loc[index, "recent_qty"])
    return change


def _inside(one: dict, leaves: pd.DataFrame) -> pd.Series:
    inside = leaves["period"].between(one["start_period"], one["end_period"])
    for name in LEVEL:
        if one[name] != ALL:
            inside &= leaves[name] == one[name]
    return inside


def _add_places(rows: pd.DataFrame, active: pd.DataFrame, periods: np.ndarray) -> pd.DataFrame:
    named = active[(active["item"] != ALL) & (active["location"] != ALL)][PLACES].drop_duplicates()
    for number, place in named.iterrows():
        same = (rows["item"] == place["item"]) & (rows["location"] == place["location"])
        if place["customer"] != ALL:
            same &= rows["customer"] == place["customer"]
        if same.any():
            named = named.drop(index=number)
    if named.empty:
        return rows
    added = named.merge(pd.DataFrame({"period": periods}), how="cross")
    zeros = ["baseline_qty", "lo_80_qty", "hi_80_qty", "stream_qty"]
    grown = pd.concat([rows, added.assign(**dict.fromkeys(zeros, 0.0), method="zero")])
    return grown.sort_values(CELL, kind="stable", ignore_index=True)


def _to_leaves(rows: pd.DataFrame, history: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    leaves = add_family(rows, item).merge(
        recent_demand(history), on=PLACES, how="left", validate="many_to_one"
    )
    return leaves.fillna({"recent_qty": 0.0}).assign(override_qty=0.0)
