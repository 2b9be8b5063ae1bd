"""Money: dated prices and costs, and a bridge whose parts sum to the gap."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table
from hypothesis import given, settings
from hypothesis import strategies as st

from sopkit.errors import InputError
from sopkit.finance import (
    PARTS,
    bridge_budget,
    bridge_years,
    complete_prices,
    describe_years,
    find_compared_months,
    look_up_cost,
    look_up_price,
    price_demand,
    sum_bridge,
    to_money,
    to_outlook,
    unit_worth,
)
from sopkit.tables import TABLES

ITEMS = table(
    "item family base_unit",
    "A tea case",
    "B tea case",
    "C cola case",
)


def prices(*rows: str) -> pd.DataFrame:
    return table("item customer start_date price_value", *rows)


def costs(*rows: str) -> pd.DataFrame:
    return table("item location start_date unit_cost_value", *rows)


def test_a_customers_own_price_wins_over_the_price_for_all():
    cells = table("item customer period", "A K1 2026-01", "A K2 2026-01", "A K1 2026-02")
    price = prices("A all 2020-01-01 10", "A K1 2026-02-01 9")
    assert look_up_price(cells, price).tolist() == [10, 10, 9]


def test_a_price_that_starts_after_mid_month_holds_from_the_next_month():
    cells = table("item customer period", "A all 2026-01", "A all 2026-02")
    price = prices("A all 2020-01-01 10", "A all 2026-01-20 12")
    assert look_up_price(cells, price).tolist() == [10, 12]


def test_before_its_first_row_the_first_price_holds():
    cells = table("item customer period", "A all 2025-01")
    assert look_up_price(cells, prices("A all 2026-01-01 10")).tolist() == [10]


def test_an_item_priced_for_other_customers_only_takes_their_mean():
    cells = table("item customer period", "A K3 2026-01", "Z K3 2026-01")
    price = prices("A K1 2020-01-01 10", "A K2 2020-01-01 12")
    found = look_up_price(cells, price)
    assert found.iloc[0] == 11
    assert pd.isna(found.iloc[1])


def test_cost_falls_back_from_the_location_to_all():
    cells = table("item location period", "A D1 2026-01", "A D2 2026-01")
    cost = costs("A all 2020-01-01 6", "A D2 2020-01-01 7")
    assert look_up_cost(cells, cost).tolist() == [6, 7]


def test_an_item_without_price_takes_its_realised_net_price_of_the_last_twelve_months():
    history = table(
        "item location customer period actual_qty revenue_value",
        "A D1 all 2024-10 100 5000",
        "A D1 all 2026-09 5 40",
        "A D1 all 2026-10 5 50",
        "B D1 all 2026-10 5 50",
    )
    done = complete_prices(prices("B all 2020-01-01 11"), history)
    assert done[["item", "price_value"]].to_numpy().tolist() == [["B", 11.0], ["A", 9.0]]


def test_margin_is_revenue_less_standard_cost():
    cells = table("item location customer period plan_qty", "A D1 all 2026-01 5")
    money = to_money(cells, prices("A all 2020-01-01 10"), costs("A all 2020-01-01 6"))
    assert money[["revenue_value", "cost_value", "margin_value"]].iloc[0].tolist() == [50, 30, 20]


def test_without_any_cost_table_the_margin_equals_revenue():
    cells = table("item location customer period plan_qty", "A D1 all 2026-01 5")
    money = to_money(cells, prices("A all 2020-01-01 10"), costs("A all 2020-01-01 6").iloc[:0])
    assert money[["cost_value", "margin_value"]].iloc[0].tolist() == [0, 50]


def test_quantity_without_price_stops_with_the_item_named():
    cells = table("item location customer period plan_qty", "Z D1 all 2026-01 5")
    with pytest.raises(InputError, match=r"1 item\(s\) have quantity but no price; first: Z"):
        to_money(cells, prices("A all 2020-01-01 10"), costs("A all 2020-01-01 6"))


def outlook(*rows: str) -> pd.DataFrame:
    names = "item location customer period demand_qty plan_qty revenue_value cost_value"
    return table(names, *rows).assign(return_value=0.0)


def budget(*rows: str) -> pd.DataFrame:
    names = "item location customer period budget_qty budget_value budget_margin_value"
    return table(names, *rows)


def bridge(seen: pd.DataFrame, planned: pd.DataFrame, cost=None, **options) -> pd.DataFrame:
    cost = costs("A all 2020-01-01 6") if cost is None else cost
    months = find_compared_months(planned, seen, 2026)
    return bridge_budget(seen, planned, ITEMS, cost, months, 2026, **options)


def margins(parts: pd.DataFrame, family: str = "") -> dict[str, float]:
    rows = parts[parts["family"] == family] if family else parts
    sums = rows.groupby("part")["margin_value"].sum().reindex(PARTS, fill_value=0.0)
    return sums.round(9).to_dict()


def test_more_of_one_item_at_the_same_price_and_cost_is_all_volume():
    seen = outlook("A D1 all 2026-01 12 12 120 72")
    parts = margins(bridge(seen, budget("A all all 2026-01 10 100 40")))
    assert (parts["budget"], parts["volume"], parts["plan"]) == (40, 8, 48)
    assert parts["mix"] == parts["price"] == parts["cost"] == parts["supply_lost"] == 0


def test_the_bridge_tells_volume_mix_supply_price_and_cost_apart():
    # Budget: A 10 at margin 4, B 10 at margin 1. Demand: A 16, B 8 (total 24 of 20: +20 %).
    # A is served 15 of 16; A's price is 9 instead of 10, B's cost 8 instead of 9.
    seen = outlook("A D1 all 2026-01 16 15 135 90", "B D1 all 2026-01 8 8 80 64")
    planned = budget("A all all 2026-01 10 100 40", "B all all 2026-01 10 100 10")
    parts = margins(bridge(seen, planned))
    assert parts["volume"] == 10  # 2 units more of each: 2 x 4 + 2 x 1
    assert parts["mix"] == 12  # A 16 - 12 = 4 x 4, B 8 - 12 = -4 x 1
    assert parts["supply_lost"] == -4
    assert parts["price"] == -15
    assert parts["cost"] == 8
    assert parts["plan"] == 61 == 50 + 10 + 12 - 4 - 15 + 8


def test_new_and_ended_items_stand_apart():
    seen = outlook("A D1 all 2026-01 10 10 100 60", "C D1 all 2026-01 5 5 50 20")
    planned = budget("A all all 2026-01 10 100 40", "B all all 2026-01 10 100 10")
    parts = bridge(seen, planned)
    assert margins(parts, "tea")["ended"] == -10
    assert margins(parts, "cola")["new"] == 30
    assert margins(parts)["volume"] == margins(parts)["mix"] == 0


def test_a_blank_budget_margin_is_budget_value_less_standard_cost():
    seen = outlook("A D1 all 2026-01 10 10 100 60")
    parts = margins(bridge(seen, budget("A all all 2026-01 10 100 -")))
    assert parts["budget"] == 40


def test_returns_and_overtime_stand_apart_and_the_parts_still_sum():
    seen = outlook("A D1 all 2026-01 10 10 100 60").assign(return_value=3.0)
    overtime = table("family period part cost_value", "all 2026-01 overtime 5")
    parts = margins(bridge(seen, budget("A all all 2026-01 10 100 40"), one_off=overtime))
    assert (parts["returns"], parts["overtime"], parts["plan"]) == (-3, -5, 32)


def test_items_with_different_units_are_weighed_by_budget_price():
    items = ITEMS.assign(base_unit=["case", "piece", "case"])
    seen = outlook("A D1 all 2026-01 10 10 100 60", "B D1 all 2026-01 300 300 300 200")
    planned = budget("A all all 2026-01 10 100 40", "B all all 2026-01 100 100 30")
    months = find_compared_months(planned, seen, 2026)
    parts = bridge_budget(seen, planned, items, costs("A all 2020-01-01 6"), months, 2026)
    assert margins(parts)["volume"] == 70  # budget price: 400 of 200 is + 100 %, of margin 70
    assert margins(parts)["mix"] == pytest.approx(-40 + 30)


def test_only_months_that_both_sides_have_are_compared():
    seen = outlook("A D1 all 2026-02 10 10 100 60", "A D1 all 2026-03 10 10 100 60")
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 100 40")
    assert find_compared_months(planned, seen, 2026).strftime("%Y-%m").tolist() == ["2026-02"]
    assert margins(bridge(seen, planned))["budget"] == 40


def test_the_outlook_is_actual_to_date_and_plan_to_go():
    history = table(
        "item location customer period actual_qty revenue_value return_value",
        "A D1 all 2026-10 5 50 2",
        "A D1 all 2026-11 9 90 0",
    )
    plan = table(
        "item location customer period demand_qty plan_qty revenue_value margin_value",
        "A D1 all 2026-11 8 7 70 28",
    )
    cost = costs("A all 2020-01-01 6")
    both = to_outlook(history, plan, cost, pd.Timestamp("2026-11-01"))
    assert both["demand_qty"].tolist() == [5, 8]
    assert both["plan_qty"].tolist() == [5, 7]
    assert both["cost_value"].tolist() == [30, 42]
    assert both["return_value"].tolist() == [2, 0]


def test_the_running_year_and_later_ones_with_a_budget_are_bridged():
    seen = outlook(
        "A D1 all 2025-12 10 10 100 60",
        "A D1 all 2026-11 10 10 100 60",
        "A D1 all 2026-12 12 12 120 72",
        "A D1 all 2027-01 10 9 90 54",
    )
    planned = budget(
        "A all all 2025-12 10 100 40",
        "A all all 2026-11 10 100 40",
        "A all all 2026-12 10 100 40",
        "A all all 2027-01 10 100 40",
        "A all all 2027-02 10 100 40",
    )
    december = pd.Timestamp("2026-12-01")
    premium = pd.Series({december: 5.0})
    parts, years = bridge_years(
        seen, planned, ITEMS, costs("A all 2020-01-01 6"), december, 1, premium
    )
    assert years["fiscal_year"].tolist() == [2026, 2027]
    assert years["gap_value"].tolist() == [3, -4]
    assert years["actual_count"].tolist() == [1, 0]
    assert years[["month_count", "budget_count"]].to_numpy().tolist() == [[2, 2], [1, 2]]
    total = sum_bridge(parts, 2026).set_index("part")["margin_value"]
    assert total.index[0] == "budget"
    assert total.index[-1] == "plan"
    assert total[["volume", "overtime", "plan"]].round(6).tolist() == [8, -5, 83]
    assert years.equals(describe_years(parts, planned, december))


def test_without_a_budget_there_is_no_bridge():
    seen = outlook("A D1 all 2026-11 10 10 100 60")
    parts, years = bridge_years(
        seen,
        budget("A all all 2026-11 1 1 1").iloc[:0],
        ITEMS,
        costs("A all 2020-01-01 6"),
        pd.Timestamp("2026-11-01"),
    )
    assert parts.empty
    assert years.empty


amounts = st.integers(0, 1000).map(float)
leaves = st.lists(
    st.tuples(st.sampled_from("ABC"), *[amounts] * 7),
    min_size=1,
    max_size=3,
    unique_by=lambda x: x[0],
)


@settings(max_examples=25, deadline=None)
@given(leaves)
def test_whatever_the_numbers_the_parts_sum_to_the_gap_in_every_family(rows):
    period = pd.Timestamp("2026-01-01")
    names = ["item", "demand_qty", "plan_qty", "revenue_value", "cost_value", "budget_qty"]
    frame = pd.DataFrame(rows, columns=[*names, "budget_value", "budget_margin_value"])
    frame = frame.assign(period=period, location="all", customer="all", return_value=1.0)
    parts = bridge(frame, frame).round(6)
    for _, family in parts.groupby("family"):
        for column in ("margin_value", "revenue_value"):
            value = family.set_index("part")[column]
            between = value.drop(["budget", "plan"]).sum()
            assert value["plan"] - value["budget"] == pytest.approx(between, abs=1e-4)


def test_a_company_without_prices_is_valued_at_what_it_realised():
    """All prices are made from history; their dates may be of another unit than the months'."""
    history = table(
        "item location customer period actual_qty revenue_value", "A D1 all 2026-01 10 50"
    )
    prices = complete_prices(TABLES["price"].empty(), history)
    cells = table("item location customer period demand_qty", "A D1 all 2026-02 4")
    assert price_demand(cells, prices).tolist() == [20]


def test_a_unit_is_worth_its_margin_and_at_least_a_tenth_of_its_revenue():
    revenue = table("item unit_value", "A 10", "B 10", "C 10")
    cost = table(
        "item location start_date unit_cost_value", "A all 2020-01-01 6", "B all 2020-01-01 9.5"
    )
    cost["start_date"] = pd.to_datetime(cost["start_date"])
    worth = unit_worth(revenue, cost, pd.Timestamp("2026-11-01"))
    assert worth["unit_value"].tolist() == pytest.approx([4, 1, 10])
