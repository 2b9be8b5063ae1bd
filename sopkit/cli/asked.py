"""What commands that ask a cycle's plan share: which cycle, which country, whose words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sopkit.cycle import find_folder, list_cycles, view_cycle
from sopkit.errors import CycleError

if TYPE_CHECKING:
    from sopkit.cycle import Cycle
    from sopkit.messages import Catalogue

CycleOption = Annotated[
    str, typer.Option("--cycle", help="Cycle whose plan is asked; default: the newest.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]


def open_asked(folder: str, cycle: str) -> Cycle:
    """Return the cycle named, else the newest, to read.

    Raises:
        CycleError: there is none.
    """
    home = find_folder(folder)
    names = list_cycles(home)
    if not cycle and not names:
        raise CycleError(f"No cycle was run in {home} yet: sopkit run CYCLE")
    return view_cycle(cycle or names[-1], home)


def find_country(opened: Cycle) -> str:
    """Return the country whose holidays the cycle's plan counts."""
    from sopkit.params import read_params
    from sopkit.run.state import choose_params

    return read_params(choose_params(opened.folder, opened.name)).common.country


def open_catalogue(opened: Cycle, lang: str) -> Catalogue:
    """Return the words of a language with the company's labels, currency and unit."""
    from sopkit.cycle import read_manifest
    from sopkit.messages import catalogue
    from sopkit.report.company import read_company
    from sopkit.report.labels import read_labels

    manifest = read_manifest(opened.paths)
    assert manifest is not None  # view_cycle raises where there is none
    names = read_company(opened.folder, manifest)
    return catalogue(lang, names.currency, names.volume_unit, read_labels(opened)[lang])
