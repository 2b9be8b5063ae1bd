"""Both sides of the bridge at its leaves: item and month; a family where no items are budgeted."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.parts import COST_COLUMNS, COST_PARTS
from sopkit.finance.money import cost_demand, look_up_cost, look_up_dated
from sopkit.tables import ALL

KEYS = ["family", "item", "period"]
REFERENCE = ["ref_qty", "ref_value", "ref_margin_value", "ref_return_value"]
REFERENCE_PARTS = [f"ref_{name}" for name in COST_COLUMNS]
SEEN = ["demand_qty", "plan_qty", "revenue_value", "cost_value", "return_value", "exchange_value"]
OTHER = "other"


def refer_to_budget(
    budget: pd.DataFrame, item: pd.DataFrame, cost: pd.DataFrame, months: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the budget as one side of the bridge, a row an item (or family) and month.

    A blank margin is budget value less standard cost; a row for a whole family then has no known
    cost, and its margin is its value. Cost parts are the budget's own where it has them, else
    they have the shares of the standard cost in force in the first month compared.

    Args:
        budget: contract `budget`; `item` all and a `family` where it is by family.
        item: contract `item`.
        cost: contract `cost`.
        months: the months compared.

    Returns:
        `family`, `item`, `period`, `ref_qty`, `ref_value`, `ref_margin_value`,
        `ref_return_value` (0) and `ref_material_value`, ... for the parts that are known.
    """
    rows = budget[budget["period"].isin(months)]
    given = rows["budget_margin_value"].astype(float)
    lacking = rows[given.isna() & (rows["item"] != ALL)]
    standard = cost_demand(lacking, cost, "budget_qty").reindex(rows.index).fillna(0.0)
    margin = given.fillna(rows["budget_value"] - standard)
    parts = _budget_parts(rows, rows["budget_value"] - margin, cost, months)
    rows = rows.assign(
        family=_to_family(rows, item),
        ref_qty=rows["budget_qty"],
        ref_value=rows["budget_value"],
        ref_margin_value=margin,
        ref_return_value=0.0,
        **parts,
    )
    return rows.groupby(KEYS, as_index=False)[[*REFERENCE, *parts]].sum()


def refer_to_last_year(
    outlook: pd.DataFrame, item: pd.DataFrame, months: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return what came (or is planned) twelve months before as one side of the bridge.

    Args:
        outlook: what `to_outlook` returned.
        item: contract `item`.
        months: the months compared; the twelve months before each count.
    """
    rows = outlook.assign(period=outlook["period"] + pd.DateOffset(years=1))
    rows = rows[rows["period"].isin(months)]
    parts = {f"ref_{name}": rows[name] for name in COST_COLUMNS if name in rows}
    rows = rows.assign(
        family=_to_family(rows.assign(family=ALL), item),
        ref_qty=rows["plan_qty"],
        ref_value=rows["revenue_value"],
        ref_margin_value=rows["revenue_value"] - rows["cost_value"],
        ref_return_value=rows["return_value"],
        **parts,
    )
    return rows.groupby(KEYS, as_index=False)[[*REFERENCE, *parts]].sum()


def sum_items(outlook: pd.DataFrame) -> pd.DataFrame:
    """Add an outlook up over locations and customers: `item`, `period` and the amounts it has."""
    amounts = [name for name in (*SEEN, *COST_COLUMNS) if name in outlook]
    return outlook.groupby(["item", "period"], as_index=False)[amounts].sum()


def join_leaves(
    outlook: pd.DataFrame, reference: pd.DataFrame, item: pd.DataFrame, months: pd.DatetimeIndex
) -> pd.DataFrame:
    """Set the reference and the outlook beside each other, a row a leaf and month.

    Where the reference has a family as a whole, the family's items are added up to one leaf (item
    `all`); where it has only a total, everything is one leaf.

    Args:
        outlook: what `to_outlook` returned; `exchange_value` where currencies are known.
        reference: what a `refer_to_` function returned.
        item: contract `item`, for family and base unit.
        months: the months compared.

    Returns:
        `family`, `item`, `period`, `unit` and the amounts of both sides, blanks filled with 0:
        what a side does not have, it has nothing of.
    """
    seen = outlook[outlook["period"].isin(months)]
    amounts = [*SEEN[:-1], *(name for name in (SEEN[-1], *COST_COLUMNS) if name in seen)]
    seen = seen.assign(family=_to_family(seen.assign(family=ALL), item))
    whole = set(reference.loc[reference["item"] == ALL, "family"])
    seen, reference = _join_whole(seen, whole), _join_whole(reference, whole)
    one_side = reference.groupby(KEYS).sum()
    other = seen.groupby(KEYS)[amounts].sum()
    leaves = one_side.join(other, how="outer").fillna(0.0)
    both = [*REFERENCE, *SEEN, *REFERENCE_PARTS, *COST_COLUMNS]
    leaves = leaves.reindex(columns=both, fill_value=0.0).reset_index()
    units = dict(zip(item["item"], item["base_unit"], strict=True))
    unit = leaves["item"].map(units).where(leaves["item"] != ALL)
    return leaves.assign(unit=unit.fillna(_find_unit(leaves, item)))


def _join_whole(rows: pd.DataFrame, whole: set[str]) -> pd.DataFrame:
    if ALL in whole:
        return rows.assign(item=ALL, family=ALL)
    return rows.assign(item=rows["item"].mask(rows["family"].isin(whole), ALL))


def _find_unit(leaves: pd.DataFrame, item: pd.DataFrame) -> str:
    units = item.loc[item["family"].isin(leaves["family"]), "base_unit"].dropna().unique()
    return str(units[0]) if len(units) == 1 else "several"


def _to_family(rows: pd.DataFrame, item: pd.DataFrame) -> pd.Series:
    of_item = rows["item"].map(dict(zip(item["item"], item["family"], strict=True))).fillna(OTHER)
    given = rows["family"] if "family" in rows else pd.Series(ALL, index=rows.index)
    return of_item.mask(rows["item"] == ALL, given)


def _budget_parts(
    rows: pd.DataFrame, spent: pd.Series, cost: pd.DataFrame, months: pd.DatetimeIndex
) -> dict[str, pd.Series]:
    """Return the budget's cost parts by column: as given, else by the standard's shares."""
    found: dict[str, pd.Series] = {}
    parts = [*(f"budget_{part}_value" for part in COST_PARTS), *COST_COLUMNS]
    if not any(name in one and one[name].notna().any() for one in (rows, cost) for name in parts):
        return found
    first = rows.assign(period=months[0]) if len(months) else rows
    standard = look_up_cost(first, cost) if len(cost) else pd.Series(float("nan"), rows.index)
    for part in COST_PARTS:
        name = f"budget_{part}_value"
        own = rows[name].astype(float) if name in rows else pd.Series(float("nan"), rows.index)
        column = f"{part}_value"
        if column in cost and cost[column].notna().any():
            unit = look_up_dated(first, cost.dropna(subset=[column]), column)
            own = own.fillna(spent * unit / standard.where(standard > 0))
        if own.notna().any():
            found[f"ref_{column}"] = own.fillna(0.0)
    return found
