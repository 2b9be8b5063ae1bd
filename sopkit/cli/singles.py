"""Commands on single files and folders: forecast, solve, lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import Folder, app, say, tells
from sopkit.cycle import find_folder, write_atomic
from sopkit.errors import InputError, ParameterError, list_problems

if TYPE_CHECKING:
    import pandas as pd

KINDS = (".csv", ".parquet")
NEEDED = ("unique_id", "ds", "y")


@app.command()
@tells
def forecast(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet with unique_id, ds, y.")],
    horizon: Annotated[int, typer.Option("--horizon", min=1, max=60, help="Months ahead.")],
    output: Annotated[Path, typer.Option("--output", help="CSV or Parquet to write.")],
) -> None:
    """Forecast monthly series with the kit's own baseline, with an 80 % range.

    Example: sopkit forecast sales.csv --horizon 12 --output forecast.csv

    Exit codes: 0 written; 1 the file is not fit; 2 a name or number is wrong.
    """
    _check_kind(file)
    _check_kind(output)
    series = _read_series(file)
    from sopkit.demand import forecast_series

    made = forecast_series(series, horizon, level=80)
    _write_frame(output, made)
    say(f"{output}: {made['unique_id'].nunique()} series, {horizon} months each")


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


def _check_kind(path: Path) -> None:
    if path.suffix.lower() not in KINDS:
        raise ParameterError(f"{path} is neither {' nor '.join(KINDS)}.")


def _read_series(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError(f"The file {path} is not there.")
    try:
        if path.suffix.lower() == ".csv":
            frame = pd.read_csv(path, dtype={"unique_id": str}, encoding="utf-8-sig")
        else:
            frame = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return _check_series(frame, path)


def _check_series(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    import pandas as pd

    missing = [f"column {name} is missing" for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError(list_problems(f"{path} is not fit to forecast", missing))
    days = pd.to_datetime(frame["ds"], errors="coerce")
    numbers = pd.to_numeric(frame["y"], errors="coerce")
    series = pd.DataFrame({"unique_id": frame["unique_id"].astype(str), "ds": days, "y": numbers})
    broken = {
        "ds is no date": days.isna(),
        "y is no number": numbers.isna(),
        "unique_id and ds stand there twice": series.duplicated(["unique_id", "ds"]),
    }
    problems = [
        f"{rule} in {int(bad.sum())} row(s); first: row {int(bad.to_numpy().argmax()) + 2}"
        for rule, bad in broken.items()
        if bad.any()
    ]
    if problems or frame.empty:
        raise InputError(
            list_problems(f"{path} is not fit to forecast", problems or ["it holds no row"])
        )
    return series.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)


def _write_frame(path: Path, frame: pd.DataFrame) -> None:
    if path.suffix.lower() == ".csv":
        write_atomic(path, frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    else:
        write_atomic(path, frame.to_parquet(index=False))
