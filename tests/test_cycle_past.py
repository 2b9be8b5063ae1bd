"""A table over all past cycles: whose, which rows, and what the runner is told of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest
from builders import table

from sopkit.cycle import open_cycle, to_paths
from sopkit.errors import InputError, ParameterError
from sopkit.run.causes import hash_read
from sopkit.tables import TABLES, check_table

PLACES = "item location customer period"


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOPKIT_HOME", "SOPKIT_STAGING", "SOPKIT_COMPANY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "params").mkdir()
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def history(qty: float) -> pd.DataFrame:
    header = f"{PLACES} actual_qty cleaned_qty revenue_value return_value"
    return table(header, f"00A1 D1 C1 2026-05 {qty} {qty} 100 0")


def write(folder: Path, cycle: str, qty: float, company: str = "demo") -> None:
    open_cycle(cycle, "data", folder, company=company).write("demand_history", history(qty))


def test_past_cycles_of_the_company_are_read_oldest_first(folder: Path) -> None:
    for cycle, qty in (("2026-09", 9), ("2026-07", 7), ("2026-11", 11), ("2026-12", 12)):
        write(folder, cycle, qty)
    write(folder, "2026-08", 8, company="other")
    got = open_cycle("2026-11", "demand", folder).read_past("demand_history")
    assert got["cycle"].tolist() == ["2026-07", "2026-09"]
    assert got["actual_qty"].tolist() == [7, 9]
    assert got["item"].tolist() == ["00A1", "00A1"]
    assert next(iter(got)) == "cycle"


def test_only_the_columns_and_months_asked_for_are_read(folder: Path) -> None:
    for cycle, qty in (("2026-09", 9), ("2026-07", 7)):
        write(folder, cycle, qty)
    c = open_cycle("2026-11", "demand", folder, company="demo")
    assert list(c.read_past("demand_history", ["item", "actual_qty"])) == [
        "cycle",
        "item",
        "actual_qty",
    ]
    assert c.read_past("demand_history", months=3)["cycle"].tolist() == ["2026-09"]
    with pytest.raises(ParameterError, match="no column wrong_qty"):
        c.read_past("demand_history", ["wrong_qty"])
    with pytest.raises(ParameterError, match="'budgets'"):
        c.read_past("budgets")


def test_without_an_earlier_cycle_there_are_columns_and_no_rows(folder: Path) -> None:
    c = open_cycle("2026-11", "demand", folder, company="demo")
    got = c.read_past("consensus_demand", ["item", "demand_qty"])
    assert got.empty
    assert list(got) == ["cycle", "item", "demand_qty"]


def test_of_a_table_that_keeps_every_cycle_each_gives_its_own_rows(folder: Path) -> None:
    rows = table(
        "cycle stream owner item location period forecast_qty",
        "2026-08 sales North A D 2026-08 8",
        "2026-09 sales North A D 2026-09 9",
    )
    for cycle, last in (("2026-08", 1), ("2026-09", 2)):
        c = open_cycle(cycle, "data", folder, company="demo")
        c.write("forecast_stream", check_table(rows.head(last), TABLES["forecast_stream"]))
    c = open_cycle("2026-10", "demand", folder, company="demo")
    got = c.read_past("forecast_stream", ["forecast_qty"])
    assert got.to_dict("list") == {"cycle": ["2026-08", "2026-09"], "forecast_qty": [8, 9]}


def test_a_column_that_an_old_table_lacks_takes_its_default_or_stays_blank(folder: Path) -> None:
    for cycle, qty in (("2026-09", 9), ("2026-10", 10)):
        write(folder, cycle, qty)
    path = to_paths("2026-09", folder).table_file("demand_history")
    parquet.write_table(
        parquet.read_table(path).drop_columns(["return_value", "cleaned_qty"]), path
    )
    got = open_cycle("2026-11", "demand", folder, company="demo").read_past("demand_history")
    assert got["return_value"].tolist() == [0, 0]
    assert np.isnan(got["cleaned_qty"].iloc[0])
    assert got["cleaned_qty"].iloc[1] == 10


def test_a_damaged_past_table_is_named(folder: Path) -> None:
    write(folder, "2026-09", 9)
    to_paths("2026-09", folder).table_file("demand_history").write_bytes(b"PAR1 half")
    with pytest.raises(InputError, match=r"2026-09.*demand_history\.parquet cannot be read"):
        open_cycle("2026-11", "demand", folder, company="demo").read_past("demand_history")


def test_the_runner_hears_of_every_past_table_and_of_every_month_without_a_cycle(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "2026-09", 9)
    staging = folder / "staging"
    staging.mkdir()
    monkeypatch.setenv("SOPKIT_STAGING", str(staging))
    monkeypatch.setenv("SOPKIT_COMPANY", "demo")
    c = open_cycle("2026-11", "demand", folder, interactive=False)
    c.read_past("demand_history", months=3)
    noted = dict(map(json.loads, (staging / "reads.jsonl").read_text().splitlines()))
    assert {name: bool(sha) for name, sha in noted.items()} == {
        "2026-08/": False,
        "2026-09/": True,
        "2026-09/demand_history": True,
        "2026-10/": False,
    }
    paths = to_paths("2026-11", folder)
    assert {name: hash_read(paths, name, "demo") for name in noted} == noted, "nothing changed yet"
    monkeypatch.delenv("SOPKIT_STAGING")
    write(folder, "2026-09", 5)
    write(folder, "2026-10", 10)
    changed = [name for name in noted if hash_read(paths, name, "demo") != noted[name]]
    assert changed == ["2026-09/demand_history", "2026-10/"]


def test_24_cycles_of_27000_rows_are_read_well_under_a_second(folder: Path) -> None:
    months = pd.date_range("2024-11-01", periods=18, freq="MS")
    places = pd.DataFrame({"item": [f"{row:06d}" for row in range(1500)]})
    rows = places.merge(pd.DataFrame({"period": months}), how="cross")
    rows = rows.assign(location="D1", customer="C1", demand_qty=5.0, lo_80_qty=1.0, hi_80_qty=9.0)
    rows = rows.assign(baseline_qty=5.0, stream_qty=0.0, override_qty=0.0)
    names = [f"{month:%Y-%m}" for month in pd.date_range("2024-11-01", periods=24, freq="MS")]
    open_cycle(names[0], "demand", folder, company="demo").write("consensus_demand", rows)
    first = to_paths(names[0], folder)
    for name in names[1:]:
        paths = to_paths(name, folder)
        paths.tables_dir.mkdir(parents=True)
        paths.manifest_file.write_bytes(first.manifest_file.read_bytes())
        file = paths.table_file("consensus_demand")
        file.write_bytes(first.table_file("consensus_demand").read_bytes())
    c = open_cycle("2026-11", "demand", folder, company="demo")
    started = time.process_time()
    got = c.read_past("consensus_demand", ["item", "location", "period", "demand_qty"])
    seconds = time.process_time() - started
    assert len(got) == 24 * 27_000
    assert got["cycle"].nunique() == 24
    assert seconds < 1.5  # some 0.3 s on a quiet machine
