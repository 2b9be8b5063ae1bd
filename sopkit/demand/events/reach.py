"""Which leaves and months an event touches, and with what share of the month."""

from __future__ import annotations

from calendar import monthrange
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.levels import LEVEL
from sopkit.tables import ALL

Matrix = NDArray[np.float64]
UPLIFT, DIP = "uplift", "dip"
TERM = ["event", "event_kind", "family", "effect", "discount_rate"]


Span = tuple[NDArray[np.intp], Matrix]


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
    for row, (uplift, dip) in enumerate(find_spans(event, months)):
        spans = [(UPLIFT, *uplift), (DIP, *dip)]
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


def find_spans(event: pd.DataFrame, months: pd.DatetimeIndex) -> list[tuple[Span, Span]]:
    """Return where each event uplifts and where it dips: positions of months, share of each.

    An event uplifts a month by the share of its days, and dips the month after by the months it
    covered, at most 1. Nothing where a day is missing or it ends before it starts.

    Args:
        event: `start_date`, `end_date`.
        months: first days, in order.

    Example:
        From 2026-11-16 to 2026-12-31: 15 of 30 days in November, 0.5, and 1.0 in December; the dip
        is 1.0 of January.
    """
    numbers = (months.year * 12 + months.month).to_numpy()
    start, end = (pd.DatetimeIndex(event[name]).normalize() for name in ("start_date", "end_date"))
    known = (event["end_date"] >= event["start_date"]).to_numpy()  # blank days: no
    spans = []
    for first, last, here in zip(start, end, known, strict=True):
        shares = _cover(first, last) if here else np.zeros(0)
        begins = first.year * 12 + first.month if here else 0
        dip = np.array([min(float(shares.sum()), 1.0)]) if here else shares
        spans.append((_place(numbers, begins, shares), _place(numbers, begins + len(shares), dip)))
    return spans


def _cover(first: pd.Timestamp, last: pd.Timestamp) -> Matrix:
    """Return the share of each month from one day to another, both counted."""
    year, month = first.year, first.month
    length = []
    while (year, month) <= (last.year, last.month):
        length.append(float(monthrange(year, month)[1]))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    days = np.array(length)
    days[0] -= first.day - 1
    days[-1] -= length[-1] - last.day
    return days / np.array(length)


def _place(numbers: NDArray[np.int64], begins: int, shares: Matrix) -> Span:
    """Return the shares that fall on known months, with the months' positions."""
    wanted = begins + np.arange(len(shares))
    places = np.searchsorted(numbers, wanted)
    inside = places < len(numbers)
    inside[inside] = numbers[places[inside]] == wanted[inside]
    return places[inside], shares[inside]


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
