"""What is wrong with supply data before anything is solved."""

from __future__ import annotations

import pandas as pd

from sopkit.errors import PlanError, list_problems
from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.network import list_parts, usable_stock
from sopkit.supply.tables import SupplyTables

PROBLEM_COLUMNS = ["severity", "kind", "table", "subject", "value"]


def find_supply_problems(
    tables: SupplyTables,
    demand: pd.DataFrame,
    periods: pd.DatetimeIndex,
    working_days: dict[pd.Timestamp, int] | None = None,
) -> pd.DataFrame:
    """Return contradictions (error) and doubts (warning) in supply data.

    Errors: BOM loop, negative cost or price, smallest order above the monthly limit, unknown
    resource, months that do not follow each other. Warnings: demand without source, lead time
    beyond the horizon, resource without hours, capacity missing for a month, set-up without a
    lot to spread it over.

    Returns:
        `severity`, `kind`, `table`, `subject` (codes), `value`; errors first.
    """
    found = [
        *_find_broken_months(periods),
        *_find_loops(tables),
        *_find_negative(tables),
        *_find_bad_limits(tables),
        *_find_unknown_resources(tables),
        *_find_no_source(tables, demand),
        *_find_long_leads(tables, periods),
        *_find_missing_hours(tables, periods, working_days or {}),
        *_find_unspread_setups(tables),
    ]
    return pd.DataFrame(found, columns=PROBLEM_COLUMNS)


def raise_errors(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the warnings; raise when there are errors.

    Raises:
        PlanError: names every error.
    """
    errors = problems[problems["severity"] == "error"]
    if len(errors):
        raise PlanError(
            list_problems(
                "The supply data contradict themselves",
                [
                    f"{row.table}: {row.kind}: {row.subject} {row.value}"
                    for row in errors.itertuples()
                ],
                "Correct the rows and run the supply review again.",
            )
        )
    return problems[problems["severity"] == "warning"].reset_index(drop=True)


def join_problems(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of several frames of problems as one."""
    given = [frame for frame in frames if len(frame)]
    return pd.concat(given, ignore_index=True) if given else frames[0]


Found = list[tuple[str, str, str, str, str]]


def _find_broken_months(periods: pd.DatetimeIndex) -> Found:
    following = pd.date_range(periods[0], periods=len(periods), freq="MS") if len(periods) else None
    if following is not None and following.equals(pd.DatetimeIndex(periods)):
        return []
    return [("error", "planned months must follow each other, at least one", "periods", "", "")]


def _find_loops(tables: SupplyTables) -> Found:
    """Return one error per item that is, through any chain of BOM rows, a part of itself."""
    arcs = list_parts(tables.operation, tables.bom)[["item", "component"]].drop_duplicates()
    while True:
        inner = arcs["component"].isin(arcs["item"]) & arcs["item"].isin(arcs["component"])
        if inner.all():
            break
        arcs = arcs[inner]
    if arcs.empty:
        return []
    chain = ", ".join(sorted(set(arcs["item"])))
    return [("error", "an item is a part of itself", "bom", chain, "")]


def _find_negative(tables: SupplyTables) -> Found:
    columns = [
        ("operation", "operation", "unit_cost_value"),
        ("lane", "from_location", "unit_cost_value"),
        ("purchase_term", "supplier", "price_value"),
        ("cost", "item", "unit_cost_value"),
        ("resource", "resource", "hour_value"),
        ("resource", "resource", "overtime_value"),
    ]
    found: Found = []
    for table, key, column in columns:
        frame = getattr(tables, table)
        for _, row in frame[frame[column] < 0].iterrows():
            found.append(("error", f"{column} below 0", table, str(row[key]), f"{row[column]:g}"))
    return found


def _find_bad_limits(tables: SupplyTables) -> Found:
    terms = tables.purchase_term
    bad = terms[terms["min_qty"] > terms["max_qty"].astype(float)]
    return [
        (
            "error",
            "smallest order is above the limit a month",
            "purchase_term",
            f"{row.supplier}, {row.item}",
            f"{row.min_qty:g} > {row.max_qty:g}",
        )
        for row in bad.itertuples()
    ]


def _find_unknown_resources(tables: SupplyTables) -> Found:
    known = set(tables.resource["resource"])
    found: Found = []
    for table in ("resource_need", "capacity"):
        codes = sorted(set(getattr(tables, table)["resource"]) - known)
        found += [("error", "resource is not in table resource", table, code, "") for code in codes]
    return found


def _find_no_source(tables: SupplyTables, demand: pd.DataFrame) -> Found:
    """Return a warning per item that is wanted and can neither be made, bought nor taken."""
    sources = set(tables.operation["item"]) | set(tables.purchase_term["item"])
    stocked = set(usable_stock(tables.opening_stock)["item"]) | set(tables.open_supply["item"])
    wanted = demand.groupby("item")["demand_qty"].sum()
    return [
        (
            "warning",
            "no_source" if item not in stocked else "stock_only",
            "operation",
            str(item),
            f"{qty:.0f}",
        )
        for item, qty in wanted.items()
        if qty > 0 and item not in sources
    ]


def _find_long_leads(tables: SupplyTables, periods: pd.DatetimeIndex) -> Found:
    limit = len(periods) * DAYS_PER_MONTH
    found: Found = []
    keys = {
        "operation": ["operation"],
        "purchase_term": ["supplier", "item"],
        "lane": ["from_location", "to_location"],
    }
    for table, key in keys.items():
        frame = getattr(tables, table)
        for _, row in frame[frame["lead_time_days"] >= limit].iterrows():
            subject = ", ".join(row[key])
            found.append(
                ("warning", "lead_beyond_horizon", table, subject, f"{row['lead_time_days']:g}")
            )
    return found


def _find_missing_hours(
    tables: SupplyTables, periods: pd.DatetimeIndex, working_days: dict[pd.Timestamp, int]
) -> Found:
    """Return resources without hours for some or all months."""
    rows = tables.capacity[tables.capacity["period"].isin(periods)]
    given = rows.groupby("resource")["period"].nunique()
    by_day = (
        set()
        if not working_days
        else set(tables.resource.loc[tables.resource["hours_per_day"].notna(), "resource"])
    )
    found: Found = []
    for code in tables.resource["resource"]:
        months = int(given.get(code, 0))
        if code not in by_day and months < len(periods):
            kind = "capacity_missing" if months else "capacity_unknown"
            found.append(("warning", kind, "capacity", str(code), str(len(periods) - months)))
    return found


def _find_unspread_setups(tables: SupplyTables) -> Found:
    lots = tables.operation.set_index("operation")[
        ["usual_lot_qty", "lot_min_qty", "lot_multiple_qty"]
    ]
    needs = tables.resource_need[tables.resource_need["setup_hours_per_lot"] > 0]
    size = lots.astype(float).fillna(0.0).max(axis=1).reindex(needs["operation"]).fillna(0.0)
    codes = sorted(set(size.index[size == 0]))
    return [("warning", "setup_without_lot", "operation", str(code), "") for code in codes]
