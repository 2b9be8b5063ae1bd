"""Single months that stand out: one-off bulk orders that a line proves, and plain outliers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.quality.expect import (
    expect_demand,
    expect_with_siblings,
    log_ratio,
    robust_spread,
)
from sopkit.quality.marks import no_marks, to_marks
from sopkit.tables import CELL, LEAF
from sopkit.tables.panel import to_long, to_panel


def find_outliers(
    history: pd.DataFrame,
    *,
    ratio: pd.DataFrame | None = None,
    steps: float = 6.0,
    high_rate: float = 1.8,
    raw_rate: float = 1.5,
    low_rate: float = 0.2,
    min_months: int = 24,
    zero_rate: float = 0.1,
) -> pd.DataFrame:
    """Mark single months far outside what level, season and the customer's siblings explain.

    A month is measured against `expect_with_siblings`, that is against what the other customers
    of its item and location did in the same month. It stands out when the log of that ratio is
    `steps` robust standard deviations of its series from 0, and the month is over `high_rate`
    times that expectation (and `raw_rate` times its own), or, not 0, under `low_rate` times it.
    Series younger than `min_months`, or with more than `zero_rate` empty months, are too restless.

    Args:
        history: contract `demand_history`.
        ratio: what `to_ratios` says of it, where that is known already.

    Example:
        Thirty-six months near 100 and one of 1,000: that one is marked, 160 is not.
    """
    if history.empty:
        return no_marks()
    ratio = to_ratios(history) if ratio is None else ratio
    ratio = ratio[(ratio["months"] >= min_months) & (ratio["zero_share"] <= zero_rate)]
    high = (ratio["ratio"] > high_rate) & (ratio["own_ratio"] > raw_rate)
    low = (ratio["ratio"] < low_rate) & (ratio["actual_qty"] > 0) & (ratio["own_ratio"] < low_rate)
    rows = ratio[(ratio["steps"].abs() >= steps) & (high | low)]
    rows = rows.assign(
        why=np.where(rows["ratio"] > 1, "far_above", "far_below"),
        why_qty=rows["proposed_qty"],
        why_rate=rows["ratio"],
    )
    return to_marks(rows, "outlier")


def find_bulk_orders(
    history: pd.DataFrame,
    sales_order_line: pd.DataFrame,
    *,
    ratio: pd.DataFrame | None = None,
    line_rate: float = 3.0,
    share: float = 0.4,
    explained: float = 0.5,
    steps: float = 3.0,
    high_rate: float = 1.4,
    min_lines: int = 6,
    min_months: int = 24,
    zero_rate: float = 0.1,
) -> pd.DataFrame:
    """Mark months that one order line, far above the customer's usual line, drove up.

    Two proofs: a line of at least `line_rate` times the median line of its customer and item,
    that alone is `share` of the month's expectation above the median line and `explained` of what
    the month has too much; and a month `steps` robust standard deviations and `high_rate` times
    above its expectation.

    Args:
        history: contract `demand_history`.
        sales_order_line: contract `sales_order_line`; cancelled quantities count as ordered.
        min_lines: fewer lines say nothing of what is usual.

    Example:
        Lines of 50 for two years, months of 100, and one line of 130 in a month of 230: bulk.
    """
    if history.empty or sales_order_line.empty:
        return no_marks()
    ratio = to_ratios(history) if ratio is None else ratio
    ratio = ratio[(ratio["months"] >= min_months) & (ratio["zero_share"] <= zero_rate)]
    high = (ratio["steps"] >= steps) & (ratio["ratio"] >= high_rate)
    lines = _largest_lines(sales_order_line, min_lines)
    rows = ratio[high].merge(lines, on=CELL, validate="one_to_one")
    above = rows["line_qty"] - rows["usual_line_qty"]
    excess = rows["actual_qty"] - rows["proposed_qty"]
    large = (
        (rows["line_qty"] >= line_rate * rows["usual_line_qty"])
        & (above >= share * rows["proposed_qty"])
        & (above >= explained * excess)
    )
    rows = rows[large]
    rows = rows.assign(why_qty=rows["line_qty"], why_rate=rows["line_qty"] / rows["usual_line_qty"])
    return to_marks(rows, "bulk", why="one_line")


def to_ratios(history: pd.DataFrame) -> pd.DataFrame:
    """Return how far each month is from what its series and siblings explain.

    Returns:
        The cells with `actual_qty`, `proposed_qty` (expected), `ratio` (actual / expected),
        `own_ratio` (against level and season alone), `steps` (log ratio in robust standard
        deviations of the series), `months` and `zero_share` of the series.
    """
    panel = to_panel(history, LEAF, "actual_qty")
    own = expect_demand(panel)
    expected = expect_with_siblings(panel, own)
    log = log_ratio(panel, expected)
    spread = robust_spread(log, 0.0 * log).clip(lower=0.05)
    parts = {
        "actual_qty": panel,
        "proposed_qty": expected,
        "ratio": panel / expected.where(expected > 0),
        "own_ratio": panel / own.where(own > 0),
        "steps": log.div(spread, axis=0),
    }
    columns = [to_long(part, LEAF, name).set_index(CELL)[name] for name, part in parts.items()]
    cells = pd.concat(columns, axis=1, join="inner").reset_index()
    months = panel.notna().sum(axis=1).rename("months")
    zeros = (panel.eq(0).sum(axis=1) / months.clip(lower=1)).rename("zero_share")
    return cells.merge(
        pd.concat([months, zeros], axis=1).reset_index(), on=LEAF, validate="many_to_one"
    )


def _largest_lines(lines: pd.DataFrame, min_lines: int) -> pd.DataFrame:
    """Return each cell's largest line and the median line of its series."""
    wanted = lines["requested_date"].fillna(lines["order_date"])
    rows = lines.assign(period=to_period(wanted))
    usual = rows.groupby(LEAF)["ordered_qty"].agg(["median", "size"]).reset_index()
    usual = usual[(usual["size"] >= min_lines) & (usual["median"] > 0)]
    largest = rows.groupby(CELL, as_index=False)["ordered_qty"].max()
    both = largest.merge(usual, on=LEAF, validate="many_to_one")
    return both.rename(columns={"ordered_qty": "line_qty", "median": "usual_line_qty"})[
        [*CELL, "line_qty", "usual_line_qty"]
    ]
