"""The demo's distributors, closed deals and orders booked ahead: planted as said, and conserved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sopkit.demo import DEMO_SEED, build_company, planted_truth
from sopkit.demo.deals import GO_ON, to_win_rates
from sopkit.demo.line_changes import LEAD_DAYS, gather_bulk, load_early
from sopkit.demo.loading import FIRST_LOADING, move_volume
from sopkit.demo.plans import STAGES
from sopkit.demo.products import INTERMITTENT
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS, build_demand


@pytest.fixture(scope="module")
def company():
    return build_company(DEMO_SEED)


def test_a_part_of_two_months_is_moved_and_the_sum_is_kept():
    loading = pd.DataFrame(
        {"series": [0, 0], "month": [1, 1], "from_month": [2, 3], "moved": [30, 10]}
    )
    moved = move_volume(np.array([[100, 100, 100, 100]]), loading)
    assert moved.tolist() == [[100, 140, 70, 90]]


def test_an_early_order_is_a_line_at_the_end_of_its_quarter():
    lines = pd.DataFrame(
        {
            "order": ["XS26030001", "XS26040001"],
            "line": 1,
            "series": 0,
            "month": [64, 65],
            "order_date": pd.to_datetime(["2026-03-01", "2026-04-01"]),
            "requested_date": pd.to_datetime(["2026-03-05", "2026-04-09"]),
            "promised_date": pd.to_datetime(["2026-03-05", "2026-04-09"]),
            "shipped_date": pd.to_datetime(["2026-03-05", "2026-04-09"]),
            "ordered": [100, 100],
            "shipped": [100, 100],
            "cancelled": 0,
            "pallet": 0,
            "taxed_value": [200.0, 200.0],
        }
    )
    loading = pd.DataFrame({"series": [0], "month": [64], "from_month": [65], "moved": [30]})
    early = load_early(lines, loading, seed=1)
    assert early["ordered"].tolist() == [100, 30, 70]
    assert early["taxed_value"].tolist() == [200, 60, 140]
    assert early["order"].tolist() == ["XS26030001", "XS26030002", "XS26040001"]
    assert early["requested_date"].iloc[1] >= pd.Timestamp("2026-03-27")


def test_loading_moves_volume_over_a_quarter_turn_and_nothing_else(company):
    truth = planted_truth(DEMO_SEED)["loading"]
    wanted = build_demand(DEMO_SEED)
    change = company.demand.actual - wanted.actual
    assert truth.groupby(["item", "location", "customer"])["moved_qty"].sum().eq(0).all()
    assert (change != 0).sum() == len(truth)
    early = truth[truth["moved_qty"] > 0]
    assert set(early["period"].dt.month) == {3, 6, 9, 12}
    assert early["period"].min() >= FIRST_LOADING
    assert early["customer"].nunique() == 3 and (early["customer"].str[:2] == "DT").all()
    assert company.demand.actual.min() >= 0


def test_a_one_off_order_is_one_line_of_its_month(company):
    spikes = company.demand.spikes
    orders = company.orders.set_index(["series", "month"]).sort_index()
    seen = 0
    for series, period, factor in spikes[["series", "period", "factor"]].to_numpy():
        key = (series, MONTHS.get_loc(period))
        if key not in orders.index or len(orders.loc[[key]]) < 2:
            continue
        lines = orders.loc[[key], "ordered"]
        seen += 1
        assert lines.max() >= (1 - 1 / factor) * lines.sum() - 2
    assert seen >= 3


def test_bulk_lines_keep_the_sums():
    wanted = build_demand(DEMO_SEED)
    lines = pd.DataFrame(
        {
            "series": wanted.spikes["series"].iloc[0],
            "month": MONTHS.get_loc(wanted.spikes["period"].iloc[0]),
            "ordered": [273, 273],
            "shipped": [273, 200],
            "cancelled": [0, 73],
            "requested_date": pd.Timestamp("2021-08-09"),
            "shipped_date": pd.Timestamp("2021-08-09"),
            "pallet": 0,
            "taxed_value": [546.0, 546.0],
        }
    )
    bulk = gather_bulk(lines, wanted)
    assert bulk["ordered"].tolist() == [100, 446]
    assert bulk["taxed_value"].tolist() == [200, 892]
    assert bulk["cancelled"].sum() == 0


def test_reported_stock_follows_from_what_was_received_and_sold(company):
    reports, gaps = company.channel.reports, company.channel.gaps
    miscounts = gaps[gaps["kind"] == "miscount"]
    cell = ["item", "location", "customer", "period"]
    fixed = reports.merge(miscounts[[*cell, "stock_qty"]], on=cell, how="left")
    fixed["true"] = fixed["stock"] - fixed["stock_qty"].fillna(0)
    fixed = fixed.sort_values(cell).reset_index(drop=True)
    follows = fixed[cell[:3]].eq(fixed[cell[:3]].shift()).all(axis=1)
    follows &= fixed["period"] == fixed["period"].shift() + pd.DateOffset(months=1)
    received = (fixed["true"] - fixed["true"].shift() + fixed["sold"])[follows]
    month = MONTHS.get_indexer(pd.Index(fixed["period"][follows]))
    series = company.demand.series.reset_index().merge(fixed[cell[:3]].drop_duplicates())
    rows = fixed.merge(series[["index", *cell[:3]]], how="left")["index"].to_numpy()[follows]
    ordered = company.demand.actual[rows, month]
    assert (received <= ordered + 1e-9).all()  # less where a line was cut
    assert (received == ordered).mean() > 0.93
    assert fixed["true"].min() >= 0
    assert len(miscounts) == 8


def test_sell_out_is_calm_where_sell_in_is_loaded(company):
    truth = planted_truth(DEMO_SEED)["loading"].query("moved_qty > 0")
    cell = ["item", "location", "customer", "period"]
    both = truth.merge(company.channel.reports, on=cell)
    usual = company.channel.reports.groupby(cell[:3])["sold"].median().rename("usual")
    ratio = both.merge(usual.reset_index())
    assert abs((ratio["sold"] / ratio["usual"]).median() - 1) < 0.1
    cover = company.channel.reports.groupby("period")[["stock", "sold"]].sum()
    assert (cover["stock"] / cover["sold"]).between(0.6, 1.6).all()


def test_closed_deals_show_the_planted_win_rates_and_slips(company):
    deals, log = company.deals.closed, company.deals.stages
    assert to_win_rates()["win_rate"].iloc[-1] == GO_ON[-1]
    assert (deals["closed_date"] <= AS_OF).all()
    entered = log.merge(
        deals[["opportunity", "outcome", "expected_date"]],
        on="opportunity",
        suffixes=("_then", ""),
    )
    won = entered.assign(won=entered["outcome"] == "won").groupby("stage")["won"]
    truth = to_win_rates().set_index("stage")
    spread = 3 * np.sqrt(truth["win_rate"] * (1 - truth["win_rate"]) / won.size())
    assert ((won.mean() - truth["win_rate"]).abs() - spread < 0).all()
    delivered = entered[entered["outcome"] == "won"]
    slip = (delivered["expected_date"] - delivered["expected_date_then"]).dt.days
    mean = slip.groupby(delivered["stage"]).mean().loc[truth.index]
    assert ((mean - truth["slip_days"]).abs() < truth["slip_spread_days"] / 2).all()


def test_every_open_deal_is_in_the_stage_log_with_its_stage_and_day(company):
    log = company.deals.stages.groupby("opportunity").last()
    now = company.plans.opportunities.set_index("opportunity")
    assert (log.loc[now.index, "stage"] == now["stage"]).all()
    assert (log.loc[now.index, "expected_date"] == now["expected_date"]).all()
    assert set(log["stage"]) <= set(STAGES)
    assert not company.deals.stages.duplicated(["opportunity", "entered_date"]).any()


def test_make_to_order_items_are_booked_weeks_ahead(company):
    orders = company.orders
    to_order = company.demand.series["item"].isin(INTERMITTENT).to_numpy()[orders["series"]]
    lead = (orders["requested_date"] - orders["order_date"]).dt.days
    past = to_order & (orders["month"] < HISTORY)
    assert abs(lead[past].median() - LEAD_DAYS) < 8
    assert lead[~to_order & (orders["month"] < HISTORY)].max() <= 14
    ahead = orders[to_order & (orders["month"] >= HISTORY)]
    assert ahead["month"].nunique() >= 3
    assert (ahead["order_date"] <= AS_OF).all()
