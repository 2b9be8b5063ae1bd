"""Demand as the model sees it: customers with the same patience and rank as one stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.errors import PlanError
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.netting import CLASSES
from sopkit.tables import ALL, PLACE

RANK = ["place", "demand_class", "priority", "late_months"]
STREAM = [*RANK, "remaining_life_rate"]
RANK_STEP = 1.02
PRICE_WITHOUT_PRICE = 2.0
OBJECTIVES = ("cost", "margin")


@dataclass(frozen=True)
class Streams:
    """Demand aggregated to (item, location, class, priority, longest lateness, life wanted).

    Args:
        rows: the rows of `net_demand` with `stream` (row of `streams`), `month` (column) and
            `price_value` [money a unit].
        streams: `place` (row of the case's places), `demand_class`, `priority`, `late_months`,
            `remaining_life_rate` (share of the shelf life that must be left; 0 where it never
            matters within the plan).
        demand_qty: wanted (streams x periods).
        late_cost: money a unit and month late (streams x periods).
        lost_cost: money a unit not served (streams x periods).
    """

    rows: pd.DataFrame
    streams: pd.DataFrame
    demand_qty: Array
    late_cost: Array
    lost_cost: Array

    def demand_qty_by_place(self, case: Case) -> Array:
        """Return the demand of all streams of a place together (places x periods)."""
        total = np.zeros_like(case.target)
        np.add.at(total, self.streams["place"].to_numpy(), self.demand_qty)
        return total


def to_streams(case: Case, demand: pd.DataFrame) -> Streams:
    """Return the demand of `net_demand` as streams, with what lateness and loss cost.

    Late cost = late_rate x net price a month, lost cost = lost_sale_rate x net price (table
    `service_class`: the customer's row, else that of `all`, else 0.05, 1.0 and one month). An
    item without price counts at twice its cheapest supply cost. Within one item-location, where
    a lower rank would cost more than a higher one, the higher is lifted to 1.02 times it, so that
    overdue comes before open orders, these before forecast, and priority 1 before 2.

    With the objective `margin` a lost unit costs just its price, so that what is not worth its
    cost is not served: objective = price x demand - margin (`sum_margin`). Ranks then decide only
    between equals (`preference_rate` of the price a rank).

    Raises:
        PlanError: a row's place is not in the case, or the objective is unknown.
    """
    rows = _price_rows(case, demand)
    streams = rows[STREAM].drop_duplicates()
    order = streams.assign(_class=streams["demand_class"].map(CLASSES.index))
    order = order.sort_values(["place", "_class", *STREAM[2:]])
    streams = order[STREAM].reset_index(drop=True)
    rows = rows.merge(streams.reset_index(names="stream"), on=STREAM, validate="many_to_one")
    return _gather(case, rows, streams)


def renew_streams(case: Case, known: Streams, demand: pd.DataFrame) -> Streams:
    """Return the demand as streams, as `to_streams` does, from streams of the same prices.

    Where only quantities differ, which a what-if asks again and again, nothing is looked up.

    Args:
        known: streams of a case with the same places, prices and service classes.
    """
    key = [*PLACE, "customer", "period", "demand_class", "priority"]
    rows = demand[demand["demand_qty"] > 0].reset_index(drop=True)
    if len(rows) != len(known.rows) or not all(rows[k].equals(known.rows[k]) for k in key):
        return to_streams(case, demand)
    renewed = known.rows.assign(demand_qty=rows["demand_qty"])
    return _gather(case, renewed, known.streams)


def _gather(case: Case, rows: pd.DataFrame, streams: pd.DataFrame) -> Streams:
    """Return priced rows that know their stream as arrays (streams x periods)."""
    shape = (len(streams), len(case.periods))
    qty = _sum_cells(rows, rows["demand_qty"], shape)
    lost = _mean_cells(rows, rows["lost_value"], qty)
    late = _mean_cells(rows, rows["late_value"], qty)
    if case.rates.objective == "margin":
        lost = _nudge_ranks(lost, streams["place"], case.rates.preference_rate)
    else:
        lost = _lift_ranks(lost, streams)
    return Streams(
        rows=rows,
        streams=streams,
        demand_qty=qty,
        late_cost=_lift_ranks(late, streams),
        lost_cost=lost,
    )


def _price_rows(case: Case, demand: pd.DataFrame) -> pd.DataFrame:
    """Return demand rows with place, month, price, and the costs of lateness and loss."""
    objective = case.rates.objective
    if objective not in OBJECTIVES:
        raise PlanError(f"The objective is {' or '.join(OBJECTIVES)}, not {objective}.")
    rows = demand[demand["demand_qty"] > 0].reset_index(drop=True)
    numbers = case.places[PLACE].assign(place=case.places.index)
    rows = rows.merge(numbers, on=PLACE, how="left", validate="many_to_one")
    month = case.periods.get_indexer(pd.Index(rows["period"]))
    if rows["place"].isna().any() or (month < 0).any():
        bad = rows[rows["place"].isna() | (month < 0)].iloc[0]
        raise PlanError(
            f"Demand of {bad['item']} at {bad['location']} in {bad['period']:%Y-%m} lies outside "
            "the prepared case; prepare it again with this demand."
        )
    price = value_on(rows, case.tables.price, "price_value", ["item", "customer"], "customer")
    base = case.places["base_cost"].to_numpy()[rows["place"].astype(int)]
    value = case.places["unit_value"].to_numpy()[rows["place"].astype(int)]
    fallback = PRICE_WITHOUT_PRICE * np.maximum(np.where(np.isfinite(base), base, 0.0), value)
    classes = _fit_classes(rows["customer"], case.tables.service_class)
    charged = price.where(price > 0, pd.Series(fallback, index=rows.index))
    place = rows["place"].astype("int64")
    return rows.assign(
        place=place,
        month=month,
        price_value=price.fillna(0.0),
        late_value=classes["late_rate"] * charged,
        lost_value=charged * (classes["lost_sale_rate"] if objective == "cost" else 1.0),
        late_months=classes["late_months"].round().astype("int64"),
        remaining_life_rate=case.life.fit_rates(place, classes["remaining_life_rate"]),
    )


def _fit_classes(customer: pd.Series, service_class: pd.DataFrame) -> pd.DataFrame:
    """Return the service class of each row: the customer's, else that of `all`, else defaults."""
    usual = {"late_rate": 0.05, "lost_sale_rate": 1.0, "late_months": 1.0}
    usual["remaining_life_rate"] = 0.0
    given = service_class.set_index("customer")[list(usual)].astype(float)
    other = given.loc[ALL].to_dict() if ALL in given.index else usual
    return given.reindex(customer).fillna(other).set_axis(customer.index)


def _sum_cells(rows: pd.DataFrame, values: pd.Series, shape: tuple[int, int]) -> Array:
    cells = np.zeros(shape)
    np.add.at(cells, (rows["stream"].to_numpy(), rows["month"].to_numpy()), values.to_numpy(float))
    return cells


def _mean_cells(rows: pd.DataFrame, values: pd.Series, qty: Array) -> Array:
    """Return the mean weighted by quantity; months without demand take the month before."""
    total = _sum_cells(rows, values * rows["demand_qty"], qty.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pd.DataFrame(np.where(qty > 0, total / qty, np.nan))
    return mean.ffill(axis=1).bfill(axis=1).to_numpy(float)


def _lift_ranks(cost: Array, streams: pd.DataFrame) -> Array:
    """Return costs lifted so that, within a place, no stream is worth less than a lower one.

    Streams that differ only in the life they want left are of one rank.
    """
    lifted = cost.copy()
    rank = streams.groupby(RANK, sort=False).ngroup().to_numpy()
    place = streams["place"].to_numpy()
    most = np.zeros(cost.shape[1])  # dearest of this rank
    least = np.zeros(cost.shape[1])  # what it is lifted to
    for row in range(len(lifted) - 1, -1, -1):
        if row + 1 == len(lifted) or place[row] != place[row + 1]:
            most, least = np.zeros_like(most), np.zeros_like(most)
        elif rank[row] != rank[row + 1]:
            most, least = np.zeros_like(most), RANK_STEP * most
        lifted[row] = np.maximum(lifted[row], least)
        most = np.maximum(most, lifted[row])
    return lifted


def _nudge_ranks(cost: Array, place: pd.Series, rate: float) -> Array:
    """Return costs raised by a share for each lower stream of the same place."""
    below = place.groupby(place).cumcount(ascending=False).to_numpy(float)
    return cost * (1 + rate * below[:, None])


def sum_revenue(streams: Streams, plan_service: pd.DataFrame) -> pd.Series:
    """Return what the served demand is worth, by the month in which it was wanted.

    Args:
        plan_service: of a plan that answers the streams.

    Example:
        Demand 10 at a price of 5, of which 2 are lost: 40.
    """
    key = [*PLACE, "customer", "period", "demand_class"]
    served = plan_service[key].assign(
        served_qty=plan_service["on_time_qty"] + plan_service["late_qty"]
    )
    prices = streams.rows[[*key, "price_value"]]
    rows = served.merge(prices, on=key, how="left", validate="one_to_one")
    return (rows["served_qty"] * rows["price_value"]).groupby(rows["period"]).sum()


def late_limits(streams: Streams) -> list[Array]:
    """Return the most that may be served 1, 2, ... months late (each streams x periods).

    It is the demand itself, as far as the stream accepts that lateness and the plan reaches.
    """
    months = streams.demand_qty.shape[1]
    accepted = streams.streams["late_months"].to_numpy()
    longest = int(min(accepted.max(initial=0), months - 1))
    limits = []
    for delay in range(1, longest + 1):
        limit = np.where((accepted >= delay)[:, None], streams.demand_qty, 0.0)
        limit[:, months - delay :] = 0.0
        limits.append(limit)
    return limits
