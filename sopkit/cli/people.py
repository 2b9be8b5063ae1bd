"""Commands for people's input: override."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cli.user import find_user
from sopkit.cycle import check_open, find_folder, list_cycles, to_paths, view_cycle
from sopkit.errors import CycleError, InputError, ParameterError, list_problems
from sopkit.run.state import choose_params, require_manifest

if TYPE_CHECKING:
    import pandas as pd

    from sopkit.cli.override_file import OverrideFile
    from sopkit.cycle import Cycle


@app.command()
@tells
def override(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, Excel or YAML; a row is a change.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would change; enter nothing.")
    ] = False,
    cycle: Annotated[
        str, typer.Option("--cycle", help="Cycle it is for; default: the newest.")
    ] = "",
    author: Annotated[
        str, typer.Option("--author", help="Who enters it; else SOPKIT_USER, else the login name.")
    ] = "",
    withdraw: Annotated[
        str, typer.Option("--withdraw", metavar="NUMBER", help="Take one back, with --reason.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is taken back.")] = "",
    template: Annotated[
        bool, typer.Option("--template", help="Print a file to fill; --lang zh in Chinese.")
    ] = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Enter people's changes of demand into the planbook; --preview shows first what they do.

    Example: sopkit override changes.xlsx --preview

    Exit codes: 0 entered or shown; 1 the file is not fit, or a change stands already; 2 a word is
    wrong, or the planbook cannot be reached; 5 the cycle is published, was never run, or the
    planbook is locked.
    """
    if template:
        from sopkit.cli.override_file import write_template

        say(("\ufeff" if lang is Language.zh else "") + write_template(lang.value))
        return
    if (file is None) == (not withdraw):
        raise ParameterError("Name a file of changes, or --withdraw NUMBER; --template prints one.")
    home = find_folder(folder)
    opened = _open_cycle(home, cycle)
    who = find_user(author)
    if file is None:
        _withdraw(opened, withdraw, who, reason)
    elif preview:
        _preview(opened, file)
    else:
        _enter(opened, file, who)


def _open_cycle(home: Path, cycle: str) -> Cycle:
    """Return the cycle named, else the newest.

    Raises:
        CycleError: it was never run, or is published.
    """
    names = list_cycles(home)
    if not cycle and not names:
        raise CycleError(f"No cycle was run in {home} yet: sopkit run CYCLE")
    paths = to_paths(cycle or names[-1], home)
    manifest = require_manifest(paths)
    check_open(paths, manifest, manifest.company)
    return view_cycle(paths.name, home)


def _withdraw(opened: Cycle, number: str, who: str, reason: str) -> None:
    from sopkit.planbook import open_planbook

    with open_planbook(opened.folder, company=opened.company) as book:
        book.withdraw_override(number, who, reason)
    say(f"{number} is withdrawn; its record stays.")
    _say_next(opened)


def _enter(opened: Cycle, file: Path, who: str) -> None:
    from sopkit.planbook import open_planbook

    given = _read_fit(opened, file)
    with open_planbook(opened.folder, company=opened.company) as book:
        kept = book.add_overrides(given.rows, opened.name, who, source=file.name)
    numbers = kept["override"]
    say(
        f"{len(kept)} change{'s' if len(kept) > 1 else ''} entered for cycle {opened.name} by "
        f"{who}: {numbers.iloc[0]}" + (f" to {numbers.iloc[-1]}" if len(kept) > 1 else "")
    )
    say(f"Take one back: sopkit override --withdraw {numbers.iloc[0]} --reason WHY")
    _say_next(opened)


def _say_next(opened: Cycle) -> None:
    say(f"Next: sopkit run {opened.name} --from demand")


def _preview(opened: Cycle, file: Path) -> None:
    from sopkit.cli.preview_text import describe_preview
    from sopkit.scenario.preview import PREVIEW_TABLES, preview_overrides

    given = _read_fit(opened, file)
    tables = {
        name: opened.read(name) if name == "consensus_demand" else opened.read_optional(name)
        for name in PREVIEW_TABLES
    }
    as_of, days = _known_days(opened, tables["constrained_plan"])
    shown = preview_overrides(tables, _standing(opened), _number(given.rows, as_of), as_of, days)
    planned = len(tables["constrained_plan"]) > 0
    head = f"Preview of {file.name} on cycle {opened.name}; nothing is entered."
    say("\n".join([head, *describe_preview(shown, planned=planned)]))


def _read_fit(opened: Cycle, file: Path) -> OverrideFile:
    """Return the changes of a file.

    Raises:
        InputError: names every problem by row and column.
    """
    from sopkit.cli.override_file import read_override_file
    from sopkit.planbook import find_same

    codes = _list_codes(opened)
    given = read_override_file(file, codes, _list_names(opened, codes))
    standing = _standing(opened)
    taken = given.rows["override"].isin(standing["override"])
    problems = [
        *given.problems,
        *(
            f"row {label}, override: {number} stands already"
            for label, number in given.rows.loc[taken, "override"].items()
        ),
        *(
            f"{label if isinstance(label, str) else f'row {label}'}: the same change stands "
            f"already, as {number}"
            for label, number in find_same(given.rows[~taken], standing)
        ),
    ]
    if problems:
        advice = "Nothing was entered. Correct the file and try again."
        raise InputError(list_problems(f"{file.name} is not fit to be entered", problems, advice))
    if given.unread:
        say(f"Columns not read: {', '.join(given.unread)}")
    return given


def _list_codes(opened: Cycle) -> dict[str, set[str]]:
    """Return the codes that exist in the cycle; customers also by the demand there is."""
    item, demand = opened.read("item"), opened.read_optional("consensus_demand")
    return {
        "item": set(item["item"]),
        "family": set(item["family"].dropna()) | {"other"},
        "location": set(opened.read_optional("location")["location"]) | set(demand["location"]),
        "customer": set(opened.read_optional("customer")["customer"]) | set(demand["customer"]),
    }


def _list_names(opened: Cycle, codes: dict[str, set[str]]) -> dict[str, dict[str, str]]:
    """Return what codes are called, in any language; a name of two codes is none."""
    import pandas as pd

    from sopkit.sources.values import clean_text

    label = opened.read_optional("label")
    names: dict[str, dict[str, str]] = {}
    for name, known in codes.items():
        rows = label.loc[label["field"] == name, ["label", "code"]]
        master = opened.read_optional(name) if name != "family" else label.iloc[:0]
        if f"{name}_name" in master.columns:
            own = master[[f"{name}_name", name]].dropna().set_axis(["label", "code"], axis=1)
            rows = own if rows.empty else pd.concat([rows, own])
        rows = rows.assign(label=rows["label"].map(clean_text)).drop_duplicates()
        rows = rows[~rows["label"].duplicated(keep=False) & ~rows["label"].isin(known)]
        names[name] = dict(zip(rows["label"], rows["code"], strict=True))
    return names


def _standing(opened: Cycle) -> pd.DataFrame:
    """Return what holds already: the cycle's own overrides and those entered since."""
    from sopkit.planbook import has_planbook, join_overrides, open_planbook

    of_cycle = opened.read_optional("override")
    if not has_planbook(opened.folder):
        return of_cycle
    with open_planbook(opened.folder, company=opened.company) as book:
        return join_overrides(of_cycle, book.read_overrides(opened.name))


def _number(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return rows with a stand-in for numbers and days of entering not given: applied last."""
    import pandas as pd

    stand_ins = [f"row {int(label):04d}" for label in rows.index]
    named = pd.Series(stand_ins, index=rows.index, dtype=object)
    today = max(pd.Timestamp.now().normalize(), as_of)
    return rows.assign(
        override=rows["override"].where(rows["override"].notna(), named),
        entered_date=rows["entered_date"].fillna(today),
    ).reset_index(drop=True)


def _known_days(opened: Cycle, plan: pd.DataFrame) -> tuple[pd.Timestamp, dict[pd.Timestamp, int]]:
    """Return the last known day, and working days of the planned months."""
    import pandas as pd

    from sopkit.params import read_params
    from sopkit.periods import last_history_day, working_days

    common = read_params(choose_params(opened.folder, opened.name)).common
    as_of = pd.Timestamp(common.as_of or last_history_day(opened.name))
    months = sorted(plan["period"].unique())
    return as_of, {pd.Timestamp(m): working_days(pd.Timestamp(m), common.country) for m in months}
