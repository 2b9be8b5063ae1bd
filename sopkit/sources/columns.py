"""Source columns become contract columns: texts turn into codes, numbers, days, yes or no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from sopkit.periods import to_period
from sopkit.sources.expressions import Unread, evaluate, read_expression
from sopkit.sources.files import clean_header
from sopkit.sources.model import ColumnRule, Part, UnitValue
from sopkit.sources.parts import FILE, MONTH, ROW, SPILLED, PartText, Problem
from sopkit.sources.values import (
    clean_text,
    map_distinct,
    to_codes,
    to_cycles,
    to_dates,
    to_flags,
    to_names,
    to_numbers,
)
from sopkit.tables import Column, Table

LEVELS = ("item", "family", "location", "customer")
A_UNIT = ("price_value", "unit_cost_value")  # money a unit: divided by the units it is given for
_Note = Callable[[pd.Series, str, pd.Series], None]  # bad cells, the rule, what stood there
_DIGITS = 9  # scaling 1.001 by 1000 gives 1001, not 1000.9999999999999


@dataclass(frozen=True)
class PartRows:
    """A part's rows with the contract's columns.

    Args:
        frame: contract columns that the mapping names, as values; index 0..n-1.
        origin: `file`, `row` and `weight` of each row.
        cells: the same rows as texts, for messages.
        problems: `row` (index), `column` (as the file calls it), `target` (contract column),
            `rule`, `value`.
        rows_left_out: rows that `where` left out.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    cells: pd.DataFrame
    problems: pd.DataFrame
    rows_left_out: int


@dataclass
class _Found:
    rows: list[pd.DataFrame] = field(default_factory=list)

    def note(self, index: pd.Index, column: object, target: str, rule: str, value: object) -> None:
        if len(index):
            found = {"row": index, "column": column, "target": target, "rule": rule, "value": value}
            self.rows.append(pd.DataFrame(found))

    def frame(self) -> pd.DataFrame:
        empty = pd.DataFrame(columns=["row", "column", "target", "rule", "value"])
        return pd.concat(self.rows, ignore_index=True) if self.rows else empty


def to_contract_columns(
    text: PartText,
    part: Part,
    table: Table,
    units: pd.DataFrame,
    days: dict[str, pd.Timestamp],
    tells_customers: bool = False,
) -> PartRows:
    """Return a part's rows with contract columns as values; what cannot be read is a problem row.

    Args:
        units: `item`, `unit`, `base_qty`: base units in one unit, base units themselves included.
        tells_customers: there is a customer master, so a blank customer is a fault and not `all`.
    """
    found = _Found()
    cells = text.cells
    _note_early(text.problems, cells, found)
    rules = part.rules(table)
    values = {
        column.name: _read_column(rules[column.name], column, table, cells, part, days, found)
        for column in table.columns
        if column.name in rules
    }
    frame = pd.DataFrame(values, index=cells.index)
    for name, rule in rules.items():
        if rule.unit is not None:
            frame[name] = _to_base_units(frame, name, rule, cells, units, found)
    if tells_customers and table.group == "demand" and "customer" in rules:
        blank = frame.index[frame["customer"].isna() & bool(table.column("customer").refers)]
        found.note(blank, _label(rules["customer"], "customer"), "customer", "not blank", "")
    weight = 1.0 if part.weight is None else _weigh(part.weight, cells, found)
    origin = pd.DataFrame({"file": cells[FILE], "row": cells[ROW], "weight": weight})
    return PartRows(frame, origin, cells, found.frame(), text.rows_left_out)


def _weigh(column: str, cells: pd.DataFrame, found: _Found) -> pd.Series:
    texts = cells[clean_header(column)]
    numbers, bad = to_numbers(texts)
    found.note(cells.index[bad], column, column, "number", texts.loc[bad].to_numpy())
    return numbers.fillna(0.0)


def _note_early(problems: list[Problem], cells: pd.DataFrame, found: _Found) -> None:
    for index, column, rule, bad in problems:
        found.note(index, column, column, rule, bad.to_numpy())
    spilled = cells.index[cells[SPILLED].astype(bool)]
    found.note(spilled, "", "", "too many cells", "")


def _label(rule: ColumnRule, name: str) -> str:
    return clean_header(rule.column) if rule.column is not None else name


def _read_column(
    rule: ColumnRule,
    column: Column,
    table: Table,
    cells: pd.DataFrame,
    part: Part,
    days: dict[str, pd.Timestamp],
    found: _Found,
) -> pd.Series:
    label: object = _label(rule, column.name)
    if part.months is not None and rule.column in part.months.patterns and MONTH in cells:
        label = cells[MONTH]

    def note(bad: pd.Series, rule_name: str, texts: pd.Series) -> None:
        index = cells.index[bad.to_numpy(dtype=bool)]
        shown = label.loc[index].to_numpy() if isinstance(label, pd.Series) else label
        found.note(index, shown, column.name, rule_name, texts.loc[index].to_numpy())

    if rule.expr is not None:
        result = _calculate(rule.expr, column, cells, days, found)
        return _scale(result, rule, cells, note) if column.kind in ("number", "whole") else result
    texts = _translate(_source_texts(rule, cells, part), rule, note)
    if column.name == "cycle":
        cycles, bad = to_cycles(texts)
        note(bad, "date", texts)
        return cycles
    if column.kind == "text":
        return to_codes(texts) if _is_code(column, table) else to_names(texts)
    if column.kind == "flag":
        flags, bad = to_flags(texts)
        note(bad, "yes or no", texts)
        return flags
    if column.kind in ("date", "month"):
        dates, bad = to_dates(texts, rule.format)
        note(bad, "date", texts)
        return to_period(dates) if column.kind == "month" else dates
    numbers, bad = to_numbers(texts)
    note(bad, "number", texts)
    return _scale(numbers, rule, cells, note)


def _is_code(column: Column, table: Table) -> bool:
    named = column.name in table.key or column.name in (*LEVELS, "predecessor", "like_item")
    return bool(named or column.refers or column.allowed or column.required)


def _source_texts(rule: ColumnRule, cells: pd.DataFrame, part: Part) -> pd.Series:
    if rule.column is not None:
        texts = cells[clean_header(rule.column)]
    elif rule.join is not None:
        pieces = [map_distinct(cells[clean_header(name)], clean_text) for name in rule.join]
        texts = pieces[0]
        for piece in pieces[1:]:
            texts = texts + rule.by + piece
        filled = pd.concat([piece != "" for piece in pieces], axis=1).all(axis=1)
        texts = texts.where(filled, "")
    elif rule.from_file is not None:
        found = cells[FILE].astype(object).str.extract(rule.from_file, expand=False)
        texts = found.where(found.notna(), "")
    elif rule.row is not None:
        stem = cells[FILE].astype(object).str.replace(r"\.\w+(?=\[|$)", "", regex=True) + "-"
        between = stem if any(sign in part.file for sign in "*?") else ""
        texts = rule.row + between + cells[ROW].astype(int).astype(str)
    else:
        fixed = "" if rule.value is None else str(rule.value)
        texts = pd.Series(fixed, index=cells.index, dtype=object)
    if rule.prefix:
        texts = texts.where(texts.str.strip() == "", rule.prefix + texts.str.strip())
    return texts


def _translate(texts: pd.Series, rule: ColumnRule, note: _Note) -> pd.Series:
    if rule.codes is None:
        return texts
    known = {clean_text(code): text for code, text in rule.codes.items()}
    if rule.unknown == "keep":
        return map_distinct(texts, lambda text: known.get(clean_text(text), text))
    plain = map_distinct(texts, clean_text)
    note(~plain.isin(known) & (plain != ""), "unknown code", texts)
    return map_distinct(plain, lambda text: known.get(text, ""))


def _calculate(
    text: str,
    column: Column,
    cells: pd.DataFrame,
    days: dict[str, pd.Timestamp],
    found: _Found,
) -> pd.Series:
    unread = Unread()
    result = evaluate(read_expression(text), cells, days, unread)
    for index, source, rule, bad in unread.found:
        found.note(index, source, column.name, rule, bad.to_numpy())
    if column.kind == "flag":
        return result.astype(bool)
    if column.kind == "text":
        return to_codes(result.astype(str))
    if column.kind in ("date", "month"):
        return pd.to_datetime(to_dates(result.astype(str))[0])
    return result.astype(float)


def _scale(numbers: pd.Series, rule: ColumnRule, cells: pd.DataFrame, note: _Note) -> pd.Series:
    if rule.scale != 1:
        numbers = (numbers * rule.scale).round(_DIGITS)
    if rule.tax is None:
        return numbers
    if not isinstance(rule.tax, str):
        return numbers / (1 + rule.tax)
    texts = cells[clean_header(rule.tax)]
    rates, bad = to_numbers(texts)
    note(bad | (rates.isna() & numbers.notna()), "number", texts)
    return numbers / (1 + rates.where(rates < 1, rates / 100))


def _to_base_units(
    frame: pd.DataFrame,
    name: str,
    rule: ColumnRule,
    cells: pd.DataFrame,
    units: pd.DataFrame,
    found: _Found,
) -> pd.Series:
    if isinstance(rule.unit, UnitValue):
        texts = pd.Series(rule.unit.value, index=frame.index, dtype=object)
    else:
        texts = map_distinct(cells[clean_header(str(rule.unit))], clean_text)
    asked = pd.DataFrame({"item": frame["item"], "unit": texts}).astype(object)
    factor = asked.merge(
        units.astype({"item": object, "unit": object}),
        on=["item", "unit"],
        how="left",
        validate="many_to_one",
    )["base_qty"].set_axis(frame.index)
    unknown = factor.isna() & frame[name].notna() & frame["item"].isin(units["item"])
    index = frame.index[unknown.to_numpy(dtype=bool)]
    label = rule.unit if isinstance(rule.unit, str) else name
    found.note(index, label, name, "unknown unit", texts.loc[index].to_numpy())
    factor = factor.where(factor.notna(), 1.0)
    return (frame[name] / factor if name in A_UNIT else frame[name] * factor).round(_DIGITS)
