"""What sales, marketing, finance and customers expected in 24 past cycles and in this one.

Planted: sales knows a third of what statistics cannot know, so it adds value; marketing hopes for
15 % more than comes, so it harms; finance and customers know no more than the past shows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.products import ITEMS
from sopkit.demo.sales import HISTORY, MONTHS, Demand, to_random

CYCLES, AHEAD = 25, 6  # 2024-11 .. 2026-10 and the current 2026-11; months in a forecast
# insight: share of the surprise (noise, lost sales) that the stream knows; plans: share of
# promotions it knows; lift: systematic hope; spread: own error of the first month.
STREAMS = {
    "sales": {"insight": 0.30, "plans": 1.0, "lift": 0.00, "spread": 0.04},
    "marketing": {"insight": 0.0, "plans": 1.0, "lift": 0.15, "spread": 0.08},
    "finance": {"insight": 0.0, "plans": 0.0, "lift": 0.01, "spread": 0.09},
    "customer": {"insight": 0.0, "plans": 0.5, "lift": 0.02, "spread": 0.10},
}  # fmt: skip


def build_streams(demand: Demand, seed: int) -> pd.DataFrame:
    """Return forecasts by cycle and stream, months as columns.

    Returns:
        `cycle` (position of its first month), `stream`, `item`, `location`, and columns 0 to 5:
        cases in the cycle's month and the five after it, in tens. Customers speak for A items.
    """
    rng = to_random(seed, 30)
    keys = [demand.series["item"], demand.series["location"]]
    base, expected, came = (
        pd.DataFrame(values).groupby(keys, sort=True).sum()
        for values in (demand.base, demand.expected, _to_seen(demand))
    )
    reach = ITEMS.set_index("item")["reach"]
    blocks = []
    for cycle in range(HISTORY - CYCLES + 1, HISTORY + 1):
        months = slice(cycle, cycle + AHEAD)
        for stream, traits in STREAMS.items():
            spread = traits["spread"] * (1 + 0.1 * np.arange(AHEAD))
            noise = np.exp(rng.normal(size=(len(base), AHEAD)) * spread)
            plans = base.to_numpy()[:, months] ** (1 - traits["plans"])
            plans = plans * expected.to_numpy()[:, months] ** traits["plans"]
            surprise = _ratio(came.to_numpy()[:, months], expected.to_numpy()[:, months])
            guess = plans * surprise ** traits["insight"] * (1 + traits["lift"]) * noise
            block = pd.DataFrame(np.round(guess, -1).astype(int), index=base.index).reset_index()
            block = block.assign(cycle=cycle, stream=stream)
            keep = block[list(range(AHEAD))].sum(axis=1) > 0
            if stream == "customer":
                keep &= block["item"].map(reach) == "A"
            blocks.append(block[keep])
    return pd.concat(blocks, ignore_index=True)


def _to_seen(demand: Demand) -> np.ndarray:
    """Return what the books show, and beyond them what customers will want."""
    seen = demand.true.copy()
    seen[:, :HISTORY] = demand.actual
    return seen


def _ratio(came: np.ndarray, expected: np.ndarray) -> np.ndarray:
    ratio = np.divide(came, expected, out=np.ones_like(expected), where=expected > 0)
    return np.clip(ratio, 0.3, 2.0)


def to_cycle_name(position: int) -> str:
    """Return the name of the cycle whose first month has this position."""
    return f"{MONTHS[position]:%Y-%m}"
