"""Run parameters: one file, every name declared, all problems told at once."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT
from small_month import parameter_file

from sopkit.errors import ParameterError
from sopkit.params import GIVEN_BY_RUNNER, REVIEWS, Declared, find_params, read_params
from sopkit.run.steps import STEPS

FILES = sorted((ROOT / "params" / "runs").glob("*.yaml"))
NOTEBOOKS = [step for step in STEPS if step.notebook(ROOT).exists()]


def changed(folder: Path, change: str, **values: object) -> Path:
    path = parameter_file(folder, **values)
    path.write_text(path.read_text("utf-8") + change, "utf-8")
    return path


def only(**models: type[Declared]) -> dict[str, type[Declared]]:
    return models


class Months(Declared):
    horizon_months: int


class Overtime(Declared):
    horizon_months: int
    overtime_rate: float


def test_common_names_reach_the_notebooks_that_declare_them(tmp_path):
    path = changed(tmp_path, "supply: {overtime_rate: 0.15}\n")
    run = read_params(path, only(demand=Months, supply=Overtime))
    assert run.for_step("02_demand_review") == {"horizon_months": 18}
    assert run.for_step("03_supply_review") == {"horizon_months": 18, "overtime_rate": 0.15}
    assert run.common.as_of == ""
    assert run.common.fiscal_year_start == 1


def test_unknown_missing_and_mistyped_names_are_told_at_once(tmp_path):
    path = changed(
        tmp_path,
        "supply: {overtime_rat: 0.15}\ndemnd: {x: 1}\n",
        horizon_months="18",
        first_history="2020-13",
        colour="red",
    )
    with pytest.raises(ParameterError) as told:
        read_params(path, only(demand=Months, supply=Overtime))
    message = str(told.value)
    assert "section demnd is not known; did you mean demand?" in message
    assert "common.horizon_months = '18': should be a valid integer" in message
    assert "common.first_history = '2020-13': should match pattern" in message
    assert "common.colour is not known" in message
    assert "supply.overtime_rat is not known; did you mean overtime_rate?" in message
    assert "supply.overtime_rate is missing" in message
    assert message.count("horizon_months =") == 1


def test_a_name_of_common_stands_in_common_alone(tmp_path):
    path = changed(tmp_path, "demand: {horizon_months: 12}\n")
    with pytest.raises(ParameterError, match=r"demand\.horizon_months belongs in section common"):
        read_params(path, only(demand=Months))


@pytest.mark.parametrize(
    "common",
    [{"horizon_months": 0}, {"horizon_months": 1.5}, {"horizon_months": True}, {"company": "../x"}],
)
def test_values_out_of_range_are_refused(tmp_path, common):
    with pytest.raises(ParameterError, match=f"common.{next(iter(common))}"):
        read_params(parameter_file(tmp_path, **common), only(demand=Months))


def test_a_name_given_twice_is_refused(tmp_path):
    path = changed(tmp_path, "demand: {a: 1}\ndemand: {b: 2}\n")
    with pytest.raises(ParameterError, match="demand stands there twice"):
        read_params(path, only(demand=Months))


@pytest.mark.parametrize("text", ["", "- a\n", "common: [1]\n", "common: {a: 'b\n", "common:\n"])
def test_a_file_that_is_no_parameter_file_is_named(tmp_path, text):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=r"broken\.yaml"):
        read_params(path)


def test_the_only_file_or_the_demos_is_the_default(tmp_path):
    with pytest.raises(ParameterError, match="holds no parameter file"):
        find_params(tmp_path)
    runs = tmp_path / "params" / "runs"
    runs.mkdir(parents=True)
    (runs / "b.yaml").touch()
    assert find_params(tmp_path).name == "b.yaml"
    (runs / "a.yaml").touch()
    with pytest.raises(ParameterError, match=r"--params params/runs/a\.yaml or --params"):
        find_params(tmp_path)
    (runs / "demo.yaml").touch()
    assert find_params(tmp_path).name == "demo.yaml"
    assert find_params(tmp_path, "params/runs/a.yaml").name == "a.yaml"
    with pytest.raises(ParameterError, match=r"nowhere\.yaml is not there"):
        find_params(tmp_path, "nowhere.yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_parameter_file_of_the_project_is_fit(path):
    assert read_params(path).path == path


@pytest.mark.parametrize("model", REVIEWS.values(), ids=lambda m: m.__name__)
def test_every_parameter_says_what_it_means(model):
    assert [n for n, f in model.model_fields.items() if not f.description] == []


def parameters_cell(path: Path) -> dict[str, object]:
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(cells) == 1, "one cell is tagged parameters"
    found = {}
    for line in ast.parse(cells[0].source).body:
        assert isinstance(line, ast.AnnAssign), "name: type = literal  # unit and meaning"
        found[line.target.id] = (line.annotation.id, ast.literal_eval(line.value))
    return found


@pytest.mark.parametrize("step", NOTEBOOKS, ids=lambda s: s.name)
def test_the_parameters_cell_holds_the_names_and_kinds_of_the_model(step):
    fields = REVIEWS[step.section].model_fields
    cell = parameters_cell(step.notebook(ROOT))
    assert set(cell) == {*fields, *GIVEN_BY_RUNNER}
    for name, (kind, default) in cell.items():
        if name in fields:
            assert kind == fields[name].annotation.__name__, name
        assert type(default).__name__ == kind, name


@pytest.mark.parametrize("step", NOTEBOOKS, ids=lambda s: s.name)
def test_the_defaults_in_the_cell_are_values_the_model_takes(step):
    cell = parameters_cell(step.notebook(ROOT))
    model = REVIEWS[step.section]
    model(**{name: value for name, (_, value) in cell.items() if name in model.model_fields})


def test_the_template_of_a_file_names_every_parameter(tmp_path):
    from sopkit.planning_folder import write_params

    text = write_params("acme")
    path = tmp_path / "acme.yaml"
    path.write_text(text, "utf-8")
    run = read_params(path)
    assert (run.common.company, run.common.mapping) == ("acme", "acme")
    assert yaml.safe_load(text)["run"]["cell_timeout_seconds"] == 1800
