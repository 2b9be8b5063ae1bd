"""Orders that a signed plan releases, small enough to check by hand."""

import pandas as pd
from builders import table

from sopkit.supply import list_released_orders
from sopkit.tables import TABLES

OPERATION = table(
    "operation item location lead_time_days lot_min_qty lot_multiple_qty usual_lot_qty yield_rate",
    "A-L1 A P1 1 1000 100 2000 0.99",
)
TERM = table(
    "supplier item location start_date lead_time_days multiple_qty",
    "S1 C all 2026-01-01 30 25",
)
LANE = table("from_location to_location item lead_time_days", "P1 D1 all 3", "P1 D1 A 1")
PEGGING = table(
    "demand_key demand_kind item location customer demand_period period supply_key supply_item "
    "via pegged_qty",
    "forecast_1 demand A D1 K 2026-11-01 2026-11-01 make_A_P1_A-L1_2026-11 A P1_>_D1 900",
    "open_1 demand A D1 K 2026-11-01 2026-11-01 make_A_P1_A-L1_2026-11 A P1_>_D1 1980",
    "make_A make A P1 - 2026-11-01 2026-11-01 buy_C_P1_S1_2026-11 C - 50",
)
for name in ("demand_key", "supply_key", "via"):
    PEGGING[name] = PEGGING[name].str.replace("_", " ")


def firm(*rows):
    return table(
        "flow_kind item location source period flow_qty order_qty lot_qty carried_qty", *rows
    )


def released(*rows, pegging=PEGGING):
    return list_released_orders(firm(*rows), OPERATION, TERM, LANE, pegging, "2026-11")


def test_production_starts_as_often_as_usual_lots_fit_on_working_days():
    orders = released("make A P1 A-L1 2026-11-01 4000 4158 990 158")
    # two usual lots of 2,000 fit: 42 lots of 99 as 21 and 21; November 2026 has 21 working days
    assert orders["order_qty"].tolist() == [2079, 2079]
    assert orders["lot_count"].tolist() == [21, 21]
    assert orders["release_date"].dt.strftime("%m-%d").tolist() == ["11-02", "11-16"]
    assert orders["due_date"].dt.strftime("%m-%d").tolist() == ["11-03", "11-17"]
    assert orders["released_order"].tolist() == ["2026-11-M0001", "2026-11-M0002"]


def test_an_odd_lot_goes_first_and_orders_sum_to_the_month():
    orders = released("move A D1 P1 2026-11-01 400 400 80 0")
    assert orders["order_qty"].tolist() == [160, 80, 80, 80]
    assert orders["due_date"].iloc[0] == pd.Timestamp("2026-11-03")  # its own lane, one day


def test_a_purchase_is_ordered_at_once_and_due_on_a_working_day():
    order = released("buy C P1 S1 2026-11-01 60 75 50 15").iloc[0]
    assert (order["order_qty"], order["lot_qty"], order["lot_count"]) == (75, 25, 3)
    assert order["due_date"] == pd.Timestamp("2026-12-02")
    assert (order["purpose"], order["serves"]) == ("parts", "A P1 2026-11")
    assert abs(order["pegged_rate"] - 50 / 75) < 1e-6


def test_an_order_says_what_it_serves_most():
    orders = released(
        "make A P1 A-L1 2026-11-01 3960 3960 990 0", "move A D1 P1 2026-11-01 4000 4000 80 0"
    )
    made, moved = orders[orders["flow_kind"] == "make"], orders[orders["flow_kind"] == "move"]
    assert set(made["purpose"]) == {"open"} and set(moved["purpose"]) == {"open"}
    assert made["serves"].iloc[0] == "A D1 K 2026-11"
    assert moved["pegged_rate"].iloc[0] == 2880 / 4000


def test_without_pegging_or_orders_the_table_still_stands():
    none = PEGGING.iloc[:0]
    orders = released("buy C P1 S1 2026-11-01 60 75 50 15", pegging=none)
    assert orders["purpose"].tolist() == ["stock"] and orders["pegged_rate"].tolist() == [0]
    assert released().empty and list(released().columns) == TABLES["released_order"].column_names
    empty = list_released_orders(
        TABLES["firm_order"].empty(),
        TABLES["operation"].empty(),
        TABLES["purchase_term"].empty(),
        TABLES["lane"].empty(),
        TABLES["pegging"].empty(),
        "2026-11",
    )
    assert empty.empty
