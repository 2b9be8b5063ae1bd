"""Whole lots, small enough to solve by hand, and on random companies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.supply import Rates, check_plan, prepare_case, solve_case, solve_plan
from sopkit.supply.rules.lots import count_lots

EXACT = replace(FREE, lot_months=1, whole_gap_rate=0.0)


def costs(plan):
    return plan.plan_cost.set_index("term")["cost_value"]


def flows(plan, kind):
    rows = plan.plan_flow[plan.plan_flow["flow_kind"] == kind]
    return rows["flow_qty"].tolist()


def bought(terms, *rows, count=1, **changed):
    """Item A is bought at P and sold at 100."""
    case = tables(
        purchase_term=terms,
        price=table("item price_value", "A 100"),
        cost=table("item unit_cost_value holding_value", "A 4 1"),
        service_class=service(),
    )
    plan = solve_plan(case, demand(*rows), months(count), rates=replace(EXACT, **changed))
    checks = check_plan(case, plan)
    assert checks["passed"].all(), checks.to_string()
    return plan


def test_orders_are_multiples_in_the_first_months_and_any_quantity_after():
    terms = table("supplier item price_value multiple_qty", "S A 4 20")
    plan = bought(terms, "A P 2026-01 30", "A P 2026-02 35", count=2)
    assert flows(plan, "buy") == [40, 25]
    assert costs(plan)["lots"] == 0 and costs(plan)["hold"] == 10
    assert vars(plan)["values"]["lots"][:, 0].tolist() == [2]


def test_a_smallest_order_is_bought_in_full_or_not_at_all():
    terms = table("supplier item price_value min_qty", "S A 4 50")
    assert flows(bought(terms, "A P 2026-01 30"), "buy") == [50]
    assert flows(bought(terms, "A P 2026-01 70"), "buy") == [70]
    # one unit is not worth fifty
    rare = bought(terms, "A P 2026-01 1")
    assert flows(rare, "buy") == [] and costs(rare)["short"] == 100


def test_a_smallest_order_between_two_multiples_is_the_next_multiple():
    terms = table("supplier item price_value min_qty multiple_qty", "S A 4 50 20")
    assert flows(bought(terms, "A P 2026-01 30"), "buy") == [60]
    assert flows(bought(terms, "A P 2026-01 70"), "buy") == [80]


def test_without_lot_months_the_plan_is_linear():
    terms = table("supplier item price_value min_qty multiple_qty", "S A 4 50 20")
    plan = bought(terms, "A P 2026-01 30", lot_months=0)
    assert flows(plan, "buy") == [30] and "lots" not in costs(plan).index


def test_lots_of_production_are_units_started():
    given = {**line(count=1), "service_class": service()}
    given["operation"] = table(
        "operation item location unit_cost_value yield_rate lot_multiple_qty", "opA A P 4 0.9 20"
    )
    plan = solve_plan(tables(**given), demand("A P 2026-01 30"), months(1), rates=EXACT)
    assert flows(plan, "make") == [36]  # two lots of 20 started are 36 good units
    assert plan.plan_resource["load_hours"].tolist() == [40]
    assert check_plan(tables(**given), plan)["passed"].all()


def test_a_lane_goes_in_full_loads_over_all_its_items():
    case = tables(
        lane=table("from_location to_location unit_cost_value multiple_qty", "P D 1 50"),
        opening_stock=table("item location on_hand_qty", "A P 100", "B P 100"),
        price=table("item price_value", "A 100", "B 100"),
        service_class=service(),
    )
    wanted = demand("A D 2026-01 30", "B D 2026-01 40")
    plan = solve_plan(case, wanted, months(1), rates=EXACT)
    assert sum(flows(plan, "move")) == 100 and vars(plan)["values"]["loads"].tolist() == [[2]]
    assert plan.plan_service["short_qty"].sum() == 0
    assert check_plan(case, plan)["passed"].all()


def test_a_lot_that_cannot_be_kept_is_missed_and_listed():
    given = {**line(count=1), "service_class": service()}
    given["operation"] = table(
        "operation item location unit_cost_value frozen_days lot_multiple_qty", "opA A P 4 60 20"
    )
    given["released_plan"] = table(
        "flow_kind item location source period flow_qty", "make A P opA 2026-01 30"
    )
    plan = solve_plan(tables(**given), demand("A P 2026-01 30"), months(1), rates=EXACT)
    assert flows(plan, "make") == [30]
    assert plan.odd_lots[["item", "source", "odd_qty"]].to_numpy().tolist() == [["A", "opA", 10]]
    assert costs(plan)["lots"] == 10 * 10 * 100  # ten prices a unit that is in no lot
    assert check_plan(tables(**given), plan)["passed"].all()


def test_the_check_finds_a_lot_that_is_not_owned_up_to():
    terms = table("supplier item price_value multiple_qty", "S A 4 20")
    plan = bought(terms, "A P 2026-01 30")
    odd = plan.plan_flow.assign(flow_qty=plan.plan_flow["flow_qty"] - 3)
    checks = check_plan(tables(purchase_term=terms), replace(plan, plan_flow=odd))
    assert checks.set_index("check").loc["lots", "worst"] == pytest.approx(3)


def test_lots_in_any_flow_are_counted():
    terms = table("supplier item price_value min_qty multiple_qty", "S A 4 0 100", "S B 4 40 0")
    wanted = demand("A P 2026-01 1", "B P 2026-01 1")
    case = prepare_case(
        tables(purchase_term=terms), wanted, months(1), rates=replace(FREE, lot_months=1)
    )
    values = count_lots(case.lots, np.array([[250.0], [30.0]]))
    assert values["lots"].tolist() == [[2], [0]]
    assert values["batch"].tolist() == [[0], [0]]
    assert values["odd"].tolist() == [[50], [30]]


def with_lots(company, seed):
    draw = np.random.default_rng(seed)
    operation, terms = company.operation, company.purchase_term
    lane = company.lane
    return replace(
        company,
        operation=operation.assign(
            lot_multiple_qty=draw.choice([0.0, 7.0, 25.0], len(operation)),
            lot_min_qty=draw.choice([0.0, 10.0, 30.0], len(operation)),
        ),
        purchase_term=terms.assign(
            multiple_qty=draw.choice([0.0, 20.0], len(terms)),
            min_qty=draw.choice([0.0, 30.0], len(terms)),
        ),
        lane=lane.assign(multiple_qty=draw.choice([0.0, 30.0], len(lane))),
    )


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_random_companies_keep_their_lots_at_no_less_cost(seed):
    company, wanted, periods = random_company(seed)
    company = with_lots(company, seed)
    linear = solve_case(prepare_case(company, wanted, periods), wanted)
    rates = Rates(lot_months=2)
    plan = solve_case(prepare_case(company, wanted, periods, rates=rates), wanted, time_limit=60)
    checks = check_plan(company, plan)
    assert checks["passed"].all(), checks.to_string()
    assert plan.objective >= linear.objective - 1e-6
    assert plan.bound <= plan.objective + 1e-6
    assert plan.objective - plan.bound <= 0.01 * plan.objective + 1e-6
    first = plan.plan_flow["period"].isin(periods[:2])
    made = plan.plan_flow[first & (plan.plan_flow["flow_kind"] == "make")]
    lots = company.operation.set_index("operation")
    started = made["flow_qty"].to_numpy() / lots["yield_rate"].loc[made["source"]].to_numpy()
    multiple = lots["lot_multiple_qty"].loc[made["source"]].to_numpy()
    off = pd.Series(started[multiple > 0] / multiple[multiple > 0])
    assert (off - off.round()).abs().max() < 1e-4 or len(plan.odd_lots)
