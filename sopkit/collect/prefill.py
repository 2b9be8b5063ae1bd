"""What stands in grey on a sheet: what the figures say already, and how good the sender was."""

from __future__ import annotations

import pandas as pd

from sopkit.accuracy import bias_rate, wape
from sopkit.collect.who import ROW, SALES, SENDER, add_channel, find_last_cycles, find_owner
from sopkit.demand.levels import LEVEL, add_family, group_by_level
from sopkit.tables import ALL

FIGURES = ("baseline_qty", "event_qty", "pipeline_qty")  # parts of agreed demand without people
GREY = ["baseline_qty", "last_year_qty", "agreed_qty", "own_qty"]


def prefill_rows(
    rows: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    demand: pd.DataFrame,
    history: pd.DataFrame,
    agreed: pd.DataFrame,
    streams: pd.DataFrame,
    item: pd.DataFrame,
    cycle: str,
) -> pd.DataFrame:
    """Return what each cell of a sheet shows beside the number that is asked for.

    Args:
        rows: ROW, see `list_rows`.
        periods: months asked for.
        demand: contract `consensus_demand` of the cycle.
        history: contract `demand_history`.
        agreed: CELL and `demand_qty` of the last cycle, see `demand.find_last_plan`.
        streams: contract `forecast_stream`, earlier cycles.
        item: contract `item`.

    Returns:
        ROW, `period` and GREY, a row a cell: `baseline_qty` is demand before people touch it
        (events included), `last_year_qty` the actual a year ago, `agreed_qty` last cycle's
        consensus, `own_qty` what this stream said last for the same cell. Blank where there is
        none; sorted by ROW, period.

    Example:
        Leaves of 60 and 40 under one item-location: baseline 100.
    """
    cells = rows.merge(pd.DataFrame({"period": periods}), how="cross")
    year = history.assign(period=history["period"] + pd.DateOffset(months=12))
    known = demand.assign(baseline_qty=before_people(demand))
    for name, leaves, column in (
        ("baseline_qty", known, "baseline_qty"),
        ("last_year_qty", year, "actual_qty"),
        ("agreed_qty", agreed, "demand_qty"),
    ):
        cells[name] = sum_leaves(cells, add_family(leaves, item), column)
    return add_own(cells, streams, cycle).sort_values([*ROW, "period"], ignore_index=True)


def before_people(demand: pd.DataFrame) -> pd.Series:
    """Return demand before people's forecasts and changes: baseline, events and pipeline; not < 0.

    Example:
        Baseline 100, events +20, people +5: 120.
    """
    parts = [name for name in FIGURES if name in demand.columns]
    return demand[parts].sum(axis=1).clip(lower=0.0)


def sum_leaves(cells: pd.DataFrame, leaves: pd.DataFrame, column: str) -> pd.Series:
    """Return for each cell (LEVEL, period) the sum of the leaves below; blank where none is.

    Example:
        Cell (A, D1, all customers) over leaves 60 and 40: 100.
    """
    told = pd.Series(float("nan"), index=cells.index)
    for named, part in group_by_level(cells):
        key = [*named, "period"]
        sums = leaves.groupby(key, as_index=False)[column].sum()
        found = part[key].merge(sums, on=key, how="left", validate="many_to_one")[column]
        told[part.index] = found.to_numpy(dtype=float)
    return told


def add_own(cells: pd.DataFrame, streams: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Add `own_qty`: what the cell's stream said for it in the last cycle in which it spoke."""
    last = streams.merge(
        find_last_cycles(streams, cycle), on=["stream", "cycle"], validate="many_to_one"
    )
    key = ["stream", *LEVEL, "period"]
    said = last[[*key, "forecast_qty"]].rename(columns={"forecast_qty": "own_qty"})
    return cells.merge(said, on=key, how="left", validate="many_to_one")


def own_cells(
    compared: pd.DataFrame,
    rows: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    responsibility: pd.DataFrame,
) -> pd.DataFrame:
    """Return past forecasts beside what came, each under the sender who answers for it now.

    A past number belongs to whoever is asked for its cell today (a new regional manager sees what
    the region said before); a sales number at another level to its owner by `responsibility`.

    Args:
        compared: what `demand.compare_streams` returned.
        rows: ROW.

    Returns:
        The rows of `compared` whose `owner` is a sender of the same stream.
    """
    asked = rows[ROW].rename(columns={"owner": "asked"})
    told = compared.merge(asked, on=["stream", *LEVEL], how="left", validate="many_to_one")
    level = add_channel(told[LEVEL], customer)
    level["family"] = level["family"].where(level["item"] == ALL, add_family(level, item)["family"])
    answers = find_owner(level, responsibility).where(told["stream"] == SALES)
    owner = told["asked"].fillna(answers).fillna(told["owner"])
    told = told.assign(owner=owner).drop(columns="asked")
    return told.merge(rows[SENDER].drop_duplicates(), on=SENDER, validate="many_to_one")


def score_by(own: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return how near past forecasts came, group by group.

    Args:
        own: what `own_cells` returned.
        by: ROW for each row of a sheet, or sender and `lag`.

    Returns:
        `by`, `month_count`, `wape_rate`, `bias_rate` (plus is too high) and
        `reference_wape_rate` of the baseline on the same cells; groups that sold nothing are
        left out.

    Example:
        Forecast 90 and 120 for actual 100 and 100: WAPE 0.15, bias +0.05.
    """
    columns = [*by, "month_count", "wape_rate", "bias_rate", "reference_wape_rate"]
    told = [
        (*_as_tuple(key), part["period"].nunique(), *_measure(part))
        for key, part in own.groupby(by, sort=True)
        if part["actual_qty"].sum() > 0
    ]
    return pd.DataFrame(told, columns=columns)


def _measure(part: pd.DataFrame) -> tuple[float, float, float]:
    said, came = part["forecast_qty"].to_numpy(), part["actual_qty"].to_numpy()
    return wape(said, came), bias_rate(said, came), wape(part["reference_qty"].to_numpy(), came)


def _as_tuple(key: object) -> tuple:
    return key if isinstance(key, tuple) else (key,)
