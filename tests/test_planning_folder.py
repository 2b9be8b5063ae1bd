"""A new planning folder carries all that a month needs, and nothing that stops it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from sopkit.asking import read_scenario_file
from sopkit.params import read_kpi_file, read_process
from sopkit.planning_folder import make_folder, write_process, write_scenarios
from sopkit.scenario import read_scenarios

STEPS = ("data", "demand", "supply", "consensus", "executive")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("new") / "plan", "acme")


def uncomment(text: str) -> str:
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("# - "))
    return "\n".join(line.removeprefix("# ") for line in lines[first:])


def test_a_new_folder_holds_every_parameter_file(made):
    files = {path.relative_to(made / "params").as_posix() for path in made.rglob("*.yaml")}
    assert files == {
        "kpi.yaml",
        "process.yaml",
        "runs/acme.yaml",
        "mapping/acme.yaml",
        "scenarios/acme.yaml",
    }


def test_a_new_folder_publishes_without_signatures_until_its_users_are_named(made):
    process = read_process(made)
    assert not process.approvals
    assert [getattr(process.steps, step).due for step in STEPS] == [4, 7, 11, 14, 16]
    assert read_process(ROOT).approvals, "the demo company's month is signed"


def test_the_new_process_differs_from_the_demo_companys_in_one_word():
    demo = yaml.safe_load((ROOT / "params" / "process.yaml").read_text("utf-8"))
    new = yaml.safe_load(write_process())
    assert {name for name in demo if demo[name] != new[name]} == {"approvals"}


def test_the_bands_of_a_new_folder_are_read(made):
    assert read_kpi_file(made) == read_kpi_file(ROOT)


def test_a_new_folder_asks_no_scenario_until_a_line_is_uncommented(made):
    assert read_scenario_file(made / "params" / "scenarios" / "acme.yaml") == []


def test_the_examples_in_the_scenario_file_are_read_once_uncommented():
    content = yaml.load(uncomment(write_scenarios("acme")), Loader=yaml.BaseLoader)
    demo = read_scenario_file(ROOT / "params" / "scenarios" / "demo.yaml")
    assert read_scenarios(content) == demo
    assert {word for one in demo for block in one.blocks for word in block} >= {
        "capacity",
        "outage",
        "demand",
        "price",
    }


def test_an_installed_wheel_makes_the_same_folder(made, tmp_path):
    build = ["hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run([sys.executable, "-m", *build], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    script = "from sopkit.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", script, "init", "plan", "--company", "acme"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
    )
    texts = [
        {
            path.relative_to(folder).as_posix(): path.read_text("utf-8")
            for path in folder.rglob("*")
            if path.suffix in (".yaml", ".ipynb")
        }
        for folder in (tmp_path / "plan", made)
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 10
