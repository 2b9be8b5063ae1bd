"""Sell-in against sell-out: loading, payback, cover, and reports that do not follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit import quality
from sopkit.tables import TABLES, check_table

PLACE = {"item": "A", "location": "D", "customer": "K"}
ITEM = table("item family", "A Water", "B Water")


def empty(name):
    return TABLES[name].empty()


def months(count, last="2026-10"):
    return pd.date_range(end=pd.Timestamp(f"{last}-01"), periods=count, freq="MS")


def rows(name, values, last="2026-10", **place):
    values = np.asarray(values, dtype=float)
    frame = pd.DataFrame({"period": months(len(values), last), name: values})
    return frame.assign(**(PLACE | place)).dropna()


def to_history(values, **place):
    frame = rows("actual_qty", values, **place)
    return frame.assign(
        cleaned_qty=frame["actual_qty"], revenue_value=2 * frame["actual_qty"], return_value=0.0
    )[TABLES["demand_history"].column_names]


def loaded_orders(years=2, size=40):
    """Orders of 100 a month; each quarter end takes 30 of the next month and 10 of the second."""
    values = np.full(12 * years, 100.0)
    for place, month in enumerate(months(12 * years)):
        if month.month % 3 == 0:
            values[place] += size
            for ahead, part in ((1, 0.75), (2, 0.25)):
                if place + ahead < len(values):
                    values[place + ahead] -= part * size
    return values


def to_channel(orders, sold=None, stock=None, lines=None, **options):
    sold = np.full(len(orders), 100.0) if sold is None else sold
    reports = rows("sell_out_qty", sold)
    stocks = empty("channel_stock") if stock is None else rows("stock_qty", stock)
    lines = empty("sales_order_line") if lines is None else lines
    return quality.to_channel_months(to_history(orders), reports, stocks, lines, **options)


def test_a_loaded_quarter_end_and_its_payback_are_the_same_volume():
    channel = to_channel(loaded_orders())
    check_table(channel, TABLES["channel_month"])
    by_month = channel.set_index("period")
    assert by_month.loc["2026-03-01", ["loading_qty", "mark"]].tolist() == [40, "loading"]
    assert by_month.loc["2026-04-01", ["payback_qty", "mark"]].tolist() == [30, "payback"]
    assert by_month.loc["2026-05-01", "payback_qty"] == 10
    closed = channel[channel["period"].between("2025-03-01", "2026-08-01")]
    assert closed["loading_qty"].sum() == closed["payback_qty"].sum() == 6 * 40


def test_what_is_not_paid_back_by_the_last_month_is_owed():
    channel = to_channel(loaded_orders()).set_index("period")
    assert channel.loc["2026-09-01", ["loading_qty", "owed_qty"]].tolist() == [30, 10]
    assert channel.loc["2026-10-01", "payback_qty"] == 30


def test_orders_that_follow_sell_out_are_no_loading_even_at_a_quarter_end():
    orders = loaded_orders()
    channel = to_channel(orders, sold=orders)
    assert (channel["mark"] == "none").all()


def test_a_rise_that_nobody_takes_back_is_no_loading():
    orders = np.full(24, 100.0)
    orders[[4, 10, 16]] = 140.0
    last = months(24)
    assert (last[[4, 10, 16]].month % 3 == 0).all()
    assert (to_channel(orders)["mark"] == "none").all()


def test_only_quarter_ends_are_loaded():
    orders = np.full(24, 100.0)
    orders[2:23:3] += 40  # January, April, July, October
    orders[3:24:3] -= 40
    assert (to_channel(orders)["mark"] == "none").all()
    shifted = to_channel(orders, quarter_ends=(1, 4, 7, 10))
    assert (shifted["mark"] == "loading").sum() == 7


def test_cover_is_stock_over_recent_sell_out_and_stock_follows_from_what_moved():
    stock = np.full(6, 150.0)
    stock[3] = 190.0
    channel = to_channel(np.full(6, 100.0), stock=stock)
    assert channel["cover_months"].tolist() == [1.5, 1.5, 1.5, 1.9, 1.5, 1.5]
    assert channel["stock_gap_qty"].iloc[1:].tolist() == [0, 0, 40, -40, 0]
    found = quality.to_channel_findings(channel, to_history(np.full(6, 100.0)))
    assert found[["kind", "value", "amount_value"]].to_numpy().tolist() == [
        ["channel_gap", "K: 190 ≠ 150", 80]
    ]


def test_what_did_not_leave_never_reached_the_distributor():
    lines = check_table(
        table(
            "order item location customer order_date ordered_qty shipped_qty cancelled_qty",
            "1 A D K 2026-08-03 100 60 40",
        ),
        TABLES["sales_order_line"],
    )
    stock = np.array([150, 150, 150, 150, 110, 110, 110.0])
    channel = to_channel(np.full(7, 100.0), stock=stock[:7], lines=lines)
    assert channel.set_index("period").loc["2026-08-01", "received_qty"] == 60
    assert channel["stock_gap_qty"].abs().sum() == 0


def test_a_month_that_a_customer_did_not_report_is_told_once_for_all_its_items():
    sold = np.full(8, 100.0)
    sold[4] = np.nan
    reports = pd.concat([rows("sell_out_qty", sold), rows("sell_out_qty", sold, item="B")])
    history = pd.concat([to_history(np.full(8, 100.0)), to_history(np.full(8, 100.0), item="B")])
    channel = quality.to_channel_months(
        history, reports, empty("channel_stock"), empty("sales_order_line")
    )
    found = quality.to_channel_findings(channel, history)
    assert found[["kind", "value", "row_count"]].to_numpy().tolist() == [["not_reported", "K", 2]]
    assert found["period"].tolist() == [months(8)[4]]


def test_without_reports_nothing_is_judged():
    channel = quality.to_channel_months(
        to_history(np.full(6, 100.0)),
        empty("sell_out"),
        empty("channel_stock"),
        empty("sales_order_line"),
    )
    assert channel.empty
    assert quality.to_channel_findings(channel, empty("demand_history")).empty
    assert quality.summarise_channel(channel).empty


def clean(orders, channel, stock=None):
    return quality.clean_history(
        to_history(orders),
        empty("stock_history") if stock is None else stock,
        empty("event"),
        ITEM,
        channel_month=channel,
    )


def test_loading_goes_back_to_its_month_and_the_year_keeps_its_volume():
    orders = loaded_orders()
    cleaned, correction = clean(orders, to_channel(orders))
    inner = cleaned[cleaned["period"].between("2025-03-01", "2026-08-01")]
    assert inner["cleaned_qty"].tolist() == pytest.approx([100.0] * 18)
    assert cleaned["cleaned_qty"].sum() == pytest.approx(orders.sum())
    why = correction.set_index(["period", "reason"])
    assert why.loc[(pd.Timestamp("2026-03-01"), "loading"), ["why", "why_qty"]].tolist() == [
        "quarter_loaded",
        40,
    ]
    check_table(correction, TABLES["correction"])


def test_loading_that_nobody_has_paid_back_yet_is_listed_only():
    orders = loaded_orders()[:-1]
    reports = rows("sell_out_qty", np.full(23, 100.0), last="2026-09")
    history = to_history(loaded_orders())
    history = history[history["period"] < "2026-10-01"]
    channel = quality.to_channel_months(
        history, reports, empty("channel_stock"), empty("sales_order_line")
    )
    last = channel.set_index("period").loc["2026-09-01"]
    assert last[["loading_qty", "owed_qty"]].tolist() == [40, 40]
    cleaned, correction = quality.clean_history(
        history, empty("stock_history"), empty("event"), ITEM, channel_month=channel
    )
    september = correction[correction["period"] == "2026-09-01"]
    assert september[["reason", "accepted"]].to_numpy().tolist() == [["loading", False]]
    assert cleaned["cleaned_qty"].iloc[-1] == orders[-1] == 140


def test_a_stock_out_in_the_payback_keeps_the_whole_loading_out():
    orders = loaded_orders(size=60)
    stock = check_table(
        table("item location period closing_qty stocked_share", "A D 2026-04 0 0.5"),
        TABLES["stock_history"],
    )
    _, correction = clean(orders, to_channel(orders), stock)
    turn = correction[correction["period"].between("2026-03-01", "2026-05-01")]
    assert dict(zip(turn["reason"], turn["accepted"], strict=False))["stock_out"]
    assert not turn.loc[turn["reason"].isin(["loading", "payback"]), "accepted"].any()


def test_a_customer_is_summed_with_its_cover_and_what_it_loaded():
    orders = loaded_orders()
    stock = 150 + np.cumsum(orders - 100)
    summary = quality.summarise_channel(to_channel(orders, stock=stock)).iloc[0]
    assert summary["customer"] == "K"
    assert summary["sell_out_qty"] == 1200
    assert summary["loading_qty"] == 40 * 3 + 30
    assert summary["owed_qty"] == 10
    assert summary["cover_months"] == pytest.approx(stock[-1] / 100)


def test_planted_loading_of_another_company_is_found_with_few_false_alarms():
    """Distributors with noise of their own: 12 series load three quarters in four, 48 never do."""
    rng = np.random.default_rng(77)
    count = 36
    history, reports, planted = [], [], set()
    ends = [n for n, month in enumerate(months(count)) if month.month % 3 == 0][:-1]
    for series in range(60):
        level = rng.uniform(300, 3000)
        sold = level * (1 + 0.25 * np.sin(np.arange(count) / 1.9)) * rng.normal(1, 0.05, count)
        orders = sold * rng.normal(1, 0.07, count)
        for end in ends:
            if series < 12 and rng.random() < 0.75:
                moved = rng.uniform(0.25, 0.4) * orders[end + 1]
                orders[end] += moved
                orders[end + 1] -= moved
                planted.add((f"i{series}", months(count)[end]))
        history.append(to_history(orders.round(), item=f"i{series}"))
        reports.append(rows("sell_out_qty", sold.round(), item=f"i{series}"))
    channel = quality.to_channel_months(
        pd.concat(history, ignore_index=True),
        pd.concat(reports, ignore_index=True),
        empty("channel_stock"),
        empty("sales_order_line"),
    )
    marked = channel[channel["mark"] == "loading"]
    found = set(zip(marked["item"], marked["period"], strict=True))
    assert len(found & planted) >= 0.9 * len(planted)
    assert len(found - planted) <= 0.02 * 60 * len(ends)
