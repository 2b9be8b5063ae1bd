"""Sign a step, or send it back: one record in the planbook, in the role that answers for it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle import check_open, hold_lock, to_paths
from sopkit.errors import CycleError, ParameterError, list_problems
from sopkit.params import read_process
from sopkit.planbook import open_planbook
from sopkit.process.approvals import find_refusals
from sopkit.process.calendar import add_working_days
from sopkit.process.judge import Standings, hash_step, judge_cycle
from sopkit.process.texts import say_reason
from sopkit.run.state import require_manifest
from sopkit.run.steps import find_step

ANSWER_DAYS = 1
NO_REMARK = "its gate holds"


def approve_step(
    folder: Path,
    cycle: str,
    step: str,
    user: str,
    role: str,
    reason: str = "",
    now: datetime | None = None,
) -> str:
    """Sign a step whose gate holds, and return the record's number.

    Args:
        folder: the planning folder.
        cycle: the cycle.
        step: `demand`, `02` or `02_demand_review`.
        user: name that the environment declares.
        role: role in which he signs; the step's accountable one.
        reason: a remark.
        now: time of signing, with zone; default: the clock's.

    Raises:
        ParameterError: no such step, or the user may not sign it in this role.
        CycleError: the gate is open, the step is signed already, the cycle is published or at work.
    """
    name = _check_words(folder, cycle, step, user, role)
    with hold_lock(to_paths(cycle, folder)):
        state = _open_state(folder, cycle)
        gate, signed = state.gates[name], state.signed[name]
        if signed.verdict == "approved":
            raise CycleError(
                f"{name} of cycle {cycle} is signed already, by {signed.author} as {signed.role} "
                f"at {signed.entered_at}."
            )
        if not gate.holds:
            raise CycleError(
                list_problems(
                    f"{name} of cycle {cycle} cannot be signed: its gate is open",
                    [say_reason(one) for one in gate.reasons],
                    f"See: sopkit status {cycle}",
                )
            )
        return _enter(state, name, user, role, "approve", reason, now)


def reject_step(
    folder: Path,
    cycle: str,
    step: str,
    user: str,
    role: str,
    reason: str,
    now: datetime | None = None,
) -> str:
    """Send a step back with a reason, and return the number of the task for who does the step.

    Raises:
        ParameterError: no such step, no reason, or the user may not in this role.
        CycleError: it never ran, is sent back already, or the cycle is published or at work.
    """
    name = _check_words(folder, cycle, step, user, role)
    if not reason.strip():
        raise ParameterError("Say why it is sent back: --reason WHY")
    with hold_lock(to_paths(cycle, folder)):
        state = _open_state(folder, cycle)
        if not hash_step(state.manifest, name):
            raise CycleError(f"{name} of cycle {cycle} never ran: there is nothing to send back.")
        if state.signed[name].verdict == "rejected":
            raise CycleError(f"{name} of cycle {cycle} is sent back already.")
        verdict = _enter(state, name, user, role, "reject", reason, now)
        day = pd.Timestamp((now or datetime.now()).date())
        task: dict[str, Any] = {
            "title": f"{name}: {reason}",
            "owner": state.process.to_step(name).responsible,
            "due_date": add_working_days(day, ANSWER_DAYS, state.country),
            "origin": verdict,
        }
        with open_planbook(folder, company=state.manifest.company) as book:
            kept = book.add("task", pd.DataFrame([task]), cycle, user, reason=reason, now=now)
    return str(kept["number"].iloc[0])


def _check_words(folder: Path, cycle: str, step: str, user: str, role: str) -> str:
    """Return the step's short name where the user may sign it in this role.

    Raises:
        ParameterError: the step is not known, or he may not.
        CycleError: the cycle was never run.
    """
    require_manifest(to_paths(cycle, folder))
    name = find_step(step).section
    refusals = find_refusals(read_process(folder), name, user, role)
    if refusals:
        raise ParameterError(
            list_problems(
                f"{name} of cycle {cycle} was not signed",
                refusals,
                "The user comes from SOPKIT_USER, else the login name.",
            )
        )
    return name


def _open_state(folder: Path, cycle: str) -> Standings:
    state = judge_cycle(folder, cycle)
    check_open(state.paths, state.manifest, state.manifest.company)
    return state


def _enter(
    state: Standings,
    step: str,
    user: str,
    role: str,
    verdict: str,
    reason: str,
    now: datetime | None,
) -> str:
    row = {"step": step, "role": role, "verdict": verdict, "plan_version": state.version}
    with open_planbook(state.paths.folder, company=state.manifest.company) as book:
        kept = book.add(
            "approval",
            pd.DataFrame([row]),
            state.cycle,
            user,
            reason=reason.strip() or NO_REMARK,
            source=hash_step(state.manifest, step),
            now=now,
        )
    return str(kept["number"].iloc[0])
