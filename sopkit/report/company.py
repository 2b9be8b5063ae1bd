"""What a company calls itself, and in which money and unit its plan is held."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sopkit.cycle import Manifest
from sopkit.messages import split_name


@dataclass(frozen=True)
class Company:
    """A company's names by language, its currency and the unit of its quantities."""

    names: dict[str, str]
    currency: str
    volume_unit: str


def read_company(folder: Path, manifest: Manifest) -> Company:
    """Return what the parameter file and the mapping say of the cycle's company.

    A name such as ``清泉饮料 / Clearspring Drinks`` is split by language. Without the files the
    company's short name stands, in both languages.
    """
    given = next((s.parameters for s in manifest.steps.values() if s.parameters), {})
    common = {**_read(folder / manifest.parameter_file).get("common", {}), **given}
    mapping = str(common.get("mapping") or manifest.company)
    file = folder / "params" / "mapping" / f"{mapping}.yaml"
    name = str(_read(file).get("company") or manifest.company)
    return Company(
        split_name(name), str(common.get("currency", "CNY")), str(common.get("volume_unit", "unit"))
    )


def _read(path: Path) -> dict[str, Any]:
    import yaml

    if not path.is_file():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return tree if isinstance(tree, dict) else {}
