"""What all commands share: the application, the options, and how an error is told."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, ParamSpec, TypeVar

import typer

from sopkit.cycle import FULL
from sopkit.errors import SopkitError

EXIT_CODES = """Exit codes: 0 done; 1 company data is not fit to plan on; 2 a parameter or the
command is wrong; 3 the solver failed; 4 a notebook failed, timed out or lost its kernel;
5 the cycle is locked, published or not there, or the disk is full; 130 stopped by Ctrl-C."""

app = typer.Typer(
    help="Monthly Sales and Operations Planning: raw company files in, five reviews out.",
    epilog=" ".join(EXIT_CODES.split()),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Language(StrEnum):
    """Languages in which pages and notebooks speak."""

    en = "en"
    zh = "zh"


Folder = Annotated[
    str, typer.Option("--folder", help="Planning folder; else SOPKIT_HOME, else the nearest above.")
]
Params = Annotated[
    str,
    typer.Option("--params", help="Parameter file; default: the cycle's last, the only, or demo."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language the pages open in.")]
Open = Annotated[bool, typer.Option("--open", help="Show the site in the browser.")]
CycleName = Annotated[str, typer.Argument(help="The month planned first, such as 2026-11.")]

P = ParamSpec("P")
R = TypeVar("R")


def tells(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end in one message and its exit code, never in a traceback, where foreseen."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SopkitError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("Stopped. The same command continues.", err=True)
            raise typer.Exit(130) from None
        except OSError as error:
            if error.errno not in FULL:
                raise
            typer.echo(f"The disk is full: {error}. Make room, then run again.", err=True)
            raise typer.Exit(5) from None

    return told


def say(text: str = "") -> None:
    """Print a line at once, whatever it is printed to."""
    typer.echo(text)
    sys.stdout.flush()
