"""Scenarios of a cycle: those that stand, in the file and the planbook, and what they bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.asking.plan import Base, read_text, to_rows
from sopkit.cycle import Cycle
from sopkit.errors import InputError
from sopkit.scenario import (
    Scenario,
    compare_costs,
    compare_scenarios,
    fit_scenarios,
    list_diffs,
    read_scenarios,
    solve_diffs,
    sum_costs,
    sum_plan,
    to_scenarios,
    value_scenarios,
)
from sopkit.supply import list_codes


@dataclass(frozen=True)
class Asked:
    """Scenarios solved beside the base plan.

    Args:
        diffs: contract `scenario_diff`.
        months: contract `scenario_month`, all months solved.
        costs: contract `scenario_cost`.
        compared: see `compare_scenarios`, with `gain_value` after all costs.
    """

    diffs: pd.DataFrame
    months: pd.DataFrame
    costs: pd.DataFrame
    compared: pd.DataFrame


def find_scenario_file(folder: Path, company: str) -> Path:
    """Return the file in which a company's scenarios stand; it need not be there."""
    return folder / "params" / "scenarios" / f"{company}.yaml"


def read_scenario_file(file: Path) -> list[Scenario]:
    """Return the scenarios of a file.

    Raises:
        InputError: the file is not there, is no YAML, or a scenario in it is not fit; all named.
    """
    import yaml

    try:
        content = yaml.load(read_text(file), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise InputError(f"{file.name} cannot be read as YAML: {error}") from error
    return read_scenarios(content, "file", file.name) if content else []


def list_standing(cycle: Cycle) -> list[Scenario]:
    """Return the scenarios that stand in a cycle: those of its company's file, then the planbook's.

    Raises:
        InputError: the file or a record is not fit, or both have a scenario of one name.
    """
    from sopkit.planbook import read_records

    file = find_scenario_file(cycle.folder, cycle.company)
    found = read_scenario_file(file) if file.is_file() else []
    records = read_records(cycle.folder, "scenario", cycle.name, company=cycle.company)
    entered = to_scenarios(records)
    names = {one.name for one in found}
    doubled = [one.name for one in entered if one.name in names]
    if doubled:
        raise InputError(
            f"Scenario {doubled[0]} stands in {file.name} and in the planbook. "
            "Rename one, or take it back: sopkit book withdraw NUMBER"
        )
    return [*found, *entered]


def solve_scenarios(base: Base, scenarios: Sequence[Scenario]) -> Asked:
    """Return scenarios solved beside the cycle's supply plan; nothing is written.

    Args:
        base: what `open_base` returned for the cycle.
        scenarios: what is asked.

    Raises:
        InputError: two of one name.
        PlanError: the solver found no plan.
    """
    case, demand, plan = base.case, base.demand, base.plan
    fitted = fit_scenarios(case, demand, scenarios, base.shift)
    solved = solve_diffs(case, demand, fitted, basis=plan.basis)
    resource, cost, price = case.tables.resource, case.tables.cost, case.tables.price
    tables = (plan.constrained_plan, plan.plan_service, plan.plan_resource)
    flow, periods = plan.plan_flow, case.periods
    month = sum_plan("base", demand, *tables, resource, price, cost, periods, plan_flow=flow)
    costs = sum_costs("base", plan.plan_cost, plan.plan_service, price)
    months, costs = value_scenarios(month, costs, solved, demand, resource, cost, periods)
    compared = compare_scenarios(months)
    gains = compare_costs(costs)
    return Asked(
        diffs=list_diffs(fitted, list_codes(case.tables, demand, periods)),
        months=months,
        costs=costs,
        compared=compared.assign(gain_value=compared["scenario"].map(gains)),
    )


def solved_to_json(asked: Asked) -> dict[str, Any]:
    """Return solved scenarios as plain values for JSON."""
    return {
        "diffs": to_rows(asked.diffs),
        "compared": to_rows(asked.compared),
        "months": to_rows(asked.months),
        "cost": to_rows(asked.costs),
    }
