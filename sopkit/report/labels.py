"""What a company calls its codes, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from sopkit.messages import LANGUAGES

_NAMES = {"item": "item", "location": "location", "customer": "customer", "resource": "resource"}


class Tables(Protocol):
    """What a page needs of a cycle."""

    @property
    def name(self) -> str:
        """Name of the cycle."""

    @property
    def company(self) -> str:
        """Company whose cycle it is."""

    def read_optional(self, name: str) -> pd.DataFrame:
        """Return a table, empty where the company has none."""


def read_labels(cycle: Tables) -> dict[str, Mapping[tuple[str, str], str]]:
    """Return for each language what a code is called, by (field, code).

    The table `label` comes first, then the names of the master tables; a code without either
    shows as it stands.
    """
    names: dict[tuple[str, str], str] = {}
    for field, table in _NAMES.items():
        names |= _pairs(field, cycle.read_optional(table), field, f"{field}_name")
    labels = cycle.read_optional("label")
    return {lang: names | _given(labels[labels["lang"] == lang]) for lang in LANGUAGES}


def _pairs(field: str, frame: pd.DataFrame, code: str, name: str) -> dict[tuple[str, str], str]:
    known = frame[frame[name].notna() & (frame[name].astype(str) != "")]
    return {(field, str(c)): str(n) for c, n in zip(known[code], known[name], strict=True)}


def _given(labels: pd.DataFrame) -> dict[tuple[str, str], str]:
    rows = zip(labels["field"], labels["code"], labels["label"], strict=True)
    return {(str(field), str(code)): str(label) for field, code, label in rows}
