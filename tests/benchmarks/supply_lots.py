"""What whole lots cost and how long they take: the linear plan against plans with whole lots.

    python tests/benchmarks/supply_lots.py [--full]

Production and purchases come in quarters of the mean month of their item at their place, at least
two of them; every second lane in full loads, ten a month. S has lots in every month and in the
first three, M (`--full`) in the first three. CPU seconds, gap to the proven bound.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from supply_instances import Instance, make_instance

from sopkit.supply import Plan, Rates, check_plan, prepare_case, solve_case
from sopkit.tables import PLACE

SEED = 7_411
FEW = 3
LOTS, LOADS = 4, 10


def add_lots(instance: Instance) -> Instance:
    """Return the company with lot sizes on operations, purchase terms and lanes."""
    tables = instance.tables
    plan = solve(instance, 0, 300.0)[0]
    flow = plan.plan_flow.assign(qty=plan.plan_flow["flow_qty"] / len(instance.periods))
    month = flow.groupby(["flow_kind", *PLACE])["qty"].sum()
    lane = flow[flow["flow_kind"] == "move"].groupby(["source", "location"])["qty"].sum()
    made = _lots(month, "make", tables.operation)
    bought = _lots(month, "buy", tables.purchase_term)
    limit = tables.purchase_term["max_qty"].astype(float).fillna(np.inf)
    ends = tables.lane[["from_location", "to_location"]].itertuples(index=False, name=None)
    load = np.round([lane.get(one, 0.0) / LOADS for one in ends])
    whole = np.random.default_rng(SEED).random(len(load)) < 0.5
    lots = replace(
        tables,
        operation=tables.operation.assign(lot_multiple_qty=made, lot_min_qty=2 * made),
        purchase_term=tables.purchase_term.assign(
            multiple_qty=bought, min_qty=np.where(2 * bought <= limit, 2 * bought, 0.0)
        ),
        lane=tables.lane.assign(multiple_qty=np.where(whole, load, 0.0)),
    )
    return replace(instance, tables=lots)


def _lots(month: pd.Series, kind: str, rows: pd.DataFrame) -> np.ndarray:
    """Return a quarter of the month's mean volume of each row's item at its place."""
    wanted = [month.get((kind, one.item, one.location), 0.0) for one in rows.itertuples()]
    return np.maximum(np.round(np.asarray(wanted) / LOTS), 1.0)


def solve(instance: Instance, lot_months: int, time_limit: float) -> tuple[Plan, float, int]:
    """Return a plan, its CPU seconds and how many variables are whole."""
    started = time.process_time()
    rates = Rates(lot_months=lot_months)
    case = prepare_case(instance.tables, instance.demand, instance.periods, rates=rates)
    plan = solve_case(case, instance.demand, time_limit=time_limit)
    found = vars(plan)["values"]
    whole = sum(found[n][:, :lot_months].size for n in ("lots", "batch", "loads") if n in found)
    return plan, time.process_time() - started, whole


def show(name: str, instance: Instance, months: list[int], time_limit: float) -> None:
    """Print a line per number of months with whole lots."""
    linear = 0.0
    for count in months:
        plan, seconds, whole = solve(instance, count, time_limit)
        linear = linear or plan.objective
        gap = (plan.objective - (plan.bound or 0.0)) / plan.objective
        missed = plan.plan_cost.set_index("term")["cost_value"].get("lots", 0.0)
        sound = "sound" if check_plan(instance.tables, plan)["passed"].all() else "NOT SOUND"
        print(
            f"{name}  lots in {count:2d} months  {whole:6d} whole  {seconds:7.1f} CPU s  "
            f"cost {plan.objective / linear:.4f} of linear  gap {gap:.2%}  missed {missed:,.0f}  "
            f"{plan.status}  {sound}",
            flush=True,
        )


if __name__ == "__main__":
    company = add_lots(make_instance("S"))
    show("S", company, [0, FEW, len(company.periods)], 120.0)
    if "--full" in sys.argv:
        show("M", add_lots(make_instance("M")), [0, FEW], 300.0)
