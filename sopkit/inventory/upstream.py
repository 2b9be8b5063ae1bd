"""Stock held before the last place: the errors of all that it feeds, added up as they fell."""

from __future__ import annotations

import pandas as pd

from sopkit.errors import InputError
from sopkit.tables import PLACE, check_covers

TO_PLACE = ["to_item", "to_location"]
TO_NAMES = {"item": "to_item", "location": "to_location"}
EDGE = [*PLACE, *TO_PLACE]


def add_upstream(
    forecast: pd.DataFrame, backtest: pd.DataFrame, lead_time: pd.DataFrame, feeds: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return forecast, backtest and lead times with the places that feed others.

    Args:
        forecast: `item`, `location`, `period`, `demand_qty` of independent demand.
        backtest: contract `backtest`.
        lead_time: `item`, `location`, `lead_time_days`, ...; of feeding places too.
        feeds: see `pool_errors`; with `lead_time_days`, a place that is fed waits only so long
            (the longest of its feeders), since what feeds it holds stock.

    Raises:
        InputError: a feeding place has no lead time, or feeds go round in a circle.
    """
    check_covers(feeds[PLACE].drop_duplicates(), lead_time, on=PLACE, what="lead time")
    pooled = pool_forecast(forecast, feeds)
    errors = pool_errors(backtest, feeds)
    return (
        pd.concat([_leave_out(forecast, pooled), pooled], ignore_index=True),
        pd.concat([_leave_out(backtest, feeds), errors], ignore_index=True),
        _shorten(lead_time, feeds),
    )


def pool_errors(backtest: pd.DataFrame, feeds: pd.DataFrame) -> pd.DataFrame:
    """Return what was forecast and what came at places that feed others, their own included.

    Paths are added cutoff by cutoff and month by month, so that what went wrong together adds up
    and what went wrong apart cancels, as it did; no square root of the number of places is
    assumed. Months are those in which customers wanted the goods; the days between the places
    are left out. A place that a cutoff does not know adds nothing to it.

    Args:
        backtest: contract `backtest` of places with demand of their own.
        feeds: `item`, `location` feeds `to_item`, `to_location` with `unit_qty` units for one
            there (parts per unit, scrap included; 1 for a move; times the share where a place has
            several sources). Steps of a chain are followed.

    Returns:
        `item`, `location`, `cutoff`, `period`, `lag`, `forecast_qty`, `actual_qty` of places that
        feed others.

    Raises:
        InputError: feeds go round in a circle.

    Example:
        Two DCs, forecast 100 each, 120 and 80 came: the plant that feeds both erred by 0.
    """
    keys = ["cutoff", "period", "lag"]
    return _pool(backtest, feeds, keys, ["forecast_qty", "actual_qty"])


def pool_forecast(demand: pd.DataFrame, feeds: pd.DataFrame) -> pd.DataFrame:
    """Return the demand that comes together at places that feed others, their own included.

    Args:
        demand: `item`, `location`, `period`, `demand_qty`.
        feeds: see `pool_errors`.

    Returns:
        `item`, `location`, `period`, `demand_qty`.

    Raises:
        InputError: feeds go round in a circle.

    Example:
        2 parts go into a unit, 50 units are wanted: 100 parts.
    """
    return _pool(demand, feeds, ["period"], ["demand_qty"])


def _pool(
    rows: pd.DataFrame, feeds: pd.DataFrame, keys: list[str], sums: list[str]
) -> pd.DataFrame:
    """Return sums over all that a feeding place reaches, itself included."""
    paths = trace_feeds(feeds)
    self_rows = paths[PLACE].drop_duplicates()
    renamed = self_rows.rename(columns=TO_NAMES)
    own = pd.concat([self_rows, renamed], axis=1).assign(unit_qty=1.0)
    reached = pd.concat([paths, own], ignore_index=True)
    given = rows[[*PLACE, *keys, *sums]].rename(columns=TO_NAMES)
    joined = reached.merge(given, on=TO_PLACE, how="inner", validate="many_to_many")
    joined[sums] = joined[sums].mul(joined["unit_qty"], axis=0)
    return joined.groupby([*PLACE, *keys], as_index=False)[sums].sum()


def trace_feeds(feeds: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each feeding place goes into each place it reaches, over all ways.

    Raises:
        InputError: feeds go round in a circle; names a place on it.

    Example:
        2 parts a unit at the plant, which feeds a DC one for one: 2 parts for a unit at the DC.
    """
    edges = feeds.groupby(EDGE, as_index=False)[["unit_qty"]].sum()
    onward = edges.rename(columns={"unit_qty": "step_qty", **{n: f"mid_{n}" for n in PLACE}})
    found, front = [edges], edges
    for _ in range(len(edges)):
        middle = front.rename(
            columns=dict(zip(TO_PLACE, ["mid_item", "mid_location"], strict=True))
        )
        longer = middle.merge(
            onward, on=["mid_item", "mid_location"], how="inner", validate="many_to_many"
        )
        if longer.empty:
            break
        front = longer.assign(unit_qty=longer["unit_qty"] * longer["step_qty"])
        front = front.groupby(EDGE, as_index=False)[["unit_qty"]].sum()
        found.append(front)
        circle = front[(front["item"] == front["to_item"])
                       & (front["location"] == front["to_location"])]  # fmt: skip
        if len(circle):
            first = ", ".join(circle.iloc[0][PLACE])
            raise InputError(f"Places feed each other in a circle; one of them: {first}.")
    return pd.concat(found, ignore_index=True).groupby(EDGE, as_index=False)[["unit_qty"]].sum()


def _leave_out(rows: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose place is not among the places."""
    gone = pd.MultiIndex.from_frame(places[PLACE].drop_duplicates())
    return rows[~pd.MultiIndex.from_frame(rows[PLACE]).isin(gone)]


def _shorten(lead_time: pd.DataFrame, feeds: pd.DataFrame) -> pd.DataFrame:
    """Return lead times of which a fed place has only the last step's."""
    if "lead_time_days" not in feeds:
        return lead_time
    steps = feeds.rename(columns=dict(zip(PLACE, ["from_item", "from_location"], strict=True)))
    steps = steps.rename(columns=dict(zip(TO_PLACE, PLACE, strict=True)))
    last = steps.groupby(PLACE, as_index=False)[["lead_time_days"]].max()
    last = last.rename(columns={"lead_time_days": "step_days"})
    rows = lead_time.merge(last, on=PLACE, how="outer", validate="one_to_one")
    days = rows["step_days"].fillna(rows["lead_time_days"])
    return rows.assign(lead_time_days=days).drop(columns="step_days")
