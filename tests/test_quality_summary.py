import pandas as pd
import pytest
from builders import table

from sopkit.quality import (
    check_ties,
    number_findings,
    sum_restated,
    summarise_corrections,
    summarise_plan,
    summarise_tables,
)
from sopkit.tables import INPUT_TABLES


def test_errors_come_first_then_the_dearest():
    found = table(
        "kind severity value amount_value", "gap info a 900", "orphan error b -", "gap info c 50"
    )
    more = table("kind severity value amount_value", "loop warning d 1")
    numbered = number_findings(found, more)
    assert numbered["value"].tolist() == ["b", "d", "a", "c"]
    assert numbered["finding"].tolist() == ["F0001", "F0002", "F0003", "F0004"]


def test_no_finding_is_an_empty_table():
    assert len(number_findings(pd.DataFrame())) == 0


def test_a_family_is_rated_on_its_items_misses():
    plan = table("item bias_qty demand_qty actual_qty", "A -10 90 100", "B 10 60 50")
    summed = summarise_plan(plan, table("item family", "A drinks", "B drinks")).iloc[0]
    assert summed["bias_qty"] == 0
    assert summed["wape_rate"] == pytest.approx(20 / 150)


def test_corrections_are_counted_by_reason():
    marks = table(
        "reason accepted actual_qty cleaned_qty", "gap 1 0 100", "promotion 0 80 80", "gap 1 0 50"
    )
    marks["accepted"] = marks["accepted"].astype(bool)
    summed = summarise_corrections(marks).set_index("reason")
    assert summed.loc["gap", ["marked_count", "corrected_count", "change_qty"]].tolist() == [
        2,
        2,
        150,
    ]
    assert summed.loc["promotion", "corrected_count"] == 0


def test_restated_counts_only_months_that_were_known():
    now = table("period actual_qty", "2026-01 12", "2026-02 20", "2026-03 99")
    then = table("period actual_qty", "2026-01 10", "2026-02 20")
    assert sum_restated(now, then) == 2


def test_ties_show_what_went_missing():
    tied = table(
        "table rows_read rows_left_out rows_not_yet_known rows_refused rows_accepted",
        "sales_history 5 0 1 1 2",
    )
    sales = table("item period actual_qty net_value", "A 2026-01 10 100", "A 2026-02 20 200")
    history = table("period actual_qty revenue_value", "2026-01 10 100", "2026-02 15 200")
    given = {"sales_history": sales, "sales_order_line": INPUT_TABLES["sales_order_line"].empty()}
    ties = check_ties(tied, history, given, pd.Timestamp("2026-03-01"), pd.Timestamp("2020-01-01"))
    assert ties.set_index("check")["difference"].to_dict() == {
        "rows": 1,
        "quantity": -5,
        "revenue": 0,
    }


def test_rows_of_all_parts_of_a_table_are_summed():
    tied = table("table rows_read rows_accepted refused_value", "a 3 2 5", "b 1 1 0", "a 4 4 1")
    summed = summarise_tables(tied).set_index("table")
    assert summed.loc["a"].tolist() == [7, 6, 6]
