"""Whole plans under other assumptions: demand range, more hours, more supply, a higher target.

A scenario is a small diff of the plan's inputs, applied to the month's data, solved anew by the
supply model and put into money.
"""

from __future__ import annotations

from sopkit.scenario.agreed import rate_first_numbers, replay_agreed
from sopkit.scenario.chances import build_net, complete_cells, measure_unsure, rate_targets
from sopkit.scenario.compare import compare_costs, compare_scenarios, find_first_change
from sopkit.scenario.decide import decide_options
from sopkit.scenario.demand import shift_demand, span_demand, to_shift
from sopkit.scenario.diffs import (
    Scenario,
    list_range,
    parse_blocks,
    read_scenarios,
    to_scenarios,
    write_blocks,
    write_scenarios,
)
from sopkit.scenario.fit import Fitted, cut_months, find_clashes, fit_scenarios, list_diffs
from sopkit.scenario.options import list_option_scenarios, list_options, measure_elasticity
from sopkit.scenario.solve import Solved, solve_diffs
from sopkit.scenario.tell import tell_block, tell_months, tell_scenarios, tell_state
from sopkit.scenario.value import (
    find_busiest,
    price_overtime,
    sum_costs,
    sum_plan,
    sum_result,
    value_scenarios,
)
from sopkit.scenario.win import find_best, find_demand_at, find_winners, list_choices, solve_wins

__all__ = [
    "Fitted",
    "Scenario",
    "Solved",
    "build_net",
    "compare_costs",
    "compare_scenarios",
    "complete_cells",
    "cut_months",
    "decide_options",
    "find_best",
    "find_busiest",
    "find_clashes",
    "find_demand_at",
    "find_first_change",
    "find_winners",
    "fit_scenarios",
    "list_choices",
    "list_diffs",
    "list_option_scenarios",
    "list_options",
    "list_range",
    "measure_elasticity",
    "measure_unsure",
    "parse_blocks",
    "price_overtime",
    "rate_first_numbers",
    "rate_targets",
    "read_scenarios",
    "replay_agreed",
    "shift_demand",
    "solve_diffs",
    "solve_wins",
    "span_demand",
    "sum_costs",
    "sum_plan",
    "sum_result",
    "tell_block",
    "tell_months",
    "tell_scenarios",
    "tell_state",
    "to_scenarios",
    "to_shift",
    "value_scenarios",
    "write_blocks",
    "write_scenarios",
]
