"""Parameter files: a company's run parameters, KPI bands, and the process of its month."""

from __future__ import annotations

from sopkit.params.kpi import read_kpi_file
from sopkit.params.loader import Declared
from sopkit.params.process import Process, read_process
from sopkit.params.runs import (
    GIVEN_BY_RUNNER,
    REVIEWS,
    Common,
    HorizonMonths,
    Running,
    RunParameters,
    find_params,
    list_params,
    read_params,
)

__all__ = [
    "GIVEN_BY_RUNNER",
    "REVIEWS",
    "Common",
    "Declared",
    "HorizonMonths",
    "Process",
    "RunParameters",
    "Running",
    "find_params",
    "list_params",
    "read_kpi_file",
    "read_params",
    "read_process",
]
