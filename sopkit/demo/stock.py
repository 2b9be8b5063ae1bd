"""Stock, its history, orders under way and what was made: consistent with demand, by seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sopkit.demo.open_orders import build_open_orders
from sopkit.demo.places import DCS
from sopkit.demo.products import CAP_38, ITEMS, each_row, to_recipe
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS, Demand, to_random
from sopkit.demo.supply import to_first_plants

SHELF_LIFE = {
    "COLA": 365, "SPARK": 365, "STEA": 270, "TEA": 365, "JUPET": 270, "JU1L": 180, "WATER": 730,
    "ENERGY": 540,
}  # fmt: skip
_ITEM_LIFE = dict(zip(ITEMS["item"], ITEMS["family"].map(SHELF_LIFE), strict=True))
MONTH_ENDS = 25
_CAP_STOCK = 250_000  # 38 mm caps at the end of October 2026: a week


@dataclass(frozen=True)
class Stock:
    """What lies where and what is under way.

    Args:
        history: (item, location, period) with `closing`, `stocked_share`.
        opening: batches on 2026-10-31: item, location, status, plannable, batch, made_date,
            expiry_date, quantity; plannable and blocked batches sum to the last closing.
        orders: open make, buy and move orders.
        made: (item, location, period) with `made`, `scrapped`.
    """

    history: pd.DataFrame
    opening: pd.DataFrame
    orders: pd.DataFrame
    made: pd.DataFrame


def build_stock(demand: Demand, seed: int) -> Stock:
    """Return stock and supply under way for a seed."""
    places = _to_place_demand(demand)
    needs = to_part_needs(demand)
    goods = _to_goods_history(places, demand, to_random(seed, 20))
    parts = _to_parts_history(needs, to_random(seed, 21))
    history = pd.concat([goods, parts], ignore_index=True)
    history = history.sort_values(["item", "location", "period"], ignore_index=True)
    opening = _to_batches(history, to_random(seed, 22))
    orders = build_open_orders(places[HISTORY], needs, to_random(seed, 23))
    return Stock(history, opening, orders, _to_made(places, goods, to_random(seed, 24)))


def _to_place_demand(demand: Demand) -> pd.DataFrame:
    """Return expected demand by (item, location), a column per month position, with plants."""
    keys = [demand.series["item"], demand.series["location"]]
    dcs = pd.DataFrame(demand.base).groupby(keys, sort=True).sum()
    items = dcs.groupby("item", sort=True).sum()
    items.index = pd.MultiIndex.from_arrays(
        [items.index, to_first_plants().loc[items.index]], names=["item", "location"]
    )
    return pd.concat([dcs, items])


def to_part_needs(demand: Demand) -> pd.DataFrame:
    """Return expected use of syrups and materials by (item, plant), a column per month position."""
    made = pd.DataFrame(demand.base).groupby(demand.series["item"], sort=True).sum()
    plants = to_first_plants()
    recipe = to_recipe()
    level = recipe[recipe["item"].str.startswith("01")]
    used = _explode(level, made, level["item"].map(plants))
    semis = used[used.index.get_level_values(0).str.startswith("02")]
    deeper = recipe[recipe["item"].str.startswith("02")]
    lower = [
        _explode(
            deeper[deeper["item"].isin(block.index.get_level_values(0))],
            block.droplevel("location"),
            pd.Series(plant, index=deeper.index),
        )
        for plant, block in semis.groupby(level="location", sort=True)
    ]
    return pd.concat([used, *lower]).groupby(level=["item", "location"], sort=True).sum()


def _explode(recipe: pd.DataFrame, made: pd.DataFrame, plant: pd.Series) -> pd.DataFrame:
    """Return the use of each part at each plant, months across."""
    recipe = recipe[recipe["item"].isin(made.index)]
    used = made.loc[recipe["item"]].mul(recipe["component_qty"].to_numpy(), axis=0)
    used = used.set_axis(recipe.index, axis=0)
    keys = [recipe["component"].rename("item"), plant.loc[recipe.index].rename("location")]
    return used.groupby(keys, sort=True).sum()


def _to_goods_history(
    places: pd.DataFrame, demand: Demand, rng: np.random.Generator
) -> pd.DataFrame:
    """Return month-ends of goods: cover x next month, more before summer, 0 in stock-outs."""
    first = HISTORY - MONTH_ENDS
    ahead = places.to_numpy()[:, first + 1 : HISTORY + 1]
    at_dc = places.index.get_level_values("location").isin(DCS)
    cover = np.where(
        at_dc, rng.uniform(0.42, 0.68, len(places)), rng.uniform(0.12, 0.25, len(places))
    )
    early = np.isin(MONTHS[first:HISTORY].month, (3, 4, 5)) * 0.15
    wave = 1 + early + rng.normal(0, 0.12, ahead.shape)
    closing = np.round(ahead * cover[:, None] * np.clip(wave, 0.4, None), -1)
    sold = places.to_numpy()[:, first:HISTORY] > 0
    keep = sold | (closing > 0)
    frame = _to_long(places.index, closing, keep, MONTHS[first:HISTORY])
    return _empty_in_stock_outs(frame, demand.stock_outs, rng)


def _to_long(
    index: pd.Index, values: np.ndarray, keep: np.ndarray, months: pd.DatetimeIndex
) -> pd.DataFrame:
    rows, columns = np.nonzero(keep)
    return pd.DataFrame(
        {
            "item": index.get_level_values("item")[rows],
            "location": index.get_level_values("location")[rows],
            "period": months[columns],
            "closing": values[rows, columns].astype(int),
        }
    )


def _empty_in_stock_outs(
    frame: pd.DataFrame, stock_outs: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    key = ["item", "location", "period"]
    frame = frame.merge(stock_outs, on=key, how="left", validate="one_to_one")
    out = frame["lost_rate"].notna()
    share = np.where(out, (1 - frame["lost_rate"]).round(2), 1.0)
    short = ~out & (rng.random(len(frame)) < 0.01)
    share = np.where(short, 0.97, share)
    closing = frame["closing"].mask(out, 0)
    return frame.assign(closing=closing, stocked_share=share).drop(columns="lost_rate")


def _to_parts_history(needs: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return 13 month-ends of syrups and materials; caps of 38 mm are low at the last one."""
    first = HISTORY - 13
    ahead = needs.to_numpy()[:, first + 1 : HISTORY + 1]
    is_semi = needs.index.get_level_values("item").str.startswith("02")
    cover = np.where(is_semi, 0.08, rng.uniform(0.5, 0.75, len(needs)))
    wave = np.clip(1 + rng.normal(0, 0.12, ahead.shape), 0.5, None)
    closing = np.round(ahead * cover[:, None] * wave, -1)
    frame = _to_long(needs.index, closing, np.ones_like(closing, dtype=bool), MONTHS[first:HISTORY])
    low = (frame["item"] == CAP_38) & (frame["period"] == MONTHS[HISTORY - 1])
    return frame.assign(closing=frame["closing"].mask(low, _CAP_STOCK), stocked_share=1.0)


def _to_batches(history: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the last closing split into batches with status and expiry; parts have no batches."""
    last = history[(history["period"] == MONTHS[HISTORY - 1]) & (history["closing"] > 0)]
    rows: list[tuple[object, ...]] = []
    for row in each_row(last):
        place = (row.item, row.location)
        if row.item.startswith("01"):
            rows += [(*place, *batch) for batch in _split_batches(row, rng)]
        else:
            rows.append((*place, "free", True, "", None, None, int(row.closing)))
    names = ["item", "location", "status", "plannable", "batch", "made_date", "expiry_date"]
    return pd.DataFrame(rows, columns=[*names, "quantity"])


def _split_batches(row: Any, rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Return one to three batches of goods, the oldest first, that sum to the closing stock."""
    life = _ITEM_LIFE[row.item]
    count = 1 if row.closing < 400 else int(rng.integers(1, 4))
    left = int(row.closing)
    batches: list[tuple[object, ...]] = []
    for number in range(count):
        last = number == count - 1
        quantity = left if last else int(round(left * float(rng.uniform(0.45, 0.7)), -1))
        left -= quantity
        age = int(rng.integers(3, 25)) + 28 * (count - 1 - number)
        made = AS_OF - pd.Timedelta(days=age)
        status, plannable = _to_status(float(rng.random()), row.location in DCS)
        name = f"{made:%y%m%d}{row.location}{number + 1}"
        expiry = made + pd.Timedelta(days=life)
        if quantity:
            batches.append((status, plannable, name, made, expiry, quantity))
    return batches


def _to_status(draw: float, at_dc: bool) -> tuple[str, bool]:
    if draw < 0.03:
        return "qc", True
    if draw < 0.045:
        return "blocked", False
    if at_dc and draw < 0.06:
        return "consignment", False
    return "free", True


def _to_made(places: pd.DataFrame, goods: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return what was made in the last 24 months: expected demand plus the growth of stock."""
    first = HISTORY - MONTH_ENDS + 1
    items = places[~places.index.get_level_values("location").isin(DCS)]
    wide = goods.pivot_table(index="item", columns="period", values="closing", aggfunc="sum")
    stock = wide.reindex(items.index.get_level_values("item")).fillna(0).to_numpy()
    grown = items.to_numpy()[:, first:HISTORY] + np.diff(stock, axis=1)
    made = np.clip(np.round(grown, -2), 0, None)
    frame = _to_long(items.index, made, made > 0, MONTHS[first:HISTORY])
    frame = frame.rename(columns={"closing": "made"})
    scrapped = np.round(frame["made"] * rng.uniform(0.002, 0.009, len(frame)))
    return frame.assign(scrapped=scrapped.astype(int))
