"""One part of a mapping: files are found, joined, turned long, filtered, and stay texts.

`read_part_text` ends with the rows a part gives to its table, every cell still a text, and with
the file and row each came from. `columns` then makes values of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.errors import InputError
from sopkit.sources.expressions import Expression, Unread, evaluate
from sopkit.sources.files import TEXT_FILES, Source, clean_header, read_source
from sopkit.sources.model import JoinRule, Mapping, MonthsRule, Part
from sopkit.sources.values import clean_text, map_distinct
from sopkit.tables import Table

FILE, ROW, SPILLED, MONTH = "§file", "§row", "§spilled", "§month"
ORIGIN = [FILE, ROW, SPILLED]
_SHOWN_COLUMNS = 30  # headers named when one is missing

Problem = tuple[pd.Index, str, str, pd.Series]


@dataclass
class Files:
    """The folder of a company's files; each sheet is read once, however many tables it feeds."""

    mapping: Mapping
    folder: Path
    days: dict[str, pd.Timestamp]
    sources: dict[tuple, Source | InputError] = field(default_factory=dict)

    def find(self, pattern: str) -> list[Path]:
        """Return the files that fit a pattern, sorted; Excel's lock files are passed over."""
        found = self.folder.glob(pattern) if self.folder.is_dir() else iter(())
        return sorted(p for p in found if p.is_file() and not p.name.startswith("~$"))

    def read(self, rule: Part | JoinRule, path: Path) -> Source:
        """Return the rows of one file.

        Raises:
            InputError: the file cannot be read; one sentence.
        """
        encoding = rule.encoding or self.mapping.encoding
        key = (path, rule.sheet, rule.header, encoding, rule.delimiter)
        if key not in self.sources:
            name = path.relative_to(self.folder).as_posix()
            try:
                self.sources[key] = read_source(
                    path, name, list(rule.header), encoding, rule.sheet, rule.delimiter
                )
            except InputError as wrong:
                self.sources[key] = wrong
        source = self.sources[key]
        if isinstance(source, InputError):
            raise source
        return source

    def read_all(self, rule: Part | JoinRule, needed: list[str], errors: list[str]) -> pd.DataFrame:
        """Return the rows of every file of a rule, one below the other; what is wrong is noted."""
        paths = self.find(rule.file)
        if not paths:
            errors.append(
                f"{rule.file}: no such file in {self.mapping.folder}; put it there, or correct "
                f"`file` in the mapping"
            )
        frames = []
        for path in paths:
            try:
                source = self.read(rule, path)
            except InputError as wrong:
                errors.append(str(wrong).rstrip("."))
                continue
            errors.extend(_find_missing(source, needed))
            is_text = path.suffix.lower() in TEXT_FILES
            spilled = source.spilled if is_text else False
            origin: dict[str, Any] = {FILE: source.name, ROW: source.cells.index, SPILLED: spilled}
            frames.append(source.cells.assign(**origin))
        if not frames:
            return pd.DataFrame(columns=[*needed, *ORIGIN])
        rows = pd.concat(frames, ignore_index=True)
        alike = all(list(frame.columns) == list(frames[0].columns) for frame in frames)
        return rows if alike else rows.where(rows.notna(), "")


def _find_missing(source: Source, needed: list[str]) -> list[str]:
    problems = []
    headers = list(source.cells.columns)
    for name in needed:
        if name in headers:
            continue
        twice = [header for header in headers if re.fullmatch(re.escape(name) + r"#\d+", header)]
        if twice:
            problems.append(
                f"{source.name}: column {name} stands {len(twice)} times; "
                f"say {twice[0]} or {twice[1]} in the mapping"
            )
            continue
        shown = ", ".join(headers[:_SHOWN_COLUMNS])
        problems.append(
            f"{source.name}: column {name} is missing; the header has {shown}. "
            f"Add it, or correct its name in the mapping"
        )
    return problems


@dataclass(frozen=True)
class PartText:
    """The rows of a part as texts.

    Args:
        cells: source columns, joined ones and months made long; index 0..n-1.
        rows_left_out: rows that `where` left out.
        problems: cells that a condition could not read.
    """

    cells: pd.DataFrame
    rows_left_out: int
    problems: list[Problem]


def read_part_text(part: Part, table: Table, files: Files, errors: list[str]) -> PartText | None:
    """Return a part's rows as texts, or None after noting in `errors` what is wrong with its files.

    Args:
        errors: structural problems, a sentence each; added to.
    """
    known = len(errors)
    rows = files.read_all(part, _own_columns(part, table), errors)
    if len(errors) > known:
        return None
    rows = _drop_footer(rows, part.skip_footer)
    rows = _fill_cells(rows, part)
    for join in part.join:
        rows = _join_columns(rows, join, files, errors)
    if part.months is not None and len(errors) == known:
        rows = _to_long(rows, part.months, part.file, errors)
    if len(errors) > known:
        return None
    return _keep_rows(rows, part.conditions, files.days)


def _own_columns(part: Part, table: Table) -> list[str]:
    """Return the source columns that the part's own file must have."""
    needed = [*part.fill_down, *part.blanks, *([part.weight] if part.weight else [])]
    needed += [name for join in part.join for name in join.on]
    needed += [name for rule in part.rules(table).values() for name in rule.source_columns]
    needed += [name for condition in part.conditions for name in condition.columns]
    brought = {clean_header(name) for join in part.join for name in join.columns}
    if part.months is not None:
        brought |= {clean_header(name) for name in (part.months.period, *part.months.patterns)}
    return [name for name in dict.fromkeys(map(clean_header, needed)) if name not in brought]


def _drop_footer(rows: pd.DataFrame, marks: tuple[str, ...]) -> pd.DataFrame:
    if not marks or rows.empty:
        return rows
    cells = rows.drop(columns=ORIGIN)
    first = cells.mask(cells == "").bfill(axis=1).iloc[:, 0]
    plain = tuple(clean_text(mark) for mark in marks)
    is_footer = map_distinct(first, lambda text: clean_text(text).startswith(plain)).astype(bool)
    return rows.loc[~is_footer].reset_index(drop=True)


def _fill_cells(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    filled = {}
    for column in map(clean_header, part.fill_down):
        cells = rows[column]
        filled[column] = cells.mask(cells == "").groupby(rows[FILE]).ffill().fillna("")
    for name, text in part.blanks.items():
        column = clean_header(name)
        cells = filled.get(column, rows[column])
        filled[column] = cells.mask(cells.str.strip() == "", text)
    return rows.assign(**filled)


# --- join ---


def _join_columns(
    rows: pd.DataFrame, join: JoinRule, files: Files, errors: list[str]
) -> pd.DataFrame:
    known = len(errors)
    on = {clean_header(left): clean_header(right) for left, right in join.on.items()}
    brought = {clean_header(new): clean_header(old) for new, old in join.columns.items()}
    asked = [name for condition in join.conditions for name in condition.columns]
    needed = list(dict.fromkeys([*on.values(), *brought.values(), *asked]))
    other = files.read_all(join, needed, errors)
    clashes = [name for name in brought if name in rows.columns and name not in on]
    if clashes:
        errors.append(
            f"join of {join.file}: column {clashes[0]} is already there; "
            f"rename it: `columns: {{new name: {brought[clashes[0]]}}}`"
        )
    if len(errors) > known:
        return rows
    other = _keep_rows(other, join.conditions, files.days).cells
    keys = [f"§key{place}" for place in range(len(on))]
    right = other[list(brought.values())].set_axis(list(brought), axis=1)
    right = right.assign(**_keys(other, dict(zip(keys, on.values(), strict=True))))
    right = right.loc[(right[keys] != "").all(axis=1)].drop_duplicates()
    doubled = right.loc[right.duplicated(keys)]
    if len(doubled):
        place = other.loc[doubled.index[0]]
        first = ", ".join(doubled.iloc[0][keys])
        errors.append(
            f"{place[FILE]}: {'/'.join(on.values())} stands twice for {len(doubled)} row(s), so "
            f"the join is not clear; first: {first}, row {place[ROW]}. Keep one row of each"
        )
        return rows
    left = rows.assign(**_keys(rows, dict(zip(keys, on, strict=True))))
    left = left.drop(columns=[name for name in brought if name in rows.columns])
    joined = left.merge(right, on=keys, how="left", validate="many_to_one").drop(columns=keys)
    filled = {name: joined[name].where(joined[name].notna(), "") for name in brought}
    return joined.assign(**filled)


def _keys(rows: pd.DataFrame, names: dict[str, str]) -> dict[str, pd.Series]:
    return {key: map_distinct(rows[name], clean_text) for key, name in names.items()}


# --- months ---


def _to_long(
    rows: pd.DataFrame, months: MonthsRule, pattern: str, errors: list[str]
) -> pd.DataFrame:
    fitting = {
        value: _find_months(list(rows.columns), regex, pattern, errors)
        for value, regex in months.patterns.items()
    }
    if any(not columns for columns in fitting.values()):
        return rows
    used = [column for columns in fitting.values() for column in columns]
    kept = rows.drop(columns=used)
    long = pd.concat(
        [_stack(rows[list(columns)], columns, value) for value, columns in fitting.items()], axis=1
    ).sort_index()
    long = long.where(long.notna(), "")
    lines = long.index.get_level_values(0)
    period = clean_header(months.period)
    head = months.columns is not None and len(fitting) == 1
    shown = {text: column for column, text in next(iter(fitting.values())).items()}
    texts = long.index.get_level_values(1)
    made: dict[str, Any] = {value: long[value].to_numpy() for value in fitting}
    made = {clean_header(value): cells for value, cells in made.items()}
    made = {period: texts, MONTH: texts.map(shown) if head else texts, **made}
    return kept.loc[lines].reset_index(drop=True).assign(**made)


def _find_months(columns: list[str], regex: str, pattern: str, errors: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        plain = re.sub(r"#\d+$", "", column)
        fits = re.search(regex, plain) if column not in (*ORIGIN, MONTH) else None
        if fits is None:
            continue
        text = fits[1] if fits.groups() else plain
        if text in found.values():
            errors.append(f"{pattern}: month column {plain} stands twice; take one out")
        found[column] = text
    if not found:
        shown = ", ".join([name for name in columns if name not in ORIGIN][:_SHOWN_COLUMNS])
        errors.append(
            f"{pattern}: no column fits the months' pattern {regex}; the header has {shown}. "
            f"Correct `months` in the mapping"
        )
    return found


def _stack(cells: pd.DataFrame, periods: dict[str, str], value: str) -> pd.Series:
    long = cells.rename(columns=periods).melt(
        ignore_index=False, var_name="§period", value_name=value
    )
    filled = long.loc[map_distinct(long[value], clean_text) != ""]
    return filled.set_index("§period", append=True)[value]


# --- where ---


def _keep_rows(
    rows: pd.DataFrame, conditions: list[Expression], days: dict[str, pd.Timestamp]
) -> PartText:
    unread = Unread()
    keep = pd.Series(True, index=rows.index)
    for condition in conditions:
        keep &= evaluate(condition, rows, days, unread).astype(bool)
    for index, *_ in unread.found:  # a cell nobody can read is refused, never filtered out
        keep[index] = True
    kept = rows.loc[keep]
    fresh = pd.Series(range(len(kept)), index=kept.index)
    problems = [(pd.Index(fresh[i]), name, rule, bad) for i, name, rule, bad in unread.found]
    return PartText(kept.reset_index(drop=True), int((~keep).sum()), problems)
