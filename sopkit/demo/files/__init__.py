"""The company's raw files, as its systems export them: Chinese headers, mixed formats."""

from __future__ import annotations

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile
from sopkit.demo.files.demand import to_demand_files
from sopkit.demo.files.master import to_master_files
from sopkit.demo.files.pipeline import to_pipeline_files
from sopkit.demo.files.planning import to_planning_files
from sopkit.demo.files.supply import to_supply_files


def to_files(company: Company) -> list[RawFile]:
    """Return all raw files of a company, master data first."""
    return [
        *to_master_files(company),
        *to_demand_files(company),
        *to_pipeline_files(company),
        *to_planning_files(company),
        *to_supply_files(company),
    ]


__all__ = ["to_files"]
