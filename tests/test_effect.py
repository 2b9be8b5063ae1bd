"""What decisions brought: small companies whose two histories can be written down by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from builders import table

from sopkit.scenario.effect import (
    Side,
    collect_known,
    list_known_forecasts,
    list_sides,
    measure_decisions,
    simulate,
    undo,
)
from sopkit.supply import Change, Rates
from sopkit.tables import TABLES, fit_columns

MONTHS = pd.date_range("2026-05-01", "2026-08-01", freq="MS", name="period")
FREE = Rates(
    holding_rate=1e-6, below_target_rate=0.0, deep_target_rate=0.0, fair_share_rate=0.0,
    preference_rate=0.0,
)  # fmt: skip


def fit(name, frame):
    return fit_columns(frame, TABLES[name])


def company(forecast=100, actual=100, hours=80, stock=0, price=10, streams=(), **more):
    """Item A is made on line L at an hour and 4 of money a unit, and sold at 10; 80 hours."""
    given = {
        "item": table("item family base_unit sellable", "A F unit True"),
        "operation": table("operation item location unit_cost_value yield_rate", "A-L A P 4 1"),
        "resource": table("resource location hour_value overtime_value", "L P 0 2"),
        "resource_need": table("operation resource hours_per_unit", "A-L L 1"),
        "capacity": pd.DataFrame(
            {"resource": "L", "period": pd.date_range("2026-05-01", periods=12, freq="MS"),
             "regular_hours": hours, "overtime_hours": 0.0}
        ),
        "service_class": table("customer late_months late_rate lost_sale_rate", "all 0 0 1"),
        "cost": table("item unit_cost_value start_date", "A 4 2026-01-01"),
        **more,
    }  # fmt: skip
    given = {name: fit(name, frame) for name, frame in given.items()}
    actuals = actual if isinstance(actual, list) else [actual] * len(MONTHS)
    history = pd.DataFrame(
        {
            "item": "A",
            "location": "P",
            "customer": "K",
            "period": MONTHS,
            "actual_qty": actuals,
            "revenue_value": [price * q for q in actuals],
        }
    )
    wanted = forecast if isinstance(forecast, list) else [forecast] * len(MONTHS)
    expected = dict(zip(MONTHS, wanted, strict=True))
    said = [
        {"cycle": f"{month:%Y-%m}", "item": "A", "location": "P", "customer": "all",
         "period": later, "demand_qty": expected.get(later, wanted[-1])}
        for month in MONTHS
        for later in pd.date_range(month, periods=3, freq="MS")
    ]  # fmt: skip
    plan = pd.DataFrame(said)
    if streams:
        rows = [
            plan.rename(columns={"demand_qty": "forecast_qty"}).assign(
                stream=name, forecast_qty=float(qty), family="all", owner="x"
            )
            for name, qty in streams
        ]
        forecasts = list_known_forecasts(plan.iloc[:0], plan.iloc[:0], pd.concat(rows))
    else:
        forecasts = list_known_forecasts(
            plan,
            plan.iloc[:0],
            fit("forecast_stream", plan.iloc[:0].assign(stream="", forecast_qty=0.0, family="all")),
        )
    ends = MONTHS - pd.DateOffset(months=1)
    before = pd.DataFrame(
        {"item": "A", "location": "P", "period": ends, "closing_qty": float(stock)}
    )
    return collect_known(
        given, history, fit("stock_history", before), TABLES["stock_target"].empty(), forecasts
    )


def decided(diff, status="done", due="2026-04-30", **more):
    row = {
        "decision": "D1",
        "cycle": "2026-04",
        "title": "t",
        "owner": "o",
        "status": status,
        "due_date": pd.Timestamp(due),
        "expected_value": 400.0,
        "diff": diff,
        **more,
    }
    return fit("past_decision", pd.DataFrame([row]))


def effect(known, diff, **more):
    return measure_decisions(decided(diff, **more), known, rates=FREE).iloc[0]


HOURS = "- capacity: L\n  from: 2026-05\n  to: 2026-08\n  change: +20 hours\n"


def test_more_hours_bring_the_margin_of_what_they_sold():
    # demand 100 a month; the books show 80 hours, 20 of them decided: 60 without
    found = effect(company(hours=80), HOURS)
    assert found["realised_value"] == pytest.approx(4 * 20 * (10 - 4))
    assert found["revenue_value"] == pytest.approx(4 * 20 * 10)
    assert found["cost_value"] == pytest.approx(4 * 20 * 4)
    assert found["service_rate"] == pytest.approx(0.2)
    assert (found["month_count"], found["expected_value"]) == (4, 400.0)


def test_hours_that_nobody_needed_brought_nothing():
    assert effect(company(hours=200), HOURS)["realised_value"] == pytest.approx(0, abs=0.01)


def test_months_are_planned_from_the_forecast_of_then_not_from_what_came():
    # forecast 50, actual 100, 80 hours: only 50 are made, so ten more hours change nothing
    found = effect(company(forecast=50, hours=80), HOURS)
    assert found["realised_value"] == pytest.approx(0, abs=0.01)


def test_stock_left_over_is_worth_what_it_cost():
    # forecast 100, actual 50: 80 against 60 made in May leave 30 and 10; later months need less
    known = company(forecast=100, actual=50, hours=80)
    with_it, without = simulate(
        known, MONTHS, list_sides([{"capacity": "L", "from": "2026-05", "to": "2026-08",
                                    "change": "+20 hours"}], known.tables, MONTHS, "D1"),
        rates=FREE,
    )  # fmt: skip
    assert with_it["stock_value"].iloc[0] == 30 * 4 and without["stock_value"].iloc[0] == 10 * 4
    assert effect(known, HOURS)["realised_value"] == pytest.approx(0, abs=0.01)


def test_every_unit_is_accounted_for():
    known = company(actual=[90, 130, 20, 70], stock=15)
    rows = simulate(known, MONTHS, [Side()], rates=FREE)[0]
    made = rows["cost_value"] / 4
    stock = rows["stock_value"] / 4
    assert 15 + made.sum() == pytest.approx(rows["served_qty"].sum() + stock.iloc[-1])
    assert (rows["served_qty"] + rows["lost_qty"]).sum() == pytest.approx(310)


def test_what_is_not_there_waits_as_long_as_customers_do():
    patient = table("customer late_months late_rate lost_sale_rate", "all 1 0.1 1")
    known = company(actual=[100, 60, 80, 80], hours=80, service_class=patient)
    rows = simulate(known, MONTHS, [Side()], rates=FREE)[0]
    assert rows["served_qty"].iloc[:2].tolist() == [80, 80] and rows["lost_qty"].sum() == 0


def test_a_build_ahead_serves_a_peak_beyond_the_months_planned():
    # each month is planned alone: August wants 120 and makes 80
    known = company(forecast=[60, 60, 60, 120], actual=[60, 60, 60, 120], hours=80)
    diff = "- build: F\n  from: 2026-07\n  change: +500 units\n"
    found = measure_decisions(decided(diff), known, rates=FREE, horizon_months=2).iloc[0]
    # two months ahead the plan of July builds 20 itself, and no hour is left for more
    assert found["first_period"] == pd.Timestamp("2026-07-01")
    assert found["realised_value"] == pytest.approx(0, abs=0.01)
    early = diff.replace("2026-07", "2026-06")
    found = measure_decisions(decided(early), known, rates=FREE, horizon_months=2).iloc[0]
    # June builds 20, July another 20: the peak of 120 is served whole, 20 more than without
    assert found["realised_value"] == pytest.approx(20 * (10 - 4))


def test_a_trusted_stream_brings_what_the_other_would_have_lost():
    known = company(streams=(("sales", 100), ("marketing", 60)), hours=200)
    found = effect(known, "- forecast: sales\n  instead: marketing\n  from: 2026-05\n")
    assert found["realised_value"] == pytest.approx(4 * 40 * (10 - 4))


def test_a_second_supplier_is_taken_out_again():
    known = company(
        hours=200,
        operation=TABLES["operation"].empty(),
        resource_need=TABLES["resource_need"].empty(),
        purchase_term=table(
            "supplier item location start_date price_value lead_time_days max_qty",
            "V1 A P 2026-01-01 5 0 70",
            "V2 A P 2026-01-01 6 0 50",
        ),
    )
    found = effect(known, "- supplier: V2\n  from: 2026-05\n")
    assert found["realised_value"] == pytest.approx(4 * 30 * (10 - 6))


def test_a_change_is_undone_by_its_opposite():
    first = pd.Timestamp("2026-05-01")
    more = Change("capacity", "resource", "L", first, first, 0.25)
    assert undo(more).amount == pytest.approx(-0.2)
    assert undo(replace(more, amount=40.0, unit="hours")).amount == -40


@pytest.mark.parametrize(
    ("diff", "status", "due", "why"),
    [
        (None, "done", "2026-04-30", "no_diff"),
        (HOURS, "dropped", "2026-04-30", "dropped"),
        (HOURS, "open", "2026-04-30", "open"),
        (HOURS.replace("2026-05", "2027-01").replace("2026-08", "2027-02"), "open", "2026-04-30",
         "not_before"),
        (None, "open", "2026-08-31", "not_before"),
        (HOURS.replace("L\n", "LINE9\n"), "done", "2026-04-30", "unread"),
        (HOURS.replace("+20 hours", "90 hours"), "done", "2026-04-30", "unread"),
        ("- build: NOPE\n  change: +5 units\n  from: 2026-05\n", "done", "2026-04-30", "unread"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_says_why(diff, status, due, why):
    found = effect(company(), diff, status=status, due=due)
    assert found["why_blank"] == why and pd.isna(found["realised_value"])
    if why == "unread":
        assert (
            "LINE9" in found["why_text"]
            or "undone" in found["why_text"]
            or "NOPE" in found["why_text"]
        )


def test_without_forecasts_stock_or_network_it_says_so():
    known = company()
    none = replace(known, forecast=known.forecast.iloc[:0])
    assert effect(none, HOURS)["why_blank"] == "no_forecast"
    assert effect(replace(known, stock=known.stock.iloc[:0]), HOURS)["why_blank"] == "no_stock"
    bare = replace(known.tables, operation=known.tables.operation.iloc[:0])
    assert effect(replace(known, tables=bare), HOURS)["why_blank"] == "no_network"
    assert measure_decisions(TABLES["past_decision"].empty(), known).empty


def test_an_effect_is_not_simulated_again_while_nothing_that_went_into_it_changed():
    known = company()
    first = measure_decisions(decided(HOURS), known, rates=FREE)
    marked = first.assign(realised_value=1.0)
    again = measure_decisions(decided(HOURS), known, rates=FREE, previous=marked)
    assert again["realised_value"].tolist() == [1.0]
    other = measure_decisions(decided(HOURS), company(actual=101), rates=FREE, previous=marked)
    assert other["realised_value"].iloc[0] == pytest.approx(480)
