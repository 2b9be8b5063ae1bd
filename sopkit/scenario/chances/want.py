"""What supply is asked for: demand by place and priority, and what a target adds to the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.scenario.chances.network import Net
from sopkit.supply import Case
from sopkit.tables import ALL, CELL, PLACE

Array = np.ndarray


@dataclass(frozen=True)
class Want:
    """Demand as supply meets it: a row a place and priority, highest priority first in a place.

    Args:
        place: row of the case's places; priority: 1 first; late: whether it may come a month late.
        middle, below, above: as `draws.Spread` (rows x months).
        share: of the middle that lies under the level asked about (rows x months).
        price, margin: money of a unit under the level (rows x months).
        overdue: units from before the first month (rows).
    """

    place: Array
    priority: Array
    late: Array
    middle: Array
    below: Array
    above: Array
    share: Array
    price: Array
    margin: Array
    overdue: Array


def join_wants(case: Case, net_demand: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return what the plan answers, row by row, with the range and price of its cell.

    Args:
        case: the network.
        net_demand: contract `net_demand`.
        cells: what `complete_cells` returned.

    Returns:
        The rows of planned months: `place`, `month` (positions in the case), `priority`, `late`,
        `is_overdue`, `middle` [units], `below_rate`, `above_rate` (share of it), `price`,
        `margin` [a unit], and `cell`: row of `cells`, -1 for none.
    """
    index = pd.MultiIndex.from_frame(case.places[PLACE])
    service = case.tables.service_class.set_index("customer")["late_months"]
    usual = float(service.get(ALL, 0.0))
    rows = net_demand[net_demand["period"].isin(case.periods)]
    agreed = cells["demand_qty"].where(cells["demand_qty"] > 0)
    known = cells[CELL].assign(
        cell=np.arange(len(cells)),
        below_rate=((agreed - cells["lo_80_qty"]) / agreed).clip(lower=0.0),
        above_rate=((cells["hi_80_qty"] - agreed) / agreed).clip(lower=0.0),
        price=cells["price_value"],
        margin=cells["unit_margin_value"],
    )
    joined = rows.merge(known, on=CELL, how="left", validate="many_to_one")
    is_overdue = (joined["demand_class"] == "overdue").to_numpy()
    found = pd.DataFrame(
        {
            "place": index.get_indexer(pd.MultiIndex.from_frame(joined[PLACE])),
            "month": case.periods.get_indexer(pd.DatetimeIndex(joined["period"])),
            "priority": joined["priority"].to_numpy(),
            "late": joined["customer"].map(service).fillna(usual).to_numpy(float) >= 1,
            "is_overdue": is_overdue,
            "middle": joined["demand_qty"].to_numpy(float),
            "cell": joined["cell"].fillna(-1).to_numpy(int),
        }
    )
    for name in ("below_rate", "above_rate", "price", "margin"):
        found[name] = joined[name].fillna(0.0).to_numpy(float)
    return found[found["place"] >= 0].reset_index(drop=True)


def build_want(rows: pd.DataFrame, inside: Array, rate: Array) -> Want:
    """Return demand with a level at `rate` times its forecast, ranges widened alike.

    Args:
        rows: what `join_wants` returned.
        inside: which cells lie under the level.
        rate: by month of the case; 1 leaves the forecast.
    """
    months = len(rate)
    keys = ["place", "priority", "late"]
    groups = rows[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    of = groups.reset_index().merge(rows[keys], on=keys, how="right")["index"].to_numpy(int)
    month, new = rows["month"].to_numpy(int), ~rows["is_overdue"].to_numpy(bool)
    under = np.append(inside, False)[rows["cell"].to_numpy(int)] & new
    middle = rows["middle"].to_numpy(float) * np.where(under, rate[month], 1.0)

    def spread(amount: Array) -> Array:
        flat = np.bincount(of * months + month, amount, minlength=len(groups) * months)
        return flat.reshape(len(groups), months)

    whole, own = spread(middle * new), spread(middle * under)
    return Want(
        place=groups["place"].to_numpy(int),
        priority=groups["priority"].to_numpy(int),
        late=groups["late"].to_numpy(bool),
        middle=whole,
        below=spread(middle * new * rows["below_rate"].to_numpy(float)),
        above=spread(middle * new * rows["above_rate"].to_numpy(float)),
        share=_per(own, whole),
        price=_per(spread(middle * under * rows["price"].to_numpy(float)), own),
        margin=_per(spread(middle * under * rows["margin"].to_numpy(float)), own),
        overdue=spread(middle * ~new).sum(axis=1),
    )


def _per(top: Array, bottom: Array) -> Array:
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)


def raise_levels(net: Net, before: Want, after: Want) -> tuple[Array, Array]:
    """Return levels to order up to, and what ways draw, once the target is planned for.

    What the target asks more of each place, month by month, runs up the network by the plan's
    shares. Where a resource lacks the hours in a month, the excess is made in the nearest earlier
    months that have hours left.

    Returns:
        `Net.level` and `Net.drawn` with the target.
    """
    case, months = net.case, len(net.case.periods)
    more = np.zeros((len(case.places), months))
    for want, sign in ((after, 1.0), (before, -1.0)):
        np.add.at(more, want.place, sign * want.middle)
    if not more.any():
        return net.level, net.drawn
    flow = np.zeros((len(case.ways), months))
    drawn, stock = np.zeros_like(more), np.zeros_like(more)
    asked = more.copy()
    for layer, ways in zip(net.layers, net.layer_ways, strict=True):
        asked[layer] += drawn[layer]
        if not len(ways):
            continue
        to = case.ways["place"].to_numpy(int)[ways]
        ahead = _shift_back(asked[to], case.ways, ways)
        flow[ways] = net.share[ways] * ahead
        early = _build_ahead(net, flow, ways)
        flow[ways] += np.diff(early, axis=1, prepend=0.0)
        held = np.zeros_like(stock)
        np.add.at(held, to, early)
        stock += held
        for month in range(months):
            drawn[:, month] += net.uses[month][:, ways] @ flow[ways, month]
    gone = np.cumsum(more + drawn, axis=1) - (more + drawn)
    came = np.zeros_like(more)
    np.add.at(came, case.ways["place"].to_numpy(int), flow)
    return net.level + np.cumsum(came, axis=1) - gone, net.drawn + drawn


def _shift_back(asked: Array, ways: pd.DataFrame, rows: Array) -> Array:
    """Return what must be started when to arrive as asked, whole months and shares of one."""
    lead = ways["lead_months"].to_numpy(int)[rows] + ways["late_share"].to_numpy(float)[rows]
    months = asked.shape[1]
    cum = np.cumsum(asked, axis=1)
    at = np.minimum(np.arange(months)[None, :] + lead[:, None], months - 1)
    low = np.floor(at).astype(int)
    part = at - low
    row = np.arange(len(asked))[:, None]
    high = np.minimum(low + 1, months - 1)
    wanted = (1 - part) * cum[row, low] + part * cum[row, high]
    return np.diff(wanted, axis=1, prepend=0.0)


def _build_ahead(net: Net, flow: Array, ways: Array) -> Array:
    """Return what each way has made ahead by the end of a month, for lack of hours later."""
    hours = net.hours[:, ways]
    extra = np.stack([hours @ flow[ways, m] for m in range(flow.shape[1])], axis=1)
    most = net.case.regular_hours + net.case.overtime_hours
    load = np.stack([net.hours @ net.planned[:, m] for m in range(flow.shape[1])], axis=1)
    spare = most - load
    early = np.zeros_like(extra)
    for month in range(flow.shape[1] - 2, -1, -1):
        late = extra[:, month + 1] + early[:, month + 1] - spare[:, month + 1]
        early[:, month] = np.maximum(late, 0.0)
    if not early.any():
        return np.zeros((len(ways), flow.shape[1]))
    rate = np.zeros_like(early)
    ahead = np.cumsum(np.maximum(extra, 0)[:, ::-1], axis=1)[:, ::-1] - np.maximum(extra, 0)
    rate = np.where(ahead > 1e-9, early / np.where(ahead > 1e-9, ahead, 1.0), 0.0)
    own = np.maximum(flow[ways], 0.0)
    left = np.cumsum(own[:, ::-1], axis=1)[:, ::-1] - own
    found = np.zeros_like(left)
    matrix = hours.tocoo()
    for resource, way in zip(matrix.row, matrix.col, strict=True):
        found[way] = np.maximum(found[way], np.minimum(rate[resource], 1.0) * left[way])
    return found
