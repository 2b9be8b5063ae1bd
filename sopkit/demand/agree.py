"""From history to the one demand everybody plans on, in one place.

The demand review, the explanation of what moved and the preview of a change all come this way, so
that they can never differ.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.consensus import to_consensus_demand
from sopkit.demand.events import plan_events
from sopkit.demand.overrides import apply_overrides
from sopkit.demand.pipeline import measure_stages, plan_pipeline
from sopkit.demand.streams import apply_streams
from sopkit.tables import CELL, LEAF

# Half-width of a range / that of a 90 % range, normal errors.
FROM_90 = {"80": 1.2816 / 1.6449, "95": 1.9600 / 1.6449}


class Agreed(NamedTuple):
    """Agreed demand, and what each person's and each event's part in it is.

    `demand` is contract `consensus_demand`; `overrides` says what each override did; `events` and
    `deals` what each event and each opportunity adds; `stages` what deals of each stage became.
    """

    demand: pd.DataFrame
    overrides: pd.DataFrame
    events: pd.DataFrame
    deals: pd.DataFrame
    stages: pd.DataFrame


def agree_demand(
    baseline: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    event: pd.DataFrame,
    uplift: pd.DataFrame,
    opportunity_line: pd.DataFrame,
    opportunity_stage: pd.DataFrame,
    forecast_stream: pd.DataFrame,
    stream_value: pd.DataFrame,
    override: pd.DataFrame,
    *,
    cycle: str,
    as_of: pd.Timestamp,
) -> Agreed:
    """Put planned events, deals, people's forecasts and people's changes on the baseline.

    In this order: events by their measured uplift and dip, deals beyond what the baseline holds,
    streams by the weight they earned, overrides, oldest first. demand = the sum, not below 0.

    Args:
        baseline: contract `baseline`, without events.
        history: contract `demand_history`, for proportions where the baseline is 0.
        item: contract `item`.
        event: contract `event`.
        uplift: what `measure_uplift` returned.
        opportunity_line: contract; deals as known.
        opportunity_stage: contract; when deals entered their stages.
        forecast_stream: contract; rows of `cycle` count.
        stream_value: weights by stream and owner.
        override: contract `override`; those expired by `as_of` are ignored.
        cycle: the cycle in which people spoke.
        as_of: last day of what is known.

    Example:
        Baseline 100, an event of +30, nobody says anything: demand 130.
    """
    events = plan_events(baseline, event, uplift, item, as_of)
    stages = measure_stages(opportunity_line, opportunity_stage, as_of)
    deals = plan_pipeline(opportunity_line, opportunity_stage, stages, baseline, history, as_of)
    rows = _add_pipeline(_add_events(baseline, events.rows), deals.rows)
    with_streams = apply_streams(rows, forecast_stream, stream_value, history, item, cycle)
    with_overrides, effect = apply_overrides(with_streams, override, history, item, as_of)
    demand = to_consensus_demand(with_overrides)
    return Agreed(demand, effect, events.events, deals.deals, stages.rates)


def _add_events(baseline: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Add `event_qty`; the range grows by the events' own uncertainty, in squares."""
    extra = planned[[*CELL, "event_qty", "lo_90_qty", "hi_90_qty"]]
    rows = baseline.merge(extra, on=CELL, how="left", validate="one_to_one")
    rows = rows.fillna({"event_qty": 0.0, "lo_90_qty": 0.0, "hi_90_qty": 0.0})
    point = rows["baseline_qty"]
    below, above = rows["event_qty"] - rows["lo_90_qty"], rows["hi_90_qty"] - rows["event_qty"]
    for level, part in FROM_90.items():
        low, high = f"lo_{level}_qty", f"hi_{level}_qty"
        rows[low] = point - np.hypot(point - rows[low], below * part)
        rows[high] = point + np.hypot(rows[high] - point, above * part)
    return rows.drop(columns=["lo_90_qty", "hi_90_qty"])


def _add_pipeline(rows: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Add `pipeline_qty`; deals for a place that nobody sold at before add rows."""
    extra = planned.loc[planned["pipeline_qty"] != 0, [*CELL, "pipeline_qty"]]
    merged = rows.merge(extra, on=CELL, how="outer", validate="one_to_one")
    amounts = [name for name in merged.columns if name.endswith("_qty")]
    filled = merged.fillna({**dict.fromkeys(amounts, 0.0), "method": "zero"})
    return _fill_months(filled, rows["period"].unique(), amounts)


def _fill_months(rows: pd.DataFrame, periods: Any, amounts: list[str]) -> pd.DataFrame:
    """Give every place every month of the horizon; what is added is 0."""
    places = rows[LEAF].drop_duplicates()
    if len(rows) == len(places) * len(periods):
        return rows.sort_values(CELL, kind="stable", ignore_index=True)
    grid = places.merge(pd.DataFrame({"period": periods}), how="cross")
    full = grid.merge(rows, on=CELL, how="left", validate="one_to_one")
    filled = full.fillna({**dict.fromkeys(amounts, 0.0), "method": "zero"})
    return filled.sort_values(CELL, kind="stable", ignore_index=True)
