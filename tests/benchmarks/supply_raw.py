"""The supply model as raw arrays handed to HiGHS: the yardsticks of the library's own path.

Two formulations of the same plan, assembled by hand with numpy and scipy from the arrays of a case:

- *compact*: what sopkit builds. Stock up to the target is a bounded variable with a reward, units
  served on time are no variable, streams that cannot wait have no demand row.
- *plain*: as one would first write it. Units below target by a row, a demand row for every stream,
  a variable for units served on time.

Both cost the same at the optimum. Only the rules of the network are known here (no crews, fences,
shelf life, shares, lots): instances without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sopkit.supply import Case
from sopkit.supply.inputs.streams import Streams

Array = np.ndarray
AFTER = 0.99
HALF = 0.5


@dataclass
class Raw:
    """A linear model: columns, rows, entries; `constant` [money of the model]."""

    cost: list[Array]
    upper: list[Array]
    row_lower: list[Array]
    row_upper: list[Array]
    entries: list[tuple[Array, Array, Array]]
    columns: int = 0
    rows: int = 0
    constant: float = 0.0

    def add_columns(self, upper: Array, cost: Array, keep: Array | None = None) -> Array:
        """Add a block of columns; return their numbers, -1 where there is none."""
        keep = np.ones(upper.shape, dtype=bool) if keep is None else keep
        numbers = np.full(upper.shape, -1)
        numbers[keep] = np.arange(self.columns, self.columns + keep.sum())
        self.columns += int(keep.sum())
        self.cost.append(np.broadcast_to(cost, upper.shape)[keep])
        self.upper.append(upper[keep])
        return numbers

    def add_rows(self, lower: Array, upper: Array, keep: Array | None = None) -> Array:
        """Add a block of rows; return their numbers, -1 where there is none."""
        keep = np.ones(upper.shape, dtype=bool) if keep is None else keep
        numbers = np.full(upper.shape, -1)
        numbers[keep] = np.arange(self.rows, self.rows + keep.sum())
        self.rows += int(keep.sum())
        self.row_lower.append(np.broadcast_to(lower, upper.shape)[keep])
        self.row_upper.append(upper[keep])
        return numbers

    def add(self, rows: Array, columns: Array, coef: Array | float, delay: int = 0) -> None:
        """Add entries, the column counting `delay` months after its own."""
        months = columns.shape[1] - delay
        if months <= 0:
            return
        columns, rows = columns[:, :months], rows[:, delay:]
        coef = np.broadcast_to(coef, (len(columns), months + delay))[:, :months]
        used = (rows >= 0) & (columns >= 0) & (coef != 0)
        self.entries.append((rows[used], columns[used], coef[used]))


def new_raw() -> Raw:
    """Return an empty model."""
    return Raw([], [], [], [], [])


@dataclass(frozen=True)
class Scaled:
    """Case and demand in the model's units; arrays over (row, month).

    Args:
        loss: steps in which demand is lost: most, and money a unit.
        below: steps of the stock target: share of it, and money a unit that is missing.
    """

    case: Case
    streams: Streams
    unit: Array
    money: float
    demand: Array
    loss: list[tuple[Array, Array]]
    below: list[tuple[float, Array]]


def scale(case: Case, streams: Streams, unit: Array, money: float) -> Scaled:
    """Return the numbers both formulations share.

    Args:
        unit: base units in a model unit, by place. money: money in a model unit.
    """
    of = unit[streams.streams["place"].to_numpy(int)][:, None]
    demand, lost = streams.demand_qty / of, streams.lost_cost * of / money
    fair = case.rates.fair_share_rate
    loss = [(demand, lost)]
    if fair:
        loss = [(demand / 3, lost * (1 + step * fair)) for step in range(3)]
    value = case.places["unit_value"].to_numpy(float) * unit / money
    below = []
    for share, rate in _list_target_steps(case):
        price = np.repeat(rate * value[:, None], len(case.periods), axis=1)
        price[:, -1] += value
        below.append((share, price))
    return Scaled(case, streams, unit, money, demand, loss, below)


def _list_target_steps(case: Case) -> list[tuple[float, float]]:
    deep, usual = case.rates.deep_target_rate, case.rates.below_target_rate
    return [(HALF, deep), (1 - HALF, usual)]


def build_compact(one: Scaled) -> Raw:
    """Return the compact formulation."""
    case, streams, raw = one.case, one.streams, new_raw()
    target = case.target / one.unit[:, None]
    hold, wanted = _price_stock(one), target > 0
    flow = _add_flow(raw, one)
    held = [raw.add_columns(np.full(target.shape, np.inf), hold)]
    for share, price in one.below:
        held.append(raw.add_columns(share * target, hold - price, wanted))
        raw.constant += float((share * target * price).sum())
    overtime = _add_overtime(raw, one)
    lost = [raw.add_columns(most, price, one.demand > 0) for most, price in one.loss]
    late = _add_late(raw, one)
    given = _sum_given(one)
    place = streams.streams["place"].to_numpy(int)
    np.subtract.at(given, place, one.demand)
    balance = raw.add_rows(given, given)
    for stock in held:
        raw.add(balance, stock, 1.0)
        raw.add(balance, stock, -1.0, delay=1)
    _add_network(raw, one, balance, flow)
    for columns in lost:
        raw.add(balance[place], columns, -1.0)
    for delay, columns in enumerate(late, start=1):
        raw.add(balance[place], columns, -1.0)
        raw.add(balance[place], columns, 1.0, delay=delay)
    if late:
        limit = raw.add_rows(np.array(-np.inf), one.demand, late[0] >= 0)
        for columns in [*lost, *late]:
            raw.add(limit, columns, 1.0)
    _add_limits(raw, one, flow, overtime)
    return raw


def build_plain(one: Scaled) -> Raw:
    """Return the plain formulation."""
    case, streams, raw = one.case, one.streams, new_raw()
    target = case.target / one.unit[:, None]
    wanted = target > 0
    flow = _add_flow(raw, one)
    stock = raw.add_columns(np.full(target.shape, np.inf), _price_stock(one))
    missing = [raw.add_columns(share * target, price, wanted) for share, price in one.below]
    overtime = _add_overtime(raw, one)
    asked = one.demand > 0
    served = raw.add_columns(np.where(asked, np.inf, 0.0), np.array(0.0), asked)
    lost = [raw.add_columns(most, price, asked) for most, price in one.loss]
    late = _add_late(raw, one)
    given = _sum_given(one)
    balance = raw.add_rows(given, given)
    raw.add(balance, stock, 1.0)
    raw.add(balance, stock, -1.0, delay=1)
    _add_network(raw, one, balance, flow)
    place = streams.streams["place"].to_numpy(int)
    raw.add(balance[place], served, 1.0)
    for delay, columns in enumerate(late, start=1):
        raw.add(balance[place], columns, 1.0, delay=delay)
    kept = raw.add_rows(target, np.full(target.shape, np.inf), wanted)
    for columns in [stock, *missing]:
        raw.add(kept, columns, 1.0)
    met = raw.add_rows(one.demand, one.demand, asked)
    for columns in [served, *lost, *late]:
        raw.add(met, columns, 1.0)
    _add_limits(raw, one, flow, overtime)
    return raw


def _price_stock(one: Scaled) -> Array:
    case = one.case
    nudge = 1 + case.rates.preference_rate * case.places["depth"].to_numpy(float)
    return (case.hold_value * nudge * one.unit / one.money)[:, None]


def _sum_given(one: Scaled) -> Array:
    given = one.case.arriving.copy()
    given[:, 0] += one.case.places["opening_qty"].to_numpy(float)
    return given / one.unit[:, None]


def _arrivals(case: Case) -> list[tuple[int, Array]]:
    whole, late = case.ways["lead_months"].to_numpy(), case.ways["late_share"].to_numpy()
    delays = range(int(whole.max(initial=0)) + 2)
    return [
        (k, np.where(whole == k, 1 - late, 0.0) + np.where(whole + 1 == k, late, 0.0))
        for k in delays
    ]


def _add_flow(raw: Raw, one: Scaled) -> Array:
    case = one.case
    place = case.ways["place"].to_numpy(int)
    unit, months = one.unit[place][:, None], len(case.periods)
    hours = np.zeros(len(case.ways))
    pay = case.resources["hour_value"].to_numpy(float)[case.needs["resource"].to_numpy(int)]
    np.add.at(hours, case.needs["way"].to_numpy(int), case.needs["need_hours"].to_numpy() * pay)
    later = np.zeros(case.way_cost.shape)
    for delay, share in _arrivals(case):
        later[:, max(months - delay, 0) :] += share[:, None]
    base = case.places["base_cost"].to_numpy(float)[place]
    worth = AFTER * np.where(np.isfinite(base), base, 0.0)
    rank = case.ways["priority"].to_numpy(float) - 1
    nudge = case.rates.preference_rate * rank * case.places["unit_value"].to_numpy(float)[place]
    cost = case.way_cost + (hours + nudge)[:, None] - later * worth[:, None]
    return raw.add_columns(case.way_limit / unit, cost * unit / one.money)


def _add_overtime(raw: Raw, one: Scaled) -> Array:
    price = one.case.resources["overtime_value"].to_numpy(float)[:, None] / one.money
    return raw.add_columns(one.case.overtime_hours, price)


def _add_late(raw: Raw, one: Scaled) -> list[Array]:
    unit = one.unit[one.streams.streams["place"].to_numpy(int)][:, None]
    accepted = one.streams.streams["late_months"].to_numpy()
    months, late = one.demand.shape[1], []
    for delay in range(1, min(int(accepted.max(initial=0)), months - 1) + 1):
        most = np.where((accepted >= delay)[:, None], one.demand, 0.0)
        most[:, months - delay :] = 0.0
        price = delay * one.streams.late_cost * unit / one.money
        late.append(raw.add_columns(most, price, most > 0))
    return late


def _add_network(raw: Raw, one: Scaled, balance: Array, flow: Array) -> None:
    case = one.case
    place = case.ways["place"].to_numpy(int)
    for delay, share in _arrivals(case):
        raw.add(balance[place], flow, -share[:, None], delay=delay)
    way, part = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    ratio = one.unit[place[way]] / one.unit[part]
    raw.add(balance[part], flow[way], case.use_qty * ratio[:, None])


def _add_limits(raw: Raw, one: Scaled, flow: Array, overtime: Array) -> None:
    case = one.case
    unit = one.unit[case.ways["place"].to_numpy(int)]
    hours = raw.add_rows(np.array(-np.inf), case.regular_hours)
    way, resource = (case.needs[name].to_numpy(int) for name in ("way", "resource"))
    each = case.needs["need_hours"].to_numpy(float) * unit[way]
    raw.add(hours[resource], flow[way], each[:, None])
    raw.add(hours, overtime, -1.0)
    most = np.repeat(case.lanes["max_qty"].to_numpy(float)[:, None], len(case.periods), axis=1)
    lanes = raw.add_rows(np.array(-np.inf), most)
    way, lane = (case.lane_ways[name].to_numpy(int) for name in ("way", "lane"))
    raw.add(lanes[lane], flow[way], (case.lane_ways["weight"].to_numpy(float) * unit[way])[:, None])


def hand_over(raw: Raw) -> Any:
    """Return a silent HiGHS that holds the model."""
    import highspy
    from scipy.sparse import coo_array

    row, column, coef = (np.concatenate(part) for part in zip(*raw.entries, strict=True))
    matrix = coo_array((coef, (row, column)), shape=(raw.rows, raw.columns)).tocsr()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = raw.columns, raw.rows
    lp.col_cost_ = np.concatenate(raw.cost)
    lp.col_lower_, lp.col_upper_ = np.zeros(raw.columns), np.concatenate(raw.upper)
    lp.row_lower_, lp.row_upper_ = np.concatenate(raw.row_lower), np.concatenate(raw.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.silent()
    solver.passModel(lp)
    return solver


def solve(raw: Raw, method: str, time_limit: float = 900.0) -> tuple[float, Array, Array]:
    """Return objective [money of the model], columns and row duals, on one thread."""
    solver = hand_over(raw)
    solver.setOptionValue("solver", method)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", time_limit)
    solver.run()
    found = solver.getSolution()
    objective = float(solver.getInfo().objective_function_value) + raw.constant
    return objective, np.asarray(found.col_value), np.asarray(found.row_dual)
