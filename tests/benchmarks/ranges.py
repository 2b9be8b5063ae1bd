"""Print how often ranges hold what came: on M3, on generated panels and on the demo company.

    python tests/benchmarks/ranges.py [--full]

Bounds: 80 % ranges hold 77-84 % of months held out, 95 % ranges 91-97 %, 80 % ranges of family
totals 75-86 %; ranges never cross, and never lie below 0 where history does not. Without --full
one seed a panel and one cutoff of the demo company.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
SEEDS = (611, 612, 613)  # tests use others
COUNT, MONTHS, HORIZON = 200, 72, 12
KINDS = ("smooth", "walk", "spikes", "counts", "sporadic", "young")
LEVELS = [80, 95]
BACK = (12, 18, 24)
CYCLE = pd.Timestamp("2026-11-01")


def make_panel(kind: str, seed: int, count: int = COUNT, months: int = MONTHS) -> np.ndarray:
    """Return a row a series, a column a month, the held-out months last; blank before a start."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    whole = months + HORIZON
    month = np.arange(whole)
    level = rng.lognormal(5, 1.2, (count, 1))
    turn = 2 * np.pi * (month + rng.uniform(0, 12, (count, 1))) / 12
    season = 1 + rng.uniform(0, 0.5, (count, 1)) * np.sin(turn)
    growth = np.exp(rng.normal(0, 0.07, (count, 1)) * month / 12)
    sigma, noise = rng.uniform(0.05, 0.35, (count, 1)), rng.normal(size=(count, whole))
    y = level * season * growth * np.exp(sigma * noise)
    if kind == "walk":
        y = level * season * np.exp(0.4 * sigma * noise.cumsum(axis=1))
    elif kind == "spikes":
        y = y * np.where(rng.random(y.shape) < 0.04, rng.uniform(1.5, 4, y.shape), 1.0)
    elif kind == "counts":
        y = rng.poisson(rng.uniform(1, 20, (count, 1)) * season).astype(float)
    elif kind == "sporadic":
        sold = rng.random(y.shape) < rng.uniform(0.15, 0.6, (count, 1))
        y = sold * np.ceil(rng.lognormal(2, 0.7, y.shape))
    elif kind == "young":
        starts = months - rng.integers(6, 30, count)
        y = np.where(month[None, :] >= starts[:, None], y, np.nan)
    return y


def to_rows(y: np.ndarray) -> pd.DataFrame:
    """Return a panel as `unique_id`, `ds`, `y`, known months only."""
    months = pd.date_range(end="2026-10-01", periods=y.shape[1], freq="MS")
    wide = pd.DataFrame(y, columns=months, index=pd.Index(range(len(y)), name="unique_id"))
    return wide.reset_index().melt("unique_id", var_name="ds", value_name="y").dropna()


def cover_panel(y: np.ndarray, horizon: int = HORIZON) -> pd.DataFrame:
    """Forecast all but the last months; return the held-out rows with forecast and ranges."""
    from sopkit.demand import forecast_series

    made = forecast_series(to_rows(y[:, :-horizon]), horizon, LEVELS)
    renamed = {f"forecast-{side}-{w}": f"{side}_{w}_qty" for w in LEVELS for side in ("lo", "hi")}
    made = made.rename(columns={"forecast": "point", **renamed})
    return made.assign(actual=y[made["unique_id"].to_numpy(), -horizon:][::horizon].ravel())


def measure(rows: pd.DataFrame) -> dict[str, float]:
    """Return coverage by level, and how many ranges cross or go below 0."""
    told = rows.dropna(subset=["actual"])
    found = {
        w: float(told["actual"].between(told[f"lo_{w}_qty"], told[f"hi_{w}_qty"]).mean())
        for w in LEVELS
        if f"lo_{w}_qty" in told
    }
    if "lo_95_qty" in rows:
        names = ["lo_95_qty", "lo_80_qty", "point", "hi_80_qty", "hi_95_qty"]
        numbers = rows[names].to_numpy(dtype=float)
        found["crossing"] = int((np.diff(numbers, axis=1) < -1e-9).any(axis=1).sum())
        found["below"] = int((numbers < 0).any(axis=1).sum())
    return found


def read_m3() -> np.ndarray | None:
    """Return M3 monthly, the 18 test months last, where SOPKIT_CASES names it."""
    path = Path(os.environ.get("SOPKIT_CASES", "none"), "m3_monthly/m3_monthly.parquet")
    if not path.is_file():
        return None
    rows = pd.read_parquet(path, columns=["unique_id", "y"])
    lists = [group.to_numpy() for _, group in rows.groupby("unique_id", sort=False)["y"]]
    width = max(map(len, lists))
    return np.stack([np.r_[np.full(width - len(one), np.nan), one] for one in lists])


def read_demo() -> dict[str, pd.DataFrame]:
    """Return the demo company's tables."""
    import shutil
    import tempfile

    from sopkit import sources
    from sopkit.tables import INPUT_TABLES

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data/demo", folder / "data/demo")
        shutil.copytree(ROOT / "params", folder / "params")
        mapping = sources.read_mapping(folder / "params/mapping/demo.yaml")
        (folder / "input").mkdir()
        tables = [table for table in INPUT_TABLES if table != "override"]
        sources.snapshot_files(mapping, folder, to=folder / "input", tables=tables)
        day = CYCLE - pd.Timedelta(days=1)
        loaded = sources.read_tables(
            mapping, folder / "input", CYCLE, day, without=["override"]
        ).tables
    return {table: loaded.get(table, INPUT_TABLES[table].empty()) for table in tables}


def clean_demo(given: dict[str, pd.DataFrame], cycle: pd.Timestamp) -> pd.DataFrame:
    """Return the demand history as it stood before a cycle, cleaned by what was known then."""
    from sopkit import quality

    names = ("sales_history", "sales_order_line", "return_line", "item")
    raw = quality.to_demand_history(
        *(given[name] for name in names), cycle, pd.Timestamp("2020-11-01"), price=given["price"]
    )
    stock = given["stock_history"]
    known = stock[stock["period"] < cycle]
    return quality.clean_history(raw, known, given["event"], given["item"])[0]


def cover_demo(
    given: dict[str, pd.DataFrame], came: pd.DataFrame, back: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast from `back` months ago; return item-locations and family totals with what came."""
    from sopkit import demand
    from sopkit.tables import PLACE

    cycle = CYCLE - pd.DateOffset(months=back)
    history, item = clean_demo(given, cycle), given["item"]
    options = {"family_weight": 0.3, "country": "CN"}
    tested = demand.backtest_baseline(history, item, cycle, **options)
    baseline = demand.forecast_baseline(history, item, HORIZON, tested, **options)
    family = item[["item", "family"]]
    amounts = [name for name in baseline.columns if name.endswith("_qty")]
    places = baseline.groupby([*PLACE, "period"], as_index=False)[amounts].sum()
    rows = places.merge(came, on=[*PLACE, "period"], how="left", validate="one_to_one")
    rows = rows.rename(columns={"baseline_qty": "point"}).fillna({"actual": 0.0})
    rows = rows.merge(family, on="item", how="left", validate="many_to_one")
    by = ["family", "period"]
    total = demand.sum_ranges(rows, by, "point", demand.measure_correlation(tested))
    actual = rows.groupby(by, as_index=False)["actual"].sum()
    awake = rows[(rows["point"] > 0) | (rows["actual"] > 0)]
    return awake, total.merge(actual, on=by, validate="one_to_one")


def say(name: str, rows: pd.DataFrame) -> None:
    """Print one line of figures."""
    got = measure(rows)
    wide = f"{got[95] * 100:7.1f}" if 95 in got else "      -"
    rest = f"{got.get('crossing', 0):9d}{got.get('below', 0):7d}"
    print(f"{name:34s}{len(rows):8d}{got[80] * 100:7.1f}{wide}{rest}", flush=True)


def main(full: bool) -> None:
    """Print all figures."""
    print(f"{'':34s}{'months':>8s}{'80 %':>7s}{'95 %':>7s}{'crossing':>9s}{'below':>7s}")
    print(f"{'bound':42s}{'77-84':>7s}{'91-97':>7s}{'0':>9s}{'0':>7s}")
    m3 = read_m3()
    if m3 is not None:
        say("M3 monthly, 18 months", cover_panel(m3, 18))
    seeds = SEEDS if full else SEEDS[:1]
    for kind in KINDS:
        panels = [cover_panel(make_panel(kind, seed)) for seed in seeds]
        say(f"{kind}, {len(seeds)} x {COUNT} series", pd.concat(panels))
    few = [cover_panel(make_panel("smooth", seed, 3)) for seed in range(30 if full else 8)]
    say(f"{len(few)} files of 3 series", pd.concat(few))
    given = read_demo()
    came = clean_demo(given, CYCLE).groupby(["item", "location", "period"], as_index=False)
    actual = came.agg(actual=("actual_qty", "sum"))
    for back in BACK if full else BACK[:1]:
        places, families = cover_demo(given, actual, back)
        say(f"demo item-locations, {back} months back", places)
        say(f"demo family totals (bound 75-86), {back}", families.drop(columns="lo_95_qty"))


if __name__ == "__main__":
    main("--full" in sys.argv)
