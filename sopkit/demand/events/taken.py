"""Events measured and taken out of a history, in one go."""

from __future__ import annotations

import pandas as pd

from sopkit.demand.events.measure import list_families, pool_uplift
from sopkit.demand.events.observe import observe_events
from sopkit.demand.events.remove import remove_observed
from sopkit.tables import TABLES


def take_out_events(
    history: pd.DataFrame, event: pd.DataFrame | None, item: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the uplifts that a history shows, and the history without its events.

    Nothing after the history's last month is looked at.

    Example:
        No event: no uplift, and the history as it is.
    """
    events = TABLES["event"].empty() if event is None else event
    observed = observe_events(history, events, item, None)
    uplift = pool_uplift(observed, events, list_families(history, item))
    return uplift, remove_observed(history, observed, events, uplift)
