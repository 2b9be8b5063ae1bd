"""The mapping: which file gives which table, and how its cells are to be read (YAML).

::

    company: Clearspring Drinks
    folder: data/demo               # in the planning folder; ${SOPKIT_CASES}/... takes a variable
    encoding: gb18030               # of text files; without it UTF-8 (a byte order mark is fine)
    assumptions:                    # sentences the data page shows: what the mapping assumes
      - Hours of work centres are read as hours a working day.
    tables:
      sales_history:                # a table's name; below it one part or a list of parts
        - file: 月报/销售_*.csv      # a part: a file, or all that fit the pattern, in sorted order
          columns:
            item: 物料编码
            ...

A part, in the order in which it works::

    file            path below `folder`, `*` and `?` allowed; .csv .txt .tsv .xlsx .xlsm
    sheet           name, or number from 1; without it the first
    header          row of the header as a spreadsheet counts, default 1; [3, 4]: two rows, whose
                    names are joined as `group/name`
    encoding        of this file, where it differs
    delimiter       of this file; without it the one of `,` tab `;` `|` that the header shows
    skip_footer     a text or a list: rows whose first filled cell starts with it are no data
    fill_down       columns whose blank cells take the value above (cells merged downwards)
    blanks          {column: text}: what a blank cell of a source column means
    join            list of {file, on, columns}: brings columns of another file. `on`: a name, a
                    list, or {left: right}; `columns`: names, or {new name: name there}. A row finds
                    at most one partner: doubled keys there are an error. Also with sheet, header,
                    encoding, delimiter, where.
    months          wide to long: {columns: '^\\d{4}-\\d{2}$', period: period, value: forecast_qty}.
                    Every column that fits becomes a row; a bracketed group in the pattern is the
                    month's text. Several values a month: {period: period, values:
                    {budget_qty: '^(.+)/数量$', budget_value: '^(.+)/金额$'}}. Blank cells are no
                    rows. The new columns can be named in `columns`; where they carry the name of a
                    contract column they need not be.
    where           a condition, or a list that must all hold: MakeFlag == 1;
                    数量 < 0 and 类型 in ['退货', '换货']; EndDate == ''; `数量(箱)` > 0;
                    OrderDate <= as_of. Rows left out are no error. A blank cell meets no order
                    (<, >): `not (数量 < 0)` keeps blank cells, `数量 >= 0` leaves them out.
    columns         contract column: where it comes from, see below
    keep_later      true: rows dated after `as_of` are kept, as a stated assumption
    distinct        true: rows alike in all contract columns count once (masters out of
                    transactions)
    group           sum, mean, min, max, first or last: one row per key of the contract. Numbers are
                    summed (averaged, ...); every other column takes the first (`last`: the last).
    weight          with `group: mean`: source column by which the mean is weighted

A column is the name of a source column, or a block with exactly one of the first six::

    column          source column
    join, by        several source columns as one text: {join: [渠道, 大区], by: "-"}; blank where
                    one of them is
    value           the same for all rows
    expr            arithmetic over source columns: "OrderQty * UnitPrice * (1 - Discount)";
                    a comparison gives a yes-or-no column
    from_file       pattern searched in the file's name; its bracketed group is the text
    row             a number where the file has none: {row: "RET-"} gives RET-17 for row 17; with a
                    file pattern the file's name stands between
    prefix          put before the text
    codes, else     translation: {水: WATER}; a code not named is refused, `else: keep` keeps it
    scale           the number is multiplied: 1000, or -1
    unit            a source column, or {value: pallet}: quantities become base units by
                    uom_conversion; a price or cost a unit becomes that of a base unit
    tax             rate, or a source column of rates, in the money: net = money / (1 + tax)
    format          order of a date that does not begin with its year: "%d/%m/%Y"

Source columns are matched after full-width signs are made plain; a name that stands twice in a
header is told apart by `#1` and `#2`; a date in a header is its month, 2026-10. Contract columns
that nobody names take their default (`customer`, and `location` of a price: `all`). Without a
`customer` table its codes are taken from the data. How cells are read: `values.to_numbers`,
`values.to_dates`; what conditions may say: `expressions`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sopkit.errors import ParameterError, list_problems
from sopkit.sources.expressions import Expression, read_expression
from sopkit.sources.strict_yaml import read_yaml
from sopkit.tables import INPUT_TABLES, Table

SALES_TABLES = ("sales_history", "sales_order_line")
_SOURCES = ("column", "join", "value", "expr", "from_file", "row")
_ADVICE = "Correct the mapping; `sopkit init` writes one with comments."


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


def read_mapping(path: Path | str) -> Mapping:
    """Return a company's mapping, checked against the contracts.

    Raises:
        ParameterError: names every problem: unknown tables, columns and words, columns that the
            contract asks for and nobody gives, expressions that cannot be read.
    """
    path = Path(path)
    content = read_yaml(path)
    problems: list[str] = []
    tables = content.pop("tables", None) or {}
    if not isinstance(tables, dict):
        problems, tables = ["tables: a block of table names is needed"], {}
    parts = {str(name): _read_parts(str(name), value, problems) for name, value in tables.items()}
    head = {"name": path.stem, **content, "tables": {}}
    try:
        mapping = Mapping.model_validate(head)
    except ValidationError as wrong:
        problems = [*_list_errors("", wrong), *problems]
    if problems:
        raise ParameterError(list_problems(f"{path.name} is not a mapping", problems, _ADVICE))
    return mapping.model_copy(update={"tables": parts})


def _read_parts(name: str, value: Any, problems: list[str]) -> tuple[Part, ...]:
    if name not in INPUT_TABLES:
        problems.append(f"tables.{name}: there is no such table; see the list in the README")
        return ()
    table, parts = INPUT_TABLES[name], []
    blocks = value if isinstance(value, list) else [value]
    for number, block in enumerate(blocks, start=1):
        place = f"tables.{name}" + (f" part {number}" if len(blocks) > 1 else "")
        try:
            part = Part.model_validate(block)
        except ValidationError as wrong:
            problems.extend(_list_errors(place, wrong))
            continue
        problems.extend(f"{place}: {text}" for text in _find_part_problems(part, table))
        parts.append(part)
    return tuple(parts)


def _list_errors(place: str, wrong: ValidationError) -> list[str]:
    lines = []
    for error in wrong.errors():
        spot = ".".join(str(step) for step in error["loc"] if step not in ("str", "int"))
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            text = "there is no such word in a mapping"
        elif error["type"] == "missing":
            text = "is missing"
        lines.append(": ".join(bit for bit in (f"{place}.{spot}".strip("."), text) if bit))
    return list(dict.fromkeys(lines))


def _find_part_problems(part: Part, table: Table) -> list[str]:
    rules = part.rules(table)
    problems = [
        f"columns.{name}: {table.name} has no such column"
        for name in rules
        if name not in table.column_names
    ]
    problems += [
        f"columns.{column.name} is missing ({column.about})"
        for column in table.columns
        if column.required and column.name not in rules
    ]
    for rule in rules.values():
        problems += _find_rule_problems(rule, rules)
    for text in [*part.where, *(text for join in part.join for text in join.where)]:
        problems += _find_expression_problem(text, questions=True)
    return problems


def _find_rule_problems(rule: ColumnRule, rules: dict[str, ColumnRule]) -> list[str]:
    problems = []
    if rule.expr is not None:
        problems += _find_expression_problem(rule.expr, questions=False)
    if rule.unit is not None and "item" not in rules:
        problems.append("`unit` needs the column `item`, since units are converted per item")
    if rule.from_file is not None:
        try:
            if re.compile(rule.from_file).groups != 1:
                problems.append(f"from_file {rule.from_file}: one bracketed group is needed")
        except re.error as wrong:
            problems.append(f"from_file {rule.from_file} is no pattern: {wrong}")
    return problems


def _find_expression_problem(text: str, questions: bool) -> list[str]:
    try:
        read_expression(text, questions)
    except ParameterError as wrong:
        return [str(wrong)]
    return []


def source_folder(mapping: Mapping, folder: Path | str) -> Path:
    """Return the folder of the company's files: below the planning folder, variables filled in.

    Raises:
        ParameterError: the folder names an environment variable that is not set.
    """
    names = re.findall(r"\$\{(\w+)\}", mapping.folder)
    unset = [name for name in names if not os.environ.get(name)]
    if unset:
        raise ParameterError(
            f"The mapping {mapping.name} lies in {mapping.folder}, but {', '.join(unset)} is not "
            f"set. Set it to the folder of the cases, for example "
            f"export {unset[0]}=/path/to/cases."
        )
    filled = re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found[1]], mapping.folder)
    return Path(folder) / filled
