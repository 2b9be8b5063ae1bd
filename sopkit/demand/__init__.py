"""What customers would take: segments, baseline with range, backtest, streams, overrides."""

from __future__ import annotations

from sopkit.demand.backtest import backtest_baseline
from sopkit.demand.baseline import forecast_baseline
from sopkit.demand.consensus import to_consensus_demand
from sopkit.demand.damped import find_season, forecast_damped
from sopkit.demand.ensemble import forecast_ensemble
from sopkit.demand.overrides import apply_overrides
from sopkit.demand.places import forecast_places
from sopkit.demand.ranges import Correlation, measure_correlation, sum_ranges
from sopkit.demand.segments import segment_items
from sopkit.demand.series import from_series, to_series
from sopkit.demand.streams import apply_streams, compare_streams, weigh_streams

__all__ = [
    "Correlation",
    "apply_overrides",
    "apply_streams",
    "backtest_baseline",
    "compare_streams",
    "find_season",
    "forecast_baseline",
    "forecast_damped",
    "forecast_ensemble",
    "forecast_places",
    "from_series",
    "measure_correlation",
    "segment_items",
    "sum_ranges",
    "to_consensus_demand",
    "to_series",
    "weigh_streams",
]
