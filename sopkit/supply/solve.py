"""Solve a supply model, and everything around it in one call."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sopkit.errors import PlanError
from sopkit.supply.model import build_model
from sopkit.supply.prepare import Array, Case, Rates, prepare_case
from sopkit.supply.read_plan import Plan, read_plan
from sopkit.supply.streams import to_streams
from sopkit.supply.tables import SupplyTables

if TYPE_CHECKING:
    import linopy

SIMPLEX_COLUMNS = 20_000


def solve_plan(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    working_days: dict[pd.Timestamp, int] | None = None,
    rates: Rates | None = None,
    time_limit: float = 300.0,
) -> Plan:
    """Return the cheapest plan for a demand: prepare, build, solve, turn back into tables.

    Args:
        tables: contract frames.
        demand: contract `net_demand`.
        periods: planned months.
        working_days: working days of each period, for resources without capacity rows.
        rates: prices no table gives.
        time_limit: seconds the solver may take.

    Raises:
        PlanError: hard data contradict each other, or the solver found no plan in time.

    Example:
        One item bought at 4 and sold at 10, demand 5, no stock: the plan buys 5 and costs 20.
    """
    started = perf_counter()
    case = prepare_case(tables, demand, periods, working_days=working_days, rates=rates)
    return solve_case(case, demand, time_limit=time_limit, prepared=perf_counter() - started)


def solve_case(
    case: Case, demand: pd.DataFrame, *, time_limit: float = 300.0, prepared: float = 0.0
) -> Plan:
    """Return the cheapest plan of a prepared case for a demand; for scenarios, again and again.

    Every solve is cold, on one thread and with one seed, so that the same input gives the same
    plan, number for number.

    Args:
        demand: contract `net_demand`; every place must be known to the case.
        prepared: seconds already spent on preparing; only reported.

    Raises:
        PlanError: a place is unknown, or the solver found no plan in time.
    """
    marks = [perf_counter()]
    streams = to_streams(case, demand)
    model = build_model(case, streams)
    marks.append(perf_counter())
    solution = solve_model(model, time_limit=time_limit)
    marks.append(perf_counter())
    plan = read_plan(case, streams, solution.values, solution.duals, solution.status)
    marks.append(perf_counter())
    build, solve, read = (late - early for early, late in pairwise(marks))
    plan.seconds.update(prepare=prepared, build=build, solve=solve, read=read)
    plan.sizes.update(columns=model.nvars, rows=model.ncons)
    return plan


@dataclass(frozen=True)
class Solution:
    """What the solver gave: a status word, values by variable and duals by constraint."""

    status: str
    values: dict[str, Array]
    duals: dict[str, Array]


def solve_model(model: linopy.Model, *, time_limit: float = 300.0) -> Solution:
    """Return values and duals of the optimum, or of the best plan when time ran out.

    Dual simplex up to 20,000 columns, interior point with crossover above (measured three times
    as fast on plans with many equal choices; crossover gives a basis and duals one can trust).
    The model is handed over as arrays here, not by `model.solve`, because that prints the
    solver's banner into notebooks.

    Raises:
        PlanError: the solver stopped without any plan.
    """
    import highspy

    matrices = model.matrices
    solver = _hand_over(matrices)
    solver.setOptionValue("solver", "simplex" if model.nvars <= SIMPLEX_COLUMNS else "ipx")
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", float(time_limit))
    solver.run()
    status = solver.getModelStatus()
    words = solver.modelStatusToString(status).lower()
    feasible = solver.getInfo().primal_solution_status == highspy.kSolutionStatusFeasible
    if status != highspy.HighsModelStatus.kOptimal and not feasible:
        raise PlanError(
            f"The solver stopped without a plan ({words}) after at most {time_limit:g} s. "
            "Raise time_limit, or plan fewer months."
        )
    found = solver.getSolution()
    columns = _spread(matrices.vlabels, np.asarray(found.col_value))
    rows = _spread(matrices.clabels, np.asarray(found.row_dual))
    return Solution(
        status=words,
        values={name: _pick(model.variables[name], columns) for name in model.variables},
        duals={name: _pick(model.constraints[name], rows) for name in model.constraints},
    )


def _hand_over(matrices: Any) -> Any:
    """Return a silent solver that holds the model."""
    import highspy

    solver = highspy.Highs()
    solver.silent()
    rows = matrices.A.tocsr()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(matrices.vlabels), rows.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = matrices.c, matrices.lb, matrices.ub
    lp.row_lower_ = np.where(matrices.sense == "<", -np.inf, matrices.b)
    lp.row_upper_ = np.where(matrices.sense == ">", np.inf, matrices.b)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr, rows.indices
    lp.a_matrix_.value_ = rows.data
    solver.passModel(lp)
    return solver


def _spread(labels: Any, values: Array) -> Array:
    """Return values by label, with a 0 at the end for cells that the model does not have."""
    spread = np.zeros(int(labels.max()) + 2 if len(labels) else 1)
    spread[labels] = values
    return spread


def _pick(block: Any, spread: Array) -> Array:
    """Return the values of one named block in the shape of its coordinates."""
    return spread[np.asarray(block.labels)]
