"""The command `sopkit scenario`: lists, shows, solves and enters small diffs of the plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from question_case import CYCLE, fingerprint, reviewed
from typer.testing import CliRunner

from sopkit.cli.commands import app

MORE = """- name: more
  title: Ten more hours
  owner: production
  reason: crew agreed
  diff:
    - capacity: L
      from: 2026-01
      change: +10 hours
"""
WRONG = """- name: wrong
  owner: production
  reason: a try
  diff:
    - capacity: LL
      change: +1 %
"""
BOTH = """- name: both
  title: 灌装线多开十小时 / Ten more hours on the filler
  owner: 生产部 / Production
  reason: 班组已同意 / crew agreed
  diff:
    - capacity: L
      from: 2026-01
      change: +10 hours
"""
GONE = """- name: gone
  owner: production
  diff:
    - capacity: L
      from: 2025-11
      change: +1 %
"""


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    return reviewed(tmp_path_factory.mktemp("home") / "plan")


@pytest.fixture
def home(month, monkeypatch) -> Path:
    for name in ("SOPKIT_STAGING", "SOPKIT_COMPANY", "SOPKIT_PLANBOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOPKIT_HOME", str(month))
    monkeypatch.setenv("SOPKIT_USER", "Li")
    return month


def call(*words: str):
    return CliRunner().invoke(app, ["scenario", *words])


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_file_is_solved_beside_the_plan_and_nothing_is_written(home, tmp_path):
    # Sold at 100, made at 4: ten more hours serve ten more units, which earn 960.
    before = fingerprint(home)
    done = call("solve", write(tmp_path, MORE), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    (diff,) = told["diffs"]
    assert (diff["said"], diff["state"]) == ("capacity L 2026-01 +10 hours", "applied")
    gains = {row["scenario"]: round(row["gain_value"], 6) for row in told["compared"]}
    assert gains == {"base": 0, "more": 960}
    assert fingerprint(home) == before


def test_the_answer_in_words_names_what_changes_and_compares(home, tmp_path):
    done = call("solve", write(tmp_path, MORE + WRONG + GONE), "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "灌装线 工时 +10 小时 2026-01：已套用" in done.output
    assert "拒绝：没有此资源：LL（或许是 L）" in done.output
    assert "拒绝：月份全部已过（2025-11）" in done.output
    assert "+960 元" in done.output


def test_what_cannot_be_applied_is_not_entered(home, tmp_path):
    done = call("add", write(tmp_path, MORE + WRONG + GONE))
    assert done.exit_code == 1
    assert "wrong, block 1: no such resource: LL (perhaps L)" in done.output
    assert "gone, block 1: all its months have passed (2025-11)" in done.output
    assert "Nothing was entered." in done.output
    assert "No scenario stands" in call("list").output


def test_an_entered_scenario_stands_and_is_shown_as_its_file_had_it(home, tmp_path):
    done = call("add", write(tmp_path, MORE))
    assert done.exit_code == 0, done.output
    assert f"more entered as S-{CYCLE}-001 in cycle {CYCLE}." in done.output
    listed = call("list").output
    assert "more: Ten more hours" in listed
    assert "Filler hours +10 hours 2026-01: applied" in listed
    shown = call("show", "more")
    assert call("solve", write(tmp_path, shown.output), "--json").exit_code == 0
    twice = call("add", write(tmp_path, MORE))
    assert twice.exit_code == 1
    assert "stands already" in twice.output
    assert call("show", "other").exit_code == 1


def test_one_name_in_the_file_and_in_the_planbook_is_refused(home, tmp_path):
    file = home / "params" / "scenarios" / "tiny.yaml"
    file.parent.mkdir()
    file.write_text(MORE, encoding="utf-8")
    if "stands in tiny.yaml and in the planbook" not in call("list").output:
        call("add", write(tmp_path, MORE))
    done = call("list")
    file.unlink()
    assert done.exit_code == 1
    assert "Scenario more stands in tiny.yaml and in the planbook" in done.output


def test_a_file_that_is_no_list_of_scenarios_is_refused(home, tmp_path):
    done = call("solve", write(tmp_path, "- capacity: L\n  change: +1 %\n"))
    assert done.exit_code == 1
    assert "scenario 1: `name`: missing" in done.output
    assert call("solve", str(tmp_path / "none.yaml")).exit_code == 1


def test_title_owner_and_reason_in_both_languages_show_the_half_asked_for(home, tmp_path):
    done = call("add", write(tmp_path, BOTH))
    assert done.exit_code == 0, done.output
    english, chinese = call("list").output, call("list", "--lang", "zh").output
    assert "both: Ten more hours on the filler" in english
    assert "  Production: crew agreed" in english
    assert "both: 灌装线多开十小时\n" in chinese
    assert "  生产部：班组已同意" in chinese
    assert "班组已同意 / crew agreed" in call("show", "both").output
