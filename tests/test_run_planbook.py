"""People's input starts the demand review again, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from builders import table
from small_month import CYCLE, STEPS, parameters, planning_folder

from sopkit.cycle import read_manifest, to_paths, view_cycle
from sopkit.planbook import URL_VARIABLE, find_book_file, open_planbook, read_people
from sopkit.run import causes
from sopkit.run.month import run_month
from sopkit.run.state import find_due
from sopkit.tables import TABLES, fit_columns

WITH_BOOK = (replace(STEPS[0], planbook=True), *STEPS[1:])


def override(amount: float) -> pd.DataFrame:
    row = table(
        "item start_period end_period method amount reason_code owner",
        f"A 2026-12 2027-01 delta {amount} listing sales",
    )
    return fit_columns(row.assign(override=""), TABLES["override"])


def test_the_runner_looks_for_the_book_where_it_is_kept(tmp_path: Path):
    assert find_book_file(tmp_path) == tmp_path / causes.BOOK_FILE
    assert causes.URL_VARIABLE == URL_VARIABLE


def test_a_folder_without_a_book_gives_nothing_and_gets_none(tmp_path: Path):
    people = read_people(tmp_path, CYCLE, company="demo")
    assert people.override.empty and people.stream.empty
    assert list(people.override.columns) == TABLES["override"].column_names
    assert not find_book_file(tmp_path).exists()


def test_an_override_entered_runs_the_demand_review_again(tmp_path: Path):
    folder = planning_folder(tmp_path)
    run_month(CYCLE, folder, parameters(folder), WITH_BOOK)
    manifest = read_manifest(to_paths(CYCLE, folder))
    assert find_due(to_paths(CYCLE, folder), manifest, parameters(folder), WITH_BOOK) == {}
    with open_planbook(folder, company="demo") as book:
        book.add_overrides(override(5.0), CYCLE, "planner")
    due = find_due(to_paths(CYCLE, folder), manifest, parameters(folder), WITH_BOOK)
    assert due == {"02_demand_review": ["planbook changed"]}
    assert len(read_people(folder, CYCLE, company="demo").override) == 1


def test_a_cycle_tells_what_a_stage_was_run_with(tmp_path: Path):
    folder = planning_folder(tmp_path)
    run_month(CYCLE, folder, parameters(folder), STEPS)
    cycle = view_cycle(CYCLE, folder)
    assert cycle.parameters("demand")["horizon_months"] == 18
    assert cycle.parameters("executive") == {}
