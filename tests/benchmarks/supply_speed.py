"""Print what the supply model costs, each figure with its bound.

    python tests/benchmarks/supply_speed.py [--size S|M] [--lead months|days] [--full]

Lean: the whole path (tables, case, model, solve, plan tables with duals) against raw HiGHS arrays
on the same compact model and on the plain formulation. Interactive: what-ifs on one living solver
against the cold solve. Next month: last month's basis against a cold start. All CPU seconds of this
one process, side by side, after size S has loaded what both sides import. `--full` adds size L, each
in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import supply_raw
from supply_instances import SIZES, Instance, make_apart, make_instance, move_on

from sopkit.errors import PlanError
from sopkit.supply import Case, Plan, check_plan, prepare_case, solve_case
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.units import find_money, find_units
from sopkit.supply.solver.highs import SIMPLEX_COLUMNS
from sopkit.supply.solver.living import Answer, Living

ROUNDS = 3
LONG = 3_000.0  # seconds by the clock; others may share the machine
STEPS = ("prepare_case", "to_streams", "build_model", "to_lp", "solve_lp", "read_plan")


def say(what: str, measured: str, bound: str = "") -> None:
    """Print one figure."""
    print(f"{what:64s} {measured:>22s}   {bound}", flush=True)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds and result."""
    started = time.process_time()
    result = call()
    return time.process_time() - started, result


@contextlib.contextmanager
def watch_steps(seconds: dict[str, float]) -> Iterator[None]:
    """Add up the CPU seconds of each step of a solve while in the block."""
    from sopkit.supply import solve

    kept = {name: getattr(solve, name) for name in STEPS if hasattr(solve, name)}

    def watched(name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            spent, result = timed(lambda: kept[name](*args, **options))
            seconds[name] = seconds.get(name, 0.0) + spent
            return result

        return call

    for name in kept:
        setattr(solve, name, watched(name))
    try:
        yield
    finally:
        for name, step in kept.items():
            setattr(solve, name, step)


def solve_whole(made: Instance, time_limit: float = LONG) -> Plan:
    """Return the plan by sopkit's whole path."""
    from sopkit.supply import solve

    return solve.solve_plan(made.tables, made.demand, made.periods, time_limit=time_limit)


def solve_raw(made: Instance, build: Callable[..., supply_raw.Raw]) -> tuple[float, Any, float]:
    """Return CPU seconds, the raw model, and the optimum in money; arrays of the case are given."""
    case = prepare_case(made.tables, made.demand, made.periods)
    streams = to_streams(case, made.demand)
    unit = find_units(case, streams)
    money = find_money(streams, unit[streams.streams["place"].to_numpy(int)])

    def run() -> tuple[Any, float]:
        raw = build(supply_raw.scale(case, streams, unit, money))
        method = "simplex" if raw.columns <= SIMPLEX_COLUMNS else "ipx"
        return raw, supply_raw.solve(raw, method, LONG)[0] * money

    seconds, (raw, optimum) = timed(run)
    return seconds, raw, optimum


def print_lean(made: Instance, size: str) -> tuple[float, Plan]:
    """Print the whole path against raw arrays, medians of rounds; return the solve and its plan."""
    rounds: list[tuple[float, float, float, dict[str, float]]] = []
    for _ in range(ROUNDS):
        steps: dict[str, float] = {}
        with watch_steps(steps):
            seconds, plan = timed(lambda: solve_whole(made))
        compact, one, least = solve_raw(made, supply_raw.build_compact)
        plain, other, same = solve_raw(made, supply_raw.build_plain)
        rounds.append((seconds, compact, plain, steps))
    seconds, compact, plain = (
        float(np.median(times)) for times in list(zip(*rounds, strict=True))[:3]
    )
    steps = {name: float(np.median([r[3].get(name, 0.0) for r in rounds])) for name in rounds[0][3]}
    asked = SIZES[size]
    say("columns and rows, compact", f"{plan.sizes['columns']:,} x {plan.sizes['rows']:,}")
    say("  raw arrays of the same model", f"{one.columns:,} x {one.rows:,}")
    told = f"{asked.columns:,} x {asked.rows:,} in the facts (no steps of price)"
    say("columns and rows, plain", f"{other.columns:,} x {other.rows:,}", told)
    say("optimum: raw compact, plain, less sopkit's, share", f"{least / plan.objective - 1:.1e}")
    say("", f"{same / plan.objective - 1:.1e}", "same optimum")
    say("whole path, CPU s", f"{seconds:.2f}")
    for name, spent in steps.items():
        say(f"  {name}", f"{spent:.2f}")
    say("raw arrays, compact, CPU s", f"{compact:.2f}")
    say("raw arrays, plain, CPU s", f"{plain:.2f}")
    say("whole path / raw compact", f"{seconds / compact:.3f}", "<= 1.25, aim 1.1")
    say("whole path / raw plain", f"{seconds / plain:.3f}", "<= 1.0")
    checks = check_plan(made.tables, plan)
    failed = list(checks.loc[~checks["passed"], "check"])
    say("checks of the plan that failed", f"{len(failed)} of {len(checks)}", str(failed or ""))
    return steps["solve_lp"], plan


def scale_hours(case: Case, lines: Any, months: Any, by: float) -> Case:
    """Return the case with hours of lines and months changed."""
    regular, overtime = case.regular_hours.copy(), case.overtime_hours.copy()
    regular[lines, months] *= by
    overtime[lines, months] *= by
    return replace(case, regular_hours=regular, overtime_hours=overtime)


def scale_demand(demand: pd.DataFrame, rows: pd.Series, by: float) -> pd.DataFrame:
    """Return demand with the quantity of rows changed."""
    return demand.assign(demand_qty=demand["demand_qty"].where(~rows, demand["demand_qty"] * by))


def list_questions(made: Instance, case: Case, plan: Plan) -> list[tuple[str, float, Any, Any]]:
    """Return what is asked: words, bound of warm : cold, changed case, changed demand.

    The line-months are the one whose hour is worth most and the middle one of those where it is
    worth anything; the streams the largest and the middle one.
    """
    demand = made.demand
    load = plan.plan_resource.query("hour_worth_value > 0")
    load = load.sort_values(["hour_worth_value", "resource", "period"], ascending=False)
    load = load.reset_index(drop=True)
    key = ["item", "location", "customer"]
    streams = demand.groupby(key)["demand_qty"].sum().sort_values(ascending=False)
    questions: list[tuple[str, float, Any, Any]] = []
    for row in (0, len(load) // 2):
        line = case.resources.index[case.resources["resource"] == load.loc[row, "resource"]][0]
        month = made.periods.get_loc(load.loc[row, "period"])
        name = f"line {load.loc[row, 'resource']}, month {month + 1}, -20 %"
        questions.append((name, 0.08, scale_hours(case, line, month, 0.8), demand))
    for row in (0, len(streams) // 2):
        chosen = pd.MultiIndex.from_frame(demand[key]) == streams.index[row]
        name = f"demand of {' '.join(streams.index[row])}, +20 %"
        rows = pd.Series(chosen, index=demand.index)
        questions.append((name, 0.08, case, scale_demand(demand, rows, 1.2)))
    everything = slice(None)
    hours = scale_hours(case, everything, everything, 1.05)
    questions.append(("all lines, +5 %", 0.3, hours, demand))
    waits = demand["customer"].isin(["key", "trade"])
    more = scale_demand(demand, waits, 1.02)
    questions.append(("all demand that can wait, +2 %", 0.3, case, more))
    return questions


def first_answer(base: Answer, asked: Any) -> float:
    """Return what the duals say a change costs at least, before anything is solved [money].

    Cost is convex in limits and quantities, so the plan solved anew costs as much or more.
    """
    old, new = base.arrays.lp, asked.lp
    reduced = old.cost - old.matrix.T @ base.row_dual
    price = new.cost - old.cost
    rows = np.where(
        base.row_dual > 0,
        _change(old.row_lower, new.row_lower),
        _change(old.row_upper, new.row_upper),
    )
    bounds = np.where(reduced > 0, _change(old.lower, new.lower), _change(old.upper, new.upper))
    steps = price @ base.x + base.row_dual @ rows + reduced @ bounds
    constant = [sum(m.sum() for m in one.model.constants.values()) for one in (base.arrays, asked)]
    return float(steps * old.money + constant[1] - constant[0])


def _change(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(new - old, nan=0.0)


def print_interactive(made: Instance, plan: Plan, cold: float) -> None:
    """Print what-ifs against the cold solve of the same size, and how far the first answer is."""
    case = prepare_case(made.tables, made.demand, made.periods)
    seconds, living = timed(lambda: Living(case, made.demand, plan, time_limit=LONG))
    say("a living solver from last plan's basis, CPU s", f"{seconds:.2f}", f"cold {cold:.2f}")
    worst = 0.0
    for name, bound, changed, demand in list_questions(made, case, plan):
        told = first_answer(living.base, living.to_arrays(changed, demand))
        seconds, answer = timed(lambda c=changed, d=demand: living.ask(c, d))
        reading, _ = timed(lambda a=answer: a.plan)
        gain = answer.objective - living.base.objective
        back = living.undo()
        worst = max(worst, abs(back.objective / living.base.objective - 1))
        bound_text = f"<= {bound:g} (asked in {seconds:.2f} s, tables {reading:.2f} s)"
        say(f"warm : cold, {name}", f"{seconds / cold:.3f}", bound_text)
        off = abs(told - gain) / max(abs(gain), 1e-9)
        say(
            "  first answer, re-solved [money]",
            f"{told:,.0f}, {gain:,.0f}",
            f"off {off:.0%}; within 10 % or a range (told is the least)",
        )
    say("objectives restored when undone, worst share", f"{worst:.1e}", "0")


def print_next(made: Instance, plan: Plan) -> None:
    """Print the next month's plan from last month's basis against a cold start."""
    after = move_on(made, plan)
    case = prepare_case(after.tables, after.demand, after.periods)
    cold, fresh = timed(lambda: solve_case(case, after.demand, time_limit=LONG))
    warm, again = timed(lambda: solve_case(case, after.demand, start=plan, time_limit=LONG))
    say("next month, warm : cold", f"{warm / cold:.3f}", f"<= 0.4 ({warm:.2f} : {cold:.2f} s)")
    say("  objectives differ by, share", f"{again.objective / fresh.objective - 1:.1e}", "1e-6")


def peak_mb() -> float:
    """Return the most memory this process ever held."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def measure_large(lead: str, groups: int, time_limit: float) -> dict[str, Any]:
    """Return what building and solving L takes in this process."""
    made = make_instance("L", lead=lead) if groups == 1 else make_apart("L", groups, lead=lead)
    steps: dict[str, float] = {}
    with watch_steps(steps):
        try:
            seconds, plan = timed(lambda: solve_whole(made, time_limit))
            bound = plan.bound if plan.bound is not None else np.nan
            found = {
                "status": plan.status,
                "gap": (plan.objective - bound) / abs(plan.objective),
                "columns": plan.sizes["columns"],
                "rows": plan.sizes["rows"],
                "cpu": seconds,
            }
        except PlanError as error:
            found = {"status": str(error)[:70]}
    return {**found, **steps, "peak": peak_mb()}


def print_large(lead: str, groups: int, time_limit: float) -> None:
    """Print L, in a process of its own."""
    given = ["--large", str(groups), "--lead", lead, "--limit", str(time_limit)]
    done = subprocess.run([sys.executable, __file__, *given], capture_output=True, text=True)
    if done.returncode:
        say("L failed", "", done.stderr[-300:])
        return
    found = json.loads(done.stdout.splitlines()[-1])
    kind = "connected" if groups == 1 else f"in {groups} parts"
    say(f"L {kind}, {lead}, limit {time_limit:g} s: status", "", found["status"])
    built = sum(found.get(name, 0.0) for name in STEPS[:4])
    say("  built from tables, CPU s", f"{built:.2f}", "<= 4")
    for name in STEPS:
        say(f"    {name}", f"{found.get(name, 0.0):.2f}")
    if "gap" in found:
        say("  columns x rows", f"{found['columns']:,} x {found['rows']:,}")
        told = "optimum <= 900 s; a plan within 300 s, aim 1 %"
        say("  whole path, CPU s", f"{found['cpu']:.0f}", told)
        say("  proven gap", f"{found['gap']:.2%}", "printed; aim 1 %")
    say("  peak memory, MB", f"{found['peak']:.0f}", "<= 2,000, aim 1,500")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="M", choices=list(SIZES))
    parser.add_argument("--lead", default="months", choices=["months", "days"])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--large", type=int)
    parser.add_argument("--limit", type=float, default=300.0)
    given = parser.parse_args()
    if given.large:
        print(json.dumps(measure_large(given.lead, given.large, given.limit)))
        return
    print(f"size {given.size}, lead times in {given.lead}")
    solve_whole(make_instance("S", lead=given.lead))
    made = make_instance(given.size, lead=given.lead)
    cold, plan = print_lean(made, given.size)
    print_interactive(made, plan, cold)
    print_next(made, plan)
    if given.full:
        print_large("months", 1, 300.0)
        print_large("months", 1, LONG)
        print_large("months", 5, LONG)


if __name__ == "__main__":
    main()
