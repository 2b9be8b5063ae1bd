"""The heuristic twin: a plan by simple rules on the same tables, limits and prices."""

from __future__ import annotations

from sopkit.supply.twin.plan import compare_plans, plan_by_rules, rule_values

__all__ = ["compare_plans", "plan_by_rules", "rule_values"]
