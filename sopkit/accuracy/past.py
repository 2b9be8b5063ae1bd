"""What was said in earlier cycles, from sopkit's own tables and the company's books."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import months_between
from sopkit.tables import ALL, PLACE

LEVEL = ["item", "family", "location", "customer"]
TIDY = ["cycle", "stream", "owner", "lag", *LEVEL, "period", "forecast_qty"]
OWN = {
    "statistical": ["baseline_qty"],
    "events": ["baseline_qty", "event_qty", "pipeline_qty"],
    "consensus": ["demand_qty"],
}


def collect_past_forecasts(
    forecast_stream: pd.DataFrame,
    *,
    past_stream: pd.DataFrame | None = None,
    past_consensus: pd.DataFrame | None = None,
    past_baseline: pd.DataFrame | None = None,
    past_plan: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put all that was ever forecast into one tidy frame: accuracy at any lag is a read of it.

    A past cycle's own table wins over the company's books for the same cycle, stream, cell and
    month: it is what was known then.

    Args:
        forecast_stream: contract `forecast_stream`, all cycles the mapping brings.
        past_stream: the same of past cycles (`c.read_past("forecast_stream")`).
        past_consensus: `c.read_past("consensus_demand")`; becomes the streams `statistical`
            (`baseline_qty`), `events` (with `event_qty` and `pipeline_qty`, where it has them) and
            `consensus` (`demand_qty`), summed to (item, location).
        past_baseline: `c.read_past("baseline")`, or rows of `cycle`, `item`, `location`, `period`,
            `baseline_qty`: statistics of cycles whose consensus is not there.
        past_plan: contract `past_plan`: the consensus of cycles before sopkit kept it.

    Returns:
        `cycle`, `stream`, `owner`, `lag` (0: the cycle's own month), LEVEL, `period`,
        `forecast_qty`, sorted.

    Example:
        Sales said 90 for February in cycle 2026-01: stream sales, lag 1, forecast 90.
    """
    sources = [_take_streams(past_stream), _take_streams(forecast_stream)]
    for frame, streams in (
        (past_consensus, OWN),
        (past_baseline, {"statistical": ["baseline_qty"]}),
        (past_plan, {"consensus": ["demand_qty"]}),
    ):
        sources += [_take_sum(frame, stream, names) for stream, names in streams.items()]
    there = [frame for frame in sources if len(frame)]
    if not there:
        return pd.DataFrame(columns=TIDY)
    key = ["cycle", "stream", *LEVEL, "period"]
    stacked = pd.concat(there, ignore_index=True).drop_duplicates(key)
    made = pd.to_datetime(stacked["cycle"], format="%Y-%m")
    stacked["lag"] = months_between(made, stacked["period"])
    return stacked[TIDY].sort_values(key, kind="stable", ignore_index=True)


def to_step_cells(past: pd.DataFrame, actual: pd.DataFrame) -> pd.DataFrame:
    """Set the steps of past cycles beside each other and beside what came, at (item, location).

    Args:
        past: what `collect_past_forecasts` returned.
        actual: `item`, `location`, `period`, `actual_qty`, summed over customers here; every month
            of history, since naive is made from it.

    Returns:
        `cycle`, `lag`, `item`, `location`, `period`, `naive_qty` (the same month of the last year
        that was known then, else the last month), a column for each of statistical, events,
        consensus that was said (blank where it was not), `actual_qty`; known months only.

    Example:
        Statistical 8, consensus 9, a year ago 7, came 10: one row 7, 8, 9, 10.
    """
    steps = past[past["stream"].isin(OWN) & (past["customer"] == ALL)]
    cell = ["cycle", "lag", *PLACE, "period"]
    last = actual["period"].max()
    known = steps[(steps["period"] <= last) & (steps["lag"] >= 0)]
    if known.empty:
        return pd.DataFrame(columns=[*cell, "naive_qty", "actual_qty"])
    wide = known.pivot_table(index=cell, columns="stream", values="forecast_qty", aggfunc="sum")
    wide = wide.rename(columns=lambda stream: f"{stream}_qty").rename_axis(columns=None)
    rows = wide.reset_index()
    came = actual.groupby([*PLACE, "period"])["actual_qty"].sum()
    rows["actual_qty"] = _look_up(came, rows, rows["period"])
    rows["naive_qty"] = find_naive(came, rows)
    ordered = [f"{step}_qty" for step in OWN if f"{step}_qty" in rows.columns]
    return rows[[*cell, "naive_qty", *ordered, "actual_qty"]]


def find_naive(came: pd.Series, cells: pd.DataFrame) -> np.ndarray:
    """Return the naive forecast of cells: the same month of the last year known in their cycle.

    Args:
        came: actual quantity by (item, location, period).
        cells: `item`, `location`, `period`, `lag`.

    Example:
        Lag 0 looks 12 months back, lag 12 looks 24 back; a young item takes its last known month.
    """
    back = 12 * (cells["lag"] // 12 + 1)
    year_ago = _months_before(cells["period"], back)
    last_known = _months_before(cells["period"], cells["lag"] + 1)
    first = came[came > 0].reset_index().groupby(PLACE)["period"].min()
    start = first.reindex(pd.MultiIndex.from_frame(cells[PLACE])).to_numpy()
    young = ~(year_ago.to_numpy() >= start)
    return np.where(young, _look_up(came, cells, last_known), _look_up(came, cells, year_ago))


def _months_before(period: pd.Series, months: pd.Series) -> pd.Series:
    number = period.dt.year * 12 + period.dt.month - 1 - months
    return pd.to_datetime({"year": number // 12, "month": number % 12 + 1, "day": 1})


def _look_up(came: pd.Series, cells: pd.DataFrame, period: pd.Series) -> np.ndarray:
    asked = pd.MultiIndex.from_arrays([cells["item"], cells["location"], period])
    return came.reindex(asked).fillna(0.0).to_numpy()


def _take_streams(rows: pd.DataFrame | None) -> pd.DataFrame:
    if rows is None or rows.empty:
        return pd.DataFrame()
    owner = rows["owner"].fillna(rows["stream"])
    return rows.assign(owner=owner)[["cycle", "stream", "owner", *LEVEL, "period", "forecast_qty"]]


def _take_sum(rows: pd.DataFrame | None, stream: str, names: list[str]) -> pd.DataFrame:
    if rows is None or rows.empty or (len(names) > 1 and names[1] not in rows.columns):
        return pd.DataFrame()
    key = ["cycle", *PLACE, "period"]
    there = [name for name in names if name in rows.columns]
    summed = rows.groupby(key)[there].sum(min_count=1).sum(axis=1).rename("forecast_qty")
    return summed.reset_index().assign(stream=stream, owner=stream, family=ALL, customer=ALL)
