"""Streams, overrides and consensus demand on data solved by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table
from hypothesis import given, settings
from hypothesis import strategies as st
from test_demand_baseline import history

from sopkit import accuracy, demand
from sopkit.demand.levels import split_amount
from sopkit.tables import TABLES, check_table

ITEM = check_table(table("item family", "A Water", "B Water", "C Tea"), TABLES["item"])
AS_OF = pd.Timestamp("2026-04-30")
PAST = history(A_D_k=[30] * 24, A_D_m=[10] * 24, B_D_k=[60] * 24)


def streams(*rows):
    raw = table("cycle stream owner item family location customer period forecast_qty", *rows)
    return check_table(raw, TABLES["forecast_stream"])


def baseline(*rows):
    raw = table("item location customer period baseline_qty lo_80_qty hi_80_qty", *rows)
    return check_table(raw.assign(method="ensemble"), TABLES["baseline"])


BASE = baseline("A D k 2026-05 60 50 80", "A D m 2026-05 40 30 50", "B D k 2026-05 100 90 120")


def overrides(*rows):
    raw = table(
        "override item family location customer start_period end_period method amount expiry_date status",
        *rows,
    )
    return check_table(raw.assign(reason_code="other", owner="North"), TABLES["override"])


def applied(*rows, base=BASE, as_of=AS_OF):
    given_ = overrides(*rows)
    changed, effect = demand.apply_overrides(base.assign(stream_qty=0.0), given_, PAST, ITEM, as_of)
    return changed, effect


def test_a_stream_is_compared_at_its_own_level_with_what_was_known():
    past = history(A_D_k=[30] * 23 + [90], B_D_k=[60] * 24)
    rows = streams(
        "2026-03 sales North all Water all all 2026-04 100",
        "2026-04 sales North A all D all 2026-04 45",
    )
    got = demand.compare_streams(rows, past, ITEM, reference="naive")
    assert got[["lag", "forecast_qty", "reference_qty", "actual_qty"]].to_numpy().tolist() == [
        [0, 45, 30, 90],
        [1, 100, 90, 150],
    ]


def test_a_reference_does_not_see_its_own_month():
    rows = streams("2026-04 sales North A all D all 2026-04 45")
    for reference in ("statistical", "naive"):
        calm = demand.compare_streams(rows, history(A_D_k=[30] * 24), ITEM, reference=reference)
        jump = demand.compare_streams(
            rows, history(A_D_k=[30] * 23 + [900]), ITEM, reference=reference
        )
        assert jump["reference_qty"].tolist() == pytest.approx(calm["reference_qty"].tolist())
        assert calm["reference_qty"].tolist() == pytest.approx([30])


def test_months_to_come_are_not_scored():
    rows = streams("2026-04 sales North A all D all 2026-05 45")
    assert demand.compare_streams(rows, PAST, ITEM).empty


def test_a_stream_earns_its_weight_by_six_months_of_value():
    months = pd.date_range("2025-05-01", periods=12, freq="MS")
    rows = streams(
        *(f"{m:%Y-%m} good North A all D all {m:%Y-%m} 40" for m in months),
        *(f"{m:%Y-%m} bad South A all D all {m:%Y-%m} {20 + 60 * (m.month % 2)}" for m in months),
        *(f"{m:%Y-%m} young East A all D all {m:%Y-%m} 40" for m in months[-5:]),
    )
    past = history(A_D_k=[20, 80] * 6 + [40] * 12)
    cells = demand.compare_streams(rows, past, ITEM, reference="naive")
    rule = demand.learn_weights(cells, 0.5)
    weights = rule.groupby("stream")["weight_rate"].max()
    assert weights["good"] == pytest.approx(0.5) and weights["young"] == 0
    assert weights["bad"] < 0.5
    scores = accuracy.score_streams(cells).drop(columns=["cell_count", "month_count", "bias_rate"])
    value = rule.merge(scores, on=["stream", "owner", "lag"], validate="one_to_one")
    check_table(value, TABLES["stream_value"])


def value_of(**weights):
    rows = [
        {"stream": name, "owner": name, "weight_rate": weight} for name, weight in weights.items()
    ]
    return pd.DataFrame(rows)


def test_a_weighted_stream_draws_the_baseline_towards_it():
    now = streams("2026-05 s s A all D all 2026-05 140", "2026-04 s s A all D all 2026-05 999")
    got = demand.apply_streams(BASE, now, value_of(s=0.5), PAST, ITEM, "2026-05")
    assert got["stream_qty"].tolist() == [12, 8, 0]


def test_an_owner_without_a_past_takes_the_rule_of_its_stream():
    now = streams("2026-05 s newcomer A all D all 2026-05 140")
    got = demand.apply_streams(BASE, now, value_of(s=0.5), PAST, ITEM, "2026-05")
    assert got["stream_qty"].tolist() == [12, 8, 0]
    stranger = streams("2026-05 other newcomer A all D all 2026-05 140")
    assert (
        demand.apply_streams(BASE, stranger, value_of(s=0.5), PAST, ITEM, "2026-05")["stream_qty"]
        .eq(0)
        .all()
    )


def test_a_stream_without_weight_changes_nothing():
    now = streams("2026-05 s s A all D all 2026-05 140")
    assert (
        demand.apply_streams(BASE, now, value_of(s=0.0), PAST, ITEM, "2026-05")["stream_qty"]
        .eq(0)
        .all()
    )


def test_weights_of_several_streams_sum_to_one_at_most():
    now = streams("2026-05 s s A all D all 2026-05 140", "2026-05 r r A all all all 2026-05 60")
    got = demand.apply_streams(BASE, now, value_of(s=1.0, r=1.0), PAST, ITEM, "2026-05")
    assert np.allclose(got["stream_qty"], 0)


def test_where_the_baseline_is_zero_a_stream_is_split_by_history():
    base = BASE.assign(baseline_qty=[0.0, 0, 100], lo_80_qty=0.0)
    now = streams("2026-05 s s A all D all 2026-05 80")
    got = demand.apply_streams(base, now, value_of(s=1.0), PAST, ITEM, "2026-05")
    assert got["stream_qty"].tolist() == [60, 20, 0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1 A all D all 2026-05 2026-05 delta 10 - active", [66, 44, 100]),
        ("1 A all D all 2026-05 2026-05 absolute 50 - active", [30, 20, 100]),
        ("1 A all D all 2026-05 2026-05 percent 0.1 - active", [66, 44, 100]),
        ("1 all Water all all 2026-05 2026-05 delta 20 - active", [66, 44, 110]),
        ("1 all all all k 2026-05 2026-05 percent -0.5 - active", [30, 40, 50]),
        ("1 A all D all 2026-05 2026-05 delta -500 - active", [0, 0, 100]),
        ("1 A all D all 2026-05 2026-05 delta 10 - withdrawn", [60, 40, 100]),
        ("1 A all D all 2026-05 2026-05 delta 10 2026-04-30 active", [60, 40, 100]),
        ("1 A all D all 2026-06 2026-07 delta 10 - active", [60, 40, 100]),
    ],
)
def test_an_override_is_split_to_the_leaves(row, expected):
    changed, _ = applied(row)
    assert (changed["baseline_qty"] + changed["override_qty"]).tolist() == pytest.approx(expected)


def test_each_override_says_what_became_of_it():
    _, effect = applied(
        "1 A all D all 2026-05 2026-05 delta 10 - active",
        "2 A all D all 2026-05 2026-05 absolute 100 - active",
        "3 A all D all 2026-05 2026-05 delta 5 - withdrawn",
        "4 C all all all 2026-05 2026-05 delta 5 - active",
        "5 A all D all 2027-05 2027-05 delta 5 - active",
    )
    assert effect[["override", "effect_qty", "state"]].to_numpy().tolist() == [
        [1, 10, "applied"],
        [2, -10, "applied"],
        [3, 0, "withdrawn"],
        [4, 0, "no_place"],
        [5, 0, "outside"],
    ]


def test_where_the_baseline_is_zero_an_override_is_split_by_history():
    changed, _ = applied(
        "1 A all D all 2026-05 2026-05 delta 40 - active",
        base=BASE.assign(baseline_qty=[0.0, 0, 100], lo_80_qty=0.0),
    )
    assert changed["override_qty"].tolist() == [30, 10, 0]


def test_a_named_place_that_never_sold_is_added():
    changed, effect = applied("1 C all D k 2026-05 2026-05 absolute 7 - active")
    assert changed.loc[changed["item"] == "C", "override_qty"].tolist() == [7]
    assert effect["state"].tolist() == ["applied"]


def test_no_overrides_change_nothing():
    changed, effect = demand.apply_overrides(
        BASE.assign(stream_qty=0.0), TABLES["override"].empty(), PAST, ITEM, AS_OF
    )
    assert changed["override_qty"].eq(0).all()
    assert effect.empty


@settings(max_examples=30, deadline=None)
@given(st.floats(-500, 500), st.lists(st.floats(0, 1000), min_size=3, max_size=3))
def test_whatever_the_override_its_parts_sum_and_nothing_falls_below_zero(amount, leaves):
    base = BASE.assign(baseline_qty=leaves, lo_80_qty=0.0)
    row = f"1 all all all all 2026-05 2026-05 delta {amount:.6f} - active"
    changed, effect = applied(row, base=base)
    wanted = max(round(amount, 6), -sum(leaves))
    assert changed["override_qty"].sum() == pytest.approx(wanted, abs=1e-6)
    assert effect["effect_qty"].iloc[0] == pytest.approx(wanted, abs=1e-6)
    assert (changed["baseline_qty"] + changed["override_qty"] >= -1e-9).all()


def test_parts_of_a_split_sum_to_the_amount():
    weights = pd.Series([1.0, 1, 1])
    assert split_amount(10.0, weights, weights).sum() == 10.0
    assert split_amount(10.0, weights * 0, pd.Series([1.0, 3, 0])).tolist() == [2.5, 7.5, 0]
    assert split_amount(9.0, weights * 0, weights * 0).tolist() == [3, 3, 3]


def test_consensus_is_the_sum_of_its_parts_and_its_range_moves_along():
    rows = BASE.assign(stream_qty=[20.0, 0, -90], override_qty=[-5.0, 0, -10])
    got = demand.to_consensus_demand(rows)
    assert got["demand_qty"].tolist() == [75, 40, 0]
    assert got["lo_80_qty"].tolist() == [65, 30, 0]
    assert got["hi_80_qty"].tolist() == [95, 50, 20]
    check_table(got, TABLES["consensus_demand"])
