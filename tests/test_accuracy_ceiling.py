"""How good it can get: the floor on series whose noise is known, and targets held against it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit import accuracy
from sopkit.accuracy.ceiling import estimate_floor, judge_target

SEASON = np.array([6, 8, 10, 12, 14, 18, 18, 14, 12, 10, 8, 6.0])


def panel(values: np.ndarray) -> pd.DataFrame:
    names = [(f"I{row:04d}", "D") for row in range(len(values))]
    months = pd.date_range("2020-11-01", periods=values.shape[1], freq="MS", name="period")
    index = pd.MultiIndex.from_tuples(names, names=["item", "location"])
    return pd.DataFrame(values, index=index, columns=months)


def draw(seed: int, months: int, noise: float, shape: str) -> tuple[pd.DataFrame, float]:
    """Return 200 noisy series and the WAPE of a forecaster who knows all but the noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(months)
    season = (SEASON / 11.33)[time % 12]
    level = {
        "flat": np.ones((200, months)),
        "growing": np.exp(rng.normal(0, 0.008, (200, 1)) * time),
        "waving": np.exp(0.2 * np.sin(2 * np.pi * time / 50 + rng.uniform(0, 6, (200, 1)))),
        "drifting": np.exp(np.cumsum(rng.normal(0, 0.015, (200, months)), axis=1)),
    }[shape]
    known = 80 * level * season
    actual = known * np.exp(noise * rng.normal(size=known.shape))
    return panel(actual), float(np.abs(actual - known).sum() / actual.sum())


@pytest.mark.parametrize("shape", ["flat", "growing", "waving", "drifting"])
@pytest.mark.parametrize("months", [36, 71])
@pytest.mark.parametrize("noise", [0.08, 0.35])
def test_the_floor_lies_within_a_tenth_of_the_noise_that_was_planted(shape, months, noise):
    series, truth = draw(77, months, noise, shape)
    weight = series.sum(axis=1)
    floor = (estimate_floor(series)["floor_rate"] * weight).sum() / weight.sum()
    assert floor == pytest.approx(truth, rel=0.10)


def test_a_series_that_repeats_itself_has_no_noise():
    floor = estimate_floor(panel(np.tile(SEASON, (1, 4))))
    assert floor["floor_rate"].iloc[0] == pytest.approx(0, abs=1e-3)
    assert floor["basis"].tolist() == ["season_trend"]


def test_one_bulk_order_is_noise_of_its_month_and_bends_no_other():
    calm, _ = draw(5, 60, 0.1, "flat")
    spiked = calm.copy()
    spiked.iloc[:, 30] *= 5
    more = estimate_floor(spiked)["floor_rate"] * spiked.sum(axis=1)
    less = estimate_floor(calm)["floor_rate"] * calm.sum(axis=1)
    spike = (spiked.iloc[:, 30] - calm.iloc[:, 30]).sum()
    assert (more - less).sum() == pytest.approx(spike, rel=0.25)


def test_intermittent_demand_is_judged_by_its_median_and_short_ones_not_at_all():
    seldom = np.tile([0.0, 0, 6], 12)
    short = np.full(36, np.nan)
    short[-10:] = 5
    floor = estimate_floor(panel(np.array([seldom, short, np.zeros(36)])))
    assert floor["basis"].tolist() == ["median", "too_short", "too_short"]
    assert floor["floor_rate"].iloc[0] == pytest.approx(36 / 35)
    assert floor["floor_rate"].iloc[1:].isna().all()
    assert floor["month_count"].tolist() == [36, 10, 36]


def test_a_month_without_sales_does_not_break_a_steady_series():
    series, _ = draw(6, 48, 0.1, "flat")
    series.iloc[0, 20] = 0.0
    floor = estimate_floor(series)["floor_rate"]
    assert 0.03 < floor.iloc[0] < 0.2


def test_zeros_after_the_end_of_an_item_are_no_noise():
    series, _ = draw(6, 60, 0.1, "flat")
    ended = series.copy()
    ended.iloc[:, 50:] = 0.0
    floor = estimate_floor(ended)
    assert set(floor["month_count"]) == {50}
    assert floor["floor_rate"].max() < 0.15


def test_a_target_is_judged_by_segment():
    series, truth = draw(9, 48, 0.125, "flat")  # floor 0.1
    last = series.columns[-1]
    backtest = series[[last]].set_axis(["actual_qty"], axis=1).reset_index()
    backtest = backtest.assign(
        period=last,
        forecast_qty=backtest["actual_qty"] * 1.2,
        naive_qty=backtest["actual_qty"] * 0.7,
        other_qty=backtest["actual_qty"] * 0.85,
    )
    segment = backtest[["item", "location"]].assign(abc=["A", "B"] * 100)
    told = accuracy.measure_ceiling(
        backtest, series, segment, ["abc"], target_rate=0.9, pool=["forecast_qty", "other_qty"]
    )
    assert told["abc"].tolist() == ["A", "B"]
    assert told["naive_wape_rate"].tolist() == pytest.approx([0.3, 0.3])
    assert told["best_wape_rate"].tolist() == pytest.approx([0.15, 0.15])
    assert told["best"].tolist() == ["other_qty"] * 2
    assert told["floor_rate"].tolist() == pytest.approx([truth] * 2, rel=0.1)
    assert told["reach"].tolist() == ["stretch", "stretch"]
    assert told["room_rate"].tolist() == pytest.approx((0.15 - told["floor_rate"]).tolist())
    whole = accuracy.measure_ceiling(backtest, series, segment, [], target_rate=0.95)
    assert whole["reach"].tolist() == ["beyond"]


def test_words_for_a_target():
    told = table("best floor", "0.08 0.05", "0.2 0.05", "0.2 0.15", "0.2 0.105", "0.2 -")
    told = told.astype(float)
    assert judge_target(told["best"], told["floor"], 0.9).tolist() == [
        "reachable",
        "stretch",
        "beyond",
        "stretch",
        "unknown",
    ]
