"""Limits ranked by what one more hour or unit saves, from a plan solved anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.supply import Rates, prepare_case, solve_case
from sopkit.supply.explain import apply_fix, rank_bottlenecks
from sopkit.supply.explain.apply import Fix
from sopkit.tables import TABLES, check_table


def rank(case_tables, wanted, count=3, **options):
    case = prepare_case(case_tables, wanted, months(count), rates=FREE)
    return rank_bottlenecks(case, wanted, solve_case(case, wanted), **options)


def test_one_more_hour_of_a_full_line_is_worth_a_sale_less_its_cost_until_all_is_served():
    found = rank(tables(**line(), service_class=service()), demand("A P 2026-01 130"))
    row = found.iloc[0]
    assert row[["limit_kind", "limit_code", "rank"]].tolist() == ["resource", "L", 1]
    assert row[["worth_value", "worth_low_value", "worth_high_value"]].tolist() == [96, 96, 96]
    assert row["span"] == pytest.approx(30) and len(found) == 1


def test_where_the_price_is_not_unique_both_ends_are_shown():
    # exactly as much as there is: one more hour saves nothing, one less costs a sale
    found = rank(tables(**line(), service_class=service()), demand("A P 2026-01 100"))
    assert found.empty
    # overtime of 10 is used up by 110: one more hour saves overtime pay alone
    case = tables(**line("100", "10"), service_class=service())
    row = rank(case, demand("A P 2026-01 110")).iloc[0]
    assert row["worth_low_value"] == pytest.approx(3)
    assert row["worth_high_value"] == pytest.approx(96)
    assert row["span"] == pytest.approx(10)


def test_suppliers_lanes_and_room_are_limits_too():
    case = tables(
        purchase_term=table("supplier item price_value max_qty", "S A 5 20"),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    row = rank(case, demand("A P 2026-01 30")).iloc[0]
    assert row[["limit_kind", "limit_code", "item", "location"]].tolist() == [
        "supplier",
        "S",
        "A",
        "P",
    ]
    assert row[["worth_value", "span"]].tolist() == [95, 10]
    case = tables(
        **line("500"),
        lane=table("from_location to_location unit_cost_value max_qty", "P D 2 50"),
        service_class=service(),
    )
    row = rank(case, demand("A D 2026-01 60"), 1).iloc[0]
    assert row[["limit_kind", "limit_code", "worth_value", "span"]].tolist() == [
        "lane",
        "P > D",
        94,
        10,
    ]


def test_a_maximum_of_stock_that_stops_building_ahead_has_its_worth():
    case = tables(
        **line(),
        stock_policy=table("item location max_qty", "A P 10"),
        service_class=service(),
    )
    found = rank(case, demand("A P 2026-02 150"), 2)
    kinds = found.set_index("limit_kind")["worth_value"]
    assert kinds["resource"] == kinds["stock"] == pytest.approx(96)


def test_dearer_limits_come_first_and_no_more_than_asked():
    frames = line()
    frames["capacity"] = table(
        "resource period regular_hours", "L 2026-01 20", "L 2026-02 20", "L 2026-03 20"
    )
    wanted = demand("A P 2026-01 30", "A P 2026-02 30", "A P 2026-03 30")
    found = rank(tables(**frames, service_class=service()), wanted, most=2)
    assert found["rank"].tolist() == [1, 2]
    assert found["worth_value"].is_monotonic_decreasing


@pytest.mark.parametrize(("seed", "kind"), [(5, "supplier"), (12, "resource")])
def test_the_worth_is_the_difference_of_two_plans(seed, kind):
    company, wanted, periods = random_company(seed)
    case = prepare_case(company, wanted, periods, rates=Rates())
    plan = solve_case(case, wanted)
    found = rank_bottlenecks(case, wanted, plan, most=5)
    check_table(found, TABLES["bottleneck"])
    assert (found["worth_low_value"] <= found["worth_high_value"] + 1e-6).all()
    row = found[found["limit_kind"] == kind].iloc[0]
    if kind == "supplier":
        names = ["limit_code", "item", "location", "period", "period"]
        edited, _ = apply_fix(case, wanted, Fix("more_supply", *row[names], 1.0))
    else:
        hours = company.capacity
        one = (hours["resource"] == row["limit_code"]) & (hours["period"] == row["period"])
        more = hours.assign(regular_hours=hours["regular_hours"] + one)
        edited = replace(company, capacity=more)
    more = solve_case(prepare_case(edited, wanted, periods, rates=Rates()), wanted)
    gained = plan.objective - more.objective
    assert row["worth_value"] == pytest.approx(gained, abs=1e-6 * plan.objective)
