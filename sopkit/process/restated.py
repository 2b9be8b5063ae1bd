"""Restated data: what was posted into closed months after the previous cycle had closed them."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import LEAF

KEY = [*LEAF, "period"]


def list_restated(history: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of closed months that differ from what the previous cycle knew.

    A month is closed when the previous cycle had it in its history. A row that is new, gone or
    changed there was posted after the close: restated = actual now - actual as known then. Money
    is at the item's mean net price over the whole history.

    Args:
        history: contract `demand_history`; `actual_qty` [base units], `revenue_value` [money].
        known: contract `past_history`, or the previous cycle's `demand_history`; may be empty:
            then nothing is known to be restated.

    Returns:
        Per (item, location, customer, period): `known_qty`, `actual_qty`, `restated_qty` (signed),
        `restated_value` (signed; blank where no price is known), largest money first, then by key.

    Example:
        October was known as 10 and 5; now 12 and 5: one row, restated by +2.
    """
    columns = [*KEY, "known_qty", "actual_qty", "restated_qty", "restated_value"]
    if known.empty:
        return pd.DataFrame(columns=columns)
    then = known[[*KEY, "actual_qty"]].rename(columns={"actual_qty": "known_qty"})
    closed = history.loc[history["period"].isin(then["period"].unique()), [*KEY, "actual_qty"]]
    both = then.merge(closed, on=KEY, how="outer", validate="one_to_one")
    amounts = both[["known_qty", "actual_qty"]].fillna(0.0)  # no row: nothing was posted
    both = both.assign(**amounts, restated_qty=amounts["actual_qty"] - amounts["known_qty"])
    changed = both[both["restated_qty"].abs() > 1e-9]
    unit = _to_unit_price(history)
    changed = changed.assign(restated_value=changed["restated_qty"] * changed["item"].map(unit))
    size = changed["restated_value"].abs().fillna(0.0)
    order = changed.assign(size=size).sort_values(
        ["size", *KEY], ascending=[False, *[True] * len(KEY)], kind="stable"
    )
    return order[columns].reset_index(drop=True)


def sum_restated(restated: pd.DataFrame) -> pd.DataFrame:
    """Return restated rows by month: `period`, `row_count`, `restated_qty`, `restated_value`.

    Money is blank where no row of the month has a price.
    """
    grouped = restated.groupby("period", sort=True)
    return pd.DataFrame(
        {
            "row_count": grouped.size(),
            "restated_qty": grouped["restated_qty"].sum(),
            "restated_value": grouped["restated_value"].sum(min_count=1),
        }
    ).reset_index()


def _to_unit_price(history: pd.DataFrame) -> pd.Series:
    """Return revenue / quantity of each item; items without revenue or quantity have none."""
    sums = history.groupby("item")[["revenue_value", "actual_qty"]].sum(min_count=1)
    known = sums[(sums["actual_qty"] > 0) & sums["revenue_value"].notna()]
    return known["revenue_value"] / known["actual_qty"]
