"""People's changes: split to the leaves, summing exactly, each with what came of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.leaf_panel import to_leaf_panel, to_records
from sopkit.tables import ALL, CELL, LEAF


def apply_overrides(
    rows: pd.DataFrame,
    override: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    as_of: pd.Timestamp,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply people's changes on top of what is there, the earliest entered first, then by number.

    delta adds units a month to the cell, absolute sets the cell's month (0 is a real zero),
    percent scales it; each sees what those before it left. An increase is split to leaves by the
    baseline's proportions (the last year's demand where that is 0, evenly where both are); a
    decrease and a percent by what is there, so no leaf falls below 0. The parts sum to the
    amount: the largest leaf takes the rounding of the last digit. A decrease beyond what is there
    takes what is there. A cell that names an item and a location nobody sold before is added.

    Args:
        rows: CELL, `baseline_qty` and what stands on top of it of `event_qty`, `pipeline_qty`,
            `stream_qty`; their sum, not below 0, is what people change.
        override: contract `override`; withdrawn ones and those expired by `as_of` are ignored.
        history: contract `demand_history`.
        item: contract `item`.
        as_of: last day of what is known.

    Returns:
        (the rows with `override_qty`; `override`, `effect_qty` summed over the horizon and
        `state`: applied, withdrawn, expired, outside (of the horizon), no_place).

    Example:
        Leaves 60 and 40, delta +10: 66 and 44. Absolute 50: 30 and 20. Absolute 0: 0 and 0.
    """
    periods = np.sort(rows["period"].unique())
    ordered = to_order(override)
    states = judge_overrides(ordered, periods, as_of)
    active = ordered[(states == "applied").to_numpy()]
    grown = add_places(rows, active, periods)
    leaves = to_leaf_panel(grown, history, item)
    change = np.zeros_like(leaves.start)
    effects: dict[object, float] = {}
    lost = []
    for one in to_records(active):
        index, months = leaves.find(one), leaves.span(one)
        parts = leaves.split(one, index, months, leaves.start + change)
        change[index, months] += parts
        effects[one["override"]] = float(parts.sum())
        if not leaves.there[index, months].any():
            lost.append(one["override"])
    effect = pd.DataFrame(
        {
            "override": ordered["override"],
            "effect_qty": ordered["override"].map(effects).astype(float).fillna(0.0),
            "state": states.mask(ordered["override"].isin(lost), "no_place"),
        }
    )
    told = grown.assign(override_qty=leaves.to_rows(change))
    return told, effect.sort_values("override", kind="stable", ignore_index=True)


def to_order(override: pd.DataFrame) -> pd.DataFrame:
    """Return overrides in the order in which they are applied: day of entering, then number."""
    return override.sort_values(["entered_date", "override"], kind="stable", na_position="first")


def judge_overrides(override: pd.DataFrame, periods: np.ndarray, as_of: pd.Timestamp) -> pd.Series:
    """Say which overrides hold: applied, withdrawn, expired or outside (of the horizon)."""
    state = pd.Series("applied", index=override.index)
    if len(periods):
        missed = (override["end_period"] < periods[0]) | (override["start_period"] > periods[-1])
        state = state.mask(missed, "outside")
    state = state.mask(override["expiry_date"] <= as_of, "expired")
    return state.mask(override["status"] == "withdrawn", "withdrawn")


def add_places(rows: pd.DataFrame, active: pd.DataFrame, periods: np.ndarray) -> pd.DataFrame:
    """Return rows with those places that overrides name and nobody sold at before."""
    named = active[(active["item"] != ALL) & (active["location"] != ALL)][LEAF].drop_duplicates()
    pairs = set(zip(rows["item"], rows["location"], strict=True))
    known = set(zip(*(rows[name] for name in LEAF), strict=True))
    new = [
        (place not in known) if place[2] != ALL else (place[:2] not in pairs)
        for place in named.itertuples(index=False, name=None)
    ]
    named = named[new]
    if named.empty:
        return rows
    added = named.merge(pd.DataFrame({"period": periods}), how="cross")
    numbers = rows.columns[[pd.api.types.is_numeric_dtype(kind) for kind in rows.dtypes]]
    told = {"method": "zero"} if "method" in rows.columns else {}
    grown = pd.concat([rows, added.assign(**dict.fromkeys(numbers, 0.0), **told)])
    return grown.sort_values(CELL, kind="stable", ignore_index=True)
