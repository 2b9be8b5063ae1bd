"""Ask a cycle's supply plan: what if something changes, can a sales target be reached.

The plan of the cycle is made again from its tables, then changed; nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sopkit.cycle import Cycle
from sopkit.demand import measure_correlation
from sopkit.errors import CycleError, InputError
from sopkit.finance import complete_prices
from sopkit.scenario import parse_blocks, to_shift
from sopkit.supply import Case, Living, Plan, Rates, SupplyTables, solve_case
from sopkit.supply.assess import Assessment, assess_target
from sopkit.supply.inputs.open_case import open_case
from sopkit.supply.results.released import list_released
from sopkit.supply.solver.kept_basis import read_basis
from sopkit.supply.whatif import Change, Shift, WhatIf, list_codes, read_changes, what_if

SAME_SHARE = 1e-6
TARGET_WORDS = {"target": "demand", "目标": "demand"}


@dataclass(frozen=True)
class Base:
    """The plan of a cycle, made again.

    Args:
        case, demand, plan: what it is made from, and the plan itself.
        shift: gives demand at an end of its range.
        stated_value: cost that the cycle's tables state; another one means that inputs or
            parameters changed since the supply review.
    """

    case: Case
    demand: pd.DataFrame
    plan: Plan
    shift: Shift
    stated_value: float

    @property
    def is_same(self) -> bool:
        """Whether the plan made again costs what the cycle's tables say."""
        gap = abs(self.plan.objective - self.stated_value)
        return gap <= SAME_SHARE * max(abs(self.stated_value), 1.0)


def open_base(cycle: Cycle, country: str) -> Base:
    """Return the cycle's supply plan, made anew from its tables, from where its solver ended.

    Args:
        country: whose public holidays count for resources without capacity rows.

    Raises:
        CycleError: the supply review was not run yet.
        PlanError: the solver found no plan.
    """
    demand, cost = cycle.read_optional("net_demand"), cycle.read_optional("plan_cost")
    planned = cycle.read_optional("constrained_plan")
    if demand.empty or planned.empty:
        raise CycleError(
            f"Cycle {cycle.name} has no supply plan yet: sopkit run {cycle.name}, then ask again."
        )
    periods = pd.DatetimeIndex(sorted(planned["period"].unique()), freq="MS", name="period")
    given = {name: cycle.read_optional(name) for name in SupplyTables.names()}
    if cycle.previous is not None and given["released_plan"].empty:
        released = list_released(cycle.previous.read_optional("plan_flow"), cycle.period)
        given["released_plan"] = released
    given["price"] = complete_prices(given["price"], cycle.read_optional("demand_history"))
    case = open_case(
        given,
        demand,
        given["stock_target"],
        periods,
        working_days=_count_days(given["resource"], periods, country),
        rates=Rates.from_table(cycle.read_optional("plan_rule")),
    )
    basis = read_basis(cycle.read_optional("plan_basis"))
    plan = (
        solve_case(case, demand) if basis is None else Living(case, demand, basis=basis).base.plan
    )
    agreed, lines = cycle.read_optional("consensus_demand"), cycle.read_optional("sales_order_line")
    rho = measure_correlation(cycle.read_optional("backtest"))
    shift = to_shift(agreed, rho, given["item"], lines, given["service_class"], periods)
    return Base(case, demand, plan, shift, float(cost["cost_value"].sum()))


def _count_days(
    resource: pd.DataFrame, periods: pd.DatetimeIndex, country: str
) -> dict[pd.Timestamp, int]:
    if resource.empty or resource["hours_per_day"].isna().all():
        return {}
    from sopkit.periods import working_days

    return {period: working_days(period, country) for period in periods}


def ask_what_if(base: Base, file: Path) -> WhatIf:
    """Return the plan under the changes of a file beside the plan there is.

    Raises:
        InputError: the file is not there, is no YAML, or its changes are not fit; all are named.
    """
    codes = list_codes(base.case.tables, base.demand, base.case.periods)
    changes = read_changes(read_blocks(file), codes, file.name)
    return what_if(base.case, base.demand, base.plan, changes, shift=base.shift)


def ask_target(base: Base, file: Path) -> Assessment:
    """Return what the sales target of a file means for supply.

    Its blocks begin with `target` (or `demand`): `- target: STEA`, then from, to, change.

    Raises:
        InputError: the file is not there, is no YAML, or holds something else than targets.
    """
    blocks = [
        {TARGET_WORDS.get(str(key), str(key)): text for key, text in block.items()}
        for block in read_blocks(file)
    ]
    codes = list_codes(base.case.tables, base.demand, base.case.periods)
    target = read_changes(blocks, codes, file.name)
    others = [change.describe() for change in target if change.kind != "demand"]
    if others:
        raise InputError(
            f"{file.name} holds no sales target: {', '.join(others)}. "
            "Ask `sopkit whatif` about changes of supply."
        )
    return assess_target(base.case, base.demand, base.plan, target)


def read_blocks(file: Path) -> list[dict[str, str]]:
    """Return the blocks of a YAML file, every cell as it is written.

    Raises:
        InputError: the file is not there, or is no list of blocks.
    """
    return parse_blocks(read_text(file), file.name)


def read_text(file: Path) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        InputError: the file is not there, or is written otherwise.
    """
    if not file.is_file():
        raise InputError(f"The file {file} is not there.")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name} is not UTF-8: {error}") from error


def what_if_to_json(base: Base, found: WhatIf) -> dict[str, Any]:
    """Return a what-if as plain values for JSON."""
    return {
        "changes": [change.describe() for change in found.changes],
        "before_value": base.plan.objective,
        "after_value": found.plan.objective,
        "gain_value": found.gain,
        "revenue_change_value": found.revenue_change,
        "earned_value": found.earned,
        "first_change": _to_plain(found.first_change),
        "same_as_tables": base.is_same,
        "cost": to_rows(found.cost),
        "service": to_rows(found.service),
        "shortage": to_rows(found.shortage),
        "stock": to_rows(found.stock),
        "hours": to_rows(found.hours),
    }


def assessment_to_json(base: Base, target: Sequence[Change], found: Assessment) -> dict[str, Any]:
    """Return an assessment as plain values for JSON."""
    decide = found.decide_date
    tables = ("months", "displaced", "breaks", "load", "actions", "reliefs")
    return {
        "target": [change.describe() for change in target],
        "verdict": found.verdict,
        "served_rate": found.served_rate,
        "on_time_rate": found.on_time_rate,
        "decide_date": None if decide is None else f"{decide:%Y-%m-%d}",
        "extra_cost_value": found.extra_cost,
        "unit_cost_value": _to_plain(found.unit_cost),
        "gain_value": found.gain,
        "lost_value": found.lost_value,
        "same_as_tables": base.is_same,
        **{name: to_rows(getattr(found, name)) for name in tables},
    }


def to_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as plain values: months as 2027-05, days as 2027-05-01, blank None."""
    rows = frame.copy()
    for name in rows.columns:
        if pd.api.types.is_datetime64_any_dtype(rows[name]):
            written = "%Y-%m-%d" if str(name).endswith("_date") else "%Y-%m"
            rows[name] = rows[name].dt.strftime(written)
    return [
        {str(name): _to_plain(value) for name, value in row.items()}
        for row in rows.astype(object).to_dict("records")
    ]


def _to_plain(value: Any) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m}"
    return value.item() if isinstance(value, np.generic) else value
