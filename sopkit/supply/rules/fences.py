"""Fences: the released plan inside frozen days, the price of a change after them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Fences:
    """Released flows and the price of changing them."""


def prepare_fences(tables: SupplyTables, ways: pd.DataFrame, periods: pd.DatetimeIndex) -> Fences:
    """Return what the rule needs."""
    return Fences()


def add_fences(model: Model, fences: Fences) -> None:
    """Add the rule to the model."""
