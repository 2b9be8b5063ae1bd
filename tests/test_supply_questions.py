"""The questions a supply review asks by itself."""

import pandas as pd
from builders import table
from supply_cases import FREE, demand, line, months, tables

from sopkit.supply import (
    list_codes,
    list_questions,
    pick_target,
    prepare_case,
    rate_loads,
    read_changes,
    rough_cut_load,
    solve_case,
    sum_what_if,
    what_if,
)

ITEM = table("item family sellable", "A tea 1", "B water 1")
AGREED = table(
    "item location customer period demand_qty", "A P all 2026-01 100", "A P all 2026-02 100"
)
PERIODS = months(2)


def target(*rows: str) -> pd.DataFrame:
    return table("family location customer period span_months target_qty", *rows)


def test_the_target_that_asks_most_is_picked_over_the_months_in_which_it_is_above():
    asked = pick_target(
        target("tea all all 2026-01 1 90", "tea all all 2026-02 1 120", "tea P all 2026-01 1 900"),
        AGREED,
        ITEM,
        PERIODS,
    )
    assert asked.blocks == [
        {"demand": "tea", "from": "2026-02", "to": "2026-02", "change": "+20.00 %"}
    ]


def test_without_a_target_above_demand_nothing_is_asked():
    assert pick_target(target("tea all all 2026-01 1 90"), AGREED, ITEM, PERIODS) is None
    assert pick_target(target("water all all 2026-01 1 90"), AGREED, ITEM, PERIODS) is None


def test_the_fullest_line_is_asked_about_and_answered_in_money():
    wanted = demand("A P 2026-01 100", "A P 2026-02 60")
    case = prepare_case(tables(**line(count=2), item=ITEM), wanted, PERIODS, rates=FREE)
    plan = solve_case(case, wanted)
    load = rate_loads(rough_cut_load(case, wanted))
    asked = list_questions(load, plan, ITEM, PERIODS)
    assert [one.name for one in asked] == ["line_less", "line_more", "family"]
    assert asked[0].blocks == [{"capacity": "L", "from": "2026-01", "change": "-20 %"}]
    changes = read_changes(asked[0].blocks, list_codes(case.tables, wanted, PERIODS))
    answer = sum_what_if(plan, what_if(case, wanted, plan, changes))
    # 20 hours fewer: 20 units at 100 are late by a month at 5 % of the price, and made in February
    assert round(answer["cost_change"], 6) == 100
    assert answer["lost_change"] == 0
    assert round(answer["service_change"], 6) == -20 / 160
    assert answer["first_change"] == pd.Timestamp("2026-01-01")
