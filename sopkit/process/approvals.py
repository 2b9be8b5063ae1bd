"""Approvals of a cycle: which step is signed, by whom, and whether the signature still holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from sopkit.params.process import STEPS, Process

Verdict = Literal["none", "approved", "rejected", "stale"]


@dataclass(frozen=True)
class Standing:
    """How a step stands with the role that signs it.

    Args:
        verdict: none yet, approved, rejected, or stale: approved, and run with other results since.
        role, author, entered_at, reason: of the last signature; empty where there is none.
    """

    verdict: Verdict = "none"
    role: str = ""
    author: str = ""
    entered_at: str = ""
    reason: str = ""


def hash_outputs(outputs: Mapping[str, str]) -> str:
    """Return one hash over a step's tables; a signature is given on it.

    Args:
        outputs: hash of each table the step wrote, by name.
    """
    return hashlib.sha256(json.dumps(dict(sorted(outputs.items()))).encode()).hexdigest()


def judge_approvals(
    records: pd.DataFrame, hashes: Mapping[str, str], version: int
) -> dict[str, Standing]:
    """Return how each step stands; the last signature of the plan's version counts.

    Args:
        records: planbook records of kind `approval` of one cycle; `source` holds the hash of the
            tables that were signed.
        hashes: `hash_outputs` of each step as it stands now.
        version: version of the plan that is being made; older signatures no longer count.

    Example:
        Approved, then run again with another table: stale.
    """
    active = records[(records["status"] == "active") & (_to_version(records) == version)]
    ordered = active.sort_values("number", kind="stable").to_dict("records")
    last = {row["step"]: row for row in ordered}
    return {name: _judge(last.get(name), hashes.get(name, "")) for name in STEPS}


def find_refusals(process: Process, step: str, user: str, role: str) -> list[str]:
    """Return why a user may not sign a step in a role; empty where he may.

    Args:
        process: roles of users, and the role accountable for each step.
        step: data, demand, supply, consensus or executive.
        user: name that the environment declares.
        role: role in which he signs.
    """
    accountable = process.to_step(step).accountable
    refusals = []
    if role != accountable:
        refusals.append(f"{step} is signed by {accountable}, not by {role}")
    if role not in process.users.get(user, []):
        held = ", ".join(process.users.get(user, [])) or "no role"
        refusals.append(f"{user} holds {held} in params/process.yaml, not {role}")
    return refusals


def _judge(row: Mapping[Hashable, Any] | None, sha256: str) -> Standing:
    if row is None:
        return Standing()
    verdict: Verdict = "rejected"
    if row["verdict"] == "approve":
        verdict = "approved" if row["source"] == sha256 else "stale"
    return Standing(verdict, row["role"], row["author"], row["entered_at"], str(row["reason"]))


def _to_version(records: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(records["plan_version"], errors="coerce")
