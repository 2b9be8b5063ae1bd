"""The target bands of KPIs and who answers for them: `params/kpi.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sopkit.errors import ParameterError
from sopkit.params.loader import read_yaml


def read_kpi_file(folder: Path) -> dict[str, Any]:
    """Return `params/kpi.yaml`: target bands and owners by KPI; `kpi.to_bands` checks them.

    Raises:
        ParameterError: the file is not there, or is no YAML of names and values.
    """
    path = folder / "params" / "kpi.yaml"
    if not path.is_file():
        raise ParameterError(f"{path} is not there; copy it from another planning folder.")
    stored = read_yaml(path)
    if not isinstance(stored, dict):
        raise ParameterError(f"{path} holds no KPI.")
    return stored
