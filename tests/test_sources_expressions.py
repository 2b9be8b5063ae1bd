"""Conditions and arithmetic of a mapping: what they say, and what they refuse to run."""

from __future__ import annotations

import pandas as pd
import pytest

from sopkit.errors import ParameterError
from sopkit.sources.expressions import Unread, evaluate, read_expression

DAYS = {"as_of": pd.Timestamp("2026-10-31"), "cycle": pd.Timestamp("2026-11-01")}
ROWS = pd.DataFrame(
    {
        "qty": ["5", "-2", "", "1,000"],
        "类型": ["销售", "退货", "销售", "换货"],
        "数量(箱)": ["1", "2", "3", "4"],
        "day": ["2026-10-01", "2026/11/2", "", "2026-10-31"],
        "flag": ["1", "0", "1", "1.0"],
    },
    dtype=object,
)


def ask(text: str, unread: Unread | None = None) -> list:
    expression = read_expression(text, questions=True)
    return evaluate(expression, ROWS, DAYS, unread or Unread()).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flag == 1", [True, False, True, True]),
        ("flag != 1", [False, True, False, False]),
        ("qty < 0", [False, True, False, False]),
        ("not (qty < 0)", [True, False, True, True]),
        ("qty == ''", [False, False, True, False]),
        ("qty.isna()", [False, False, True, False]),
        ("qty >= 1000 or qty < 0", [False, True, False, True]),
        ("类型 == '退货'", [False, True, False, False]),
        ("类型 in ['退货', '换货']", [False, True, False, True]),
        ("类型 not in ['退货', '换货']", [True, False, True, False]),
        ("flag in [1]", [True, False, True, True]),
        ("类型.isin(['销售'])", [True, False, True, False]),
        ("类型.str.startswith('换')", [False, False, False, True]),
        ("`数量(箱)` > 2", [False, False, True, True]),
        ("`数量（箱）` > 2", [False, False, True, True]),
        ("day <= as_of", [True, False, False, True]),
        ("day > '2026-10-31'", [False, True, False, False]),
        ("day < cycle and flag == 1", [True, False, False, True]),
        ("(qty > 0) & (flag == 1)", [True, False, False, True]),
        ("0 < qty < 100", [True, False, False, False]),
    ],
)
def test_a_condition_holds_for_these_rows(text, expected):
    assert ask(text) == expected


def test_arithmetic_reads_numbers_and_leaves_blanks_blank():
    result = ask("qty * (1 - 0.5) + `数量(箱)`")
    assert result[0] == 3.5
    assert pd.isna(result[2])
    assert result[3] == 504.0


def test_a_cell_that_is_no_number_is_noted_and_not_lost():
    unread = Unread()
    ask("类型 > 3", unread)
    assert [(column, rule, list(bad)) for _, column, rule, bad in unread.found] == [
        ("类型", "number", ["销售", "退货", "销售", "换货"])
    ]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "qty.__class__",
        "@qty",
        "open('x')",
        "qty.sum()",
        "qty.apply(print)",
        "[x for x in qty]",
        "lambda: 1",
        "qty[0]",
        "qty if flag else day",
        "f'{qty}'",
        "qty ** 9",
        "qty =",
        "qty := 3",
    ],
)
def test_nothing_but_arithmetic_and_comparisons_is_allowed(text):
    with pytest.raises(ParameterError):
        read_expression(text, questions=True)


def test_a_derived_column_may_call_nothing_at_all():
    with pytest.raises(ParameterError, match="only arithmetic"):
        read_expression("qty.isna()")
