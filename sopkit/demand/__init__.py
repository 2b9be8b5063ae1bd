"""What customers would take: segments, baseline with range, backtest, streams, overrides."""

from __future__ import annotations

from sopkit.demand.agree import Agreed, agree_demand
from sopkit.demand.any_series import forecast_series
from sopkit.demand.backtest import backtest_baseline
from sopkit.demand.baseline import forecast_baseline
from sopkit.demand.consensus import to_consensus_demand
from sopkit.demand.damped import find_season, forecast_damped
from sopkit.demand.ensemble import forecast_ensemble
from sopkit.demand.moves import CAUSES, explain_move, sum_move, to_past_history
from sopkit.demand.overrides import apply_overrides
from sopkit.demand.places import forecast_places
from sopkit.demand.portfolio import list_portfolio, list_run_outs
from sopkit.demand.ranges import Correlation, measure_correlation, sum_ranges
from sopkit.demand.review import (
    compare_demand,
    find_last_plan,
    list_recent,
    rank_for_review,
    shift_year,
    stack_months,
    summarise_segments,
)
from sopkit.demand.segments import segment_items
from sopkit.demand.series import from_series, to_series
from sopkit.demand.streams import apply_streams, compare_streams, weigh_streams

__all__ = [
    "CAUSES",
    "Agreed",
    "Correlation",
    "agree_demand",
    "apply_overrides",
    "apply_streams",
    "backtest_baseline",
    "compare_demand",
    "compare_streams",
    "explain_move",
    "find_last_plan",
    "find_season",
    "forecast_baseline",
    "forecast_damped",
    "forecast_ensemble",
    "forecast_places",
    "forecast_series",
    "from_series",
    "list_portfolio",
    "list_recent",
    "list_run_outs",
    "measure_correlation",
    "rank_for_review",
    "segment_items",
    "shift_year",
    "stack_months",
    "sum_move",
    "sum_ranges",
    "summarise_segments",
    "to_consensus_demand",
    "to_past_history",
    "to_series",
    "weigh_streams",
]
