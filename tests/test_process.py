"""The pure parts of the process: due days, restated data, gates, signatures, tasks, health."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table
from process_case import CONFLICT, CYCLE, DECISION, table_of

from sopkit.errors import ParameterError
from sopkit.messages import catalogue
from sopkit.params import Process, read_process
from sopkit.planbook import find_kind
from sopkit.process import (
    Gate,
    Reason,
    add_working_days,
    find_clashes,
    find_data_reasons,
    find_supply_reasons,
    list_due_days,
    list_restated,
    list_tasks,
    measure_health,
    say_reason,
    say_task,
    sum_restated,
    to_working_day,
)
from sopkit.process.approvals import find_refusals, hash_outputs, judge_approvals
from sopkit.process.calendar import count_days_late
from sopkit.process.gates import find_open_conflicts, find_open_decisions

NOVEMBER = pd.Timestamp("2026-11-01")
GATES = Process().gates
SIGNED = {"step": "demand", "role": "sales_owner", "author": "sales.head", "status": "active"}


def records(kind: str, *rows: dict) -> pd.DataFrame:
    """Return planbook records of a kind, as the book gives them."""
    frame = find_kind(kind).table.empty()
    given = {"cycle": CYCLE, "version": 1, "reason": "", "status": "open"}
    told = [{**given, "number": f"N-{n}", **row} for n, row in enumerate(rows)]
    return pd.DataFrame(told, columns=frame.columns) if told else frame


def write_process(folder, text: str):
    (folder / "params").mkdir()
    (folder / "params" / "process.yaml").write_text(text, encoding="utf-8")
    return folder


class TestParameters:
    def test_a_folder_without_the_file_asks_for_no_approvals(self, tmp_path):
        process = read_process(tmp_path)
        assert process.approvals is False
        assert process.to_step("executive").due == 16

    def test_a_part_of_a_step_may_be_left_out(self, tmp_path):
        process = read_process(write_process(tmp_path, "steps: {supply: {due: 12}}"))
        assert (process.to_step("supply").due, process.to_step("supply").accountable) == (
            12,
            "production",
        )

    def test_all_problems_are_told_at_once_with_their_place(self, tmp_path):
        folder = write_process(
            tmp_path,
            "aprovals: true\nsteps: {data: {due: '4', boss: x}}\nusers: {a: [Big Boss]}\n",
        )
        with pytest.raises(ParameterError) as told:
            read_process(folder)
        for part in (
            "aprovals is not known; did you mean approvals?",
            "steps.data.due = '4'",
            "steps.data.boss is not known",
            "users.a.0 = 'Big Boss'",
        ):
            assert part in str(told.value)

    def test_steps_follow_each_other_and_somebody_can_sign(self, tmp_path):
        folder = write_process(tmp_path, "approvals: true\nsteps: {demand: {due: 2}}\n")
        with pytest.raises(ParameterError) as told:
            read_process(folder)
        assert "steps.demand.due = 2 comes before steps.data.due = 4" in str(told.value)
        assert "steps.executive.accountable = general_manager: no user" in str(told.value)


class TestCalendar:
    def test_due_days_are_working_days_of_the_country(self):
        """November 2026 begins on a Sunday; WD3 is Wednesday 4, WD16 Monday 23."""
        days = list_due_days(NOVEMBER, "CN", Process()).set_index("step")
        assert [f"{day:%d}" for day in days["due_date"]] == ["04", "05", "10", "16", "19", "23"]
        assert days.loc["executive", "signer"] == "general_manager"

    def test_a_weekend_that_china_works_counts(self):
        """February 2026: WD11 is Saturday the 14th; in the US Tuesday the 17th, after a holiday."""
        assert to_working_day(pd.Timestamp("2026-02-01"), 11, "CN") == pd.Timestamp("2026-02-14")
        assert to_working_day(pd.Timestamp("2026-02-01"), 11, "US") == pd.Timestamp("2026-02-17")

    def test_a_day_beyond_the_month_falls_into_the_next(self):
        """February 2026 has 16 working days in China: the 17th is Monday 2 March."""
        assert to_working_day(pd.Timestamp("2026-02-01"), 17, "CN") == pd.Timestamp("2026-03-02")

    def test_working_days_are_added_over_a_month_end(self):
        assert add_working_days(pd.Timestamp("2026-11-28"), 1, "CN") == pd.Timestamp("2026-11-30")
        assert add_working_days(pd.Timestamp("2026-11-30"), 2, "CN") == pd.Timestamp("2026-12-02")

    def test_early_is_not_late(self):
        assert count_days_late(pd.Timestamp("2026-11-05"), pd.Timestamp("2026-11-03")) == 0
        assert count_days_late(pd.Timestamp("2026-11-05"), pd.Timestamp("2026-11-09 18:00")) == 4


class TestRestated:
    HISTORY = table(
        "item location customer period actual_qty revenue_value",
        "A D1 C1 2026-09 12 120",
        "A D1 C2 2026-09 5 50",
        "B D1 C1 2026-09 3 60",
        "A D1 C1 2026-10 7 70",
    )
    KNOWN = table(
        "item location customer period actual_qty",
        "A D1 C1 2026-09 10",
        "A D1 C2 2026-09 5",
        "A D1 C3 2026-09 4",
    )

    def test_rows_posted_into_closed_months_are_named_with_their_money(self):
        """A sells at 10: +2 is 20, the 4 taken out are -40; B came new with 3 at 20."""
        found = list_restated(self.HISTORY, self.KNOWN)
        rows = found[["item", "customer", "restated_qty", "restated_value"]].to_numpy().tolist()
        assert rows == [["B", "C1", 3, 60], ["A", "C3", -4, -40], ["A", "C1", 2, 20]]
        assert sum_restated(found)["restated_value"].tolist() == [40]

    def test_the_month_just_ended_is_not_restated(self):
        found = list_restated(self.HISTORY, self.KNOWN)
        assert set(found["period"]) == {pd.Timestamp("2026-09-01")}

    def test_without_an_earlier_cycle_nothing_is_known_to_be_restated(self):
        assert list_restated(self.HISTORY, self.KNOWN.iloc[:0]).empty
        assert sum_restated(list_restated(self.HISTORY, self.KNOWN.iloc[:0])).empty


class TestGates:
    def test_too_many_refused_rows_of_a_table_hold_the_data_gate_open(self):
        refused = table_of("refused_row", table=["price"] * 4, file="p.csv", row=[2, 3, 3, 4])
        none = table_of("finding")
        assert find_data_reasons(refused, none, {"price": 997}, GATES) == []
        (reason,) = find_data_reasons(refused, none, {"price": 97}, GATES)
        assert say_reason(reason) == "3 rows of price were refused (3 %; 2 % allowed)"

    def test_a_whole_file_refused_holds_it_open_by_itself(self):
        refused = table_of("refused_row", table=["price"], file="p.csv", row=[0])
        assert find_data_reasons(refused, table_of("finding"), {"price": 10_000}, GATES)

    def test_an_error_in_the_data_holds_it_open_and_a_warning_does_not(self):
        finding = table_of("finding", severity=["error", "warning"], kind="orphan", table="bom")
        (reason,) = find_data_reasons(table_of("refused_row"), finding, {}, GATES)
        assert say_reason(reason) == "One error in the data, in bom"
        assert not find_data_reasons(table_of("refused_row"), finding.iloc[1:], {}, GATES)

    def test_clashing_changes_are_named(self):
        clash = table_of("override_clash", override=["O1"], other_override=["O2"])
        (reason,) = find_clashes(clash)
        assert "O1 and O2 of two owners" in say_reason(reason)
        assert find_clashes(clash.iloc[:0]) == []

    def test_a_stored_plan_that_breaks_a_limit_holds_the_supply_gate_open(self):
        columns = [c for c in table_of("constrained_plan") if c.endswith("_qty")]
        plan = pd.DataFrame({name: [0.0] for name in columns})
        plan = plan.assign(opening_qty=10.0, served_qty=4.0, closing_qty=6.0)
        hours = pd.DataFrame(
            {"load_hours": [40.0], "regular_hours": [38.0], "overtime_hours": [2.0]}
        )
        assert find_supply_reasons(plan, hours, GATES) == []
        broken = find_supply_reasons(
            plan.assign(closing_qty=7.0), hours.assign(load_hours=41.0), GATES
        )
        assert [reason.key for reason in broken] == ["check_balance", "check_hours"]
        assert find_supply_reasons(plan.iloc[:0], hours.iloc[:0], GATES) == []

    def test_a_conflict_is_answered_when_settled_or_escalated_with_a_last_day(self):
        conflict = CONFLICT.assign(state="open")
        told = {"family": "TEA", "kind": "sales_supply", "escalate_to": "general_manager"}
        told["due_date"] = pd.Timestamp("2026-11-26")
        opened = records("conflict", told)
        assert find_open_conflicts(conflict, records("conflict")) == ["C-2026-11-001"]
        assert find_open_conflicts(conflict, opened) == ["C-2026-11-001"]  # nobody touched it
        assert find_open_conflicts(conflict, opened.assign(version=2)) == []
        no_day = records("conflict", {**told, "due_date": pd.NaT, "version": 2})
        assert find_open_conflicts(conflict, no_day) == ["C-2026-11-001"]
        assert find_open_conflicts(conflict, opened.assign(status="settled")) == []

    def test_a_conflict_that_was_opened_again_needs_a_verdict_given_since(self):
        told = {"family": "TEA", "kind": "sales_supply", "status": "settled"}
        told["closed_at"] = "2026-10-19T10:00:00+08:00"
        made, again = "2026-11-18T09:00:00+08:00", CONFLICT.assign(state="reopened")
        assert find_open_conflicts(again, records("conflict", told), made) == ["C-2026-11-001"]
        told["closed_at"] = "2026-11-19T10:00:00+08:00"
        assert find_open_conflicts(again, records("conflict", told), made) == []

    def test_a_conflict_that_is_settled_in_the_table_needs_no_record(self):
        assert find_open_conflicts(CONFLICT.assign(state="agreed"), records("conflict")) == []

    def test_a_decision_needs_a_verdict_and_an_owner(self):
        told = {"decision": "2026-11-D1", "status": "decided", "owner": "production"}
        assert find_open_decisions(DECISION, records("decision", told)) == []
        nobody = records("decision", {**told, "owner": None})
        assert find_open_decisions(DECISION, nobody) == ["2026-11-D1"]
        undecided = records("decision", {**told, "status": "open"})
        assert find_open_decisions(DECISION, undecided) == ["2026-11-D1"]


class TestSignatures:
    def approvals(self, *rows: dict) -> pd.DataFrame:
        given = {**SIGNED, "plan_version": 1, "entered_at": "2026-11-10T09:00:00+08:00"}
        return records("approval", *({**given, **row} for row in rows))

    def test_a_signature_holds_as_long_as_the_tables_are_the_same(self):
        sha256 = hash_outputs({"baseline": "a1"})
        signed = self.approvals({"verdict": "approve", "source": sha256})
        assert judge_approvals(signed, {"demand": sha256}, 1)["demand"].verdict == "approved"
        other = hash_outputs({"baseline": "b2"})
        assert judge_approvals(signed, {"demand": other}, 1)["demand"].verdict == "stale"

    def test_the_last_word_counts_and_only_that_of_this_version(self):
        both = self.approvals({"verdict": "approve", "source": "x"}, {"verdict": "reject"})
        assert judge_approvals(both, {"demand": "x"}, 1)["demand"].verdict == "rejected"
        assert judge_approvals(both, {"demand": "x"}, 2)["demand"].verdict == "none"

    def test_only_who_holds_the_accountable_role_may_sign(self, tmp_path):
        process = Process(users={"sales.head": ["sales_owner"], "sop.lead": ["sop_lead"]})
        assert find_refusals(process, "demand", "sales.head", "sales_owner") == []
        assert find_refusals(process, "demand", "sop.lead", "sop_lead") == [
            "demand is signed by sales_owner, not by sop_lead"
        ]
        assert find_refusals(process, "demand", "sop.lead", "sales_owner") == [
            "sop.lead holds sop_lead in params/process.yaml, not sales_owner"
        ]
        assert "x holds no role" in find_refusals(process, "demand", "x", "sales_owner")[0]


def by_task(tasks: pd.DataFrame) -> pd.DataFrame:
    return tasks.astype({"task": "str"}).set_index("task")


class TestTasks:
    DAYS = list_due_days(NOVEMBER, "CN", Process())

    def tasks(self, decided=(), kept=(), gates=()) -> pd.DataFrame:
        return list_tasks(
            DECISION,
            CONFLICT.assign(state="new"),
            gates,
            self.DAYS,
            records("decision", *decided),
            records("task", *kept),
            CYCLE,
        )

    def test_tasks_follow_from_decisions_conflicts_and_gates(self):
        gates = [Gate("data", (Reason("errors", {"n": 1}),)), Gate("supply")]
        found = by_task(self.tasks(gates=gates))
        assert found["kind"].to_dict() == {
            "T-data": "gate",
            "T-2026-11-D1": "decide",
            "T-C-2026-11-001": "settle",
        }
        assert found.loc["T-data", "owner"] == "data_owner"
        assert found.loc["T-data", "due_date"] == pd.Timestamp("2026-11-05")
        assert found.loc["T-C-2026-11-001", "owner"] == "sales_owner, supply_planner"

    def test_a_decision_taken_asks_to_carry_its_option_out(self):
        told = {"decision": "2026-11-D1", "option": "B", "owner": "finance"}
        (row,) = (
            self.tasks([{**told, "status": "decided"}])
            .query("origin=='2026-11-D1'")
            .to_dict("records")
        )
        assert (row["kind"], row["option"], row["owner"]) == ("carry_out", "B", "finance")
        assert say_task(row) == "Carry out option B of 2026-11-D1: L1"
        gap = {**row, "subject": "all"}
        assert say_task(gap) == "Carry out option B of 2026-11-D1: the gap to budget"
        assert "2026-11-D1" not in set(self.tasks([{**told, "status": "done"}])["origin"])

    @pytest.mark.parametrize(
        ("last_day", "due"),
        [
            ("2026-11-01", "2026-11-23"),  # passed: on the day the executives meet
            ("2026-11-25", "2026-11-25"),
            ("2026-11-29", "2026-11-27"),  # a Sunday: the Friday before
            ("2027-01-01", "2026-12-31"),  # New Year's Day: the last day before it
            (None, "2026-11-23"),
        ],
    )
    def test_a_task_of_a_decision_is_due_on_a_working_day_not_before_the_meeting(
        self, last_day, due
    ):
        decision = DECISION.assign(due_date=pd.Timestamp(last_day))
        none = records("task")
        (row,) = list_tasks(
            *(decision, CONFLICT.iloc[:0].assign(state="new"), [], self.DAYS),
            *(records("decision"), none, CYCLE),
        ).to_dict("records")
        assert row["due_date"] == pd.Timestamp(due)

    def test_what_was_decided_is_carried_out_though_a_later_run_asks_for_it_no_more(self):
        told = {"decision": "2026-11-D7", "status": "decided", "option": "B", "subject": "TEA"}
        told |= {"due_date": pd.Timestamp("2026-11-01")}
        found = by_task(self.tasks([told]))
        assert found.loc["T-2026-11-D7", "due_date"] == pd.Timestamp("2026-11-23")
        assert found.loc["T-2026-11-D7", ["kind", "option"]].tolist() == ["carry_out", "B"]
        assert "T-2026-11-D7" not in by_task(self.tasks([{**told, "status": "open"}])).index

    def test_what_was_decided_keeps_the_day_of_its_task_in_later_months(self):
        told = {"decision": "2026-10-D2", "cycle": "2026-10", "status": "decided"}
        told |= {"due_date": pd.Timestamp("2026-10-01")}
        asked = {"origin": "2026-10-D2", "cycle": "2026-10", "author": "sopkit"}
        asked |= {"due_date": pd.Timestamp("2026-10-26")}
        found = by_task(self.tasks([told], [asked]))
        assert found.loc["T-2026-10-D2", "due_date"] == pd.Timestamp("2026-10-26")

    def test_the_planbook_says_what_is_done_and_brings_what_people_entered(self):
        kept = [
            {"origin": "2026-11-D1", "status": "done"},
            {"origin": "V-2026-11-001", "title": "supply: mend", "number": "T-2026-11-009"},
            {"origin": "x", "title": "gone", "status": "withdrawn"},
        ]
        found = by_task(self.tasks(kept=kept))
        assert found["state"].to_dict() == {
            "T-C-2026-11-001": "open",
            "T-2026-11-009": "open",
            "T-2026-11-D1": "done",
        }
        sent_back = found.loc["T-2026-11-009"].to_dict()
        assert say_task(sent_back) == "Supply review sent back: mend"
        assert say_task(sent_back, catalogue("zh")) == "供应评审被退回：mend"

    def test_what_an_earlier_cycle_decided_is_asked_for_until_it_is_done(self):
        told = {"decision": "2026-10-D2", "cycle": "2026-10", "option": "C", "owner": "finance"}
        open_ = {**told, "decision": "2026-10-D3", "status": "open"}
        found = by_task(self.tasks([{**told, "status": "decided"}, open_]))
        assert found.loc["T-2026-10-D2", ["kind", "option", "opened_cycle"]].tolist() == [
            *["carry_out", "C", "2026-10"]
        ]
        assert "T-2026-10-D3" not in found.index
        assert "T-2026-10-D2" not in by_task(self.tasks([{**told, "status": "done"}])).index

    def test_nothing_asked_gives_an_empty_table(self):
        empty = list_tasks(
            DECISION.iloc[:0],
            CONFLICT.assign(state="new").iloc[:0],
            [],
            self.DAYS,
            records("decision"),
            records("task"),
            CYCLE,
        )
        assert empty.empty


def test_health_counts_days_from_close_to_sign_off_and_steps_on_time():
    """Close on the 4th, published on the 24th: 20 days. Data due on the 5th was signed on the 7th:
    2 days late; demand due on the 10th in time."""
    day = "2026-11-{:02d}T09:00:00+08:00".format
    signed = {"verdict": "approve", "status": "active"}
    approval = records(
        "approval",
        {**signed, "step": "data", "entered_at": day(7)},
        {**signed, "step": "demand", "entered_at": day(10)},
        {**signed, "step": "supply", "verdict": "reject", "entered_at": day(12)},
    )
    publication = records("publication", {"entered_at": day(24)})
    days = {CYCLE: list_due_days(NOVEMBER, "CN", Process())}
    days["2026-10"] = list_due_days(pd.Timestamp("2026-10-01"), "CN", Process())
    health = measure_health(approval, publication, records("conflict", {}), days)
    assert health["cycle"].tolist() == ["2026-10", CYCLE]
    now = health.iloc[1]
    assert now["close_to_sign_days"] == 20
    assert now[["steps_signed", "steps_on_time", "days_late", "open_conflicts"]].tolist() == [
        *[2, 1, 2, 1]
    ]
    assert pd.isna(health.loc[0, "close_to_sign_days"])
