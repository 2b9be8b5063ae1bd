"""Swings of output: the price of working more or fewer hours than the month before."""

from __future__ import annotations

import numpy as np

from sopkit.supply.model.lp import Array, Block, Model, Rows, Term


def hourly_costs(hour_value: Array, overtime_value: Array, head_hour: Array) -> Array:
    """Return what an hour costs: its pay, else the pay of a head for an hour, else of overtime.

    Example:
        No hourly pay, heads at 640 for 160 hours: 4.
    """
    pay = np.where(hour_value > 0, hour_value, head_hour)
    return np.where(pay > 0, pay, overtime_value)


def add_swings(model: Model, swing_rate: float, hourly_cost: Array) -> None:
    """Price every hour that a resource works more or less than in the month before.

    Variables `swing_up` and `swing_down` (hours, from the second month on), cost term `swing`:
    `swing_rate` x what an hour costs. Rows `swing`: hours - hours before = up - down. Nothing is
    added where the rate is 0 or an hour costs nothing.

    Args:
        hourly_cost: money an hour of each resource.
    """
    priced = hourly_cost > 0
    if not swing_rate or not priced.any() or len(model.periods) < 2:
        return
    hours = [term for term in model.rows["capacity_limit"].terms if term.variable == "flow"]
    shape = model.shape("resource")
    keep = np.repeat(priced[:, None], shape[1], axis=1)
    keep[:, 0] = False
    no_limit, none = np.full(shape, np.inf), np.zeros(shape)
    price = {"swing": none + (swing_rate * hourly_cost)[:, None]}
    for name in ("swing_up", "swing_down"):
        model.blocks[name] = Block("resource", no_limit, price, keep=keep)
    before = [Term(t.variable, -np.asarray(t.coef), t.pick, t.to, delay=1) for t in hours]
    terms = [*hours, *before, Term("swing_up", -1.0), Term("swing_down")]
    model.rows["swing"] = Rows("resource", none, none, terms, keep)
