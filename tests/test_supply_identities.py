"""Whatever the company, a plan keeps its balances, limits and costs."""

import numpy as np
import pandas as pd
import pytest
from supply_cases import random_company

from sopkit.supply import check_plan, explain_shortages, prepare_case, solve_case


@pytest.fixture(scope="module", params=[1, 2, 3, 4, 5, 6])
def solved(request):
    tables, demand, periods = random_company(request.param)
    case = prepare_case(tables, demand, periods)
    return tables, demand, case, solve_case(case, demand)


def test_every_check_of_the_independent_checker_passes(solved):
    tables, _, _, plan = solved
    checks = check_plan(tables, plan)
    assert checks["passed"].all(), checks.to_string()
    assert set(checks["check"]) >= {"balance", "hours", "arrivals", "parts", "service", "cost"}


def test_all_demand_is_on_time_late_or_short(solved):
    _, demand, _, plan = solved
    service = plan.plan_service
    parts = service[["on_time_qty", "late_qty", "short_qty"]].sum(axis=1)
    np.testing.assert_allclose(parts, service["demand_qty"], atol=1e-5)
    assert service["demand_qty"].sum() == pytest.approx(demand["demand_qty"].sum())


def test_backlog_is_what_was_wanted_and_neither_served_nor_lost_and_ends_at_nothing(solved):
    stock = solved[3].constrained_plan
    sums = stock.groupby(["item", "location"])[["demand_qty", "served_qty", "short_qty"]].cumsum()
    owed = sums["demand_qty"] - sums["served_qty"] - sums["short_qty"]
    np.testing.assert_allclose(owed, stock["backlog_qty"], atol=1e-4)
    last = stock[stock["period"] == stock["period"].max()]
    assert last["backlog_qty"].max() < 1e-4


def test_every_shortage_has_a_cause_and_no_money_is_left_out(solved):
    _, _, case, plan = solved
    shortage = explain_shortages(case, plan)
    assert shortage["short_qty"].sum() == pytest.approx(plan.plan_service["short_qty"].sum())
    assert shortage["cause"].notna().all() and shortage["cause_period"].notna().all()
    material = shortage[shortage["cause"] == "material"]
    assert material["root_cause"].notna().all()


def test_more_demand_of_a_known_place_needs_no_new_case_and_costs_no_less(solved):
    _, demand, case, plan = solved
    more = demand.assign(demand_qty=demand["demand_qty"] * 1.1)
    raised = solve_case(case, more)
    assert raised.objective >= plan.objective
    again = solve_case(case, demand)
    pd.testing.assert_frame_equal(again.plan_flow, plan.plan_flow, check_exact=True)


def test_a_plan_started_from_a_similar_one_costs_the_same(solved):
    _, demand, case, plan = solved
    more = demand.assign(demand_qty=demand["demand_qty"] * 1.1)
    cold, warm = solve_case(case, more), solve_case(case, more, start=plan)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
