"""Gates: whether a step may be signed, and in one sentence each what holds it open.

A gate is judged from the manifest, tables and records, all of them given; no file is opened here.
A reason is a message's key, below `process.why`, with its values, so that it can be told in any
language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sopkit.params.process import Gates
from sopkit.planbook import SOPKIT

Values = Mapping[str, Any]
OPEN_STATES = ("new", "open", "reopened")


@dataclass(frozen=True)
class Reason:
    """One thing that holds a gate open, or that it warns of: a message's key and its values."""

    key: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """Whether a step may be signed.

    Args:
        step: data, demand, supply, consensus, executive or publish.
        reasons: what holds it open; it holds when there is none.
        warnings: what to know before signing.
    """

    step: str
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing holds it open."""
        return not self.reasons


def find_data_reasons(
    refused: pd.DataFrame, finding: pd.DataFrame, accepted: Mapping[str, int], gates: Gates
) -> list[Reason]:
    """Return what holds the data gate open: too many refused rows of a table, or errors found.

    Share = refused rows / (refused + accepted rows) of a table; a whole file that was refused
    (row 0) holds the gate by itself.

    Args:
        refused: contract `refused_row`; one file's row counts once.
        finding: contract `finding`.
        accepted: rows accepted, by table.

    Example:
        3 of 100 rows of `price` refused, 2 % allowed: one reason, rate 0.03.
    """
    rows = refused.drop_duplicates(["table", "file", "row"])
    reasons = []
    for table, of_table in rows.groupby("table", sort=True):
        count = len(of_table)
        rate = count / (count + accepted.get(str(table), 0))
        if rate > gates.refused_rate or (of_table["row"] == 0).any():
            values = {"table": table, "n": count, "rate": rate, "limit": gates.refused_rate}
            reasons.append(Reason("refused", values))
    errors = finding[finding["severity"] == "error"]
    if len(errors) > gates.error_findings:
        first = errors.iloc[0]
        values = {"n": len(errors), "kind": first["kind"], "table": first["table"]}
        reasons.append(Reason("errors", values))
    return reasons


def find_clashes(clash: pd.DataFrame) -> list[Reason]:
    """Return a reason where changes of two owners touch the same cells and months.

    Args:
        clash: contract `override_clash`.
    """
    if clash.empty:
        return []
    first = clash.iloc[0]
    pair = {"first": first["override"], "second": first["other_override"]}
    return [Reason("clash", {"n": len(clash), **pair})]


def find_supply_reasons(plan: pd.DataFrame, hours: pd.DataFrame, gates: Gates) -> list[Reason]:
    """Return the limits that the plan as stored breaks: stock balance, hours, stock below zero.

    opening + make + buy + in + open supply - out - used - served - expired = closing, each row.

    Args:
        plan: contract `constrained_plan`.
        hours: contract `plan_resource`.
        gates: `check_difference` is allowed, in units and hours.
    """
    ends = ["opening_qty", "make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]
    takes = ["move_out_qty", "used_qty", "served_qty", "expired_qty", "closing_qty"]
    limit = hours["regular_hours"] + hours["overtime_hours"]
    worst = {
        "balance": (plan[ends].sum(axis=1) - plan[takes].sum(axis=1)).abs().max(),
        "hours": (hours["load_hours"] - limit).max(),
        "stock": (-plan["closing_qty"]).max(),
    }
    broken = {name: value for name, value in worst.items() if value > gates.check_difference}
    return [Reason(f"check_{name}", {"worst": value}) for name, value in broken.items()]


def find_open_conflicts(
    conflict: pd.DataFrame, records: pd.DataFrame, since: str = ""
) -> list[str]:
    """Return the conflicts of a cycle that are neither settled nor escalated with a deadline.

    A record counts as escalated when a person touched it (version above 1) and it names a last day
    and the role that decides after it.

    Args:
        conflict: contract `conflict`; what is settled or agreed there is closed.
        records: records of kind `conflict`, this cycle's and earlier.
        since: when the table was made; see `drop_settled`.
    """
    asked = drop_settled(conflict, records, since)
    escalated = records[is_escalated(records)]
    return sorted(asked.loc[~_is_about(asked, escalated), "conflict"])


def is_escalated(records: pd.DataFrame) -> pd.Series:
    """Mark the open conflicts that a person gave to the role above, with a last day.

    Args:
        records: records of kind `conflict`.
    """
    named = _is_given(records["due_date"]) & _is_given(records["escalate_to"])
    return named & (records["version"] > 1) & (records["status"] == "open")


def drop_ended(records: pd.DataFrame, conflict: pd.DataFrame) -> pd.DataFrame:
    """Return records of conflicts without the open ones whose numbers agree again.

    Args:
        records: records of kind `conflict`, this cycle's and earlier.
        conflict: contract `conflict` of this cycle; what a run opened once and is no longer in it
            closed by itself.
    """
    asked = _is_about(records, conflict[conflict["state"] != "agreed"])
    by_person = (records["author"] != SOPKIT) & ~_is_about(records, conflict)
    return records[(records["status"] != "open") | asked | by_person]


def drop_unasked(records: pd.DataFrame, decision: pd.DataFrame) -> pd.DataFrame:
    """Return records of decisions without the open ones that a run opened and asks for no more.

    Args:
        records: records of kind `decision`.
        decision: contract `decision` of the cycle.
    """
    by_sopkit = (records["author"] == SOPKIT) & (records["status"] == "open")
    return records[~by_sopkit | records["decision"].isin(decision["decision"])]


def drop_settled(conflict: pd.DataFrame, records: pd.DataFrame, since: str = "") -> pd.DataFrame:
    """Return the conflicts that neither the table nor a record calls settled.

    Records are found by family and kind, as a conflict keeps both for life. One that the table
    opened again is settled only by a verdict given after the table was made.

    Args:
        since: when the table was made, ISO 8601; empty: every verdict counts.
    """
    asked = conflict[conflict["state"].isin(OPEN_STATES)]
    closed = records[records["status"].isin(["settled", "withdrawn"])]
    newer = [not since or pd.Timestamp(at) > pd.Timestamp(since) for at in closed["closed_at"]]
    since_then = closed[pd.Series(newer, index=closed.index, dtype=bool)]
    again = asked["state"] == "reopened"
    settled = _is_about(asked, closed).mask(again, _is_about(asked, since_then))
    return asked[~settled]


def find_open_decisions(decision: pd.DataFrame, records: pd.DataFrame) -> list[str]:
    """Return the decisions of a cycle that nobody took, or that have no owner.

    Args:
        decision: contract `decision`.
        records: records of kind `decision`, by `decision`.
    """
    taken = records["status"].isin(["decided", "done", "dropped"]) & _is_given(records["owner"])
    return sorted(set(decision["decision"]) - set(records.loc[taken, "decision"]))


def name_open(key: str, numbers: Sequence[str]) -> list[Reason]:
    """Return one reason that names the first of several open records; none for none."""
    return [Reason(key, {"n": len(numbers), "first": numbers[0]})] if numbers else []


def _is_about(conflict: pd.DataFrame, records: pd.DataFrame) -> pd.Series:
    """Mark the conflicts that one of the records is about; the last record of each counts."""
    about = set(zip(records["family"], records["kind"], strict=True))
    pairs = zip(conflict["family"], conflict["kind"], strict=True)
    return pd.Series([pair in about for pair in pairs], index=conflict.index, dtype=bool)


def _is_given(column: pd.Series) -> pd.Series:
    return column.notna() & (column.astype(str).str.strip() != "")
