"""Whole lots in the first months."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Lots:
    """Lot sizes."""


def prepare_lots(
    tables: SupplyTables, ways: pd.DataFrame, months: int, periods: pd.DatetimeIndex
) -> Lots:
    """Return what the rule needs."""
    return Lots()


def add_lots(model: Model, lots: Lots) -> None:
    """Add the rule to the model."""
