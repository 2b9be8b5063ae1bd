"""The command `sopkit whatif`: a file of changes, the plan's answer in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from question_case import CYCLE, fingerprint, reviewed
from typer.testing import CliRunner

from sopkit.cli.commands import app

MORE = "- capacity: L\n  from: 2026-01\n  change: +10 hours\n"


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    return reviewed(tmp_path_factory.mktemp("home") / "plan")


@pytest.fixture
def home(month, monkeypatch) -> Path:
    for name in ("SOPKIT_STAGING", "SOPKIT_COMPANY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOPKIT_HOME", str(month))
    return month


def call(tmp_path: Path, text: str, *words: str):
    file = tmp_path / "changes.yaml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["whatif", str(file), *words])


def test_ten_more_hours_sell_ten_more_units(home, tmp_path):
    # Sold at 100, made at 4: the plan costs 960 less.
    before = fingerprint(home)
    done = call(tmp_path, MORE)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == f"What if, cycle {CYCLE}, 3 months solved:"
    assert lines[1] == "  capacity L 2026-01 +10 hours"
    assert "The plan costs ¥ 960 less: ¥ 2,960 instead of ¥ 3,920." in lines
    assert "On time +10 units, late 0 units, not served −10 units." in lines
    assert "The plan first changes in Jan 2026." in lines
    assert any(
        one.split() == ["Filler", "2026-01", "100.0", "110.0", "110.0", "0.0"] for one in lines
    )
    assert fingerprint(home) == before


def test_the_answer_speaks_chinese(home, tmp_path):
    done = call(tmp_path, "- 产能: L\n  从: 2026-01\n  变化: +10 小时\n", "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "计划成本降低 960 元" in done.output
    assert "灌装线" in done.output


def test_json_holds_every_row(home, tmp_path):
    done = call(tmp_path, MORE, "--json")
    told = json.loads(done.output)
    assert told["cycle"] == CYCLE
    assert told["changes"] == ["capacity L 2026-01 +10 hours"]
    assert told["gain_value"] == pytest.approx(960)
    assert told["before_value"] - told["after_value"] == pytest.approx(960)
    assert told["first_change"] == "2026-01"
    assert told["same_as_tables"] is True
    assert told["shortage"] == [
        {
            "item": "A",
            "location": "P",
            "period": "2026-01",
            "before_short_qty": 30.0,
            "before_late_qty": 0.0,
            "after_short_qty": 20.0,
            "after_late_qty": 0.0,
            "change_value": -1000.0,
        }
    ]


def test_a_change_of_nothing_that_matters_says_so(home, tmp_path):
    done = call(tmp_path, "- capacity: L\n  from: 2026-02\n  change: +10 hours\n")
    assert "The plan costs the same" in done.output
    assert "Nothing in the plan changes." not in done.output  # the hours there are did change


def test_a_file_that_is_not_fit_names_all_its_problems(home, tmp_path):
    done = call(tmp_path, "- capacity: K\n  change: 5\n- demand: teas\n  change: +1 %\n")
    assert done.exit_code == 1
    assert "changes.yaml cannot be asked" in done.output
    assert "block 1: no such resource: K" in done.output
    assert "block 1: `change`: 5; write +10 % or +10 hours" in done.output
    assert "block 2: no such family or item or customer: teas (perhaps tea)" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- capacity: [", "cannot be read as YAML"),
        ("just words", "holds no list of changes"),
        ("", "holds no list of changes"),
        ("[]", "there is no block"),
    ],
)
def test_what_is_no_file_of_changes_is_told(home, tmp_path, text, told):
    done = call(tmp_path, text)
    assert done.exit_code == 1
    assert told in done.output


def test_a_missing_file_and_a_cycle_never_run_are_told(home, tmp_path):
    done = CliRunner().invoke(app, ["whatif", str(tmp_path / "none.yaml")])
    assert (done.exit_code, "is not there" in done.output) == (1, True)
    done = call(tmp_path, MORE, "--cycle", "2025-05")
    assert (done.exit_code, "was never run" in done.output) == (5, True)


def test_a_cycle_without_a_supply_plan_is_told(tmp_path, monkeypatch):
    folder = reviewed(tmp_path / "plan", planned=False)
    monkeypatch.setenv("SOPKIT_HOME", str(folder))
    done = call(tmp_path, MORE)
    assert done.exit_code == 5
    assert f"Cycle {CYCLE} has no supply plan yet: sopkit run {CYCLE}" in done.output


def test_tables_that_no_longer_make_the_plan_are_warned_of(tmp_path, monkeypatch):
    from sopkit.cycle import open_cycle

    folder = reviewed(tmp_path / "plan")
    monkeypatch.setenv("SOPKIT_HOME", str(folder))
    opened = open_cycle(CYCLE, "data", folder, interactive=False, company="tiny")
    capacity = opened.read("capacity")
    opened.write("capacity", capacity.assign(regular_hours=capacity["regular_hours"] * 2))
    done = call(tmp_path, MORE)
    assert "Mind: made again, the plan costs" in done.output
