"""Signing, publishing and reopening a cycle; records, status, agenda and minutes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from process_case import (
    CYCLE,
    OF_STEP,
    PLAN,
    at,
    make_cycle,
    nothing_due,
    table_of,
    tiny_parameters,
)

import sopkit.process.publish as publishing
from sopkit.cycle import CyclePaths, Manifest, hold_lock, read_manifest, write_manifest
from sopkit.cycle import write_parquet as really_write
from sopkit.errors import CycleError, ParameterError
from sopkit.params.process import STEPS
from sopkit.planbook import find_book_file, open_planbook, read_records
from sopkit.process.judge import judge_cycle
from sopkit.process.keep import keep_records
from sopkit.process.meeting import write_agenda, write_minutes
from sopkit.process.publish import publish_cycle
from sopkit.process.reopen import list_altered, reopen_cycle
from sopkit.process.sign import approve_step, reject_step
from sopkit.process.status import describe_cycle, to_facts
from sopkit.tables import TABLES

SIGNERS = {
    "data": ("sop.lead", "sop_lead"),
    "demand": ("sales.head", "sales_owner"),
    "supply": ("production.head", "production"),
    "consensus": ("sop.lead", "sop_lead"),
    "executive": ("general.manager", "general_manager"),
}
pytestmark = pytest.mark.usefixtures(nothing_due.__name__)


@pytest.fixture(scope="module")
def _opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cycle with its records in the book, made once and copied for each test."""
    paths = make_cycle(tmp_path_factory.mktemp("process"))
    keep_records(paths, read_manifest(paths), now=at(20))
    return paths.folder


@pytest.fixture
def paths(_opened: Path, tmp_path: Path) -> CyclePaths:
    shutil.copytree(_opened, tmp_path / "plan")
    return CyclePaths(tmp_path / "plan", CYCLE)


@pytest.fixture
def solo(tmp_path: Path) -> CyclePaths:
    """The same cycle in a folder without params/process.yaml."""
    return make_cycle(tmp_path, process=False)


def to_columns(row: dict) -> dict:
    return {name: [cell] for name, cell in row.items()}


def approve(paths: CyclePaths, step: str, **options) -> str:
    user, role = SIGNERS[step]
    return approve_step(paths.folder, CYCLE, step, user, role, **{"now": at(28), **options})


def answer(paths: CyclePaths) -> None:
    """Settle the conflict and take the decision."""
    with open_planbook(paths.folder, company="demo") as book:
        told = {"status": "settled", "verdict": "plan 80", "option": "B"}
        book.change(
            "conflict", "C-2026-11-001", told, "sales.head", "half way", version=1, now=at(21)
        )
        told = {"status": "decided", "option": "B", "owner": "production"}
        book.change(
            "decision", "D-2026-11-001", told, "general.manager", "pays off", version=1, now=at(21)
        )


def sign_all(paths: CyclePaths, steps=STEPS) -> None:
    for step in steps:
        approve(paths, step)


def publish(paths: CyclePaths, now: datetime = at(30, 12)) -> Manifest:  # noqa: B008
    return publish_cycle(paths, tiny_parameters(paths), "sop_lead", now=now)


class TestRecords:
    def test_a_run_enters_what_it_found_once_and_as_its_own(self, paths):
        with open_planbook(paths.folder, company="demo") as book:
            for kind, number in (("conflict", "C-2026-11-001"), ("decision", "D-2026-11-001")):
                (record,) = book.read(kind, CYCLE).to_dict("records")
                assert (record["number"], record["author"]) == (number, "sopkit")
                assert (record["status"], record["version"]) == ("open", 1)
            assert book.fingerprint(CYCLE, "consensus") == ""
            assert book.fingerprint(CYCLE, "executive") == ""
        assert set(keep_records(paths, read_manifest(paths)).values()) == {0}

    def test_a_proposal_is_recorded_with_what_it_is_expected_to_bring(self, paths):
        (record,) = read_records(paths.folder, "decision", CYCLE, company="demo").to_dict("records")
        assert (record["option"], record["expected_value"]) == ("B", 12_000)

    def test_titles_in_the_book_have_names_for_codes(self, tmp_path):
        told = {"field": "resource", "code": "L1", "lang": "en", "label": "Can line"}
        task = {"task": "T-2026-11-D1", "kind": "decide", "origin": "2026-11-D1", "subject": "L1"}
        task |= {"owner": "production", "due_date": pd.Timestamp("2026-11-25"), "state": "open"}
        task |= {"opened_cycle": CYCLE}
        tables = {
            **OF_STEP,
            "data": {"label": pd.DataFrame([told])},
            "executive": {**OF_STEP["executive"], "task": table_of("task", **to_columns(task))},
        }
        paths = make_cycle(tmp_path, tables)
        keep_records(paths, read_manifest(paths), now=at(20))
        with open_planbook(tmp_path, company="demo") as book:
            assert book.read("task")["title"].tolist() == ["Decide 2026-11-D1: Can line"]
            titles = book.read("decision")["title"].tolist()
        assert titles == ["bottleneck, Can line: an extra shift"]

    def test_what_a_person_settled_is_left_as_it_is(self, paths):
        answer(paths)
        keep_records(paths, read_manifest(paths))
        conflicts = read_records(paths.folder, "conflict", CYCLE, company="demo")
        assert conflicts["status"].tolist() == ["settled"]

    def test_where_nothing_was_found_no_book_is_made(self, tmp_path):
        tables = {**OF_STEP, "consensus": {"consensus_plan": PLAN}, "executive": {}}
        bare = make_cycle(tmp_path, tables)
        assert keep_records(bare, read_manifest(bare)) == {}
        assert not find_book_file(tmp_path).exists()


class TestSigning:
    def test_a_step_is_signed_by_the_role_that_answers_for_it(self, paths):
        number = approve(paths, "demand", reason="as agreed", now=at(30))
        (record,) = read_records(paths.folder, "approval", CYCLE, company="demo").to_dict("records")
        assert (number, record["author"], record["role"]) == (
            *["V-2026-11-001", "sales.head", "sales_owner"],
        )
        assert judge_cycle(paths.folder, CYCLE).signed["demand"].verdict == "approved"

    @pytest.mark.parametrize(
        ("user", "role", "sentence"),
        [
            ("sales.head", "sop_lead", "demand is signed by sales_owner, not by sop_lead"),
            ("sop.lead", "sales_owner", "sop.lead holds sop_lead in params/process.yaml"),
            ("stranger", "sales_owner", "stranger holds no role"),
        ],
    )
    def test_the_wrong_role_is_refused_and_nothing_is_written(self, paths, user, role, sentence):
        with pytest.raises(ParameterError, match=sentence):
            approve_step(paths.folder, CYCLE, "demand", user, role)
        assert read_records(paths.folder, "approval", CYCLE, company="demo").empty

    def test_signing_twice_is_refused(self, paths):
        approve(paths, "data")
        with pytest.raises(CycleError, match=r"signed already, by sop\.lead as sop_lead"):
            approve(paths, "data")

    def test_an_open_gate_is_refused_and_says_what_holds_it(self, paths):
        with pytest.raises(CycleError) as told:
            approve(paths, "consensus")
        for sentence in (
            "Conflict C-2026-11-001 is neither settled nor escalated",
            "Data review is not signed by S&OP lead",
            "Supply review is not signed by production",
        ):
            assert sentence in str(told.value)
        with pytest.raises(CycleError, match="Decision 2026-11-D1 is not taken"):
            approve(paths, "executive")

    def test_other_results_make_a_signature_stale(self, paths):
        approve(paths, "demand")
        manifest = read_manifest(paths)
        manifest.steps["02_demand_review"].outputs = {"baseline": "other"}
        write_manifest(paths, manifest)
        state = judge_cycle(paths.folder, CYCLE)
        assert state.signed["demand"].verdict == "stale"
        assert "but the results changed since" in "\n".join(describe_cycle(paths.folder, CYCLE))
        approve(paths, "demand")

    def test_sending_back_opens_the_step_and_a_task_for_who_does_it(self, paths):
        approve(paths, "supply", now=at(30, 9))
        user, role = SIGNERS["supply"]
        number = reject_step(
            paths.folder, CYCLE, "03", user, role, "line 2 is down", now=at(30, 10)
        )
        (task,) = read_records(paths.folder, "task", CYCLE, company="demo").to_dict("records")
        assert (number, task["owner"], task["title"]) == (
            *["T-2026-11-001", "supply_planner", "supply: line 2 is down"],
        )
        assert task["due_date"] == pd.Timestamp("2026-12-01")
        with open_planbook(paths.folder, company="demo") as book:
            assert book.fingerprint(CYCLE, "consensus") == ""  # 04 shows no tasks, 05 does
            assert book.fingerprint(CYCLE, "executive") != ""
        assert judge_cycle(paths.folder, CYCLE).signed["supply"].verdict == "rejected"
        with pytest.raises(CycleError, match="sent back already"):
            reject_step(paths.folder, CYCLE, "supply", user, role, "again", now=at(30, 11))

    def test_sending_back_needs_a_reason(self, paths):
        with pytest.raises(ParameterError, match="--reason"):
            reject_step(paths.folder, CYCLE, "supply", *SIGNERS["supply"], " ")

    def test_a_cycle_named_by_a_path_is_refused(self, paths):
        for call in (judge_cycle, describe_cycle):
            with pytest.raises(ParameterError, match="is not a month"):
                call(paths.folder, "../2026-11")
        with pytest.raises(ParameterError, match="is not a month"):
            approve_step(paths.folder, "../2026-11", "data", *SIGNERS["data"])

    def test_a_cycle_at_work_is_refused(self, paths):
        with hold_lock(paths), pytest.raises(CycleError, match="is being written by another"):
            approve(paths, "data")


class TestPublishing:
    def test_publishing_needs_every_signature(self, paths):
        with pytest.raises(CycleError) as told:
            publish(paths)
        assert "Executive review is not signed by general manager" in str(told.value)
        assert "The gate of Consensus review (pre-meeting) is open" in str(told.value)
        assert not paths.table_file("approved_plan").exists()
        answer(paths)
        sign_all(paths)
        assert publish(paths).published["plan_version"] == 1

    def test_without_the_file_one_command_is_enough(self, solo):
        manifest = publish(solo)
        assert (manifest.state, manifest.published["by"]) == ("published", "sop_lead")
        (seal,) = read_records(solo.folder, "publication", CYCLE, company="demo").to_dict("records")
        assert json.loads(seal["tables"]) == manifest.published["tables"]
        assert "approved_plan" in manifest.published["tables"]

    def test_a_changed_table_is_named_even_when_the_manifest_was_changed_with_it(self, solo):
        publish(solo)
        assert to_facts(solo.folder, CYCLE)["altered"] == {}
        other = PLAN.assign(plan_qty=5.0)
        sha256 = really_write(solo.table_file("approved_plan"), other, TABLES["approved_plan"])
        told = "\n".join(describe_cycle(solo.folder, CYCLE))
        assert "table approved_plan was altered since" in told
        assert "(by the planbook and manifest)" in told
        manifest = read_manifest(solo)
        manifest.published["tables"]["approved_plan"] = sha256
        write_manifest(solo, manifest)
        assert to_facts(solo.folder, CYCLE)["altered"] == {"approved_plan": "planbook"}

    def test_a_table_changed_before_signing_is_refused(self, solo):
        really_write(
            solo.table_file("consensus_plan"), PLAN.assign(plan_qty=9.0), TABLES["consensus_plan"]
        )
        with pytest.raises(CycleError, match="table consensus_plan is not as 04_consensus_review"):
            publish(solo)

    def test_publishing_twice_and_signing_what_is_published_are_refused(self, paths):
        answer(paths)
        sign_all(paths)
        publish(paths)
        for call in (publish, lambda p: approve(p, "data")):
            with pytest.raises(CycleError, match="is published"):
                call(paths)
        with pytest.raises(CycleError, match="is published"):
            reject_step(paths.folder, CYCLE, "data", *SIGNERS["data"], "late")

    @pytest.mark.parametrize("after", ["tables", "seal", "move"])
    def test_a_publication_that_was_killed_is_completed_by_the_next(self, solo, monkeypatch, after):
        places = {
            "tables": ("_seal", publishing._seal),
            "seal": ("_move_in", publishing._move_in),
            "move": ("write_manifest", publishing.write_manifest),
        }
        name, real = places[after]

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(publishing, name, killed)
        with pytest.raises(KeyboardInterrupt):
            publish(solo)
        assert read_manifest(solo).state == "draft"
        monkeypatch.setattr(publishing, name, real)
        manifest = publish(solo)
        assert manifest.published["plan_version"] == 1
        assert to_facts(solo.folder, CYCLE)["altered"] == {}
        assert len(read_records(solo.folder, "publication", CYCLE, company="demo")) == 1
        assert not [path for path in solo.root.rglob("*") if path.name.startswith(".publishing")]

    def test_a_locked_book_leaves_the_cycle_as_it_was(self, solo, monkeypatch):
        before = sorted(solo.tables_dir.iterdir())
        monkeypatch.setattr("sopkit.process.publish._seal", _refuse)
        with pytest.raises(CycleError, match="locked"):
            publish(solo)
        assert read_manifest(solo).state == "draft"
        assert sorted(solo.tables_dir.iterdir()) == before


def _refuse(*_: object) -> int:
    raise CycleError("The planbook is locked.")


class TestReopening:
    def test_what_was_signed_is_kept_and_signatures_start_anew(self, paths):
        answer(paths)
        sign_all(paths)
        publish(paths)
        before = paths.table_file("approved_plan").read_bytes()
        role = SIGNERS["executive"]
        assert reopen_cycle(paths, *role, "wrong price", now=at(30, 13)) == 2
        kept = paths.root / "versions" / "v1"
        assert (kept / "approved_plan.parquet").read_bytes() == before
        assert json.loads((kept / "published.json").read_text())["by"] == "sop_lead"
        assert list_altered(paths, 1) == []
        state = judge_cycle(paths.folder, CYCLE)
        assert (state.manifest.state, state.version) == ("draft", 2)
        assert {one.verdict for one in state.signed.values()} == {"none"}
        assert not paths.table_file("approved_plan").exists()
        with pytest.raises(CycleError, match="is not signed"):
            publish(paths)
        for step in STEPS:
            approve(paths, step, now=at(30, 14))
        text, _ = write_minutes(paths.folder, CYCLE, "data")
        old, new = [line for line in text.splitlines() if "signed on" in line]
        assert old.endswith("Of version 1, which was opened again.")
        assert "version" not in new
        assert publish(paths, at(30, 15)).published["plan_version"] == 2
        seals = read_records(paths.folder, "publication", CYCLE, company="demo")
        assert seals["status"].tolist() == ["reopened", "sealed"]

    def test_a_table_altered_since_it_was_signed_is_named_when_its_version_is_kept(self, solo):
        publish(solo)
        file = solo.table_file("approved_plan")
        file.write_bytes(file.read_bytes() + b"x")
        reopen_cycle(solo, "me", "planner", "wrong price", at(30, 13))
        assert list_altered(solo, 1) == ["approved_plan"]

    def test_only_who_signs_the_executives_meeting_reopens_and_with_a_reason(self, paths):
        with pytest.raises(CycleError, match="is not published"):
            reopen_cycle(paths, *SIGNERS["executive"], "why not")
        with pytest.raises(ParameterError, match="--reason"):
            reopen_cycle(paths, *SIGNERS["executive"], "")
        with pytest.raises(ParameterError, match="is signed by general_manager"):
            reopen_cycle(paths, *SIGNERS["data"], "wrong price")

    def test_a_reopening_that_was_killed_is_completed_by_the_next(self, solo, monkeypatch):
        publish(solo)
        with monkeypatch.context() as patched:
            patched.setattr("sopkit.process.reopen._open_again", _refuse)
            with pytest.raises(CycleError):
                reopen_cycle(solo, "me", "planner", "wrong price", at(30, 13))
        assert read_manifest(solo).state == "published"
        assert reopen_cycle(solo, "me", "planner", "wrong price", at(30, 13)) == 2
        assert (solo.root / "versions" / "v1" / "approved_plan.parquet").exists()


class TestStatus:
    def test_every_step_has_owner_day_days_late_and_gate(self, paths):
        approve(paths, "data", now=at(30))
        told = "\n".join(describe_cycle(paths.folder, CYCLE, now=at(30, 12)))
        lines = {line.split()[0]: line for line in told.splitlines() if line.split()}
        assert "2026-11-05  25 d" in lines["data"]
        assert "signed by sop.lead (S&OP lead), 30 Nov 2026" in lines["data"]
        assert "holds" in lines["demand"]
        assert "open: Conflict C-2026-11-001" in lines["consensus"]
        assert "2026-11-23  7 d" in lines["executive"]
        assert "Decide 2026-11-D1" in told
        assert "not authenticated" in told

    def test_programs_get_the_same_as_json(self, paths):
        facts = json.loads(json.dumps(to_facts(paths.folder, CYCLE, now=at(1))))
        assert [step["step"] for step in facts["steps"]] == [*STEPS, "publish"]
        assert {step["late"] for step in facts["steps"]} == {0}
        assert facts["chain"] == ""
        assert [task["task"] for task in facts["tasks"]] == ["T-2026-11-D1", "T-C-2026-11-001"]

    def test_the_command_that_answers_what_is_open_is_told(self, paths):
        told = "\n".join(describe_cycle(paths.folder, CYCLE, now=at(20)))
        assert "sopkit book change C-2026-11-001 --set status=settled --set verdict=" in told
        assert "sopkit book change D-2026-11-001 --set status=decided --set option=LETTER" in told
        answer(paths)
        told = "\n".join(describe_cycle(paths.folder, CYCLE, now=at(22)))
        assert "sopkit book change" not in told

    def test_entries_cut_off_the_end_of_the_book_are_named_after_publishing(self, paths):
        answer(paths)
        sign_all(paths)
        publish(paths)
        assert to_facts(paths.folder, CYCLE)["chain"] == ""
        with sqlite3.connect(find_book_file(paths.folder)) as book:
            for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
                book.execute(f"DROP TRIGGER {name}")
            book.execute("DELETE FROM audit WHERE kind = 'publication'")
            book.execute("DELETE FROM record WHERE kind = 'publication'")
        assert to_facts(paths.folder, CYCLE)["chain"].endswith(
            "the entry that a publication was sealed with is missing, so the newest entries were "
            "cut off"
        )

    def test_a_book_that_is_gone_after_publishing_is_named(self, paths):
        answer(paths)
        sign_all(paths)
        publish(paths)
        find_book_file(paths.folder).unlink()
        told = to_facts(paths.folder, CYCLE)["chain"]
        assert told == "there is none, but the cycle was published with one"

    def test_a_broken_link_of_the_book_is_named(self, paths):
        with sqlite3.connect(find_book_file(paths.folder)) as book:
            names = [
                row[0]
                for row in book.execute("select name from sqlite_master where type='trigger'")
            ]
            for name in names:
                book.execute(f"drop trigger {name}")
            book.execute("update audit set reason = 'forged' where seq = 1")
        told = "\n".join(describe_cycle(paths.folder, CYCLE))
        assert "every entry is as it was written" not in told
        assert to_facts(paths.folder, CYCLE)["chain"] != ""


class TestMeetings:
    def test_the_agenda_shows_what_is_open_with_numbers_owners_and_days(self, paths):
        text, page = write_agenda(paths.folder, CYCLE, "executive", now=at(30))
        for part in (
            "Agenda: Executive review, Nov 2026",
            "general manager signs",
            "What must be decided today?",
            "C-2026-11-001: sales and supply, TEA: ¥ 100 (sales) against ¥ 60",
            "proposal B brings +¥ 12,000; production, by 25 Nov 2026",
            "Decide 2026-11-D1: L1",
            "Supply review: due 16 Nov 2026",
        ):
            assert part in text
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        assert page.parent == paths.folder / "reports" / CYCLE

    def test_words_given_in_both_languages_are_told_in_that_of_the_sheet(self, paths):
        asked = {"title": "再找一家瓶盖厂 / Find a second cap supplier", "owner": "purchasing"}
        with open_planbook(paths.folder, company="demo") as book:
            book.add("task", pd.DataFrame([asked]), CYCLE, "sales.head", reason="short", now=at(21))
        user, role = SIGNERS["supply"]
        said = "二线停机 / line 2 is down"
        reject_step(paths.folder, CYCLE, "supply", user, role, said, now=at(29))
        told = {
            lang: write_minutes(paths.folder, CYCLE, "supply", lang)[0] for lang in ("en", "zh")
        }
        assert "sent it back on 29 Nov 2026: line 2 is down" in told["en"]
        assert "Supply review sent back: line 2 is down;" in told["en"]
        assert "供应评审被退回：二线停机；" in told["zh"]
        tasks = {
            lang: write_agenda(paths.folder, CYCLE, "supply", lang)[0] for lang in ("en", "zh")
        }
        assert "：再找一家瓶盖厂；" in tasks["zh"]
        assert ": Find a second cap supplier;" in tasks["en"]
        assert " / " not in tasks["en"] + tasks["zh"]

    def test_the_minutes_tell_signatures_decisions_and_verdicts(self, paths):
        answer(paths)
        approve(paths, "data", now=at(28))
        user, role = SIGNERS["supply"]
        reject_step(paths.folder, CYCLE, "supply", user, role, "line <2> is down", now=at(29))
        text, _ = write_minutes(paths.folder, CYCLE, "executive")
        assert (
            "D-2026-11-001: bottleneck, L1; decided, option B, production, by 25 Nov 2026" in text
        )
        assert "C-2026-11-001: sales and supply, TEA, gap −¥ 40; settled. plan 80; half way" in text
        assert "Nobody has signed or sent back this step." in text
        text, page = write_minutes(paths.folder, CYCLE, "supply", "zh")
        assert "production.head 以生产身份于 2026 年 11 月 29 日退回：line <2> is down" in text
        assert "供应评审被退回：line <2> is down" in text
        assert "T-2026-11-001" in text
        assert "line &lt;2&gt; is down" in page.read_text(encoding="utf-8")

    def test_the_minutes_tell_a_conflict_that_was_escalated_and_is_open_still(self, paths):
        text, _ = write_minutes(paths.folder, CYCLE, "consensus")
        assert "gap −¥ 40; still open, to be settled by 26 Nov 2026." in text
        told = {"escalate_to": "general_manager", "due_date": "2026-11-27"}
        with open_planbook(paths.folder, company="demo") as book:
            book.change(
                "conflict", "C-2026-11-001", told, "sop.lead", "no way", version=1, now=at(21)
            )
        text, _ = write_minutes(paths.folder, CYCLE, "consensus")
        line = "escalated to general manager, who decides by 27 Nov 2026."
        assert f"C-2026-11-001: sales and supply, TEA, gap −¥ 40; {line}" in text
        text, _ = write_minutes(paths.folder, CYCLE, "consensus", "zh")
        assert "已升级，由总经理决定，期限 2026 年 11 月 27 日" in text

    def test_verdicts_of_an_earlier_month_stand_in_its_own_minutes(self, tmp_path):
        make_cycle(tmp_path)
        with open_planbook(tmp_path, company="demo") as book:
            for family, day in (("COLA", "2026-10-20"), ("WATER", "2026-11-20")):
                now = datetime.fromisoformat(f"{day}T09:00:00+00:00")
                row = {"family": family, "kind": "sales_finance", "first_owner": "finance"}
                kept = book.add("conflict", pd.DataFrame([row]), "2026-10", "sopkit", now=now)
                told = {"status": "settled", "verdict": f"agreed on {family}"}
                number = kept["number"].iloc[0]
                book.change("conflict", number, told, "sop.lead", "done", version=1, now=now)
        text, _ = write_minutes(tmp_path, CYCLE, "consensus")
        assert "agreed on WATER" in text
        assert "agreed on COLA" not in text

    def test_the_minutes_list_what_is_still_to_do_by_the_number_in_the_planbook(self, paths):
        kept = {"title": "Decide 2026-11-D1: L1", "owner": "production", "origin": "2026-11-D1"}
        with open_planbook(paths.folder, company="demo") as book:
            book.add("task", pd.DataFrame([kept]), CYCLE, "sopkit", now=at(20))
        text, _ = write_minutes(paths.folder, CYCLE, "executive")
        assert "T-2026-11-001: Decide 2026-11-D1: L1; production, by 25 Nov 2026" in text
        assert "T-C-2026-11-001: Settle conflict C-2026-11-001: TEA" in text
        answer(paths)
        text, _ = write_minutes(paths.folder, CYCLE, "executive")
        opened = text[text.index("Tasks opened") :]
        assert "T-2026-11-002: Carry out option B of 2026-11-D1: L1" in opened
        assert "Settle conflict" not in opened
        assert "Decide" not in opened

    def test_both_languages_say_the_same_sections(self, paths):
        for write in (write_agenda, write_minutes):
            counts = {
                len(write(paths.folder, CYCLE, "consensus", lang)[0].splitlines())
                for lang in ("en", "zh")
            }
            assert len(counts) == 1
