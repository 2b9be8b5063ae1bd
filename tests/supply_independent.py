"""The cheapest plan's cost, worked out a second time: plain loops, scipy, no code of sopkit.

Everything is taken from the company's tables, one item, way and month after another, as one would
write the model on paper: units served on time are a variable, a stock target is a row, every
demand has its row. Slow on purpose; for companies of a few dozen places.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sopkit.supply import Rates, SupplyTables

ALL = "all"
DAYS = 30.4
NEAR = 0.05
NEVER = pd.Timestamp("2200-01-01")
CLASSES = ("overdue", "open", "forecast")
Place = tuple[str, str]


@dataclass
class Way:
    """One way to bring an item to a place: make, buy or move."""

    kind: str
    place: Place
    lead_days: float
    cost: list[float]  # a good unit, by month; without hours
    limit: list[float]
    priority: int = 1
    parts: dict[Place, list[float]] = field(default_factory=dict)  # units a good unit, by month
    hours: dict[str, float] = field(default_factory=dict)  # by resource, a good unit
    lane: tuple[str, str, str] | None = None  # the lane whose limit it shares

    def arrivals(self) -> list[tuple[int, float]]:
        """Return (months later, share): the mean delay is the lead time.

        Within a twentieth of a month (a day and a half) of whole months it counts as whole.
        """
        months = self.lead_days / DAYS
        if abs(months - round(months)) < NEAR:
            months = round(months)
        whole = int(months + 1e-9)
        late = max(months - whole, 0.0)
        return [(whole, 1 - late)] + ([(whole + 1, late)] if late > 0 else [])


@dataclass
class Stream:
    """Demand of a place that waits alike and ranks alike: by month, quantity and prices."""

    place: Place
    patience: int
    qty: list[float]
    lost: list[float]
    late: list[float]


class Linear:
    """A linear model, written down entry by entry."""

    def __init__(self):
        self.cost, self.upper = [], []
        self.equal, self.most = [], []  # (entries, right-hand side)

    def add(self, cost: float, upper: float = np.inf) -> int:
        """Return the number of a new variable, at least 0."""
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def solve(self) -> float:
        """Return the least cost."""
        from scipy.optimize import linprog

        matrices = {}
        for name, rows in (("eq", self.equal), ("ub", self.most)):
            if rows:
                matrices[f"A_{name}"] = self._matrix(rows)
                matrices[f"b_{name}"] = [limit for _, limit in rows]
        bounds = [(0, upper) for upper in self.upper]
        found = linprog(self.cost, bounds=bounds, method="highs", **matrices)
        assert found.status == 0, found.message
        return float(found.fun)

    def _matrix(self, rows):
        from scipy.sparse import csr_array

        at = [(row, *entry) for row, (entries, _) in enumerate(rows) for entry in entries]
        row, column, coef = zip(*at, strict=True)
        return csr_array((coef, (row, column)), shape=(len(rows), len(self.cost)))


def least_cost(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    rates: Rates,
    working_days: dict[pd.Timestamp, int] | None = None,
) -> float:
    """Return the cost of the cheapest plan."""
    places = find_places(tables, demand)
    ways = list_ways(tables, places, periods)
    hours = find_hours(tables, periods, working_days or {})
    pay = {row.resource: row for row in tables.resource.itertuples()}
    for way in ways:
        way.hours = {code: need for code, need in way.hours.items() if code in hours}
        paid = sum(need * pay[code].hour_value for code, need in way.hours.items())
        way.cost = [cost + paid for cost in way.cost]
    base = find_base_costs(places, ways)
    value = find_values(tables, places, base, periods[0])
    streams = list_streams(tables, demand, periods, base, value)
    model = Linear()
    flows = [add_flow(model, way, base, value, rates, len(periods)) for way in ways]
    balance = add_stock(model, tables, places, ways, value, rates, periods)
    for way, flow in zip(ways, flows, strict=True):
        book_flow(balance, way, flow)
    for stream in streams:
        add_stream(model, balance, stream, rates)
    for place in places:
        model.equal += balance[place]
    add_hours(model, ways, flows, hours, pay)
    add_lanes(model, tables, ways, flows, len(periods))
    return model.solve()


def usable(tables: SupplyTables) -> list:
    """Return stock that a plan may use."""
    rows = tables.opening_stock.itertuples()
    return [r for r in rows if r.plannable and r.status != "blocked" and r.on_hand_qty > 0]


def parts_of(tables: SupplyTables, operation) -> list:
    """Return the BOM rows of an operation: those of its location, else those for all."""
    rows = [row for row in tables.bom.itertuples() if row.item == operation.item]
    own = [row for row in rows if row.location == operation.location]
    return own or [row for row in rows if row.location == ALL]


def find_places(tables: SupplyTables, demand: pd.DataFrame) -> list[Place]:
    """Return the (item, location) of the plan: wanted, or on the way to it, and reachable."""
    wanted = {(r.item, r.location) for r in demand.itertuples()}
    wanted |= {(r.item, r.location) for r in tables.stock_target.itertuples()}
    held = {(r.item, r.location) for r in usable(tables)}
    held |= {(r.item, r.location) for r in tables.open_supply.itertuples()}
    known, fresh = set(), wanted | held
    while fresh:
        known |= fresh
        fed = set()
        for item, location in fresh:
            for operation in tables.operation.itertuples():
                if (operation.item, operation.location) == (item, location):
                    fed |= {(part.component, location) for part in parts_of(tables, operation)}
            for lane in tables.lane.itertuples():
                if lane.to_location == location and lane.item in (ALL, item):
                    fed.add((item, lane.from_location))
        fresh = fed - known
    reached = held | {(r.item, r.location) for r in tables.operation.itertuples()}
    for operation in tables.operation.itertuples():
        reached |= {(p.component, operation.location) for p in parts_of(tables, operation)}
    for term in tables.purchase_term.itertuples():
        reached |= {p for p in known if p[0] == term.item and term.location in (ALL, p[1])}
    reached &= known
    while True:
        led = {
            (item, lane.to_location)
            for item, location in reached
            for lane in tables.lane.itertuples()
            if lane.from_location == location and lane.item in (ALL, item)
        }
        if led & known <= reached:
            return sorted((reached | wanted) & known)
        reached |= led & known


def on_date(rows: list, column: str, date: pd.Timestamp) -> float:
    """Return the value that holds on a date: the last to start, else the first to come."""
    rows = sorted(rows, key=lambda row: row.start_date)
    started = [row for row in rows if row.start_date <= date]
    return getattr(started[-1] if started else rows[0], column)


def list_ways(tables: SupplyTables, places: list[Place], periods: pd.DatetimeIndex) -> list[Way]:
    """Return every way to bring an item to one of the places."""
    ways = [make_way(tables, row, periods) for row in tables.operation.itertuples()]
    for item, location in places:
        terms = [r for r in tables.purchase_term.itertuples() if r.item == item]
        for supplier in sorted({row.supplier for row in terms}):
            of = [row for row in terms if row.supplier == supplier]
            own = [row for row in of if row.location == location]
            used = own or [row for row in of if row.location == ALL]
            if used:
                ways.append(buy_way((item, location), used, periods))
        for start in sorted({r.from_location for r in tables.lane.itertuples()}):
            lanes = [
                r
                for r in tables.lane.itertuples()
                if (r.from_location, r.to_location) == (start, location)
            ]
            own = [r for r in lanes if r.item == item] or [r for r in lanes if r.item == ALL]
            if own and (item, start) in places:
                ways.append(move_way(item, own[0], len(periods)))
    return [way for way in ways if way.place in places]


def make_way(tables: SupplyTables, row, periods: pd.DatetimeIndex) -> Way:
    """Return the way of an operation, with its parts and hours a good unit."""
    months = len(periods)
    way = Way(
        "make",
        (row.item, row.location),
        row.lead_time_days,
        [row.unit_cost_value] * months,
        [np.inf] * months,
        row.priority,
    )
    for part in parts_of(tables, row):
        each = part.component_qty * (1 + part.scrap_rate) / row.yield_rate
        used = way.parts.setdefault((part.component, row.location), [0.0] * months)
        for month, period in enumerate(periods):
            used[month] += each * share_of_month(part, period)
    lots = (row.usual_lot_qty, row.lot_min_qty, row.lot_multiple_qty)
    lot = next((qty for qty in lots if pd.notna(qty) and qty > 0), 1.0)
    for need in tables.resource_need.itertuples():
        if need.operation == row.operation:
            started = need.hours_per_unit + need.setup_hours_per_lot / lot
            way.hours[need.resource] = started / row.yield_rate
    return way


def share_of_month(part, period: pd.Timestamp) -> float:
    """Return the share of a month's days on which a BOM row holds."""
    days = calendar.monthrange(period.year, period.month)[1]
    end = part.end_date if pd.notna(part.end_date) else NEVER
    held = [day for day in range(days) if part.start_date <= period + pd.Timedelta(days=day) <= end]
    return len(held) / days


def buy_way(place: Place, terms: list, periods: pd.DatetimeIndex) -> Way:
    """Return the way of a supplier's terms at a place; the lead time is the first row's."""
    limits = [on_date(terms, "max_qty", period) for period in periods]
    return Way(
        "buy",
        place,
        min(terms, key=lambda row: row.start_date).lead_time_days,
        [on_date(terms, "price_value", period) for period in periods],
        [np.inf if pd.isna(limit) else limit for limit in limits],
    )


def move_way(item: str, lane, months: int) -> Way:
    """Return the way of an item on a lane."""
    way = Way(
        "move",
        (item, lane.to_location),
        lane.lead_time_days,
        [lane.unit_cost_value] * months,
        [np.inf] * months,
        parts={(item, lane.from_location): [1.0] * months},
    )
    if pd.notna(lane.max_qty):
        way.lane = (lane.from_location, lane.to_location, lane.item)
    return way


def find_hours(
    tables: SupplyTables, periods: pd.DatetimeIndex, working_days: dict[pd.Timestamp, int]
) -> dict[str, list[tuple[float, float]]]:
    """Return regular and overtime hours by resource and month; resources without any are left out.

    A capacity row counts, else hours a day, else the month a year before, else the mean; then
    machines that stand still take their share.
    """
    found = {}
    for one in tables.resource.itertuples():
        months: list[tuple[float, float] | None] = []
        running = [1.0] * len(periods)
        for period in periods:
            rows = [
                row
                for row in tables.capacity.itertuples()
                if (row.resource, row.period) == (one.resource, period)
            ]
            if rows:
                months.append((rows[0].regular_hours, rows[0].overtime_hours))
                running[len(months) - 1] = 1 - rows[0].machines_down / one.machines
            elif pd.notna(one.hours_per_day) and period in working_days:
                usual = one.hours_per_day * one.machines * working_days[period]
                months.append((usual, usual * one.overtime_rate))
            else:
                months.append(None)
        given = [month for month in months if month]
        if not given:
            continue
        mean = tuple(sum(part) / len(given) for part in zip(*given, strict=True))
        for at, month in enumerate(months):
            if month is None:
                months[at] = months[at - 12] if at >= 12 else None
        found[one.resource] = [
            (regular * runs, overtime * runs)
            for (regular, overtime), runs in zip([m or mean for m in months], running, strict=True)
        ]
    return found


def find_base_costs(places: list[Place], ways: list[Way]) -> dict[Place, float]:
    """Return the cheapest cost of a unit at each place if nothing were scarce; inf: no source."""
    base = dict.fromkeys(places, np.inf)
    for _ in places:
        for way in ways:
            total = np.mean(way.cost)
            for part, used in way.parts.items():
                if np.mean(used) > 0:
                    total += np.mean(used) * base[part]
            base[way.place] = min(base[way.place], total)
    return base


def find_values(
    tables: SupplyTables, places: list[Place], base: dict[Place, float], first: pd.Timestamp
) -> dict[Place, float]:
    """Return the standard cost of each place, else its base cost, else next to nothing."""
    value = {}
    for item, location in places:
        of = [row for row in tables.cost.itertuples() if row.item == item]
        rows = [r for r in of if r.location == location] or [r for r in of if r.location == ALL]
        standard = on_date(rows, "unit_cost_value", first) if rows else 0.0
        cheapest = base[item, location]
        value[item, location] = standard or (cheapest if np.isfinite(cheapest) else 0.0)
    known = [one for one in value.values() if one > 0]
    least = np.median(known) / 1000 if known else 0.001
    return {place: one if one > 0 else least for place, one in value.items()}


def list_streams(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    base: dict[Place, float],
    value: dict[Place, float],
) -> list[Stream]:
    """Return demand by place, class, priority and patience, a better rank never worth less."""
    classes = {row.customer: row for row in tables.service_class.itertuples()}
    sums = defaultdict(lambda: np.zeros((3, len(periods))))  # quantity, lost and late money
    for row in demand[demand["demand_qty"] > 0].itertuples():
        place = (row.item, row.location)
        served = classes.get(row.customer, classes.get(ALL))
        late, lost, patience = (
            (served.late_rate, served.lost_sale_rate, round(served.late_months))
            if served is not None
            else (0.05, 1.0, 1)
        )
        price = price_of(tables, row)
        if not price > 0:
            price = 2 * max(base[place] if np.isfinite(base[place]) else 0.0, value[place])
        key = (place, CLASSES.index(row.demand_class), row.priority, patience)
        month = periods.get_loc(row.period)
        sums[key][:, month] += row.demand_qty * np.array([1, lost * price, late * price])
    streams = []
    below: Stream | None = None
    for key in sorted(sums, reverse=True):  # the lowest rank of a place first
        qty, lost, late = sums[key]
        stream = Stream(key[0], key[3], list(qty), fill(lost, qty), fill(late, qty))
        if below is not None and below.place == stream.place:
            stream.lost = [max(a, 1.02 * b) for a, b in zip(stream.lost, below.lost, strict=True)]
            stream.late = [max(a, 1.02 * b) for a, b in zip(stream.late, below.late, strict=True)]
        streams.append(stream)
        below = stream
    return streams


def price_of(tables: SupplyTables, row) -> float:
    """Return the price of a demand row: the customer's own, else that for all; 0: none."""
    of = [one for one in tables.price.itertuples() if one.item == row.item]
    own = [one for one in of if one.customer == row.customer]
    rows = own or [one for one in of if one.customer == ALL]
    return on_date(rows, "price_value", row.period) if rows else 0.0


def fill(money: np.ndarray, qty: np.ndarray) -> list[float]:
    """Return money a unit; a month without demand takes the one before, else the one after."""
    each = pd.Series([m / q if q > 0 else None for m, q in zip(money, qty, strict=True)])
    return each.astype(float).ffill().bfill().tolist()


def add_flow(
    model: Linear,
    way: Way,
    base: dict[Place, float],
    value: dict[Place, float],
    rates: Rates,
    months: int,
) -> list[int]:
    """Add what is started on a way: its cost, its rank, less what arrives after the plan."""
    flow = []
    worth = 0.99 * base[way.place] if np.isfinite(base[way.place]) else 0.0
    nudge = rates.preference_rate * (way.priority - 1) * value[way.place]
    for month in range(months):
        after = sum(share for delay, share in way.arrivals() if month + delay >= months)
        flow.append(model.add(way.cost[month] + nudge - after * worth, way.limit[month]))
    return flow


def add_stock(
    model: Linear,
    tables: SupplyTables,
    places: list[Place],
    ways: list[Way],
    value: dict[Place, float],
    rates: Rates,
    periods: pd.DatetimeIndex,
) -> dict[Place, list]:
    """Add closing stock and what it lacks; return balances: closing - before = given."""
    balance: dict[Place, list] = {}
    behind = {way.place for way in ways if way.kind == "move"}
    for place in places:
        hold = hold_cost(tables, place, value[place], rates, periods[0])
        hold *= 1 + (rates.preference_rate if place in behind else 0.0)
        given = [0.0] * len(periods)
        given[0] += sum(r.on_hand_qty for r in usable(tables) if (r.item, r.location) == place)
        for order in tables.open_supply.itertuples():
            due = max(order.due_date.to_period("M").to_timestamp(), periods[0])
            if (order.item, order.location) == place and due in periods:
                given[periods.get_loc(due)] += order.open_qty
        balance[place] = rows = []
        before = None
        for month, target in enumerate(targets_of(tables, place, periods)):
            stock = model.add(hold)
            rows.append(([(stock, 1.0)] + ([(before, -1.0)] if month else []), given[month]))
            before = stock
            if target > 0:
                last = value[place] if month == len(periods) - 1 else 0.0
                deep = model.add(rates.deep_target_rate * value[place] + last, target / 2)
                rest = model.add(rates.below_target_rate * value[place] + last, target / 2)
                model.most.append(([(stock, -1.0), (deep, -1.0), (rest, -1.0)], -target))
    return balance


def hold_cost(
    tables: SupplyTables, place: Place, value: float, rates: Rates, first: pd.Timestamp
) -> float:
    """Return what a unit of stock costs a month: stated, else a twelfth of the holding rate."""
    of = [row for row in tables.cost.itertuples() if row.item == place[0]]
    for location in (place[1], ALL):
        rows = [row for row in of if row.location == location]
        if rows and pd.notna(stated := on_date(rows, "holding_value", first)):
            return stated
    return rates.holding_rate / 12 * value


def targets_of(tables: SupplyTables, place: Place, periods: pd.DatetimeIndex) -> list[float]:
    """Return the stock wanted by month; a month without a row repeats the one before."""
    rows = [r for r in tables.stock_target.itertuples() if (r.item, r.location) == place]
    wanted = []
    for period in periods:
        known = [row for row in rows if row.period <= period]
        last = max((row.period for row in known), default=None)
        wanted.append(sum(row.safety_stock_qty for row in known if row.period == last))
    return wanted


def book_flow(balance: dict[Place, list], way: Way, flow: list[int]) -> None:
    """Book what a way brings and what it takes."""
    for month, column in enumerate(flow):
        for delay, share in way.arrivals():
            if month + delay < len(flow):
                balance[way.place][month + delay][0].append((column, -share))
        for part, used in way.parts.items():
            balance[part][month][0].append((column, used[month]))


def add_stream(model: Linear, balance: dict[Place, list], stream: Stream, rates: Rates) -> None:
    """Add each month's demand: on time, late, lost in steps; together they are the demand."""
    months = len(stream.qty)
    rows = balance[stream.place]
    for month, qty in enumerate(stream.qty):
        if qty <= 0:
            continue
        met = []
        for delay in range(min(stream.patience, months - 1 - month) + 1):
            served = model.add(delay * stream.late[month])
            rows[month + delay][0].append((served, 1.0))
            met.append((served, 1.0))
        steps = 3 if rates.fair_share_rate else 1
        for step in range(steps):
            price = stream.lost[month] * (1 + step * rates.fair_share_rate)
            met.append((model.add(price, qty / steps), 1.0))
        model.equal.append((met, qty))


def add_hours(
    model: Linear,
    ways: list[Way],
    flows: list[list[int]],
    hours: dict[str, list[tuple[float, float]]],
    pay: dict,
) -> None:
    """Add: hours needed - overtime <= regular hours."""
    for code, months in hours.items():
        for month, (regular, overtime) in enumerate(months):
            row = [(model.add(pay[code].overtime_value, overtime), -1.0)]
            for way, flow in zip(ways, flows, strict=True):
                if way.hours.get(code):
                    row.append((flow[month], way.hours[code]))
            model.most.append((row, regular))


def add_lanes(
    model: Linear, tables: SupplyTables, ways: list[Way], flows: list[list[int]], months: int
) -> None:
    """Add: all items of a lane together <= its limit."""
    for lane in tables.lane.itertuples():
        key = (lane.from_location, lane.to_location, lane.item)
        for month in range(months):
            row = [
                (flow[month], 1.0) for way, flow in zip(ways, flows, strict=True) if way.lane == key
            ]
            if row:
                model.most.append((row, lane.max_qty))
