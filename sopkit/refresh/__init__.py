"""The weekly look between cycles: the month to date against plan, orders at risk, triggers, tasks.

Nothing is planned anew and no table of the cycle changes; what was seen lies in the cycle's
`refresh/<day>/`.
"""

from __future__ import annotations

from sopkit.refresh.keep import enter_tasks, write_look
from sopkit.refresh.look import Look, refresh_cycle
from sopkit.refresh.month import compare_month, measure_share
from sopkit.refresh.orders import find_orders_at_risk
from sopkit.refresh.page import look_to_json, look_to_lines, write_pages
from sopkit.refresh.triggers import find_triggers

__all__ = [
    "Look",
    "compare_month",
    "enter_tasks",
    "find_orders_at_risk",
    "find_triggers",
    "look_to_json",
    "look_to_lines",
    "measure_share",
    "refresh_cycle",
    "write_look",
    "write_pages",
]
