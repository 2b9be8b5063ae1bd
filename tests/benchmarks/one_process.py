"""The demo month's planning, chart and report calls in this one process, without runner or kernel.

    python tests/benchmarks/one_process.py FOLDER CYCLE

FOLDER is a planning folder whose parameters are params/runs/demo.yaml. It stands in for "the same
calls in one process" when the runner's overhead is measured.
"""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import Any

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def run_cell(source: str, names: dict[str, Any]) -> object:
    """Execute a cell as IPython would and return its last expression's value."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def run_notebook(path: Path, parameters: dict[str, Any], executed: Path) -> None:
    """Run a notebook's code cells and save it with what the cells would display."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        shown = run_cell(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names.update(parameters)
        if hasattr(shown, "_repr_mimebundle_"):
            bundle = shown._repr_mimebundle_()
            data = bundle[0] if isinstance(bundle, tuple) else bundle
            cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    executed.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, executed)


def main(folder: Path, cycle: str) -> None:
    """Run all five notebooks and build the report site."""
    os.environ["SOPKIT_HOME"] = str(folder)
    from sopkit.params import read_params
    from sopkit.report.site import build_site
    from sopkit.run.steps import STEPS

    run = read_params(folder / "params/runs/demo.yaml")
    for step in STEPS:
        given = {"cycle": cycle, "lang": "en", "interactive": False}
        run_notebook(
            folder / "notebooks" / f"{step.name}.ipynb",
            run.for_step(step.name) | given,
            folder / "data/cycles" / cycle / "executed" / f"{step.name}.ipynb",
        )
    build_site(folder, cycle)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
