"""What a look leaves behind: its tables in the cycle's `refresh/<day>/`, tasks in the planbook."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle import write_parquet
from sopkit.messages import Catalogue
from sopkit.planbook import SOPKIT, open_planbook
from sopkit.refresh.look import Look
from sopkit.tables import ALL
from sopkit.tables.results_effects import REFRESH_TABLES


def write_look(look: Look, cycle_root: Path) -> Path:
    """Write a look's tables beside the cycle's, never among them; return their folder.

    The same files seen on the same day give the same bytes. A published cycle may be looked at.
    """
    folder = cycle_root / "refresh" / f"{look.as_of:%Y-%m-%d}"
    frames = (look.month, look.orders, look.triggers)
    for table, frame in zip(REFRESH_TABLES, frames, strict=True):
        write_parquet(folder / f"{table.name}.parquet", frame, table)
    return folder


def enter_tasks(look: Look, t: Catalogue, now: datetime | None = None) -> Look:
    """Enter a task for each fired trigger into the planbook, where none stands yet.

    A trigger of a family asks once a cycle: while its task is open or done no other is entered.

    Args:
        look: the day.
        t: language in which the tasks are written.
        now: time of entering, with zone; default: the clock's.

    Returns:
        The look with the tasks entered.

    Raises:
        CycleError: the planbook is locked, or newer than this sopkit.
    """
    fired = look.triggers[look.triggers["fired"]]
    if fired.empty:
        return look
    rows = pd.DataFrame(
        {
            "title": [say_trigger(row, t) for row in fired.to_dict("records")],
            "owner": fired["owner"],
            "due_date": fired["due_date"],
            "origin": [name_origin(look.cycle, *one) for one in
                       zip(fired["trigger"], fired["family"], strict=True)],
        }
    ).reset_index(drop=True)  # fmt: skip
    with open_planbook(look.folder, company=look.company) as book:
        known = book.read("task", look.cycle)
        standing = set(known.loc[known["status"] != "withdrawn", "origin"])
        new = rows[~rows["origin"].isin(standing)].reset_index(drop=True)
        if new.empty:
            return look
        source = f"refresh {look.as_of:%Y-%m-%d}"
        entered = book.add("task", new, look.cycle, SOPKIT, source=source, now=now)
    return replace(look, tasks=entered)


def name_origin(cycle: str, trigger: str, family: str) -> str:
    """Return what a task follows from.

    Example:
        >>> name_origin("2026-11", "below", "COLA")
        'refresh 2026-11 below COLA'
    """
    return f"refresh {cycle} {trigger} {family}"


def find_sentence(row: Mapping[Hashable, Any]) -> tuple[str, dict[str, Any]]:
    """Return the message of a trigger, and its values; the company as a whole has its own.

    Example:
        `below` of COLA: `refresh.trigger.below`; of all: `refresh.trigger.below_all`.
    """
    whole = "_all" if row["family"] == ALL else ""
    seen = row["seen"]
    size = abs(float(seen)) if pd.notna(seen) else None
    return f"refresh.trigger.{row['trigger']}{whole}", {
        "family": row["family"], "seen": seen, "size": size,
    }  # fmt: skip


def say_trigger(row: Mapping[Hashable, Any], t: Catalogue) -> str:
    """Return a fired trigger as a sentence."""
    key, values = find_sentence(row)
    return t(key, **values)
