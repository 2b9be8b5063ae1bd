from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from new_year_cases import Company, new_year_company

from sopkit import demand
from sopkit.demand.calendar import explain_calendar, measure_calendar
from sopkit.demand.calendar.festivals import count_days, festival_days, list_festivals
from sopkit.demand.calendar.ratios import clip_outliers, to_deviations
from sopkit.demand.series import blank_before_start
from sopkit.periods import list_working_days
from sopkit.tables.panel import until

MONTHS = pd.date_range("2020-11-01", periods=78, freq="MS", name="period")
HISTORY = 72
YEARS = range(2019, 2029)


def moved_share(before: int, after: int) -> np.ndarray:
    """Share of the days before the New Year in each month less the share of the days after it."""
    shares = np.zeros(len(MONTHS))
    for day in festival_days("spring_festival", YEARS):
        for shift in range(-before, after):
            month = (day + pd.Timedelta(days=shift)).to_period("M").to_timestamp()
            if month in MONTHS:
                shares[MONTHS.get_loc(month)] += 1 / before if shift < 0 else -1 / after
    return shares


def panel(
    factor: np.ndarray, seed: int, count: int = 30, noise: float = 0.1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two families of seasonal growing series, noise of 10 %, x factor."""
    rng = np.random.default_rng(seed)
    season = 1 + 0.3 * np.cos(2 * np.pi * np.arange(len(MONTHS)) / 12)
    growth = 1.04 ** (np.arange(len(MONTHS)) / 12)
    level = np.exp(rng.normal(6, 1, count))[:, None]
    random = np.exp(rng.normal(0, noise, (count, len(MONTHS))))
    codes = [f"I{number:02d}" for number in range(count)]
    index = pd.MultiIndex.from_arrays([codes, ["D"] * count], names=["item", "location"])
    values = pd.DataFrame(level * season * growth * factor * random, index=index, columns=MONTHS)
    item = pd.DataFrame({"item": codes, "family": ["Tea", "Water"] * (count // 2)})
    return values, item


@pytest.mark.parametrize("name", ["festivals", "measure", "ratios", "shrink", "explain"])
def test_examples_in_the_docstrings_hold(name):
    assert doctest.testmod(import_module(f"sopkit.demand.calendar.{name}")).failed == 0


def test_each_country_keeps_its_own_moving_holidays():
    assert list_festivals("CN") == ("spring_festival", "mid_autumn")
    assert list_festivals("DE") == ("easter",)
    assert list_festivals("US") == ("easter",)
    assert {"spring_festival", "eid_al_fitr", "deepavali"} <= set(list_festivals("SG"))


def test_days_around_the_new_year_fall_into_their_months():
    counts = pd.DataFrame(
        count_days("spring_festival", range(2027, 2028)), columns=range(-45, 31)
    )  # 6 February 2027
    assert counts.loc[0, range(-45, 0)].sum() == 31
    assert counts.loc[1, range(-5, 0)].sum() == 5
    assert counts.loc[1, range(0, 31)].sum() == 23
    assert counts.to_numpy().sum() == 31 + 28 + 8


def test_a_deviation_is_measured_from_the_same_month_of_other_years():
    values = np.full((1, 36), 10.0)
    values[0, 12] = 13.0  # the level around it rises a little, too
    away = to_deviations(values)
    assert away[0, [0, 12, 24]] == pytest.approx([-0.08, 0.16, -0.08], abs=0.02)
    assert np.abs(away[0, [3, 15, 27]]).max() < 0.03


def test_an_outlier_counts_no_more_than_its_series_usually_moves():
    rng = np.random.default_rng(5)
    away = rng.normal(0, 0.1, (6, 60))
    away[2, 30] = 5.0
    clipped, weight = clip_outliers(away, np.zeros(6, dtype=int))
    assert clipped[2, 30] < 0.7
    assert weight.max() < 2 * weight.min()


@pytest.mark.parametrize("before, after, sign", [(26, 20, 0.3), (12, 9, 0.25), (33, 14, -0.25)])
def test_the_pull_of_the_new_year_is_found_for_a_year_not_seen(before, after, sign):
    truth = 1 + sign * moved_share(before, after)
    values, item = panel(truth, seed=301)
    factor = measure_calendar(values.iloc[:, :HISTORY], item, 6, "CN")
    assert factor.shape == values.shape
    usual = pd.Series(truth, MONTHS).groupby(MONTHS.month).transform("mean")
    wanted, got = (
        truth / usual,
        factor.mean() / factor.mean().groupby(MONTHS.month).transform("mean"),
    )
    months = MONTHS.month.isin([1, 2])
    missed = np.abs(np.log(got / wanted))[months]
    assert missed.mean() < 0.35 * np.abs(np.log(wanted))[months].mean()
    assert np.abs(factor.mean()[MONTHS.month.isin(range(4, 8))] - 1).max() < 0.015


def test_factors_stay_one_where_the_calendar_does_nothing():
    values, item = panel(np.ones(len(MONTHS)), seed=302)
    factor = measure_calendar(values.iloc[:, :HISTORY], item, 6, "CN")
    assert np.sqrt(np.square(factor - 1).to_numpy().mean()) < 0.006


def test_only_the_months_given_are_used():
    values, item = panel(1 + 0.3 * moved_share(26, 20), seed=303)
    later = values.copy()
    later.iloc[:, 60:] = later.iloc[:, 60:] * 7
    first = measure_calendar(values.iloc[:, :60], item, 6, "CN")
    assert first.equals(measure_calendar(later.iloc[:, :60], item, 6, "CN"))


def test_demand_in_proportion_to_working_days_is_found():
    days = list_working_days(MONTHS, "DE")["working_days"].to_numpy(dtype=float)
    truth = days / pd.Series(days).groupby(MONTHS.month).transform("mean").to_numpy()
    values, item = panel(truth, seed=304, noise=0.05)
    factor = measure_calendar(values.iloc[:, :HISTORY], item, 6, "DE").mean()
    assert np.corrcoef(factor, truth)[0, 1] > 0.85
    assert np.polyfit(truth - 1, factor - 1, 1)[0] == pytest.approx(1, abs=0.25)


def test_without_a_country_or_with_two_new_years_nothing_is_moved():
    values, item = panel(1 + 0.3 * moved_share(26, 20), seed=305)
    assert (measure_calendar(values, item, 3, "") == 1).all(axis=None)
    assert (measure_calendar(values.iloc[:, :30], item, 3, "CN") == 1).all(axis=None)


def test_a_short_series_takes_the_factors_of_its_family():
    values, item = panel(1 + 0.3 * moved_share(26, 20), seed=306)
    known = values.iloc[:, :HISTORY].copy()
    known.iloc[0, :60] = np.nan
    factor = measure_calendar(known, item, 6, "CN")
    sisters = factor.iloc[2::2].mean()
    assert np.abs(factor.iloc[0] - sisters).max() < 0.02
    assert np.abs(factor.iloc[0] - 1).max() > 0.1


@pytest.mark.parametrize(
    "values",
    [[5.0], [0.0] * 48, [7.0] * 48, [np.nan] * 48, [1e12] * 48, [1e-6] * 48, [0, 0, 3] * 16],
)
def test_any_series_gets_finite_factors(values):
    months = pd.date_range("2022-01-01", periods=len(values), freq="MS", name="period")
    index = pd.MultiIndex.from_tuples([("A", "D")], names=["item", "location"])
    item = pd.DataFrame({"item": ["A"], "family": ["Tea"]})
    factor = measure_calendar(pd.DataFrame([values], index, months), item, 4, "CN")
    assert factor.shape == (1, len(values) + 4)
    assert np.isfinite(factor.to_numpy()).all()
    assert np.abs(factor.to_numpy() - 1).max() < 0.05 or values[0] == 0


def missed_winter(company: Company, year: int) -> dict[str, float]:
    """Return the error of January and February against what was expected, by country.

    Forecast from the December before.
    """
    known = blank_before_start(until(company.actual, pd.Timestamp(year - 1, 12, 1)))
    missed = {}
    for country in ("", "CN"):
        points, _ = demand.forecast_places(known, company.item, 2, country=country)
        due = company.expected.loc[points.index, points.columns]
        missed[country] = float((points - due).abs().to_numpy().sum() / due.to_numpy().sum())
    return missed


def test_forecasts_follow_the_new_year_into_its_month():
    cases = [(411, "half sine", 2025), (412, "skewed", 2026), (413, "slow restart", 2025)]
    missed = [
        missed_winter(new_year_company(n, shape, families=3), year) for n, shape, year in cases
    ]
    assert sum(case["CN"] for case in missed) < 0.6 * sum(case[""] for case in missed)


def test_no_forecast_gets_worse_where_the_calendar_does_nothing():
    missed = missed_winter(new_year_company(415, None, families=2, noise=(0.1, 0.3)), 2026)
    assert missed["CN"] < 1.01 * missed[""]


def test_a_launch_without_history_follows_its_familys_calendar():
    company = new_year_company(414, "gift", families=1, items=4, locations=1)
    known = company.actual.loc[:, :"2025-12-01"].replace(0.0, np.nan)
    index = pd.MultiIndex.from_tuples([*known.index, ("new", "L0")], names=known.index.names)
    item = pd.concat(
        [company.item, pd.DataFrame({"item": ["new"], "family": ["F0"]})], ignore_index=True
    )
    factor = measure_calendar(known.reindex(index), item, 2, "CN")
    sisters = factor.iloc[:-1].mean()
    assert np.abs(factor.loc[("new", "L0")] - sisters).max() < 0.05
    assert np.abs(sisters - 1).max() > 0.1


def test_the_reason_is_told_for_each_family_and_month():
    values, item = panel(1 + 0.3 * moved_share(26, 20), seed=308)
    told = explain_calendar(values.iloc[:, :HISTORY], item, 6, "CN")
    assert list(told.columns) == [
        "family",
        "period",
        "working_days",
        "usual_days",
        "holiday",
        "factor_rate",
        "is_estimated",
    ]
    february = told[(told["period"] == "2026-02-01") & (told["family"] == "Tea")].iloc[0]
    assert (february["working_days"], february["is_estimated"]) == (16, False)
    assert february["holiday"] == "spring_festival"
    assert february["factor_rate"] > 0.05  # New Year on the 17th: half of the weeks before it
    assert told["period"].between("2025-11-01", "2027-04-01").all()
    assert told.loc[told["period"] >= "2027-01-01", "is_estimated"].all()
    assert not told.duplicated(["family", "period"]).any()


def test_nothing_is_told_where_nothing_is_measured():
    values, item = panel(np.ones(len(MONTHS)), seed=309)
    assert explain_calendar(values.iloc[:, :20], item, 6, "CN").empty
    assert explain_calendar(values, item, 6, "").empty
