"""A sellable item without BOM, routing, cost or price is planned with its like-item's, marked."""

from __future__ import annotations

import pandas as pd

from sopkit.sources.amounts import by_code, row_amounts
from sopkit.sources.rules import make_finding
from sopkit.tables import ALL

Tables = dict[str, pd.DataFrame]
_YEAR = pd.DateOffset(months=12)


def stand_in_for_missing(
    tables: Tables, as_of: pd.Timestamp
) -> tuple[Tables, list[dict[str, object]]]:
    """Return the tables with like-items' rows where an item has none, and a finding for each item.

    Price and cost stand in each by itself; operations (with their needs) and purchase terms
    together, for an item that has neither; the BOM for an item that is made and has none. A price
    or cost that the like-item lacks too is told as `no_price`, `no_cost`.

    Example:
        N-9 is like A-1 and has no price: it gets the price rows of A-1, and is listed.
    """
    if "item" not in tables:
        return tables, []
    items = tables["item"]
    live = items["sellable"].astype(bool) & ~(items["end_date"] < as_of)
    like = by_code(items.loc[live], "like_item")
    tables, routed, _ = _copy(tables, like, ("operation", "purchase_term"))
    tables, priced, no_price = _copy(tables, like, ("price",))
    tables, costed, no_cost = _copy(tables, like, ("cost",))
    made = set(tables["operation"]["item"]) if "operation" in tables else set()
    tables, parted, _ = _copy(tables, like.loc[like.index.isin(made)], ("bom",))
    taken = {"bom": parted, "routing": routed, "cost": costed, "price": priced}
    lacking = {"no_price": no_price, "no_cost": no_cost}
    return tables, _tell(tables, like, taken, lacking, as_of)


def _copy(
    tables: Tables, like: pd.Series, names: tuple[str, ...]
) -> tuple[Tables, list[str], list[str]]:
    """Return the tables with rows copied, the items that got some, those that are left without."""
    present = [name for name in names if name in tables]
    if not present:
        return tables, [], []
    have = set(pd.concat([tables[name]["item"] for name in present]))
    need = like.loc[~like.index.isin(have)]
    pairs = need.loc[need.isin(have)].rename("like_item").rename_axis("new_item").reset_index()
    if len(pairs):
        for name in present:
            tables = _copy_rows(tables, name, pairs.astype(object))
    done = sorted(pairs["new_item"])
    return tables, done, sorted(set(need.index) - set(done))


def _copy_rows(tables: Tables, name: str, pairs: pd.DataFrame) -> Tables:
    rows = tables[name].astype({"item": object})
    made = pairs.merge(rows, left_on="like_item", right_on="item", validate="many_to_many")
    if made.empty:
        return tables
    if name == "bom":
        made = made.loc[made["component"] != made["new_item"]]
    made = made.assign(item=made["new_item"])
    result = dict(tables)
    if name == "operation":
        codes = made[["operation"]].assign(new=made["operation"] + "=" + made["new_item"])
        made = made.assign(operation=codes["new"])
        if "resource_need" in tables:
            needs = tables["resource_need"].astype({"operation": object})
            needs = codes.merge(needs, on="operation", validate="many_to_many")
            needs = needs.assign(operation=needs["new"])
            result["resource_need"] = _append(tables["resource_need"], needs)
    result[name] = _append(tables[name], made)
    return result


def _append(rows: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with new ones below, whose index points to no row of a file."""
    start = int(rows.index.max()) + 1 if len(rows) else 0
    fresh = made[list(rows.columns)].set_axis(pd.RangeIndex(start, start + len(made)))
    return pd.concat([frame for frame in (rows, fresh) if len(frame)] or [rows])


def _tell(
    tables: Tables,
    like: pd.Series,
    taken: dict[str, list[str]],
    lacking: dict[str, list[str]],
    as_of: pd.Timestamp,
) -> list[dict[str, object]]:
    money = demand_money(tables, as_of)
    families = by_code(tables["item"], "family")
    who = owners(tables, "supply_planner")
    notes = []
    for item in sorted({item for items in taken.values() for item in items}):
        what = ", ".join(name for name, items in taken.items() if item in items)
        text = f"{what} taken from {like[item]}"
        advice = "Give the item its own rows before it is ordered or made."
        notes.append(("like_item", item, text, advice))
    for kind, items in lacking.items():
        what = kind.removeprefix("no_")
        advice = f"Add a {what}, or name a like-item that has one."
        wanted = [item for item in items if item in money.index]
        notes += [(kind, item, f"it has demand and no {what}", advice) for item in wanted]
    return [
        make_finding(
            kind,
            "warning",
            table="item",
            item=item,
            value=text,
            advice=advice,
            owner=who.get(families[item], who.get(ALL)),
            amount_value=float(money.get(item, float("nan"))),
        )
        for kind, item, text, advice in notes
    ]


def owners(tables: Tables, role: str) -> dict[str, str]:
    """Return who answers for each family (`all` for the rest), the first row of a family."""
    if "responsibility" not in tables:
        return {}
    rows = tables["responsibility"].dropna(subset=[role]).drop_duplicates("family")
    return dict(zip(rows["family"], rows[role], strict=True))


def demand_money(tables: Tables, as_of: pd.Timestamp) -> pd.Series:
    """Return the money of a year's demand for every item that has some [currency].

    Orders of the last 12 months; for an item without, its budget of the next 12; for an item
    without, what the latest cycle's streams expect in 12 months, on average, at its price.
    """
    found = [
        _yearly(tables, "sales_history", "period", as_of - _YEAR, as_of, as_of),
        _yearly(tables, "sales_order_line", "order_date", as_of - _YEAR, as_of, as_of),
        _yearly(tables, "budget", "period", as_of, as_of + _YEAR, as_of),
        _yearly(_latest_streams(tables), "forecast_stream", "period", as_of, as_of + _YEAR, as_of),
    ]
    money = pd.concat([series for series in found if len(series)] or found[:1])
    return money.loc[~money.index.duplicated(keep="first")].sort_index()


def _yearly(
    tables: Tables,
    name: str,
    day: str,
    after: pd.Timestamp,
    until: pd.Timestamp,
    as_of: pd.Timestamp,
) -> pd.Series:
    if name not in tables:
        return pd.Series(dtype=float)
    rows = tables[name]
    rows = rows.loc[(rows[day] > after) & (rows[day] <= until) & (rows["item"] != ALL)]
    amounts = row_amounts(rows, name, tables, as_of)
    streams = rows["stream"].nunique() if name == "forecast_stream" else 1
    return amounts.groupby(rows["item"].astype(object)).sum() / max(streams, 1)


def _latest_streams(tables: Tables) -> Tables:
    if "forecast_stream" not in tables:
        return tables
    rows = tables["forecast_stream"]
    latest = rows["cycle"].dropna().max() if len(rows) else None
    return {**tables, "forecast_stream": rows.loc[rows["cycle"] == latest]}
