"""Deals as they stood on a day: open, won or lost, in which stage and for how long."""

from __future__ import annotations

import pandas as pd

from sopkit.periods import to_period
from sopkit.tables import TABLES


def know_deals(
    opportunity_line: pd.DataFrame, opportunity_stage: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return the deals opened by a day, as they were known on it.

    A deal closed later was still open, in the stage it had last entered, with the date expected
    then. A won deal is delivered in the month of its expected date, yet not before it was won.

    Args:
        opportunity_line: contract; a closed deal without `closed_date` counts as closed.
        opportunity_stage: contract; may be empty.
        as_of: last day known.

    Returns:
        The rows of `opportunity_line` opened by then with `outcome`, `stage`, `expected_date` as
        of the day, `opened_date` (the first day known, where blank), `entered_date` of the stage
        (else the opening) and `delivered`, the month of delivery of a won deal.

    Example:
        Won in May; as of April: open.
    """
    steps = know_steps(opportunity_stage, as_of)
    last = steps.groupby("opportunity", as_index=False).last()
    first = steps.groupby("opportunity", as_index=False).agg(began=("entered_date", "first"))
    last = last.rename(columns={"stage": "then_stage", "expected_date": "then_date"})
    deals = opportunity_line.merge(last, on="opportunity", how="left", validate="one_to_one")
    deals = deals.merge(first, on="opportunity", how="left", validate="one_to_one")
    opened = deals["opened_date"].fillna(deals["began"])
    deals = deals.assign(opened_date=opened)[~(opened > as_of)]
    later = deals["closed_date"] > as_of
    deals = deals.assign(
        outcome=deals["outcome"].mask(later, "open"),
        stage=deals["stage"].mask(later, deals["then_stage"].fillna(deals["stage"])),
        expected_date=deals["expected_date"].mask(
            later, deals["then_date"].fillna(deals["expected_date"])
        ),
        closed_date=deals["closed_date"].mask(later),
    )
    moved = deals["then_stage"].notna() & (deals["then_stage"] != deals["stage"])
    entered = deals["entered_date"].mask(moved).fillna(deals["opened_date"])
    wanted, closed = deals["expected_date"], deals["closed_date"]
    day = wanted.mask(closed > wanted, closed).fillna(closed)
    won = deals["outcome"] == "won"
    deals = deals.assign(entered_date=entered, delivered=to_period(day).where(won))
    names = [*TABLES["opportunity_line"].column_names, "entered_date", "delivered"]
    return deals[names].sort_values("opportunity", kind="stable", ignore_index=True)


def know_steps(opportunity_stage: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the stages entered by a day, in order."""
    known = opportunity_stage[opportunity_stage["entered_date"] <= as_of]
    return known.sort_values(["opportunity", "entered_date"], kind="stable", ignore_index=True)


def list_stays(
    deals: pd.DataFrame, opportunity_stage: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return each deal's first time in each stage, and what became of the deal.

    Args:
        deals: what `know_deals` returned.

    Returns:
        (opportunity, stage): `days` from entering to the outcome (to `as_of` while open),
        `stay_days` until it left the stage, `outcome`, `slip_months` = month of delivery - month
        expected on entering (won deals with both dates), `opportunity_qty`.
    """
    steps = know_steps(opportunity_stage, as_of)
    left = steps.groupby("opportunity")["entered_date"].shift(-1)
    steps = steps.assign(left=left, then_date=steps["expected_date"])
    steps = steps.drop_duplicates(["opportunity", "stage"]).drop(columns="expected_date")
    facts = deals[["opportunity", "outcome", "closed_date", "delivered", "opportunity_qty"]]
    stays = steps.merge(facts, on="opportunity", how="inner", validate="many_to_one")
    end = stays["closed_date"].fillna(as_of)
    until = end.mask(stays["left"] < end, stays["left"])
    expected = to_period(stays["then_date"])
    slip = (stays["delivered"].dt.year - expected.dt.year) * 12 + (
        stays["delivered"].dt.month - expected.dt.month
    )
    stays = stays.assign(
        days=(end - stays["entered_date"]).dt.days.clip(lower=0).astype(float),
        stay_days=(until - stays["entered_date"]).dt.days.clip(lower=0).astype(float),
        slip_months=slip,
    )
    names = ["opportunity", "stage", "days", "stay_days", "outcome", "slip_months"]
    return stays[[*names, "opportunity_qty"]].reset_index(drop=True)
