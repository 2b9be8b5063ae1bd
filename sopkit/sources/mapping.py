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
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sopkit.errors import ParameterError, list_problems
from sopkit.sources.expressions import read_expression
from sopkit.sources.model import ColumnRule, Mapping, Part
from sopkit.sources.strict_yaml import read_yaml
from sopkit.tables import INPUT_TABLES, Table

_ADVICE = "Correct the mapping; `sopkit init` writes one with comments."


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
