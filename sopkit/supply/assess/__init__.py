"""Assess a sales target: can it be served, what breaks, what it costs, until when to decide."""

from __future__ import annotations

from sopkit.supply.assess.target import Assessment, assess_target

__all__ = ["Assessment", "assess_target"]
