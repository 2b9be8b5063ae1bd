"""Which leaves and months an event touches, and with what share of the month."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.levels import LEVEL
from sopkit.periods import add_months
from sopkit.tables import ALL

Matrix = NDArray[np.float64]
UPLIFT, DIP = "uplift", "dip"
TERM = ["event", "event_kind", "family", "effect", "discount_rate"]


class Term(NamedTuple):
    """One effect of one event on one family: rate x share of the month on each of its leaves.

    Args:
        row: position of the event.
        family: the family of the leaves.
        effect: `uplift`, or `dip`, which takes away.
        leaves: positions of the leaves.
        months: positions of the months.
        shares: share of each month, 0 to 1.
    """

    row: int
    family: str
    effect: str
    leaves: NDArray[np.intp]
    months: NDArray[np.intp]
    shares: Matrix


def share_of_months(start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Return the share of days that an event covers in each month it touches.

    Example:
        From 2026-11-16 to 2026-12-31: 15 of 30 days in November, 0.5, and 1.0 in December.
    """
    if pd.isna(start) or pd.isna(end) or end < start:
        return pd.Series(dtype=float, index=pd.DatetimeIndex([], name="period"))
    first, last = start.normalize(), end.normalize()
    periods = pd.date_range(first.replace(day=1), last, freq="MS", name="period")
    length = periods.days_in_month.to_numpy(dtype=float)
    days = length.copy()
    days[0] -= first.day - 1
    days[-1] -= length[-1] - last.day
    return pd.Series(days / length, index=periods)


def share_of_dip(shares: pd.Series) -> pd.Series:
    """Return the share with which the month after an event pays back: its months, at most 1.

    Example:
        An event over half of November: December with 0.5.
    """
    if shares.empty:
        return shares
    after = add_months(pd.Timestamp(shares.index[-1]), 1)
    return pd.Series([min(float(shares.sum()), 1.0)], index=pd.DatetimeIndex([after]))


def list_terms(event: pd.DataFrame, leaves: pd.DataFrame, months: pd.DatetimeIndex) -> list[Term]:
    """Return the effects that fall on these leaves and months, event by event.

    An event over several families has a term for each; months outside are left out.

    Args:
        event: contract `event`.
        leaves: LEVEL, all named; a row a leaf.
        months: months of the panel, in order.
    """
    codes = {name: pd.factorize(leaves[name]) for name in LEVEL}
    families, names = codes["family"]
    wanted = {name: _find(codes[name][1], event[name]) for name in LEVEL}
    named = {name: (event[name] != ALL).to_numpy() for name in LEVEL}
    terms: list[Term] = []
    days = zip(event["start_date"], event["end_date"], strict=True)
    for row, (start, end) in enumerate(days):
        shares = share_of_months(start, end)
        spans = [(UPLIFT, *_within(shares, months)), (DIP, *_within(share_of_dip(shares), months))]
        if not any(len(span[1]) for span in spans):
            continue
        touched = np.ones(len(leaves), dtype=bool)
        for name in LEVEL:
            if named[name][row]:
                touched &= codes[name][0] == wanted[name][row]
        for family in np.unique(families[touched]):
            members = np.flatnonzero(touched & (families == family))
            terms += [
                Term(row, str(names[family]), effect, members, columns, part)
                for effect, columns, part in spans
                if len(columns)
            ]
    return terms


def _find(known: pd.Index, asked: pd.Series) -> NDArray[np.intp]:
    return pd.Index(known, dtype=object).get_indexer(pd.Index(asked, dtype=object))


def _within(shares: pd.Series, months: pd.DatetimeIndex) -> tuple[NDArray[np.intp], Matrix]:
    places = months.get_indexer(pd.DatetimeIndex(shares.index))
    return places[places >= 0], shares.to_numpy(dtype=float)[places >= 0]


def describe_terms(terms: list[Term], event: pd.DataFrame) -> pd.DataFrame:
    """Return TERM for each term, in their order."""
    rows = [term.row for term in terms]
    told = event.iloc[rows][["event", "event_kind", "discount_rate"]].reset_index(drop=True)
    told["family"] = pd.Series([term.family for term in terms], dtype=object)
    told["effect"] = pd.Series([term.effect for term in terms], dtype=object)
    return told[TERM].astype({"discount_rate": float})


def add_effects(terms: list[Term], rates: Matrix, shape: tuple[int, int]) -> Matrix:
    """Return what all terms add to 1 in each leaf and month: uplifts plus, dips minus.

    Example:
        Uplift 0.4 on half a month, and the dip of another event, 0.1 of the month: 0.1.
    """
    effects = np.zeros(shape)
    for term, rate in zip(terms, rates, strict=True):
        effects[np.ix_(term.leaves, term.months)] += sign_of(term) * rate * term.shares
    return effects


def sign_of(term: Term) -> float:
    """Return +1 for an uplift, -1 for a dip."""
    return 1.0 if term.effect == UPLIFT else -1.0
