"""Two numbers for one thing: people's forecasts, budget and targets beside the plan, in money."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import LEVEL, add_family, sum_matching
from sopkit.tables import ALL

SIDES = ["family", "kind", "first_owner", "second_owner"]
PAIR = [*SIDES, "period", "first_value", "second_value"]
ORDER_BOOK = "orders"
OWNERS = ["demand_planner", "supply_planner", "sales_owner"]


def find_owners(responsibility: pd.DataFrame, family: pd.DataFrame) -> pd.DataFrame:
    """Return who answers for each family's numbers: its own row first, else the row for all.

    Args:
        responsibility: contract `responsibility`; the first row of a family counts.
        family: frame with a column `family`.

    Returns:
        One row per family, sorted: `demand_planner`, `supply_planner`, `sales_owner`; blank
        where nobody is named.
    """
    families = family[["family"]].drop_duplicates().sort_values("family", ignore_index=True)
    first = responsibility.groupby("family", as_index=False)[OWNERS].first()
    owners = families.merge(first, on="family", how="left", validate="one_to_one")
    common = first[first["family"] == ALL]
    if len(common):
        owners[OWNERS] = owners[OWNERS].fillna(common.iloc[0][OWNERS])
    return owners


def keep_weighted(stream: pd.DataFrame, stream_value: pd.DataFrame) -> pd.DataFrame:
    """Return people's streams that are heard in a conflict.

    A stream that has proved worse than the baseline opens no conflict; one that nobody could judge
    yet (too few months), or that a planner refused, does. The order book is nobody's opinion.

    Args:
        stream: contract `forecast_stream` or `demand_stream`.
        stream_value: contract `stream_value`.
    """
    keys = ["stream", "owner"]
    source = stream_value.get("source", pd.Series("learned", index=stream_value.index))
    judged = stream_value.assign(unproved=source.isin(["too_few", "refused"]))
    judged = judged.groupby(keys, as_index=False)[["weight_rate", "unproved"]].max()
    named = stream.assign(owner=stream["owner"].fillna(stream["stream"]))
    scored = named.merge(judged, on=keys, how="left", validate="many_to_one")
    lost = (scored["weight_rate"] <= 0) & ~scored["unproved"].eq(True)
    kept = ~lost & (scored["stream"] != ORDER_BOOK)
    return stream[kept.to_numpy()].reset_index(drop=True)


def compare_streams(
    stream: pd.DataFrame, cells: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame
) -> pd.DataFrame:
    """Set people's forecasts of this cycle beside the plan, in money, by family and month.

    Numbers given at different levels (items, a whole family) stay apart, since they may be about
    the same; so do the streams of one owner. Where several owners share out one level of a stream
    (regions, say), their sum stands beside each one's own, in the name of the family's sales owner.

    Args:
        stream: contract `forecast_stream`, rows of this cycle alone, at any level.
        cells: `item`, `location`, `customer`, `period`, `demand_qty`, `demand_value` and
            `revenue_value` (net revenue of agreed demand and of the plan).
        item: contract `item`.
        owners: what `find_owners` returned.

    Returns:
        One row per family, stream, level, owner and month, as `find_conflicts` takes them: kind
        `sales_supply`, `first_value` the forecast at the mean net price of the demand it covers
        (where there is none, of its item or family over all months), `second_value` the plan's
        revenue, `demand_value` agreed demand under the same level. Months that are not planned,
        and things that nobody plans in any month, are left out.

    Example:
        Sales says 30 of A at a price of 10, the plan serves 18: 300 against 180.
    """
    cells = add_family(cells, item)
    amounts = ["demand_qty", "demand_value", "revenue_value"]
    rows = _add_prices(sum_matching(stream, cells, amounts), cells, item)
    rows = rows.assign(kind="sales_supply", first_value=rows["forecast_qty"] * rows["price"])
    rows = rows.rename(columns={"revenue_value": "second_value"})
    rows = rows.merge(owners, on="family", how="left", validate="many_to_one")
    rows["second_owner"] = rows["supply_planner"].fillna("supply_planner")
    named = rows["owner"].fillna(rows["sales_owner"]).fillna(rows["stream"])
    team = _sum_teams(rows)
    team["first_owner"] = team["sales_owner"].fillna(team["stream"])
    both = (
        pd.concat([rows.assign(first_owner=named), team])
        if len(team)
        else rows.assign(first_owner=named)
    )
    keys = [*SIDES, "stream", "level", "period"]
    values = ["first_value", "second_value", "demand_value"]
    return both.groupby(keys, as_index=False, dropna=False)[values].sum()


def _add_prices(rows: pd.DataFrame, cells: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return rows of planned months with `family`, `level` and `price`; without price left out."""
    rows = rows[rows["period"].isin(cells["period"])].reset_index(drop=True)
    own = rows["item"].map(item.set_index("item")["family"]).fillna("other")
    level = (rows[LEVEL] != ALL).astype(int).dot([8, 4, 2, 1])
    rows = rows.assign(family=rows["family"].where(rows["item"] == ALL, own), level=level)
    price = rows["demand_value"] / rows["demand_qty"].where(rows["demand_qty"] > 0)
    for name in ("item", "family"):
        sums = cells.groupby(name)[["demand_qty", "demand_value"]].sum()
        usual = sums["demand_value"] / sums["demand_qty"].where(sums["demand_qty"] > 0)
        price = price.fillna(rows[name].map(usual))
    known = rows.assign(price=price)[price.notna().to_numpy()]
    amounts = ["demand_qty", "demand_value", "revenue_value"]
    return known.fillna(dict.fromkeys(amounts, 0.0)).reset_index(drop=True)


def _sum_teams(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of streams whose level several owners share out, none speaking twice."""
    by = ["family", "stream", "level"]
    doubled = rows.duplicated([*by, *LEVEL, "period"], keep=False)
    members = rows.groupby(by)["owner"].transform("nunique")
    twice = doubled.groupby([rows[name] for name in by]).transform("any")
    return rows[(members > 1) & ~twice].reset_index(drop=True)


def compare_budget(
    cells: pd.DataFrame, budget: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame
) -> pd.DataFrame:
    """Set agreed demand beside the budget, in money, by family and month, where both are.

    Where a family is budgeted for some locations or customers only, demand there alone counts.

    Args:
        cells: as in `compare_streams`.
        budget: contract `budget`.
        item: contract `item`.
        owners: what `find_owners` returned.

    Returns:
        Rows as `find_conflicts` takes them: kind `sales_finance`, `first_value` the budget,
        `second_value` agreed demand at net price. The budget's owner is `finance`.
    """
    keys = ["family", "period"]
    planned = add_family(budget[["item", "location", "customer", "period", "budget_value"]], item)
    wanted = planned.groupby(keys, as_index=False)["budget_value"].sum()
    covered = _keep_budgeted(add_family(cells, item), planned)
    agreed = covered.groupby(keys, as_index=False)["demand_value"].sum()
    rows = wanted.merge(agreed, on=keys, how="inner", validate="one_to_one")
    rows = rows.merge(owners, on="family", how="left", validate="many_to_one")
    rows = rows.rename(columns={"budget_value": "first_value"})
    rows = rows.assign(
        kind="sales_finance",
        second_value=rows["demand_value"],
        first_owner="finance",
        second_owner=rows["demand_planner"].fillna("demand_planner"),
    )
    return rows[[*PAIR, "demand_value"]]


def _keep_budgeted(cells: pd.DataFrame, budget: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of locations and customers that their family's budget names."""
    for name in ("location", "customer"):
        named = pd.MultiIndex.from_frame(budget[["family", name]].drop_duplicates())
        whole = cells["family"].isin(budget.loc[budget[name] == ALL, "family"])
        inside = pd.MultiIndex.from_frame(cells[["family", name]]).isin(named)
        cells = cells[whole.to_numpy() | inside]
    return cells


def to_target_pairs(targets: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Turn targets that are not past into rows for `find_conflicts`: target, then plan.

    Targets of different locations, customers or owners stay apart, since one may hold the other.

    Args:
        targets: what `compare_targets` returned.
        owners: what `find_owners` returned.

    Returns:
        Rows as `find_conflicts` takes them: kind `target_plan`, `period` the first and
        `last_period` the last month of the target. Where nobody is named for a family, the role
        stands there (`sales_owner`, `supply_planner`, `demand_planner`), here as in the others.
    """
    open_ones = targets[(targets["stage"] != "past") & targets["gap_value"].notna()]
    rows = open_ones.merge(owners, on="family", how="left", validate="many_to_one")
    team = rows["sales_owner"].fillna("sales_owner")
    last = rows["period"].dt.to_period("M") + (rows["span_months"].astype(int) - 1).to_numpy()
    rows = rows.assign(
        kind="target_plan",
        first_value=rows["reached_value"] - rows["gap_value"],
        second_value=rows["reached_value"],
        first_owner=rows["owner"].where(rows["owner"] != ALL, team),
        second_owner=rows["supply_planner"].fillna("supply_planner"),
        last_period=last.dt.to_timestamp(),
    )
    return rows[[*PAIR, "location", "customer", "last_period"]]
