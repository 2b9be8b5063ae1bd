"""Why demand is missed, what would help, and which limits are worth most.

A plan's prices (duals) say what binds; a plan solved anew says what is gained without it. Prices
lead the way, and what is shown as money always comes from two plans.
"""

from __future__ import annotations

from sopkit.supply.explain.apply import Fix, apply_fix, to_fix
from sopkit.supply.explain.bottlenecks import rank_bottlenecks
from sopkit.supply.explain.fixes import list_fixes
from sopkit.supply.explain.shortages import explain_shortages, list_also_hit, start_living

__all__ = [
    "Fix",
    "apply_fix",
    "explain_shortages",
    "list_also_hit",
    "list_fixes",
    "rank_bottlenecks",
    "start_living",
    "to_fix",
]
