"""The order book of made-to-order items as a stream of forecasts."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.demand.orders_ahead import backlog_streams, measure_booking
from sopkit.demand.streams import compare_streams
from sopkit.tables import TABLES, check_table

AS_OF = pd.Timestamp("2026-10-31")
ITEM = table("item family strategy", "M Made MTO", "S Stock MTS")


def orders(early=4.0, late=6.0, item="M", customer="K", last="2026-10"):
    """Of each month to `last`, `early` comes two months before it, `late` within it."""
    months = pd.date_range("2024-01-01", f"{last}-01", freq="MS")
    parts = [(months - pd.DateOffset(months=2), early), (months + pd.Timedelta(days=3), late)]
    frames = [
        pd.DataFrame(
            {
                "order_date": day,
                "requested_date": months + pd.Timedelta(days=20),
                "ordered_qty": quantity,
            }
        )
        for day, quantity in parts
    ]
    return pd.concat(frames, ignore_index=True).assign(item=item, location="D", customer=customer)


def book(month, quantity, ordered="2026-10-05", item="M", customer="K"):
    line = {"order_date": pd.Timestamp(ordered), "requested_date": pd.Timestamp(f"{month}-15")}
    return pd.DataFrame(
        [{**line, "ordered_qty": quantity, "item": item, "location": "D", "customer": customer}]
    )


def months_of(rows):
    return dict(
        zip(rows["period"].dt.strftime("%Y-%m"), rows["forecast_qty"].round(6), strict=True)
    )


def test_the_share_usually_booked_is_measured_by_lag():
    lines = orders().assign(
        period=lambda d: d["requested_date"].dt.to_period("M").dt.to_timestamp()
    )
    curve = measure_booking(lines, pd.Timestamp("2026-11-01"), 4)
    assert curve.set_index("lag")["share_rate"].to_dict() == pytest.approx(
        {0: 0.4, 1: 0.4, 2: 0.0, 3: 0.0}
    )


def test_what_is_booked_is_scaled_by_what_is_usually_booked_by_then():
    """40 % is booked when a month begins and a month before that; two months before nothing is."""
    lines = pd.concat([orders(), book("2026-11", 4), book("2026-12", 8)])
    rows = backlog_streams(lines, ITEM, ["2026-11"], AS_OF)
    assert months_of(rows) == {"2026-11": 10.0, "2026-12": 20.0}
    assert rows[["stream", "owner", "customer", "family"]].iloc[0].tolist() == [
        "orders", "order_book", "K", "all"
    ]  # fmt: skip


def test_rows_meet_the_contract_of_streams():
    rows = backlog_streams(orders(), ITEM, ["2026-10", "2026-11"], AS_OF)
    check_table(rows, TABLES["forecast_stream"])
    assert sorted(rows["cycle"].unique()) == ["2026-10", "2026-11"]


def test_a_customer_with_nothing_booked_is_expected_to_take_nothing():
    lines = pd.concat([orders(), orders(customer="L"), book("2026-11", 4)])
    rows = backlog_streams(lines, ITEM, ["2026-11"], AS_OF)
    november = rows[rows["period"] == "2026-11-01"].set_index("customer")["forecast_qty"]
    assert november.to_dict() == pytest.approx({"K": 10, "L": 0})


def test_a_past_cycle_knows_neither_later_orders_nor_a_later_curve():
    """From 2026 on all is booked early; the cycle 2026-01 had only seen the old way."""
    old, new = orders(last="2025-12"), orders(early=10.0, late=0.0)
    new = new[(new["requested_date"] >= "2026-01-01") & (new["ordered_qty"] > 0)]
    rows = backlog_streams(pd.concat([old, new]), ITEM, ["2026-01"], AS_OF)
    assert months_of(rows) == {"2026-01": 25.0, "2026-02": 25.0}


def test_items_made_to_stock_have_no_backlog_stream():
    assert backlog_streams(orders(item="S"), ITEM, ["2026-11"], AS_OF).empty


def test_without_half_a_year_of_orders_there_is_no_curve_and_no_stream():
    young = orders()
    young = young[young["requested_date"] >= "2026-07-01"]
    assert backlog_streams(young, ITEM, ["2026-11"], AS_OF).empty
    assert backlog_streams(young.iloc[:0], ITEM, ["2026-11"], AS_OF).empty


def test_orders_after_as_of_are_not_known():
    lines = pd.concat([orders(), book("2026-11", 4, ordered="2026-11-05")])
    rows = backlog_streams(lines, ITEM, ["2026-12"], AS_OF)
    assert rows["forecast_qty"].eq(0).all()


def test_the_streams_machinery_compares_it_with_what_came():
    """Ten came each month, ten were forecast from the order book: no error at lags 0 and 1."""
    months = pd.date_range("2024-01-01", "2026-10-01", freq="MS")
    history = pd.DataFrame({"item": "M", "location": "D", "customer": "K", "period": months})
    history = history.assign(actual_qty=10.0, cleaned_qty=10.0)
    cycles = [f"2026-{month:02d}" for month in range(3, 11)]
    compared = compare_streams(backlog_streams(orders(), ITEM, cycles, AS_OF), history, ITEM)
    assert compared["lag"].unique().tolist() == [0, 1]
    assert (compared["forecast_qty"] - compared["actual_qty"]).abs().max() < 1e-9
