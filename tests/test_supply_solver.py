"""What a stopped solver leaves: its plan, else the plan by rules, and a bound that holds."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from supply_cases import random_company

from sopkit.supply import Rates, check_plan, prepare_case, solve_case
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import to_lp
from sopkit.supply.model.units import find_money
from sopkit.supply.solver import highs as solver_module
from sopkit.supply.solver.highs import Solution, solve_lp
from sopkit.supply.solver.stopped import prove_bound


def company(seed=701):
    bundle, wanted, periods = random_company(seed)
    return bundle, wanted, prepare_case(bundle, wanted, periods)


def to_arrays(case, wanted):
    streams = to_streams(case, wanted)
    model = build_model(case, streams)
    return to_lp(model, find_money(streams, model.dims["stream"].unit))


def test_without_any_time_the_plan_by_rules_stands_and_says_so():
    bundle, wanted, case = company()
    plan = solve_case(case, wanted, time_limit=0.0)
    assert plan.status == "time limit reached: plan by rules"
    assert check_plan(bundle, plan)["passed"].all()
    best = solve_case(case, wanted)
    assert plan.objective >= best.objective
    assert plan.bound is None or plan.bound <= best.objective + 1e-6
    assert plan.gap is None or plan.gap >= plan.objective / best.objective - 1 - 1e-9


def test_an_optimal_plan_is_its_own_bound():
    _, wanted, case = company()
    plan = solve_case(case, wanted)
    assert plan.status == "optimal"
    assert plan.gap == pytest.approx(0.0, abs=1e-6)


def test_any_prices_prove_a_bound():
    """Least cost of 2x with x >= 3: a price of 1.5 proves 4.5, of 2 the optimum 6; 2.5 is cut."""
    arrays = (np.array([2.0]), np.array([0.0]), np.array([np.inf]))
    rows = (np.array([3.0]), np.array([np.inf]), csr_array(np.array([[1.0]])))
    assert prove_bound(*arrays, *rows, np.array([1.5])) == 4.5
    assert prove_bound(*arrays, *rows, np.array([2.0])) == 6.0
    assert prove_bound(*arrays, *rows, np.array([2.5])) == pytest.approx(6.0)
    free = (np.array([0.0]), *arrays[1:])
    assert prove_bound(*free, *rows, np.array([2.5])) is None


@pytest.mark.parametrize("seed", [702, 703])
def test_the_prices_of_an_optimum_prove_it(seed):
    _, wanted, case = company(seed)
    lp = to_arrays(case, wanted)
    found = solve_lp(lp)
    bound = prove_bound(
        lp.cost, lp.lower, lp.upper, lp.row_lower, lp.row_upper, lp.matrix, found.row_dual
    )
    assert bound == pytest.approx(found.bound, rel=1e-9)


@pytest.mark.parametrize("iterations", [100, 200, 300, 400])
def test_a_simplex_that_is_stopped_proves_no_more_than_the_optimum(iterations, monkeypatch):
    _, wanted, case = company(704)
    lp = to_arrays(case, wanted)
    best = solve_lp(lp).bound
    usual = solver_module.set_options

    def stop_early(solver, method, time_limit):
        usual(solver, method, time_limit)
        solver.setOptionValue("simplex_iteration_limit", iterations)

    monkeypatch.setattr(solver_module, "set_options", stop_early)
    found = solver_module._solve_reduced(lp, 60.0)
    assert found.bound is None or found.bound <= best + 1e-6 * abs(best)


def test_parts_that_were_solved_keep_their_plan_when_another_is_stopped(monkeypatch):
    _, wanted, case = company(705)
    lp = to_arrays(case, wanted)
    parts = solver_module.split_lp(lp)
    columns, rows = parts[0]
    half = len(columns) // 2
    halves = [(columns[:half], rows), (columns[half:], rows[:0])]
    monkeypatch.setattr(solver_module, "split_lp", lambda lp: halves)

    def solve_first(part, *_):
        if len(part.row_lower):
            return Solution("optimal", np.ones(half), np.zeros(len(rows)), None, 5.0)
        return Solution("time limit reached", None, np.zeros(0), None, None)

    monkeypatch.setattr(solver_module, "_solve_part", solve_first)
    found = solver_module.solve_lp(lp, rules=lambda: np.full(len(lp.cost), 7.0))
    assert found.x[columns[:half]].tolist() == [1.0] * half
    assert (found.x[columns[half:]] == 7.0).all()
    assert found.status == "time limit reached: plan by rules" and found.bound is None


def test_whole_lots_without_time_give_the_plan_by_rules_too():
    bundle, wanted, periods = random_company(706)
    bundle = replace(bundle, purchase_term=bundle.purchase_term.assign(multiple_qty=25.0))
    case = prepare_case(bundle, wanted, periods, rates=Rates(lot_months=2))
    plan = solve_case(case, wanted, time_limit=0.0)
    assert plan.status.startswith("time limit")
    assert plan.objective > 0
