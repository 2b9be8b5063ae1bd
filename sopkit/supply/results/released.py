"""What a plan releases: last month's for the fences, and this month's orders with their days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period, working_dates
from sopkit.supply.inputs.dated import value_on
from sopkit.supply.pegging.supplies import join_words
from sopkit.tables import PLACE, TABLES, fit_columns

WEEKS = 4
WHOLE = 1e-6
LETTERS = {"make": "M", "buy": "B", "move": "T"}
WAY = ["flow_kind", *PLACE, "source"]
REASONS = ("overdue", "open", "forecast", "parts")


def list_released(plan_flow: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Return what last month's plan wanted started from a month on.

    Args:
        plan_flow: contract `plan_flow` of the cycle before.
        first: first month of this cycle.

    Returns:
        Contract `released_plan`.

    Example:
        Planned in October for October, November and December: a cycle of November keeps two.
    """
    rows = plan_flow[plan_flow["period"] >= first].reset_index(drop=True)
    return fit_columns(rows, TABLES["released_plan"])


def list_released_orders(
    firm_order: pd.DataFrame,
    operation: pd.DataFrame,
    purchase_term: pd.DataFrame,
    lane: pd.DataFrame,
    pegging: pd.DataFrame,
    cycle: str,
    *,
    country: str = "CN",
) -> pd.DataFrame:
    """Return the orders to release inside the fence: numbers, days, whole lots, what they serve.

    What is bought is ordered at once. What is made is started as often as usual lots fit into the
    month's quantity, what is moved is sent as often as lots fit, once a week at most; the lots are
    shared out evenly, the odd ones first. An order of n is released on the first working day of
    its n-th of the month, and is due its lead time later, on a working day.

    Args:
        firm_order: contract `firm_order`; months and quantities are its own.
        operation, purchase_term, lane: contracts; lead times, and the usual lot of an operation.
        pegging: contract `pegging`; may be without rows, then no order says what it serves.
        cycle: names the orders.
        country: whose working days count.

    Returns:
        Contract `released_order`; the orders of a way and month sum to its `order_qty`.

    Example:
        Four lots of 990 to be made in November, a usual lot of 1,980: two orders of 1,980, on
        Monday the 2nd and on Monday the 16th.
    """
    table = TABLES["released_order"]
    rows = firm_order[firm_order["order_qty"] > 0].reset_index(drop=True)
    if rows.empty:
        return table.empty()
    rows = rows.assign(
        lead_days=_find_lead_days(rows, operation, purchase_term, lane),
        times=_count_releases(rows, operation),
        lot_qty=_find_lots(rows, operation, purchase_term),
    )
    reasons = _find_reasons(rows, pegging)
    rows = rows.merge(reasons, on=[*WAY, "period"], how="left", validate="one_to_one")
    rows = _split_lots(rows)
    turns = zip(rows["period"], rows["part"], rows["times"], strict=True)
    rows = rows.assign(release_date=pd.to_datetime([_pick_day(*one, country) for one in turns]))
    due = rows["release_date"] + pd.to_timedelta(np.ceil(rows["lead_days"]), unit="D")
    rows = rows.assign(due_date=[_to_working_day(day, country) for day in due])
    rows = rows.sort_values(["flow_kind", "release_date", *PLACE, "source"], kind="stable")
    number = (rows.groupby("flow_kind").cumcount() + 1).astype(str).str.zfill(4)
    rows = rows.assign(released_order=f"{cycle}-" + rows["flow_kind"].map(LETTERS) + number)
    return fit_columns(rows.reset_index(drop=True), table)


def _find_lead_days(
    rows: pd.DataFrame, operation: pd.DataFrame, terms: pd.DataFrame, lane: pd.DataFrame
) -> pd.Series:
    """Return the lead time of each order's way; an item's own lane comes before one for all."""
    known = operation.drop_duplicates("operation").set_index("operation")["lead_time_days"]
    days = rows["source"].map(known).where(rows["flow_kind"] == "make")
    bought = rows.assign(supplier=rows["source"])
    key = ["supplier", *PLACE]
    days = days.where(
        rows["flow_kind"] != "buy", value_on(bought, terms, "lead_time_days", key, "location")
    )
    sent = rows.assign(from_location=rows["source"], to_location=rows["location"])
    key = ["from_location", "to_location", "item"]
    found = value_on(
        sent, lane.assign(start_date=rows["period"].min()), "lead_time_days", key, "item"
    )
    return days.where(rows["flow_kind"] != "move", found).fillna(0.0)


def _count_releases(rows: pd.DataFrame, operation: pd.DataFrame) -> pd.Series:
    """Return how often a month's quantity is released: usual lots that fit, once a week at most."""
    known = operation.drop_duplicates("operation").set_index("operation")
    least = known[["usual_lot_qty", "lot_min_qty"]].max(axis=1)
    made = rows["flow_kind"] == "make"
    lot = rows["lot_qty"].where(~made, rows["source"].map(least).fillna(rows["lot_qty"]))
    lot = lot.where(lot >= rows["lot_qty"], rows["lot_qty"])
    fit = np.floor(rows["order_qty"] / lot.where(lot > 0) + 1e-9).fillna(WEEKS)
    return fit.clip(1, WEEKS).where(rows["flow_kind"] != "buy", 1).astype(int)


def _find_lots(rows: pd.DataFrame, operation: pd.DataFrame, terms: pd.DataFrame) -> pd.Series:
    """Return the step in which a way's quantity grows: a lot, where a first lot may be larger."""
    known = operation.drop_duplicates("operation").set_index("operation")
    good = known["lot_multiple_qty"] * known["yield_rate"].fillna(1.0)
    made = rows["source"].map(good).where(rows["flow_kind"] == "make")
    bought = rows.assign(supplier=rows["source"])
    step = value_on(bought, terms, "multiple_qty", ["supplier", *PLACE], "location")
    step = made.where(rows["flow_kind"] != "buy", step)
    return step.where(step > 0, rows["lot_qty"])


def _split_lots(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a release, lots shared out evenly, the odd ones first.

    Example:
        Five lots in three releases: 2, 2 and 1.
    """
    many = rows.loc[rows.index.repeat(rows["times"])]
    part = many.groupby(level=0).cumcount()
    lot = many["lot_qty"].where(many["lot_qty"] > 0)
    lots = np.floor(many["order_qty"] / lot + WHOLE)
    each = lots // many["times"] + (part < lots % many["times"])
    qty = (each * lot).fillna(many["order_qty"] / many["times"])
    odd = many["order_qty"] - (lots * lot).fillna(many["order_qty"])
    qty = qty + odd.where(part == 0, 0.0)
    return many.assign(part=part, lot_count=each.fillna(0.0), order_qty=qty).reset_index(drop=True)


def _pick_day(period: pd.Timestamp, part: int, parts: int, country: str) -> pd.Timestamp:
    days = working_dates(period, country)
    return days[part * len(days) // parts] if len(days) else period


def _to_working_day(day: pd.Timestamp, country: str) -> pd.Timestamp:
    """Return the day, or the next working day after it."""
    for month in (day, day + pd.offsets.MonthBegin(1)):
        days = working_dates(month.to_period("M").to_timestamp(), country)
        later = days[days >= day]
        if len(later):
            return later[0]
    return day


def _find_reasons(rows: pd.DataFrame, pegging: pd.DataFrame) -> pd.DataFrame:
    """Return for each way and month what it serves most, the share pegged, the largest demand.

    A transport serves what is pegged over its lane and served from that month to the month in
    which it arrives.
    """
    arrives = to_period(rows["period"] + pd.to_timedelta(rows["lead_days"], unit="D"))
    keyed = rows[[*WAY, "period", "order_qty"]].assign(arrives=arrives)
    month = keyed["period"].dt.strftime("%Y-%m")
    keyed = keyed.assign(supply_key=join_words(*(keyed[name] for name in WAY), month))
    pegs = _name_classes(pegging)
    own = keyed.merge(pegs, on="supply_key", how="inner", validate="one_to_many")
    sent = keyed[keyed["flow_kind"] == "move"].drop(columns="supply_key")
    over = _spread_lanes(pegs)
    leg = ["item", "location", "source"]
    sent = sent.merge(over, on=leg, how="inner", validate="many_to_many")
    sent = sent[sent["served"].between(sent["period"], sent["arrives"])]
    both = pd.concat([own, sent], ignore_index=True)
    by = [*WAY, "period"]
    if both.empty:
        return keyed[by].assign(purpose="stock", pegged_rate=0.0, serves=None)
    sums = both.groupby([*by, "purpose"], as_index=False)[["pegged_qty"]].sum()
    top = sums.sort_values("pegged_qty", ascending=False, kind="stable").drop_duplicates(by)
    largest = both.sort_values("pegged_qty", ascending=False, kind="stable").drop_duplicates(by)
    total = sums.groupby(by, as_index=False)[["pegged_qty"]].sum()
    found = keyed[[*by, "order_qty"]].merge(total, on=by, how="left", validate="one_to_one")
    found = found.merge(top[[*by, "purpose"]], on=by, how="left", validate="one_to_one")
    found = found.merge(largest[[*by, "serves"]], on=by, how="left", validate="one_to_one")
    rate = (found["pegged_qty"].fillna(0.0) / found["order_qty"]).clip(upper=1.0).round(6)
    found = found.assign(purpose=found["purpose"].fillna("stock"), pegged_rate=rate)
    return found[[*by, "purpose", "pegged_rate", "serves"]]


def _name_classes(pegging: pd.DataFrame) -> pd.DataFrame:
    """Return the pegs with `purpose` (class of demand, or parts), `serves` and `served` (month)."""
    pegs = pegging.reset_index(drop=True)
    parts = pegs["demand_kind"] == "make"
    reason = pegs["demand_key"].astype(str).str.split(" ", n=1).str[0].where(~parts, "parts")
    month = pegs["demand_period"].dt.strftime("%Y-%m")
    serves = join_words(pegs["item"], pegs["location"], pegs["customer"].fillna(""), month)
    named = pegs[["supply_key", "supply_item", "via", "pegged_qty"]]
    return named.assign(purpose=reason, serves=serves, served=pegs["period"])


def _spread_lanes(pegs: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each lane a peg comes over: `item`, `source`, `location`."""
    over = pegs[pegs["via"].fillna("") != ""]
    over = over.assign(leg=over["via"].str.split(", ")).explode("leg")
    ends = over["leg"].astype(str).str.split(" > ", n=1, expand=True).reindex(columns=[0, 1])
    over = over.assign(
        item=over["supply_item"], source=ends[0].astype(object), location=ends[1].astype(object)
    )
    return over[["item", "source", "location", "pegged_qty", "purpose", "serves", "served"]]
