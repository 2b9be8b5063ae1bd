"""Commands about a month: demo, run, status, publish, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sopkit.cli.app import CycleName, Folder, Lang, Language, Open, Params, app, say, tells
from sopkit.cycle import find_folder, list_cycles, to_paths
from sopkit.errors import CycleError

DEMO_CYCLE, DEMO_PARAMS = "2026-11", "params/runs/demo.yaml"


@app.command()
@tells
def demo(folder: Folder = "", lang: Lang = Language.en, show: Open = False) -> None:
    """Run the demo company's newest month, from raw files to the report site.

    Example: sopkit demo --open

    Exit codes: as of sopkit run.
    """
    _run_and_report(find_folder(folder), DEMO_CYCLE, DEMO_PARAMS, lang.value)
    _show(find_folder(folder), show)


@app.command()
@tells
def run(
    cycle: CycleName,
    params: Params = "",
    first: Annotated[
        str, typer.Option("--from", help="Run this step and those after it: 03, or supply.")
    ] = "",
    only: Annotated[str, typer.Option("--only", help="Run this step alone.")] = "",
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Run a month: each step that changed, then the report. Again, it goes on where it stopped.

    Example: sopkit run 2026-11 --params params/runs/demo.yaml --from supply

    Exit codes: 0 done; 1 company data is not fit to plan on; 2 a parameter or the command is
    wrong; 3 the solver failed; 4 a notebook failed, timed out or lost its kernel; 5 the cycle is
    locked, published or another company's, or the disk is full; 130 stopped by Ctrl-C.
    """
    home = find_folder(folder)
    _run_and_report(home, cycle, params, lang.value, first, only)
    _show(home, False)


@app.command()
@tells
def status(
    cycle: Annotated[str, typer.Argument(help="A cycle; without one, all are listed.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = "",
) -> None:
    """Tell where a month stands: steps, owners, days late, gates, tasks, what was altered.

    Example: sopkit status 2026-11

    Exit codes: 0 told; 2 a word or params/process.yaml is wrong; 5 the cycle was never run, or the
    planbook is locked.
    """
    from sopkit.run.state import require_manifest

    home = find_folder(folder)
    if cycle:
        _tell_status(home, cycle, as_json)
        return
    for name in list_cycles(home):
        manifest = require_manifest(to_paths(name, home))
        steps = [f"{s.split('_')[0]} {r.state}" for s, r in sorted(manifest.steps.items())]
        say(f"{name}  {manifest.company}  {manifest.state}  {', '.join(steps)}")
    if not list_cycles(home):
        say(f"No cycle was run in {home} yet: sopkit run CYCLE")


@app.command()
@tells
def publish(
    cycle: CycleName,
    by: Annotated[str, typer.Option("--by", help="Role that signs.")] = "S&OP lead",
    params: Params = "",
    folder: Folder = "",
) -> None:
    """Sign a month: write approved_plan and released_order, freeze the cycle, update the report.

    Where params/process.yaml says `approvals: true`, every step must be approved before; where it
    says false, or is not there, this one command is enough. Pages and workbook show it then;
    where they cannot be built, the month is published all the same.

    Example: sopkit publish 2026-11 --by "general manager"

    Exit codes: 0 published; 4 published, but the report could not be built; 5 a step is missing or
    out of date, a gate is open, or it is published already.
    """
    from sopkit.cli.screen import Screen
    from sopkit.cli.user import find_user
    from sopkit.params import read_params
    from sopkit.process.publish import publish_cycle
    from sopkit.run.site import update_report
    from sopkit.run.state import choose_params, is_behind, require_manifest

    paths = to_paths(cycle, find_folder(folder))
    before = require_manifest(paths)
    if before.state == "published" and is_behind(before):
        update_report(paths, Screen())
    parameters = read_params(choose_params(paths.folder, cycle, params))
    manifest = publish_cycle(paths, parameters, by, author=find_user())
    rows = manifest.tables["approved_plan"].rows
    released = manifest.tables.get("released_order")
    orders = f", {released.rows} orders released" if released else ""
    say(
        f"Cycle {cycle} is published by {by}: {rows} rows of approved_plan{orders}, "
        "nothing changes now."
    )
    update_report(paths, Screen())


@app.command()
@tells
def report(
    cycle: Annotated[str, typer.Argument(help="A cycle; without one, all are built.")] = "",
    lang: Lang = Language.en,
    show: Open = False,
    folder: Folder = "",
) -> None:
    """Build the report site from the notebooks as run.

    Example: sopkit report --open

    Exit codes: 0 built; 4 a page could not be built; 5 no such cycle.
    """
    home = find_folder(folder)
    if not list_cycles(home):
        raise CycleError(f"No cycle was run in {home} yet: sopkit run CYCLE")
    from sopkit.report.site import build_site
    from sopkit.run.site import note_report

    build_site(home, cycle or None, lang.value)
    for name in [cycle] if cycle else list_cycles(home):
        note_report(to_paths(name, home), lang.value)
    _show(home, show)


def _tell_status(home: Path, cycle: str, as_json: bool) -> None:
    from sopkit.process.status import describe_cycle, to_facts

    if not as_json:
        say("\n".join(describe_cycle(home, cycle)))
        return
    import json

    say(json.dumps(to_facts(home, cycle), ensure_ascii=False, indent=1))


def _run_and_report(
    home: Path, cycle: str, params: str, lang: str, first: str = "", only: str = ""
) -> None:
    from sopkit.cli.screen import Screen
    from sopkit.params import read_params
    from sopkit.run.month import run_month
    from sopkit.run.site import build_report, prepare_report
    from sopkit.run.state import choose_params

    parameters = read_params(choose_params(home, cycle, params))
    screen = Screen()
    run_month(
        cycle,
        home,
        parameters,
        first=first,
        only=only,
        lang=lang,
        tell=screen,
        finish=lambda paths, manifest: build_report(paths, manifest, lang, screen),
        meanwhile=lambda paths, step: prepare_report(paths, step, lang),
    )


def _show(home: Path, in_browser: bool) -> None:
    from sopkit.run.site import find_index

    index = find_index(home)
    say(f"The report: {index}")
    if in_browser:
        import webbrowser

        webbrowser.open(index.as_uri())
