"""What deserves a look: a short list, dearest first, each row with its reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import add_months
from sopkit.tables import ALL, PLACE, TABLES
from sopkit.tables.panel import to_panel

LOOK_MONTHS = 6
LIMIT = 20
BREAK_RATE, BREAK_SPREADS = 0.2, 3.0
REPEATS = pd.Series(
    {
        "surprise": 3,
        "broken": 6,
        "error": 6,
        "change": 1,
        "streams": 1,
        "new": 1,
        "ending": 1,
    }
)


def rank_for_review(
    demand: pd.DataFrame,
    history: pd.DataFrame,
    backtest: pd.DataFrame,
    last_plan: pd.DataFrame,
    segment: pd.DataFrame,
    worth: pd.DataFrame,
    *,
    forecast_stream: pd.DataFrame | None = None,
    item: pd.DataFrame | None = None,
    limit: int = LIMIT,
) -> pd.DataFrame:
    """List the item-locations where a person's look is worth most, dearest first.

    Each row stands for its largest reason, in units of the next six months (never more than
    their demand), times what a unit is worth:

    - surprise: last month's actual - the last plan for it, three times: it may last half the time
    - broken: the last three months against a year ago, beyond what the year before them had
      promised and beyond three times its usual scatter, six times
    - error: what the backtest missed a month beyond the usual rate of error, six times
    - change: demand - last cycle's, in the months both cover
    - streams: half of the distance between the highest and the lowest forecast of people
    - new: half of the demand of an item that rests on another one's history
    - ending: half of the demand of an item whose last day of sale lies in the next 12 months

    Args:
        worth: `item`, `unit_value`; an item that lacks takes the median.
        segment: contract `segment`, for the pattern.
        forecast_stream: people's forecasts of this cycle; only those for an item at a location (or
            a customer of it) are compared.
        item: contract `item`, for last days of sale.

    Returns:
        Contract `look`: `rank`, `item`, `location`, `reason`, `demand_qty` (six months),
        `seen_qty` (what was seen, signed: plus is more demand), `look_qty`, `look_value`; at most
        `limit` rows.
    """
    first = demand["period"].min()
    ahead = demand[demand["period"] < add_months(first, LOOK_MONTHS)]
    total = ahead.groupby(PLACE)[["demand_qty", "stream_qty"]].sum()
    half = total["demand_qty"] / 2
    seen = pd.DataFrame(
        {
            "surprise": _find_surprise(history, last_plan, first),
            "broken": _find_broken(history),
            "error": _find_excess_error(backtest),
            "change": _find_change(ahead, last_plan),
            "streams": _find_disagreement(total, forecast_stream, first),
            "new": half.where(_find_new(segment, total.index), 0.0),
            "ending": -half.where(_find_ending(item, total.index, first), 0.0),
        }
    )
    seen = seen.reindex(total.index).astype(float).fillna(0.0)
    at_stake = (seen.abs() * REPEATS).clip(upper=total["demand_qty"], axis=0)
    reason = at_stake.idxmax(axis=1)
    rows = total[["demand_qty"]].assign(
        reason=reason,
        seen_qty=seen.where(seen.columns.to_numpy() == reason.to_numpy()[:, None]).sum(axis=1),
        look_qty=at_stake.max(axis=1),
    )
    rows = rows.reset_index().merge(worth, on="item", how="left", validate="many_to_one")
    usual = worth["unit_value"].median() if len(worth) else 0.0
    rows["look_value"] = rows["look_qty"] * rows["unit_value"].fillna(usual)
    ranked = rows[rows["look_value"] > 0].sort_values(
        ["look_value", *PLACE], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    ranked = ranked.head(limit)
    return ranked.assign(rank=np.arange(1, len(ranked) + 1))[TABLES["look"].column_names]


def list_recent(history: pd.DataFrame, places: pd.DataFrame, months: int = 24) -> list[list[float]]:
    """Return the last months of actual demand of each item-location, oldest first."""
    panel = to_panel(history, PLACE, "actual_qty").fillna(0.0).iloc[:, -months:]
    keys = pd.MultiIndex.from_frame(places[PLACE])
    return [[float(one) for one in row] for row in panel.reindex(keys).fillna(0.0).to_numpy()]


def _find_new(segment: pd.DataFrame, places: pd.Index) -> pd.Series:
    pattern = segment.set_index(PLACE)["pattern"].reindex(places)
    return pattern.isna() | pattern.eq("new")


def _find_ending(item: pd.DataFrame | None, places: pd.Index, first: pd.Timestamp) -> pd.Series:
    if item is None:
        return pd.Series(False, index=places)
    end = item.set_index("item")["end_date"].reindex(places.get_level_values("item"))
    return pd.Series(end.between(first, add_months(first, 12)).to_numpy(), index=places)


def _find_surprise(
    history: pd.DataFrame, last_plan: pd.DataFrame, first: pd.Timestamp
) -> pd.Series:
    month = add_months(first, -1)
    came = history[history["period"] == month].groupby(PLACE)["actual_qty"].sum()
    plan = last_plan[last_plan["period"] == month].groupby(PLACE)["demand_qty"].sum()
    return came.sub(plan, fill_value=0.0) if len(plan) else 0.0 * came


def _find_broken(history: pd.DataFrame) -> pd.Series:
    """Return the change a month of places whose last three months left their path."""
    panel = to_panel(history, PLACE, "cleaned_qty").fillna(0.0)
    if panel.shape[1] < 27:
        return pd.Series(0.0, index=panel.index)
    late, before = panel.iloc[:, -3:], panel.iloc[:, -12:-3]
    late_ago, before_ago = panel.iloc[:, -15:-12], panel.iloc[:, -24:-15]
    growth = before.sum(axis=1) / before_ago.sum(axis=1).where(before_ago.sum(axis=1) > 0)
    expected = late_ago.sum(axis=1) * growth
    ratio = np.log(before.clip(lower=1e-9).to_numpy() / before_ago.clip(lower=1e-9).to_numpy())
    middle = np.median(ratio, axis=1, keepdims=True)
    scatter = 1.4826 * np.median(np.abs(ratio - middle), axis=1) / np.sqrt(3)
    change = late.sum(axis=1).clip(lower=1e-9) / expected.where(expected > 0)
    moved = np.abs(np.log(change.to_numpy(dtype=float)))
    broken = moved > np.maximum(BREAK_SPREADS * scatter, np.log(1 + BREAK_RATE))
    return ((late.sum(axis=1) - expected) / 3).where(broken, 0.0).fillna(0.0)


def _find_disagreement(
    total: pd.DataFrame, forecast_stream: pd.DataFrame | None, first: pd.Timestamp
) -> pd.Series:
    if forecast_stream is None or forecast_stream.empty:
        return total["stream_qty"]
    rows = forecast_stream[(forecast_stream[["item", "location"]] != ALL).all(axis=1)]
    rows = rows[rows["period"].between(first, add_months(first, LOOK_MONTHS - 1))]
    sums = rows.groupby(["stream", *PLACE])["forecast_qty"].sum()
    sides = sums.groupby(level=PLACE)
    return (sides.max() - sides.min()) / 2


def _find_change(ahead: pd.DataFrame, last_plan: pd.DataFrame) -> pd.Series:
    both = sorted(set(ahead["period"]) & set(last_plan["period"]))
    now = ahead[ahead["period"].isin(both)].groupby(PLACE)["demand_qty"].sum()
    then = last_plan[last_plan["period"].isin(both)].groupby(PLACE)["demand_qty"].sum()
    return now.sub(then, fill_value=0.0) if len(then) else 0.0 * now


def _find_excess_error(backtest: pd.DataFrame) -> pd.Series:
    missed = (backtest["forecast_qty"] - backtest["actual_qty"]).abs()
    usual = missed.sum() / max(backtest["actual_qty"].sum(), 1e-12)
    beyond = missed - usual * backtest["actual_qty"]
    return beyond.groupby([backtest[name] for name in PLACE]).mean().clip(lower=0.0)
