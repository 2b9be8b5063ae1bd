"""What is told of a table's rows: the refused ones, those not yet known, counts that tie."""

from __future__ import annotations

import pandas as pd

from sopkit.sources.columns import PartRows
from sopkit.sources.files import clean_header
from sopkit.sources.model import Part
from sopkit.sources.parts import ORIGIN
from sopkit.sources.rules import ADVICE, list_rows, make_finding
from sopkit.tables import TABLES, Table

TIED_COLUMNS = [
    "table",
    "file",
    "rows_read",
    "rows_left_out",
    "rows_not_yet_known",
    "rows_refused",
    "rows_accepted",
    "accepted_value",
    "refused_value",
    "not_yet_known_value",
]


def to_refused(
    table: Table,
    parts: list[tuple[Part, PartRows]],
    problems: pd.DataFrame,
    origin: pd.DataFrame,
    amounts: pd.Series,
) -> pd.DataFrame:
    """Return the rows of the contract table `refused_row`, a row a problem.

    Args:
        problems: `row` (index of `origin`), `column` (as the file calls it), `rule`, `value`.
        origin: `file`, `row` and `part` of every row.
        amounts: money of every row [currency]; told once for a row that breaks several rules.
    """
    if problems.empty:
        return TABLES["refused_row"].empty()
    rows = problems.sort_values(["row", "column", "rule"], kind="stable", ignore_index=True)
    place = origin.loc[rows["row"]].reset_index(drop=True)
    labels = {
        (number, name): clean_header(rule.column)
        for number, (part, _) in enumerate(parts)
        for name, rule in part.rules(table).items()
        if rule.column is not None and part.months is None
    }
    pairs = zip(place["part"], rows["column"], strict=True)
    money = amounts.loc[rows["row"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "table": table.name,
            "file": place["file"],
            "row": place["row"].astype(int),
            "column": [labels.get(pair, pair[1]) for pair in pairs],
            "rule": rows["rule"],
            "value": rows["value"].astype(object).map(_show),
            "advice": rows["rule"].map(_advise),
            "amount_value": money.where(~rows.duplicated("row")),
            "content": _contents(parts, rows["row"]),
        }
    )


def _advise(rule: str) -> str:
    return ADVICE.get(rule, f"Give a value that is {rule}.")


def _show(value: object) -> str:
    if value is None or value != value or str(value) in ("nan", "None", "NaT"):
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _contents(parts: list[tuple[Part, PartRows]], rows: pd.Series) -> list[str]:
    """Return each row as it was read: `column=value; column=value`."""
    texts: dict[int, str] = {}
    offset = 0
    for _, part in parts:
        inside = rows[rows.between(offset, offset + len(part.cells) - 1)].unique()
        cells = part.cells.drop(columns=ORIGIN, errors="ignore").iloc[inside - offset]
        for row, line in zip(inside, cells.to_dict("records"), strict=True):
            filled = [f"{k}={v}" for k, v in line.items() if v != "" and str(k)[0] != "§"]
            texts[row] = "; ".join(filled)
        offset += len(part.cells)
    return [texts[row] for row in rows]


def note_later(
    table: Table,
    origin: pd.DataFrame,
    amounts: pd.Series,
    later: pd.Series,
    kept_later: pd.Series,
    as_of: pd.Timestamp,
) -> list[dict[str, object]]:
    """Return a finding per file: rows left out as not yet known, rows kept although later."""
    told = {
        "not_yet_known": (later, "left out"),
        "assumption": (kept_later, "kept unchanged as the mapping says"),
    }
    return [
        make_finding(
            kind,
            "info",
            table=table.name,
            file=file,
            row_count=len(rows),
            value=f"rows {list_rows(rows['row'])}: later than {as_of:%Y-%m-%d}, {text}",
            amount_value=amounts.loc[rows.index].sum(min_count=1),
        )
        for kind, (mask, text) in told.items()
        for file, rows in origin.loc[mask].groupby("file", sort=True)
    ]


def tie(
    table: Table,
    parts: list[tuple[Part, PartRows]],
    origin: pd.DataFrame,
    amounts: pd.Series,
    later: pd.Series,
    problems: pd.DataFrame,
    again: pd.Index,
) -> list[dict[str, object]]:
    """Return counts and money, a line per part; read is the sum of the four other counts.

    Args:
        again: index of rows that `distinct` left out.
    """
    refused = pd.Series(origin.index.isin(problems["row"]), index=origin.index)
    left_out = pd.Series(origin.index.isin(again), index=origin.index)
    masks = {
        "left_out": left_out,
        "not_yet_known": later,
        "refused": refused,
        "accepted": ~(refused | left_out | later),
    }
    lines: list[dict[str, object]] = []
    for number, (part, rows) in enumerate(parts):
        of = origin["part"] == number
        counts = {f"rows_{name}": int((mask & of).sum()) for name, mask in masks.items()}
        money = {
            f"{name}_value": amounts.loc[mask & of].sum(min_count=1)
            for name, mask in masks.items()
            if name != "left_out"
        }
        counts["rows_left_out"] += rows.rows_left_out
        read = len(rows.frame) + rows.rows_left_out
        lines.append({"table": table.name, "file": part.file, "rows_read": read, **counts, **money})
    return lines
