"""The one KPI registry over the rooms' formulas: measures, target bands, verdicts, owners.

Each KPI has one formula, here or in the room it belongs to; `measure_` functions return rows of
the contract `kpi_value`, `judge_kpis` adds band and verdict.
"""

from __future__ import annotations

from sopkit.kpi.causes import find_causes
from sopkit.kpi.measure import (
    MEASURED,
    blank_kpi,
    measure_adherence,
    measure_cover,
    measure_excess,
    measure_forecast,
    measure_nervousness,
    measure_otif,
    measure_turns,
)
from sopkit.kpi.registry import REGISTRY, ROLES, Band, Kpi, judge, judge_kpis, to_bands
from sopkit.kpi.scorecard import find_side, to_scorecard

__all__ = [
    "MEASURED",
    "REGISTRY",
    "ROLES",
    "Band",
    "Kpi",
    "blank_kpi",
    "find_causes",
    "find_side",
    "judge",
    "judge_kpis",
    "measure_adherence",
    "measure_cover",
    "measure_excess",
    "measure_forecast",
    "measure_nervousness",
    "measure_otif",
    "measure_turns",
    "to_bands",
    "to_scorecard",
]
