"""Whole plans under other assumptions: demand range, more hours, more supply, a higher target.

A scenario is a change of demand or of limits, solved anew by the supply model and put into money.
"""

from __future__ import annotations

from sopkit.scenario.compare import compare_scenarios, find_first_change, sum_plan
from sopkit.scenario.decide import decide_options
from sopkit.scenario.demand import measure_correlation, raise_demand, shift_demand
from sopkit.scenario.options import list_options, solve_options
from sopkit.scenario.solve import solve_range

__all__ = [
    "compare_scenarios",
    "decide_options",
    "find_first_change",
    "list_options",
    "measure_correlation",
    "raise_demand",
    "shift_demand",
    "solve_options",
    "solve_range",
    "sum_plan",
]
