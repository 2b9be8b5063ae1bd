"""What forecasts were worth: steps, streams, people's changes, on numbers solved by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit import accuracy
from sopkit.accuracy import intervals

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")


def cells(months: int = 12, items: int = 10, **columns: float) -> pd.DataFrame:
    rows = [(period, item) for period in MONTHS[:months] for item in range(items)]
    frame = pd.DataFrame(rows, columns=["period", "item"])
    return frame.assign(actual_qty=100.0, **columns)


def noisy(seed: int, companies: int, points: float, months: int = 12) -> pd.DataFrame:
    """Return companies of 200 items whose stream takes a share off the error of statistics."""
    rng = np.random.default_rng(seed)
    shape = (companies, months, 200)
    size = rng.lognormal(3, 1, (companies, 1, 200))
    actual = size * np.exp(rng.normal(size=shape) * 0.3)
    # half of the error's sign is turned where nothing is planted: same error, other cells
    error = rng.normal(size=shape) * 0.3 * actual
    turned = np.where(rng.random(shape) < 0.5, error, -1.0 * error)
    stream = error * (1 - points / 0.239) if points else turned * np.abs(rng.normal(1, 0.3, shape))
    axes = np.indices(shape)
    frame = {
        "company": axes[0].ravel(),
        "period": MONTHS[axes[1].ravel() % 12],
        "actual_qty": actual.ravel(),
        "reference_qty": (actual + error).ravel(),
        "forecast_qty": (actual + stream).ravel(),
    }
    return pd.DataFrame(frame)


def test_a_forecast_that_is_always_nearer_is_kept_and_the_other_way_round_dropped():
    told = cells(forecast_qty=90.0, reference_qty=80.0)
    (value,) = accuracy.measure_value(told, []).to_dict("records")
    assert value["value_added_rate"] == pytest.approx(0.1)
    assert (value["lo_95_rate"], value["hi_95_rate"]) == pytest.approx((0.1, 0.1))
    assert (value["verdict"], value["month_count"], value["cell_count"]) == ("keep", 12, 120)
    worse = cells(forecast_qty=80.0, reference_qty=90.0)
    assert accuracy.measure_value(worse, [])["verdict"].tolist() == ["drop"]


def test_within_a_point_there_is_no_difference():
    told = cells(forecast_qty=90.5, reference_qty=90.0)
    assert accuracy.measure_value(told, [])["verdict"].tolist() == ["no_difference"]
    assert accuracy.measure_value(told, [], tolerance_rate=0.001)["verdict"].tolist() == ["keep"]


def test_few_months_or_few_cells_get_no_verdict():
    short = cells(months=5, forecast_qty=90.0, reference_qty=80.0)
    (value,) = accuracy.measure_value(short, []).to_dict("records")
    assert value["verdict"] == "too_few"
    assert math.isnan(value["lo_95_rate"])
    thin = cells(items=1, forecast_qty=90.0, reference_qty=80.0)
    assert accuracy.measure_value(thin, [])["verdict"].tolist() == ["too_few"]


def test_groups_with_different_months_are_judged_apart():
    told = pd.concat(
        [
            cells(forecast_qty=90.0, reference_qty=80.0).assign(owner="A", lag=0),
            cells(months=8, forecast_qty=80.0, reference_qty=90.0).assign(owner="B", lag=4),
            cells(months=3, forecast_qty=80.0, reference_qty=90.0).assign(owner="C", lag=0),
        ]
    )
    value = accuracy.measure_value(told, ["owner"])
    assert value["verdict"].tolist() == ["keep", "drop", "too_few"]
    assert value["month_count"].tolist() == [12, 8, 3]


def test_no_cells_give_no_rows():
    none = cells(forecast_qty=90.0, reference_qty=80.0).iloc[:0].assign(owner="")
    value = accuracy.measure_value(none, ["owner"])
    assert value.empty
    assert {"owner", "lo_95_rate", "verdict"} <= set(value)
    assert accuracy.measure_slices(none, ["owner"], ["item"]).empty


def test_nothing_sold_has_no_value_and_no_verdict():
    told = cells(forecast_qty=90.0, reference_qty=80.0).assign(actual_qty=0.0)
    (value,) = accuracy.measure_value(told, []).to_dict("records")
    assert math.isnan(value["value_added_rate"])
    assert value["verdict"] == "too_few"


def test_the_order_of_rows_does_not_matter():
    told = noisy(seed=31, companies=2, points=0.0)
    shuffled = told.sample(frac=1, random_state=3)
    first = accuracy.measure_value(told, ["company"])
    second = accuracy.measure_value(shuffled, ["company"])
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_planted_effects_are_found_and_none_is_made_up():
    """A slice of tests/benchmarks/value_added.py: other seeds, other errors."""
    words = {0.04: "keep", -0.04: "drop"}
    for points, word in words.items():
        value = accuracy.measure_value(noisy(61, 60, points), ["company"])
        assert (value["verdict"] == word).mean() >= 0.95
    none = accuracy.measure_value(noisy(62, 200, 0.0), ["company"])
    assert none["verdict"].isin(["keep", "drop"]).mean() <= 0.05 + 0.03  # 0.03: 200 draws
    few = accuracy.measure_value(noisy(63, 20, 0.04, months=4), ["company"])
    assert few["verdict"].eq("too_few").all()


def test_months_that_resemble_their_neighbours_widen_the_interval():
    rng = np.random.default_rng(8)
    calm = rng.normal(size=(1, 24))
    alike = np.cumsum(calm, axis=1)
    assert intervals.measure_likeness(alike, True) > 0.5
    assert intervals.measure_likeness(np.tile([1.0, -1.0], (1, 12)), True) == 0
    one = intervals.find_stretch(24, np.array([0.0]), 0.95)
    wide = intervals.find_stretch(24, np.array([0.5]), 0.95)
    assert wide / one > math.sqrt(3)


def test_few_months_are_stretched_as_student_says():
    assert intervals.find_stretch(12, np.array([0.0]), 0.95)[0] == pytest.approx(1.173, abs=2e-3)
    for freedom, exact in ((2, 4.303), (5, 2.571), (11, 2.201), (30, 2.042)):
        got = intervals.student_quantile(0.975, np.array(float(freedom)))
        assert got == pytest.approx(exact, rel=0.01)


def test_steps_sum_from_naive_to_consensus():
    told = cells(naive_qty=60.0, statistical_qty=80.0, events_qty=85.0, consensus_qty=90.0)
    steps = accuracy.measure_steps(told)
    assert steps["step"].tolist() == ["statistical", "events", "consensus"]
    assert steps["reference"].tolist() == ["naive", "statistical", "events"]
    assert steps["value_added_rate"].tolist() == pytest.approx([0.2, 0.05, 0.05])
    assert steps["value_added_rate"].sum() == pytest.approx(0.4 - 0.1)


def test_steps_are_compared_on_the_same_cells_and_a_step_never_made_is_passed_over():
    told = cells(naive_qty=60.0, statistical_qty=80.0, consensus_qty=90.0)
    told.loc[told["item"] == 0, "statistical_qty"] = np.nan
    steps = accuracy.measure_steps(told, steps=("naive", "statistical", "events", "consensus"))
    assert steps["step"].tolist() == ["statistical", "consensus"]
    assert steps["cell_count"].tolist() == [108, 108]


def test_value_is_cut_by_owner_lag_and_direction():
    told = pd.concat(
        [
            cells(forecast_qty=90.0, reference_qty=80.0).assign(stream="s", owner="A", lag=0),
            cells(forecast_qty=70.0, reference_qty=80.0).assign(stream="s", owner="B", lag=1),
        ]
    )
    cut = accuracy.measure_slices(
        accuracy.add_direction(told), ["owner", "lag", "direction", "abc"], ["stream"]
    )
    assert cut[["slice", "code", "verdict"]].to_numpy().tolist() == [
        ["owner", "A", "keep"],
        ["owner", "B", "drop"],
        ["lag", "0", "keep"],
        ["lag", "1", "drop"],
        ["direction", "down", "drop"],
        ["direction", "up", "keep"],
    ]


def test_a_stream_is_measured_by_what_the_consensus_had_been_without_it():
    told = cells(forecast_qty=97.0, reference_qty=80.0, consensus_qty=95.0, without_qty=90.0)
    (value,) = accuracy.measure_streams(told.assign(stream="s", owner="A")).to_dict("records")
    assert value["value_added_rate"] == pytest.approx(0.17)
    assert (value["consensus_wape_rate"], value["without_wape_rate"]) == pytest.approx((0.05, 0.1))
    assert value["consensus_value_rate"] == pytest.approx(0.05)


def test_overrides_hit_when_they_bring_the_forecast_nearer():
    told = table(
        "owner item period before_qty after_qty actual_qty",
        "North A 2026-01 8 9 10",
        "North A 2026-02 8 14 10",
        "North A 2026-03 8 12 10",
        "North A 2026-04 8 8 10",
        "South B 2026-01 100 99 90",
    )
    hits = accuracy.measure_hits(told, ["owner"])
    assert hits["change_count"].tolist() == [2, 1], "a tie and no change are left out"
    assert hits["hit_rate"].tolist() == [0.5, 1.0]
    by_kind = accuracy.measure_hits(told)
    assert by_kind[["owner", "direction", "size"]].to_numpy().tolist() == [
        ["North", "up", "large"],
        ["North", "up", "medium"],
        ["South", "down", "small"],
    ]


def test_items_nobody_touched_stand_beside_those_that_were():
    told = table(
        "cycle item period before_qty after_qty actual_qty",
        "2026-01 A 2026-01 8 8 10",
        "2026-01 A 2026-02 8 9 10",
        "2026-01 B 2026-01 9 9 10",
        "2026-01 C 2026-01 9 9 10",
    )
    shares = accuracy.measure_touchless(told)
    assert shares["touched"].tolist() == [False, True]
    assert shares["unit_count"].tolist() == [2, 1]
    assert shares["share_rate"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert shares["wape_rate"].tolist() == pytest.approx([0.1, 0.15])
    assert shares["value_added_rate"].tolist() == pytest.approx([0.0, 0.05])


def test_stability_compares_two_forecasts_of_the_same_month():
    told = table(
        "item location cutoff period forecast_qty actual_qty",
        "A D 2026-01 2026-05 10 12",
        "A D 2026-03 2026-05 11 12",
        "A D 2026-03 2026-06 50 12",
        "B D 2026-03 2026-05 7 12",
    )
    (calm,) = accuracy.measure_stability(told).to_dict("records")
    assert (calm["cell_count"], calm["months_apart"]) == (1, 2)
    assert (calm["stability_rate"], calm["drift_rate"]) == pytest.approx((0.1, 0.1))
    assert (calm["before_wape_rate"], calm["wape_rate"]) == pytest.approx((1 / 6, 1 / 12))
    assert accuracy.measure_stability(told.iloc[:1]).empty


def test_a_forecast_that_leans_one_way_is_found_and_chance_is_told():
    rows = [f"A {m:%Y-%m} 12 10" for m in MONTHS] + [
        f"B {m:%Y-%m} {10 + 2 * (-1) ** n} 10" for n, m in enumerate(MONTHS)
    ]
    told = table("item period forecast_qty actual_qty", *rows)
    tracked = accuracy.track_places(told, ["item"])
    assert tracked["tracking_signal"].tolist() == [12, 0]
    assert tracked["leans"].tolist() == [True, False]
    assert tracked["chance_rate"].tolist() == pytest.approx([0.357, 0.357], abs=1e-3)


def test_the_signal_starts_anew_when_the_model_changes():
    told = table(
        "item period lag method forecast_qty actual_qty",
        "A 2026-01 0 naive 99 10",
        "A 2026-02 0 ensemble 12 10",
        "A 2026-03 0 ensemble 12 10",
        "A 2026-03 1 ensemble 99 10",
    )
    tracked = accuracy.track_places(told, ["item"])
    assert tracked[["month_count", "tracking_signal"]].to_numpy().tolist() == [[2, 2]]


def test_past_cycles_and_the_companys_books_become_one_frame():
    header = "cycle stream owner item family location customer period forecast_qty"
    books = table(
        header,
        "2025-12 sales - A all D all 2026-01 5",
        "2026-01 sales North A all D all 2026-02 90",
    )
    own = table(header, "2026-01 sales North A all D all 2026-02 91")
    consensus = table(
        "cycle item location customer period demand_qty baseline_qty event_qty pipeline_qty",
        "2026-01 A D k 2026-02 60 40 5 1",
        "2026-01 A D m 2026-02 40 30 0 0",
    )
    plan = table(
        "cycle item location customer period demand_qty",
        "2025-12 A D k 2026-01 70",
        "2026-01 A D k 2026-02 77",
    )
    past = accuracy.collect_past_forecasts(
        books, past_stream=own, past_consensus=consensus, past_plan=plan
    )
    assert past[["cycle", "stream", "owner", "lag", "forecast_qty"]].to_numpy().tolist() == [
        ["2025-12", "consensus", "consensus", 1, 70],
        ["2025-12", "sales", "sales", 1, 5],
        ["2026-01", "consensus", "consensus", 1, 100],
        ["2026-01", "events", "events", 1, 76],
        ["2026-01", "sales", "North", 1, 91],
        ["2026-01", "statistical", "statistical", 1, 70],
    ]
    actual = table(
        "item location customer period actual_qty",
        "A D k 2025-02 50",
        "A D m 2025-02 20",
        "A D k 2026-01 60",
        "A D k 2026-02 80",
    )
    steps = accuracy.to_step_cells(past, actual)
    assert steps.drop(columns=["item", "location", "period"]).fillna(-1).to_numpy().tolist() == [
        ["2025-12", 1, 0, -1, -1, 70, 60],
        ["2026-01", 1, 70, 70, 76, 100, 80],
    ]


def test_a_young_items_naive_is_its_last_known_month():
    past = accuracy.collect_past_forecasts(
        table(
            "cycle stream owner item family location customer period forecast_qty",
            "2026-02 statistical s A all D all 2026-03 5",
        )
    )
    actual = table(
        "item location period actual_qty", "A D 2025-03 0", "A D 2026-01 7", "A D 2026-03 8"
    )
    assert accuracy.to_step_cells(past, actual)["naive_qty"].tolist() == [7]


def test_nothing_said_before_is_an_empty_frame():
    none = accuracy.collect_past_forecasts(
        table("cycle stream owner item family location customer period forecast_qty")
    )
    assert none.empty
    actual = table("item location period actual_qty", "A D 2026-01 7")
    assert accuracy.to_step_cells(none, actual).empty
