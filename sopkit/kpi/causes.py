"""Where a KPI leaves its band: the family, place or item that accounts for most of it."""

from __future__ import annotations

import pandas as pd

from sopkit.periods import add_months, to_period


def find_causes(
    backtest: pd.DataFrame,
    lines: pd.DataFrame,
    item: pd.DataFrame,
    lag: int,
    period: pd.Timestamp,
) -> dict[str, str]:
    """Return the code that weighs most in a KPI, by KPI; a KPI without one is not in it.

    Args:
        backtest: contract `backtest`: family with the largest absolute error (`accuracy`) and
            with the largest bias either way (`bias`), at `lag`.
        lines: contract `sales_order_line`: location with most lines late or short in the three
            months to `period` (`otif`).
        item: contract `item`.
        lag: lag of the forecast figures.
        period: last month of history.

    Example:
        Tea misses by 30, cola by 10: accuracy is caused by tea.
    """
    families = item[["item", "family"]]
    rows = backtest[backtest["lag"] == lag].merge(
        families, on="item", how="left", validate="many_to_one"
    )
    error = rows["forecast_qty"] - rows["actual_qty"]
    sums = {
        "accuracy": error.abs().groupby(rows["family"]).sum(),
        "bias": error.groupby(rows["family"]).sum().abs(),
        "otif": _count_missed(lines, period),
    }
    return {
        name: str(weights.sort_index().idxmax()) for name, weights in sums.items() if len(weights)
    }


def _count_missed(lines: pd.DataFrame, period: pd.Timestamp) -> pd.Series:
    due = lines["requested_date"].fillna(lines["order_date"])
    wanted = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0)
    month = to_period(due)
    counted = (wanted > 0) & (month <= period) & (month > add_months(period, -3))
    kept = (lines["shipped_date"] <= due) & (lines["shipped_qty"] >= wanted - 1e-9)
    missed = lines[counted & ~kept]
    return missed.groupby("location").size()
