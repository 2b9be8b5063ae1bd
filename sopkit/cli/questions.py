"""Commands that ask the supply plan: whatif, assess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cycle import find_folder, list_cycles, view_cycle
from sopkit.errors import CycleError

if TYPE_CHECKING:
    from sopkit.cycle import Cycle
    from sopkit.messages import Catalogue

CycleOption = Annotated[
    str, typer.Option("--cycle", help="Cycle whose plan is asked; default: the newest.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]


@app.command()
@tells
def whatif(
    diff: Annotated[Path, typer.Argument(help="YAML file of changes.")],
    cycle: CycleOption = "",
    as_json: Json = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Show what changes of capacity, lead time, supplier, demand or cost do to the plan.

    Nothing is written. The file lists changes, such as "- capacity: LINE2", "from: 2027-05",
    "to: 2027-08", "change: +10 %"; also lead_time, outage, demand and cost.

    Example: sopkit whatif more_hours.yaml

    Exit codes: 0 answered; 1 the file is not fit; 3 the solver failed; 5 the cycle has no supply
    plan.
    """
    opened = _open_cycle(folder, cycle)
    from sopkit.asking import ask_what_if, open_base, what_if_to_json
    from sopkit.cli.question_text import describe_what_if

    base = open_base(opened, _country(opened))
    found = ask_what_if(base, diff)
    if as_json:
        told = {"cycle": opened.name, **what_if_to_json(base, found)}
        say(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        texts = _catalogue(opened, lang.value)
        say("\n".join(describe_what_if(opened.name, base, found, texts)))


@app.command()
@tells
def assess(
    file: Annotated[Path, typer.Argument(help="YAML file of a sales target.")],
    cycle: CycleOption = "",
    as_json: Json = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Say whether a sales target can be served, what breaks, what it costs, and the last day.

    Nothing is written. The file names the target, such as "- target: STEA", "from: 2027-05",
    "to: 2027-12", "change: +20 %".

    Example: sopkit assess target.yaml

    Exit codes: 0 answered; 1 the file is not fit; 3 the solver failed; 5 the cycle has no supply
    plan.
    """
    opened = _open_cycle(folder, cycle)
    from sopkit.asking import ask_target, assessment_to_json, open_base
    from sopkit.cli.question_text import describe_assessment

    base = open_base(opened, _country(opened))
    found = ask_target(base, file)
    target = found.what_if.changes
    if as_json:
        told = {"cycle": opened.name, **assessment_to_json(base, target, found)}
        say(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        texts = _catalogue(opened, lang.value)
        say("\n".join(describe_assessment(opened.name, base, found, texts)))


def _open_cycle(folder: str, cycle: str) -> Cycle:
    """Return the cycle named, else the newest, to read.

    Raises:
        CycleError: there is none.
    """
    home = find_folder(folder)
    names = list_cycles(home)
    if not cycle and not names:
        raise CycleError(f"No cycle was run in {home} yet: sopkit run CYCLE")
    return view_cycle(cycle or names[-1], home)


def _country(opened: Cycle) -> str:
    from sopkit.params import read_params
    from sopkit.run.state import choose_params

    return read_params(choose_params(opened.folder, opened.name)).common.country


def _catalogue(opened: Cycle, lang: str) -> Catalogue:
    from sopkit.cycle import read_manifest
    from sopkit.messages import catalogue
    from sopkit.report.company import read_company
    from sopkit.report.labels import read_labels

    manifest = read_manifest(opened.paths)
    assert manifest is not None  # view_cycle raises where there is none
    names = read_company(opened.folder, manifest)
    return catalogue(lang, names.currency, names.volume_unit, read_labels(opened)[lang])
