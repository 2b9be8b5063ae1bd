"""Fixes of shortages: each is a change of input tables, its gain the difference of two plans."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.supply import (
    Rates,
    SupplyTables,
    explain_shortages,
    prepare_case,
    solve_case,
    solve_plan,
)
from sopkit.supply.explain import apply_fix, list_fixes, to_fix
from sopkit.supply.explain.apply import fix_case
from sopkit.tables import TABLES, check_table


def fixes_of(case_tables: SupplyTables, wanted: pd.DataFrame, count: int = 3, **options: object):
    case = prepare_case(case_tables, wanted, months(count), rates=FREE)
    plan = solve_case(case, wanted)
    shortage = explain_shortages(case, plan, probes=0)
    return list_fixes(case, wanted, plan, shortage, **options)


def gain_of(fixes: pd.DataFrame, fix: str) -> pd.Series:
    return fixes[fixes["fix"] == fix].iloc[0]


def test_ten_hours_of_overtime_serve_ten_units_at_their_price():
    fixes = fixes_of(tables(**line(), service_class=service()), demand("A P 2026-01 110"))
    found = gain_of(fixes, "overtime")
    # 10 % of 100 hours; a unit lost costs 100, made 4, its hour 3 of overtime
    assert found[["fix_code", "amount", "served_qty"]].tolist() == ["L", 10, 10]
    assert found["gain_value"] == pytest.approx(10 * (100 - 4 - 3))
    assert found["price_value"] == pytest.approx(30)


def test_an_extra_shift_gives_a_fifth_more_hours_and_gains_more_where_more_is_short():
    fixes = fixes_of(tables(**line(), service_class=service()), demand("A P 2026-01 130"))
    assert fixes["fix"].tolist() == ["move_demand", "extra_shift", "overtime"]
    assert fixes["amount"].tolist() == fixes["served_qty"].tolist() == [30, 20, 10]
    assert fixes["gain_value"].tolist() == pytest.approx([30 * 96, 20 * 93, 10 * 93], abs=1e-4)


def test_more_of_a_supplier_or_of_another_one():
    case = tables(
        purchase_term=table("supplier item price_value max_qty", "S A 5 20", "T A 9 10"),
        price=table("item price_value", "A 100"),
        service_class=service(),
    )
    fixes = fixes_of(case, demand("A P 2026-01 40"))
    # moving it costs a month of lateness, 5 % of the price, which stands beside the gain
    assert fixes["fix"].tolist() == ["more_supply", "other_supplier", "move_demand"]
    assert fixes["gain_value"].tolist() == pytest.approx([10 * 95, 10 * 91, 10 * 95], abs=1e-4)
    assert fixes["price_value"].tolist() == pytest.approx([50, 90, 50])


def test_a_subcontractor_stands_in_for_a_full_line():
    case = tables(
        **line(),
        purchase_term=table("supplier item price_value max_qty", "sub A 60 0"),
        service_class=service(),
    )
    fixes = fixes_of(case, demand("A P 2026-01 150"))
    assert gain_of(fixes, "subcontract")["gain_value"] == pytest.approx(50 * 40)


def test_an_alternate_line_gets_hours():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value priority", "opA A P 4 1", "opB A P 6 2"
    )
    frames["resource_need"] = table("operation resource hours_per_unit", "opA L 1", "opB M 2")
    frames["resource"] = table("resource location overtime_value", "L P 3", "M P 1")
    frames["capacity"] = pd.concat(
        [frames["capacity"], table("resource period regular_hours", "M 2026-01 40")]
    )
    fixes = fixes_of(tables(**frames, service_class=service()), demand("A P 2026-01 150"), 1)
    found = gain_of(fixes, "alternate")
    assert found[["fix_code", "amount", "served_qty"]].tolist() == ["M", 8, 4]
    assert found["gain_value"] == pytest.approx(4 * (100 - 6 - 2))


def test_a_lane_gets_room():
    case = tables(
        **line("500"),
        lane=table("from_location to_location unit_cost_value max_qty", "P D 2 50"),
        service_class=service(),
    )
    fixes = fixes_of(case, demand("A D 2026-01 60"), 1)
    assert fixes["fix"].tolist() == ["more_lane"]
    assert fixes["gain_value"].tolist() == pytest.approx([10 * 94])


def test_an_open_order_is_hurried_at_a_tenth_of_its_value():
    case = tables(
        purchase_term=table("supplier item price_value lead_time_days", "S A 5 60.8"),
        open_supply=table(
            "supply_order item location supply_kind due_date open_qty", "o1 A P buy 2026-03-10 12"
        ),
        price=table("item price_value", "A 100"),
        cost=table("item unit_cost_value", "A 20"),
        service_class=service(),
    )
    fixes = fixes_of(case, demand("A P 2026-01 10"))
    found = gain_of(fixes, "expedite")
    assert found["fix_code"] == "o1" and found["served_qty"] == pytest.approx(10)
    assert found["gain_value"] == pytest.approx(10 * (100 - 2))


def test_a_fence_is_opened():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value frozen_days", "opA A P 4 31"
    )
    fixes = fixes_of(tables(**frames, service_class=service()), demand("A P 2026-01 30"))
    found = gain_of(fixes, "open_fence")
    assert found["fix_code"] == "opA"
    assert found["gain_value"] == pytest.approx(30 * 96)


def test_demand_moves_to_the_next_month():
    fixes = fixes_of(tables(**line(), service_class=service()), demand("A P 2026-01 115"))
    found = gain_of(fixes, "move_demand")
    assert found["gain_value"] == pytest.approx(15 * 96)
    assert f"{found['last_period']:%Y-%m}" == "2026-02"


def test_one_limit_does_not_fill_the_list():
    frames = line()
    frames["price"] = table("item price_value", "A 100", "B 90", "C 80")
    wanted = demand("A P 2026-01 130", "A P 2026-02 130", "B P 2026-01 10", "C P 2026-02 10")
    fixes = fixes_of(tables(**frames, service_class=service()), wanted, most=2)
    assert fixes[["item", "location", "period"]].drop_duplicates().shape[0] == 1


def test_nothing_short_needs_no_fix():
    fixes = fixes_of(tables(**line(), service_class=service()), demand("A P 2026-01 10"))
    assert fixes.empty and list(fixes.columns)[:4] == ["item", "location", "period", "rank"]


@pytest.mark.parametrize("seed", [3, 8])
def test_a_gain_is_the_difference_of_two_cold_solves_of_edited_tables(seed):
    company, wanted, periods = random_company(seed)
    case = prepare_case(company, wanted, periods, rates=Rates())
    plan = solve_case(case, wanted)
    fixes = list_fixes(case, wanted, plan, explain_shortages(case, plan, probes=0), most=3)
    check_table(fixes, TABLES["shortage_fix"])
    assert len(fixes) >= 3
    before = solve_plan(company, wanted, periods).objective
    for _, row in fixes.iterrows():
        edited, changed = apply_fix(case, wanted, to_fix(row))
        again = prepare_case(edited, changed, periods, rates=Rates())
        after = solve_case(again, changed).objective
        assert row["gain_value"] == pytest.approx(before - after, abs=1e-6 * abs(before))
        quick, _ = fix_case(case, wanted, to_fix(row))
        for name in ("overtime_hours", "regular_hours", "way_limit", "way_cost", "arriving"):
            assert np.allclose(getattr(quick, name), getattr(again, name)), name
        assert quick.lanes["max_qty"].tolist() == again.lanes["max_qty"].tolist()
