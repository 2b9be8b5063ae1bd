"""Sales targets assessed: on a company of one line by hand, and the demo company's planted lag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.demo import DEMO_SEED, planted_truth
from sopkit.sources import read_mapping, read_tables
from sopkit.supply import SupplyTables, prepare_case, solve_case
from sopkit.supply.assess import assess_target
from sopkit.supply.whatif import Change

ROOT = Path(__file__).parents[1]
JANUARY, FEBRUARY, MARCH = (pd.Timestamp(f"2026-0{n}-01") for n in (1, 2, 3))


def ask(target: Change, **frames):
    """80 units a month are made in an hour each on a line of 100 hours and 20 of overtime.

    A unit costs 0.12 to hold for a month.
    """
    given = {**line(overtime="20"), "service_class": service(), **frames}
    wanted = demand("A P 2026-01 80", "A P 2026-02 80", "A P 2026-03 80")
    case = prepare_case(tables(**given), wanted, months(3), rates=replace(FREE, holding_rate=0.12))
    return assess_target(case, wanted, solve_case(case, wanted), [target])


def test_a_target_within_the_hours_is_feasible_and_costs_what_it_takes():
    # 20 more at 4 each, sold at 100.
    found = ask(Change("demand", "item", "A", FEBRUARY, FEBRUARY, 0.25))
    assert (found.verdict, found.served_rate, found.on_time_rate) == ("yes", 1.0, 1.0)
    assert found.extra_cost == pytest.approx(80)
    assert found.unit_cost == pytest.approx(4)
    assert found.gain == pytest.approx(20 * 100 - 80)
    assert found.breaks.empty
    assert found.load.empty
    assert found.reliefs.empty
    assert found.months[["extra_qty", "on_time_qty", "served_rate"]].to_numpy().tolist() == [
        [20, 20, 1]
    ]


def test_a_target_beyond_the_hours_is_served_in_part():
    # March wants 160 more: 20 spare hours in each of three months and 20 of overtime each are 120,
    # of which 40 wait two months and 40 one.
    found = ask(Change("demand", "item", "A", MARCH, MARCH, 2.0))
    assert found.verdict == "partly"
    assert found.served_rate == pytest.approx(0.75)
    assert found.months[["on_time_qty", "short_qty", "lost_value"]].to_numpy().tolist() == [
        [120, 40, 4000]
    ]
    assert found.lost_value == pytest.approx(4000)
    assert found.extra_cost == pytest.approx(120 * 4 + 60 * 3 + 120 * 0.12)
    assert found.gain == pytest.approx(120 * 100 - 674.4)
    breaks = found.breaks.iloc[0]
    assert breaks[["cause", "cause_code", "short_qty"]].tolist() == ["resource", "L", 40]
    assert found.load[
        ["resource", "period", "limit_hours", "missing_hours"]
    ].to_numpy().tolist() == [["L", MARCH, 120, 120]]


def test_an_extra_shift_takes_thirty_days_and_is_solved_anew():
    # A fifth of 100 hours more in March, paid as overtime: 20 units at 4 + 3, sold at 100.
    found = ask(Change("demand", "item", "A", MARCH, MARCH, 2.0))
    relief = found.reliefs.iloc[0]
    assert relief[["relief", "code", "lead_days"]].tolist() == ["extra_shift", "L", 30]
    assert relief[["first_period", "last_period"]].tolist() == [MARCH, MARCH]
    assert relief["decide_date"] == pd.Timestamp("2026-01-30")
    assert relief["served_value"] == pytest.approx(2000)
    assert relief["gain_value"] == pytest.approx(20 * (100 - 7))


def test_nothing_can_be_served_of_a_target_that_every_hour_is_already_used_for():
    wanted = demand("A P 2026-01 120", "A P 2026-02 120", "A P 2026-03 120")
    given = {**line(overtime="20"), "service_class": service()}
    case = prepare_case(tables(**given), wanted, months(3), rates=FREE)
    target = Change("demand", "item", "A", FEBRUARY, FEBRUARY, 0.1)
    found = assess_target(case, wanted, solve_case(case, wanted), [target])
    assert found.verdict == "no"
    assert found.decide_date is None
    assert pd.isna(found.unit_cost)


def bought(days: float, **frames):
    given = {
        "purchase_term": table(
            "supplier item location price_value lead_time_days", f"V A P 5 {days}"
        ),
        "price": table("item price_value", "A 100"),
        "cost": table("item unit_cost_value", "A 12"),
        "opening_stock": table("item location status on_hand_qty", "A P free 1000"),
        "service_class": service(),
    }
    wanted = demand(*[f"A P {month:%Y-%m} 200" for month in months(6)])
    case = prepare_case(tables(**{**given, **frames}), wanted, months(6))
    target = Change("demand", "item", "A", months(6)[4], months(6)[4], 0.5)
    return assess_target(case, wanted, solve_case(case, wanted), [target])


def test_the_last_day_to_decide_is_the_month_of_arrival_less_the_lead_time():
    # May wants 100 more than the stock that lasts until then. Ordered in April they arrive in
    # May, a month (30.4 days) later: decided 31 days before May 1.
    found = bought(30.4)
    assert found.verdict == "yes"
    assert found.decide_date == pd.Timestamp("2026-03-31")
    action = found.actions.iloc[0]
    assert action[["action", "code", "lead_days", "amount_qty"]].tolist() == ["buy", "V", 30.4, 100]
    assert action["period"] == pd.Timestamp("2026-05-01")


def test_a_fence_longer_than_the_lead_time_sets_the_day():
    term = table("supplier item location price_value lead_time_days frozen_days", "V A P 5 30.4 45")
    found = bought(30.4, purchase_term=term)
    assert found.decide_date == pd.Timestamp("2026-03-17")


def test_a_target_that_pushes_others_out_says_whom():
    # B sells at 20 and A at 100: 10 more of A in January take the hours of 10 B.
    made = line(hours="100", count=1)
    made["operation"] = table("operation item location unit_cost_value", "opA A P 4", "opB B P 4")
    made["resource_need"] = table("operation resource hours_per_unit", "opA L 1", "opB L 1")
    made["price"] = table("item price_value", "A 100", "B 20")
    wanted = demand("A P 2026-01 50", "B P 2026-01 50")
    case = prepare_case(tables(**made, service_class=service()), wanted, months(1), rates=FREE)
    plan = solve_case(case, wanted)
    found = assess_target(
        case, wanted, plan, [Change("demand", "item", "A", JANUARY, JANUARY, 0.2)]
    )
    assert found.displaced[["item", "short_qty", "short_value"]].to_numpy().tolist() == [
        ["B", 10, 200]
    ]
    assert found.months["on_time_qty"].tolist() == [10]
    assert found.served_rate == pytest.approx(1 - 200 / 1000)
    assert found.gain == pytest.approx(10 * 100 - 10 * 20)


@pytest.fixture(scope="module")
def clearspring():
    """The demo company against what its customers are expected to want, 14 months."""
    periods = pd.date_range("2026-11-01", periods=14, freq="MS", name="period")
    mapping = read_mapping(ROOT / "params/mapping/demo.yaml")
    loaded = read_tables(mapping, ROOT / "data/demo", periods[0], pd.Timestamp("2026-10-31"))
    made = SupplyTables.collect(loaded.tables)
    truth = planted_truth(DEMO_SEED)["demand"]
    wanted = truth[truth["period"].isin(periods) & (truth["expected_qty"] > 0)]
    wanted = wanted.rename(columns={"expected_qty": "demand_qty"})
    wanted = wanted.assign(demand_class="forecast", priority=2).reset_index(drop=True)
    names = ["item", "location", "customer", "period", "demand_class", "demand_qty", "priority"]
    case = prepare_case(made, wanted[names], periods)
    return case, wanted[names], solve_case(case, wanted[names])


@pytest.mark.slow
def test_the_planted_capacity_lag_is_found_with_its_months_and_hours(clearspring):
    """Sparkling tea is filled on PET line 2 alone. Its rebuild takes most of February to April,
    the gain of 25 % comes in September, four months after the target of + 20 % begins.

    Hours by hand: working days (Monday to Saturday less holidays) x 2 shifts x 8 hours x 0.76,
    less planned upkeep; overtime 4 Sundays x 16 hours x 0.76 x 0.9 = 44 (none while rebuilding).
    """
    case, wanted, plan = clearspring
    first, last = pd.Timestamp("2027-05-01"), pd.Timestamp("2027-12-01")
    target = Change("demand", "family", "STEA", first, last, 0.20)
    found = assess_target(case, wanted, plan, [target])

    hours = {
        "2027-05": 23 * 16 * 0.76 - 8 + 44,
        "2027-06": 25 * 16 * 0.76 - 8 + 44,
        "2027-07": 27 * 16 * 0.76 - 8 + 44,
        "2027-08": 26 * 16 * 0.76 - 8 + 44,
    }
    load = found.load[(found.load["resource"] == "PET2") & (found.load["period"] >= first)]
    load = load.assign(month=load["period"].dt.strftime("%Y-%m")).set_index("month")
    assert load.index.tolist()[:4] == list(hours)
    assert load["limit_hours"].head(4).tolist() == pytest.approx(list(hours.values()))
    assert "2027-09" not in load.index  # 25 days x 16 x 0.95 - 8 + 55: the line has its gain

    # The target asks a fifth more of the hours that sparkling tea takes: 660 ml-lines an hour.
    tea = wanted[wanted["item"].isin(case.tables.item.query("family == 'STEA'")["item"])]
    july = tea.loc[tea["period"] == pd.Timestamp("2027-07-01"), "demand_qty"].sum()
    per_unit = (1 / 610 + 0.75 / 15_000) / 0.99
    asked = load.loc["2027-07", "after_hours"] - load.loc["2027-07", "before_hours"]
    assert asked == pytest.approx(0.20 * july * per_unit, rel=0.03)

    assert found.verdict == "partly"
    worst = found.breaks.iloc[0]
    assert worst[["cause", "cause_code"]].tolist() == ["resource", "PET2"]
    late = found.months.set_index("period")["late_qty"]
    assert late.idxmax() == pd.Timestamp("2027-08-01")  # built ahead until the last month without
    assert late[late.index < pd.Timestamp("2027-08-01")].max() < 1
    assert found.reliefs.iloc[0][["relief", "code"]].tolist() == ["extra_shift", "PET2"]
    assert found.decide_date < first
