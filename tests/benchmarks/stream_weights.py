"""Do learned weights of people's forecasts help? The demo company's past cycles, out of sample.

    python tests/benchmarks/stream_weights.py [--full]

Each cycle is blended by what was known before it: weights and biases from months before the
cycle. The old rule gave a stream the whole `stream_weight` when its value added was above one
point in six months, else nothing, and left its bias in. --full takes 19 cycles (all whose
six months have come since the streams began), else 11.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from demo_past import forecast_past, read_company

from sopkit import accuracy
from sopkit.demand.streams import compare_streams
from sopkit.demand.weights import learn_weights, replay_streams, summarise_rule

OLD_VALUE_RATE, OLD_MONTHS = 0.01, 6
AHEAD = 6


def blend_old(compared: pd.DataFrame, stream_weight: float) -> pd.Series:
    """Return the blend of each row's cell by the old rule, learned before its cycle."""
    parts = []
    for cycle, now in compared.groupby("cycle", sort=True):
        first = pd.Timestamp(f"{cycle}-01")
        known = compared[(compared["period"] < first) & (compared["cycle"] < cycle)]
        value = accuracy.score_streams(known) if len(known) else pd.DataFrame()
        weight = pd.Series(0.0, index=now.index)
        if len(value):
            value["sum"] = value["value_added_rate"] * value["cell_count"]
            pooled = value.groupby("stream")[["sum", "cell_count", "month_count"]].agg(
                {"sum": "sum", "cell_count": "sum", "month_count": "max"}
            )
            earns = (pooled["sum"] / pooled["cell_count"] > OLD_VALUE_RATE) & (
                pooled["month_count"] >= OLD_MONTHS
            )
            weight = now["stream"].map(earns).fillna(False).astype(float) * stream_weight
        cell = [now[name] for name in ("item", "location", "period")]
        change = (weight * (now["forecast_qty"] - now["reference_qty"])).groupby(cell)
        total = weight.groupby(cell).transform("sum")
        parts.append(now["reference_qty"] + change.transform("sum") / np.maximum(total, 1.0))
    return pd.concat(parts).reindex(compared.index).clip(lower=0.0)


def main(cycles: int) -> None:
    """Print the table."""
    started = time.process_time()
    company = read_company()
    said = forecast_past(company, cycles, AHEAD).rename(columns={"forecast_qty": "baseline_qty"})
    first = said["cycle"].min()
    streams = company["forecast_stream"]
    compared = compare_streams(
        streams[streams["cycle"].isin(said["cycle"])],
        company["demand_history"],
        company["item"],
        past_baseline=said[["cycle", "item", "location", "period", "baseline_qty"]],
    )
    print(f"{cycles} cycles from {first}, {len(compared)} rows; WAPE at item-location, lags 0 to 5")
    print(f"{'most weight':14}{'months':>22}{'baseline':>10}{'old rule':>10}{'learned':>10}  bound")
    for most in (0.5, 1.0):
        told = replay_streams(compared, most).assign(old_qty=blend_old(compared, most))
        cells = told.drop_duplicates(["cycle", "item", "location", "period"])
        learned_from = pd.Timestamp(f"{first}-01") + pd.DateOffset(months=OLD_MONTHS)
        late = cells[pd.to_datetime(cells["cycle"]) >= learned_from]
        for name, rows in (("all cycles", cells), ("once six months are known", late)):
            wape = [
                accuracy.wape(rows[f"{kind}_qty"], rows["actual_qty"])
                for kind in ("reference", "old", "consensus")
            ]
            shown = "".join(f"{one:10.2%}" for one in wape)
            print(f"{most:<11}{name:>25}{shown}  learned <= baseline")
    print(summarise_rule(learn_weights(compared, 1.0)).round(3).to_string(index=False))
    print(f"{time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main(19 if "--full" in sys.argv else 11)
