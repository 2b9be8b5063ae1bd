"""What customers truly want: level, growth, season, lunar new year, promotions, noise, lost sales.

Arrays are (series, month). Months run from 2020-11 to 2028-04: 72 of history, then 18 that nobody
in the company knows yet. The sizes of what is planted are the constants below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demo.places import to_customers
from sopkit.demo.products import FAMILIES, INTERMITTENT, ITEMS, each_cell, each_row
from sopkit.periods import to_period
from sopkit.tables import LEAF

HISTORY, AHEAD = 72, 18
MONTHS = pd.date_range("2020-11-01", periods=HISTORY + AHEAD, freq="MS")
AS_OF = pd.Timestamp("2026-10-31")
REFERENCE = 66  # growth is 1 in this month (2026-05)

NOISE = (0.10, 0.20)  # standard deviation of a month at item-location, ratio
UPLIFT = (0.15, 0.60)  # of a promotion, ratio
DIP = (0.30, 0.50)  # of the uplift, taken back in the next month
LOST = (0.40, 0.85)  # of a month's demand in a stock-out
SPIKE = (2.2, 3.2)  # a month of a one-off order, times normal
REACH = {"A": 1.0, "B": 0.56, "C": 0.32}  # chance that a channel-region lists the item
NEW_YEARS = [
    pd.Timestamp(year, month, day)
    for year, month, day in (
        (2021, 2, 12), (2022, 2, 1), (2023, 1, 22), (2024, 2, 10),
        (2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2028, 1, 26),
    )
]  # fmt: skip
PEAK_MONTH = 7
ONLINE = {6: 1.25, 11: 1.35, 12: 0.85, 7: 0.90}  # online festivals of June and November


@dataclass(frozen=True)
class Demand:
    """True demand and what is planted in it.

    Args:
        series: one row per (item, location, customer), with family, channel, region, share, sigma.
        base: expected cases without promotions, (series, month).
        expected: with promotions and their dips.
        true: with noise: what customers wanted.
        actual: what the books show, history only: true less lost sales, plus spikes; whole cases.
        events: promotions, past and planned, with the true uplift and dip.
        stock_outs: (item, location, period) with `lost_rate`.
        spikes: (item, location, customer, period) with the factor.
    """

    series: pd.DataFrame
    base: np.ndarray
    expected: np.ndarray
    true: np.ndarray
    actual: np.ndarray
    events: pd.DataFrame
    stock_outs: pd.DataFrame
    spikes: pd.DataFrame


def to_random(seed: int, step: int) -> np.random.Generator:
    """Return the random numbers of one step; steps do not disturb each other."""
    return np.random.Generator(np.random.PCG64([seed, step]))


def build_demand(seed: int) -> Demand:
    """Return true demand of all series and months for a seed."""
    series = _list_series(to_random(seed, 1))
    base = _to_base(series)
    events = _plan_events(series, to_random(seed, 2))
    expected = base * _to_promotion_factor(series, events)
    true = expected * _to_noise(series, to_random(seed, 3))
    true = np.round(true * _to_intermittence(series, to_random(seed, 4)))
    stock_outs = _plant_stock_outs(series, base, to_random(seed, 5))
    spikes = _plant_spikes(series, base, to_random(seed, 6))
    actual = true[:, :HISTORY].copy()
    for row in each_row(stock_outs):
        hit = (series["item"] == row.item) & (series["location"] == row.location)
        actual[hit, to_position(row.period)] *= 1 - row.lost_rate
    for row in each_row(spikes):
        actual[row.series, to_position(row.period)] *= row.factor
    return Demand(
        series, base, expected, true, np.round(actual).astype(int), events, stock_outs, spikes
    )


def to_position(period: pd.Timestamp) -> int:
    """Return the position of a month among MONTHS."""
    return int(MONTHS.get_indexer(pd.Index([period]))[0])


def _list_series(rng: np.random.Generator) -> pd.DataFrame:
    pairs = ITEMS[["item", "family", "weight", "reach"]].merge(
        to_customers().drop(columns=["zh", "en"]), how="cross", suffixes=("_item", "")
    )
    draws, tilt = rng.random(len(pairs)), rng.normal(0, 0.22, len(pairs))
    listed = draws < pairs["reach"].map(REACH)
    pairs = pairs[listed].assign(share=(pairs["weight"] * np.exp(tilt))[listed])
    pairs = pairs.assign(share=pairs["share"] / pairs.groupby("item")["share"].transform("sum"))
    places = pairs[["item", "location"]].drop_duplicates()
    sigma = places.assign(sigma=rng.uniform(*NOISE, len(places)))
    pairs = pairs.merge(sigma, on=["item", "location"], validate="many_to_one")
    return pairs.sort_values(LEAF, ignore_index=True)


def new_year_moves() -> np.ndarray:
    """Return, for each month, the share of the moved volume that it gains (+) or loses (-).

    Buyers stock up in the 26 days that end 4 days before the lunar new year and buy less in the
    21 days from it on; the volume moved is the same on both sides.
    """
    moves = np.zeros(len(MONTHS))
    for day in NEW_YEARS:
        for start, length, sign in ((day - pd.Timedelta(days=30), 26, 1), (day, 21, -1)):
            days = pd.date_range(start, periods=length)
            starts = to_period(days.to_series())
            for month, count in each_cell(starts.value_counts()):
                if month in MONTHS:
                    moves[to_position(month)] += sign * count / length
    return moves


def _to_base(series: pd.DataFrame) -> np.ndarray:
    families = FAMILIES.set_index("family").loc[series["family"]]
    weights = ITEMS.groupby("family")["weight"].sum()
    share = series["weight_item"] / series["family"].map(weights) * series["share"]
    level = families["volume"].to_numpy() * 1e6 / 12 * share.to_numpy()
    months = np.arange(len(MONTHS))
    growth = (1 + families["growth"].to_numpy())[:, None] ** ((months - REFERENCE) / 12)
    turn = np.cos(2 * np.pi * (MONTHS.month.to_numpy() - PEAK_MONTH) / 12)
    season = 1 + families["amplitude"].to_numpy()[:, None] * turn
    new_year = 1 + families["new_year"].to_numpy()[:, None] * new_year_moves()
    online = np.array([ONLINE.get(month, 0.985) for month in MONTHS.month])
    channel = np.where((series["channel"] == "EC").to_numpy()[:, None], online, 1.0)
    return level[:, None] * growth * season * new_year * channel * _to_life(series)


def _to_life(series: pd.DataFrame) -> np.ndarray:
    """Return the share of its level that an item has reached: 0, a ramp of 4 months, 1, 0."""
    ramp = np.array([0.4, 0.65, 0.85, 1.0])
    items = ITEMS.set_index("item").loc[series["item"]]
    launch = pd.to_datetime(items["launch"].replace("", None)).to_numpy()
    end = pd.to_datetime(items["end"].replace("", None)).to_numpy()
    life = np.ones((len(series), len(MONTHS)))
    for row in np.flatnonzero(~np.isnat(launch)):
        first = to_position(pd.Timestamp(launch[row]))
        life[row, :first] = 0
        steps = ramp[: len(MONTHS) - first]
        life[row, first : first + len(steps)] = steps
    for row in np.flatnonzero(~np.isnat(end)):
        life[row, MONTHS.to_numpy() > end[row]] = 0
    return life


def _plan_events(series: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return promotions: of an item in a DC, a family in a channel-region, an item everywhere."""
    rows = []
    ordinary = series[~series["item"].isin(INTERMITTENT) & series["reach"].isin(["A", "B"])]
    for number in range(104):
        pick = ordinary.iloc[int(rng.integers(len(ordinary)))]
        kind = float(rng.random())
        month = int(rng.integers(2, HISTORY + 9))
        first = MONTHS[month] + pd.Timedelta(days=int(rng.integers(0, 8)))
        uplift, dip = rng.uniform(*UPLIFT), rng.uniform(*DIP)
        family_wide, national = 0.55 <= kind < 0.85, kind >= 0.85
        rows.append(
            {
                "event": f"CX{number + 1:04d}",
                "item": "all" if family_wide else pick["item"],
                "family": pick["family"] if family_wide else "all",
                "location": "all" if family_wide or national else pick["location"],
                "customer": pick["customer"] if family_wide else "all",
                "start_date": first,
                "end_date": first + pd.Timedelta(days=int(rng.integers(12, 20))),
                "period": MONTHS[month],
                "uplift": round(float(uplift), 3),
                "dip": round(float(uplift * dip), 3),
                "discount_rate": round(0.05 + 0.3 * float(uplift), 2),
                "uplift_rate": round(float(uplift * rng.uniform(0.8, 1.5)), 2),
            }
        )
    return pd.DataFrame(rows).sort_values(["period", "event"], ignore_index=True)


def to_touched(series: pd.DataFrame, row: object) -> np.ndarray:
    """Return which series a row with item, family, location and customer (or all) touches."""
    touched = np.ones(len(series), dtype=bool)
    for level in ("item", "family", "location", "customer"):
        code = getattr(row, level)
        if code != "all":
            touched &= (series[level] == code).to_numpy()
    return touched


def _to_promotion_factor(series: pd.DataFrame, events: pd.DataFrame) -> np.ndarray:
    factor = np.ones((len(series), len(MONTHS)))
    for row in each_row(events):
        touched, month = to_touched(series, row), to_position(row.period)
        factor[touched, month] *= 1 + row.uplift
        if month + 1 < len(MONTHS):
            factor[touched, month + 1] *= 1 - row.dip
    return factor


def _to_noise(series: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return lognormal noise of mean 1: a part shared by the item-location and an own part."""
    place = series.groupby(["item", "location"], sort=True).ngroup().to_numpy()
    shared = rng.normal(size=(place.max() + 1, len(MONTHS)))[place]
    own = rng.normal(size=(len(series), len(MONTHS)))
    sigma = series["sigma"].to_numpy()[:, None]
    return np.exp(sigma * (0.93 * shared + 0.37 * own) - sigma**2 / 2)


def _to_intermittence(series: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    chance = 0.45
    sells = rng.random((len(series), len(MONTHS))) < chance
    niche = series["item"].isin(INTERMITTENT).to_numpy()[:, None]
    return np.where(niche, sells / chance, 1.0)


def _plant_stock_outs(
    series: pd.DataFrame, base: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return 18 item-location months of the last 24 in which stock ran out, 4 in the last."""
    places = _busy_places(series, base)
    picks = places.iloc[rng.choice(len(places), 18, replace=False)].reset_index(drop=True)
    months = [*rng.integers(HISTORY - 22, HISTORY - 2, 14), *[HISTORY - 1] * 4]
    return picks.assign(
        period=MONTHS[months],
        lost_rate=rng.uniform(*LOST, 18).round(2),
    ).sort_values(["period", "item", "location"], ignore_index=True)


def _busy_places(series: pd.DataFrame, base: np.ndarray) -> pd.DataFrame:
    """Return item-locations that sold throughout the last 25 months, 1,500 cases or more."""
    sold = pd.DataFrame(base[:, HISTORY - 25 : HISTORY]).min(axis=1)
    places = series[["item", "location", "reach"]].assign(sold=sold)
    wide = places[places["reach"] != "C"]
    sums = wide.groupby(["item", "location"], sort=True)["sold"].sum()
    return sums[sums >= 1500].index.to_frame(index=False)


def _plant_spikes(series: pd.DataFrame, base: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return 10 one-off bulk orders, each in one series and month."""
    large = np.flatnonzero((base[:, :HISTORY].min(axis=1) > 300) & (series["reach"] != "C"))
    rows = np.sort(rng.choice(large, 10, replace=False))
    picks = series.loc[rows, LEAF].reset_index(drop=True)
    return picks.assign(
        series=rows,
        period=MONTHS[rng.integers(6, HISTORY - 3, 10)],
        factor=rng.uniform(*SPIKE, 10).round(2),
    )
