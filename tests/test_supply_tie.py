"""Sums of a plan are made exact on the basis that is optimal already."""

from dataclasses import replace

import numpy as np
from supply_cases import random_company

from sopkit.supply import prepare_case
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import to_lp
from sopkit.supply.solver.highs import hand_over, read_solution, set_options
from sopkit.supply.solver.tie import row_gap, tie_sums


def solved():
    tables, demand, periods = random_company(31)
    case = prepare_case(tables, demand, periods)
    lp = to_lp(build_model(case, to_streams(case, demand)), 1.0)
    lp = replace(lp, lazy=np.zeros_like(lp.lazy))
    solver = hand_over(lp)
    set_options(solver, "simplex", 60.0)
    solver.run()
    return solver, lp, read_solution(solver)


def test_values_a_little_off_are_brought_back_to_the_optimum():
    solver, lp, found = solved()
    off = found.x * 1.0001
    assert row_gap(lp, off) > 1e-3
    tied = tie_sums(solver, lp, off, found.basis)
    assert row_gap(lp, tied) < 1e-9
    np.testing.assert_allclose(tied, found.x, atol=1e-7)


def test_values_that_tie_stay_as_they_are():
    solver, lp, found = solved()
    assert tie_sums(solver, lp, found.x, found.basis) is found.x
