"""The command that asks senders: one Excel sheet each, out and back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cli.app import CycleName, Folder, Lang, Language, app, say, tells
from sopkit.cycle import find_folder, view_cycle
from sopkit.errors import ParameterError

if TYPE_CHECKING:
    from sopkit.messages import Catalogue


@app.command()
@tells
def collect(
    cycle: CycleName,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]", help="Further files to read.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write a sheet a sender here.")] = None,
    read: Annotated[
        list[Path] | None, typer.Option("--read", help="Read sheets back: a folder or files.")
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Who has sent, who is late.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Read, but save nothing.")] = False,
    months: Annotated[int, typer.Option("--months", min=1, max=24, help="Months asked for.")] = 6,
    due: Annotated[
        str, typer.Option("--due", help="Day to be back; default: the fifth working day.")
    ] = "",
    by_customer: Annotated[
        bool, typer.Option("--by-customer", help="Ask sales by customer group.")
    ] = False,
    sender: Annotated[
        list[str] | None, typer.Option("--sender", help="Only this owner or stream.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Role that reads them in.")] = "S&OP lead",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    lang: Lang = Language.en,
    folder: Folder = "",
) -> None:
    """Ask everybody who owes a forecast: one Excel sheet a sender, out and back.

    Example: sopkit collect 2026-11 --out sheets --lang zh

    Then: sopkit collect 2026-11 --read sheets, and sopkit collect 2026-11 --status

    Exit codes: 0 done; 1 a cell or file was refused (the others are kept), or the demand review
    has not run; 2 the command is wrong; 5 the cycle is published, was never run or no sheet was
    sent.
    """
    given = [*(read or []), *(more or [])]
    if (out is not None) + bool(read) + status != 1 or (more and not read):
        raise ParameterError("Give one of --out DIR, --read DIR or FILES, and --status.")
    if out is not None:
        options = {"months": months, "by_customer": by_customer}
        _send(folder, cycle, out, lang.value, due, tuple(sender or ()), as_json, **options)
    elif status:
        _tell_status(folder, cycle, lang.value, due, as_json)
    else:
        _read(folder, cycle, given, lang.value, by, preview, as_json)


def _send(
    folder: str,
    cycle: str,
    out: Path,
    lang: str,
    due: str,
    senders: tuple[str, ...],
    as_json: bool,
    **options: int,
) -> None:
    from sopkit.collect import send_sheets
    from sopkit.collect.told import describe_out, to_json

    sent = send_sheets(
        *(folder, cycle, out),
        lang=lang,
        due=_to_day(due),
        senders=senders,
        months=options["months"],
        by_customer=bool(options["by_customer"]),
    )
    if not as_json:
        say("\n".join(describe_out(sent, _catalogue(folder, cycle, lang))))
        return
    sheets = [
        {"stream": s.stream, "owner": s.owner, "version": s.version, "rows": len(s.rows)}
        | {"file": str(path)}
        for s, path in sent.sheets
    ]
    told = {"due": sent.due.isoformat(), "sheets": sheets, "unowned": to_json(sent.unowned)}
    say(json.dumps(told, ensure_ascii=False, indent=1))


def _read(
    folder: str, cycle: str, files: list[Path], lang: str, by: str, preview: bool, as_json: bool
) -> None:
    from sopkit.collect import read_sheets
    from sopkit.collect.told import add_texts, describe_in, to_json

    back = read_sheets(folder, cycle, files, today=date.today(), author=by, preview=preview)
    t = _catalogue(folder, cycle, lang)
    if as_json:
        told = {
            "accepted": to_json(back.accepted),
            "refused": to_json(add_texts(back.refused, t)),
            "received": to_json(back.received),
            "stay": to_json(back.stay),
            "entered": back.entered,
        }
        say(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        say("\n".join(describe_in(back, t, preview)))
    raise typer.Exit(1 if len(back.refused) else 0)


def _tell_status(folder: str, cycle: str, lang: str, due: str, as_json: bool) -> None:
    from sopkit.collect import describe_status
    from sopkit.collect.told import describe_senders, to_json

    status = describe_status(folder, cycle, date.today(), due=_to_day(due))
    if as_json:
        say(json.dumps(to_json(status), ensure_ascii=False, indent=1))
    else:
        say("\n".join(describe_senders(status, cycle, _catalogue(folder, cycle, lang))))


def _to_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ParameterError(f"--due is a day such as 2026-11-06, not {text!r}.") from None


def _catalogue(folder: str, cycle: str, lang: str) -> Catalogue:
    from sopkit.cycle import read_manifest
    from sopkit.messages import catalogue
    from sopkit.report.company import read_company

    c = view_cycle(cycle, find_folder(folder))
    manifest = read_manifest(c.paths)
    assert manifest is not None  # view_cycle raises where there is none
    names = read_company(c.folder, manifest)
    return catalogue(lang, names.currency, names.volume_unit)
