"""Events measured and taken out of a history, in one go."""

from __future__ import annotations

import pandas as pd

from sopkit.demand.events.measure import measure_uplift
from sopkit.demand.events.remove import remove_events
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
    last_day = history["period"].max() + pd.offsets.MonthEnd(0)
    uplift = measure_uplift(history, events, item, last_day)
    return uplift, history if events.empty else remove_events(history, events, uplift, item)
