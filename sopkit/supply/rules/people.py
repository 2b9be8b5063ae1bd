"""People where they are the limit: heads, hiring, laying off, overtime a head."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sopkit.supply.lp import Model
from sopkit.supply.tables import SupplyTables


@dataclass(frozen=True)
class People:
    """Crews."""


def prepare_people(
    tables: SupplyTables, resources: pd.DataFrame, periods: pd.DatetimeIndex
) -> People:
    """Return what the rule needs."""
    return People()


def add_people(model: Model, people: People) -> None:
    """Add the rule to the model."""
