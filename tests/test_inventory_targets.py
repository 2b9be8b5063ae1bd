import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.errors import InputError
from sopkit.inventory import fit_policy, pool_errors, pool_forecast, sum_errors, target_stock
from sopkit.inventory.pools import pool_places
from sopkit.inventory.quantiles import (
    add_lateness,
    draw_late_days,
    fill_quantile,
    measure_late_days,
    service_quantile,
)
from sopkit.inventory.upstream import trace_feeds
from sopkit.tables import TABLES, check_table

MONTHS = pd.date_range("2026-01-01", periods=3, freq="MS", name="period")
MONTH_DAYS = 30.4


def errors(*rates, item="A", place="D", forecast=100.0):
    """One cutoff for each error, one month ahead."""
    cutoff = pd.date_range("2020-01-01", periods=len(rates), freq="MS")
    return pd.DataFrame(
        {
            "item": item,
            "location": place,
            "cutoff": cutoff,
            "period": cutoff + pd.DateOffset(months=1),
            "lag": 0,
            "forecast_qty": forecast,
            "actual_qty": forecast * (1 + np.array(rates)),
        }
    )


def segment(*rows):
    return table("item location abc pattern strategy", *rows)


def demand(*places):
    rows = [f"{p} 2026-0{m} 100" for p in places or ("A D",) for m in (1, 2, 3)]
    return table("item location period demand_qty", *rows)


def lead(*rows, columns=""):
    return table(f"item location lead_time_days {columns}", *rows)


def target(backtest, rules=None, leads=None, kinds=None, wanted=None, **options):
    made = target_stock(
        demand() if wanted is None else wanted,
        backtest,
        segment("A D A smooth MTS") if kinds is None else kinds,
        lead("A D 0") if leads is None else leads,
        TABLES["stock_policy"].empty() if rules is None else rules,
        MONTHS,
        **{"review_days": MONTH_DAYS, **options},
    )
    return check_table(made, TABLES["stock_target"])


def first(made):
    return made.groupby(["item", "location"])["safety_stock_qty"].first().to_dict()


# policy


PLACES = table("item location abc", "A D A", "B D B", "C D -")


def test_the_closest_row_of_a_policy_holds_cell_by_cell():
    rules = table(
        "item location abc service_level_rate fill_rate review_days max_qty",
        "all all all 0.90 - 7 -",
        "all all A 0.95 - - -",
        "all D all - - 14 -",
        "B all all - 0.99 - 500",
    )
    found = fit_policy(PLACES, rules)
    assert found["goal"].tolist() == ["service", "fill", "service"]
    assert found["goal_rate"].tolist() == [0.95, 0.99, 0.90]
    assert found["review_days"].tolist() == [14, 14, 14]
    assert found["max_qty"].fillna(-1).tolist() == [-1, 500, -1]


def test_item_is_asked_before_location_before_segment():
    rules = table(
        "item location abc service_level_rate",
        "all all A 0.5",
        "all D all 0.6",
        "all D A 0.7",
        "A all all 0.8",
        "A all A 0.85",
        "A D all 0.9",
    )
    left = rules
    for expected in (0.9, 0.85, 0.8, 0.7, 0.6, 0.5):
        assert fit_policy(PLACES, left)["goal_rate"].iloc[0] == expected
        left = left[left["service_level_rate"] != expected]
    assert fit_policy(PLACES, left, service_level=0.4)["goal_rate"].tolist() == [0.4] * 3


def test_a_fill_rate_wins_in_its_row_and_a_closer_service_level_wins_over_it():
    rules = table("item location service_level_rate fill_rate", "all all 0.9 0.98", "A all 0.97 -")
    assert fit_policy(PLACES, rules)["goal"].tolist() == ["service", "fill", "fill"]


# quantiles


def test_service_rank_is_that_of_the_next_error():
    assert service_quantile(np.arange(1.0, 20), 0.9) == 18
    assert service_quantile(np.arange(1.0, 20), 0.95) == 19
    assert service_quantile(np.arange(1.0, 20), 0.99) == 19
    assert service_quantile(np.arange(1.0, 20), 0.925) == pytest.approx(18.5)


def test_fill_quantile_leaves_just_the_mean_that_may_be_missed():
    assert fill_quantile(np.array([0.0, 0.0, 10.0]), 2.5) == pytest.approx(5)
    assert fill_quantile(np.array([0.0, 0.0, 10.0]), 0.0) == pytest.approx(10)
    assert fill_quantile(np.array([0.0, 0.0, 10.0]), 6.0) == pytest.approx(-1)


def test_lateness_widens_errors_and_adds_what_is_wanted_meanwhile():
    late = add_lateness(np.zeros(2), 0.0, np.array([0.0, 5.0]), 10.0)
    assert late.tolist() == [0, 0, 0.5, 0.5]
    # over a quarter of the time mean error shrinks to a quarter, chance to a half
    drawn = add_lateness(np.array([0.2, 0.6]), 0.4, np.array([-7.5]), 10.0)
    assert drawn == pytest.approx([0.1 - 0.1 - 0.75, 0.1 + 0.1 - 0.75])


def test_drawn_lateness_has_the_standard_deviation_asked_for():
    days = draw_late_days(4.0)
    assert days.std() == pytest.approx(4) and days.mean() == pytest.approx(0, abs=1e-9)


def test_lateness_of_receipts_is_measured_where_there_are_enough():
    few = table("item location due_date receipt_date", *["A D 2026-01-10 2026-01-13"] * 3)
    many = table("item location due_date receipt_date", *["B E 2026-01-10 2026-01-09"] * 12)
    late = measure_late_days(pd.concat([few, many], ignore_index=True))
    assert set(late) == {None, "E", ("B", "E")}
    assert late["B", "E"].tolist() == [-1] * 12


# errors over the protection time


def test_windows_start_at_the_first_lag_where_there_are_many_cutoffs():
    near, far = errors(*[0.1] * 12), errors(*[0.9] * 12).assign(lag=1)
    assert sum_errors(pd.concat([near, far]), 1)["error_rate"].tolist() == pytest.approx([0.1] * 12)
    few = pd.concat([near.head(3), far.head(3)])
    assert sum_errors(few, 1)["error_rate"].tolist() == pytest.approx([0.1] * 3 + [0.9] * 3)


def test_beyond_the_longest_lag_the_longest_windows_hold():
    assert sum_errors(errors(*[0.1] * 12), 7)["error_rate"].tolist() == pytest.approx([0.1] * 12)


def test_windows_that_overlap_share_a_block():
    both = pd.concat([errors(*[0.1] * 24), errors(*[0.1] * 24).assign(lag=1)])
    assert sum_errors(both, 1)["block"].nunique() == 24
    assert 12 <= sum_errors(both, 2)["block"].nunique() <= 13


def test_windows_without_forecast_have_no_ratio():
    rows = pd.concat([errors(0.1), errors(0.1, item="B", forecast=0.0)])
    assert sum_errors(rows, 1)["item"].tolist() == ["A"]


# pooling


def test_a_pool_measures_each_place_by_its_own_usual_error():
    rows = []
    for item, size in (("A", 0.1), ("B", 0.4)):
        rows.append(sum_errors(errors(*[size, -size] * 100, item=item), 1))
    pool = pool_places(pd.concat(rows))
    ratio = pool.spreads["B", "D"] / pool.spreads["A", "D"]
    assert ratio == pytest.approx(4, rel=0.25)  # drawn a little to the pool's
    assert pool.means["A", "D"] == pytest.approx(0, abs=1e-3)


def test_each_place_keeps_its_own_bias_as_far_as_it_is_known():
    rows = [
        sum_errors(errors(*[bias + 0.1, bias - 0.1] * 10, item=item), 1)
        for item, bias in (("A", 0.4), ("B", -0.4))
    ]
    pool = pool_places(pd.concat(rows))
    assert pool.means["A", "D"] == pytest.approx(0.4, rel=0.1)
    assert pool.mean == pytest.approx(0.0, abs=1e-9)


def test_new_places_take_mean_and_spread_of_their_segment():
    backtest = pd.concat([errors(*[0.3, -0.3] * 20, item=item) for item in "BC"])
    kinds = segment("A D A new MTS", "B D A new MTS", "C D A new MTS")
    made = target(backtest, kinds=kinds)
    assert made["basis"].unique().tolist() == ["segment_error"]
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(30, rel=0.05)


def test_places_forecast_at_nothing_ask_their_family_first():
    backtest = pd.concat(
        [
            errors(*[0.0] * 30, forecast=0.0),
            errors(*[0.5, -0.5] * 15, item="B"),
            errors(*[0.1, -0.1] * 15, item="C"),
        ]
    )
    kinds = segment("A D A smooth MTS", "B D B lumpy MTS", "C D A smooth MTS")
    families = table("item family", "A F", "B F", "C G")
    made = target(backtest, kinds=kinds, item=families)
    assert made["basis"].unique().tolist() == ["family_error"]
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(50, rel=0.05)


def test_where_segment_and_family_say_nothing_all_errors_count():
    backtest = errors(*[0.3, -0.3] * 20, item="B")
    made = target(backtest, kinds=segment("A D A new MTS", "B D A smooth MTS"))
    assert made["basis"].unique().tolist() == ["all_error"]
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(30, rel=0.05)


def test_without_any_error_known_it_says_so():
    made = target(errors(0.1).iloc[:0])
    assert made["basis"].unique().tolist() == ["none"]
    assert made["safety_stock_qty"].tolist() == [0, 0, 0]


def test_a_high_level_wants_more_errors_of_its_own():
    backtest = pd.concat([errors(*np.linspace(-0.3, 0.3, 30), item=item) for item in "AB"])
    kinds = segment("A D A smooth MTS", "B D A smooth MTS")
    assert target(backtest, kinds=kinds, service_level=0.95)["basis"].iloc[0] == "error"
    assert target(backtest, kinds=kinds, service_level=0.98)["basis"].iloc[0] == "segment_error"


def test_a_higher_level_never_wants_less_stock():
    draw = np.random.default_rng(17)
    backtest = pd.concat(
        [
            errors(*draw.normal(0, size, 30), item=i)
            for i, size in zip("ABC", (0.1, 0.2, 0.6), strict=True)
        ]
    )
    kinds = segment("A D A smooth MTS", "B D A smooth MTS", "C D B lumpy MTS")
    wanted = demand("A D", "B D", "C D")
    made = [
        pd.Series(first(target(backtest, kinds=kinds, wanted=wanted, service_level=level)))
        for level in (0.5, 0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.999)
    ]
    assert (pd.concat(made, axis=1).diff(axis=1).iloc[:, 1:] >= -1e-6).all().all()


def test_the_example_of_the_docstring_holds():
    made = target(errors(*[0.0] * 23, 0.2))
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(15)


# targets


def test_a_fill_goal_misses_its_share_of_what_is_used_between_replenishments():
    rules = table("item location service_level_rate fill_rate", "all all - 0.95")
    made = target(errors(*[0.0] * 36, *[0.5] * 3), rules)
    # 40 errors with the largest twice, 4 of them 0.5; 4 x (0.5 - q) / 40 = 0.05 x 1 month: q = 0
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert made["goal"].unique().tolist() == ["fill"]
    rules = table("item location service_level_rate fill_rate", "all all - 0.98")
    made = target(errors(*[0.0] * 36, *[0.5] * 3), rules)
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(30)  # 4 x (0.5 - 0.3) / 40 = 0.02


def test_a_lot_that_lasts_longer_makes_the_cycle_longer():
    rules = table("item location service_level_rate fill_rate", "all all - 0.98")
    made = target(
        errors(*[0.0] * 36, *[0.5] * 3), rules, lead("A D 0 200", columns="lot_qty")
    )  # two months of use: 4 x (0.5 - q) / 40 = 0.04
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(10)
    assert made["cycle_stock_qty"].iloc[0] == pytest.approx(100)


def test_lead_times_that_vary_are_drawn_with_the_errors():
    exact = errors(*[0.0] * 39)
    made = target(exact, leads=lead("A D 30.4 10", columns="lead_time_sd_days"), service_level=0.9)
    # rank 40 x 0.9 = 36 of 39 errors, so the 36 / 39 x 20 = 18.46th of 20 points: a half between
    days = np.sort(draw_late_days(10.0))
    expected = days[int(36 / 39 * 20)] / (2 * MONTH_DAYS) * 200
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(expected)


def test_measured_lateness_wins_over_a_standard_deviation():
    receipt = table("item location due_date receipt_date", *["A D 2026-01-10 2026-01-16"] * 12)
    leads = lead("A D 30.4 99", columns="lead_time_sd_days")
    made = target(errors(*[0.0] * 39), leads=leads, receipt=receipt)
    assert made["safety_stock_qty"].iloc[0] == pytest.approx(6 / MONTH_DAYS * 100)


def test_safety_stock_stays_within_the_most_that_may_be_held():
    rules = table("item location service_level_rate max_qty", "all all 0.95 12")
    assert first(target(errors(*[0.5] * 39), rules)) == {("A", "D"): 12}


def test_segments_have_their_own_level():
    backtest = pd.concat([errors(*np.linspace(-0.4, 0.4, 81), item=item) for item in "AB"])
    rules = table("item location abc service_level_rate", "all all A 0.95", "all all B 0.5")
    kinds = segment("A D A smooth MTS", "B D B smooth MTS")
    made = first(target(backtest, rules, kinds=kinds, wanted=demand("A D", "B D")))
    assert made["A", "D"] == pytest.approx(36.9)  # rank 82 x 0.95 = 77.9: -0.4 + 76.9 x 0.01
    assert made["B", "D"] == pytest.approx(0, abs=1e-9)


def test_made_to_order_says_why_nothing_is_held():
    made = target(errors(*[0.5] * 39), kinds=segment("A D A smooth MTO"))
    assert made["basis"].unique().tolist() == ["to_order"]
    assert made["safety_stock_qty"].sum() == 0


def test_nothing_to_plan_gives_no_targets():
    empty = demand().iloc[:0]
    assert target(errors(0.1), wanted=empty).empty
    assert target(errors(0.1).iloc[:0], wanted=empty, kinds=segment("A D A smooth MTS")).empty


# upstream


FEEDS = table(
    "item location to_item to_location unit_qty lead_time_days",
    "A P A D1 1 5",
    "A P A D2 1 8",
    "M P A P 2 3",
)


def test_feeds_are_followed_along_a_chain():
    found = trace_feeds(FEEDS).set_index(["item", "to_item", "to_location"])["unit_qty"]
    assert found["M", "A", "D1"] == 2 and found["A", "A", "D2"] == 1 and len(found) == 5


def test_a_circle_of_feeds_is_named():
    circle = table("item location to_item to_location unit_qty", "A P B P 1", "B P A P 1")
    with pytest.raises(InputError, match="circle; one of them: A, P"):
        trace_feeds(circle)


def test_errors_that_cancel_downstream_cancel_upstream_and_common_ones_add_up():
    apart = pd.concat([errors(0.2, -0.2, place="D1"), errors(-0.2, 0.2, place="D2")])
    pooled = pool_errors(apart, FEEDS).set_index(["item", "cutoff"]).sort_index()
    assert (pooled["actual_qty"] - pooled["forecast_qty"]).tolist() == pytest.approx([0] * 4)
    assert pooled["forecast_qty"].tolist() == [200, 200, 400, 400]
    together = pd.concat([errors(0.2, place="D1"), errors(0.2, place="D2")])
    pooled = pool_errors(together, FEEDS)
    assert (pooled["actual_qty"] / pooled["forecast_qty"]).tolist() == pytest.approx([1.2, 1.2])


def test_demand_of_its_own_joins_what_a_place_feeds():
    pooled = pool_forecast(demand("A P", "A D1"), FEEDS)
    assert pooled.groupby("item")["demand_qty"].first().to_dict() == {"A": 200, "M": 400}


def test_a_place_that_feeds_others_gets_a_target_and_shortens_their_wait():
    backtest = pd.concat(
        [
            errors(*[0.3] * 20, *[-0.1] * 20, place="D1"),
            errors(*[-0.1] * 20, *[0.3] * 20, place="D2"),
        ]
    )
    made = target(
        backtest,
        leads=lead("A D1 35.4", "A D2 38.4", "A P 30.4", "M P 60.8"),
        kinds=segment("A D1 A smooth MTS", "A D2 A smooth MTS"),
        wanted=demand("A D1", "A D2"),
        feeds=FEEDS,
    )
    months = made.groupby(["item", "location"])["protection_months"].first()
    assert months["A", "D1"] == pytest.approx(1 + 5 / MONTH_DAYS, abs=1e-4)
    assert months["A", "P"] == pytest.approx(1 + 3 / MONTH_DAYS, abs=1e-4)
    assert months["M", "P"] == 3
    # at the plant 0.3 and -0.1 always meet: 0.1 of 200 a month, 0.3 at each DC alone
    stock = first(made)
    assert stock["A", "P"] == pytest.approx(0.1 * 200 * months["A", "P"], rel=1e-3)
    assert stock["M", "P"] == pytest.approx(0.1 * 400 * 3, rel=1e-3)
    assert stock["A", "D1"] > 30


def test_a_feeding_place_without_lead_time_is_named():
    with pytest.raises(InputError, match="lead time; first: A, P"):
        target(errors(0.1, place="D1"), leads=lead("A D1 5"), feeds=FEEDS)
