"""What cleaning finds of what was planted in a company whose seed nobody developed on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sopkit import quality
from sopkit.demo import build_company, planted_truth
from sopkit.demo.products import ITEMS
from sopkit.demo.sales import HISTORY, MONTHS

SEED = 4711
CELL = ["item", "location", "customer", "period"]
PLACE_MONTH = ["item", "location", "period"]


def to_history(company):
    demand = company.demand
    count = len(demand.series)
    cells = demand.series.loc[np.repeat(np.arange(count), HISTORY), CELL[:3]]
    frame = cells.reset_index(drop=True).assign(
        period=np.tile(MONTHS[:HISTORY].to_numpy(), count),
        actual_qty=demand.actual.ravel().astype(float),
    )
    started = (demand.actual.cumsum(axis=1) > 0).ravel()
    return frame[started].assign(
        cleaned_qty=lambda rows: rows["actual_qty"],
        revenue_value=lambda rows: 30.0 * rows["actual_qty"],
        return_value=0.0,
    )


@pytest.fixture(scope="module")
def cleaned():
    company, truth = build_company(SEED), planted_truth(SEED)
    history = to_history(company)
    names = ["ordered", "shipped", "cancelled"]
    places = company.demand.series.loc[company.orders["series"], CELL[:3]].reset_index(drop=True)
    lines = pd.concat(
        [places, company.orders.rename(columns={name: f"{name}_qty" for name in names})], axis=1
    )
    reports = company.channel.reports.rename(columns={"sold": "sell_out_qty", "stock": "stock_qty"})
    channel = quality.to_channel_months(
        history, reports[[*CELL, "sell_out_qty"]], reports[[*CELL, "stock_qty"]], lines
    )
    stock = company.stock.history.rename(columns={"closing": "closing_qty"})
    event = company.demand.events.assign(event_kind="promotion")
    _, correction = quality.clean_history(history, stock, event, ITEMS, lines, channel)
    return SimpleNamespace(truth=truth, history=history, channel=channel, correction=correction)


def test_one_off_orders_are_found_with_few_false_alarms(cleaned):
    planted = cleaned.truth["spike"]
    named = cleaned.correction.query("reason in ['bulk', 'outlier']")
    found = planted.merge(named, on=CELL)
    assert len(found) >= 9
    assert len(named) - len(found) <= 8  # of some 65,000 months


def test_stock_outs_are_found_and_their_ranges_hold_what_was_lost(cleaned):
    wanted = cleaned.truth["demand"].merge(cleaned.truth["stock_out"], on=PLACE_MONTH)
    wanted = wanted.groupby(PLACE_MONTH)[["true_qty", "actual_qty"]].sum()
    lost = (wanted["true_qty"] - wanted["actual_qty"]).rename("truth")
    marks = cleaned.correction.query("reason == 'stock_out'")
    sums = marks.groupby(PLACE_MONTH)[["lost_qty", "lo_80_qty", "hi_80_qty"]].sum()
    both = sums.join(lost, how="inner")
    assert len(both) >= 17 and len(sums) - len(both) <= 1
    assert both["lost_qty"].sum() == pytest.approx(both["truth"].sum(), rel=0.15)
    assert both["truth"].between(both["lo_80_qty"], both["hi_80_qty"]).mean() >= 0.65


def test_loading_is_found_in_the_right_months_and_conserved(cleaned):
    planted = cleaned.truth["loading"].query("moved_qty > 0")
    marked = cleaned.channel.query("mark == 'loading'")
    found = planted.merge(marked, on=CELL)
    assert len(found) >= 0.7 * len(planted)
    assert len(marked) - len(found) <= 0.01 * len(cleaned.channel) / 3
    assert found["loading_qty"].sum() == pytest.approx(found["moved_qty"].sum(), rel=0.2)
    moved = cleaned.correction.query("accepted and reason in ['loading', 'payback']")
    assert (moved["cleaned_qty"] - moved["actual_qty"]).sum() == pytest.approx(0, abs=1e-6)


def test_reports_that_were_spoilt_are_named(cleaned):
    found = quality.to_channel_findings(cleaned.channel, cleaned.history)
    gaps = cleaned.truth["channel_gap"]
    miscounts = gaps[gaps["kind"] == "miscount"]
    named = found[found["kind"] == "channel_gap"].merge(miscounts, on=PLACE_MONTH)
    assert len(named) >= 7
    assert (found["kind"] == "channel_gap").sum() - len(named) <= 2
    silent = found[found["kind"] == "not_reported"]
    assert silent["value"].tolist() == gaps.loc[gaps["kind"] == "silent", "customer"].tolist()
