import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.errors import InputError
from sopkit.inventory import (
    compare_stock,
    project_inventory,
    rank_stock,
    sum_errors,
    target_stock,
    value_stock,
)
from sopkit.tables import TABLES, check_table

MONTHS = pd.date_range("2026-01-01", periods=3, freq="MS", name="period")
NO_POLICY = TABLES["stock_policy"].empty()
NO_LEAD = table("item location lead_time_days", "A D 0").iloc[:0]


def errors(*rates, item="A", place="D"):
    """One cutoff for each error, one month ahead, forecast 100."""
    first = pd.Timestamp("2023-01-01")
    return pd.DataFrame(
        {
            "item": item,
            "location": place,
            "cutoff": [first + pd.DateOffset(months=n) for n in range(len(rates))],
            "period": [first + pd.DateOffset(months=n + 1) for n in range(len(rates))],
            "lag": 0,
            "forecast_qty": 100.0,
            "naive_qty": 100.0,
            "actual_qty": 100.0 * (1 + np.array(rates)),
        }
    )


def segment(*places, strategy="MTS"):
    rows = [f"{place} A smooth {strategy} 1" for place in places]
    return table("item location abc pattern strategy revenue_value", *rows)


def policy(*rows):
    return table("item location service_level_rate review_days safety_stock_qty max_qty", *rows)


def demand(qty=100):
    return table("item location period demand_qty", *[f"A D 2026-0{m} {qty}" for m in (1, 2, 3)])


def target(backtest, rules=NO_POLICY, lead=NO_LEAD, **options):
    made = target_stock(
        demand(), backtest, options.pop("segment", segment("A D")), lead, rules, MONTHS, **options
    )
    return check_table(made, TABLES["stock_target"])


def test_safety_stock_is_the_quantile_of_under_forecast_times_the_forecast_ahead():
    rates = np.linspace(-0.24, 0.24, 25)
    made = target(errors(*rates), service_level=0.75, review_days=30.4)
    # rank 26 x 0.75 = 19.5 of 25: between -0.24 + 18 x 0.02 and one step more
    assert made["safety_stock_qty"].tolist() == pytest.approx([13, 13, 13])
    assert made["basis"].unique().tolist() == ["error"]
    assert made["error_rate"].tolist() == pytest.approx([0.13] * 3)
    assert made["error_count"].tolist() == [25] * 3
    assert made["goal"].tolist() == ["service"] * 3
    assert made["protection_months"].tolist() == pytest.approx([1, 1, 1])


def test_a_forecast_that_always_was_too_high_asks_for_no_safety_stock():
    made = target(errors(*[-0.3] * 25), review_days=30.4)
    assert made["safety_stock_qty"].tolist() == [0, 0, 0]


def test_below_a_month_errors_shrink_with_the_square_root_of_time():
    made = target(errors(*[0.2, -0.2] * 15), review_days=7.6)
    assert made["safety_stock_qty"].tolist() == pytest.approx([10, 10, 10])  # 0.2 x 100 x 0.5
    assert made["cycle_stock_qty"].tolist() == pytest.approx([12.5, 12.5, 12.5])  # 25 a week / 2


def test_below_a_month_bias_shrinks_with_time_itself():
    made = target(errors(*[0.2] * 25), review_days=7.6)
    assert made["safety_stock_qty"].tolist() == pytest.approx([5, 5, 5])  # 0.2 x 100 x 0.25
    made = target(errors(*[0.0, -0.4] * 15), review_days=7.6)  # mean -0.2, 0.2 around it
    assert made["safety_stock_qty"].tolist() == pytest.approx([5, 5, 5])  # 100 x (-0.05 + 0.1)


def test_above_a_month_errors_are_summed_and_half_months_count_half():
    two = errors(*[0.2] * 25)
    two = pd.concat(
        [two, two.assign(lag=1, actual_qty=80.0, period=two["period"] + pd.DateOffset(months=1))]
    )
    assert sum_errors(two, 2)["error_rate"].tolist() == pytest.approx([0.0] * 25)
    lead = table("item location lead_time_days", "A D 15.2")
    steady = pd.concat([errors(*[0.2] * 25), errors(*[0.2] * 25).assign(lag=1)])
    made = target(steady, lead=lead, review_days=30.4)
    assert made["safety_stock_qty"].tolist() == pytest.approx([30, 30, 30])  # 0.2 x 1.5 x 100


def test_few_errors_of_its_own_are_pooled_with_the_segment():
    backtest = pd.concat([errors(*[0.4, -0.4] * 15, item=item) for item in ("B", "C")])
    known = segment("A D", "B D", "C D")
    made = target(backtest, segment=known, review_days=30.4, service_level=0.9)
    # nothing is known of A: the spread of B and C, a little more for what A's mean may be
    assert made["safety_stock_qty"].tolist() == pytest.approx([40, 40, 40], rel=0.05)
    assert made["basis"].unique().tolist() == ["segment_error"]
    assert made["error_count"].tolist() == [60] * 3


def test_the_closest_policy_counts_and_a_fixed_quantity_wins():
    rules = policy("all all 0.5 30.4 - -", "A all 0.9 30.4 - -", "A D 0.9 30.4 77 -")
    assert target(errors(*[0.2] * 25), rules)["safety_stock_qty"].tolist() == [77, 77, 77]
    rules = policy("all all 0.0 30.4 - -", "A all 1.0 30.4 - -")
    made = target(errors(*np.linspace(0, 0.24, 25)), rules)
    assert made["safety_stock_qty"].tolist() == pytest.approx([24, 24, 24])


def test_a_part_with_a_fixed_quantity_is_wanted_without_any_demand():
    made = target(errors(0.0), policy("M P 0.95 7 500 -"))
    part = made[made["item"] == "M"]
    assert part["safety_stock_qty"].tolist() == [500, 500, 500]
    assert part["basis"].tolist() == ["policy"] * 3


def test_a_fixed_quantity_for_all_locations_counts_where_the_item_is_in_the_network():
    lead = table("item location lead_time_days", "M P1 5", "M P2 5", "X P1 5")
    made = target(errors(0.0), policy("M all 0.95 7 500 -"), lead=lead)
    parts = made[made["item"] == "M"]
    assert parts["location"].unique().tolist() == ["P1", "P2"]


def test_made_to_order_items_hold_no_safety_stock():
    made = target(errors(*[0.3] * 25), segment=segment("A D", strategy="MTO"))
    assert made["safety_stock_qty"].tolist() == [0, 0, 0]


def test_backlog_is_carried_forward():
    opening = table("item location on_hand_qty", "A NL 10")
    plan = table(
        "item location period supply_qty demand_qty",
        "A NL 2026-01  0 15",
        "A NL 2026-02 20  5",
    )
    assert project_inventory(opening, plan)["net_stock_qty"].tolist() == [-5, 10]
    with pytest.raises(InputError, match="opening stock"):
        project_inventory(opening.assign(item="B"), plan)


PLAN = table(
    "item location period opening_qty demand_qty served_qty used_qty move_out_qty closing_qty safety_stock_qty",
    *[f"A D 2026-0{m} 50 15 15 0 5 50 10" for m in (1, 2, 3)],
)
COST = table("item location unit_cost_value", "A D 2")


def compare(on_hand):
    wanted = table(
        "item location period safety_stock_qty cycle_stock_qty",
        "A D 2026-01 10 5",
        "A D 2026-02 99 99",
    )
    stock = table("item location on_hand_qty", f"A D {on_hand}")
    return compare_stock(stock, PLAN, wanted, COST).iloc[0]


def test_excess_is_what_lies_above_targets_and_three_months_of_use():
    row = compare(100)
    assert row[["excess_qty", "excess_value", "below_qty"]].tolist() == [25, 50, 0]
    assert np.isnan(row["cover_days"])


def test_below_target_is_safety_stock_less_stock_and_cover_is_in_days():
    row = compare(4)
    assert row[["below_qty", "below_value", "excess_qty"]].tolist() == [6, 12, 0]
    assert row["cover_days"] == pytest.approx(30.4 * 4 / 20)


def test_closing_stock_is_valued_at_cost():
    rows = value_stock(PLAN, COST)
    assert rows["stock_value"].tolist() == [100, 100, 100]
    assert rows["target_value"].tolist() == [20, 20, 20]
    # 20 a month go: 30, 10, 0 are left of today's 50; safety stock is 10
    assert rows["early_value"].tolist() == [40, 80, 80]


def test_stock_that_asks_for_something_is_ranked_by_money():
    compared = pd.concat([compare(100).to_frame().T, compare(4).to_frame().T], ignore_index=True)
    assert rank_stock(compared.infer_objects())["ask"].tolist() == ["excess", "below"]
