"""Changes of a plan's inputs as small records: what a planner asks "what if" about.

In a file, a list of blocks; the first word says what changes, its code which one::

    - capacity: LINE2          # hours of a resource
      from: 2027-05            # months; without them: all planned months
      to: 2027-08              # without it: the month of `from` alone
      change: +10 %            # of regular and overtime hours; or +80 hours a month (regular)
    - overtime: LINE2          # hours that may be worked at overtime cost
      change: +20 %            # of the regular hours; or +40 hours, or 0 hours a month
    - limit: V1                # the most a supplier sends, a lane (P1 > D1) carries, or that can
      change: +20 %            # be bought of an item; or +500 units a month
    - lead_time: V1            # of an operation, a supplier, or a lane (P1 > D1)
      item: M1                 # a supplier's: this item only
      change: +10 days         # or 45 days: so many from now on
    - outage: V1               # a supplier takes no order in these months
      from: 2027-02
    - demand: STEA             # of a family, an item, a customer, or all; orders in hand stay
      customer: K              # narrowed by item, location, customer
      from: 2027-05
      to: 2027-12
      change: +20 %            # or +500 units, or 12000 units a month over all it names,
                               # or P90, P10: an end of its 80 % range
    - price: STEA              # net price of a family, an item, a customer, or all
      change: +3 %
      elasticity: -1.2         # 1.2 % less is wanted for each 1 % dearer; without it: no less
    - cost: V1                 # an operation's unit cost, or a supplier's price
      change: +5 %

A sign adds or takes away, no sign sets. Chinese words stand for the English ones: 产能 capacity,
加班 overtime, 上限 limit, 提前期 lead_time, 停供 outage, 需求 demand, 价格 price, 成本 cost,
从 from, 到 to, 变化 change, 弹性 elasticity, 物料 item, 地点 location, 客户 customer;
小时 hours, 天 days, 件 units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.tables import ALL

KINDS = {
    "capacity": ("resource",),
    "overtime": ("resource",),
    "limit": ("supplier", "lane", "item"),
    "lead_time": ("operation", "supplier", "lane"),
    "outage": ("supplier",),
    "demand": ("family", "item", "customer"),
    "price": ("family", "item", "customer"),
    "cost": ("operation", "supplier"),
}
OF_DEMAND = ("demand", "price")  # changes that name cells of demand
END = "end"  # unit of a change to an end of the demand range


@dataclass(frozen=True)
class Change:
    """One change of a plan's inputs.

    Args:
        kind: capacity, overtime, limit, lead_time, outage, demand, price or cost.
        level: what `code` is: resource, operation, supplier, lane, family, item, customer, all.
        code: which one; a lane is named `from > to`.
        first, last: months it holds.
        amount: a share (0.1 is + 10 %), hours, days or units a month; see `unit`.
        unit: rate, hours, days, units, or end (of the range: 0.9 is P90); blank for an outage.
        sets: whether the amount takes the place of what there is, instead of being added.
        item, location, customer: narrow it to one of each.
        elasticity: of a price: change of demand / change of price, not above 0.

    Example:
        >>> first, last = pd.Timestamp("2027-05-01"), pd.Timestamp("2027-08-01")
        >>> Change("capacity", "resource", "LINE2", first, last, 0.1).describe()
        'capacity LINE2 2027-05 to 2027-08 +10 %'
    """

    kind: str
    level: str
    code: str
    first: pd.Timestamp
    last: pd.Timestamp
    amount: float = 0.0
    unit: str = "rate"
    sets: bool = False
    item: str = ALL
    location: str = ALL
    customer: str = ALL
    elasticity: float = 0.0

    def on(self, value: float) -> float:
        """Return a value after the change; never below 0."""
        if self.unit == "rate":
            return max(value * (1.0 + self.amount), 0.0)
        return max(self.amount if self.sets else value + self.amount, 0.0)

    def describe(self) -> str:
        """Return the change as a line of codes and numbers."""
        narrowed = [
            f"{name} {getattr(self, name)}"
            for name in ("item", "location", "customer")
            if getattr(self, name) != ALL
        ]
        months = f"{self.first:%Y-%m}"
        months += f" to {self.last:%Y-%m}" if self.last > self.first else ""
        words = [self.kind, self.code, *narrowed, months, self.size()]
        if self.kind == "price":
            words.append(f"elasticity {self.elasticity:g}")
        return " ".join(words).strip()

    def size(self) -> str:
        """Return how much it changes: `+10 %`, `45 days`."""
        if not self.unit:
            return ""
        if self.unit == END:
            return f"P{100 * self.amount:g}"
        sign = "" if self.sets else "+"
        if self.unit == "rate":
            return f"{100 * self.amount:{sign}g} %"
        return f"{self.amount:{sign}g} {self.unit}"


@dataclass(frozen=True)
class Codes:
    """What exists: codes by level, the planned months, the family of each item."""

    known: Mapping[str, frozenset[str]]
    periods: pd.DatetimeIndex
    family_of: Mapping[str, str] = field(default_factory=dict)


def list_codes(tables: SupplyTables, demand: pd.DataFrame, periods: pd.DatetimeIndex) -> Codes:
    """Return the codes that changes may name.

    Args:
        demand: contract `net_demand`.
    """
    lane = tables.lane
    known = {
        "resource": tables.resource["resource"],
        "operation": tables.operation["operation"],
        "supplier": tables.purchase_term["supplier"],
        "lane": lane["from_location"] + " > " + lane["to_location"],
        "family": tables.item["family"].dropna(),
        "item": pd.concat([demand["item"], tables.operation["item"], tables.purchase_term["item"]]),
        "location": demand["location"],
        "customer": demand["customer"],
    }
    named = tables.item.dropna(subset="family")
    family_of = dict(zip(named["item"].astype(str), named["family"].astype(str), strict=True))
    every = {name: frozenset(map(str, codes)) for name, codes in known.items()}
    return Codes(every, periods, family_of)
