"""People's forecasts: what they were worth, and what that lets them change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.backtest import forecast_naive
from sopkit.demand.damped import find_season, forecast_damped
from sopkit.demand.levels import LEVEL, add_family, group_by_level, match_leaves, recent_demand
from sopkit.demand.series import blank_before_start
from sopkit.periods import months_between, to_cycle_period
from sopkit.tables import CELL, LEAF
from sopkit.tables.panel import to_long, to_panel, until

EXPECTED = ["baseline_qty", "event_qty", "pipeline_qty"]
STREAM_CELL = ["stream", "owner", "lag", "cycle", *LEVEL, "period"]
OWNER = ["stream", "owner"]
COMPARED = [*STREAM_CELL, "forecast_qty", "reference_qty", "actual_qty", "basis"]


def compare_streams(
    forecast_stream: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    *,
    reference: str = "statistical",
    past_baseline: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set every past number of every stream beside what came, and beside a reference.

    Each row is compared at the level at which it was given. The reference is what the baseline
    said in the row's cycle, where that is known, else what it would have said, the quick way, from
    the months before the cycle alone: `statistical` is season x damped trend on the history of
    that very cell, `naive` the same month a year ago.

    Args:
        forecast_stream: contract `forecast_stream`.
        history: contract `demand_history`.
        item: contract `item`.
        past_baseline: `cycle`, `item`, `location`, `period`, `baseline_qty` (and `customer`) of
            past cycles: `c.read_past("baseline")`, or a backtest with the month after its cutoff
            as cycle.

    Returns:
        `stream`, `owner`, `lag` (0: the cycle's own month), `cycle`, LEVEL, `period`,
        `forecast_qty`, `reference_qty`, `actual_qty`, `basis` of the reference (baseline, or
        quick); months not yet known are left out.

    Example:
        Cycle 2026-01 said 90 for February, 100 came: lag 1, forecast 90, actual 100.
    """
    rows = add_lag(forecast_stream)
    if history.empty:
        return nothing_compared()
    past = rows[(rows["period"] <= history["period"].max()) & (rows["lag"] >= 0)]
    leaves = add_family(history, item)
    said = None if past_baseline is None else add_family(past_baseline, item)
    compared = [
        _compare_level(part, leaves, said, named, reference) for named, part in group_by_level(past)
    ]
    if not compared:
        return nothing_compared()
    return pd.concat(compared)[COMPARED].sort_values(STREAM_CELL, kind="stable", ignore_index=True)


def nothing_compared() -> pd.DataFrame:
    """Return what `compare_streams` returns, without rows, with the kinds of its columns."""
    kinds = {name: "float64" for name in COMPARED if name.endswith("_qty")}
    kinds |= {"lag": "int64", "period": "datetime64[ns]"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in COMPARED})


def add_lag(forecast_stream: pd.DataFrame) -> pd.DataFrame:
    """Return stream rows with `lag` and a name in `owner` (the stream's, where blank)."""
    cycles = {name: to_cycle_period(name) for name in forecast_stream["cycle"].unique()}
    given = pd.to_datetime(forecast_stream["cycle"].map(cycles))
    owner = forecast_stream["owner"].fillna(forecast_stream["stream"])
    return forecast_stream.assign(lag=months_between(given, forecast_stream["period"]), owner=owner)


def _compare_level(
    rows: pd.DataFrame,
    leaves: pd.DataFrame,
    said: pd.DataFrame | None,
    named: list[str],
    reference: str,
) -> pd.DataFrame:
    level = named or ["everything"]
    panel = to_panel(leaves.assign(everything="all"), level, "actual_qty").fillna(0.0)
    rows = rows.assign(everything="all")
    actual = to_long(panel, level, "actual_qty")
    scored = rows.merge(actual, on=[*level, "period"], how="left", validate="many_to_one")
    scored = _add_said(scored, said, level)
    expected = []
    for cycle, part in scored[scored["said_qty"].isna()].groupby("cycle", sort=True):
        known = until(panel, to_cycle_period(str(cycle)) - pd.DateOffset(months=1))
        if known.shape[1]:
            ahead = forecast_reference(known, int(part["lag"].max()) + 1, reference)
            expected.append(to_long(ahead, level, "quick_qty").assign(cycle=cycle))
    if expected:
        key = [*level, "cycle", "period"]
        scored = scored.merge(pd.concat(expected), on=key, how="left", validate="many_to_one")
    else:
        scored = scored.assign(quick_qty=np.nan)
    scored["basis"] = np.where(scored["said_qty"].notna(), "baseline", "quick")
    scored["reference_qty"] = scored["said_qty"].fillna(scored["quick_qty"])
    return scored.dropna(subset=["reference_qty"]).fillna({"actual_qty": 0.0})


def _add_said(scored: pd.DataFrame, said: pd.DataFrame | None, level: list[str]) -> pd.DataFrame:
    """Add `said_qty`, the past baseline summed to the level; blank where it is not known."""
    if said is None or said.empty or not set(level) <= {*said.columns, "everything"}:
        return scored.assign(said_qty=np.nan)
    key = [*level, "cycle", "period"]
    sums = said.assign(everything="all").groupby(key, as_index=False)[["baseline_qty"]].sum()
    sums = sums.rename(columns={"baseline_qty": "said_qty"})
    return scored.merge(sums, on=key, how="left", validate="many_to_one")


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


def apply_streams(
    baseline: pd.DataFrame,
    forecast_stream: pd.DataFrame,
    rule: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle: str,
) -> pd.DataFrame:
    """Draw the baseline towards this cycle's streams that have earned a weight.

    Change of a cell = weight x (number / (1 + bias) - expected of the cell), where expected is the
    baseline with events and pipeline, as far as the columns are there; it is split to the cell's
    leaves by that expectation (by the last year's demand where it is 0). Where several streams
    speak of one leaf, their weights sum to at most 1.

    Args:
        baseline: contract `baseline`, with `event_qty` and `pipeline_qty` where there are any.
        forecast_stream: contract; only rows of `cycle` are used.
        rule: what `learn_weights` returned: `stream`, `owner`, `weight_rate`, and by `lag`
            `bias_used_rate` (a lag never seen takes that of the one before it).

    Returns:
        The rows of `baseline` with `stream_qty`; expected + stream_qty >= 0.

    Example:
        Baseline 100, stream 140, weight 0.5: stream_qty is +20. With a bias of 40 %: 0.
    """
    now = add_lag(forecast_stream[forecast_stream["cycle"] == cycle])
    rule = lend_rule(rule, now)
    weights = rule.groupby(["stream", "owner"], as_index=False)["weight_rate"].max()
    now = now.merge(weights, on=["stream", "owner"], how="inner", validate="many_to_one")
    now = now[now["weight_rate"] > 0].reset_index(drop=True)
    if now.empty or baseline.empty:
        return baseline.assign(stream_qty=0.0)
    freed = now["forecast_qty"] / (1 + _find_bias(now, rule))
    cells = now[[*LEVEL, "period", "weight_rate"]].assign(cell=now.index, freed_qty=freed)
    parts = [name for name in EXPECTED if name in baseline.columns]
    expected = baseline[parts].sum(axis=1).clip(lower=0.0)
    leaves = add_family(baseline[CELL].assign(expected_qty=expected), item)
    leaves = leaves.merge(
        recent_demand(history),
        on=LEAF,
        how="left",
        validate="many_to_one",
    ).fillna({"recent_qty": 0.0})
    matched = match_leaves(cells, leaves)
    wanted = matched["freed_qty"] * _share_of_cell(matched) - matched["expected_qty"]
    matched["change"] = matched["weight_rate"] * wanted
    summed = matched.groupby(CELL, as_index=False)[["change", "weight_rate"]].sum()
    summed["stream_qty"] = summed["change"] / np.maximum(summed["weight_rate"], 1.0)
    told = baseline.merge(
        summed[[*CELL, "stream_qty"]], on=CELL, how="left", validate="one_to_one"
    ).fillna({"stream_qty": 0.0})
    return told.assign(stream_qty=np.maximum(told["stream_qty"], -expected.to_numpy()))


def lend_rule(rule: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Give owners without a past of their own the mean rule of their stream.

    So a stream that was one owner's until now, and is given by several, keeps its say.

    Example:
        Stream sales of the head of sales has weight 0.4; a region's first number gets 0.4 too.
    """
    if rule.empty or now.empty:
        return rule
    known = pd.MultiIndex.from_frame(rule[OWNER])
    asked = now[OWNER].drop_duplicates()
    newcomers = asked[~pd.MultiIndex.from_frame(asked).isin(known)]
    rates = [name for name in ("weight_rate", "bias_used_rate") if name in rule.columns]
    by = [name for name in ("stream", "lag") if name in rule.columns]
    mean = rule.groupby(by, as_index=False)[rates].mean()
    lent = newcomers.merge(mean, on="stream", how="inner")
    return pd.concat([rule, lent], ignore_index=True) if len(lent) else rule


def _find_bias(now: pd.DataFrame, rule: pd.DataFrame) -> np.ndarray:
    """Return the bias to take off each row: of its stream, owner and lag, or the nearest lag."""
    if "bias_used_rate" not in rule.columns:
        return np.zeros(len(now))
    by_lag = rule.pivot(index=["stream", "owner"], columns="lag", values="bias_used_rate")
    lags = range(int(max(by_lag.columns.max(), now["lag"].max())) + 1)
    filled = by_lag.reindex(columns=lags).ffill(axis=1).bfill(axis=1).stack()
    asked = pd.MultiIndex.from_frame(now[["stream", "owner", "lag"]])
    return filled.reindex(asked).fillna(0.0).to_numpy()


def _share_of_cell(matched: pd.DataFrame) -> pd.Series:
    sums = matched.groupby("cell")[["expected_qty", "recent_qty"]].transform("sum")
    count = matched.groupby("cell")["cell"].transform("size")
    by_history = (matched["recent_qty"] / sums["recent_qty"].where(sums["recent_qty"] > 0)).fillna(
        1.0 / count
    )
    by_expected = matched["expected_qty"] / sums["expected_qty"].where(sums["expected_qty"] > 0)
    return by_expected.fillna(by_history)
