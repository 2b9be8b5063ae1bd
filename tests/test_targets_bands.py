from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.consensus import (
    complete_bands,
    fire_triggers,
    list_fired,
    pick_bands,
    sum_bands,
    to_target_band,
)
from sopkit.errors import InputError
from sopkit.tables import TABLES, check_table, fit_columns

NOVEMBER = pd.Timestamp("2026-11-01")
COLUMNS = "owner family location customer period span_months target_qty target_value"
OWNERS = table("family sales_owner supply_planner", "tea Lee Sam")
USUAL = {"low_rate": 0.9, "high_rate": 1.2, "sales": "sales", "operations": "production"}


def bands(*rows: str, columns: str = COLUMNS) -> pd.DataFrame:
    return complete_bands(table(columns, *rows), OWNERS, **USUAL)


def test_a_base_alone_becomes_a_band_with_the_stated_ends():
    one = bands("all tea all all 2027-01 1 100 -").iloc[0]
    assert one[["low", "base", "high"]].tolist() == [90, 100, 120]
    assert one["unit"] == "qty"
    assert not one["is_given"]


def test_given_ends_stand_and_money_is_a_band_in_money():
    columns = f"{COLUMNS} low_value high_value low_qty high_qty"
    one = bands("Kim tea all all 2027-01 1 - 100 80 110 - -", columns=columns).iloc[0]
    assert one[["unit", "low", "base", "high"]].tolist() == ["value", 80, 100, 110]
    assert one["is_given"]


def test_owners_are_the_targets_own_then_the_familys_then_the_roles():
    found = bands(
        "Kim tea all all 2027-01 1 100 -",
        "all tea all all 2027-02 1 100 -",
        "all all all all 2027-03 1 100 -",
    )
    owners = found.sort_values("period")[["sales_owner", "operations_owner"]].to_numpy().tolist()
    assert owners == [["Kim", "Sam"], ["Lee", "Sam"], ["sales", "production"]]


def test_all_targets_that_are_no_band_are_named_at_once():
    columns = f"{COLUMNS} low_qty high_qty"
    with pytest.raises(InputError) as told:
        bands(
            "Kim tea all all 2027-01 1 100 - 101 130",
            "Lee tea all all 2027-02 1 100 - 90 99",
            columns=columns,
        )
    said = str(told.value)
    assert "Kim, tea, all, 2027-01 has low 101 and base 100" in said
    assert "Lee, tea, all, 2027-02 has high 99 and base 100" in said
    assert "Correct the ends in the target file" in said


def test_quotas_of_a_team_add_up_end_by_end():
    one = bands("Kim tea all all 2027-01 1 100 -", "Lee tea all all 2027-01 1 50 -").iloc[0]
    assert one[["low", "base", "high"]].tolist() == [135, 150, 180]
    assert one["sales_owner"] == "all"


def test_open_months_without_a_gap_have_a_sum():
    rows = [f"Kim tea all all 2026-{month} 1 100 -" for month in ("09", "10", "11", "12")]
    found = sum_bands(bands(*rows, "Kim tea all all 2027-03 1 70 -"), NOVEMBER)
    assert found["stage"].value_counts().to_dict() == {"ahead": 4, "past": 2}
    total = found[found["grain"] == "sum"].iloc[0]
    assert total[["span_months", "base"]].tolist() == [2, 200]
    assert total["last_period"] == pd.Timestamp("2026-12-01")


def rated(**columns: object) -> pd.DataFrame:
    found = sum_bands(bands("Kim tea all all 2026-11 2 100 -"), NOVEMBER)
    usual = {
        "demand_chance_rate": 0.6,
        "low_chance_rate": 0.9,
        "supply_chance_rate": 0.9,
        "decide_date": pd.NaT,
    }
    return found.assign(**{**usual, **columns})


def fired(frame: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    rows = fire_triggers(frame, months, NOVEMBER, below_months=2, above_months=2, told=["boss"])
    return rows.set_index("trigger")


MONTHS = "family location customer period low high amount"
QUIET = table(
    MONTHS,
    "tea all all 2026-09 40 60 50",
    "tea all all 2026-10 40 60 50",
    "tea all all 2026-11 40 60 50",
    "tea all all 2026-12 40 60 50",
)


def test_every_trigger_has_a_row_and_none_fires_where_all_is_well():
    rows = fired(rated(), QUIET)
    assert len(rows) == 7
    assert not rows["fired"].any()
    assert set(rows["told"]) == {"Kim, Sam, boss"}


@pytest.mark.parametrize(
    ("amounts", "trigger"),
    [
        ([30, 30, 50, 50], "actual_below"),
        ([70, 70, 50, 50], "actual_above"),
        ([50, 50, 39, 39], "demand_below"),
        ([50, 50, 61, 61], "demand_above"),
    ],
)
def test_so_many_months_in_a_row_outside_the_band_fire(amounts, trigger):
    rows = fired(rated(), QUIET.assign(amount=amounts))
    assert rows.index[rows["fired"]].tolist() == [trigger]
    assert rows.loc[trigger, "seen"] == 2


def test_months_that_are_not_in_a_row_do_not_fire():
    assert not fired(rated(), QUIET.assign(amount=[30, 50, 50, 39]))["fired"].any()


def test_a_low_chance_and_a_near_last_day_fire():
    low = fired(rated(demand_chance_rate=0.4, supply_chance_rate=0.7), QUIET)
    assert low.index[low["fired"]].tolist() == ["demand_chance", "supply_chance"]
    near = fired(rated(decide_date=pd.Timestamp("2026-11-20")), QUIET)
    assert near.index[near["fired"]].tolist() == ["decide"]
    assert not fired(rated(decide_date=pd.Timestamp("2026-12-02")), QUIET)["fired"].any()


def test_the_first_trigger_that_fired_stands_in_the_table():
    frame = rated(demand_chance_rate=0.4, supply_chance_rate=0.7)
    rows = fire_triggers(frame, QUIET, NOVEMBER, below_months=2, above_months=2)
    reached = table(
        "family location customer period span_months reached_value", "tea all all 2026-11 2 77"
    )
    found = to_target_band(frame, rows, reached)
    assert found[["trigger", "told", "reached_value"]].to_numpy().tolist() == [
        ["demand_chance", "Kim, Sam", 77]
    ]
    check_table(fit_columns(rows, TABLES["target_trigger"]), TABLES["target_trigger"])
    assert list_fired(rows, pick_bands(found))["kind"].tolist() == ["rate", "rate"]


def test_a_page_shows_sums_and_singles_that_no_sum_holds():
    months = [f"Kim tea all all 2026-{month} 1 100 -" for month in (11, 12)]
    found = sum_bands(bands(*months, "Kim all all all 2026-11 1 9 -"), NOVEMBER)
    found = found.assign(demand_chance_rate=0.5, supply_chance_rate=[0.9, 0.9, 0.9, 0.2])
    found = found.assign(supply_chance_rate=np.where(found["family"] == "all", 0.2, 0.9))
    shown = pick_bands(found)
    assert shown[["family", "base"]].to_numpy().tolist() == [["all", 9], ["tea", 200]]


def test_no_target_at_all_goes_through():
    empty = table(COLUMNS, "Kim tea all all 2026-11 1 100 -").iloc[:0]
    found = sum_bands(complete_bands(empty, OWNERS, **USUAL), NOVEMBER)
    assert found.empty
    months = QUIET.iloc[:0]
    frame = found.assign(demand_chance_rate=0.0, supply_chance_rate=0.0, decide_date=pd.NaT)
    rows = fire_triggers(frame, months, NOVEMBER, below_months=2, above_months=2)
    assert rows.empty
    row = "tea all all 2026-11 2 77"
    reached = table("family location customer period span_months reached_value", row).iloc[:0]
    assert pick_bands(to_target_band(frame, rows, reached)).empty
