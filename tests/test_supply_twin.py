"""The plan by rules: hand-solved cases, and never below the cheapest plan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.solving import read_folder
from sopkit.supply import Rates, SupplyTables, check_plan, prepare_case, solve_case
from sopkit.supply.twin import compare_plans, plan_by_rules
from sopkit.supply.twin.wish import list_starts
from sopkit.tables import TABLES, check_table

TEXTBOOK = Path(__file__).parent / "textbook"


def by_rules(frames, wanted, periods, rates=FREE):
    """Return the plan by rules, checked, never below the cheapest plan."""
    bundle = tables(**frames)
    case = prepare_case(bundle, wanted, periods, rates=rates)
    twin = plan_by_rules(case, wanted)
    checks = check_plan(bundle, twin).set_index("check")
    assert checks["passed"].all(), checks
    best = solve_case(case, wanted).objective
    assert twin.objective >= best - 1e-6 * (1 + abs(best))
    return twin


def column(plan, name, item="A", location="P"):
    rows = plan.constrained_plan
    return rows.loc[(rows["item"] == item) & (rows["location"] == location), name].tolist()


def flows(plan, source, periods):
    rows = plan.plan_flow[plan.plan_flow["source"] == source].set_index("period")["flow_qty"]
    return rows.reindex(periods).fillna(0.0).tolist()


def test_what_a_month_cannot_make_is_made_in_the_month_before():
    frames = line() | {"service_class": service()}
    wanted = demand("A P 2026-01 50", "A P 2026-02 80", "A P 2026-03 160")
    plan = by_rules(frames, wanted, months(3), replace(FREE, holding_rate=0.12))
    assert column(plan, "make_qty") == [90, 100, 100]
    assert column(plan, "short_qty") == [0, 0, 0]
    assert plan.status == "plan by rules" and plan.bound is None


def test_overtime_is_worked_before_stock_that_would_cost_more():
    """An hour of overtime costs 3, a unit held for a month 12: nothing is made ahead."""
    frames = line(overtime="10") | {"service_class": service()}
    wanted = demand("A P 2026-01 50", "A P 2026-02 50", "A P 2026-03 120")
    plan = by_rules(frames, wanted, months(3), replace(FREE, holding_rate=12.0))
    assert column(plan, "make_qty") == [50, 60, 110]
    assert plan.plan_resource["overtime_used_hours"].tolist() == [0, 0, 10]


def test_the_first_rank_is_served_first_and_the_last_one_loses():
    frames = line() | {
        "service_class": table(
            "customer priority late_rate lost_sale_rate late_months", "K 1 0.1 1 0", "X 2 0.1 1 0"
        )
    }
    rows = [("K", 1, 70.0, "forecast"), ("X", 2, 60.0, "forecast"), ("X", 2, 15.0, "overdue")]
    wanted = pd.DataFrame(rows, columns=["customer", "priority", "demand_qty", "demand_class"])
    wanted = wanted.assign(item="A", location="P", period=pd.Timestamp("2026-01-01"))
    plan = by_rules(frames, wanted, months(1))
    lost = plan.plan_service.set_index(["customer", "demand_class"])["short_qty"]
    assert lost.to_dict() == {("K", "forecast"): 0, ("X", "forecast"): 45, ("X", "overdue"): 0}


def test_those_of_one_rank_share_a_shortage():
    frames = line() | {"service_class": service()}
    frames["operation"] = table("operation item location unit_cost_value", "oA A P 4", "oB B P 4")
    frames["resource_need"] = table("operation resource hours_per_unit", "oA L 1", "oB L 1")
    frames["price"] = table("item price_value", "A 100", "B 100")
    plan = by_rules(frames, demand("A P 2026-01 150", "B P 2026-01 50"), months(1))
    assert column(plan, "make_qty", "A") == [75] and column(plan, "make_qty", "B") == [25]


def test_the_next_way_is_taken_where_the_cheapest_is_full():
    frames = {
        "purchase_term": table("supplier item price_value max_qty", "S A 1 30", "T A 2 -"),
        "price": table("item price_value", "A 100"),
        "service_class": service(),
    }
    wanted = demand("A P 2026-01 50", "A P 2026-02 20")
    plan = by_rules(frames, wanted, months(2), replace(FREE, holding_rate=24.0))
    assert flows(plan, "S", months(2)) == [30, 20] and flows(plan, "T", months(2)) == [20, 0]


def test_a_part_that_is_short_at_one_plant_sends_the_rest_to_the_other():
    """Q is cheaper, but its caps end after 30 units; the other 20 come from R."""
    frames = {
        "operation": table("operation item location unit_cost_value", "q A Q 4", "r A R 6"),
        "bom": table("item component component_qty", "A cap 1"),
        "purchase_term": table("supplier item location price_value max_qty", "S cap all 1 30"),
        "lane": table("from_location to_location item", "Q P A", "R P A"),
        "price": table("item price_value", "A 100"),
        "service_class": service(),
    }
    plan = by_rules(frames, demand("A P 2026-01 50"), months(1))
    assert flows(plan, "q", months(1)) == [30] and flows(plan, "r", months(1)) == [20]
    assert column(plan, "short_qty") == [0]


def test_what_is_too_late_to_make_is_served_late_where_that_is_accepted():
    frames = line() | {"service_class": service(late_months=1)}
    plan = by_rules(frames, demand("A P 2026-01 130"), months(2))
    assert column(plan, "make_qty") == [100, 30]
    assert plan.plan_service[["on_time_qty", "late_qty", "short_qty"]].iloc[0].tolist() == [
        100,
        30,
        0,
    ]


def test_no_parts_are_bought_for_what_cannot_be_made():
    frames = line() | {
        "bom": table("item component component_qty", "A cap 2"),
        "purchase_term": table("supplier item location price_value", "S cap P 1"),
        "service_class": service(),
    }
    plan = by_rules(frames, demand("A P 2026-01 130"), months(1))
    assert column(plan, "buy_qty", "cap") == [200]


def test_what_costs_more_than_its_loss_is_not_made():
    frames = line() | {"service_class": service(lost=0.03)}
    plan = by_rules(frames, demand("A P 2026-01 10"), months(1))
    assert plan.plan_flow.empty and column(plan, "short_qty") == [10]


def test_stock_is_brought_to_its_target_after_all_demand():
    frames = line() | {"service_class": service()}
    frames["stock_target"] = table(
        "item location period safety_stock_qty cycle_stock_qty protection_months basis",
        *[f"A P 2026-0{month} 30 0 1 error" for month in (1, 2)],
    )
    rates = replace(FREE, below_target_rate=0.05, deep_target_rate=0.08)
    plan = by_rules(frames, demand("A P 2026-01 90", "A P 2026-02 60"), months(2), rates)
    assert column(plan, "closing_qty") == [10, 30] and column(plan, "short_qty") == [0, 0]


def test_the_released_plan_is_kept_and_nothing_new_is_started_inside_the_fence():
    frames = line() | {"service_class": service()}
    frames["operation"] = table(
        "operation item location unit_cost_value frozen_days", "opA A P 4 31"
    )
    frames["released_plan"] = table(
        "flow_kind item location source period flow_qty", "make A P opA 2026-01 40"
    )
    plan = by_rules(frames, demand("A P 2026-01 60", "A P 2026-02 10"), months(2))
    assert column(plan, "make_qty") == [40, 10] and column(plan, "short_qty") == [20, 0]


def test_heads_stay_as_they_are_at_the_start():
    frames = line(hours="900") | {"service_class": service()}
    frames["workforce"] = table(
        "resource heads hours_per_head head_value hire_value", "L 2 40 100 1"
    )
    plan = by_rules(frames, demand("A P 2026-01 100"), months(1))
    assert column(plan, "make_qty") == [80]
    assert plan.plan_people["heads"].tolist() == [2]


def test_nothing_is_made_ahead_where_stock_may_not_be_held():
    frames = line() | {"service_class": service()}
    frames["stock_policy"] = table("item location max_qty", "A P 0")
    plan = by_rules(frames, demand("A P 2026-01 50", "A P 2026-02 130"), months(2))
    assert column(plan, "make_qty") == [50, 100] and column(plan, "short_qty") == [0, 30]


def test_agreed_shares_and_shelf_life_are_kept():
    frames = line() | {"service_class": service()}
    frames["item"] = table("item shelf_life_days", "A 30.4")
    frames["purchase_term"] = table(
        "supplier item location price_value min_share_rate", "S cap P 1 0", "T cap P 2 0.3"
    )
    frames["bom"] = table("item component component_qty", "A cap 1")
    frames["opening_stock"] = table(
        "item location batch expiry_date on_hand_qty", "A P b1 2026-01-31 30"
    )
    wanted = demand("A P 2026-01 10", "A P 2026-02 10", "A P 2026-03 150")
    plan = by_rules(frames, wanted, months(3))
    assert column(plan, "expired_qty")[0] == pytest.approx(20)
    bought = plan.plan_flow.groupby("source")["flow_qty"].sum()
    assert bought["T"] >= 0.3 * (bought["S"] + bought["T"]) - 1e-6


@pytest.mark.parametrize("name", ["red_tomato", "factory_planning"])
def test_textbook_cases_cost_no_less_by_rules(name):
    frames = read_folder(TEXTBOOK / name)
    settings = yaml.safe_load((TEXTBOOK / name / "settings.yaml").read_text(encoding="utf-8"))
    wanted = frames["net_demand"]
    periods = pd.DatetimeIndex(sorted(wanted["period"].unique()), name="period")
    bundle = SupplyTables.collect(frames)
    case = prepare_case(bundle, wanted, periods, rates=Rates(**settings))
    twin, plan = plan_by_rules(case, wanted), solve_case(case, wanted)
    assert check_plan(bundle, twin)["passed"].all()
    assert twin.objective >= plan.objective - 1e-6


@pytest.mark.parametrize("seed", range(601, 609))
def test_random_companies_cost_no_less_by_rules(seed):
    bundle, wanted, periods = random_company(seed)
    case = prepare_case(bundle, wanted, periods, rates=(Rates(), FREE)[seed % 2])
    twin, plan = plan_by_rules(case, wanted), solve_case(case, wanted)
    checks = check_plan(bundle, twin)
    assert checks["passed"].all(), checks.to_string()
    assert twin.objective >= plan.objective - 1e-6 * abs(plan.objective)
    assert twin.objective <= 2.0 * plan.objective


def test_both_plans_stand_side_by_side_term_by_term():
    bundle, wanted, periods = random_company(613)
    case = prepare_case(bundle, wanted, periods)
    plan, twin = solve_case(case, wanted), plan_by_rules(case, wanted)
    rows = compare_plans(plan, twin)
    check_table(rows, TABLES["plan_compare"])
    sums = rows.groupby("plan")["cost_value"].sum()
    assert sums["optimal"] == pytest.approx(plan.objective)
    assert sums["rules"] == pytest.approx(twin.objective)


def test_the_same_input_gives_the_same_plan():
    bundle, wanted, periods = random_company(614)
    case = prepare_case(bundle, wanted, periods)
    one, other = plan_by_rules(case, wanted), plan_by_rules(case, wanted)
    pd.testing.assert_frame_equal(one.plan_flow, other.plan_flow)


@pytest.mark.parametrize("lead", [0, 1])
@pytest.mark.parametrize("late", [0.0, 0.2, 0.5, 0.9])
def test_what_is_started_in_time_never_falls_behind(lead, late):
    """After the first month that can be reached, arrivals keep up with any needs."""
    draw = np.random.default_rng(615)
    need = draw.uniform(0, 10, (5, 12)) * (draw.random((5, 12)) < 0.6)
    need[:, : lead + 1] = 0.0
    starts = list_starts(need, np.full(5, lead), np.full(5, late))
    padded = np.hstack([np.zeros((5, lead + 1)), starts])
    arrived = (1 - late) * padded[:, 1 : 1 + 12] + late * padded[:, :12]
    assert (starts >= 0).all()
    assert (arrived.cumsum(axis=1) >= need.cumsum(axis=1) - 1e-9).all()
