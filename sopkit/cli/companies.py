"""Commands about a company's data: init, check."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sopkit.cli.app import Folder, Params, app, say, tells
from sopkit.cycle import find_folder, list_cycles, read_manifest, to_paths

if TYPE_CHECKING:
    from sopkit.params import RunParameters
    from sopkit.sources import Loaded

REFUSED_SHOWN = 200
_PLAIN: dict[str, Any] = {"index": False, "na_rep": "", "float_format": "{:,.0f}".format}


@app.command()
@tells
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    company: Annotated[str, typer.Option("--company", help="Short name of the company.")] = (
        "company"
    ),
) -> None:
    """Make a planning folder: notebooks, parameters, mapping and Excel input templates.

    Example: sopkit init myplan

    Exit codes: 0 made; 2 the folder is not empty, or the name cannot be a file name.
    """
    from sopkit.planning_folder import make_folder

    made = make_folder(folder, company)
    say(f"{made} is ready. Next:")
    say(f"  put the exports under {made / 'data' / 'raw'}, or fill the Excel templates there")
    say(f"  say in {made / 'params' / 'mapping' / f'{company}.yaml'} which column is which")
    say(f"  sopkit check --folder {made}")


@app.command()
@tells
def check(
    params: Params = "",
    cycle: Annotated[
        str, typer.Option("--cycle", help="As for this month; default: the company's newest.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    folder: Folder = "",
) -> None:
    """Tell whether the company's files are fit to plan on: accepted, refused, and why.

    Example: sopkit check --params params/runs/demo.yaml --json

    Exit codes: 0 fit, perhaps with refused rows; 1 not fit; 2 parameters or mapping are wrong.
    """
    from sopkit.params import find_params, read_params
    from sopkit.sources import is_fit, to_json

    home = find_folder(folder)
    parameters = read_params(find_params(home, params))
    loaded = _load(home, parameters, cycle or _newest_cycle(home, parameters.common.company))
    if as_json:
        say(json.dumps(to_json(loaded), ensure_ascii=False, indent=1))
    else:
        say("\n".join(_describe(loaded)))
    raise typer.Exit(0 if is_fit(loaded) else 1)


def _describe(loaded: Loaded) -> list[str]:
    """Return the report of the input contract as lines for a terminal."""
    from sopkit.sources import is_fit, summarise

    lines = [summarise(loaded).drop(columns="rows_left_out").to_string(**_PLAIN)]
    lines += [f"error: {problem}" for problem in loaded.errors]
    refused = loaded.refused
    if len(refused):
        shown = ["table", "file", "row", "column", "rule", "value", "amount_value", "advice"]
        lines.append(f"\n{len(refused)} refused (all of them: --json)")
        lines.append(refused[shown].head(REFUSED_SHOWN).to_string(**_PLAIN))
    for severity in ("error", "warning", "info"):
        found = loaded.findings[loaded.findings["severity"] == severity]
        if len(found):
            kinds = found["kind"].value_counts(sort=False).sort_index()
            lines.append(f"{severity}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    lines.append("Fit to plan on." if is_fit(loaded) else "Not fit to plan on.")
    return lines


def _load(home: Path, parameters: RunParameters, cycle: str) -> Loaded:
    import pandas as pd

    from sopkit.periods import last_history_day, to_cycle_period
    from sopkit.sources import read_mapping, read_tables, snapshot_files

    mapping = read_mapping(home / "params" / "mapping" / f"{parameters.common.mapping}.yaml")
    as_of = pd.Timestamp(parameters.common.as_of or last_history_day(cycle))
    with tempfile.TemporaryDirectory(prefix="sopkit-") as scratch:
        snapshot_files(mapping, home, to=Path(scratch))
        return read_tables(mapping, Path(scratch), to_cycle_period(cycle), as_of)


def _newest_cycle(home: Path, company: str) -> str:
    """Return the company's newest cycle, else the demo's, else this month."""
    from datetime import date

    from sopkit.cli.months import DEMO_CYCLE, DEMO_PARAMS

    for name in reversed(list_cycles(home)):
        manifest = read_manifest(to_paths(name, home))
        if manifest is not None and manifest.company == company:
            return name
    return DEMO_CYCLE if company == Path(DEMO_PARAMS).stem else date.today().strftime("%Y-%m")
