"""Most stock of an item, and room for stock at a location."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Limits:
    """Limits of stock."""


def prepare_limits(tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex) -> Limits:
    """Return what the rule needs."""
    return Limits()


def add_limits(model: Model, limits: Limits) -> None:
    """Add the rule to the model."""
