"""The rows of one table are held to its contract: accepted, refused, not yet known, left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from sopkit.sources.amounts import row_amounts
from sopkit.sources.columns import PartRows
from sopkit.sources.crosscheck import find_bom_loops, find_orphans
from sopkit.sources.model import Part
from sopkit.sources.rules import (
    ADVICE,
    SHARES,
    STARTS_AND_ENDS,
    hide_later_shipments,
    later_rows,
    list_rows,
)
from sopkit.sources.told import note_later, tie, to_refused
from sopkit.tables import Table, find_problems, fit_columns

_PROBLEM = ["row", "column", "target", "rule", "value"]
Tables = dict[str, pd.DataFrame]
Finding = dict[str, object]


@dataclass(frozen=True)
class Accepted:
    """What became of a table's rows.

    Args:
        frame: the table; its index points into `origin`.
        origin: `file`, `row`, `part` of the accepted rows.
        refused: rows of the contract table `refused_row`.
        tied: counts and money, a row per part.
        findings: rows not yet known, codes without a master that are kept.
        errors: hard contradictions.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    refused: pd.DataFrame
    tied: list[Finding]
    findings: list[Finding]
    errors: list[str]


def accept_rows(
    table: Table,
    parts: list[tuple[Part, PartRows]],
    masters: Tables,
    days: dict[str, pd.Timestamp],
) -> Accepted:
    """Return what a table accepts of its parts, and what became of the rest.

    Args:
        masters: tables read before; a table whose file was unreadable is not among them.
        days: `as_of`, and `cycle` (first planned month).

    Example:
        Two rows with one key: the first is accepted, the second refused as a doubled key.
    """
    frame, origin, known = _stack_parts(table, parts)
    amounts = row_amounts(frame, table.name, masters, days["as_of"])
    later = later_rows(frame, table.name, days["as_of"], days["cycle"])
    keeps = [number for number, (part, _) in enumerate(parts) if part.keep_later]
    kept_later = later & origin["part"].isin(keeps)
    later &= ~kept_later
    here = frame.loc[~later]
    if table.name == "sales_order_line":
        here = hide_later_shipments(here, days["as_of"])
    orphans, notes = find_orphans(here, table, masters, origin)
    known = known.loc[~known["row"].isin(frame.index[later])]
    problems = _contract_problems(here, table, known, orphans)
    good, again = _merge_rows(here.loc[~here.index.isin(problems["row"])], table, parts, origin)
    crossed = _crossed_problems(good, table, days["as_of"])
    problems = _stack_problems([problems, crossed])
    good = good.loc[~good.index.isin(crossed["row"])]
    return Accepted(
        frame=good,
        origin=origin.loc[good.index],
        refused=to_refused(table, parts, problems, origin, amounts),
        tied=tie(table, parts, origin, amounts, later, problems, again),
        findings=[*note_later(table, origin, amounts, later, kept_later, days["as_of"]), *notes],
        errors=_loop_errors(crossed, origin),
    )


def _stack_parts(
    table: Table, parts: list[tuple[Part, PartRows]]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    frames, origins, problems, offset = [], [], [], 0
    for number, (_, rows) in enumerate(parts):
        index = pd.RangeIndex(offset, offset + len(rows.frame))
        frames.append(fit_columns(rows.frame.set_axis(index), table))
        origins.append(rows.origin.set_axis(index).assign(part=number))
        problems.append(rows.problems.assign(row=rows.problems["row"].astype(int) + offset))
        offset += len(rows.frame)
    filled = [frame for frame in frames if len(frame)]
    frame = pd.concat(filled) if filled else frames[0]
    places = [place for place in origins if len(place)]
    origin = pd.concat(places) if places else origins[0]
    return frame, origin, _stack_problems(problems)[_PROBLEM]


# --- problems ---


def _contract_problems(
    here: pd.DataFrame, table: Table, known: pd.DataFrame, orphans: pd.DataFrame
) -> pd.DataFrame:
    """Return all problems of cells; what could not be read is not also called blank."""
    broken = find_problems(here, replace(table, key=()))  # keys are looked at after grouping
    broken = broken[["row", "column", "rule", "value"]]
    more = _stack_problems([broken, orphans, _range_problems(here, table)])
    if more.empty:
        return known.drop_duplicates(["row", "column", "rule"])
    more = more.assign(target=more["column"])
    named = pd.MultiIndex.from_frame(known[["row", "target"]].astype({"row": int}))
    again = pd.MultiIndex.from_frame(more[["row", "target"]].astype({"row": int})).isin(named)
    every = _stack_problems([known, more.loc[~again]])
    return every.drop_duplicates(["row", "column", "rule"], ignore_index=True)[_PROBLEM]


def _range_problems(here: pd.DataFrame, table: Table) -> pd.DataFrame:
    found = []
    if table.name in STARTS_AND_ENDS:
        first, last = STARTS_AND_ENDS[table.name]
        bad = here.index[here[last] < here[first]]
        found.append(_problems(bad, last, "ends before it starts", here[last]))
    for share in SHARES:
        if share in here:
            bad = here.index[here[share] > 1]
            found.append(_problems(bad, share, "at most 1", here[share]))
    return _stack_problems(found) if found else _problems(here.index[:0], "", "", "")


def _stack_problems(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all rows one below the other; empty frames say nothing of the columns' kinds."""
    filled = [frame.astype({"value": object}) for frame in frames if len(frame)]
    return pd.concat(filled or frames[:1], ignore_index=True)


def _problems(index: pd.Index, column: str, rule: str, values: pd.Series | str) -> pd.DataFrame:
    shown = values.loc[index].to_numpy() if isinstance(values, pd.Series) else values
    return pd.DataFrame({"row": index, "column": column, "rule": rule, "value": shown})


def _crossed_problems(good: pd.DataFrame, table: Table, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return problems that rows have with each other: doubled keys, BOM loops."""
    key = list(table.key)
    doubled = good.loc[good.duplicated(key)]
    shared = doubled[key].astype(str).agg(", ".join, axis=1) if len(doubled) else ""
    found = _problems(doubled.index, ", ".join(key), "doubled key", shared)
    if table.name == "bom":
        loops = find_bom_loops(good.drop(index=doubled.index), as_of)
        found = _stack_problems([found, _problems(loops.index, "component", "bom loop", loops)])
    return found.assign(target=found["column"])[_PROBLEM]


def _loop_errors(crossed: pd.DataFrame, origin: pd.DataFrame) -> list[str]:
    loops = crossed.loc[crossed["rule"] == "bom loop"]
    files = origin.loc[loops["row"], "file"].to_numpy()
    errors = []
    for file, rows in loops.groupby(files, sort=True):
        named = _name_loops(rows["value"])
        places = list_rows(origin.loc[rows["row"], "row"])
        errors.append(
            f"bom: {file}: an item is part of itself: {named} (rows {places}). {ADVICE['bom loop']}"
        )
    return errors


def _name_loops(loops: pd.Series, most: int = 5) -> str:
    """Return each loop once, wherever it is entered; at most so many."""
    once = {frozenset(loop.split(" > ")): loop for loop in reversed(loops.tolist())}
    named = list(reversed(once.values()))
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return "; ".join(named[:most]) + more


# --- distinct and group ---


def _merge_rows(
    good: pd.DataFrame, table: Table, parts: list[tuple[Part, PartRows]], origin: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Index]:
    """Return the rows after `distinct` and `group`, and the index of rows that stood again."""
    number = origin.loc[good.index, "part"]
    distinct = [n for n, (part, _) in enumerate(parts) if part.distinct]
    repeated = good.index[number.isin(distinct) & good.duplicated()]
    good = good.drop(index=repeated)
    for how in sorted({part.group for part, _ in parts if part.group is not None}):
        members = [n for n, (part, _) in enumerate(parts) if part.group == how]
        is_member = origin.loc[good.index, "part"].isin(members)
        grouped = _group(good.loc[is_member], table, how, origin["weight"])
        good = pd.concat([f for f in (good.loc[~is_member], grouped) if len(f)] or [good])
    return good.sort_index(), repeated


def _group(rows: pd.DataFrame, table: Table, how: str, weight: pd.Series) -> pd.DataFrame:
    if rows.empty:
        return rows
    key = list(table.key)
    place = "last" if how == "last" else "first"
    ways = {
        column.name: how if column.kind in ("number", "whole") else place
        for column in table.columns
        if column.name not in key
    }
    keyed = rows.assign(**{"§index": rows.index}).groupby(key, sort=False, dropna=False)
    plain = {name: way for name, way in ways.items() if way not in ("sum", "mean")}
    grouped = keyed.agg({"§index": "first", **plain})
    totals = [name for name in ways if name not in plain]
    if totals:
        summed = keyed[totals].sum(min_count=1)
        means = _weighted_means(rows, key, totals, weight) if how == "mean" else summed
        grouped = grouped.join(means)
    grouped = grouped.reset_index().set_index("§index").rename_axis(None)
    return grouped[table.column_names]


def _weighted_means(
    rows: pd.DataFrame, key: list[str], totals: list[str], weight: pd.Series
) -> pd.DataFrame:
    """Return sum(number x weight) / sum(weight) over the rows where the number is not blank."""
    weights = weight.loc[rows.index]
    products = rows[key].assign(**{name: rows[name] * weights for name in totals})
    counted = rows[key].assign(**{name: weights.where(rows[name].notna()) for name in totals})
    total = products.groupby(key, sort=False, dropna=False)[totals].sum(min_count=1)
    return total / counted.groupby(key, sort=False, dropna=False)[totals].sum()
