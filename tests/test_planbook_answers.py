"""What sopkit asked for is closed by the answer, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import pandas as pd
import pytest

from sopkit.errors import InputError
from sopkit.planbook import open_planbook

CYCLE = "2026-11"
CONFLICT = {
    **{"family": "Tea", "kind": "sales_supply", "first_owner": "sales", "gap_value": -40.0},
    **{"due_date": "2026-11-26", "escalate_to": "general_manager"},
}
DECISION = {
    **{"decision": "2026-11-D1", "title": "capacity, PET1: an extra shift", "kind": "capacity"},
    **{"subject": "PET1", "option": "B", "owner": "production", "due_date": "2026-11-25"},
}
SETTLE = {
    **{"title": "Settle conflict C-2026-11-001: Tea", "owner": "sales", "asks": "settle"},
    **{"origin": "C-2026-11-001", "due_date": "2026-11-26"},
}
DECIDE = {
    **{"title": "Decide 2026-11-D1: PET1", "owner": "production", "asks": "decide"},
    **{"origin": "2026-11-D1", "due_date": "2026-11-25"},
}
PEOPLES = {"title": "Ask the crew first", "owner": "production", "origin": "2026-11-D1"}
SETTLED = {"status": "settled", "verdict": "the plan's number"}


@pytest.fixture
def book(url, tmp_path):
    """A book as a run leaves it: a conflict, a decision, a task for each; and a person's task."""
    with open_planbook(tmp_path, url, company="tiny") as opened:
        for kind, row in (
            *(("conflict", CONFLICT), ("decision", DECISION)),
            *(("task", SETTLE), ("task", DECIDE)),
        ):
            opened.add(kind, pd.DataFrame([row]), CYCLE, "sopkit")
        opened.add("task", pd.DataFrame([PEOPLES]), CYCLE, "li", reason="shift plan")
        yield opened


def change(book, kind: str, **cells: object):
    number = f"{kind[0].upper()}-2026-11-001"
    (row,) = book.read(kind).query("number == @number").to_dict("records")
    return book.change(kind, number, cells, "li", "meeting", version=row["version"])


def tasks(book) -> dict[str, str]:
    rows = book.read("task")
    return dict(zip(rows["number"], rows["status"], strict=True))


def prints(book) -> tuple[str, ...]:
    return tuple(book.fingerprint(CYCLE, step) for step in ("consensus", "executive"))


def test_a_settled_conflict_closes_the_task_to_settle_it_and_says_why(book):
    change(book, "conflict", **SETTLED)
    assert tasks(book) == {
        **{"T-2026-11-001": "done", "T-2026-11-002": "open", "T-2026-11-003": "open"}
    }
    closed = book.read("task").iloc[0]
    assert closed["closed_by"] == "sopkit"
    assert closed["closed_reason"] == "C-2026-11-001 is settled, by li: meeting"
    last = book.audit().iloc[-2:]
    assert last["number"].tolist() == ["C-2026-11-001", "T-2026-11-001"]
    assert last["at"].iloc[0] == last["at"].iloc[1]
    assert book.check_chain() == ""


def test_a_withdrawn_conflict_withdraws_its_task(book):
    book.withdraw("conflict", "C-2026-11-001", "li", "entered twice")
    assert tasks(book)["T-2026-11-001"] == "withdrawn"
    assert "C-2026-11-001 is withdrawn, by li: entered twice" in book.read("task").iloc[0].tolist()


def test_a_decision_taken_closes_the_task_to_decide_and_opens_the_one_to_carry_it_out(book):
    change(book, "decision", status="decided", option="A", owner="finance", due_date="2027-01-10")
    assert tasks(book) == {
        **{"T-2026-11-001": "open", "T-2026-11-002": "done", "T-2026-11-003": "open"},
        "T-2026-11-004": "open",
    }
    row = book.read("task").iloc[3]
    assert row[["author", "asks", "origin", "owner", "source"]].tolist() == [
        *["sopkit", "carry_out", "2026-11-D1", "finance", "D-2026-11-001"]
    ]
    assert row["title"] == "Carry out option A of 2026-11-D1: PET1"
    assert row["due_date"] == pd.Timestamp("2027-01-10")


def test_another_option_mends_the_task_and_done_closes_it(book):
    change(book, "decision", status="decided")
    change(book, "decision", option="C")
    assert book.read("task").iloc[3]["title"] == "Carry out option C of 2026-11-D1: PET1"
    change(book, "decision", status="done")
    assert tasks(book)["T-2026-11-004"] == "done"
    assert len(tasks(book)) == 4


def test_a_decision_dropped_is_answered_and_asks_for_nothing(book):
    change(book, "decision", status="dropped")
    assert tasks(book)["T-2026-11-002"] == "done"
    assert len(tasks(book)) == 3


def test_a_decision_taken_back_is_asked_for_again_under_its_number(book):
    change(book, "decision", status="decided")
    change(book, "decision", status="open")
    assert (tasks(book)["T-2026-11-002"], tasks(book)["T-2026-11-004"]) == ("open", "withdrawn")
    change(book, "decision", status="decided")
    assert (tasks(book)["T-2026-11-002"], tasks(book)["T-2026-11-004"]) == ("done", "open")
    assert book.check_chain() == ""


def test_what_a_person_called_done_is_not_opened_again(book):
    book.change("task", "T-2026-11-001", {"status": "done"}, "li", "met", version=1)
    change(book, "conflict", **SETTLED)
    change(book, "conflict", status="open")
    row = book.read("task").iloc[0]
    assert (row["status"], row["closed_by"], row["version"]) == ("done", "li", 2)


def test_a_change_that_is_refused_closes_nothing(book):
    for cells in ({"status": "settled"}, {"status": "gone"}):
        with pytest.raises(InputError):
            change(book, "conflict", **cells)
    assert set(tasks(book).values()) == {"open"}


def test_tasks_from_before_they_said_what_they_ask_are_told_by_their_origin(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as book:
        book.add("decision", pd.DataFrame([DECISION]), CYCLE, "sopkit")
        for row in (DECIDE, {"title": "Cola sells", "owner": "a", "origin": "refresh 2026-11 x"}):
            book.add("task", pd.DataFrame([row]).drop(columns="asks", errors="ignore"), CYCLE,
                     "sopkit")  # fmt: skip
        change(book, "decision", status="decided")
        assert tasks(book) == {
            **{"T-2026-11-001": "done", "T-2026-11-002": "open", "T-2026-11-003": "open"}
        }


def test_sopkit_sets_where_its_own_records_stand_and_leaves_those_of_people(book):
    person = pd.DataFrame([{**CONFLICT, "family": "Cola"}])
    book.add("conflict", person, CYCLE, "li", reason="seen")
    gone = {f"C-2026-11-00{n}": ("withdrawn", "the numbers agree") for n in (1, 2)}
    assert book.keep_own("conflict", gone) == ["C-2026-11-001"]
    assert book.keep_own("conflict", gone) == []
    assert book.read("conflict")["status"].tolist() == ["withdrawn", "open"]
    assert tasks(book)["T-2026-11-001"] == "withdrawn"
    assert book.keep_own("conflict", {"C-2026-11-001": ("open", "found again")}) == [
        "C-2026-11-001"
    ]
    assert tasks(book)["T-2026-11-001"] == "open"
    change(book, "conflict", **SETTLED)
    assert book.keep_own("conflict", gone) == []
    assert book.check_chain() == ""


def test_who_decides_late_may_still_say_so(book):
    book.keep_own("decision", {"D-2026-11-001": ("withdrawn", "nobody decided it")})
    assert tasks(book)["T-2026-11-002"] == "withdrawn"
    with pytest.raises(InputError, match="Give it another status to take it up again"):
        change(book, "decision", option="A")
    change(book, "decision", status="decided", option="A")
    row = book.read("decision").iloc[0]
    assert (row["status"], row["closed_by"]) == ("decided", None)
    assert tasks(book)["T-2026-11-004"] == "open"


def test_what_sopkit_closed_reads_as_people_left_it_and_makes_no_run_stale(book):
    before = prints(book)
    book.keep_own("conflict", {"C-2026-11-001": ("withdrawn", "the numbers agree")})
    book.keep_own("task", {"T-2026-11-002": ("done", "answered")})
    assert prints(book) == before
    (row,) = book.read("conflict", as_left=True).to_dict("records")
    assert (row["status"], row["version"], row["closed_reason"]) == ("open", 1, None)
    assert book.read("conflict").iloc[0]["version"] == 2
    book.keep_own("conflict", {"C-2026-11-001": ("open", "found again")})
    assert prints(book) == before
    change(book, "conflict", due_date="2026-11-30")
    assert book.read("conflict", as_left=True).iloc[0]["version"] == 2
    assert book.read("conflict").iloc[0]["version"] == 4
    assert prints(book) != before


def test_a_task_concerns_the_executive_review_alone(book):
    before = prints(book)
    task = pd.DataFrame([{"title": "supply: line 2", "owner": "a", "origin": "V-2026-11-001"}])
    book.add("task", task, CYCLE, "li", reason="sent back")
    assert prints(book)[0] == before[0]
    assert prints(book)[1] != before[1]


def test_escalating_to_the_same_role_and_day_is_refused_and_nothing_is_written(book):
    same = {"due_date": "2026-11-26", "escalate_to": "general_manager"}
    entries = len(book.audit())
    with pytest.raises(InputError) as told:
        change(book, "conflict", **same)
    assert str(told.value) == (
        "C-2026-11-001 goes, as sopkit opened it, to general_manager after 2026-11-26 already; "
        "nothing was changed. To escalate it, name a later day or another role: sopkit book change "
        "C-2026-11-001 --set due_date=DAY --set escalate_to=ROLE; or settle it: "
        '--set status=settled --set verdict="WHAT".'
    )
    assert len(book.audit()) == entries
    later = {**same, "due_date": "2026-11-30"}
    change(book, "conflict", **later)
    with pytest.raises(InputError, match="is escalated to general_manager after 2026-11-30 alrea"):
        change(book, "conflict", **later)
    change(book, "conflict", **later, **SETTLED)
    assert change(book, "conflict", **later).iloc[0]["version"] == 3
