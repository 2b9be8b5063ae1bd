"""Conflicts: found in money, carried over the months, with options and what a wrong one costs."""

from __future__ import annotations

from sopkit.consensus.conflicts.carry import carry_conflicts
from sopkit.consensus.conflicts.find import (
    add_demand,
    find_conflicts,
    find_scope,
    keep_open,
    mark_disputed,
    name_cause,
    share_agreed,
)
from sopkit.consensus.conflicts.options import list_conflict_options, sum_family_loads
from sopkit.consensus.conflicts.pairs import (
    compare_budget,
    compare_streams,
    find_owners,
    keep_weighted,
    to_target_pairs,
)
from sopkit.consensus.conflicts.regret import (
    find_worth,
    list_advice,
    measure_regret,
    measure_regrets,
    price_options,
)

__all__ = [
    "add_demand",
    "carry_conflicts",
    "compare_budget",
    "compare_streams",
    "find_conflicts",
    "find_owners",
    "find_scope",
    "find_worth",
    "keep_open",
    "keep_weighted",
    "list_advice",
    "list_conflict_options",
    "mark_disputed",
    "measure_regret",
    "measure_regrets",
    "name_cause",
    "price_options",
    "share_agreed",
    "sum_family_loads",
    "to_target_pairs",
]
