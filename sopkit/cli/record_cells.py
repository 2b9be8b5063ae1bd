"""Cells of records as people give them: on the command line, or in a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sopkit.errors import InputError, ParameterError


def read_cells(cells: list[str]) -> dict[str, str]:
    """Return cells named on the command line.

    Raises:
        ParameterError: one is not NAME=VALUE, or a name is given twice.
    """
    read: dict[str, str] = {}
    for cell in cells:
        name, equals, value = cell.partition("=")
        if not equals or name.strip() in read:
            raise ParameterError(f"--set {cell}: write NAME=VALUE, each name once.")
        read[name.strip()] = value
    if not read:
        raise ParameterError("Say what changes: --set NAME=VALUE")
    return read


def read_yaml(file: Path) -> list[dict[str, Any]]:
    """Return the records of a YAML file; what stands nested in a cell is kept as YAML text.

    Raises:
        InputError: there is no such file, or it holds no records.
    """
    import yaml

    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file.name} is no YAML: {error}") from None
    rows = told if isinstance(told, list) else [told]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{file.name}: write a record as lines NAME: VALUE, or a list of such.")
    return [{str(name): _to_text(cell) for name, cell in row.items()} for row in rows]


def _to_text(cell: Any) -> Any:
    import yaml

    if isinstance(cell, list | dict):
        return yaml.safe_dump(cell, allow_unicode=True, sort_keys=False).strip()
    return cell
