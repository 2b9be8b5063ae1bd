"""People, machine groups and swings, small enough to solve by hand."""

from dataclasses import replace

import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.supply import check_plan, prepare_case, rough_cut_load, solve_plan, sum_margin

CREW = "resource heads hours_per_head overtime_per_head head_value hire_value lay_off_value"
RULES = " may_hire may_lay_off shift_heads max_heads"


def costs(plan):
    return plan.plan_cost.set_index("term")["cost_value"]


def crew_case(header, row, **changed):
    """Item A made at P by crew L, one hour a unit at 4, price 100."""
    given = {name: frame for name, frame in line().items() if name != "capacity"}
    crew = table(header, row).replace({"True": True, "False": False}).infer_objects()
    given = {**given, "workforce": crew, "service_class": service(), **changed}
    return tables(**given)


def solve(case, *rows, count=2, **changed):
    plan = solve_plan(case, demand(*rows), months(count), rates=replace(FREE, **changed))
    checks = check_plan(case, plan)
    assert checks["passed"].all(), checks.to_string()
    return plan


def heads(plan, name="heads"):
    return plan.plan_people[name].tolist()


def test_a_crew_works_the_hours_of_its_heads_and_is_paid_used_or_not():
    case = crew_case(CREW + RULES, "L 3 10 0 50 0 0 False False 0 -")
    plan = solve(case, "A P 2026-01 40", "A P 2026-02 10")
    assert plan.constrained_plan["make_qty"].tolist() == [30, 10]
    assert costs(plan)["people"] == 2 * 3 * 50
    assert heads(plan) == [3, 3]
    assert plan.plan_resource["regular_hours"].tolist() == [30, 30]
    assert costs(plan)["short"] == 10 * 100


def test_people_are_hired_where_what_they_make_is_worth_more():
    case = crew_case(CREW, "L 3 10 0 50 20 0")
    plan = solve(case, "A P 2026-01 30", "A P 2026-02 50")
    # 80 hours want 8 head-months: one head hired at once and kept beats two hired later
    assert heads(plan) == [4, 4] and heads(plan, "hired_heads") == [1, 0]
    assert costs(plan)["people"] == 8 * 50 + 20
    assert plan.plan_service["short_qty"].sum() == 0


def test_nobody_is_laid_off_unless_it_is_allowed():
    idle = "A P 2026-01 10", "A P 2026-02 10"
    kept = solve(crew_case(CREW, "L 3 10 0 50 0 20"), *idle)
    assert heads(kept) == [3, 3]
    cut = solve(crew_case(CREW + " may_lay_off", "L 3 10 0 50 0 20 True"), *idle)
    assert heads(cut) == [1, 1] and heads(cut, "laid_off_heads") == [2, 0]
    assert costs(cut)["people"] == 2 * 50 + 2 * 20


def test_overtime_is_limited_a_head_and_dearer_than_a_regular_hour():
    case = crew_case(CREW + RULES, "L 2 10 3 50 0 0 False False 0 -")
    plan = solve(case, "A P 2026-01 30", count=1)
    assert plan.constrained_plan["make_qty"].tolist() == [26]
    assert costs(plan)["overtime"] == 6 * 3
    row = plan.plan_resource.iloc[0]
    assert row[["overtime_hours", "overtime_used_hours"]].tolist() == [6, 6]


def test_a_capacity_row_of_a_crew_limits_what_its_heads_can_work():
    hours = table("resource period regular_hours overtime_hours", "L 2026-01 12 1")
    case = crew_case(CREW + RULES, "L 2 10 3 50 0 0 False False 0 -", capacity=hours)
    plan = solve(case, "A P 2026-01 30", "A P 2026-02 30")
    assert plan.constrained_plan["make_qty"].tolist() == [13, 26]
    assert plan.plan_resource["regular_hours"].tolist() == [12, 20]
    assert plan.plan_resource["overtime_hours"].tolist() == [1, 6]


def test_whole_people_come_and_go_in_whole_shifts():
    row = "L 4 10 0 50 20 0 True True 4 -"
    part = solve(crew_case(CREW + RULES, row), "A P 2026-01 60", count=1)
    assert heads(part) == [6]
    whole = solve(crew_case(CREW + RULES, row), "A P 2026-01 60", count=1, whole_people=True)
    assert heads(whole) == [8] and heads(whole, "hired_heads") == [4]
    assert costs(whole)["people"] == 8 * 50 + 4 * 20


def test_no_more_people_are_hired_than_there_may_be():
    plan = solve(crew_case(CREW + RULES, "L 3 10 0 50 20 0 True False 0 4"), "A P 2026-01 60")
    assert heads(plan) == [4, 4]
    assert plan.constrained_plan["make_qty"].tolist() == [40, 0]


def test_the_rough_cut_takes_the_heads_at_the_start():
    case = crew_case(CREW, "L 3 10 2 50 20 0")
    wanted = demand("A P 2026-01 60")
    load = rough_cut_load(prepare_case(case, wanted, months(1)), wanted).iloc[0]
    assert load[["load_hours", "regular_hours", "overtime_hours"]].tolist() == [60, 30, 6]


def group(*capacity, machines=4):
    return tables(
        **{
            **line(),
            "resource": table(
                "resource location hours_per_day machines overtime_rate", f"L P 8 {machines} 0.1"
            ),
            "capacity": table(
                "resource period regular_hours overtime_hours machines_down", *capacity
            ),
            "service_class": service(),
        }
    )


def test_machines_that_stand_still_take_their_share_of_the_hours():
    plan = solve(group("L 2026-01 400 40 1", "L 2026-02 400 40 0"), "A P 2026-01 999", count=2)
    assert plan.plan_resource["regular_hours"].tolist() == [300, 400]
    assert plan.plan_resource["overtime_hours"].tolist() == [30, 40]


def test_all_machines_down_leave_no_hours_and_a_plan_all_the_same():
    plan = solve(group("L 2026-01 400 40 4"), "A P 2026-01 10", count=1)
    assert plan.plan_service["short_qty"].tolist() == [10]


def test_hours_a_day_are_those_of_one_machine():
    case = group("L 2025-01 1 0 0")
    plan = solve_plan(
        case, demand("A P 2026-01 10"), months(1), working_days={months(1)[0]: 20}, rates=FREE
    )
    row = plan.plan_resource.iloc[0]
    assert row[["regular_hours", "overtime_hours"]].tolist() == [640, pytest.approx(64)]


def test_a_swing_costs_its_share_of_an_hour_up_and_down():
    given = line(count=3)
    given["resource"] = table("resource location hour_value", "L P 10")
    case = tables(**given, service_class=service())
    wanted = ("A P 2026-01 20", "A P 2026-02 40", "A P 2026-03 30")
    plan = solve(case, *wanted, count=3, swing_rate=0.5)
    # holding is free: 20 first, then level at 35, 35 would be 15 up; 30, 30, 30 swings nothing
    assert plan.constrained_plan["make_qty"].tolist() == pytest.approx([30, 30, 30])
    assert costs(plan)["swing"] == 0
    dear = solve(case, *wanted, count=3, swing_rate=0.01, holding_rate=1.2)
    # a unit held costs 1.2 a month, an hour up or down 0.1: demand is followed
    assert dear.constrained_plan["make_qty"].tolist() == [20, 40, 30]
    assert costs(dear)["swing"] == pytest.approx((20 + 10) * 0.1)


def test_without_a_rate_swings_add_nothing_to_the_plan():
    plan = solve(tables(**line(), service_class=service()), "A P 2026-01 20", count=3)
    assert "swing" not in costs(plan).index and "swing_up" not in plan.values


def test_the_most_margin_leaves_out_what_costs_more_than_its_price():
    case = tables(
        operation=table("operation item location unit_cost_value", "opA A P 4", "opB B P 9"),
        price=table("item price_value", "A 10", "B 8"),
        service_class=service(lost=3.0),
    )
    wanted = "A P 2026-01 5", "B P 2026-01 5"
    cheapest = solve(case, *wanted, count=1)
    assert cheapest.plan_service["short_qty"].tolist() == [0, 0]  # a lost unit costs three prices
    plan = solve(case, *wanted, count=1, objective="margin")
    assert plan.plan_service["short_qty"].tolist() == [0, 5]
    assert sum_margin(plan) == 5 * 10 - 5 * 4
    assert plan.objective == 10 * 5 + 8 * 5 - sum_margin(plan)
    assert sum_margin(cheapest) == 5 * (10 - 4) + 5 * (8 - 9)
