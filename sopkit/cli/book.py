"""Commands on the planbook: list, show, add, change, withdraw, export, import, check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sopkit.cli.app import Folder, app, say, tells
from sopkit.cli.record_cells import read_cells, read_yaml
from sopkit.cli.user import find_user
from sopkit.cycle import find_folder, list_cycles, read_manifest, to_paths
from sopkit.errors import CycleError, InputError, ParameterError

if TYPE_CHECKING:
    from sopkit.planbook import Planbook

OVERRIDE = "override"
SHOWN = 90

book_app = typer.Typer(
    help="People's records: assumptions, scenarios, conflicts, decisions, actions, tasks.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(book_app, name="book")

Number = Annotated[str, typer.Argument(help="Number of a record, such as T-2026-11-001.")]
Author = Annotated[
    str, typer.Option("--author", help="Who does it; else SOPKIT_USER, else the login name.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
Version = Annotated[
    int, typer.Option("--version", min=0, help="The version you read; refused if changed since.")
]
Cells = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A cell; may be repeated.")
]
CycleOf = Annotated[str, typer.Option("--cycle", help="Cycle it is for; default: the newest.")]


@book_app.command("list")
@tells
def list_records(
    kind: Annotated[str, typer.Option("--kind", help="Only this kind; override too.")] = "",
    cycle: Annotated[str, typer.Option("--cycle", help="Only what was entered in it.")] = "",
    status: Annotated[str, typer.Option("--status", help="Only what stands so.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    folder: Folder = "",
) -> None:
    """List what stands in the planbook.

    Example: sopkit book list --kind task --status open

    Exit codes: 0 listed; 1 no such kind; 2 the planbook cannot be reached; 5 it is locked.
    """
    from sopkit.planbook import KINDS, find_kind

    kinds = [kind] if kind else [OVERRIDE, *KINDS]
    if kind and kind != OVERRIDE:
        find_kind(kind)
    found: list[dict[str, Any]] = []
    home = find_folder(folder)
    if _is_there(home):
        with _open(home) as book:
            found = [row for name in kinds for row in _read(book, name, cycle)]
    found = [row for row in found if not status or row["status"] == status]
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found:
        say(f"{row['number']:16} {row['status']:9} {row['author']:10} {_sum_up(row)}")
    if not found:
        say("No record stands there.")


@book_app.command()
@tells
def show(number: Number, folder: Folder = "") -> None:
    """Show a record and its history: who changed what, when and why.

    Example: sopkit book show T-2026-11-001

    Exit codes: 0 shown; 1 no such number; 2 the planbook cannot be reached; 5 it is locked.
    """
    from sopkit.planbook import describe_history

    with _open_there(find_folder(folder)) as book:
        row = _find(book, number)
        trail = book.audit(row["kind_of_record"], number)
    for name, cell in row.items():
        if cell is not None and cell != "":
            say(f"{name:16} {_indent(cell)}")
    say("history")
    for version, line in describe_history(trail):
        say(f"  version {version}, {line}")


@book_app.command()
@tells
def add(
    kind: Annotated[str, typer.Argument(help="assumption, scenario, decision, action, task ...")],
    file: Annotated[
        Path | None, typer.Option("--file", help="YAML: a record, or a list of them.")
    ] = None,
    cells: Cells = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", help="Why. Required, unless every record of --file has a reason of its own."
        ),
    ] = "",
    cycle: CycleOf = "",
    author: Author = "",
    folder: Folder = "",
) -> None:
    """Enter records of a kind, all of a file or none.

    A title or reason may be given in both languages, Chinese / English; pages show their own half.

    Example: sopkit book add task --set title="Call the carrier" --set owner=supply --reason late

    Exit codes: 0 entered; 1 a record is not fit, all problems are named; 2 the command is wrong or
    the planbook cannot be reached; 5 it is locked, or the clock was moved back.
    """
    import pandas as pd

    from sopkit.planbook import find_kind

    find_kind(kind)
    if (file is None) == (not cells):
        raise ParameterError("Give --file FILE, or --set NAME=VALUE once or more.")
    rows = read_yaml(file) if file is not None else [read_cells(cells or [])]
    home, who = find_folder(folder), find_user(author)
    frame = pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype=object)
    with _open(home) as book:
        source = file.name if file is not None else "sopkit book"
        kept = book.add(kind, frame, _cycle(home, cycle), who, reason=reason, source=source)
    for number in kept["number"]:
        say(f"{number} is entered by {who}.")


@book_app.command()
@tells
def change(
    number: Number,
    reason: Reason,
    cells: Cells = None,
    version: Version = 0,
    author: Author = "",
    folder: Folder = "",
) -> None:
    """Change cells or the status of a record; its history keeps what stood there.

    Example: sopkit book change T-2026-11-001 --set status=done --reason "carrier agreed"

    Exit codes: 0 done; 1 it is not fit, or the reason is blank; 2 the command is wrong or the
    planbook cannot be reached; 5 it is locked, somebody else changed it since, or the clock was
    moved back.
    """
    who = find_user(author)
    with _open_there(find_folder(folder)) as book:
        row = _find(book, number)
        kind = row["kind_of_record"]
        if kind == OVERRIDE:
            raise ParameterError(f"Withdraw {number} and enter the new one: sopkit override")
        changes = read_cells(cells or [])
        before = len(book.audit("task"))
        kept = book.change(
            kind, number, changes, who, reason, version=version or row["version"]
        ).iloc[0]
        tasks = _tell_tasks(book, before)
    if kept["version"] == row["version"]:
        say(f"{number} says so already; nothing was changed.")
    for name in changes:
        if row[name] != _to_plain(kept[name]):
            say(f"{number} {name}: {row[name]} -> {_to_plain(kept[name])}")
    for line in tasks:
        say(line)


@book_app.command()
@tells
def withdraw(
    number: Number,
    reason: Reason,
    version: Version = 0,
    author: Author = "",
    folder: Folder = "",
) -> None:
    """Take a record back; it stays, with who, when and why.

    Example: sopkit book withdraw A-2026-11-002 --reason "the promotion is off"

    Exit codes: 0 done; 1 it is not fit, or the reason is blank; 2 the command is wrong or the
    planbook cannot be reached; 5 it is locked, somebody else changed it since, or the clock was
    moved back.
    """
    who = find_user(author)
    with _open_there(find_folder(folder)) as book:
        kind = _find(book, number)["kind_of_record"]
        if kind == OVERRIDE:
            book.withdraw_override(number, who, reason, version=version or None)
            tasks = []
        else:
            before = len(book.audit("task"))
            book.withdraw(kind, number, who, reason, version=version or None)
            tasks = _tell_tasks(book, before)
    say(f"{number} is withdrawn; its record stays.")
    for line in tasks:
        say(line)


@book_app.command("export")
@tells
def export_book(
    file: Annotated[Path, typer.Argument(help="JSON file to write.")], folder: Folder = ""
) -> None:
    """Write the whole planbook, its audit trail too, as one JSON file.

    Example: sopkit book export planbook.json

    Exit codes: 0 written; 2 the planbook cannot be reached; 5 there is none, or it is locked.
    """
    with _open_there(find_folder(folder)) as book:
        book.export_json(file)
    say(f"The planbook is written to {file}.")


@book_app.command("import")
@tells
def import_book(
    file: Annotated[Path, typer.Argument(help="JSON file that export wrote.")], folder: Folder = ""
) -> None:
    """Enter an exported planbook into an empty one, all of it or nothing.

    Example: sopkit book import planbook.json

    Exit codes: 0 entered; 1 the file is no whole planbook or was altered; 2 the planbook cannot be
    reached; 5 it holds records already, or the file is of a newer sopkit.
    """
    from sopkit.planbook import read_book_file

    home = find_folder(folder)
    told = read_book_file(file)
    with _open(home, told["company"]) as book:
        counts = book.import_json(file)
    say("Imported: " + ", ".join(f"{n} {name}" for name, n in counts.items()))


@book_app.command()
@tells
def check(folder: Folder = "") -> None:
    """Check that the audit trail is whole and every record is as it says.

    Example: sopkit book check

    Exit codes: 0 whole; 1 the first broken link is named; 2 the planbook cannot be reached.
    """
    from sopkit.process.judge import list_sealed_hashes

    home = find_folder(folder)
    if not _is_there(home):
        say("There is no planbook yet.")
        return
    manifests = [read_manifest(to_paths(name, home)) for name in list_cycles(home)]
    sealed = [kept for one in manifests if one for kept in list_sealed_hashes(one)]
    with _open(home) as book:
        broken = book.check_chain(sealed)
    if broken:
        raise InputError(f"The planbook is not as sopkit wrote it: {broken}.")
    say("The audit trail is whole; every record is as it says.")


@book_app.command()
@tells
def clock(reason: Reason, author: Author = "", folder: Folder = "") -> None:
    """Say that the clock is right now, where the last entry's time was not.

    Example: sopkit book clock --reason "the server's date was a year ahead"

    Exit codes: 0 entered; 1 the reason is blank; 2 the planbook cannot be reached; 5 it is locked.
    """
    with _open_there(find_folder(folder)) as book:
        book.accept_clock(find_user(author), reason)
    say("The clock is taken as right from now on.")


def _tell_tasks(book: Planbook, before: int) -> list[str]:
    """Return what became of sopkit's tasks since the trail of tasks had so many entries."""
    from sopkit.planbook import SOPKIT

    entries = book.audit("task").iloc[before:].to_dict("records")
    told = [(row["number"], json.loads(row["content"])) for row in entries
            if row["author"] == SOPKIT]  # fmt: skip
    return [
        f"{number} is {state['status']}: {json.loads(state['content'])['title']}"
        for number, state in told
    ]


def _is_there(home: Path) -> bool:
    from sopkit.planbook import has_planbook

    return has_planbook(home)


def _open(home: Path, company: str = "") -> Planbook:
    """Return the planbook of the folder's company: that of its newest cycle, else the one named.

    Without either it is the one company that keeps records there.

    Raises:
        ParameterError: several companies keep records there, and none is named.
    """
    from sopkit.planbook import open_planbook

    names = list_cycles(home)
    manifest = read_manifest(to_paths(names[-1], home)) if names else None
    book = open_planbook(home, company=manifest.company if manifest else company)
    if book.company:
        return book
    known = book.list_companies()
    book.close()
    if len(known) > 1:
        raise ParameterError(
            f"The planbook of {home} holds records of {', '.join(known)}: name one with "
            f"SOPKIT_COMPANY, such as: export SOPKIT_COMPANY={known[0]}"
        )
    return open_planbook(home, company=known[0] if known else _read_only_company(home))


def _read_only_company(home: Path) -> str:
    """Return the company that the folder's parameter file is for; blank for none or several."""
    files = sorted((home / "params" / "runs").glob("*.yaml"))
    return files[0].stem if len(files) == 1 else ""


def _open_there(home: Path) -> Planbook:
    if not _is_there(home):
        raise CycleError(f"There is no planbook in {home} yet: sopkit book add makes one.")
    return _open(home)


def _cycle(home: Path, cycle: str) -> str:
    names = list_cycles(home)
    if not cycle and not names:
        raise CycleError(f"No cycle was run in {home} yet: name one with --cycle.")
    return cycle or names[-1]


def _read(book: Planbook, kind: str, cycle: str) -> list[dict[str, Any]]:
    """Return records of a kind as plain values, each with the kind's name."""
    if kind == OVERRIDE:
        frame = book.read_override_records().rename(columns={OVERRIDE: "number"})
        frame = frame[frame["cycle"] == cycle] if cycle else frame
    else:
        frame = book.read(kind, cycle or None)
    return [_to_row(kind, row) for row in frame.to_dict("records")]


def _to_row(kind: str, row: dict[Any, Any]) -> dict[str, Any]:
    return {"kind_of_record": kind, **{str(name): _to_plain(cell) for name, cell in row.items()}}


def _to_plain(cell: Any) -> Any:
    import pandas as pd

    if cell is None or pd.isna(cell):
        return None
    if isinstance(cell, pd.Timestamp):
        return cell.date().isoformat()
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _find(book: Planbook, number: str) -> dict[str, Any]:
    """Return the record of a number.

    Raises:
        InputError: there is none.
    """
    from sopkit.planbook import find_kind_of

    for row in _read(book, OVERRIDE, ""):
        if row["number"] == number:
            return row
    kind = find_kind_of(number).name
    for row in _read(book, kind, ""):
        if row["number"] == number:
            return row
    raise InputError(f"No {kind} of {book.company or 'this company'} has the number {number}.")


_TOLD_ELSEWHERE = (
    *("kind_of_record", "number", "company", "cycle", "author", "entered_at", "entered_date"),
    *("source", "reason", "status", "version", "closed_by", "closed_at", "closed_reason"),
    *("withdrawn_by", "withdrawn_at", "withdrawn_reason", "diff", "tables"),
)


def _sum_up(row: dict[str, Any]) -> str:
    """Return a record in a line: its title and owner, or what it says."""
    cells = [cell for name, cell in row.items() if name not in _TOLD_ELSEWHERE]
    told = [row["title"], row.get("owner"), row.get("due_date")] if "title" in row else cells
    line = "  ".join(_to_short(cell) for cell in told if cell not in (None, "", "all"))
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."


def _to_short(cell: object) -> str:
    """Return a cell for a line; money without cents: 80382730.22 is 80,382,730."""
    big = isinstance(cell, int | float) and abs(cell) >= 10_000
    return f"{cell:,.0f}" if big else str(cell)


def _indent(cell: object) -> str:
    return str(cell).replace("\n", "\n" + " " * 17)
