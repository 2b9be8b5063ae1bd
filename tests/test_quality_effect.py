"""What accepting a correction does to the forecast, with a forecast one can do by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.quality import list_corrections, measure_correction_effect, say_evidence, sum_lost
from sopkit.tables import TABLES, check_table

HISTORY = check_table(
    table(
        "item location customer period actual_qty cleaned_qty revenue_value return_value",
        "A D all 2026-09 100 100 200 0",
        "A D all 2026-10 40 100 80 0",
        "B D all 2026-09 50 50 50 0",
        "B D all 2026-10 90 50 90 0",
        "C D all 2026-10 7 7 7 0",
    ),
    TABLES["demand_history"],
)
_HEADER = "item location customer period actual_qty cleaned_qty proposed_qty reason accepted why"
_HEADER = f"{_HEADER} why_qty why_rate lost_qty lo_80_qty hi_80_qty"


def corrections(*rows):
    frame = table(_HEADER, *rows)
    return check_table(frame.assign(accepted=frame["accepted"] == "yes"), TABLES["correction"])


CORRECTION = corrections(
    "A D all 2026-10 40 100 100 stock_out yes no_stock 100 0.4 60 40 90",
    "B D all 2026-10 90 50 50 outlier yes far_above 50 1.8 - - -",
)


def last_month_again(history):
    """Forecast each of twelve months by the last cleaned month."""
    last = history[history["period"] == history["period"].max()]
    sums = last.groupby(["item", "location"], as_index=False)["cleaned_qty"].sum()
    sums = sums.rename(columns={"cleaned_qty": "baseline_qty"})
    months = pd.DataFrame({"period": pd.date_range("2026-11-01", periods=12, freq="MS")})
    return sums.merge(months, how="cross")


def test_each_reason_is_measured_with_the_others_in_place():
    effect = measure_correction_effect(HISTORY, CORRECTION, last_month_again)
    by_reason = effect.by_reason.set_index("reason")
    assert by_reason["effect_qty"].to_dict() == {"stock_out": 6 * 60, "outlier": -6 * 40}
    assert by_reason.loc["stock_out", ["with_qty", "without_qty"]].tolist() == [900, 540]
    assert by_reason.loc["outlier", "effect_rate"] == pytest.approx(-240 / 1140)
    assert by_reason["change_qty"].to_dict() == {"stock_out": 60, "outlier": -40}


def test_the_dearest_corrections_are_measured_singly():
    effect = measure_correction_effect(HISTORY, CORRECTION, last_month_again, months=2)
    assert effect.dearest[["item", "effect_qty", "amount_value"]].to_numpy().tolist() == [
        ["A", 120, 120],
        ["B", -80, 40],
    ]
    one = measure_correction_effect(HISTORY, CORRECTION, last_month_again, top=1)
    assert one.dearest["item"].tolist() == ["A"]


def test_items_without_a_correction_are_not_forecast():
    asked = []

    def forecast(history):
        asked.append(set(history["item"]))
        return last_month_again(history)

    measure_correction_effect(HISTORY, CORRECTION, forecast)
    assert asked == [{"A", "B"}] * 4  # as it is, two reasons, the dearest together


def test_what_is_listed_only_is_tried_as_if_it_were_accepted():
    listed = corrections("C D all 2026-10 7 7 12 stock_out no no_stock_closing 12 - 5 2 9")
    effect = measure_correction_effect(HISTORY, listed, last_month_again)
    row = effect.by_reason.iloc[0]
    assert row[["accepted_count", "without_qty", "with_qty", "effect_qty"]].tolist() == [
        0,
        42,
        72,
        30,
    ]
    assert effect.dearest["effect_qty"].tolist() == [30]


def test_a_loading_is_turned_over_with_its_payback():
    both = corrections(
        "A D all 2026-09 100 80 80 loading yes quarter_loaded 20 0.2 - - -",
        "A D all 2026-10 40 60 60 payback yes quarter_paid_back 20 0.2 - - -",
    )
    history = HISTORY.assign(cleaned_qty=[80.0, 60.0, 50.0, 90.0, 7.0])
    effect = measure_correction_effect(history, both, last_month_again)
    assert effect.by_reason[["reason", "change_qty", "effect_qty"]].to_numpy().tolist() == [
        ["loading", 0, 120]
    ]
    assert effect.dearest[["reason", "effect_qty"]].to_numpy().tolist() == [["loading", 120]]


def test_a_month_without_correction_has_no_effect():
    effect = measure_correction_effect(HISTORY, CORRECTION.iloc[:0], last_month_again)
    assert effect.by_reason.empty
    assert effect.dearest.empty


def test_promotions_change_nothing_and_are_not_measured():
    marks = corrections("A D all 2026-10 40 40 40 promotion no promoted - - - - -")
    assert measure_correction_effect(HISTORY, marks, last_month_again).by_reason.empty


def test_customers_are_summed_and_the_dearest_come_first():
    rows = corrections(
        "A D X 2026-10 40 100 100 stock_out yes no_stock 150 0.4 60 40 90",
        "A D Y 2026-10 20 50 50 stock_out yes no_stock 150 0.4 30 20 45",
        "B D X 2026-10 90 50 50 outlier yes far_above 50 1.8 - - -",
    )
    listed = list_corrections(rows, HISTORY)
    assert listed[["item", "customer", "change_qty", "amount_value"]].to_numpy().tolist() == [
        ["A", "all", 90, 180],
        ["B", "X", -40, 40],
    ]
    assert listed["lost_qty"].tolist()[0] == 90
    assert pd.isna(listed["lost_qty"][1])
    said = say_evidence(listed, lambda key, values: (key, values["rate"]))
    assert said["why"].tolist() == [("data.why.no_stock", 0.4), ("data.why.far_above", 1.8)]


def test_ranges_of_lost_sales_are_summed_as_errors_that_are_independent():
    lost = table("lost_qty lo_80_qty hi_80_qty", "30 20 50", "30 20 50")
    assert sum_lost(lost) == pytest.approx({"lost": 60, "lo": 60 - 200**0.5, "hi": 60 + 800**0.5})
