"""Hashes of what a step depends on: the package, its environment, a notebook."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import sopkit
from sopkit.cycle import hash_file
from sopkit.errors import InputError

PACKAGE = Path(sopkit.__file__).parent
_SOURCES = {".py", ".yaml", ".j2", ".html", ".css", ".js", ".json"}


def hash_text(*parts: str) -> str:
    """Return one hash over several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def hash_package() -> str:
    """Return a hash over the package's own source files."""
    files = sorted(p for p in PACKAGE.rglob("*") if p.suffix in _SOURCES and p.is_file())
    names = [path.relative_to(PACKAGE).as_posix() for path in files]
    return hash_text(*names, *(hash_file(path) for path in files))


@cache
def hash_environment() -> str:
    """Return a hash of Python and the lock file; of the packages' versions where there is none."""
    lock = PACKAGE.parent / "requirements.lock"
    python = ".".join(str(part) for part in sys.version_info[:3])
    return hash_text(python, hash_file(lock) if lock.exists() else _versions())


def _versions() -> str:
    names = [line.split(";")[0] for line in requires("sopkit") or [] if "extra ==" not in line]
    found = []
    for name in sorted(line.split("<")[0].split(">")[0].split("=")[0].strip() for line in names):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return "\n".join(found)


def hash_notebook(path: Path) -> str:
    """Return a hash of a notebook's cells: kind, source and tags, never outputs.

    Raises:
        InputError: the file is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        kept = [
            [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])]
            for cell in cells
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a notebook: {error}") from error
    return hash_text(json.dumps(kept))
