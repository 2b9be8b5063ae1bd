"""The command `sopkit assess`: a sales target, the verdict in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from question_case import CYCLE, fingerprint, reviewed
from typer.testing import CliRunner

from sopkit.cli.commands import app

TARGET = "- target: tea\n  from: 2026-03\n  change: +100 %\n"


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
    file = tmp_path / "target.yaml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["assess", str(file), *words])


def test_a_target_is_served_as_far_as_the_hours_go(home, tmp_path):
    # 90 more in March: 10 hours are left in March and 60 in February, 20 stay unserved.
    before = fingerprint(home)
    done = call(tmp_path, TARGET)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[:2] == [f"Sales target, cycle {CYCLE}:", "  demand tea 2026-03 +100 %"]
    assert "Partly feasible: 77.8 % of the extra demand is served, 77.8 % in its month." in lines, (
        done.output
    )
    assert "Decide by 1 Feb 2026, or this plan is out of reach." in lines
    assert "Left unserved, at net price: ¥ 2,000." in lines
    assert any("Hours of Filler run out" in one for one in lines)
    assert any(one.split()[:3] == ["extra", "shift", "Filler"] for one in lines)
    assert fingerprint(home) == before


def test_the_verdict_speaks_chinese(home, tmp_path):
    done = call(tmp_path, "- 目标: tea\n  从: 2026-03\n  变化: +100 %\n", "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "部分可行：新增需求的 77.8% 可以满足" in done.output
    assert "最迟 2026 年 2 月 1 日" in done.output


def test_json_holds_every_row(home, tmp_path):
    told = json.loads(call(tmp_path, TARGET, "--json").output)
    assert told["verdict"] == "partly"
    assert told["served_rate"] == pytest.approx(70 / 90)
    assert told["decide_date"] == "2026-02-01"
    assert told["lost_value"] == pytest.approx(2000)
    assert [row["period"] for row in told["months"]] == ["2026-03"]
    assert told["breaks"][0]["cause_code"] == "L"
    assert told["reliefs"][0]["relief"] == "extra_shift"
    assert told["same_as_tables"] is True


def test_a_target_that_fits_is_feasible(home, tmp_path):
    told = call(tmp_path, "- target: all\n  from: 2026-02\n  change: +10 units\n")
    assert "Feasible: all of it can be served." in told.output
    assert "Nothing breaks." in told.output


def test_a_change_of_supply_is_no_target(home, tmp_path):
    done = call(tmp_path, "- capacity: L\n  change: +10 %\n")
    assert done.exit_code == 1
    assert "holds no sales target: capacity L" in done.output
    assert "sopkit whatif" in done.output


def test_unknown_families_are_named_with_the_nearest(home, tmp_path):
    done = call(tmp_path, "- target: teas\n  change: +10 %\n")
    assert done.exit_code == 1
    assert "no such family or item or customer: teas (perhaps tea)" in done.output
