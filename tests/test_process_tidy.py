"""After a run: what sopkit opened and the run finds answered or gone is closed, once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from process_case import (
    CONFLICT,
    CYCLE,
    DECISION,
    OF_STEP,
    PLAN,
    at,
    make_cycle,
    nothing_due,
    table_of,
)

from sopkit.cycle import read_manifest
from sopkit.params import Process
from sopkit.planbook import find_kind, open_planbook
from sopkit.process import list_tasks
from sopkit.process.calendar import list_due_days
from sopkit.process.gates import Gate, Reason, find_open_conflicts
from sopkit.process.judge import judge_cycle
from sopkit.process.keep import keep_records
from sopkit.process.meeting import write_agenda, write_minutes
from sopkit.process.status import describe_cycle, list_open_tasks, to_facts
from sopkit.process.tidy import judge_conflicts, judge_decisions, judge_tasks

pytestmark = pytest.mark.usefixtures(nothing_due.__name__)
COLA = CONFLICT.assign(conflict="C-2026-11-002", family="COLA")
TEA = {"family": "TEA", "kind": "sales_supply"}
CLOSED = {"status": "withdrawn", "closed_by": "sopkit"}
GATE = Gate("data", (Reason("errors", {"n": 1}),))


def records(kind: str, *rows: dict) -> pd.DataFrame:
    """Return records of a kind, sopkit's own and open where they do not say."""
    given = {"cycle": CYCLE, "author": "sopkit", "status": "open", "version": 1}
    frame = find_kind(kind).table.empty()
    told = [{**given, "number": f"N{n}", **row} for n, row in enumerate(rows, start=1)]
    return pd.DataFrame(told, columns=frame.columns) if told else frame


class TestJudging:
    def test_a_conflict_that_is_gone_is_withdrawn_and_a_person_s_is_not(self):
        found = judge_conflicts(
            records("conflict", {**TEA, "family": "A"}, {**TEA, "author": "li"}),
            CONFLICT.assign(state="agreed"),
            CYCLE,
        )
        assert found == {"N1": ("withdrawn", "the run of 2026-11 finds that the numbers agree")}

    def test_a_conflict_found_again_is_taken_up_where_sopkit_closed_it(self):
        for closed_by, expected in (("sopkit", ["N2"]), ("li", [])):
            rows = records(
                "conflict",
                {**TEA, **CLOSED, "cycle": "2026-10"},
                {**TEA, **CLOSED, "closed_by": closed_by},
            )
            found = judge_conflicts(rows, CONFLICT.assign(state="new"), CYCLE)
            assert list(found) == expected
            assert all(status == "open" for status, _ in found.values())

    def test_a_decision_asked_for_no_more_or_in_an_earlier_month_is_withdrawn(self):
        found = judge_decisions(
            records(
                "decision",
                {"decision": "2026-11-D1"},
                {"decision": "2026-11-D2"},
                {"decision": "2026-10-D1", "cycle": "2026-10"},
                {"decision": "2026-11-D3", "status": "decided"},
                {"decision": "2026-11-D4", "author": "li"},
            ),
            DECISION,
            CYCLE,
        )
        assert found == {
            "N2": ("withdrawn", "the run of 2026-11 does not ask for it any more"),
            "N3": ("withdrawn", "nobody decided it before the run of 2026-11"),
        }
        closed = records("decision", {"decision": "2026-11-D1", **CLOSED})
        assert judge_decisions(closed, DECISION, CYCLE)["N1"][0] == "open"

    def test_tasks_close_by_what_answered_them(self):
        rows = records(
            "task",
            {"asks": "gate", "origin": "data"},
            {"asks": "gate", "origin": "supply"},
            {"asks": "gate", "origin": "data", "cycle": "2026-10"},
            {"asks": "decide", "origin": "2026-11-D1"},
            {"asks": "carry_out", "origin": "2026-11-D1"},
            {"asks": "settle", "origin": "C-2026-11-001"},
            {"origin": "refresh 2026-11 below COLA"},
            {"origin": "2026-11-D1", "author": "li"},
            {"asks": "gate", "origin": "demand", "status": "done", "closed_by": "sopkit"},
            {"asks": "gate", "origin": "demand", "status": "done", "closed_by": "li"},
        )
        answers = pd.DataFrame(
            [("2026-11-D1", "D-2026-11-001", "decided"), ("C-2026-11-001", "C-2026-11-001", "x")],
            columns=["origin", "number", "status"],
        )
        asked = [("gate", "supply"), ("gate", "demand"), ("carry_out", "2026-11-D1")]
        assert judge_tasks(rows, asked, answers, CYCLE) == {
            "N1": ("done", "the gate holds in the run of 2026-11"),
            "N3": ("withdrawn", "2026-11 was run: its month is over"),
            "N4": ("done", "D-2026-11-001 is decided, found by the run of 2026-11"),
            "N6": ("withdrawn", "C-2026-11-001 is x, found by the run of 2026-11"),
            "N9": ("open", "the run of 2026-11 asks for it again"),
        }


class TestTasks:
    def tasks(self, *kept: dict, decided=()) -> dict[str, str]:
        days = list_due_days(pd.Timestamp("2026-11-01"), "CN", Process())
        found = list_tasks(
            *(DECISION, CONFLICT.assign(state="new"), [GATE], days),
            *(records("decision", *decided), records("task", *kept), CYCLE),
        )
        return dict(zip(found["task"].astype(str), found["state"], strict=True))

    def test_a_task_that_a_person_withdrew_is_not_asked_for(self):
        gone = {"origin": "2026-11-D1", "asks": "decide", "status": "withdrawn"}
        assert "T-2026-11-D1" not in self.tasks(gone)
        assert "T-2026-11-D1" in self.tasks({**gone, "author": "li"})

    def test_deciding_done_is_not_carrying_out_done(self):
        done = {"origin": "2026-11-D1", "asks": "decide", "status": "done"}
        assert self.tasks(done)["T-2026-11-D1"] == "done"
        taken = [{"decision": "2026-11-D1", "status": "decided", "option": "B"}]
        assert self.tasks(done, decided=taken)["T-2026-11-D1"] == "open"

    def test_a_gate_s_task_of_an_earlier_month_says_nothing_of_this_one(self):
        past = {"origin": "data", "asks": "gate", "status": "done", "cycle": "2026-10"}
        assert self.tasks(past)["T-data"] == "open"
        assert self.tasks({**past, "cycle": CYCLE})["T-data"] == "done"


def run(folder: Path, day: int, conflict: pd.DataFrame, decision: pd.DataFrame, gates=()) -> None:
    """Leave the tables that a run leaves, with the tasks of its executive review; keep records."""
    if (folder / "data" / "cycles").exists():
        shutil.rmtree(folder / "data" / "cycles")
    of_step = {**OF_STEP, "consensus": {"consensus_plan": PLAN, "conflict": conflict}}
    paths = make_cycle(folder, {**of_step, "executive": {"decision": decision}})
    state = judge_cycle(folder, CYCLE)
    left = state.records
    task = list_tasks(
        *(decision, conflict, gates, state.days, left["decision"], left["task"], CYCLE)
    )
    shutil.rmtree(folder / "data" / "cycles")
    make_cycle(folder, {**of_step, "executive": {"decision": decision, "task": task}})
    keep_records(paths, read_manifest(paths), now=at(day))


def statuses(folder: Path) -> dict[str, str]:
    with open_planbook(folder, company="demo") as book:
        frames = [book.read(kind) for kind in ("conflict", "decision", "task")]
    rows = pd.concat([frame[["number", "status"]] for frame in frames])
    return dict(zip(rows["number"].str.replace("2026-11-", ""), rows["status"], strict=True))


def change(folder: Path, kind: str, number: str, **cells: object) -> None:
    with open_planbook(folder, company="demo") as book:
        (row,) = book.read(kind).query("number == @number").to_dict("records")
        book.change(kind, number, cells, "li", "meeting", version=row["version"], now=at(25))


def trail(folder: Path) -> tuple[int, str, str]:
    with open_planbook(folder, company="demo") as book:
        prints = (book.fingerprint(CYCLE, step) for step in ("consensus", "executive"))
        return len(book.audit()), *prints


@pytest.fixture
def folder(tmp_path) -> Path:
    both = pd.concat([CONFLICT, COLA], ignore_index=True).assign(state="new")
    run(tmp_path, 20, both, DECISION, [GATE])
    return tmp_path


class TestRuns:
    def test_a_run_closes_what_is_gone_once_and_takes_it_up_when_it_comes_back(self, folder):
        first = {"C-001": "open", "C-002": "open", "D-001": "open", "T-001": "open"}
        first |= {"T-002": "open", "T-003": "open", "T-004": "open"}
        assert statuses(folder) == first
        entries, *fresh = trail(folder)
        run(folder, 21, CONFLICT.assign(state="new"), DECISION.iloc[:0])
        gone = statuses(folder)
        assert (gone["C-001"], gone["C-002"], gone["D-001"]) == ("open", *["withdrawn"] * 2)
        with open_planbook(folder, company="demo") as book:
            of = book.read("task").set_index("origin")["status"].to_dict()
            assert book.check_chain() == ""
        assert of == {
            **{"C-2026-11-001": "open", "C-2026-11-002": "withdrawn"},
            **{"2026-11-D1": "withdrawn", "data": "done"},
        }
        after, *prints = trail(folder)
        assert (after > entries, prints) == (True, fresh)  # a run puts no run out of date
        run(folder, 22, CONFLICT.assign(state="new"), DECISION.iloc[:0])
        assert trail(folder)[0] == after
        both = pd.concat([CONFLICT, COLA], ignore_index=True).assign(state="new")
        run(folder, 23, both, DECISION, [GATE])
        assert statuses(folder) == first

    def test_a_conflict_that_came_back_is_not_escalated_by_that(self, folder):
        run(folder, 21, COLA.assign(state="new"), DECISION)
        both = pd.concat([CONFLICT, COLA], ignore_index=True).assign(state="new")
        run(folder, 22, both, DECISION)
        records_left = judge_cycle(folder, CYCLE).records["conflict"]
        assert find_open_conflicts(both, records_left) == ["C-2026-11-001", "C-2026-11-002"]

    def test_where_no_conflict_is_left_the_last_ones_close(self, folder):
        run(folder, 21, CONFLICT.iloc[:0].assign(state="new"), DECISION)
        assert [statuses(folder)[n] for n in ("C-001", "C-002")] == ["withdrawn"] * 2
        text = "\n".join(describe_cycle(folder, CYCLE, at(22)))
        assert "Settle one" not in text and "Decide one" in text
        for write in (write_agenda, write_minutes):
            assert "C-2026-11-001" not in write(folder, CYCLE, "consensus")[0]

    def test_a_review_not_made_yet_closes_nothing(self, folder):
        shutil.rmtree(folder / "data" / "cycles")
        paths = make_cycle(folder, {**OF_STEP, "consensus": {}, "executive": {}})
        keep_records(paths, read_manifest(paths), now=at(21))
        assert set(statuses(folder).values()) == {"open"}

    def test_counts_of_status_minutes_agenda_table_and_book_agree(self, folder):
        def count() -> list[int]:
            state = judge_cycle(folder, CYCLE)
            facts, tasks = to_facts(folder, CYCLE, at(26)), list_open_tasks(state)
            minutes, _ = write_minutes(folder, CYCLE, "executive")
            agenda, _ = write_agenda(folder, CYCLE, "executive")
            numbers = tasks["number"].tolist()
            with open_planbook(folder, company="demo") as book:
                standing = book.read("task", status="open")["number"].tolist()
            assert sorted(numbers) == sorted(standing)
            said = [sum(f"{n}:" in text for n in numbers) for text in (minutes, agenda)]
            return [len(facts["tasks"]), len(standing), *said]

        both = pd.concat([CONFLICT, COLA], ignore_index=True).assign(state="new")
        run(folder, 21, both, DECISION)  # the gate holds
        assert count() == [3] * 4
        change(folder, "decision", "D-2026-11-001", status="decided")
        assert count() == [3] * 4  # carrying out takes the place of deciding
        change(folder, "conflict", "C-2026-11-001", status="settled", verdict="half way")
        assert count() == [2] * 4
        run(folder, 26, both.assign(state=["settled", "new"]), DECISION)
        assert count() == [2] * 4
        change(folder, "decision", "D-2026-11-001", status="done")
        assert count() == [1] * 4

    def test_an_answer_given_while_the_review_was_at_work_closes_the_task_it_opens(self, tmp_path):
        make_cycle(tmp_path)
        row = DECISION.iloc[[1]].assign(title="L1", status="decided").drop(
            columns=["action", "margin_value", "recommended"])  # fmt: skip
        with open_planbook(tmp_path, company="demo") as book:
            book.add("decision", row, CYCLE, "sopkit", now=at(19))
        stale = {"task": "T-2026-11-D1", "kind": "decide", "origin": "2026-11-D1", "subject": "L1"}
        stale |= {"owner": "production", "state": "open", "opened_cycle": CYCLE}
        stale |= {"due_date": pd.Timestamp("2026-11-25")}
        task = table_of("task", **{name: [cell] for name, cell in stale.items()})
        shutil.rmtree(tmp_path / "data" / "cycles")
        paths = make_cycle(tmp_path, {**OF_STEP, "executive": {"decision": DECISION, "task": task}})
        keep_records(paths, read_manifest(paths), now=at(20))
        with open_planbook(tmp_path, company="demo") as book:
            (kept,) = book.read("task").to_dict("records")
        assert kept["status"] == "done"
        assert kept["closed_reason"] == "D-2026-11-001 is decided, found by the run of 2026-11"
