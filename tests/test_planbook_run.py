"""What people enter into the planbook runs the reviews that read it again, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from small_month import CYCLE, STEPS, parameters, planning_folder

from sopkit.cycle import read_manifest, to_paths
from sopkit.planbook import open_planbook
from sopkit.run.month import run_month
from sopkit.run.state import find_due
from sopkit.run.steps import STEPS as MONTH

WITH_BOOK = (replace(STEPS[0], planbook=True), STEPS[1], replace(STEPS[2], planbook=True))


def test_demand_consensus_and_executive_read_the_planbook():
    assert [step.section for step in MONTH if step.planbook] == ["demand", "consensus", "executive"]


def test_records_of_people_run_a_review_again_and_those_of_the_run_do_not(tmp_path: Path):
    folder = planning_folder(tmp_path)
    run_month(CYCLE, folder, parameters(folder), WITH_BOOK)
    paths, told = to_paths(CYCLE, folder), parameters(folder)
    manifest = read_manifest(paths)
    conflict = pd.DataFrame([{"kind": "sales_supply", "family": "TEA", "first_owner": "sales"}])
    with open_planbook(folder, company="demo") as book:
        book.add("conflict", conflict, CYCLE, "sopkit")
        assert find_due(paths, manifest, told, WITH_BOOK) == {}
        task = pd.DataFrame([{"title": "supply: line 2", "owner": "supply"}])
        book.add("task", task, CYCLE, "li", reason="sent back")
        assert find_due(paths, manifest, told, WITH_BOOK) == {}  # 04 shows no tasks
        told_of = {"status": "settled", "verdict": "half way"}
        book.change("conflict", "C-2026-11-001", told_of, "li", "agreed", version=1)
    assert find_due(paths, manifest, told, WITH_BOOK) == {
        "04_consensus_review": ["planbook changed"]
    }
