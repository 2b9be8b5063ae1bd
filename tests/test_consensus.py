"""One number: targets compared, conflicts opened by money, the plan proposed."""

from __future__ import annotations

import pandas as pd
from builders import table

from sopkit.consensus import (
    compare_budget,
    compare_streams,
    compare_targets,
    find_conflicts,
    find_owners,
    keep_weighted,
    propose_plan,
    share_agreed,
    spread_plan,
    sum_matching,
    sum_overdue,
    sum_targets,
    to_target_pairs,
)
from sopkit.tables import TABLES, check_table

ITEMS = table("item family", "A tea", "B tea", "C cola")
ROLES = "family location channel demand_planner supply_planner sales_owner"
OWNERS = find_owners(table(ROLES, "all all all Dana Sam Lee", "cola all all Dora Sue Lou"), ITEMS)
CELLS = table(
    "item location customer period demand_qty demand_value revenue_value",
    "A D1 K1 2026-11 10 100 80",
    "A D1 K2 2026-11 10 100 100",
    "B D1 K1 2026-11 20 400 400",
    "C D1 K1 2026-11 10 50 50",
    "C D1 K1 2026-12 10 50 50",
)


def test_rows_at_any_level_take_the_cells_under_them():
    rows = table(
        "item family location customer period",
        "all tea all all 2026-11",
        "A all all K2 2026-11",
        "all all D1 all 2026-12",
        "all milk all all 2026-11",
    )
    cells = CELLS.merge(ITEMS, on="item")
    found = sum_matching(rows, cells, ["demand_qty"])["demand_qty"]
    assert found.iloc[:3].tolist() == [40, 10, 10]
    assert pd.isna(found.iloc[3])


def test_a_familys_own_owners_win_over_those_for_all():
    assert OWNERS.to_numpy().tolist() == [
        ["cola", "Dora", "Sue", "Lou"],
        ["tea", "Dana", "Sam", "Lee"],
    ]


def test_a_sales_stream_above_the_plan_is_a_conflict_in_money():
    stream = table(
        "stream owner item family location customer period forecast_qty",
        "sales Kim A all all all 2026-11 30",
        "sales Kim all cola all all 2026-12 11",
    )
    pairs = compare_streams(stream, CELLS, ITEMS, OWNERS)
    assert pairs[["family", "first_owner", "first_value", "second_value"]].to_numpy().tolist() == [
        ["cola", "Kim", 55, 50],
        ["tea", "Kim", 300, 180],
    ]
    found = find_conflicts(pairs, 100, "2026-11")
    assert found["conflict"].tolist() == ["C-2026-11-001"]
    assert found.iloc[0]["gap_value"] == -120
    assert found.iloc[0]["second_owner"] == "Sam"
    check_table(found, TABLES["conflict"])


def test_a_stream_that_proved_worse_than_the_baseline_opens_no_conflict():
    stream = table("stream owner", "sales Kim", "marketing Jo", "finance Al")
    value = table("stream owner lag weight_rate", "sales Kim 0 0.4", "marketing Jo 0 0")
    assert keep_weighted(stream, value)["stream"].tolist() == ["sales", "finance"]


def test_a_stream_over_something_nobody_plans_is_left_out():
    stream = table(
        "stream owner item family location customer period forecast_qty",
        "sales - Z all all all 2026-11 30",
    )
    assert compare_streams(stream, CELLS, ITEMS, OWNERS).empty


def test_of_several_numbers_for_a_family_the_one_farthest_off_is_settled():
    pairs = table(
        "family kind first_owner second_owner period first_value second_value",
        "tea sales_supply Kim Sam 2026-11 130 100",
        "tea sales_supply Lee Sam 2026-11 150 100",
        "tea sales_supply Lee Sam 2026-12 150 100",
    )
    found = find_conflicts(pairs, 20, "2026-11")
    assert found[["first_owner", "gap_value"]].to_numpy().tolist() == [["Lee", -100]]
    assert found["last_period"].tolist() == [pd.Timestamp("2026-12-01")]


def test_no_gap_of_the_threshold_no_conflict():
    pairs = table(
        "family kind first_owner second_owner period first_value second_value",
        "tea sales_supply Kim Sam 2026-11 119 100",
    )
    assert check_table(find_conflicts(pairs, 20, "2026-11"), TABLES["conflict"]).empty


def test_the_budget_is_compared_where_both_have_months():
    budget = table(
        "item location customer period budget_qty budget_value",
        "C all all 2026-12 12 60",
        "C all all 2027-12 12 60",
    )
    pairs = compare_budget(CELLS, budget, ITEMS, OWNERS)
    assert pairs[["family", "first_value", "second_value"]].to_numpy().tolist() == [
        ["cola", 60, 50]
    ]
    assert pairs[["first_owner", "second_owner"]].to_numpy().tolist() == [["finance", "Dora"]]


TARGETS = "owner family location customer period span_months target_qty target_value"
OUTLOOK = table(
    "item location customer period plan_qty revenue_value",
    "A D1 K1 2026-09 3 30",
    "A D1 K1 2026-10 4 40",
    "A D1 K1 2026-11 2 20",
)


def compare(*rows: str) -> pd.DataFrame:
    customers = table("customer channel", "K1 shops", "K2 online")
    november = pd.Timestamp("2026-11-01")
    return compare_targets(table(TARGETS, *rows), OUTLOOK, ITEMS, customers, november)


def test_a_quota_over_three_months_is_reached_by_actual_and_plan():
    found = compare("Kim all all K1 2026-09 3 - 100").iloc[0]
    assert (found["reached_value"], found["gap_value"], found["reached_rate"]) == (90, -10, 0.9)
    assert found["stage"] == "running"


def test_a_target_is_past_running_or_ahead():
    found = compare(
        "Kim all all K1 2026-09 2 - 100",
        "Lee all all all 2026-10 2 8 -",
        "Kim tea all all 2026-11 1 - 25",
    ).set_index("stage")
    assert found["gap_value"].to_dict() == {"past": -30, "running": -20, "ahead": -5}
    assert found["reached_rate"].to_dict() == {"past": 0.7, "running": 0.75, "ahead": 0.8}


def test_quotas_of_a_team_add_up_and_what_was_reached_counts_once():
    found = compare("Kim all all all 2026-09 1 - 20", "Lee all all all 2026-09 1 - 30")
    assert found[["owner", "target_value", "reached_value"]].to_numpy().tolist() == [
        ["all", 50, 30]
    ]


def test_a_target_may_be_for_a_whole_channel():
    found = compare("Kim all all shops 2026-09 1 - 20", "Kim all all online 2026-09 1 - 20")
    assert found["reached_value"].fillna(0).to_dict() == {0: 0, 1: 30}


def test_a_target_whose_months_are_not_all_known_is_not_judged():
    found = compare("Kim all all K1 2026-11 3 - 100").iloc[0]
    assert pd.isna(found["reached_value"])
    assert pd.isna(found["gap_value"])
    assert to_target_pairs(compare("Kim all all K1 2026-11 3 - 100"), OWNERS).empty


def test_an_open_target_above_the_plan_is_a_pair_to_settle():
    pairs = to_target_pairs(compare("all tea all all 2026-11 1 - 25"), OWNERS)
    assert pairs[["first_value", "second_value", "first_owner"]].to_numpy().tolist() == [
        [25, 20, "Lee"]
    ]


SERVICE = table(
    "item location customer period demand_class demand_qty on_time_qty late_qty short_qty",
    "A D1 K1 2026-11 overdue 7 5 0 2",
    "A D1 K1 2026-11 open 30 30 0 0",
    "A D1 K1 2026-11 forecast 70 50 10 10",
    "B D1 K1 2026-11 open 5 5 0 0",
)


def test_the_proposed_plan_is_what_is_served_of_the_months_own_demand():
    agreed = table("item location customer period demand_qty", "A D1 K1 2026-11 100")
    plan = propose_plan(agreed, SERVICE)
    assert plan[["item", "demand_qty", "plan_qty", "short_qty"]].to_numpy().tolist() == [
        ["A", 100, 90, 10],
        ["B", 0, 5, 0],
    ]


def test_overdue_orders_are_told_apart():
    assert sum_overdue(SERVICE) == (5, 2)


PLAN = table(
    "item location customer period demand_qty plan_qty short_qty revenue_value",
    "A D1 all 2026-11 10 6 4 70",
    "A D1 all 2026-12 10 9 1 0",
    "C D1 all 2026-11 5 5 0 30",
)


def test_revenue_without_a_conflict_has_one_number():
    shops = table("customer channel", "K1 shops")
    tea = table(
        "conflict family location customer gap_value first_period last_period",
        "C1 tea all all 5 2026-10 2026-12",
    )
    assert share_agreed(tea, PLAN, ITEMS, shops) == 0.3
    assert share_agreed(tea.assign(family="all"), PLAN, ITEMS, shops) == 0
    assert share_agreed(tea.iloc[:0], PLAN, ITEMS, shops) == 1


def test_the_plan_is_shown_by_family_and_month():
    wide = spread_plan(PLAN, ITEMS)
    assert wide.columns.tolist() == ["family", "plan_qty", "service_rate", "2026-11", "2026-12"]
    assert wide.to_numpy().tolist() == [["tea", 15, 0.75, 6, 9], ["cola", 5, 1, 5, 0]]


def test_targets_are_summed_by_owner_open_ones_first():
    found = sum_targets(
        compare(
            "Kim all all K1 2026-09 1 - 40",
            "Kim all all K1 2026-10 1 - 40",
            "Kim all all K1 2026-11 1 - 40",
            "Kim all all K1 2027-11 1 - 40",
        )
    )
    assert found["stage"].tolist() == ["ahead", "past", "past"]
    assert found["gap_value"].tolist() == [-20, 0, -10]
    assert found["reached_rate"].tolist() == [0.5, 1, 0.75]
