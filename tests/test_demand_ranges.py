"""Ranges: solved by hand, and their coverage on months held out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmarks.ranges import cover_panel, make_panel, measure
from builders import table

from sopkit import demand
from sopkit.demand import conformal, ranges
from sopkit.demand.conformal import SHORT, SMOOTH, SPORADIC, Errors
from sopkit.tables import TABLES, fit_columns

NO_ERRORS = conformal.join_errors([])


def panel(*rows):
    width = max(len(row) for row in rows)
    return np.array([[np.nan] * (width - len(row)) + list(row) for row in rows], dtype=float)


def errors(scaled, lag=0, kind=SMOOTH):
    scaled = np.asarray(scaled, dtype=float)
    return Errors(scaled, np.broadcast_to(lag, scaled.shape), np.broadcast_to(kind, scaled.shape))


def series_frame(values, last="2026-04-01"):
    index = pd.MultiIndex.from_arrays(
        [[f"i{row:03d}" for row in range(len(values))], ["D"] * len(values)],
        names=["item", "location"],
    )
    months = pd.date_range(end=last, periods=values.shape[1], freq="MS", name="period")
    return pd.DataFrame(values, index=index, columns=months)


def test_a_series_that_repeats_itself_has_the_least_spread():
    mean, rate = conformal.measure_spread(panel([10.0, 12.0] * 12))
    assert (mean.tolist(), rate.tolist()) == ([11], [0.005])


def test_steady_growth_widens_no_range():
    _, rate = conformal.measure_spread(panel(np.arange(100.0, 148.0)))
    assert rate.tolist() == [0.005]


def test_a_series_without_pairs_of_years_is_judged_by_its_months():
    mean, rate = conformal.measure_spread(panel([8.0, 12.0, 8.0, 12.0], [np.nan] * 4))
    assert mean.tolist() == [10, 0]
    assert rate.tolist() == [0.4, conformal.BLIND_RATE]


def test_an_error_is_scaled_by_forecast_and_mean_month():
    known = panel([8.0, 12.0, 8.0, 12.0])
    assert conformal.spread_of(known, np.array([[10.0, 20.0]])).tolist() == [[4, 6]]
    got = conformal.scale_errors(known, np.array([[10.0, 20.0]]), np.array([[14.0, np.nan]]))
    assert (got.scaled.tolist(), got.lag.tolist(), got.kind.tolist()) == ([1], [0], [SHORT])


def test_months_without_forecast_and_demand_are_no_errors():
    got = conformal.scale_errors(panel([8.0, 12.0]), np.array([[0.0, 10]]), np.array([[0.0, 10]]))
    assert got.lag.tolist() == [1]


def test_series_are_smooth_sporadic_or_short():
    got = conformal.kinds_of(panel([5.0] * 30, [6.0, 0, 0] * 12, [5.0] * 15, [6.0, 0, 0]))
    assert got.tolist() == [SMOOTH, SPORADIC, SHORT, SHORT]


def test_without_errors_a_normal_spread_is_assumed():
    got = conformal.find_quantiles(NO_ERRORS, [80, 95], 2)
    assert got.shape == (3, 2, 2, 2)
    assert np.allclose(got[:, 0, 1], [1.2816, 1.2816 * 2**0.1], atol=1e-4)
    assert np.allclose(got[:, 1, 0], [-1.96, -1.96 * 2**0.1], atol=1e-4)


def test_many_errors_speak_for_themselves_and_few_lean_on_all():
    many, few = errors(np.linspace(-2, 2, 9_999)), errors(np.full(10, 9.0), kind=SHORT)
    got = conformal.find_quantiles(conformal.join_errors([many, few]), [80], 1)[:, 0, 1, 0]
    assert got[SMOOTH] == pytest.approx(1.6, abs=0.01)
    assert got[SHORT] == pytest.approx((9 + 1.6) / 2, abs=0.01)
    assert got[SPORADIC] == pytest.approx(1.6, abs=0.01)


def test_a_series_is_tested_from_where_it_had_half_of_its_months():
    now = panel([5.0] * 20, [5.0] * 10)
    assert conformal.has_grown_up(now[:, :-10], now).tolist() == [True, False]
    assert conformal.has_grown_up(now[:, :-8], now).tolist() == [True, False]
    assert conformal.has_grown_up(now[:, :-5], now).tolist() == [True, True]


def test_errors_that_grow_like_a_root_are_seen_so():
    got = errors([1, -(2**0.5), 3**0.5, -2], lag=[0, 1, 2, 3])
    assert conformal.measure_growth(got) == pytest.approx(0.5)


def test_wider_levels_never_lie_within_narrower_ones():
    quantiles = np.array([[[[-2.0], [1.0]], [[-1.0], [3.0]]]])
    got = conformal.put_ranges(
        np.array([[10.0], [1.0]]),
        np.array([[2.0], [2.0]]),
        np.zeros(2, int),
        quantiles,
        np.zeros(2),
    )
    assert got[:, :, 0, 0].tolist() == [[6, 12], [6, 16]]
    assert got[:, :, 1, 0].tolist() == [[0, 3], [0, 7]]


def test_a_range_may_go_below_zero_where_its_floor_does():
    got = conformal.put_ranges(
        np.array([[1.0]]),
        np.array([[2.0]]),
        np.zeros(1, int),
        np.array([[[[-1.0], [1.0]]]]),
        np.array([-np.inf]),
    )
    assert got.ravel().tolist() == [-1, 3]


def test_a_month_off_sale_has_no_range():
    series = series_frame(panel([10.0, 20.0] * 18))
    points = pd.DataFrame(
        [[15.0, 0.0]], index=series.index, columns=pd.date_range("2026-05-01", periods=2, freq="MS")
    )
    method = pd.Series("ensemble", index=series.index)
    got = demand.ranges.add_ranges(points, method, series, TABLES["backtest"].empty())
    assert list(got.columns[3:]) == [
        *["baseline_qty", "lo_80_qty", "hi_80_qty", "lo_95_qty", "hi_95_qty"]
    ]
    assert got.iloc[1, 3:].tolist() == [0, 0, 0, 0, 0]
    first = got.iloc[0, 3:].astype(float)
    assert first["lo_95_qty"] < first["lo_80_qty"] < 15 < first["hi_80_qty"] < first["hi_95_qty"]


def test_a_backtest_gives_the_errors_that_arrays_give():
    series = series_frame(panel(np.linspace(10, 30, 40), np.tile([3.0, 9.0], 20)))
    cutoff = series.columns[-4]
    tested = pd.DataFrame(
        {
            "item": ["i000", "i000", "i001"],
            "location": "D",
            "cutoff": cutoff,
            "period": series.columns[[-3, -2, -3]],
            "lag": [0, 1, 0],
            "forecast_qty": [20.0, 21.0, 5.0],
            "naive_qty": 0.0,
            "actual_qty": [22.0, 20.0, 9.0],
        }
    )
    got = ranges.pool_errors(tested, series)
    want = conformal.scale_errors(
        series.iloc[:, :-3].to_numpy(),
        np.array([[20.0, 21.0], [5.0, np.nan]]),
        np.array([[22.0, 20.0], [9.0, np.nan]]),
    )
    assert all(np.array_equal(one, other) for one, other in zip(got, want, strict=True))


SUMS = table(
    "item location customer period q_qty lo_80_qty hi_80_qty",
    "A D all 2026-05 100 90 130",
    "B D all 2026-05 100 90 130",
)


def test_ranges_of_a_sum_depend_on_how_errors_move_together():
    apart = demand.sum_ranges(SUMS, ["period"], "q_qty", demand.Correlation(0, 0))
    same = demand.sum_ranges(SUMS, [], "q_qty", demand.Correlation(1, 1))
    assert apart["hi_80_qty"].tolist() == pytest.approx([200 + 1800**0.5])
    assert same.to_numpy().tolist() == [[200, 180, 260]]


def test_both_ranges_are_summed_where_both_are_given():
    rows = SUMS.assign(lo_95_qty=80.0, hi_95_qty=150.0)
    got = demand.sum_ranges(rows, [], "q_qty", demand.Correlation(1, 1))
    assert got.to_numpy().tolist() == [[200, 180, 260, 160, 300]]


def test_correlation_of_errors_is_one_when_they_agree_and_zero_when_they_cancel():
    both = table(
        "item location cutoff period lag forecast_qty actual_qty",
        "A D 2026-01 2026-02 0 20 10",
        "B D 2026-01 2026-02 0 20 10",
        "A D 2026-02 2026-03 0 0 10",
        "B D 2026-02 2026-03 0 0 10",
    )
    assert demand.measure_correlation(both).places == 1
    against = both.assign(forecast_qty=[20, 0, 0, 20])
    assert demand.measure_correlation(against).places == 0
    assert demand.measure_correlation(TABLES["backtest"].empty()).months == 0.5


@pytest.mark.parametrize(
    ("kind", "seed"), [("smooth", 3), ("walk", 4), ("sporadic", 5), ("young", 6)]
)
def test_ranges_hold_what_came_on_panels_held_out(kind, seed):
    rows = cover_panel(make_panel(kind, seed, count=150, months=60))
    got = measure(rows)
    assert 0.75 <= got[80] <= 0.86
    assert 0.90 <= got[95] <= 0.98
    assert (got["crossing"], got["below"]) == (0, 0)


def test_ranges_of_family_totals_hold_what_came():
    """Five families of 16 items: noise of the item, and half as much shared by the family."""
    rng = np.random.default_rng(77)
    months = pd.date_range("2021-05-01", periods=72, freq="MS")
    parts = []
    for family in range(5):
        shared = rng.normal(0, 0.08, 72)
        for number in range(16):
            season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(72) + family) / 12)
            y = rng.lognormal(4, 0.7) * season * np.exp(shared + rng.normal(0, 0.16, 72))
            parts.append(pd.DataFrame({"item": f"F{family}-{number}", "period": months, "y": y}))
    rows = pd.concat(parts, ignore_index=True).assign(location="D", customer="all")
    history = rows.assign(actual_qty=rows["y"], cleaned_qty=rows["y"])
    item = pd.DataFrame({"item": rows["item"].unique()})
    item = fit_columns(item.assign(family=item["item"].str[:2]), TABLES["item"])
    known, cycle = history[history["period"] < "2026-05-01"], pd.Timestamp("2026-05-01")
    tested = demand.backtest_baseline(known, item, cycle)
    made = demand.forecast_baseline(known, item, 12, tested).assign(
        family=lambda f: f["item"].str[:2]
    )
    by = ["family", "period"]
    total = demand.sum_ranges(made, by, "baseline_qty", demand.measure_correlation(tested))
    came = rows.assign(family=rows["item"].str[:2]).groupby(by, as_index=False)["y"].sum()
    both = total.merge(came, on=by, validate="one_to_one")
    assert len(both) == 60
    assert 0.65 <= both["y"].between(both["lo_80_qty"], both["hi_80_qty"]).mean() <= 0.95
