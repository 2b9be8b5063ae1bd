"""What the supply model is given: the contract frames of a company, in one bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import pandas as pd

from sopkit.tables import TABLES, fit_columns


@dataclass(frozen=True)
class SupplyTables:
    """The frames a supply plan is made from, each under its contract; absent ones are empty.

    Example:
        >>> SupplyTables().operation.empty
        True
    """

    item: pd.DataFrame = field(default_factory=TABLES["item"].empty)
    operation: pd.DataFrame = field(default_factory=TABLES["operation"].empty)
    resource: pd.DataFrame = field(default_factory=TABLES["resource"].empty)
    resource_need: pd.DataFrame = field(default_factory=TABLES["resource_need"].empty)
    workforce: pd.DataFrame = field(default_factory=TABLES["workforce"].empty)
    capacity: pd.DataFrame = field(default_factory=TABLES["capacity"].empty)
    bom: pd.DataFrame = field(default_factory=TABLES["bom"].empty)
    lane: pd.DataFrame = field(default_factory=TABLES["lane"].empty)
    purchase_term: pd.DataFrame = field(default_factory=TABLES["purchase_term"].empty)
    opening_stock: pd.DataFrame = field(default_factory=TABLES["opening_stock"].empty)
    open_supply: pd.DataFrame = field(default_factory=TABLES["open_supply"].empty)
    released_plan: pd.DataFrame = field(default_factory=TABLES["released_plan"].empty)
    price: pd.DataFrame = field(default_factory=TABLES["price"].empty)
    cost: pd.DataFrame = field(default_factory=TABLES["cost"].empty)
    service_class: pd.DataFrame = field(default_factory=TABLES["service_class"].empty)
    stock_policy: pd.DataFrame = field(default_factory=TABLES["stock_policy"].empty)
    storage: pd.DataFrame = field(default_factory=TABLES["storage"].empty)
    stock_target: pd.DataFrame = field(default_factory=TABLES["stock_target"].empty)

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the tables in the bundle."""
        return [one.name for one in fields(cls)]

    @classmethod
    def collect(cls, frames: Mapping[str, pd.DataFrame]) -> SupplyTables:
        """Return a bundle of those frames that the supply model knows, fitted to their contracts.

        Raises:
            InputError: a frame lacks a required column.
        """
        known = {
            name: fit_columns(frames[name], TABLES[name]).reset_index(drop=True)
            for name in cls.names()
            if name in frames
        }
        return cls(**known)
