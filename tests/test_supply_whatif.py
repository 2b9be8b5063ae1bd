"""Changes read from a file, put into effect, and the plan that answers them, solved by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.errors import InputError
from sopkit.supply import prepare_case, solve_case
from sopkit.supply.whatif import (
    Change,
    change_case,
    edit_demand,
    edit_tables,
    list_codes,
    read_changes,
    what_if,
)
from sopkit.supply.whatif.changes import KINDS

PERIODS = months(6)
JANUARY, MARCH, JUNE = (pd.Timestamp(f"2026-0{n}-01") for n in (1, 3, 6))
ITEMS = table("item family", "A tea", "B tea", "C water")


def company():
    made = line(count=6)
    made["purchase_term"] = table(
        "supplier item location price_value lead_time_days max_qty start_date",
        "V1 A P 30 10 50 2026-01-01",
        "V1 A P 33 10 50 2026-04-01",
        "V2 A P 40 60 - 1900-01-01",
    )
    made["lane"] = table("from_location to_location item lead_time_days", "P D all 5")
    return tables(**made, item=ITEMS, service_class=service())


def asked():
    return pd.concat(
        [
            demand(*[f"A P {month:%Y-%m} 80" for month in PERIODS]),
            demand("A P 2026-02 20").assign(demand_class="open"),
            demand("B D 2026-02 10"),
        ],
        ignore_index=True,
    )


def codes():
    return list_codes(company(), asked(), PERIODS)


def read(*blocks: dict[str, str]) -> list[Change]:
    return read_changes(blocks, codes())


def problems(*blocks: dict[str, str]) -> list[str]:
    with pytest.raises(InputError) as found:
        read(*blocks)
    return [text.strip("* ") for text in str(found.value).splitlines()[1:-1]]


def test_changes_are_read_with_months_and_sizes():
    changes = read(
        {"capacity": "L", "from": "2026-02", "to": "2026-03", "change": "+10 %"},
        {"lead_time": "V1", "change": "+20 days"},
        {"outage": "V2", "from": "2026-02"},
        {"demand": "tea", "from": "2026-02", "to": "2026-06", "change": "-5%"},
        {"cost": "opA", "change": "+3 %"},
    )
    assert [change.describe() for change in changes] == [
        "capacity L 2026-02 to 2026-03 +10 %",
        "lead_time V1 2026-01 to 2026-06 +20 days",
        "outage V2 2026-02",
        "demand tea 2026-02 to 2026-06 -5 %",
        "cost opA 2026-01 to 2026-06 +3 %",
    ]
    assert [change.level for change in changes] == [
        "resource",
        "supplier",
        "supplier",
        "family",
        "operation",
    ]


def test_chinese_words_say_the_same():
    chinese = read({"产能": "L", "从": "2026-02", "变化": "-8 小时"})
    assert chinese == read({"capacity": "L", "from": "2026-02", "change": "-8 hours"})


def test_without_a_sign_a_size_is_set():
    change = read({"lead_time": "P > D", "change": "12 days"})[0]
    assert (change.sets, change.on(5.0)) == (True, 12.0)
    assert read({"capacity": "L", "change": "-500 hours"})[0].on(100.0) == 0.0


def test_unknown_codes_are_named_with_the_nearest():
    told = problems(
        {"capacity": "LL", "change": "+1 %"},
        {"outage": "V3"},
        {"demand": "teas", "customer": "al", "change": "+1 %"},
    )
    assert told == [
        "block 1: no such resource: LL (perhaps L)",
        "block 2: no such supplier: V3 (perhaps V2, V1)",
        "block 3: no such family or item or customer: teas (perhaps tea)",
        "block 3: no such customer: al (perhaps all)",
    ]


def test_months_sizes_and_words_that_make_no_sense_are_all_named_at_once():
    told = problems(
        {"capacity": "L", "from": "2026-09", "change": "+1 %"},
        {"capacity": "L", "from": "2026-03", "to": "2026-02", "change": "+1 day"},
        {"capacity": "L", "from": "May", "change": "10 %"},
        {"lead_time": "V1", "from": "2026-02", "change": "+1 day"},
        {"outage": "V1", "change": "-5 %"},
        {"demand": "tea", "untill": "2026-02", "change": "+0 %"},
        {"demand": "tea", "change": "-120 %"},
        {"prize": "A"},
        {"capacity": "L", "demand": "tea", "change": "+1 %"},
        {"demand": "tea", "to": "2026-02"},
    )
    assert told == [
        "block 1: `from`: 2026-09 is outside the plan (2026-01 to 2026-06)",
        "block 2: `to` 2026-02 lies before `from` 2026-03",
        "block 2: `change`: +1 day; write +10 % or +10 hours",
        "block 3: `from`: May is no month, such as 2027-05",
        "block 3: `change`: 10 %; say + or -: +10 % or +10 hours",
        "block 4: `from`: this holds for all months; leave the months out",
        "block 5: `change`: an outage has none",
        "block 6: 'untill' says nothing here",
        "block 6: `change`: +0 % changes nothing",
        "block 7: `change`: -120 %; less than nothing is left",
        f"block 8: one of {', '.join(KINDS)} says what changes; here: none",
        f"block 9: one of {', '.join(KINDS)} says what changes; here: capacity and demand",
        "block 10: `to` without `from`",
        "block 10: `change`: missing; write +10 % or +10 units or P90 or P10",
    ]


def test_the_same_thing_changed_twice_is_refused():
    told = problems(
        {"capacity": "L", "from": "2026-02", "to": "2026-04", "change": "+1 %"},
        {"capacity": "L", "from": "2026-04", "change": "+2 %"},
        {"demand": "tea", "change": "+1 %"},
        {"demand": "all", "from": "2026-03", "change": "+1 %"},
        {"outage": "V1", "from": "2026-02"},
        {"outage": "V1", "from": "2026-02"},
        {"demand": "A", "change": "+1 %"},
    )
    assert told == [
        "block 2: capacity L 2026-04 +2 % contradicts or doubles it: block 1 says "
        "capacity L 2026-02 to 2026-04 +1 %",
        "block 4: demand all 2026-03 +1 % contradicts or doubles it: block 3 says "
        "demand tea 2026-01 to 2026-06 +1 %",
        "block 6: outage V1 2026-02 is doubled: block 5 says outage V1 2026-02",
        "block 7: demand A 2026-01 to 2026-06 +1 % contradicts or doubles it: block 3 says "
        "demand tea 2026-01 to 2026-06 +1 %",
        "block 7: demand A 2026-01 to 2026-06 +1 % contradicts or doubles it: block 4 says "
        "demand all 2026-03 +1 %",
    ]


def test_the_same_thing_may_change_differently_in_other_months_and_places():
    changes = read(
        {"capacity": "L", "from": "2026-02", "change": "+1 %"},
        {"capacity": "L", "from": "2026-03", "change": "-1 %"},
        {"demand": "A", "location": "P", "change": "+1 %"},
        {"demand": "A", "location": "D", "change": "+2 %"},
    )
    assert len(changes) == 4


def test_an_empty_file_is_told_how_to_begin():
    assert problems() == ["there is no block; one begins with `- capacity: LINE2`, say"]


def prepared():
    wanted = asked()
    return prepare_case(company(), wanted, PERIODS, rates=FREE), wanted


def test_hours_change_in_their_months_alone():
    case, wanted = prepared()
    change = read({"capacity": "L", "from": "2026-02", "to": "2026-03", "change": "-25 %"})
    changed, _ = change_case(case, wanted, change)
    assert changed.regular_hours.tolist() == [[100, 75, 75, 100, 100, 100]]
    rows = edit_tables(case, change).capacity
    assert rows["regular_hours"].tolist() == [100, 75, 75, 100, 100, 100]
    assert case.tables.capacity["regular_hours"].tolist() == [100] * 6


def test_hours_that_no_row_states_are_written_down_before_they_change():
    made = line(count=2)
    made["resource"] = made["resource"].assign(hours_per_day=5.0)
    made["capacity"] = made["capacity"].iloc[:0]
    wanted = demand("A P 2026-01 10")
    days = dict.fromkeys(months(3), 20)
    case = prepare_case(tables(**made), wanted, months(3), working_days=days)
    change = Change("capacity", "resource", "L", JANUARY, JANUARY, 10.0, "hours")
    rows = edit_tables(case, [change]).capacity
    assert rows["regular_hours"].tolist() == [110, 100, 100]


def test_more_hours_of_people_need_more_people():
    made = line(count=3)
    made["workforce"] = table("resource heads hours_per_head", "L 2 50")
    wanted = demand("A P 2026-01 10")
    case = prepare_case(tables(**made, service_class=service()), wanted, months(3))
    more = Change("capacity", "resource", "L", JANUARY, JANUARY, 0.1)
    with pytest.raises(InputError, match="more hours need more heads"):
        change_case(case, wanted, [more])
    less = Change("capacity", "resource", "L", JANUARY, JANUARY, -0.5)
    plan = solve_case(*change_case(case, demand("A P 2026-01 80"), [less]))
    assert plan.plan_flow["flow_qty"].tolist() == [50]


def test_an_outage_takes_no_orders_in_its_months_and_terms_hold_again_afterwards():
    case, wanted = prepared()
    change = read({"outage": "V1", "from": "2026-03", "to": "2026-04"})
    terms = edit_tables(case, change).purchase_term
    mine = terms[terms["supplier"] == "V1"].sort_values("start_date")
    assert mine["max_qty"].tolist() == [50, 0, 0, 50]
    assert mine["price_value"].tolist() == [30, 30, 33, 33]
    changed, _ = change_case(case, wanted, change)
    way = changed.ways.index[changed.ways["source"] == "V1"][0]
    assert changed.way_limit[way].tolist() == [50, 50, 0, 0, 50, 50]
    assert changed.way_cost[way].tolist() == [30, 30, 30, 33, 33, 33]


def test_a_price_before_its_first_row_stays_what_it_was():
    case, wanted = prepared()
    change = read({"cost": "V1", "from": "2026-02", "change": "+10 %"})
    changed, _ = change_case(case, wanted, change)
    way = changed.ways.index[changed.ways["source"] == "V1"][0]
    assert changed.way_cost[way].tolist() == pytest.approx([30, 33, 30, 33, 33, 33])


def test_lead_times_change_for_operations_suppliers_and_lanes():
    case, wanted = prepared()
    changed, _ = change_case(
        case,
        wanted,
        read(
            {"lead_time": "opA", "change": "+7 days"},
            {"lead_time": "V2", "change": "-50 %"},
            {"lead_time": "P > D", "change": "1 day"},
        ),
    )
    days = dict(zip(changed.ways["source"], changed.ways["lead_days"], strict=True))
    assert (days["opA"], days["V1"], days["V2"]) == (7, 10, 30)
    assert changed.tables.lane["lead_time_days"].tolist() == [1]


def test_a_share_of_demand_is_put_on_the_forecast_and_orders_stay():
    rows = edit_demand(
        asked(), read({"demand": "tea", "from": "2026-02", "change": "+10 %"}), ITEMS
    )
    february = rows[rows["period"] == pd.Timestamp("2026-02-01")]
    assert february.sort_values(["item", "demand_class"])["demand_qty"].tolist() == [90, 20, 11]
    assert rows.loc[rows["period"] == JANUARY, "demand_qty"].tolist() == [80]


def test_units_a_month_are_shared_out_as_demand_is():
    wanted = demand("A P 2026-03 30", "B P 2026-03 10", "C P 2026-03 5")
    more = Change("demand", "family", "tea", MARCH, MARCH, 20.0, "units")
    assert edit_demand(wanted, [more], ITEMS)["demand_qty"].tolist() == [45, 15, 5]
    to = Change("demand", "family", "tea", MARCH, MARCH, 20.0, "units", sets=True)
    assert edit_demand(wanted, [to], ITEMS)["demand_qty"].tolist() == [15, 5, 5]
    with pytest.raises(InputError, match="a month without any demand"):
        edit_demand(
            wanted, [Change("demand", "family", "tea", JANUARY, MARCH, 9.0, "units")], ITEMS
        )


def test_demand_of_orders_alone_grows_by_a_forecast_and_never_falls_below_them():
    wanted = demand("A P 2026-03 30").assign(demand_class="open")
    more = edit_demand(wanted, [Change("demand", "item", "A", MARCH, MARCH, 0.1)], ITEMS)
    assert more[["demand_class", "demand_qty"]].to_numpy().tolist() == [
        ["open", 30.0],
        ["forecast", 3.0],
    ]
    less = edit_demand(wanted, [Change("demand", "item", "A", MARCH, MARCH, -0.5)], ITEMS)
    assert less["demand_qty"].tolist() == [30]


def test_a_case_changed_equals_one_prepared_from_the_edited_tables():
    from test_supply_living import QUESTIONS

    made, wanted, periods = random_company(8)
    case = prepare_case(made, wanted, periods)
    for blocks in QUESTIONS[6:]:
        changes = read_changes(blocks, list_codes(made, wanted, periods))
        changed, more = change_case(case, wanted, changes)
        again = prepare_case(edit_tables(case, changes), more, periods)
        for name in ("regular_hours", "overtime_hours", "way_cost", "way_limit", "target"):
            assert (getattr(changed, name) == getattr(again, name)).all(), (blocks, name)
        pd.testing.assert_frame_equal(changed.ways, again.ways)
        pd.testing.assert_frame_equal(changed.places, again.places)


def test_a_what_if_shows_cost_service_hours_and_the_first_month():
    # A line of 100 hours; 130 wanted in January, sold at 100, made at 4: ten hours gain 960.
    wanted = demand("A P 2026-01 130", "A P 2026-02 40")
    case = prepare_case(
        tables(**line(), item=ITEMS, service_class=service()), wanted, months(3), rates=FREE
    )
    plan = solve_case(case, wanted)
    change = Change("capacity", "resource", "L", JANUARY, JANUARY, 10.0, "hours")
    found = what_if(case, wanted, plan, [change])
    assert found.gain == pytest.approx(960)
    cost = found.cost.set_index("term")["change_value"]
    assert cost[["make", "short"]].tolist() == [40, -1000]
    assert found.service[["family", "before_short_qty", "after_short_qty"]].to_numpy().tolist() == [
        ["tea", 30, 20]
    ]
    assert found.shortage[["item", "change_value"]].to_numpy().tolist() == [["A", -1000]]
    hours = found.hours[["resource", "before_hours", "after_hours", "regular_hours"]]
    assert hours.to_numpy().tolist() == [["L", 100, 110, 110]]
    assert found.first_change == JANUARY
    assert found.stock["after_value"].tolist() == [0, 0, 0]


def test_a_change_that_changes_nothing_says_so():
    wanted = demand("A P 2026-01 50")
    case = prepare_case(tables(**line(), service_class=service()), wanted, months(3), rates=FREE)
    plan = solve_case(case, wanted)
    found = what_if(case, wanted, plan, [Change("cost", "operation", "opA", JANUARY, JUNE, 0.0)])
    assert found.first_change is None
    assert found.gain == 0
    assert found.shortage.empty
    assert found.hours.empty
