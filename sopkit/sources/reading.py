"""Company files become contract tables, with every refused row and the counts that tie.

For each table, masters first: parts are read as texts (`parts`), made values (`columns`), held to
the contract and the masters (`accept`); then the tables are held against each other
(`crosscheck`). Nothing stops at the first problem: what is wrong with files as a whole is gathered
in `errors`, what is wrong with rows in `refused`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.sources.accept import accept_rows
from sopkit.sources.columns import PartRows, to_contract_columns
from sopkit.sources.crosscheck import check_tables
from sopkit.sources.model import Mapping, Part
from sopkit.sources.parts import Files, read_part_text
from sopkit.sources.rules import FINDING_COLUMNS, SALES_TABLES, make_finding
from sopkit.sources.standin import stand_in_for_missing
from sopkit.sources.told import TIED_COLUMNS
from sopkit.tables import ALL, INPUT_TABLES, TABLES, Table, fit_columns

_CUSTOMER_TABLES = [
    table.name
    for table in INPUT_TABLES.values()
    if any(column.refers == "customer" for column in table.columns if table.group == "demand")
]
_ALWAYS = ("item", "location", "customer", "uom_conversion", "price", "cost")
_UNITS = ("item", "uom_conversion")


@dataclass(frozen=True)
class Loaded:
    """What a company's files gave.

    Args:
        tables: contract tables by name, only those that are mapped (and `customer`), sorted by key.
        refused: the contract table `refused_row`; a row that breaks two rules stands twice and
            carries its money once.
        findings: the contract table `finding` without its running number.
        tied: one row per part of the mapping: rows_read = left out + not yet known + refused +
            accepted; money of the accepted, the refused, the not yet known [currency].
        errors: what is wrong with files as a whole, a sentence each; a plan needs it to be empty.
    """

    tables: dict[str, pd.DataFrame]
    refused: pd.DataFrame
    findings: pd.DataFrame
    tied: pd.DataFrame
    errors: tuple[str, ...]


def raise_if_unfit(loaded: Loaded) -> None:
    """Raise when files are missing or unreadable, or data contradict each other.

    Raises:
        InputError: names every such problem at once.
    """
    if loaded.errors:
        raise InputError(
            list_problems(
                "The company's files are not fit to plan on",
                loaded.errors,
                "Correct them and run again; `sopkit check` shows every row that is refused.",
            )
        )


def read_tables(
    mapping: Mapping,
    folder: Path | str,
    cycle_period: pd.Timestamp,
    as_of: pd.Timestamp,
    tables: list[str] | None = None,
    without: Collection[str] = (),
) -> Loaded:
    """Return every mapped table of a company, as known at `as_of`.

    Args:
        folder: where the files lie (a cycle's `input/`, or the company's own folder).
        cycle_period: first planned month.
        as_of: last day that is known.
        tables: names of the tables wanted; None is all. Master data are read in any case.
        without: names of tables that somebody else reads.

    Returns:
        Tables, refused rows, findings, counts and errors. Nothing is raised for bad data:
        `raise_if_unfit` does that.
    """
    wanted = None if tables is None else [*tables, *_ALWAYS]
    days = to_days(cycle_period, as_of)
    reading = _Reading(mapping, Files(mapping, Path(folder), days), days)
    for name in mapping.names(wanted):
        if name not in without:
            reading.read(INPUT_TABLES[name])
    if "customer" not in reading.failed:
        reading.tables = take_customers(reading.tables)
    if tables is None:
        reading.finish()
    return reading.loaded(tables)


def to_days(cycle_period: pd.Timestamp, as_of: pd.Timestamp) -> dict[str, pd.Timestamp]:
    """Return the days that a mapping's conditions may name."""
    last = pd.Timestamp(as_of)
    year_ago = last - pd.DateOffset(months=12)
    return {"as_of": last, "cycle": pd.Timestamp(cycle_period), "year_ago": year_ago}


@dataclass
class _Reading:
    mapping: Mapping
    files: Files
    days: dict[str, pd.Timestamp]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    origins: dict[str, pd.DataFrame] = field(default_factory=dict)
    refused: list[pd.DataFrame] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)
    tied: list[dict[str, object]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    units: pd.DataFrame = field(default_factory=lambda: to_units({}))

    def read(self, table: Table) -> None:
        """Read one table; its masters have been read before."""
        parts = self._read_parts(table)
        masters = {name: rows for name, rows in self.tables.items() if name not in self.failed}
        if not parts:
            self.tables[table.name] = fit_columns(table.empty(), table)
            return
        accepted = accept_rows(table, parts, masters, self.days)
        self.tables[table.name], self.origins[table.name] = accepted.frame, accepted.origin
        if table.name in _UNITS:
            self.units = to_units(self.tables)
        self.refused.append(accepted.refused)
        self.findings.extend(accepted.findings)
        self.tied.extend(accepted.tied)
        self.errors.extend(accepted.errors)
        if accepted.frame.empty and table.required and table.name not in self.failed:
            self.failed.add(table.name)
            self.errors.append(f"{table.name}: no row was accepted; see the refused rows.")

    def _read_parts(self, table: Table) -> list[tuple[Part, PartRows]]:
        parts = []
        for part in self.mapping.tables[table.name]:
            problems: list[str] = []
            text = read_part_text(part, table, self.files, problems)
            if text is None:
                self.failed.add(table.name)
                self.errors.extend(f"{table.name}: {problem}." for problem in problems)
                continue
            if text.cells.empty and not text.rows_left_out:
                self._note_no_rows(table, part)
            told = "customer" in self.tables
            rows = to_contract_columns(text, part, table, self.units, self.days, told)
            parts.append((part, rows))
        return parts

    def _note_no_rows(self, table: Table, part: Part) -> None:
        text = f"{part.file} has a header and no rows"
        if table.required or table.name in SALES_TABLES:
            self.failed.add(table.name)
            self.errors.append(f"{table.name}: {text}; export it again.")
            return
        advice = "Export it again, or take it out of the mapping."
        content = {"table": table.name, "file": part.file, "value": text, "advice": advice}
        self.findings.append(make_finding("empty_file", "warning", **content, row_count=0))

    def finish(self) -> None:
        """Say which tables are missing, let like-items stand in, hold tables against each other."""
        for table in INPUT_TABLES.values():
            if table.required and table.name not in self.tables:
                self.errors.append(f"{table.name}: no file is mapped to it; no month goes without.")
        sales = [name for name in SALES_TABLES if name in self.tables]
        if not sales:
            self.errors.append(f"no file is mapped to {' or '.join(SALES_TABLES)}.")
        elif not self.failed & set(sales) and all(self.tables[name].empty for name in sales):
            self.errors.append(f"{' and '.join(sales)}: no row was accepted; see the counts.")
        self.tables, notes = stand_in_for_missing(self.tables, self.days["as_of"])
        self.findings.extend(notes)
        self.findings.extend(check_tables(self.tables, self.origins, self.days["as_of"]))
        for text in self.mapping.assumptions:
            self.findings.append(make_finding("assumption", "info", value=text))

    def loaded(self, wanted: list[str] | None) -> Loaded:
        """Return everything, sorted."""
        names = [name for name in INPUT_TABLES if name in self.tables]
        tables = {
            name: self.tables[name].sort_values(
                list(INPUT_TABLES[name].key), kind="stable", ignore_index=True
            )
            for name in names
            if wanted is None or name in wanted
        }
        findings = pd.DataFrame(self.findings, columns=FINDING_COLUMNS)
        return Loaded(
            tables=tables,
            refused=_join_refused(self.refused),
            findings=findings.astype({"amount_value": float, "period": "datetime64[ns]"}),
            tied=pd.DataFrame(self.tied, columns=TIED_COLUMNS),
            errors=tuple(dict.fromkeys(self.errors)),
        )


def to_units(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how many base units each unit of an item holds; the base unit itself holds one."""
    items = tables.get("item", INPUT_TABLES["item"].empty())
    base = items[["item", "base_unit"]].set_axis(["item", "unit"], axis=1).assign(base_qty=1.0)
    given = tables.get("uom_conversion")
    units = base if given is None else pd.concat([base, given[["item", "unit", "base_qty"]]])
    return units.drop_duplicates(["item", "unit"], ignore_index=True)


def take_customers(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables with a customer row for every code that the data use.

    Without a mapped `customer` table these are all codes; with one, only `all`, which stands in
    tables that do not tell customers apart.
    """
    used = [frame["customer"] for name, frame in tables.items() if name in _CUSTOMER_TABLES]
    codes = sorted(set(pd.concat(used).dropna())) if used else []
    known = tables.get("customer")
    missing = codes if known is None else [ALL] if ALL in codes else []
    if known is not None:
        missing = [code for code in missing if code not in set(known["customer"])]
    if known is not None and not missing:
        return tables
    contract = INPUT_TABLES["customer"]
    made = fit_columns(pd.DataFrame({"customer": missing}, dtype=object), contract)
    rows = made if known is None else pd.concat([known, made], ignore_index=True)
    return {**tables, "customer": rows}


def _join_refused(refused: list[pd.DataFrame]) -> pd.DataFrame:
    contract = TABLES["refused_row"]
    rows = [frame for frame in refused if len(frame)]
    if not rows:
        return contract.empty()
    key = list(contract.key)
    every = pd.concat(rows, ignore_index=True)
    amount = every.groupby(key, sort=False)["amount_value"].sum(min_count=1)
    once = every.drop_duplicates(key).set_index(key).assign(amount_value=amount).reset_index()
    return fit_columns(once, contract).sort_values(key, kind="stable", ignore_index=True)
