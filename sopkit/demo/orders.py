"""Order lines of the last 24 months that tie to the monthly totals, open orders, and returns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.products import ITEMS, to_list_price
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS, Demand, to_random

ORDER_MONTHS = 24
PALLET = {"can330": 80, "can250": 96, "pet500": 72, "pet300": 80, "pet1l": 60, "jug1l": 56}
_LATE, _PARTIAL, _CANCELLED = 0.035, 0.012, 0.006
_SPLIT = (900, 9000)  # from these cases on, a series-month has two lines, then three


def to_taxed_prices(demand: Demand) -> np.ndarray:
    """Return the price of each series, tax included, in 2026; stand-ins get their like-item's."""
    prices = to_list_price().set_index("item")["taxed_price"]
    like = ITEMS.set_index("item")["like"]
    codes = demand.series["item"].where(
        demand.series["item"].isin(prices.index), demand.series["item"].map(like)
    )
    full = codes.map(prices).to_numpy() * demand.series["price"].to_numpy()
    return np.round(full * 10) / 10


def price_steps() -> np.ndarray:
    """Return each month's price against 2026: lists changed on 1 January 2023 and 2025."""
    years = MONTHS.year.to_numpy()
    return np.where(years < 2023, 0.94, np.where(years < 2025, 0.97, 1.0))


def build_orders(demand: Demand, seed: int) -> pd.DataFrame:
    """Return order lines: the last 24 months, shipped or overdue, and open ones for later.

    Returns:
        `order`, `line`, `series` (row of demand.series), `order_date`, `requested_date`,
        `promised_date`, `shipped_date`, `ordered`, `shipped`, `cancelled` [cases], `unit`,
        `taxed_value`. For each series and month of history, `ordered` sums to the monthly total.
    """
    rng = to_random(seed, 10)
    past = _split_totals(demand, rng)
    ahead = _draw_open_lines(demand, rng)
    lines = pd.concat([past, ahead], ignore_index=True)
    lines = _set_dates(_number_orders(lines, demand, rng), rng)
    lines = _ship(lines, demand, rng)
    return _price(lines, demand)


def _split_totals(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return one to three lines per series and month whose quantities sum to the total."""
    first = HISTORY - ORDER_MONTHS
    series, month = np.nonzero(demand.actual[:, first:])
    total = demand.actual[series, month + first]
    count = 1 + (total >= _SPLIT[0]).astype(int) + (total >= _SPLIT[1]).astype(int)
    rows = pd.DataFrame({"series": series, "month": month + first, "total": total, "count": count})
    lines = rows.loc[rows.index.repeat(rows["count"])]
    lines = lines.assign(number=lines.groupby(level=0).cumcount()).reset_index(drop=True)
    pallet = demand.series["item"].map(ITEMS.set_index("item")["pack"].map(PALLET)).to_numpy()
    pallet = pallet[lines["series"]]
    share = rng.uniform(0.5, 0.9, len(lines)) / lines["count"]
    by_pallet = (rng.random(len(lines)) < 0.35) & (lines["count"] > 1) & (lines["number"] == 0)
    guess = np.floor(lines["total"] * share)
    guess = np.where(by_pallet, np.maximum(guess // pallet, 1) * pallet, guess)
    last = lines["number"] == lines["count"] - 1
    lines = lines.assign(ordered=np.where(last, 0, guess), pallet=np.where(by_pallet, pallet, 0))
    given = lines.groupby(["series", "month"], sort=False)["ordered"].transform("sum")
    rest = lines["total"] - given
    return lines.assign(ordered=np.where(last, rest, lines["ordered"]).astype(int))


def _draw_open_lines(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return orders already in for the next three months, less the further away."""
    blocks = []
    for ahead, (chance, part) in enumerate(((0.72, 1.0), (0.10, 0.4), (0.03, 0.3))):
        month = HISTORY + ahead
        share = demand.series["early"].to_numpy() * part * rng.uniform(0.7, 1.3, len(demand.series))
        quantity = np.round(demand.expected[:, month] * share).astype(int)
        take = np.flatnonzero((rng.random(len(quantity)) < chance) & (quantity >= 10))
        blocks.append(pd.DataFrame({"series": take, "month": month, "ordered": quantity[take]}))
    return pd.concat(blocks, ignore_index=True).assign(pallet=0)


def _number_orders(lines: pd.DataFrame, demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return the lines gathered into orders of about five lines of one customer and day."""
    customer = demand.series["customer"].to_numpy()[lines["series"]]
    lines = lines.assign(customer=customer)
    size = lines.groupby(["customer", "month"], sort=True)["ordered"].transform("size")
    slots = np.ceil(size / 5).astype(int)
    slot = np.floor(rng.random(len(lines)) * slots).astype(int)
    lines = lines.assign(slot=slot, slots=slots)
    lines = lines.sort_values(["month", "customer", "slot", "series"], ignore_index=True)
    order = lines.groupby(["month", "customer", "slot"], sort=True).ngroup()
    number = order - order.groupby(lines["month"]).transform("min") + 1
    stamp = pd.Series(MONTHS.strftime("%y%m")).reindex(lines["month"]).to_numpy()
    name = "XS" + stamp + number.astype(str).str.zfill(4)
    return lines.assign(order=name, order_number=order, line=lines.groupby(order).cumcount() + 1)


def _set_dates(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the lines with requested, order and promised day; an order shares its days."""
    heads = lines.drop_duplicates("order_number")
    length = MONTHS.days_in_month.to_numpy()[heads["month"]]
    day = np.floor((heads["slot"] + rng.random(len(heads))) / heads["slots"] * length)
    start = MONTHS.to_numpy()[heads["month"]]
    requested = start + day.astype(int).to_numpy().astype("timedelta64[D]")
    lead = rng.integers(4, 15, len(heads)).astype("timedelta64[D]")
    entered = np.minimum(requested - lead, np.datetime64(AS_OF - pd.Timedelta(days=1)))
    late = rng.integers(0, 26, len(heads)).astype("timedelta64[D]")
    entered = np.where(
        heads["month"] >= HISTORY, np.minimum(entered, np.datetime64(AS_OF) - late), entered
    )
    days = pd.DataFrame(
        {"order_number": heads["order_number"], "order_date": entered, "requested_date": requested}
    )
    lines = lines.merge(days, on="order_number", validate="many_to_one")
    delay = np.where(rng.random(len(lines)) < 0.07, rng.integers(1, 6, len(lines)), 0)
    return lines.assign(promised_date=lines["requested_date"] + pd.to_timedelta(delay, unit="D"))


def _ship(lines: pd.DataFrame, demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return the lines with what left and when; nothing after 2026-10-31 has happened yet."""
    draw, count = rng.random(len(lines)), len(lines)
    hit = _find_stock_out_lines(lines, demand)
    late = (draw < _LATE) | (hit & (draw < 0.55))
    partial = ~late & (draw < _LATE + _PARTIAL)
    cancelled = ~late & ~partial & (draw < _LATE + _PARTIAL + _CANCELLED)
    delay = np.where(late, rng.integers(1, 11, count), -rng.integers(0, 3, count))
    day = lines["requested_date"] + pd.to_timedelta(delay, unit="D")
    day = day.where(day >= lines["order_date"], lines["order_date"])
    share = np.where(partial, rng.uniform(0.5, 0.95, count), 1.0)
    shipped = np.floor(lines["ordered"] * share).astype(int)
    gone = (day <= AS_OF) & ~cancelled & (lines["requested_date"] <= AS_OF)
    shipped = np.where(gone, shipped, 0)
    closed = (lines["requested_date"] <= AS_OF - pd.Timedelta(days=20)) & (gone | cancelled)
    dropped = np.where(closed, lines["ordered"] - shipped, 0)
    whole = gone & (shipped == lines["ordered"])
    lines = lines.assign(shipped=shipped, cancelled=dropped, shipped_date=day.where(gone))
    lines = lines.assign(shipped_date=lines["shipped_date"].where(shipped > 0))
    return lines.assign(pallet=lines["pallet"].where(whole, 0).astype(int))


def _find_stock_out_lines(lines: pd.DataFrame, demand: Demand) -> pd.Series:
    places = demand.series.loc[lines["series"], ["item", "location"]].reset_index(drop=True)
    asked = places.assign(period=MONTHS[lines["month"]])
    key = ["item", "location", "period"]
    found = asked.merge(demand.stock_outs, on=key, how="left", validate="many_to_one")
    return found["lost_rate"].notna()


def _price(lines: pd.DataFrame, demand: Demand) -> pd.DataFrame:
    price = to_taxed_prices(demand)[lines["series"]]
    value = np.round(lines["ordered"] * price, 2)
    names = "order line series month order_date requested_date promised_date shipped_date"
    kept = [*names.split(), "ordered", "shipped", "cancelled", "pallet"]
    return lines[kept].assign(taxed_value=value)


def to_monthly_values(demand: Demand, orders: pd.DataFrame) -> np.ndarray:
    """Return the taxed money of each series and month of history, (series, month).

    The last 24 months are the sums of the order lines, to the cent.
    """
    steps = price_steps()[:HISTORY]
    values = np.round(demand.actual * to_taxed_prices(demand)[:, None] * steps, 2)
    past = orders[orders["month"] < HISTORY]
    sums = past.groupby(["series", "month"], sort=True)["taxed_value"].sum().round(2)
    rows = sums.index.get_level_values("series"), sums.index.get_level_values("month")
    values[rows] = sums.to_numpy()
    return values


def build_returns(demand: Demand, seed: int) -> pd.DataFrame:
    """Return about 300 returns of the last 24 months: 1 to 4 % of a month of one series."""
    rng = to_random(seed, 11)
    months = rng.integers(HISTORY - ORDER_MONTHS, HISTORY, 320)
    rows = rng.choice(np.flatnonzero(demand.series["reach"] != "C"), 320)
    quantity = np.round(demand.actual[rows, months] * rng.uniform(0.01, 0.04, 320)).astype(int)
    days = rng.integers(0, 28, 320)
    frame = pd.DataFrame({"series": rows, "month": months, "quantity": quantity})
    frame = frame.assign(
        return_date=MONTHS[months] + pd.to_timedelta(days, unit="D"),
        taxed_value=np.round(quantity * to_taxed_prices(demand)[rows], 2),
    )
    frame = frame[frame["quantity"] > 0].sort_values(["return_date", "series"], ignore_index=True)
    number = (frame.index + 1).astype(str).str.zfill(5)
    return frame.assign(return_id="TH" + number)
