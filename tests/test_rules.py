"""The promises of the project's structure: who imports whom, who owns what, what is documented."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT

from sopkit.tables import TABLES

PACKAGE = ROOT / "sopkit"
GROUND = {"aside", "errors", "periods"}
PLANNING = {
    "quality",
    "demand",
    "accuracy",
    "inventory",
    "supply",
    "consensus",
    "finance",
    "charts",
}
JOINT = {"kpi", "scenario"}
WORLD = {"params", "messages", "cycle", "planbook", "sources", "notify"}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sopkit":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {parts[1] for parts in names if parts[0] == "sopkit" and len(parts) > 1}
    return found - {"__version__"}


def allowed_rooms(room: str) -> set[str] | None:
    """Return what a room may import; None where everything below the roof is free."""
    if room in GROUND:
        return GROUND
    if room == "tables":
        return GROUND | {"tables"}
    if room in PLANNING:
        return GROUND | {"tables", room}
    if room in JOINT:
        return GROUND | {"tables", room} | PLANNING | JOINT
    if room in WORLD:
        return GROUND | {"tables", room}
    return None


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_point_one_way_only(path):
    room = room_of(path)
    allowed = allowed_rooms(room)
    if allowed is None or room == "__init__":
        return
    assert imported_rooms(path) <= allowed, f"{room} reaches into {imported_rooms(path) - allowed}"


@pytest.mark.parametrize("room", sorted(PLANNING))
def test_planning_rooms_open_no_file_and_read_no_clock(room):
    sources = [PACKAGE / f"{room}.py", *(PACKAGE / room).rglob("*.py")]
    for path in (p for p in sources if p.is_file()):
        text = path.read_text(encoding="utf-8")
        for forbidden in (
            r"\bopen\(",
            r"read_csv",
            r"read_parquet",
            r"\.now\(",
            r"\.today\(",
            r"os\.environ",
            r"to_parquet",
        ):
            assert not re.search(forbidden, text), f"{path.name} holds {forbidden}"


def test_every_result_table_has_one_owner_and_it_is_written_there():
    for table in TABLES.values():
        if table.owner in ("input", "publish"):
            continue
        writers = [
            nb.stem
            for nb in NOTEBOOKS
            if f'write("{table.name}"' in nb.read_text("utf-8").replace('\\"', '"')
        ]
        assert writers == [table.owner], (
            f"{table.name} is owned by {table.owner}, written by {writers}"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_hold_no_functions_no_row_loops_and_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        assert not re.search(
            r"^\s*def |^\s*class |iterrows|warnings\.(filter|simplefilter|catch)", cell.source, re.M
        ), cell.source
        assert not cell.outputs, "make golden keeps outputs in tests/notebooks, not here"
        assert len(cell.source.splitlines()) <= 30, f"a cell of {path.stem} is too long"


def test_direct_dependencies_stay_few():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(project["dependencies"]) <= 20


def test_environment_yml_names_python_pip_and_the_lock_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, rest = environment["dependencies"]
    assert (pip, rest) == ("pip", {"pip": ["--require-hashes", "-r requirements.lock"]})
    assert project["requires-python"] == ">=" + python.removeprefix("python=")


def test_the_lock_pins_every_direct_dependency_with_a_hash_and_names_no_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    for requirement in project["dependencies"] + project["optional-dependencies"]["test"]:
        name = re.split(r"[<>=~\[ ]", requirement)[0].lower()
        assert re.search(rf"^{re.escape(name)}==\S+.*\\\n\s+--hash=sha256:", lock, re.M), name


def test_the_readme_lists_every_table_as_the_contracts_have_it():
    from sopkit.tables.listing import to_markdown

    assert to_markdown() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_long_files_are_split():
    long = [
        str(p.relative_to(ROOT))
        for p in PACKAGE.rglob("*.py")
        if len(p.read_text("utf-8").splitlines()) > 450
    ]
    assert long == []
