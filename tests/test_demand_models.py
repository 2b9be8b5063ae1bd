"""The ensemble's models, season, breaks and sporadic demand on data solved by hand."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from made_series import SMOOTH, make_smooth, make_sporadic

from sopkit.demand import breaks, damped, ensemble, models
from sopkit.demand.intermittent import forecast_intermittent_values, longest_blocks

YEAR = np.array([6.0, 12, 18, 12, 6, 12, 18, 12, 6, 12, 18, 12])
AHEAD = 18


def rising(months=48):
    rng = np.random.default_rng(8)
    trend = 100 + 2 * np.arange(months)
    return trend * np.resize(YEAR / 12, months) * np.exp(rng.normal(0, 0.05, months))


def test_rows_of_a_grid_count_by_their_likelihood():
    got = models.weigh_rows(np.array([[4.0, 1.0]]), np.array([2]))
    assert np.allclose(got, [[0.2, 0.8]])


@pytest.mark.parametrize("months", [12, 13, 24, 60])
def test_every_member_continues_a_constant_series(months):
    for points in ensemble.forecast_members(np.full((1, months), 10.0), 5).values():
        assert np.allclose(points, 10)


def test_every_member_repeats_a_season_that_repeats_itself():
    for points in ensemble.forecast_members(np.tile(YEAR, 5)[None, :], 24).values():
        assert np.allclose(points[0], np.tile(YEAR, 2), rtol=0.02)


def test_seasons_are_told_as_factors_or_as_amounts():
    line = 100.0 + 5 * np.arange(72)
    factors = line * np.resize(YEAR / 12, 72)
    amounts = line + np.resize(YEAR - 12, 72) * 10
    panel = np.stack([factors, amounts])
    as_factor = models.measure_season(panel, multiplicative=True)
    as_amount = models.measure_season(panel, multiplicative=False)
    assert np.allclose(as_factor.indices[0], YEAR / 12, atol=0.01)
    assert np.allclose(as_amount.indices[1], (YEAR - 12) * 10, atol=0.5)
    share = models.weigh_forms(as_factor, as_amount)
    assert share[0] > 0.95 and share[1] < 0.05


def test_a_season_seen_once_gets_half_trust_and_a_year_tells_none():
    seen_once = np.tile(YEAR, 2)[None, :13]
    index = damped.find_season(seen_once)[0]
    assert 0.3 < np.ptp(index) / np.ptp(YEAR / 12) < 0.8
    assert np.allclose(damped.find_season(YEAR[None, :]), 1)
    padded = np.concatenate([np.full((1, 12), np.nan), YEAR[None, :]], axis=1)
    assert np.allclose(damped.find_season(padded), 1)


def test_a_local_line_leaves_a_straight_line_as_it_is():
    line = 3.0 + 2 * np.arange(30)[None, :]
    assert np.allclose(models.smooth_locally(line, 12), line)


def test_reversion_returns_to_its_level():
    gap = 100 + 20 * np.sin(np.arange(60) * 2 * np.pi / 7)[None, :]
    got = models.forecast_reversion(gap / 100, 60)[0] * 100
    assert got[-1] == pytest.approx(100, abs=3)


def test_damped_trend_follows_a_line_less_and_less():
    line = 10.0 + np.arange(48)[None, :]
    steps = np.diff(models.forecast_trend(line / line.mean(), 12)[0])
    assert (steps > 0).all() and (np.diff(steps) < 0).all()


@pytest.mark.parametrize("size", [1e12, 1e-6])
def test_the_unit_of_a_series_does_not_matter(size):
    values = rising()[None, :]
    base = ensemble.forecast_ensemble(values, 6)
    assert np.allclose(ensemble.forecast_ensemble(values * size, 6) / size, base, rtol=1e-9)


def test_a_series_is_forecast_alike_alone_in_a_wide_panel_and_among_others():
    values = rising()[None, :]
    alone = ensemble.forecast_ensemble(values, 6)
    wide = np.concatenate([np.full((1, 24), np.nan), values], axis=1)
    others = np.concatenate([wide, np.ones((600, 72)), wide])
    assert np.allclose(ensemble.forecast_ensemble(wide, 6), alone)
    assert np.allclose(ensemble.forecast_ensemble(others, 6)[[0, -1]], alone)


def test_negative_months_are_forecast_additively_and_not_floored():
    values = np.tile(YEAR - 14, 4)[None, :]
    got = ensemble.forecast_ensemble(values, 12)
    assert np.allclose(got[0], YEAR - 14, atol=0.5)
    assert (ensemble.forecast_ensemble(np.maximum(values, 0), 12) >= 0).all()


def test_a_blank_month_inside_is_bridged_with_its_season():
    values = np.tile(YEAR, 5)[None, :]
    gap = values.copy()
    gap[0, [20, 50]] = np.nan
    whole = ensemble.forecast_ensemble(values, 12)
    assert np.allclose(ensemble.forecast_ensemble(gap, 12), whole, rtol=0.05)
    assert np.allclose(models.bridge_gaps(np.array([[np.nan, 2, np.nan, 4]]))[0, 1:], [2, 3, 4])


@pytest.mark.parametrize("months", [1, 2, 3, 11, 12, 13, 23, 30])
@pytest.mark.parametrize("kind", ["zero", "constant", "growing", "jump", "negative", "one_only"])
def test_odd_series_get_finite_numbers(months, kind):
    time_ = np.arange(months, dtype=float)
    values = {
        "zero": time_ * 0,
        "constant": time_ * 0 + 1e12,
        "growing": 1e-6 * np.exp(time_),
        "jump": np.where(time_ > months / 2, 1e9, 1.0),
        "negative": -1 - time_,
        "one_only": np.where(time_ == 0, 5.0, 0.0),
    }[kind]
    got = ensemble.forecast_ensemble(values[None, :], 120)
    assert got.shape == (1, 120) and np.isfinite(got).all()
    assert (got >= 0).all() or kind == "negative"


def test_a_short_series_takes_the_path_its_name_says():
    panel = np.full((4, 24), np.nan)
    panel[1, -1], panel[2, -2:], panel[3] = 8.0, [10.0, 20.0], 7.0
    assert ensemble.name_methods(panel).tolist() == [
        "zero",
        "recent_mean",
        "recent_mean",
        "ensemble",
    ]
    got = ensemble.forecast_ensemble(panel, 2)
    expected = (10 * 0.85 + 20) / 1.85
    assert np.allclose(got, [[0, 0], [8, 8], [expected, expected], [7, 7]])
    assert ensemble.forecast_ensemble(np.empty((0, 24)), 3).shape == (0, 3)


def test_members_weigh_equally_until_thirty_months_and_then_half_by_errors():
    values = np.full((1, 36), np.nan)
    values[0, -29:] = rising(29)
    assert np.allclose(ensemble.weigh_members(values), 0.25)
    weight = ensemble.weigh_members(rising()[None, :])
    assert weight.sum() == pytest.approx(1)
    assert weight.min() >= 0.125 and weight.max() > 0.25


def test_noise_alone_is_drawn_to_its_mean_and_a_line_or_season_is_not():
    noise = np.random.default_rng(12).normal(100, 10, (40, 36))
    assert models.weigh_noise(noise).mean() > 0.5
    panel = np.stack([np.arange(36.0), np.tile(YEAR, 3)])
    assert np.allclose(models.weigh_noise(panel), 0, atol=1e-6)


def test_a_sudden_change_is_a_break_and_an_outlier_or_a_slope_is_none():
    step = np.r_[np.full(30, 10.0), np.full(18, 30.0)]
    outlier = np.full(48, 10.0)
    outlier[30] = 400.0
    slope = 10.0 * np.exp(np.maximum(np.arange(48) - 20, 0) * 0.04)
    panel = np.stack([step, outlier, slope])
    got = breaks.level_breaks(panel)
    assert np.allclose(got[0], 30)
    assert np.array_equal(got[1:], panel[1:])


def test_blocks_are_as_long_as_the_mean_interval():
    panel = np.array([[5.0, 0, 0, 7, 0], [0, 0, 0, 0, 0], [np.nan, np.nan, 3, 3, 3]])
    assert longest_blocks(panel).tolist() == [2, 0, 1]


def test_sporadic_demand_is_one_amount_a_month_near_its_mean():
    panel = np.array([[6.0, 0, 0] * 12, [np.nan] * 35 + [4.0], [0.0] * 36])
    got = forecast_intermittent_values(panel, 2)
    assert np.allclose(got, [[1.888] * 2, [4] * 2, [0] * 2], atol=1e-3)


def test_sporadic_demand_equals_the_library():
    from statsforecast.models import IMAPA

    panel = make_sporadic(12, 48, seed=31)["small_sizes"]
    told = [IMAPA().forecast(y=row[np.flatnonzero(row)[0] :], h=1)["mean"][0] for row in panel]
    started = np.where(np.cumsum(panel > 0, axis=1) > 0, panel, np.nan)
    assert np.allclose(forecast_intermittent_values(started, 1)[:, 0], told, rtol=0.03)


def mase(points, panel):
    past = panel[:, :-AHEAD]
    scale = np.nanmean(np.abs(past[:, 12:] - past[:, :-12]), axis=1)
    return float((np.abs(points - panel[:, -AHEAD:]).mean(axis=1) / scale).mean())


def forecast_by_library(past):
    from statsforecast.models import AutoETS

    model = AutoETS(season_length=12)
    return np.stack([model.forecast(y=row[np.isfinite(row)], h=AHEAD)["mean"] for row in past])


def compare(panel):
    """Return ours / AutoETS in MASE and in CPU."""
    started = time.process_time()
    own = ensemble.forecast_ensemble(panel[:, :-AHEAD], AHEAD)
    middle = time.process_time()
    library = forecast_by_library(panel[:, :-AHEAD])
    spent = (middle - started) / (time.process_time() - middle)
    return mase(own, panel) / mase(library, panel), spent


def test_generated_series_are_forecast_better_than_by_autoets():
    panels = [make_smooth(name, 6, (48, 84), AHEAD, seed=500 + n) for n, name in enumerate(SMOOTH)]
    ratios = [compare(panel)[0] for panel in panels]
    assert np.exp(np.mean(np.log(ratios))) <= 0.97


@pytest.mark.cases
def test_a_slice_of_m3_is_forecast_better_than_by_autoets_and_far_quicker(cases):
    rows = pd.read_parquet(cases / "m3_monthly/m3_monthly.parquet")
    rows["back"] = rows.groupby("unique_id").cumcount(ascending=False)
    panel = rows.pivot(index="unique_id", columns="back", values="y").sort_index(axis=1)
    ratio, spent = compare(panel.iloc[5::36, ::-1].to_numpy(dtype=float))
    assert ratio <= 0.98  # 40 series; the whole set is at 0.92
    assert spent <= 0.1
