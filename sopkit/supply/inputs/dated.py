"""Look-ups in tables whose rows hold from a date on, or for every location or customer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.tables import ALL


def value_on(
    keys: pd.DataFrame, dated: pd.DataFrame, column: str, on: list[str], other: str
) -> pd.Series:
    """Return the value that holds for each key in its period.

    The row that started last wins; before the first start the first row stands in. A row for the
    code itself wins over a row for `all`.

    Args:
        keys: the columns `on` and `period`; any index.
        dated: `on`, `start_date` and `column`.
        other: the column of `on` that may hold `all`.

    Returns:
        The values in the order of `keys`, blank where no row fits.

    Example:
        Prices 10 from January and 12 from June: May finds 10, July 12.
    """
    own = _value_of(keys, dated, column, on)
    pooled = _value_of(keys.assign(**{other: ALL}), dated, column, on)
    return own.fillna(pooled)


def _value_of(keys: pd.DataFrame, dated: pd.DataFrame, column: str, on: list[str]) -> pd.Series:
    """Return the value of the last row to have started, else of the first to start; exact codes.

    Keys and dates become numbers, group x dates + date, so that both searches are one array call
    for all keys (a merge per direction takes six times as long).
    """
    nothing = pd.Series(float("nan"), index=keys.index)
    if dated.empty or keys.empty:
        return nothing
    asked_group, group = _number_groups(keys, dated, on)
    asked_at, at, dates = _number_dates(keys["period"], dated["start_date"])
    order = np.lexsort((at, group))
    started = (group * dates + at)[order]
    asked = asked_group * dates + asked_at
    group, values = group[order], dated[column].to_numpy(float, na_value=np.nan)[order]
    before = np.searchsorted(started, asked, side="right") - 1
    after = np.searchsorted(started, asked, side="left")
    last, first = (_take(values, group, row, asked_group) for row in (before, after))
    return pd.Series(np.where(np.isnan(last), first, last), index=keys.index)


def _number_groups(
    keys: pd.DataFrame, dated: pd.DataFrame, on: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for each combination of codes, the same in both frames."""
    numbers = np.zeros(len(keys) + len(dated), dtype=np.int64)
    for name in on:
        both = np.concatenate([keys[name].to_numpy(object), dated[name].to_numpy(object)])
        codes, known = pd.factorize(both, use_na_sentinel=False)
        numbers = numbers * len(known) + codes
    return numbers[: len(keys)], numbers[len(keys) :]


def _number_dates(asked: pd.Series, given: pd.Series) -> tuple[np.ndarray, np.ndarray, int]:
    """Return a rising number for each date, the same in both series, and how many there are."""
    both = np.concatenate([one.to_numpy("datetime64[ns]") for one in (asked, given)])
    codes, dates = pd.factorize(both, sort=True)
    return codes[: len(asked)], codes[len(asked) :], len(dates)


def _take(
    values: np.ndarray, group: np.ndarray, row: np.ndarray, asked_group: np.ndarray
) -> np.ndarray:
    """Return the values of the rows that belong to the group asked for; blank for the others."""
    inside = np.clip(row, 0, len(values) - 1)
    fits = (row == inside) & (group[inside] == asked_group)
    return np.where(fits, values[inside], np.nan)
