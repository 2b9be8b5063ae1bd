"""What people's changes would do, on a company of one line solved by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.errors import InputError
from sopkit.scenario.preview import PREVIEW_TABLES, preview_overrides
from sopkit.tables import TABLES, check_table, fit_columns

AS_OF = pd.Timestamp("2026-10-31")


def contract(name: str, header: str, *rows: str) -> pd.DataFrame:
    return check_table(table(header, *rows), TABLES[name])


def overrides(*rows: str) -> pd.DataFrame:
    header = "override owner item family location customer start_period end_period method amount"
    if not rows:
        return TABLES["override"].empty()
    raw = table(header, *rows).assign(reason_code="other", entered_date=AS_OF)
    return check_table(raw, TABLES["override"])


def company() -> dict[str, pd.DataFrame]:
    """A (tea) is made at D1, one hour a unit, 10 hours and 5 of overtime a month; B is bought in.

    A: 8 and 10 wanted, opening stock 2, 8 made a month, safety stock 2: net stock 2, then 0.
    """
    demand = table(
        "item location customer period demand_qty baseline_qty stream_qty override_qty lo_80_qty hi_80_qty",
        "A D1 k 2026-11  8 6 0 2  5 12",
        "A D1 k 2026-12 10 10 0 0 5 12",
        "B D1 k 2026-11  4 4 0 0  3  5",
        "B D1 k 2026-12  4 4 0 0  3  5",
    )
    plan = table(
        "item location period opening_qty make_qty demand_qty served_qty short_qty backlog_qty closing_qty safety_stock_qty",
        "A D1 2026-11 2 8  8  8 0 0 2 2",
        "A D1 2026-12 2 8 10 10 0 0 0 2",
        "B D1 2026-11 4 0  4  4 0 0 0 0",
        "B D1 2026-12 0 4  4  4 0 0 0 0",
    ).assign(buy_qty=0.0, move_in_qty=0.0, open_supply_qty=0.0, move_out_qty=0.0, used_qty=0.0)
    given = {
        "consensus_demand": check_table(
            demand.assign(
                **{
                    column.name: 0.0
                    for column in TABLES["consensus_demand"].columns
                    if column.name not in demand and column.kind == "number"
                }
            ),
            TABLES["consensus_demand"],
        ),
        "constrained_plan": fit_columns(plan, TABLES["constrained_plan"]),
        "item": contract("item", "item family", "A tea", "B water"),
        "operation": contract(
            "operation", "operation item location unit_cost_value", "make-A A D1 6"
        ),
        "resource": contract("resource", "resource location overtime_value", "L1 D1 2"),
        "resource_need": contract(
            "resource_need", "operation resource hours_per_unit", "make-A L1 1"
        ),
        "capacity": contract(
            "capacity", "resource period regular_hours overtime_hours",
            "L1 2026-11 10 5", "L1 2026-12 10 5",
        ),
        "opening_stock": contract("opening_stock", "item location on_hand_qty", "A D1 2", "B D1 4"),
        "price": contract(
            "price", "item customer start_date price_value",
            "A all 2020-01-01 10", "B all 2020-01-01 3",
        ),
        "cost": contract(
            "cost", "item location start_date unit_cost_value",
            "A all 2020-01-01 6", "B all 2020-01-01 2",
        ),
    }  # fmt: skip
    return {name: given.get(name, TABLES[name].empty()) for name in PREVIEW_TABLES}


STANDING = overrides("S1 North A all D1 all 2026-11 2026-11 delta 2")


def preview(*rows: str, tables=None):
    return preview_overrides(tables or company(), STANDING, overrides(*rows), AS_OF)


def test_volume_is_shown_by_family_and_month_on_top_of_what_stands():
    shown = preview("N1 South A all D1 all 2026-11 2026-12 delta 5")
    assert shown.volume.drop(columns="period").to_numpy().tolist() == [
        ["tea", 8, 13, 5],
        ["tea", 10, 15, 5],
        ["water", 4, 4, 0],
        ["water", 4, 4, 0],
    ]
    assert shown.effect.to_numpy().tolist() == [["N1", 10, "applied"]]


def test_stock_is_rolled_on_with_the_supply_of_the_present_plan():
    stock = preview("N1 South A all D1 all 2026-11 2026-11 delta 1").stock
    assert stock[["item", "target_qty", "change_qty", "before_qty", "after_qty"]].to_numpy().tolist() == [
        ["A", 2, 1, 2, 1],
        ["A", 2, 0, 0, -1],
    ]  # fmt: skip
    assert stock[["before_state", "after_state"]].to_numpy().tolist() == [
        ["fits", "below"],
        ["below", "short"],
    ]


def test_capacity_is_shown_before_and_after_with_what_is_newly_over():
    capacity = preview("N1 South A all D1 all 2026-11 2026-12 delta 6").capacity
    # just in time: 8 - 2 in stock, then 10; six more each
    assert capacity.drop(columns=["resource", "period"]).to_numpy().tolist() == [
        [6, 12, 10, 5, "fits", "overtime"],
        [10, 16, 10, 5, "fits", "over"],
    ]


def test_money_is_price_and_margin_of_all_demand():
    money = preview("N1 South B all D1 all 2026-12 2026-12 percent 0.5").money
    water = money[(money["family"] == "water") & (money["period"] == "2026-12-01")].iloc[0]
    assert water[2:].tolist() == [12, 4, 18, 6]
    tea = money[money["family"] == "tea"]
    assert tea["before_margin_value"].sum() == tea["after_margin_value"].sum() == 18 * 4


def test_a_clash_with_what_stands_is_shown_and_old_clashes_are_not():
    shown = preview(
        "N1 South A all D1 all 2026-11 2026-11 absolute 9",
        "N2 South B all D1 all 2026-11 2026-11 delta 1",
    )
    clash = shown.clash
    assert clash[["override", "other_override", "owner", "other_owner"]].to_numpy().tolist() == [
        ["N1", "S1", "South", "North"]
    ]  # one day: by number
    assert clash[["effect_qty", "other_effect_qty", "together_qty"]].to_numpy().tolist() == [
        [3, 2, 5]
    ]
    both = pd.concat([STANDING, overrides("S2 East A all D1 all 2026-11 2026-11 delta 1")])
    calm = overrides("N2 South B all D1 all 2026-11 2026-11 delta 1")
    assert preview_overrides(company(), both, calm, AS_OF).clash.empty


def test_a_place_without_a_plan_goes_short():
    tables = company()
    shown = preview("N1 South B all D2 k 2026-12 2026-12 delta 5", tables=tables)
    stock = shown.stock
    assert stock[["item", "location", "after_qty", "after_state"]].to_numpy().tolist() == [
        ["B", "D2", 0, "fits"],
        ["B", "D2", -5, "short"],
    ]


def test_without_a_plan_stock_and_capacity_are_left_out():
    tables = company() | {"constrained_plan": TABLES["constrained_plan"].empty()}
    shown = preview("N1 South A all D1 all 2026-11 2026-11 delta 5", tables=tables)
    assert shown.stock.empty
    assert shown.capacity.empty
    assert shown.volume["change_qty"].sum() == 5
    assert {"item", "after_state"} <= set(shown.stock.columns)


def test_an_item_without_a_price_is_named():
    tables = company()
    tables["price"] = tables["price"][tables["price"]["item"] != "B"]
    with pytest.raises(InputError, match=r"no price; first: B"):
        preview("N1 South B all D1 all 2026-11 2026-11 delta 5", tables=tables)


def test_what_does_not_hold_changes_nothing():
    shown = preview("N1 South A all D1 all 2027-11 2027-11 delta 5")
    assert shown.effect["state"].tolist() == ["outside"]
    assert shown.volume["change_qty"].eq(0).all()
    assert shown.stock.empty
