"""Solve the supply plan of a folder of tables, without notebook, cycle or company."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.supply import (
    Plan,
    SupplyTables,
    check_plan,
    explain_shortages,
    net_demand,
    prepare_case,
    rough_cut_load,
    solve_case,
)
from sopkit.tables import TABLES, check_table

KINDS = (".csv", ".parquet")


def solve_folder(
    source: Path, output: Path, *, country: str = "CN", time_limit: float = 300.0
) -> dict[str, Any]:
    """Solve the tables of a folder and write the plan's tables and `summary.json`.

    Files carry the names and columns of the contracts (`operation.csv`, `bom.parquet`, ...).
    Demand is `net_demand`, or `consensus_demand`, from which orders (`sales_order_line`, if
    given) are netted. The months planned are those of the demand, from its first month on.

    Args:
        source: folder of CSV or Parquet files.
        output: folder for `constrained_plan`, `plan_flow`, `plan_service`, `plan_resource`,
            `plan_cost`, `shortage`, `capacity_load` (CSV) and `summary.json`; each file is
            written whole or not at all.
        country: whose public holidays count for resources without capacity rows.
        time_limit: seconds the solver may take.

    Returns:
        What `summary.json` holds: status, objective, cost split, service, sizes, seconds,
        warnings, checks.

    Raises:
        InputError: a file is missing or breaks its contract; all problems are named.
        PlanError: hard data contradict each other, or the solver found no plan.
    """
    started = perf_counter()
    frames = read_folder(source)
    demand = _find_demand(frames, source)
    periods = pd.date_range(
        demand["period"].min(), demand["period"].max(), freq="MS", name="period"
    )
    tables = SupplyTables.collect(frames)
    marks = perf_counter()
    case = prepare_case(tables, demand, periods, working_days=_count_days(tables, periods, country))
    plan = solve_case(case, demand, time_limit=time_limit, prepared=perf_counter() - marks)
    made = {
        "constrained_plan": plan.constrained_plan,
        "plan_flow": plan.plan_flow,
        "plan_service": plan.plan_service,
        "plan_resource": plan.plan_resource,
        "plan_cost": plan.plan_cost,
        "shortage": explain_shortages(case, plan),
        "capacity_load": rough_cut_load(case, demand),
    }
    summary = _summarise(plan, case.warnings, check_plan(tables, plan))
    output.mkdir(parents=True, exist_ok=True)
    for name, frame in made.items():
        _write_whole(output / f"{name}.csv", frame.to_csv(index=False))
    summary["seconds"]["total"] = round(perf_counter() - started, 3)
    _write_whole(output / "summary.json", json.dumps(summary, ensure_ascii=False, indent=1))
    return summary


def read_folder(source: Path) -> dict[str, pd.DataFrame]:
    """Return every file of the folder that carries a contract's name, checked.

    Raises:
        InputError: the folder is not there, or files break their contracts; all are named.
    """
    if not source.is_dir():
        raise InputError(f"The folder {source} is not there.")
    frames, problems = {}, []
    for path in sorted(p for p in source.iterdir() if p.suffix in KINDS and p.stem in TABLES):
        try:
            frames[path.stem] = check_table(_read(path), TABLES[path.stem], path.name)
        except (InputError, ValueError) as problem:
            problems.append(f"{path.name}: {problem}")
    if problems:
        raise InputError(list_problems(f"{source} is not fit to plan on", problems))
    return frames


def _read(path: Path) -> pd.DataFrame:
    """Return a file as a frame; codes stay text, so that leading zeros are kept."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    kinds = {c.name: str for c in TABLES[path.stem].columns if c.kind == "text"}
    return pd.read_csv(path, dtype=kinds)


def _find_demand(frames: dict[str, pd.DataFrame], source: Path) -> pd.DataFrame:
    """Return what to plan against."""
    if "net_demand" in frames:
        demand = frames["net_demand"]
    elif "consensus_demand" in frames:
        agreed = frames["consensus_demand"]
        periods = pd.date_range(agreed["period"].min(), agreed["period"].max(), freq="MS")
        orders = frames.get("sales_order_line", TABLES["sales_order_line"].empty())
        classes = frames.get("service_class", TABLES["service_class"].empty())
        demand = net_demand(agreed, orders, classes, periods)
    else:
        raise InputError(f"{source} holds neither net_demand nor consensus_demand (CSV, Parquet).")
    if demand.empty:
        raise InputError(f"The demand in {source} has no rows; there is nothing to plan.")
    return demand


def _count_days(
    tables: SupplyTables, periods: pd.DatetimeIndex, country: str
) -> dict[pd.Timestamp, int]:
    """Return working days of the months, counted only where a resource needs them."""
    if tables.resource["hours_per_day"].isna().all():
        return {}
    from sopkit.periods import working_days

    return {period: working_days(period, country) for period in periods}


def _summarise(plan: Plan, warnings: pd.DataFrame, checks: pd.DataFrame) -> dict[str, Any]:
    service = plan.plan_service[["demand_qty", "on_time_qty", "late_qty", "short_qty"]].sum()
    return {
        "status": plan.status,
        "objective": plan.objective,
        "cost": dict(zip(plan.plan_cost["term"], plan.plan_cost["cost_value"], strict=True)),
        "service": {str(name): float(qty) for name, qty in service.items()},
        "sizes": {**plan.sizes, "months": int(plan.constrained_plan["period"].nunique())},
        "seconds": {name: round(spent, 3) for name, spent in plan.seconds.items()},
        "warnings": warnings.to_dict("records"),
        "checks": {
            row["check"]: {"worst": float(row["worst"]), "passed": bool(row["passed"])}
            for row in checks.to_dict("records")
        },
    }


def _write_whole(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that no half file is ever seen."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
