"""Targets and their two chances: demand reaches the target; supply can serve it.

The first is a matter of the demand range. The second asks, if demand comes at the target, whether
supply serves the share asked for: demand, how far its range may be wrong, yield, hours and
deliveries are drawn, what is made and bought inside the fence stays as planned, the rest is
re-planned month by month without foresight (`roll`).
"""

from __future__ import annotations

from sopkit.scenario.chances.draws import draw_demand, draw_noise
from sopkit.scenario.chances.network import Net, build_net
from sopkit.scenario.chances.rate import complete_cells
from sopkit.scenario.chances.targets import rate_targets
from sopkit.scenario.chances.unsure import Unsure, measure_unsure

__all__ = [
    "Net",
    "Unsure",
    "build_net",
    "complete_cells",
    "draw_demand",
    "draw_noise",
    "measure_unsure",
    "rate_targets",
]
