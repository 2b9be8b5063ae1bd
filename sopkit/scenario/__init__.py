"""Whole plans under other assumptions: demand range, more hours, more supply, a higher target.

A scenario is a change of demand or of limits, solved anew by the supply model and put into money.
"""

from __future__ import annotations

from sopkit.scenario.agreed import rate_first_numbers, replay_agreed
from sopkit.scenario.compare import (
    compare_costs,
    compare_scenarios,
    find_first_change,
    price_overtime,
    sum_costs,
    sum_plan,
    sum_result,
)
from sopkit.scenario.decide import decide_options
from sopkit.scenario.demand import raise_demand, shift_demand
from sopkit.scenario.options import list_options
from sopkit.scenario.solve import Solved, net_range, solve_scenarios

__all__ = [
    "Solved",
    "compare_costs",
    "compare_scenarios",
    "decide_options",
    "find_first_change",
    "list_options",
    "net_range",
    "price_overtime",
    "raise_demand",
    "rate_first_numbers",
    "replay_agreed",
    "shift_demand",
    "solve_scenarios",
    "sum_costs",
    "sum_plan",
    "sum_result",
]
