"""The words of a mapping as checked values; `mapping` says what each of them means."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sopkit.sources.expressions import Expression, read_expression
from sopkit.tables import INPUT_TABLES, Table

_SOURCES = ("column", "join", "value", "expr", "from_file", "row")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class UnitValue(_Strict):
    """A unit that holds for all rows."""

    value: str


class ColumnRule(_Strict):
    """Where a contract column comes from; exactly one of the first six is given."""

    column: str | None = None
    join: tuple[str, ...] | None = None
    value: str | bool | int | float | None = None
    expr: str | None = None
    from_file: str | None = None
    row: str | None = None
    by: str = ""
    prefix: str = ""
    codes: dict[str, str] | None = None
    unknown: Literal["refuse", "keep"] = Field("refuse", alias="else")
    scale: float = 1.0
    unit: str | UnitValue | None = None
    tax: float | str | None = None
    format: str = ""

    @field_validator("codes", mode="before")
    @classmethod
    def _texts(cls, codes: Any) -> Any:
        if isinstance(codes, dict):
            return {str(key): "" if text is None else str(text) for key, text in codes.items()}
        return codes

    @field_validator("column", "row", mode="before")
    @classmethod
    def _text(cls, name: Any) -> Any:
        return str(name) if isinstance(name, (int, float)) else name

    @model_validator(mode="after")
    def _one_source(self) -> ColumnRule:
        given = [name for name in _SOURCES if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_SOURCES)}")
        return self

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Names of the source columns it reads."""
        named = [self.column, *(self.join or ())]
        named += [name for name in (self.unit, self.tax) if isinstance(name, str)]
        if self.expr is not None:
            named += read_expression(self.expr).columns
        return tuple(name for name in named if name is not None)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, (str, int, dict)) else value


class _FileRule(_Strict):
    file: str
    sheet: str | int | None = None
    header: tuple[int, ...] = (1,)
    encoding: str | None = None
    delimiter: str | None = None
    where: tuple[str, ...] = ()

    _lists = field_validator("header", "where", mode="before")(_listed)

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str) -> str:
        path = PurePosixPath(file.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in file:
            raise ValueError(f"{file} must lie below the mapping's folder")
        return path.as_posix()

    @field_validator("header")
    @classmethod
    def _rows(cls, header: tuple[int, ...]) -> tuple[int, ...]:
        if not header or header[0] < 1 or list(header) != sorted(set(header)):
            raise ValueError("header names rows from 1 on, upper row first")
        return header

    @property
    def conditions(self) -> list[Expression]:
        """The conditions of `where`, checked."""
        return [read_expression(text, questions=True) for text in self.where]


class JoinRule(_FileRule):
    """Columns that another file brings."""

    on: dict[str, str]
    columns: dict[str, str]

    @field_validator("on", "columns", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        value = [value] if isinstance(value, str) else value
        return {name: name for name in value} if isinstance(value, list) else value


class MonthsRule(_Strict):
    """Month columns that become rows."""

    period: str = "period"
    columns: str | None = None
    value: str | None = None
    values: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _some_columns(self) -> MonthsRule:
        if not self.values and (self.columns is None or self.value is None):
            raise ValueError("needs `columns` and `value`, or `values`")
        for pattern in self.patterns.values():
            try:
                re.compile(pattern)
            except re.error as wrong:
                raise ValueError(f"{pattern} is no pattern: {wrong}") from wrong
        return self

    @property
    def patterns(self) -> dict[str, str]:
        """Name of each value with the pattern of its month columns."""
        if self.columns is None or self.value is None:
            return self.values
        return {self.value: self.columns, **self.values}


class Part(_FileRule):
    """One file, or files of one form, that gives rows to a table."""

    skip_footer: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    blanks: dict[str, str] = Field(default_factory=dict)
    join: tuple[JoinRule, ...] = ()
    months: MonthsRule | None = None
    columns: dict[str, ColumnRule]
    keep_later: bool = False
    distinct: bool = False
    group: Literal["sum", "mean", "min", "max", "first", "last"] | None = None
    weight: str | None = None

    _more_lists = field_validator("skip_footer", "fill_down", "join", mode="before")(_listed)

    @field_validator("blanks", mode="before")
    @classmethod
    def _texts(cls, blanks: Any) -> Any:
        return {k: str(v) for k, v in blanks.items()} if isinstance(blanks, dict) else blanks

    @field_validator("columns", mode="before")
    @classmethod
    def _blocks(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {
            name: {"column": str(rule)} if isinstance(rule, (str, int, float)) else rule
            for name, rule in columns.items()
        }

    @model_validator(mode="after")
    def _weighted_mean(self) -> Part:
        if self.weight is not None and self.group != "mean":
            raise ValueError("weight goes with `group: mean`")
        return self

    def rules(self, table: Table) -> dict[str, ColumnRule]:
        """Return the rule of each mapped contract column; month columns map themselves."""
        made = [self.months.period, *self.months.patterns] if self.months else []
        by_name = {
            name: ColumnRule.model_validate({"column": name})
            for name in made
            if name in table.column_names
        }
        return {**by_name, **self.columns}


class Mapping(_Strict):
    """A company's mapping; `name` is the name of its file."""

    name: str
    company: str
    folder: str
    encoding: str | None = None
    assumptions: tuple[str, ...] = ()
    tables: dict[str, tuple[Part, ...]]

    def names(self, tables: list[str] | None = None) -> list[str]:
        """Return the mapped tables, those asked for, in the order of the contracts."""
        return [
            name
            for name in INPUT_TABLES
            if name in self.tables and (tables is None or name in tables)
        ]
