"""Print how much of January's and February's error the calendar takes away, and what it costs.

    python tests/benchmarks/new_year.py [--full]

Companies are made up (`tests/new_year_cases.py`): how the New Year pulls at demand is planted, in
shapes and with seeds on which nothing was tuned. Each is forecast from the Decembers of 2023, 2024
and 2025 by `forecast_places`, four months ahead, with the calendar, without, and with the planted
factors themselves: the least error that any measure of the calendar could leave. The demo company
is forecast in the same way, from what was ordered. `SOPKIT_CASES` adds the M3 monthly series, on
which a Chinese calendar has nothing to find.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo_past import read_company
from new_year_cases import SHAPES, Company, new_year_company

from sopkit.demand import forecast_places, forecast_series, to_series
from sopkit.demand.calendar import measure_calendar
from sopkit.demand.series import blank_before_start, family_of
from sopkit.tables import PLACE
from sopkit.tables.panel import to_panel, until

SEED = 7300  # tests use others
CUTOFFS = pd.to_datetime(["2023-12-01", "2024-12-01", "2025-12-01"])
WINTER, SPRING = (1, 2), (3, 4)
SIDES = ("without", "with", "planted")


def forecast_sides(company: Company, cutoff: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return forecasts four months ahead without, with measured, and with planted factors."""
    known = blank_before_start(until(company.actual, cutoff))
    known = known[known.notna().any(axis=1)]
    planted = company.factor
    found = {
        side: forecast_places(known, company.item, 4, country=country)[0]
        for side, country in (("without", ""), ("with", "CN"))
    }
    with mock.patch(
        "sopkit.demand.places.measure_calendar",
        lambda series, *_: planted.loc[series.index].loc[:, : cutoff + pd.DateOffset(months=4)],
    ):
        found["planted"], _ = forecast_places(known, company.item, 4, country="CN")
    return found


def score(company: Company) -> pd.DataFrame:
    """Return WAPE by side, months and kind: series against orders and against expected, families."""
    rows = []
    for cutoff in CUTOFFS:
        for side, points in forecast_sides(company, cutoff).items():
            family = family_of(points.index, company.item)
            for name, months in (("Jan, Feb", WINTER), ("Mar, Apr", SPRING)):
                guess = points[[m for m in points.columns if m.month in months]]
                actual = company.actual.loc[guess.index, guess.columns]
                truth = company.expected.loc[guess.index, guess.columns]
                kinds = {
                    "series": (guess, actual),
                    "expected": (guess, truth),
                    "family": (guess.groupby(family).sum(), actual.groupby(family).sum()),
                }
                for kind, (told, came) in kinds.items():
                    missed = np.abs(told.to_numpy() - came.to_numpy()).sum() / came.to_numpy().sum()
                    rows.append((side, name, kind, missed))
    frame = pd.DataFrame(rows, columns=["side", "months", "kind", "wape"])
    return frame.groupby(["months", "kind", "side"])["wape"].mean().unstack("side")[list(SIDES)]


def tell(name: str, tables: list[pd.DataFrame], bound: str = "") -> pd.DataFrame:
    """Print the mean over companies, the cut in error, and the worst company's."""
    mean = sum(tables) / len(tables)
    for (months, kind), row in mean.iterrows():
        cut = 1 - row["with"] / row["without"]
        best = 1 - row["planted"] / row["without"]
        worst = min(
            1 - t.loc[(months, kind), "with"] / t.loc[(months, kind), "without"] for t in tables
        )
        print(
            f"{name:16}{months:10}{kind:10}{row['without']:8.2%}{row['with']:8.2%}"
            f"{cut:8.1%}{worst:8.1%}{best:10.1%}  {bound if months == 'Jan, Feb' else ''}"
        )
    return mean


def print_generated(count: int) -> None:
    """Print companies with each shape of the New Year's pull, all of them, and without any."""
    every = []
    for number, shape in enumerate(SHAPES):
        found = [score(new_year_company(SEED + 20 * number + n, shape)) for n in range(count)]
        tell(shape, found)
        every += found
    tell("all shapes", every, "bound: cut at least 40 %")
    for name, sizes in {
        "none": {},
        "none, noisy": {"noise": (0.1, 0.3)},
        "none, small": {"families": 2, "items": 3, "locations": 1, "noise": (0.1, 0.3)},
    }.items():
        found = [score(new_year_company(SEED + 500 + n, None, **sizes)) for n in range(2 * count)]
        tell(name, found, "bound: cut at least -1 %")


def print_demo() -> None:
    """Print the demo company's Januaries and Februaries, and what is planted there."""
    history = read_company()
    item = history["item"]
    actual = to_panel(history["demand_history"], PLACE, "actual_qty").fillna(0.0)
    series = to_series(history["demand_history"])
    for year in (2024, 2025, 2026):
        known = until(series, pd.Timestamp(year - 1, 12, 1))
        known = known[known.notna().any(axis=1)]
        errors = []
        for country in ("", "CN"):
            points, _ = forecast_places(known, item, 2, country=country, family_weight=0.3)
            came = actual.reindex(points.index)[points.columns].fillna(0.0)
            family = family_of(points.index, item)
            errors.append(_wape(points, came))
            errors.append(_wape(points.groupby(family).sum(), came.groupby(family).sum()))
        print(
            f"demo {year}       series {errors[0]:.2%} > {errors[2]:.2%} "
            f"({1 - errors[2] / errors[0]:+.1%})   family {errors[1]:.2%} > {errors[3]:.2%} "
            f"({1 - errors[3] / errors[1]:+.1%})"
        )


def _wape(points: pd.DataFrame, came: pd.DataFrame) -> float:
    return float(np.abs(points.to_numpy() - came.to_numpy()).sum() / came.to_numpy().sum())


def print_m3() -> None:
    """Print the error of M3's last 18 months with a Chinese calendar and without."""
    path = Path(os.environ.get("SOPKIT_CASES", "none"), "m3_monthly/m3_monthly.parquet")
    if not path.is_file():
        return
    rows = pd.read_parquet(path, columns=["unique_id", "ds", "y"])
    held = rows.groupby("unique_id").cumcount(ascending=False) < 18
    rows["scale"] = rows[~held].groupby("unique_id")["y"].transform("mean")
    scale = rows.groupby("unique_id")["scale"].first()
    errors = []
    for country in ("", "CN"):
        told = forecast_series(rows.loc[~held, ["unique_id", "ds", "y"]], 18, country=country)
        both = rows[held].drop(columns="scale").assign(ds=lambda r: r["ds"].dt.to_period("M"))
        told = told.assign(ds=told["ds"].dt.to_period("M"))
        both = both.merge(told, on=["unique_id", "ds"], validate="one_to_one")
        missed = (both["forecast"] - both["y"]).abs() / both["unique_id"].map(scale)
        errors.append(missed.mean())
    print(
        f"M3 monthly      error / mean {errors[0]:.4f} > {errors[1]:.4f} "
        f"({1 - errors[1] / errors[0]:+.2%})   bound: at least -1 %"
    )


def print_speed() -> None:
    """Print the seconds of one call."""
    for name, sizes, bound in (
        ("400 x 72", {"families": 8, "items": 10, "locations": 5}, 0.3),
        ("10,000 x 72", {"families": 50, "items": 50, "locations": 4}, 10.0),
    ):
        company = new_year_company(SEED, "skewed", **sizes)
        known = until(company.actual, pd.Timestamp("2026-10-01"))
        measure_calendar(known.iloc[:9], company.item, 18, "CN")
        started = time.process_time()
        measure_calendar(known, company.item, 18, "CN")
        print(f"{name:16}{time.process_time() - started:6.2f} CPU s   bound: {bound}")


if __name__ == "__main__":
    print_speed()
    print(f"\n{'':36}{'without':>8}{'with':>8}{'cut':>8}{'worst':>8}{'at best':>10}")
    print_generated(4 if "--full" in sys.argv else 1)
    print_demo()
    if "--full" in sys.argv:
        print_m3()
