"""Most stock and room for stock: plans solvable by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.supply import check_plan, solve_plan
from sopkit.supply.rules.limits import find_maxima

PEAK = demand("A P 2026-01 50", "A P 2026-02 80", "A P 2026-03 160")


def column(plan, name, item="A", location="P"):
    rows = plan.constrained_plan
    return rows.loc[(rows["item"] == item) & (rows["location"] == location), name].tolist()


def costs(plan):
    return plan.plan_cost.set_index("term")["cost_value"]


def passed(case, plan):
    return check_plan(case, plan).set_index("check")["passed"]["stock_limits"]


def limited(count=3, **frames):
    return tables(**{**line("100", count=count), "service_class": service(), **frames})


def test_a_maximum_stops_what_would_be_built_before_a_peak():
    case = limited(stock_policy=table("item location max_qty", "A P 30"))
    plan = solve_plan(case, PEAK, months(3), rates=FREE)
    # 160 wanted in March, 100 can be made, 30 may be held: 30 are short
    assert column(plan, "closing_qty")[1] == 30
    assert column(plan, "short_qty") == [0, 0, 30]
    assert plan.overflow.empty and costs(plan)["over_limit"] == 0
    assert passed(case, plan)
    # one more unit of room at the end of February would save a sale of 100 and cost 4 to make
    assert -plan.duals["stock_limit"][0] == pytest.approx([0, 96, 0])


def test_the_most_specific_row_gives_the_maximum():
    policy = table("item location max_qty", "all all 10", "all P 20", "A all 30", "A P 40").assign(
        abc="all"
    )
    places = table("item location", "A P", "A Q", "B P", "B Q")
    assert find_maxima(policy, places).tolist() == [40, 30, 20, 10]
    assert find_maxima(policy.iloc[:0], places).tolist() == [float("inf")] * 4


def test_stock_above_its_maximum_may_stay_but_is_not_added_to():
    case = limited(
        stock_policy=table("item location max_qty", "A P 30"),
        opening_stock=table("item location on_hand_qty", "A P 200"),
    )
    plan = solve_plan(case, PEAK, months(3), rates=FREE)
    # 200 - 50 = 150, - 80 = 70, then 160 wanted: 70 + 90 made
    assert column(plan, "closing_qty") == [150, 70, 0]
    assert column(plan, "make_qty") == [0, 0, 90]
    assert costs(plan)["over_limit"] == 0
    assert plan.overflow["over"].tolist() == [120, 40]
    assert plan.overflow["opening_over"].tolist() == [120, 40]
    assert passed(case, plan)
    hidden = replace(plan, overflow=plan.overflow.iloc[:1])
    assert not passed(case, hidden)


def test_room_is_shared_by_the_items_of_a_location():
    # Two units of room for each A: 60 places hold 30.
    case = limited(
        item=table("item storage_places", "A 2"), storage=table("location max_places", "P 60")
    )
    plan = solve_plan(case, PEAK, months(3), rates=FREE)
    assert column(plan, "short_qty") == [0, 0, 30]
    assert column(plan, "closing_qty")[1] == 30
    assert -plan.duals["storage_limit"][0] == pytest.approx([0, 48, 0])  # 96 a unit, 48 a place
    assert passed(case, plan)


def test_room_outside_is_paid_where_it_has_a_price():
    case = limited(
        item=table("item storage_places", "A 2"),
        storage=table("location max_places overflow_value", "P 60 5"),
    )
    plan = solve_plan(case, PEAK, months(3), rates=FREE)
    # 40 held at the end of January and 60 at the end of February: 80 and 120 places, 60 there are
    assert column(plan, "closing_qty") == [40, 60, 0]
    assert column(plan, "short_qty") == [0, 0, 0]
    assert costs(plan)["over_limit"] == (20 + 60) * 5
    assert plan.overflow["limit_kind"].tolist() == ["storage", "storage"]
    assert plan.overflow["over"].tolist() == [20, 60]
    assert plan.overflow["opening_over"].tolist() == [0, 0]
    assert plan.overflow["period"].tolist() == [
        pd.Timestamp("2026-01-01"),
        pd.Timestamp("2026-02-01"),
    ]
    assert passed(case, plan)


def test_orders_under_way_that_do_not_fit_are_shown_and_the_plan_stands():
    case = limited(
        stock_policy=table("item location max_qty", "A all 10"),
        open_supply=table(
            "supply_order item location supply_kind due_date open_qty", "o1 A P buy 2026-01-10 100"
        ),
    )
    plan = solve_plan(case, demand("A P 2026-01 20"), months(2), rates=FREE)
    assert plan.status == "optimal"
    assert plan.overflow["over"].tolist() == [70, 70]
    assert costs(plan)["over_limit"] == 0
