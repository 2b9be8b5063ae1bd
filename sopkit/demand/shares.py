"""Item-location numbers to customers, by what each took lately."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import ALL, PLACE


def find_customer_shares(
    history: pd.DataFrame, item: pd.DataFrame, places: pd.DataFrame, months: int = 12
) -> pd.DataFrame:
    """Return each customer's share of an item-location; the shares of a place sum to 1.

    The item's own last `months`; without sales there the like-item's at the location, then the
    family's, then the location's; a location that never sold gets customer `all`.

    Args:
        history: contract `demand_history`.
        item: contract `item`.
        places: item-locations to split, columns `item`, `location`.

    Returns:
        (item, location, customer) with `share` > 0.

    Example:
        Customers that took 30 and 10 in the last year: 0.75 and 0.25.
    """
    master = item[["item", "family", "like_item"]]
    wanted = (
        places[PLACE].drop_duplicates().merge(master, on="item", how="left", validate="many_to_one")
    )
    since = history["period"].max() - pd.DateOffset(months=months)
    recent = history[(history["period"] > since) & (history["cleaned_qty"] > 0)]
    recent = recent.merge(item[["item", "family"]], on="item", how="left", validate="many_to_one")
    own = _sum_by(recent, PLACE)
    like = own.rename(columns={"item": "like_item"})
    sources = [
        (own, PLACE),
        (like, ["like_item", "location"]),
        (_sum_by(recent, ["family", "location"]), ["family", "location"]),
        (_sum_by(recent, ["location"]), ["location"]),
    ]
    found, left = [], wanted
    for source, key in sources:
        found.append(left.merge(source, on=key, how="inner")[[*PLACE, "customer", "taken_qty"]])
        done = pd.MultiIndex.from_frame(found[-1][PLACE])
        left = left[~pd.MultiIndex.from_frame(left[PLACE]).isin(done)]
    found.append(left[PLACE].assign(customer=ALL, taken_qty=1.0))
    taken = pd.concat([part for part in found if len(part)] or found[-1:], ignore_index=True)
    total = taken.groupby(PLACE)["taken_qty"].transform("sum")
    shares = taken.assign(share=taken["taken_qty"] / total).drop(columns="taken_qty")
    return shares.sort_values([*PLACE, "customer"], kind="stable", ignore_index=True)


def split_to_customers(
    rows: pd.DataFrame, shares: pd.DataFrame, amounts: list[str]
) -> pd.DataFrame:
    """Give each customer its share of every amount of an item-location.

    Example:
        100 units, shares 0.75 and 0.25: 75 and 25.
    """
    split = rows.merge(shares, on=PLACE, how="left", validate="many_to_many")
    for amount in amounts:
        split[amount] = split[amount] * split["share"]
    return split.drop(columns="share")


def _sum_by(recent: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    summed = recent.groupby([*key, "customer"], as_index=False).agg(
        taken_qty=("cleaned_qty", "sum")
    )
    return summed
