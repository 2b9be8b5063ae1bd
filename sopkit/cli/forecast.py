"""The command that forecasts any file of monthly series."""

from __future__ import annotations

import warnings
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import app, say, tells
from sopkit.cycle import write_atomic
from sopkit.errors import InputError, ParameterError, list_problems

if TYPE_CHECKING:
    import pandas as pd

KINDS = (".csv", ".parquet")
BLANK = ["", "NA", "NaN", "nan", "N/A", "null", "NULL", "None"]


class Engine(StrEnum):
    """Where series are computed."""

    local = "local"
    dask = "dask"


class Gaps(StrEnum):
    """What a month missing inside a series stands for."""

    zero = "zero"
    missing = "missing"


@app.command()
@tells
def forecast(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet with unique_id, ds, y.")],
    horizon: Annotated[int, typer.Option("--horizon", help="Months ahead, 1 to 600.")],
    output: Annotated[Path, typer.Option("--output", help="CSV or Parquet to write.")],
    level: Annotated[
        list[float], typer.Option("--level", help="Width of a range in %; may be repeated.")
    ] = [80],  # noqa: B006
    engine: Annotated[
        Engine, typer.Option("--engine", help="Here, or on a Dask cluster (sopkit[dask]).")
    ] = Engine.local,
    gaps: Annotated[
        Gaps, typer.Option("--gaps", help="Months missing inside a series: 0, or not known.")
    ] = Gaps.zero,
    country: Annotated[
        str, typer.Option("--country", help="Calendar of working days and holidays, such as CN.")
    ] = "",
) -> None:
    """Forecast monthly series with the kit's own baseline and its ranges.

    Each series is forecast from its own last month on; every series and month is written.

    Example: sopkit forecast sales.csv --horizon 12 --output forecast.csv --level 80 --level 95

    Exit codes: 0 written; 1 the file is not fit; 2 a name or number is wrong.
    """
    _check_kinds(file, output)
    series = _read_series(file)
    from sopkit.demand import forecast_series
    from sopkit.demand.any_series import SeriesWarning

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SeriesWarning)
        try:
            made = forecast_series(series, horizon, level, country, gaps.value, engine.value)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    for warning in (one for one in told if issubclass(one.category, SeriesWarning)):
        typer.echo(f"Warning: {warning.message}", err=True)
    _write_frame(output, made)
    say(f"{output}: {len(made) // horizon} series, {horizon} months each")


def _check_kinds(file: Path, output: Path) -> None:
    wrong = [
        f"{path} is neither {' nor '.join(KINDS)}."
        for path in (file, output)
        if path.suffix.lower() not in KINDS
    ]
    if wrong:
        raise ParameterError(" ".join(wrong))


def _read_series(path: Path) -> pd.DataFrame:
    """Read the three columns; ids of a CSV are text as it stands there, NA and 007 included."""
    import pandas as pd

    if not path.is_file():
        raise InputError(f"The file {path} is not there.")
    try:
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
            return frame.reset_index() if "unique_id" in frame.index.names else frame
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                dtype={"unique_id": "category", "ds": "category"},
                keep_default_na=False,
                na_values={"y": BLANK},
                encoding="utf-8-sig",
                index_col=False,
                low_memory=False,
            )
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}): save it as CSV UTF-8.") from error
    except pd.errors.EmptyDataError:
        raise InputError(list_problems(f"{path} is not fit to forecast", ["it is empty"])) from None
    except pd.errors.ParserWarning:
        raise InputError(f"{path} cannot be read: rows have more fields than its header.") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _write_frame(path: Path, frame: pd.DataFrame) -> None:
    if path.suffix.lower() == ".csv":
        text = frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
        write_atomic(path, text.encode("utf-8"))
    else:
        write_atomic(path, frame.to_parquet(index=False))
