"""What a KPI was when it was stated: measured anew, it may differ, and then both are shown."""

from __future__ import annotations

import pandas as pd

KEY = ["kpi", "level", "lag", "period"]
SAME_RATE = 1e-6


def join_history(measured: pd.DataFrame, recorded: pd.DataFrame) -> pd.DataFrame:
    """Set what is measured now beside what earlier cycles stated; nothing is changed silently.

    Rule: a month measured now shows today's value; where an earlier cycle stated another one, that
    first statement stands beside it in `stated_number`. A month that only the records have keeps
    its stated value (`source` recorded). Of several statements the first counts.

    Args:
        measured: contract `kpi_value` of this cycle (band and verdict of recorded rows are blank).
        recorded: planbook records of kind `kpi` of earlier cycles: KEY, `cycle`, `kpi_number`,
            `unit`, `n`.

    Returns:
        Contract `kpi_value`, sorted by key; `stated_number` is blank where nothing was restated.

    Example:
        OTIF of September was stated as 0.95 and is 0.94 now: 0.94, stated 0.95.
    """
    known = recorded[recorded["kpi_number"].notna()]
    known = known.sort_values([*KEY, "cycle"], kind="stable").drop_duplicates(KEY)
    known = known.assign(period=pd.to_datetime(known["period"]), lag=known["lag"].astype("int64"))
    now = measured.drop(columns="stated_number", errors="ignore").merge(
        known[[*KEY, "kpi_number"]].rename(columns={"kpi_number": "stated_number"}),
        on=KEY,
        how="left",
        validate="one_to_one",
    )
    apart = (now["stated_number"] - now["kpi_number"]).abs()
    same = apart <= SAME_RATE * (1 + now["kpi_number"].abs())
    now = now.assign(stated_number=now["stated_number"].mask(same))
    there = pd.MultiIndex.from_frame(measured[KEY])
    gone = known[~pd.MultiIndex.from_frame(known[KEY]).isin(there)]
    kept = gone[[*KEY, "kpi_number", "unit", "n"]].assign(verdict="none", source="recorded")
    parts = [part.dropna(axis=1, how="all") for part in (now, kept) if len(part)]
    joined = pd.concat(parts, ignore_index=True) if parts else now
    joined = joined.reindex(columns=now.columns).astype({"n": "int64", "lag": "int64"})
    return joined.sort_values(KEY, kind="stable", ignore_index=True)


def find_restated(joined: pd.DataFrame) -> pd.DataFrame:
    """Return the values that differ from what was stated: newest month first."""
    told = joined[joined["stated_number"].notna()]
    return told.sort_values(["period", "kpi"], ascending=[False, True], kind="stable")
