"""What sheets are made from: a cycle's tables, the planbook, and what came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sopkit.cycle import Cycle, Manifest, read_manifest, view_cycle
from sopkit.demand import find_last_plan
from sopkit.errors import InputError
from sopkit.messages import Catalogue, catalogue
from sopkit.params import read_params
from sopkit.periods import previous_cycle
from sopkit.planbook import has_planbook, open_planbook
from sopkit.report.company import Company, read_company
from sopkit.report.labels import read_labels
from sopkit.tables import CELL, TABLES

Labels = Mapping[str, Mapping[tuple[str, str], str]]


@dataclass(frozen=True)
class Given:
    """What is known when senders are asked.

    Args:
        cycle: the month planned first.
        company: short name of the company.
        names: the company's names, money and unit.
        country: whose public holidays count.
        labels: what codes are called, by language.
        item, customer, responsibility, demand, segment, history: the cycle's tables; `demand` is
            `consensus_demand`, `history` is `demand_history`.
        streams: contract `forecast_stream`, earlier cycles, from files and planbook.
        past_demand: the last cycle's `consensus_demand`, else CELL and `demand_qty` of the plan
            that the company brought along; without rows where there is neither.
        past_value: the last cycle's `stream_value`; without rows where it was not run here.
        past_baseline: `cycle`, CELL and `baseline_qty` of past cycles.
    """

    cycle: str
    company: str
    names: Company
    country: str
    labels: Labels
    item: pd.DataFrame
    customer: pd.DataFrame
    responsibility: pd.DataFrame
    demand: pd.DataFrame
    segment: pd.DataFrame
    history: pd.DataFrame
    streams: pd.DataFrame
    past_demand: pd.DataFrame
    past_value: pd.DataFrame
    past_baseline: pd.DataFrame

    def catalogue(self, lang: str) -> Catalogue:
        """Return the catalogue of a language with the company's labels and unit."""
        return catalogue(lang, self.names.currency, self.names.volume_unit, self.labels[lang])


def read_given(folder: str | Path | None, cycle: str) -> Given:
    """Read what a cycle's sheets are made from.

    Raises:
        CycleError: the cycle was never run.
        InputError: its demand review has not run.
    """
    c = view_cycle(cycle, folder)
    if not c.has("consensus_demand"):
        raise InputError(
            f"Cycle {cycle} has no consensus demand yet, so sheets would show no baseline. "
            f"Run the demand review first: sopkit run {cycle} --only 02"
        )
    manifest = require_manifest(c)
    past_demand, past_value = _read_past(c)
    return Given(
        cycle=cycle,
        company=c.company,
        names=read_company(c.folder, manifest),
        country=read_country(c.folder, manifest),
        labels=read_labels(c),
        item=c.read("item"),
        customer=c.read_optional("customer"),
        responsibility=c.read_optional("responsibility"),
        demand=c.read("consensus_demand"),
        segment=c.read("segment"),
        history=c.read("demand_history"),
        streams=read_past_streams(c),
        past_demand=past_demand,
        past_value=past_value,
        past_baseline=c.read_past("baseline", [*CELL, "baseline_qty"]),
    )


def require_manifest(c: Cycle) -> Manifest:
    """Return the manifest of a cycle that `view_cycle` has opened, which needs one."""
    manifest = read_manifest(c.paths)
    assert manifest is not None
    return manifest


def _read_past(c: Cycle) -> tuple[pd.DataFrame, pd.DataFrame]:
    earlier = c.previous
    if earlier is not None and earlier.has("consensus_demand"):
        return earlier.read("consensus_demand"), earlier.read_optional("stream_value")
    return find_last_plan(c.read_optional("past_plan"), c.name), TABLES["stream_value"].empty()


def read_past_streams(c: Cycle) -> pd.DataFrame:
    """Return people's forecasts of earlier cycles: the company's files, and over them the planbook.

    Where both speak of a cell, the planbook's number stands.
    """
    table = TABLES["forecast_stream"]
    files = c.read_optional("forecast_stream")
    parts = [files[files["cycle"] < c.name]]
    if has_planbook(c.folder):
        with open_planbook(c.folder, company=c.company) as book:
            parts.append(book.read_streams(previous_cycle(c.name), past=True))
    both = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    kept = both.drop_duplicates(list(table.key), keep="last")
    return kept.sort_values(list(table.key), kind="stable", ignore_index=True)


def read_country(folder: Path, manifest: Manifest) -> str:
    """Return the country of the company's holidays; empty where its parameter file is gone."""
    path = folder / manifest.parameter_file
    return read_params(path).common.country if path.is_file() else ""
