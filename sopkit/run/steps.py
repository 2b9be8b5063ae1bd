"""The steps of the month, and what each depends on beside the tables it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sopkit.cycle import STAGES, list_owned
from sopkit.errors import ParameterError
from sopkit.tables import INPUT_TABLES, TABLES


@dataclass(frozen=True)
class Step:
    """One notebook of the month.

    Tables are not listed: the cycle notes which ones the notebook reads, and the runner keeps that.

    Args:
        name: the notebook's file name without `.ipynb`.
        section: its section in the parameter file.
        must_write: tables without which the step has not succeeded.
        company_tables: input tables whose company files, by the mapping, the step reads.
        files: other files it reads, as patterns from the planning folder.
        planbook: it reads people's input from the planbook.
        warm: modules its kernel loads while the step before is still at work.
    """

    name: str
    section: str
    must_write: tuple[str, ...] = ()
    company_tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    planbook: bool = False
    warm: tuple[str, ...] = ()

    def notebook(self, folder: Path) -> Path:
        """Return the notebook's file in a planning folder."""
        return folder / "notebooks" / f"{self.name}.ipynb"


def _must_write(step: str) -> tuple[str, ...]:
    return tuple(
        name for name in list_owned(step) if TABLES[name].group == "result" or TABLES[name].required
    )


_COMPANY_TABLES = {
    "data": tuple(name for name in INPUT_TABLES if name != "override"),
    "demand": ("override",),
}
_FILES = {
    "consensus": ("params/process.yaml", "params/scenarios/*.yaml"),
    "executive": ("params/kpi.yaml", "params/process.yaml"),
}
_PLANBOOK = ("demand", "consensus", "executive")
_WARM = {
    "demand": ("statsforecast", "statsforecast.models", "sqlalchemy"),
    "supply": ("scipy", "highspy"),
    "consensus": ("scipy", "highspy", "sqlalchemy"),
    "executive": ("sqlalchemy",),
}
_ALWAYS_WARM = ("pyarrow.parquet", "sopkit.cycle", "altair")

STEPS: tuple[Step, ...] = tuple(
    Step(
        name=name,
        section=section,
        must_write=_must_write(name),
        company_tables=_COMPANY_TABLES.get(section, ()),
        files=_FILES.get(section, ()),
        planbook=section in _PLANBOOK,
        warm=(*_ALWAYS_WARM, *_WARM.get(section, ())),
    )
    for section, name in STAGES.items()
    if section != "publish"
)


def find_step(word: str, steps: Sequence[Step] = STEPS) -> Step:
    """Return the step that a word stands for: `03`, `supply` or `03_supply_review`.

    Raises:
        ParameterError: no such step.
    """
    for step in steps:
        if word in (step.name, step.section, step.name.split("_")[0]):
            return step
    raise ParameterError(f"No step is {word!r}; there are {', '.join(s.name for s in steps)}.")


def select_steps(steps: Sequence[Step], first: str = "", only: str = "") -> list[Step]:
    """Return the steps to look at: from one on, or one alone, or all.

    Raises:
        ParameterError: both are given, or a step is not known.
    """
    if first and only:
        raise ParameterError("Give --from or --only, not both.")
    if only:
        return [find_step(only, steps)]
    if first:
        return list(steps[list(steps).index(find_step(first, steps)) :])
    return list(steps)
