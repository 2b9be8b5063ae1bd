"""From many numbers to one: targets compared, conflicts opened, the plan proposed."""

from __future__ import annotations

from sopkit.consensus.agreed import check_uncut, list_agreed, sum_blockers, sum_rules
from sopkit.consensus.bands import (
    complete_bands,
    fire_triggers,
    list_fired,
    pick_bands,
    sum_bands,
    to_target_band,
)
from sopkit.consensus.conflicts import (
    add_demand,
    carry_conflicts,
    compare_budget,
    compare_streams,
    find_conflicts,
    find_owners,
    find_scope,
    find_worth,
    keep_open,
    keep_weighted,
    list_conflict_options,
    mark_disputed,
    measure_regret,
    measure_regrets,
    name_cause,
    price_options,
    share_agreed,
    sum_family_loads,
    to_target_pairs,
)
from sopkit.consensus.levels import sum_matching
from sopkit.consensus.promise import (
    find_over_promised,
    list_open_orders,
    list_tight,
    promise_supply,
    sum_promise,
)
from sopkit.consensus.proposal import propose_plan, spread_plan, sum_overdue
from sopkit.consensus.quota import (
    allocate_supply,
    check_quota,
    compare_quota,
    list_short,
    to_channels,
)
from sopkit.consensus.targets import compare_targets, sum_targets

__all__ = [
    "add_demand",
    "allocate_supply",
    "carry_conflicts",
    "check_quota",
    "check_uncut",
    "compare_budget",
    "compare_quota",
    "compare_streams",
    "compare_targets",
    "complete_bands",
    "find_conflicts",
    "find_over_promised",
    "find_owners",
    "find_scope",
    "find_worth",
    "fire_triggers",
    "keep_open",
    "keep_weighted",
    "list_agreed",
    "list_conflict_options",
    "list_fired",
    "list_open_orders",
    "list_short",
    "list_tight",
    "mark_disputed",
    "measure_regret",
    "measure_regrets",
    "name_cause",
    "pick_bands",
    "price_options",
    "promise_supply",
    "propose_plan",
    "share_agreed",
    "spread_plan",
    "sum_bands",
    "sum_blockers",
    "sum_family_loads",
    "sum_matching",
    "sum_overdue",
    "sum_promise",
    "sum_rules",
    "sum_targets",
    "to_channels",
    "to_target_band",
    "to_target_pairs",
]
