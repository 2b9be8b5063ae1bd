"""What a table contract is, and how a frame is held to it.

A contract says what one row means, which columns there are with kind, unit and meaning, what the
key is and which notebook owns (writes) the table. pandera names the rows that break a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from sopkit.errors import InputError, list_problems

Kind = Literal["text", "date", "month", "number", "whole", "flag"]
PROBLEM_COLUMNS = ["row", "column", "rule", "value", "advice"]


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Args:
        name: the column's name; its suffix is its unit (`_qty`, `_value`, `_hours`, `_rate`).
        about: what it means, with the sign where there is one.
        kind: text, date, month (first day), number, whole (integer), flag (true or false).
        unit: unit in words; empty for codes and names.
        required: False when a file may lack the column; it is then filled with `default`.
        blank: True when single cells may be empty.
        minimum: smallest value allowed.
        allowed: the only texts allowed, where there are few.
        default: what an absent column, or a blank cell where blanks are not allowed, holds.
        refers: table whose key this code must be found in; empty when none.
    """

    name: str
    about: str
    kind: Kind = "text"
    unit: str = ""
    required: bool = True
    blank: bool = False
    minimum: float | None = None
    allowed: tuple[str, ...] = ()
    default: object = None
    refers: str = ""


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Args:
        name: the table's name, a noun of the field.
        owner: `input` for company files, else the notebook (or command) that alone writes it.
        group: master, demand, supply or result.
        key: columns that name a row; no two rows share them.
        columns: all columns, key first.
        about: what one row is.
        required: True when no month can be planned without it.
        version: raised by one when columns change meaning.
    """

    name: str
    owner: str
    group: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    about: str
    required: bool = False
    version: int = 1

    @cached_property
    def column_names(self) -> list[str]:
        """Names of all columns in the contract's order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return one column's contract."""
        return next(column for column in self.columns if column.name == name)

    def empty(self) -> pd.DataFrame:
        """Return a frame with the contract's columns and kinds and no rows."""
        return self._empty.copy()

    @cached_property
    def _empty(self) -> pd.DataFrame:
        return pd.DataFrame({c.name: pd.Series(dtype=_DTYPES[c.kind]) for c in self.columns})


_DTYPES = {
    "text": "object",
    "date": "datetime64[ns]",
    "month": "datetime64[ns]",
    "number": "float64",
    "whole": "int64",
    "flag": "bool",
}


def fit_columns(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the frame with the contract's columns in order, absent optional ones filled.

    Kinds are set where nothing is lost (5 to 5.0, a month-end date stays as it is and is refused
    later). Blank cells of a column with a default take the default. Columns that the contract
    does not know are dropped.

    Raises:
        InputError: required columns are missing; all are named.
    """
    missing = [c.name for c in table.columns if c.required and c.name not in frame.columns]
    if missing:
        raise InputError(
            list_problems(
                f"Table {table.name} is not fit to plan on",
                [f"column {name} is missing ({table.column(name).about})" for name in missing],
                "Add the columns to the file, or name them in the mapping.",
            )
        )
    fitted = {c.name: _fit_one(frame, c) for c in table.columns}
    return pd.DataFrame(fitted, index=frame.index)


def _fit_one(frame: pd.DataFrame, column: Column) -> pd.Series:
    if column.name not in frame.columns:
        values = pd.Series(column.default, index=frame.index, dtype=object)
    else:
        values = frame[column.name]
    if values.dtype == _DTYPES[column.kind] and column.kind != "text" and column.default is None:
        return values
    blank = values.isna()
    if column.default is not None and blank.any():
        values = values.astype(object).where(~blank, column.default)
        blank = values.isna()
    if column.kind == "text":
        text = values.astype(object)
        return text.where(~blank, None) if blank.any() else text
    if column.kind in ("date", "month"):
        is_date = pd.api.types.is_datetime64_dtype(values)
        return (values if is_date else pd.to_datetime(values)).astype("datetime64[ns]")
    if column.kind == "flag":
        return values.astype(bool)
    numbers = pd.to_numeric(values).astype(float)
    if column.kind == "whole" and numbers.notna().all() and (numbers % 1 == 0).all():
        return numbers.astype("int64")
    return numbers


def find_problems(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return every broken rule of a fitted frame, a row a problem.

    Args:
        frame: what `fit_columns` returned; its index names the rows.

    Returns:
        `row` (index label), `column`, `rule`, `value` (text), `advice`; sorted by row. Empty when
        the frame keeps its contract. All rows of a doubled key but the first are named.
    """
    found = [*_find_cell_problems(frame, table), _find_doubled_keys(frame, table)]
    found = [problems for problems in found if len(problems)]
    if not found:
        return pd.DataFrame(columns=PROBLEM_COLUMNS)
    problems = pd.concat(found, ignore_index=True)
    return problems.sort_values(["row", "column", "rule"], kind="stable", ignore_index=True)


def _problem_rows(
    frame: pd.DataFrame, bad: pd.Series, column: str, rule: str, advice: str
) -> pd.DataFrame:
    rows = frame.index[bad.to_numpy()]
    values = frame.loc[rows, column].astype(str).tolist() if column in frame.columns else ""
    problems = pd.DataFrame(
        {"row": rows, "column": column, "rule": rule, "value": values, "advice": advice},
        columns=PROBLEM_COLUMNS,
    )
    return problems.astype({"value": object})  # a column of blanks alone would be one of numbers


def _find_cell_problems(frame: pd.DataFrame, table: Table) -> list[pd.DataFrame]:
    """Return the broken rules of cells; pandera names the rows of columns that break one."""
    broken_columns = [c for c in table.columns if not keeps_rules(frame[c.name], c)]
    if not broken_columns:
        return []
    import pandera.pandas as pa

    checks = {
        c.name: pa.Column(nullable=c.blank, coerce=False, checks=_column_checks(c))
        for c in broken_columns
    }
    try:
        pa.DataFrameSchema(checks).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as broken:
        return _read_failures(frame, broken.failure_cases)
    return []


def keeps_rules(values: pd.Series, column: Column) -> bool:
    """Return whether every cell of a fitted column keeps its rules: the quick look.

    Nearly every table is written and read without a fault, and naming rows takes ten times longer.
    """
    known = values.notna()
    if not known.all():
        if not column.blank:
            return False
        values = values[known]
    rules = [
        column.minimum is None or bool((values >= column.minimum).all()),
        not column.allowed or bool(values.isin(column.allowed).all()),
        column.kind != "month" or bool((values.dt.day == 1).all()),
        column.kind != "whole" or bool((values % 1 == 0).all()),
    ]
    return all(rules)


def _column_checks(column: Column) -> list:
    import pandera.pandas as pa

    checks = []
    if column.minimum is not None:
        low = column.minimum
        checks.append(pa.Check.ge(low, error=f"at least {low:g}", ignore_na=True))
    if column.allowed:
        names = ", ".join(column.allowed)
        checks.append(pa.Check.isin(column.allowed, error=f"one of {names}", ignore_na=True))
    if column.kind == "month":
        checks.append(
            pa.Check(lambda dates: dates.dt.day == 1, error="first day of a month", ignore_na=True)
        )
    if column.kind == "whole":
        checks.append(pa.Check(lambda n: n % 1 == 0, error="whole number", ignore_na=True))
    return checks


_ADVICE = {
    "not blank": "Fill the cell, or leave the row out.",
    "doubled key": "Keep one of the rows that share the key.",
}


def _read_failures(frame: pd.DataFrame, failures: pd.DataFrame) -> list[pd.DataFrame]:
    found = []
    for (column, check), cases in failures.groupby(["column", "check"], sort=True):
        rule = "not blank" if str(check).startswith("not_nullable") else str(check)
        bad = pd.Series(frame.index.isin(cases["index"]), index=frame.index)
        advice = _ADVICE.get(rule, f"Give a value that is {rule}.")
        found.append(_problem_rows(frame, bad, str(column), rule, advice))
    return found


def _find_doubled_keys(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    key = list(table.key)
    doubled = frame.duplicated(key, keep="first") if key else pd.Series(False, index=frame.index)
    if not doubled.any():
        return pd.DataFrame(columns=PROBLEM_COLUMNS)
    problems = _problem_rows(frame, doubled, key[0], "doubled key", _ADVICE["doubled key"])
    shared = frame.loc[problems["row"], key].astype(str).agg(", ".join, axis=1)
    return problems.assign(value=shared.to_numpy(), column=", ".join(key))


def check_table(frame: pd.DataFrame, table: Table, source: str = "") -> pd.DataFrame:
    """Return the frame fitted to its contract and sorted by key, or raise with all problems.

    Raises:
        InputError: names the table (or `source`), each rule, how many rows break it, the first.
    """
    fitted = fit_columns(frame, table).reset_index(drop=True)
    problems = find_problems(fitted, table)
    if problems.empty:
        return fitted.sort_values(list(table.key), kind="stable", ignore_index=True)
    lines = [
        f"{column}: {rule} is broken in {len(rows)} row(s); first: row {rows['row'].iloc[0]}, "
        f"value {rows['value'].iloc[0]}"
        for (column, rule), rows in problems.groupby(["column", "rule"], sort=True)
    ]
    raise InputError(
        list_problems(
            f"{source or table.name} is not fit to plan on",
            lines,
            "Correct the rows and run again.",
        )
    )


def check_covers(needed: pd.DataFrame, given: pd.DataFrame, on: list[str], what: str) -> None:
    """Raise when a row of `needed` finds no partner in `given`.

    Raises:
        InputError: says how many keys are missing and which is the first.
    """
    keys = needed[on].drop_duplicates()
    missing = keys.merge(given[on].drop_duplicates(), on=on, how="left", indicator=True)
    missing = missing[missing["_merge"] == "left_only"]
    if len(missing):
        first = ", ".join(str(value) for value in missing.iloc[0][on])
        raise InputError(f"{len(missing)} of {len(keys)} keys have no {what}; first: {first}.")
