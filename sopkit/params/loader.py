"""What every parameter file shares: strict models, YAML without doubled names, near names."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from sopkit.errors import ParameterError


class Declared(BaseModel):
    """What every section shares: no name beyond those declared, and no silent change of kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds; a name may stand only once.

    Raises:
        ParameterError: the file is no YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path} cannot be read as YAML: {error}") from error


def suggest(name: str, names: list[str]) -> str:
    """Return what to add where a name is not known: the nearest that is, if any."""
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


class _Loader(yaml.SafeLoader):
    """YAML in which a name may stand only once."""


def _no_doubles(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    names = [loader.construct_object(key, deep=True) for key, _ in node.value]
    doubled = sorted({str(name) for name in names if names.count(name) > 1})
    if doubled:
        raise yaml.constructor.ConstructorError(
            None, None, f"{', '.join(doubled)} stands there twice", node.start_mark
        )
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _no_doubles)
