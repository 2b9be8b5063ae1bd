"""Actions on the bridge: expectation, coverage, clashes, and what came of them."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.finance import (
    bridge_years,
    cover_gap,
    measure_restated,
    to_outlook,
    value_actions,
)
from sopkit.tables import TABLES, check_table

NOVEMBER = pd.Timestamp("2026-11-01")
HEAD = "number cycle fiscal_year part family title owner due_date cost_value chance_rate closure_value status"
WIN = "B-1 2026-10 2026 volume tea win sales_owner 2026-12-01 10 0.5 80 open"
NOTHING = pd.DataFrame(columns=["cycle", "fiscal_year", "part", "family", "restated_value"])


def gap(*rows: str) -> pd.DataFrame:
    frame = table("fiscal_year family part margin_value", *rows)
    return frame.assign(against="budget", period=NOVEMBER, fiscal_year=2026, revenue_value=0.0)


def value(actions: pd.DataFrame, now=None, then=None, restated=NOTHING) -> pd.DataFrame:
    now = gap("2026 tea volume -70", "2026 cola volume -30") if now is None else now
    then = gap("2026 tea volume -100").assign(cycle="2026-10") if then is None else then
    found = value_actions(actions, now, then, restated, NOVEMBER)
    return check_table(found, TABLES["bridge_action"]).set_index("action")


def test_what_an_action_should_bring_and_what_came():
    restated = table("cycle fiscal_year part family restated_value", "2026-10 2026 volume tea 5")
    row = value(table(HEAD, WIN), restated=restated).loc["B-1"]
    assert (row["expected_value"], row["part_value"], row["then_value"]) == (30, -70, -100)
    assert (row["restated_value"], row["realised_value"]) == (5, 25)
    assert row["clash"] is None


def test_an_action_of_this_cycle_has_realised_nothing_yet():
    row = value(table(HEAD, WIN.replace("2026-10", "2026-11"))).loc["B-1"]
    assert pd.isna(row["realised_value"])
    assert row["expected_value"] == 30


def test_actions_on_one_part_share_what_moved_by_what_they_should_bring():
    other = "B-2 2026-10 2026 volume tea more sales_owner 2026-12-01 0 1 90 open"
    found = value(table(HEAD, WIN, other))
    assert found["realised_value"].tolist() == [7.5, 22.5]


def test_a_family_or_part_of_all_takes_the_sum():
    row = value(table(HEAD, WIN.replace("volume tea", "all all"))).loc["B-1"]
    assert row["part_value"] == -100


@pytest.mark.parametrize(
    ("old", "new", "clash"),
    [
        ("sales_owner", "-", "no_owner"),
        ("2026-12-01", "-", "no_date"),
        ("2026-12-01", "2026-10-01", "late"),
        ("volume tea", "magic tea", "no_part"),
        ("volume tea", "volume beer", "no_part"),
        ("80 open", "- open", "no_amount"),
    ],
)
def test_what_is_wrong_with_an_action_is_said(old, new, clash):
    assert value(table(HEAD, WIN.replace(old, new))).loc["B-1", "clash"] == clash


def test_open_actions_with_an_owner_cover_the_gap():
    nobody = "B-2 2026-10 2026 volume tea more - 2026-12-01 0 1 90 open"
    done = "B-3 2026-10 2026 volume tea did sales_owner 2026-12-01 0 1 90 done"
    actions = value(table(HEAD, WIN, nobody, done)).reset_index()
    years = table("fiscal_year gap_value", "2026 -100", "2027 40")
    cover = cover_gap(actions, years)
    assert cover["covered_value"].tolist() == [30, 0]
    assert cover["open_value"].tolist() == [-70, 0]
    assert cover["action_count"].tolist() == [1, 0]
    assert cover["covered_rate"].iloc[0] == pytest.approx(0.3)


def test_no_actions_cover_nothing():
    now = gap("2026 tea volume -1")
    none = value_actions(table(HEAD, WIN).iloc[:0], now, now, NOTHING, NOVEMBER)
    assert none.empty
    assert cover_gap(none, table("fiscal_year gap_value", "2026 -100"))["open_value"].tolist() == [
        -100
    ]


def test_restated_months_are_told_from_what_moved():
    items = table("item family base_unit", "A tea case")
    cost = table("item location start_date unit_cost_value", "A all 2020-01-01 6")
    names = "item location customer period actual_qty revenue_value return_value"
    books = table(names, "A D1 all 2026-09 100 1000 0")
    now = table(names, "A D1 all 2026-09 104 1040 0", "A D1 all 2026-10 90 900 0")
    plan = TABLES["consensus_plan"].empty()
    budget = table(
        "item location customer period budget_qty budget_value budget_margin_value",
        "A all all 2026-09 100 1000 400",
        "A all all 2026-10 100 1000 400",
    )
    seen = to_outlook(now, plan, cost, NOVEMBER)
    today, _ = bridge_years(seen, budget, items, cost, NOVEMBER)
    moved = measure_restated(
        today, seen, books.assign(cycle="2026-10"), budget, items, cost, NOVEMBER
    )
    volume = moved[moved["part"] == "volume"].iloc[0]
    assert (volume["cycle"], volume["family"]) == ("2026-10", "tea")
    assert volume["restated_value"] == pytest.approx(16)  # 4 units at margin 4
    assert measure_restated(
        today, seen, books.iloc[:0].assign(cycle=""), budget, items, cost, NOVEMBER
    ).empty
