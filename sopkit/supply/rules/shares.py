"""Agreed shares of suppliers in what is bought."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class Shares:
    """Shares of purchases."""


def prepare_shares(tables: SupplyTables, ways: pd.DataFrame, periods: pd.DatetimeIndex) -> Shares:
    """Return what the rule needs."""
    return Shares()


def add_shares(model: Model, shares: Shares) -> None:
    """Add the rule to the model."""
