"""A conflict over the months: one number until it is settled, with its days, people, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sopkit.consensus.conflicts.find import OPEN, number_conflict
from sopkit.tables import TABLES, fit_columns

Row = dict[str, Any]
Key = tuple[str, str]
TOUCHED = ("first_owner", "second_owner", "task_force", "escalate_to")


def carry_conflicts(
    found: pd.DataFrame,
    records: pd.DataFrame,
    cycle: str,
    meeting_days: Mapping[str, pd.Timestamp],
    *,
    past: pd.DataFrame | None = None,
    task_force: Mapping[str, Sequence[str]] | None = None,
    escalate_to: str = "",
    working_days: pd.DatetimeIndex | None = None,
    days: int = 0,
) -> pd.DataFrame:
    """Carry conflicts over from earlier cycles: number, opening day, verdict; close and reopen.

    A conflict is the same one as long as family and kind are. Found again, it stays open under its
    number; no longer found, it closes by itself (state `agreed`, said once). One that was settled
    is shown with its verdict until its months are past and not opened again, unless its numbers
    lie further apart than at the verdict by the threshold, or on the other side. One that was
    withdrawn is forgotten.

    Args:
        found: what `find_conflicts` returned for this cycle.
        records: records of kind `conflict` of this and earlier cycles: `number`, `cycle`,
            `status` (open, settled, withdrawn), `version`, `author`, `due_date`, `task_force`,
            `escalate_to` and the owners (where a person touched it, they hold), `closed_by`,
            `closed_at`, `closed_reason`, the periods, `family`, `kind`, `gap_value`, `option`,
            `verdict`; may be empty.
        cycle: this cycle.
        meeting_days: by cycle, the day its pre-meeting is due; this cycle and those of `records`.
        past: contract `conflict` of earlier cycles with `cycle` (what was shown then); it knows
            the gap at the verdict and when a conflict was opened again.
        task_force: roles that settle each kind.
        escalate_to: role that decides when the last day has passed.
        working_days: days that are worked in this month and the next, sorted, for the last day of
            what is opened now.
        days: working days from opening to the last day; a last day that stands in the record stays.

    Returns:
        Contract `conflict`: open ones by size, then settled ones, then those closed by themselves.

    Example:
        Opened on 19 October over 40, found again in November (meeting on the 18th) over 50: same
        number, state open, 30 days open, `last_gap_value` 40.
    """
    earlier = _Earlier.read(records, past, cycle)
    now = {(row["family"], row["kind"]): row for row in _rows(found)}
    taken = _numbers_taken(records, cycle)
    told: list[Row] = []
    for key, row in now.items():
        if key not in earlier.record:
            taken += 1
            row |= {"conflict": number_conflict(cycle, taken)}
        told.append(_carry_one(row, earlier, key, cycle, meeting_days))
    for key in (one for one in earlier.record if one not in now):
        told += _carry_missing(earlier, key, cycle, meeting_days)
    rows = pd.DataFrame(told, columns=TABLES["conflict"].column_names)
    rows = _add_days(rows, cycle, meeting_days, working_days, days)
    force = [", ".join((task_force or {}).get(kind, ())) or None for kind in rows["kind"]]
    named = pd.Series(force, index=rows.index, dtype=object)
    rows["task_force"] = rows["task_force"].where(rows["task_force"].notna(), named)
    rows["escalate_to"] = rows["escalate_to"].where(
        rows["escalate_to"].notna(), escalate_to or None
    )
    return _sort(fit_columns(rows, TABLES["conflict"]))


@dataclass(frozen=True)
class _Earlier:
    """What is known of each family and kind: its record, and how it was last shown.

    Args:
        record: newest record; withdrawn ones are forgotten.
        shown: as last shown while open, in an earlier cycle.
        ended: shown since as closed by itself.
    """

    record: dict[Key, Row]
    shown: dict[Key, Row]
    ended: set[Key]

    @classmethod
    def read(cls, records: pd.DataFrame, past: pd.DataFrame | None, cycle: str) -> _Earlier:
        """Return what records and earlier tables say."""
        shown: dict[Key, Row] = {}
        ended: set[Key] = set()
        rows = [] if past is None else _rows(past.sort_values("cycle", kind="stable"))
        for row in (one for one in rows if one["cycle"] < cycle):
            key = (row["family"], row["kind"])
            if row["state"] in OPEN:
                shown[key] = row
                ended.discard(key)
            elif row["state"] == "agreed":
                ended.add(key)
        return cls(_last_of_each(records, cycle), shown, ended)


def _rows(frame: pd.DataFrame) -> list[Row]:
    return [{str(key): cell for key, cell in row.items()} for row in frame.to_dict("records")]


def _last_of_each(records: pd.DataFrame, cycle: str) -> dict[Key, Row]:
    """Return the newest record of each family and kind; withdrawn ones are forgotten."""
    if records.empty:
        return {}
    order = ["cycle", "number"] + (["version"] if "version" in records.columns else [])
    rows = records[records["cycle"] <= cycle].sort_values(order, kind="stable")
    last = {(row["family"], row["kind"]): row for row in _rows(rows)}
    return {key: row for key, row in last.items() if row["status"] != "withdrawn"}


def _numbers_taken(records: pd.DataFrame, cycle: str) -> int:
    """Return the highest running number of this cycle's conflict records."""
    own = records[records["cycle"] == cycle] if len(records) else records
    numbers = [int(str(number).rsplit("-", 1)[-1].lstrip("C")) for number in own.get("number", ())]
    return max(numbers, default=0)


def _carry_one(
    row: Row, earlier: _Earlier, key: Key, cycle: str, meeting_days: Mapping[str, pd.Timestamp]
) -> Row:
    """Return a conflict of this cycle with what is known of it."""
    anew = {"opened_cycle": cycle, "opened_date": meeting_days[cycle]}
    record, before = earlier.record.get(key), earlier.shown.get(key)
    if record is None:
        return row | anew | {"state": "new"}
    opened = _find_opening(record, before, meeting_days)
    last = record["gap_value"] if before is None else before["gap_value"]
    told = (
        row | _read_touched(record, before) | {"conflict": record["number"], "last_gap_value": last}
    )
    if record["status"] != "settled":
        if record["cycle"] == cycle:
            return told | opened | {"state": "new", "last_gap_value": None}
        return (
            told
            | (anew if key in earlier.ended else opened)
            | {"state": "reopened" if key in earlier.ended else "open"}
        )
    told |= _read_verdict(record)
    if before is not None and before.get("settled_date") == told["settled_date"]:
        return told | opened | {"state": "open"}
    if _moved_apart(row["gap_value"], last, row["threshold_value"]):
        return told | anew | {"state": "reopened", "due_date": pd.NaT}
    return told | opened | {"state": "settled"}


def _carry_missing(
    earlier: _Earlier, key: Key, cycle: str, meeting_days: Mapping[str, pd.Timestamp]
) -> list[Row]:
    """Return a conflict whose numbers no longer differ: closed by itself, or settled."""
    record, before = earlier.record[key], earlier.shown.get(key)
    told = {**(before or record), "conflict": record["number"]}
    told |= _find_opening(record, before, meeting_days) | {"last_gap_value": told["gap_value"]}
    told |= _read_touched(record, before)
    if record["status"] == "settled":
        over = told["last_period"] < pd.Timestamp(f"{cycle}-01")
        return [] if over else [told | _read_verdict(record) | {"state": "settled"}]
    if record["cycle"] == cycle or key in earlier.ended:
        return []
    return [told | {"state": "agreed"}]


def _find_opening(record: Row, before: Row | None, meeting_days: Mapping[str, pd.Timestamp]) -> Row:
    """Return cycle and day of opening: as last shown, else those of the record."""
    if before is not None and before["conflict"] == record["number"]:
        return {name: before[name] for name in ("opened_cycle", "opened_date")}
    return {"opened_cycle": record["cycle"], "opened_date": meeting_days[record["cycle"]]}


def _moved_apart(gap: float, then: float, threshold: float) -> bool:
    """Return whether numbers lie further apart than at the verdict, by the threshold.

    Example:
        Settled at -40, threshold 20: -55 is settled still, -60 is not, nor is +20.
    """
    if gap * then < 0:
        return abs(gap) >= threshold
    return abs(gap) >= abs(then) + threshold


def _read_touched(record: Row, before: Row | None) -> Row:
    """Return the last day that was set at opening, and what a person set in the record."""
    told = {} if record["version"] < 2 else {name: record.get(name) for name in TOUCHED}
    is_theirs = record["version"] > 1 and record["status"] == "open"
    known = record if before is None or is_theirs else before
    told["due_date"] = known.get("due_date")
    return {name: cell for name, cell in told.items() if not pd.isna(cell) and cell != ""}


def _read_verdict(record: Row) -> Row:
    """Return what was decided, by whom, when (the day alone) and why."""
    closed = record.get("closed_at")
    return {
        "option": record.get("option"),
        "verdict": record.get("verdict"),
        "settled_by": record.get("closed_by") or record.get("author"),
        "settled_date": pd.Timestamp(str(closed)[:10]) if closed else pd.NaT,
        "settled_reason": record.get("closed_reason") or record.get("reason"),
    }


def _add_days(
    rows: pd.DataFrame,
    cycle: str,
    meeting_days: Mapping[str, pd.Timestamp],
    working_days: pd.DatetimeIndex | None,
    days: int,
) -> pd.DataFrame:
    opened = pd.to_datetime(rows["opened_date"])
    later = [_count_on(day, working_days, days) for day in opened]
    passed = (meeting_days[cycle] - opened).dt.days.clip(lower=0).astype(float)
    due = pd.Series(later, index=rows.index, dtype="datetime64[ns]")
    last = pd.to_datetime(rows["due_date"]).fillna(due)
    return rows.assign(opened_date=opened, due_date=last, days_open=passed)


def _count_on(day: pd.Timestamp, working_days: pd.DatetimeIndex | None, days: int) -> pd.Timestamp:
    """Return the day that is so many working days later.

    Example:
        Friday 20 November and three working days: Wednesday 25.
    """
    if working_days is None:
        return day + pd.offsets.BDay(days)
    later = working_days[working_days > day]
    return later[days - 1] if 0 < days <= len(later) else day + pd.offsets.BDay(days)


def _sort(rows: pd.DataFrame) -> pd.DataFrame:
    place = rows["state"].map(dict.fromkeys(OPEN, 0) | {"settled": 1, "agreed": 2})
    order = rows.assign(place=place, size=-rows["gap_value"].abs())
    order = order.sort_values(["place", "size", "conflict"], kind="stable")
    return order.drop(columns=["place", "size"]).reset_index(drop=True)
