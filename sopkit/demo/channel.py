"""What distributors report: sell-out and month-end stock, from the orders they placed.

Sell-out follows what consumers want; half of an order's surprise stays in the distributor's
stock for a while, all of an early order (`loading`) does. Six of eight distributor groups report,
since November 2023. Planted besides: one month that a group did not report, and miscounted stocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demo.loading import move_volume, pick_distributors
from sopkit.demo.products import INTERMITTENT
from sopkit.demo.sales import HISTORY, MONTHS, Demand, to_position, to_random

FIRST_REPORT = pd.Timestamp("2023-11-01")
REPORTING = 6
COVER = (0.75, 1.25)  # usual stock, months of sell-out
KEPT, FADES = 0.5, 0.5  # of a surprise: share kept in stock, share of it left a month later
MISCOUNTS, MISCOUNT = 8, (0.35, 0.6)
SILENT_MONTH = pd.Timestamp("2025-08-01")


@dataclass(frozen=True)
class Channel:
    """Reports of distributors.

    Args:
        reports: (item, location, customer, period) with `sold` and `stock` (end of month), cases.
        loading: (series, month, from_month) with `moved`: what was ordered early.
        gaps: what is wrong with the reports: `kind` (silent, miscount), item, location, customer,
            period, `stock_qty` off by (plus: reported too high).
    """

    reports: pd.DataFrame
    loading: pd.DataFrame
    gaps: pd.DataFrame


def build_channel(
    demand: Demand, orders: pd.DataFrame, loading: pd.DataFrame, seed: int
) -> Channel:
    """Return what distributors reported.

    Args:
        demand: with the volume that was ordered early in `actual`.
        orders: order lines; what did not leave never reached the distributor.
        loading: what was ordered early.
        seed: of the company.
    """
    rng = to_random(seed, 52)
    rows = _pick_reporting(demand, seed, rng)
    received = _to_received(demand, orders)[rows]
    early = move_volume(np.zeros_like(demand.actual), loading)[rows]
    stock, sold = _to_flow(demand, rows, received, early, rng)
    first = to_position(FIRST_REPORT)
    told = demand.actual[rows, first:].cumsum(axis=1) > 0
    at, month = np.nonzero(told)
    frame = demand.series.loc[rows[at], ["item", "location", "customer", "channel", "region"]]
    frame = frame.assign(
        period=MONTHS[month + first],
        sold=sold[at, month + first],
        stock=stock[at, month + first],
    )
    frame = frame.sort_values(["period", "item", "location", "customer"], ignore_index=True)
    return Channel(*_spoil(frame, rng, loading))


def _pick_reporting(demand: Demand, seed: int, rng: np.random.Generator) -> np.ndarray:
    """Return the series of groups that report: those that are loaded, and three others."""
    series = demand.series
    groups = sorted(series.loc[series["channel"] == "DT", "customer"].unique())
    loaded = pick_distributors(seed, groups)
    others = [group for group in groups if group not in loaded]
    more = rng.choice(others, REPORTING - len(loaded), replace=False).tolist()
    reports = series["customer"].isin([*loaded, *more]) & ~series["item"].isin(INTERMITTENT)
    return np.flatnonzero(reports.to_numpy())


def _to_received(demand: Demand, orders: pd.DataFrame) -> np.ndarray:
    """Return cases that left for each customer by requested month; all of them before the lines."""
    received = demand.actual.copy()
    past = orders[orders["month"] < HISTORY]
    short = past.assign(short=past["ordered"] - past["shipped"])
    sums = short.groupby(["series", "month"], sort=True)["short"].sum()
    at = sums.index.get_level_values("series"), sums.index.get_level_values("month")
    received[at] -= sums.to_numpy()
    return received


def _to_flow(
    demand: Demand,
    rows: np.ndarray,
    received: np.ndarray,
    early: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return stock and sell-out, (row, month); stock + received - sold = stock, never negative."""
    level = pd.DataFrame(demand.expected[rows, :HISTORY].T)
    usual = level.rolling(12, min_periods=1, center=True).mean().to_numpy().T
    own = rng.uniform(*COVER, len(rows))[:, None]
    target = usual * own * np.exp(rng.normal(0, 0.03, usual.shape))
    surprise = received - early - demand.expected[rows, :HISTORY]
    surprise = np.where(_is_spike(demand)[rows], 0.0, surprise)
    stock, sold = np.zeros_like(received), np.zeros_like(received)
    before, drift = np.round(target[:, 0]).astype(int), np.zeros(len(rows))
    held = np.zeros(len(rows), dtype=early.dtype)
    for month in range(HISTORY):
        drift = FADES * drift + KEPT * surprise[:, month]
        held = held + early[:, month]
        wanted = np.round(np.maximum(target[:, month] + drift, 0.1 * target[:, month]) + held)
        out = np.maximum(before + received[:, month] - wanted.astype(int), 0)
        stock[:, month] = before + received[:, month] - out
        sold[:, month], before = out, stock[:, month]
    return stock, sold


def _is_spike(demand: Demand) -> np.ndarray:
    """Return the cells of one-off bulk orders: they are sold on at once."""
    cells = np.zeros(demand.actual.shape, dtype=bool)
    cells[demand.spikes["series"], MONTHS.get_indexer(pd.Index(demand.spikes["period"]))] = True
    return cells


def _spoil(
    reports: pd.DataFrame, rng: np.random.Generator, loading: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the reports with one silent month and some miscounted stocks, and where they are."""
    groups = sorted(reports["customer"].unique())
    silent = str(rng.choice(groups))
    gone = (reports["customer"] == silent) & (reports["period"] == SILENT_MONTH)
    large = np.flatnonzero(~gone & (reports["stock"] > 400) & (reports["period"] > FIRST_REPORT))
    hit = np.sort(rng.choice(large, MISCOUNTS, replace=False))
    off = np.round(reports["stock"].to_numpy()[hit] * rng.uniform(*MISCOUNT, MISCOUNTS))
    off = off.astype(int)
    stock = reports["stock"].to_numpy().copy()
    stock[hit] += off
    cell = ["item", "location", "customer", "period"]
    gaps = reports.loc[hit, cell].assign(kind="miscount", stock_qty=off)
    quiet = pd.DataFrame({"customer": [silent], "period": [SILENT_MONTH], "kind": ["silent"]})
    gaps = pd.concat([gaps, quiet], ignore_index=True)
    return reports.assign(stock=stock)[~gone].reset_index(drop=True), loading, gaps
