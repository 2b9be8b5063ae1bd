"""Made-up companies whose demand follows the Chinese New Year in a known way, or does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demand.calendar.festivals import festival_days
from sopkit.tables import TABLES, fit_columns

FIRST, MONTHS = "2020-11-01", 76
DAYS = np.arange(-60, 61)  # from the New Year
SHAPES = ("skewed", "slow restart", "two waves", "refill", "half sine", "gift")


@dataclass(frozen=True)
class Company:
    """Demand by (item, location) and month: as ordered, as expected, and what the year moves.

    Args:
        actual: what customers ordered; 0 before an item's launch.
        expected: without noise.
        factor: the New Year's part of it, 1 for none.
        item: contract `item`.
    """

    actual: pd.DataFrame
    expected: pd.DataFrame
    factor: pd.DataFrame
    item: pd.DataFrame


def draw_pull(shape: str, rng: np.random.Generator, size: float) -> np.ndarray:
    """Return the relative pull on demand of each day of `DAYS`.

    Before and after hold `size` of a month's demand each, where a shape has both.
    """
    before, after = rng.integers(10, 36), rng.integers(8, 25)
    early, late = -DAYS / before, DAYS / after  # 0 to 1 in the window
    into, past = (early > 0) & (early <= 1), (late >= 0) & (late < 1)
    sides = {
        "skewed": (early**2 * np.exp(-5 * early) * into, past * 1.0),
        "slow restart": (into * 0.0, np.exp(-3 * late.clip(0)) * (DAYS >= -2) * (late < 2)),
        "two waves": (np.sin(2 * np.pi * early) ** 2 * into, past * (1 - late)),
        "refill": (-(into * (1 - early)), -(past * late)),
        "half sine": (np.sin(np.pi * early) * into, np.sin(np.pi * late) * past),
        "gift": (np.exp(-np.square((DAYS + before / 3) / 4)), past * 0.0),
    }
    build_up, trough = (30 * size * side / max(abs(side.sum()), 1e-9) for side in sides[shape])
    return np.asarray(build_up - trough)


def to_months(pull: np.ndarray, months: pd.DatetimeIndex) -> np.ndarray:
    """Return the mean pull on the days of each month."""
    total = np.zeros(len(months))
    for day in festival_days("spring_festival", range(2019, 2029)):
        number = (day + pd.to_timedelta(DAYS, unit="D")).to_period("M")
        place = number.year * 12 + number.month - months[0].year * 12 - months[0].month
        inside = (place >= 0) & (place < len(months))
        np.add.at(total, np.asarray(place[inside]), pull[inside])
    return np.asarray(total / months.days_in_month.to_numpy())


def new_year_company(
    seed: int,
    shape: str | None,
    *,
    families: int = 5,
    items: int = 6,
    locations: int = 3,
    size: tuple[float, float] = (0.3, 0.6),
    noise: tuple[float, float] = (0.05, 0.10),
) -> Company:
    """Return a company: seasons by family, growth, launches, sporadic items, odd months.

    Args:
        shape: how the New Year pulls, drawn anew for each family; None for not at all.
        size: share of a month's demand that it moves to each side, drawn for each family; items
            differ from it by 15 %.
        noise: standard deviation of a month, drawn for each series; a family's months share 1.5 %.
    """
    rng = np.random.default_rng(seed)
    months = pd.date_range(FIRST, periods=MONTHS, freq="MS", name="period")
    time = np.arange(MONTHS)
    keys, factors, expected, actual = [], [], [], []
    for family in range(families):
        moved = np.zeros(MONTHS)
        if shape:
            moved = to_months(draw_pull(shape, rng, rng.uniform(*size)), months)
        season = np.exp(np.cumsum(rng.normal(0, 0.1, 12)))[months.month - 1]
        shared = np.exp(rng.normal(0, 0.015, MONTHS))
        growth = rng.normal(0.03, 0.05)
        for item in range(items):
            factor = np.maximum(1 + rng.normal(1, 0.15) * moved, 0.1)
            level = np.exp(rng.normal(7, 1)) * (1 + growth + rng.normal(0, 0.03)) ** (time / 12)
            launch = rng.integers(8, 48) if rng.random() < 0.08 else 0
            sporadic = rng.random() < 0.05
            for location in range(locations):
                mean = level * np.exp(rng.normal(0, 0.4)) * season * shared * factor
                mean = np.where(time < launch, 0.0, mean)
                spread = rng.uniform(*noise)
                drawn = mean * np.exp(rng.normal(0, spread, MONTHS) - spread**2 / 2)
                if sporadic:
                    drawn = drawn * (rng.random(MONTHS) < 0.5) * 2
                odd = rng.random(MONTHS) < 0.004
                keys.append((f"F{family}", f"I{family}{item:02d}", f"L{location}"))
                factors.append(factor)
                expected.append(mean)
                actual.append(np.round(np.where(odd, drawn * rng.choice([0.5, 1.7]), drawn)))
    frame = pd.DataFrame(keys, columns=["family", "item", "location"])
    index = pd.MultiIndex.from_frame(frame[["item", "location"]])
    master = frame[["item", "family"]].drop_duplicates(ignore_index=True)
    panels = (pd.DataFrame(rows, index, months) for rows in (actual, expected, factors))
    return Company(*panels, fit_columns(master, TABLES["item"]))
