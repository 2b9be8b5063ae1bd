"""Who gives a command: declared, not proved."""

from __future__ import annotations

import getpass
import os

from sopkit.errors import ParameterError


def find_user(author: str = "") -> str:
    """Return the name given, else SOPKIT_USER, else the login name; nobody proves it.

    Raises:
        ParameterError: none is declared.
    """
    try:
        return author.strip() or os.environ.get("SOPKIT_USER", "").strip() or getpass.getuser()
    except (KeyError, OSError):
        raise ParameterError("Say who enters it: --author NAME, or set SOPKIT_USER.") from None
