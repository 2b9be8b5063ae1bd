"""The registry: name, formula, unit and level of each KPI; its target band and both owners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sopkit.errors import ParameterError, list_problems

SALES_ROLES = ("demand_planner", "sales_owner")
OPERATIONS_ROLES = ("supply_planner", "logistics", "production", "finance")
ROLES = (*SALES_ROLES, *OPERATIONS_ROLES)


@dataclass(frozen=True)
class Kpi:
    """One KPI.

    Args:
        name: its key in `params/kpi.yaml` and in the message catalogue.
        formula: the formula, in words of the tables.
        unit: rate, signed_rate, turns or days; the catalogue's format.
        level: grain at which it is measured.
    """

    name: str
    formula: str
    unit: str
    level: str


@dataclass(frozen=True)
class Band:
    """Target band and owners of a KPI.

    Args:
        low: low end; None where only the high end counts.
        high: high end; None where only the low end counts.
        watch: how far outside the band is still `warn`, not `bad`.
        sales: role on the sales side; empty when operations own it alone.
        operations: role on the operations side; empty when sales own it alone.
    """

    low: float | None = None
    high: float | None = None
    watch: float = 0.0
    sales: str = ""
    operations: str = ""


REGISTRY: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        Kpi("accuracy", "max(0, 1 - sum |A - F| / sum A)", "rate", "item-location"),
        Kpi("bias", "sum (F - A) / sum A", "signed_rate", "item-location"),
        Kpi("otif", "lines on time and in full / lines due", "rate", "line"),
        Kpi("turns", "cost of goods sold, 12 months / mean of 13 month-ends", "turns", "total"),
        Kpi("cover_days", "stock / forward demand per day, next 3 months", "days", "total"),
        Kpi("excess", "excess stock / stock, at standard cost", "rate", "item-location"),
        Kpi("nervousness", "sum w |P - P last| / sum w P last", "rate", "item-location"),
        Kpi("adherence", "1 - sum |made - plan| / sum plan", "rate", "item"),
    )
}


def to_bands(stored: Mapping[str, object]) -> dict[str, Band]:
    """Return the bands of a parameter file, by KPI.

    Args:
        stored: what `params/kpi.yaml` holds.

    Raises:
        ParameterError: unknown KPI, name, role, or kind; all problems at once.

    Example:
        >>> to_bands({"otif": {"low": 0.95}})["otif"].low
        0.95
    """
    problems: list[str] = []
    bands = {name: _to_band(name, entry, problems) for name, entry in stored.items()}
    if problems:
        raise ParameterError(
            list_problems("params/kpi.yaml is not fit to use", problems, "Correct it; run again.")
        )
    return bands


def _to_band(name: str, entry: object, problems: list[str]) -> Band:
    if name not in REGISTRY:
        problems.append(f"{name} is no KPI; there are {', '.join(REGISTRY)}")
    if not isinstance(entry, Mapping):
        problems.append(f"{name} holds no names with values")
        return Band()
    known = {key: value for key, value in entry.items() if key in Band.__dataclass_fields__}
    problems += [f"{name}.{key} is not known" for key in entry if key not in known]
    for key, value in list(known.items()):
        if key in ("sales", "operations"):
            roles = SALES_ROLES if key == "sales" else OPERATIONS_ROLES
            fits = value in roles
            rule = f"one of {', '.join(roles)}"
        else:
            fits = isinstance(value, (int, float)) and not isinstance(value, bool)
            rule = "a number"
        if not fits:
            problems.append(f"{name}.{key} = {value!r} is not {rule}")
            known.pop(key)
    return Band(**known)


def judge(number: float | None, band: Band | None) -> str:
    """Return good, warn or bad for a value against its band; `none` without value or band.

    Example:
        >>> judge(0.93, Band(low=0.95, watch=0.03))
        'warn'
    """
    if band is None or number is None or pd.isna(number):
        return "none"
    if band.low is None and band.high is None:
        return "none"
    low = float("-inf") if band.low is None else band.low
    high = float("inf") if band.high is None else band.high
    outside = max(low - number, number - high, 0.0)
    return "good" if outside <= 0 else "warn" if outside <= band.watch + 1e-12 else "bad"


def judge_kpis(values: pd.DataFrame, bands: Mapping[str, Band]) -> pd.DataFrame:
    """Add unit, band and verdict to measured values.

    Args:
        values: rows of `MEASURED`.
        bands: what `to_bands` returned.

    Returns:
        Contract `kpi_value`; of two rows with one key the first counts.
    """
    key = ["kpi", "level", "lag", "period"]
    rows = values.drop_duplicates(key).sort_values(key, kind="stable", ignore_index=True)
    found = [bands.get(str(name), Band()) for name in rows["kpi"]]
    return rows.assign(
        unit=rows["kpi"].map({name: kpi.unit for name, kpi in REGISTRY.items()}),
        band_low=pd.Series([band.low for band in found], dtype=float),
        band_high=pd.Series([band.high for band in found], dtype=float),
        verdict=[judge(v, b) for v, b in zip(rows["kpi_number"], found, strict=True)],
    )
