"""Marks to a cleaned history, with every correction listed, and findings for the page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sopkit.quality.channel import find_loading
from sopkit.quality.find import find_gaps, mark_promotions
from sopkit.quality.lost import find_stock_outs
from sopkit.quality.marks import stack_marks, with_expected
from sopkit.quality.outliers import find_bulk_orders, find_outliers, to_ratios
from sopkit.tables import CELL, LEAF, TABLES, fit_columns

ACCEPTED = ("gap", "stock_out", "bulk", "outlier", "loading", "payback")
SEVERITY = {"gap": "warning", "bulk": "warning", "outlier": "warning"}  # others: info
_EPISODE = ("loading", "payback")


def clean_history(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    event: pd.DataFrame,
    item: pd.DataFrame,
    sales_order_line: pd.DataFrame | None = None,
    channel_month: pd.DataFrame | None = None,
    *,
    accept: Sequence[str] = ACCEPTED,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find what is odd in the history and correct what has a cause; actual_qty never changes.

    Where a month has two causes the first of gap, stock_out, bulk, outlier, loading, payback,
    promotion counts. Accepted by default, each with the evidence that is asked for:

    - gap: a silent location becomes what was expected, since a missing file is no demand;
    - stock_out: what was ordered plus the estimate of what was lost, where the share of stocked
      days or refused orders prove it; with the closing stock alone it is listed only;
    - bulk, outlier: the month without the one-off, since it will not come again;
    - loading, payback: what was ordered early goes back to its month, where sell-out proves it
      and some of it has been paid back; both sides or none, so volume is conserved;
    - promotion: marked only. Demand was real; the demand review takes events out by itself.

    A high month inside a promotion, or one that has a name already, is no outlier.

    Args:
        history: contract `demand_history`.
        sales_order_line: contract `sales_order_line`: evidence of bulk orders and refused ones.
        channel_month: contract `channel_month`: evidence of loading.
        accept: reasons whose firm corrections are used; the others are listed, not used.

    Returns:
        (`demand_history` with `cleaned_qty`, `correction`).

    Example:
        Expected 100, ordered 40 on 40 % of days: actual_qty stays 40, cleaned_qty is 100, and
        the correction says stock_out, 60 lost, with its range.
    """
    known = with_expected(history) if len(history) else history
    lines = TABLES["sales_order_line"].empty() if sales_order_line is None else sales_order_line
    ratio = to_ratios(known) if len(known) else None
    promotions = mark_promotions(known, event, item)
    found = [
        find_gaps(known),
        find_stock_outs(known, stock_history, lines),
        _without(find_bulk_orders(known, lines, ratio=ratio), promotions),
    ]
    named = stack_marks([*found, promotions])
    found += [_without(find_outliers(known, ratio=ratio), named), promotions]
    if channel_month is not None and len(channel_month):
        found.append(find_loading(known, channel_month))
    correction = to_corrections(stack_marks(found), accept)
    used = correction.loc[correction["accepted"], [*CELL, "cleaned_qty"]]
    cleaned = history.drop(columns="cleaned_qty").merge(
        used, on=CELL, how="left", validate="one_to_one"
    )
    cleaned["cleaned_qty"] = cleaned["cleaned_qty"].astype(float).fillna(cleaned["actual_qty"])
    return cleaned[list(history.columns)], correction


def to_corrections(marks: pd.DataFrame, accept: Sequence[str]) -> pd.DataFrame:
    """Return contract `correction`: the first cause of a month is accepted, others are listed.

    Loading is accepted with its payback or not at all: when a cell of the two has a stronger
    cause, or the loading is not firm, the whole episode is listed only.

    Args:
        marks: sorted by cell and strength of cause, as `stack_marks` gives them.
        accept: reasons that are used where they are firm.
    """
    marks = marks.assign(
        usable=marks["reason"].isin(list(accept)) & ~marks.duplicated(CELL) & marks["firm"]
    )
    marks["usable"] = marks["usable"].astype(bool) & _whole_episodes(marks)
    accepted = marks["usable"] & marks["proposed_qty"].ne(marks["actual_qty"])
    cleaned = marks["proposed_qty"].where(accepted, marks["actual_qty"]).astype(float)
    return fit_columns(marks.assign(cleaned_qty=cleaned, accepted=accepted), TABLES["correction"])


def _whole_episodes(marks: pd.DataFrame) -> pd.Series:
    """Return False for loading and payback of which some cell is not usable."""
    rows = marks[marks["reason"].isin(_EPISODE)]
    if rows.empty:
        return pd.Series(True, index=marks.index)
    keys = [rows[name] for name in LEAF]
    start = rows["period"].where(rows["reason"] == "loading").groupby(keys).ffill()
    whole = rows["usable"].groupby([*keys, start], dropna=False).transform("all")
    return whole.astype(bool).reindex(marks.index, fill_value=True)


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
        severity=summed["reason"].map(SEVERITY).fillna("info"),
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
