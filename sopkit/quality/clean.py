"""Marks to a cleaned history, with every correction listed, and findings for the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from sopkit.quality.find import (
    find_gaps,
    find_outliers,
    find_stock_outs,
    mark_promotions,
    no_marks,
)
from sopkit.tables import CELL

# A month has one correction: the first cause found wins.
ORDER = ["gap", "stock_out", "outlier", "promotion"]
ACCEPTED = ("gap", "stock_out", "outlier")
SEVERITY = {"gap": "warning", "stock_out": "info", "outlier": "warning", "promotion": "info"}


def clean_history(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    event: pd.DataFrame,
    item: pd.DataFrame,
    *,
    accept: Sequence[str] = ACCEPTED,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find what is odd in the history and correct what has a cause; actual_qty never changes.

    Gaps, stock-outs and outliers take what the month would have been (`expect_demand`);
    promotions are only marked, and a high month inside a promotion is no outlier. Where a month
    has two causes the first of gap, stock_out, outlier counts.

    Args:
        history: contract `demand_history`.
        accept: reasons whose correction is used; the others are listed with accepted = False.

    Returns:
        (`demand_history` with `cleaned_qty`, `correction`).

    Example:
        Expected 100, ordered 20, no stock: actual_qty stays 20, cleaned_qty is 100, and the
        correction says stock_out.
    """
    promotions = mark_promotions(history, event, item)
    outliers = _without(find_outliers(history), promotions)
    marks = stack_marks(
        [find_gaps(history), find_stock_outs(history, stock_history), outliers, promotions]
    )
    correction = to_corrections(marks, accept)
    used = correction.loc[correction["accepted"], [*CELL, "cleaned_qty"]]
    cleaned = history.drop(columns="cleaned_qty").merge(
        used, on=CELL, how="left", validate="one_to_one"
    )
    cleaned["cleaned_qty"] = cleaned["cleaned_qty"].astype(float).fillna(cleaned["actual_qty"])
    return cleaned[list(history.columns)], correction


def stack_marks(marks: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put marks of several finders under each other, in the order of ORDER."""
    found = [frame for frame in marks if len(frame)]
    if not found:
        return no_marks()
    stacked = pd.concat(found, ignore_index=True)
    rank = stacked["reason"].map({reason: place for place, reason in enumerate(ORDER)})
    return (
        stacked.assign(_rank=rank)
        .sort_values([*CELL, "_rank"], kind="stable", ignore_index=True)
        .drop(columns="_rank")
    )


def to_corrections(marks: pd.DataFrame, accept: Sequence[str]) -> pd.DataFrame:
    """Return contract `correction`: the first cause of a month is accepted, others are listed."""
    first = ~marks.duplicated(CELL)
    accepted = (marks["reason"].isin(list(accept)) & first).astype(bool)
    cleaned = marks["expected_qty"].where(accepted, marks["actual_qty"]).astype(float)
    changed = accepted & cleaned.ne(marks["actual_qty"])
    return marks.assign(cleaned_qty=cleaned, accepted=changed)[
        [*CELL, "actual_qty", "cleaned_qty", "reason", "accepted"]
    ]


def to_correction_findings(correction: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Sum corrections to contract `finding`, one row per (kind, item, location, period).

    `amount_value` is the change of quantity at the revenue a unit of the series' last year of
    sales; `value` says was and is. Promotions are one finding per item, location and month too.
    """
    columns = ["kind", "severity", "table", "row_count", "item", "location", "period", "value"]
    if correction.empty:
        return pd.DataFrame(columns=[*columns, "advice", "amount_value"])
    worth = revenue_per_unit(history)
    rows = correction.merge(worth, on="item", how="left", validate="many_to_one")
    rows["amount_value"] = (rows["cleaned_qty"] - rows["actual_qty"]).abs() * rows["unit_value"]
    summed = rows.groupby(["reason", "item", "location", "period"], as_index=False).agg(
        row_count=("customer", "size"),
        actual_qty=("actual_qty", "sum"),
        cleaned_qty=("cleaned_qty", "sum"),
        amount_value=("amount_value", "sum"),
    )
    said = [
        f"{was:,.0f} -> {now:,.0f}"
        for was, now in zip(summed["actual_qty"], summed["cleaned_qty"], strict=True)
    ]
    found = summed.assign(
        kind=summed["reason"],
        severity=summed["reason"].map(SEVERITY),
        table="demand_history",
        value=said,
        advice=None,
    )
    return found[[*columns, "advice", "amount_value"]].sort_values(
        ["kind", "item", "location", "period"], kind="stable", ignore_index=True
    )


def revenue_per_unit(history: pd.DataFrame) -> pd.DataFrame:
    """Return `item`, `unit_value`: revenue / quantity of an item's last 12 months with sales."""
    sold = history[history["actual_qty"] > 0]
    recent = sold[sold["period"] > sold["period"].max() - pd.DateOffset(months=12)]
    late = recent.groupby("item")[["revenue_value", "actual_qty"]].sum()
    ever = sold.groupby("item")[["revenue_value", "actual_qty"]].sum()
    money = late.reindex(ever.index).fillna(ever)
    unit = money["revenue_value"] / money["actual_qty"]
    return unit.rename("unit_value").reset_index()


def _without(marks: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    if marks.empty or others.empty:
        return marks
    known = pd.MultiIndex.from_frame(others[CELL])
    return marks[~pd.MultiIndex.from_frame(marks[CELL]).isin(known)]
