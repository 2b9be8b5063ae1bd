"""From many numbers to one: targets compared, conflicts opened, the plan proposed."""

from __future__ import annotations

from sopkit.consensus.conflicts import (
    compare_budget,
    compare_streams,
    find_conflicts,
    find_owners,
    keep_weighted,
    share_agreed,
    to_target_pairs,
)
from sopkit.consensus.levels import sum_matching
from sopkit.consensus.proposal import propose_plan, spread_plan, sum_overdue
from sopkit.consensus.targets import compare_targets, sum_targets

__all__ = [
    "compare_budget",
    "compare_streams",
    "compare_targets",
    "find_conflicts",
    "find_owners",
    "keep_weighted",
    "propose_plan",
    "share_agreed",
    "spread_plan",
    "sum_matching",
    "sum_overdue",
    "sum_targets",
    "to_target_pairs",
]
