"""Tasks follow from decisions, conflicts and gates; people's own tasks stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sopkit.planbook import SOPKIT, guess_asked
from sopkit.process.calendar import find_last_day
from sopkit.process.gates import OPEN_STATES, Gate
from sopkit.tables import TABLES, fit_columns

TAKEN, CLOSED = "decided", ("done", "dropped", "withdrawn")


def list_tasks(
    decision: pd.DataFrame,
    conflict: pd.DataFrame,
    gates: Sequence[Gate],
    days: pd.DataFrame,
    decision_record: pd.DataFrame,
    task_record: pd.DataFrame,
    cycle: str,
    *,
    country: str = "CN",
) -> pd.DataFrame:
    """Return what is to be done, by whom, by when.

    A decision not taken asks its owner to decide; one that was taken asks to carry its option out;
    one that is done or dropped asks nothing. Either by the decision's last working day; where that
    is over when the executives meet, on the day they meet. An open conflict asks its task force to
    settle it by its deadline. An open gate asks the role that does the step, by the step's day.
    What was decided is asked for until it is done or dropped, though no run asks for it any more.
    What a person called done is done, and what a person withdrew is not asked for; people's own
    tasks stand as the planbook has them. Nothing depends on the clock.

    Args:
        decision: contract `decision`.
        conflict: contract `conflict`.
        gates: gates as judged from this cycle's tables.
        days: `step`, `due_date`, `owner` of `list_due_days`.
        decision_record: planbook records of kind `decision`, this cycle's and earlier, as people
            left them; may be empty.
        task_record: records of kind `task`, likewise.
        cycle: this cycle.
        country: whose working days count.

    Returns:
        Contract `task`: open ones by last day, then those done; then by number.

    Example:
        One decision for the supply planner until 2 March: task T-2026-11-D1, decide. The same
        until 1 November: on the executives' day, 23 November.
    """
    meeting = days.loc[days["step"] == "executive", "due_date"].iloc[0]
    asked = _date(_ask_decisions(decision, decision_record), meeting, country)
    own = _stack(asked, _ask_conflicts(conflict), _ask_gates(gates, days))
    own = _answer(own.assign(opened_cycle=cycle), task_record, cycle)
    left = decision_record[~decision_record["decision"].isin(decision["decision"])]
    decided = _answer(_keep_decided(left, task_record, cycle), task_record, cycle)
    now = decided["opened_cycle"] == cycle
    decided = decided.loc[now | (decided["state"] == "open"), list(own.columns)]
    now = decided["opened_cycle"] == cycle
    decided = _stack(_date(decided[now], meeting, country), decided[~now])
    rows = _stack(own, decided, _keep_others(task_record, own, cycle))
    rows = rows.assign(closed=rows["state"] == "done", due_date=pd.to_datetime(rows["due_date"]))
    rows = rows.sort_values(["closed", "due_date", "task"], kind="stable", ignore_index=True)
    return fit_columns(rows[TABLES["task"].column_names], TABLES["task"])


def _date(tasks: pd.DataFrame, meeting: pd.Timestamp, country: str) -> pd.DataFrame:
    """Return tasks of this cycle's decisions with the day by which they are answered."""
    days = [find_last_day(due, meeting, country) for due in tasks["due_date"]]
    return tasks.assign(due_date=days)


def _stack(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames of the same columns under each other, whether empty or not."""
    rows = [row for frame in frames for row in frame.to_dict("records")]
    return pd.DataFrame(rows, columns=list(frames[0].columns), dtype=object)


def _ask_decisions(decision: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    asked = decision.drop_duplicates("decision")
    known = {
        name: asked["decision"].map(dict(zip(records["decision"], records[name], strict=True)))
        for name in ("status", "option", "owner", "due_date")
    }
    taken = known["status"] == TAKEN
    due = pd.to_datetime(known["due_date"]).fillna(pd.to_datetime(asked["due_date"]))
    told = asked.assign(
        kind=taken.map({True: "carry_out", False: "decide"}),
        origin=asked["decision"],
        option=known["option"].where(taken),
        owner=known["owner"].fillna(asked["owner"]),
        due_date=due,
    )
    return _to_tasks(told[~known["status"].isin(CLOSED)])


def _ask_conflicts(conflict: pd.DataFrame) -> pd.DataFrame:
    asked = conflict[conflict["state"].isin(OPEN_STATES)]
    owner = asked["task_force"].fillna(asked["second_owner"])
    return _to_tasks(
        asked.assign(
            kind="settle",
            origin=asked["conflict"],
            subject=asked["family"],
            owner=owner,
            option=None,
        )
    )


def _ask_gates(gates: Sequence[Gate], days: pd.DataFrame) -> pd.DataFrame:
    of_step = days.set_index("step")
    rows = [
        {
            "kind": "gate",
            "origin": gate.step,
            "subject": ", ".join(reason.key for reason in gate.reasons),
            "owner": of_step.loc[gate.step, "owner"],
            "due_date": of_step.loc[gate.step, "due_date"],
            "option": None,
        }
        for gate in gates
        if not gate.holds
    ]
    columns = ["kind", "origin", "subject", "owner", "due_date", "option"]
    return _to_tasks(pd.DataFrame(rows, columns=columns))


def _to_tasks(rows: pd.DataFrame) -> pd.DataFrame:
    kept = ["kind", "origin", "subject", "option", "owner", "due_date"]
    return rows[kept].assign(task="T-" + rows["origin"].astype(object), title=None)


def _answer(tasks: pd.DataFrame, records: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return tasks with their state; those that a person withdrew are left out."""
    taken_back = records[(records["author"] == SOPKIT) & (records["status"] == "withdrawn")]
    asked = tasks[find_records(tasks, taken_back, cycle).isna()]
    done = find_records(asked, records[records["status"] == "done"], cycle).notna()
    return asked.assign(state=done.map({True: "done", False: "open"}).astype(object))


def find_records(tasks: pd.DataFrame, records: pd.DataFrame, cycle: str) -> pd.Series:
    """Return the number of the record that stands for each task; None where there is none.

    It is of the same origin and asks for the same; a person's stands for whatever its origin asks.
    A gate is that of its cycle.

    Args:
        tasks: `kind` and `origin`.
        records: records of kind `task`; the last one of several counts.
        cycle: the cycle whose gates are meant.
    """
    of_cycle = records["cycle"] == cycle
    keys = zip(tell_kinds(records), records["origin"], of_cycle, strict=True)
    numbers = dict(zip(keys, records["number"], strict=True))
    found = [
        next((numbers[key] for key in _list_keys(*pair) if key in numbers), None)
        for pair in zip(tasks["kind"], tasks["origin"], strict=True)
    ]
    return pd.Series(found, index=tasks.index, dtype=object)


def _list_keys(kind: object, origin: object) -> list[tuple[object, object, bool]]:
    """Return what the record of a task may be kept under: of this cycle, or of an earlier one."""
    when = (True,) if kind == "gate" else (True, False)
    return [(word, origin, now) for now in when for word in (kind, "")]


def tell_kinds(tasks: pd.DataFrame) -> pd.Series:
    """Return what each of sopkit's own tasks asks for; blank for all others.

    Args:
        tasks: records of kind `task`; one that does not say it is told by its origin.
    """
    own = tasks["author"] == SOPKIT
    told = tasks["asks"].where(tasks["asks"].notna(), tasks["origin"].map(guess_asked))
    return told.where(own, "").astype(object)


def _keep_decided(records: pd.DataFrame, task_record: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return what was decided, is asked no more, and nobody has called done or dropped.

    So are decisions of earlier cycles, and those of this one that a run made since does not ask for
    any more. Due as its task was when it was asked for, where the decision names an earlier day.
    """
    rows = records[(records["cycle"] <= cycle) & (records["status"] == TAKEN)]
    asked = task_record[task_record["origin"].isin(rows["decision"])]
    first = pd.to_datetime(asked.drop_duplicates("origin").set_index("origin")["due_date"])
    due = pd.DataFrame(
        {"own": pd.to_datetime(rows["due_date"]), "asked": rows["decision"].map(first)}
    ).max(axis=1)
    told = rows.assign(kind="carry_out", origin=rows["decision"], due_date=due)
    return _to_tasks(told).assign(opened_cycle=rows["cycle"])


def _keep_others(records: pd.DataFrame, own: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return people's own tasks: those open, and those of this cycle that are done."""
    is_open = records["status"] == "open"
    just_done = (records["status"] == "done") & (records["cycle"] == cycle)
    entered = (records["author"] != SOPKIT) & ~records["origin"].isin(own["origin"])
    rows = records[(is_open | just_done) & entered]
    return rows.assign(
        task=rows["number"],
        kind="other",
        subject=None,
        option=None,
        state=rows["status"],
        opened_cycle=rows["cycle"],
    )[list(own.columns)]
