"""HiGHS: arrays in, values, duals and a basis out. The only module that knows the solver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from sopkit.supply.model.lp import Array, Lp, split_lp
from sopkit.supply.solver.basis import BASIC
from sopkit.supply.solver.stopped import bound_of
from sopkit.supply.solver.tie import tie_sums

SIMPLEX_COLUMNS = 200_000
OUT_OF_TIME = "time limit reached"
BY_RULES = "plan by rules"
LARGEST_GAP = 1e-4
ROW_GAP = 1e-6
WHOLE_GAP = 0.01
CORES = 2


@dataclass(frozen=True)
class Solution:
    """What the solver gave.

    Args:
        status: `optimal`, or the solver's word for why it stopped earlier.
        x: values of the columns; None: no plan was found in time.
        row_dual: price of each row; of whole-number models with the whole numbers fixed.
        basis: status of columns and rows, to start a similar model from.
        bound: what no plan can cost less than, in the model's money; None: nothing is proven.
    """

    status: str
    x: Array | None
    row_dual: Array
    basis: tuple[Array, Array] | None
    bound: float | None


def solve_lp(
    lp: Lp,
    *,
    time_limit: float = 300.0,
    basis: tuple[Array, Array] | None = None,
    whole_gap: float = WHOLE_GAP,
    rules: Callable[[], Array] | None = None,
) -> Solution:
    """Return the optimum, part by part where the model falls into parts.

    From `basis` by dual simplex if one is given. Else dual simplex up to 200,000 columns and
    interior point with crossover above, on one thread a part and with one seed, so that the same
    input gives the same plan. A part that is stopped without a plan takes that of `rules`.

    Args:
        whole_gap: share of its cost by which a plan in whole numbers may be dearer than the best.
        rules: gives a plan found without a solver (values of the columns); asked only if needed.
    """
    parts = split_lp(lp)
    if len(parts) == 1:
        one = _solve_part(lp, time_limit, basis, whole_gap)
        return one if rules is None or one.x is not None else _fall_back(one, rules())
    pieces = [cut_lp(lp, *part) for part in parts]
    starts = [
        None if basis is None else (basis[0][columns], basis[1][rows]) for columns, rows in parts
    ]
    limits, gaps = [time_limit] * len(pieces), [whole_gap] * len(pieces)
    with ThreadPoolExecutor(CORES) as pool:
        found = list(pool.map(_solve_part, pieces, limits, starts, gaps))
    if rules is not None and any(one.x is None for one in found):
        plan = rules()
        found = [_fall_back(one, plan[at]) for one, (at, _) in zip(found, parts, strict=True)]
    return _join(lp, parts, found)


def _fall_back(found: Solution, plan: Array) -> Solution:
    """Return a solution without a plan with that of the rules."""
    if found.x is not None:
        return found
    return replace(found, x=plan, status=f"{found.status}: {BY_RULES}", basis=None)


def cut_lp(lp: Lp, columns: Array, rows: Array) -> Lp:
    """Return the part of the arrays that has these columns and rows."""
    return replace(
        lp,
        cost=lp.cost[columns],
        lower=lp.lower[columns],
        upper=lp.upper[columns],
        whole=lp.whole[columns],
        row_lower=lp.row_lower[rows],
        row_upper=lp.row_upper[rows],
        lazy=lp.lazy[rows],
        matrix=lp.matrix[rows][:, columns],
    )


def _join(lp: Lp, parts: list[tuple[Array, Array]], found: list[Solution]) -> Solution:
    """Return the solutions of the parts as one; it is as good as its worst part."""
    x, row_dual = np.zeros(len(lp.cost)), np.zeros(len(lp.row_lower))
    columns, rows = np.zeros(len(x), dtype=np.int8), np.zeros(len(row_dual), dtype=np.int8)
    for (at, on), one in zip(parts, found, strict=True):
        x[at] = 0.0 if one.x is None else one.x
        row_dual[on] = one.row_dual
        if one.basis is not None:
            columns[at], rows[on] = one.basis
    stopped = [one for one in found if one.status != "optimal"]
    whole = all(one.x is not None for one in found)
    bounds = [one.bound for one in found]
    return Solution(
        status=stopped[0].status if stopped else "optimal",
        x=x if whole else None,
        row_dual=row_dual,
        basis=(columns, rows) if all(one.basis is not None for one in found) else None,
        bound=None if None in bounds else float(sum(b for b in bounds if b is not None)),
    )


def _solve_part(
    lp: Lp, time_limit: float, basis: tuple[Array, Array] | None, whole_gap: float
) -> Solution:
    """Return the solution of one part; whole numbers first, then prices with them fixed."""
    if not lp.whole.any():
        return _solve_linear(lp, time_limit, basis)
    solver = hand_over(lp)
    solver.setOptionValue("mip_rel_gap", whole_gap)
    set_options(solver, "choose", time_limit)
    solver.run()
    if not has_plan(solver):
        return read_solution(solver)
    whole = np.round(np.asarray(solver.getSolution().col_value)[lp.whole.astype(bool)])
    lower, upper = lp.lower.copy(), lp.upper.copy()
    lower[lp.whole.astype(bool)] = upper[lp.whole.astype(bool)] = whole
    fixed = replace(lp, lower=lower, upper=upper, whole=np.zeros_like(lp.whole))
    bound, status = float(solver.getInfo().mip_dual_bound), status_of(solver)
    linear = _solve_linear(fixed, time_limit, None)
    return replace(linear, status=status, bound=bound)


def _solve_linear(lp: Lp, time_limit: float, basis: tuple[Array, Array] | None) -> Solution:
    """Return the optimum of a linear model; lazy rows are added as plans break them.

    What is left out at the end holds anyway, so the optimum is that of all rows. From a basis all
    rows are there at once: an optimum is near, and their statuses are known.
    """
    if basis is not None or not lp.lazy.any():
        return _solve_rows(lp, time_limit, basis)
    every, there = np.arange(len(lp.cost)), ~lp.lazy
    known: tuple[Array, Array] | None = None
    while True:
        start = None if known is None else (known[0], known[1][there])
        found = _solve_rows(cut_lp(lp, every, np.flatnonzero(there)), time_limit, start)
        if found.x is None:
            return _spread_rows(found, there)
        sums = lp.matrix @ found.x
        over = (sums > lp.row_upper + ROW_GAP) | (sums < lp.row_lower - ROW_GAP)
        found = _spread_rows(found, there)
        if not (over & ~there).any():
            return found
        if found.status != "optimal":
            return replace(found, x=None)
        there, known = there | over, found.basis


def _spread_rows(found: Solution, there: Array) -> Solution:
    """Return a solution of some rows for all: those left out bind nowhere."""
    row_dual = np.zeros(len(there))
    row_dual[there] = found.row_dual
    if found.basis is None:
        return replace(found, row_dual=row_dual)
    rows = np.full(len(there), BASIC, dtype=np.int8)
    rows[there] = found.basis[1]
    return replace(found, row_dual=row_dual, basis=(found.basis[0], rows))


def _solve_rows(lp: Lp, time_limit: float, basis: tuple[Array, Array] | None) -> Solution:
    """Return the optimum of a linear model with all its rows.

    Where the result is no exact optimum (simplex gives up on some degenerate plans with
    "excessive primal values", crossover may end with sums that do not tie), the other ways are
    tried after all; if none is exact, the first plan found stands.
    """
    methods = ["simplex", "ipx"] if len(lp.cost) <= SIMPLEX_COLUMNS else ["ipx", "simplex"]
    tries: list[tuple[str, Any]] = [(method, None) for method in methods]
    if basis is not None:
        tries = [("simplex", basis), *tries]
    until = perf_counter() + time_limit
    stopped: list[Solution] = []
    for method, start in tries:
        found = _try_method(lp, method, max(until - perf_counter(), 0.0), start)
        if found.status == "optimal" and _ties(found, lp):
            return found
        stopped.append(found)
        if found.status == OUT_OF_TIME:
            break
    best = next((one for one in stopped if one.x is not None), stopped[-1])
    bounds = [one.bound for one in stopped if one.bound is not None]
    return replace(best, bound=max(bounds, default=None))


def _try_method(
    lp: Lp, method: str, time_limit: float, basis: tuple[Array, Array] | None
) -> Solution:
    if method == "simplex" and basis is None:
        return _solve_reduced(lp, time_limit)
    return _read_tied(_run(lp, method, time_limit, basis), lp)


def _read_tied(solver: Any, lp: Lp) -> Solution:
    """Return what a solver that has run holds, the sums of an optimum made exact."""
    found = read_solution(solver)
    if found.status != "optimal" or found.x is None or found.basis is None:
        return found
    return replace(found, x=tie_sums(solver, lp, found.x, found.basis))


def _solve_reduced(lp: Lp, time_limit: float) -> Solution:
    """Return what dual simplex finds from nothing.

    The solver's presolve is called apart from its simplex, because a simplex that is stopped on
    the reduced model leaves prices there, and these prove a bound; stopped inside of the
    solver's own presolve it leaves nothing.
    """
    import highspy

    solver = hand_over(lp)
    set_options(solver, "simplex", time_limit)
    solver.presolve()
    if solver.getModelPresolveStatus() != highspy.HighsPresolveStatus.kReduced:
        solver.run()
        return _read_tied(solver, lp)
    reduced = highspy.Highs()
    reduced.silent()
    reduced.passModel(solver.getPresolvedLp())
    set_options(reduced, "simplex", max(time_limit - solver.getRunTime(), 0.0))
    reduced.setOptionValue("presolve", "off")
    reduced.run()
    status = status_of(reduced)
    if status == "optimal":
        solver.postsolve(reduced.getSolution(), reduced.getBasis())
        return _read_tied(solver, lp)
    bound, x = bound_of(reduced), None
    if has_plan(reduced):
        solver.postsolve(reduced.getSolution())
        x = np.asarray(solver.getSolution().col_value)
    found = Solution(status, x, np.zeros(len(lp.row_lower)), None, bound)
    return found if x is None or _ties(found, lp) else replace(found, x=None)


def read_solution(solver: Any) -> Solution:
    """Return what a solver that has run holds."""
    found, status = solver.getSolution(), status_of(solver)
    info = solver.getInfo()
    proven = status == "optimal"
    stopped = bound_of(solver) if status == OUT_OF_TIME else None
    return Solution(
        status=status,
        x=np.asarray(found.col_value) if proven or has_plan(solver) else None,
        row_dual=np.asarray(found.row_dual) if found.dual_valid else np.zeros(solver.getNumRow()),
        basis=read_basis(solver),
        bound=float(info.objective_function_value) if proven else stopped,
    )


def read_basis(solver: Any) -> tuple[Array, Array] | None:
    """Return the status of columns and rows as small numbers."""
    basis = solver.getBasis()
    if not basis.valid:
        return None
    return to_numbers(basis.col_status), to_numbers(basis.row_status)


def to_numbers(statuses: Iterable[Any]) -> Array:
    """Return the solver's words for the status of columns or rows as small numbers."""
    return np.fromiter(map(int, statuses), dtype=np.int8)


def set_basis(solver: Any, basis: tuple[Array, Array]) -> None:
    """Give a solver a basis to start from; one that does not fit is repaired by it."""
    import highspy

    words = [highspy.HighsBasisStatus(number) for number in range(5)]
    given = highspy.HighsBasis()
    given.col_status = [words[number] for number in basis[0]]
    given.row_status = [words[number] for number in basis[1]]
    given.valid = True
    given.alien = True
    solver.setBasis(given)


def _run(lp: Lp, method: str, time_limit: float, basis: tuple[Array, Array] | None) -> Any:
    """Return a solver that has run."""
    solver = hand_over(lp)
    set_options(solver, method, time_limit)
    if basis is not None:
        set_basis(solver, basis)
    solver.run()
    return solver


def set_options(solver: Any, method: str, time_limit: float) -> None:
    """Set the method, one thread, one seed and the seconds it may take."""
    solver.setOptionValue("solver", method)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", float(time_limit))


def hand_over(lp: Lp) -> Any:
    """Return a silent solver that holds the model."""
    import highspy

    solver = highspy.Highs()
    solver.silent()
    rows = lp.matrix
    held = highspy.HighsLp()
    held.num_col_, held.num_row_ = len(lp.cost), len(lp.row_lower)
    held.col_cost_, held.col_lower_, held.col_upper_ = lp.cost, lp.lower, lp.upper
    held.row_lower_, held.row_upper_ = lp.row_lower, lp.row_upper
    held.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    held.a_matrix_.start_, held.a_matrix_.index_ = rows.indptr, rows.indices
    held.a_matrix_.value_ = rows.data
    if lp.whole.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        held.integrality_ = [kinds[int(one)] for one in lp.whole]
    solver.passModel(held)
    return solver


def status_of(solver: Any) -> str:
    """Return the solver's status in words, such as `optimal`."""
    return str(solver.modelStatusToString(solver.getModelStatus())).lower()


def is_exact(solver: Any, lp: Lp) -> bool:
    """Return whether the solver ended at an optimum whose rows tie."""
    if status_of(solver) != "optimal":
        return False
    return _ties(read_solution(solver), lp)


def _ties(found: Solution, lp: Lp) -> bool:
    """Return whether all rows of a solution tie."""
    if found.x is None or len(found.x) != len(lp.cost):
        return False
    sums = lp.matrix @ found.x
    gap = np.maximum(sums - lp.row_upper, lp.row_lower - sums)
    return bool(gap.max(initial=0.0) <= LARGEST_GAP)


def has_plan(solver: Any) -> bool:
    """Return whether the solver holds a plan that keeps all limits, optimal or not."""
    import highspy

    return bool(solver.getInfo().primal_solution_status == highspy.kSolutionStatusFeasible)
