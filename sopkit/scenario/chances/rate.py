"""The two chances of every target, never mixed: demand reaches it; supply can serve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sopkit.scenario.chances.draws import Spread, draw_demand
from sopkit.tables import ALL, CELL, PLACE

Array = np.ndarray
LEVEL = ["family", "location", "customer"]


@dataclass(frozen=True)
class Level:
    """What lies under one target level: demand ahead, actual behind, in one unit.

    Args:
        unit: qty or value.
        cells: which cells lie under it.
        spread: demand ahead with its range (places x months), in the unit.
        actual: actual by month, in the unit; actual_value: in money.
        value: expected demand by month, in money.
    """

    unit: str
    cells: pd.Series
    spread: Spread
    actual: pd.Series
    actual_value: pd.Series
    value: pd.Series


def complete_cells(plan: pd.DataFrame, consensus_demand: pd.DataFrame) -> pd.DataFrame:
    """Return the plan's cells with the range of demand, net price and margin of a unit.

    Args:
        plan: contract `consensus_plan` with `demand_value`, agreed demand at net price.
        consensus_demand: contract `consensus_demand`; a cell without range has none.
    """
    ends = consensus_demand[[*CELL, "lo_80_qty", "hi_80_qty"]]
    cells = plan.merge(ends, on=CELL, how="left", validate="one_to_one")
    wanted = cells["demand_qty"].where(cells["demand_qty"] > 0)
    planned = cells["plan_qty"].where(cells["plan_qty"] > 0)
    price = cells["demand_value"] / wanted
    margin = cells["margin_value"] / planned
    usual = margin.groupby(cells["item"]).transform("mean")
    return cells.assign(
        lo_80_qty=cells["lo_80_qty"].fillna(cells["demand_qty"]),
        hi_80_qty=cells["hi_80_qty"].fillna(cells["demand_qty"]),
        price_value=price.fillna(price.groupby(cells["item"]).transform("mean")).fillna(0.0),
        unit_margin_value=margin.fillna(usual).fillna(0.0),
    )


def find_inside(
    rows: pd.DataFrame, level: dict[Any, Any], item: pd.DataFrame, customer: pd.DataFrame
) -> pd.Series:
    """Return which rows lie under a level; its customer may be a group or a whole channel."""
    inside = pd.Series(True, index=rows.index)
    if level["family"] != ALL:
        family = rows["item"].map(item.set_index("item")["family"])
        inside &= family == level["family"]
    if level["location"] != ALL:
        inside &= rows["location"] == level["location"]
    if level["customer"] != ALL:
        groups = set(customer["customer"]) if len(customer) else set()
        channels = customer.set_index("customer")["channel"] if len(customer) else pd.Series()
        is_channel = level["customer"] not in groups and level["customer"] in set(channels)
        own = rows["customer"].map(channels) if is_channel else rows["customer"]
        inside &= own == level["customer"]
    return inside


def open_level(
    level: dict[Any, Any],
    cells: pd.DataFrame,
    actual: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    places: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> Level:
    """Return demand ahead and actual behind of one level, in the unit of its target."""
    inside = find_inside(cells, level, item, customer)
    own = cells[inside]
    behind = actual[find_inside(actual, level, item, customer)]
    in_money = level["unit"] == "value"
    unit = own["price_value"] if in_money else 1.0
    spread = to_spread(own, unit, places, periods)
    value = own.groupby("period")["demand_value"].sum().reindex(periods).fillna(0.0)
    sums = behind.groupby("period")[["plan_qty", "revenue_value"]].sum()
    return Level(
        unit=str(level["unit"]),
        cells=inside,
        spread=spread,
        actual=sums["revenue_value" if in_money else "plan_qty"],
        actual_value=sums["revenue_value"],
        value=value,
    )


def to_spread(
    cells: pd.DataFrame,
    unit: pd.Series | float,
    places: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> Spread:
    """Return the cells by place: customers of a place err together, so their ranges add up.

    Args:
        cells: what `complete_cells` returned, or part of it.
        unit: 1, or the price of each cell.
        places: `item`, `location`, a row each of the noise.
        periods: months.
    """
    middle = cells["demand_qty"]
    parts = cells[[*PLACE, "period"]].assign(
        middle=middle * unit,
        below=(middle - cells["lo_80_qty"]).clip(lower=0.0) * unit,
        above=(cells["hi_80_qty"] - middle).clip(lower=0.0) * unit,
    )
    names = ["middle", "below", "above"]
    index = pd.MultiIndex.from_frame(places[PLACE])
    row = index.get_indexer(pd.MultiIndex.from_frame(parts[PLACE]))
    month = periods.get_indexer(pd.DatetimeIndex(parts["period"]))
    known = (row >= 0) & (month >= 0)
    cell = (row * len(periods) + month)[known]
    size = len(index) * len(periods)
    found = [
        np.bincount(cell, parts[name].to_numpy(float)[known], minlength=size).reshape(
            len(index), -1
        )
        for name in names
    ]
    rows = np.flatnonzero(found[0].any(axis=1) | found[2].any(axis=1))
    return Spread(found[0][rows], found[1][rows], found[2][rows], rows)


def draw_months(spread: Spread, noise: Array) -> Array:
    """Return draws of each month's sum over the rows (months x draws)."""
    months = range(spread.middle.shape[1])
    return np.stack([draw_demand(spread, noise, month).sum(axis=0) for month in months])


def draw_total(spread: Spread, draws: Array, at: Array) -> Array:
    """Return draws of the sum over some months, centred on the sum of the forecasts.

    Ranges that reach further up than down would lift a sum's middle above the sum of its
    forecasts, which the forecast's record does not show; the lift is taken out.

    Args:
        spread: demand; draws: what `draw_months` returned of it.
        at: the months.
    """
    total = draws[at].sum(axis=0)
    return np.maximum(total - (np.median(total) - spread.middle[:, at].sum()), 0.0)


def rate_demand(
    bands: pd.DataFrame,
    levels: list[Level],
    level_of: Array,
    draws: list[Array],
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Return the chance that demand reaches base and the low end, and what is expected.

    Actual to date is fixed; demand to go is drawn. A target that reaches past the plan, whose
    actual is not known, or under which nothing is sold is left blank with the reason.

    Args:
        bands: what `consensus.sum_bands` returned.
        levels: their levels; level_of: which of them each band has.
        draws: each level's draws by month (months x draws).
        periods: months ahead.
    """
    rows = [
        _rate_one(band, levels[at], draws[at], periods)
        for band, at in zip(bands.to_dict("records"), level_of, strict=True)
    ]
    return pd.concat([bands.reset_index(drop=True), pd.DataFrame(rows)], axis=1)


def _rate_one(
    band: dict[Any, Any], level: Level, draws: Array, periods: pd.DatetimeIndex
) -> dict[str, Any]:
    months = pd.date_range(band["first_period"], band["last_period"], freq="MS")
    behind, ahead = months[months < periods[0]], months[months >= periods[0]]
    if not ahead.isin(periods).all():
        return {"why_blank": "beyond"}
    known = behind.isin(level.actual.index)
    if not known.all() or (level.spread.middle.sum() == 0 and not known.any()):
        return {"why_blank": "no_demand"}
    at = periods.get_indexer(ahead)
    done, done_value = (
        float(one.reindex(behind).sum()) for one in (level.actual, level.actual_value)
    )
    total = done + (draw_total(level.spread, draws, at) if len(at) else np.zeros(1))
    expected = done + float(level.spread.middle[:, at].sum())
    if expected <= 0:
        return {"why_blank": "no_demand"}
    expected_value = done_value + float(level.value.iloc[at].sum())
    price = expected_value / expected
    found: dict[str, Any] = {f"{end}_value": band[end] * price for end in ("low", "base", "high")}
    found |= {
        "expected_value": expected_value,
        "done_value": done_value,
        "price_value": price,
        "lo_80_value": float(np.quantile(total, 0.1)) * price,
        "hi_80_value": float(np.quantile(total, 0.9)) * price,
    }
    if len(ahead) == 0:
        return found | {"why_blank": "past"}
    return found | {
        "demand_chance_rate": float((total >= band["base"]).mean()),
        "low_chance_rate": float((total >= band["low"]).mean()),
        "why_blank": "",
    }
