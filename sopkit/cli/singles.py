"""Commands on single folders: solve, lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from sopkit.cli.app import Folder, app, say, tells
from sopkit.cycle import find_folder
from sopkit.errors import InputError


@app.command()
@tells
def solve(
    source: Annotated[Path, typer.Argument(help="Folder of supply tables, CSV or Parquet.")],
    output: Annotated[Path, typer.Option("--output", help="Folder for plan and summary.json.")],
) -> None:
    """Solve the supply plan of a folder of tables; writes plan tables and summary.json.

    Example: sopkit solve tables/ --output plan/

    Exit codes: 0 solved; 1 a table is missing or not fit; 3 the solver failed.
    """
    if not source.is_dir():
        raise InputError(f"The folder {source} is not there.")
    from sopkit.solving import solve_folder

    summary = solve_folder(source, output)
    say(f"{summary['status']}, objective {summary['objective']:,.2f}: {output / 'summary.json'}")


@app.command()
@tells
def lab(folder: Folder = "") -> None:
    """Open JupyterLab at the notebooks of the planning folder.

    Example: sopkit lab

    Exit codes: those of jupyter lab.
    """
    home = find_folder(folder)
    command = [sys.executable, "-m", "jupyterlab", str(home / "notebooks")]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
