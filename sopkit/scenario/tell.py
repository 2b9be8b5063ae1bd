"""Scenarios in words of the catalogue: what each is called, and what became of each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.scenario.reasons import Message, tell_past, tell_reason

_UNITS = ("hours", "days", "units")


def tell_scenarios(scenario_diff: pd.DataFrame) -> dict[str, Message]:
    """Return what to call each scenario, as key and values of a message; `base` is there too.

    Its title if it has one, else what its first block changes.

    Args:
        scenario_diff: contract `scenario_diff`.
    """
    first = scenario_diff.drop_duplicates("scenario")
    told: dict[str, Message] = {"base": ("scenarios.base", {})}
    return told | {str(row["scenario"]): _name(row) for row in first.to_dict("records")}


def _name(row: Mapping[Any, Any]) -> Message:
    if row["origin"] == "range":
        return f"scenarios.range.{row['scenario']}", {}
    if isinstance(row["title"], str) and row["title"]:
        return "scenarios.title", {"title": row["title"]}
    return tell_block(row)


def tell_block(row: Mapping[Any, Any]) -> Message:
    """Return what a block changes, as key and values of a message."""
    none = row["kind"] == "overtime" and str(row["size"]).startswith("0 ")
    kind = "overtime_none" if none else row["kind"]
    return f"scenarios.said.{kind}", {"subject": row["subject"], "size": _tell_size(row["size"])}


def _tell_size(size: Any) -> Any:
    """Return a size with its unit as a message; a share or an end of the range stands as it is."""
    number, _, unit = str(size).rpartition(" ")
    return (f"scenarios.size.{unit}", {"size": number}) if unit in _UNITS and number else size


def tell_state(row: Mapping[Any, Any]) -> Message:
    """Return what became of a block, as key and values of a message."""
    gone = row["why"] == "past" and row["state"] == "refused"
    why = "past_refused" if gone else row["why"]
    if row["why"] in ("unknown", "doubled", "nothing"):
        return f"scenarios.state.{why}", {"detail": tell_reason(str(row["detail"]))}
    told = tell_past(str(row["detail"])) if row["why"] == "past" else row["detail"]
    return f"scenarios.state.{why}", {"detail": told}


def tell_months(row: Mapping[Any, Any]) -> Message | None:
    """Return the months in which a block holds, as key and values of a message; None: unknown."""
    first, last = row["first_period"], row["last_period"]
    if pd.isna(first):
        return None
    key = "scenarios.when_in" if first == last else "scenarios.when"
    return key, {"first": first, "last": last}
