"""Before and after, and what was stated: by hand, refused where it must be."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.kpi import (
    compare_kpis,
    compare_windows,
    find_restated,
    join_history,
    tell_interval,
    tell_windows,
)
from sopkit.tables import TABLES, check_table

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")
BEFORE, AFTER = (MONTHS[0], MONTHS[5]), (MONTHS[6], MONTHS[11])


def values(numbers: list[float], kpi: str = "otif", level: str = "line", lag: int = 0):
    frame = pd.DataFrame({"period": MONTHS[: len(numbers)], "kpi_number": numbers})
    return frame.assign(kpi=kpi, level=level, lag=lag, unit="rate", n=10, source=None)


def test_the_difference_has_welchs_interval():
    # Both windows scatter by 1 around their mean: variance 6 / 5, twice 6 months: 0.632 off, t of
    # 10 degrees of freedom 2.228.
    numbers = [1, 3, 1, 3, 1, 3, 11, 13, 11, 13, 11, 13]
    row = compare_windows(values(numbers), "otif", BEFORE, AFTER)
    assert (row["before_number"], row["after_number"], row["change_number"]) == (2, 12, 10)
    reach = 2.2281 * (2 * 1.2 / 6) ** 0.5
    assert row["lo_95_number"] == pytest.approx(10 - reach, abs=1e-3)
    assert row["hi_95_number"] == pytest.approx(10 + reach, abs=1e-3)
    assert row["verdict"] == "better"
    check_table(pd.DataFrame([row]), TABLES["kpi_compare"])


def test_months_that_resemble_the_ones_before_widen_the_interval():
    wave, jump = [1, 1, 1, 3, 3, 3], [1, 3, 1, 3, 1, 3]
    rows = [
        compare_windows(values([*own, *(x + 2 for x in own)]), "otif", BEFORE, AFTER)
        for own in (wave, jump)
    ]
    width = [row["hi_95_number"] - row["lo_95_number"] for row in rows]
    assert width[0] > 1.5 * width[1]
    assert [row["verdict"] for row in rows] == ["no_difference", "better"]


@pytest.mark.parametrize(
    ("kpi", "shift", "verdict"),
    [
        ("otif", -10, "worse"),
        ("backlog", -10, "better"),
        ("bias", -10, "worse"),
        ("bias", -1.9, "better"),
        ("cover_days", 10, "changed"),
        ("otif", 0, "no_difference"),
    ],
)
def test_better_is_what_the_registry_says(kpi, shift, verdict):
    own = [1.9, 2.1] * 3
    numbers = [*own, *(x + shift for x in own)]
    assert compare_windows(values(numbers, kpi), kpi, BEFORE, AFTER)["verdict"] == verdict


def test_a_comparison_is_refused_with_its_reason():
    numbers = [1.0, 3.0] * 6
    own = values(numbers)
    mixed_level = own.assign(level=["line"] * 6 + ["order"] * 6)
    mixed_lag = own.assign(lag=[0] * 6 + [1] * 6)
    mixed_source = own.assign(source=["baseline"] * 6 + ["agreed"] * 6)
    refused = {
        "level": compare_windows(mixed_level, "otif", BEFORE, AFTER),
        "lag": compare_windows(mixed_lag, "otif", BEFORE, AFTER),
        "source": compare_windows(mixed_source, "otif", BEFORE, AFTER),
        "few_months": compare_windows(own.iloc[1:], "otif", BEFORE, AFTER),
        "overlap": compare_windows(own, "otif", BEFORE, (MONTHS[5], MONTHS[11])),
        "rolling": compare_windows(values(numbers, "turns"), "turns", BEFORE, AFTER),
    }
    for reason, row in refused.items():
        assert (row["verdict"], row["why_refused"]) == ("refused", reason)
        assert tell_interval(row) == (f"kpi.refused.{reason}", {})
    check_table(pd.DataFrame([refused["lag"]]), TABLES["kpi_compare"])
    none = compare_windows(own.iloc[:0], "otif", BEFORE, AFTER)
    assert none["why_refused"] == "few_months"


def test_the_scorecards_kpi_are_compared_over_as_many_months_as_there_are():
    own = pd.concat(
        [values([1.0, 3.0] * 6), values([0.1] * 12, "accuracy", "item-location, month", 1)]
    )
    table_ = compare_kpis(own, ["accuracy", "otif", "excess"], 1, MONTHS[-1])
    assert table_["kpi"].tolist() == ["accuracy", "otif", "excess"]
    assert table_["before_n"].tolist() == [6, 6, 0]
    assert table_["level"].iloc[0] == "item-location, month"
    check_table(table_, TABLES["kpi_compare"])
    assert tell_windows(table_) == {"better": 0, "worse": 0, "same": 2, "refused": 1}
    nothing = compare_kpis(own.iloc[:0], [], 1, MONTHS[-1])
    assert tell_windows(nothing) == {"better": 0, "worse": 0, "same": 0, "refused": 0}


RECORDED = table(
    "kpi level lag period cycle kpi_number unit n",
    "otif line 0 2025-01 2025-02 0.95 rate 10",
    "otif line 0 2025-01 2025-03 0.94 rate 10",
    "otif line 0 2025-02 2025-03 0.9 rate 10",
    "otif line 0 2024-12 2025-02 0.8 rate 7",
)


def test_what_was_stated_is_never_changed_silently():
    measured = values([0.94, 0.9]).assign(
        band_low=None, band_high=None, verdict="none", why_blank=None
    )
    joined = join_history(measured, RECORDED)
    rows = check_table(joined, TABLES["kpi_value"]).set_index("period")
    assert rows.loc["2025-01-01", ["kpi_number", "stated_number"]].tolist() == [0.94, 0.95]
    assert pd.isna(rows.loc["2025-02-01", "stated_number"])
    assert rows.loc["2024-12-01", ["kpi_number", "source", "n"]].tolist() == [0.8, "recorded", 7]
    assert find_restated(joined)["stated_number"].tolist() == [0.95]


def test_without_records_the_values_stay_as_measured():
    measured = values([0.94, 0.9]).assign(
        band_low=None, band_high=None, verdict="none", why_blank=None
    )
    joined = join_history(measured, RECORDED.iloc[:0])
    assert joined["kpi_number"].tolist() == [0.94, 0.9]
    assert find_restated(joined).empty
