"""How good forecasts were, what they were worth, how sure that is, and how good they can get."""

from __future__ import annotations

from sopkit.accuracy.ceiling import estimate_floor, judge_target, measure_ceiling
from sopkit.accuracy.changes import add_change, measure_hits, measure_touchless
from sopkit.accuracy.measures import (
    adherence,
    attainment,
    bias_rate,
    coverage,
    forecast_accuracy,
    forecast_value_added,
    hit_rate,
    mase,
    nervousness,
    pinball,
    rmsse,
    smape,
    stability,
    tracking_signal,
    wape,
)
from sopkit.accuracy.past import collect_past_forecasts, to_step_cells
from sopkit.accuracy.scores import score_forecasts, score_streams, sum_cells
from sopkit.accuracy.steadiness import measure_stability, track_places
from sopkit.accuracy.value import (
    add_direction,
    judge_interval,
    measure_slices,
    measure_steps,
    measure_streams,
    measure_value,
)

__all__ = [
    "add_change",
    "add_direction",
    "adherence",
    "attainment",
    "bias_rate",
    "collect_past_forecasts",
    "coverage",
    "estimate_floor",
    "forecast_accuracy",
    "forecast_value_added",
    "hit_rate",
    "judge_interval",
    "judge_target",
    "mase",
    "measure_ceiling",
    "measure_hits",
    "measure_slices",
    "measure_stability",
    "measure_steps",
    "measure_streams",
    "measure_touchless",
    "measure_value",
    "nervousness",
    "pinball",
    "rmsse",
    "score_forecasts",
    "score_streams",
    "smape",
    "stability",
    "sum_cells",
    "to_step_cells",
    "track_places",
    "tracking_signal",
    "wape",
]
