"""What deals of each stage came to: win rates, slips, quantity against what was asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.pipeline.deals import know_deals, list_stays
from sopkit.tables import ALL

Matrix = NDArray[np.float64]
PRIOR_DEALS = 1.0  # deals that say the stage wins like the company
BLIND_RATE = 0.5
PRIOR_SLIPS = 5.0
LEAST_SLIP, MOST_SLIP = -2, 12
STAGE = [
    "stage",
    "deal_count",
    "closed_count",
    "win_rate",
    "lo_90_rate",
    "hi_90_rate",
    "slip_count",
    "slip_months",
    "realised_rate",
]


class Stages(NamedTuple):
    """What past deals tell.

    Args:
        rates: STAGE, a row a stage and one `all` from the opening on.
        slips: (stage, slip_months) with `share_rate`; the shares of a stage sum to 1.
    """

    rates: pd.DataFrame
    slips: pd.DataFrame


def measure_stages(
    opportunity_line: pd.DataFrame,
    opportunity_stage: pd.DataFrame,
    as_of: pd.Timestamp,
    *,
    asked: pd.DataFrame | None = None,
) -> Stages:
    """Measure how often deals that entered a stage were won, and how late they then came.

    win_rate: share won of those closed, deals still open counted for as long as they were watched
    (Aalen-Johansen: without this, deals that close fast would count twice), with one more deal
    that wins like the company's mean. Range: 5 % and 95 % of the beta distribution of as many
    deals as closed. Slips: month of delivery less month expected on entering the stage, of won
    deals, -2 and less and 12 and more taken together; each stage's shares are drawn to those of
    all by 5 deals.

    Args:
        opportunity_line: contract `opportunity_line`, closed deals included.
        opportunity_stage: contract `opportunity_stage`; may be empty, then only `all` is measured.
        as_of: last day known.
        asked: the contract as it was in an earlier cycle; quantities asked then, against which
            `realised_rate` = quantity won / asked is measured; blank without it.

    Example:
        Of 20 deals that entered Offer 9 were won and 11 lost, company's mean 0.45: win_rate 0.45,
        range 0.28 to 0.63.
    """
    deals = know_deals(opportunity_line, opportunity_stage, as_of)
    stays = list_stays(deals, opportunity_stage, as_of)
    opened = deals.assign(
        stage=ALL,
        days=(deals["closed_date"].fillna(as_of) - deals["opened_date"]).dt.days,
    )
    opened["days"] = opened["days"].astype(float).fillna(0.0).clip(lower=0.0)
    overall = _rate(opened, BLIND_RATE)
    rows = [{"stage": ALL, **overall}]
    mean = overall["win_rate"] if overall["closed_count"] else BLIND_RATE
    rows += [
        {"stage": stage, **_rate(part, mean)} for stage, part in stays.groupby("stage", sort=True)
    ]
    slips = stays.dropna(subset=["slip_months"])
    told = slips.groupby("stage")["slip_months"].agg(["size", "mean"])
    told.loc[ALL] = [len(slips), slips["slip_months"].mean()]
    frame = pd.DataFrame(rows)
    frame["slip_count"] = frame["stage"].map(told["size"]).fillna(0).astype(int)
    frame["slip_months"] = frame["stage"].map(told["mean"]).astype(float)
    realised = _realised(deals, stays, asked)
    frame["realised_rate"] = frame["stage"].map(realised).astype(float)
    return Stages(frame[STAGE], _share_slips(slips, frame["stage"].tolist()))


def _rate(stays: pd.DataFrame, mean: float) -> dict[str, float]:
    won = (stays["outcome"] == "won").to_numpy()
    closed = (stays["outcome"] != "open").to_numpy()
    count = int(closed.sum())
    share = follow_deals(stays["days"].to_numpy(dtype=float), closed, won) if count else mean
    wins = share * count + PRIOR_DEALS * mean
    losses = (1 - share) * count + PRIOR_DEALS * (1 - mean)
    low, high = find_beta(wins, losses, (0.05, 0.95))
    return {
        "deal_count": len(stays),
        "closed_count": count,
        "win_rate": wins / (wins + losses),
        "lo_90_rate": low,
        "hi_90_rate": high,
    }


def follow_deals(days: Matrix, closed: NDArray[np.bool_], won: NDArray[np.bool_]) -> float:
    """Return the share won of deals in the end closed, some of them still open (Aalen-Johansen).

    Each closing counts by the chance to be still open then, over the deals still watched.

    Args:
        days: days until the outcome, or until today while open.
        closed: it has an outcome.
        won: it was won.

    Example:
        Won on day 10, lost on day 30, open since 20 days: 1/3 won, 2/3 lost.
    """
    order = np.lexsort((~closed, days))
    watched = np.arange(len(days), 0, -1)
    hazard = closed[order] / watched
    still = np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])
    ends = still * hazard
    return float(ends[won[order]].sum() / ends.sum())


def find_beta(wins: float, losses: float, quantiles: tuple[float, ...]) -> list[float]:
    """Return quantiles of the beta distribution, by summing its density over log odds.

    Example:
        Beta(1, 1) is even: 0.05 and 0.95.
    """
    width = 14 * np.sqrt(1 / wins + 1 / losses)
    odds = np.log(wins / losses) + np.linspace(-width, width, 4001)
    below = -np.logaddexp(0, -odds)
    above = -np.logaddexp(0, odds)
    height = wins * below + losses * above
    density = np.exp(height - height.max())
    share = np.cumsum(density) - density / 2
    found = np.interp(quantiles, share / density.sum(), odds)
    return [float(1 / (1 + np.exp(-one))) for one in found]


def _share_slips(slips: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    """Return the share of each slip by stage; 0 months for certain where none is known."""
    months = pd.Index(range(LEAST_SLIP, MOST_SLIP + 1), name="slip_months")
    bounded = slips["slip_months"].clip(LEAST_SLIP, MOST_SLIP).astype(int)
    every = bounded.value_counts().reindex(months, fill_value=0).astype(float)
    if not len(slips):
        every[0] = 1.0
    every = every / every.sum()
    counted = pd.crosstab(slips["stage"], bounded).reindex(columns=months, fill_value=0)
    counted = counted.reindex(stages, fill_value=0).astype(float)
    shares = (counted + PRIOR_SLIPS * every).div(counted.sum(axis=1) + PRIOR_SLIPS, axis=0)
    shares.loc[ALL] = every
    long = (
        shares.rename_axis("stage")
        .reset_index()
        .melt(id_vars="stage", var_name="slip_months", value_name="share_rate")
    )
    long["slip_months"] = long["slip_months"].astype(int)
    long = long[long["share_rate"] > 0]
    return long.sort_values(["stage", "slip_months"], kind="stable", ignore_index=True)


def _realised(deals: pd.DataFrame, stays: pd.DataFrame, asked: pd.DataFrame | None) -> pd.Series:
    """Return quantity won / quantity asked earlier, by stage and for all."""
    if asked is None or asked.empty:
        return pd.Series(dtype=float)
    earlier = asked[["opportunity", "opportunity_qty"]].rename(
        columns={"opportunity_qty": "asked_qty"}
    )
    won = deals[deals["outcome"] == "won"][["opportunity", "opportunity_qty"]].merge(
        earlier, on="opportunity", how="inner", validate="one_to_one"
    )
    by_stage = stays[["opportunity", "stage"]].merge(won, on="opportunity", validate="many_to_one")
    sums = (
        pd.concat([by_stage, won.assign(stage=ALL)])
        .groupby("stage")[["opportunity_qty", "asked_qty"]]
        .sum()
    )
    sums = sums[sums["asked_qty"] > 0]
    return sums["opportunity_qty"] / sums["asked_qty"]
