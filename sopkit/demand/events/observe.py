"""What the history says of each event: demand of its leaves against what it would have been."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.demand.events.expect import Flags, Matrix, Panel, expect_months, to_leaf_panel
from sopkit.demand.events.reach import Term, add_effects, list_terms, sign_of

LEAST_CONTROL = 0.25  # of the event's volume, so that others tell about the month
LEAST_BASE = 0.05  # of the leaves' best month, below which a ratio says nothing
LEAST_PART = 0.5  # of the event's leaves that a quiet month needs
PRIOR_MONTHS = 6.0  # months that say the noise is like that of other events
PRIOR_CONTROL = 0.01  # sum of squares: how much others must move to be believed
BLIND_NOISE = 0.2  # where no event has quiet months to tell
LEAST_NOISE = 0.003
SWEEPS = 5


class Seen(NamedTuple):
    """What the history says of one term.

    Args:
        base: expected demand of its leaves in its months (leaf, month); 0 where it tells nothing.
        ratio: demand / expected of all its leaves, less 1, in each of its months.
        noise: standard deviation of such a ratio where nothing happens.
        months: quiet months by which the noise was measured.
        weight: worth of each month: lower where its level is less sure.
    """

    base: Matrix
    ratio: Matrix
    noise: float
    months: int
    weight: Matrix


class Observed(NamedTuple):
    """A history with the terms that fall into it, and what it says of each (None: nothing)."""

    panel: Panel
    terms: list[Term]
    seen: list[Seen | None]


class _Quiet(NamedTuple):
    """Sums over leaves of demand and expectation in months that nothing touched."""

    actual: Matrix
    expected: Matrix

    def less(self, other: _Quiet) -> _Quiet:
        return _Quiet(self.actual - other.actual, self.expected - other.expected)


def observe_events(
    history: pd.DataFrame, event: pd.DataFrame, item: pd.DataFrame, as_of: pd.Timestamp | None
) -> Observed | None:
    """Set the months of each event beside what they would have been; None where none is past."""
    known = history if as_of is None else history[history["period"] <= as_of]
    if known.empty or not known["cleaned_qty"].gt(0).any():
        return None
    panel = to_leaf_panel(known, item)
    terms = list_terms(event, panel.leaves, panel.months)
    if not terms:
        return None
    free = np.ones(panel.actual.shape, dtype=bool)
    for term in terms:
        free[np.ix_(term.leaves, term.months)] = False
    expected, unsure = expect_months(panel, free)
    ready = np.isfinite(expected) & np.isfinite(panel.actual) & panel.settled
    look = _Look(panel, np.where(ready, expected, 0.0), np.nan_to_num(unsure), free & ready, ready)
    families = panel.leaves["family"].to_numpy()
    company = look.sum_quiet(np.arange(len(families)))
    by_family = {
        name: look.sum_quiet(np.flatnonzero(families == name))
        for name in sorted({term.family for term in terms})
    }
    raw = [look.observe(term, by_family[term.family], company) for term in terms]
    return Observed(panel, terms, _steady_noise(raw))


class _Look(NamedTuple):
    """A panel with its expectation, and the cells that are quiet or ready to be compared."""

    panel: Panel
    expected: Matrix
    unsure: Matrix
    quiet: Flags
    ready: Flags

    def sum_quiet(self, leaves: np.ndarray) -> _Quiet:
        chosen = self.quiet[leaves]
        return _Quiet(
            np.where(chosen, self.panel.actual[leaves], 0.0).sum(axis=0),
            np.where(chosen, self.expected[leaves], 0.0).sum(axis=0),
        )

    def observe(self, term: Term, family: _Quiet, company: _Quiet) -> Seen | None:
        """Return what the history says of one term, set right by what others did that month."""
        cells = np.ix_(term.leaves, term.months)
        tells = self.ready[cells] & self.panel.as_ordered[cells]
        base = np.where(tells, self.expected[cells], 0.0)
        quiet = self.sum_quiet(term.leaves)
        whole = self.expected[term.leaves].sum(axis=0)
        if not base.sum(axis=0).max() > LEAST_BASE * whole.max():
            return None
        month = (quiet.expected >= LEAST_PART * whole) & (quiet.expected > 0)
        others = family.less(quiet)
        if not (others.expected >= LEAST_CONTROL * whole)[month].mean() > LEAST_PART:
            others = company.less(quiet)
        moved = _ratio(others)
        own = _ratio(quiet)[month]
        seen = moved[month]
        pull = float(np.clip((own @ seen) / (seen @ seen + PRIOR_CONTROL), 0.0, 1.0))
        left = own - pull * seen
        base = base * np.maximum(1.0 + pull * moved[term.months], 0.1)
        sums = base.sum(axis=0)
        actual = np.where(tells, self.panel.actual[cells], 0.0).sum(axis=0)
        told = sums > 0
        ratio = np.where(told, actual / np.where(told, sums, 1.0) - 1.0, 0.0)
        usual = self.unsure[term.leaves][:, month].mean() if month.any() else 0.0
        unsure = (base * self.unsure[cells]).sum(axis=0) / np.where(told, sums, 1.0)
        weight = np.where(told, (1.0 + usual) / (1.0 + unsure), 0.0)
        count = int(month.sum())
        noise = float(np.sqrt((left**2).sum() / max(count - 2, 1))) if count > 2 else np.nan
        return Seen(base, ratio, noise, count, weight)


def _ratio(sums: _Quiet) -> Matrix:
    """Return demand / expected - 1; 0 where nothing is expected."""
    known = sums.expected > 0
    return np.where(known, sums.actual / np.where(known, sums.expected, 1.0) - 1.0, 0.0)


def _steady_noise(raw: list[Seen | None]) -> list[Seen | None]:
    """Draw the noise of events with few quiet months to that of the others."""
    known = [one.noise**2 for one in raw if one is not None and np.isfinite(one.noise)]
    usual = float(np.median(known)) if known else BLIND_NOISE**2
    steady: list[Seen | None] = []
    for one in raw:
        if one is None:
            steady.append(None)
            continue
        own, months = (one.noise**2, one.months) if np.isfinite(one.noise) else (0.0, 0)
        noise = np.sqrt((months * own + PRIOR_MONTHS * usual) / (months + PRIOR_MONTHS))
        steady.append(one._replace(noise=max(float(noise), LEAST_NOISE)))
    return steady


def tell_apart(
    observed: Observed, prior: Matrix, prior_sd: Matrix, rates: Matrix
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return each term's own rate with the effects of the others taken off.

    Gauss-Seidel over terms that overlap on a leaf and month; each is drawn to its prior, so two
    events on the same leaves and days share what came.

    Args:
        prior, prior_sd: what is expected of each term without its own months.
        rates: where to start.

    Returns:
        Own rate and its standard deviation (blank, infinite where nothing was seen); rate drawn to
        the prior and its standard deviation.
    """
    panel, terms, seen = observed
    rates, rate_sd = rates.copy(), prior_sd.copy()
    own, own_sd = np.full(len(terms), np.nan), np.full(len(terms), np.inf)
    effects = add_effects(terms, rates, panel.actual.shape)
    places = [_place(term, one) for term, one in zip(terms, seen, strict=True)]
    for _ in range(SWEEPS):
        doubt = _add_doubt(places, rate_sd, panel.actual.shape)
        for k, (one, (cells, step, share)) in enumerate(zip(seen, places, strict=True)):
            if one is None:
                rates[k] = prior[k]
                continue
            rest = effects[cells] - rates[k] * step
            own[k], own_sd[k] = _fit(one, step, share, rest, doubt[cells], prior[k], rate_sd[k])
            trust = prior_sd[k] ** 2 / (prior_sd[k] ** 2 + own_sd[k] ** 2)
            rates[k] = prior[k] + trust * (own[k] - prior[k])
            rate_sd[k] = prior_sd[k] * np.sqrt(1.0 - trust)
            effects[cells] = rest + rates[k] * step
    return own, own_sd, rates, rate_sd


class _Place(NamedTuple):
    """Where a term acts: its cells, its sign and share of each month, the weight of each leaf."""

    cells: tuple[np.ndarray, ...]
    step: Matrix
    share: Matrix


def _place(term: Term, one: Seen | None) -> _Place:
    base = np.zeros(0) if one is None else one.base
    sums = base.sum(axis=0)
    share = base / np.where(sums > 0, sums, 1.0)
    return _Place(np.ix_(term.leaves, term.months), sign_of(term) * term.shares, share)


def _fit(
    one: Seen,
    step: Matrix,
    share: Matrix,
    rest: Matrix,
    doubt: Matrix,
    prior: float,
    rate_sd: float,
) -> tuple[float, float]:
    """Return the rate that explains the months of one term best, and its standard deviation.

    Noise grows with demand, as expected before: were its own rate taken, strong events would
    count less than weak ones.
    """
    others = (share * rest).sum(axis=0)
    unsure = (share * np.sqrt(np.maximum(doubt - (step * rate_sd) ** 2, 0.0))).sum(axis=0)
    size = np.maximum(1.0 + others + prior * step, 0.2)
    variance = (one.noise * size) ** 2 / np.where(one.weight > 0, one.weight, 1.0)
    worth = np.where(one.weight > 0, 1.0 / variance, 0.0)
    curve = float((worth * step**2).sum())
    if not curve > 0:
        return np.nan, np.inf
    found = float((worth * step * (one.ratio - others)).sum() / curve)
    spread = float((worth * np.abs(step) * unsure).sum() / curve)
    return found, float(np.sqrt(1.0 / curve + spread**2))


def _add_doubt(places: list[_Place], rate_sd: Matrix, shape: tuple[int, int]) -> Matrix:
    doubt = np.zeros(shape)
    for (cells, step, _), sd in zip(places, rate_sd, strict=True):
        doubt[cells] += (sd * step) ** 2
    return doubt
