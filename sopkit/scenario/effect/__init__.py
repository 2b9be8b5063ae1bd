"""What earlier decisions brought: two simulations under actual demand, with and without each."""

from __future__ import annotations

from sopkit.scenario.effect.known import (
    Known,
    collect_known,
    find_forecast,
    list_known_forecasts,
)
from sopkit.scenario.effect.measure import compare_sides, measure_decisions, name_cause
from sopkit.scenario.effect.reach import cut_tables, find_reach
from sopkit.scenario.effect.sides import Build, Side, find_first, list_sides, undo
from sopkit.scenario.effect.simulate import simulate

__all__ = [
    "Build",
    "Known",
    "Side",
    "collect_known",
    "compare_sides",
    "cut_tables",
    "find_first",
    "find_forecast",
    "find_reach",
    "list_known_forecasts",
    "list_sides",
    "measure_decisions",
    "name_cause",
    "simulate",
    "undo",
]
