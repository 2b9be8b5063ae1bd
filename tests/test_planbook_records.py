"""Records of every kind in the planbook, the same on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest
from builders import table
from conftest import ROOT

from sopkit.errors import InputError
from sopkit.planbook import (
    KINDS,
    find_book_file,
    find_kind_of,
    fingerprint_planbook,
    open_planbook,
    read_records,
)
from sopkit.planbook.kinds import COMMON_NAMES

ONE = {
    "assumption": {"title": "no strike", "owner": "supply", "first_period": "2026-12"},
    "scenario": {"name": "line2", "title": "Line 2", "owner": "supply", "diff": "capacity: LINE2"},
    "conflict": {"kind": "sales_supply", "family": "Tea", "first_owner": "a", "gap_value": 1e5},
    "decision": {"title": "Overtime in May", "owner": "supply", "expected_value": 2.5e5},
    "action": {
        **{"title": "Price", "owner": "sales", "fiscal_year": 2026},
        **{"chance_rate": 0.5, "closure_value": 1e6},
    },
    "task": {"title": "Call the carrier", "owner": "supply", "due_date": "2026-11-20"},
    "approval": {"step": "demand", "role": "sales_head", "verdict": "approve", "plan_version": 1},
    "publication": {"tables": '{"approved_plan": "ab"}', "manifest_hash": "cd", "plan_version": 1},
    "kpi": {"kpi": "wape", "level": "total", "lag": 2, "period": "2026-10", "unit": "rate", "n": 9},
}


@pytest.fixture
def book(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as opened:
        yield opened


def rows(kind: str, *, times: int = 1, **cells: object) -> pd.DataFrame:
    return pd.DataFrame([{**ONE[kind], **cells}] * times, dtype=object)


def add(book, kind: str, author: str = "li", cycle: str = "2026-11", **cells: object):
    return book.add(kind, rows(kind, **cells), cycle, author, reason="agreed").iloc[0]


def test_one_record_of_every_kind_is_read_back_under_its_letter(book):
    for kind in KINDS:
        kept = book.add(kind, rows(kind), "2026-11", "li", reason="agreed", source="a.yaml")
        read = book.read(kind)
        pd.testing.assert_frame_equal(read, kept)
        assert list(read.columns) == [*COMMON_NAMES, *KINDS[kind].column_names]
        first = read.iloc[0]
        assert first["number"] == f"{KINDS[kind].letter}-2026-11-001"
        assert first[["company", "author", "reason", "source", "version"]].tolist() == [
            "tiny", "li", "agreed", "a.yaml", 1,
        ]  # fmt: skip
        assert first["status"] == KINDS[kind].statuses[0]
        assert find_kind_of(first["number"]) is KINDS[kind]
    assert book.check_chain() == ""


def test_cells_come_back_as_what_their_column_is(book):
    kept = add(book, "task")
    assert kept["due_date"] == pd.Timestamp("2026-11-20")
    kept = add(book, "kpi")
    assert kept[["lag", "n", "period"]].tolist() == [2, 9, pd.Timestamp("2026-10-01")]
    assert pd.isna(kept["kpi_number"])
    frame = table("step role verdict plan_version", "demand head reject 2")
    assert book.add("approval", frame, "2026-11", "li", reason="too low")["plan_version"][0] == 2


def test_an_action_without_fiscal_year_is_refused_as_no_bridge_has_a_place_for_it(book):
    with pytest.raises(InputError, match="fiscal_year: not blank"):
        add(book, "action", fiscal_year=None)


def test_every_problem_of_a_frame_is_named_by_row_and_column(book):
    bad = pd.DataFrame(
        [
            {
                "title": "a",
                "owner": "x",
                "cost_value": "many",
                "due_date": "soon",
                "fiscal_year": 2026,
            },
            {"title": None, "owner": " ", "chance_rate": 80, "fiscal_year": 26.5},
            {"title": "b", "owner": "y", "status": "begun", "reason": "own", "fiscal_year": 2026},
        ],
        index=["r5", "r6", "r7"],
    ).assign(amount=1)
    with pytest.raises(InputError) as error:
        book.add("action", bad, "2026-11", "")
    told = [line.strip(" *") for line in str(error.value).splitlines()]
    known = ", ".join([*KINDS["action"].column_names, "reason", "status"])
    assert told == [
        "The action records are not fit to be entered",
        "the author is blank: say who enters them",
        f"amount is no column of an action; there are {known}",
        "row r5, cost_value: a number; there stands many",
        "row r5, due_date: a day such as 2026-11-20; there stands soon",
        "row r5, reason: not blank; say why it is entered",
        "row r6, fiscal_year: a whole number; there stands 26.5",
        "row r6, title: not blank",
        "row r6, owner: not blank",
        "row r6, chance_rate: at most 1; there stands 80",
        "row r6, fiscal_year: not blank",
        "row r6, reason: not blank; say why it is entered",
        "row r7, status: one of open, done, dropped, withdrawn; there stands begun",
        "Nothing was entered.",
    ]
    assert book.read("action").empty


@pytest.mark.parametrize(
    ("kind", "cells", "says"),
    [
        ("decision", {"owner": None, "status": "decided"}, "owner: not blank in a decision that"),
        ("decision", {"owner": None}, "row 0, owner: not blank"),
        ("conflict", {"first_owner": None}, "row 0, first_owner: not blank, or second_owner"),
        ("conflict", {"status": "settled"}, "verdict: not blank in a conflict that is settled"),
        ("task", {"owner": None}, "row 0, owner: not blank"),
        ("approval", {"verdict": "maybe"}, "verdict: one of approve, reject; there stands maybe"),
        ("assumption", {"last_period": "2026-11"}, "last_period: not before the first month"),
        ("assumption", {"last_period": "2027-01-15"}, "last_period: first day of a month"),
        ("kpi", {"n": -1}, "n: at least 0; there stands -1"),
    ],
)
def test_a_record_says_what_it_lacks(book, kind, cells, says):
    with pytest.raises(InputError, match=says):
        add(book, kind, **cells)
    assert book.read(kind).empty


def test_what_sopkit_opens_needs_no_reason_and_a_decision_no_owner_yet(book):
    kept = book.add("decision", rows("decision", owner=None), "2026-11", "sopkit")
    assert kept["owner"].tolist() == [None]
    with pytest.raises(InputError, match="owner: not blank in a decision that is decided"):
        change = {"status": "decided"}
        book.change("decision", "D-2026-11-001", change, "li", "yes", version=1)
    with pytest.raises(InputError, match="row 0, owner: not blank"):
        book.add("task", rows("task", owner=None), "2026-11", "sopkit")


def test_two_scenarios_of_a_cycle_do_not_share_a_name(book):
    add(book, "scenario")
    with pytest.raises(InputError, match="name: line2 stands already, as S-2026-11-001"):
        add(book, "scenario")
    with pytest.raises(InputError, match="row 1, name: up stands already, as row 0"):
        book.add("scenario", rows("scenario", name="up", times=2), "2026-11", "li", reason="r")
    book.withdraw("scenario", "S-2026-11-001", "li", "no longer")
    assert add(book, "scenario")["number"] == "S-2026-11-002"
    assert add(book, "scenario", cycle="2026-12")["number"] == "S-2026-12-001"


def test_numbers_go_on_past_a_thousand(book):
    many = rows("task", times=1001)
    assert (
        book.add("task", many, "2026-11", "li", reason="r")["number"].iloc[-1] == "T-2026-11-1001"
    )
    assert add(book, "task")["number"] == "T-2026-11-1002"
    assert book.read("task")["number"].iloc[-1] == "T-2026-11-1002"


def test_a_change_keeps_what_stood_there_in_the_trail(book):
    add(book, "task")
    kept = book.change("task", "T-2026-11-001", {"owner": "sales"}, "wang", "moved", version=1)
    assert kept[["owner", "version", "status"]].iloc[0].tolist() == ["sales", 2, "open"]
    done = book.change("task", "T-2026-11-001", {"status": "done"}, "li", "called", version=2)
    assert done[["closed_by", "closed_reason"]].iloc[0].tolist() == ["li", "called"]
    again = book.change("task", "T-2026-11-001", {"status": "open"}, "li", "no answer", version=3)
    assert again["closed_by"].tolist() == [None]
    trail = book.audit("task", "T-2026-11-001")
    assert trail["action"].tolist() == ["add", "change", "change", "change"]
    assert trail["reason"].tolist() == ["agreed", "moved", "called", "no answer"]
    assert trail["version"].tolist() == [1, 2, 3, 4]


def test_a_change_that_changes_nothing_is_no_version(book):
    add(book, "task")
    kept = book.change("task", "T-2026-11-001", {"owner": "supply"}, "li", "same", version=1)
    assert kept["version"].tolist() == [1]
    assert len(book.audit()) == 1


def test_a_stale_version_is_refused_and_says_who_changed_what(book):
    add(book, "decision")
    change = {"option": "B", "status": "decided"}
    book.change("decision", "D-2026-11-001", change, "wang", "cheaper", version=1)
    with pytest.raises(InputError) as error:
        book.change("decision", "D-2026-11-001", {"option": "A"}, "li", "first", version=1)
    told = str(error.value)
    assert "you read version 1, now it is 2. wang at" in told
    assert "option from None to 'B'" in told
    assert "status from 'open' to 'decided'" in told
    assert "(cheaper). Read it again" in told
    with pytest.raises(InputError, match="changed meanwhile"):
        book.withdraw("decision", "D-2026-11-001", "li", "off", version=1)
    assert book.read("decision")["option"].tolist() == ["B"]


@pytest.mark.parametrize(
    ("number", "changes", "author", "reason", "says"),
    [
        (
            "T-2026-11-009",
            {"owner": "x"},
            "li",
            "r",
            "No task of tiny has the number T-2026-11-009",
        ),
        ("T-2026-11-001", {"number": "x"}, "li", "r", "number cannot be changed; title, owner"),
        ("T-2026-11-001", {"ownr": "x"}, "li", "r", "ownr cannot be changed"),
        ("T-2026-11-001", {"owner": ""}, "li", "r", "owner: not blank"),
        ("T-2026-11-001", {"owner": "x"}, "li", " ", "the reason is blank"),
        ("T-2026-11-001", {"owner": "x"}, " ", "r", "the author is blank"),
        ("T-2026-11-001", {"status": "settled"}, "li", "r", "status: one of open, done"),
    ],
)
def test_a_bad_change_changes_nothing(book, number, changes, author, reason, says):
    add(book, "task")
    with pytest.raises(InputError, match=says):
        book.change("task", number, changes, author, reason, version=1)
    assert book.read("task")[["owner", "version"]].iloc[0].tolist() == ["supply", 1]
    assert len(book.audit()) == 1


def test_a_withdrawn_record_stays_and_is_withdrawn_once(book):
    add(book, "assumption")
    book.withdraw("assumption", "A-2026-11-001", "wang", "strike came")
    kept = book.read("assumption", status="withdrawn").iloc[0]
    assert kept[["closed_by", "closed_reason", "version"]].tolist() == ["wang", "strike came", 2]
    with pytest.raises(InputError, match=r"withdrawn already, by wang at .*: strike came"):
        book.withdraw("assumption", "A-2026-11-001", "li", "again")
    with pytest.raises(InputError, match="withdrawn already"):
        book.change("assumption", "A-2026-11-001", {"owner": "x"}, "li", "r", version=2)
    assert book.audit()["action"].tolist() == ["add", "withdraw"]


def test_what_is_never_withdrawn_says_so(book):
    add(book, "publication")
    with pytest.raises(InputError, match="A publication is not withdrawn; it may be sealed, reop"):
        book.withdraw("publication", "P-2026-11-001", "li", "wrong")
    kept = book.change(
        "publication", "P-2026-11-001", {"status": "reopened"}, "li", "late orders", version=1
    )
    assert kept["closed_reason"].tolist() == ["late orders"]


def test_an_unknown_kind_and_letter_are_told_with_those_there_are(book):
    with pytest.raises(InputError, match="No kind of record is 'tasks'; there are assumption, sc"):
        book.read("tasks")
    with pytest.raises(InputError, match="No kind of record is 'idea'"):
        book.add("idea", pd.DataFrame({"title": ["a"]}), "2026-11", "li")
    with pytest.raises(InputError, match="begins with none of A assumption, S scenario"):
        find_kind_of("X-1")


def test_records_are_read_by_cycle_with_and_without_the_past(book):
    for cycle in ("2026-10", "2026-11", "2026-12"):
        add(book, "task", cycle=cycle)
    assert book.read("task", "2026-11")["cycle"].tolist() == ["2026-11"]
    assert book.read("task", "2026-11", past=True)["cycle"].tolist() == ["2026-10", "2026-11"]
    assert len(book.read("task")) == 3


def test_companies_do_not_see_each_others_records(book, url, tmp_path):
    add(book, "task")
    with open_planbook(tmp_path, url, company="other") as other:
        assert other.read("task").empty
        assert other.audit().empty
        assert add(other, "task")["number"] == "T-2026-11-001"
        assert other.audit()["seq"].tolist() == [1]
        assert other.check_chain() == ""


def test_no_rows_are_entered_as_no_rows(book):
    kept = book.add("task", rows("task").iloc[:0], "2026-11", "li")
    assert kept.empty and list(kept.columns) == list(book.read("task").columns)
    assert book.audit().empty


def test_without_a_book_there_are_no_records_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.delenv("SOPKIT_PLANBOOK_URL", raising=False)
    empty = read_records(tmp_path, "task", "2026-11", company="tiny")
    assert empty.empty
    assert list(empty.columns) == [*COMMON_NAMES, *KINDS["task"].column_names]
    assert not (tmp_path / "data").exists()
    with open_planbook(tmp_path, company="tiny") as book:
        add(book, "task", cycle="2026-10")
        add(book, "task")
    assert find_book_file(tmp_path).exists()
    assert len(read_records(tmp_path, "task", "2026-11", company="tiny")) == 2
    assert len(read_records(tmp_path, "task", "2026-11", company="tiny", past=False)) == 1


def prints(book, cycle: str = "2026-11") -> tuple[str, ...]:
    return tuple(book.fingerprint(cycle, step) for step in ("demand", "consensus", "executive"))


def test_a_run_does_not_make_itself_out_of_date(book):
    for kind in ("conflict", "decision", "task", "kpi"):
        book.add(kind, rows(kind), "2026-11", "sopkit")
    assert prints(book) == ("", "", "")


def test_what_people_touch_counts_and_what_sopkit_opened_counts_a_cycle_later(book):
    book.add("decision", rows("decision"), "2026-11", "sopkit")
    change = {"status": "decided", "option": "A"}
    book.change("decision", "D-2026-11-001", change, "li", "yes", version=1)
    demand, one, executive = prints(book)
    assert demand == "" and one and executive
    book.add("task", rows("task"), "2026-11", "sopkit")
    assert prints(book) == ("", one, executive)
    later = prints(book, "2026-12")
    assert (later[1], later[2] != executive) == (one, True)
    book.add("kpi", rows("kpi"), "2026-11", "sopkit")
    assert prints(book, "2026-12")[1] == later[1]
    assert prints(book, "2026-12")[2] != later[2]
    assert prints(book, "2026-10") == ("", "", "")


def test_the_fingerprint_of_records_knows_no_clock_no_author_and_no_approval(book, url, tmp_path):
    add(book, "assumption")
    before = prints(book)
    add(book, "approval")
    add(book, "publication")
    assert prints(book) == before
    with open_planbook(tmp_path, url, company="other") as other:
        add(other, "assumption", author="wang")
        assert prints(other) == before
    told = fingerprint_planbook(tmp_path, "2026-11", step="consensus", company="tiny", url=url)
    assert told == before[1]
    book.withdraw("assumption", "A-2026-11-001", "li", "no")
    assert prints(book)[1] != before[1]


WRITERS = ROOT / "tests/benchmarks/planbook_writers.py"


def test_five_writers_of_the_same_records_lose_no_edit(url):
    done = subprocess.run(
        [sys.executable, str(WRITERS), "--writers", "5", "--edits", "12", "--url", url],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 writers x 12 edits: lost 0," in done.stdout
    assert "audit trail whole" in done.stdout
