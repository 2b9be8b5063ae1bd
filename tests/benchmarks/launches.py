"""How honest the range of a launch is: new items of generated companies, none used before.

    python tests/benchmarks/launches.py [--full]

Each company had 4 to 10 launches with their own ramp and level, and launches one more item (with
0 or 3 months of its own). Printed: how often the sum of its next six months lies in the 90 % range
of the forecast, and its bias.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from sopkit.demand.launches import forecast_launches, launch_range, learn_launch
from sopkit.tables import TABLES, fit_columns

MONTHS, AHEAD, Z90 = 60, 6, 1.6449


def make_company(rng: np.random.Generator, own_months: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a panel of all months (with the six ahead) and the item master; item N is new."""
    count = int(rng.integers(4, 11))
    tau = rng.uniform(0.7, 4.5)
    spread, noise = rng.uniform(0.15, 0.55), rng.uniform(0.08, 0.25)
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(MONTHS + AHEAD) + rng.uniform(0, 12)) / 12)
    rows, master = {}, []
    for number in range(count + 1):
        new = number == count
        like = 1000 * season * np.exp(rng.normal(0, noise / 2, MONTHS + AHEAD))
        begins = MONTHS - own_months if new else int(rng.integers(2, MONTHS - 14))
        age = np.arange(MONTHS + AHEAD) - begins
        ramp = 1 - np.exp(-(age + 1) / (tau * rng.uniform(0.8, 1.25)))
        level = np.exp(rng.normal(-0.3, spread))
        own = level * ramp * 1000 * season * np.exp(rng.normal(0, noise, MONTHS + AHEAD))
        code = "N" if new else f"P{number}"
        rows[(code, "D")] = np.where(age >= 0, own, np.nan)
        rows[(f"L{number}", "D")] = like
        master += [{"item": code, "like_item": f"L{number}"}, {"item": f"L{number}"}]
    panel = pd.DataFrame.from_dict(rows, orient="index")
    panel.index = pd.MultiIndex.from_tuples(panel.index, names=["item", "location"])
    panel.columns = pd.date_range("2021-01", periods=MONTHS + AHEAD, freq="MS", name="period")
    return panel.sort_index(), fit_columns(pd.DataFrame(master), TABLES["item"])


def judge_launch(rng: np.random.Generator, own_months: int) -> tuple[bool, float]:
    """Return whether the six months' sum lay in the range, and log(forecast / came)."""
    panel, item = make_company(rng, own_months)
    known, ahead = panel.iloc[:, :MONTHS], panel.iloc[:, MONTHS:]
    new = pd.Index([("N", "D")])
    like = item.set_index("item").loc["N", "like_item"]
    points = ahead.copy()
    year_ago = panel.loc[[(like, "D")]].to_numpy()[0, MONTHS - 12 :][:AHEAD]
    points.loc[(like, "D")] = year_ago
    forecast = forecast_launches(known, new, points, item)
    learned = learn_launch(known, ("N", "D"), item)
    total = forecast.sum(axis=1)
    spread = np.array([np.sqrt(learned.level_variance + learned.noise**2 / AHEAD)])
    low, high = launch_range(total, spread, Z90)
    came = ahead.loc[("N", "D")].sum()
    return bool(low[0] <= came <= high[0]), float(np.log(total[0] / came))


def main(full: bool) -> None:
    """Print coverage and bias for launches without and with months of their own."""
    count = 2000 if full else 300
    print(f"{'own months':>10} {'launches':>9} {'covered at 90 %':>16} {'bound':>12} {'bias':>7}")
    for own_months in (0, 3):
        rng = np.random.default_rng(811 + own_months)
        told = [judge_launch(rng, own_months) for _ in range(count)]
        covered = np.mean([one for one, _ in told])
        bias = np.expm1(np.mean([one for _, one in told]))
        print(f"{own_months:>10} {count:>9} {covered:>16.1%} {'86 to 94 %':>12} {bias:>7.1%}")


if __name__ == "__main__":
    main("--full" in sys.argv)
