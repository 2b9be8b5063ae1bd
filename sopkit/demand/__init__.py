"""What customers would take: segments, baseline with range, events, deals, people's input."""

from __future__ import annotations

from sopkit.demand.agree import Agreed, agree_demand
from sopkit.demand.any_series import forecast_series
from sopkit.demand.backtest import backtest_baseline, measure_calendar_gain
from sopkit.demand.baseline import forecast_baseline, forecast_sums
from sopkit.demand.calendar import explain_calendar, measure_calendar
from sopkit.demand.clashes import find_clashes
from sopkit.demand.consensus import to_consensus_demand
from sopkit.demand.damped import find_season, forecast_damped
from sopkit.demand.ensemble import forecast_ensemble
from sopkit.demand.events import compare_events, measure_uplift, summarise_owners, take_out_events
from sopkit.demand.levels import LEVEL
from sopkit.demand.looks import list_recent, rank_for_review
from sopkit.demand.moves import (
    CAUSES,
    OPTIONS,
    TABLES_THEN,
    explain_move,
    no_move,
    sum_move,
    to_past_history,
)
from sopkit.demand.orders_ahead import backlog_streams
from sopkit.demand.overrides import apply_overrides
from sopkit.demand.pipeline import measure_stages, plan_pipeline
from sopkit.demand.places import forecast_places
from sopkit.demand.portfolio import list_portfolio, list_run_outs
from sopkit.demand.ranges import Correlation, measure_correlation, sum_ranges
from sopkit.demand.review import (
    compare_demand,
    find_last_plan,
    shift_year,
    stack_months,
    summarise_segments,
)
from sopkit.demand.segments import segment_items
from sopkit.demand.series import from_series, to_series
from sopkit.demand.streams import apply_streams, compare_streams
from sopkit.demand.weights import learn_weights, replay_streams

__all__ = [
    "CAUSES",
    "LEVEL",
    "OPTIONS",
    "TABLES_THEN",
    "Agreed",
    "Correlation",
    "agree_demand",
    "apply_overrides",
    "apply_streams",
    "backlog_streams",
    "backtest_baseline",
    "compare_demand",
    "compare_events",
    "compare_streams",
    "explain_calendar",
    "explain_move",
    "find_clashes",
    "find_last_plan",
    "find_season",
    "forecast_baseline",
    "forecast_damped",
    "forecast_ensemble",
    "forecast_places",
    "forecast_series",
    "forecast_sums",
    "from_series",
    "learn_weights",
    "list_portfolio",
    "list_recent",
    "list_run_outs",
    "measure_calendar",
    "measure_calendar_gain",
    "measure_correlation",
    "measure_stages",
    "measure_uplift",
    "no_move",
    "plan_pipeline",
    "rank_for_review",
    "replay_streams",
    "segment_items",
    "shift_year",
    "stack_months",
    "sum_move",
    "sum_ranges",
    "summarise_owners",
    "summarise_segments",
    "take_out_events",
    "to_consensus_demand",
    "to_past_history",
    "to_series",
]
