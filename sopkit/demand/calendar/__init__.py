"""Working days and moving holidays, taken out of demand before modelling and put back after."""

from __future__ import annotations

from sopkit.demand.calendar.explain import explain_calendar
from sopkit.demand.calendar.measure import divide_factors, measure_calendar

__all__ = ["divide_factors", "explain_calendar", "measure_calendar"]
