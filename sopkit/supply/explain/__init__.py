"""Why demand is missed, what would help, and which limits are worth most.

A plan's prices (duals) say what binds; a plan solved anew says what is gained without it. Prices
lead the way, and what is shown as money always comes from two plans.
"""

from __future__ import annotations

from sopkit.supply.explain.shortages import explain_shortages, list_also_hit

__all__ = ["explain_shortages", "list_also_hit"]
