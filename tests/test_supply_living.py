"""The living solver: every change answered from the plan there is, equal to a cold solve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.errors import PlanError
from sopkit.supply import Rates, prepare_case, solve_case
from sopkit.supply.solver.living import Living
from sopkit.supply.whatif import change_case, edit_tables, list_codes, read_changes

WANTED = ("A P 2026-01 130", "A P 2026-02 40")


def one_line(**extra):
    wanted = demand(*WANTED)
    case = prepare_case(
        tables(**line(), service_class=service(), **extra), wanted, months(3), rates=FREE
    )
    return case, wanted


def with_hours(case, hours: float, month: int = 0):
    regular = case.regular_hours.copy()
    regular[0, month] = hours
    return replace(case, regular_hours=regular)


def test_ten_more_hours_are_worth_ten_units_sold():
    # 100 of 130 are made at 4 and sold at 100; an hour more makes one more.
    case, wanted = one_line()
    living = Living(case, wanted)
    assert living.base.objective == pytest.approx(140 * 4 + 30 * 100)
    more = living.ask(with_hours(case, 110), wanted)
    assert living.base.objective - more.objective == pytest.approx(10 * (100 - 4))
    assert more.plan.plan_service["short_qty"].tolist() == [20, 0]
    assert more.plan.flow.tolist() == [[110, 40, 0]]
    assert more.duals["capacity_limit"][0].tolist() == pytest.approx([-96, 0, 0])


def test_undone_the_base_is_restored():
    case, wanted = one_line()
    living = Living(case, wanted)
    living.ask(with_hours(case, 0), wanted)
    assert living.undo().objective == pytest.approx(living.base.objective, rel=1e-9)
    assert living.undo().x == pytest.approx(living.base.x)


def test_an_answer_does_not_depend_on_what_was_asked_before():
    company, wanted, periods = random_company(4)
    case = prepare_case(company, wanted, periods)
    cut = replace(case, regular_hours=case.regular_hours * 0.8)
    alone = Living(case, wanted).ask(cut, wanted)
    living = Living(case, wanted)
    living.ask(replace(case, regular_hours=case.regular_hours * 1.3), wanted)
    living.ask(case, wanted.assign(demand_qty=wanted["demand_qty"] * 1.1))
    assert living.ask(cut, wanted).x == pytest.approx(alone.x, abs=1e-9)


def test_a_plan_there_is_already_is_not_solved_again():
    company, wanted, periods = random_company(4)
    case = prepare_case(company, wanted, periods)
    plan = solve_case(case, wanted)
    living = Living(case, wanted, plan)
    assert living.base.objective == pytest.approx(plan.objective, rel=1e-6)
    pd.testing.assert_frame_equal(living.base.plan.plan_flow, plan.plan_flow)


def test_demand_in_a_month_without_any_changes_the_models_cells():
    case, wanted = one_line()
    more = pd.concat([wanted, demand("A P 2026-03 150")], ignore_index=True)
    living = Living(case, wanted)
    answer = living.ask(case, more)
    assert answer.objective == pytest.approx(solve_case(case, more).objective)
    assert living.undo().objective == pytest.approx(living.base.objective, rel=1e-9)


def test_whole_lots_are_answered_too():
    lots = line()
    lots["operation"] = lots["operation"].assign(lot_min_qty=60.0)
    wanted = demand("A P 2026-01 30", "A P 2026-02 40")
    made = tables(**lots, service_class=service())
    case = prepare_case(made, wanted, months(3), rates=replace(FREE, lot_months=3))
    twice = wanted.assign(demand_qty=wanted["demand_qty"] * 1.5)
    answer = Living(case, wanted).ask(case, twice)
    assert answer.objective == pytest.approx(solve_case(case, twice).objective, rel=0.01)


def test_an_unknown_place_is_named():
    case, wanted = one_line()
    with pytest.raises(PlanError, match="B at P in 2026-01"):
        Living(case, wanted).ask(case, demand("B P 2026-01 10"))


QUESTIONS = (
    [{"capacity": "LP1", "from": "2026-02", "change": "-40 %"}],
    [{"capacity": "LP1", "change": "+5 %"}, {"capacity": "LP2", "change": "+5 %"}],
    [{"capacity": "LP2", "from": "2026-01", "to": "2026-03", "change": "12 hours"}],
    [{"demand": "F1", "from": "2026-03", "change": "+20 %"}],
    [{"demand": "all", "customer": "K", "change": "+2 %"}],
    [{"demand": "X", "from": "2026-02", "to": "2026-04", "change": "-30 %"}],
    [{"lead_time": "V1", "change": "+20 days"}],
    [{"lead_time": "P1 > D2", "change": "-100 %"}],
    [{"lead_time": "F2-P2", "change": "10 days"}],
    [{"outage": "V2", "from": "2026-01", "to": "2026-02"}],
    [{"cost": "V1", "from": "2026-03", "change": "+25 %"}],
    [{"cost": "F1-P1", "change": "-50 %"}],
    [
        {"outage": "V1", "from": "2026-02"},
        {"demand": "all", "change": "-10 %"},
        {"capacity": "LP1", "from": "2026-01", "change": "-10 hours"},
    ],
)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_every_change_costs_what_a_cold_solve_of_the_edited_tables_costs(seed):
    company, wanted, periods = random_company(seed)
    case = prepare_case(company, wanted, periods, rates=Rates())
    living = Living(case, wanted)
    codes = list_codes(company, wanted, periods)
    for blocks in QUESTIONS[seed - 11 :: 3]:
        changes = read_changes(blocks, codes)
        changed, more = change_case(case, wanted, changes)
        cold = solve_case(prepare_case(edit_tables(case, changes), more, periods), more)
        answer = living.ask(changed, more)
        assert answer.objective == pytest.approx(cold.objective, rel=1e-6)
        assert answer.plan.objective == pytest.approx(cold.objective, rel=1e-6)
    assert living.undo().objective == pytest.approx(living.base.objective, rel=1e-9)


def test_many_small_changes_of_hours_and_demand_equal_cold_solves():
    company, wanted, periods = random_company(21)
    case = prepare_case(company, wanted, periods)
    living, draw = Living(case, wanted), np.random.default_rng(21)
    for _ in range(6):
        factor = draw.choice([1.0, 1.0, 0.7, 1.2], case.regular_hours.shape)
        more = wanted.assign(
            demand_qty=wanted["demand_qty"] * draw.choice([1, 1, 0.5, 2], len(wanted))
        )
        changed = replace(case, regular_hours=case.regular_hours * factor)
        cold = solve_case(changed, more)
        assert living.ask(changed, more).objective == pytest.approx(cold.objective, rel=1e-6)


def test_the_first_answer_is_exact_where_the_duals_hold():
    # Ten hours fewer in January, each making a unit at 4 that sells at 100.
    case, wanted = one_line()
    first = Living(case, wanted).guess(with_hours(case, 90), wanted)
    assert first.is_close
    assert (first.low, first.high) == (pytest.approx(960), pytest.approx(960))


def test_the_first_answer_is_a_range_where_they_do_not():
    # 60 hours more: 30 sell at a gain of 96, the others are worth nothing.
    case, wanted = one_line()
    living = Living(case, wanted)
    first = living.guess(with_hours(case, 160), wanted)
    assert (first.low, first.high) == (pytest.approx(-60 * 96), pytest.approx(0))
    assert not first.is_close
    true = living.ask(with_hours(case, 160), wanted).objective - living.base.objective
    assert true == pytest.approx(-30 * 96)


def test_of_other_cells_nothing_is_said_at_first():
    case, wanted = one_line()
    more = pd.concat([wanted, demand("A P 2026-03 150")], ignore_index=True)
    first = Living(case, wanted).guess(case, more)
    assert (first.low, first.high, first.is_close) == (None, None, False)


@pytest.mark.parametrize("seed", [31, 32])
def test_the_first_answer_holds_the_true_one(seed):
    company, wanted, periods = random_company(seed)
    case = prepare_case(company, wanted, periods)
    living = Living(case, wanted)
    codes = list_codes(company, wanted, periods)
    size = abs(living.base.objective)
    for blocks in QUESTIONS:
        changed, more = change_case(case, wanted, read_changes(blocks, codes))
        first = living.guess(changed, more)
        true = living.ask(changed, more).objective - living.base.objective
        assert first.low is None or first.low <= true + 1e-7 * size, blocks
        assert first.high is None or first.high >= true - 1e-7 * size, blocks
