"""People's forecasts: what they were worth, and what that lets them change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.backtest import forecast_naive
from sopkit.demand.damped import find_season, forecast_damped
from sopkit.demand.levels import LEVEL, add_family, group_by_level, match_leaves, recent_demand
from sopkit.demand.series import blank_before_start
from sopkit.periods import months_between, to_cycle_period
from sopkit.tables import CELL
from sopkit.tables.panel import to_long, to_panel, until

MIN_MONTHS = 6
NO_DIFFERENCE_RATE = 0.01
STREAM_CELL = ["stream", "owner", "lag", "cycle", *LEVEL, "period"]


def compare_streams(
    forecast_stream: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    *,
    reference: str = "statistical",
) -> pd.DataFrame:
    """Set every past number of every stream beside what came, and beside a reference.

    Each row is compared at the level at which it was given. The reference knows only the months
    before the row's cycle: `statistical` is season x damped trend on the history of that very
    cell, `naive` the same month a year ago.

    Args:
        forecast_stream: contract `forecast_stream`.
        history: contract `demand_history`.
        item: contract `item`.

    Returns:
        `stream`, `owner`, `lag` (0: the cycle's own month), `cycle`, LEVEL, `period`,
        `forecast_qty`, `reference_qty`, `actual_qty`; months not yet known are left out.

    Example:
        Cycle 2026-01 said 90 for February, 100 came: lag 1, forecast 90, actual 100.
    """
    rows = add_lag(forecast_stream)
    if history.empty:
        return rows.iloc[:0].assign(reference_qty=[], actual_qty=[])
    past = rows[(rows["period"] <= history["period"].max()) & (rows["lag"] >= 0)]
    leaves = add_family(history, item)
    compared = [
        _compare_level(part, leaves, named, reference) for named, part in group_by_level(past)
    ]
    columns = [*STREAM_CELL, "forecast_qty", "reference_qty", "actual_qty"]
    if not compared:
        return pd.DataFrame(columns=columns)
    return pd.concat(compared)[columns].sort_values(STREAM_CELL, kind="stable", ignore_index=True)


def add_lag(forecast_stream: pd.DataFrame) -> pd.DataFrame:
    """Return stream rows with `lag` and a name in `owner` (the stream's, where blank)."""
    cycles = {name: to_cycle_period(name) for name in forecast_stream["cycle"].unique()}
    given = pd.to_datetime(forecast_stream["cycle"].map(cycles))
    owner = forecast_stream["owner"].fillna(forecast_stream["stream"])
    return forecast_stream.assign(lag=months_between(given, forecast_stream["period"]), owner=owner)


def _compare_level(
    rows: pd.DataFrame, leaves: pd.DataFrame, named: list[str], reference: str
) -> pd.DataFrame:
    level = named or ["everything"]
    panel = to_panel(leaves.assign(everything="all"), level, "actual_qty").fillna(0.0)
    rows = rows.assign(everything="all")
    actual = to_long(panel, level, "actual_qty")
    scored = rows.merge(actual, on=[*level, "period"], how="left", validate="many_to_one")
    expected = []
    for cycle, part in rows.groupby("cycle", sort=True):
        known = until(panel, to_cycle_period(str(cycle)) - pd.DateOffset(months=1))
        if known.shape[1]:
            ahead = forecast_reference(known, int(part["lag"].max()) + 1, reference)
            expected.append(to_long(ahead, level, "reference_qty").assign(cycle=cycle))
    if not expected:
        return scored.iloc[:0].assign(reference_qty=[])
    scored = scored.merge(
        pd.concat(expected), on=[*level, "cycle", "period"], how="inner", validate="many_to_one"
    )
    return scored.fillna({"actual_qty": 0.0}).drop(columns="everything")


def forecast_reference(known: pd.DataFrame, horizon: int, reference: str) -> pd.DataFrame:
    """Forecast the months after a panel's last one, the quick way; silent series stay 0."""
    first = pd.Timestamp(known.columns[-1]) + pd.DateOffset(months=1)
    periods = pd.date_range(first, periods=horizon, freq="MS", name="period")
    if reference == "naive":
        return forecast_naive(known, periods).fillna(0.0)
    series = blank_before_start(known)
    alive = series.notna().any(axis=1).to_numpy()
    points = np.zeros((len(series), horizon))
    values = series.to_numpy(dtype=float)[alive]
    if len(values):
        points[alive] = forecast_damped(values, horizon, find_season(values))
    return pd.DataFrame(points, index=known.index, columns=periods)


def weigh_streams(
    value: pd.DataFrame, stream_weight: float, *, min_months: int = MIN_MONTHS
) -> pd.DataFrame:
    """Give each stream and owner its weight in consensus demand: `stream_weight`, or nothing.

    A stream counts when its value added, over all lags weighted by cells, is above one point of
    WAPE (less is no difference) and was measured in at least `min_months` months.

    Args:
        value: contract `stream_value`, `weight_rate` not needed.
        stream_weight: 0 ignores people, 1 follows them instead of the baseline.

    Example:
        Value added 0.04 over 12 months, stream_weight 0.5: weight 0.5. Value added -0.02: 0.
    """
    if value.empty:
        return value.assign(weight_rate=pd.Series(dtype=float))
    owner = [value["stream"], value["owner"]]
    cells = value["cell_count"].groupby(owner).transform("sum")
    pooled = (value["value_added_rate"] * value["cell_count"]).groupby(owner).transform(
        "sum"
    ) / cells
    months = value["month_count"].groupby(owner).transform("max")
    earns = (pooled > NO_DIFFERENCE_RATE) & (months >= min_months)
    return value.assign(weight_rate=np.where(earns, stream_weight, 0.0))


def apply_streams(
    baseline: pd.DataFrame,
    forecast_stream: pd.DataFrame,
    stream_value: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle: str,
) -> pd.DataFrame:
    """Draw the baseline towards this cycle's streams that have earned a weight.

    Change of a cell = weight x (stream - baseline of the cell), split to its leaves by the
    baseline (by the last year's demand where that is 0). Where several streams speak of one leaf,
    their weights sum to at most 1.

    Args:
        baseline: contract `baseline`.
        forecast_stream: contract; only rows of `cycle` are used.
        stream_value: what `weigh_streams` returned.

    Returns:
        The rows of `baseline` with `stream_qty`; baseline_qty + stream_qty >= 0.

    Example:
        Baseline 100, stream 140, weight 0.5: stream_qty is +20.
    """
    weights = stream_value.groupby(["stream", "owner"], as_index=False)["weight_rate"].max()
    now = add_lag(forecast_stream[forecast_stream["cycle"] == cycle])
    now = now.merge(weights, on=["stream", "owner"], how="inner", validate="many_to_one")
    now = now[now["weight_rate"] > 0].reset_index(drop=True)
    if now.empty or baseline.empty:
        return baseline.assign(stream_qty=0.0)
    cells = now[[*LEVEL, "period", "forecast_qty", "weight_rate"]].assign(cell=now.index)
    leaves = add_family(baseline[[*CELL, "baseline_qty"]], item)
    leaves = leaves.merge(
        recent_demand(history),
        on=["item", "location", "customer"],
        how="left",
        validate="many_to_one",
    ).fillna({"recent_qty": 0.0})
    matched = match_leaves(cells, leaves)
    wanted = matched["forecast_qty"] * _share_of_cell(matched) - matched["baseline_qty"]
    matched["change"] = matched["weight_rate"] * wanted
    summed = matched.groupby(CELL, as_index=False)[["change", "weight_rate"]].sum()
    summed["stream_qty"] = summed["change"] / np.maximum(summed["weight_rate"], 1.0)
    told = baseline.merge(
        summed[[*CELL, "stream_qty"]], on=CELL, how="left", validate="one_to_one"
    ).fillna({"stream_qty": 0.0})
    return told.assign(stream_qty=np.maximum(told["stream_qty"], -told["baseline_qty"]))


def _share_of_cell(matched: pd.DataFrame) -> pd.Series:
    sums = matched.groupby("cell")[["baseline_qty", "recent_qty"]].transform("sum")
    count = matched.groupby("cell")["cell"].transform("size")
    by_history = (matched["recent_qty"] / sums["recent_qty"].where(sums["recent_qty"] > 0)).fillna(
        1.0 / count
    )
    by_baseline = matched["baseline_qty"] / sums["baseline_qty"].where(sums["baseline_qty"] > 0)
    return by_baseline.fillna(by_history)
