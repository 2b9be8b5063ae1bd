"""A solver at a plan's optimum in which a few limits are moved, asked, and put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sopkit.supply.inputs.case import Array
from sopkit.supply.model.lp import Lp
from sopkit.supply.solver.highs import hand_over, set_basis, set_options, status_of
from sopkit.supply.solver.living import DEVEX, Answer

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
        self._moved: Sequence[tuple[Bound, float]] = []
        self._solver: Any = hand_over(self.lp)
        set_options(self._solver, "simplex", SECONDS)
        self._solver.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX)
        if base.basis is not None:
            set_basis(self._solver, base.basis)
        self._solver.run()
        self._start = self._solver.getBasis()
        self.cost = self._cost()

    def ask(self, moves: Sequence[tuple[Bound, float]]) -> float:
        """Return the cost of the plan with bounds raised by so many base units [money].

        It leaves out what no variable changes, so it compares with `cost`, that without moves.
        """
        solver = self._solver
        for bound, _ in self._moved:
            self._set(bound, 0.0)
        solver.setOptionValue("time_limit", solver.getRunTime() + SECONDS)
        if self._start.valid:
            solver.setBasis(self._start)
        for bound, more in moves:
            self._set(bound, more / bound.unit)
        self._moved = moves
        solver.run()
        if status_of(solver) != "optimal":
            solver.clearSolver()
            solver.run()
        return self._cost()

    def _cost(self) -> float:
        return float(self._solver.getInfo().objective_function_value) * self.lp.money

    def price(self, bound: Bound) -> float:
        """Return what one more base unit of a bound saves in the plan last asked for."""
        found = self._solver.getSolution()
        duals = found.row_dual if bound.is_row else found.col_dual
        return max(-float(duals[bound.at]) * self.lp.money / bound.unit, 0.0)

    def values(self) -> dict[str, Array]:
        """Return the variables of the plan last asked for, in base units."""
        return self.lp.values(np.array(self._solver.getSolution().col_value))

    def _set(self, bound: Bound, more: float) -> None:
        lp, at = self.lp, bound.at
        if bound.is_row:
            self._solver.changeRowBounds(at, lp.row_lower[at], lp.row_upper[at] + more)
        else:
            self._solver.changeColBounds(at, lp.lower[at], lp.upper[at] + more)
