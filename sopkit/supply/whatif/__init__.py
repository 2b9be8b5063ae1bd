"""What if: small changes of a plan's inputs, and the plan that answers them."""

from __future__ import annotations

from sopkit.supply.whatif.answer import WhatIf, compare_plans, what_if
from sopkit.supply.whatif.changes import Change, Codes, list_codes, read_changes
from sopkit.supply.whatif.edit import change_case, edit_demand, edit_tables

__all__ = [
    "Change",
    "Codes",
    "WhatIf",
    "change_case",
    "compare_plans",
    "edit_demand",
    "edit_tables",
    "list_codes",
    "read_changes",
    "what_if",
]
