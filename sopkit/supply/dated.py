"""Look-ups in tables whose rows hold from a date on, or for every location or customer."""

from __future__ import annotations

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
    rows = dated[[*on, "start_date", column]].sort_values("start_date", kind="stable")
    asked = keys[[*on, "period"]].reset_index(drop=True).reset_index(names="_row")
    if rows.empty or asked.empty:
        return pd.Series(float("nan"), index=keys.index)
    kinds = dict.fromkeys(on, "object")
    rows = rows.astype({**kinds, "start_date": "datetime64[ns]"})
    asked = asked.astype({**kinds, "period": "datetime64[ns]"}).sort_values("period", kind="stable")
    found = {
        direction: pd.merge_asof(
            asked, rows, left_on="period", right_on="start_date", by=on, direction=direction
        ).set_index("_row")[column]
        for direction in ("backward", "forward")
    }
    values = found["backward"].fillna(found["forward"]).sort_index()
    return pd.Series(values.to_numpy(float), index=keys.index)
