"""A month of tiny purpose-made notebooks, so that the runner can be tried without the real ones."""

from __future__ import annotations

from pathlib import Path

import nbformat
import yaml

from sopkit.params import RunParameters, read_params
from sopkit.run.steps import Step

CYCLE = "2026-11"
STEPS = (
    Step("02_demand_review", "demand", must_write=("segment",)),
    Step("03_supply_review", "supply", must_write=("stock_target",)),
    Step("04_consensus_review", "consensus", must_write=("conflict",)),
)
OPEN = (
    "from sopkit.cycle import open_cycle\n"
    "import pandas as pd\n"
    "c = open_cycle(cycle, stage={stage!r}, interactive=interactive)"
)
WRITE = {
    "demand": (
        "c.write('segment', pd.DataFrame({'item': ['A'], 'location': ['D1'], 'abc': ['A'],"
        " 'revenue_value': [float(horizon_months)], 'pattern': ['smooth'], 'strategy': ['MTS']}))"
    ),
    "supply": (
        "seen = len(c.read('segment')); old = c.previous\n"
        "c.write('stock_target', pd.DataFrame(columns=STOCK))"
    ),
    "consensus": (
        "seen = c.read('stock_target')\n"
        "c.write('conflict', pd.DataFrame({'conflict': ['N1'], 'family': ['TEA'],"
        " 'kind': ['sales_supply'], 'first_value': [1.0], 'second_value': [2.0],"
        " 'gap_value': [1.0]}))"
    ),
}


def parameter_file(folder: Path, **changed: object) -> Path:
    """Write params/runs/demo.yaml with some common values changed."""
    common = {
        "company": "demo",
        "mapping": "demo",
        "currency": "CNY",
        "volume_unit": "case",
        "country": "CN",
        "first_history": "2020-11",
        "horizon_months": 18,
    }
    sections = {"common": {**common, **changed}, "run": {"cell_timeout_seconds": 60}}
    if "cell_timeout_seconds" in changed:
        sections["run"] = {"cell_timeout_seconds": sections["common"].pop("cell_timeout_seconds")}
    path = folder / "params" / "runs" / "demo.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")
    return path


def notebook(
    folder: Path, step: Step, *cells: str, early: str = "", tail: str | None = None
) -> Path:
    """Write a step's notebook: parameters, `early`, opening, `cells`, the write cell (or `tail`).

    What needs no table goes into `early`, before the cell that imports pandas.
    """
    given = "cycle = '2026-11'\nlang = 'en'\ninteractive = True\nhorizon_months = 18\n"
    sources = [given, early, OPEN.format(stage=step.section), *cells]
    sources.append(WRITE[step.section] if tail is None else tail)
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s.replace("STOCK", repr(_STOCK))) for s in sources if s]
    )
    for number, cell in enumerate(made.cells):
        cell.id = f"c{number}"
    made.cells[0].metadata["tags"] = ["parameters"]
    path = step.notebook(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def planning_folder(folder: Path, **changed: object) -> Path:
    """Make a planning folder with the three tiny notebooks."""
    parameter_file(folder, **changed)
    for step in STEPS:
        notebook(folder, step)
    return folder


def parameters(folder: Path) -> RunParameters:
    """Read the folder's parameters."""
    from sopkit.params import Declared, HorizonMonths

    class Tiny(Declared):
        horizon_months: HorizonMonths

    tiny = {"demand": Tiny, "supply": Tiny, "consensus": Tiny}
    return read_params(folder / "params" / "runs" / "demo.yaml", tiny)


def _stock_columns() -> list[str]:
    from sopkit.tables import TABLES

    return TABLES["stock_target"].column_names


_STOCK = _stock_columns()
