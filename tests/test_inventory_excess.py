import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.inventory import (
    compare_stock,
    expiring_stock,
    explain_excess,
    name_causes,
    rank_stock,
)

MONTHS = pd.date_range("2026-01-01", periods=6, freq="MS")
COST = table("item location unit_cost_value", "A D 2")
NO_TARGET = table("item location period safety_stock_qty cycle_stock_qty", "A D 2026-01 0 0")


def plan(use, closing=None, safety=0.0, item="A"):
    """A plan of six months; closing stock defaults to the safety stock."""
    return pd.DataFrame(
        {
            "item": item,
            "location": "D",
            "period": MONTHS,
            "demand_qty": np.array(use, float),
            "served_qty": np.array(use, float),
            "used_qty": 0.0,
            "move_out_qty": 0.0,
            "closing_qty": safety if closing is None else closing,
            "safety_stock_qty": safety,
        }
    )


def explain(on_hand, use, cost=COST, closing=None, target=NO_TARGET, **given):
    made = plan(use, closing)
    stock = table("item location on_hand_qty", f"A D {on_hand}")
    compared = compare_stock(stock, made, target, cost)
    found = explain_excess(compared, made, cost, **given)
    assert found["excess_qty"].sum() == pytest.approx(compared["excess_qty"].sum())
    assert found["excess_value"].sum() == pytest.approx(compared["excess_value"].sum())
    return found.set_index("cause")["excess_qty"].to_dict()


def item(launch="-", end="-"):
    return table("item launch_date end_date", f"A {launch} {end}")


def history(*rows):
    return table("item location cutoff period forecast_qty actual_qty", *rows)


FLAT = [20] * 6


def test_the_parts_of_an_excess_sum_to_it_in_the_stated_order():
    lots = table("item location lot_qty", "A D 90")
    past = history("A D 2025-11 2025-12 70 20")
    assert explain(160, FLAT, lots=lots, backtest=past) == {
        "lot_size": 30,
        "forecast_bias": 50,
        "other": 20,
    }
    assert explain(110, FLAT, lots=lots, backtest=past) == {"lot_size": 30, "forecast_bias": 20}
    assert explain(70, FLAT, lots=lots, backtest=past) == {"lot_size": 10}
    assert explain(60, FLAT, lots=lots, backtest=past) == {}


def test_without_anything_known_the_cause_is_other():
    assert explain(100, FLAT) == {"other": 40}


def test_stock_that_nothing_uses_is_unused():
    assert explain(100, [0] * 6) == {"unused": 100}


def test_an_item_that_ends_leaves_what_it_never_uses():
    assert explain(100, [20, 20, 10, 0, 0, 0], item=item(end="2026-03-15")) == {"run_out": 50}
    assert explain(100, [0] * 6, item=item(end="2025-12-01")) == {"run_out": 100}
    assert explain(100, FLAT, item=item(end="2027-12-31")) == {"other": 40}


def test_stock_built_for_a_launch_is_the_launchs():
    assert explain(100, FLAT, item=item(launch="2025-10-01")) == {"launch": 40}
    assert explain(100, FLAT, item=item(launch="2025-01-01")) == {"other": 40}


def test_stock_that_a_peak_uses_was_bought_ahead():
    # mean use 30; months 4 and 5 take 60 each, of the 100 too much all is gone by then
    assert explain(130, [10, 10, 10, 60, 60, 30]) == {"buy_ahead": 100}
    # 150 are left for the peak's 120; the last 30 go in a month like any other
    assert explain(180, [10, 10, 10, 60, 60, 30]) == {"buy_ahead": 120, "other": 30}


def test_stock_on_top_of_which_the_plan_builds_was_built_ahead():
    # the plan still holds 200 after February, when 60 of today's 100 are left
    closing = [80, 200, 200, 200, 200, 0]
    assert explain(100, FLAT, closing=closing) == {"buy_ahead": 40}


def test_the_newest_forecast_of_each_of_the_last_months_counts():
    past = history(
        "A D 2025-06 2025-12 900 20",
        "A D 2025-11 2025-12 30 20",
        "A D 2025-06 2025-11 25 20",
        "A D 2025-01 2025-03 500 20",
    )
    assert explain(100, FLAT, backtest=past) == {"forecast_bias": 15, "other": 25}
    too_low = history("A D 2025-11 2025-12 10 20")
    assert explain(100, FLAT, backtest=too_low) == {"other": 40}


def test_places_are_named_for_the_cause_of_most_of_their_excess():
    made = pd.concat([plan(FLAT), plan(FLAT, item="B")])
    stock = table("item location on_hand_qty", "A D 100", "B D 10")
    target = table("item location period safety_stock_qty cycle_stock_qty", "B D 2026-01 30 0")
    cost = table("item location unit_cost_value", "A D 2", "B D 2")
    compared = compare_stock(stock, made, target, cost)
    past = history("A D 2025-11 2025-12 50 20")
    named = name_causes(rank_stock(compared), explain_excess(compared, made, cost, backtest=past))
    assert named["item"].tolist() == ["A", "B"]
    assert named["cause"].fillna("").tolist() == ["forecast_bias", ""]
    assert named["cause_qty"].iloc[0] == 30


def test_no_excess_has_no_cause():
    assert explain(10, FLAT, item=item(), backtest=history("A D 2025-11 2025-12 50 20")) == {}


# expiring stock


def batches(*rows):
    return table("item location batch expiry_date on_hand_qty", *rows)


def expire(stock, taken, **options):
    found = expiring_stock(stock, plan(taken), COST, **options)
    assert (found["used_qty"] + found["expired_qty"]).tolist() == pytest.approx(
        found["on_hand_qty"].tolist()
    )
    assert found["expired_value"].tolist() == pytest.approx((2 * found["expired_qty"]).tolist())
    return found


def test_batches_are_used_in_the_order_of_their_last_day():
    stock = batches("A D late 2026-01-31 40", "A D early 2026-01-10 20", "A D none - 500")
    found = expire(stock, [31, 0, 0, 0, 0, 0])  # one a day
    assert found["batch"].tolist() == ["early", "late"]
    assert found["expired_qty"].tolist() == pytest.approx([10, 19])
    assert found["period"].dt.strftime("%Y-%m").tolist() == ["2026-01", "2026-01"]


def test_a_batch_that_is_used_in_time_does_not_expire():
    found = expire(batches("A D x 2026-03-31 60"), FLAT)
    assert found["expired_qty"].tolist() == pytest.approx([0])


def test_what_is_past_its_date_stands_in_the_first_month():
    found = expire(batches("A D x 2025-11-30 60"), FLAT)
    assert found["expired_qty"].tolist() == [60]
    assert found["period"].dt.strftime("%Y-%m").tolist() == ["2026-01"]


def test_customers_who_want_life_left_take_a_batch_for_a_shorter_time():
    lives = table("item shelf_life_days", "A 100")
    stock = batches("A D x 2026-01-30 60")
    found = expire(stock, [31] * 6, item=lives, remaining_life_rate=0.1)  # until the 20th
    assert found["used_qty"].tolist() == pytest.approx([20])
    assert found["period"].dt.strftime("%Y-%m").tolist() == ["2026-01"]


def test_groups_of_customers_each_want_their_share():
    lives = table("item shelf_life_days", "A 100")
    use = table(
        "item location period use_qty remaining_life_rate",
        "A D 2026-01 31 0",
        "A D 2026-01 62 0.2",
    )  # one a day until the 30th, two a day until the 10th
    found = expire(batches("A D x 2026-01-30 60"), FLAT, item=lives, use=use)
    assert found["used_qty"].tolist() == pytest.approx([30 + 20])


def test_past_the_plan_its_mean_use_goes_on():
    days = (MONTHS[-1] + pd.offsets.MonthEnd(0) - MONTHS[0]).days + 1  # 181
    found = expire(batches("A D x 2026-07-10 500"), [days] * 6)  # 6 a day
    assert found["used_qty"].tolist() == pytest.approx([500])
    found = expire(batches("A D x 2026-07-10 2000"), [days] * 6)
    assert found["used_qty"].tolist() == pytest.approx([6 * (days + 10)])


def live_through(stock, use):
    """Use batches day by day, the first to expire first; return what is used of each."""
    left = stock.sort_values("expiry_date")["on_hand_qty"].to_numpy(float).copy()
    last = stock.sort_values("expiry_date")["expiry_date"].to_list()
    whole = left.copy()
    for month, qty in zip(MONTHS, use, strict=True):
        for day in pd.date_range(month, month + pd.offsets.MonthEnd(0)):
            want = qty / month.days_in_month
            for n in range(len(left)):
                taken = min(left[n], want) if last[n] >= day else 0.0
                left[n], want = left[n] - taken, want - taken
    return whole - left


def test_expiry_equals_a_life_day_by_day():
    draw = np.random.default_rng(41)
    for _ in range(10):
        days = np.sort(draw.choice(200, 8, replace=False)) - 20
        dates = (MONTHS[0] + pd.to_timedelta(days, "D")).strftime("%Y-%m-%d")
        rows = [f"A D b{n} {day} {draw.uniform(0, 40):.3f}" for n, day in enumerate(dates)]
        use, stock = draw.uniform(0, 40, 6), batches(*rows)
        assert expire(stock, use)["used_qty"].tolist() == pytest.approx(live_through(stock, use))


def test_stock_without_dates_and_an_empty_plan_expire_nothing():
    assert expiring_stock(batches("A D x - 5"), plan(FLAT), COST).empty
    assert expiring_stock(batches("A D x 2026-01-05 5"), plan(FLAT).iloc[:0], COST).empty
