"""Baseline, events, deals, streams and overrides to the one demand everybody plans on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.tables import TABLES

PARTS = ["event_qty", "pipeline_qty", "stream_qty", "override_qty"]


def to_consensus_demand(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the parts up: demand = baseline + events + pipeline + streams + overrides, at least 0.

    The range moves along.

    Args:
        rows: what `apply_overrides` returned: `baseline_qty`, PARTS (0 where a column is absent),
            `lo_80_qty`, `hi_80_qty`.

    Returns:
        Contract `consensus_demand`; lo <= demand <= hi, all >= 0, the parts sum to demand_qty.

    Example:
        100 (80 to 130) + 20 - 5: 115 (95 to 145).
    """
    rows = rows.assign(**{name: 0.0 for name in PARTS if name not in rows.columns})
    shift = rows[PARTS].sum(axis=1)
    demand = np.maximum(rows["baseline_qty"] + shift, 0.0)
    told = rows.assign(
        demand_qty=demand,
        lo_80_qty=np.clip(rows["lo_80_qty"] + shift, 0.0, demand),
        hi_80_qty=np.maximum(rows["hi_80_qty"] + shift, demand),
    )
    columns = TABLES["consensus_demand"].column_names
    key = list(TABLES["consensus_demand"].key)
    return told[columns].sort_values(key, kind="stable", ignore_index=True)
