"""How Clearspring Drinks makes, moves and buys: operations, capacity, purchase terms.

Planted: can lines and PET lines short of regular hours from May to August; PET line 2 stands
still for much of February to April 2027 and gains hours only from September 2027, months after
the sales target that needs them; the one supplier of 38 mm caps delivers little in May 2027.
"""

from __future__ import annotations

import pandas as pd

from sopkit.demo.places import LINES, PACK_EFFORT, PLANTS, SYRUP_ROOM
from sopkit.demo.products import (
    CAP_38,
    CAP_38_LIMIT,
    CAP_38_MONTH,
    ITEMS,
    MATERIALS,
    SECOND_SOURCES,
    SEMI_CONVERSION,
    SEMIS,
    STAND_IN,
    each_row,
    to_recipe,
)
from sopkit.demo.sales import MONTHS

CAPACITY_FROM = pd.Timestamp("2025-11-01")
REBUILD_LINE, REBUILD_HOURS = "PET2", {"2027-02": 145.0, "2027-03": 255.0, "2027-04": 150.0}
GAIN_MONTH, GAIN_RATE = "2027-09", 1.25  # hours of the rebuilt line from then on
TARGET_FAMILY, TARGET_MONTH, TARGET_RATE = "STEA", "2027-05", 0.20

_SETUP_HOURS, _USUAL_LOT = 0.75, 15_000.0
_LOT = {"A": 1000.0, "B": 800.0, "C": 500.0}
_DAYS_OFF = {1: 1, 2: 7, 4: 1, 5: 3, 6: 1, 9: 1, 10: 6}  # holidays that fall on Monday to Saturday
_UPKEEP = {1: 16.0, 2: 24.0, 3: 16.0, 10: 12.0, 11: 20.0, 12: 16.0}  # hours of planned upkeep
_LINE_CONVERSION = {
    "COLA": 1.9, "SPARK": 2.0, "STEA": 2.1, "TEA": 2.0, "JUPET": 2.4, "JU1L": 2.8, "WATER": 2.6,
    "ENERGY": 2.1,
}  # fmt: skip


def to_operations() -> pd.DataFrame:
    """Return one row per way to make an item: the preferred line first, then its alternates.

    Returns:
        `operation`, `item`, `location`, `resource`, `hours_per_thousand` [hours per 1,000 base
        units], `setup_hours`, `lot_min`, `lot_multiple`, `usual_lot`, `conversion` [money a unit],
        `yield_rate`, `lead_days`, `priority`, `frozen_days`, `slushy_days`.
    """
    lines = LINES.set_index("resource")
    speed = dict(zip(LINES["resource"], LINES["speed"], strict=True))
    rows = []
    for item in each_row(ITEMS[~ITEMS["item"].isin(STAND_IN)]):
        for rank, line in enumerate(item.lines.split(), start=1):
            hours = 1000 * PACK_EFFORT[item.pack] / speed[line]
            lots = (_LOT[item.reach], 100.0, _USUAL_LOT if item.reach != "C" else 6000.0)
            cost = _LINE_CONVERSION[item.family] + 0.25 * (rank - 1)
            rows.append((item.item, line, hours, _SETUP_HOURS, *lots, cost, 0.99, 1, rank, 7, 14))
    needed = _find_needed_syrups()
    for semi in SEMIS["item"]:
        for plant in PLANTS:
            if (semi, plant) in needed:
                room = SYRUP_ROOM[plant]
                hours = 1000 / speed[room]
                lots = (2000.0, 500.0, 20_000.0)
                rows.append((semi, room, hours, 0.5, *lots, SEMI_CONVERSION, 0.995, 1, 1, 3, 7))
    names = ["item", "resource", "hours_per_thousand", "setup_hours", "lot_min", "lot_multiple"]
    names += ["usual_lot", "conversion", "yield_rate", "lead_days", "priority"]
    frame = pd.DataFrame(rows, columns=[*names, "frozen_days", "slushy_days"])
    return frame.assign(
        operation=frame["item"] + "-" + frame["resource"],
        location=frame["resource"].map(lines["location"]),
        hours_per_thousand=frame["hours_per_thousand"].round(4),
    )


def _find_needed_syrups() -> set[tuple[str, str]]:
    plant = LINES.set_index("resource")["location"]
    semi = to_recipe().query("component.str.startswith('02')").set_index("item")["component"]
    needed = set()
    for item in each_row(ITEMS):
        for line in item.lines.split():
            if item.item in semi.index:
                needed.add((str(semi[item.item]), str(plant[line])))
    return needed


def to_first_plants() -> pd.Series:
    """Return the plant of each finished item's preferred line; stand-ins take their like-item's."""
    plant = LINES.set_index("resource")["location"]
    first = ITEMS.set_index("item")["lines"].str.split().str[0].map(plant)
    like = ITEMS.set_index("item")["like"]
    return first.where(first.notna(), like.map(first))


def to_capacity() -> pd.DataFrame:
    """Return hours by resource and month, from November 2025 to the end of the horizon.

    Returns:
        `resource`, `period`, `days` worked (Monday to Saturday less holidays), `shifts`,
        `shift_hours`, `efficiency`, `upkeep_hours`, `overtime_hours` (Sundays, at efficiency).
        Regular hours = days x shifts x shift_hours x efficiency - upkeep_hours.
    """
    rows = []
    for line in each_row(LINES):
        for month in MONTHS[MONTHS >= CAPACITY_FROM]:
            days = _work_days(month)
            name = f"{month:%Y-%m}"
            gain = GAIN_RATE if line.resource == REBUILD_LINE and name >= GAIN_MONTH else 1.0
            efficiency = round(line.efficiency * gain, 4)
            upkeep = 0.0 if line.resource.startswith("SYR") else _UPKEEP.get(month.month, 8.0)
            overtime = round(4 * line.shifts * 8 * efficiency * 0.9)
            if line.resource == REBUILD_LINE and name in REBUILD_HOURS:
                upkeep, overtime = REBUILD_HOURS[name], 0
            rows.append(
                (line.resource, month, days, int(line.shifts), 8, efficiency, upkeep, overtime)
            )
    names = ["resource", "period", "days", "shifts", "shift_hours", "efficiency"]
    return pd.DataFrame(rows, columns=[*names, "upkeep_hours", "overtime_hours"])


def _work_days(month: pd.Timestamp) -> int:
    days = pd.date_range(month, month + pd.offsets.MonthEnd(0))
    return int((days.dayofweek < 6).sum()) - _DAYS_OFF.get(month.month, 0)


def to_purchase_terms() -> pd.DataFrame:
    """Return what suppliers ask: price, lead time, minimum, multiple, monthly limit.

    Returns:
        The columns of the material list, with `start` and `limit` (text, empty: none). The cap
        supplier's limit is lower in one month and back to normal afterwards.
    """
    first = MATERIALS[["item", "supplier", "price", "lead", "minimum", "multiple", "limit"]]
    terms = pd.concat([first, SECOND_SOURCES], ignore_index=True).assign(start="2026-01-01")
    cap = terms[terms["item"] == CAP_38]
    month = pd.Timestamp(f"{CAP_38_MONTH}-01")
    after = f"{month + pd.DateOffset(months=1):%Y-%m-%d}"
    dated = [
        cap.assign(start=f"{month:%Y-%m-%d}", limit=str(CAP_38_LIMIT)),
        cap.assign(start=after),
    ]
    terms = pd.concat([terms, *dated], ignore_index=True)
    return terms.sort_values(["supplier", "item", "start"], ignore_index=True)
