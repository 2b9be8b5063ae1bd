"""Solve a supply model, and everything around it in one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sopkit.errors import PlanError
from sopkit.supply.model import build_model
from sopkit.supply.prepare import Array, Case, Rates, prepare_case
from sopkit.supply.read_plan import Plan, read_plan
from sopkit.supply.scaling import to_model_units
from sopkit.supply.streams import to_streams
from sopkit.supply.tables import SupplyTables

if TYPE_CHECKING:
    import linopy

SIMPLEX_COLUMNS = 60_000
LARGEST_GAP = 1e-4


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
    case: Case,
    demand: pd.DataFrame,
    *,
    start: Plan | None = None,
    time_limit: float = 300.0,
    prepared: float = 0.0,
) -> Plan:
    """Return the cheapest plan of a prepared case for a demand; for scenarios, again and again.

    Without `start` the solve is cold, on one thread and with one seed, so that the same input
    gives the same plan, number for number: what is written to tables comes from cold solves.

    Args:
        demand: contract `net_demand`; every place must be known to the case.
        start: a plan of a similar case (more hours, other demand) to start from; the cost is
            the same, the time a fraction, but among plans of equal cost another may be found.
        time_limit: seconds the solver may take.
        prepared: seconds already spent on preparing; only reported.

    Raises:
        PlanError: a place is unknown, or the solver found no plan in time.
    """
    marks = [perf_counter()]
    streams = to_streams(case, demand)
    scaled, demands, scale = to_model_units(case, streams)
    model = build_model(scaled, demands)
    marks.append(perf_counter())
    solution = solve_model(model, time_limit=time_limit, basis=start.basis if start else None)
    marks.append(perf_counter())
    values, duals = scale.values(solution.values), scale.duals(solution.duals)
    plan = read_plan(case, streams, values, duals, solution.status)
    marks.append(perf_counter())
    build, solve, read = (late - early for early, late in pairwise(marks))
    plan.seconds.update(prepare=prepared, build=build, solve=solve, read=read)
    plan.sizes.update(columns=model.nvars, rows=model.ncons)
    return replace(plan, basis=solution.basis)


@dataclass(frozen=True)
class Solution:
    """What the solver gave: a status word, values by variable, duals by constraint, the basis."""

    status: str
    values: dict[str, Array]
    duals: dict[str, Array]
    basis: Any


def solve_model(model: linopy.Model, *, time_limit: float = 300.0, basis: Any = None) -> Solution:
    """Return values and duals of the optimum, or of the best plan when time ran out.

    From `basis` by dual simplex if one is given and fits. Else dual simplex up to 60,000 columns
    and interior point with crossover above (measured at half the time on 84,000 columns). Where
    the result is no exact optimum (simplex gives up on some degenerate plans with "excessive
    primal values", crossover may end with sums that do not tie), the other ways are tried after
    all; if none is exact, the first plan found stands.
    The model is handed over as arrays here, not by `model.solve`, because that prints the
    solver's banner into notebooks.

    Raises:
        PlanError: the solver stopped without a plan.
    """
    matrices = model.matrices
    methods = ["simplex", "ipx"] if model.nvars <= SIMPLEX_COLUMNS else ["ipx", "simplex"]
    tries: list[tuple[str, Any]] = [(method, None) for method in methods]
    if basis is not None and _fits(basis, matrices):
        tries = [("simplex", basis), *tries]
    solver: Any = None
    for method, start in tries:
        tried = _run(matrices, method, time_limit, start)
        solver = solver if solver is not None and _has_plan(solver) else tried
        if _is_exact(tried, matrices):
            solver = tried
            break
    words = _check_status(solver, time_limit)
    found = solver.getSolution()
    columns = _spread(matrices.vlabels, np.asarray(found.col_value))
    rows = _spread(matrices.clabels, np.asarray(found.row_dual))
    return Solution(
        status=words,
        values={name: _pick(model.variables[name], columns) for name in model.variables},
        duals={name: _pick(model.constraints[name], rows) for name in model.constraints},
        basis=solver.getBasis(),
    )


def _run(matrices: Any, method: str, time_limit: float, basis: Any = None) -> Any:
    """Return a solver that has run."""
    solver = _hand_over(matrices)
    solver.setOptionValue("solver", method)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", float(time_limit))
    if basis is not None:
        solver.setBasis(basis)
    solver.run()
    return solver


def _fits(basis: Any, matrices: Any) -> bool:
    """Return whether a basis has the model's numbers of columns and rows."""
    shape = (len(basis.col_status), len(basis.row_status))
    return shape == (len(matrices.vlabels), len(matrices.clabels))


def _is_exact(solver: Any, matrices: Any) -> bool:
    """Return whether the solver ended at an optimum whose rows tie."""
    import highspy

    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return False
    over = matrices.A @ np.asarray(solver.getSolution().col_value) - matrices.b
    gap = np.where(matrices.sense == "<", over, np.where(matrices.sense == ">", -over, abs(over)))
    return bool(gap.max(initial=0.0) <= LARGEST_GAP)


def _has_plan(solver: Any) -> bool:
    """Return whether the solver holds a plan that keeps all limits, optimal or not."""
    import highspy

    return bool(solver.getInfo().primal_solution_status == highspy.kSolutionStatusFeasible)


def _check_status(solver: Any, time_limit: float) -> str:
    """Return the solver's status in words; raise when it has no plan."""
    import highspy

    status = solver.getModelStatus()
    words = str(solver.modelStatusToString(status)).lower()
    if status != highspy.HighsModelStatus.kOptimal and not _has_plan(solver):
        raise PlanError(
            f"The solver stopped without a plan ({words}) after at most {time_limit:g} s. "
            "Raise time_limit, or plan fewer months."
        )
    return words


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
