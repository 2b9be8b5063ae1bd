"""Planned events put on the baseline: what they add, and what the month after takes back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.events.expect import Matrix
from sopkit.demand.events.measure import expect_rates, to_rates
from sopkit.demand.events.pool import NORMAL_90
from sopkit.demand.events.reach import (
    UPLIFT,
    Term,
    describe_terms,
    find_spans,
    list_terms,
    sign_of,
)
from sopkit.demand.levels import LEVEL, add_family
from sopkit.tables import CELL, LEAF

PLANNED = [
    "event",
    "event_kind",
    *LEVEL,
    "start_date",
    "end_date",
    "owner",
    "state",
    "basis",
    "uplift_rate",
    "planned_uplift_rate",
    "uplift_qty",
    "dip_qty",
    "event_qty",
    "lo_90_qty",
    "hi_90_qty",
    "planned_qty",
]


class EventPlan(NamedTuple):
    """Events of the horizon: what they change in each cell, and what each changes in all.

    Args:
        rows: the cells of the baseline (item, location, customer, period) with `event_qty`,
            `lo_90_qty`, `hi_90_qty`.
        events: PLANNED, a row an event that reaches into the horizon, by start.
    """

    rows: pd.DataFrame
    events: pd.DataFrame


def plan_events(
    baseline: pd.DataFrame,
    event: pd.DataFrame,
    uplift: pd.DataFrame,
    item: pd.DataFrame,
    as_of: pd.Timestamp,
) -> EventPlan:
    """Add what planned events are worth by measured uplift, less the dip after them.

    event_qty = baseline x (uplift_rate x share of days - dip_rate x months covered before, at most
    1), added up over events; never below -baseline. The rate is the family's, moved by the price
    cut where cuts explain uplifts. The owner's expectation is shown beside it, not blended; only
    where a kind was never measured does it stand in (`basis` owner; nothing to double of it). A
    dip measured below 0 takes nothing back and adds nothing.

    Args:
        baseline: contract `baseline` (CELL and `baseline_qty`), without events.
        event: contract `event`; one partly past counts with its days in the horizon, one just
            past with its dip.
        uplift: what `measure_uplift` returned.
        item: contract `item`.
        as_of: last day known; tells planned, running and ended events apart (`state`).

    Returns:
        `rows` and `events`. lo/hi_90: 9 of 10 times a single event's effect lies within. In
        `events`: `uplift_qty`, `dip_qty` (negative) and their sum `event_qty`, before the bound at
        -baseline; `planned_qty` what the owner's rate would give; `state` no_place where no cell
        of the baseline is touched.

    Example:
        Baseline 100, uplift 0.3, an event over half the month, dip 0.1: +15, next month -5.
    """
    leaves = add_family(baseline[LEAF].drop_duplicates(ignore_index=True), item)
    months = pd.DatetimeIndex(np.sort(baseline["period"].unique()))
    row = pd.MultiIndex.from_frame(leaves[LEAF]).get_indexer(
        pd.MultiIndex.from_frame(baseline[LEAF])
    )
    column = months.get_indexer(pd.DatetimeIndex(baseline["period"]))
    usual = np.zeros((len(leaves), len(months)))
    usual[row, column] = baseline["baseline_qty"].to_numpy(dtype=float)
    terms = list_terms(event, leaves, months)
    told = _rate_terms(terms, event, uplift)
    added, doubt = _add_up(terms, told, usual)
    shown = added[row, column]
    width = NORMAL_90 * np.sqrt(doubt[row, column])
    floor = -usual[row, column]
    rows = baseline[CELL].assign(
        event_qty=np.maximum(shown, floor),
        lo_90_qty=np.maximum(shown - width, floor),
        hi_90_qty=np.maximum(shown + width, floor),
    )
    return EventPlan(rows, _sum_events(terms, told, usual, event, months, as_of))


def _rate_terms(terms: list[Term], event: pd.DataFrame, uplift: pd.DataFrame) -> pd.DataFrame:
    """Return each term with `rate`, `sd` and `basis`: measured, owner, or none."""
    told = describe_terms(terms, event)
    rate, sd = expect_rates(told, to_rates(uplift))
    owner = event["uplift_rate"].to_numpy(dtype=float)[[term.row for term in terms]]
    hoped = np.where((told["effect"] == UPLIFT) & np.isfinite(owner), owner, 0.0)
    measured = np.isfinite(rate)
    named = np.where(np.isfinite(owner), "owner", "none")
    rate = np.where(told["effect"] == UPLIFT, rate, np.maximum(rate, 0.0))
    return told.assign(
        row=[term.row for term in terms],
        rate=np.where(measured, rate, hoped),
        sd=np.where(measured, sd, np.abs(hoped) / NORMAL_90),
        basis=np.where(measured, "measured", named),
        owner_rate=np.where(told["effect"] == UPLIFT, owner, 0.0),
    )


def _add_up(terms: list[Term], told: pd.DataFrame, usual: Matrix) -> tuple[Matrix, Matrix]:
    added, doubt = np.zeros_like(usual), np.zeros_like(usual)
    for term, rate, sd in zip(terms, told["rate"], told["sd"], strict=True):
        cells = np.ix_(term.leaves, term.months)
        base = usual[cells] * term.shares
        added[cells] += sign_of(term) * rate * base
        doubt[cells] += (sd * base) ** 2
    return added, doubt


def _sum_events(
    terms: list[Term],
    told: pd.DataFrame,
    usual: Matrix,
    event: pd.DataFrame,
    months: pd.DatetimeIndex,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    base = [float((usual[np.ix_(t.leaves, t.months)] * t.shares).sum()) for t in terms]
    signs = np.array([sign_of(term) for term in terms])
    told = told.assign(base=base)
    told["qty"] = signs * told["rate"] * told["base"]
    told["doubt"] = (told["sd"] * told["base"]) ** 2
    lift = told["effect"] == UPLIFT
    parts = told.assign(
        uplift_qty=told["qty"].where(lift, 0.0),
        dip_qty=told["qty"].where(~lift, 0.0),
        lift_base=told["base"].where(lift, 0.0),
        planned_qty=told["owner_rate"] * told["base"],
    ).groupby("row")
    names = ["uplift_qty", "dip_qty", "lift_base", "doubt"]
    summed = parts[names].sum().join(parts["planned_qty"].agg(lambda part: part.sum(skipna=False)))
    summed["basis"] = parts["basis"].first()
    reach = [len(lift[0]) + len(dip[0]) > 0 for lift, dip in find_spans(event, months)]
    rows = event.reset_index(drop=True).rename(columns={"uplift_rate": "planned_uplift_rate"})
    rows = rows[np.array(reach, dtype=bool)].join(summed)
    running = np.where(rows["start_date"] <= as_of, "running", "planned")
    state = np.where(rows["end_date"] <= as_of, "ended", running)
    rows = rows.assign(state=np.where(rows["basis"].isna(), "no_place", state))
    rows = rows.fillna({**dict.fromkeys([*names, "planned_qty"], 0.0), "basis": "none"})
    width = NORMAL_90 * np.sqrt(rows["doubt"])
    total = rows["uplift_qty"] + rows["dip_qty"]
    rows = rows.assign(
        event_qty=total,
        lo_90_qty=total - width,
        hi_90_qty=total + width,
        uplift_rate=rows["uplift_qty"] / rows["lift_base"].where(rows["lift_base"] > 0),
    )
    return rows.sort_values(["start_date", "event"], kind="stable", ignore_index=True)[PLANNED]
