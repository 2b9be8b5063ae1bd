"""Bounds that contradict each other, and hours or lots that are not given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.network import find_places, list_ways
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.problems.found import Found, note
from sopkit.supply.rules.shares import prepare_shares
from sopkit.tables import PLACE, TABLES

ROUNDING = 1e-9


def find_limit_problems(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    working_days: dict[pd.Timestamp, int],
) -> Found:
    """Return limits and shares that contradict each other, and hours and lots that are missing."""
    return [
        *_find_crossed_limits(tables),
        *_find_no_life(tables),
        *_find_bad_shares(tables),
        *_find_conflicting_shares(tables, demand, periods),
        *_find_missing_hours(tables, periods, working_days),
        *_find_unspread_setups(tables),
    ]


def _find_crossed_limits(tables: SupplyTables) -> Found:
    """Return rows whose least is above their most."""
    terms, crew = tables.purchase_term, tables.workforce
    machines = tables.capacity.merge(
        tables.resource.drop_duplicates("resource")[["resource", "machines"]], on="resource"
    )
    months = machines["period"].dt.strftime("%Y-%m")
    return [
        *_crossed(
            terms,
            ["supplier", "item"],
            ("min_qty", "max_qty"),
            ("purchase_term", "smallest order is above the limit a month"),
            "Lower min_qty or raise max_qty.",
        ),
        *_crossed(
            crew,
            ["resource"],
            ("heads", "max_heads"),
            ("workforce", "people at the start are more than the most heads"),
            "Raise max_heads, or correct heads.",
        ),
        *_crossed(
            machines.assign(month=months),
            ["resource", "month"],
            ("machines_down", "machines"),
            ("capacity", "more machines stand still than there are"),
            "Lower machines_down, or correct resource.machines.",
        ),
    ]


def _crossed(
    frame: pd.DataFrame, key: list[str], pair: tuple[str, str], said: tuple[str, str], advice: str
) -> Found:
    low, high = (frame[name].astype(float) for name in pair)
    bad = frame[low > high + ROUNDING]
    value = [f"{least:g} > {most:g}" for least, most in bad[list(pair)].to_numpy(float)]
    return note("error", said[1], said[0], advice, bad[key].assign(value=value))


def _find_no_life(tables: SupplyTables) -> Found:
    bad = tables.item[tables.item["shelf_life_days"] == 0]
    return note(
        "error",
        "shelf life of no days",
        "item",
        "Give the days from production to expiry; leave the cell blank where nothing expires.",
        bad[["item", "shelf_life_days"]],
    )


def _find_bad_shares(tables: SupplyTables) -> Found:
    terms, key = tables.purchase_term, ["supplier", "item"]
    found = _crossed(
        terms,
        key,
        ("min_share_rate", "max_share_rate"),
        ("purchase_term", "least agreed share is above the most"),
        "Lower min_share_rate or raise max_share_rate.",
    )
    for name in ("min_share_rate", "max_share_rate"):
        bad = terms.loc[terms[name] > 1 + ROUNDING, [*key, name]]
        advice = "A share lies between 0 and 1: 40 % is 0.4."
        found += note("error", f"{name} above 1", "purchase_term", advice, bad)
    return found


def _find_conflicting_shares(
    tables: SupplyTables, demand: pd.DataFrame, periods: pd.DatetimeIndex
) -> Found:
    """Return places where the least shares sum to more than 1, or the most to less, in a month."""
    terms = tables.purchase_term
    agreed = (terms["min_share_rate"] > 0) | (terms["max_share_rate"] < 1)
    if not agreed.any() or not len(periods):
        return []
    own = terms[terms["item"].isin(terms.loc[agreed, "item"])]
    bought = replace(
        tables,
        operation=TABLES["operation"].empty(),
        lane=TABLES["lane"].empty(),
        purchase_term=own.drop_duplicates(["supplier", *PLACE, "start_date"]),
    )
    ways = list_ways(bought, find_places(tables, demand))
    ways["place"] = ways.groupby(PLACE).ngroup()
    shares = prepare_shares(bought, ways, periods)
    return [
        *_sum_shares(ways, shares.least, "sum to more than 1", np.greater, "min_share_rate"),
        *_sum_shares(ways, shares.most, "sum to less than 1", np.less, "max_share_rate"),
    ]


def _sum_shares(
    ways: pd.DataFrame, shares: np.ndarray, words: str, breaks: np.ufunc, column: str
) -> Found:
    """Return an error per place whose shares break the sum in any month, with the worst sum."""
    sums = pd.DataFrame(shares).groupby(ways["place"].to_numpy()).sum()
    worst = sums.max(axis=1) if breaks is np.greater else sums.min(axis=1)
    bad = worst[breaks(worst, 1.0) & ((worst - 1).abs() > ROUNDING)]
    suppliers = ways.groupby("place")["source"].agg(", ".join)
    places = ways.drop_duplicates("place").set_index("place")[PLACE]
    rows = places.loc[bad.index].assign(value=bad)
    rows.insert(0, "suppliers", suppliers.loc[bad.index])
    advice = f"Change {column} so that the suppliers together can deliver all of it."
    return note("error", f"agreed shares ({column}) {words}", "purchase_term", advice, rows)


def _find_missing_hours(
    tables: SupplyTables, periods: pd.DatetimeIndex, working_days: dict[pd.Timestamp, int]
) -> Found:
    """Return resources without hours for some or all months; people bring their own."""
    rows = tables.capacity[tables.capacity["period"].isin(periods)]
    given = rows.groupby("resource")["period"].nunique()
    daily = tables.resource["hours_per_day"].notna() & bool(working_days)
    known = {*tables.resource.loc[daily, "resource"], *tables.workforce["resource"]}
    found: Found = []
    for code in tables.resource["resource"]:
        months = int(given.get(code, 0))
        if code not in known and months < len(periods):
            kind = "capacity_missing" if months else "capacity_unknown"
            advice = "Give a capacity row for every month, or hours a day."
            missing = str(len(periods) - months)
            found.append(("warning", kind, "capacity", str(code), missing, advice))
    return found


def _find_unspread_setups(tables: SupplyTables) -> Found:
    lots = tables.operation.drop_duplicates("operation").set_index("operation")[
        ["usual_lot_qty", "lot_min_qty", "lot_multiple_qty"]
    ]
    needs = tables.resource_need[tables.resource_need["setup_hours_per_lot"] > 0]
    needs = needs[needs["operation"].isin(lots.index)]
    size = lots.astype(float).fillna(0.0).max(axis=1).reindex(needs["operation"]).fillna(0.0)
    rows = pd.DataFrame({"code": sorted(set(size.index[size == 0])), "value": ""})
    advice = "Give usual_lot_qty; until then every unit pays the set-up."
    return note("warning", "setup_without_lot", "operation", advice, rows)
