"""Plans small enough to solve by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, months, service, tables

from sopkit.supply import solve_plan
from sopkit.supply.inputs.network import split_lead_times


def costs(plan):
    return plan.plan_cost.set_index("term")["cost_value"]


def column(plan, name, item="A", location="P"):
    rows = plan.constrained_plan
    return rows.loc[(rows["item"] == item) & (rows["location"] == location), name].tolist()


LINE = {
    "operation": table("operation item location unit_cost_value", "opA A P 4"),
    "resource_need": table("operation resource hours_per_unit", "opA L 1"),
    "price": table("item price_value", "A 100"),
    "cost": table("item unit_cost_value", "A 12"),
}
NO_HOURS = LINE["resource_need"].iloc[:0]


def test_stock_is_built_before_a_peak_that_the_line_cannot_make():
    case = tables(
        **LINE,
        resource=table("resource location", "L P"),
        capacity=table("resource period regular_hours", *[f"L 2026-0{m} 100" for m in (1, 2, 3)]),
        service_class=service(),
    )
    wanted = demand("A P 2026-01 50", "A P 2026-02 80", "A P 2026-03 160")
    plan = solve_plan(case, wanted, months(3), rates=replace(FREE, holding_rate=0.12))
    assert column(plan, "make_qty") == [90, 100, 100]
    assert column(plan, "closing_qty") == [40, 60, 0]
    assert costs(plan)["make"] == 290 * 4
    assert costs(plan)["hold"] == pytest.approx(100 * 0.12)  # 100 unit-months at 1 % of 12
    assert plan.objective == pytest.approx(1160 + 12)
    assert plan.status == "optimal"


def test_overtime_is_worked_where_it_is_cheaper_than_being_late():
    case = tables(
        **LINE,
        resource=table("resource location hour_value overtime_value", "L P 1 3"),
        capacity=table(
            "resource period regular_hours overtime_hours", "L 2026-01 100 10", "L 2026-02 100 10"
        ),
        service_class=service(late_rate=0.05, late_months=1),
    )
    plan = solve_plan(case, demand("A P 2026-01 130"), months(2), rates=FREE)
    assert column(plan, "make_qty") == [110, 20]
    assert column(plan, "backlog_qty") == [20, 0]
    spent = costs(plan)
    assert spent["overtime"] == 30 and spent["regular"] == 130 and spent["late"] == 20 * 5
    service_rows = plan.plan_service.iloc[0]
    assert service_rows[["on_time_qty", "late_qty", "short_qty"]].tolist() == [110, 20, 0]
    assert plan.plan_resource["overtime_used_hours"].tolist() == [10, 0]


def test_overtime_is_left_where_lateness_is_cheaper():
    case = tables(
        **LINE,
        resource=table("resource location overtime_value", "L P 6"),
        capacity=table(
            "resource period regular_hours overtime_hours", "L 2026-01 100 50", "L 2026-02 100 50"
        ),
        service_class=service(late_rate=0.05, late_months=1),
    )
    plan = solve_plan(case, demand("A P 2026-01 130"), months(2), rates=FREE)
    assert column(plan, "make_qty") == [100, 30]
    assert costs(plan)["late"] == 150 and costs(plan)["overtime"] == 0


def test_one_more_hour_is_worth_the_lateness_it_saves():
    case = tables(
        **LINE,
        resource=table("resource location", "L P"),
        capacity=table("resource period regular_hours", "L 2026-01 100", "L 2026-02 100"),
        service_class=service(late_rate=0.05, late_months=1),
    )
    plan = solve_plan(case, demand("A P 2026-01 130"), months(2), rates=FREE)
    assert plan.plan_resource["hour_worth_value"].tolist() == pytest.approx([5, 0])


def test_a_part_with_a_limited_supplier_limits_what_is_made():
    case = tables(
        **{**LINE, "resource_need": NO_HOURS},
        bom=table("item component component_qty scrap_rate", "A cap 2 0.25"),
        purchase_term=table("supplier item price_value max_qty", "S cap 1 50"),
        service_class=service(),
    )
    plan = solve_plan(case, demand("A P 2026-01 30"), months(1), rates=FREE)
    assert column(plan, "make_qty") == [20]  # 50 caps / (2 x 1.25)
    assert column(plan, "used_qty", "cap") == [50]
    assert column(plan, "short_qty") == [10]
    assert plan.objective == pytest.approx(20 * 4 + 50 + 10 * 100)


def test_yield_raises_hours_and_parts():
    case = tables(
        operation=table(
            "operation item location unit_cost_value yield_rate usual_lot_qty", "opA A P 4 0.8 10"
        ),
        resource_need=table("operation resource hours_per_unit setup_hours_per_lot", "opA L 1 5"),
        resource=table("resource location hours_per_day", "L P 8"),
        bom=table("item component component_qty", "A sugar 2"),
        opening_stock=table("item location on_hand_qty", "sugar P 100"),
        price=LINE["price"],
        service_class=service(),
    )
    plan = solve_plan(
        case,
        demand("A P 2026-01 30"),
        months(1),
        working_days={pd.Timestamp("2026-01-01"): 20},
        rates=FREE,
    )
    assert column(plan, "used_qty", "sugar") == [75]  # 30 / 0.8 x 2
    assert plan.plan_resource["load_hours"].tolist() == [56.25]  # 37.5 started x (1 + 5/10)
    assert plan.plan_resource["regular_hours"].tolist() == [160]


def test_a_lead_time_of_a_lane_is_split_so_that_the_mean_is_kept():
    case = tables(
        lane=table("from_location to_location lead_time_days unit_cost_value", "P D 7.6 2"),
        opening_stock=table("item location on_hand_qty", "A P 100"),
        price=LINE["price"],
        service_class=service(late_months=1, late_rate=0.5),
    )
    plan = solve_plan(case, demand("A D 2026-01 60"), months(2), rates=FREE)
    assert column(plan, "move_out_qty") == [80, 0]  # 80 x 0.75 arrive at once
    assert column(plan, "move_in_qty", location="D") == [60, 20]
    case_late = tables(
        lane=table("from_location to_location lead_time_days unit_cost_value", "P D 7.6 2"),
        opening_stock=table("item location on_hand_qty", "A P 60"),
        price=LINE["price"],
        service_class=service(late_months=1, late_rate=0.5),
    )
    plan = solve_plan(case_late, demand("A D 2026-01 60"), months(2), rates=FREE)
    assert column(plan, "served_qty", location="D") == [45, 15]


def test_an_order_for_two_months_ahead_arrives_in_the_third():
    case = tables(
        purchase_term=table("supplier item price_value lead_time_days", "S A 5 60.8"),
        price=LINE["price"],
        service_class=service(),
    )
    wanted = demand("A P 2026-01 10", "A P 2026-03 7")
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    assert column(plan, "buy_qty") == [0, 0, 7]
    assert plan.plan_flow[["period", "flow_qty"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-01-01"), 7]
    ]
    assert column(plan, "short_qty") == [10, 0, 0]


def test_a_sale_is_lost_where_serving_it_costs_more_than_it_brings():
    case = tables(
        purchase_term=table("supplier item price_value", "S A 120"),
        price=LINE["price"],
        service_class=service(),
    )
    plan = solve_plan(case, demand("A P 2026-01 10"), months(1), rates=FREE)
    assert column(plan, "short_qty") == [10] and plan.objective == 1000


def test_demand_without_a_source_is_short_never_infeasible():
    case = tables(price=LINE["price"], service_class=service())
    plan = solve_plan(case, demand("A P 2026-01 10"), months(2), rates=FREE)
    assert column(plan, "short_qty") == [10, 0]


def test_overdue_orders_come_before_open_orders_and_these_before_forecast():
    case = tables(
        opening_stock=table("item location on_hand_qty", "A P 25"),
        price=LINE["price"],
        service_class=service(),
    )
    wanted = pd.concat(
        [demand("A P 2026-01 20").assign(demand_class=name) for name in ("forecast", "open")]
        + [demand("A P 2026-01 10").assign(demand_class="overdue")]
    )
    plan = solve_plan(case, wanted, months(1), rates=FREE)
    served = plan.plan_service.set_index("demand_class")["on_time_qty"]
    assert served.to_dict() == pytest.approx({"overdue": 10, "open": 15, "forecast": 0})


def test_customers_of_one_stream_share_what_there_is_and_priority_one_goes_first():
    case = tables(
        opening_stock=table("item location on_hand_qty", "A P 40"),
        price=LINE["price"],
        service_class=table("customer priority late_months", "K 1 0", "X 2 0", "Y 2 0"),
    )
    rows = table(
        "item location customer period demand_qty priority",
        "A P K 2026-01 20 1",
        "A P X 2026-01 30 2",
        "A P Y 2026-01 10 2",
    ).assign(demand_class="forecast")
    plan = solve_plan(case, rows, months(1), rates=FREE)
    assert plan.plan_service.set_index("customer")["on_time_qty"].to_dict() == {
        "K": 20,
        "X": 15,
        "Y": 5,
    }


def test_safety_stock_is_kept_when_it_can_be_and_used_when_it_must_be():
    case = tables(
        purchase_term=table("supplier item price_value lead_time_days", "S A 10 30.4"),
        opening_stock=table("item location on_hand_qty", "A P 30"),
        stock_target=table(
            "item location period safety_stock_qty cycle_stock_qty protection_months basis",
            *[f"A P 2026-0{m} 30 0 1 error" for m in (1, 2, 3)],
        ),
        price=LINE["price"],
        cost=table("item unit_cost_value", "A 10"),
        service_class=service(),
    )
    plan = solve_plan(case, demand("A P 2026-01 20", "A P 2026-02 5"), months(3))
    assert column(plan, "closing_qty") == [10, 30, 30]
    assert column(plan, "short_qty") == [0, 0, 0]
    lower, upper = 5 * 10 * 0.08, 15 * 10 * 0.05  # 10 of 30: the upper half and 5 of the lower
    assert costs(plan)["below_target"] == pytest.approx(lower + upper)


def test_overdue_open_supply_arrives_in_the_first_month_and_blocked_stock_is_not_used():
    case = tables(
        opening_stock=table(
            "item location status on_hand_qty plannable", "A P blocked 50 1", "A P free 5 1"
        ),
        open_supply=table(
            "supply_order item location supply_kind due_date open_qty",
            "o1 A P buy 2025-12-20 7",
            "o2 A P buy 2026-02-11 9",
        ),
        price=LINE["price"],
        service_class=service(),
    )
    plan = solve_plan(case, demand("A P 2026-01 100"), months(2), rates=FREE)
    assert column(plan, "opening_qty") == [5, 0]
    assert column(plan, "open_supply_qty") == [7, 9]
    assert column(plan, "served_qty") == [12, 0]


def test_a_lane_limit_holds_over_all_items():
    case = tables(
        lane=table("from_location to_location max_qty", "P D 50"),
        opening_stock=table("item location on_hand_qty", "A P 100", "B P 100"),
        price=table("item price_value", "A 100", "B 90"),
        service_class=service(),
    )
    plan = solve_plan(case, demand("A D 2026-01 40", "B D 2026-01 40"), months(1), rates=FREE)
    assert column(plan, "served_qty", location="D") == [40]
    assert column(plan, "served_qty", "B", "D") == [10]


def test_a_bom_row_counts_for_the_days_on_which_it_holds():
    case = tables(
        **{**LINE, "resource_need": NO_HOURS},
        bom=table(
            "item component component_qty start_date end_date",
            "A old 1 2020-01-01 2026-04-15",
            "A new 1 2026-04-16 -",
        ),
        opening_stock=table("item location on_hand_qty", "old P 100", "new P 100"),
        service_class=service(),
    )
    april = pd.date_range("2026-04-01", periods=1, freq="MS", name="period")
    plan = solve_plan(case, demand("A P 2026-04 30"), april, rates=FREE)
    assert column(plan, "used_qty", "old") == [15]
    assert column(plan, "used_qty", "new") == [15]


def test_the_preferred_operation_is_taken_where_costs_are_equal():
    case = tables(
        operation=table(
            "operation item location unit_cost_value priority", "x A P 4 2", "y A P 4 1"
        ),
        price=LINE["price"],
        service_class=service(),
    )
    plan = solve_plan(case, demand("A P 2026-01 30"), months(1))
    assert plan.plan_flow["source"].tolist() == ["y"]


def test_two_runs_give_the_same_numbers():
    case = tables(
        **LINE,
        resource=table("resource location", "L P"),
        capacity=table("resource period regular_hours", "L 2026-01 100", "L 2026-02 100"),
        service_class=service(late_months=1),
    )
    wanted = demand("A P 2026-01 130", "A P 2026-02 60")
    one, two = (solve_plan(case, wanted, months(2)) for _ in range(2))
    for name in ("constrained_plan", "plan_flow", "plan_service", "plan_resource", "plan_cost"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)


def test_a_lead_time_is_split_over_two_months_so_that_its_mean_stays():
    days = pd.Series([0, 3, 7.6, 30.4, 45.6])
    whole, late = split_lead_times(days)
    assert whole.tolist() == [0, 0, 0, 1, 1]
    assert late.round(3).tolist() == [0, 0.099, 0.25, 0, 0.5]
    assert ((whole + late) * 30.4).round(9).tolist() == days.tolist()


def test_a_lead_time_within_a_day_and_a_half_of_whole_months_counts_as_whole():
    whole, late = split_lead_times(pd.Series([1, 1.5, 30, 31, 60, 91]))
    assert whole.tolist() == [0, 0, 1, 1, 2, 3]
    assert late.tolist() == [0] * 6
