"""The whole company of a seed: everything that its raw files tell, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from sopkit.demo.orders import build_orders, build_returns
from sopkit.demo.plans import Plans, build_plans
from sopkit.demo.sales import Demand, build_demand
from sopkit.demo.stock import Stock, build_stock
from sopkit.demo.streams import build_streams

DEMO_SEED = 20261101


@dataclass(frozen=True)
class Company:
    """What happened and what people think will happen, by seed."""

    seed: int
    demand: Demand
    orders: pd.DataFrame
    returns: pd.DataFrame
    streams: pd.DataFrame
    stock: Stock
    plans: Plans


@lru_cache(maxsize=1)
def build_company(seed: int) -> Company:
    """Return the company of a seed; the last one built is kept."""
    demand = build_demand(seed)
    return Company(
        seed=seed,
        demand=demand,
        orders=build_orders(demand, seed),
        returns=build_returns(demand, seed),
        streams=build_streams(demand, seed),
        stock=build_stock(demand, seed),
        plans=build_plans(demand, seed),
    )
