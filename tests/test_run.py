"""The runner: what is run, what is skipped, and what the manifest keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_month import CYCLE, STEPS, notebook, parameter_file, parameters, planning_folder

from sopkit.cycle import Manifest, hold_lock, read_manifest, to_paths, write_manifest
from sopkit.errors import CycleError, InputError, ParameterError, StepError
from sopkit.params import RunParameters
from sopkit.process.publish import publish_cycle
from sopkit.run.hashing import hash_notebook
from sopkit.run.month import Outcome, run_month
from sopkit.run.state import find_due
from sopkit.run.steps import STEPS as REAL_STEPS
from sopkit.run.steps import select_steps

DEMAND, SUPPLY, CONSENSUS = STEPS
ALL = [step.name for step in STEPS]


def run(folder: Path, **options: object) -> Outcome:
    return run_month(CYCLE, folder, parameters(folder), STEPS, **options)


def due(folder: Path, given: RunParameters | None = None) -> dict[str, list[str]]:
    paths = to_paths(CYCLE, folder)
    return find_due(paths, read_manifest(paths), given or parameters(folder), STEPS)


def tables(folder: Path) -> dict[str, bytes]:
    found = to_paths(CYCLE, folder).tables_dir.glob("*.parquet")
    return {path.stem: path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month that was run once; tests that change it put it back or come last."""
    folder = planning_folder(tmp_path_factory.mktemp("month"))
    assert run(folder).ran == ALL
    return folder


def test_a_run_leaves_tables_executed_notebooks_and_a_record(done):
    paths = to_paths(CYCLE, done)
    assert sorted(tables(done)) == ["conflict", "segment", "stock_target"]
    assert sorted(p.stem for p in paths.executed_dir.glob("*.ipynb")) == sorted(ALL)
    manifest = json.loads(paths.manifest_file.read_text("utf-8"))
    step = manifest["steps"]["03_supply_review"]
    assert step["state"] == "ok"
    assert set(step["causes"]) >= {"notebook", "package", "environment", "table segment"}
    assert step["parameters"] == {
        "cycle": CYCLE,
        "horizon_months": 18,
        "interactive": False,
        "lang": "en",
    }
    assert manifest["tables"]["segment"]["rows"] == 1
    assert (manifest["company"], manifest["state"], manifest["running"]) == ("demo", "draft", {})
    assert sorted(p.name for p in paths.root.iterdir()) == [
        ".kept.json",
        ".lock",
        "executed",
        "manifest.json",
        "tables",
    ]


def test_a_second_run_with_nothing_changed_runs_nothing(done):
    before = tables(done)
    assert run(done) == Outcome(ran=[], skipped=ALL)
    assert run(done, lang="zh").ran == [], "the language changes no table"
    assert tables(done) == before


def test_the_notebooks_outputs_are_no_cause_but_its_source_is(done, tmp_path):
    path = DEMAND.notebook(done)
    copy = tmp_path / path.name
    content = json.loads(path.read_text("utf-8"))
    before = hash_notebook(path)
    content["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    copy.write_text(json.dumps(content))
    assert hash_notebook(copy) == before
    content["cells"][-1]["source"] = "c.x"
    copy.write_text(json.dumps(content))
    assert hash_notebook(copy) != before
    copy.write_text("{}")
    with pytest.raises(InputError, match="is not a notebook"):
        hash_notebook(copy)


def test_what_changed_is_named(done):
    paths = to_paths(CYCLE, done)
    assert due(done) == {}
    segment = paths.table_file("segment")
    content = segment.read_bytes()
    segment.write_bytes(content + b"x")
    assert due(done) == {
        "02_demand_review": ["its table segment is not as it wrote it"],
        "03_supply_review": ["table segment changed"],
    }
    segment.write_bytes(content)
    source = SUPPLY.notebook(done).read_text("utf-8")
    SUPPLY.notebook(done).write_text(source.replace("seen", "looked"), "utf-8")
    assert due(done) == {"03_supply_review": ["notebook changed"]}
    SUPPLY.notebook(done).write_text(source, "utf-8")
    parameter_file(done, horizon_months=12)
    assert due(done)["04_consensus_review"] == ["parameter horizon_months changed"]
    parameter_file(done)
    executed = paths.executed_dir / "04_consensus_review.ipynb"
    executed.rename(executed.with_suffix(".gone"))
    assert due(done) == {"04_consensus_review": ["its executed notebook is gone"]}
    executed.with_suffix(".gone").rename(executed)


def test_an_earlier_cycle_that_appears_is_a_change(done):
    earlier = to_paths("2026-10", done)
    write_manifest(earlier, Manifest("2026-10", "demo"))
    assert due(done) == {"03_supply_review": ["table 2026-10/ changed"]}
    write_manifest(earlier, Manifest("2026-10", "other"))
    assert due(done) == {}


def test_a_step_whose_input_came_out_the_same_is_not_run(done):
    SUPPLY.notebook(done).write_text(
        SUPPLY.notebook(done).read_text("utf-8").replace("seen", "looked"), "utf-8"
    )
    assert run(done) == Outcome(ran=[SUPPLY.name], skipped=[DEMAND.name, CONSENSUS.name])


def test_from_and_only_run_what_they_name(done):
    assert run(done, only="supply") == Outcome(ran=[SUPPLY.name])
    assert run(done, first="03") == Outcome(ran=[SUPPLY.name, CONSENSUS.name])
    with pytest.raises(ParameterError, match="No step is 'sales'"):
        run(done, first="sales")
    with pytest.raises(ParameterError, match="not both"):
        select_steps(STEPS, "03", "03")


def test_a_locked_cycle_is_not_run(done):
    with (
        hold_lock(to_paths(CYCLE, done)),
        pytest.raises(CycleError, match="another run or notebook"),
    ):
        run(done)


def test_another_company_is_refused(done):
    parameter_file(done, company="other")
    with pytest.raises(CycleError, match="belongs to company 'demo'"):
        run(done)
    parameter_file(done)


def test_a_table_that_is_not_made_again_goes_away(done):
    notebook(done, CONSENSUS, "import os; c.write('budget_gap', c.read_optional('budget_gap'))")
    run(done)
    assert "budget_gap" in tables(done)
    notebook(done, CONSENSUS)
    run(done)
    assert "budget_gap" not in tables(done)
    assert "budget_gap" not in read_manifest(to_paths(CYCLE, done)).tables


def test_a_month_cannot_start_behind_a_step_without_result(tmp_path):
    folder = planning_folder(tmp_path)
    with pytest.raises(CycleError, match="02_demand_review has no result yet"):
        run(folder, first="supply")
    assert tables(folder) == {}


def test_missing_notebooks_are_named_before_anything_is_run(tmp_path):
    folder = planning_folder(tmp_path)
    for step in (SUPPLY, CONSENSUS):
        step.notebook(folder).unlink()
    with pytest.raises(ParameterError) as told:
        run(folder)
    assert "03_supply_review.ipynb" in str(told.value)
    assert "04_consensus_review.ipynb" in str(told.value)
    assert not (folder / "data").exists()


def test_a_cycle_that_is_no_month_makes_nothing(tmp_path):
    folder = planning_folder(tmp_path)
    with pytest.raises(ParameterError, match="is not a month"):
        run_month("../x", folder, parameters(folder), STEPS)
    assert not (folder / "data").exists()


def test_every_real_step_owes_the_tables_it_owns():
    owed = {step.section: step.must_write for step in REAL_STEPS}
    assert owed["data"][:2] == ("item", "location")
    assert "finding" in owed["data"] and "override" not in owed["data"]
    assert {"baseline", "consensus_demand", "demand_move", "look"} <= set(owed["demand"])
    assert [step.section for step in REAL_STEPS if step.planbook] == [
        *["demand", "consensus", "executive"]
    ]
    assert REAL_STEPS[1].company_tables == ("override",)
    assert "override" not in REAL_STEPS[0].company_tables


def test_publishing_freezes_the_tables(tmp_path):
    folder = planning_folder(tmp_path)
    paths = to_paths(CYCLE, folder)
    with pytest.raises(CycleError, match="was never run"):
        publish_cycle(paths, parameters(folder), "S&OP lead", STEPS)
    plan = (
        "c.write('consensus_plan', pd.DataFrame({'item': ['A'], 'location': ['D1'],"
        " 'customer': ['C1'], 'period': [c.period], 'demand_qty': [5.0], 'plan_qty': [4.0],"
        " 'short_qty': [1.0], 'revenue_value': [40.0], 'margin_value': [8.0]}))"
    )
    notebook(folder, CONSENSUS, plan)
    run(folder)
    notebook(folder, SUPPLY, "changed = 1")
    with pytest.raises(CycleError, match="03_supply_review: notebook changed"):
        publish_cycle(paths, parameters(folder), "S&OP lead", STEPS)
    notebook(folder, SUPPLY)
    manifest = publish_cycle(paths, parameters(folder), "S&OP lead", STEPS)
    assert manifest.published["by"] == "S&OP lead"
    assert set(manifest.published["tables"]) == {*tables(folder)}
    assert "approved_plan" in manifest.tables
    before = tables(folder)
    with pytest.raises(CycleError, match="is published"):
        run(folder)
    with pytest.raises(CycleError, match="is published"):
        publish_cycle(paths, parameters(folder), "S&OP lead", STEPS)
    assert tables(folder) == before


def test_a_notebook_that_leaves_a_table_out_has_not_succeeded(tmp_path):
    folder = planning_folder(tmp_path)
    notebook(folder, DEMAND, tail="pass")
    with pytest.raises(StepError, match="02_demand_review ended without writing segment"):
        run(folder)
    assert tables(folder) == {}
