"""KPI of orders, stock, money, capacity and the cycle, each on numbers one can check."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.kpi import (
    REGISTRY,
    blank_kpi,
    join_measured,
    measure_at_risk,
    measure_backlog,
    measure_budget_gap,
    measure_carrying_cost,
    measure_cycle_time,
    measure_fulfilment,
    measure_hit_rate,
    measure_margin_rate,
    measure_otif,
    measure_overload,
    measure_period_of_cover,
    measure_stability,
    measure_supply_cost,
    measure_touchless_share,
    measure_tracking,
    measure_unit_fill,
    measure_utilisation,
    measure_value_added,
)
from sopkit.tables import TABLES

OCTOBER, NOVEMBER = pd.Timestamp("2026-10-01"), pd.Timestamp("2026-11-01")
HEAD = (
    "order line item location customer order_date requested_date promised_date shipped_date "
    "ordered_qty shipped_qty cancelled_qty"
)
LINES = table(
    HEAD,
    "S1 1 A D1 all 2026-09-29 2026-10-01 2026-10-02 2026-10-01 10 10 0",
    "S1 2 A D1 all 2026-09-29 2026-10-02 2026-10-04 2026-10-03 10 10 0",
    "S2 1 A D1 all 2026-10-01 2026-10-05 - 2026-10-05 10 6 0",
    "S3 1 A D1 all 2026-10-01 2026-10-09 2026-10-09 2026-10-10 10 10 0",
    "S4 1 A D1 all 2026-10-01 2026-11-09 2026-11-09 - 10 0 0",
)


def one(values: pd.DataFrame, kpi: str = "") -> tuple[float, int]:
    rows = values[(values["period"] == OCTOBER) & ((values["kpi"] == kpi) | (kpi == ""))]
    assert len(rows) == 1
    return round(float(rows["kpi_number"].iloc[0]), 6), int(rows["n"].iloc[0])


def test_otif_by_line_and_order_against_request_and_first_promise():
    assert one(measure_otif(LINES, OCTOBER)) == (0.25, 4)
    assert one(measure_otif(LINES, OCTOBER, by_order=True)) == (0, 3)
    assert one(measure_otif(LINES, OCTOBER, promised=True)) == (round(2 / 3, 6), 3)
    assert one(measure_otif(LINES, OCTOBER, promised=True, by_order=True)) == (0.5, 2)
    assert one(measure_otif(LINES, OCTOBER, tolerance_days=1)) == (0.75, 4)
    assert measure_otif(LINES, OCTOBER, by_order=True)["level"].tolist() == ["order"]
    unpromised = measure_otif(LINES.assign(promised_date=pd.NaT), OCTOBER, promised=True)
    assert unpromised["why_blank"].tolist() == ["no_promises"]


def test_fill_fulfilment_cycle_time_and_backlog():
    assert one(measure_unit_fill(LINES, OCTOBER)) == (0.4, 4)  # 10 + 6 of 40
    assert one(measure_fulfilment(LINES, OCTOBER)) == (round(2 / 3, 6), 3)
    times = measure_cycle_time(LINES, OCTOBER)
    assert one(times, "cycle_time") == (4, 3)  # 2, 4 and 9 days
    assert one(times, "cycle_time_p90") == (8, 3)
    assert one(measure_backlog(LINES, OCTOBER)) == (4, 1)


def test_without_order_lines_every_measure_says_so():
    none = LINES.iloc[:0]
    for measure in (
        measure_otif,
        measure_unit_fill,
        measure_fulfilment,
        measure_cycle_time,
        measure_backlog,
    ):
        assert set(measure(none, OCTOBER)["why_blank"]) == {"no_order_lines"}


def test_period_of_cover_uses_up_the_stock_month_by_month():
    months = pd.date_range(NOVEMBER, periods=3, freq="MS")
    demand = pd.Series([50.0, 40.0, 40.0], index=months)
    assert one(measure_period_of_cover(pd.Series({OCTOBER: 100.0}), demand, OCTOBER)) == (68.4, 3)
    much = measure_period_of_cover(pd.Series({OCTOBER: 999.0}), demand, OCTOBER)
    assert much["why_blank"].tolist() == ["no_demand"]
    none = measure_period_of_cover(pd.Series(dtype=float), demand, OCTOBER)
    assert none["why_blank"].tolist() == ["no_stock"]


def test_costs_and_margin():
    assert one(measure_carrying_cost(pd.Series({OCTOBER: 600.0}), 0.2, OCTOBER)) == (10, 1)
    costs = table(
        "scenario term cost_value",
        "base revenue -100",
        "base make 60",
        "base buy 10",
        "base late 5",
        "upside make 999",
    )
    assert one(measure_supply_cost(costs, OCTOBER)) == (0.7, 2)
    assert measure_supply_cost(costs.iloc[:0], OCTOBER)["why_blank"].tolist() == ["no_plan_cost"]
    seen = table(
        "period revenue_value cost_value return_value source",
        "2026-10 100 60 10 actual",
        "2026-11 100 99 0 plan",
    )
    cost = pd.DataFrame({"item": ["A"]})
    assert one(measure_margin_rate(seen, cost, OCTOBER)) == (0.3, 1)
    assert measure_margin_rate(seen, cost.iloc[:0], OCTOBER)["why_blank"].tolist() == ["no_cost"]


def test_capacity_risk_and_gap():
    hours = table(
        "resource period load_hours regular_hours overtime_hours",
        "L1 2026-11 90 100 20",
        "L1 2027-06 999 1 1",
    )
    used = measure_utilisation(hours, NOVEMBER)
    assert one(used, "utilisation") == (0.9, 1)
    assert one(used, "utilisation_overtime") == (0.75, 1)
    assert set(measure_utilisation(hours.iloc[:0], NOVEMBER)["why_blank"]) == {"no_capacity"}
    load = table("resource period overload_rate", "L1 2026-11 0.2", "L2 2026-12 0.6")
    assert one(measure_overload(load, NOVEMBER)) == (0.6, 2)
    plan = table("demand_value revenue_value short_qty", "100 90 1", "50 50 0")
    assert one(measure_at_risk(plan, OCTOBER)) == (10, 1)
    years = table("fiscal_year gap_rate month_count", "2026 -0.02 12", "2027 0.1 12")
    assert one(measure_budget_gap(years, OCTOBER)) == (-0.02, 12)
    assert measure_budget_gap(years.iloc[:0], OCTOBER)["why_blank"].tolist() == ["no_budget"]


def test_forecast_measures_of_people_and_steadiness():
    demand = table(
        "item location customer period demand_qty override_qty",
        "A D1 all 2026-11 110 10",
        "B D1 all 2026-11 80 0",
        "C D1 all 2026-11 50 -",
    )
    assert one(measure_touchless_share(demand, OCTOBER)) == (round(2 / 3, 6), 3)
    past = demand.assign(demand_qty=[100.0, 100.0, 0.0])
    assert one(measure_stability(demand, past, NOVEMBER)) == (0.4, 3)  # 10 + 20 + 50 of 200
    assert measure_stability(demand, past.iloc[:0], NOVEMBER)["why_blank"].tolist() == [
        "second_cycle"
    ]
    earlier = table(
        "cycle item location customer period demand_qty override_qty",
        "2026-10 A D1 all 2026-10 110 10",
        "2026-10 B D1 all 2026-10 90 -10",
        "2026-10 C D1 all 2026-10 50 0",
    )
    history = table(
        "item location customer period actual_qty",
        "A D1 all 2026-10 120",
        "B D1 all 2026-10 120",
        "C D1 all 2026-10 50",
    )
    assert one(measure_hit_rate(earlier, history, OCTOBER)) == (0.5, 2)
    none = measure_hit_rate(earlier.assign(override_qty=0.0), history, OCTOBER)
    assert none["why_blank"].tolist() == ["no_overrides"]


def test_tracking_and_value_added_come_from_the_cells():
    months = pd.date_range("2026-05-01", OCTOBER, freq="MS")
    lean = pd.DataFrame({"item": "A", "period": months, "forecast_qty": 12.0})
    calm = pd.DataFrame({"item": "B", "period": months, "forecast_qty": [8.0, 12.0] * 3})
    cells = pd.concat([lean, calm]).assign(location="D1", lag=1, actual_qty=10.0, naive_qty=15.0)
    assert one(measure_tracking(cells, 1, OCTOBER)) == (0.5, 2)
    few = measure_tracking(cells[cells["period"] > "2026-06-01"], 1, OCTOBER)
    assert few["why_blank"].tolist() == ["few_months"]
    assert one(measure_value_added(cells, 1, OCTOBER)) == (0.3, 12)  # 0.5 - 0.2


def test_every_kpi_has_a_value_or_the_reason_why_not():
    values = join_measured(blank_kpi("otif", OCTOBER, "no_order_lines"), period=OCTOBER)
    assert set(values["kpi"]) == set(REGISTRY)
    assert values["why_blank"].notna().all()
    assert not set(values) - {column.name for column in TABLES["kpi_value"].columns}
    assert pytest.approx(0) == values["n"].sum()
