"""Order lines that were not drawn like the others: early ones, bulk orders, orders booked ahead.

Each step takes the lines of `orders` and gives new ones whose sums by series and month tie to the
monthly totals. Draws of other lines stay as they are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.products import INTERMITTENT, each_row
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS, Demand, to_position, to_random

LEAD_DAYS, LEAD_SPREAD = 55.0, 0.55  # median and log-spread of a make-to-order line's lead
BOOKED_AHEAD = 6  # months


def load_early(orders: pd.DataFrame, loading: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the lines with early volume taken from its own month to the last days of a quarter.

    Args:
        orders: lines of the company.
        loading: `series`, `month`, `from_month`, `moved`.
        seed: of the company.
    """
    rng = to_random(seed, 53)
    first = orders["month"].min()
    orders = _take_early(orders, loading[loading["from_month"] >= first])
    covered = loading[loading["month"] >= first].reset_index(drop=True)
    last = pd.Series(MONTHS[covered["month"]] + pd.offsets.MonthEnd(0))
    day = last - pd.to_timedelta(rng.integers(0, 5, len(covered)), unit="D")
    lead = pd.to_timedelta(rng.integers(1, 7, len(covered)), unit="D")
    price = _find_prices(orders).reindex(covered["series"]).to_numpy()
    lines = pd.DataFrame(
        {
            "series": covered["series"],
            "month": covered["month"],
            "order_date": day - lead,
            "requested_date": day,
            "promised_date": day,
            "shipped_date": day,
            "ordered": covered["moved"],
            "shipped": covered["moved"],
            "cancelled": 0,
            "pallet": 0,
            "taxed_value": np.round(covered["moved"] * price, 2),
        }
    )
    return _add_lines(orders, lines)


def find_givers(orders: pd.DataFrame) -> pd.DataFrame:
    """Return the largest line of each (series, month) that left whole and in cases."""
    whole = orders[(orders["shipped"] == orders["ordered"]) & (orders["pallet"] == 0)]
    by_size = whole.sort_values(["series", "month", "ordered"], kind="stable")
    return by_size.groupby(["series", "month"], sort=True).tail(1)


def _take_early(orders: pd.DataFrame, loading: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with moved cases taken off the giver of their own month."""
    taken = loading.groupby(["series", "from_month"], sort=True)["moved"].sum()
    givers = find_givers(orders)
    key = pd.MultiIndex.from_frame(givers[["series", "month"]])
    less = pd.Series(taken.reindex(key).fillna(0).astype(int).to_numpy(), index=givers.index)
    less = less.reindex(orders.index, fill_value=0)
    price = (orders["taxed_value"] / orders["ordered"]).fillna(0.0)
    ordered = orders["ordered"] - less
    return orders.assign(
        ordered=ordered,
        shipped=orders["shipped"] - less,
        taxed_value=orders["taxed_value"].where(less == 0, (ordered * price).round(2)),
    )


def _find_prices(orders: pd.DataFrame) -> pd.Series:
    """Return the taxed price of each series, from its largest line."""
    largest = orders.sort_values(["series", "ordered"], kind="stable").groupby("series").tail(1)
    return (largest["taxed_value"] / largest["ordered"]).set_axis(largest["series"])


def gather_bulk(orders: pd.DataFrame, demand: Demand) -> pd.DataFrame:
    """Return the lines with each one-off bulk order as one line: the largest takes the excess.

    The other lines of the month keep what they would have had without it.
    """
    ordered = orders["ordered"].to_numpy().copy()
    value = orders["taxed_value"].to_numpy().copy()
    price = _find_prices(orders)
    for row in each_row(demand.spikes):
        month = to_position(row.period)
        hit = np.flatnonzero((orders["series"] == row.series) & (orders["month"] == month))
        if len(hit) < 2:
            continue
        kept = np.floor(ordered[hit[:-1]] / row.factor).astype(int)
        ordered[hit[-1]] += (ordered[hit[:-1]] - kept).sum()
        ordered[hit[:-1]] = kept
        value[hit] = np.round(ordered[hit] * price[row.series], 2)
    changed = ordered != orders["ordered"].to_numpy()
    return orders.assign(
        ordered=ordered,
        shipped=np.where(changed, ordered, orders["shipped"]),
        cancelled=np.where(changed, 0, orders["cancelled"]),
        shipped_date=orders["shipped_date"].where(~changed, orders["requested_date"]),
        pallet=np.where(changed, 0, orders["pallet"]),
        taxed_value=value,
    )


def book_ahead(orders: pd.DataFrame, demand: Demand, seed: int) -> pd.DataFrame:
    """Return the lines with those of make-to-order items entered weeks or months before.

    Past lines keep quantity and days of delivery and get an own order with an early day; open
    ones are those of the next six months' true orders that were in by 2026-10-31.
    """
    rng = to_random(seed, 54)
    to_order = demand.series["item"].isin(INTERMITTENT).to_numpy()
    own = to_order[orders["series"]]
    past = orders[own & (orders["month"] < HISTORY)].drop(columns=["order", "line"])
    lead = to_lead_days(rng, len(past))
    past = past.assign(order_date=past["requested_date"] - pd.to_timedelta(lead, unit="D"))
    price = _find_prices(orders)
    ahead = _draw_ahead(demand, to_order, price, rng)
    return _add_lines(orders[~own].reset_index(drop=True), pd.concat([past, ahead]))


def to_lead_days(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return how many days before delivery make-to-order lines are entered: lognormal, 10 or up."""
    days = np.exp(np.log(LEAD_DAYS) + LEAD_SPREAD * rng.normal(size=count))
    return np.asarray(np.clip(np.round(days), 10, 240))


def _draw_ahead(
    demand: Demand, to_order: np.ndarray, price: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    blocks = []
    for month in range(HISTORY, HISTORY + BOOKED_AHEAD):
        quantity = demand.true[:, month].astype(int)
        rows = np.flatnonzero(to_order & (quantity > 0))
        days = pd.to_timedelta(rng.integers(0, 28, len(rows)), unit="D")
        wanted = pd.Series(MONTHS[month] + days)
        lead = pd.to_timedelta(to_lead_days(rng, len(rows)), unit="D")
        block = pd.DataFrame(
            {
                "series": rows,
                "month": month,
                "order_date": wanted - lead,
                "requested_date": wanted,
                "promised_date": wanted,
                "shipped_date": pd.NaT,
                "ordered": quantity[rows],
                "shipped": 0,
                "cancelled": 0,
                "pallet": 0,
                "taxed_value": np.round(quantity[rows] * price.reindex(rows).to_numpy(), 2),
            }
        )
        blocks.append(block[(block["order_date"] <= AS_OF) & block["taxed_value"].notna()])
    return pd.concat(blocks, ignore_index=True)


def _add_lines(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with new ones at the end of their months, each an order of its own."""
    lines = lines.sort_values(["month", "requested_date", "series"], kind="stable")
    lines = lines.reset_index(drop=True)
    used = orders["order"].str[6:].astype(int).groupby(orders["month"]).max()
    number = lines.groupby("month").cumcount() + 1
    number = number + lines["month"].map(used).fillna(0).astype(int)
    stamp = pd.Series(MONTHS.strftime("%y%m")).reindex(lines["month"]).to_numpy()
    lines = lines.assign(order="XS" + stamp + number.astype(str).str.zfill(4), line=1)
    both = pd.concat([orders, lines[orders.columns]], ignore_index=True)
    return both.sort_values("month", kind="stable", ignore_index=True)
