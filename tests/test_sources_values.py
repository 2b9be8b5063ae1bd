"""Cells as company files write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sopkit.sources.values import to_codes, to_dates, to_flags, to_names, to_numbers


def cells(*texts: str) -> pd.Series:
    return pd.Series(list(texts), dtype=object)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        (" 12.50 ", 12.5),
        ("1,234,567.8", 1234567.8),
        ("１２３．５", 123.5),
        ("1 234", 1234.0),
        ("1\u00a0234", 1234.0),
        ("(1,234)", -1234.0),
        ("1,234-", -1234.0),
        ("－5", -5.0),
        ("\u22125", -5.0),
        ("¥1,200.00", 1200.0),
        ("-¥30", -30.0),
        ("￥12元", 12.0),
        ("12%", 0.12),
        ("12.5 %", 0.125),
        ("3千", 3000.0),
        ("1.2万", 12000.0),
        ("0.07万", 700.0),
        ("1.5 亿", 150000000.0),
        ("2百万", 2000000.0),
        ("1e3", 1000.0),
    ],
)
def test_a_number_is_read_as_people_write_it(text, number):
    numbers, bad = to_numbers(cells(text))
    assert numbers.tolist() == [number]
    assert not bad.any()


@pytest.mark.parametrize("text", ["", "  ", "-", "—"])
def test_a_blank_number_is_blank_and_never_zero(text):
    numbers, bad = to_numbers(cells(text))
    assert np.isnan(numbers[0])
    assert not bad.any()


@pytest.mark.parametrize(
    "text", ["abc", "12箱", "1,23", "1.234,56", "nan", "inf", "#N/A", "1.2.3", "12万千", "--5", "."]
)
def test_text_in_a_number_is_not_guessed(text):
    numbers, bad = to_numbers(cells(text, "1"))
    assert bad.tolist() == [True, False]
    assert np.isnan(numbers[0])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-05", "2026-10-05"),
        ("2026/1/5", "2026-01-05"),
        ("2026.10.05", "2026-10-05"),
        ("20261005", "2026-10-05"),
        ("2026-10", "2026-10-01"),
        ("202610", "2026-10-01"),
        ("2026年10月", "2026-10-01"),
        ("2026年10月5日", "2026-10-05"),
        ("２０２６年１０月", "2026-10-01"),
        ("2026-10-05 13:45:10", "2026-10-05"),
        ("2026-10-05T00:00:00", "2026-10-05"),
        ("46300", "2026-10-05"),
    ],
)
def test_a_date_is_read_in_the_forms_that_exports_have(text, day):
    dates, bad = to_dates(cells(text))
    assert dates.tolist() == [pd.Timestamp(day)]
    assert not bad.any()


@pytest.mark.parametrize(
    "text", ["05/10/2026", "2026-02-30", "2026-13", "soon", "12", "0026-10-01"]
)
def test_a_date_that_could_mean_two_days_is_not_guessed(text):
    dates, bad = to_dates(cells(text, ""))
    assert bad.tolist() == [True, False]
    assert dates.isna().all()


def test_the_order_of_a_date_can_be_declared():
    dates, bad = to_dates(cells("05/10/2026", "2026-10-05"), "%d/%m/%Y")
    assert dates[0] == pd.Timestamp("2026-10-05")
    assert bad.tolist() == [False, True]


def test_codes_keep_leading_zeros_and_lose_full_width_signs():
    assert to_codes(cells(" 00１2", "Ａ－1\u3000", "", "EA ")).tolist() == [
        "0012",
        "A-1",
        None,
        "EA",
    ]


def test_names_stay_as_written():
    assert to_names(cells(" 可乐（罐）", "")).tolist() == ["可乐（罐）", None]


def test_yes_and_no_are_read_in_both_languages():
    flags, bad = to_flags(cells("1", "否", "TRUE", "n", "", "maybe"))
    assert flags.tolist() == [True, False, True, False, None, None]
    assert bad.tolist() == [False] * 5 + [True]
