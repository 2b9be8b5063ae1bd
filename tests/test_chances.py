from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service

from sopkit.consensus import complete_bands, sum_bands
from sopkit.demand import Correlation, measure_correlation, sum_ranges
from sopkit.scenario import build_net, complete_cells, measure_unsure, rate_targets
from sopkit.scenario.chances import Unsure, draw_demand, draw_noise
from sopkit.scenario.chances.draws import draw_widths, share_tails, widen_noise
from sopkit.scenario.chances.rate import draw_months, draw_total, to_spread
from sopkit.scenario.chances.want import build_want, join_wants, raise_levels
from sopkit.supply import open_case, solve_case

JANUARY = pd.Timestamp("2026-01-01")
CERTAIN = Unsure(yield_error=0.0, downtime_error=0.0, late_chance=0.0)
INDEPENDENT = Correlation(0.0, 0.0)
OWNERS = table("family sales_owner supply_planner", "F Lee Sam")
ITEM, CUSTOMER = table("item family", "A F"), table("customer channel", "K shops")
TARGET = "owner family location customer period span_months target_qty target_value"


def to_cells(wanted: pd.DataFrame, below: float = 0.2, above: float = 0.3) -> pd.DataFrame:
    """Price 10, margin 4; ranges as shares of demand."""
    key = ["item", "location", "customer", "period"]
    plan = wanted[[*key, "demand_qty"]].assign(plan_qty=wanted["demand_qty"], short_qty=0.0)
    plan = plan.assign(demand_value=plan["demand_qty"] * 10, margin_value=plan["demand_qty"] * 4)
    ends = wanted[[*key, "demand_qty"]].assign(
        lo_80_qty=wanted["demand_qty"] * (1 - below), hi_80_qty=wanted["demand_qty"] * (1 + above)
    )
    return complete_cells(plan, ends)


def bands(*rows: str) -> pd.DataFrame:
    usual = {"low_rate": 0.9, "high_rate": 1.1, "sales": "sales", "operations": "production"}
    return sum_bands(complete_bands(table(TARGET, *rows), OWNERS, **usual), JANUARY)


def rate(
    wanted: pd.DataFrame, asked: pd.DataFrame, count: int = 3, **options: object
) -> pd.DataFrame:
    actual = options.pop(
        "actual",
        table("item location customer period plan_qty revenue_value", "A P all 2025-12 40 400"),
    )
    given = {"net": None, "net_demand": wanted, "unsure": CERTAIN} | options
    cells = given.pop("cells", to_cells(wanted))
    correlation = given.pop("correlation", INDEPENDENT)
    rated, _ = rate_targets(
        asked, cells, actual, ITEM, CUSTOMER, months(count), correlation, **given
    )
    return rated


THREE = demand("A P 2026-01 100", "A P 2026-02 100", "A P 2026-03 100")


def test_eighty_of_a_hundred_draws_of_every_cell_lie_in_its_range():
    spread = to_spread(to_cells(THREE), 1.0, THREE[["item", "location"]].head(1), months(3))
    noise = draw_noise(1, 3, 20_000, Correlation(0.3, 0.4), seed=5)
    for month in range(3):
        drawn = draw_demand(spread, noise, month)
        assert np.mean(drawn < 80) == pytest.approx(0.1, abs=0.01)
        assert np.mean(drawn > 130) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    "correlation", [Correlation(0.0, 0.0), Correlation(0.2, 0.5), Correlation(1.0, 1.0)]
)
def test_draws_give_a_total_the_range_that_sum_ranges_gives_it(correlation):
    items = [f"I{n}" for n in range(12)]
    wanted = pd.concat([THREE.assign(item=item) for item in items], ignore_index=True)
    cells = to_cells(wanted, 0.25, 0.25)
    places = pd.DataFrame({"item": items, "location": "P"})
    spread = to_spread(cells, 1.0, places, months(3))
    noise = draw_noise(12, 3, 20_000, correlation, seed=5)
    total = draw_total(spread, draw_months(spread, noise), np.arange(3))
    told = sum_ranges(cells, [], "demand_qty", correlation).iloc[0]
    reach = told["hi_80_qty"] - told["demand_qty"]
    assert np.quantile(total, 0.9) - 3600 == pytest.approx(reach, rel=0.04)
    assert 3600 - np.quantile(total, 0.1) == pytest.approx(reach, rel=0.04)


def test_noise_is_the_same_for_the_same_seed_and_moves_together_as_asked():
    noise = draw_noise(4, 5, 4000, Correlation(0.5, 0.25), seed=9)
    assert np.array_equal(noise, draw_noise(4, 5, 4000, Correlation(0.5, 0.25), seed=9))
    assert np.corrcoef(noise[0, 0], noise[1, 0])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert np.corrcoef(noise[0, 0], noise[0, 3])[0, 1] == pytest.approx(0.25, abs=0.03)


def test_range_ends_measured_on_few_cutoffs_are_drawn_by_the_error_of_a_quantile():
    widths = draw_widths(1, 2, 20_000, Correlation(0.0, 0.0, cutoffs=64), seed=3)
    assert widths.mean() == pytest.approx(1.0, abs=1e-9)
    assert widths.std(axis=2) == pytest.approx(np.full((2, 2), 1.334 / 8), rel=0.02)
    four_apart = draw_widths(4, 1, 20_000, Correlation(0.0, 0.0, cutoffs=16), seed=3)
    four_alike = draw_widths(4, 1, 20_000, Correlation(1.0, 0.0, cutoffs=64), seed=3)
    assert four_apart.std() == pytest.approx(1.334 / 8, rel=0.02)
    assert four_alike.std() == pytest.approx(1.334 / 8, rel=0.02)


def test_the_error_of_a_quantile_is_what_samples_show():
    rng = np.random.default_rng(8)
    ends = np.quantile(rng.standard_normal((4000, 100)), 0.9, axis=1) / 1.2816
    widths = draw_widths(1, 1, 20_000, Correlation(0.0, 0.0, cutoffs=100), seed=3)
    assert widths[1].std() == pytest.approx(ends.std(), rel=0.06)


def test_ends_of_all_months_are_wrong_together_as_far_as_months_err_together():
    widths = draw_widths(1, 3, 1000, Correlation(0.0, 1.0, cutoffs=16), seed=3)
    assert np.allclose(widths[:, 0], widths[:, 2], atol=0.02)
    assert [round(share_tails(r), 2) for r in (0.0, 0.5, 1.0)] == [0.0, 0.25, 1.0]


def test_errors_above_and_below_the_forecast_are_widened_apart():
    noise = np.array([[[1.0, -1.0]]])
    widths = np.array([[[0.9, 0.9]], [[1.2, 1.2]]])
    assert widen_noise(noise, widths).tolist() == [[[1.2, -0.9]]]


def test_how_many_cutoffs_ranges_rest_on_is_measured_with_the_correlation():
    key = "item location cutoff period lag forecast_qty actual_qty"
    tested = table(key, "A D 2026-01 2026-02 0 20 10", "A D 2026-02 2026-03 0 5 10")
    assert measure_correlation(tested).cutoffs == 2
    assert measure_correlation(tested.iloc[:0]).cutoffs == 0


def test_ranges_with_no_record_told_are_taken_as_they_are():
    assert (draw_widths(3, 2, 10, Correlation(0.2, 0.3), seed=3) == 1).all()


def test_a_range_from_few_cutoffs_makes_what_supply_serves_less_certain():
    wanted = demand("A P 2026-01 90", "A P 2026-02 90", "A P 2026-03 90")
    net, _ = plan_of(wanted)
    asked = bands("Kim F all all 2026-01 3 270 -")
    known, few = (
        serve(wanted, asked, net, 0.2, 0.2, draws=2000, correlation=Correlation(0.0, 0.0, n))
        for n in (100_000, 4)
    )
    assert few["at_risk_p90_value"] > 1.05 * known["at_risk_p90_value"]
    assert few["demand_chance_rate"] == known["demand_chance_rate"]


def test_a_target_at_the_forecast_is_reached_with_even_odds_and_its_low_end_more_often():
    one = rate(THREE, bands("Kim F all all 2026-01 3 300 -")).iloc[0]
    assert one["demand_chance_rate"] == pytest.approx(0.5, abs=0.02)
    assert one["low_chance_rate"] > 0.8
    assert one["expected_value"] == pytest.approx(3000)
    assert one["base_value"] == pytest.approx(3000)
    assert pd.isna(one["supply_chance_rate"])


def test_what_came_is_fixed_and_only_the_rest_is_drawn():
    got = rate(THREE, bands("Kim F all all 2025-12 2 145 -")).iloc[0]
    asked = rate(THREE, bands("Kim F all all 2026-01 1 105 -")).iloc[0]
    assert got["demand_chance_rate"] == asked["demand_chance_rate"]
    assert got["expected_value"] == pytest.approx(1400)


def test_money_and_channels_may_be_targets():
    wanted = THREE.assign(customer="K")
    one = rate(wanted, bands("Kim F all shops 2026-01 1 - 500")).iloc[0]
    assert one["demand_chance_rate"] > 0.99
    assert one["base_value"] == 500


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Kim F all all 2026-02 4 300 -", "beyond"),
        ("Kim G all all 2026-01 2 300 -", "no_demand"),
        ("Kim F all all 2025-11 3 300 -", "no_demand"),
        ("Kim F all all 2025-12 1 300 -", "past"),
    ],
)
def test_a_target_without_chances_says_why(row, why):
    one = rate(THREE, bands(row)).iloc[0]
    assert one["why_blank"] == why
    assert pd.isna(one["demand_chance_rate"])


def test_no_target_goes_through():
    empty = bands("Kim F all all 2026-01 1 300 -").iloc[:0]
    found = rate(THREE, empty)
    assert found.empty
    assert {"demand_chance_rate", "supply_chance_rate", "decide_date"} <= set(found)


def plan_of(wanted, count=3, hours="100", overtime="0", **frames):
    given = {**line(hours, overtime, count), "service_class": service(), **frames}
    safety = frames.get("stock_target", pd.DataFrame())
    if safety.empty:
        safety = table(
            "item location period safety_stock_qty cycle_stock_qty protection_months basis",
            *[f"A P {month:%Y-%m} 0 0 1 error" for month in months(count)],
        )
    case = open_case(given, wanted, safety, months(count), rates=FREE)
    plan = solve_case(case, wanted)
    return build_net(case, plan.plan_flow, plan.constrained_plan, safety), plan


def serve(wanted, asked, net, below=0.0, above=0.0, **options):
    cells = to_cells(wanted, below, above)
    return rate(wanted, asked, len(net.case.periods), net=net, cells=cells, **options).iloc[0]


def test_without_noise_the_plan_is_carried_out_to_the_unit():
    wanted = demand("A P 2026-01 60", "A P 2026-02 130", "A P 2026-03 90")
    net, plan = plan_of(wanted)
    one = serve(wanted, bands("Kim F all all 2026-01 3 280 -"), net)
    assert plan.constrained_plan["short_qty"].sum() == 0
    assert (one["supply_chance_rate"], one["served_rate"]) == (1.0, pytest.approx(1.0))
    assert one["at_risk_value"] == pytest.approx(0.0, abs=1e-6)


def test_what_the_hours_cannot_make_is_money_at_risk():
    wanted = demand("A P 2026-01 100", "A P 2026-02 100", "A P 2026-03 100")
    net, _ = plan_of(wanted)
    one = serve(wanted, bands("Kim F all all 2026-01 3 330 -"), net)
    assert one["served_rate"] == pytest.approx(300 / 330)
    assert one["supply_chance_rate"] == 0.0
    assert one["at_risk_value"] == pytest.approx(300)
    assert one["at_risk_margin_p90_value"] == pytest.approx(120)


def test_more_of_a_target_is_made_ahead_where_hours_are_left():
    wanted = demand("A P 2026-01 60", "A P 2026-02 60", "A P 2026-03 90")
    net, _ = plan_of(wanted)
    one = serve(wanted, bands("Kim F all all 2026-03 1 130 -"), net)
    assert one["served_rate"] == pytest.approx(1.0)


def test_levels_rise_by_what_the_target_adds_and_stay_without_it():
    wanted = demand("A P 2026-01 50", "A P 2026-02 50", "A P 2026-03 50")
    net, _ = plan_of(wanted)
    rows = join_wants(net.case, wanted, to_cells(wanted))
    none, whole = np.ones(3), np.array([1.0, 1.2, 1.0])
    before = build_want(rows, np.ones(3, dtype=bool), none)
    level, _ = raise_levels(net, before, build_want(rows, np.ones(3, dtype=bool), whole))
    assert (level - net.level)[0].tolist() == pytest.approx([0, 10, 0])
    same, _ = raise_levels(net, before, before)
    assert np.array_equal(same, net.level)


def test_demand_that_may_come_higher_than_the_line_can_make_lowers_the_chance():
    wanted = demand("A P 2026-01 95", "A P 2026-02 95", "A P 2026-03 95")
    net, _ = plan_of(wanted)
    calm = serve(wanted, bands("Kim F all all 2026-01 3 285 -"), net, 0.05, 0.05)
    wild = serve(wanted, bands("Kim F all all 2026-01 3 285 -"), net, 0.4, 0.4)
    assert wild["supply_chance_rate"] < calm["supply_chance_rate"]
    assert wild["at_risk_value"] < wild["at_risk_p90_value"]


def test_higher_priority_is_served_first():
    key = wanted_of_two()
    net, _ = plan_of(
        key,
        hours="60",
        service_class=table(
            "customer priority late_rate lost_sale_rate late_months", "K 1 0.1 1 0", "X 3 0.1 1 0"
        ),
    )
    first = serve(key, bands("Kim F all K 2026-01 3 120 -"), net)
    last = serve(key, bands("Kim F all X 2026-01 3 120 -"), net)
    assert first["served_rate"] == pytest.approx(1.0)
    assert last["served_rate"] == pytest.approx(0.5)


def wanted_of_two() -> pd.DataFrame:
    rows = demand("A P 2026-01 40", "A P 2026-02 40", "A P 2026-03 40")
    return pd.concat([rows.assign(customer="K", priority=1), rows.assign(customer="X", priority=3)])


def test_a_remedy_is_decided_by_its_lead_time_before_the_first_short_month():
    count = 6
    wanted = demand(*[f"A P 2026-{n:02d} {q}" for n, q in enumerate([50, 50, 95, 95, 95, 95], 1)])
    net, _ = plan_of(wanted, count)
    one = serve(wanted, bands("Kim F all all 2026-03 4 420 -"), net, 0.2, 0.2)
    assert one["supply_chance_rate"] < 0.99
    assert one["remedy"] in ("hours", "goods_ahead")
    assert JANUARY <= one["decide_date"] <= one["risk_period"]


def test_yield_is_measured_where_there_is_a_record_and_said_to_be_assumed_elsewhere():
    rows = [
        f"A P 20{24 + n // 12}-{n % 12 + 1:02d} {99 - 2 * (n % 2)} {1 + 2 * (n % 2)}"
        for n in range(24)
    ]
    made = table("item location period made_qty scrapped_qty", *rows)
    told = measure_unsure(made, pd.DataFrame(), JANUARY)
    assert told.yield_error == pytest.approx(0.01)
    assert told.measured == ("yield",)
    assert measure_unsure(made.iloc[:0], pd.DataFrame(), JANUARY).measured == ()


def test_the_same_input_gives_the_same_chances():
    wanted = demand("A P 2026-01 95", "A P 2026-02 95", "A P 2026-03 95")
    net, _ = plan_of(wanted)
    asked = bands("Kim F all all 2026-01 3 285 -")
    first, again = (serve(wanted, asked, net, 0.2, 0.2, unsure=Unsure()) for _ in range(2))
    pd.testing.assert_series_equal(first, again)
