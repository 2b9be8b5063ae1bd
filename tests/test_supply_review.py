import pandas as pd
from builders import table
from supply_cases import demand, line, months, service, tables

from sopkit.supply import (
    explain_shortages,
    prepare_case,
    rank_flows,
    rate_loads,
    solve_case,
    sum_causes,
    sum_hits,
    sum_months,
    sum_paid,
    sum_resources,
    sum_service,
)

LOAD = table(
    "resource period load_hours regular_hours overtime_hours",
    "L 2026-01 90 100 20",
    "L 2026-02 110 100 20",
    "L 2026-03 130 100 20",
    "K 2026-01 5 0 0",
)
ITEMS = table("item family sellable", "A tea 1", "B tea 0").astype({"sellable": bool})


def short_plan():
    wanted = demand("A P 2026-01 130", "A P 2026-02 40")
    case = prepare_case(tables(**line(), service_class=service()), wanted, months(3))
    return case, solve_case(case, wanted)


def test_load_is_judged_against_regular_hours_and_overtime():
    rows = rate_loads(LOAD)
    assert rows["state"].tolist() == ["fits", "overtime", "over", "over"]
    assert rows["load_rate"].head(3).tolist() == [0.9, 1.1, 1.3]
    assert pd.isna(rows["load_rate"].iloc[3])


def test_hours_within_the_solvers_tolerance_fit():
    assert rate_loads(LOAD.assign(load_hours=120.0000001))["state"].tolist()[:3] == ["overtime"] * 3


def test_resources_are_summed_before_and_after_planning():
    _, plan = short_plan()
    rows = sum_resources(rate_loads(LOAD[LOAD["resource"] == "L"]), rate_loads(plan.plan_resource))
    row = rows.iloc[0]
    assert row[["resource", "months_over", "peak_rate"]].tolist() == ["L", 1, 1.3]
    assert row["peak_period"] == pd.Timestamp("2026-03-01")
    assert row["load_rate"] == 140 / 300
    assert row["worth_period"] == pd.Timestamp("2026-01-01")


def test_causes_and_the_items_they_hit_are_summed():
    case, plan = short_plan()
    shortage = explain_shortages(case, plan)
    causes = sum_causes(shortage)
    assert causes.loc[0, ["cause", "cause_code", "short_qty", "short_value", "item"]].tolist() == [
        "resource",
        "L",
        30,
        3000,
        "A",
    ]
    assert sum_hits(shortage)[["item", "short_qty"]].to_numpy().tolist() == [["A", 30]]
    assert sum_causes(shortage.iloc[:0]).empty


def test_months_families_money_and_flows_are_summed():
    _, plan = short_plan()
    rows = sum_months(plan, ITEMS)
    assert rows[["supply_qty", "demand_qty", "served_qty"]].iloc[0].tolist() == [100, 130, 100]
    family = sum_service(plan, ITEMS).iloc[0]
    assert family[["family", "demand_qty", "on_time_qty", "short_qty"]].tolist() == [
        "tea",
        170,
        140,
        30,
    ]
    paid = sum_paid(plan)
    assert paid["make"] == 140 * 4 and "short" not in paid.index
    assert rank_flows(plan, months(1)[0])[["item", "flow_qty"]].to_numpy().tolist() == [["A", 100]]


def test_costs_by_month_sum_to_the_plans_cost_and_cut_with_it():
    _, plan = short_plan()
    terms = plan.month_cost.groupby("term")["cost_value"].sum()
    cost = plan.plan_cost.set_index("term")["cost_value"]
    pd.testing.assert_series_equal(terms.sort_index(), cost.sort_index(), check_names=False)
    first = plan.within(months(1))
    assert sum_paid(first)["make"] == 400
    assert set(first.constrained_plan["period"]) == set(months(1))
    assert first.objective == plan.objective
