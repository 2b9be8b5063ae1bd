"""Scenarios as small diffs: read, applied to a later month or refused, solved from the base plan."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.demand import Correlation
from sopkit.errors import InputError
from sopkit.scenario import (
    Scenario,
    cut_months,
    find_winners,
    fit_scenarios,
    list_choices,
    list_diffs,
    list_range,
    parse_blocks,
    read_scenarios,
    solve_diffs,
    solve_wins,
    sum_costs,
    tell_scenarios,
    to_scenarios,
    to_shift,
    value_scenarios,
    write_blocks,
    write_scenarios,
)
from sopkit.supply import (
    Rates,
    SupplyTables,
    list_basis,
    list_codes,
    net_demand,
    prepare_case,
    read_basis,
    solve_case,
)
from sopkit.tables import TABLES, check_table

PERIODS = pd.date_range("2026-11-01", periods=3, freq="MS", name="period")
ITEMS = table("item family", "A tea", "B tea", "C water")
PRICE = table("item customer start_date price_value", "A all 2020-01-01 10", "B all 2020-01-01 10")
COST = table("item location start_date unit_cost_value", "A all 2020-01-01 6", "B all 2020-01-01 6")
AGREED = table(
    "item location customer period demand_qty lo_80_qty hi_80_qty",
    *[f"{item} D1 all {month:%Y-%m} 10 8 12" for item in "AB" for month in PERIODS],
)
TOGETHER = Correlation(places=1.0, months=1.0)
NO_LINES, NO_CLASSES = TABLES["sales_order_line"].empty(), TABLES["service_class"].empty()
SHIFT = to_shift(AGREED, TOGETHER, ITEMS, NO_LINES, NO_CLASSES, PERIODS)
DEMAND = net_demand(AGREED, NO_LINES, NO_CLASSES, PERIODS)


@pytest.fixture(scope="module")
def case():
    """A line of 15 hours and 10 hours' overtime at 2 makes an hour's unit of A or B at 6."""
    tables = SupplyTables.collect(
        {
            "item": ITEMS,
            "operation": table("operation item location unit_cost_value", "oA A D1 6", "oB B D1 6"),
            "resource": table("resource location overtime_value", "L1 D1 2"),
            "resource_need": table("operation resource hours_per_unit", "oA L1 1", "oB L1 1"),
            "capacity": table(
                "resource period regular_hours overtime_hours",
                *[f"L1 {month:%Y-%m} 15 10" for month in PERIODS],
            ),
            "price": PRICE,
            "cost": COST,
        }
    )
    return prepare_case(tables, DEMAND, PERIODS, rates=Rates(fair_share_rate=0.0))


def asked(name: str, *blocks: dict[str, str], origin: str = "file") -> Scenario:
    return Scenario(name, "", "me", "", origin, blocks)


def hours(size: str, first: str = "2026-11", last: str = "2027-01") -> dict[str, str]:
    return {"capacity": "L1", "from": first, "to": last, "change": size}


def judge(case, *scenarios: Scenario) -> pd.DataFrame:
    fitted = fit_scenarios(case, DEMAND, scenarios, SHIFT)
    found = list_diffs(fitted, list_codes(case.tables, DEMAND, PERIODS))
    return check_table(found, TABLES["scenario_diff"])


def test_scenarios_are_read_with_their_words_in_either_language():
    text = "- 名称: more\n  负责人: Li\n  改动:\n  - 产能: L1\n    变化: +10 %\n"
    rows = parse_blocks("- {name: more, owner: Li, diff: [{capacity: L1}]}")
    assert rows[0]["name"] == "more"
    import yaml

    content = yaml.load(text, Loader=yaml.BaseLoader)
    (found,) = read_scenarios(content)
    assert (found.name, found.owner, found.origin) == ("more", "Li", "file")
    assert read_scenarios(yaml.load(write_scenarios([found]), Loader=yaml.BaseLoader)) == [found]


def test_everything_wrong_with_a_file_is_named_at_once():
    with pytest.raises(InputError) as found:
        read_scenarios(
            [
                {"name": "base", "owner": "x", "diff": [{"capacity": "L1"}]},
                {"name": "a b", "diff": "x", "extra": "1"},
                {"name": "good", "owner": "x", "diff": [{"capacity": "L1"}]},
                {"name": "good", "owner": "x", "diff": [{"capacity": "L1"}]},
            ]
        )
    told = [line.strip("* ") for line in str(found.value).splitlines()[1:-1]]
    assert told == [
        "scenario 1: `name`: base is a name of sopkit's own; take another",
        "scenario 2: 'extra' says nothing here",
        "scenario 2: `name`: a b; letters, digits, - and _, no blank",
        "scenario 2: `owner` is missing: who stands for it?",
        "scenario 2: `diff` is missing or no list of changes, such as `- capacity: LINE2`",
        "scenario 4: the name good stands there twice",
    ]


def test_a_record_of_the_planbook_is_a_scenario_while_it_stands():
    diff = write_blocks([hours("+10 %")])
    records = table("number name title owner reason status", "S-1 a t o r active").assign(diff=diff)
    gone = records.assign(number="S-2", name="b", status="withdrawn")
    (found,) = to_scenarios(pd.concat([records, gone]))
    assert (found.name, found.origin, list(found.blocks)) == ("a", "book", [hours("+10 %")])
    with pytest.raises(InputError, match="S-1 holds no list of changes"):
        to_scenarios(records.assign(diff="more hours"))


def test_months_that_have_passed_are_cut_off_and_said():
    june = pd.Timestamp("2027-06-01")
    block = {"capacity": "L1", "from": "2027-05", "to": "2027-08", "change": "+1 %"}
    assert cut_months(block, june) == ({**block, "from": "2027-06"}, "2027-05")
    assert cut_months({**block, "from": "2027-04"}, june)[1] == "2027-04 to 2027-05"
    assert cut_months({**block, "from": "2027-02", "to": "2027-05"}, june) == (
        None,
        "2027-02 to 2027-05",
    )
    assert cut_months({"outage": "V1", "from": "2027-05"}, june) == (None, "2027-05")
    undated = {"capacity": "L1", "change": "+1 %"}
    assert cut_months(undated, june) == (undated, "")


def test_next_month_the_rest_of_a_scenario_is_applied_or_it_is_refused(case):
    rest = asked("rest", hours("+1 %", "2026-09", "2026-12"), hours("+2 %", "2026-05", "2026-06"))
    gone = asked("gone", hours("+1 %", "2026-05", "2026-06"))
    found = judge(case, rest, gone)
    assert found[["state", "why", "detail"]].to_numpy().tolist() == [
        ["refused", "past", "2026-05 to 2026-06"],
        ["cut", "past", "2026-09 to 2026-10"],
        ["cut", "past", "2026-05 to 2026-06"],
    ]
    assert found["said"].tolist()[1] == "capacity L1 2026-11 to 2026-12 +1 %"


def test_a_scenario_is_applied_whole_or_refused_with_the_reason(case):
    found = judge(
        case,
        asked("unknown", {"capacity": "L2", "change": "+1 %"}, {"demand": "A", "change": "+1 %"}),
        asked("doubled", hours("+1 %"), hours("+2 %", "2026-12")),
        asked("nothing", {"demand": "water", "change": "+1 %"}),
        asked("no-limit", {"outage": "V1"}),
    ).set_index(["scenario", "block"])
    assert found["state"].unique().tolist() == ["refused"]
    assert found.loc[("unknown", 1), "detail"] == "no such resource: L2 (perhaps L1)"
    assert found.loc[("unknown", 2), ["why", "detail"]].tolist() == ["other_block", "1"]
    assert found.loc[("doubled", 2), "why"] == "doubled"
    assert "no demand under it" in found.loc[("nothing", 1), "detail"]
    assert found.loc[("no-limit", 1), "why"] == "unknown"


def test_scenarios_that_touch_the_same_thing_say_so_and_alternatives_do_not(case):
    found = judge(
        case,
        *list_range(),
        asked("more", hours("+1 %")),
        asked("less", hours("-1 %", "2026-12", "2026-12")),
        asked("later", hours("-1 %", "2027-01", "2027-01")),
        asked("2026-11-D1-B", {"demand": "tea", "change": "+1 %"}, origin="option"),
        asked("2026-11-D1-C", {"demand": "tea", "change": "+2 %"}, origin="option"),
    )
    assert found.set_index("scenario")["touches"].fillna("").to_dict() == {
        "downside": "",
        "upside": "",
        "more": "less, later",
        "less": "more",
        "later": "more",
        "2026-11-D1-B": "",
        "2026-11-D1-C": "",
    }


def test_names_that_stand_twice_are_refused(case):
    with pytest.raises(InputError, match="Scenarios of one name: a"):
        fit_scenarios(case, DEMAND, [asked("a", hours("+1 %")), asked("a", hours("+2 %"))])


def test_a_part_stands_at_the_end_of_its_own_range_and_the_rest_stays(case):
    (fitted,) = fit_scenarios(
        case, DEMAND, [asked("high", {"demand": "A", "from": "2026-12", "change": "P90"})], SHIFT
    )
    wide = fitted.demand.pivot(index="item", columns="period", values="demand_qty")
    assert wide.to_numpy().tolist() == [[10, 12, 10], [10, 10, 10]]


def test_without_a_known_range_an_end_of_it_is_refused(case):
    (fitted,) = fit_scenarios(case, DEMAND, [asked("high", {"demand": "A", "change": "P90"})])
    assert "the range of demand is not known here" in fitted.problems[0].text


def test_a_price_changes_revenue_and_moves_demand_by_its_elasticity_only(case):
    up = {"price": "A", "from": "2026-12", "to": "2026-12", "change": "+10 %"}
    plain, moved = asked("plain", up), asked("moved", {**up, "elasticity": "-2"})
    fitted = fit_scenarios(case, DEMAND, [plain, moved], SHIFT)
    said = list_diffs(fitted, list_codes(case.tables, DEMAND, PERIODS))["said"]
    assert said.tolist() == [
        "price A 2026-12 +10 % elasticity 0",
        "price A 2026-12 +10 % elasticity -2",
    ]
    solved = solve_diffs(case, DEMAND, fitted)
    base = solve_case(case, DEMAND)
    first = sum_costs("base", base.plan_cost, base.plan_service, PRICE)
    month = TABLES["scenario_month"].empty()
    _, costs = value_scenarios(month, first, solved, AGREED, case.tables.resource, COST, PERIODS)
    revenue = -costs[costs["term"] == "revenue"].set_index("scenario")["cost_value"]
    # 10 units at 11 instead of 10; 20 % fewer: 8 units at 11.
    assert revenue.round(6).to_dict() == {"base": 600, "plain": 610, "moved": 588}
    assert solved["moved"].added.set_index("period")["demand_qty"].tolist() == [0, -2, 0]


def test_scenarios_cost_what_cold_solves_cost_and_repeat_number_for_number(case):
    some = [
        *list_range(),
        asked("more", {"overtime": "L1", "change": "+20 %"}),
        asked("none", {"overtime": "L1", "change": "0 hours"}),
        asked("less", hours("-40 %")),
        asked("price", {"price": "all", "change": "-5 %", "elasticity": "-4"}),
    ]
    fitted = fit_scenarios(case, DEMAND, some, SHIFT)
    basis = read_basis(
        check_table(list_basis(solve_case(case, DEMAND).basis), TABLES["plan_basis"])
    )
    first = solve_diffs(case, DEMAND, fitted, basis=basis)
    again = solve_diffs(case, DEMAND, list(reversed(fitted)), basis=basis)
    assert list(first) == [one.name for one in some]
    for one in fitted:
        name = one.scenario.name
        cold = solve_case(one.case, one.demand).objective
        assert first[name].plan.objective == pytest.approx(cold, rel=1e-6)
        pd.testing.assert_frame_equal(first[name].plan.plan_flow, again[name].plan.plan_flow)
    # 20 hours wanted, 15 regular, 5 overtime used of 10; without overtime 15 a month are served.
    assert first["none"].plan.plan_service["short_qty"].sum() == 15
    assert first["more"].case.overtime_hours.tolist() == [[13, 13, 13]]


def test_gains_along_the_demand_range_and_where_the_best_choice_changes(case):
    some = [
        *list_range(),
        asked("more", hours("+20 %")),
        asked("high", {"demand": "A", "change": "P90"}),
        asked("grow", {"demand": "B", "change": "+10 %"}),
    ]
    fitted = fit_scenarios(case, DEMAND, some, SHIFT)
    solved = solve_diffs(case, DEMAND, fitted)
    base = solve_case(case, DEMAND)
    first = sum_costs("base", base.plan_cost, base.plan_service, PRICE)
    month = TABLES["scenario_month"].empty()
    _, costs = value_scenarios(month, first, solved, AGREED, case.tables.resource, COST, PERIODS)
    win = check_table(solve_wins(case, fitted, solved, costs), TABLES["scenario_win"])
    wide = win.pivot(index="scenario", columns="end", values="gain_value").round(4)
    # 16, 20 and 24 wanted a month: 1, 5 and 9 hours of overtime at 2; three hours more save them.
    assert wide.loc["more", ["low", "agreed", "high"]].tolist() == [6, 18, 18]
    assert wide.loc["base"].tolist() == [0, 0, 0]
    assert wide.loc["high", ["low", "high"]].isna().all()
    diffs = list_diffs(fitted, list_codes(case.tables, DEMAND, PERIODS))
    assert list_choices(diffs) == ["more"]
    few = solve_wins(case, fitted, solved, costs, most=1)
    assert few.dropna()["scenario"].tolist() == ["base"] * 3 + ["more"] * 3 + ["high", "grow"]


def test_what_two_scenarios_ask_alike_is_solved_once(case):
    one, other = asked("one", hours("+20 %")), asked("other", hours("+20 %"))
    fitted = fit_scenarios(case, DEMAND, [one, other], SHIFT)
    solved = solve_diffs(case, DEMAND, fitted)
    assert solved["one"].plan is solved["other"].plan


def test_the_winner_changes_where_lines_cross():
    win = table(
        "scenario end gain_value",
        *["base low 0", "base agreed 0", "base high 0"],
        *["a low 0", "a agreed 1", "a high 2"],
        *["b low 1", "b agreed 1", "b high 1"],
        *["c low 9", "c agreed 9", "c high -"],
    )
    found = find_winners(win, ["a", "b", "c"])
    assert found["scenario"].tolist() == ["b", "a"]
    assert found["last_position"].tolist() == pytest.approx([0.01, 1.0], abs=0.02)
    assert find_winners(win[win["scenario"] == "base"], [])["scenario"].tolist() == ["base"]


def test_scenarios_are_called_by_their_title_else_by_what_they_change(case):
    named = Scenario("x", "Longer days", "me", "", "file", (hours("+1 %"),))
    off = asked("y", {"overtime": "L1", "change": "0 hours"})
    told = tell_scenarios(judge(case, *list_range(), named, off))
    assert told["base"][0] == "scenarios.base"
    assert told["upside"][0] == "scenarios.range.upside"
    assert told["x"] == ("scenarios.title", {"title": "Longer days"})
    none = {"subject": "L1", "size": ("scenarios.size.hours", {"size": "0"})}
    assert told["y"] == ("scenarios.said.overtime_none", none)
