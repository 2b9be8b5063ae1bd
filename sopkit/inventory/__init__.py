"""Stock: how much is wanted, how much there is, how it rolls forward, and what is too much.

Notebooks and `scenario` call what is listed here; the modules are the steps of the work.
"""

from __future__ import annotations

from sopkit.inventory.compare import compare_stock, rank_stock
from sopkit.inventory.excess import explain_excess, name_causes
from sopkit.inventory.expiring import expiring_stock
from sopkit.inventory.policy import fit_policy
from sopkit.inventory.projection import project_inventory, value_stock
from sopkit.inventory.targets import target_stock
from sopkit.inventory.upstream import pool_errors, pool_forecast
from sopkit.inventory.windows import sum_errors

__all__ = [
    "compare_stock",
    "expiring_stock",
    "explain_excess",
    "fit_policy",
    "name_causes",
    "pool_errors",
    "pool_forecast",
    "project_inventory",
    "rank_stock",
    "sum_errors",
    "target_stock",
    "value_stock",
]
