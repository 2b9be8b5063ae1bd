"""Tables and charts of the demand meeting, on data solved by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table
from test_demand_baseline import history

from sopkit import demand
from sopkit.charts.demand import (
    find_lines,
    place_labels,
    plot_accuracy,
    plot_demand,
    plot_families,
    plot_value,
)
from sopkit.messages import LANGUAGES, catalogue
from sopkit.tables import TABLES, check_table

ITEM = check_table(
    table(
        "item family launch_date end_date like_item",
        "A Water - - -",
        "B Tea 2026-06-01 - A",
        "C Tea - 2026-07-31 -",
        "D Tea 2020-01-01 - -",
    ),
    TABLES["item"],
)
MAY = pd.Timestamp("2026-05-01")


def agreed(*rows):
    raw = table("item location customer period demand_qty stream_qty", *rows)
    ends = {"lo_80_qty": raw["demand_qty"], "hi_80_qty": raw["demand_qty"]}
    return raw.assign(baseline_qty=raw["demand_qty"], override_qty=0.0, **ends)


DEMAND = agreed(
    "A D all 2026-05 110 0", "A D all 2026-06 90 0", "B D all 2026-05 40 10", "B D all 2026-06 60 0"
)


def test_the_newest_plan_before_the_cycle_is_the_last_plan():
    past = table(
        "cycle item location customer period demand_qty",
        "2026-03 A D all 2026-05 1",
        "2026-04 A D all 2026-05 2",
        "2026-05 A D all 2026-05 3",
    )
    assert demand.find_last_plan(past, "2026-05")["demand_qty"].tolist() == [2]
    assert demand.find_last_plan(past, "2026-01").empty


def test_a_comparison_uses_the_months_of_both():
    plan = table(
        "item location customer period demand_qty", "A D all 2026-05 100", "C D all 2026-05 10"
    )
    total = demand.compare_demand(DEMAND, {"plan": (plan, "demand_qty")}, ITEM, by=[]).iloc[0]
    assert (total["demand_qty"], total["plan_qty"]) == (300, 110)
    assert (total["plan_change_qty"], total["plan_month_count"]) == (40, 1)
    assert total["plan_change_rate"] == pytest.approx(40 / 110)


def test_families_of_either_side_are_compared():
    budget = table("item period budget_qty", "A 2026-05 100", "C 2026-05 10")
    got = demand.compare_demand(DEMAND, {"budget": (budget, "budget_qty")}, ITEM, by=["family"])
    assert got[["family", "demand_qty", "budget_change_qty"]].to_numpy().tolist() == [
        ["Tea", 100, 30],
        ["Water", 200, 10],
    ]


def test_a_comparison_with_nothing_is_blank():
    total = demand.compare_demand(
        DEMAND, {"budget": (TABLES["budget"].empty(), "budget_qty")}, ITEM, by=[]
    ).iloc[0]
    assert total["budget_month_count"] == 0
    assert pd.isna(total["budget_change_rate"])


def test_a_year_ago_stands_at_the_month_it_is_compared_with():
    got = demand.shift_year(history(A_D_all=[5]))
    assert got["period"].tolist() == [pd.Timestamp("2027-04-01")]


def test_launches_and_run_outs_are_listed_with_what_they_follow():
    got = demand.list_portfolio(DEMAND, ITEM, MAY)
    shown = got[["item", "change", "like_item", "demand_qty"]].astype(object)
    assert shown.where(shown.notna(), None).to_numpy().tolist() == [
        ["B", "launch", "A", 100],
        ["C", "run_out", None, 0],
    ]


def test_stock_that_a_run_out_leaves_is_shown_in_money():
    stock = table("item location on_hand_qty", "C D 100", "C P 30", "A D 500")
    coming = table("item location open_qty", "C D 20")
    cost = table("item location unit_cost_value", "C D 3", "C P 3", "A D 9")
    rows = agreed("C D all 2026-06 40 0", "C D all 2026-07 40 0", "C D all 2026-08 7 0")
    got = demand.list_run_outs(rows, ITEM, stock, coming, cost, MAY)
    assert got.drop(columns="end_date").to_numpy().tolist() == [["C", 130, 20, 80, 70, 210]]


def look_at(past, **options):
    segment = table("item location pattern", "A D smooth", "B D smooth")
    worth = table("item unit_value", "A 2", "B 10")
    none = TABLES["backtest"].empty()
    got = demand.rank_for_review(
        DEMAND, past, none, TABLES["past_plan"].empty(), segment, worth, **options
    )
    return got[["rank", "item", "reason", "seen_qty", "look_qty", "look_value"]].to_numpy().tolist()


def test_three_months_that_left_their_path_are_a_broken_pattern():
    past = history(A_D_all=[100] * 33 + [60] * 3)
    assert look_at(past)[0] == [1, "A", "broken", -40, 200, 400]
    assert [row[2] for row in look_at(history(A_D_all=[100] * 33 + [90] * 3))] == ["streams"]


def test_people_who_disagree_are_a_reason_to_look():
    given = table(
        "stream item location customer period forecast_qty",
        "sales A D all 2026-05 160",
        "finance A D all 2026-05 100",
        "finance B all all 2026-05 9",
    )
    assert look_at(history(A_D_all=[100] * 3), forecast_stream=given) == [
        [1, "A", "streams", 30, 30, 60]
    ]


def test_an_item_that_ends_is_a_reason_to_look():
    ending = (
        ITEM.assign(end_date=pd.to_datetime("2026-09-30").where(ITEM["item"] == "A"))
        if False
        else ITEM.assign(
            end_date=ITEM["end_date"].mask(ITEM["item"] == "A", pd.Timestamp("2026-09-30"))
        )
    )
    assert look_at(history(A_D_all=[100] * 3), item=ending)[0] == [1, "A", "ending", -100, 100, 200]


def test_a_look_is_ranked_by_money_with_its_largest_reason():
    past = history(A_D_all=[100] * 24 + [150], B_D_all=[5])
    plan = table(
        "item location customer period demand_qty", "A D all 2026-04 100", "A D all 2026-05 100"
    )
    segment = table("item location pattern", "A D smooth", "B D new")
    worth = table("item unit_value", "A 2", "B 10")
    got = demand.rank_for_review(DEMAND, past, TABLES["backtest"].empty(), plan, segment, worth)
    assert got[["item", "reason", "seen_qty", "look_qty", "look_value"]].to_numpy().tolist() == [
        ["B", "new", 50, 50, 500],
        ["A", "surprise", 50, 150, 300],
    ]
    assert demand.rank_for_review(
        DEMAND, past, TABLES["backtest"].empty(), plan, segment, worth, limit=1
    )["item"].tolist() == ["B"]


def test_a_look_never_costs_more_than_the_demand():
    missed = table(
        "item location cutoff period lag forecast_qty naive_qty actual_qty",
        "A D 2026-01 2026-02 0 900 0 100",
        "D D 2026-01 2026-02 0 100 0 100",
    )
    got = demand.rank_for_review(
        DEMAND,
        history(A_D_all=[1]),
        missed,
        TABLES["past_plan"].empty(),
        table("item location pattern", "A D smooth"),
        table("item unit_value", "A 1"),
    )
    row = got[got["item"] == "A"].iloc[0]
    assert (row["reason"], row["look_qty"]) == ("error", 200)


def test_recent_months_come_in_the_order_of_the_places():
    past = history(A_D_all=[1, 2, 3], B_D_all=[7])
    got = demand.list_recent(past, table("item location", "B D", "A D", "X D"), months=2)
    assert got == [[0, 7], [2, 3], [0, 0]]


def test_segments_are_summed_by_pattern_and_strategy():
    segment = table(
        "item location revenue_value abc pattern strategy",
        "A D 80 A smooth MTS",
        "B D 15 B smooth MTS",
        "C D 5 C lumpy MTO",
    )
    got = demand.summarise_segments(segment)
    assert got[
        ["pattern", "strategy", "place_count", "A_value", "C_value", "share_rate"]
    ].to_numpy().tolist() == [
        ["smooth", "MTS", 2, 80, 0, 0.95],
        ["lumpy", "MTO", 1, 0, 5, 0.05],
    ]


def months(*names):
    periods = pd.date_range("2026-01-01", periods=6, freq="MS")
    frame = pd.DataFrame({"family": "Tea", "period": periods})
    for name in ("actual", "demand", "baseline", "lo_80", "hi_80", "last_plan", "budget"):
        frame[f"{name}_qty"] = [1.0, 2, 3, 2, 1, len(name)] if name in names else float("nan")
    return frame


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "names",
    [
        ("actual", "demand", "baseline", "lo_80", "hi_80", "last_plan", "budget"),
        ("actual", "demand"),
    ],
)
def test_charts_draw_what_there_is(lang, names):
    t = catalogue(lang)
    frame = months(*names)
    assert plot_demand(frame.drop(columns="family"), t).to_dict()["layer"]
    assert plot_families(frame, t).to_dict()["facet"]["field"] == "family"
    shown = [name for name in names if not name.endswith("_80")]
    assert sorted(find_lines(frame)) == sorted(shown)
    assert place_labels(frame, shown)["series"].tolist() == shown


def test_accuracy_is_drawn_by_lag():
    by_lag = table("lag wape_rate reference_wape_rate", "0 0.1 0.2", "1 0.2 0.3")
    assert plot_accuracy(by_lag, catalogue("en")).to_dict()["layer"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_value_added_is_drawn_with_its_interval_and_the_verdicts_colour(lang):
    streams = table(
        "stream owner value_added_rate lo_95_rate hi_95_rate verdict",
        "sales sales 0.04 0.02 0.06 keep",
        "marketing head -0.05 -0.07 -0.03 drop",
    )
    drawn = plot_value(streams, catalogue(lang)).to_dict()
    rows = next(rows for rows in drawn["datasets"].values() if "name" in rows[0])
    assert len({row["color"] for row in rows}) == 2
    assert rows[1]["name"].endswith("head")
    assert len(drawn["layer"]) == 4


def test_the_calendars_gain_is_measured_on_the_januaries_that_have_passed():
    past = history(A_D_all=[100.0] * 60)
    got = demand.measure_calendar_gain(
        past, ITEM, past["period"].max() + pd.DateOffset(months=1), country="CN"
    )
    assert got["year"].tolist() == [2025, 2026]
    assert got["wape_rate"].max() < 0.02
    young = past[past["period"] > past["period"].max() - pd.DateOffset(months=14)]
    assert demand.measure_calendar_gain(young, ITEM, pd.Timestamp("2026-05-01"), country="CN").empty
