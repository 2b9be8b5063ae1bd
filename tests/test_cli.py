"""The commands: words, exit codes and messages; each command's help shows an example."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from small_month import CYCLE, parameter_file, planning_folder

from sopkit import errors
from sopkit.cycle import Manifest, StepRecord, hold_lock, to_paths, write_manifest

COMMANDS = (
    *["demo", "init", "check", "run", "forecast", "solve", "status", "publish", "report", "lab"],
    *["override", "collect", "approve", "reject", "reopen", "agenda", "minutes"],
)


def call(*words: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SOPKIT_")} | variables
    return subprocess.run(
        [sys.executable, "-m", "sopkit.cli", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder or ROOT,
        env=environment | {"PYTHONUTF8": "1"},
        timeout=300,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planning_folder(tmp_path)


@pytest.fixture(scope="module")
def helps() -> str:
    """The help of every command, made in one process."""
    code = (
        "from typer.testing import CliRunner\n"
        "from sopkit.cli.commands import app\n"
        f"for name in {COMMANDS}:\n"
        "    print('##', name); print(CliRunner().invoke(app, [name, '--help']).output)\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_shows_an_example_and_the_exit_codes(helps, command):
    told = helps.split(f"## {command}\n")[1].split("##")[0]
    assert f"Example: sopkit {command}" in told
    assert "Exit codes:" in told


def test_the_exit_codes_are_those_of_the_error_tree(helps):
    told = " ".join(helps.split("## run\n")[1].split("##")[0].split())
    kinds = [k for k in vars(errors).values() if hasattr(k, "exit_code")]
    for code in sorted({kind.exit_code for kind in kinds} | {0, 130}):
        assert f" {code} " in told


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["run", "../x"], 2, "A cycle is named for its month, such as 2026-11; '../x' is not"),
        (["run", CYCLE, "--from", "sales"], 2, "No step is 'sales'"),
        (["run", CYCLE, "--params", "no.yaml"], 2, "The parameter file no.yaml is not there"),
        (["run", CYCLE, "--lang", "fr"], 2, "fr"),
        (["run"], 2, "Missing argument"),
        (["plan"], 2, "No such command"),
        (["run", CYCLE, "--folder", "nowhere"], 2, "named by --folder"),
        (["status", "2020-01"], 5, "Cycle 2020-01 was never run"),
        (["publish", CYCLE], 5, "Cycle 2026-11 was never run"),
        (["reopen", CYCLE, "--role", "x", "--reason", "y"], 5, "Cycle 2026-11 was never run"),
        (["approve", "data", "--role", "x"], 5, "No cycle was run"),
        (["approve", "data", "--role", "x", "--cycle", "../x"], 2, "'../x' is not a month"),
        (["reject", "data", "--role", "x"], 2, "Missing option '--reason'"),
        (["agenda", CYCLE, "executive"], 5, "Cycle 2026-11 was never run"),
        (["minutes", CYCLE, "sales"], 2, "No step is 'sales'"),
        (["report"], 5, "No cycle was run"),
        (["forecast", "none.csv", "--horizon", "3", "--output", "o.csv"], 1, "none.csv is not"),
        (["forecast", "a.xlsx", "--horizon", "3", "--output", "o.csv"], 2, "a.xlsx is neither"),
        (["solve", "none", "--output", "plan"], 1, "The folder none is not there"),
        (["init", "."], 2, "is not empty"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_a_wrong_word_is_told_in_one_message_and_nothing_is_written(folder, words, code, sentence):
    before = sorted(folder.rglob("*"))
    done = call(*words, folder=folder)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert sentence in done.stderr
    assert sorted(folder.rglob("*")) == before


def test_all_parameter_problems_are_told_before_the_first_cell(folder):
    parameter_file(folder, horizon_months="many", colour="red")
    done = call("run", CYCLE, folder=folder)
    assert done.returncode == 2
    assert "common.horizon_months = 'many'" in done.stderr
    assert "common.colour is not known" in done.stderr
    assert not (folder / "data").exists()


def test_a_published_cycle_is_refused(folder):
    paths = to_paths(CYCLE, folder)
    for name in ("01_data_review", "05_executive_review"):
        (folder / "notebooks" / f"{name}.ipynb").write_text("{}")
    published = {"by": "S&OP lead", "at": "2026-11-20", "tables": {"item": "0"}}
    write_manifest(paths, Manifest(CYCLE, "demo", "published", published=published))
    for words in (["run", CYCLE], ["publish", CYCLE]):
        done = call(*words, folder=folder)
        assert done.returncode == 5
        assert "is published (by S&OP lead)" in done.stderr
    told = call("status", CYCLE, folder=folder).stdout
    assert "Published by S&OP lead" in told
    assert "table item was altered since" in told


def test_a_locked_cycle_is_refused(folder):
    for name in ("01_data_review", "05_executive_review"):
        (folder / "notebooks" / f"{name}.ipynb").write_text("{}")
    with hold_lock(to_paths(CYCLE, folder)):
        done = call("run", CYCLE, folder=folder)
    assert done.returncode == 5
    assert "is being written by another run or notebook" in done.stderr


def test_status_lists_the_cycles_and_what_failed(folder):
    assert "No cycle was run" in call("status", folder=folder).stdout
    steps = {"01_data_review": StepRecord("failed", error="It broke.\nMore.", started="2026")}
    write_manifest(to_paths(CYCLE, folder), Manifest(CYCLE, "demo", steps=steps))
    assert "2026-11  demo  draft  01 failed" in call("status", folder=folder).stdout
    assert "It broke." in call("status", CYCLE, folder=folder).stdout


def test_no_planning_folder_is_told(tmp_path):
    done = call("run", CYCLE, folder=tmp_path)
    assert done.returncode == 5
    assert "sopkit init" in done.stderr


def test_a_series_file_that_is_not_fit_is_told_with_its_rows(tmp_path):
    (tmp_path / "a.csv").write_text("unique_id,ds,y\nA,2026-01-01,1\nA,2026-13-01,x\n")
    done = call("forecast", "a.csv", "--horizon", "2", "--output", "o.csv", folder=tmp_path)
    assert done.returncode == 1
    assert "ds is no date in 1 row(s); first: row 3" in done.stderr
    assert "y is no number in 1 row(s); first: row 3" in done.stderr


def test_a_forecast_is_written_for_every_series(tmp_path):
    months = [f"{2022 + m // 12}-{m % 12 + 1:02d}-01" for m in range(36)]
    rows = [
        f"{name},{month},{level}" for name, level in (("007", 10), ("B", 20)) for month in months
    ]
    (tmp_path / "a.csv").write_text("unique_id,ds,y\n" + "\n".join(rows) + "\n")
    done = call("forecast", "a.csv", "--horizon", "2", "--output", "o.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    made = [line.split(",") for line in (tmp_path / "o.csv").read_text().splitlines()]
    assert made[0] == ["unique_id", "ds", "forecast", "forecast-lo-80", "forecast-hi-80"]
    assert [row[:2] for row in made[1:]] == [
        ["007", "2025-01-01"],
        ["007", "2025-02-01"],
        ["B", "2025-01-01"],
        ["B", "2025-02-01"],
    ]
    assert [round(float(row[2])) for row in made[1:]] == [10, 10, 20, 20]


def test_init_makes_a_folder_that_reads_its_own_templates(tmp_path):
    done = call("init", "plan", "--company", "acme", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "plan"
    assert sorted(p.name for p in made.iterdir()) == [".gitignore", "data", "notebooks", "params"]
    assert sorted(p.name for p in (made / "params").rglob("*.yaml")) == [
        "acme.yaml",
        "acme.yaml",
        "acme.yaml",
        "kpi.yaml",
        "process.yaml",
    ]
    assert len(list((made / "notebooks").glob("0*.ipynb"))) >= 1
    again = call("init", "plan", folder=tmp_path)
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)
    checked = call("check", "--json", folder=made)
    told = json.loads(checked.stdout)
    assert checked.returncode == 1
    assert told["fit"] is False
    assert any("item" in problem for problem in told["errors"])


@pytest.mark.skipif(not (ROOT / "data/demo").is_dir(), reason="the demo company is not there")
def test_check_tells_what_the_demo_companys_files_give():
    done = call("check", "--params", "params/runs/demo.yaml", "--cycle", CYCLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sales_order_line" in done.stdout
    assert done.stdout.endswith("Fit to plan on.\n")


def test_a_run_with_nothing_to_do_imports_no_pandas():
    code = (
        "import sys\n"
        "from sopkit.cli.later import load_later\n"
        "load_later('pandas'); load_later('numpy')\n"
        "import sopkit.cli.commands, sopkit.run.month, sopkit.run.site, sopkit.run.state\n"
        "print([n for n in ('pandas.core', 'papermill', 'jupyter_client') if n in sys.modules])\n"
        "import pandas, sopkit.periods\n"
        "print(pandas.DataFrame().empty, sopkit.periods.pd is sys.modules['pandas'])\n"
        "from pandas.api.types import is_numeric_dtype\n"
        "print(is_numeric_dtype is pandas.api.types.is_numeric_dtype)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.splitlines() == ["[]", "True True", "True"], told.stderr
