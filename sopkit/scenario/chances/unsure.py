"""What else is not certain: yield, hours lost, suppliers that come late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.tables import PLACE

YIELD_ERROR = 0.01
DOWNTIME_ERROR = 0.03
LATE_CHANCE = 0.10
LATE_DAYS = 7.0
DELIVERIES = 4
DAYS = 30.4
LEAST_MONTHS = 24


@dataclass(frozen=True)
class Unsure:
    """How far supply itself may come out otherwise; what no table tells is a stated default.

    Args:
        yield_error: standard deviation of a month's yield, share of what was started.
        downtime_error: standard deviation of a month's hours, share of those planned.
        late_chance: chance that a delivery comes late; a supplier has four a month.
        late_days: days by which it then does.
        measured: which of these a table told; the others are defaults.
    """

    yield_error: float = YIELD_ERROR
    downtime_error: float = DOWNTIME_ERROR
    late_chance: float = LATE_CHANCE
    late_days: float = LATE_DAYS
    measured: tuple[str, ...] = ()


def measure_unsure(
    production_actual: pd.DataFrame, open_supply: pd.DataFrame, as_of: pd.Timestamp
) -> Unsure:
    """Return how uncertain supply has been, as far as tables tell.

    Yield: the spread of scrapped / (made + scrapped) of an item-location between its months, over
    item-locations. Late suppliers: purchase orders due by `as_of` that are still open, of all open
    ones due by a month after it. Hours: no table tells planned beside worked hours, so the
    default stands.

    Args:
        production_actual: contract `production_actual`.
        open_supply: contract `open_supply`.
        as_of: last day of what is known.

    Example:
        Scrap of 1 % and 3 % in turn: a yield error of 0.01.
    """
    measured, found = [], {}
    made = production_actual[production_actual["made_qty"] > 0] if len(production_actual) else None
    if made is not None and len(made) >= LEAST_MONTHS and (made["scrapped_qty"] > 0).any():
        rate = made["scrapped_qty"] / (made["made_qty"] + made["scrapped_qty"])
        mean = rate.groupby([made[key] for key in PLACE]).transform("mean")
        found["yield_error"] = float(np.sqrt(((rate - mean) ** 2).mean()))
        measured.append("yield")
    if len(open_supply):
        due = pd.to_datetime(open_supply["due_date"])
        near = (open_supply["supply_kind"] == "buy") & (due <= as_of + pd.Timedelta(days=30))
        if near.sum() >= LEAST_MONTHS and (due[near] <= as_of).any():
            found["late_chance"] = float((due[near] <= as_of).mean())
            measured.append("late")
    return Unsure(**found, measured=tuple(measured))


@dataclass(frozen=True)
class Luck:
    """Draws of supply: factors on good units and hours, and the share that comes a month later.

    Args:
        good: (make ways x months x draws); hours: (resources x months x draws); late: (suppliers
            x months x draws).
    """

    good: np.ndarray
    hours: np.ndarray
    late: np.ndarray


def draw_luck(
    unsure: Unsure, ways: int, resources: int, suppliers: int, months: int, draws: int, seed: int
) -> Luck:
    """Return draws of yield, hours and delay, each independent of the others."""
    rng = np.random.default_rng([seed, 1])
    good = 1 + unsure.yield_error * rng.standard_normal((ways, months, draws))
    hours = 1 + unsure.downtime_error * rng.standard_normal((resources, months, draws))
    late = rng.binomial(DELIVERIES, unsure.late_chance, (suppliers, months, draws))
    share = late / DELIVERIES * unsure.late_days / DAYS
    return Luck(np.clip(good, 0.5, 1.5), np.clip(hours, 0.0, 1.5), share)
