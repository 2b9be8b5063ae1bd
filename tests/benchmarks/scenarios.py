"""Eight scenarios of a company at demo size, side by side: seconds, and the same cost as cold.

    python tests/benchmarks/scenarios.py [FOLDER CYCLE] [--full]

FOLDER and CYCLE name a finished month (SOPKIT_HOME and its newest cycle where they are left out).
Prints the seconds of building the case, of applying eight diffs to it and of solving them from the
base plan's basis on two threads; the largest difference in cost against cold solves (with --full
of all eight, else of three); and whether a second run, in another order, gives the same numbers.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time

from sopkit.asking import Base, open_base
from sopkit.cycle import Cycle, find_folder, list_cycles, view_cycle
from sopkit.scenario import Fitted, Scenario, Solved, fit_scenarios, list_range, solve_diffs
from sopkit.supply import solve_case

COLD = ("downside", "hours", "price")


def list_eight(base: Base) -> list[Scenario]:
    """Return eight scenarios of the kinds that people ask, on the company's own codes."""
    case = base.case
    months = [f"{month:%Y-%m}" for month in case.periods]
    loads = base.plan.plan_resource.groupby("resource")[["load_hours", "regular_hours"]].sum()
    busy = (loads["load_hours"] / loads["regular_hours"]).sort_values(ascending=False).index
    bought = base.plan.plan_flow[base.plan.plan_flow["flow_kind"] == "buy"]
    supplier = bought.groupby("source")["cost_value"].sum().sort_values(ascending=False).index
    item = case.tables.item.set_index("item")["family"]
    family = base.demand["item"].map(item).value_counts().index
    span = {"from": months[6], "to": months[10]}
    diffs = {
        "hours": {"capacity": busy[0], **span, "change": "+10 %"},
        "overtime": {"overtime": busy[1], "change": "0 hours"},
        "outage": {"outage": supplier[0], "from": months[4]},
        "family-high": {"demand": family[0], "change": "P90"},
        "price": {"price": "all", "from": months[2], "to": months[-1], "change": "+3 %"}
        | {"elasticity": "-1.2"},
        "dearer": {"cost": supplier[1], "change": "+5 %"},
    }
    own = [Scenario(name, "", "me", "", "file", (block,)) for name, block in diffs.items()]
    return [*list_range(), *own]


def compare_cold(fitted: list[Fitted], solved: dict[str, Solved], full: bool) -> float:
    """Return the largest relative difference of cost against cold solves."""
    worst = 0.0
    for one in fitted:
        name = one.scenario.name
        if full or name in COLD:
            cold = solve_case(one.case, one.demand).objective
            warm = solved[name].plan.objective
            worst = max(worst, abs(warm - cold) / max(abs(cold), 1.0))
            print(f"  {name:12s} {warm:18,.2f}  cold {cold:18,.2f}")
    return worst


def is_same(first: dict[str, Solved], again: dict[str, Solved]) -> bool:
    """Return whether every table of every plan is the same, number for number."""
    names = ("constrained_plan", "plan_flow", "plan_service", "plan_resource", "plan_cost")
    return all(
        getattr(first[name].plan, table).equals(getattr(again[name].plan, table))
        for name in first
        for table in names
    )


def open_month(words: list[str]) -> Cycle:
    """Return the finished month that the words name, else the newest there is."""
    home = Path(words[0]) if words else find_folder("")
    return view_cycle(words[1] if len(words) > 1 else list_cycles(home)[-1], home)


def main() -> None:
    """Print the figures."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    cycle = open_month(words)
    marks, used = [perf_counter()], process_time()
    base = open_base(cycle, "CN")
    marks.append(perf_counter())
    scenarios = list_eight(base)
    fitted = fit_scenarios(base.case, base.demand, scenarios, base.shift)
    marks.append(perf_counter())
    solved = solve_diffs(base.case, base.demand, fitted, basis=base.plan.basis)
    marks.append(perf_counter())
    opened, fit, solve = (late - early for early, late in pairwise(marks))
    print(f"cycle {cycle.name}: {base.plan.sizes or len(base.plan.plan_service)} rows or columns")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        f"base plan read back {opened:.1f} s; eight diffs applied {fit:.1f} s, solved {solve:.1f} s"
    )
    print(f"all {marks[-1] - marks[0]:.1f} s wall, {process_time() - used:.1f} s of processor")
    refused = [one.scenario.name for one in fitted if one.is_refused]
    print(f"solved {len(solved)}, refused {refused}")
    worst = compare_cold(fitted, solved, "--full" in sys.argv)
    print(f"largest difference against cold solves {worst:.1e} of the cost")
    again = solve_diffs(base.case, base.demand, fitted[::-1], basis=base.plan.basis)
    print(f"a second run, asked in another order, is the same: {is_same(solved, again)}")


if __name__ == "__main__":
    main()
