"""The registry: name, formula, unit, level and home of each KPI of the formulas' page."""

from __future__ import annotations

from dataclasses import dataclass

from sopkit.kpi.listed import LISTED


@dataclass(frozen=True)
class Kpi:
    """One KPI.

    Args:
        name: its key in `params/kpi.yaml`, in the table `kpi_value` and in the catalogue.
        formula: the formula, in words of the tables.
        unit: rate, signed_rate, turns, days, value, qty or number; the catalogue's format.
        level: grain at which it is measured.
        home: the function that holds the formula, as `sopkit.room.function`; empty: no formula.
        better: which way is better: high, low, zero (nearer to 0), or none (a band decides).
        zero: what happens where the denominator is 0.
        notes: what one has to know to read it.
        blank: why it cannot be measured from the tables there are; empty when it can.
        studied: for forecasters only: kept off the scorecard.
        rolling: months that each value sums; values of neighbouring months then overlap.
    """

    name: str
    formula: str
    unit: str
    level: str
    home: str = ""
    better: str = "high"
    zero: str = "n/a"
    notes: str = ""
    blank: str = ""
    studied: bool = False
    rolling: int = 1


REGISTRY: dict[str, Kpi] = {name: Kpi(name, **facts) for name, facts in LISTED.items()}
MONTHLY = ", month"  # added to a level where each month stands by itself, not pooled
STUDIED = tuple(kpi.name for kpi in REGISTRY.values() if kpi.studied)
