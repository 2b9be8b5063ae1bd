"""Shelf life: how long stock may lie, and what customers still accept."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Life:
    """Months of life."""


def prepare_life(
    tables: SupplyTables, places: pd.DataFrame, ways: pd.DataFrame, periods: pd.DatetimeIndex
) -> Life:
    """Return what the rule needs."""
    return Life()


def add_life(model: Model, life: Life) -> None:
    """Add the rule to the model."""
