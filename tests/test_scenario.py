"""Whole plans under other assumptions, solved anew on a company of one line."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.demand import Correlation
from sopkit.scenario import (
    compare_costs,
    compare_scenarios,
    decide_options,
    find_first_change,
    fit_scenarios,
    list_option_scenarios,
    list_options,
    list_range,
    measure_elasticity,
    shift_demand,
    solve_diffs,
    sum_costs,
    sum_plan,
    sum_result,
    to_shift,
    value_scenarios,
)
from sopkit.supply import Rates, SupplyTables, net_demand, prepare_case, solve_case
from sopkit.tables import TABLES, check_table

PERIODS = pd.date_range("2026-11-01", periods=2, freq="MS")
ITEMS = table("item family", "A tea")
PRICE = table("item customer start_date price_value", "A all 2020-01-01 10")
COST = table("item location start_date unit_cost_value", "A all 2020-01-01 6")
RESOURCE = table("resource location overtime_value", "L1 D1 2")
AGREED = table(
    "item location customer period demand_qty baseline_qty stream_qty override_qty lo_80_qty hi_80_qty",
    "A D1 all 2026-11 10 10 0 0 8 12",
    "A D1 all 2026-12 30 30 0 0 25 37",
)
TOGETHER = Correlation(places=1.0, months=1.0)
NO_LINES = TABLES["sales_order_line"].empty()
NO_CLASSES = TABLES["service_class"].empty()


def company(**changes: pd.DataFrame) -> SupplyTables:
    """One line of 10 hours and 5 hours' overtime a month makes an hour's unit at 6."""
    frames = {
        "item": ITEMS,
        "operation": table("operation item location unit_cost_value", "make-A A D1 6"),
        "resource": RESOURCE,
        "resource_need": table("operation resource hours_per_unit", "make-A L1 1"),
        "capacity": table(
            "resource period regular_hours overtime_hours", "L1 2026-11 10 0", "L1 2026-12 10 5"
        ),
        "price": PRICE,
        "cost": COST,
    }
    return SupplyTables.collect({**frames, **changes})


SHIFT = to_shift(AGREED, TOGETHER, ITEMS, NO_LINES, NO_CLASSES, PERIODS)


def solve(case, demand, scenarios):
    return solve_diffs(case, demand, fit_scenarios(case, demand, scenarios, SHIFT))


@pytest.fixture(scope="module")
def case():
    wanted = net_demand(AGREED, NO_LINES, NO_CLASSES, PERIODS)
    return prepare_case(company(), wanted, PERIODS, rates=Rates(fair_share_rate=0.0))


@pytest.fixture(scope="module")
def demand():
    return net_demand(AGREED, NO_LINES, NO_CLASSES, PERIODS)


def months(name: str, plan, wanted: pd.DataFrame = AGREED) -> pd.DataFrame:
    return sum_plan(
        name,
        wanted,
        plan.constrained_plan,
        plan.plan_service,
        plan.plan_resource,
        RESOURCE,
        PRICE,
        COST,
        PERIODS,
    )


def test_fully_correlated_demand_moves_to_the_ends_of_its_range():
    assert shift_demand(AGREED, "upside", TOGETHER)["demand_qty"].tolist() == [12, 37]
    assert shift_demand(AGREED, "downside", TOGETHER)["demand_qty"].tolist() == [8, 25]


def test_independent_items_move_less_because_errors_cancel():
    two = pd.concat([AGREED.iloc[:1], AGREED.iloc[:1].assign(item="B")], ignore_index=True)
    moved = shift_demand(two, "upside", Correlation(places=0.0, months=1.0))["demand_qty"]
    assert moved.tolist() == pytest.approx([10 + 2**0.5] * 2)


def test_a_plan_in_money_counts_overtime_and_closing_stock(case, demand):
    # November makes 10 and serves 10; December makes 10 + 5 overtime and serves 15 of 30.
    base = months("base", solve_case(case, demand))
    assert base["served_qty"].tolist() == [10, 15]
    assert base["short_qty"].tolist() == [0, 15]
    assert base["revenue_value"].tolist() == [100, 150]
    assert base["cost_value"].tolist() == [60, 100]
    assert base["overtime_hours"].tolist() == [0, 5]
    check_table(base, TABLES["scenario_month"])


def test_the_range_is_solved_as_whole_plans(case, demand):
    solved = solve(case, demand, list_range())
    rows = pd.concat([months(name, one.plan, one.demand) for name, one in solved.items()])
    assert [one.added["demand_qty"].tolist() for one in solved.values()] == [[-2, -5], [2, 7]]
    assert rows.groupby("scenario")["demand_qty"].sum().tolist() == [33, 49]
    served = rows.groupby("scenario")["served_qty"].sum()
    assert served["downside"] == 25  # November 8 and 2 for December, which makes 15
    assert served["upside"] == 25


SHORTAGE = table(
    "item location period short_qty late_qty short_value cause cause_code cause_period",
    "A D1 2026-12 15 0 150 resource L1 2026-12",
)
CONFLICT = table(
    "conflict family kind first_value second_value gap_value first_owner second_owner first_period last_period",
    "C1 tea target_plan 480 400 -80 Lee Sam 2026-11-01 2026-12-01",
).assign(first_period=pd.Timestamp("2026-11-01"), last_period=pd.Timestamp("2026-12-01"))
DEMAND_VALUE = table("item period demand_value", "A 2026-11 100", "A 2026-12 300")
ROLES = table(
    "family location channel demand_planner supply_planner sales_owner", "all all all Dana Sam Lee"
)


FREE = table(
    "resource period regular_hours hour_worth_value", "L1 2026-11 100 0", "L2 2026-11 100 0"
)
MADE_ON = table("resource item", "L1 A", "L2 A")


def options(shortage=SHORTAGE, conflict=CONFLICT, gap=0.0, hours=FREE, known=None) -> pd.DataFrame:
    return list_options(
        "2026-11", shortage, hours, MADE_ON, conflict, DEMAND_VALUE, ITEMS, ROLES, gap, known=known
    )


def test_decisions_come_from_facts_and_none_is_invented():
    none = options(SHORTAGE.iloc[:0], CONFLICT.iloc[:0])
    assert none.empty
    found = options()
    assert found["decision"].tolist() == ["2026-11-D1"] * 3 + ["2026-11-D2"] * 3
    assert found["change"].tolist() == [
        *("keep", "extra_shift", "no_overtime"),
        *("keep", "half_way", "as_asked"),
    ]
    assert found["scenario"].tolist()[:2] == ["base", "2026-11-D1-B"]
    assert found["lost_value"].tolist() == [150] * 3 + [80] * 3
    assert found["owner"].tolist() == ["Sam"] * 3 + ["Lee"] * 3
    assert found["rate"].iloc[-1] == 0.2


def test_a_question_keeps_its_number_when_others_are_settled():
    before = options().drop_duplicates("decision")[["decision", "kind", "subject"]]
    assert before["decision"].tolist() == ["2026-11-D1", "2026-11-D2"]
    after = options(SHORTAGE.iloc[:0], known=before)
    assert after["decision"].unique().tolist() == ["2026-11-D2"]
    # The number of a question that is gone is not given to another.
    assert options(known=before.iloc[:0])["decision"].tolist()[0] == "2026-11-D1"
    other = options(SHORTAGE.iloc[:0], known=before.assign(subject=["L1", "cola"]))
    assert other["decision"].unique().tolist() == ["2026-11-D3"]


def test_a_shortage_that_money_cannot_loosen_asks_for_no_decision():
    assert options(SHORTAGE.assign(cause="lead_time"), CONFLICT.iloc[:0]).empty


def test_a_full_resource_is_worth_a_decision_even_when_no_sale_is_lost():
    full = table(
        "resource period regular_hours hour_worth_value",
        "L1 2026-11 100 1",
        "L1 2026-12 100 5",
        "L2 2026-11 100 9",
    )
    found = options(conflict=CONFLICT.iloc[:0], hours=full).drop_duplicates("decision")
    # L1 loses sales already; L2 would save at most 20 hours x 9.
    assert found[["kind", "subject", "lost_value", "owner"]].to_numpy().tolist() == [
        ["bottleneck", "L1", 150, "Sam"],
        ["capacity", "L2", 180, "Sam"],
    ]


def test_a_gap_to_budget_asks_for_a_decision_with_the_upside_as_option():
    found = options(SHORTAGE.iloc[:0], CONFLICT.iloc[:0], gap=-50.0)
    assert found[["kind", "scenario", "lost_value"]].to_numpy().tolist() == [
        ["budget_gap", "base", 50],
        ["budget_gap", "upside", 50],
    ]


def test_options_are_solved_as_whole_plans_and_the_best_is_proposed(case, demand):
    found = options()
    solved = solve(case, demand, list_option_scenarios(found))
    # B: 2 of 10 regular hours more in December: 17 served. C: no overtime: 10 served.
    # D2 asks 20 % more tea: November makes 10 of 12, December 15 of 36: nothing more is served.
    plans = {"base": solve_case(case, demand)} | {name: one.plan for name, one in solved.items()}
    rows = pd.concat([months(name, plan) for name, plan in plans.items()])
    costs = [sum_costs(n, p.plan_cost, p.plan_service, PRICE) for n, p in plans.items()]
    terms = TABLES["purchase_term"].empty()
    decided = decide_options(found, rows, pd.concat(costs), terms, PERIODS[0])
    check_table(pd.concat(costs), TABLES["scenario_cost"])
    # An hour of overtime earns 10 - 6 - 2: B 2 units more, C 5 units less.
    by_scenario = decided.set_index(["decision", "option"])
    assert by_scenario["margin_value"].round(3).tolist() == [0, 4, -10, 0, 0, 0]
    assert by_scenario.loc[decided["recommended"].to_numpy()].index.tolist() == [
        ("2026-11-D1", "B"),
        ("2026-11-D2", "A"),
    ]
    # B departs from the plan in December: decide 30 days before.
    assert by_scenario.loc[("2026-11-D1", "B"), "due_date"] == pd.Timestamp("2026-11-01")
    check_table(decided, TABLES["decision"])
    assert decided["chance_rate"].isna().all()


@pytest.mark.parametrize(("action", "best"), [("keep", "A"), ("half_way", "B"), ("as_asked", "C")])
def test_a_target_is_proposed_as_its_conflict_advises(action, best):
    found = options(SHORTAGE.iloc[:0])
    rows = pd.concat(
        [
            table(
                "scenario period demand_qty served_qty short_qty revenue_value cost_value "
                "margin_value stock_value overtime_hours",
                f"{name} 2026-11 10 10 0 100 60 40 5 0",
            )
            for name in found["scenario"]
        ]
    )
    earned = {"base": 0, "2026-11-D1-B": 5, "2026-11-D1-C": 9}
    costs = pd.DataFrame(
        {"scenario": list(earned), "term": "revenue", "cost_value": [-v for v in earned.values()]}
    )
    advice = table("family action chance_rate", f"tea {action} 0.06").set_index("family")
    terms = TABLES["purchase_term"].empty()
    decided = decide_options(found, rows, costs, terms, PERIODS[0], advice)
    # C earns most if its demand comes; the conflict knows how likely that is.
    assert decided.loc[decided["recommended"], "option"].tolist() == [best]
    assert decided["chance_rate"].tolist() == [0.06] * 3


def test_the_demand_an_option_adds_is_told(case, demand):
    solved = solve(case, demand, list_option_scenarios(options(SHORTAGE.iloc[:0])))
    assert solved["2026-11-D1-C"].added["demand_qty"].tolist() == [2, 6]


def test_more_of_a_suppliers_limit_is_an_option():
    bought = company(
        operation=TABLES["operation"].empty(),
        resource_need=TABLES["resource_need"].empty(),
        purchase_term=table(
            "supplier item location start_date price_value lead_time_days max_qty",
            "V1 A D1 2020-01-01 6 45 20",
        ),
    )
    wanted = net_demand(AGREED, NO_LINES, NO_CLASSES, PERIODS)
    case = prepare_case(bought, wanted, PERIODS)
    found = options(SHORTAGE.assign(cause="supplier", cause_code="V1"), CONFLICT.iloc[:0])
    assert found["kind"].tolist() == ["shortage", "shortage"]
    (more,) = list_option_scenarios(found)
    assert dict(more.blocks[0]) == {
        "limit": "V1",
        "from": "2026-12",
        "to": "2026-12",
        "change": "+20 %",
    }
    solved = solve(case, wanted, [more])
    # 20 a month are sold, 45 days after the order; December's order arrives past the plan.
    assert solved["2026-11-D1-B"].case.way_limit.tolist() == [[20, 24]]


def test_an_option_that_nothing_can_be_done_with_is_no_option(case, demand):
    found = options(SHORTAGE.assign(cause="material", cause_code="A"), CONFLICT.iloc[:0])
    (more,) = list_option_scenarios(found)
    (fitted,) = fit_scenarios(case, demand, [more])
    assert fitted.is_refused
    plan = solve_case(case, demand)
    rows, costs = months("base", plan), sum_costs("base", plan.plan_cost, plan.plan_service, PRICE)
    assert decide_options(found, rows, costs, TABLES["purchase_term"].empty(), PERIODS[0]).empty


def test_stock_above_what_is_wanted_may_be_sold_off_at_the_elasticity_that_was_measured():
    uplift = table("event_kind family uplift_rate dip_rate", "promotion tea 0.6 0.2")
    events = table("event_kind discount_rate", "promotion 0.2", "promotion 0.2", "listing 0.5")
    elasticity = measure_elasticity(uplift, events)
    assert elasticity.to_dict() == {"tea": -2.0}
    excess = table("item location excess_value", "A D1 30", "A D2 20", "X D1 900")
    found = list_options(
        "2026-11", SHORTAGE.iloc[:0], FREE, MADE_ON, CONFLICT.iloc[:0], DEMAND_VALUE, ITEMS, ROLES,
        excess=excess, elasticity=elasticity,
    )  # fmt: skip
    assert found[["kind", "subject", "lost_value"]].drop_duplicates().to_numpy().tolist() == [
        ["excess", "A", 50]
    ]
    (off,) = list_option_scenarios(found)
    assert list(off.blocks[0].values()) == ["A", "2026-11", "2027-01", "-20 %", "-2"]
    unwanted = DEMAND_VALUE.assign(demand_value=0.0)
    assert list_options(
        "2026-11", SHORTAGE.iloc[:0], FREE, MADE_ON, CONFLICT.iloc[:0], unwanted, ITEMS, ROLES,
        excess=excess, elasticity=elasticity,
    ).empty  # fmt: skip


def test_scenarios_valued_together_are_as_valued_one_by_one(case, demand):
    solved = solve(case, demand, [*list_range(), *list_option_scenarios(options())])
    plan = solve_case(case, demand)
    base, cost = months("base", plan), sum_costs("base", plan.plan_cost, plan.plan_service, PRICE)
    rows, costs = value_scenarios(base, cost, solved, AGREED, RESOURCE, COST, PERIODS)
    one = solved["upside"]
    wanted = pd.concat([AGREED, one.added])
    alone = sum_result("upside", wanted, one.plan, RESOURCE, PRICE, COST, PERIODS)
    both = rows[rows["scenario"] == "upside"].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, alone, check_like=True)
    own = sum_costs("upside", one.plan.plan_cost, one.plan.plan_service, PRICE)
    shown = costs[costs["scenario"] == "upside"].reset_index(drop=True)
    pd.testing.assert_frame_equal(shown, own)
    check_table(rows, TABLES["scenario_month"])


def test_scenarios_side_by_side_show_the_change_against_the_base():
    rows = table(
        "scenario period demand_qty served_qty short_qty revenue_value margin_value stock_value overtime_hours",
        "base 2026-11 10 8 2 80 30 5 0",
        "base 2026-12 10 10 0 100 40 9 0",
        "upside 2026-11 12 8 4 80 30 5 0",
        "upside 2026-12 12 12 0 120 48 9 2",
    )
    found = compare_scenarios(rows).set_index("scenario")
    assert found["service_rate"].round(6).tolist() == [0.9, round(20 / 24, 6)]
    assert found["change_margin_value"].tolist() == [0, 8]
    assert found["stock_value"].tolist() == [9, 9]
    assert find_first_change(rows, "upside") == pd.Timestamp("2026-12-01")
    assert find_first_change(rows, "base") is None


def test_what_a_plan_earns_leaves_out_the_price_of_lost_sales():
    costs = table(
        "scenario term cost_value",
        *("base revenue -100", "base make 50", "base short 40", "base preference 1"),
        *("more revenue -130", "more make 60", "more short 10", "more overtime 15"),
    )
    assert compare_costs(costs).to_dict() == {"base": 0, "more": 5}


def test_cash_and_the_fullest_resource_are_compared_over_all_months():
    rows = table(
        "scenario period demand_qty served_qty short_qty revenue_value margin_value stock_value "
        "overtime_hours cash_value busiest load_rate",
        "base 2026-11 1 1 0 1 1 1 0 50 L1 0.8",
        "base 2026-12 1 1 0 1 1 3 0 50 L1 0.9",
        "more 2026-11 1 1 0 1 1 1 0 40 L2 1.1",
        "more 2026-12 1 1 0 1 1 5 0 65 L1 0.9",
    )
    found = compare_scenarios(rows).set_index("scenario")
    assert found["cash_low_value"].tolist() == [0, -10]
    assert found["cash_low_period"].tolist()[1] == pd.Timestamp("2026-11-01")
    assert pd.isna(found["cash_low_period"].iloc[0])
    assert found[["busiest", "load_rate"]].to_numpy().tolist() == [["L1", 0.9], ["L2", 1.1]]
    assert found["mean_stock_value"].tolist() == [2, 3]
