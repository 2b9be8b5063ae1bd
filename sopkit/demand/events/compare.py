"""Planned against realised uplift: what each owner expected, and what came."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.events.measure import measure_uplift
from sopkit.demand.events.observe import observe_events, tell_apart
from sopkit.demand.events.pool import NORMAL_90
from sopkit.demand.events.reach import UPLIFT, describe_terms
from sopkit.demand.events.remove import rate_events
from sopkit.periods import to_period

COMPARED = [
    "event",
    "event_kind",
    "owner",
    "family",
    "period",
    "end_date",
    "complete",
    "planned_uplift_rate",
    "realised_uplift_rate",
    "lo_90_rate",
    "hi_90_rate",
    "planned_qty",
    "realised_qty",
    "dip_rate",
    "dip_qty",
]


def compare_events(
    history: pd.DataFrame, event: pd.DataFrame, item: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Set what each event's owner expected beside what came, newest first.

    Realised is the event's own measurement, not drawn to others': what came less what would have
    come, over the days of the event in months already known; its range holds the true uplift 9 of
    10 times. A deal that overlaps others has theirs taken off.

    Args:
        history: contract `demand_history`.
        event: contract `event`.
        item: contract `item`.
        as_of: last day known.

    Returns:
        COMPARED, a row an event and family: `period` is its first month, `complete` that its last
        month is known; quantities are those above (uplift) or below (dip) what would have come,
        `planned_qty` by the owner's rate on the same base. Blank where the owner expected nothing
        in numbers, or the leaves are too young to tell.

    Example:
        Would have been 100; the owner planned 0.4, 130 came: planned 40, realised 30, rate 0.3.
    """
    observed = observe_events(history, event, item, as_of)
    if observed is None:
        return pd.DataFrame(columns=COMPARED)
    prior, _ = rate_events(observed, event, measure_uplift(history, event, item, as_of))
    wide = np.full(len(prior), 10.0)
    own, sd, *_ = tell_apart(observed, prior, wide, prior)
    told = describe_terms(observed.terms, event).assign(rate=own, sd=sd)
    told["base_qty"] = [
        np.nan if one is None else float((one.base.sum(axis=0) * term.shares).sum())
        for term, one in zip(observed.terms, observed.seen, strict=True)
    ]
    key = ["event", "family"]
    lift = told[told["effect"] == UPLIFT]
    dips = told[told["effect"] != UPLIFT].assign(dip_qty=lambda d: d["rate"] * d["base_qty"])
    dips = dips.rename(columns={"rate": "dip_rate"})[[*key, "dip_rate", "dip_qty"]]
    facts = event[["event", "owner", "start_date", "end_date", "uplift_rate"]]
    rows = lift.merge(facts, on="event", how="left", validate="many_to_one")
    rows = rows.merge(dips, on=key, how="left", validate="one_to_one")
    rows = rows.assign(
        period=to_period(rows["start_date"]),
        complete=to_period(rows["end_date"]) <= observed.panel.months[-1],
        planned_uplift_rate=rows["uplift_rate"].astype(float),
        realised_uplift_rate=rows["rate"],
        lo_90_rate=rows["rate"] - NORMAL_90 * rows["sd"],
        hi_90_rate=rows["rate"] + NORMAL_90 * rows["sd"],
        planned_qty=rows["uplift_rate"].astype(float) * rows["base_qty"],
        realised_qty=rows["rate"] * rows["base_qty"],
    )
    rows[["lo_90_rate", "hi_90_rate"]] = rows[["lo_90_rate", "hi_90_rate"]].where(
        rows["rate"].notna(), np.nan
    )
    ordered = rows.sort_values(
        ["start_date", *key], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    return ordered[COMPARED]


def summarise_owners(compared: pd.DataFrame) -> pd.DataFrame:
    """Return planned against realised by owner, over events of which both are known.

    Returns:
        (owner): `event_count`, `planned_qty`, `realised_qty`, `bias_qty` = planned - realised,
        `planned_uplift_rate` and `realised_uplift_rate` (weighted by what would have come),
        largest |bias| first.

    Example:
        Planned 40 and 60, realised 30 and 50: bias +20.
    """
    both = compared.dropna(subset=["planned_qty", "realised_qty"])
    base = both["realised_qty"] / both["realised_uplift_rate"].where(
        both["realised_uplift_rate"] != 0
    )
    owner = both["owner"].astype(object).fillna("")
    grouped = both.assign(owner=owner, base_qty=base).groupby("owner", as_index=False)
    summed = grouped.agg(
        event_count=("event", "nunique"),
        planned_qty=("planned_qty", "sum"),
        realised_qty=("realised_qty", "sum"),
        base_qty=("base_qty", "sum"),
    )
    whole = summed["base_qty"].where(summed["base_qty"] > 0)
    summed = summed.assign(
        bias_qty=summed["planned_qty"] - summed["realised_qty"],
        planned_uplift_rate=summed["planned_qty"] / whole,
        realised_uplift_rate=summed["realised_qty"] / whole,
    )
    summed["size"] = summed["bias_qty"].abs()
    return (
        summed.sort_values(
            ["size", "owner"], ascending=[False, True], kind="stable", ignore_index=True
        )
    ).drop(columns=["size", "base_qty"])
