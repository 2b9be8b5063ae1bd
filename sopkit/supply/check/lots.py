"""Checks of whole numbers: lots and full loads in the first months, whole people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan
from sopkit.tables import ALL

KEY = ["flow_kind", "item", "location", "source", "period"]


def check_lots(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return units outside of whole lots and full loads that the plan does not own up to.

    For the months in which lots are whole (`Rates.lot_months`); what a plan lists in `odd_lots` is
    priced and does not count.
    """
    periods = sorted(plan.constrained_plan["period"].unique())[: plan.rates.lot_months]
    flow = plan.plan_flow[plan.plan_flow["period"].isin(periods)]
    if flow.empty:
        return pd.Series(dtype=float)
    sized = [_with_lots(tables, flow), _with_loads(tables, flow)]
    rows = pd.concat(sized, ignore_index=True)
    odd = plan.odd_lots.set_index(KEY)["odd_qty"] if len(plan.odd_lots) else pd.Series(dtype=float)
    named = pd.MultiIndex.from_frame(rows[KEY])
    owned = odd.reindex(named).fillna(0.0).to_numpy() if len(odd) else np.zeros(len(rows))
    within = rows["flow_qty"] - owned
    multiple = rows["multiple"].where(rows["multiple"] > 0)
    off = within - (within / multiple).round() * multiple
    below = (rows["least"] - within).where(within > 0, 0.0)
    return pd.concat([off.abs().fillna(0.0), below], ignore_index=True)


def _with_lots(tables: SupplyTables, flow: pd.DataFrame) -> pd.DataFrame:
    """Return flows made and bought with the multiple and the smallest of their lots."""
    made = flow[flow["flow_kind"] == "make"].merge(
        tables.operation[["operation", "lot_min_qty", "lot_multiple_qty", "yield_rate"]],
        left_on="source",
        right_on="operation",
        validate="many_to_one",
    )
    made = made.assign(
        multiple=made["lot_multiple_qty"] * made["yield_rate"],
        least=made["lot_min_qty"] * made["yield_rate"],
    )
    bought = [
        _latest_term(tables, row) for row in flow[flow["flow_kind"] == "buy"].to_dict("records")
    ]
    columns = [*KEY, "flow_qty", "multiple", "least"]
    return pd.concat([made[columns], pd.DataFrame(bought, columns=columns)], ignore_index=True)


def _latest_term(tables: SupplyTables, row: dict) -> dict:
    """Return a purchase with the lots of the term that holds in its month."""
    terms = tables.purchase_term
    terms = terms[(terms["supplier"] == row["source"]) & (terms["item"] == row["item"])]
    own = terms[terms["location"] == row["location"]]
    terms = (own if len(own) else terms[terms["location"] == ALL]).sort_values("start_date")
    begun = terms[terms["start_date"] <= row["period"]]
    term = begun.iloc[-1] if len(begun) else terms.iloc[0]
    return {**row, "multiple": term["multiple_qty"], "least": term["min_qty"]}


def _with_loads(tables: SupplyTables, flow: pd.DataFrame) -> pd.DataFrame:
    """Return what goes on a lane in a month, over all its items, with its full load."""
    moved = flow[flow["flow_kind"] == "move"]
    found = []
    for lane in tables.lane[tables.lane["multiple_qty"] > 0].to_dict("records"):
        same = (tables.lane["from_location"] == lane["from_location"]) & (
            tables.lane["to_location"] == lane["to_location"]
        )
        own = set(tables.lane.loc[same, "item"]) - {ALL}
        on_lane = (moved["source"] == lane["from_location"]) & (
            moved["location"] == lane["to_location"]
        )
        of_lane = ~moved["item"].isin(own) if lane["item"] == ALL else moved["item"] == lane["item"]
        rows = moved[on_lane & of_lane].assign(item=lane["item"])
        total = rows.groupby(KEY, as_index=False)[["flow_qty"]].sum()
        found.append(total.assign(multiple=lane["multiple_qty"], least=0.0))
    columns = [*KEY, "flow_qty", "multiple", "least"]
    return pd.concat([pd.DataFrame(columns=columns), *found], ignore_index=True)[columns]


def check_whole_people(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return how far hiring and laying off is from whole shifts, where people are whole."""
    people = plan.plan_people
    if not plan.rates.whole_people or people.empty:
        return pd.Series(dtype=float)
    shift = people["resource"].map(tables.workforce.set_index("resource")["shift_heads"])
    shift = shift.where(shift > 0, 1.0)
    gaps = [people[name] / shift for name in ("hired_heads", "laid_off_heads")]
    return pd.concat([(gap - gap.round()).abs() for gap in gaps], ignore_index=True)
