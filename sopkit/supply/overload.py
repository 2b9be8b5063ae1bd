"""The chance that demand, as uncertain as its range says, asks for more hours than there are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.loads import find_primary_ways
from sopkit.tables import PLACE, TABLES, fit_columns

SPAN_80 = 2 * 1.2815515655446004


def add_overload(
    load: pd.DataFrame, case: Case, consensus_demand: pd.DataFrame, correlation: float
) -> pd.DataFrame:
    """Return the load with the chance that it exceeds regular and overtime hours.

    Before anything is built ahead: not the chance that a plan fails. A resource's load moves with
    demand by h hours a unit (down lanes and BOM on the cheapest ways, in the month of the
    demand); demand's standard deviation s is (high - low) / 2.563 of its 80 % range. With errors
    of places correlated by c, the load's variance is (1 - c) x sum (h s)^2 + c x (sum h s)^2, and
    the chance that of a normal load; stock is counted as in the load itself.

    Args:
        load: contract `capacity_load`.
        consensus_demand: contract `consensus_demand`; months past its end have no chance.
        correlation: how far errors of places move together, 0..1.

    Returns:
        `load` with `overload_rate`.

    Example:
        Load 100 hours, limit 100: 0.5, whatever the range. Limit 112.8, s 10 hours: 0.1.
    """
    from scipy.stats import norm

    hours = _hours_of_places(case)
    spread = _spread_demand(case, consensus_demand)
    alone = np.sqrt((hours**2) @ (spread**2))
    together = hours @ spread
    deviation = np.sqrt((1 - correlation) * alone**2 + correlation * together**2)
    row = pd.Index(case.resources["resource"]).get_indexer(pd.Index(load["resource"]))
    month = case.periods.get_indexer(pd.DatetimeIndex(load["period"]))
    limit = load["regular_hours"] + load["overtime_hours"]
    room = (limit - load["load_hours"]).to_numpy(float)
    each = deviation[row, month]
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = norm.sf(room / each)
    known = np.where(each > 0, chance, np.nan)
    return fit_columns(load.assign(overload_rate=np.round(known, 6)), TABLES["capacity_load"])


def _hours_of_places(case: Case) -> Array:
    """Return the hours a unit wanted at each place takes of each resource (resources x places)."""
    primary = find_primary_ways(case)
    count = len(case.places)
    own = np.zeros((len(case.resources), len(case.ways)))
    needs = case.needs
    np.add.at(own, (needs["resource"], needs["way"]), needs["need_hours"].to_numpy(float))
    sourced = np.flatnonzero(primary >= 0)
    hours = np.zeros((len(case.resources), count))
    hours[:, sourced] = own[:, primary[sourced]]
    direct = hours.copy()
    use_qty = case.use_qty.mean(axis=1)
    way, part = case.uses["way"].to_numpy(int), case.uses["place"].to_numpy(int)
    taken = np.isin(way, primary[sourced])
    into = case.ways["place"].to_numpy(int)[way[taken]]
    for _ in range(count):
        deeper = direct.copy()
        np.add.at(deeper.T, into, (hours[:, part[taken]] * use_qty[taken]).T)
        if np.allclose(deeper, hours, rtol=1e-12, atol=0.0):
            break
        hours = deeper
    return hours


def _spread_demand(case: Case, consensus_demand: pd.DataFrame) -> Array:
    """Return the standard deviation of demand (places x periods)."""
    rows = consensus_demand[[*PLACE, "period"]].assign(
        spread=(consensus_demand["hi_80_qty"] - consensus_demand["lo_80_qty"]) / SPAN_80
    )
    wide = rows.pivot_table(index=PLACE, columns="period", values="spread", aggfunc="sum")
    keys = pd.MultiIndex.from_frame(case.places[PLACE])
    return wide.reindex(index=keys, columns=case.periods).fillna(0.0).to_numpy(float)
