"""The company's own log of its months: closed when, signed when, how much had one number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.orders import to_taxed_prices
from sopkit.demo.sales import HISTORY, MONTHS, Demand, to_random
from sopkit.periods import working_dates

CYCLES, AHEAD = 18, 18
DAYS, SHARE = (16.0, 11.5), (0.42, 0.6)  # working days to the signature, share: first, last cycle
VAT = 1.13


def build_past_cycles(demand: Demand, seed: int) -> pd.DataFrame:
    """Return the last 18 months of meetings, up to cycle 2026-10.

    They became quicker and more agreed: working days from the close to the signature fall from 16
    to 11.5 on average, the share with one number rises from 42 to 60 %, both with noise.

    Returns:
        `cycle`, `close` and `signed` (days), `revenue` and `agreed` (yuan without tax, of the 18
        months planned).
    """
    rng = to_random(seed, 44)
    months = MONTHS[HISTORY - CYCLES : HISTORY]
    trend = np.linspace(0, 1, CYCLES)
    waits = DAYS[0] + (DAYS[1] - DAYS[0]) * trend + rng.normal(0, 1.2, CYCLES)
    shares = SHARE[0] + (SHARE[1] - SHARE[0]) * trend + rng.normal(0, 0.035, CYCLES)
    close = [working_dates(month)[2] for month in months]
    value = demand.expected * (to_taxed_prices(demand) / VAT)[:, None]
    starts = range(HISTORY - CYCLES, HISTORY)
    revenue = np.array([value[:, start : start + AHEAD].sum() for start in starts])
    return pd.DataFrame(
        {
            "cycle": months.strftime("%Y-%m"),
            "close": close,
            "signed": [
                _add_working_days(day, round(wait)) for day, wait in zip(close, waits, strict=True)
            ],
            "revenue": revenue,
            "agreed": revenue * shares,
        }
    )


def _add_working_days(day: pd.Timestamp, number: int) -> pd.Timestamp:
    """Return the working day so many after a day."""
    following = pd.date_range(day.replace(day=1), periods=3, freq="MS")
    days = np.concatenate([working_dates(month) for month in following])
    return pd.Timestamp(days[days > day.to_datetime64()][number - 1])
