"""What became of a sender's last numbers, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.collect.prefill import add_own, before_people, sum_leaves
from sopkit.collect.who import SENDER
from sopkit.demand.levels import LEVEL, add_family

NO_DIFFERENCE_RATE = 0.01
MIN_MONTHS = 6
PARTS = ["stream_qty", "override_qty"]


def tell_outcome(
    rows: pd.DataFrame,
    *,
    streams: pd.DataFrame,
    past_demand: pd.DataFrame,
    compared: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle: str,
) -> pd.DataFrame:
    """Follow each number a sender gave last: what was agreed, what came, who was nearer.

    Args:
        rows: ROW, what is asked for now.
        streams: contract `forecast_stream`, earlier cycles.
        past_demand: contract `consensus_demand` of the last cycle; without its own run, CELL and
            `demand_qty` of the past plan.
        compared: what `demand.compare_streams` returned; its reference stands in for a baseline
            that the last cycle did not keep.
        history: contract `demand_history`.

    Returns:
        ROW, `period`, `own_qty`, `baseline_qty` (before people), `stream_qty` (change from all
        people's forecasts), `override_qty`, `agreed_qty`, `actual_qty` (blank: not yet known),
        `own_error_qty` and `baseline_error_qty` (forecast - actual), `nearer` (own, baseline,
        same or blank); months in order, the largest actual first.

    Example:
        You 130, baseline 100, weight 0.5: agreed 115. 120 came: errors +10 and -20, nearer: own.
    """
    months = streams.loc[streams["cycle"] < cycle, "period"].drop_duplicates()
    cells = rows.merge(pd.DataFrame({"period": months}), how="cross")
    told = add_own(cells, streams, cycle).dropna(subset=["own_qty"]).reset_index(drop=True)
    for name, leaves, column in _parts_of(past_demand, history):
        told[name] = sum_leaves(told, add_family(leaves, item), column)
    known = told["period"] <= history["period"].max()
    told["actual_qty"] = told["actual_qty"].fillna(0.0).where(known)
    told = _fill_reference(told, compared, streams, cycle)
    return _compare(told)


def _parts_of(
    past_demand: pd.DataFrame, history: pd.DataFrame
) -> list[tuple[str, pd.DataFrame, str]]:
    blank = past_demand.assign(baseline_qty=np.nan, stream_qty=np.nan, override_qty=np.nan)
    full = "baseline_qty" in past_demand.columns
    parts = past_demand.assign(baseline_qty=before_people(past_demand)) if full else blank
    return [
        ("baseline_qty", parts, "baseline_qty"),
        *((name, parts, name) for name in PARTS),
        ("agreed_qty", past_demand, "demand_qty"),
        ("actual_qty", history, "actual_qty"),
    ]


def _fill_reference(
    told: pd.DataFrame, compared: pd.DataFrame, streams: pd.DataFrame, cycle: str
) -> pd.DataFrame:
    """Take the reference of the same cycle where the last cycle kept no baseline."""
    key = ["stream", *LEVEL, "period"]
    newest = compared[compared["cycle"] < cycle]
    newest = newest[newest["cycle"] == newest.groupby("stream")["cycle"].transform("max")]
    stood_in = told[key].merge(
        newest[[*key, "reference_qty"]], on=key, how="left", validate="many_to_one"
    )["reference_qty"]
    return told.assign(baseline_qty=told["baseline_qty"].fillna(stood_in))


def _compare(told: pd.DataFrame) -> pd.DataFrame:
    own = told["own_qty"] - told["actual_qty"]
    baseline = told["baseline_qty"] - told["actual_qty"]
    gain = baseline.abs() - own.abs()
    same = 1e-9 * told["actual_qty"].abs().clip(lower=1.0)
    nearer = pd.Series("same", index=told.index, dtype=object)
    nearer = nearer.mask(gain > same, "own").mask(gain < -same, "baseline").where(gain.notna(), "")
    told = told.assign(own_error_qty=own, baseline_error_qty=baseline, nearer=nearer)
    size = told["actual_qty"].fillna(told["own_qty"])
    told = told.assign(size=-size).sort_values([*SENDER, "period", "size", *LEVEL], kind="stable")
    return told.drop(columns="size").reset_index(drop=True)


def tell_weights(rows: pd.DataFrame, past_value: pd.DataFrame) -> pd.DataFrame:
    """Say what weight each sender's numbers got in the last agreed demand, and for what merit.

    A sender without a record of its own takes that of its stream.

    Args:
        rows: ROW.
        past_value: contract `stream_value` of the last cycle (without rows: none is known).

    Returns:
        SENDER, `weight_rate`, `wape_rate`, `reference_wape_rate` and `bias_used_rate` (means over
        lags, by cells), `month_count` and `verdict`; one row a sender. Verdicts: kept (it has a
        weight), refused (by the planner), too_few (months), worse, no_difference, nothing_new
        (better, but others say the same), unscored.

    Example:
        WAPE 0.16, reference 0.20 over 12 months, weight 0.5: kept.
    """
    senders = rows[SENDER].drop_duplicates().reset_index(drop=True)
    told = senders.merge(_pool(past_value, SENDER), on=SENDER, how="left", validate="one_to_one")
    whole = _pool(past_value, ["stream"])
    other = senders.merge(whole, on="stream", how="left", validate="many_to_one")
    told = told.where(told["month_count"].notna(), other)
    return told.assign(verdict=_judge(told)).drop(columns="source")


def _pool(value: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    rates = ["wape_rate", "reference_wape_rate", "bias_used_rate"]
    weighed = value.assign(**{rate: value[rate] * value["cell_count"] for rate in rates})
    pooled = weighed.groupby(by, as_index=False).agg(
        weight_rate=("weight_rate", "max"),
        month_count=("month_count", "max"),
        cell_count=("cell_count", "sum"),
        source=("source", "first"),
        **{rate: (rate, "sum") for rate in rates},
    )
    pooled[rates] = pooled[rates].div(pooled["cell_count"], axis=0)
    return pooled.drop(columns="cell_count")


def _judge(told: pd.DataFrame) -> pd.Series:
    """Say why a weight is what it is; what counts is kept, whatever the rest says."""
    lost = told["wape_rate"] - told["reference_wape_rate"]
    verdict = pd.Series("no_difference", index=told.index, dtype=object)
    verdict = verdict.mask(lost > NO_DIFFERENCE_RATE, "worse")
    verdict = verdict.mask(lost < -NO_DIFFERENCE_RATE, "nothing_new")
    verdict = verdict.mask(told["month_count"] < MIN_MONTHS, "too_few")
    verdict = verdict.mask(told["source"] == "refused", "refused")
    verdict = verdict.mask(told["weight_rate"] > 0, "kept")
    return verdict.mask(told["month_count"].isna(), "unscored")
