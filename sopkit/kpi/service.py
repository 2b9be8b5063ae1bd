"""KPI of customers' orders: fill, on time and in full, order cycle time, fulfilment, backlog.

A line is due on its requested day (the order day where none was named), or on the day first
promised. What was cancelled is not wanted; the day of cancelling is not in the table, so a line
cancelled whole is left out, before or after it was due.
"""

from __future__ import annotations

import pandas as pd

from sopkit.kpi.rows import blank_kpi, to_rows
from sopkit.periods import add_months, to_period

MONTHS = 24
EPS = 1e-9


def measure_otif(
    lines: pd.DataFrame,
    period: pd.Timestamp,
    months: int = MONTHS,
    tolerance_days: int = 0,
    *,
    promised: bool = False,
    by_order: bool = False,
) -> pd.DataFrame:
    """Measure lines (or whole orders) on time and in full, by the month in which they were due.

    A line is kept when its last shipment left by its day with all that was not cancelled; an order
    when all its lines are, and it is due when its last line is.

    Args:
        lines: contract `sales_order_line`.
        period: last month measured.
        months: how many months.
        tolerance_days: days a line may be late and still count.
        promised: against the day first promised; lines without one are left out.
        by_order: count orders instead of lines.

    Example:
        Two lines due in October, one shipped whole on its day, one three days late: 0.5; of one
        order: 0.
    """
    name = "otif_promise" if promised else "otif"
    level = "order" if by_order else ""
    due = _select_due(lines, period, months, promised)
    if due.empty:
        reason = "no_promises" if promised and len(lines) else "no_order_lines"
        return blank_kpi(name, period, reason, level)
    late = due["shipped_date"] > due["due_date"] + pd.Timedelta(days=tolerance_days)
    kept = due["shipped_date"].notna() & ~late & (due["shipped_qty"] >= due["wanted_qty"] - EPS)
    counted = due.assign(kept=kept)
    if by_order:
        counted = counted.groupby("order", as_index=False).agg(kept=("kept", "all"), month=_LAST)
    return _by_month(name, counted, "kept", level)


def measure_unit_fill(
    lines: pd.DataFrame, period: pd.Timestamp, months: int = MONTHS
) -> pd.DataFrame:
    """Measure sum min(shipped by due, ordered) / sum ordered, over lines due.

    Of a line whose last shipment was late nothing counts: earlier ones are not in the table.

    Example:
        10 ordered and 9 shipped on the day, 10 ordered and shipped late: 9 / 20.
    """
    due = _select_due(lines, period, months, promised=False)
    if due.empty:
        return blank_kpi("unit_fill", period, "no_order_lines")
    by_due = due["shipped_qty"].where(due["shipped_date"] <= due["due_date"], 0.0)
    filled = by_due.clip(upper=due["wanted_qty"])
    sums = (
        due.assign(filled=filled)
        .groupby("month")
        .agg(filled=("filled", "sum"), wanted=("wanted_qty", "sum"), n=("wanted_qty", "size"))
    )
    return to_rows("unit_fill", sums.index, (sums["filled"] / sums["wanted"]).to_numpy(), sums["n"])


def measure_fulfilment(
    lines: pd.DataFrame, period: pd.Timestamp, months: int = MONTHS
) -> pd.DataFrame:
    """Measure orders complete / orders due, late or not, by the month of their last due line."""
    due = _select_due(lines, period, months, promised=False)
    if due.empty:
        return blank_kpi("fulfilment", period, "no_order_lines")
    whole = due.assign(kept=due["shipped_qty"] >= due["wanted_qty"] - EPS)
    orders = whole.groupby("order", as_index=False).agg(kept=("kept", "all"), month=_LAST)
    return _by_month("fulfilment", orders, "kept")


def measure_cycle_time(
    lines: pd.DataFrame, period: pd.Timestamp, months: int = MONTHS
) -> pd.DataFrame:
    """Measure median and P90 of days from order to shipment, by month of shipment.

    Lines shipped in full count; the table does not know the day of delivery.

    Example:
        Shipped after 2, 4 and 9 days: median 4, P90 8.
    """
    wanted = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0)
    done = lines[(wanted > 0) & (lines["shipped_qty"] >= wanted - EPS)].dropna(
        subset=["shipped_date"]
    )
    done = done.assign(
        month=to_period(done["shipped_date"]),
        days=(done["shipped_date"] - done["order_date"]).dt.days,
    )
    done = done[(done["month"] <= period) & (done["month"] > add_months(period, -months))]
    names = {"cycle_time": 0.5, "cycle_time_p90": 0.9}
    if done.empty:
        return pd.concat([blank_kpi(name, period, "no_order_lines") for name in names])
    days = done.groupby("month")["days"]
    return pd.concat(
        [
            to_rows(name, days.size().index, days.quantile(q).to_numpy(), days.size().to_numpy())
            for name, q in names.items()
        ],
        ignore_index=True,
    )


def measure_backlog(lines: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Measure what was due by the end of a month and is neither shipped nor cancelled.

    Example:
        10 ordered for October, 6 shipped, 1 cancelled: 3.
    """
    if lines.empty:
        return blank_kpi("backlog", period, "no_order_lines")
    due = lines["requested_date"].fillna(lines["order_date"])
    left = lines["ordered_qty"] - lines["cancelled_qty"] - lines["shipped_qty"]
    late = left[(due < add_months(period, 1)) & (left > EPS)]
    return to_rows("backlog", [period], [float(late.sum())], [len(late)])


_LAST = ("month", "max")


def _select_due(
    lines: pd.DataFrame, period: pd.Timestamp, months: int, promised: bool
) -> pd.DataFrame:
    wanted = (lines["ordered_qty"] - lines["cancelled_qty"]).clip(lower=0)
    due = (
        lines["promised_date"] if promised else lines["requested_date"].fillna(lines["order_date"])
    )
    due = pd.to_datetime(due)
    month = to_period(due)
    counted = (wanted > 0) & (month <= period) & (month > add_months(period, -months))
    return lines.assign(wanted_qty=wanted, due_date=due, month=month)[counted]


def _by_month(name: str, counted: pd.DataFrame, column: str, level: str = "") -> pd.DataFrame:
    months = counted[column].astype(float).groupby(counted["month"]).agg(["mean", "size"])
    return to_rows(name, months.index, months["mean"].to_numpy(), months["size"], level=level)
