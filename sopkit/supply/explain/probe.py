"""A solver at a plan's optimum in which a few limits are moved, asked, and put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sopkit.supply.case import Array
from sopkit.supply.living import Answer
from sopkit.supply.lp import Lp
from sopkit.supply.solver import hand_over, set_basis, set_options, status_of

SECONDS = 300.0


@dataclass(frozen=True)
class Bound:
    """The upper bound of a row or column of the model.

    Args:
        is_row: of a row, else of a column; at: its number.
        unit: base units in one of the model.
    """

    is_row: bool
    at: int
    unit: float


class Probe:
    """A solver held at a plan's optimum; every question starts from there.

    Args:
        base: the plan, as a living solver holds it.
    """

    def __init__(self, base: Answer) -> None:
        self.lp: Lp = base.arrays.lp
        self._basis = base.basis
        self._solver: Any = hand_over(self.lp)
        set_options(self._solver, "simplex", SECONDS)
        self.cost = self.ask([])

    def ask(self, moves: Sequence[tuple[Bound, float]]) -> float:
        """Return the cost of the plan with bounds raised by so many base units [money].

        It leaves out what no variable changes, so it compares with `cost`, that without moves.
        """
        solver = self._solver
        solver.setOptionValue("time_limit", solver.getRunTime() + SECONDS)
        if self._basis is not None:
            set_basis(solver, self._basis)
        for bound, more in moves:
            self._set(bound, more / bound.unit)
        solver.run()
        if status_of(solver) != "optimal":
            solver.clearSolver()
            solver.run()
        cost = float(solver.getInfo().objective_function_value) * self.lp.money
        found = solver.getSolution()
        self._x, self._duals = np.array(found.col_value), np.array(found.col_dual)
        self._row_duals = np.array(found.row_dual)
        for bound, _ in moves:
            self._set(bound, 0.0)
        return cost

    def price(self, bound: Bound) -> float:
        """Return what one more base unit of a bound saves in the plan last asked for."""
        duals = self._row_duals if bound.is_row else self._duals
        return max(-float(duals[bound.at]) * self.lp.money / bound.unit, 0.0)

    def values(self) -> dict[str, Array]:
        """Return the variables of the plan last asked for, in base units."""
        return self.lp.values(self._x)

    def _set(self, bound: Bound, more: float) -> None:
        lp, at = self.lp, bound.at
        if bound.is_row:
            self._solver.changeRowBounds(at, lp.row_lower[at], lp.row_upper[at] + more)
        else:
            self._solver.changeColBounds(at, lp.lower[at], lp.upper[at] + more)
