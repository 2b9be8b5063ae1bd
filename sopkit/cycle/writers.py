"""Who writes which table: the step of a stage, and the tables it owns."""

from __future__ import annotations

from sopkit.errors import ParameterError
from sopkit.tables import TABLES

STAGES = {
    "data": "01_data_review",
    "demand": "02_demand_review",
    "supply": "03_supply_review",
    "consensus": "04_consensus_review",
    "executive": "05_executive_review",
    "publish": "publish",
}


def to_step(stage: str) -> str:
    """Return the step that a stage stands for: `demand` or `02_demand_review`.

    Raises:
        ParameterError: no such stage.
    """
    step = STAGES.get(stage, stage)
    if step not in STAGES.values():
        raise ParameterError(f"No stage is named {stage!r}; there are {', '.join(STAGES)}.")
    return step


def to_writer(table: str) -> str:
    """Return the step that alone writes a table.

    Company tables are written by 01_data_review, except `override` (people's changes), which
    02_demand_review reads from its files so that a changed override starts the run there.

    Raises:
        ParameterError: no contract has that name.
    """
    if table not in TABLES:
        raise ParameterError(f"No table is named {table!r}; sopkit.tables lists them all.")
    if table == "override":
        return STAGES["demand"]
    owner = TABLES[table].owner
    return STAGES["data"] if owner == "input" else owner


def list_owned(step: str) -> list[str]:
    """Return the tables a step alone writes, in the order of the contracts."""
    return [name for name in TABLES if to_writer(name) == step]
