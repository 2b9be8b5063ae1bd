"""Series, segments, methods, ensemble, backtest and ranges on data solved by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit import demand
from sopkit.demand import backtest, breaks, damped, methods, places, segments, shares
from sopkit.tables import TABLES, check_table

CYCLE = pd.Timestamp("2026-05-01")


def items(*rows):
    raw = table("item family launch_date end_date predecessor like_item", *rows)
    return check_table(raw, TABLES["item"])


ITEM = items("A Water - - - -", "B Water - - - -")


def history(**series):
    """One series per keyword `item_location_customer`, ending in 2026-04."""
    parts = []
    for name, values in series.items():
        item, location, customer = name.split("_")
        periods = pd.date_range(end="2026-04-01", periods=len(values), freq="MS")
        parts.append(
            pd.DataFrame(
                {
                    "item": item,
                    "location": location,
                    "customer": customer,
                    "period": periods,
                    "actual_qty": np.asarray(values, float),
                    "cleaned_qty": np.asarray(values, float),
                    "revenue_value": np.asarray(values, float),
                    "return_value": 0.0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def no_backtest():
    return TABLES["backtest"].empty()


def forecast(past, item=ITEM, months=2, **options):
    return demand.forecast_baseline(past, item, months, no_backtest(), **options)


def test_series_start_at_the_first_demand_and_go_back_to_rows():
    series = demand.to_series(history(A_D_k=[0, 0, 5, 0, 7], A_D_m=[0, 0, 1, 0, 0]))
    assert series.loc[("A", "D")].tolist()[2:] == [6, 0, 7]
    assert series.loc[("A", "D")].isna().tolist() == [True, True, False, False, False]
    assert demand.from_series(series, "x")["x"].tolist() == [6, 0, 7]


def test_constant_demand_is_forecast_as_itself():
    baseline = forecast(history(A_D_all=[10] * 36))
    assert np.allclose(baseline["baseline_qty"], 10)
    assert set(baseline["method"]) == {"ensemble"}
    check_table(baseline, TABLES["baseline"])


@pytest.mark.parametrize("size", [1e12, 1e-6])
def test_huge_and_tiny_seasonal_series_keep_their_shape(size):
    year = np.array([6, 12, 18, 12, 6, 12, 18, 12, 6, 12, 18, 12]) * size
    baseline = forecast(history(A_D_all=np.tile(year, 4)), months=12)
    assert np.allclose(baseline["baseline_qty"] / size, year / size, rtol=0.05)


def test_damped_trend_finds_the_season_of_repeated_years():
    year = np.array([6.0, 12, 18, 12, 6, 12, 18, 12, 6, 12, 18, 12])
    season = damped.find_season(np.tile(year, 4)[None, :])
    assert np.allclose(season[0], year / 12)
    assert np.allclose(damped.forecast_damped(np.tile(year, 4)[None, :], 12, season)[0], year)


def test_noise_alone_gives_no_season():
    noise = np.random.default_rng(1).normal(100, 10, (1, 48))
    assert np.allclose(damped.find_season(noise), 1, atol=0.1)


def test_every_series_gets_the_first_method_that_fits():
    item = items(
        "A Water - - - -",
        "gone Water - 2026-03-31 - -",
        "young Water - - - A",
        "quiet Water - - - -",
        "rare Water - - - -",
        "short Water - - - -",
    )
    past = history(
        A_D_all=[10] * 36,
        gone_D_all=[10] * 36,
        young_D_all=[5] * 4,
        quiet_D_all=[5] * 12 + [0] * 12,
        rare_D_all=[6, 0, 0] * 12,
        short_D_all=[5] * 15,
    )
    got = methods.choose_methods(demand.to_series(past), item, CYCLE, 24)
    assert got.droplevel("location").to_dict() == {
        "A": "ensemble",
        "gone": "run_out",
        "young": "like_item",
        "quiet": "zero",
        "rare": "intermittent",
        "short": "family_share",
    }


def test_sporadic_demand_is_one_amount_a_month():
    baseline = forecast(history(A_D_all=[6, 0, 0] * 12))
    assert baseline["baseline_qty"].tolist() == pytest.approx([1.888, 1.888], abs=1e-3)


def test_a_short_series_takes_its_share_of_the_family():
    past = history(A_D_all=[90] * 24 + [60] * 12, B_D_all=[30] * 12)
    baseline = forecast(past)
    assert np.allclose(baseline.loc[baseline["item"] == "B", "baseline_qty"], 30)
    assert baseline.loc[baseline["item"] == "B", "method"].unique().tolist() == ["family_share"]


def test_a_new_item_follows_its_like_item_at_its_own_pace():
    item = items("A Water - - - -", "B Water - - - A")
    baseline = forecast(history(A_D_all=[100] * 36, B_D_all=[50] * 6), item)
    # level log 0.5 seen in 5 whole months (variance 0.04 x 6/5) against log 1 (2 x 0.4^2)
    trust = (1 / 0.048) / (1 / 0.048 + 1 / 0.32)
    assert np.allclose(baseline.loc[baseline["item"] == "B", "baseline_qty"], 100 * 0.5**trust)


def test_a_launch_sells_from_its_month_on_where_its_like_item_is_sold():
    item = items("A Water - - - -", "N Water 2026-06-10 - - A")
    baseline = forecast(history(A_D_k=[30] * 36, A_D_m=[10] * 36), item, months=3)
    new = baseline[baseline["item"] == "N"]
    assert np.allclose(new.loc[new["customer"] == "k", "baseline_qty"], [0, 21, 30])
    assert np.allclose(new.loc[new["customer"] == "m", "baseline_qty"], [0, 7, 10])


def test_nothing_is_sold_after_the_last_month_of_sale():
    item = items("A Water - 2026-05-20 - -")
    assert np.allclose(forecast(history(A_D_all=[10] * 36), item)["baseline_qty"], [10, 0])


def test_a_successor_takes_over_the_history():
    item = items("A Water - 2026-01-31 - -", "B Water 2026-02-01 - A -")
    past = history(A_D_all=[10] * 33 + [0] * 3, B_D_all=[10] * 3)
    baseline = forecast(past, item)
    assert np.allclose(baseline.loc[baseline["item"] == "B", "baseline_qty"], 10)
    assert np.allclose(baseline.loc[baseline["item"] == "A", "baseline_qty"], 0)
    assert baseline.loc[baseline["item"] == "B", "method"].unique().tolist() == ["ensemble"]


def test_items_are_drawn_to_their_family():
    index = pd.MultiIndex.from_tuples([("A", "D"), ("B", "D")], names=["item", "location"])
    points = pd.DataFrame([[40.0], [60.0]], index=index)
    families = pd.DataFrame(
        [[120.0]], index=pd.MultiIndex.from_tuples([("Water", "D")], names=["family", "location"])
    )
    method = pd.Series("ensemble", index=index)
    assert places.reconcile_families(points, families, method, ITEM, 1.0)[0].tolist() == [48, 72]
    assert places.reconcile_families(points, families, method, ITEM, 0.5)[0].tolist() == [44, 66]


def test_customers_get_their_share_of_the_last_year():
    past = history(A_D_k=[0] * 12 + [30] * 12, A_D_m=[99] * 12 + [10] * 12)
    got = shares.find_customer_shares(past, ITEM, pd.DataFrame({"item": ["A"], "location": ["D"]}))
    assert got["share"].tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    "values", [[5.0], [5.0, 6.0], [0.0] * 30, [7.0] * 11, [0.0] * 29 + [1e12], [1, 0] * 15]
)
def test_odd_series_get_a_number_for_every_month(values):
    baseline = forecast(history(A_D_all=values, B_D_all=[10] * 30), months=18)
    assert len(baseline) == 36
    assert np.isfinite(baseline[["baseline_qty", "lo_80_qty", "hi_80_qty"]].to_numpy()).all()
    check_table(baseline, TABLES["baseline"])


def test_no_history_gives_an_empty_baseline():
    empty = TABLES["demand_history"].empty()
    assert forecast(empty).empty
    assert demand.backtest_baseline(empty, ITEM, CYCLE).empty
    assert demand.segment_items(empty, ITEM, CYCLE).empty


def test_cutoffs_leave_a_whole_horizon_behind_them():
    past = history(A_D_all=[10] * 36)
    got = backtest.choose_cutoffs(past["period"].min(), CYCLE, 3, 6, 4)
    assert [f"{cutoff:%Y-%m}" for cutoff in got] == ["2025-10", "2025-06", "2025-02"]
    assert len(backtest.choose_cutoffs(pd.Timestamp("2025-07-01"), CYCLE, 3, 6, 4)) == 1


def test_a_backtest_sees_nothing_after_its_cutoff():
    past = history(A_D_all=[10] * 36)
    known = demand.backtest_baseline(past, ITEM, CYCLE, cutoffs=1, backtest_horizon=3)
    past.loc[past["period"] >= "2026-02-01", ["actual_qty", "cleaned_qty"]] = 900.0
    changed = demand.backtest_baseline(past, ITEM, CYCLE, cutoffs=1, backtest_horizon=3)
    assert changed["forecast_qty"].equals(known["forecast_qty"])
    assert changed["naive_qty"].tolist() == [10, 10, 10]
    assert changed["actual_qty"].tolist() == [900, 900, 900]
    assert changed["lag"].tolist() == [0, 1, 2]
    check_table(changed, TABLES["backtest"])


def test_a_backtest_says_what_the_forecast_of_that_month_said():
    values = 50 + 20 * np.sin(np.arange(48) / 3)
    past = history(A_D_all=values)
    tested = demand.backtest_baseline(past, ITEM, CYCLE, cutoffs=1, backtest_horizon=4)
    earlier = past[past["period"] < "2026-01-01"]
    told = demand.forecast_baseline(earlier, ITEM, 4, no_backtest())
    assert np.allclose(tested["forecast_qty"], told["baseline_qty"])


def test_naive_is_the_same_month_a_year_ago_or_else_the_last_month():
    known = pd.DataFrame(
        [[8.0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5], [np.nan] * 11 + [5]],
        columns=pd.date_range("2025-01-01", periods=12, freq="MS"),
    )
    got = backtest.forecast_naive(known, pd.date_range("2026-01-01", periods=1, freq="MS"))
    assert got.iloc[:, 0].tolist() == [8, 5]


def test_ranges_never_cross_and_never_go_below_zero():
    rng = np.random.default_rng(3)
    past = history(**{f"{name}_D_all": rng.gamma(2, 10, 48) for name in "AB"})
    tested = demand.backtest_baseline(past, ITEM, CYCLE)
    got = demand.forecast_baseline(past, ITEM, 18, tested)
    assert (got["lo_80_qty"] >= 0).all()
    assert (got["lo_80_qty"] <= got["baseline_qty"]).all()
    assert (got["baseline_qty"] <= got["hi_80_qty"]).all()


def test_value_classes_are_cut_at_80_and_95_percent():
    places_ = table("item location revenue_value", "x D 60", "x E 20", "y D 15", "z D 5", "n D 0")
    got = segments.rank_by_value(places_).set_index("item")["abc"]
    assert got.to_dict() == {"x": "A", "y": "B", "z": "C", "n": "C"}


def test_patterns_are_told_by_interval_and_variation():
    item = items(
        "gone Water - 2026-03-31 - -",
        *(f"{n} Water - - - -" for n in ("even", "wild", "rare", "lump", "young", "quiet")),
    )
    past = history(
        even_D_all=[10, 11] * 12,
        wild_D_all=[1, 1, 1, 40] * 6,
        rare_D_all=[6, 0] * 12,
        lump_D_all=[1, 0, 40, 0] * 6,
        young_D_all=[5] * 5,
        quiet_D_all=[5] * 12 + [0] * 12,
        gone_D_all=[5] * 24,
    )
    segment = demand.segment_items(past, item, CYCLE)
    assert segment.set_index("item")["pattern"].to_dict() == {
        "even": "smooth",
        "wild": "erratic",
        "rare": "intermittent",
        "lump": "lumpy",
        "young": "new",
        "quiet": "none",
        "gone": "ended",
    }
    check_table(segment, TABLES["segment"])


def test_a_sudden_change_of_level_is_scaled_out():
    values = np.array([[10.0] * 24 + [30.0] * 12])
    assert np.allclose(breaks.level_breaks(values), 30)
    assert np.allclose(demand.forecast_ensemble(values, 6), 30)


def test_steady_growth_season_and_short_series_are_no_break():
    growth = 10 * 1.2 ** (np.arange(48) / 12)
    season = np.tile([1.0, 1, 1, 9, 9, 9, 1, 1, 1, 9, 9, 9], 4)
    short = np.r_[[np.nan] * 35, [1.0] * 6, [90.0] * 7]
    values = np.stack([growth, season, short])
    assert np.array_equal(breaks.level_breaks(values), values, equal_nan=True)
