"""Fair share: the price of a lost unit rises with the share of a stream's month that is lost."""

from __future__ import annotations

import numpy as np

from sopkit.supply.inputs.streams import Streams

Array = np.ndarray
STEPS = 3


def list_loss_steps(streams: Streams, fair_share_rate: float) -> list[tuple[str, Array, Array]]:
    """Return the steps in which demand is lost: name, most, and what a unit costs on top.

    Example:
        Rate 0.02, price 100: the first third of a month's demand costs nothing on top, the second
        2 a unit, the last 4. With a rate of 0 there is one step.
    """
    if not fair_share_rate:
        return [("lost", streams.demand_qty, np.zeros_like(streams.demand_qty))]
    names = ["lost", *[f"lost_{step}" for step in range(2, STEPS + 1)]]
    return [
        (name, streams.demand_qty / STEPS, step * fair_share_rate * streams.lost_cost)
        for step, name in enumerate(names)
    ]
