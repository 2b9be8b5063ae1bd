"""Accepted cells into the planbook: only what is new or changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sopkit.collect.read_back import CELL_KEY, Back
from sopkit.collect.who import SENDER
from sopkit.planbook import has_planbook, open_planbook
from sopkit.tables import TABLES

KEY = [name for name in CELL_KEY if name != "owner"]


def read_standing(folder: Path, cycle: str, company: str) -> pd.DataFrame:
    """Return the numbers that stand for a cycle: contract `forecast_stream`, `source`, `note`."""
    empty = TABLES["forecast_stream"].empty().assign(source="", note="")
    if not has_planbook(folder):
        return empty
    with open_planbook(folder, company=company) as book:
        records = book.read_stream_records(cycle)
    standing = records[~records["superseded"].astype(bool)]
    return standing[list(empty.columns)].reset_index(drop=True)


def add_states(accepted: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Say of each accepted cell what it does to the planbook.

    Args:
        accepted: see `read_files`.
        standing: see `read_standing`.

    Returns:
        The rows with `state`: new, changed (another number, owner or remark stands), same, or
        earlier (of a file read before, while something newer stands).

    Example:
        100 stands, the sheet says 120: changed. Read again: same.
    """
    now = standing[[*KEY, "owner", "forecast_qty", "note"]].rename(
        columns={"owner": "had_owner", "forecast_qty": "had_qty", "note": "had_note"}
    )
    told = accepted.merge(now, on=KEY, how="left", validate="many_to_one")
    same = (
        (told["had_qty"] == told["forecast_qty"])
        & (told["had_owner"] == told["owner"])
        & (told["had_note"].fillna("") == told["reason"])
    )
    state = pd.Series("changed", index=told.index, dtype=object)
    state = state.mask(told["earlier"].astype(bool), "earlier")
    state = state.mask(same, "same").mask(told["had_qty"].isna(), "new")
    return accepted.assign(state=state.to_numpy(dtype=object))


def find_staying(standing: pd.DataFrame, back: Back, known: frozenset[str]) -> pd.DataFrame:
    """Return the numbers that stand for the senders of new files, but are not in them any more.

    Args:
        standing: see `read_standing`.
        back: see `read_files`.
        known: SHA-256 of files read before, which say nothing new.
    """
    senders = back.received.loc[~back.received["sha256"].isin(known), SENDER].drop_duplicates()
    mine = standing.merge(senders, on=SENDER, how="inner", validate="many_to_one")
    said = pd.MultiIndex.from_frame(back.accepted[KEY])
    return mine[~pd.MultiIndex.from_frame(mine[KEY]).isin(said)].reset_index(drop=True)


def keep_cells(folder: Path, cycle: str, company: str, cells: pd.DataFrame, author: str) -> int:
    """Enter the new and the changed cells; return how many were entered.

    Each keeps its file, sheet and cell as its source, and the remark of its row.

    Args:
        cells: what `add_states` returned.
        author: who reads them in; `owner` is whose forecast each is.
    """
    fresh = cells[cells["state"].isin(["new", "changed"])]
    if fresh.empty:
        return 0
    remark = fresh["reason"].astype(object).where(fresh["reason"] != "", None)
    rows = fresh.assign(note=remark, source=fresh["file"] + " " + fresh["address"])
    columns = [*TABLES["forecast_stream"].column_names, "note", "source"]
    with open_planbook(folder, company=company) as book:
        return book.add_streams(rows[columns], cycle, author, "collect")
