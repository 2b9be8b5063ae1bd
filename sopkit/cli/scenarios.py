"""Commands on scenarios: list, show, solve, add."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cli.asked import CycleOption, Json, find_country, open_asked, open_catalogue
from sopkit.cli.user import find_user
from sopkit.errors import InputError, list_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sopkit.asking import Base
    from sopkit.cycle import Cycle
    from sopkit.scenario import Scenario

scenario_app = typer.Typer(
    help="Scenarios, small diffs of the plan: those of params/scenarios and of the planbook.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(scenario_app, name="scenario")


@scenario_app.command("list")
@tells
def list_scenarios(
    cycle: CycleOption = "", as_json: Json = False, lang: Lang = Language.en, folder: Folder = ""
) -> None:
    """List the scenarios that stand, and whether each can be applied to the cycle's data.

    Example: sopkit scenario list

    Exit codes: 0 listed; 1 a scenario is not fit to be read; 5 the cycle has no supply plan.
    """
    from sopkit.asking import list_standing, to_rows
    from sopkit.cli.question_text import describe_scenarios

    opened = open_asked(folder, cycle)
    found = list_standing(opened)
    diffs = _fit(_open_base(opened), found)
    if as_json:
        say(
            json.dumps(
                {"cycle": opened.name, "diffs": to_rows(diffs)}, ensure_ascii=False, indent=1
            )
        )
    else:
        say("\n".join(describe_scenarios(opened, diffs, open_catalogue(opened, lang.value))))


@scenario_app.command()
@tells
def show(
    name: Annotated[str, typer.Argument(help="Name of a scenario that stands.")],
    cycle: CycleOption = "",
    folder: Folder = "",
) -> None:
    """Print a scenario as YAML, as a file of scenarios holds it.

    Example: sopkit scenario show price-up-3 > mine.yaml

    Exit codes: 0 shown; 1 there is none of that name.
    """
    from sopkit.asking import list_standing
    from sopkit.scenario import write_scenarios

    opened = open_asked(folder, cycle)
    standing = {one.name: one for one in list_standing(opened)}
    if name not in standing:
        there = ", ".join(standing) or "none"
        raise InputError(f"No scenario {name} stands for cycle {opened.name}; there are: {there}.")
    say(write_scenarios([standing[name]]).rstrip())


@scenario_app.command()
@tells
def solve(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file of scenarios; without it: those that stand.")
    ] = None,
    cycle: CycleOption = "",
    as_json: Json = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Solve scenarios side by side and compare them in money, service, stock, capacity and cash.

    Nothing is written.

    Example: sopkit scenario solve mine.yaml

    Exit codes: 0 solved; 1 the file is not fit; 3 the solver failed; 5 the cycle has no supply
    plan.
    """
    from sopkit.asking import list_standing, read_scenario_file, solve_scenarios, solved_to_json
    from sopkit.cli.question_text import describe_scenarios, describe_solved

    opened = open_asked(folder, cycle)
    asked = list_standing(opened) if file is None else read_scenario_file(file)
    base = _open_base(opened)
    found = solve_scenarios(base, asked)
    if as_json:
        told = {"cycle": opened.name, "same_as_tables": base.is_same, **solved_to_json(found)}
        say(json.dumps(told, ensure_ascii=False, indent=1))
        return
    texts = open_catalogue(opened, lang.value)
    lines = describe_scenarios(opened, found.diffs, texts)
    say("\n".join([*lines, *describe_solved(opened.name, base, found, texts)]))


@scenario_app.command()
@tells
def add(
    file: Annotated[Path, typer.Argument(help="YAML file of scenarios.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, where the file does not say.")] = "",
    author: Annotated[
        str, typer.Option("--author", help="Who enters it; else SOPKIT_USER, else the login name.")
    ] = "",
    cycle: Annotated[
        str, typer.Option("--cycle", help="Cycle it is for; default: the newest.")
    ] = "",
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Enter the scenarios of a file into the planbook, all of them or none.

    They stand in the cycle and those after it, applied anew to each month's data. One that cannot
    be applied to the cycle's data is refused. Titles, owners and reasons may be given in both
    languages, Chinese / English; pages show their own half. Take one back with sopkit book
    withdraw NUMBER.

    Example: sopkit scenario add mine.yaml

    Exit codes: 0 entered; 1 the file is not fit, or one of that name stands already; 2 the planbook
    cannot be reached; 5 the cycle has no supply plan, or the planbook is locked.
    """
    from sopkit.asking import read_scenario_file

    who = find_user(author)
    opened = open_asked(folder, cycle)
    found = read_scenario_file(file)
    _refuse_unfit(file, found, _fit(_open_base(opened), found))
    texts = open_catalogue(opened, lang.value)
    for row in _enter(opened, found, who, reason, file).to_dict("records"):
        told = {"name": row["name"], "number": row["number"], "cycle": opened.name}
        say(texts("scenarios.cli.added", **told))


def _open_base(opened: Cycle) -> Base:
    from sopkit.asking import open_base

    return open_base(opened, find_country(opened))


def _fit(base: Base, scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """Return contract `scenario_diff` of scenarios applied to the base's data."""
    from sopkit.scenario import fit_scenarios, list_diffs
    from sopkit.supply import list_codes

    fitted = fit_scenarios(base.case, base.demand, scenarios, base.shift)
    return list_diffs(fitted, list_codes(base.case.tables, base.demand, base.case.periods))


def _refuse_unfit(file: Path, found: Sequence[Scenario], diffs: pd.DataFrame) -> None:
    """Raise unless every scenario can be applied.

    Raises:
        InputError: names each scenario and block, and why.
    """
    if not found:
        raise InputError(f"{file.name} holds no scenario.")
    wrong = diffs[(diffs["state"] == "refused") & (diffs["why"] != "other_block")]
    lines = [
        f"{row['scenario']}, block {row['block']}: "
        + (
            f"all its months have passed ({row['detail']})"
            if row["why"] == "past"
            else row["detail"]
        )
        for row in wrong.to_dict("records")
    ]
    if lines:
        advice = "Nothing was entered. Correct the file and try again."
        raise InputError(list_problems(f"{file.name} cannot be applied", lines, advice))


def _enter(
    opened: Cycle, found: Sequence[Scenario], who: str, reason: str, file: Path
) -> pd.DataFrame:
    import pandas as pd

    from sopkit.planbook import open_planbook
    from sopkit.scenario import write_blocks

    rows = pd.DataFrame(
        {
            "name": [one.name for one in found],
            "title": [one.title or one.name for one in found],
            "owner": [one.owner for one in found],
            "diff": [write_blocks(one.blocks) for one in found],
            "reason": [one.reason or reason for one in found],
        },
        index=range(1, len(found) + 1),
    )
    with open_planbook(opened.folder, company=opened.company) as book:
        return book.add("scenario", rows, opened.name, who, source=file.name)
