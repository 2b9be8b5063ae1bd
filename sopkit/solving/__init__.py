"""Solve the supply plan of a folder of tables, without notebook, cycle or company."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from sopkit.solving.folder import find_demand, read_folder, write_folder
from sopkit.solving.settings import Settings, list_settings, read_settings
from sopkit.supply import (
    Case,
    Plan,
    SupplyTables,
    check_plan,
    compare_plans,
    explain_shortages,
    list_fixes,
    prepare_case,
    rank_bottlenecks,
    rough_cut_load,
    round_orders,
    solve_beside_rules,
    start_living,
    sum_margin,
)
from sopkit.supply.pegging import peg_plan

__all__ = ["Settings", "list_settings", "read_folder", "read_settings", "solve_folder"]

PLAN_TABLES = (
    "constrained_plan",
    "plan_flow",
    "plan_service",
    "plan_resource",
    "plan_people",
    "plan_cost",
    "plan_change",
    "order_change",
)
BROKEN = ("overflow", "odd_lots")  # what goes outside of limits of stock, and of whole lots
ROUNDING = 1e-6
SERVICE = ["demand_qty", "on_time_qty", "late_qty", "short_qty"]


def solve_folder(
    source: Path,
    output: Path,
    *,
    country: str | None = None,
    time_limit: float | None = None,
) -> dict[str, Any]:
    """Solve the tables of a folder and write the plan's tables and `summary.json`.

    Files carry the names and columns of the contracts (`operation.csv`, `bom.parquet`, ...).
    Demand is `net_demand`, or `consensus_demand`, from which orders (`sales_order_line`, if
    given) are netted. The months planned are those of the demand, from its first month on.
    `settings.yaml` may give prices and choices by the names of `Rates`, and `time_limit`,
    `country`, `months` (`list_settings`).

    Args:
        source: folder of CSV or Parquet files.
        output: folder for the plan's tables (CSV) and `summary.json`; written whole or not at all.
        country: whose public holidays count for resources without capacity rows; wins over
            the settings.
        time_limit: seconds the solver may take; wins over the settings.

    Returns:
        What `summary.json` holds: status, objective, best bound and gap to it, margin, cost
        split, service, sizes, seconds, checks, warnings, settings, files.

    Raises:
        InputError: a file is missing or breaks its contract; all problems are named.
        ParameterError: a setting is unknown or does not fit.
        PlanError: hard data contradict each other, or the solver found no plan.
    """
    started = perf_counter()
    settings = read_settings(source) if source.is_dir() else Settings()
    settings = replace(
        settings,
        country=country or settings.country,
        time_limit=time_limit or settings.time_limit,
    )
    frames = read_folder(source)
    demand, periods = find_demand(frames, source, settings.months)
    tables = SupplyTables.collect(frames)
    reading = perf_counter() - started
    days = _count_days(tables, periods, settings.country)
    case = prepare_case(tables, demand, periods, working_days=days, rates=settings.rates)
    prepared = perf_counter() - started - reading
    plan, twin = solve_beside_rules(case, demand, time_limit=settings.time_limit)
    plan.seconds.update(prepare=prepared)
    shortage = explain_shortages(case, plan)
    made = {
        **{name: getattr(plan, name) for name in PLAN_TABLES},
        **{name: getattr(plan, name) for name in BROKEN if len(getattr(plan, name).columns)},
        "plan_compare": compare_plans(plan, twin),
        "firm_order": round_orders(case, plan, uom_conversion=frames.get("uom_conversion")),
        "pegging": peg_plan(case, plan),
        "capacity_load": rough_cut_load(case, demand),
        "shortage": shortage,
        **(_solve_again(case, plan, demand, shortage) if settings.fixes else {}),
    }
    summary = summarise(case, plan, check_plan(tables, plan))
    summary["settings"] = asdict(settings.rates) | {
        "time_limit": settings.time_limit,
        "fixes": settings.fixes,
        "country": settings.country,
        "months": len(periods),
    }
    summary["files"] = {f"{name}.csv": len(frame) for name, frame in made.items()}
    summary["seconds"]["total"] = round(perf_counter() - started, 3)
    return write_folder(output, made, summary)


def _solve_again(
    case: Case, plan: Plan, demand: pd.DataFrame, shortage: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return fixes and bottlenecks, each from plans solved anew; nothing of a plan cut off."""
    if plan.status != "optimal":
        return {}
    living = start_living(case, plan)
    return {
        "shortage_fix": list_fixes(case, demand, plan, shortage, living=living),
        "bottleneck": rank_bottlenecks(case, demand, plan, living=living),
    }


def _count_days(
    tables: SupplyTables, periods: pd.DatetimeIndex, country: str
) -> dict[pd.Timestamp, int]:
    """Return working days of the months, counted only where a resource needs them."""
    if tables.resource["hours_per_day"].isna().all():
        return {}
    from sopkit.periods import working_days

    return {period: working_days(period, country) for period in periods}


def summarise(case: Case, plan: Plan, checks: pd.DataFrame) -> dict[str, Any]:
    """Return what `summary.json` says of a plan."""
    service = {str(name): float(qty) for name, qty in plan.plan_service[SERVICE].sum().items()}
    wanted = service["demand_qty"]
    return {
        "status": plan.status,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": find_gap(plan),
        "margin": sum_margin(plan),
        "cost": dict(zip(plan.plan_cost["term"], plan.plan_cost["cost_value"], strict=True)),
        "service": service | {"on_time_rate": service["on_time_qty"] / wanted if wanted else 1.0},
        "sizes": {
            **plan.sizes,
            "months": len(case.periods),
            "places": len(case.places),
            "ways": len(case.ways),
        },
        "seconds": {name: round(spent, 3) for name, spent in plan.seconds.items()},
        "warnings": case.warnings.to_dict("records"),
        "checks": {
            row["check"]: {"worst": float(row["worst"]), "passed": bool(row["passed"])}
            for row in checks.to_dict("records")
        },
    }


def find_gap(plan: Plan) -> float | None:
    """Return how much dearer the plan may be than the best, as a share of it; None: no bound.

    gap = (objective - bound) / |objective|; 0 for an optimum (rounding apart).
    """
    if plan.bound is None:
        return None
    spread = max(plan.objective - plan.bound, 0.0)
    scale = max(abs(plan.objective), 1e-9)
    return 0.0 if spread <= ROUNDING * scale else spread / scale
