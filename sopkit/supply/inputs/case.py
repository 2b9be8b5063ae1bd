"""The supply network in arrays: what a plan is made from, demand left out."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.rules.fences import Fences
from sopkit.supply.rules.life import Life
from sopkit.supply.rules.limits import Limits
from sopkit.supply.rules.lots import Lots
from sopkit.supply.rules.orders import Orders
from sopkit.supply.rules.people import People
from sopkit.supply.rules.shares import Shares

Array = np.ndarray


@dataclass(frozen=True)
class Rates:
    """Prices and choices of a plan that no table gives; 0 switches a term off.

    Args:
        objective: `cost`: least cost, where a lost unit costs `service_class.lost_sale_rate` x
            price; `margin`: most margin, where it costs just its price.
        holding_rate: cost of holding stock for a year, share of an item's unit cost.
        below_target_rate: price of a unit below its stock target for a month, share of unit
            cost. Above the holding rate of a month, or no safety stock is built; below the cost
            of a late unit, or safety stock is not used when it should be.
        deep_target_rate: the same for the lower half of the target, which hurts more.
        fair_share_rate: how much dearer, in shares of its price, a lost unit becomes with each
            further third of a stream's month that is lost; spreads a shortage (fair share).
        change_rate: price of a unit changed against last month's plan at the fence, share of
            unit cost; it falls with the distance from the fence.
        swing_rate: price of an hour more or less than in the month before, share of the
            resource's hourly cost.
        preference_rate: a nudge that decides between plans of equal cost, share of unit cost:
            operations of priority 2, 3, ... and stock held further down the lanes cost this
            much more.
        lot_months: months from the first in which lots are whole; 0: none (a linear plan).
        whole_people: whether only whole people are hired and laid off.
        whole_gap_rate: share of its cost by which a plan in whole lots or people may be dearer
            than the best; the smaller, the longer the search.
    """

    objective: str = "cost"
    holding_rate: float = 0.20
    below_target_rate: float = 0.05
    deep_target_rate: float = 0.08
    fair_share_rate: float = 0.01
    change_rate: float = 0.02
    swing_rate: float = 0.0
    preference_rate: float = 0.0005
    lot_months: int = 0
    whole_people: bool = False
    whole_gap_rate: float = 0.01

    def to_table(self) -> pd.DataFrame:
        """Return the rates as contract `plan_rule`, a row each."""
        rows = [(one.name, str(getattr(self, one.name))) for one in fields(self)]
        return pd.DataFrame(rows, columns=["rule", "setting"])

    @classmethod
    def from_table(cls, plan_rule: pd.DataFrame) -> Rates:
        """Return the rates a plan was made with; what the table does not name stays as usual.

        Example:
            A row `lot_months`, `3`: lots are whole in the first three months.
        """
        usual = cls()
        given = dict(zip(plan_rule["rule"], plan_rule["setting"], strict=True))
        known = {one.name: getattr(usual, one.name) for one in fields(cls)}
        return replace(
            usual,
            **{
                name: _to_kind(str(given[name]), value)
                for name, value in known.items()
                if name in given
            },
        )


def _to_kind(setting: str, usual: object) -> Any:
    """Return a setting as the kind of value that stands there usually."""
    if isinstance(usual, bool):
        return setting == "True"
    return int(setting) if isinstance(usual, int) else _to_number(setting, usual)


def _to_number(setting: str, usual: object) -> Any:
    return float(setting) if isinstance(usual, float) else setting


@dataclass(frozen=True)
class Case:
    """A supply network in arrays, ready for any demand.

    Rows of an array are the rows of the frame it belongs to; columns are `periods`.

    Args:
        tables: what it was prepared from.
        periods: planned months.
        rates: prices that no table gives.
        places: `item`, `location`, `unit_value` [money], `base_cost` [money: cheapest supply of
            a unit where nothing is scarce; infinite without source], `depth` (1 where a lane
            leads there), `opening_qty`.
        ways: see `list_ways`; with `place`, `from_place` (-1: none), `lead_months` (whole months
            of the lead time), `late_share` (share that arrives a month after that).
        way_cost: money a good unit (ways x periods).
        way_limit: most that can be started (ways x periods); infinite without limit.
        uses: `way`, `place`: a flow of the way uses stock of the place.
        use_qty: units used for each good unit (uses x periods).
        needs: `way`, `resource` (row of `resources`), `need_hours` for each good unit.
        resources: `resource`, `hour_value`, `overtime_value`.
        regular_hours, overtime_hours: (resources x periods).
        lanes: `lane`, `max_qty` a month; `lane_ways`: `way`, `lane` (row of `lanes`),
            `weight` (limit taken by a unit).
        arriving: orders under way (places x periods).
        target: stock wanted at the end (places x periods).
        hold_value: cost of holding a unit for a month (places).
        people, fences, orders, limits, life, shares, lots: what each rule of that name needs.
        warnings: what a planner should know (see `find_supply_problems`).
        unlimited: resources without any hours given; they do not limit the plan.
    """

    tables: SupplyTables
    periods: pd.DatetimeIndex
    rates: Rates
    places: pd.DataFrame
    ways: pd.DataFrame
    way_cost: Array
    way_limit: Array
    uses: pd.DataFrame
    use_qty: Array
    needs: pd.DataFrame
    resources: pd.DataFrame
    regular_hours: Array
    overtime_hours: Array
    lanes: pd.DataFrame
    lane_ways: pd.DataFrame
    arriving: Array
    target: Array
    hold_value: Array
    people: People
    fences: Fences
    orders: Orders
    limits: Limits
    life: Life
    shares: Shares
    lots: Lots
    warnings: pd.DataFrame
    unlimited: tuple[str, ...]
