"""Command of the week: refresh."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cycle import find_folder, list_cycles, to_paths
from sopkit.errors import CycleError, ParameterError

if TYPE_CHECKING:
    import pandas as pd


@app.command()
@tells
def refresh(
    cycle: Annotated[str, typer.Argument(help="The month looked at; default: the newest.")] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="Last day seen, such as 2026-11-13; default: today.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole look as JSON.")] = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Look at the month between its meetings: month to date, orders at risk, what fired, tasks.

    Reads the company's files anew, plans nothing, changes no table of the cycle, signed or not.
    Thresholds stand in params/process.yaml under `refresh`. Writes a page, reports/CYCLE/
    refresh-DAY.html in both languages, and a task to the owner of each new trigger.

    Example: sopkit refresh 2026-11 --as-of 2026-11-13

    Exit codes: 0 done, whatever fired; 1 the files are not fit or tell nothing of the month; 2 the
    day is none, or lies outside the month; 5 the cycle was never run or has no plan, or the
    planbook is locked.
    """
    home = find_folder(folder)
    names = list_cycles(home)
    if not cycle and not names:
        raise CycleError(f"No cycle was run in {home} yet: sopkit run CYCLE")
    from sopkit.cli.asked import open_catalogue
    from sopkit.cycle import view_cycle
    from sopkit.refresh import (
        enter_tasks,
        look_to_json,
        look_to_lines,
        refresh_cycle,
        write_look,
        write_pages,
    )

    paths = to_paths(cycle or names[-1], home)
    look = refresh_cycle(paths, _read_day(as_of))
    t = open_catalogue(view_cycle(paths.name, home), lang.value)
    write_look(look, paths.root)
    look = enter_tasks(look, t)
    page = write_pages(look, lang.value)
    if as_json:
        say(json.dumps(look_to_json(look), ensure_ascii=False, indent=1))
    else:
        say("\n".join(look_to_lines(look, t)))
        say(str(page))


def _read_day(text: str) -> pd.Timestamp:
    """Return a day.

    Raises:
        ParameterError: the text is no day.
    """
    import pandas as pd

    try:
        return pd.Timestamp(date.fromisoformat(text) if text else date.today())
    except ValueError:
        raise ParameterError(f"--as-of {text} is no day; write 2026-11-13, say.") from None
