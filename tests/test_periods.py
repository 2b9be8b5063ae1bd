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
