"""The process in words: reasons, gates, steps and tasks in either language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.messages import Catalogue, catalogue
from sopkit.params.process import STEPS
from sopkit.process.approvals import Standing
from sopkit.process.gates import Gate, Reason
from sopkit.tables import ALL


def say_reason(reason: Reason, t: Catalogue | None = None) -> str:
    """Return one sentence: what holds a gate open."""
    t = t or catalogue("en")
    return t(f"process.why.{reason.key}", **_fill(reason.values, t))


def say_gate(gate: Gate, signed: Standing, t: Catalogue | None = None) -> str:
    """Return a gate in a line: signed by whom, sent back, or open and why, or holding."""
    t = t or catalogue("en")
    if signed.verdict != "none":
        values = {"author": signed.author, "role": signed.role, "at": signed.entered_at[:10]}
        said = t(f"process.gate.{signed.verdict}", **values)
        if signed.verdict != "stale" or gate.holds:
            return said
        return f"{said}; {say_reason(gate.reasons[0], t)}"
    if gate.holds:
        return t("process.gate.holds")
    return f"{t('process.gate.open')}: {say_reason(gate.reasons[0], t)}"


def say_step(step: str, t: Catalogue | None = None) -> str:
    """Return what a step is called."""
    return (t or catalogue("en"))(f"process.step.{step}")


def say_task(task: Mapping[str, Any], t: Catalogue | None = None) -> str:
    """Return a task of contract `task` in one line, without owner and day."""
    key, values = to_sentence(task)
    return (t or catalogue("en"))(key, **values)


def say_proposal(option: Mapping[str, Any], t: Catalogue | None = None) -> str:
    """Return what a decision is about and what is proposed, from a row of contract `decision`.

    Example:
        >>> say_proposal({"kind": "capacity", "subject": "PET1", "action": "extra_shift"})
        'capacity, PET1: an extra shift'
    """
    t = t or catalogue("en")
    key, action = f"process.proposal.{option['action']}", option["action"]
    values = {"kind": option["kind"], "subject": option["subject"]}
    about = t("process.minutes.about", **values)
    if action is None or action != action:
        return about
    return f"{about}: {t(key) if t.has(key) else action}"


def to_sentence(task: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the message of a task of contract `task`, and its values.

    Example:
        A decision to take: `process.task.decide` with `origin` and `subject`. A step that was sent
        back (its verdict is the origin): `process.task.sent_back` with its name and the reason.
    """
    names = ("origin", "subject", "option", "title")
    values = {name: None if pd.isna(task[name]) else task[name] for name in names}
    step, stroke, said = str(values["title"]).partition(": ")
    if str(values["origin"]).startswith("V-") and stroke and step in STEPS:
        return "process.task.sent_back", {"step": (f"process.step.{step}", {}), "title": said}
    kind = f"gate.{task['origin']}" if task["kind"] == "gate" else task["kind"]
    if kind in ("decide", "carry_out") and values["subject"] == ALL:
        kind += "_gap"
    return f"process.task.{kind}", values


def list_owners(owner: object) -> list[str]:
    """Return the roles of an owner cell; a task force stands as `sales_owner, production`.

    Example:
        >>> list_owners("sales_owner, production")
        ['sales_owner', 'production']
    """
    return [] if owner is None or owner != owner else str(owner).split(", ")


def _fill(values: Mapping[str, Any], t: Catalogue) -> dict[str, Any]:
    """Return values with steps and reasons in words."""
    return {name: _say_value(name, value, t) for name, value in values.items()}


def _say_value(name: str, value: Any, t: Catalogue) -> Any:
    if isinstance(value, Reason):
        return say_reason(value, t)
    return say_step(str(value), t) if name == "step" else value
