"""What a round says: on the terminal in either language, or as JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sopkit.collect.round import In, Out
from sopkit.messages import Catalogue
from sopkit.tables import LEAF

ASKS_SHOWN = 50


def describe_out(out: Out, t: Catalogue) -> list[str]:
    """Return a line a sheet, whoever was not asked, and by when sheets are expected."""
    lines = [
        t(
            *("collect.told.out",),
            stream=sheet.stream,
            owner=sheet.owner,
            rows=len(sheet.rows),
            version=sheet.version,
            file=path,
        )
        for sheet, path in out.sheets
    ]
    if len(out.unowned):
        first = ", ".join(out.unowned.iloc[0][LEAF])
        lines.append(t("collect.told.unowned", n=len(out.unowned), first=first))
    due = pd.Timestamp(out.due)
    return [*lines, t("collect.told.written", n=len(out.sheets), due=due)]


def add_texts(refused: pd.DataFrame, t: Catalogue) -> pd.DataFrame:
    """Return refused cells with `why` and `advice` in words."""
    told = refused.to_dict("records")
    advice = [
        t(
            f"collect.advice.{one['rule']}",
            unit=t.unit,
            expected=one["expected"],
            other=one["other"],
        )
        for one in told
    ]
    why = [t(f"collect.rule.{one['rule']}") for one in told]
    return refused.assign(why=why, advice=advice)


def describe_in(back: In, t: Catalogue, preview: bool) -> list[str]:
    """Return what was accepted, what to look at, and each refused cell with its address."""
    cells = back.accepted
    states = cells["state"].value_counts()
    lines = [
        t(
            *("collect.told.accepted",),
            n=len(cells),
            senders=len(cells[["stream", "owner"]].drop_duplicates()),
            new=int(states.get("new", 0)),
            changed=int(states.get("changed", 0)),
            same=int(states.get("same", 0) + states.get("earlier", 0)),
        )
    ]
    far = cells[cells["far"]]
    if len(far):
        lines.append(t("collect.told.asks", n=len(far)))
        for one in far.head(ASKS_SHOWN).to_dict("records"):
            why = t("collect.ask_far", baseline=one["baseline_qty"])
            lines.append(f"  {one['file']} {one['address']}  {one['written']}  {why}")
    if len(back.stay):
        lines.append(t("collect.told.stay", n=len(back.stay)))
    if len(back.refused):
        lines.append(t("collect.told.refused", n=len(back.refused)))
        lines += [f"  {_refused_line(one, t)}" for one in _records(add_texts(back.refused, t))]
    return [*lines, t("collect.told.preview")] if preview else lines


def _refused_line(one: dict[str, Any], t: Catalogue) -> str:
    where = f"{one['file']} {one['address']}".strip()
    value = one["value"] if one["address"] else ""
    line = t(
        "collect.told.refused_line",
        address=where,
        value=value,
        rule=one["why"],
        advice=one["advice"],
    )
    return "  ".join(part for part in line.split("  ") if part)


def describe_senders(status: pd.DataFrame, cycle: str, t: Catalogue) -> list[str]:
    """Return a line a sender, and how many are late."""
    due = status["due_date"].max()
    lines = [t("collect.told.head", cycle=cycle, due=due)]
    for one in _records(status):
        lines.append(
            t(
                f"collect.told.{_state_word(one)}",
                stream=one["stream"],
                owner=one["owner"],
                cells=one["cell_count"],
                asked=one["asked_count"],
                refused=one["refused_count"],
                days=one["late_days"],
            )
        )
    states = status["state"].value_counts()
    sent, late = int(states.get("sent", 0)), int(states.get("late", 0))
    return [*lines, t("collect.told.summary", sent=sent, n=len(status), late=late)]


def _state_word(one: dict[str, Any]) -> str:
    if one["state"] != "sent":
        return str(one["state"])
    if one["refused_count"]:
        return "sent_refused"
    return "sent" if one["cell_count"] else "sent_blank"


def to_json(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows in plain values: days as text, blanks as null."""
    return [{name: _plain(cell) for name, cell in row.items()} for row in _records(frame)]


def _plain(cell: Any) -> Any:
    if cell is None or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, pd.Timestamp):
        return f"{cell:%Y-%m-%d}"
    return cell.item() if hasattr(cell, "item") else cell


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
