"""Supplies of a plan, and the lots in which they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.batches import NEVER
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.model.build import list_arrivals
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.rules.windows import least_rates
from sopkit.tables import PLACE

LEAST = 1e-6


@dataclass
class Lot:
    """A part of a supply at a place: what of it is left, and until when it is accepted."""

    last: int  # last month (column) in which the most patient customer accepts it
    came: int  # month in which it came into being; below 0: opening stock
    supply: int
    qty: float
    via: str = ""


def list_supplies(case: Case, plan: Plan) -> tuple[pd.DataFrame, list[tuple[int, int, Lot]]]:
    """Return all supplies, and their lots as (place, month of arrival, lot)."""
    last = case.life.accepted_until(plan.streams.streams)
    network = case.life.pools.network
    least = least_rates(case.life.pools, plan.streams.streams)[network]
    window = (1 - least) * case.life.life_days / DAYS_PER_MONTH
    batches = case.life.batches.assign(last=last)
    opened = _list_opening(case, batches)
    orders = _list_orders(case, plan)
    flows = _list_flows(case, plan)
    supplies = pd.concat([opened, orders, flows], ignore_index=True)
    supplies = supplies.assign(supply=np.arange(len(supplies)))
    lots = []
    columns = ("place", "came", "supply", "supply_qty", "last", "delay_shares")
    for place, came, supply, qty, until, shares in zip(
        *(supplies[name] for name in columns), strict=True
    ):
        for delay, share in shares:
            month = came + delay
            for end, part in [(until, 1.0)] if came < 0 else _split_life(month, window[place]):
                if month < len(case.periods) and qty * share * part > 0:
                    first = came if came < 0 else month
                    lots.append((place, month, Lot(end, first, supply, qty * share * part)))
    soonest = supplies["came"] + supplies["delay_shares"].map(lambda shares: shares[0][0])
    arrives = np.clip(soonest.to_numpy(int), 0, len(case.periods) - 1)
    named = ["supply", "supply_key", "supply_kind", "batch", "supply_item", "supply_location"]
    return supplies[named].assign(supply_period=case.periods[arrives]), lots


def _split_life(month: int, window: float) -> list[tuple[int, float]]:
    """Return until when the parts of a month's arrivals are accepted; the mean is its life.

    Example:
        A life of 1.5 months: half until the next month, half until the one after it.
    """
    if not np.isfinite(window):
        return [(NEVER, 1.0)]
    whole = int(np.floor(max(window, 0.0) + 1e-9))
    late = max(window - whole, 0.0)
    return [(month + whole, 1 - late), (month + whole + 1, late)]


def _list_opening(case: Case, batches: pd.DataFrame) -> pd.DataFrame:
    at = batches["place"].to_numpy(int)
    places = case.places.iloc[at].reset_index(drop=True)
    repeated = batches.groupby(["place", "batch"]).cumcount()
    number = ["" if count == 0 else str(count) for count in repeated]
    kind = ["stock"] * len(batches)
    named = join_words(kind, places["item"], places["location"], batches["batch"], number)
    return pd.DataFrame(
        {
            "supply_key": named,
            "supply_kind": "stock",
            "batch": batches["batch"],
            "supply_item": places["item"],
            "supply_location": places["location"],
            "place": at,
            "came": -1,
            "supply_qty": batches["on_hand_qty"],
            "last": batches["last"],
            "delay_shares": [[(1, 1.0)]] * len(batches),
        }
    )


def _list_orders(case: Case, plan: Plan) -> pd.DataFrame:
    """Return open orders month by month: what the plan books, shared by the orders due then."""
    booked = plan.constrained_plan[["item", "location", "period", "open_supply_qty"]]
    booked = booked[booked["open_supply_qty"] > LEAST]
    numbers = case.places[PLACE].assign(place=case.places.index)
    rows = booked.merge(numbers, on=PLACE, how="inner", validate="many_to_one")
    due = case.tables.open_supply
    period = due["due_date"].dt.to_period("M").dt.to_timestamp()
    due = due.assign(period=period.where(period >= case.periods[0], case.periods[0]))
    due = due.groupby([*PLACE, "period"], as_index=False).agg(
        names=("supply_order", lambda names: " ".join(sorted(names)))
    )
    rows = rows.merge(due, on=[*PLACE, "period"], how="left", validate="many_to_one")
    kind = ["open_supply"] * len(rows)
    first = [f"{period:%Y-%m}" for period in rows["period"]]
    key = join_words(kind, rows["item"], rows["location"], first)
    return pd.DataFrame(
        {
            "supply_key": key,
            "supply_kind": "open_supply",
            "batch": rows["names"].fillna(""),
            "supply_item": rows["item"],
            "supply_location": rows["location"],
            "place": rows["place"],
            "came": case.periods.get_indexer(pd.DatetimeIndex(rows["period"])),
            "supply_qty": rows["open_supply_qty"],
            "last": NEVER,
            "delay_shares": [[(0, 1.0)]] * len(rows),
        }
    )


def _list_flows(case: Case, plan: Plan) -> pd.DataFrame:
    """Return what is made and bought, by month of start."""
    brought = (case.ways["flow_kind"] != "move").to_numpy()[:, None]
    flow = plan.flow
    way, month = np.nonzero((flow > LEAST) & brought)
    delays = delays_of_ways(case)
    ways = case.ways.iloc[way].reset_index(drop=True)
    return pd.DataFrame(
        {
            "supply_key": name_flows(case, way, month),
            "supply_kind": ways["flow_kind"],
            "batch": "",
            "supply_item": ways["item"],
            "supply_location": ways["location"],
            "place": ways["place"],
            "came": month,
            "supply_qty": flow[way, month],
            "last": NEVER,
            "delay_shares": [delays[one] for one in way],
        }
    )


def delays_of_ways(case: Case) -> list[list[tuple[int, float]]]:
    """Return, for each way, the months until a flow arrives and the share that does then."""
    delays: list[list[tuple[int, float]]] = [[] for _ in range(len(case.ways))]
    for delay, share in list_arrivals(case.ways):
        for way in np.flatnonzero(share > 0):
            delays[way].append((delay, float(share[way])))
    return delays


def join_words(*columns: Iterable[object]) -> list[str]:
    """Return the words of each row, joined; blanks are left out."""
    return [
        " ".join(str(word) for word in words if word not in ("", None))
        for words in zip(*columns, strict=True)
    ]


def name_flows(case: Case, way: Array, month: Array) -> Array:
    """Return the key of flows: kind, item, location, source and month of start."""
    ways = case.ways
    named = join_words(*(ways[name] for name in ("flow_kind", *PLACE, "source")))
    start = case.periods.strftime(" %Y-%m").to_numpy(object)
    keys: Array = np.array(named, dtype=object)[way] + start[month]
    return keys
