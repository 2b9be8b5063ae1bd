"""YAML as a planner means it: `on`, `no`, `007` and `2026-10-01` are texts; no key twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sopkit.errors import ParameterError

_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
}


class _Loader(yaml.SafeLoader):
    """YAML's safe loader without its guesses."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    doubled = sorted({str(key) for key in keys if keys.count(key) > 1})
    if doubled:
        line = node.start_mark.line + 1
        raise ParameterError(f"{', '.join(doubled)} stands twice in the block at line {line}")
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a YAML file as plain values.

    Raises:
        ParameterError: it is not there, is no YAML, holds a key twice, or is no block of names.
    """
    if not path.is_file():
        raise ParameterError(f"There is no mapping {path}.")
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except ParameterError as doubled:
        raise ParameterError(f"{path.name}: {doubled}.") from doubled
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise ParameterError(f"{path.name} cannot be read as YAML: {wrong}") from wrong
    if not isinstance(content, dict):
        raise ParameterError(f"{path.name} holds no mapping: it begins with `company:`.")
    return content
