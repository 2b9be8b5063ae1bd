"""Ask a cycle's supply plan: what if, can a target be reached, what do scenarios bring."""

from __future__ import annotations

from sopkit.asking.plan import (
    Base,
    ask_target,
    ask_what_if,
    assessment_to_json,
    open_base,
    read_blocks,
    to_rows,
    what_if_to_json,
)
from sopkit.asking.scenarios import (
    Asked,
    list_standing,
    read_scenario_file,
    solve_scenarios,
    solved_to_json,
)

__all__ = [
    "Asked",
    "Base",
    "ask_target",
    "ask_what_if",
    "assessment_to_json",
    "list_standing",
    "open_base",
    "read_blocks",
    "read_scenario_file",
    "solve_scenarios",
    "solved_to_json",
    "to_rows",
    "what_if_to_json",
]
