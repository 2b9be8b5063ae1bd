"""Agreed number, quotas and promises: replayed, summed to supply, over-promises shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.consensus import (
    allocate_supply,
    check_quota,
    check_uncut,
    compare_quota,
    find_over_promised,
    list_agreed,
    list_open_orders,
    list_short,
    list_tight,
    promise_supply,
    propose_plan,
    sum_blockers,
    sum_promise,
    sum_rules,
    to_channels,
)
from sopkit.consensus.quota import round_shares
from sopkit.tables import TABLES, check_table

ITEMS = table("item family", "A tea", "B tea", "C cola")
NOVEMBER, DECEMBER = pd.Timestamp("2026-11-01"), pd.Timestamp("2026-12-01")
ORDER = (
    "order line item location customer order_date requested_date promised_date ordered_qty "
    "shipped_qty cancelled_qty"
)
PLAN = (
    "item location period make_qty buy_qty move_in_qty open_supply_qty move_out_qty used_qty "
    "expired_qty demand_qty"
)
STOCK = "item location on_hand_qty plannable"


def orders(*rows: str) -> pd.DataFrame:
    lines = table(ORDER, *rows)
    return list_open_orders(lines, NOVEMBER, DECEMBER)


def stock(*rows: str) -> pd.DataFrame:
    return table(STOCK, *rows).astype({"plannable": bool})


def promise(stocks: pd.DataFrame, plan: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    return check_table(promise_supply(stocks, plan, lines), TABLES["promise"])


TWO_MONTHS = table(PLAN, "A D1 2026-11 0 0 0 0 0 0 0 5", "A D1 2026-12 12 0 5 3 0 0 0 5")
TEN = stock("A D1 10 1")


def test_what_is_open_is_ordered_less_shipped_less_cancelled_by_promise():
    lines = orders(
        "o1 1 A D1 K 2026-10-01 2026-10-20 2026-12-05 30 10 5",
        "o2 1 A D1 K 2026-10-01 2026-10-20 - 8 0 0",
        "o3 1 A D1 K 2026-11-02 - - 4 0 0",
        "o4 1 A D1 K 2026-11-02 2027-03-01 - 4 0 0",
        "o5 1 A D1 K 2026-11-02 2026-11-09 - 4 3 1",
    )
    assert lines[["order", "period", "open_qty"]].to_numpy().tolist() == [
        ["o2", NOVEMBER, 8],
        ["o3", NOVEMBER, 4],
        ["o1", DECEMBER, 15],
    ]


def test_a_promise_takes_nothing_that_a_later_order_needs():
    found = promise(
        TEN,
        TWO_MONTHS,
        orders(
            "o1 1 A D1 K 2026-10-01 2026-11-05 - 4 0 0",
            "o2 1 A D1 K 2026-10-01 2026-12-05 - 25 0 0",
        ),
    )
    assert found[["receipt_qty", "open_qty", "net_qty", "atp_qty"]].to_numpy().tolist() == [
        [0, 4, 6, 1],
        [20, 25, 1, 1],
    ]


def test_an_over_promise_stays_visible_with_its_order():
    lines = orders(
        "o1 1 A D1 K 2026-10-01 2026-11-05 - 8 0 0",
        "o2 1 A D1 K 2026-10-01 2026-11-09 - 5 0 0",
        "o3 1 A D1 K 2026-10-01 2026-12-09 - 4 0 0",
    )
    found = promise(TEN, TWO_MONTHS, lines)
    assert found["atp_qty"].tolist() == [-3, 13]
    assert found["over_qty"].tolist() == [3, 0]
    broken = find_over_promised(found, lines)
    assert broken[["order", "over_qty", "ready_period"]].to_numpy().tolist() == [
        ["o2", 3, DECEMBER]
    ]


def test_an_order_that_the_plan_never_covers_has_no_month():
    lines = orders("o1 1 A D1 K 2026-10-01 2026-11-05 - 45 0 0")
    broken = find_over_promised(promise(TEN, TWO_MONTHS, lines), lines)
    assert broken["over_qty"].tolist() == [35]
    assert broken["ready_period"].isna().all()


def test_what_goes_to_other_places_and_products_is_not_promised():
    plan = table(PLAN, "A P1 2026-11 50 0 0 0 30 5 1 2", "A D1 2026-11 0 0 30 0 0 0 0 9")
    found = promise(stock("A P1 4 1", "A P1 9 0"), plan, orders())
    assert found.set_index("location")["atp_qty"].to_dict() == {"D1": 30, "P1": 18}


def test_a_place_nobody_orders_from_is_left_out_and_one_without_plan_is_not():
    plan = TWO_MONTHS.assign(demand_qty=0.0)
    found = promise(TEN, plan, orders("o1 1 B D1 K 2026-10-01 2026-11-05 - 2 0 0"))
    assert found[["item", "atp_qty"]].to_numpy().tolist() == [["B", -2], ["B", -2]]


def test_a_family_is_only_a_sum():
    rows = table(
        "item location period atp_qty over_qty", "A D1 2026-11 30 0", "B D1 2026-11 -10 10"
    )
    assert sum_promise(rows, ITEMS).to_numpy().tolist() == [["tea", NOVEMBER, 30, 10]]


def test_places_with_nothing_left_say_when_they_are_free_again():
    lines = orders("o1 1 A D1 K 2026-10-01 2026-11-05 - 10 0 0")
    row = list_tight(promise(TEN, TWO_MONTHS, lines), NOVEMBER).iloc[0]
    assert (row["atp_qty"], row["least_qty"], row["free_period"]) == (0, 0, DECEMBER)


def test_promises_within_what_is_free_never_exceed_supply():
    random = np.random.default_rng(11)
    months = pd.date_range(NOVEMBER, periods=6, freq="MS")
    for _ in range(40):
        plan = pd.DataFrame(
            {name: random.integers(0, 30, 6).astype(float) for name in PLAN.split()[3:]},
        ).assign(item="A", location="D1", period=months, demand_qty=1.0)
        lines = pd.DataFrame(
            {"item": "A", "location": "D1", "period": months, "open_qty": random.uniform(0, 40, 6)}
        )
        found = promise_supply(stock("A D1 60 1"), plan, lines)
        supply = 60 + (found["receipt_qty"] - found["issue_qty"]).cumsum()
        free = found["atp_qty"].clip(lower=0).to_numpy()
        asked = np.maximum.accumulate(random.uniform(0, 1, 6) * free)
        owed = lines["open_qty"].cumsum() + asked
        kept = found["over_qty"] == 0
        assert (owed[kept] <= supply[kept] + 1e-6).all()
        assert (np.diff(found["atp_qty"]) >= 0).all()


WANTED = table(
    "item location customer period demand_qty plan_qty",
    "A D1 K1 2026-11 100 0",
    "A D1 K2 2026-11 50 90",
)
CLASSES = table("customer priority", "K1 1", "K2 2")
SOLD = table("item location customer period actual_qty", "A D1 K1 2026-10 10", "A D1 K2 2026-10 30")


@pytest.mark.parametrize(
    ("rule", "quotas"),
    [("priority", [90, 0]), ("proportional", [60, 30]), ("history", [54, 36])],
)
def test_short_supply_is_split_by_the_declared_rule(rule, quotas):
    quota = allocate_supply(WANTED, rule, CLASSES, SOLD)
    assert check_table(quota, TABLES["quota"])["quota_qty"].tolist() == quotas
    assert set(quota["rule"]) == {rule}


def test_history_gives_more_than_is_wanted_only_when_told():
    asked = {"rule": "history", "service_class": CLASSES, "history": SOLD, "floor_rate": 0.0}
    assert allocate_supply(WANTED, **asked)["quota_qty"].tolist() == [40, 50]
    free = allocate_supply(WANTED, above_demand=True, **asked)
    assert free["quota_qty"].tolist() == [23, 67]


def test_shares_are_rounded_to_whole_units_by_largest_remainder():
    cap = np.array([10.0, 10.0, 10.0])
    assert round_shares(np.array([3.5, 3.5, 3.0]), cap, 10.0).tolist() == [4, 3, 3]
    assert round_shares(np.array([2.5, 4.9]), np.array([2.5, 10.0]), 7.4).tolist() == [2.5, 4]


@pytest.mark.parametrize("rule", ["priority", "proportional", "history"])
def test_quotas_never_exceed_supply_nor_demand(rule):
    random = np.random.default_rng(5)
    cells = pd.MultiIndex.from_product(
        [list("ABCDEFGH"), ["D1"], ["K1", "K2", "K3", "K4"], [NOVEMBER, DECEMBER]],
        names=["item", "location", "customer", "period"],
    ).to_frame(index=False)
    want = random.uniform(0, 40, len(cells)) * (random.uniform(size=len(cells)) < 0.8)
    cells = cells.assign(demand_qty=want, plan_qty=want * random.uniform(0, 1, len(cells)))
    sold = cells.rename(columns={"demand_qty": "actual_qty"}).iloc[::3]
    quota = allocate_supply(cells, rule, CLASSES, sold)
    place = ["item", "location", "period"]
    sums = quota.groupby(place)[["quota_qty", "plan_qty"]].sum()
    assert (sums["quota_qty"] <= sums["plan_qty"] + 1e-9).all()
    assert (sums["quota_qty"] > sums["plan_qty"] - 4).all()
    assert (quota["quota_qty"] <= quota["demand_qty"] + 1e-9).all()
    again = allocate_supply(cells.sample(frac=1, random_state=1), rule, CLASSES, sold)
    pd.testing.assert_frame_equal(quota, again)


def test_only_what_is_short_is_rationed_and_overdue_orders_are_not():
    service = table(
        "item location customer period demand_class demand_qty on_time_qty late_qty short_qty",
        "A D1 K1 2026-11 overdue 7 5 0 2",
        "A D1 K1 2026-11 open 30 20 5 5",
        "A D1 K2 2026-11 forecast 70 70 0 0",
        "B D1 K1 2026-11 forecast 5 5 0 0",
    )
    assert list_short(service)[["customer", "demand_qty", "plan_qty"]].to_numpy().tolist() == [
        ["K1", 30, 25],
        ["K2", 70, 70],
    ]


def test_quotas_may_be_of_channels():
    customers = table("customer channel", "K1 shops", "K2 shops")
    assert to_channels(WANTED, customers)[["customer", "demand_qty"]].to_numpy().tolist() == [
        ["shops", 150]
    ]


def test_quotas_and_plan_are_compared_by_customer():
    quota = allocate_supply(WANTED, "proportional", CLASSES, SOLD)
    found = compare_quota(quota, ITEMS)
    assert found[["customer", "change_qty", "quota_rate"]].to_numpy().tolist() == [
        ["K1", 60, 0.6],
        ["K2", -60, 0.6],
    ]


AGREED = table(
    "item location customer period demand_qty baseline_qty event_qty pipeline_qty stream_qty "
    "override_qty",
    "A D1 K 2026-11 120 100 0 0 20 0",
    "B D1 K 2026-11 50 40 0 0 5 5",
    "A D1 K 2026-12 100 100 0 0 0 0",
    "C D1 K 2026-11 30 30 0 0 0 0",
)
MONEY = table(
    "item location customer period demand_value revenue_value",
    "A D1 K 2026-11 120 110",
    "B D1 K 2026-11 50 50",
    "A D1 K 2026-12 100 100",
    "C D1 K 2026-11 30 40",
)
SHOPS = table("customer channel", "K shops")
WEIGHTS = table(
    "stream owner lag weight_rate", "orders book 0 0.05", "sales Kim 0 0.5", "hq Al 0 0"
)
OVERRIDES = table(
    "override item family owner start_period end_period status",
    "O1 B all Lee 2026-11 2026-11 active",
    "O2 all tea Max 2026-11 2026-11 withdrawn",
)
CONFLICTS = (
    "conflict family location customer kind state gap_value first_period last_period first_owner second_owner "
    "due_date days_open"
)
NO_CONFLICT = table(CONFLICTS)


def test_each_block_says_which_rule_decided_it():
    found = list_agreed(AGREED, MONEY, ITEMS, NO_CONFLICT, WEIGHTS, OVERRIDES, SHOPS)
    check_table(found, TABLES["agreed_number"])
    assert found[["family", "period", "rule", "rule_code"]].to_numpy().tolist() == [
        ["cola", NOVEMBER, "baseline", None],
        ["tea", NOVEMBER, "override", "Lee"],
        ["tea", DECEMBER, "baseline", None],
    ]
    alone = list_agreed(
        AGREED.assign(override_qty=0.0), MONEY, ITEMS, NO_CONFLICT, WEIGHTS, OVERRIDES, SHOPS
    )
    assert alone["rule_code"].iloc[1] == "sales 50 %, orders 5 %"


def test_a_verdict_is_the_rule_and_an_open_conflict_leaves_it_disputed():
    conflicts = table(
        CONFLICTS,
        "C-1 tea all all target_plan settled -40 2026-11 2026-11 Kim Sam 2026-11-26 0",
        "C-2 all all all sales_supply open -10 2026-12 2026-12 Kim Sam 2026-11-10 30",
        "C-3 cola all all sales_supply agreed -10 2026-11 2026-11 Kim Sam 2026-11-10 30",
    )
    found = list_agreed(AGREED, MONEY, ITEMS, conflicts, WEIGHTS, OVERRIDES, SHOPS)
    assert found[["rule", "rule_code", "agreed", "conflict"]].to_numpy().tolist() == [
        ["baseline", None, True, None],
        ["verdict", "C-1", True, None],
        ["baseline", None, False, "C-2"],
    ]
    rules = sum_rules(found)
    assert rules[["rule", "revenue_value", "agreed_value"]].to_numpy().tolist() == [
        ["verdict", 160, 160],
        ["baseline", 140, 40],
    ]
    told = sum_blockers(conflicts, 0.67, pd.Timestamp("2026-11-19"))
    assert (told["n"], told["gap"], told["late"], told["oldest"]) == (1, 10, 1, 30)
    assert (told["settled"], told["closed"], told["family"]) == (1, 1, "all")


def test_agreed_demand_is_never_cut_for_supply():
    service = table(
        "item location customer period demand_class demand_qty on_time_qty late_qty short_qty",
        "A D1 K 2026-11 forecast 120 20 0 100",
        "B D1 K 2026-11 forecast 50 0 0 50",
    )
    plan = propose_plan(AGREED, service)
    assert check_uncut(AGREED, plan) == 0
    assert plan["plan_qty"].sum() == 20
    assert check_uncut(AGREED, plan.assign(demand_qty=plan["demand_qty"].clip(upper=100))) == 20


def test_nothing_in_nothing_out():
    empty = AGREED.iloc[:0]
    found = list_agreed(empty, MONEY.iloc[:0], ITEMS, NO_CONFLICT, WEIGHTS, OVERRIDES, SHOPS)
    assert found.empty
    assert sum_rules(found).empty
    assert sum_blockers(NO_CONFLICT, 1.0, NOVEMBER)["n"] == 0
    assert promise_supply(TEN, TWO_MONTHS.iloc[:0], orders()).empty
    assert allocate_supply(WANTED.iloc[:0], "history", CLASSES, SOLD).empty


def test_quotas_above_supply_are_told_by_how_much():
    quota = table(
        "item location customer period demand_qty plan_qty quota_qty",
        "A D1 K1 2026-01 100 60 60",
        "A D1 K2 2026-01 50 30 31",
        "A D1 K1 2026-02 100 60 50",
    )
    assert check_quota(quota) == 1
    assert check_quota(quota.iloc[:0]) == 0
