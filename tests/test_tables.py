from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.errors import InputError
from sopkit.tables import (
    INPUT_TABLES,
    TABLES,
    check_covers,
    check_table,
    find_problems,
    fit_columns,
)
from sopkit.tables.contract import Column, Table, _column_checks, keeps_rules

HISTORY = TABLES["sales_history"]


def test_a_missing_column_is_named_with_its_meaning():
    with pytest.raises(InputError, match=r"column actual_qty is missing \(ordered quantity"):
        fit_columns(table("item location period", "A D1 2026-01"), HISTORY)


def test_an_absent_optional_column_takes_its_default():
    fitted = fit_columns(table("item location period actual_qty", "A D1 2026-01 5"), HISTORY)
    assert fitted["customer"].tolist() == ["all"]
    assert fitted["net_value"].isna().all()


def test_every_broken_rule_is_found_with_its_row():
    frame = table(
        "item location customer period actual_qty",
        "A D1 all 2026-01 5",
        "A D1 all 2026-01 6",
        "B D1 all 2026-01 -1",
        "- D1 all 2026-01 1",
        "C D1 all 2026-01-15 1",
    )
    problems = find_problems(fit_columns(frame, HISTORY), HISTORY)
    assert problems[["row", "rule"]].to_numpy().tolist() == [
        [1, "doubled key"],
        [2, "at least 0"],
        [3, "not blank"],
        [4, "first day of a month"],
    ]


def test_a_broken_table_is_refused_with_all_rules_in_one_message():
    frame = table("item location period actual_qty", "A D1 2026-01 -5", "- D1 2026-01 6")
    with pytest.raises(InputError) as caught:
        check_table(frame, HISTORY, source="sales.csv")
    message = str(caught.value)
    assert message.startswith("sales.csv is not fit to plan on")
    assert "actual_qty: at least 0 is broken in 1 row(s); first: row 0, value -5.0" in message
    assert "item: not blank" in message


def test_an_accepted_table_comes_back_sorted_by_key():
    frame = table(
        "item location period actual_qty", "B D1 2026-01 1", "A D1 2026-02 2", "A D1 2026-01 3"
    )
    assert check_table(frame, HISTORY)["actual_qty"].tolist() == [3, 2, 1]


def test_codes_only_from_the_list_are_accepted():
    frame = table("item item_kind", "A toy")
    with pytest.raises(InputError, match="item_kind: one of finished, semi, material"):
        check_table(frame, TABLES["item"])


def test_a_key_without_partner_is_named():
    with pytest.raises(InputError, match="1 of 2 keys have no price; first: B"):
        check_covers(table("item", "A", "B"), table("item", "A"), ["item"], "price")


@pytest.mark.parametrize("name", TABLES)
def test_every_contract_is_whole(name):
    contract = TABLES[name]
    assert set(contract.key) <= set(contract.column_names)
    assert len(set(contract.column_names)) == len(contract.columns)
    assert contract.about.endswith(".")
    assert len(check_table(contract.empty(), contract)) == 0
    for column in contract.columns:
        assert column.about
        suffix_units = {
            "_qty": "base units",
            "_value": "currency",
            "_hours": "hours",
            "_days": "days",
        }
        for suffix, unit in suffix_units.items():
            if column.name.endswith(suffix) and column.kind == "number":
                assert column.unit == unit, f"{name}.{column.name}"
        assert "_pct" not in column.name
        assert column.refers in ("", *INPUT_TABLES)


def test_dates_and_months_fit_whatever_their_unit():
    frame = table("item location period actual_qty", "A D1 2026-01 1")
    frame["period"] = frame["period"].astype("datetime64[s]")
    assert check_table(frame, HISTORY)["period"].iloc[0] == pd.Timestamp("2026-01-01")


RULES = [
    Column("a", "", "number", minimum=0.0),
    Column("a", "", "number", minimum=0.0, blank=True),
    Column("a", "", "whole"),
    Column("a", "", "whole", minimum=1.0, blank=True),
    Column("a", "", "text", allowed=("x", "y")),
    Column("a", "", "text", allowed=("x", "y"), blank=True),
    Column("a", "", "text"),
    Column("a", "", "month"),
    Column("a", "", "month", blank=True),
    Column("a", "", "date"),
]
CELLS = {
    "number": [0.0, 1.5, -1.0, np.nan],
    "whole": [0.0, 1.0, 1.5, np.nan],
    "text": ["x", "y", "z", None],
    "month": [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01"), pd.Timestamp("2026-01-31")],
}
CELLS["month"].append(pd.NaT)
CELLS["date"] = CELLS["month"]


@pytest.mark.parametrize("column", RULES)
def test_the_quick_look_says_what_pandera_says(column):
    import pandera.pandas as pa

    cells = CELLS[column.kind]
    schema = pa.Column(nullable=column.blank, coerce=False, checks=_column_checks(column))
    for count in range(4):
        for chosen in combinations(cells, count):
            contract = Table("t", "input", "master", (), (column,), "")
            fitted = fit_columns(pd.DataFrame({"a": pd.Series(chosen, dtype=object)}), contract)
            try:
                pa.DataFrameSchema({"a": schema}).validate(fitted, lazy=True)
                whole = True
            except pa.errors.SchemaErrors:
                whole = False
            assert keeps_rules(fitted["a"], column) == whole, (column, chosen)
