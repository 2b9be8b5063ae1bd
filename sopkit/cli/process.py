"""Commands of the process: approve, reject, reopen, agenda, minutes."""

from __future__ import annotations

from typing import Annotated

import typer

from sopkit.cli.app import Folder, Lang, Language, app, say, tells
from sopkit.cli.user import find_user
from sopkit.cycle import find_folder, to_paths

StepName = Annotated[
    str, typer.Argument(help="data, demand, supply, consensus or executive; or 01 to 05.")
]
Role = Annotated[str, typer.Option("--role", help="Role in which you act, as in process.yaml.")]
Cycle = Annotated[str, typer.Option("--cycle", help="The cycle; default: the newest.")]
CycleWord = Annotated[str, typer.Argument(help="The month planned first, such as 2026-11.")]


@app.command()
@tells
def approve(
    step: StepName,
    role: Role,
    cycle: Cycle = "",
    reason: Annotated[str, typer.Option("--reason", help="A remark for the minutes.")] = "",
    folder: Folder = "",
) -> None:
    """Sign a step whose gate holds, in the role that params/process.yaml makes accountable.

    Example: sopkit approve demand --role sales_owner

    Exit codes: 0 signed; 2 no such step, or you may not sign it in this role; 5 its gate is open,
    it is signed already, or the cycle is published, at work or was never run.
    """
    from sopkit.process.judge import find_newest
    from sopkit.process.sign import approve_step
    from sopkit.run.steps import find_step

    home, user = find_folder(folder), find_user()
    name = find_newest(home, cycle)
    number = approve_step(home, name, step, user, role, reason)
    say(f"{number}: {find_step(step).section} of cycle {name} is signed by {user} as {role}.")
    _say_identity()


@app.command()
@tells
def reject(
    step: StepName,
    role: Role,
    reason: Annotated[str, typer.Option("--reason", help="Why it is sent back.")],
    cycle: Cycle = "",
    folder: Folder = "",
) -> None:
    """Send a step back with a reason; whoever does the step gets a task.

    Example: sopkit reject supply --role production --reason "line 2 is down in March"

    Exit codes: 0 sent back; 2 no such step, no reason, or not your role; 5 it never ran, is sent
    back already, or the cycle is published, at work or was never run.
    """
    from sopkit.process.judge import find_newest
    from sopkit.process.sign import reject_step

    home, user = find_folder(folder), find_user()
    name = find_newest(home, cycle)
    number = reject_step(home, name, step, user, role, reason)
    say(f"{step} of cycle {name} is sent back by {user} as {role}; task {number} is opened.")
    _say_identity()


@app.command()
@tells
def reopen(
    cycle: CycleWord,
    role: Role,
    reason: Annotated[str, typer.Option("--reason", help="Why it is opened again.")],
    folder: Folder = "",
) -> None:
    """Open a published month for a new version; what was signed is kept in versions/.

    Pages and workbook say draft again when it ends.

    Example: sopkit reopen 2026-11 --role general_manager --reason "wrong price of sparkling tea"

    Exit codes: 0 opened; 2 no reason, or not your role; 4 opened, but no report was built; 5 it is
    not published, is at work or was never run.
    """
    from sopkit.cli.screen import Screen
    from sopkit.process.reopen import find_version_dir, list_altered, reopen_cycle
    from sopkit.run.site import update_report

    paths, user = to_paths(cycle, find_folder(folder)), find_user()
    version = reopen_cycle(paths, user, role, reason)
    kept = find_version_dir(paths, version - 1)
    say(f"Cycle {cycle} is open again as version {version}; the one before is kept in {kept}.")
    for name in list_altered(paths, version - 1):
        say(f"Note: table {name} was altered after it was signed; {kept.name} keeps it altered.")
    update_report(paths, Screen())


@app.command()
@tells
def agenda(cycle: CycleWord, step: StepName, lang: Lang = Language.en, folder: Folder = "") -> None:
    """Write a meeting's agenda from the records: what is open, with numbers, owners and days.

    Example: sopkit agenda 2026-11 executive --lang zh

    Exit codes: 0 written; 2 no such step; 5 the cycle was never run.
    """
    from sopkit.process.meeting import write_agenda

    text, path = write_agenda(find_folder(folder), cycle, step, lang.value)
    say(text)
    say(f"The page: {path}")


@app.command()
@tells
def minutes(
    cycle: CycleWord, step: StepName, lang: Lang = Language.en, folder: Folder = ""
) -> None:
    """Write a meeting's minutes from the records: who signed, what was decided and settled.

    Example: sopkit minutes 2026-11 executive

    Exit codes: 0 written; 2 no such step; 5 the cycle was never run.
    """
    from sopkit.process.meeting import write_minutes

    text, path = write_minutes(find_folder(folder), cycle, step, lang.value)
    say(text)
    say(f"The page: {path}")


def _say_identity() -> None:
    from sopkit.messages import catalogue

    say(catalogue("en")("process.identity"))
