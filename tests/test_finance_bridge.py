"""The bridge in every cell: months, families, leaves; all its parts; poor data."""

from __future__ import annotations

import pandas as pd
from builders import table

from sopkit.finance import (
    PARTS,
    bridge_last_year,
    bridge_leaves,
    bridge_years,
    check_bridge,
    check_leaves,
    drill_down,
    find_largest_part,
    list_absent,
    price_copacker,
    price_write_off,
    spread_months,
    sum_bridge,
    to_outlook,
    value_exchange,
)
from sopkit.tables import TABLES, check_table

ITEMS = table("item family base_unit", "A tea case", "B tea case", "C cola case")
COST = table("item location start_date unit_cost_value", "A all 2020-01-01 6", "B all 2020-01-01 9")
JANUARY = pd.Timestamp("2026-01-01")


def outlook(*rows: str) -> pd.DataFrame:
    names = "item location customer period demand_qty plan_qty revenue_value cost_value"
    return table(names, *rows).assign(return_value=0.0)


def budget(*rows: str) -> pd.DataFrame:
    names = "item location customer period budget_qty budget_value budget_margin_value"
    return table(names, *rows)


def family_budget(*rows: str) -> pd.DataFrame:
    names = "item family location customer period budget_qty budget_value budget_margin_value"
    return table(names, *rows)


def bridge(seen, planned, cost=COST, items=ITEMS, start_month=1, **options):
    gap, years = bridge_years(seen, planned, items, cost, JANUARY, start_month, **options)
    assert check_bridge(gap) < 1e-9
    check_table(gap, TABLES["budget_gap"])
    return gap, years


def margins(gap: pd.DataFrame, **where: object) -> dict[str, float]:
    rows = gap
    for name, value in where.items():
        rows = rows[rows[name] == value]
    sums = rows.groupby("part")["margin_value"].sum()
    return sums.reindex(PARTS, fill_value=0.0).round(9).to_dict()


def test_what_moves_between_months_is_timing_and_nothing_over_the_year():
    seen = outlook("A D1 all 2026-01 0 0 0 0", "A D1 all 2026-02 20 20 200 120")
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 100 40")
    gap, _ = bridge(seen, planned)
    assert margins(gap)["timing"] == margins(gap)["volume"] == margins(gap)["mix"] == 0
    assert margins(gap, period=JANUARY)["timing"] == -40
    assert margins(gap, period=pd.Timestamp("2026-02-01"))["timing"] == 40


def test_growth_is_volume_in_the_budgets_own_season():
    seen = outlook("A D1 all 2026-01 24 24 240 144", "A D1 all 2026-02 12 12 120 72")
    planned = budget("A all all 2026-01 20 200 80", "A all all 2026-02 10 100 40")
    gap, _ = bridge(seen, planned)
    assert margins(gap, period=JANUARY)["volume"] == 16  # 20 % of 80
    assert margins(gap)["volume"] == 24
    assert margins(gap, period=JANUARY)["timing"] == 0


def test_a_budget_price_that_moves_in_the_year_is_no_effect_of_price():
    seen = outlook("A D1 all 2026-01 10 10 100 60", "A D1 all 2026-02 10 10 120 60")
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 120 60")
    gap, _ = bridge(seen, planned)
    assert set(gap["part"]) == {"budget", "plan"}


def test_selling_more_in_the_dearer_months_is_mix():
    # 5 of January's 10 come in February, where the margin is 6 instead of 4: 5 x 2.
    seen = outlook("A D1 all 2026-01 5 5 50 30", "A D1 all 2026-02 15 15 180 90")
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 120 60")
    gap, _ = bridge(seen, planned)
    assert margins(gap)["mix"] == 10
    assert margins(gap)["timing"] == margins(gap)["price"] == 0


def test_unit_cost_is_split_where_the_cost_table_knows_its_parts():
    cost = table(
        "item location start_date unit_cost_value material_value conversion_value freight_value",
        "A all 2020-01-01 6 3 2 1",
        "A all 2026-02-01 7.5 4 2.25 1",
    )
    history = table(
        "item location customer period actual_qty revenue_value return_value",
        "A D1 all 2026-01 10 100 0",
        "A D1 all 2026-02 10 100 0",
    )
    plan = TABLES["consensus_plan"].empty()
    seen = to_outlook(history, plan, cost, pd.Timestamp("2026-03-01"))
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 100 40")
    gap, _ = bridge(seen, planned, cost=cost)
    parts = margins(gap)
    assert (parts["material"], parts["conversion"], parts["freight"]) == (-10, -2.5, 0)
    assert parts["cost"] == -2.5  # 0.25 of the rise is in no part


def test_the_budgets_own_cost_parts_win_over_the_standards():
    cost = table("item location start_date unit_cost_value material_value", "A all 2020-01-01 6 3")
    planned = budget("A all all 2026-01 10 100 40").assign(budget_material_value=20.0)
    seen = outlook("A D1 all 2026-01 10 10 100 60").assign(material_value=30.0)
    parts = margins(bridge(seen, planned, cost=cost)[0])
    assert (parts["material"], parts["cost"]) == (-10, 10)


def test_the_exchange_rate_is_taken_out_of_the_price():
    customers = table("customer currency", "US USD", "CN -")
    rates = table(
        "currency period budget_fx_value fx_value", "USD 2026-01 7 7.7", "USD 2026-02 7 -"
    )
    seen = outlook(
        "A D1 US 2026-01 10 10 770 60", "A D1 US 2026-02 10 10 770 60", "A D1 CN 2026-01 5 5 350 30"
    )
    effect = value_exchange(seen, customers, rates)
    assert effect.round(9).tolist() == [70, 70, 0]  # February takes the last rate known
    planned = budget("A all all 2026-01 15 1050 960", "A all all 2026-02 10 700 640")
    parts = margins(bridge(seen.assign(exchange_value=effect), planned)[0])
    assert (parts["exchange"], parts["price"]) == (140, 0)
    assert value_exchange(seen, customers, rates.iloc[:0]).eq(0).all()


def test_a_budget_by_family_is_compared_with_the_sum_of_its_items():
    seen = outlook(
        "A D1 all 2026-01 12 12 120 72", "B D1 all 2026-01 10 10 100 90", "C D1 all 2026-01 3 3 9 6"
    )
    planned = family_budget("all tea all all 2026-01 20 200 50", "C all all all 2026-01 3 9 3")
    gap, years = bridge(seen, planned)
    assert margins(gap, family="tea")["volume"] + margins(gap, family="tea")["mix"] == 5
    assert margins(gap, family="cola")["plan"] == 3
    assert years["gap_value"].tolist() == [8]  # tea 120 + 100 - 162 = 58 of 50


def test_a_budget_in_total_only_is_one_leaf():
    seen = outlook("A D1 all 2026-01 12 12 120 72", "C D1 all 2026-01 8 8 80 40")
    gap, _ = bridge(seen, family_budget("all all all all 2026-01 10 100 40"))
    assert gap["family"].unique().tolist() == ["all"]
    assert margins(gap)["volume"] == 40


def test_money_without_quantity_in_the_budget_stands_as_ended_and_new():
    seen = outlook("A D1 all 2026-01 10 10 100 60")
    parts = margins(bridge(seen, budget("A all all 2026-01 0 100 40"))[0])
    assert (parts["ended"], parts["new"], parts["volume"]) == (-40, 40, 0)


def test_money_in_a_month_without_quantity_counts_at_the_margin_of_the_year():
    seen = outlook("A D1 all 2026-01 10 10 100 60", "A D1 all 2026-02 0 0 0 0")
    planned = budget("A all all 2026-01 10 60 20", "A all all 2026-02 0 40 20")
    gap, _ = bridge(seen, planned)
    assert margins(gap)["timing"] == margins(gap)["price"] == 0
    assert margins(gap, period=JANUARY)["timing"] == 20


def test_a_fiscal_year_may_begin_in_july():
    seen = outlook("A D1 all 2026-06 12 12 120 72", "A D1 all 2026-07 10 10 100 60")
    planned = budget("A all all 2026-06 10 100 40", "A all all 2026-07 10 100 40")
    _, years = bridge(seen, planned, start_month=7)
    assert years["fiscal_year"].tolist() == [2026, 2027]
    assert years["gap_value"].tolist() == [8, 0]


def test_later_months_stand_against_last_year():
    seen = outlook(
        "A D1 all 2025-01 10 10 100 60",
        "A D1 all 2025-02 10 10 100 60",
        "A D1 all 2026-01 12 12 120 72",
        "A D1 all 2026-02 15 15 150 90",
    ).assign(return_value=[5.0, 0.0, 0.0, 0.0])
    gap, years = bridge_last_year(seen, budget("A all all 2026-02 1 1 1"), ITEMS, JANUARY)
    assert check_bridge(gap) < 1e-9
    assert years[["fiscal_year", "month_count"]].to_numpy().tolist() == [[2026, 1]]
    parts = sum_bridge(gap, 2026, "last_year").set_index("part")["margin_value"].round(9)
    assert parts[["budget", "volume", "returns", "plan"]].tolist() == [35, 8, 5, 48]


def test_without_budget_and_without_a_past_year_there_is_nothing_to_compare():
    seen = outlook("A D1 all 2026-01 12 12 120 72")
    none = budget("A all all 2026-01 1 1 1").iloc[:0]
    for parts, years in (bridge(seen, none), bridge_last_year(seen, none, ITEMS, JANUARY)):
        assert parts.empty
        assert years.empty
    assert check_bridge(parts) == 0
    assert sum_bridge(parts, 2026).empty
    assert find_largest_part(sum_bridge(parts, 2026)) == "volume"


def test_without_any_cost_the_bridge_is_one_of_revenue():
    seen = outlook("A D1 all 2026-01 12 12 132 0")
    gap, _ = bridge(seen, budget("A all all 2026-01 10 100 -"), cost=COST.iloc[:0])
    parts = margins(gap)
    assert (parts["budget"], parts["volume"], parts["price"], parts["plan"]) == (100, 20, 12, 132)
    assert list_absent(gap, COST.iloc[:0], pd.DataFrame()) == ["cost", "exchange", "past_one_offs"]


def test_one_offs_are_what_copackers_cost_more_and_what_expires():
    flow = table(
        "flow_kind item location source period flow_qty cost_value",
        "buy A D1 S1 2026-01 100 700",
        "buy C D1 S1 2026-01 100 900",
        "make A P1 O1 2026-01 50 300",
    )
    operation = table("operation item", "O1 A")
    premium = price_copacker(flow, operation, ITEMS, COST)
    assert premium.to_numpy().tolist() == [["tea", JANUARY, "copacker", 100.0]]
    plan = table("item location period expired_qty", "A D1 2026-01 20", "B D1 2026-01 0")
    gone = price_write_off(plan, ITEMS, COST)
    assert gone.to_numpy().tolist() == [["tea", JANUARY, "write_off", 120.0]]
    seen = outlook("A D1 all 2026-01 10 10 100 60")
    one_off = pd.concat([premium, gone])
    gap, _ = bridge(seen, budget("A all all 2026-01 10 100 40"), one_off=one_off)
    parts = margins(gap, family="tea")
    assert (parts["copacker"], parts["write_off"], parts["plan"]) == (-100, -120, -180)


def test_a_drill_down_sums_its_leaves_contributions():
    seen = outlook("A D1 all 2026-01 16 15 135 90", "B D1 all 2026-01 8 8 80 64")
    planned = budget("A all all 2026-01 10 100 40", "B all all 2026-01 10 100 10")
    leaves = bridge_leaves(seen, planned, ITEMS, COST, [JANUARY])
    assert check_leaves(leaves) < 1e-9
    items = drill_down(leaves, ["tea"]).set_index("item")
    assert items["volume"].round(9).to_dict() == {"A": 8, "B": 2}
    whole = margins(bridge(seen, planned)[0])
    steps = [name for name in items if name in PARTS]
    assert items[steps].sum().round(9).to_dict() == {name: whole[name] for name in steps}


def test_months_add_up_to_the_year_to_date():
    seen = outlook("A D1 all 2026-01 12 12 120 72", "A D1 all 2026-02 9 9 90 54")
    planned = budget("A all all 2026-01 10 100 40", "A all all 2026-02 10 100 40")
    gap, _ = bridge(seen, planned)
    months = spread_months(gap, 2026, pd.Timestamp("2026-02-01"))
    assert months["gap_value"].tolist() == [8, -4]
    assert months["to_date_value"].tolist() == [8, 4]
    assert months["source"].tolist() == ["actual", "plan"]


def test_the_largest_part_is_the_one_in_the_gaps_direction():
    parts = table("part margin_value", "budget 100", "volume 5", "mix -3", "price -9", "plan 93")
    assert find_largest_part(parts) == "price"
