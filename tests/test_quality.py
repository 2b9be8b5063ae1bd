"""History, marks and corrections, on data one can solve by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit import quality
from sopkit.errors import InputError
from sopkit.tables import TABLES, check_table

CYCLE = pd.Timestamp("2026-05-01")
ITEM = table("item family", "A Water", "B Water")


def empty(name):
    return TABLES[name].empty()


def orders(*rows):
    raw = table(
        "order item location customer order_date requested_date ordered_qty cancelled_qty net_value",
        *rows,
    )
    return check_table(raw, TABLES["sales_order_line"])


def totals(*rows):
    return check_table(
        table("item location customer period actual_qty net_value", *rows), TABLES["sales_history"]
    )


def to_history(sales=None, lines=None, returns=None, price=None):
    return quality.to_demand_history(
        empty("sales_history") if sales is None else sales,
        empty("sales_order_line") if lines is None else lines,
        empty("return_line") if returns is None else returns,
        ITEM,
        CYCLE,
        price=price,
    )


def monthly(values, item="A", location="D", customer="all", last="2026-04"):
    periods = pd.date_range(end=pd.Timestamp(f"{last}-01"), periods=len(values), freq="MS")
    return pd.DataFrame(
        {
            "item": item,
            "location": location,
            "customer": customer,
            "period": periods,
            "actual_qty": np.asarray(values, dtype=float),
            "cleaned_qty": np.asarray(values, dtype=float),
            "revenue_value": 2.0 * np.asarray(values, dtype=float),
            "return_value": 0.0,
        }
    )


def test_months_without_orders_hold_zero_and_the_frame_ends_before_the_cycle():
    history = to_history(
        lines=orders("1 A D all 2026-01-10 - 5 0 50", "2 A D all 2026-03-02 - 7 0 70")
    )
    assert history["period"].dt.strftime("%Y-%m").tolist() == [
        "2026-01",
        "2026-02",
        "2026-03",
        "2026-04",
    ]
    assert history["actual_qty"].tolist() == [5, 0, 7, 0]
    assert history["revenue_value"].tolist() == [50, 0, 70, 0]
    check_table(history, TABLES["demand_history"])


def test_demand_stands_in_the_requested_month_and_cancelled_orders_are_demand():
    history = to_history(lines=orders("1 A D all 2026-01-30 2026-02-03 5 5 50"))
    assert history.loc[history["actual_qty"] > 0, "period"].tolist() == [pd.Timestamp("2026-02-01")]


def test_orders_wanted_in_the_cycle_or_later_are_no_history():
    history = to_history(
        lines=orders("1 A D all 2026-04-01 - 5 0 -", "2 A D all 2026-04-01 2026-05-02 9 0 -")
    )
    assert history["actual_qty"].sum() == 5


def test_monthly_totals_win_over_order_lines_of_the_same_location_and_month():
    history = to_history(
        totals("A D all 2026-03 10 100"),
        orders(
            "1 A D all 2026-03-02 - 7 0 70",
            "2 A D all 2026-04-02 - 8 0 80",
            "3 A E all 2026-03-02 - 9 0 90",
        ),
    )
    got = history[history["actual_qty"] > 0].set_index(["location", "period"])["actual_qty"]
    assert got.to_dict() == {
        ("D", pd.Timestamp("2026-03-01")): 10,
        ("D", pd.Timestamp("2026-04-01")): 8,
        ("E", pd.Timestamp("2026-03-01")): 9,
    }


def test_returns_lower_no_demand():
    returns = check_table(
        table(
            "return_id item location customer return_date return_qty return_value",
            "r A D all 2026-04-09 3 30",
        ),
        TABLES["return_line"],
    )
    history = to_history(totals("A D all 2026-03 10 100"), returns=returns)
    assert history["actual_qty"].tolist() == [10, 0]
    assert history["return_value"].tolist() == [0, 30]
    assert history["revenue_value"].sum() == 100


def test_blank_money_is_quantity_times_the_price_of_the_month():
    price = check_table(
        table(
            "item customer start_date price_value",
            "A all 2025-01-01 10",
            "A all 2026-04-01 12",
            "A K 2025-01-01 9",
        ),
        TABLES["price"],
    )
    history = to_history(
        totals(
            "A D all 2026-03 10 -",
            "A D all 2026-04 10 -",
            "A D K 2026-04 10 -",
            "B D all 2026-04 1 -",
        ),
        price=price,
    )
    assert history["revenue_value"].tolist() == [90, 100, 120, 0]


def test_an_item_without_master_row_is_an_error_that_names_it():
    with pytest.raises(InputError, match="X9"):
        to_history(totals("X9 D all 2026-03 10 100"))


def test_expected_demand_ignores_one_odd_month():
    panel = pd.DataFrame(
        [[10.0] * 20 + [90.0] + [10.0] * 9],
        columns=pd.date_range("2024-01-01", periods=30, freq="MS"),
    )
    assert np.allclose(quality.expect_demand(panel), 10)


def test_a_location_that_is_silent_for_one_month_is_a_gap():
    history = pd.concat(
        [monthly([10, 10, 10, 0, 10, 10]), monthly([4, 4, 4, 4, 4, 4], location="E")]
    )
    gaps = quality.find_gaps(history)
    assert gaps[["location", "period"]].to_numpy().tolist() == [["D", pd.Timestamp("2026-02-01")]]
    assert gaps["proposed_qty"].tolist() == [10]


def test_a_silent_last_month_is_a_gap_but_a_closed_location_is_none():
    assert len(quality.find_gaps(monthly([10, 10, 10, 10, 10, 0]))) == 1
    assert quality.find_gaps(monthly([10, 10, 10, 10, 0, 0])).empty


def test_a_stock_out_needs_missing_stock_and_missing_demand():
    history = monthly([100] * 10 + [40, 100])
    stock = check_table(
        table(
            "item location period closing_qty stocked_share",
            "A D 2026-03 0 0.4",
            "A D 2026-04 0 0.4",
        ),
        TABLES["stock_history"],
    )
    mark = quality.find_stock_outs(history, stock).iloc[0]
    assert (mark["period"], mark["actual_qty"]) == (pd.Timestamp("2026-03-01"), 40)
    assert mark[["proposed_qty", "lost_qty"]].tolist() == pytest.approx([100, 60])
    assert mark["lo_80_qty"] < 60 < mark["hi_80_qty"]
    assert (mark["why"], mark["why_rate"], mark["firm"]) == ("no_stock", 0.4, True)


def stock_rows(*rows):
    return check_table(
        table("item location period closing_qty stocked_share", *rows), TABLES["stock_history"]
    )


def test_a_closing_stock_of_zero_alone_is_listed_but_not_firm():
    history = monthly([100] * 10 + [40, 100])
    stock = stock_rows("A D 2026-03 0 -")
    assert quality.find_stock_outs(history, stock)[["why", "firm"]].to_numpy().tolist() == [
        ["no_stock_closing", False]
    ]
    cleaned, correction = quality.clean_history(history, stock, empty("event"), ITEM)
    assert correction["accepted"].tolist() == [False]
    assert cleaned["cleaned_qty"].equals(history["actual_qty"])


def test_refused_orders_prove_a_stock_out_that_the_closing_stock_only_hints_at():
    history = monthly([100] * 10 + [85, 100])
    lines = orders(
        "1 A D all 2026-03-02 2026-03-05 45 0 90", "2 A D all 2026-03-02 2026-03-09 40 40 80"
    )
    lines["shipped_qty"] = [45.0, 0.0]
    lines["shipped_date"] = pd.to_datetime(["2026-03-05", None])
    stock = stock_rows("A D 2026-03 0 -")
    mark = quality.find_stock_outs(history, stock, lines).iloc[0]
    assert (mark["why"], mark["firm"]) == ("no_stock_unserved", True)
    assert mark["why_rate"] == pytest.approx(40 / 85)
    assert quality.find_stock_outs(history, stock).empty  # 85 of 100 is no collapse


def test_lost_sales_weigh_stocked_days_and_comparable_months():
    places = pd.DataFrame(
        {
            "actual_qty": [40.0, 40.0, 40.0, 0.0],
            "expected_qty": [100.0, 200.0, 100.0, 50.0],
            "spread": [0.2, 0.2, 0.2, 0.1],
            "stocked_share": [0.4, 0.4, np.nan, 0.0],
            "usual_orders": [20.0, 20.0, 20.0, 20.0],
        }
    )
    lost = quality.estimate_lost(places)
    assert lost["lost_qty"][0] == pytest.approx(60)  # both views say 100
    assert 60 < lost["lost_qty"][1] < 160  # one says 100, one 200
    assert lost["lost_qty"][2] == pytest.approx(60)  # months speak alone, so the range is wider
    assert lost["hi_80_qty"][2] - lost["lo_80_qty"][2] > lost["hi_80_qty"][0] - lost["lo_80_qty"][0]
    assert lost["hi_80_qty"][2] == pytest.approx(100 * np.exp(1.2816 * 0.2) - 40)
    assert lost["lost_qty"][3] == pytest.approx(50)
    assert (lost["lo_80_qty"] <= lost["lost_qty"]).all()


def test_what_a_place_lost_is_split_over_its_customers_by_what_each_lacks():
    history = pd.concat(
        [
            monthly([100] * 10 + [10, 100], customer="X"),
            monthly([50] * 10 + [50, 50], customer="Y"),
        ],
        ignore_index=True,
    )
    marks = quality.find_stock_outs(history, stock_rows("A D 2026-03 0 0.4"))
    assert marks["customer"].tolist() == ["X"]
    assert marks["lost_qty"].tolist() == pytest.approx([90])


def test_zero_months_are_told_apart():
    history = pd.concat(
        [
            monthly([10, 10, 10, 10, 10, 0], item="A"),
            monthly([10, 10, 10, 10, 0, 10], item="B"),
            monthly([10, 0, 10, 10, 10, 10], item="A", location="E"),
        ],
        ignore_index=True,
    )
    stock = stock_rows("A D 2026-04 0 -", "B D 2026-03 50 1")
    kinds = quality.classify_zeros(history, stock).set_index(["item", "location"])["kind"]
    assert kinds.to_dict() == {
        ("A", "D"): "stock_out",
        ("B", "D"): "true_zero",
        ("A", "E"): "gap",
    }


def test_a_zero_without_a_stock_record_is_unknown_and_an_ended_item_no_question():
    history = pd.concat(
        [
            monthly([10, 10, 0, 10, 10, 10] * 3, item="A"),
            monthly([10] * 6 + [0] * 12, item="B"),
            monthly([10] * 18, item="C"),
        ],
        ignore_index=True,
    )
    zeros = quality.classify_zeros(history, empty("stock_history"))
    assert set(zeros["kind"]) == {"unknown"}
    assert set(zeros["item"]) == {"A"}


def three_customers(values):
    calm = [100.0, 104, 96, 102, 98, 100] * 6
    shared = np.array([1.0] * 25 + [1.6] + [1.0] * 10)
    return pd.concat(
        [
            monthly(np.array(calm) * shared, customer="X"),
            monthly(np.array(calm[::-1]) * shared, customer="Y"),
            monthly(np.array(values) * shared, customer="Z"),
        ],
        ignore_index=True,
    )


def test_what_all_customers_of_a_place_did_is_no_outlier_and_a_double_month_of_one_is():
    values = [100.0, 97, 103, 99, 101, 100] * 6
    values[12] = 220.0
    marks = quality.find_outliers(three_customers(values))
    assert marks[["customer", "actual_qty", "why"]].to_numpy().tolist() == [["Z", 220, "far_above"]]
    assert marks["why_rate"].iloc[0] == pytest.approx(2.2, abs=0.1)


def bulk_lines(line):
    """Two lines of 50 a month for a year and one large line in the twelfth month."""
    days = pd.date_range("2025-05-01", periods=12, freq="MS")
    rows = [
        f"{2 * n + part} A D all {day:%Y-%m}-05 - 50 0 -"
        for n, day in enumerate(days)
        for part in (0, 1)
    ]
    return orders(*rows, f"99 A D all {days[8]:%Y-%m}-20 - {line} 0 -")


def test_one_line_far_above_the_customers_usual_line_is_a_bulk_order():
    values = [100.0] * 36
    values[32] = 260.0
    history = monthly(values)
    marks = quality.find_bulk_orders(history, bulk_lines(160))
    assert marks[["period", "why", "why_qty"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-01-01"), "one_line", 160]
    ]
    assert marks["why_rate"].iloc[0] == pytest.approx(3.2)
    assert quality.find_bulk_orders(history, bulk_lines(120)).empty
    values[32] = 460.0  # many lines, not one
    assert quality.find_bulk_orders(monthly(values), bulk_lines(160)).empty
    _, correction = quality.clean_history(
        history, empty("stock_history"), empty("event"), ITEM, bulk_lines(160)
    )
    assert correction["reason"].tolist() == ["bulk"]  # told once, not as an outlier, too


def test_an_outlier_is_marked_and_an_ordinary_peak_is_not():
    values = [100.0, 104, 96, 102, 98, 100] * 6
    values[20], values[30] = 1000.0, 160.0
    marks = quality.find_outliers(monthly(values))
    assert marks["actual_qty"].tolist() == [1000]
    assert 90 < marks["proposed_qty"].iloc[0] < 110


def test_a_seasonal_peak_is_no_outlier():
    year = [10.0, 10, 10, 20, 50, 90, 100, 90, 50, 20, 10, 10]
    assert quality.find_outliers(monthly(year * 4)).empty


def test_cleaning_keeps_actual_and_says_why():
    values = [100.0, 104, 96, 102, 98, 100] * 6
    values[10], values[20] = 1000.0, 900.0
    history = monthly(values)
    periods = history["period"]
    event = check_table(
        pd.DataFrame(
            {
                "event": ["e1"],
                "family": ["Water"],
                "start_date": [periods[20]],
                "end_date": [periods[20]],
            }
        ),
        TABLES["event"],
    )
    cleaned, correction = quality.clean_history(history, empty("stock_history"), event, ITEM)
    assert cleaned["actual_qty"].equals(history["actual_qty"])
    assert correction[["period", "reason", "accepted"]].to_numpy().tolist() == [
        [periods[10], "outlier", True],
        [periods[20], "promotion", False],
    ]
    assert cleaned["cleaned_qty"][20] == 900
    assert cleaned["cleaned_qty"][10] < 110
    check_table(cleaned, TABLES["demand_history"])
    check_table(correction, TABLES["correction"])
    findings = quality.to_correction_findings(correction, cleaned)
    assert findings["kind"].tolist() == ["outlier", "promotion"]
    assert findings["amount_value"].iloc[1] == 0
    assert findings["amount_value"].iloc[0] == pytest.approx(
        2 * (1000 - cleaned["cleaned_qty"][10])
    )


def test_clean_data_gets_no_correction():
    cleaned, correction = quality.clean_history(
        monthly([10.0] * 30), empty("stock_history"), empty("event"), ITEM
    )
    assert correction.empty
    assert (cleaned["cleaned_qty"] == 10).all()


def test_an_empty_history_is_cleaned_to_an_empty_history():
    cleaned, correction = quality.clean_history(
        empty("demand_history"), empty("stock_history"), empty("event"), ITEM
    )
    assert quality.classify_zeros(cleaned, empty("stock_history")).empty
    assert cleaned.empty
    assert correction.empty


def test_a_restated_month_is_named_with_its_money():
    past = monthly([10, 12], last="2026-03")[
        ["item", "location", "customer", "period", "actual_qty"]
    ]
    found = quality.compare_restated(monthly([10, 10, 10]), past)
    assert found[["period", "value", "amount_value"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-03-01"), "12 -> 10", 4.0]
    ]


def test_the_plan_of_the_months_own_cycle_is_compared():
    plan = table(
        "cycle item location customer period demand_qty plan_qty",
        "2026-03 A D all 2026-04 50 50",
        "2026-04 A D all 2026-04 12 11",
        "2026-04 B D all 2026-04 3 3",
    )
    got = quality.compare_plan(plan, monthly([9, 10]), pd.Timestamp("2026-04-01"))
    assert got[["item", "demand_qty", "actual_qty", "bias_qty"]].to_numpy().tolist() == [
        ["A", 12, 10, 2],
        ["B", 3, 0, 3],
    ]
    check_table(got, TABLES["plan_versus_actual"])
