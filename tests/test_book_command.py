"""sopkit book: list, show, add, change, withdraw, export, import, check, clock."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from sopkit.cli.commands import app
from sopkit.cycle import Manifest, to_paths, write_manifest
from sopkit.planbook import find_book_file, open_planbook


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    for name in ("SOPKIT_PLANBOOK_URL", "SOPKIT_COMPANY", "SOPKIT_STAGING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOPKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SOPKIT_USER", "li")
    (tmp_path / "params").mkdir()
    paths = to_paths("2026-11", tmp_path)
    paths.root.mkdir(parents=True)
    write_manifest(paths, Manifest("2026-11", company="tiny"))
    return tmp_path


def book(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["book", *words])
    assert done.exit_code == code, done.output
    return done.output


TASK = ("add", "task", "--set", "title=Call the carrier", "--set", "owner=supply")


def test_a_record_goes_in_is_listed_shown_changed_and_withdrawn(home):
    assert book(*TASK, "--reason", "late") == "T-2026-11-001 is entered by li.\n"
    assert "T-2026-11-001    open      li         Call the carrier  supply" in book("list")
    told = book("change", "T-2026-11-001", "--set", "owner=sales", "--reason", "moved")
    assert told == "T-2026-11-001 owner: supply -> sales\n"
    both = ("--set", "owner=sales", "--set", "title=Call the port")
    told = book("change", "T-2026-11-001", *both, "--reason", "other")
    assert told == "T-2026-11-001 title: Call the carrier -> Call the port\n"
    book("change", "T-2026-11-001", "--set", "title=Call the carrier", "--reason", "back")
    told = book("withdraw", "T-2026-11-001", "--reason", "called", "--author", "wang")
    assert told == "T-2026-11-001 is withdrawn; its record stays.\n"
    shown = book("show", "T-2026-11-001")
    assert "closed_by        wang" in shown
    history = shown.split("history\n")[1].splitlines()
    assert [line.split(" at ")[0].strip() for line in history] == [
        "version 1, li",
        "version 2, li",
        *["version 3, li", "version 4, li", "version 5, wang"],
    ]
    assert "owner from 'supply' to 'sales' (moved)" in history[1]
    assert book("check") == "The audit trail is whole; every record is as it says.\n"
    with open_planbook(home, company="tiny") as kept:
        assert kept.read("task")["source"].tolist() == ["sopkit book"]


def test_an_answer_tells_which_tasks_it_closed(home):
    conflict = {"kind": "sales_supply", "family": "Tea", "first_owner": "sales"}
    conflict |= {"due_date": "2026-11-26", "escalate_to": "general_manager"}
    task = {"title": "Settle conflict C-2026-11-001: Tea", "owner": "sales", "asks": "settle"}
    with open_planbook(home, company="tiny") as kept:
        kept.add("conflict", pd.DataFrame([conflict]), "2026-11", "sopkit")
        kept.add("task", pd.DataFrame([{**task, "origin": "C-2026-11-001"}]), "2026-11", "sopkit")
    words = ("change", "C-2026-11-001", "--reason", "met", "--set")
    told = book(*words, "due_date=2026-11-26", "--set", "escalate_to=general_manager", code=1)
    assert "goes, as sopkit opened it, to general_manager after 2026-11-26 already" in told
    told = book(*words, "status=settled", "--set", "verdict=half")
    assert told.splitlines()[-1] == "T-2026-11-001 is done: Settle conflict C-2026-11-001: Tea"
    assert book("list", "--kind", "task", "--status", "open") == "No record stands there.\n"
    told = book(*words, "status=open")
    assert told.splitlines()[-1] == "T-2026-11-001 is open: Settle conflict C-2026-11-001: Tea"
    told = book("withdraw", "C-2026-11-001", "--reason", "twice")
    assert "T-2026-11-001 is withdrawn: Settle" in told


def test_a_yaml_file_of_records_goes_in_whole_or_not_at_all(home):
    path = home / "scenarios.yaml"
    path.write_text(
        "- name: line2\n  title: 二号线提速\n  owner: supply\n  reason: new crew\n  diff:\n"
        "    - capacity: LINE2\n      from: 2027-05\n      change: +10 %\n"
        "- name: out\n  title: Supplier out\n  owner: buying\n  reason: strike\n  diff: |\n"
        "    outage: SUP1\n",
        "utf-8",
    )
    told = book("add", "scenario", "--file", str(path), "--cycle", "2026-12")
    assert told == "S-2026-12-001 is entered by li.\nS-2026-12-002 is entered by li.\n"
    listed = json.loads(book("list", "--kind", "scenario", "--cycle", "2026-12", "--json"))
    assert [row["diff"] for row in listed] == [
        "- capacity: LINE2\n  from: 2027-05\n  change: +10 %",
        "outage: SUP1",
    ]
    assert listed[0]["source"] == "scenarios.yaml"
    told = book("add", "scenario", "--file", str(path), "--cycle", "2026-12", code=1)
    assert "row 1, name: line2 stands already, as S-2026-12-001" in told
    assert "row 2, name: out stands already" in told


def test_lists_are_narrowed_by_kind_cycle_and_status(home):
    book(*TASK, "--reason", "late")
    book(*TASK, "--reason", "late", "--cycle", "2026-12")
    book("change", "T-2026-12-001", "--set", "status=done", "--reason", "called")
    assert book("list", "--kind", "task", "--status", "done").startswith("T-2026-12-001")
    assert book("list", "--cycle", "2026-11").startswith("T-2026-11-001")
    assert book("list", "--kind", "decision") == "No record stands there.\n"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "decision", "--set", "title=x", "--reason", "r"), 1, "owner: not blank"),
        (("add", "idea", "--set", "title=x"), 1, "No kind of record is 'idea'"),
        (("add", "task"), 2, "Give --file FILE, or --set"),
        (("add", "task", "--set", "title"), 2, "write NAME=VALUE"),
        (("add", "task", "--file", "nowhere.yaml"), 1, "nowhere.yaml cannot be read"),
        ((*TASK, "--set", "colour=red", "--reason", "r"), 1, "colour is no column of a task"),
        (TASK, 1, "row 1, reason: not blank; say why"),
        (("show", "T-2026-11-009"), 1, "No task of tiny has the number T-2026-11-009"),
        (("withdraw", "X-9", "--reason", "r"), 1, "No record has the number X-9"),
        (("withdraw", "T-2026-11-001", "--reason", " "), 1, "the reason is blank"),
        (("withdraw", "T-2026-11-001"), 2, "Missing option '--reason'"),
        (("change", "T-2026-11-001", "--reason", "r"), 2, "Say what changes: --set"),
        (("list", "--kind", "ideas"), 1, "No kind of record is 'ideas'"),
    ],
)
def test_a_wrong_word_is_one_message(home, words, code, says):
    book(*TASK, "--reason", "late")
    assert says in book(*words, code=code)


def test_a_version_read_before_somebody_changed_it_is_refused(home):
    book(*TASK, "--reason", "late")
    book("change", "T-2026-11-001", "--set", "owner=sales", "--reason", "moved")
    words = ("change", "T-2026-11-001", "--set", "owner=hr", "--reason", "r", "--version", "1")
    assert "you read version 1, now it is 2" in book(*words, code=1)
    book(*words[:-1], "2")


def test_overrides_are_listed_shown_and_withdrawn_too(home):
    import pandas as pd

    day = pd.Timestamp("2026-12-01")
    row = {"item": "A", "start_period": day, "end_period": day, "method": "delta", "amount": 5.0}
    with open_planbook(home, company="tiny") as kept:
        frame = pd.DataFrame([{**row, "reason_code": "other", "owner": "North"}])
        kept.add_overrides(frame, "2026-11", "li")
    assert "O-2026-11-001    active    li         A" in book("list", "--kind", "override")
    assert "amount           5" in book("show", "O-2026-11-001")
    words = ("change", "O-2026-11-001", "--set", "amount=6", "--reason", "r")
    assert "sopkit override" in book(*words, code=2)
    book("withdraw", "O-2026-11-001", "--reason", "off")
    assert "withdrawn" in book("list")


def test_a_book_goes_out_and_into_an_empty_folder(home, tmp_path, monkeypatch):
    book(*TASK, "--reason", "late")
    out = home / "out.json"
    assert book("export", str(out)) == f"The planbook is written to {out}.\n"
    assert "holds 1 rows of record already" in book("import", str(out), code=5)
    other = tmp_path / "other"
    (other / "params").mkdir(parents=True)
    monkeypatch.setenv("SOPKIT_HOME", str(other))
    assert book("import", str(out)) == "Imported: 0 override, 0 stream_entry, 1 record, 1 audit\n"
    assert "T-2026-11-001    open      li         Call the carrier" in book("list")
    assert "title            Call the carrier" in book("show", "T-2026-11-001")
    with open_planbook(other, company="tiny") as kept:
        kept.export_json(home / "again.json")
    assert (home / "again.json").read_bytes() == out.read_bytes()


def test_a_book_of_several_companies_asks_which_one_is_meant(tmp_path, home, monkeypatch):
    shared = tmp_path / "shared"
    (shared / "params").mkdir(parents=True)
    monkeypatch.setenv("SOPKIT_HOME", str(shared))
    for company in ("tiny", "mini"):
        monkeypatch.setenv("SOPKIT_COMPANY", company)
        book(*TASK, "--reason", "late", "--cycle", "2026-11")
    monkeypatch.delenv("SOPKIT_COMPANY")
    told = " ".join(book("list", code=2).split())
    assert "holds records of mini, tiny: name one with SOPKIT_COMPANY" in told
    monkeypatch.setenv("SOPKIT_COMPANY", "mini")
    assert "T-2026-11-001" in book("list")


def test_the_first_record_of_a_folder_is_its_company_s(tmp_path, home, monkeypatch):
    first = tmp_path / "first"
    (first / "params" / "runs").mkdir(parents=True)
    (first / "params" / "runs" / "tiny.yaml").write_text("common: {}\n", encoding="utf-8")
    monkeypatch.setenv("SOPKIT_HOME", str(first))
    book(*TASK, "--reason", "late", "--cycle", "2026-11")
    with open_planbook(first, company="tiny") as kept:
        assert kept.read("task")["company"].tolist() == ["tiny"]


def test_a_check_names_what_was_altered(home):
    book(*TASK, "--reason", "late")
    engine = sa.create_engine(f"sqlite:///{find_book_file(home)}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE record SET author = 'wang'"))
    engine.dispose()
    told = book("check", code=1)
    assert "the task T-2026-11-001 was altered behind the audit trail: author is 'wang'" in told


def test_without_a_book_reading_commands_say_so_and_make_none(home):
    assert book("list") == "No record stands there.\n"
    assert book("check") == "There is no planbook yet.\n"
    for words in (("show", "T-1"), ("export", "x.json"), ("withdraw", "T-1", "--reason", "r")):
        assert "There is no planbook in" in book(*words, code=5)
    assert not find_book_file(home).exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("add", "Required, unless every record of --file has a reason"),
        ("change", "Why. [required]"),
        ("withdraw", "Why. [required]"),
        ("clock", "Why. [required]"),
    ],
)
def test_help_says_that_a_reason_is_required(command, told):
    shown = " ".join(book(command, "--help").split())
    assert told in shown


def test_the_clock_is_accepted_with_a_reason(home):
    book(*TASK, "--reason", "late")
    assert "the reason is blank" in book("clock", "--reason", "", code=1)
    assert "Missing option '--reason'" in book("clock", code=2)
    assert book("clock", "--reason", "a year ahead") == "The clock is taken as right from now on.\n"
