"""What a run finds answered, or asked anew: where sopkit's own records then stand, and why.

Nothing is written here; a record that a person entered or closed is never named.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sopkit.planbook import SOPKIT, find_closing
from sopkit.process.gates import OPEN_STATES
from sopkit.process.tasks import tell_kinds

Standing = dict[str, tuple[str, str]]
WITHDRAWN = "withdrawn"


def judge_conflicts(records: pd.DataFrame, conflict: pd.DataFrame, cycle: str) -> Standing:
    """Return which of sopkit's conflicts a run closes since the numbers agree, or takes up again.

    Args:
        records: records of kind `conflict`, this cycle's and earlier, as they stand.
        conflict: contract `conflict` of the cycle.
        cycle: the cycle that was run.

    Example:
        C-2026-11-001 of TEA is open, and the table has no conflict of TEA: withdrawn.
    """
    rows = conflict[conflict["state"].isin(OPEN_STATES)]
    asked = set(zip(rows["family"], rows["kind"], strict=True))
    last = records.sort_values(["cycle", "number"], kind="stable")
    last = last.drop_duplicates(["family", "kind"], keep="last")
    arises = pd.Series(
        [pair in asked for pair in zip(records["family"], records["kind"], strict=True)],
        index=records.index,
        dtype=bool,
    )
    gone = records[_is_open(records) & ~arises]["number"]
    again = records[_is_closed(records) & arises & records["number"].isin(last["number"])]["number"]
    ended = f"the run of {cycle} finds that the numbers agree"
    return _say(gone, WITHDRAWN, ended) | _say(again, "open", f"the run of {cycle} finds it again")


def judge_decisions(records: pd.DataFrame, decision: pd.DataFrame, cycle: str) -> Standing:
    """Return which of sopkit's decisions a run asks for no more, or asks for again.

    What an earlier cycle asked for and nobody decided is withdrawn, too: the month asks anew. Who
    decided it all the same may still say so.

    Args:
        records: records of kind `decision`, this cycle's and earlier, as they stand.
        decision: contract `decision` of the cycle.
        cycle: the cycle that was run.
    """
    asked = records["decision"].isin(decision["decision"])
    open_, now = _is_open(records), records["cycle"] == cycle
    gone = records[open_ & now & ~asked]["number"]
    past = records[open_ & ~now]["number"]
    again = records[_is_closed(records) & asked]["number"]
    return {
        **_say(gone, WITHDRAWN, f"the run of {cycle} does not ask for it any more"),
        **_say(past, WITHDRAWN, f"nobody decided it before the run of {cycle}"),
        **_say(again, "open", f"the run of {cycle} asks for it again"),
    }


def judge_tasks(
    records: pd.DataFrame,
    asked: Iterable[tuple[str, str]],
    answers: pd.DataFrame,
    cycle: str,
) -> Standing:
    """Return which of sopkit's tasks are answered, and which are asked for again.

    Args:
        records: records of kind `task`, this cycle's and earlier, as they stand.
        asked: kind and origin of what is asked for now.
        answers: `origin`, `number`, `status` of the conflicts and decisions that tasks follow from.
        cycle: the cycle that was run.

    Example:
        The data gate holds: its task is done. 2026-11-D1 was decided while the review was at work:
        the task to decide it is done.
    """
    wanted, known = set(asked), answers.drop_duplicates("origin", keep="last")
    record_of = dict(zip(known["origin"], known["number"], strict=True))
    status_of = dict(zip(known["origin"], known["status"], strict=True))
    standing: Standing = {}
    kinds = tell_kinds(records)
    rows = records.assign(kind=kinds, open=_is_open(records), closed=_is_closed(records))
    for row in rows[kinds != ""].to_dict("records"):
        kind, origin, now = row["kind"], row["origin"], row["cycle"] == cycle
        if kind == "gate":
            arises = now and (kind, origin) in wanted
            holds = f"the gate holds in the run of {cycle}"
            told = ("done", holds) if now else (WITHDRAWN, f"{cycle} was run: its month is over")
        else:
            arises = (kind, origin) in wanted
            status = status_of.get(origin, WITHDRAWN)
            said = f"{record_of.get(origin, origin)} is {status}"
            told = (find_closing(kind, status), f"{said}, found by the run of {cycle}")
        if row["open"] and not arises:
            standing[str(row["number"])] = told
        if row["closed"] and arises:
            standing[str(row["number"])] = ("open", f"the run of {cycle} asks for it again")
    return standing


def _is_open(records: pd.DataFrame) -> pd.Series:
    return (records["author"] == SOPKIT) & (records["status"] == "open")


def _is_closed(records: pd.DataFrame) -> pd.Series:
    """Mark what sopkit itself closed: no person's answer, so that it may be taken up again."""
    return (records["author"] == SOPKIT) & (records["closed_by"] == SOPKIT)


def _say(numbers: pd.Series, status: str, reason: str) -> Standing:
    return {str(number): (status, reason) for number in numbers}
