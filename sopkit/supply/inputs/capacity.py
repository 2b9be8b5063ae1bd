"""Hours: what each resource offers month by month, and what each way needs of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables

PER_HEAD = ("hours_per_head", "overtime_per_head")


@dataclass(frozen=True)
class Hours:
    """Hours of the resources that limit a plan.

    Args:
        resources: `resource`, `hour_value`, `overtime_value`, sorted by code.
        regular_hours: resources x periods.
        overtime_hours: resources x periods, on top.
        unlimited: resources for which neither capacity rows nor hours a day are given.
    """

    resources: pd.DataFrame
    regular_hours: np.ndarray
    overtime_hours: np.ndarray
    unlimited: tuple[str, ...]


def list_hours(
    resource: pd.DataFrame,
    capacity: pd.DataFrame,
    periods: pd.DatetimeIndex,
    working_days: dict[pd.Timestamp, int],
    workforce: pd.DataFrame | None = None,
) -> Hours:
    """Return regular and overtime hours of each resource and month.

    A month's capacity row counts; without one, hours a day of a machine x machines x working days,
    with overtime as the resource's share of regular hours; without hours a day, the same month a
    year earlier, else the mean of the months given. Machines that stand still take their share of
    both. A resource with nothing at all does not limit the plan.

    Where people are the limit (contract `workforce`), hours are those of the heads at the start,
    and a capacity row only says how many of them can be worked at most in its month.

    Example:
        8 hours a day, 20 working days, overtime rate 0.1: 160 regular and 16 overtime hours. Four
        machines with 1,536 hours together, one of them down: 1,152 hours.
    """
    resource = resource.sort_values("resource", ignore_index=True)
    codes = pd.Index(resource["resource"], dtype=object)
    given = spread_rows(capacity, "regular_hours", codes, periods)
    overtime = spread_rows(capacity, "overtime_hours", codes, periods)
    usual = _usual_hours(resource, periods, working_days)
    share = resource["overtime_rate"].to_numpy(float)[:, None]
    overtime = np.where(np.isnan(given), usual * share, np.nan_to_num(overtime))
    regular = np.where(np.isnan(given), usual, given)
    overtime = _fill_months(np.where(np.isnan(regular), np.nan, overtime))
    running = share_running(resource, capacity, periods)
    regular, overtime = _fill_months(regular) * running, overtime * running
    if workforce is not None and len(workforce):
        of_heads = _hours_of_heads(resource, capacity, periods, workforce)
        regular, overtime = (
            np.where(np.isnan(heads), usual, heads)
            for heads, usual in zip(of_heads, (regular, overtime), strict=True)
        )
    limits = np.asarray(~np.isnan(regular).any(axis=1))
    named = resource[["resource", "hour_value", "overtime_value"]]
    return Hours(
        resources=named.loc[limits].reset_index(drop=True),
        regular_hours=regular[limits],
        overtime_hours=overtime[limits],
        unlimited=tuple(codes[~limits]),
    )


def _usual_hours(
    resource: pd.DataFrame, periods: pd.DatetimeIndex, working_days: dict[pd.Timestamp, int]
) -> np.ndarray:
    """Return hours a day x machines x working days; blank where either is not known."""
    days = np.array([working_days.get(period, np.nan) for period in periods], dtype=float)
    daily = resource["hours_per_day"].to_numpy(float) * resource["machines"].to_numpy(float)
    return daily[:, None] * days[None, :]


def _hours_of_heads(
    resource: pd.DataFrame,
    capacity: pd.DataFrame,
    periods: pd.DatetimeIndex,
    workforce: pd.DataFrame,
) -> list[np.ndarray]:
    """Return regular and overtime hours of the heads at the start; blank without people."""
    heads = workforce.set_index("resource").reindex(resource["resource"])
    return [
        np.minimum((heads["heads"] * heads[name]).to_numpy(float)[:, None], limit)
        for name, limit in zip(PER_HEAD, limit_hours(resource, capacity, periods), strict=True)
    ]


def share_running(
    resource: pd.DataFrame, capacity: pd.DataFrame, periods: pd.DatetimeIndex
) -> np.ndarray:
    """Return the share of each group's machines that run: (machines - down) / machines."""
    codes = pd.Index(resource["resource"], dtype=object)
    down = np.nan_to_num(spread_rows(capacity, "machines_down", codes, periods))
    machines = resource["machines"].to_numpy(float)[:, None]
    return np.clip((machines - down) / machines, 0.0, 1.0)


def limit_hours(
    resource: pd.DataFrame, capacity: pd.DataFrame, periods: pd.DatetimeIndex
) -> tuple[np.ndarray, np.ndarray]:
    """Return the regular and overtime hours that capacity rows allow; infinite without a row."""
    codes = pd.Index(resource["resource"], dtype=object)
    running = share_running(resource, capacity, periods)
    regular, overtime = (
        spread_rows(capacity, name, codes, periods) for name in ("regular_hours", "overtime_hours")
    )
    none = np.isnan(regular)
    limited = [np.where(none, np.inf, one * running) for one in (regular, np.nan_to_num(overtime))]
    return limited[0], limited[1]


def spread_rows(
    capacity: pd.DataFrame, column: str, codes: pd.Index, periods: pd.DatetimeIndex
) -> np.ndarray:
    """Return a column of the contract `capacity` as an array (codes x periods); blank: no row."""
    rows = capacity[capacity["period"].isin(periods) & capacity["resource"].isin(codes)]
    wide = np.full((len(codes), len(periods)), np.nan)
    at = (
        codes.get_indexer(pd.Index(rows["resource"], dtype=object)),
        periods.get_indexer(pd.Index(rows["period"])),
    )
    wide[at] = rows[column].to_numpy(float)
    return wide


def _fill_months(hours: np.ndarray) -> np.ndarray:
    """Return hours with blank months filled: the month a year earlier, else the row's mean."""
    filled = hours.copy()
    for month in range(12, filled.shape[1]):
        blank = np.isnan(filled[:, month])
        filled[blank, month] = filled[blank, month - 12]
    counts = (~np.isnan(hours)).sum(axis=1)
    means = np.nansum(hours, axis=1) / np.where(counts > 0, counts, np.nan)
    return np.where(np.isnan(filled), means[:, None], filled)


def list_needs(tables: SupplyTables, ways: pd.DataFrame, resources: pd.DataFrame) -> pd.DataFrame:
    """Return hours that a good unit of each way takes from each limiting resource.

    hours = (hours a unit started + set-up hours a lot / usual lot) / yield. The usual lot falls
    back to the smallest lot, then to the lot multiple, then to one unit.

    Returns:
        `way`, `resource` (row of `resources`), `need_hours`; sorted.
    """
    made = ways[ways["flow_kind"] == "make"].reset_index(names="way")
    lots = tables.operation[["operation", "usual_lot_qty", "lot_min_qty", "lot_multiple_qty"]]
    numbers = pd.Series(resources.index, index=resources["resource"], dtype="int64")
    needs = (
        tables.resource_need[tables.resource_need["resource"].isin(numbers.index)]
        .merge(made[["way", "source", "yield_rate"]], left_on="operation", right_on="source")
        .merge(lots, on="operation", how="left", validate="many_to_one")
    )
    lot = needs["usual_lot_qty"].astype(float)
    for other in ("lot_min_qty", "lot_multiple_qty"):
        lot = lot.where(lot > 0, needs[other])
    lot = lot.where(lot > 0, 1.0)
    started = needs["hours_per_unit"] + needs["setup_hours_per_lot"] / lot
    rows = pd.DataFrame(
        {
            "way": needs["way"].astype("int64"),
            "resource": needs["resource"].map(numbers).astype("int64"),
            "need_hours": (started / needs["yield_rate"]).astype(float),
        }
    )
    return rows[rows["need_hours"] > 0].sort_values(["way", "resource"], ignore_index=True)


def pay_hours(needs: pd.DataFrame, resources: pd.DataFrame, way_count: int) -> np.ndarray:
    """Return the regular pay of the hours that a good unit of each way takes."""
    pay = resources["hour_value"].to_numpy(float)[needs["resource"].to_numpy()]
    hours = needs["need_hours"].to_numpy(float)
    return np.bincount(needs["way"].to_numpy(), hours * pay, minlength=way_count)
