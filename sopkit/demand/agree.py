"""From the statistical baseline to the one demand everybody plans on, in one place.

The demand review, the explanation of what moved and the preview of a change all come this way, so
that they can never differ.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from sopkit.demand.consensus import to_consensus_demand
from sopkit.demand.overrides import apply_overrides
from sopkit.demand.streams import apply_streams


class Agreed(NamedTuple):
    """Agreed demand (contract `consensus_demand`), and what each override did to it."""

    demand: pd.DataFrame
    override_effect: pd.DataFrame


def agree_demand(
    baseline: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    forecast_stream: pd.DataFrame,
    stream_value: pd.DataFrame,
    override: pd.DataFrame,
    *,
    cycle: str,
    as_of: pd.Timestamp,
) -> Agreed:
    """Put people's forecasts and changes on top of the baseline.

    Order: streams drawn in by the weight they earned, then overrides, oldest first.

    Args:
        baseline: contract `baseline`.
        history: contract `demand_history`, for proportions where the baseline is 0.
        item: contract `item`.
        forecast_stream: contract; rows of `cycle` count.
        stream_value: weights by stream and owner.
        override: contract `override`; those expired by `as_of` are ignored.
        cycle: the cycle in which people spoke.
        as_of: last day of what is known.

    Example:
        Baseline 100, nobody says anything: demand 100.
    """
    with_streams = apply_streams(baseline, forecast_stream, stream_value, history, item, cycle)
    with_overrides, effect = apply_overrides(with_streams, override, history, item, as_of)
    return Agreed(to_consensus_demand(with_overrides), effect)
