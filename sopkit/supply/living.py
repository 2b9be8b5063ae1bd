"""A living solver: one plan held ready, and any change of it answered from where it stands.

The changed company becomes changed arrays in milliseconds; what differs from the arrays held is
handed over, and the simplex method goes on from the optimal basis of the base plan. Every question
starts from there, so an answer does not depend on what was asked before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sopkit.errors import PlanError
from sopkit.supply.basis import fit_basis, label_basis
from sopkit.supply.case import Array, Case
from sopkit.supply.lp import Lp, Model, to_lp
from sopkit.supply.model import build_model
from sopkit.supply.read_plan import Plan, read_plan
from sopkit.supply.solve import constant_of
from sopkit.supply.solver import (
    Solution,
    hand_over,
    is_exact,
    read_solution,
    set_basis,
    set_options,
    solve_lp,
    status_of,
)
from sopkit.supply.streams import Streams, to_streams
from sopkit.supply.units import find_money

FEW_CHANGES = 0.002
DEVEX, STEEPEST = 1, 2


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
    """

    arrays: Arrays
    objective: float
    x: Array
    row_dual: Array
    status: str
    basis: tuple[Array, Array] | None = None

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
        plan = read_plan(one.case, one.streams, one.model, self.values, self.duals)
        basis = label_basis(one.model, one.lp, self.basis) if self.basis is not None else None
        return replace(plan, status=self.status, basis=basis)


class Living:
    """One solver kept at the optimum of a base case.

    Args:
        case: the base case.
        demand: contract `net_demand`.
        plan: its plan, if there is one: the solver then starts from the plan's basis; else the
            base is solved cold.
        time_limit: seconds a question may take.

    Example:
        ``living = Living(case, demand)``; ``living.ask(*change_case(case, demand, changes)).plan``.
    """

    def __init__(
        self, case: Case, demand: pd.DataFrame, plan: Plan | None = None, time_limit: float = 300.0
    ) -> None:
        self.demand = demand
        self.time_limit = time_limit
        streams = to_streams(case, demand)
        model = build_model(case, streams)
        lp = to_lp(model, find_money(streams, model.dims["stream"].unit))
        known = fit_basis(plan.basis, model, lp) if plan is not None and plan.basis else None
        found = solve_lp(lp, time_limit=time_limit, basis=known)
        self.base = _to_answer(Arrays(case, streams, model, lp), found)
        self._held: Lp | None = None
        self._solver: Any = None

    def ask(self, case: Case, demand: pd.DataFrame) -> Answer:
        """Return the optimum of a changed case and demand.

        Args:
            demand: contract `net_demand`.

        Raises:
            PlanError: a place is unknown to the case, or no plan was found in time.
        """
        arrays = self.to_arrays(case, demand)
        held = self.base.arrays
        if arrays.lp.whole.any() or self.base.basis is None:
            return _to_answer(arrays, solve_lp(arrays.lp, time_limit=self.time_limit))
        if not is_alike(held, arrays):
            labels = label_basis(held.model, held.lp, self.base.basis)
            start = fit_basis(labels, arrays.model, arrays.lp)
            return self._solve_apart(arrays, start)
        share = self._push(arrays.lp)
        self._solver.setOptionValue(
            "simplex_dual_edge_weight_strategy", DEVEX if share <= FEW_CHANGES else STEEPEST
        )
        self._solver.run()
        if not is_exact(self._solver, arrays.lp):
            return self._solve_apart(arrays, self.base.basis)
        return _to_answer(arrays, read_solution(self._solver))

    def undo(self) -> Answer:
        """Return the base plan again, the solver put back to it and asked."""
        arrays = self.base.arrays
        if arrays.lp.whole.any() or self.base.basis is None:
            return self.base
        self._push(arrays.lp)
        self._solver.run()
        return _to_answer(arrays, read_solution(self._solver))

    def to_arrays(self, case: Case, demand: pd.DataFrame) -> Arrays:
        """Return a changed case as arrays in the units of the base, so that they compare."""
        base = self.base.arrays
        streams = to_streams(case, demand)
        places = base.model.dims["place"]
        model = build_model(case, streams, units=pd.Series(places.unit, index=places.keys))
        return Arrays(case, streams, model, to_lp(model, base.lp.money))

    def _push(self, lp: Lp) -> float:
        """Give the solver these arrays and the base's basis; return the share that differed."""
        if self._held is None or not _same_matrix(self._held, lp):
            self._solver = hand_over(lp)
            set_options(self._solver, "simplex", self.time_limit)
            assert self.base.basis is not None
            set_basis(self._solver, self.base.basis)
            self._held = lp
            return 0.0 if _same_matrix(self.base.arrays.lp, lp) else 1.0
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + self.time_limit)
        push_difference(self._solver, self._held, lp)
        assert self.base.basis is not None
        set_basis(self._solver, self.base.basis)
        self._held = lp
        return share_changed(self.base.arrays.lp, lp)

    def _solve_apart(self, arrays: Arrays, start: tuple[Array, Array]) -> Answer:
        found = solve_lp(arrays.lp, time_limit=self.time_limit, basis=start)
        return _to_answer(arrays, found)


def _to_answer(arrays: Arrays, found: Solution) -> Answer:
    if found.x is None:
        raise PlanError(f"The solver stopped without a plan ({found.status}).")
    cost = float(arrays.lp.cost @ found.x) * arrays.lp.money + constant_of(arrays.model)
    return Answer(arrays, cost, found.x, found.row_dual, found.status, found.basis)


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


__all__ = ["Answer", "Arrays", "Living", "Solution", "status_of"]
