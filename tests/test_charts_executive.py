"""Charts of the last two reviews: bars that sum, names that do not lie on lines."""

from __future__ import annotations

import pandas as pd
from builders import table

from sopkit.charts.consensus import to_bridge_bars
from sopkit.charts.executive import place_labels, to_volume_months


def test_bars_of_the_bridge_start_where_the_last_one_ended_and_the_outer_ones_are_cut():
    bars = to_bridge_bars(table("part amount", "budget 100", "volume 10", "plan 110"))
    assert bars[["low", "high"]].to_numpy().tolist() == [[97.5, 100], [100, 110], [97.5, 110]]
    assert bars["is_cut"].tolist() == [True, False, True]


def test_small_parts_are_drawn_as_one_and_the_bars_still_sum():
    parts = table("part amount", "budget 100", "volume -50", "price 1", "cost -0.5", "plan 50.5")
    bars = to_bridge_bars(parts)
    assert bars["part"].tolist() == ["budget", "volume", "other", "plan"]
    assert bars["amount"].tolist() == [100, -50, 0.5, 50.5]


def test_a_bridge_below_zero_is_not_cut():
    bars = to_bridge_bars(table("part amount", "budget 10", "volume -15", "plan -5"))
    assert not bars["is_cut"].any()


MONTHS = pd.date_range("2026-01-01", periods=8, freq="MS")


def test_names_stand_apart_even_when_lines_lie_on_each_other():
    flat = pd.Series(100.0, index=MONTHS)
    months = pd.DataFrame(dict.fromkeys(("actual", "plan", "budget", "last_plan"), flat))
    months = months.rename_axis("period").reset_index()
    placed = place_labels(months)
    assert len(placed) == 4
    assert not placed.duplicated(["period", "dy"]).any()


def test_the_volume_chart_joins_actual_and_plan_at_the_last_month_of_history():
    outlook = table(
        "period plan_qty source", "2026-09 10 actual", "2026-10 12 actual", "2026-11 11 plan"
    )
    ranges = table("period lo_80_qty hi_80_qty", "2026-11 9 13")
    budget = table("period budget_qty", "2026-09 10", "2026-11 12")
    months = to_volume_months(
        outlook, ranges, budget, table("period plan_qty", "2026-11 10"), pd.Timestamp("2026-11-01")
    ).set_index("period")
    assert months["plan"].dropna().tolist() == [12, 11]
    assert months["low"].dropna().tolist() == [12, 9]
    assert months["budget"].dropna().tolist() == [12]
