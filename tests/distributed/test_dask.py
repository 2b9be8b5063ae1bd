"""The engine `dask` on a real cluster of two worker processes gives what `local` gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

distributed = pytest.importorskip("distributed", reason="Dask is not installed: sopkit[dask]")

from sopkit.demand import any_series, forecast_series  # noqa: E402
from sopkit.demand.engines import run_parts  # noqa: E402

NUMBERS = ["forecast", "forecast-lo-80", "forecast-hi-80", "forecast-lo-95", "forecast-hi-95"]


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        yield client


def given() -> pd.DataFrame:
    """Series of all kinds: smooth, short, sporadic, below zero, with gaps; two last months."""
    rng = np.random.default_rng(17)
    parts = []
    for number in range(24):
        months = int(rng.integers(2, 70))
        level = rng.lognormal(3, 1) * (1 + 0.4 * np.sin(np.arange(months) / 2))
        y = level * rng.lognormal(0, 0.2, months) * (rng.random(months) < 0.3 + number % 4)
        ends = pd.Timestamp("2026-04-30") - pd.offsets.MonthEnd(number % 2)
        ds = pd.date_range(end=ends, periods=months, freq="ME")
        y = y - (level.mean() if number == 5 else 0)
        part = pd.DataFrame({"unique_id": f"{number:03d}", "ds": ds, "y": y})
        parts.append(part.drop(index=part.index[1:-1][::7]) if number == 7 else part)
    return pd.concat(parts, ignore_index=True)


def pid(_: int) -> int:
    return os.getpid()


def test_parts_are_computed_by_other_processes_in_order(client):
    assert run_parts(abs, list(range(-5, 0)), "dask") == [5, 4, 3, 2, 1]
    assert os.getpid() not in run_parts(pid, list(range(8)), "dask")


@pytest.mark.filterwarnings("ignore::sopkit.demand.any_series.SeriesWarning")
def test_points_and_ranges_equal_those_of_one_process(client, monkeypatch):
    monkeypatch.setattr(any_series, "MOST_SERIES", 5)
    local = forecast_series(given(), 9, [80, 95])
    spread = forecast_series(given(), 9, [80, 95], engine="dask")
    pd.testing.assert_frame_equal(local.drop(columns=NUMBERS), spread.drop(columns=NUMBERS))
    assert np.allclose(local[NUMBERS], spread[NUMBERS], rtol=1e-5, atol=0)


def test_the_command_uses_the_cluster_that_the_environment_names(client, tmp_path: Path):
    given().to_csv(tmp_path / "a.csv", index=False)
    words = ["forecast", "a.csv", "--horizon", "4", "--gaps", "missing"]
    for engine in ("local", "dask"):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "sopkit.cli",
                *words,
                "--engine",
                engine,
                "--output",
                engine + ".csv",
            ],
            cwd=tmp_path,
            env=os.environ | {"DASK_SCHEDULER_ADDRESS": client.scheduler.address},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "missing month(s) inside 1 series" in done.stderr
    local, spread = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("local", "dask"))
    pd.testing.assert_frame_equal(local, spread, rtol=1e-5)
