"""Commands on single folders: solve, lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sopkit.cli.app import Folder, app, say, tells
from sopkit.cycle import find_folder
from sopkit.errors import InputError

SHOWN = 10


@app.command()
@tells
def solve(
    source: Annotated[Path, typer.Argument(help="Folder of supply tables, CSV or Parquet.")],
    output: Annotated[Path, typer.Option("--output", help="Folder for plan and summary.json.")],
) -> None:
    """Solve the supply plan of a folder of tables; writes plan tables and summary.json.

    The folder may hold settings.yaml; docs/supply_case.md says how to write a case.

    Example: sopkit solve tables/ --output plan/

    Exit codes: 0 solved, or stopped in time with a plan (the gap is told); 1 a table is missing
    or not fit; 2 a setting is wrong; 3 tables contradict each other, or the solver failed.
    """
    if not source.is_dir():
        raise InputError(f"The folder {source} is not there.")
    from sopkit.solving import solve_folder

    for line in tell_plan(solve_folder(source, output)):
        say(line)
    say(str(output / "summary.json"))


def tell_plan(summary: dict[str, Any]) -> list[str]:
    """Return what `solve` says of a plan: how sure it is, its money, its service, its doubts.

    Example:
        A plan cut off by time, 3.2 % above what no plan can beat: "time limit reached; at most
        3.2 % dearer than the best plan".
    """
    service, gap = summary["service"], summary["gap"]
    sure = "no bound is proven" if gap is None else f"at most {gap:.1%} dearer than the best plan"
    status = summary["status"] if gap == 0 else f"{summary['status']}; {sure}"
    failed = [name for name, check in summary["checks"].items() if not check["passed"]]
    doubts = [f"{one['table']}: {one['kind']}: {one['subject']}" for one in summary["warnings"]]
    return [
        f"{status}, objective {summary['objective']:,.2f}, margin {summary['margin']:,.2f}",
        f"on time {service['on_time_rate']:.1%}, late {service['late_qty']:,.0f}, "
        f"short {service['short_qty']:,.0f}, in {summary['seconds']['total']:.1f} s",
        *([f"CHECKS FAILED: {', '.join(failed)}"] if failed else []),
        *[f"warning: {doubt}" for doubt in doubts[:SHOWN]],
        *([f"and {len(doubts) - SHOWN} warnings more"] if len(doubts) > SHOWN else []),
    ]


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
