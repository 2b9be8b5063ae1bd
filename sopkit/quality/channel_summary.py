"""What the page shows of distributors: cover and loading by customer, month sums, odd reports."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.quality.clean import revenue_per_unit
from sopkit.tables import CELL, LEAF
from sopkit.tables.panel import to_long

_FINDING = ["kind", "severity", "table", "row_count", "item", "location", "period", "value"]
_FINDING = [*_FINDING, "advice", "amount_value"]


def sum_channel_months(channel_month: pd.DataFrame) -> pd.DataFrame:
    """Return sell-in, sell-out, stock and loading by month, over cells that report sell-out.

    Returns:
        `period`, `sell_in_qty`, `sell_out_qty`, `stock_qty`, `loading_qty`, `payback_qty`,
        `cover_months` (stock / mean sell-out of three months, of cells that report both).
    """
    told = channel_month[channel_month["sell_out_qty"].notna()]
    names = ["sell_in_qty", "sell_out_qty", "stock_qty", "loading_qty", "payback_qty"]
    sums = told.groupby("period", as_index=False)[names].sum()
    both = told[told["stock_qty"].notna()]
    covered = both.groupby("period")[["stock_qty", "sell_out_qty"]].sum()
    recent = covered["sell_out_qty"].rolling(3, min_periods=1).mean()
    cover = covered["stock_qty"] / recent.where(recent > 0)
    return sums.assign(cover_months=sums["period"].map(cover))


def summarise_channel(channel_month: pd.DataFrame, *, months: int = 12) -> pd.DataFrame:
    """Return each reporting customer's last months, the most loaded first.

    Args:
        channel_month: contract `channel_month`.
        months: last months that count.

    Returns:
        `customer`, `sell_in_qty`, `sell_out_qty`, `change_qty` (sell-in - sell-out: what went
        into stock), `stock_qty` (latest report), `cover_months` (of the latest report),
        `usual_cover_months` (median month), `loading_qty`, `loading_rate` (loading / sell-in),
        `owed_qty`.

    Example:
        Sell-out 100 a month, stock 150 now: cover 1.5 months.
    """
    columns = ["customer", "sell_in_qty", "sell_out_qty", "change_qty", "stock_qty"]
    columns = [*columns, "cover_months", "usual_cover_months", "loading_qty", "loading_rate"]
    columns = [*columns, "owed_qty"]
    if channel_month.empty:
        return pd.DataFrame(columns=columns)
    told = channel_month[channel_month["sell_out_qty"].notna()]
    first = told["period"].max() - pd.DateOffset(months=months - 1)
    names = ["sell_in_qty", "sell_out_qty", "loading_qty", "owed_qty"]
    late = told[told["period"] >= first].groupby("customer")[names].sum()
    by_month = pd.concat(
        {code: sum_channel_months(rows) for code, rows in told.groupby("customer")},
        names=["customer"],
    ).reset_index("customer")
    latest = by_month.groupby("customer").last()[["stock_qty", "cover_months"]]
    usual = by_month.groupby("customer")["cover_months"].median().rename("usual_cover_months")
    joined = late.join(latest, how="left").join(usual, how="left").reset_index()
    joined = joined.assign(
        change_qty=joined["sell_in_qty"] - joined["sell_out_qty"],
        loading_rate=joined["loading_qty"] / joined["sell_in_qty"].where(joined["sell_in_qty"] > 0),
    )
    return joined[columns].sort_values(
        ["loading_qty", "customer"], ascending=[False, True], ignore_index=True
    )


def to_channel_findings(
    channel_month: pd.DataFrame, history: pd.DataFrame, *, tolerance_rate: float = 0.1
) -> pd.DataFrame:
    """Return reports that do not follow, and months that a customer did not report.

    A stock report does not follow when it differs from stock before + received - sold on by more
    than `tolerance_rate` of the month's sell-out. A wrong count shows a second time a month later
    with the other sign; only the first is told.

    Args:
        channel_month: contract `channel_month`.
        history: contract `demand_history`, for the revenue of a unit.

    Returns:
        Contract `finding` without number: kinds `channel_gap`, by item, location and month, and
        `not_reported`, by month.

    Example:
        Stock 100, received 50, sold 60, reported 140: 50 more than follows.
    """
    if channel_month.empty:
        return pd.DataFrame(columns=_FINDING)
    parts = [
        _find_gaps(channel_month, history, tolerance_rate),
        _find_silence(channel_month),
    ]
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_FINDING)


def _find_gaps(
    channel_month: pd.DataFrame, history: pd.DataFrame, tolerance_rate: float
) -> pd.DataFrame:
    rows = channel_month.sort_values(CELL, kind="stable", ignore_index=True)
    gap = rows["stock_gap_qty"]
    keys = [rows[name] for name in LEAF]
    usual = rows["sell_out_qty"].groupby(keys).transform("mean")
    odd = gap.abs() > np.maximum(tolerance_rate * usual, 1.0)
    before = gap.where(odd).groupby(keys).shift(1)
    echo = odd & (np.sign(before) == -np.sign(gap)) & ((gap + before).abs() < 0.5 * before.abs())
    rows = rows.assign(follows_qty=rows["stock_qty"] - gap)[odd & ~echo]
    worth = revenue_per_unit(history)
    rows = rows.merge(worth, on="item", how="left", validate="many_to_one")
    said = [
        f"{customer}: {reported:,.0f} ≠ {follows:,.0f}"
        for customer, reported, follows in zip(
            rows["customer"], rows["stock_qty"], rows["follows_qty"], strict=True
        )
    ]
    return rows.assign(
        kind="channel_gap",
        severity="warning",
        table="channel_stock",
        row_count=1,
        value=said,
        advice=None,
        amount_value=rows["stock_gap_qty"].abs() * rows["unit_value"].fillna(0.0),
    )[_FINDING].astype({"advice": object})


def _find_silence(channel_month: pd.DataFrame) -> pd.DataFrame:
    """Return months between a customer's first and last report in which it reported nothing."""
    told = channel_month.loc[channel_month["sell_out_qty"].notna(), ["customer", "period", "item"]]
    counts = told.groupby(["customer", "period"]).size()
    wide = counts.unstack("period").sort_index(axis=1)
    months = pd.date_range(wide.columns.min(), wide.columns.max(), freq="MS", name="period")
    wide = wide.reindex(columns=months)
    silent = wide.isna() & wide.ffill(axis=1).notna()
    usual = wide.median(axis=1)
    long = to_long(silent.astype(float), ["customer"], "silent")
    rows = long[long["silent"] > 0]
    return pd.DataFrame(
        {
            "kind": "not_reported",
            "severity": "warning",
            "table": "sell_out",
            "row_count": rows["customer"].map(usual).astype(int),
            "item": None,
            "location": None,
            "period": rows["period"],
            "value": rows["customer"],
            "advice": None,
            "amount_value": 0.0,
        },
        columns=_FINDING,
    )
