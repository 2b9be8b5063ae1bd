"""The rules a row can break while it is read, with what to do about each.

The texts of `rule` are few and fixed, so that a page may translate them.
"""

from __future__ import annotations

import pandas as pd

ADVICE = {
    "number": "Write a plain number; say the unit in the mapping (scale, unit), not in the cell.",
    "date": "Write the day as 2026-10-31, or name its order in the mapping (format).",
    "yes or no": "Write 1 or 0, yes or no, 是 or 否.",
    "not blank": "Fill the cell, or leave the row out.",
    "unknown code": "Add the code to `codes` in the mapping, or correct it.",
    "unknown unit": "Add the unit of this item to uom_conversion, or correct it.",
    "too many cells": "Put quotation marks around texts that hold the delimiter.",
    "no master row": "Add the code to the master file, or correct it here.",
    "doubled key": "Keep one of the rows that share the key.",
    "bom loop": "Take out the row that makes an item part of itself.",
    "ends before it starts": "Correct the first or the last day.",
    "at most 1": "Write a share: 0.95 for 95 %.",
    "at least 0": "Correct the sign; returns belong in return_line.",
}
SALES_TABLES = ("sales_history", "sales_order_line")  # a month needs one of them
DATED = {
    "sales_order_line": "order_date",
    "sales_history": "period",
    "return_line": "return_date",
    "opportunity_line": "opened_date",
    "opportunity_stage": "entered_date",
    "sell_out": "period",
    "channel_stock": "period",
    "past_history": "period",
    "opening_stock": "snapshot_date",
    "stock_history": "period",
    "open_supply": "order_date",
    "production_actual": "period",
}
STARTS_AND_ENDS = {
    "event": ("start_date", "end_date"),
    "override": ("start_period", "end_period"),
    "bom": ("start_date", "end_date"),
    "opportunity_line": ("opened_date", "closed_date"),
}
SHARES = (
    "discount_rate",
    "fill_rate",
    "service_level_rate",
    "stocked_share",
    "win_rate",
    "yield_rate",
)
FINDING_COLUMNS = [
    "kind",
    "severity",
    "table",
    "file",
    "row_count",
    "item",
    "location",
    "period",
    "value",
    "advice",
    "owner",
    "amount_value",
]


def make_finding(kind: str, severity: str, **content: object) -> dict[str, object]:
    """Return one finding; what is not given is blank."""
    blank: dict[str, object] = dict.fromkeys(FINDING_COLUMNS)
    return {**blank, "row_count": 1, "kind": kind, "severity": severity, **content}


def list_rows(rows: pd.Series, most: int | None = 12) -> str:
    """Return row numbers in short: neighbours as ranges, at most so many of them (None: all).

    Example:
        >>> list_rows(pd.Series([4, 5, 6, 9]))
        '4-6, 9'
    """
    numbers = pd.Series(sorted(set(rows.astype(int))))
    groups = numbers.groupby((numbers.diff() != 1).cumsum())
    spans = [(group.iloc[0], group.iloc[-1]) for _, group in groups]
    texts = [f"{first}-{last}" if last > first else str(first) for first, last in spans]
    shown = texts[:most]
    more = f" and {len(texts) - len(shown)} more" if len(texts) > len(shown) else ""
    return ", ".join(shown) + more


def later_rows(
    frame: pd.DataFrame, name: str, as_of: pd.Timestamp, cycle: pd.Timestamp
) -> pd.Series:
    """Return True for rows that nobody could know at `as_of`.

    Facts dated after `as_of`; forecasts given in later cycles; plans and decisions of this cycle
    or later ones. A blank date is known.
    """
    if name in DATED and DATED[name] in frame:
        return (frame[DATED[name]] > as_of).fillna(False).astype(bool)
    if name in ("forecast_stream", "past_plan", "past_decision", "past_cycle") and "cycle" in frame:
        given = pd.to_datetime(frame["cycle"], format="%Y-%m", errors="coerce")
        return given > cycle if name == "forecast_stream" else given >= cycle
    return pd.Series(False, index=frame.index)


def hide_later_shipments(frame: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return order lines as they stood at `as_of`: what left later is still open."""
    if "shipped_date" not in frame:
        return frame
    later = frame["shipped_date"] > as_of
    if not later.any():
        return frame
    shipped = {"shipped_date": frame["shipped_date"].where(~later)}
    if "shipped_qty" in frame:
        shipped["shipped_qty"] = frame["shipped_qty"].where(~later, 0.0)
    return frame.assign(**shipped)
