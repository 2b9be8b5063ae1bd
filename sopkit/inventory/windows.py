"""Forecast errors summed over the time that stock must protect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.tables import PLACE

FEW_CUTOFFS = 12
PRIOR_ERRORS = 12
EPS = 1e-9


def sum_errors(
    backtest: pd.DataFrame,
    months: float,
    *,
    starts: int | None = None,
    segment: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return forecast errors summed over so many months in a row, relative to their forecast.

    error_rate = sum of (actual - forecast) / sum of forecast, of one cutoff's months from its
    first on (what was known when the order was placed). A part w of a month has w of the month's
    mean error and sqrt(w) of what lies around that mean: bias grows with time, chance with its
    square root. The mean is the place's own, drawn towards its segment's like 12 errors.

    Args:
        backtest: contract `backtest`.
        months: how many months in a row, parts too; more than the backtest's longest lag gives
            its longest windows (the relative error is taken not to shrink beyond).
        starts: from how many lags windows begin. None: the first lag only; the first three where
            the backtest has fewer than 12 cutoffs, since few months tell less than a month's lag.
        segment: contract `segment`; None: all places are of one.

    Returns:
        `item`, `location`, `block`, `error_rate`; plus: more came than was forecast. Windows of
        a place that overlap share a block (a number). Windows without forecast are left out,
        since no ratio is known for them.

    Example:
        Forecast 100 and 100, actual 120 and 80, 2 months: error_rate 0. One month: 0.2 (and from
        the second lag -0.2).
    """
    windows, part = _cut_windows(backtest, months, starts)
    if windows.empty:
        return windows[[*PLACE, "block"]].assign(error_rate=pd.Series(dtype=float))
    mean = _mean_rates(windows, segment) * windows["last_forecast"]
    last = part * mean + np.sqrt(part) * (windows["last_error"] - mean)
    forecast = windows["full_forecast"] + part * windows["last_forecast"]
    known = (forecast > EPS).to_numpy()
    rate = (windows["full_error"] + last) / forecast.where(known)
    return windows[[*PLACE, "block"]].assign(error_rate=rate)[known].reset_index(drop=True)


def _cut_windows(
    backtest: pd.DataFrame, months: float, starts: int | None
) -> tuple[pd.DataFrame, float]:
    """Return sums over the whole months and the last month of each window, and the last's part."""
    rows = backtest[[*PLACE, "cutoff", "lag"]].assign(
        error=backtest["actual_qty"] - backtest["forecast_qty"], forecast=backtest["forecast_qty"]
    )
    if rows.empty:
        names = ["full_error", "full_forecast", "last_error", "last_forecast"]
        return pd.DataFrame(columns=[*PLACE, "block", *names]).astype(
            dict.fromkeys(names, float)
        ), 1.0
    longest = int(rows["lag"].max()) + 1
    wide = rows.pivot(index=[*PLACE, "cutoff"], columns="lag", values=["error", "forecast"])
    columns = pd.MultiIndex.from_product([["error", "forecast"], range(longest)])
    both = wide.reindex(columns=columns).to_numpy(float)
    error, forecast = both[:, :longest], both[:, longest:]
    span = min(max(months, EPS), float(longest))
    whole = int(np.ceil(span - EPS)) - 1
    count = starts or (1 if rows["cutoff"].nunique() >= FEW_CUTOFFS else 3)
    keys = wide.index.to_frame(index=False)
    month = keys["cutoff"].dt.year * 12 + keys["cutoff"].dt.month
    keys = keys[PLACE].assign(block=month // (whole + 1))
    parts = [
        keys.assign(
            full_error=error[:, at : at + whole].sum(axis=1),
            full_forecast=forecast[:, at : at + whole].sum(axis=1),
            last_error=error[:, at + whole],
            last_forecast=forecast[:, at + whole],
        )
        for at in range(min(count, longest - whole))
    ]
    return pd.concat(parts, ignore_index=True).dropna(ignore_index=True), span - whole


def _mean_rates(windows: pd.DataFrame, segment: pd.DataFrame | None) -> pd.Series:
    """Return the mean relative error of each window's place, drawn towards its segment's."""
    kin = name_segments(windows[PLACE], segment)
    sums = windows[["last_error", "last_forecast"]]
    by_kin = sums.groupby(kin.to_numpy()).transform("sum")
    by_place = sums.groupby([windows["item"], windows["location"]]).transform("sum")
    count = sums.groupby([windows["item"], windows["location"]])["last_error"].transform("size")
    of_kin = by_kin["last_error"] / by_kin["last_forecast"].where(by_kin["last_forecast"] > EPS)
    own = by_place["last_error"] / by_place["last_forecast"].where(by_place["last_forecast"] > EPS)
    of_kin, weight = of_kin.fillna(0.0), count / (count + PRIOR_ERRORS)
    return weight * own.fillna(of_kin) + (1 - weight) * of_kin


def name_segments(places: pd.DataFrame, segment: pd.DataFrame | None) -> pd.Series:
    """Return each row's segment, `abc pattern`; places without one share `none`."""
    if segment is None:
        return pd.Series("none", index=places.index)
    names = segment["abc"].astype(str) + " " + segment["pattern"].astype(str)
    told = segment[PLACE].assign(segment=names)
    found = places[PLACE].merge(told, on=PLACE, how="left", validate="many_to_one")["segment"]
    return found.fillna("none").set_axis(places.index)
