"""What the data review shows of its tables: numbered findings, sums by family, ties."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.tables import TABLES, fit_columns

SEVERITIES = ["error", "warning", "info"]


def number_findings(*found: pd.DataFrame) -> pd.DataFrame:
    """Return all findings as contract `finding`: errors first, dearest first, numbered F0001 on.

    Args:
        found: frames in the columns of the contract, `finding` not needed.

    Example:
        An info of 5 and a warning without money: the warning becomes F0001.
    """
    contract = TABLES["finding"]
    there = [frame for frame in found if len(frame)]
    if not there:
        return contract.empty()
    every = pd.concat([frame.astype(object) for frame in there], ignore_index=True)
    every = every.assign(
        _rank=every["severity"].map({name: rank for rank, name in enumerate(SEVERITIES)}),
        _money=-every["amount_value"].astype(float).abs().fillna(0.0),
    )
    order = ["_rank", "_money", "kind", "table", "file", "item", "location", "period", "value"]
    every = every.reindex(columns=[*every.columns.union(order, sort=False)])
    ranked = every.sort_values(order, kind="stable", ignore_index=True)
    ranked["finding"] = [f"F{number:04d}" for number in range(1, len(ranked) + 1)]
    return fit_columns(ranked, contract)


def summarise_plan(plan: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return last month's plan against orders by family, biggest miss first.

    Args:
        plan: contract `plan_versus_actual`.
        item: contract `item`.

    Returns:
        `family`, `demand_qty`, `actual_qty`, `bias_qty` (plus: too much was expected),
        `bias_rate` and `wape_rate` (sum of absolute misses / orders; blank without orders).

    Example:
        Expected 90 and 60, ordered 100 and 50: bias 0, WAPE 20 / 150.
    """
    rows = plan.merge(item[["item", "family"]], on="item", how="left", validate="many_to_one")
    rows = rows.assign(miss_qty=rows["bias_qty"].abs())
    columns = ["demand_qty", "actual_qty", "bias_qty", "miss_qty"]
    summed = rows.groupby("family", as_index=False)[columns].sum()
    ordered = summed["actual_qty"].where(summed["actual_qty"] > 0)
    rated = summed.assign(
        bias_rate=summed["bias_qty"] / ordered, wape_rate=summed["miss_qty"] / ordered
    )
    return rated.sort_values(["miss_qty", "family"], ascending=[False, True], ignore_index=True)


def summarise_corrections(correction: pd.DataFrame) -> pd.DataFrame:
    """Return by reason how many months were marked and corrected, and by how much.

    Returns:
        `reason`, `marked_count`, `corrected_count`, `actual_qty`, `cleaned_qty`, `change_qty`
        (cleaned - actual), in units, most marked first.
    """
    grouped = correction.groupby("reason", as_index=False).agg(
        marked_count=("accepted", "size"),
        corrected_count=("accepted", "sum"),
        actual_qty=("actual_qty", "sum"),
        cleaned_qty=("cleaned_qty", "sum"),
    )
    grouped["change_qty"] = grouped["cleaned_qty"] - grouped["actual_qty"]
    return grouped.sort_values(["marked_count", "reason"], ascending=[False, True]).reset_index(
        drop=True
    )


def summarise_tables(tied: pd.DataFrame) -> pd.DataFrame:
    """Return rows read, accepted, refused and not yet known of each table; they tie.

    Args:
        tied: one row per part of the mapping, as reading gave it.
    """
    counts = [name for name in tied.columns if name.startswith("rows_")]
    money = [name for name in tied.columns if name.endswith("_value")]
    return tied.groupby("table", as_index=False, sort=False)[[*counts, *money]].sum()


def sum_restated(history: pd.DataFrame, past: pd.DataFrame) -> float:
    """Return by how much past months changed since the last cycle: now less then, in units.

    Args:
        history: contract `demand_history`.
        past: contract `past_history`; only the months it knew count.

    Example:
        Then 10 and 20, now 12 and 20: +2.
    """
    if past.empty:
        return 0.0
    known = history[history["period"].between(past["period"].min(), past["period"].max())]
    return float(known["actual_qty"].sum() - past["actual_qty"].sum())


def check_ties(
    tied: pd.DataFrame,
    history: pd.DataFrame,
    given: Mapping[str, pd.DataFrame],
    cycle_period: pd.Timestamp,
    first: pd.Timestamp,
) -> pd.DataFrame:
    """Return differences that must be zero between files, accepted rows and history.

    Quantity and revenue are tied where monthly totals were given; order lines, which may overlap
    them, are tied where there are no totals.

    Args:
        tied: counts of reading, one row per part.
        history: contract `demand_history`, before cleaning.
        given: the accepted tables `sales_history` and `sales_order_line`.
        cycle_period: first planned month.
        first: first month of history used.

    Returns:
        `check` (rows, quantity, revenue) and `difference`.
    """
    apart = tied[["rows_left_out", "rows_not_yet_known", "rows_refused", "rows_accepted"]]
    rows = {"check": "rows", "difference": float((tied["rows_read"] - apart.sum(axis=1)).sum())}
    accepted = _accepted_sales(given, first, cycle_period)
    sums = history[["actual_qty", "revenue_value"]].sum()
    checks = [rows]
    for check, column in (("quantity", "actual_qty"), ("revenue", "revenue_value")):
        if accepted[column].notna().all():
            difference = float(sums[column] - accepted[column].sum())
            checks.append({"check": check, "difference": difference})
    return pd.DataFrame(checks)


def _accepted_sales(
    given: Mapping[str, pd.DataFrame], first: pd.Timestamp, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    if len(given["sales_history"]):
        sales = given["sales_history"].assign(day=given["sales_history"]["period"])
    else:
        lines = given["sales_order_line"]
        sales = lines.assign(
            day=lines["requested_date"].fillna(lines["order_date"]), actual_qty=lines["ordered_qty"]
        )
    used = sales[(sales["day"] >= first) & (sales["day"] < cycle_period)]
    return used.rename(columns={"net_value": "revenue_value"})[["actual_qty", "revenue_value"]]
