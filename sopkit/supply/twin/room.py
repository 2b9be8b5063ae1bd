"""What is left to plan with: free stock, hours, lanes and suppliers, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.twin.net import Level

EMPTY = 1e-9


@dataclass
class Room:
    """What is free (all x months).

    Args:
        stock: units of each place that become free in the month, and stay free.
        usual: hours of resources in regular time, then units of lanes.
        extra: overtime hours, 0 for lanes.
        way: units that may still be started on each way.
    """

    stock: Array
    usual: Array
    extra: Array
    way: Array


def open_room(case: Case, way_limit: Array, regular: Array, overtime: Array) -> Room:
    """Return all that a case offers.

    Args:
        way_limit: most that may be started (ways x periods).
        regular, overtime: hours (resources x periods).
    """
    stock = case.arriving.copy()
    stock[:, 0] += case.places["opening_qty"].to_numpy(float)
    lanes = np.repeat(case.lanes["max_qty"].to_numpy(float)[:, None], len(case.periods), axis=1)
    return Room(
        stock=stock,
        usual=np.vstack([regular, lanes]),
        extra=np.vstack([overtime, np.zeros_like(lanes)]),
        way=way_limit.copy(),
    )


def free_stock(stock: Array) -> Array:
    """Return the stock that becomes free each month when no later month needs it.

    Example:
        Stock left 30, 10, 25: 10 are free from the first month on, 15 more in the third.
    """
    free = np.minimum.accumulate(stock[:, ::-1], axis=1)[:, ::-1]
    return np.diff(free, axis=1, prepend=0.0)


def fit_limits(level: Level, rows: Array, asked: Array, free: Array, own: Array) -> Array:
    """Return what of the asked quantities fits; what competes for a limit gets the same share.

    Args:
        rows: ways of the level.
        asked: units (rows x months); free: of the shared limits; own: of each way.
    """
    fits = np.minimum(asked, own)
    if len(level.limit) == 0:
        return fits
    full = np.zeros((len(level.ways), asked.shape[1]))
    full[rows] = fits
    load = level.take @ full
    most = np.maximum(free, 0.0)
    share = np.divide(most, load, out=np.ones_like(load), where=load > most)
    if share.min(initial=1.0) >= 1.0:
        return fits
    worst = np.ones_like(full)
    np.minimum.at(worst, level.limit_way, share[level.limit])
    return fits * worst[rows]
