"""Deals that were won or lost, and when each deal entered each sales stage.

Planted: chances to go from stage to stage, so the true chance to win from a stage differs from
what the CRM states; and expected days that slip, the more the earlier the stage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demo.plans import DEALS, STAGES
from sopkit.demo.sales import AS_OF, HISTORY, Demand, to_random

CLOSED = 620
GO_ON = (0.46, 0.56, 0.62, 0.78)  # chance to leave a stage for the next; from the last: won
STAYS = ((15, 45), (15, 50), (10, 40), (5, 25))  # days in a stage
SLIP_DAYS = (62.0, 41.0, 23.0, 8.0)  # wanted day less the day expected at entry: mean by stage
SLIP_SPREAD = (30.0, 24.0, 15.0, 8.0)
FIRST_OPENED, LAST_OPENED = pd.Timestamp("2024-05-01"), pd.Timestamp("2026-01-31")
_ENTRY = ["opportunity", "entered_date", "stage", "expected_date"]


@dataclass(frozen=True)
class Deals:
    """The past of the pipeline.

    Args:
        closed: one row a deal that was won or lost, columns of the open ones and `outcome`,
            `closed_date`; the expected day of a won deal is the day it was delivered.
        stages: (opportunity, entered_date) with `stage`, `expected_date`, closed and open deals.
    """

    closed: pd.DataFrame
    stages: pd.DataFrame


def to_win_rates() -> pd.DataFrame:
    """Return the true chance to win and the slip in days from each stage.

    Example:
        From the last stage 0.78; from the one before 0.62 x 0.78 = 0.4836.
    """
    chance = np.cumprod(GO_ON[::-1])[::-1]
    return pd.DataFrame(
        {
            "stage": list(STAGES),
            "stated_rate": list(STAGES.values()),
            "win_rate": chance.round(4),
            "slip_days": SLIP_DAYS,
            "slip_spread_days": SLIP_SPREAD,
        }
    )


def build_deals(demand: Demand, opportunities: pd.DataFrame, seed: int) -> Deals:
    """Return closed deals and the stage log of all, for the pipeline's open ones too."""
    rng = to_random(seed, 55)
    drawn = _draw_closed(demand, rng)
    stays = np.column_stack([rng.integers(*days, CLOSED) for days in STAYS])
    late = rng.integers(40, 91, CLOSED)
    wanted = _add_days(drawn["opened_date"], stays.sum(axis=1) + late)
    log = _to_log(drawn, wanted, stays, rng)
    last = log.groupby("opportunity")[["left_date", "expected_date", "stage"]].last()
    last = last.reindex(drawn["opportunity"]).reset_index(drop=True)
    won = drawn["outcome"] == "won"
    closed = drawn.assign(
        closed_date=last["left_date"],
        stage=last["stage"],
        expected_date=wanted.where(won, last["expected_date"]),
    )
    stages = pd.concat([log[_ENTRY], _log_open(opportunities, rng)], ignore_index=True)
    stages = stages.sort_values(["opportunity", "entered_date"], ignore_index=True)
    names = [*opportunities.columns, "outcome", "closed_date"]
    return Deals(closed[names].sort_values("opportunity", ignore_index=True), stages)


def _add_days(days: pd.Series, count: np.ndarray) -> pd.Series:
    return days + pd.to_timedelta(pd.Series(count, index=days.index), unit="D")


def _draw_closed(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return deals with how far each came; `reached` is the last stage, or 4 when it was won."""
    large = demand.series[(demand.series["reach"] != "C") & (demand.base[:, HISTORY - 24] > 500)]
    picks = large.iloc[rng.integers(0, len(large), CLOSED)]
    days = (LAST_OPENED - FIRST_OPENED).days
    opened = FIRST_OPENED + pd.to_timedelta(np.sort(rng.integers(0, days, CLOSED)), unit="D")
    steps = rng.random((CLOSED, len(GO_ON))) < np.array(GO_ON)
    reached = np.cumprod(steps, axis=1).sum(axis=1)
    share = rng.uniform(0.08, 0.35, CLOSED)
    won = reached == len(GO_ON)
    number = pd.Series(range(1001, 1001 + CLOSED)).astype(str)
    return pd.DataFrame(
        {
            "opportunity": "SJ" + pd.Series(opened.year).astype(str) + number,
            "title": [DEALS[number] for number in rng.integers(0, len(DEALS), CLOSED)],
            "item": picks["item"].to_numpy(),
            "location": picks["location"].to_numpy(),
            "channel": picks["channel"].to_numpy(),
            "region": picks["region"].to_numpy(),
            "win_rate": np.where(won, 1.0, 0.0),
            "opened_date": opened,
            "quantity": np.round(demand.base[picks.index, HISTORY - 12] * share, -1).astype(int),
            "outcome": np.where(won, "won", "lost"),
            "reached": reached,
        }
    )


def _to_log(
    deals: pd.DataFrame, wanted: pd.Series, stays: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return one row per deal and stage it entered, in order, with the day expected then."""
    blocks = []
    entered = deals["opened_date"]
    for number, stage in enumerate(STAGES):
        slip = np.round(rng.normal(SLIP_DAYS[number], SLIP_SPREAD[number], len(deals)))
        left = _add_days(entered, stays[:, number])
        block = pd.DataFrame(
            {
                "opportunity": deals["opportunity"],
                "entered_date": entered,
                "left_date": left,
                "stage": stage,
                "expected_date": _add_days(wanted, -slip),
            }
        )
        blocks.append(block[deals["reached"] >= number])
        entered = left
    return pd.concat(blocks, ignore_index=True)


def _log_open(deals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the stages open deals went through; the last entry expects what the list says."""
    rank = deals["stage"].map({stage: number for number, stage in enumerate(STAGES)}).to_numpy()
    age = (AS_OF - deals["opened_date"]).dt.days.to_numpy()
    blocks = []
    for number, stage in enumerate(STAGES):
        part = number / (rank + 1) * rng.uniform(0.8, 1.0, len(deals))
        days = pd.to_timedelta(np.floor(age * part), unit="D")
        slip = np.round(rng.uniform(0.2, 0.6, len(deals)) * SLIP_DAYS[number])
        slip = np.where(number < rank, slip, 0.0)
        block = pd.DataFrame(
            {
                "opportunity": deals["opportunity"],
                "entered_date": deals["opened_date"] + days,
                "stage": stage,
                "expected_date": deals["expected_date"] - pd.to_timedelta(slip, unit="D"),
            }
        )
        blocks.append(block[rank >= number])
    return pd.concat(blocks, ignore_index=True)[_ENTRY]
