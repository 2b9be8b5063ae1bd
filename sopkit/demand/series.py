"""History to series and back: the way into the forecasting models and out of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.tables import PLACE
from sopkit.tables.panel import to_long, to_panel

Matrix = NDArray[np.float64]


def to_series(history: pd.DataFrame, last: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return one series per (item, location): cleaned demand a month, summed over customers.

    Args:
        history: contract `demand_history`.
        last: last month that may be seen; None sees all.

    Returns:
        A row a series, a column a month; blank before a series' first demand, 0 after it.

    Example:
        0, 0, 5, 0, 7 becomes blank, blank, 5, 0, 7.
    """
    seen = history if last is None else history[history["period"] <= last]
    return blank_before_start(to_panel(seen, PLACE, "cleaned_qty").fillna(0.0))


def from_series(points: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return series as rows of (item, location, period, `name`)."""
    return to_long(points, PLACE, name)


def to_families(series: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of series by (family, location), ended items included."""
    family = family_of(series.index, item)
    location = series.index.get_level_values("location").rename("location")
    return blank_before_start(series.fillna(0.0).groupby([family, location], sort=True).sum())


def family_of(index: pd.Index, item: pd.DataFrame) -> pd.Index:
    """Return the family of each series; `other` where the master has none."""
    families = item.set_index("item")["family"]
    found = families.reindex(index.get_level_values("item")).fillna("other")
    return pd.Index(found.to_numpy(), name="family")


def blank_before_start(panel: pd.DataFrame) -> pd.DataFrame:
    """Blank the months before each series' first demand; a series without any is all blank."""
    started = panel.gt(0).cummax(axis=1)
    return panel.where(started)


def count_months(series: pd.DataFrame) -> pd.Series:
    """Return the months of each series since its first demand."""
    return series.notna().sum(axis=1)


def next_periods(series: pd.DataFrame, months: int) -> pd.DatetimeIndex:
    """Return the months that follow the last column."""
    first = pd.Timestamp(series.columns[-1]) + pd.DateOffset(months=1)
    return pd.date_range(first, periods=months, freq="MS", name="period")


def measure_gaps(series: pd.DataFrame, months: int = 24) -> pd.Series:
    """Return the mean interval between demands (ADI) in the last `months`: months / busy months.

    Infinite without demand.

    Example:
        5, 0, 0, 7 has 4 months and 2 busy ones: 2.0.
    """
    recent = series.iloc[:, -months:]
    busy = recent.gt(0).sum(axis=1).replace(0, np.nan)
    return (recent.notna().sum(axis=1) / busy).fillna(np.inf)


def measure_variation(series: pd.DataFrame, months: int = 24) -> pd.Series:
    """Return the squared coefficient of variation of the sizes of demand, empty months left out.

    Example:
        Sizes 2 and 4: mean 3, variance 1 (over n), CV2 = 1/9.
    """
    sizes = series.iloc[:, -months:].where(series.iloc[:, -months:] > 0)
    return (sizes.var(axis=1, ddof=0) / sizes.mean(axis=1) ** 2).fillna(0.0)
