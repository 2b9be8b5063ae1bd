"""Conflicts: where the numbers of sales, supply and finance differ by more than a threshold."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import add_family, sum_matching
from sopkit.tables import ALL

SIDES = ["family", "kind", "first_owner", "second_owner"]
PAIR = [*SIDES, "period", "first_value", "second_value"]


def find_owners(responsibility: pd.DataFrame, family: pd.DataFrame) -> pd.DataFrame:
    """Return who answers for each family's numbers: its own row first, else the row for all.

    Args:
        responsibility: contract `responsibility`; the first row of a family counts.
        family: frame with a column `family`.

    Returns:
        One row per family, sorted: `demand_planner`, `supply_planner`, `sales_owner`; blank
        where nobody is named.
    """
    roles = ["demand_planner", "supply_planner", "sales_owner"]
    families = family[["family"]].drop_duplicates().sort_values("family", ignore_index=True)
    first = responsibility.groupby("family", as_index=False)[roles].first()
    owners = families.merge(first, on="family", how="left", validate="one_to_one")
    common = first[first["family"] == ALL]
    if len(common):
        owners[roles] = owners[roles].fillna(common.iloc[0][roles])
    return owners


def keep_weighted(stream: pd.DataFrame, stream_value: pd.DataFrame) -> pd.DataFrame:
    """Return the streams that earned a weight, or that nobody has scored yet.

    A stream that has proved worse than the baseline opens no conflict.

    Args:
        stream: contract `forecast_stream`.
        stream_value: contract `stream_value`.
    """
    keys = ["stream", "owner"]
    weights = stream_value.groupby(keys, as_index=False)["weight_rate"].max()
    scored = stream.merge(weights, on=keys, how="left", validate="many_to_one")
    kept = ~(scored["weight_rate"] <= 0)
    return stream[kept.to_numpy()].reset_index(drop=True)


def compare_streams(
    stream: pd.DataFrame, cells: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame
) -> pd.DataFrame:
    """Set people's forecasts of this cycle beside the plan, in money, by family and month.

    Args:
        stream: contract `forecast_stream`, rows of this cycle alone, at any level.
        cells: `item`, `location`, `customer`, `period`, `demand_qty`, `demand_value` and
            `revenue_value` (net revenue of agreed demand and of the plan).
        item: contract `item`.
        owners: what `find_owners` returned.

    Returns:
        One row per family, stream owner and month, as `find_conflicts` takes them: kind
        `sales_supply`, `first_value` the forecast at the mean net price of the demand it covers,
        `second_value` the plan's revenue under the same level. Months or levels that nothing
        lies under are left out.
    """
    cells = add_family(cells, item)
    sums = sum_matching(stream, cells, ["demand_qty", "demand_value", "revenue_value"])
    sums = sums[sums["demand_qty"] > 0]
    own = sums[["item"]].merge(item[["item", "family"]], on="item", how="left")["family"]
    family = sums["family"].where(sums["item"] == ALL, own.set_axis(sums.index))
    price = sums["demand_value"] / sums["demand_qty"]
    rows = sums.assign(
        family=family,
        kind="sales_supply",
        first_value=sums["forecast_qty"] * price,
        second_value=sums["revenue_value"],
    )
    rows = rows.merge(owners, on="family", how="left", validate="many_to_one")
    rows["first_owner"] = rows["owner"].fillna(rows["sales_owner"]).fillna(rows["stream"])
    rows["second_owner"] = rows["supply_planner"]
    keys = [*SIDES, "period"]
    return rows.groupby(keys, as_index=False, dropna=False)[["first_value", "second_value"]].sum()


def compare_budget(
    cells: pd.DataFrame, budget: pd.DataFrame, item: pd.DataFrame, owners: pd.DataFrame
) -> pd.DataFrame:
    """Set agreed demand beside the budget, in money, by family and month, where both are.

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
    planned = add_family(budget[["item", "period", "budget_value"]], item)
    wanted = planned.groupby(keys, as_index=False)["budget_value"].sum()
    agreed = add_family(cells, item).groupby(keys, as_index=False)["demand_value"].sum()
    rows = wanted.merge(agreed, on=keys, how="inner", validate="one_to_one")
    rows = rows.merge(owners, on="family", how="left", validate="many_to_one")
    rows = rows.rename(columns={"budget_value": "first_value", "demand_value": "second_value"})
    rows = rows.assign(
        kind="sales_finance", first_owner="finance", second_owner=rows["demand_planner"]
    )
    return rows[PAIR]


def to_target_pairs(targets: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Turn targets that are not past into rows for `find_conflicts`: target, then plan.

    Args:
        targets: what `compare_targets` returned.
        owners: what `find_owners` returned.
    """
    open_ones = targets[(targets["stage"] != "past") & targets["gap_value"].notna()]
    rows = open_ones.merge(owners, on="family", how="left", validate="many_to_one")
    return rows.assign(
        kind="target_plan",
        first_value=rows["reached_value"] - rows["gap_value"],
        second_value=rows["reached_value"],
        first_owner=rows["owner"].where(rows["owner"] != ALL, rows["sales_owner"]),
        second_owner=rows["supply_planner"],
    )[PAIR]


def find_conflicts(pairs: pd.DataFrame, threshold_value: float, cycle: str) -> pd.DataFrame:
    """Open a conflict where two numbers differ, over the months compared, by the threshold.

    Args:
        pairs: `family`, `kind`, `first_owner`, `second_owner`, `period`, `first_value`,
            `second_value`; a row per month.
        threshold_value: smallest difference in money that must be settled.
        cycle: the cycle's name, for the running number.

    Returns:
        Contract `conflict`, the largest gap first; of several owners' numbers for one family and
        kind, the one farthest off. `gap_value` = second - first.

    Example:
        Sales says 120 and 130, supply 100 and 100, threshold 40: one conflict, gap -50.
    """
    values = ["first_value", "second_value"]
    grouped = pairs.groupby(SIDES, as_index=False, dropna=False)
    sums = grouped.agg(
        **{value: (value, "sum") for value in values},
        first_period=("period", "min"),
        last_period=("period", "max"),
    )
    sums["gap_value"] = sums["second_value"] - sums["first_value"]
    sums = sums[sums["gap_value"].abs() >= threshold_value]
    order = sums["gap_value"].abs().sort_values(ascending=False, kind="stable").index
    sums = sums.loc[order].drop_duplicates(["family", "kind"]).reset_index(drop=True)
    sums["conflict"] = [f"{cycle}-C{number}" for number in range(1, len(sums) + 1)]
    columns = ["conflict", "family", "kind", *values, "gap_value", "first_owner", "second_owner"]
    return sums[[*columns, "first_period", "last_period"]]


def share_agreed(conflict: pd.DataFrame, plan: pd.DataFrame, item: pd.DataFrame) -> float:
    """Return the share of the plan's revenue in families whose number nobody disputes, 0..1.

    Args:
        conflict: contract `conflict`; one over `all` families leaves nothing agreed.
        plan: contract `consensus_plan`.
        item: contract `item`.

    Example:
        Tea 70 of revenue, cola 30 with a conflict: 0.7.
    """
    revenue = add_family(plan, item).groupby("family")["revenue_value"].sum()
    total = float(revenue.sum())
    if total <= 0 or (conflict["family"] == ALL).any():
        return 1.0 if conflict.empty else 0.0
    return float(revenue[~revenue.index.isin(conflict["family"])].sum() / total)
