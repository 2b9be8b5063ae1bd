"""Swings of output: the price of working more or fewer hours than the month before."""

from __future__ import annotations

from sopkit.supply.lp import Model


def add_swings(model: Model, swing_rate: float) -> None:
    """Add the rule to the model; nothing where the rate is 0."""
