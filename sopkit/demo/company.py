"""The whole company of a seed: everything that its raw files tell, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from sopkit.demo.channel import Channel, build_channel
from sopkit.demo.deals import Deals, build_deals
from sopkit.demo.line_changes import book_ahead, gather_bulk, load_early
from sopkit.demo.loading import move_volume, plan_loading
from sopkit.demo.meetings import build_past_cycles
from sopkit.demo.orders import build_orders, build_returns
from sopkit.demo.plans import LAST_CYCLE, Plans, build_plans
from sopkit.demo.sales import Demand, build_demand
from sopkit.demo.stock import Stock, build_stock
from sopkit.demo.streams import build_streams

DEMO_SEED = 20261101


@dataclass(frozen=True)
class Company:
    """What happened and what people think will happen, by seed.

    `demand.actual` and `orders` hold the volume that distributors ordered early; streams, stock
    and returns come from what was wanted.
    """

    seed: int
    demand: Demand
    orders: pd.DataFrame
    returns: pd.DataFrame
    streams: pd.DataFrame
    stock: Stock
    plans: Plans
    channel: Channel
    deals: Deals
    past_cycles: pd.DataFrame


@lru_cache(maxsize=1)
def build_company(seed: int) -> Company:
    """Return the company of a seed; the last one built is kept."""
    wanted = build_demand(seed)
    orders = gather_bulk(build_orders(wanted, seed), wanted)
    plans = build_plans(wanted, seed)
    loading = plan_loading(wanted, orders, plans.restated, seed)
    demand = replace(wanted, actual=move_volume(wanted.actual, loading))
    orders = book_ahead(load_early(orders, loading, seed), demand, seed)
    moved = (demand.actual - wanted.actual)[:, :LAST_CYCLE]
    return Company(
        seed=seed,
        demand=demand,
        orders=orders,
        returns=build_returns(wanted, seed),
        streams=build_streams(wanted, seed),
        stock=build_stock(demand, seed),
        plans=replace(plans, past_history=plans.past_history + moved),
        channel=build_channel(demand, orders, loading, seed),
        deals=build_deals(demand, plans.opportunities, seed),
        past_cycles=build_past_cycles(wanted, seed),
    )
