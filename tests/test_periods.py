import doctest

import pandas as pd
import pytest

from sopkit import errors, periods
from sopkit.errors import ParameterError


@pytest.mark.parametrize("module", [errors, periods])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", ["../x", "2026-13", "2026", "", "2026-11/..", None, "2026-1"])
def test_a_cycle_that_is_no_month_is_refused(name):
    with pytest.raises(ParameterError, match="named for its month"):
        periods.to_cycle_period(name)


def test_the_horizon_starts_with_the_cycle():
    assert periods.to_horizon("2026-11", 3).strftime("%Y-%m").tolist() == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]


def test_months_between_counts_over_year_ends():
    first, last = (
        pd.Series(pd.to_datetime(["2026-11-01"])),
        pd.Series(pd.to_datetime(["2027-02-01"])),
    )
    assert periods.months_between(first, last).tolist() == [3]


def test_working_days_leave_out_chinese_new_year():
    assert periods.working_days(pd.Timestamp("2026-02-01"), "CN") < 18
    assert periods.working_days(pd.Timestamp("2026-11-01"), "CN") == 21


def working_days_of(country, *months):
    days = periods.list_working_days(pd.DatetimeIndex(months), country)
    return days["working_days"].tolist(), days["is_estimated"].tolist()


def test_weekends_that_china_works_are_counted_as_published():
    # 2026-02: 20 weekdays, 6 of them off (16-20 and 23), Saturdays 14 and 28 worked.
    # 2025-01: 23 weekdays, 5 of them off (1, 28-31), Sunday 26 worked.
    # 2026-09: 22 weekdays, the 25th off, Sunday 20 worked. 2026-10: 22, 5 off, Saturday 10 worked.
    months = ["2025-01-01", "2026-02-01", "2026-09-01", "2026-10-01"]
    assert working_days_of("CN", *months) == ([19, 16, 22, 18], [False] * 4)


def test_a_new_years_day_swap_reaches_into_the_year_before():
    # 2019-01-01's eve was off for Saturday 29 December 2018: 21 weekdays - 31st + 29th.
    assert working_days_of("CN", "2018-12-01")[0] == [21]


def test_years_not_yet_published_are_estimated_and_say_so():
    # 2027: New Year on Saturday 6 February, closed for eight days from its eve (5-12): 20 weekdays
    # less 6; two of them are swapped, for Sunday 31 January and Saturday 13 February.
    days, estimated = working_days_of("CN", "2027-01-01", "2027-02-01")
    assert estimated == [True, True]
    assert days == [21, 15]


def test_the_estimate_is_never_off_by_more_than_a_day_in_the_years_published():
    published = {
        month: periods.working_days(month, "CN")
        for month in pd.date_range("2022-01-01", "2026-12-01", freq="MS")
    }
    import holidays

    for year in range(2022, 2027):
        calendar = holidays.country_holidays("CN", years=year, language="en_US")
        statutory = {
            pd.Timestamp(day) for day, name in calendar.items() if not name.startswith("Day off")
        }
        off, worked = periods._guess_swaps(year, statutory)
        for month in pd.date_range(f"{year}-01-01", periods=12, freq="MS"):
            weekdays = pd.date_range(month, month + pd.offsets.MonthEnd(0), freq="B")
            open_days = len(set(weekdays) - statutory - off)
            swapped = sum(day.to_period("M").start_time == month for day in worked)
            assert abs(open_days + swapped - published[month]) <= 1


@pytest.mark.parametrize(
    "country, month, days", [("US", "2026-11-01", 19), ("DE", "2026-05-01", 18)]
)
def test_other_countries_count_weekdays_less_public_holidays(country, month, days):
    # US: 21 weekdays less Veterans Day and Thanksgiving; DE: 21 less 1, 14 and 25 May.
    assert working_days_of(country, month) == ([days], [False])


def test_the_moon_is_not_listed_for_ever():
    assert working_days_of("CN", "2101-02-01") == ([20], [True])
