from dataclasses import replace

import pytest
from builders import table
from supply_cases import FREE, demand, months, service, tables

from sopkit.supply import check_plan, prepare_case, solve_case, solve_plan

PRICE = table("item price_value", "A 100")


def order(*rows: str):
    return table(
        "supply_order item location supply_kind due_date open_qty expedite_value cancel_value",
        *rows,
    )


def solve(wanted, count, rates=FREE, **frames):
    bundle = tables(price=PRICE, service_class=service(), **frames)
    plan = solve_plan(bundle, wanted, months(count), rates=rates)
    checks = check_plan(bundle, plan).set_index("check")
    assert checks["passed"].all(), checks
    return plan


def cost(plan, term="open_orders"):
    return plan.plan_cost.set_index("term")["cost_value"].get(term, 0.0)


def changes(plan):
    names = ["supply_order", "action", "change_qty", "cost_value"]
    return plan.order_change[names].to_numpy().tolist()


def arriving(plan):
    return plan.constrained_plan["open_supply_qty"].tolist()


def test_an_order_is_hurried_as_far_as_that_serves_a_sale():
    """20 due in March, 12 wanted in January: 12 come at once for 3 each, 8 as dated."""
    plan = solve(
        demand("A P 2026-01 12", "A P 2026-03 8"),
        3,
        open_supply=order("o1 A P buy 2026-03-10 20 3 -"),
    )
    assert changes(plan) == [["o1", "hurry", 12.0, 36.0]]
    assert arriving(plan) == [12.0, 0.0, 8.0]
    assert plan.plan_service["short_qty"].sum() == 0
    assert cost(plan) == 36


def test_an_order_without_a_price_arrives_as_dated():
    plan = solve(
        demand("A P 2026-01 12", "A P 2026-03 8"),
        3,
        open_supply=order("o1 A P buy 2026-03-10 20 - -"),
    )
    assert plan.order_change.empty and arriving(plan) == [0.0, 0.0, 20.0]
    assert plan.plan_service["short_qty"].sum() == 12


def test_an_order_is_not_hurried_where_that_is_dearer_than_the_sale():
    plan = solve(demand("A P 2026-01 12"), 2, open_supply=order("o1 A P buy 2026-02-10 20 101 -"))
    assert plan.order_change.empty and plan.plan_service["short_qty"].sum() == 12


def test_an_order_due_after_the_plan_may_be_hurried_into_it():
    plan = solve(demand("A P 2026-01 5"), 1, open_supply=order("o1 A P buy 2026-07-10 20 3 1"))
    assert changes(plan) == [["o1", "hurry", 5.0, 15.0]] and arriving(plan) == [5.0]


def test_an_order_nobody_needs_is_cancelled_where_holding_is_dearer():
    """20 arrive in February, 5 are wanted in March; holding costs 1 a month: the 15 left would
    cost 1 in February, and 1 in March; cancelling costs 1.5."""
    wanted = demand("A P 2026-03 5")
    cost_row = table("item unit_cost_value holding_value", "A 12 1")
    frames = {"cost": cost_row, "open_supply": order("o1 A P buy 2026-02-10 20 - 1.5")}
    plan = solve(wanted, 3, **frames)
    assert changes(plan) == [["o1", "cancel", 15.0, 22.5]]
    assert arriving(plan) == [0.0, 5.0, 0.0]
    dearer = {**frames, "open_supply": order("o1 A P buy 2026-02-10 20 - 2.5")}
    assert solve(wanted, 3, **dearer).order_change.empty


def test_no_more_is_hurried_and_cancelled_than_is_open():
    """20 due in March: 12 wanted at once (hurried), the rest never (cancelled)."""
    cost_row = table("item unit_cost_value holding_value", "A 12 1")
    plan = solve(
        demand("A P 2026-01 12"),
        4,
        cost=cost_row,
        open_supply=order("o1 A P buy 2026-03-10 20 3 1"),
    )
    assert changes(plan) == [["o1", "cancel", 8.0, 8.0], ["o1", "hurry", 12.0, 36.0]]
    assert arriving(plan) == [12.0, 0.0, 0.0, 0.0]


def test_overdue_orders_arrive_in_the_first_month_and_cannot_be_hurried():
    plan = solve(demand("A P 2026-01 5"), 1, open_supply=order("o1 A P buy 2025-11-10 5 3 1"))
    assert plan.order_change.empty and arriving(plan) == [5.0]


def test_the_cheapest_of_several_orders_is_hurried_first():
    rows = ("o1 A P buy 2026-02-10 10 5 -", "o2 A P buy 2026-03-10 10 2 -")
    plan = solve(demand("A P 2026-01 14"), 3, open_supply=order(*rows))
    assert changes(plan) == [["o1", "hurry", 4.0, 20.0], ["o2", "hurry", 10.0, 20.0]]


def test_a_plan_that_books_an_order_that_is_not_there_does_not_pass_the_check():
    bundle = tables(price=PRICE, open_supply=order("o1 A P buy 2026-02-10 20 3 -"))
    wanted = demand("A P 2026-01 5")
    plan = solve_case(prepare_case(bundle, wanted, months(2), rates=FREE), wanted)
    assert check_plan(bundle, plan)["passed"].all()
    silent = replace(plan, order_change=plan.order_change.iloc[:0])
    checks = check_plan(bundle, silent).set_index("check")
    assert checks.loc["open_orders", "worst"] == pytest.approx(5)
