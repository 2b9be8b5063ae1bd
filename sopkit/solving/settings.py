"""Settings of a folder of tables: prices and choices that no table gives."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sopkit.errors import ParameterError, list_problems
from sopkit.supply import Rates

FILE = "settings.yaml"
OBJECTIVES = ("cost", "margin")


@dataclass(frozen=True)
class Settings:
    """How a folder is solved.

    Args:
        rates: prices and choices of the plan, by the names of `Rates`.
        time_limit: seconds the solver may take.
        country: whose public holidays count for resources without capacity rows.
        fixes: whether fixes of shortages and the worth of bottlenecks are found, by solving anew.
        months: months planned from the first of the demand; 0: to the last of it.
    """

    rates: Rates = field(default_factory=Rates)
    time_limit: float = 300.0
    country: str = "CN"
    months: int = 0
    fixes: bool = True


def list_settings() -> dict[str, Any]:
    """Return every setting with what it is where nothing is given."""
    usual = Settings()
    own = {one.name: getattr(usual, one.name) for one in fields(usual) if one.name != "rates"}
    return {one.name: getattr(usual.rates, one.name) for one in fields(usual.rates)} | own


def read_settings(source: Path, usual: Settings | None = None) -> Settings:
    """Return the settings of a folder; without `settings.yaml`, the usual ones.

    Raises:
        ParameterError: a name is unknown or a value does not fit; all are named.
    """
    usual = usual or Settings()
    path = source / FILE
    if not path.is_file():
        return usual
    given = _read_yaml(path)
    known = list_settings()
    problems = [
        f"{name} is not a setting; known: {', '.join(sorted(known))}"
        for name in given
        if name not in known
    ]
    problems += [
        f"{name}: {value!r} {rule}"
        for name, value in given.items()
        if name in known and (rule := _find_fault(name, value, known[name]))
    ]
    if problems:
        raise ParameterError(list_problems(f"{path} cannot be used", problems, "Correct it."))
    own = {name: value for name, value in given.items() if hasattr(usual, name)}
    rates = {name: value for name, value in given.items() if name not in own}
    return replace(usual, **own, rates=replace(usual.rates, **rates))


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParameterError(f"{path} is not YAML: {error}") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ParameterError(f"{path} must hold a line `name: value` for each setting.")
    return {str(name): value for name, value in given.items()}


def _find_fault(name: str, value: Any, usual: Any) -> str:
    """Return what is wrong with a value; empty where nothing is."""
    if name == "objective":
        return "" if value in OBJECTIVES else f"is not one of {', '.join(OBJECTIVES)}"
    if isinstance(usual, bool):
        return "" if isinstance(value, bool) else "is neither true nor false"
    if isinstance(usual, str):
        fits = isinstance(value, str) and len(value) == len(usual) and value.isupper()
        return "" if fits else "is no country code of two capitals"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is not a number"
    if isinstance(usual, int) and value != int(value):
        return "is not a whole number"
    if name == "time_limit" and value == 0:
        return "leaves the solver no time"
    return "" if 0 <= value < float("inf") else "is not a number of at least 0"
