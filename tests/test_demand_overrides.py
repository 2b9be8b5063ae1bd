"""People's changes split to leaves, and clashes between their owners, solved by hand."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from builders import table
from hypothesis import given, settings
from hypothesis import strategies as st
from test_demand_baseline import history

from sopkit.demand.clashes import find_clashes
from sopkit.demand.leaf_panel import split_months
from sopkit.demand.overrides import apply_overrides
from sopkit.tables import CELL, TABLES, check_table

ITEM = check_table(table("item family", "A Water", "B Water", "C Tea"), TABLES["item"])
AS_OF = pd.Timestamp("2026-04-30")
PAST = history(A_D_k=[30] * 24, A_D_m=[10] * 24, B_D_k=[60] * 24)
MONTHS = pd.date_range("2026-05-01", periods=2, freq="MS")
HEADER = "override owner item family location customer start_period end_period method amount"


def overrides(*rows, **columns):
    raw = table(HEADER, *rows)
    return check_table(raw.assign(reason_code="other", **columns), TABLES["override"])


def cells(*rows, parts="baseline_qty"):
    return table(f"item location customer period {parts}", *rows)


BASE = cells("A D k 2026-05 60", "A D m 2026-05 40", "B D k 2026-05 100")


def apply(rows, *given_, **columns):
    return apply_overrides(rows, overrides(*given_, **columns), PAST, ITEM, AS_OF)


def test_people_change_the_sum_of_all_parts_that_are_there():
    rows = cells(
        "A D k 2026-05 60 20 0 -10", "A D m 2026-05 40 0 5 0",
        parts="baseline_qty event_qty pipeline_qty stream_qty",
    )  # fmt: skip
    got, effect = apply(rows, "o1 N A all D all 2026-05 2026-05 percent 0.1")
    assert got["override_qty"].tolist() == pytest.approx([7.0, 4.5])
    got, _ = apply(rows, "o1 N A all D all 2026-05 2026-05 absolute 125")
    assert got["override_qty"].tolist() == pytest.approx([6, 4])  # by the baseline
    assert effect["effect_qty"].tolist() == pytest.approx([11.5])


def test_a_sum_below_zero_is_lifted_before_it_is_raised():
    rows = cells("A D k 2026-05 60 -80", parts="baseline_qty event_qty")
    got, effect = apply(rows, "o1 N A all D all 2026-05 2026-05 absolute 15")
    assert (60 - 80 + got["override_qty"]).tolist() == [15]
    assert effect["effect_qty"].tolist() == [15]
    untouched, _ = apply(rows, "o1 N A all D all 2026-05 2026-05 percent 0.5")
    assert untouched["override_qty"].tolist() == [0]


def test_the_earlier_entered_comes_first_then_the_number():
    rows = [
        "o9 N A all D all 2026-05 2026-05 delta 50",
        "o1 S A all D all 2026-05 2026-05 absolute 90",
    ]
    same_day, _ = apply(BASE, *rows, entered_date=pd.Timestamp("2026-04-01"))
    assert same_day["override_qty"].tolist() == pytest.approx([24, 16, 0])  # 90, then + 50
    days = pd.to_datetime(["2026-04-01", "2026-04-02"])
    later, _ = apply(BASE, *rows, entered_date=days)
    assert later["override_qty"].tolist() == pytest.approx([-6, -4, 0])  # + 50, then 90


def test_an_absolute_zero_leaves_a_real_zero():
    got, effect = apply(BASE, "o1 N A all D all 2026-05 2026-05 absolute 0")
    assert got["override_qty"].tolist() == [-60, -40, 0]
    assert effect[["effect_qty", "state"]].to_numpy().tolist() == [[-100, "applied"]]


def test_each_month_of_a_span_gets_the_amount():
    rows = cells("A D k 2026-05 30", "A D k 2026-06 10", "A D m 2026-05 10")
    got, effect = apply(rows, "o1 N A all D all 2026-05 2026-12 delta 20")
    assert got["override_qty"].tolist() == [15, 20, 5]  # June has one leaf only
    assert effect["effect_qty"].tolist() == [40]


def test_rows_come_back_as_they_came():
    shuffled = BASE.iloc[[2, 0, 1]]
    got, _ = apply(shuffled, "o1 N A all D all 2026-05 2026-05 delta 10")
    assert got.index.tolist() == [2, 0, 1]
    assert got["override_qty"].tolist() == [0, 6, 4]
    assert "override_qty" not in BASE


def test_a_new_place_starts_at_zero_in_every_part():
    rows = cells("A D k 2026-05 60 5", parts="baseline_qty event_qty").assign(method="ensemble")
    got, _ = apply(rows, "o1 N C all D k 2026-05 2026-05 absolute 7")
    new = got[got["item"] == "C"].iloc[0]
    assert new[["baseline_qty", "event_qty", "override_qty", "method"]].tolist() == [
        0,
        0,
        7,
        "zero",
    ]


def test_without_any_row_nothing_is_changed():
    got, effect = apply(BASE.iloc[:0], "o1 N A all all all 2026-05 2026-05 delta 10")
    assert got["override_qty"].empty
    assert effect["state"].tolist() == ["no_place"]


AMOUNTS = st.floats(0, 1e12, allow_subnormal=True)
PANELS = st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, st.booleans()), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(PANELS, st.floats(-1e12, 1e12))
def test_parts_of_a_split_sum_to_the_change_and_leave_nothing_below_zero(panel, wanted):
    now, weights, fallback, there = (np.array([row]).T for row in zip(*panel, strict=True))
    there = there.astype(float)
    now = now * there
    parts = split_months(np.array([wanted]), now, weights, fallback, there)
    expected = max(wanted, -now.sum()) if there.any() else 0.0
    assert parts.sum() == pytest.approx(expected, rel=1e-12, abs=1e-9)
    assert (now + parts >= 0).all()
    assert (parts[there == 0] == 0).all()


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "all"]),
        st.sampled_from(["D", "all"]),
        st.sampled_from(["k", "m", "all"]),
        st.sampled_from(["delta", "absolute", "percent"]),
        st.integers(-100, 500),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.floats(0, 1000), min_size=6, max_size=6))
def test_whatever_people_enter_effects_sum_and_no_leaf_is_negative(changes, amounts):
    rows = cells(*(f"{i} D {c} 2026-05 0" for i in "ABC" for c in "km")).assign(
        baseline_qty=amounts
    )
    lines = [
        f"o{n} N {item} all {location} {customer} 2026-05 2026-05 {method} "
        + str({"delta": amount, "absolute": abs(amount), "percent": amount / 100}[method])
        for n, (item, location, customer, method, amount) in enumerate(changes)
    ]
    got, effect = apply(rows, *lines)
    assert got["override_qty"].sum() == pytest.approx(effect["effect_qty"].sum(), abs=1e-6)
    assert (got["baseline_qty"] + got["override_qty"] >= -1e-9).all()


def test_a_thousand_changes_are_applied_and_compared_within_two_seconds():
    rng = np.random.default_rng(7)
    leaves = pd.DataFrame(
        {
            "item": [f"I{n % 60:02d}" for n in range(1500)],
            "location": [f"D{n % 5}" for n in range(1500)],
            "customer": [f"K{n // 60}" for n in range(1500)],
        }
    )
    months = pd.DataFrame({"period": pd.date_range("2026-05-01", periods=18, freq="MS")})
    rows = leaves.merge(months, how="cross").assign(baseline_qty=100.0)
    item = pd.DataFrame({"item": sorted(set(leaves["item"])), "family": "Water"})
    start = months["period"].to_numpy()[rng.integers(0, 12, 1000)]
    raw = pd.DataFrame(
        {
            "override": [f"O{n:04d}" for n in range(1000)],
            "item": rng.choice([*item["item"], "all"], 1000),
            "location": rng.choice(["D0", "D1", "all"], 1000),
            "start_period": start,
            "end_period": start + np.timedelta64(95, "D"),
            "method": rng.choice(["delta", "percent"], 1000),
            "amount": 0.1,
            "reason_code": "other",
            "owner": "N",
        }
    )
    raw["end_period"] = raw["end_period"].dt.to_period("M").dt.to_timestamp()
    many = check_table(raw, TABLES["override"])
    began = time.process_time()
    got, effect = apply_overrides(rows, many, rows.iloc[:0].assign(cleaned_qty=0.0), item, AS_OF)
    took = time.process_time() - began
    assert got["override_qty"].sum() == pytest.approx(effect["effect_qty"].sum())
    assert effect["state"].eq("applied").all()
    assert took < 2.0, f"{took:.2f} s"


def clashes(*rows, base=BASE, **columns):
    return find_clashes(overrides(*rows, **columns), ITEM, MONTHS, AS_OF, base, PAST)


def test_two_owners_of_one_cell_clash_and_both_effects_are_shown():
    got = clashes(
        "o1 North A all D all 2026-05 2026-06 delta 20",
        "o2 South all Water all k 2026-04 2026-05 percent -0.5",
    )
    assert got.iloc[0].drop(["effect_qty", "other_effect_qty", "together_qty"]).tolist() == [
        "o1", "o2", "North", "South", "A", "all", "D", "k", MONTHS[0], MONTHS[0], 1,
    ]  # fmt: skip
    # +12 on leaf A-k; South alone -30 there; together 60 + 12, halved: 36
    assert got[["effect_qty", "other_effect_qty", "together_qty"]].iloc[0].tolist() == (
        pytest.approx([12, -30, -24])
    )


def test_the_later_absolute_wins_and_that_is_shown():
    got = clashes(
        "o1 North A all D all 2026-05 2026-05 delta 20",
        "o2 South A all D all 2026-05 2026-05 absolute 90",
    )
    assert got[["effect_qty", "other_effect_qty", "together_qty"]].iloc[0].tolist() == (
        pytest.approx([20, -10, -10])
    )


@pytest.mark.parametrize(
    "other",
    [
        "o2 North A all D all 2026-05 2026-05 delta 5",  # one owner
        "o2 South A all D all 2026-06 2026-06 delta 5",  # another month
        "o2 South B all D all 2026-05 2026-05 delta 5",  # another item
        "o2 South all Tea all all 2026-05 2026-05 delta 5",  # another family
        "o2 South A all E all 2026-05 2026-05 delta 5",  # another location
        "o2 South all all all m 2026-05 2026-05 delta 5",  # another customer
    ],
)
def test_what_does_not_touch_the_same_cell_is_no_clash(other):
    assert clashes("o1 North A all D k 2026-05 2026-05 delta 20", other).empty


def test_levels_that_cross_without_a_common_leaf_are_no_clash():
    rows = (
        "o1 North B all all all 2026-05 2026-05 delta 20",
        "o2 South all all all m 2026-05 2026-05 delta 20",
    )
    assert clashes(*rows).empty  # nobody sells B to m
    got = find_clashes(overrides(*rows), ITEM, MONTHS, AS_OF)
    assert got[["item", "customer", "month_count"]].to_numpy().tolist() == [["B", "m", 1]]
    assert got["together_qty"].isna().all()


def test_withdrawn_and_expired_changes_clash_with_nobody():
    rows = [
        "o1 North A all D all 2026-05 2026-05 delta 20",
        "o2 South A all D all 2026-05 2026-05 delta 5",
    ]
    assert len(clashes(*rows)) == 1
    assert clashes(*rows, status=["active", "withdrawn"]).empty
    assert clashes(*rows, expiry_date=pd.to_datetime(["2026-04-30", None])).empty


def test_a_clash_on_a_place_nobody_sold_at_is_seen():
    got = clashes(
        "o1 North C all D k 2026-05 2026-05 delta 20",
        "o2 South C all D k 2026-05 2026-05 delta 5",
    )
    assert got[["effect_qty", "other_effect_qty", "together_qty"]].iloc[0].tolist() == [20, 5, 25]


def test_a_family_and_an_item_of_it_clash_both_ways_round():
    for order in ((1, 2), (2, 1)):
        got = clashes(
            f"o{order[0]} North all Water all all 2026-05 2026-05 delta 20",
            f"o{order[1]} South B all all all 2026-05 2026-05 delta 5",
        )
        assert got[["item", "family"]].to_numpy().tolist() == [["B", "all"]]


def test_changes_sum_by_cell_once():
    got, _ = apply(BASE, "o1 N all all all all 2026-05 2026-05 delta 20")
    assert not got.duplicated(CELL).any()
    assert got["override_qty"].tolist() == pytest.approx([6, 4, 10])
