"""Events and promotions: what past ones did, and what planned ones will."""

from __future__ import annotations

from sopkit.demand.events.compare import compare_events, summarise_owners
from sopkit.demand.events.measure import measure_uplift
from sopkit.demand.events.plan import EventPlan, plan_events
from sopkit.demand.events.remove import remove_events
from sopkit.demand.events.taken import take_out_events

__all__ = [
    "EventPlan",
    "compare_events",
    "measure_uplift",
    "plan_events",
    "remove_events",
    "summarise_owners",
    "take_out_events",
]
