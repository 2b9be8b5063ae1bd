"""Other demands: the company, or a part of it, at the low or high end of its range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from sopkit.demand import Correlation, sum_ranges
from sopkit.supply import Change, join_demands, net_demand
from sopkit.supply.whatif import Shift, name_rows
from sopkit.tables import ALL


def shift_demand(
    consensus_demand: pd.DataFrame, end: Literal["downside", "upside"], correlation: Correlation
) -> pd.DataFrame:
    """Move demand so that its total over all months stands at an end of its 80 % range.

    The total's range is that of `demand.sum_ranges`: errors of places and of months that differ
    partly cancel out. Every cell moves by the same share of the distance to its own end.

    Args:
        consensus_demand: contract `consensus_demand`.
        end: `downside` (total at P10) or `upside` (total at P90).
        correlation: how far errors move together, from `demand.measure_correlation`.

    Returns:
        `consensus_demand` with another `demand_qty`; never below 0.

    Example:
        Two items of 100 whose P90 is 120, all correlated: 120 each; independent: 114.1 each.
    """
    demand = consensus_demand["demand_qty"]
    total = sum_ranges(consensus_demand, [], "demand_qty", correlation)
    if end == "upside":
        distance = (consensus_demand["hi_80_qty"] - demand).clip(lower=0.0)
        moved = float((total["hi_80_qty"] - total["demand_qty"]).sum())
    else:
        distance = -(demand - consensus_demand["lo_80_qty"]).clip(lower=0.0)
        moved = float((total["lo_80_qty"] - total["demand_qty"]).sum())
    whole = float(distance.sum())
    share = moved / whole if whole else 0.0
    return consensus_demand.assign(demand_qty=(demand + share * distance).clip(lower=0.0))


def to_shift(
    consensus_demand: pd.DataFrame,
    correlation: Correlation,
    item: pd.DataFrame,
    sales_order_line: pd.DataFrame,
    service_class: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> Shift:
    """Return a function that gives what supply would plan against at ends of the demand range.

    What a change names is moved so that its total stands at the end asked for (`shift_demand`: of
    a family, its own range, which is wider than its share of the company's), then orders in hand
    are netted as in the supply review. Months past the forecast's end repeat those of a year
    before; they move only with a change that reaches there.

    Args:
        consensus_demand: contract `consensus_demand`.
        correlation: how far demand errors move together; see `shift_demand`.
        item: contract `item`.
        sales_order_line, service_class: contract frames, as the supply review reads them.
        periods: planned months.
    """

    def net(demand: pd.DataFrame) -> pd.DataFrame:
        return net_demand(demand, sales_order_line, service_class, periods)

    def shift(changes: Sequence[Change]) -> pd.DataFrame:
        moved = consensus_demand.reset_index(drop=True)
        for change in changes:
            moved = _move_named(moved, change, item, correlation)
        end = moved["period"].max()
        ended = [change for change in changes if change.last <= end]
        found = net(moved)
        return _keep_beyond(found, net(consensus_demand), ended, item, end) if ended else found

    return shift


def span_demand(demand: pd.DataFrame, shift: Shift, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the base plan's demand with every place that any scenario may want something at.

    To prepare one network for the base plan and all its scenarios: cells that only the high end
    of the range has come with their quantity there.

    Args:
        demand: contract `net_demand`.
        shift: what `to_shift` returned.
        periods: planned months.
    """
    high = Change("demand", ALL, ALL, periods[0], periods[-1], 0.9, "end")
    return join_demands(demand, shift([high]))


def _move_named(
    demand: pd.DataFrame, change: Change, item: pd.DataFrame, correlation: Correlation
) -> pd.DataFrame:
    """Return demand with what a change names at the end of its own range."""
    named = name_rows(demand, change, item) & demand["period"].between(change.first, change.last)
    if not named.any():
        return demand
    end: Literal["downside", "upside"] = "upside" if change.amount > 0.5 else "downside"
    moved = shift_demand(demand[named], end, correlation)["demand_qty"]
    return demand.assign(demand_qty=moved.reindex(demand.index).fillna(demand["demand_qty"]))


def _keep_beyond(
    moved: pd.DataFrame,
    usual: pd.DataFrame,
    ended: Sequence[Change],
    item: pd.DataFrame,
    end: pd.Timestamp,
) -> pd.DataFrame:
    """Return moved demand with the usual months past the forecast, where a change ends before."""
    parts = []
    for frame, ours in ((moved, False), (usual, True)):
        named = pd.Series(False, index=frame.index)
        for change in ended:
            named |= name_rows(frame, change, item)
        beyond = named & (frame["period"] > end)
        parts.append(frame[beyond if ours else ~beyond])
    return pd.concat(parts, ignore_index=True)
