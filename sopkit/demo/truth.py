"""What was planted in the company of a seed, so that findings and plans can be held against it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.company import Company, build_company
from sopkit.demo.deals import to_win_rates
from sopkit.demo.line_changes import LEAD_DAYS, LEAD_SPREAD
from sopkit.demo.open_orders import CAP_38_ORDERS
from sopkit.demo.products import (
    CAP_38,
    CAP_38_LIMIT,
    CAP_38_MONTH,
    FAMILIES,
    INTERMITTENT,
    STAND_IN,
)
from sopkit.demo.sales import HISTORY, MONTHS, Demand, new_year_moves
from sopkit.demo.streams import STREAMS
from sopkit.demo.supply import (
    GAIN_MONTH,
    REBUILD_HOURS,
    REBUILD_LINE,
    TARGET_FAMILY,
    TARGET_MONTH,
    TARGET_RATE,
)
from sopkit.tables import LEAF


def planted_truth(seed: int) -> dict[str, pd.DataFrame]:
    """Return what was planted, by name.

    Args:
        seed: the seed that the files were made with.

    Returns:
        demand: (item, location, customer, period), all 90 months: `base_qty` expected without
            promotions, `expected_qty` with them, `true_qty` what customers want, `actual_qty`
            what the books show (blank after history).
        new_year: (family, period): `moved_rate`, share of a month gained or lost.
        noise: (item, location): `noise_rate`, standard deviation of a month.
        promotion: (event): level, `period`, `uplift_rate`, `dip_rate` of the next month.
        stock_out: (item, location, period): `lost_rate`, share of the month's demand lost.
        spike: (item, location, customer, period): `factor` of a one-off bulk order.
        restated: (item, location, customer, period): `past_qty`, `actual_qty`.
        stream: (stream): `insight_rate`, `plans_rate`, `lift_rate`, `spread_rate`, `effect`.
        supply: (kind, code, period): bottlenecks and late orders, `number`.
        stand_in: (item): planned by its like-item.
        loading: (item, location, customer, period): `moved_qty`, plus in the quarter's last month,
            minus where it is paid back; a series' sum is 0.
        channel_gap: (kind, item, location, customer, period): `stock_qty` miscounted, or silent.
        win_rate: (stage): true `win_rate` and `slip_days` against the CRM's `stated_rate`.
        book_ahead: (item): `lead_days` (median) and its log-spread of make-to-order lines.
    """
    company = build_company(seed)
    demand = company.demand
    return {
        "demand": _list_demand(demand),
        "new_year": _list_new_year(),
        "noise": demand.series[["item", "location", "sigma"]]
        .drop_duplicates(ignore_index=True)
        .rename(columns={"sigma": "noise_rate"}),
        "promotion": demand.events.rename(
            columns={"uplift_rate": "owner_uplift_rate", "uplift": "uplift_rate", "dip": "dip_rate"}
        ),
        "stock_out": demand.stock_outs,
        "spike": demand.spikes.drop(columns="series"),
        "restated": company.plans.restated,
        "stream": _list_streams(),
        "supply": _list_supply(),
        "stand_in": pd.DataFrame({"item": list(STAND_IN)}),
        "loading": _list_loading(company),
        "channel_gap": company.channel.gaps,
        "win_rate": to_win_rates(),
        "book_ahead": pd.DataFrame(
            {"item": INTERMITTENT, "lead_days": LEAD_DAYS, "lead_spread": LEAD_SPREAD}
        ),
    }


def _list_demand(demand: Demand) -> pd.DataFrame:
    series, base = demand.series, demand.base
    count, months = base.shape
    actual = np.full(base.shape, np.nan)
    actual[:, :HISTORY] = demand.actual
    rows = np.repeat(np.arange(count), months)
    frame = series.loc[rows, LEAF].reset_index(drop=True)
    return frame.assign(
        period=np.tile(MONTHS.to_numpy(), count),
        base_qty=base.ravel(),
        expected_qty=demand.expected.ravel(),
        true_qty=demand.true.ravel(),
        actual_qty=actual.ravel(),
    )


def _list_new_year() -> pd.DataFrame:
    moves = pd.DataFrame({"period": MONTHS, "move": new_year_moves()}).query("move != 0")
    both = FAMILIES[["family", "new_year"]].merge(moves, how="cross")
    rate = both["new_year"] * both["move"]
    return both.assign(moved_rate=rate)[["family", "period", "moved_rate"]]


def _list_streams() -> pd.DataFrame:
    effect = {"sales": "adds", "marketing": "harms", "finance": "neutral", "customer": "neutral"}
    frame = pd.DataFrame(STREAMS).T.add_suffix("_rate").rename_axis("stream").reset_index()
    return frame.assign(effect=frame["stream"].map(effect))


def _list_supply() -> pd.DataFrame:
    rows: list[tuple[str, str, str, float]] = [
        ("upkeep_hours", REBUILD_LINE, month, hours) for month, hours in REBUILD_HOURS.items()
    ]
    rows += [
        ("faster_from", REBUILD_LINE, GAIN_MONTH, 0.0),
        ("target_rate", TARGET_FAMILY, TARGET_MONTH, TARGET_RATE),
        ("supplier_limit", CAP_38, CAP_38_MONTH, CAP_38_LIMIT),
    ]
    rows += [("on_order", CAP_38, day[:7], quantity) for day, quantity in CAP_38_ORDERS]
    frame = pd.DataFrame(rows, columns=["kind", "code", "period", "number"])
    return frame.assign(period=pd.to_datetime(frame["period"] + "-01"))


def _list_loading(company: Company) -> pd.DataFrame:
    loading = company.channel.loading
    early = loading[["series", "month", "moved"]]
    back = loading[["series", "from_month"]].set_axis(["series", "month"], axis=1)
    rows = pd.concat([early, back.assign(moved=-loading["moved"])], ignore_index=True)
    moved = rows.groupby(["series", "month"], sort=True)["moved"].sum()
    series, month = moved.index.get_level_values("series"), moved.index.get_level_values("month")
    place = company.demand.series.loc[series, LEAF]
    return place.reset_index(drop=True).assign(period=MONTHS[month], moved_qty=moved.to_numpy())
