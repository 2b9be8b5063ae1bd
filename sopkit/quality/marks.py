"""What a mark is: a month of history that looks wrong, with evidence and what it would become.

A mark is a row of (item, location, customer, period) with `reason`, `actual_qty`, `proposed_qty`
(what the month would become), the evidence (`why`, `why_qty`, `why_rate`), for stock-outs the lost
sales with their range, and `firm`: whether the evidence is enough to accept it by default.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sopkit.quality.expect import expect_demand
from sopkit.tables import CELL, LEAF, TABLES
from sopkit.tables.panel import to_long, to_panel

LOST = ["lost_qty", "lo_80_qty", "hi_80_qty"]
_EVIDENCE = ["why", "why_qty", "why_rate", *LOST]
MARK = [*CELL, "reason", "actual_qty", "proposed_qty", *_EVIDENCE, "firm"]
# A month has one correction: the first cause found wins.
ORDER = ["gap", "stock_out", "bulk", "outlier", "loading", "payback", "promotion"]


def with_expected(history: pd.DataFrame) -> pd.DataFrame:
    """Return the history with `expected_qty`: what each month would have been without surprise."""
    if "expected_qty" in history.columns:
        return history
    known = to_long(expect_demand(to_panel(history, LEAF, "actual_qty")), LEAF, "expected_qty")
    return history.merge(known, on=CELL, how="left", validate="one_to_one").fillna(
        {"expected_qty": 0.0}
    )


def to_marks(rows: pd.DataFrame, reason: str, why: str = "") -> pd.DataFrame:
    """Return rows as marks of one reason; evidence that a row lacks is blank, proof is firm.

    Args:
        rows: cells with `actual_qty` and `proposed_qty`, and what evidence there is.
        reason: why the month is marked.
        why: sentence of the evidence, where all rows share it.
    """
    if rows.empty:
        return no_marks()
    marks = rows.assign(reason=reason, **({"why": why} if why else {}))
    for name in ["why_qty", "why_rate", *LOST]:
        if name not in marks.columns:
            marks[name] = float("nan")
    if "firm" not in marks.columns:
        marks["firm"] = True
    return marks[MARK].sort_values(CELL, kind="stable", ignore_index=True)


def no_marks() -> pd.DataFrame:
    """Return no marks, with the kinds of marks."""
    empty = TABLES["correction"].empty()
    return empty.assign(firm=pd.Series(dtype=bool))[MARK]


def stack_marks(marks: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put marks of several finders under each other, in the order of ORDER."""
    found = [frame for frame in marks if len(frame)]
    if not found:
        return no_marks()
    kinds = dict.fromkeys(["why_qty", "why_rate", *LOST], float)
    stacked = pd.concat([frame[MARK].astype(object) for frame in found], ignore_index=True)
    stacked = stacked.infer_objects().astype(kinds)
    rank = stacked["reason"].map({reason: place for place, reason in enumerate(ORDER)})
    return (
        stacked.assign(_rank=rank)
        .sort_values([*CELL, "_rank"], kind="stable", ignore_index=True)
        .drop(columns="_rank")
    )
