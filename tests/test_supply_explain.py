"""Each kind of cause, planted alone, is the one that is named."""

import pandas as pd
import pytest
from benchmarks.supply_causes import draw_singles, judge
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.supply import explain_shortages, prepare_case, solve_case
from sopkit.supply.explain import list_also_hit


def explain(case_tables, wanted, count=3, **options):
    case = prepare_case(case_tables, wanted, months(count), rates=FREE, **options)
    return explain_shortages(case, solve_case(case, wanted))


def named(shortage):
    row = shortage.iloc[0]
    return row["cause"], row["cause_code"], f"{row['cause_period']:%Y-%m}"


def test_a_full_line_is_named_with_its_month():
    shortage = explain(tables(**line(), service_class=service()), demand("A P 2026-01 130"))
    assert named(shortage) == ("resource", "L", "2026-01")
    assert shortage[["short_qty", "short_value"]].iloc[0].tolist() == [30, 3000]


def test_a_line_behind_a_lane_is_named_not_the_lane():
    case = tables(
        **line(),
        lane=table("from_location to_location unit_cost_value", "P D 2"),
        service_class=service(),
    )
    assert named(explain(case, demand("A D 2026-01 130")))[:2] == ("resource", "L")


def test_a_lane_limit_is_named():
    case = tables(
        **line("500"),
        lane=table("from_location to_location max_qty", "P D 50"),
        service_class=service(),
    )
    assert named(explain(case, demand("A D 2026-01 130", "A D 2026-02 60"))) == (
        "lane",
        "P > D",
        "2026-01",
    )


def test_a_part_whose_supplier_is_limited_is_named_with_what_is_behind_it():
    case = tables(
        **line("500"),
        bom=table("item component component_qty", "A cap 1"),
        purchase_term=table("supplier item price_value max_qty", "S cap 1 20"),
        service_class=service(),
    )
    shortage = explain(case, demand("A P 2026-01 30"))
    assert named(shortage) == ("material", "cap", "2026-01")
    assert shortage[["root_cause", "root_code"]].iloc[0].tolist() == ["supplier", "S"]


def test_a_part_of_a_part_is_followed_to_the_end():
    frames = line("500")
    frames["operation"] = table("operation item location unit_cost_value", "opA A P 4", "opB B P 1")
    case = tables(
        **frames,
        bom=table("item component component_qty", "A B 1", "B sugar 2"),
        purchase_term=table("supplier item price_value lead_time_days", "S sugar 1 60.8"),
        service_class=service(),
    )
    shortage = explain(case, demand("A P 2026-01 30"))
    assert named(shortage)[:2] == ("material", "B")
    assert shortage[["root_cause", "root_code"]].iloc[0].tolist() == ["lead_time", "S"]


def test_too_late_to_buy_is_a_matter_of_lead_time():
    case = tables(
        purchase_term=table("supplier item price_value lead_time_days", "S A 5 60.8"),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    assert named(explain(case, demand("A P 2026-02 30"))) == ("lead_time", "S", "2026-02")


def test_a_supplier_limit_of_a_bought_item_is_named():
    case = tables(
        purchase_term=table("supplier item price_value max_qty", "S A 5 20"),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    assert named(explain(case, demand("A P 2026-01 30")))[:2] == ("supplier", "S")


def test_an_item_nobody_makes_or_buys_has_no_source():
    case = tables(price=table("item price_value", "A 100"), service_class=service())
    assert named(explain(case, demand("A P 2026-01 30")))[:2] == ("no_source", "A")


def test_a_part_nobody_makes_or_buys_is_named():
    case = tables(
        **line(), bom=table("item component component_qty", "A cap 1"), service_class=service()
    )
    shortage = explain(case, demand("A P 2026-01 30"))
    assert named(shortage)[:2] == ("material", "cap")
    assert shortage["root_cause"].iloc[0] == "no_source"


def test_a_sale_that_costs_more_than_it_brings_is_a_matter_of_cost():
    case = tables(
        purchase_term=table("supplier item price_value", "S A 120"),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    assert named(explain(case, demand("A P 2026-01 30")))[0] == "cost"


def test_lateness_is_explained_too_and_the_dearest_comes_first():
    frames = line()
    frames["price"] = table("item price_value", "A 100", "B 10")
    case = tables(**frames, service_class=service(late_months=1))
    shortage = explain(case, demand("A P 2026-01 130", "B P 2026-01 500"))
    assert shortage["item"].tolist() == ["B", "A"]
    assert shortage.loc[1, ["late_qty", "short_qty", "cause"]].tolist() == [30, 0, "resource"]


@pytest.mark.parametrize("kind", ["plan without demand"])
def test_nothing_short_means_no_rows(kind):
    case = tables(**line(), service_class=service())
    shortage = explain(case, demand("A P 2026-01 10"))
    assert isinstance(shortage, pd.DataFrame) and shortage.empty


def test_lanes_that_lead_back_and_forth_do_not_hide_the_cause():
    case = tables(
        **line(),
        lane=table("from_location to_location unit_cost_value", "P D 2", "P E 2", "D E 1", "E D 1"),
        service_class=service(),
    )
    shortage = explain(case, demand("A D 2026-01 130", "A E 2026-01 90"))
    assert shortage["cause_code"].unique().tolist() == ["L"]


def test_a_fence_is_named_with_whose_it_is():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value frozen_days", "opA A P 4 31"
    )
    shortage = explain(tables(**frames, service_class=service()), demand("A P 2026-01 30"))
    assert named(shortage) == ("fence", "opA", "2026-01")


def test_a_maximum_of_stock_that_stops_building_ahead_is_a_policy():
    case = tables(
        **line(), stock_policy=table("item location max_qty", "A P 10"), service_class=service()
    )
    shortage = explain(case, demand("A P 2026-02 150"))
    assert named(shortage)[:2] == ("policy", "max_stock")
    assert shortage["short_qty"].tolist() == [40]


def test_room_is_a_policy():
    case = tables(**line(), storage=table("location max_places", "P 10"), service_class=service())
    assert named(explain(case, demand("A P 2026-02 150")))[:2] == ("policy", "storage")


def test_a_short_life_that_stops_building_ahead_is_a_policy():
    case = tables(**line(), item=table("item shelf_life_days", "A 15.2"), service_class=service())
    assert named(explain(case, demand("A P 2026-03 190")))[:2] == ("policy", "shelf_life")


def test_an_agreed_share_is_a_policy():
    case = tables(
        purchase_term=table(
            "supplier item price_value max_qty max_share_rate", "S A 5 - 0.5", "T A 6 20 1"
        ),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    shortage = explain(case, demand("A P 2026-01 100"))
    assert named(shortage)[:2] == ("policy", "share")
    assert shortage["short_qty"].tolist() == [pytest.approx(60)]


def also(shortage):
    row = shortage.iloc[0]
    return row["cause"], row["cause_code"], row["also_cause"], row["also_code"]


def test_a_lane_that_would_hold_after_the_line_is_named_too():
    case = tables(
        **line("100"),
        lane=table("from_location to_location max_qty", "P D 110"),
        service_class=service(),
    )
    assert also(explain(case, demand("A D 2026-01 130"), 1)) == ("resource", "L", "lane", "P > D")


def test_a_part_that_would_be_missing_after_the_line_is_named_by_its_own_limit():
    case = tables(
        **line("100"),
        bom=table("item component component_qty", "A cap 1"),
        purchase_term=table("supplier item price_value max_qty", "S cap 1 120"),
        service_class=service(),
    )
    found = also(explain(case, demand("A P 2026-01 130"), 1))
    assert found == ("resource", "L", "supplier", "S")


def test_two_limits_that_are_both_used_up_are_both_named():
    case = tables(
        **line("100"),
        lane=table("from_location to_location max_qty", "P D 100"),
        service_class=service(),
    )
    found = also(explain(case, demand("A D 2026-01 130"), 1))
    assert {found[1], found[3]} == {"L", "P > D"}


def test_one_limit_alone_has_no_second():
    shortage = explain(tables(**line(), service_class=service()), demand("A P 2026-01 130"))
    assert shortage["also_cause"].isna().all()


def test_who_else_is_hit_by_a_limit():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value", "opA A P 4", "opB B P 1", "opC C P 1"
    )
    frames["resource_need"] = table("operation resource hours_per_unit", "opA L 1", "opB L 1")
    frames["price"] = table("item price_value", "A 100", "C 90")
    case = tables(
        **frames, bom=table("item component component_qty", "C B 1"), service_class=service()
    )
    shortage = explain(case, demand("A P 2026-01 80", "C P 2026-01 80"), 1)
    hit = list_also_hit(shortage, "resource", "L")
    assert hit[["item", "hit"]].to_numpy().tolist() == [["C", "behind"]]


@pytest.mark.parametrize("kind", ["resource", "supplier", "lane"])
def test_a_planted_cause_is_named_in_companies_drawn_at_random(kind):
    """A slice of tests/benchmarks/supply_causes.py, another seed."""
    judged = [judge(one)[0] for _, one in draw_singles([kind], seed=4_100, count=1)]
    assert judged == [True]


def test_a_demand_that_brings_less_than_it_costs_is_a_matter_of_cost_whoever_else_is_short():
    case = tables(
        purchase_term=table("supplier item price_value max_qty", "S A 50 20"),
        price=table("item price_value customer", "A 100 K", "A 30 X"),
        service_class=table(
            "customer priority late_rate lost_sale_rate late_months", "K 1 0.05 1 1", "X 2 0 1 0"
        ),
    )
    wanted = demand("A P 2026-01 30", "A P 2026-02 5").assign(customer="K", priority=1)
    other = demand("A P 2026-01 90").assign(customer="X")
    shortage = explain(case, pd.concat([wanted, other], ignore_index=True))
    assert shortage[["short_qty", "late_qty", "cause"]].iloc[0].tolist() == [90, 10, "cost"]
