"""Forecasting models for a whole panel at once; a row a series, a column a month.

Each model sees series without season, scaled to a mean of about 1, blank before their start and
without gaps after it, and tries every row of a small grid of parameters; rows count by their
likelihood (`weigh_rows`), so that no single best row decides.
"""

from __future__ import annotations

from sopkit.demand.models.damped import forecast_trend
from sopkit.demand.models.grids import weigh_rows
from sopkit.demand.models.holt_winters import forecast_holt_winters
from sopkit.demand.models.noise import weigh_noise
from sopkit.demand.models.reversion import forecast_reversion
from sopkit.demand.models.season import (
    Season,
    bridge_gaps,
    measure_season,
    smooth_locally,
    weigh_forms,
)
from sopkit.demand.models.theta import forecast_theta, forecast_theta_blocks

__all__ = [
    "Season",
    "bridge_gaps",
    "forecast_holt_winters",
    "forecast_reversion",
    "forecast_theta",
    "forecast_theta_blocks",
    "forecast_trend",
    "measure_season",
    "smooth_locally",
    "weigh_forms",
    "weigh_noise",
    "weigh_rows",
]
