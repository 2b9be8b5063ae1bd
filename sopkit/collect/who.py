"""Who is asked for what: senders, and the rows of each sender's sheet.

A *sender* is a role that answers for a number in one stream, such as sales. Sales owners come from
`responsibility`; whoever gave another stream in the last cycle (marketing, finance, a customer) is
asked again for the same cells.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import pandas as pd

from sopkit.demand.levels import LEVEL, add_family, group_by_level
from sopkit.tables import ALL, LEAF

SALES = "sales"
SENDER = ["stream", "owner"]
ROW = [*SENDER, *LEVEL]
NAMED = ["family", "location", "channel"]
SILENT = ("ended", "none")
MAX_SILENT_CYCLES = 3


class Asked(NamedTuple):
    """Rows that are asked for (ROW), and the leaves nobody answers for (LEAF and family)."""

    rows: pd.DataFrame
    unowned: pd.DataFrame


def list_rows(
    demand: pd.DataFrame,
    segment: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    responsibility: pd.DataFrame,
    streams: pd.DataFrame,
    *,
    cycle: str,
    months: int,
    by_customer: bool = False,
) -> Asked:
    """Say which sender is asked for which cells.

    A sales row is an item-location, or an item-location-customer where several owners share the
    customers of a place (or `by_customer`). A row of another stream is at the level at which its
    sender gave it last.

    Args:
        demand: contract `consensus_demand` of the cycle; its leaves are what can be asked for.
        segment: contract; ended and never sold item-locations without demand ahead are left out.
        item: contract `item`.
        customer: contract `customer`, for channels.
        responsibility: contract; the row that names most wins, see `find_owner`.
        streams: contract `forecast_stream`, earlier cycles.
        cycle: the month planned first.
        months: months asked for.

    Example:
        Item A at D1 for channels KA and DT, both of the sales lead: one row, customer `all`.
        KA of one owner and DT of another: a row for each customer.
    """
    leaves = add_channel(find_leaves(demand, segment, item, months), customer)
    owned = leaves.assign(owner=find_owner(leaves, responsibility))
    sales = _to_places(owned.dropna(subset=["owner"]), by_customer).assign(stream=SALES)
    covered = {SALES} if len(sales) else set()
    others = list_past_rows(streams, leaves, cycle, covered)
    parts = [part[ROW] for part in (sales, others) if len(part)] or [sales[ROW]]
    rows = pd.concat(parts).sort_values(ROW, kind="stable", ignore_index=True)
    unowned = owned.loc[owned["owner"].isna(), [*LEAF, "family"]].reset_index(drop=True)
    return Asked(rows, unowned if len(sales) else unowned.iloc[:0])


def find_leaves(
    demand: pd.DataFrame, segment: pd.DataFrame, item: pd.DataFrame, months: int
) -> pd.DataFrame:
    """Return the leaves worth asking for, with their family: alive, or with demand ahead.

    Example:
        An ended item without demand in the months asked for is left out.
    """
    last = demand["period"].min() + pd.DateOffset(months=months - 1)
    ahead = demand[demand["period"] <= last].groupby(LEAF, as_index=False)["demand_qty"].sum()
    known = ahead.merge(
        segment[["item", "location", "pattern"]],
        on=["item", "location"],
        how="left",
        validate="many_to_one",
    )
    wanted = (known["demand_qty"] > 0) | ~known["pattern"].isin(SILENT)
    return add_family(known.loc[wanted, LEAF], item).reset_index(drop=True)


def add_channel(leaves: pd.DataFrame, customer: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the channel of their customer; `all` where the master has none."""
    known = leaves.merge(
        customer[["customer", "channel"]], on="customer", how="left", validate="many_to_one"
    )
    return known.fillna({"channel": ALL})


def find_owner(
    rows: pd.DataFrame, responsibility: pd.DataFrame, role: str = "sales_owner"
) -> pd.Series:
    """Return who answers for each row: of the responsibilities that fit, the one that names most.

    Where two name as much, family counts before location before channel.

    Args:
        rows: `family`, `location`, `channel`.
        responsibility: contract; `all` stands for every code.

    Example:
        Rows (WATER, all) -> Li and (all, D1) -> Wang: water at D1 is Li's, tea at D1 is Wang's.
    """
    named = responsibility[responsibility[role].notna() & (responsibility[role] != "")]
    owner = pd.Series(None, index=rows.index, dtype=object)
    for count in range(len(NAMED), -1, -1):
        for key in combinations(NAMED, count):
            flags = [(named[name] != ALL) == (name in key) for name in NAMED]
            fitting = named[pd.concat(flags, axis=1).all(axis=1)]
            found = _look_up(rows, fitting, list(key), role)
            owner = owner.where(owner.notna(), found)
    return owner


def _look_up(rows: pd.DataFrame, fitting: pd.DataFrame, key: list[str], role: str) -> pd.Series:
    if fitting.empty:
        return pd.Series(None, index=rows.index, dtype=object)
    if not key:
        return pd.Series(fitting[role].iloc[0], index=rows.index, dtype=object)
    first = fitting.drop_duplicates(key)[[*key, role]]
    found = rows[key].merge(first, on=key, how="left", validate="many_to_one")[role]
    return found.astype(object).where(found.notna(), None).set_axis(rows.index)


def _to_places(owned: pd.DataFrame, by_customer: bool) -> pd.DataFrame:
    """Return a row an item-location and owner; by customer where owners share a place."""
    owners = owned.groupby(["item", "location"])["owner"].transform("nunique")
    shared = by_customer | (owners > 1)
    customer = owned["customer"].where(shared, ALL)
    rows = owned.assign(customer=customer, family=ALL)
    return rows.drop_duplicates([*LEAF, "owner"])


def list_past_rows(
    streams: pd.DataFrame, leaves: pd.DataFrame, cycle: str, covered: set[str]
) -> pd.DataFrame:
    """Return the cells that other senders gave last, as ROW, where something can still be sold.

    Args:
        streams: contract `forecast_stream`.
        leaves: LEVEL of what can be asked for.
        covered: streams whose senders are known from elsewhere.
    """
    last = find_last_cycles(streams, cycle)
    given = streams[~streams["stream"].isin(covered)].merge(
        last, on=["stream", "cycle"], how="inner", validate="many_to_one"
    )
    given = given.assign(owner=given["owner"].fillna(given["stream"]))
    cells = given[ROW].drop_duplicates(["stream", *LEVEL])
    kept = [
        cells_of.merge(leaves[named].drop_duplicates(), on=named, how="inner")
        if named
        else cells_of
        for named, cells_of in group_by_level(cells)
    ]
    return pd.concat(kept) if kept else cells


def find_last_cycles(streams: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return for each stream the newest earlier cycle in which it spoke, three back at most.

    Returns:
        `stream`, `cycle`, one row a stream.
    """
    oldest = (pd.Period(cycle, "M") - MAX_SILENT_CYCLES).strftime("%Y-%m")
    recent = streams[(streams["cycle"] < cycle) & (streams["cycle"] >= oldest)]
    return recent.groupby("stream", as_index=False).agg(cycle=("cycle", "max"))
