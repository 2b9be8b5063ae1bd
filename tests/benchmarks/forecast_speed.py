"""Print what `sopkit forecast` costs, each figure with its bound.

    python tests/benchmarks/forecast_speed.py [--full]

CPU of points, ranges and backtest against AutoETS alone on the same rows in the same run (M3
monthly where SOPKIT_CASES names it, else generated series; 150 series, --full takes all), a large
panel in a process of its own, the first forecast of a fresh process, and series of one month.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

HORIZON = 18
SERIES, MONTHS = 10_000, 60
SLICE = 150
SEED = 4021  # tests use others
LARGE = """
import re, time
import pandas as pd
from sopkit.demand import forecast_series
def peak():
    with open("/proc/self/status") as told:
        return int(re.search(r"VmHWM:\\s+(\\d+)", told.read())[1]) / 1024
before = peak()
rows = pd.read_parquet({path!r})
started = time.process_time()
made = forecast_series(rows, {horizon}, [80, 95])
print(time.process_time() - started, peak() - before, len(made))
"""
FRESH = """
import time
import pandas as pd
from sopkit.demand import forecast_series
rows = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2021-01-01", periods=60, freq="MS")})
forecast_series(rows.assign(y=range(60)), 12)
print(time.process_time(), 0, 12)
"""


def make_series(count: int, months: int, seed: int = SEED) -> pd.DataFrame:
    """Return smooth series with season, trend and noise, of all sizes."""
    rng = np.random.default_rng(seed)
    month = np.arange(months)
    level = rng.lognormal(5, 1.5, (count, 1)) * np.exp(rng.normal(0, 0.06, (count, 1)) * month / 12)
    turn = month[None, :] + rng.integers(0, 12, (count, 1))
    season = 1 + rng.uniform(0, 0.5, (count, 1)) * np.sin(2 * np.pi * turn / 12)
    y = level * season * rng.lognormal(0, rng.uniform(0.05, 0.3, (count, 1)), (count, months))
    ds = np.tile(pd.date_range(end="2026-10-01", periods=months, freq="MS"), count)
    names = [f"s{number:05d}" for number in range(count)]
    return pd.DataFrame({"unique_id": np.repeat(names, months), "ds": ds, "y": y.ravel()})


def read_rows(full: bool) -> tuple[str, pd.DataFrame]:
    """Return the name and the rows on which both are timed."""
    count = 1_428 if full else SLICE
    path = Path(os.environ.get("SOPKIT_CASES", "none"), "m3_monthly/m3_monthly.parquet")
    if not path.is_file():
        return f"{count} generated series", make_series(count, 100)
    rows = pd.read_parquet(path).query("split == 'train'")
    ids = rows["unique_id"].drop_duplicates()
    chosen = ids if full else ids.sample(count, random_state=SEED)
    kept = rows[rows["unique_id"].isin(chosen)]
    return f"{len(chosen)} series of M3 monthly", kept[["unique_id", "ds", "y"]]


def measure_ratio(rows: pd.DataFrame) -> tuple[float, float, int]:
    """Return CPU seconds of the kit and of AutoETS, and the number of series."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    from sopkit.demand import forecast_series

    started = time.process_time()
    forecast_series(rows, HORIZON, [80, 95])
    own = time.process_time() - started
    started = time.process_time()
    StatsForecast([AutoETS(season_length=12)], freq="MS").forecast(df=rows, h=HORIZON)
    return own, time.process_time() - started, rows["unique_id"].nunique()


def run_apart(code: str) -> tuple[float, float]:
    """Run code in a fresh process; return the CPU seconds and MB that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, megabytes, _ = done.stdout.split()
    return float(seconds), float(megabytes)


def run_large(rows: pd.DataFrame, horizon: int, folder: Path) -> tuple[float, float]:
    """Return CPU seconds and peak MB above import of a forecast in its own process."""
    path = folder / "rows.parquet"
    rows.to_parquet(path)
    return run_apart(LARGE.format(path=str(path), horizon=horizon))


def say(what: str, measured: str, bound: str) -> None:
    """Print one figure."""
    print(f"{what:58s} {measured:>14s}   {bound}", flush=True)


def main(full: bool) -> None:
    """Print all figures."""
    import tempfile

    name, rows = read_rows(full)
    own, other, count = measure_ratio(rows)
    say(f"CPU / AutoETS, {name}", f"{own / other:.3f}", "<= 0.35, aim 0.12")
    say("  CPU ms a series: points, ranges, backtest", f"{own / count * 1e3:.2f}", "")
    say("  CPU ms a series: AutoETS points alone", f"{other / count * 1e3:.2f}", "")
    seconds, _ = run_apart(FRESH)
    say("first forecast of a fresh process, imports included, CPU s", f"{seconds:.2f}", "<= 3")
    with tempfile.TemporaryDirectory() as folder:
        large = make_series(SERIES, MONTHS)
        seconds, peak = run_large(large, 12, Path(folder))
        say(f"{SERIES:,} series of {MONTHS} months, CPU s", f"{seconds:.1f}", "<= 300, aim 100")
        say("  peak above import, rows counted, MB", f"{peak:.0f}", "<= 700")
        seconds, peak = run_large(make_series(100_000, 1), 12, Path(folder))
        say("100,000 series of one month, CPU s", f"{seconds:.1f}", "fast")
        say("  peak above import, rows counted, MB", f"{peak:.0f}", "<= 700")


if __name__ == "__main__":
    main("--full" in sys.argv)
