"""What if: small changes of a plan's inputs, and the plan that answers them."""

from __future__ import annotations

from sopkit.supply.whatif.answer import WhatIf, compare_plans, what_if
from sopkit.supply.whatif.changes import Change, Codes, list_codes
from sopkit.supply.whatif.demand import Shift, edit_demand, find_rows, name_rows
from sopkit.supply.whatif.edit import change_case, edit_tables
from sopkit.supply.whatif.reading import (
    Problem,
    find_changes,
    read_changes,
    to_plain_words,
    touches,
)

__all__ = [
    "Change",
    "Codes",
    "Problem",
    "Shift",
    "WhatIf",
    "change_case",
    "compare_plans",
    "edit_demand",
    "edit_tables",
    "find_changes",
    "find_rows",
    "list_codes",
    "name_rows",
    "read_changes",
    "to_plain_words",
    "touches",
    "what_if",
]
