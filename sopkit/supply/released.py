"""What last month's plan released, for the fences of this month's."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import TABLES, fit_columns


def list_released(plan_flow: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Return what last month's plan wanted started from a month on.

    Args:
        plan_flow: contract `plan_flow` of the cycle before.
        first: first month of this cycle.

    Returns:
        Contract `released_plan`.

    Example:
        Planned in October for October, November and December: a cycle of November keeps two.
    """
    rows = plan_flow[plan_flow["period"] >= first].reset_index(drop=True)
    return fit_columns(rows, TABLES["released_plan"])
