"""What convinces a planning director: safety stock in money at equal simulated service.

    python tests/benchmarks/director.py [--full]

The demo company's last cycles (24 with --full, else 13). At each cycle each forecast of the cycle's
own month is made from what was known then: seasonal naive, the company's own past forecasts (the
sales department's, and the mean of its four departments), the baseline, and the consensus (the
baseline drawn by streams with weights learned before the cycle).

A place's safety stock is k x its usual miss x this month's forecast; the usual miss is learned from
the earlier cycles' errors (drawn to the mean of all places), and k is one number a forecast, set so
that over all places and cycles with demand the same share, 95 %, gets by without a stock-out. So
only accuracy differs. Money: standard cost; months scaled to lead time + review by the square root.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from demo_past import forecast_past, read_company

from sopkit import accuracy
from sopkit.demand.streams import compare_streams
from sopkit.demand.weights import replay_streams
from sopkit.periods import DAYS_PER_MONTH
from sopkit.tables import ALL, PLACE

SERVICE, MAKE_DAYS, BURN_IN, PRIOR_MONTHS = 0.95, 1.0, 6, 4
NAMES = {
    "naive_qty": "seasonal naive",
    "mean_qty": "company: mean of its departments",
    "sales_qty": "company: sales department",
    "baseline_qty": "sopkit baseline",
    "consensus_qty": "sopkit consensus (learned weights)",
}


def collect_forecasts(company: dict[str, pd.DataFrame], cycles: int) -> pd.DataFrame:
    """Return a row a place and cycle: every forecast of the cycle's own month, and what came."""
    said = forecast_past(company, cycles, 1).rename(columns={"forecast_qty": "baseline_qty"})
    streams = company["forecast_stream"]
    compared = compare_streams(
        streams[streams["cycle"] >= said["cycle"].min()],
        company["demand_history"],
        company["item"],
        past_baseline=said[["cycle", *PLACE, "period", "baseline_qty"]],
    )
    now = replay_streams(compared[compared["lag"] == 0], 1.0)
    key = ["cycle", *PLACE]
    wide = now.pivot_table(index=key, columns="stream", values="forecast_qty")
    own = pd.DataFrame({"sales_qty": wide["sales"], "mean_qty": wide.mean(axis=1)})
    own["consensus_qty"] = now.groupby(key)["consensus_qty"].first()
    rows = said[said["lag"] == 0].merge(
        own.reset_index(), on=key, how="inner", validate="one_to_one"
    )
    return rows.dropna(subset=["sales_qty"]).sort_values([*PLACE, "cycle"], ignore_index=True)


def find_usual_miss(rows: pd.DataFrame, forecast: str) -> pd.Series:
    """Return mean |actual - forecast| / mean forecast of a place's earlier cycles, drawn in."""
    parts = rows[[*PLACE, "cycle"]].assign(
        miss=(rows["actual_qty"] - rows[forecast]).abs(), size=rows[forecast]
    )
    before = parts.groupby(PLACE)[["miss", "size"]].cumsum() - parts[["miss", "size"]]
    count = parts.groupby(PLACE).cumcount()
    whole = parts.groupby("cycle")[["miss", "size"]].sum().cumsum().shift(1)
    pooled = parts["cycle"].map(whole["miss"] / whole["size"])
    usual_size = (before["size"] / count.where(count > 0)).fillna(parts["size"])
    size = before["size"] + PRIOR_MONTHS * usual_size
    miss = before["miss"] + PRIOR_MONTHS * usual_size * pooled
    return (miss / size.where(size > 0)).fillna(pooled)


def find_exposure(company: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.Series:
    """Return sqrt((making + shortest lane + review days) / a month) of each row."""
    lane = company["lane"].groupby("to_location")["lead_time_days"].min()
    policy = company["stock_policy"]
    review = policy[policy["location"] == ALL].set_index("item")["review_days"]
    days = MAKE_DAYS + rows["location"].map(lane).fillna(0) + rows["item"].map(review).fillna(7)
    return np.sqrt(days / DAYS_PER_MONTH)


def value_stock(company: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Return each forecast's WAPE, k, service and safety stock in money at equal service."""
    cost = company["cost"].sort_values("start_date").groupby("item")["unit_cost_value"].last()
    worth = rows["item"].map(cost)
    exposure = find_exposure(company, rows)
    learned = rows["cycle"] >= sorted(rows["cycle"].unique())[BURN_IN]
    judged = learned & worth.notna() & (rows["actual_qty"] > 0)
    told = []
    for name in NAMES:
        unit = (find_usual_miss(rows, name) * rows[name])[judged].clip(lower=1e-9)
        short = (rows["actual_qty"] - rows[name])[judged]
        k = float(np.quantile(short / unit, SERVICE, method="higher"))
        stock = max(k, 0.0) * unit
        to_money = worth[judged] * exposure[judged]
        by_cycle = rows["cycle"][judged]
        safety = (stock * to_money).groupby(by_cycle).sum().mean()
        over = (-1.0 * short * to_money).groupby(by_cycle).sum().mean()
        told.append(
            {
                "forecast": NAMES[name],
                "wape_rate": accuracy.wape(rows.loc[judged, name], rows.loc[judged, "actual_qty"]),
                "service_rate": float((short <= stock + 1e-9).mean()),
                "safety_value": safety,
                "over_value": over,
                "held_value": safety + over,
            }
        )
    return pd.DataFrame(told)


def main(cycles: int) -> None:
    """Print the table."""
    started = time.perf_counter()
    company = read_company()
    rows = collect_forecasts(company, cycles)
    told = value_stock(company, rows)
    judged = rows["cycle"].nunique() - BURN_IN
    print(f"{cycles} cycles, {judged} judged after {BURN_IN} to learn from; item-location, lag 0")
    head = ("WAPE", "service", "safety", "over", "held", "vs naive", "vs own")
    print(f"{'M CNY, mean of the cycles':38}" + "".join(f"{name:>10}" for name in head))
    held = told["held_value"]
    for row in told.itertuples():
        money = "".join(
            f"{one / 1e6:10.2f}" for one in (row.safety_value, row.over_value, row.held_value)
        )
        against = "".join(f"{row.held_value / held[at] - 1:10.1%}" for at in (0, 1))
        print(f"{row.forecast:38}{row.wape_rate:10.1%}{row.service_rate:10.1%}{money}{against}")
    for place in (3, 4):
        naive, own = (held[at] - held[place] for at in (0, 1))
        print(f"{told['forecast'][place]}: frees {naive / 1e6:.2f} M CNY against seasonal naive, "
              f"{own / 1e6:.2f} M against the company's own past forecasts")  # fmt: skip
    print(f"{time.perf_counter() - started:.0f} s; own: the mean of its departments")


if __name__ == "__main__":
    main(24 if "--full" in sys.argv else 13)
