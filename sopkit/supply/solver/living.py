"""A living solver: one plan held ready, and any change of it answered from where it stands.

The changed company becomes changed arrays in milliseconds; what differs from the arrays held is
handed over, and the simplex method goes on from the optimal basis of the base plan. Every question
starts from there, so an answer does not depend on what was asked before.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sopkit.errors import PlanError
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams, renew_streams, to_streams
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import Lp, Model, to_lp
from sopkit.supply.model.units import find_money
from sopkit.supply.results.read_plan import Plan, read_plan, read_service
from sopkit.supply.solver.basis import AT_LOWER, BASIC, Basis, fit_basis, label_basis
from sopkit.supply.solver.first_answer import FirstAnswer, guess_answer
from sopkit.supply.solver.highs import (
    LARGEST_GAP,
    Solution,
    hand_over,
    read_basis,
    set_basis,
    set_options,
    solve_lp,
    status_of,
    to_numbers,
)
from sopkit.supply.solver.solve import constant_of
from sopkit.supply.solver.tie import TIED, row_gap, tie_sums

FEW_CHANGES = 0.002
DEVEX, STEEPEST = 1, 2
# An index of pandas makes its look-up on first use and is not safe meanwhile: with solvers side by
# side, tables are worked on one at a time; only the solver itself runs beside another.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class Arrays:
    """A case and its demand as the arrays of a model."""

    case: Case
    streams: Streams
    model: Model
    lp: Lp


@dataclass(frozen=True)
class Answer:
    """The optimum of a changed company; its tables are made when they are asked for.

    Args:
        objective: cost of the plan [money], as the solver sums it.
        x: values of the columns; row_dual: of the rows.
        status: `optimal`, or the solver's word.
        found_basis: the solver's own, or numbers; read as `basis`.
    """

    arrays: Arrays
    objective: float
    x: Array
    row_dual: Array
    status: str
    found_basis: Any = None

    @cached_property
    def basis(self) -> tuple[Array, Array] | None:
        """Status of columns and rows, as numbers."""
        held = self.found_basis
        if held is None or isinstance(held, tuple):
            return held
        return to_numbers(held.col_status), to_numbers(held.row_status)

    @cached_property
    def values(self) -> dict[str, Array]:
        """Variables in base units, by block."""
        return self.arrays.lp.values(self.x)

    @cached_property
    def duals(self) -> dict[str, Array]:
        """Money a base unit of each row's limit, by rows."""
        return self.arrays.lp.duals(self.row_dual)

    @cached_property
    def plan(self) -> Plan:
        """The plan's tables."""
        one = self.arrays
        with _ONE_AT_A_TIME:
            plan = read_plan(one.case, one.streams, one.model, self.values, self.duals)
            basis = label_basis(one.model, one.lp, self.basis) if self.basis is not None else None
            return replace(plan, status=self.status, basis=basis)


def sum_earned(answer: Answer) -> float:
    """Return what an answer's plan earns: revenue served less every cost but that of lost sales.

    As the plan's tables sum it, without making them: customers of one stream share its service.

    Example:
        Sold 10 at 5, made at 3: 20, whatever else is lost.
    """
    streams, model = answer.arrays.streams, answer.arrays.model
    service = read_service(streams, answer.values)
    rows = streams.rows
    at = (rows["stream"].to_numpy(int), rows["month"].to_numpy(int))
    worth = np.zeros_like(streams.demand_qty)
    np.add.at(worth, at, rows["demand_qty"].to_numpy(float) * rows["price_value"].to_numpy(float))
    wanted = np.where(streams.demand_qty > 0, streams.demand_qty, 1.0)
    served = service.on_time + sum(service.late, start=np.zeros_like(worth))
    with _ONE_AT_A_TIME:
        costs = model.cost_of(answer.values).sum().drop(["short", "preference"], errors="ignore")
    return float((served * worth / wanted).sum() - costs.sum())


class Living:
    """One solver kept at the optimum of a base case.

    Args:
        case: the base case.
        demand: contract `net_demand`.
        plan: its plan, if there is one: the solver then starts from the plan's basis; else the
            base is solved cold.
        time_limit: seconds a question may take.
        basis: where the plan ended, in place of the plan.

    Example:
        ``living = Living(case, demand)``; ``living.ask(*change_case(case, demand, changes)).plan``.
    """

    def __init__(
        self,
        case: Case,
        demand: pd.DataFrame,
        plan: Plan | None = None,
        time_limit: float = 300.0,
        *,
        basis: Basis | None = None,
    ) -> None:
        self.demand = demand
        self.time_limit = time_limit
        with _ONE_AT_A_TIME:
            streams = to_streams(case, demand)
            model = build_model(case, streams)
            lp = to_lp(model, find_money(streams, model.dims["stream"].unit))
            start = plan.basis if basis is None and plan is not None else basis
            known = None if start is None else fit_basis(start, model, lp)
        self._held: Lp | None = None
        self._solver: Any = None
        self._start: Any = None
        self.base = self._open(Arrays(case, streams, model, lp), known)

    def _open(self, arrays: Arrays, known: tuple[Array, Array] | None) -> Answer:
        """Return the base's optimum, from a known basis or cold, with the solver put on it."""
        if known is not None and not arrays.lp.whole.any():
            found = self._begin(arrays.lp, known)
            if found is not None:
                return _to_answer(arrays, found, self._start)
        cold = solve_lp(arrays.lp, time_limit=self.time_limit, basis=known)
        if cold.basis is None or arrays.lp.whole.any():
            return replace(_to_answer(arrays, cold), found_basis=None)
        found = self._begin(arrays.lp, cold.basis)
        return _to_answer(arrays, found or cold, self._start if found else None)

    def _begin(self, lp: Lp, basis: tuple[Array, Array]) -> Solution | None:
        """Hand the model over, solve it from a basis, and keep the basis it ends with."""
        self._hand_over(lp)
        set_basis(self._solver, basis)
        self._solver.run()
        self._start = self._solver.getBasis()
        return self._read(lp)

    def _hand_over(self, lp: Lp) -> None:
        self._solver = hand_over(lp)
        set_options(self._solver, "simplex", self.time_limit)
        self._held = lp

    def ask(self, case: Case, demand: pd.DataFrame) -> Answer:
        """Return the optimum of a changed case and demand.

        Args:
            demand: contract `net_demand`.

        Raises:
            PlanError: a place is unknown to the case, or no plan was found in time.
        """
        arrays = self.to_arrays(case, demand)
        held = self.base.arrays
        if arrays.lp.whole.any() or self._start is None:
            return _to_answer(arrays, solve_lp(arrays.lp, time_limit=self.time_limit))
        if not is_alike(held, arrays):
            assert self.base.basis is not None
            with _ONE_AT_A_TIME:
                labels = label_basis(held.model, held.lp, self.base.basis)
                start = fit_basis(labels, arrays.model, arrays.lp)
            return self._solve_apart(arrays, start)
        share = self._push(arrays.lp)
        self._solver.setOptionValue(
            "simplex_dual_edge_weight_strategy", DEVEX if share <= FEW_CHANGES else STEEPEST
        )
        self._solver.run()
        found = self._read(arrays.lp) or self._start_aside(arrays.lp)
        if found is None:
            return self._solve_apart(arrays, None)
        return _to_answer(arrays, found, self._solver.getBasis())

    def _start_aside(self, lp: Lp) -> Solution | None:
        """Return the optimum from the base's basis without the rows that changed; None: none.

        Where a lead time falls, columns that carried the plan in one month now count in another,
        and the basis as it was may have no inverse to speak of.
        """
        base = self.base.arrays.lp
        assert self.base.basis is not None
        if _same_matrix(base, lp):
            return None
        set_basis(self._solver, free_changed(self.base.basis, base, lp))
        self._solver.run()
        return self._read(lp)

    def undo(self) -> Answer:
        """Return the base plan again, the solver put back to it and asked."""
        arrays = self.base.arrays
        if arrays.lp.whole.any() or self._start is None:
            return self.base
        self._push(arrays.lp)
        self._solver.run()
        found = self._read(arrays.lp)
        return self.base if found is None else _to_answer(arrays, found, self._solver.getBasis())

    def guess(self, case: Case, demand: pd.DataFrame) -> FirstAnswer:
        """Return at least and at most what a change costs, before anything is solved.

        Shown at once, as one number where both ends are close, else as a range; `ask` follows.

        Raises:
            PlanError: a place is unknown to the case.
        """
        arrays = self.to_arrays(case, demand)
        if not is_alike(self.base.arrays, arrays):
            return FirstAnswer(None, None)
        return guess_answer(self.base, arrays)

    def to_arrays(self, case: Case, demand: pd.DataFrame) -> Arrays:
        """Return a changed case as arrays in the units of the base, so that they compare."""
        with _ONE_AT_A_TIME:
            return self._make_arrays(case, demand)

    def _make_arrays(self, case: Case, demand: pd.DataFrame) -> Arrays:
        base = self.base.arrays
        if demand is self.demand and _same_prices(base.case, case):
            streams = base.streams
        elif _same_prices(base.case, case):
            streams = renew_streams(case, base.streams, demand)
        else:
            streams = to_streams(case, demand)
        places = base.model.dims["place"]
        model = build_model(case, streams, units=pd.Series(places.unit, index=places.keys))
        return Arrays(case, streams, model, to_lp(model, base.lp.money))

    def _push(self, lp: Lp) -> float:
        """Give the solver these arrays and the base's basis; return the share that differed."""
        base = self.base.arrays.lp
        if self._held is None or not _same_matrix(self._held, lp):
            self._hand_over(lp)
        else:
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + self.time_limit)
            push_difference(self._solver, self._held, lp)
            self._held = lp
        self._solver.clearSolver()  # what was asked before leaves nothing behind
        self._solver.setBasis(self._start)
        return share_changed(base, lp) if _same_matrix(base, lp) else 1.0

    def _read(self, lp: Lp) -> Solution | None:
        """Return what the solver found; None where it is no optimum whose rows tie."""
        status = status_of(self._solver)
        if status != "optimal":
            return None
        held = self._solver.getSolution()
        x, row_dual = np.asarray(held.col_value), np.asarray(held.row_dual)
        if row_gap(lp, x) > TIED:
            basis = read_basis(self._solver)
            x = x if basis is None else tie_sums(self._solver, lp, x, basis)
            if row_gap(lp, x) > LARGEST_GAP:
                return None
        return Solution(status, x, row_dual, None, None)

    def _solve_apart(self, arrays: Arrays, start: tuple[Array, Array] | None) -> Answer:
        found = solve_lp(arrays.lp, time_limit=self.time_limit, basis=start)
        return _to_answer(arrays, found)


def _to_answer(arrays: Arrays, found: Solution, basis: Any = None) -> Answer:
    if found.x is None:
        raise PlanError(f"The solver stopped without a plan ({found.status}).")
    cost = float(arrays.lp.cost @ found.x) * arrays.lp.money + constant_of(arrays.model)
    held = found.basis if basis is None else basis
    return Answer(arrays, cost, found.x, found.row_dual, found.status, held)


def _same_prices(one: Case, other: Case) -> bool:
    """Return whether demand is priced the same in both cases, for certain."""
    return (
        one.places is other.places
        and one.rates is other.rates
        and one.life is other.life
        and one.tables.price is other.tables.price
        and one.tables.service_class is other.tables.service_class
    )


def is_alike(one: Arrays, other: Arrays) -> bool:
    """Return whether two models have the same cells under the same labels."""
    for name in ("columns", "rows"):
        cells, others = getattr(one.lp, name), getattr(other.lp, name)
        if list(cells) != list(others):
            return False
        if any(not np.array_equal(cells[block], others[block]) for block in cells):
            return False
    dims, others = one.model.dims, other.model.dims
    return list(dims) == list(others) and all(
        dims[name].keys is others[name].keys or dims[name].keys.equals(others[name].keys)
        for name in dims
    )


def _same_matrix(one: Lp, other: Lp) -> bool:
    a, b = one.matrix, other.matrix
    return (
        a.shape == b.shape
        and np.array_equal(a.indptr, b.indptr)
        and np.array_equal(a.indices, b.indices)
        and np.array_equal(a.data, b.data)
    )


def free_changed(basis: tuple[Array, Array], held: Lp, lp: Lp) -> tuple[Array, Array]:
    """Return a basis in which rows that differ hold nothing, and their columns are at a bound.

    Args:
        basis: status of columns and rows of `held`.

    Example:
        What a material gets and gives is rewritten: its stock and ways start at 0, all else stays.
    """
    differ = (held.matrix - lp.matrix).tocsr()
    differ.eliminate_zeros()
    changed = np.flatnonzero(np.diff(differ.indptr))
    columns, rows = basis[0].copy(), basis[1].copy()
    of = np.unique(lp.matrix[changed].indices)
    columns[of] = np.where(columns[of] == BASIC, AT_LOWER, columns[of])
    rows[changed] = BASIC
    return columns, rows


def find_difference(held: Lp, lp: Lp) -> tuple[Array, Array, Array]:
    """Return which costs, column bounds and row bounds differ."""
    columns = (held.lower != lp.lower) | (held.upper != lp.upper)
    rows = (held.row_lower != lp.row_lower) | (held.row_upper != lp.row_upper)
    return np.flatnonzero(held.cost != lp.cost), np.flatnonzero(columns), np.flatnonzero(rows)


def share_changed(held: Lp, lp: Lp) -> float:
    """Return the share of costs, column bounds and row bounds that differ."""
    changed = sum(len(one) for one in find_difference(held, lp))
    return changed / max(2 * len(lp.cost) + len(lp.row_lower), 1)


def push_difference(solver: Any, held: Lp, lp: Lp) -> None:
    """Change in a solver what differs between the arrays it holds and others of the same matrix."""
    cost, column, row = (one.astype(np.int32) for one in find_difference(held, lp))
    if len(cost):
        solver.changeColsCost(len(cost), cost, lp.cost[cost])
    if len(column):
        solver.changeColsBounds(len(column), column, lp.lower[column], lp.upper[column])
    if len(row):
        solver.changeRowsBounds(len(row), row, lp.row_lower[row], lp.row_upper[row])
