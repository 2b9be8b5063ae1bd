"""Open orders that may be hurried or cancelled at a price."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Orders:
    """Open orders with a price for hurrying or cancelling."""


def prepare_orders(tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex) -> Orders:
    """Return what the rule needs."""
    return Orders()


def add_orders(model: Model, orders: Orders) -> None:
    """Add the rule to the model."""
