"""The process of the month: due days, gates, signatures, publication, tasks, meetings, health."""

from __future__ import annotations

from sopkit.process.calendar import add_working_days, list_due_days, to_working_day
from sopkit.process.gates import (
    Gate,
    Reason,
    find_clashes,
    find_data_reasons,
    find_supply_reasons,
)
from sopkit.process.health import measure_health
from sopkit.process.restated import list_restated, sum_restated
from sopkit.process.tasks import list_tasks
from sopkit.process.texts import list_owners, say_reason, say_task, to_sentence

__all__ = [
    "Gate",
    "Reason",
    "add_working_days",
    "find_clashes",
    "find_data_reasons",
    "find_supply_reasons",
    "list_due_days",
    "list_owners",
    "list_restated",
    "list_tasks",
    "measure_health",
    "say_reason",
    "say_task",
    "sum_restated",
    "to_sentence",
    "to_working_day",
]
