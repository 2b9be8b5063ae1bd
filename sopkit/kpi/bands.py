"""Target bands, owners and places on the scorecard; the verdict on a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sopkit.errors import ParameterError, list_problems
from sopkit.kpi.registry import REGISTRY, STUDIED

SALES_ROLES = ("demand_planner", "sales_owner")
OPERATIONS_ROLES = ("supply_planner", "logistics", "production", "finance")
ROLES = (*SALES_ROLES, *OPERATIONS_ROLES)
MOST_SHOWN = 8


@dataclass(frozen=True)
class Band:
    """Target band and owners of a KPI.

    Args:
        low: low end; None where only the high end counts.
        high: high end; None where only the low end counts.
        watch: how far outside the band is still `warn`, not `bad`.
        sales: role on the sales side; empty when operations own it alone.
        operations: role on the operations side; empty when sales own it alone.
        on_scorecard: place on the executives' scorecard, 1 first; 0: not on it.
    """

    low: float | None = None
    high: float | None = None
    watch: float = 0.0
    sales: str = ""
    operations: str = ""
    on_scorecard: int = 0


def to_bands(stored: Mapping[str, object]) -> dict[str, Band]:
    """Return the bands of a parameter file, by KPI.

    Args:
        stored: what `params/kpi.yaml` holds.

    Raises:
        ParameterError: unknown KPI, name, role, or kind; more than eight on the scorecard, two at
            one place, or one that is for forecasters only; all problems at once.

    Example:
        >>> to_bands({"otif": {"low": 0.95}})["otif"].low
        0.95
    """
    problems: list[str] = []
    bands = {name: _to_band(name, entry, problems) for name, entry in stored.items()}
    problems += _check_scorecard(bands)
    if problems:
        raise ParameterError(
            list_problems("params/kpi.yaml is not fit to use", problems, "Correct it; run again.")
        )
    return bands


def list_scorecard(bands: Mapping[str, Band]) -> list[str]:
    """Return the KPI of the scorecard in their order, at most eight.

    A file that gives none a place shows its first eight that are not for forecasters only.
    """
    placed = sorted((band.on_scorecard, name) for name, band in bands.items() if band.on_scorecard)
    shown = [name for _, name in placed] or [name for name in bands if name not in STUDIED]
    return shown[:MOST_SHOWN]


def find_owner_side(band: Band) -> str:
    """Return whose KPI it is: both, sales, operations (that side alone: marked) or nobody.

    Example:
        >>> find_owner_side(Band(operations="production"))
        'operations'
    """
    if band.sales and band.operations:
        return "both"
    return "sales" if band.sales else "operations" if band.operations else "nobody"


def _check_scorecard(bands: Mapping[str, Band]) -> list[str]:
    shown = {name: band.on_scorecard for name, band in bands.items() if band.on_scorecard}
    problems = [
        f"{name} is for forecasters only and cannot stand on the scorecard"
        for name in shown
        if name in STUDIED
    ]
    if len(shown) > MOST_SHOWN:
        problems.append(f"the scorecard has {len(shown)} KPI; at most {MOST_SHOWN} fit")
    for place in sorted(set(shown.values())):
        same = [name for name, own in shown.items() if own == place]
        if len(same) > 1:
            problems.append(f"{' and '.join(same)} both have place {place} on the scorecard")
    return problems


def _to_band(name: str, entry: object, problems: list[str]) -> Band:
    if name not in REGISTRY:
        problems.append(f"{name} is no KPI; there are {', '.join(REGISTRY)}")
    if not isinstance(entry, Mapping):
        problems.append(f"{name} holds no names with values")
        return Band()
    known = {key: value for key, value in entry.items() if key in Band.__dataclass_fields__}
    problems += [f"{name}.{key} is not known" for key in entry if key not in known]
    for key, value in list(known.items()):
        rule = _find_broken_rule(key, value)
        if rule:
            problems.append(f"{name}.{key} = {value!r} is not {rule}")
            known.pop(key)
    return Band(**known)


def _find_broken_rule(key: str, value: object) -> str:
    if key in ("sales", "operations"):
        roles = SALES_ROLES if key == "sales" else OPERATIONS_ROLES
        return "" if value in roles else f"one of {', '.join(roles)}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "a number"
    if key == "on_scorecard" and not (isinstance(value, int) and 0 <= value <= MOST_SHOWN):
        return f"a place from 1 to {MOST_SHOWN}, or 0"
    return ""


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
