"""Long rows to a panel (a row a series, a column a month) and back."""

from __future__ import annotations

import numpy as np
import pandas as pd


def to_panel(rows: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return one row a series and one column a month, every month of the frame present.

    Rows of a series and month are summed; months without a row are blank.

    Example:
        Rows for 2026-01 and 2026-03 give three columns, the middle one blank.
    """
    wide = rows.groupby([*by, "period"])[value].sum().unstack("period")
    months = pd.date_range(rows["period"].min(), rows["period"].max(), freq="MS", name="period")
    return wide.reindex(columns=months).astype(float)


def until(panel: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Return the months of a panel up to `last`, that month included."""
    return panel.iloc[:, : int((pd.DatetimeIndex(panel.columns) <= last).sum())]


def _is_sorted(panel: pd.DataFrame) -> bool:
    keys, months = panel.index, panel.columns
    unique = keys.is_unique and months.is_unique
    return bool(unique and keys.is_monotonic_increasing and months.is_monotonic_increasing)


def _unfold(panel: pd.DataFrame, by: list[str], name: str) -> pd.DataFrame:
    """Return the rows of a panel whose keys and months stand in order: nothing is sorted."""
    values = panel.to_numpy(dtype=float)
    row, column = np.nonzero(~np.isnan(values))
    long = {key: panel.index.get_level_values(key).to_numpy()[row] for key in by}
    months = pd.DatetimeIndex(panel.columns).to_numpy()
    return pd.DataFrame({**long, "period": months[column], name: values[row, column]})


def to_long(panel: pd.DataFrame, by: list[str], name: str) -> pd.DataFrame:
    """Return a panel as rows of (`by`, period, `name`), blanks left out, sorted by key."""
    if list(panel.index.names) == by and _is_sorted(panel):
        return _unfold(panel, by, name)
    long = panel.reset_index().melt(id_vars=by, var_name="period", value_name=name)
    long["period"] = pd.to_datetime(long["period"])
    long = long.dropna(subset=[name])
    return long.sort_values([*by, "period"], kind="stable", ignore_index=True)
