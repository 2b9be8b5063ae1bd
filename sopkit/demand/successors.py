"""An item that replaces another: one demand, forecast once, shared out while both are sold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.periods import months_between

Matrix = NDArray[np.float64]
PHASE_MONTHS = 3


def list_pairs(item: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (successor, predecessor) of the master, a chain's oldest pair first.

    Codes that are not in the master, or that would close a circle, are left out.

    Example:
        C follows B, B follows A: (B, A), then (C, B).
    """
    known = item.dropna(subset=["predecessor"])
    before = dict(zip(known["item"], known["predecessor"], strict=True))
    codes = set(item["item"])

    def depth(code: str) -> int:
        seen = [code]
        while (older := before.get(seen[-1])) in codes:
            if older in seen:
                return -1
            seen.append(str(older))
        return len(seen)

    ranked = sorted((depth(code), code) for code in before if before[code] in codes)
    return [(code, before[code]) for steps, code in ranked if steps > 0]


def join_successors(series: pd.DataFrame, item: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Put the predecessor's demand under its successor, at each location; the old series is blank.

    A successor that is not sold yet takes over when its launch falls into the months up to `last`;
    one without a launch date and without sales does not.

    Example:
        Predecessor 5, 6, 2; successor blank, blank, 4: the successor becomes 5, 6, 6.
    """
    launch = item.set_index("item")["launch_date"]
    whole = series
    for code, older in list_pairs(item):
        places = whole.loc[whole.index.get_level_values("item") == older].dropna(how="all")
        sold = code in set(whole.index[whole.notna().any(axis=1)].get_level_values("item"))
        if places.empty or not (sold or launch[code] <= last):
            continue
        whole = _join_pair(whole, places, code)
    return whole


def _join_pair(series: pd.DataFrame, old: pd.DataFrame, code: str) -> pd.DataFrame:
    keys = pd.MultiIndex.from_arrays(
        [[code] * len(old), old.index.get_level_values("location")], names=series.index.names
    )
    whole = series.reindex(series.index.union(keys))
    own, past = whole.loc[keys].to_numpy(dtype=float), old.to_numpy(dtype=float)
    both = np.where(
        np.isfinite(own) | np.isfinite(past), np.nan_to_num(own) + np.nan_to_num(past), np.nan
    )
    whole.loc[keys] = both
    whole.loc[old.index] = np.nan
    return whole


def split_successors(
    points: pd.DataFrame, series: pd.DataFrame, whole: pd.DataFrame, item: pd.DataFrame
) -> pd.DataFrame:
    """Give a predecessor its share of the pair's forecast until its last month; volume is kept.

    Its share is 1 until the successor's launch month, then falls in a straight line from where it
    stood in the last known month to 0 after its last month of sale (after three months of both
    where the master names no last month).

    Args:
        points: forecasts, columns are months; the pair's under the successor.
        series: what was known before `join_successors`.
        whole: what `join_successors` returned.
        item: contract `item`.

    Example:
        100 a month, launch in the first month, predecessor ends in the second: 67, 33, 0 for it.
    """
    split = points
    for code, older in reversed(list_pairs(item)):
        for location in points.loc[points.index.get_level_values("item") == code].index.unique(
            "location"
        ):
            new, old = (code, location), (older, location)
            joined = old in series.index and old in points.index and whole.loc[old].isna().all()
            if not joined or series.loc[old].isna().all():
                continue
            share = _share_of_old(series, new, old, item, pd.DatetimeIndex(points.columns))
            if split is points:
                split = points.copy()
            pair = split.loc[new].to_numpy(dtype=float)
            split.loc[old] = pair * share
            split.loc[new] = pair * (1 - share)
    return split


def list_joined(series: pd.DataFrame, whole: pd.DataFrame) -> pd.Index:
    """Return the predecessors whose history went to a successor."""
    had = series.index[series.notna().any(axis=1)]
    return had[whole.loc[had].isna().all(axis=1).to_numpy()]


def _share_of_old(
    series: pd.DataFrame,
    new: tuple[str, str],
    old: tuple[str, str],
    item: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> Matrix:
    master = item.set_index("item")
    launch = _months_ahead(periods[0], master["launch_date"][new[0]])
    sold = new in series.index and bool(series.loc[[new]].notna().any(axis=None))
    begins = max(launch, 0) if launch is not None and not sold else 0
    end = _months_ahead(periods[0], master["end_date"][old[0]])
    ends = begins + PHASE_MONTHS - 1 if end is None else end
    share = _last_share(series, new, old) if sold else 1.0
    ahead = np.arange(len(periods))
    line = share * (ends + 1 - ahead) / max(ends + 2 - begins, 1)
    return np.where(ahead < begins, share, np.clip(np.where(ahead > ends, 0.0, line), 0.0, 1.0))


def _last_share(series: pd.DataFrame, new: tuple[str, str], old: tuple[str, str]) -> float:
    mine, others = (float(np.nan_to_num(series.loc[[key]].to_numpy()[0, -1])) for key in (old, new))
    return mine / (mine + others) if mine + others > 0 else 0.0


def _months_ahead(first: pd.Timestamp, day: pd.Timestamp | None) -> int | None:
    if day is None or pd.isna(day):
        return None
    return int(months_between(pd.Series([first]), pd.Series([pd.Timestamp(day)])).iloc[0])
