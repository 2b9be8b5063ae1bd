"""Tables for the demand meeting: comparisons, portfolio, and what deserves a look."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.demand.levels import add_family
from sopkit.periods import add_months
from sopkit.tables import CELL, PLACE
from sopkit.tables.panel import to_panel

LOOK_MONTHS = 6
LIMIT = 20
REPEATS = pd.Series({"surprise": 3, "error": 6, "change": 1, "streams": 1, "new": 1})


def find_last_plan(past: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return the agreed demand of the newest cycle before this one, as CELL and `demand_qty`.

    Args:
        past: contract `past_plan`, or an earlier cycle's demand with a column `cycle`.
    """
    earlier = past[past["cycle"] < cycle]
    newest = earlier[earlier["cycle"] == earlier["cycle"].max()]
    return newest[[*CELL, "demand_qty"]].reset_index(drop=True)


def shift_year(history: pd.DataFrame) -> pd.DataFrame:
    """Return the actuals of a year ago at the months they are compared with."""
    period = history["period"] + pd.DateOffset(months=12)
    return history.assign(period=period)[[*CELL, "actual_qty"]]


def compare_demand(
    demand: pd.DataFrame,
    others: Mapping[str, tuple[pd.DataFrame, str]],
    item: pd.DataFrame,
    by: list[str],
    months: int = 12,
) -> pd.DataFrame:
    """Set the demand of the coming months beside other numbers for the same months.

    A comparison uses only months that the other number covers; item-locations that one side
    lacks count 0 there.

    Args:
        demand: contract `consensus_demand`.
        others: for a name, a frame with `item`, `period` and the column that holds the quantity.
        by: `family`, `location`, ...; empty for the total.
        months: months compared, the first planned one first.

    Returns:
        `by`, `demand_qty` and, for each name, `<name>_qty`, `<name>_change_qty` (demand less the
        other, in the months of both), `<name>_change_rate` and `<name>_month_count`.

    Example:
        Demand 110 and last year 100: change 10, rate 0.1.
    """
    first = demand["period"].min()
    last = add_months(first, months - 1)
    ahead = add_family(demand[demand["period"] <= last], item)
    ahead = ahead.assign(everything="all")
    key = by or ["everything"]
    told = ahead.groupby(key, as_index=False).agg(demand_qty=("demand_qty", "sum"))
    for name, (other, column) in others.items():
        covered = other[other["period"].between(first, last)]
        same = ahead[ahead["period"].isin(covered["period"].unique())]
        sides = [
            same.groupby(key).agg(mine=("demand_qty", "sum")),
            add_family(covered, item)
            .assign(everything="all")
            .groupby(key)
            .agg(theirs=(column, "sum")),
        ]
        both = pd.concat(sides, axis=1).astype(float).fillna(0.0)
        change = both["mine"] - both["theirs"]
        side = (
            pd.DataFrame(
                {
                    f"{name}_qty": both["theirs"],
                    f"{name}_change_qty": change,
                    f"{name}_change_rate": change / both["theirs"].where(both["theirs"] > 0),
                    f"{name}_month_count": covered["period"].nunique(),
                }
            )
            .rename_axis(key)
            .reset_index()
        )
        told = told.merge(side, on=key, how="outer", validate="one_to_one")
        none = dict.fromkeys(["demand_qty", f"{name}_qty", f"{name}_month_count"], 0.0)
        told = told.fillna(none)
    return told.drop(columns="everything", errors="ignore")


def stack_months(
    parts: Mapping[str, tuple[pd.DataFrame, str]], item: pd.DataFrame, by: list[str]
) -> pd.DataFrame:
    """Sum several tables by month, side by side; months a table lacks are blank.

    Args:
        parts: for a column's name, a frame with `item`, `period` and the column to sum.
        by: `family`, ...; empty for the total.

    Returns:
        `by`, `period` and one column for each part, sorted.
    """
    key = [*by, "period"]
    sums = [
        add_family(frame, item).groupby(key)[column].sum().astype(float).rename(name)
        for name, (frame, column) in parts.items()
        if len(frame)
    ]
    wide = pd.concat(sums, axis=1).rename_axis(key).reset_index()
    return wide.reindex(columns=[*key, *parts]).sort_values(key, kind="stable", ignore_index=True)


def rank_for_review(
    demand: pd.DataFrame,
    history: pd.DataFrame,
    backtest: pd.DataFrame,
    last_plan: pd.DataFrame,
    segment: pd.DataFrame,
    worth: pd.DataFrame,
    *,
    limit: int = LIMIT,
) -> pd.DataFrame:
    """List the item-locations where a person's look is worth most, dearest first.

    Each row stands for its largest reason, in units of the next six months (never more than
    their demand), times the net revenue of a unit:

    - surprise: last month's actual - the last plan for it, three times: it may last half the time
    - error: what the backtest missed a month beyond the usual rate of error, six times
    - change: demand - last cycle's, in the months both cover
    - streams: what people's forecasts changed
    - new: half of the demand of an item that rests on another one's history

    Args:
        worth: `item`, `unit_value`.
        segment: contract `segment`, for the pattern.

    Returns:
        `item`, `location`, `reason`, `demand_qty` (six months), `seen_qty` (what was seen, signed:
        plus is more demand), `look_qty`, `look_value`; at most `limit` rows.
    """
    first = demand["period"].min()
    ahead = demand[demand["period"] < add_months(first, LOOK_MONTHS)]
    total = ahead.groupby(PLACE)[["demand_qty", "stream_qty"]].sum()
    new = _find_new(segment, total.index)
    seen = pd.DataFrame(
        {
            "surprise": _find_surprise(history, last_plan, first),
            "error": _find_excess_error(backtest),
            "change": _find_change(ahead, last_plan),
            "streams": total["stream_qty"],
            "new": (total["demand_qty"] / 2).where(new, 0.0),
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
    rows = rows[rows["look_value"] > 0].drop(columns="unit_value")
    ranked = rows.sort_values(["look_value", *PLACE], ascending=[False, True, True], kind="stable")
    columns = [*PLACE, "reason", "demand_qty", "seen_qty", "look_qty", "look_value"]
    return ranked[columns].head(limit).reset_index(drop=True)


def list_recent(history: pd.DataFrame, places: pd.DataFrame, months: int = 24) -> list[list[float]]:
    """Return the last months of actual demand of each item-location, oldest first."""
    panel = to_panel(history, PLACE, "actual_qty").fillna(0.0).iloc[:, -months:]
    keys = pd.MultiIndex.from_frame(places[PLACE])
    return [[float(one) for one in row] for row in panel.reindex(keys).fillna(0.0).to_numpy()]


def _find_new(segment: pd.DataFrame, places: pd.Index) -> pd.Series:
    pattern = segment.set_index(PLACE)["pattern"].reindex(places)
    return pattern.isna() | pattern.eq("new")


def _find_surprise(
    history: pd.DataFrame, last_plan: pd.DataFrame, first: pd.Timestamp
) -> pd.Series:
    month = add_months(first, -1)
    came = history[history["period"] == month].groupby(PLACE)["actual_qty"].sum()
    plan = last_plan[last_plan["period"] == month].groupby(PLACE)["demand_qty"].sum()
    return came.sub(plan, fill_value=0.0) if len(plan) else 0.0 * came


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


def summarise_segments(segment: pd.DataFrame) -> pd.DataFrame:
    """Count item-locations and sum revenue by pattern, strategy and ABC class.

    Returns:
        A row a pattern and strategy, largest revenue first: `pattern`, `strategy`, `place_count`,
        `A_value`, `B_value`, `C_value`, `revenue_value`, `share_rate` of all revenue.
    """
    kind = ["pattern", "strategy"]
    wide = segment.pivot_table(
        index=kind, columns="abc", values="revenue_value", aggfunc="sum", fill_value=0.0
    ).reindex(columns=["A", "B", "C"], fill_value=0.0)
    told = wide.add_suffix("_value").rename_axis(columns=None)
    told["revenue_value"] = told.sum(axis=1)
    whole = told["revenue_value"].sum()
    told["share_rate"] = told["revenue_value"] / whole if whole else 0.0
    told.insert(0, "place_count", segment.groupby(kind).size())
    told = told.reset_index().sort_values(
        ["revenue_value", *kind], ascending=[False, True, True], kind="stable"
    )
    return told.reset_index(drop=True)
