"""Fences: the released plan inside frozen days, the price of a change in slushy days after them.

Days are counted from the first day of the first month. A month that lies partly inside the fence is
frozen for that share of its days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

Array = np.ndarray
WAY_KEY = ["flow_kind", *PLACE, "source"]
DAYS = ["frozen_days", "slushy_days"]
DECIMALS = 6


@dataclass(frozen=True)
class Fences:
    """Released flows and how firm each month is (all ways x periods).

    Args:
        frozen: share of the month's days inside the fence, 0..1.
        nearness: mean nearness to the fence of the month's days: 1 at the fence, falling to 0 at
            the end of the slushy days; 0 elsewhere.
        released: what last month's plan wanted started; 0 where there is no such plan.
        is_first: no plan was released; nothing new is started inside the fence, and a change has
            no price.
        warnings: released rows that no way of today can carry out.
    """

    frozen: Array
    nearness: Array
    released: Array
    is_first: bool
    warnings: pd.DataFrame

    def firm(self) -> Array:
        """Return what must be kept of the released plan."""
        return self.frozen * self.released

    def most(self, month_limit: Array) -> Array:
        """Return the most that may be started: what is firm, and what the free days can do.

        Args:
            month_limit: what the whole month could do (ways x periods); infinite without limit.

        Example:
            40 released, half the month frozen, a line that could do 100 a month: 20 + 50 = 70.
        """
        free = np.where(self.frozen < 1, (1 - self.frozen), 0.0)
        with np.errstate(invalid="ignore"):
            new = np.where(free > 0, free * month_limit, 0.0)
        return np.where(self.frozen > 0, self.firm() + new, np.inf)


def prepare_fences(tables: SupplyTables, ways: pd.DataFrame, periods: pd.DatetimeIndex) -> Fences:
    """Return what the rule needs.

    Args:
        ways: see `list_ways`.
    """
    frozen, slushy = list_fence_days(tables, ways, periods[0])
    start, end = month_days(periods)
    released, warnings = _spread_released(tables.released_plan, ways, periods)
    return Fences(
        frozen=frozen_share(frozen, start, end),
        nearness=mean_nearness(frozen, slushy, start, end),
        released=released,
        is_first=tables.released_plan.empty,
        warnings=warnings,
    )


def month_days(periods: pd.DatetimeIndex) -> tuple[Array, Array]:
    """Return the days from the first day of the first month to each month's start and end."""
    ends = periods + pd.offsets.MonthBegin(1)
    first = periods[0]
    return (periods - first).days.to_numpy(float), (ends - first).days.to_numpy(float)


def frozen_share(frozen_days: Array, start: Array, end: Array) -> Array:
    """Return the share of each month that lies inside the fence (ways x periods).

    Example:
        45 frozen days from 1 April: April 1, May 15/31, June 0.
    """
    return np.clip((frozen_days[:, None] - start) / (end - start), 0.0, 1.0)


def mean_nearness(frozen_days: Array, slushy_days: Array, start: Array, end: Array) -> Array:
    """Return how near the fence a month's days are on average (ways x periods).

    A day x days after the first counts 1 - (x - frozen) / slushy inside the slushy days, else 0;
    the mean is the integral of that over the month, divided by its days.

    Example:
        No frozen and 60 slushy days, months of 30 days: 0.75, then 0.25, then 0.
    """
    fence, span = frozen_days[:, None], slushy_days[:, None]
    low = np.clip(start - fence, 0.0, span)
    high = np.clip(end - fence, 0.0, span)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (high - low) - (high**2 - low**2) / (2 * span)
    return np.where(span > 0, area, 0.0) / (end - start)


def list_fence_days(
    tables: SupplyTables, ways: pd.DataFrame, first: pd.Timestamp
) -> tuple[Array, Array]:
    """Return frozen and slushy days of each way: of its operation, purchase term or lane."""
    found = np.zeros((2, len(ways)))
    if not any(
        (frame[name] > 0).any()
        for frame in (tables.operation, tables.purchase_term, tables.lane)
        for name in DAYS
    ):
        return found[0], found[1]
    kind = ways["flow_kind"].to_numpy()
    bought = ways[kind == "buy"].assign(supplier=lambda w: w["source"], period=first)
    sent = ways[kind == "move"]
    made = ways.loc[kind == "make", "source"]
    operation, terms = tables.operation.set_index("operation"), tables.purchase_term
    for row, name in enumerate(DAYS):
        found[row, kind == "make"] = operation[name].reindex(made).to_numpy(float)
        found[row, kind == "buy"] = value_on(bought, terms, name, ["supplier", *PLACE], "location")
        found[row, kind == "move"] = _days_of_lanes(tables.lane, sent, name)
    found = np.nan_to_num(found, nan=0.0)
    return found[0], found[1]


def _days_of_lanes(lane: pd.DataFrame, sent: pd.DataFrame, name: str) -> Array:
    """Return the days of the item's own lane, else of the lane for all items."""
    days = lane.set_index(["from_location", "to_location", "item"])[name]
    ends = [sent["source"], sent["location"]]
    own = days.reindex(pd.MultiIndex.from_arrays([*ends, sent["item"]]))
    pooled = days.reindex(pd.MultiIndex.from_arrays([*ends, pd.Series(ALL, index=sent.index)]))
    return np.where(own.isna(), pooled.to_numpy(float), own.to_numpy(float))


def _spread_released(
    released_plan: pd.DataFrame, ways: pd.DataFrame, periods: pd.DatetimeIndex
) -> tuple[Array, pd.DataFrame]:
    """Return released flows by way and month, and what of them has no way or month today."""
    released = np.zeros((len(ways), len(periods)))
    rows = released_plan[released_plan["flow_qty"] > 0]
    at = pd.MultiIndex.from_frame(ways[WAY_KEY]).get_indexer(
        pd.MultiIndex.from_frame(rows[WAY_KEY])
    )
    month = periods.get_indexer(pd.Index(rows["period"]))
    known = (at >= 0) & (month >= 0)
    np.add.at(released, (at[known], month[known]), rows["flow_qty"].to_numpy(float)[known])
    past = (rows["period"] < periods[0]).to_numpy()
    found = [
        _warn(rows[(at < 0) & ~past], "released_unknown"),
        _warn(rows[past], "released_past"),
    ]
    return released, pd.concat(found, ignore_index=True)


def _warn(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return a warning per way, with the quantity that is not planned."""
    sums = rows.groupby(WAY_KEY, as_index=False)[["flow_qty"]].sum()
    subject = sums[WAY_KEY].astype(str).agg(", ".join, axis=1) if len(sums) else None
    return pd.DataFrame(
        {
            "severity": "warning",
            "kind": kind,
            "table": "released_plan",
            "subject": subject,
            "value": [f"{qty:g}" for qty in sums["flow_qty"]],
            "advice": "It is left out of the plan; see that nobody still works on it.",
        },
        columns=["severity", "kind", "table", "subject", "value", "advice"],
        index=sums.index,
    )


def add_fences(
    model: Model, fences: Fences, *, month_limit: Array, change_price: Array, firm_price: Array
) -> None:
    """Add the rule to the model.

    Bound of `flow`: at most what is firm and what the free days of the month can do. Variables
    `added` and `removed` (against the released plan, priced by nearness) and `withdrawn` (of what
    is firm, at a price above any sale), rows `released`: flow - added + removed + withdrawn =
    released; where a change has no price: flow + withdrawn >= firm.

    Args:
        month_limit: what a whole month could do (ways x periods).
        change_price: money a unit changed at the fence (ways).
        firm_price: money a unit taken from what is firm (ways).
    """
    flow = model.blocks["flow"]
    if fences.frozen.any():
        most = np.minimum(flow.upper, fences.most(month_limit))
        model.blocks["flow"] = replace(flow, upper=most)
    firm = fences.firm()
    price = change_price[:, None] * fences.nearness * (0.0 if fences.is_first else 1.0)
    priced = price > 0
    keep = priced | (firm > 0)
    if not keep.any():
        return
    no_limit = np.full_like(firm, np.inf)
    loose = fences.released - firm
    dear = np.where(firm > 0, firm_price[:, None], 0.0)
    terms = [Term("flow")]
    if priced.any():
        model.blocks["added"] = Block("way", no_limit, {"change": price}, keep=priced)
        model.blocks["removed"] = Block("way", loose, {"change": price}, keep=priced & (loose > 0))
        terms += [Term("added", -1.0), Term("removed")]
    if (firm > 0).any():
        model.blocks["withdrawn"] = Block("way", firm, {"change": dear}, keep=firm > 0)
        terms.append(Term("withdrawn"))
    lower = np.where(priced, fences.released, firm)
    upper = np.where(priced, fences.released, np.inf)
    model.rows["released"] = Rows("way", lower, upper, terms, keep)


def read_changes(
    ways: pd.DataFrame, fences: Fences, model: Model, values: dict[str, Array]
) -> pd.DataFrame:
    """Return what the plan changes of the released plan inside frozen and slushy days.

    Returns:
        Contract `plan_change`; empty in a first cycle.
    """
    flow = values["flow"]
    change = np.round(flow - fences.released, DECIMALS)
    near = (fences.frozen > 0) | (fences.nearness > 0)
    way, month = np.nonzero(near & (change != 0) & (not fences.is_first))
    cost = np.zeros_like(flow)
    for name in ("added", "removed", "withdrawn"):
        if name in model.blocks:
            cost = cost + values[name] * model.blocks[name].prices["change"]
    broken = np.maximum(np.round(fences.firm() - flow, DECIMALS), 0.0)
    rows = ways[WAY_KEY].iloc[way].reset_index(drop=True)
    rows = rows.assign(
        period=model.periods[month],
        zone=np.where(fences.frozen[way, month] > 0, "frozen", "slushy"),
        released_qty=fences.released[way, month],
        flow_qty=flow[way, month],
        change_qty=change[way, month],
        broken_qty=broken[way, month],
        cost_value=np.round(cost[way, month], DECIMALS),
    )
    return fit_columns(rows, TABLES["plan_change"])
