"""The one KPI registry over the rooms' formulas: measures, target bands, verdicts, owners.

Each KPI has one formula, here or in the room it belongs to; `measure_` functions return rows of
the contract `kpi_value`, `judge_kpis` adds band and verdict.
"""

from __future__ import annotations

from sopkit.kpi.bands import (
    MOST_SHOWN,
    ROLES,
    Band,
    find_owner_side,
    judge,
    judge_kpis,
    list_scorecard,
    to_bands,
)
from sopkit.kpi.causes import find_causes
from sopkit.kpi.cycles import (
    list_cycle_trends,
    measure_cycle_health,
    measure_given_cycles,
    name_trend,
)
from sopkit.kpi.forecast import (
    measure_forecast,
    measure_hit_rate,
    measure_stability,
    measure_touchless_share,
    measure_tracking,
    measure_value_added,
    to_agreed_cells,
)
from sopkit.kpi.history import find_restated, join_history
from sopkit.kpi.plan import (
    measure_adherence,
    measure_at_risk,
    measure_budget_gap,
    measure_nervousness,
    measure_overload,
    measure_utilisation,
)
from sopkit.kpi.registry import MONTHLY, REGISTRY, STUDIED, Kpi
from sopkit.kpi.rows import MEASURED, blank_kpi, join_measured
from sopkit.kpi.scorecard import find_side, list_figures, to_scorecard
from sopkit.kpi.service import (
    measure_backlog,
    measure_cycle_time,
    measure_fulfilment,
    measure_otif,
    measure_unit_fill,
)
from sopkit.kpi.stock import (
    measure_carrying_cost,
    measure_cover,
    measure_excess,
    measure_margin_rate,
    measure_period_of_cover,
    measure_supply_cost,
    measure_turns,
)
from sopkit.kpi.tell import (
    SPECS,
    tell_ask,
    tell_interval,
    tell_measured,
    tell_owners,
    tell_value,
    tell_windows,
)
from sopkit.kpi.windows import compare_kpis, compare_windows

__all__ = [
    "MEASURED",
    "MONTHLY",
    "MOST_SHOWN",
    "REGISTRY",
    "ROLES",
    "SPECS",
    "STUDIED",
    "Band",
    "Kpi",
    "blank_kpi",
    "compare_kpis",
    "compare_windows",
    "find_causes",
    "find_owner_side",
    "find_restated",
    "find_side",
    "join_history",
    "join_measured",
    "judge",
    "judge_kpis",
    "list_cycle_trends",
    "list_figures",
    "list_scorecard",
    "measure_adherence",
    "measure_at_risk",
    "measure_backlog",
    "measure_budget_gap",
    "measure_carrying_cost",
    "measure_cover",
    "measure_cycle_health",
    "measure_cycle_time",
    "measure_excess",
    "measure_forecast",
    "measure_fulfilment",
    "measure_given_cycles",
    "measure_hit_rate",
    "measure_margin_rate",
    "measure_nervousness",
    "measure_otif",
    "measure_overload",
    "measure_period_of_cover",
    "measure_stability",
    "measure_supply_cost",
    "measure_touchless_share",
    "measure_tracking",
    "measure_turns",
    "measure_unit_fill",
    "measure_utilisation",
    "measure_value_added",
    "name_trend",
    "tell_ask",
    "tell_interval",
    "tell_measured",
    "tell_owners",
    "tell_value",
    "tell_windows",
    "to_agreed_cells",
    "to_bands",
    "to_scorecard",
]
