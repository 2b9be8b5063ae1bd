"""Agreed shares of suppliers in what is bought of an item at a place, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.tables import PLACE

Array = np.ndarray
GAP_SHARE = 0.2


@dataclass(frozen=True)
class Shares:
    """Shares of purchases.

    Args:
        least, most: share of the way in what is bought at its place (ways x periods); 0 and 1
            without an agreement, and for all that is not bought.
        way, other: ways with a share, each with every way that buys for the same place.
    """

    least: Array
    most: Array
    way: Array
    other: Array


def prepare_shares(tables: SupplyTables, ways: pd.DataFrame, periods: pd.DatetimeIndex) -> Shares:
    """Return what the rule needs; the share that holds in a month is that of the dated term."""
    shape = (len(ways), len(periods))
    least, most = np.zeros(shape), np.ones(shape)
    terms = tables.purchase_term
    if (terms["min_share_rate"] > 0).any() or (terms["max_share_rate"] < 1).any():
        bought = ways[ways["flow_kind"] == "buy"].rename(columns={"source": "supplier"})
        asked = bought.loc[bought.index.repeat(len(periods))]
        asked = asked.assign(period=np.tile(periods.to_numpy(), len(bought)))
        asked = asked.reset_index(drop=True)
        on = ["supplier", *PLACE]
        for found, column in ((least, "min_share_rate"), (most, "max_share_rate")):
            rates = value_on(asked, terms, column, on, "location").to_numpy(float)
            found[bought.index] = rates.reshape(-1, len(periods))
    agreed = pd.Series((least > 0).any(axis=1) | (most < 1).any(axis=1), index=ways.index)
    way, other = _pair_ways(ways, agreed)
    return Shares(least, most, way, other)


def _pair_ways(ways: pd.DataFrame, agreed: pd.Series) -> tuple[Array, Array]:
    """Return each way with a share beside every way that buys the item for the same place."""
    bought = ways[ways["flow_kind"] == "buy"][["place"]].reset_index(names="other")
    mine = ways.loc[agreed, ["place"]].reset_index(names="way")
    pairs = mine.merge(bought, on="place", how="inner", validate="many_to_many")
    return pairs["way"].to_numpy(int), pairs["other"].to_numpy(int)


def add_shares(model: Model, shares: Shares, *, firm: Array, firm_price: Array) -> None:
    """Add the rule to the model.

    Rows `share_least`: flow >= least share x what all suppliers of the place get; `share_most`:
    flow <= most share x that. Where last month's plan is firm for the place, the shares give way
    at a price (`share_gap`, a fifth of the price of breaking the fence), so that the two never
    contradict each other.

    Args:
        firm: what must be kept of the released plan (ways x periods).
        firm_price: money a unit of it (ways).
    """
    if not len(shares.way):
        return
    held = np.zeros(firm.shape)
    np.add.at(held, shares.way, firm[shares.other])
    price = np.repeat(GAP_SHARE * firm_price[:, None], firm.shape[1], axis=1)
    own = np.unique(shares.way)
    for name, share, sign, keep in (
        ("share_least", shares.least, 1.0, shares.least > 0),
        ("share_most", shares.most, -1.0, shares.most < 1),
    ):
        if not keep.any():
            continue
        terms = [
            Term("flow", sign, pick=own, to=own),
            Term("flow", -sign * share[shares.way], pick=shares.other, to=shares.way),
        ]
        loose = keep & (held > 0)
        if loose.any():
            gap = name.replace("share", "share_gap")
            no_limit = np.full(firm.shape, np.inf)
            model.blocks[gap] = Block("way", no_limit, {"over_limit": price}, keep=loose)
            terms.append(Term(gap))
        model.rows[name] = Rows(
            "way", np.zeros(firm.shape), np.full(firm.shape, np.inf), terms, keep
        )
