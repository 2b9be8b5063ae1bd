"""Commands that ask the supply plan: whatif, assess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cli.asked import CycleOption, Json, find_country, open_asked, open_catalogue


@app.command()
@tells
def whatif(
    diff: Annotated[Path, typer.Argument(help="YAML file of changes.")],
    cycle: CycleOption = "",
    as_json: Json = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Show what changes of capacity, supply, demand, price or cost do to the plan.

    Nothing is written. The file lists changes, such as "- capacity: LINE2", "from: 2027-05",
    "to: 2027-08", "change: +10 %"; also overtime, limit, lead_time, outage, demand (+20 %, P90),
    price (with its elasticity) and cost.

    Example: sopkit whatif more_hours.yaml

    Exit codes: 0 answered; 1 the file is not fit; 3 the solver failed; 5 the cycle has no supply
    plan.
    """
    opened = open_asked(folder, cycle)
    from sopkit.asking import ask_what_if, open_base, what_if_to_json
    from sopkit.cli.question_text import describe_what_if

    base = open_base(opened, find_country(opened))
    found = ask_what_if(base, diff)
    if as_json:
        told = {"cycle": opened.name, **what_if_to_json(base, found)}
        say(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        texts = open_catalogue(opened, lang.value)
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
    opened = open_asked(folder, cycle)
    from sopkit.asking import ask_target, assessment_to_json, open_base
    from sopkit.cli.question_text import describe_assessment

    base = open_base(opened, find_country(opened))
    found = ask_target(base, file)
    target = found.what_if.changes
    if as_json:
        told = {"cycle": opened.name, **assessment_to_json(base, target, found)}
        say(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        texts = open_catalogue(opened, lang.value)
        say("\n".join(describe_assessment(opened.name, base, found, texts)))
