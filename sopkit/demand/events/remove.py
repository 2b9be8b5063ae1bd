"""History without its events: what past months would have been."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.events.expect import Matrix
from sopkit.demand.events.measure import expect_rates, to_rates
from sopkit.demand.events.observe import Observed, observe_events, tell_apart
from sopkit.demand.events.reach import DIP, add_effects, describe_terms
from sopkit.tables import LEAF

LEAST_FACTOR = 0.2  # of a month at least stays
NOTHING_SD = 1e-6


def remove_events(
    history: pd.DataFrame, event: pd.DataFrame, uplift: pd.DataFrame, item: pd.DataFrame
) -> pd.DataFrame:
    """Bring the months of past events, and those after them, to what they would have been.

    cleaned = cleaned / (1 + sum of uplifts x share of days - sum of dips), each event with its own
    measured rates drawn to its family's. A month that was corrected before (cleaned_qty differs
    from actual_qty) already holds what it would have been and stays. Events of a kind without a
    measured rate stay in.

    Args:
        history: contract `demand_history`.
        event: contract `event`.
        uplift: what `measure_uplift` returned.
        item: contract `item`.

    Returns:
        The rows of `history`; only `cleaned_qty` may differ.

    Example:
        Measured uplift 0.3 over the whole month, 13 ordered: actual_qty 13, cleaned_qty 10.
    """
    return remove_observed(history, observe_events(history, event, item, None), event, uplift)


def remove_observed(
    history: pd.DataFrame, observed: Observed | None, event: pd.DataFrame, uplift: pd.DataFrame
) -> pd.DataFrame:
    """Take the events that were observed out of a history; see `remove_events`."""
    if observed is None:
        return history.copy()
    rates, _ = rate_events(observed, event, uplift)
    dips = np.array([term.effect == DIP for term in observed.terms])
    rates = np.where(dips, np.maximum(rates, 0.0), rates)
    effects = add_effects(observed.terms, rates, observed.panel.actual.shape)
    factor = np.maximum(1.0 + effects, LEAST_FACTOR)
    keys = pd.MultiIndex.from_frame(observed.panel.leaves[LEAF])
    row = keys.get_indexer(pd.MultiIndex.from_frame(history[LEAF]))
    column = observed.panel.months.get_indexer(pd.DatetimeIndex(history["period"]))
    same = np.isclose(history["cleaned_qty"], history["actual_qty"], rtol=1e-9, atol=1e-9)
    divisor = np.where(same, factor[row, column], 1.0)
    return history.assign(cleaned_qty=history["cleaned_qty"] / divisor)


def rate_events(
    observed: Observed, event: pd.DataFrame, uplift: pd.DataFrame
) -> tuple[Matrix, Matrix]:
    """Return each term's rate, measured and drawn to its family's, and its standard deviation."""
    told = describe_terms(observed.terms, event)
    prior, prior_sd = expect_rates(told, to_rates(uplift))
    known = np.isfinite(prior) & np.isfinite(prior_sd)
    start = np.where(known, prior, 0.0)
    spread = np.where(known, np.maximum(prior_sd, NOTHING_SD), NOTHING_SD)
    _, _, rates, sds = tell_apart(observed, start, spread, start)
    return rates, sds
