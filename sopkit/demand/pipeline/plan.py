"""Open deals in units and months, without what the baseline already holds of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.pipeline.deals import know_deals, list_stays
from sopkit.demand.pipeline.stages import (
    LEAST_SLIP,
    MOST_SLIP,
    Matrix,
    Stages,
    find_beta,
    follow_deals,
)
from sopkit.periods import add_months, months_between
from sopkit.tables import ALL, CELL, PLACE

NORMAL_90 = 1.6449
USUAL_MONTHS = 12  # over which the usual inflow is measured
LEAD_MONTHS = 24  # of deliveries that tell how early deals are known
AGE_PRIOR = 10.0  # closed deals that say a deal of this age wins like any of its stage
LEAST_SHARE = 0.02  # of the slips that must still be ahead
DEAL = [
    "opportunity",
    *CELL[:3],
    "stage",
    "outcome",
    "expected_date",
    "opportunity_qty",
    "win_rate",
    "lo_90_rate",
    "hi_90_rate",
    "basis",
    "expected_qty",
    "pipeline_qty",
    "later_qty",
]
INFLOW = ["item", "expected_qty", "held_qty", "pipeline_qty", "usual_rate"]


class PipelinePlan(NamedTuple):
    """What open deals add.

    Args:
        rows: (item, location, customer, period): the cells of the baseline, and those of places
            that only deals name, with `pipeline_qty`, `lo_90_qty`, `hi_90_qty`.
        deals: DEAL, a row a deal still to be delivered, largest first.
        inflow: INFLOW by item: deals' expected quantity, what the baseline holds of it already,
            and the rest; `usual_rate` share of last year's demand that came from won deals (blank:
            never measured).
    """

    rows: pd.DataFrame
    deals: pd.DataFrame
    inflow: pd.DataFrame


def plan_pipeline(
    opportunity_line: pd.DataFrame,
    opportunity_stage: pd.DataFrame,
    stages: Stages,
    baseline: pd.DataFrame,
    history: pd.DataFrame,
    as_of: pd.Timestamp,
) -> PipelinePlan:
    """Turn open deals into units by month, less what the baseline holds of them.

    1. expected = quantity x realised_rate (1 where unknown) x win rate. A won deal still to be
       delivered counts in full. The win rate is the stage's, drawn to that of deals that stayed in
       it as long (stale deals win less); in a stage never measured the CRM's own, else the
       company's.
    2. The month is the expected one, spread by the stage's slips. Months already past cannot be:
       their share goes to the others; a deal overdue beyond all slips counts from now.
    3. The baseline has learned from a history in which deals were won all along. Per item:
       usual_rate = won deals delivered in the last 12 months / demand in them; of the baseline of
       the month t ahead, usual_rate x (share of deals usually known t months ahead) is held. Only
       deals above this sum count, all of the item's in the same proportion. So an item whose
       history has no won deals, a new one, or a made-to-order one without baseline, counts fully.
       Where no closed deal was kept at all, nobody knows what the baseline holds: all of it may
       be deals, and only what goes beyond it counts; `usual_rate` is blank.

    Args:
        opportunity_line: contract, closed deals included.
        opportunity_stage: contract; may be empty.
        stages: what `measure_stages` returned.
        baseline: contract `baseline`; its months are the horizon.
        history: contract `demand_history`.
        as_of: last day known.

    Returns:
        `rows` (pipeline_qty >= 0; lo/hi_90 from the luck of each deal and the doubt about rates),
        `deals` and `inflow`; sums of the three are equal.

    Example:
        A deal of 100 in a stage that wins 0.3: 30. The item's baseline of 50 a month, a tenth of
        last year's demand from deals, all known a month ahead, one month: 30 - 5 = 25.
    """
    months = pd.DatetimeIndex(np.sort(baseline["period"].unique()))
    deals = _rate_deals(know_deals(opportunity_line, opportunity_stage, as_of),
                        opportunity_stage, stages, as_of)  # fmt: skip
    parts = _spread_deals(deals, stages.slips, months, as_of)
    inflow = _net_inflow(parts, opportunity_line, opportunity_stage, baseline, history, as_of)
    kept = parts["item"].map(inflow.set_index("item")["kept"]).astype(float)
    parts = parts.assign(pipeline_qty=parts["expected_qty"] * kept, kept=kept)
    rows = _to_rows(_split_customers(parts, baseline), baseline, months)
    sums = parts.groupby("opportunity", as_index=False)[["expected_qty", "pipeline_qty"]].sum()
    told = deals.merge(sums, on="opportunity", how="left", validate="one_to_one")
    told = told.fillna({"expected_qty": 0.0, "pipeline_qty": 0.0})
    told["later_qty"] = (told["whole_qty"] * told["win_rate"] - told["expected_qty"]).clip(lower=0)
    told = told.sort_values(
        ["pipeline_qty", "opportunity"], ascending=[False, True], kind="stable", ignore_index=True
    )
    return PipelinePlan(rows, told[DEAL], inflow[INFLOW])


def _month_of(day: pd.Timestamp) -> pd.Timestamp:
    return day.normalize().replace(day=1)


def _rate_deals(
    deals: pd.DataFrame, opportunity_stage: pd.DataFrame, stages: Stages, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return deals still to be delivered with their chance, where it is from, and `whole_qty`."""
    due = (deals["outcome"] == "won") & (deals["delivered"] > _month_of(as_of))
    ahead = deals[(deals["outcome"] == "open") | due].reset_index(drop=True)
    stays = list_stays(deals, opportunity_stage, as_of)
    rates = {str(row["stage"]): row for row in stages.rates.to_dict("records")}
    found = [_rate_deal(deal, stays, rates, as_of) for deal in ahead.to_dict("records")]
    names = ["win_rate", "lo_90_rate", "hi_90_rate", "basis", "realised"]
    rated = pd.DataFrame(found, columns=names, index=ahead.index)
    ahead = ahead.drop(columns="win_rate").join(rated)
    return ahead.assign(whole_qty=ahead["opportunity_qty"] * ahead["realised"].astype(float))


def _rate_deal(
    deal: dict, stays: pd.DataFrame, rates: dict[str, dict], as_of: pd.Timestamp
) -> tuple[float, float, float, str, float]:
    """Return win rate, its range, its basis, and quantity won / asked of one deal."""
    company = rates[ALL]
    known = rates.get(deal["stage"], company)
    realised = known["realised_rate"] if pd.notna(known["realised_rate"]) else 1.0
    if deal["outcome"] == "won":
        return 1.0, 1.0, 1.0, "won", 1.0
    if deal["stage"] in rates and known["closed_count"] > 0:
        age = float((as_of - deal["entered_date"]).days)
        same = stays[stays["stage"] == deal["stage"]]
        return *_rate_by_age(same, age, known), "measured", realised
    if pd.notna(deal["win_rate"]):
        return deal["win_rate"], 0.0, 1.0, "crm", realised
    if company["closed_count"] > 0:
        rate, low, high = (company[name] for name in ("win_rate", "lo_90_rate", "hi_90_rate"))
        return rate, low, high, "company", realised
    return 0.0, 0.0, 1.0, "none", realised


def _rate_by_age(stays: pd.DataFrame, age: float, known: dict) -> tuple[float, float, float]:
    """Return win rate and range of a deal that has been in its stage for `age` days."""
    same = stays[stays["stay_days"] > age]
    closed = (same["outcome"] != "open").to_numpy()
    count = float(closed.sum())
    rate = float(known["win_rate"])
    if count:
        won = (same["outcome"] == "won").to_numpy()
        share = follow_deals(same["days"].to_numpy(dtype=float), closed, won)
        rate = (count * share + AGE_PRIOR * rate) / (count + AGE_PRIOR)
    deals = min(float(known["closed_count"]), count + AGE_PRIOR) + 1.0
    bounded = min(max(rate, 1e-6), 1 - 1e-6)
    low, high = find_beta(bounded * deals, (1 - bounded) * deals, (0.05, 0.95))
    return rate, min(low, rate), max(high, rate)


def _spread_deals(
    deals: pd.DataFrame, slips: pd.DataFrame, months: pd.DatetimeIndex, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return each deal's months of the horizon with `share` of it and `expected_qty`."""
    steps = range(LEAST_SLIP, MOST_SLIP + 1)
    wide = slips.pivot_table(index="stage", columns="slip_months", values="share_rate", sort=True)
    wide = wide.reindex(columns=steps).fillna(0.0)
    now = add_months(_month_of(as_of), 1)
    parts = []
    for deal in deals.to_dict("records"):
        stage = deal["stage"] if deal["stage"] in wide.index else ALL
        won = deal["outcome"] == "won"
        start = deal["delivered"] if won else deal["expected_date"]
        start = now if pd.isna(start) else pd.Timestamp(start).normalize().replace(day=1)
        share = _settle(wide.loc[stage].to_numpy(dtype=float), start, now, won)
        for period, part in share:
            if period in months and part > 0:
                parts.append(
                    {**{name: deal[name] for name in ("opportunity", *CELL[:3])}, "period": period,
                     "share": part, "expected_qty": deal["whole_qty"] * deal["win_rate"] * part,
                     "whole_qty": deal["whole_qty"], "win_rate": deal["win_rate"],
                     "rate_sd": (deal["hi_90_rate"] - deal["lo_90_rate"]) / (2 * NORMAL_90)}
                )  # fmt: skip
    numbers = ["share", "expected_qty", "whole_qty", "win_rate", "rate_sd"]
    frame = pd.DataFrame(parts, columns=["opportunity", *CELL, *numbers])
    return frame.astype(dict.fromkeys(numbers, float) | {"period": "datetime64[ns]"})


def _settle(
    shares: Matrix, start: pd.Timestamp, now: pd.Timestamp, won: bool
) -> list[tuple[pd.Timestamp, float]]:
    """Return (month, share) of a deal: slips from its month on, none in the past, summing to 1."""
    if won:
        return [(max(start, now), 1.0)]
    steps = np.arange(LEAST_SLIP, MOST_SLIP + 1)
    overdue = (now.year - start.year) * 12 + now.month - start.month
    ahead = np.where(steps >= overdue, shares, 0.0)
    if ahead.sum() < LEAST_SHARE:
        start, ahead = now, np.where(steps >= 0, shares, 0.0)
    if not ahead.sum() > 0:
        return [(now, 1.0)]
    ahead = ahead / ahead.sum()
    return [(add_months(start, int(k)), float(s)) for k, s in zip(steps, ahead, strict=True) if s]


def _net_inflow(
    parts: pd.DataFrame,
    opportunity_line: pd.DataFrame,
    opportunity_stage: pd.DataFrame,
    baseline: pd.DataFrame,
    history: pd.DataFrame,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Return by item what deals bring, what the baseline holds of it, and the share `kept`."""
    deals = know_deals(opportunity_line, opportunity_stage, as_of)
    won = deals[(deals["outcome"] == "won") & deals["delivered"].notna()]
    usual = _usual_rate(won, history, deals["opened_date"].min(), as_of)
    known = _known_ahead(won, as_of)
    cells = baseline.groupby(["item", "period"], as_index=False)["baseline_qty"].sum()
    ahead = months_between(pd.Series(_month_of(as_of), index=cells.index), cells["period"])
    share = cells["item"].map(usual).astype(float).fillna(0.0) * ahead.map(known).fillna(0.0)
    measured = (deals["outcome"] != "open").any()
    cells["held_qty"] = cells["baseline_qty"] * (share if measured else 1.0)
    held = cells.groupby("item")["held_qty"].sum()
    inflow = parts.groupby("item", as_index=False)["expected_qty"].sum()
    inflow["held_qty"] = inflow["item"].map(held).astype(float).fillna(0.0)
    usual_rate = inflow["item"].map(usual).astype(float).fillna(0.0)
    inflow["usual_rate"] = usual_rate if measured else np.nan
    whole = inflow["expected_qty"].where(inflow["expected_qty"] > 0)
    inflow["kept"] = (1 - inflow["held_qty"] / whole).fillna(0.0).clip(lower=0.0)
    return inflow.assign(pipeline_qty=inflow["expected_qty"] * inflow["kept"])


def _usual_rate(
    won: pd.DataFrame, history: pd.DataFrame, first: pd.Timestamp, as_of: pd.Timestamp
) -> pd.Series:
    """Return by item the share of a year's demand that came from won deals, at most 1.

    Only months since the first deal was opened count: before them, deals were not kept.
    """
    if won.empty or history.empty:
        return pd.Series(dtype=float)
    last = _month_of(as_of)
    since = add_months(last, 1 - USUAL_MONTHS)
    if pd.notna(first):
        since = max(since, first.normalize().replace(day=1))
    demand = history[history["period"].between(since, last)].groupby("item")["actual_qty"].sum()
    brought = won[won["delivered"].between(since, last)].groupby("item")["opportunity_qty"].sum()
    share = brought / demand.where(demand > 0).reindex(brought.index)
    return share.fillna(0.0).clip(upper=1.0)


def _known_ahead(won: pd.DataFrame, as_of: pd.Timestamp) -> dict[int, float]:
    """Return, by months ahead, the share of delivered quantity whose deal was open by then."""
    last = _month_of(as_of)
    late = won[(won["delivered"] > add_months(last, -LEAD_MONTHS)) & (won["delivered"] <= last)]
    late = late.dropna(subset=["opened_date"])
    total = late["opportunity_qty"].sum()
    if not total > 0:
        return {}
    lead = months_between(late["opened_date"], late["delivered"])
    return {
        ahead: float(late.loc[lead >= ahead, "opportunity_qty"].sum() / total)
        for ahead in range(1, int(max(lead.max(), 1)) + 1)
    }


def _split_customers(parts: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Give deals for `all` customers to those of the baseline's place, by their year's baseline."""
    taken = baseline.groupby([*PLACE, "customer"], as_index=False)["baseline_qty"].sum()
    taken = taken[taken["customer"] != ALL]
    total = taken.groupby(PLACE)["baseline_qty"].transform("sum")
    count = taken.groupby(PLACE)["customer"].transform("size")
    taken["part"] = (taken["baseline_qty"] / total.where(total > 0)).fillna(1 / count)
    every = parts["customer"] == ALL
    spread = (
        parts[every]
        .drop(columns="customer")
        .merge(taken[[*PLACE, "customer", "part"]], on=PLACE, how="left", validate="many_to_many")
    )
    spread = spread.fillna({"customer": ALL, "part": 1.0})
    for name in ("expected_qty", "pipeline_qty", "whole_qty"):
        spread[name] = spread[name] * spread["part"]
    found = [frame for frame in (parts[~every], spread[parts.columns]) if len(frame)]
    return pd.concat(found, ignore_index=True) if found else parts


def _to_rows(parts: pd.DataFrame, baseline: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Sum deals by cell, with the range that luck and doubt leave."""
    chance = parts["win_rate"] * parts["share"]
    size = parts["whole_qty"] * parts["kept"]
    doubt = size**2 * (chance * (1 - chance) + (parts["rate_sd"] * parts["share"]) ** 2)
    summed = (
        parts.assign(doubt=doubt, most=size)
        .groupby(CELL, as_index=False)[["pipeline_qty", "doubt", "most"]]
        .sum()
    )
    named = [frame[CELL[:3]] for frame in (baseline, parts) if len(frame)]
    places = pd.concat(named or [baseline[CELL[:3]]]).drop_duplicates()
    grid = places.merge(pd.DataFrame({"period": months}), how="cross")
    rows = grid.merge(summed, on=CELL, how="left", validate="one_to_one")
    rows = rows.fillna({"pipeline_qty": 0.0, "doubt": 0.0, "most": 0.0})
    width = NORMAL_90 * np.sqrt(rows["doubt"].astype(float))
    rows = rows.assign(
        lo_90_qty=(rows["pipeline_qty"] - width).clip(lower=0.0),
        hi_90_qty=np.minimum(rows["pipeline_qty"] + width, rows["most"]),
    )
    rows["hi_90_qty"] = rows[["hi_90_qty", "pipeline_qty"]].max(axis=1)
    ordered = rows.sort_values(CELL, kind="stable", ignore_index=True)
    return ordered[[*CELL, "pipeline_qty", "lo_90_qty", "hi_90_qty"]]
