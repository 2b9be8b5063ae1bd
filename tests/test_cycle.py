"""The cycle room: where files are, what may be written, and by whom."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
from builders import table

from sopkit.cycle import (
    DiskFullError,
    Manifest,
    find_folder,
    hold_lock,
    list_cycles,
    open_cycle,
    read_manifest,
    to_paths,
    to_writer,
    view_cycle,
    write_atomic,
    write_manifest,
)
from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.tables import TABLES

CONFLICTS = table(
    "conflict family kind first_value second_value gap_value",
    "N2 TEA sales_supply 5 7 2",
    "N1 WATER sales_finance 10 8 -2",
)
HISTORY = table(
    "item location customer period actual_qty cleaned_qty revenue_value return_value",
    "00A1 D1 C1 2026-10 10 10 100 0",
    "00A1 D1 C1 2026-09 20 20 200 0",
)


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOPKIT_HOME", "SOPKIT_STAGING", "SOPKIT_COMPANY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "params").mkdir()
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def publish(folder: Path, cycle: str = "2026-11") -> None:
    paths = to_paths(cycle, folder)
    manifest = read_manifest(paths) or Manifest(cycle, "demo")
    manifest.state, manifest.published = "published", {"by": "S&OP lead"}
    write_manifest(paths, manifest)


def test_a_table_written_is_read_back_sorted_with_codes_as_text(folder: Path) -> None:
    c = open_cycle("2026-11", "data", folder, company="demo")
    c.write("demand_history", HISTORY)
    back = open_cycle("2026-11", "demand", folder).read("demand_history")
    assert back["item"].tolist() == ["00A1", "00A1"]
    assert back["actual_qty"].tolist() == [20, 10]
    assert back["period"].tolist() == [pd.Timestamp("2026-09-01"), pd.Timestamp("2026-10-01")]


def test_the_same_rows_in_another_order_give_the_same_bytes(folder: Path) -> None:
    c = open_cycle("2026-11", "data", folder, company="demo")
    file = c.tables_dir / "demand_history.parquet"
    c.write("demand_history", HISTORY)
    first = file.read_bytes()
    c.write("demand_history", HISTORY.iloc[::-1].assign(note="dropped"))
    assert file.read_bytes() == first
    record = read_manifest(c.paths).tables["demand_history"]
    assert record.sha256 == hashlib.sha256(first).hexdigest()
    assert (record.rows, record.writer, record.by_hand) == (2, "01_data_review", True)


def test_every_empty_contract_is_written_and_read(folder: Path) -> None:
    for name, contract in TABLES.items():
        stage = to_writer(name)
        c = open_cycle("2026-11", stage, folder, company="demo")
        c.write(name, contract.empty())
        assert c.read(name).columns.tolist() == contract.column_names
        assert not c.has(name)


def test_a_missing_table_names_the_step_that_writes_it(folder: Path) -> None:
    c = open_cycle("2026-11", "supply", folder, company="demo")
    with pytest.raises(InputError, match=r"consensus_demand .* 02_demand_review writes it"):
        c.read("consensus_demand")
    assert c.read_optional("budget").empty
    assert not c.has("budget")


def test_an_unknown_table_or_stage_is_refused(folder: Path) -> None:
    c = open_cycle("2026-11", "supply", folder, company="demo")
    with pytest.raises(ParameterError, match="'budgets'"):
        c.read("budgets")
    with pytest.raises(ParameterError, match="'supplies'"):
        open_cycle("2026-11", "supplies", folder)


def test_a_table_is_written_by_its_owner_alone(folder: Path) -> None:
    c = open_cycle("2026-11", "demand", folder, company="demo")
    with pytest.raises(CycleError, match="04_consensus_review alone does"):
        c.write("conflict", CONFLICTS)
    c.write("override", TABLES["override"].empty())
    with pytest.raises(CycleError, match="01_data_review alone does"):
        c.write("item", TABLES["item"].empty())


def test_a_frame_that_breaks_its_contract_leaves_the_old_table(folder: Path) -> None:
    c = open_cycle("2026-11", "consensus", folder, company="demo")
    c.write("conflict", CONFLICTS)
    before = (c.tables_dir / "conflict.parquet").read_bytes()
    with pytest.raises(InputError, match="doubled key"):
        c.write("conflict", pd.concat([CONFLICTS, CONFLICTS]))
    with pytest.raises(InputError, match="family"):
        c.write("conflict", CONFLICTS.drop(columns="family"))
    assert (c.tables_dir / "conflict.parquet").read_bytes() == before
    assert [path.name for path in c.tables_dir.iterdir()] == ["conflict.parquet"]


def test_numbers_where_codes_belong_are_refused(folder: Path) -> None:
    c = open_cycle("2026-11", "consensus", folder, company="demo")
    with pytest.raises(InputError, match="Codes are text"):
        c.write("conflict", CONFLICTS.assign(family=[1, 2]))


def test_a_damaged_table_is_named(folder: Path) -> None:
    c = open_cycle("2026-11", "consensus", folder, company="demo")
    c.write("conflict", CONFLICTS)
    (c.tables_dir / "conflict.parquet").write_bytes(b"PAR1 half")
    with pytest.raises(InputError, match=r"conflict\.parquet cannot be read"):
        c.read("conflict")


def test_a_published_cycle_is_read_but_neither_opened_nor_written(folder: Path) -> None:
    c = open_cycle("2026-11", "consensus", folder, company="demo")
    c.write("conflict", CONFLICTS)
    publish(folder)
    with pytest.raises(CycleError, match=r"published \(by S&OP lead\)"):
        open_cycle("2026-11", "consensus", folder)
    with pytest.raises(CycleError, match="published"):
        c.write("conflict", CONFLICTS)
    assert len(view_cycle("2026-11", folder).read("conflict")) == 2


def test_another_company_is_sent_to_a_folder_of_its_own(folder: Path) -> None:
    open_cycle("2026-11", "consensus", folder, company="demo").write("conflict", CONFLICTS)
    with pytest.raises(CycleError, match=r"belongs to company 'demo'.*--folder"):
        open_cycle("2026-11", "consensus", folder, company="other")


def test_the_previous_cycle_is_that_of_the_same_company(folder: Path) -> None:
    c = open_cycle("2026-11", "data", folder, company="demo")
    assert c.previous is None
    earlier = open_cycle("2026-10", "consensus", folder, company="demo")
    earlier.write("conflict", CONFLICTS)
    publish(folder, "2026-10")
    assert c.previous.name == "2026-10"
    assert c.previous.period == pd.Timestamp("2026-10-01")
    assert len(c.previous.read("conflict")) == 2
    with pytest.raises(CycleError, match="reader may not write"):
        c.previous.write("conflict", CONFLICTS)
    assert open_cycle("2026-11", "data", folder, company="other").previous is None


@pytest.mark.parametrize("name", ["../x", "2026-13", "2026-1", "", "2026-11/..", "2026-11\n"])
def test_a_cycle_is_a_month_and_never_a_path(folder: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="is not a month"):
        open_cycle(name, "data", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["notebooks", "params"]


def test_under_the_runner_writes_go_to_staging_and_reads_are_noted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_cycle("2026-11", "data", folder, company="demo").write("demand_history", HISTORY)
    open_cycle("2026-11", "consensus", folder).write("conflict", CONFLICTS)
    staging = folder / "staging"
    staging.mkdir()
    monkeypatch.setenv("SOPKIT_STAGING", str(staging))
    monkeypatch.setenv("SOPKIT_COMPANY", "demo")
    c = open_cycle("2026-11", "consensus", folder, interactive=False)
    assert not c.has("conflict"), "what an earlier run of the same step wrote is not seen"
    c.read("demand_history")
    c.read_optional("budget")
    c.write("conflict", CONFLICTS.iloc[:1])
    assert len(c.read("conflict")) == 1
    assert len(pd.read_parquet(c.tables_dir / "conflict.parquet")) == 2
    assert c.previous is None
    noted = (staging / "reads.jsonl").read_text().splitlines()
    assert [line.split('"')[1] for line in noted] == ["demand_history", "budget", "2026-10/"]


def test_a_notebook_by_hand_is_warned_of_tables_that_are_older(folder: Path) -> None:
    data = open_cycle("2026-11", "data", folder, company="demo")
    data.write("demand_history", HISTORY)
    demand = open_cycle("2026-11", "demand", folder)
    demand.read("demand_history")
    demand.write("segment", TABLES["segment"].empty())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_cycle("2026-11", "supply", folder)
    data.write("demand_history", HISTORY.iloc[:1])
    with pytest.warns(UserWarning, match="demand_history changed after 02_demand_review ran"):
        open_cycle("2026-11", "supply", folder)
    with pytest.warns(UserWarning, match="demand_history changed after this notebook read it"):
        demand.write("segment", TABLES["segment"].empty())


def test_the_lock_has_one_holder_and_says_who(folder: Path) -> None:
    c = open_cycle("2026-11", "consensus", folder, company="demo")
    write_manifest(c.paths, Manifest("2026-11", running={"process": "77", "since": "10:00"}))
    with (
        hold_lock(c.paths),
        pytest.raises(CycleError, match=r"another run or notebook \(process 77, since 10:00\)"),
        hold_lock(c.paths),
    ):
        raise AssertionError("two holders")


def test_the_lock_survives_no_crash_of_its_holder(folder: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from sopkit.cycle import hold_lock, to_paths\n"
        "with hold_lock(to_paths('2026-11', pathlib.Path(sys.argv[1]))):\n"
        "    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)]).returncode == 9
    with hold_lock(to_paths("2026-11", folder)):
        pass


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "manifest.json"
    write_atomic(file, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="The disk is full"):
        write_atomic(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_damaged_manifest_is_named(folder: Path) -> None:
    paths = to_paths("2026-11", folder)
    write_manifest(paths, Manifest("2026-11"))
    paths.manifest_file.write_text("{")
    with pytest.raises(CycleError, match=r"manifest\.json is damaged"):
        read_manifest(paths)


def test_the_planning_folder_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = folder / "notebooks" / "deep"
    below.mkdir()
    monkeypatch.chdir(below)
    assert find_folder() == folder
    other = folder / "other"
    other.mkdir()
    monkeypatch.setenv("SOPKIT_HOME", str(other))
    assert find_folder() == other
    assert find_folder(folder) == folder
    with pytest.raises(ParameterError, match="named by --folder"):
        find_folder(folder / "nowhere")
    monkeypatch.delenv("SOPKIT_HOME")
    monkeypatch.chdir("/")
    with pytest.raises(CycleError, match="sopkit init"):
        find_folder()


def test_cycles_are_listed_by_month(folder: Path) -> None:
    for name in ("2026-11", "2026-02"):
        write_manifest(to_paths(name, folder), Manifest(name))
    (folder / "data" / "cycles" / "2026-12").mkdir()
    assert list_cycles(folder) == ["2026-02", "2026-11"]


def test_blank_text_dates_and_numbers_come_back_blank(folder: Path) -> None:
    c = open_cycle("2026-11", "executive", folder, company="demo")
    frame = pd.read_csv(
        io.StringIO("decision,option,kind,margin_value,owner\nD1,A,shortage,5,\n"), dtype={}
    )
    c.write("decision", frame)
    back = c.read("decision").iloc[0]
    assert back["owner"] is None
    assert pd.isna(back["due_date"]) and pd.isna(back["service_rate"])
