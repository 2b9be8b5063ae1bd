"""Whose errors speak for a place: its own, or those of its kind brought to its own size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.tables import PLACE

Array = np.ndarray
FEW_ERRORS = 24
PRIOR_SPREAD = 12
LEAST_PRIOR, MOST_PRIOR = 1.0, 100.0
EPS = 1e-9


@dataclass(frozen=True)
class Pool:
    """Errors in multiples of a usual error: a place's error = its mean + its spread x a shape.

    Args:
        shapes: sorted, one per error in the pool.
        means: (item, location) -> mean of its relative errors, drawn towards the pool's.
        spreads: (item, location) -> spread of its next error, drawn towards the pool's.
        mean, spread: those of a place of which the pool knows nothing.
    """

    shapes: Array
    means: dict[tuple[str, str], float]
    spreads: dict[tuple[str, str], float]
    mean: float
    spread: float

    def errors_of(self, place: tuple[str, str]) -> tuple[float, float]:
        """Return the place's mean and spread."""
        return self.means.get(place, self.mean), self.spreads.get(place, self.spread)


def pool_own(rates: Array) -> Pool:
    """Return a place's own errors as they are."""
    return Pool(np.sort(rates), {}, {}, 0.0, 1.0)


def pool_places(rates: pd.DataFrame) -> Pool:
    """Return the errors of several places, each in multiples of its own usual error.

    A place with many blocks of errors keeps its own mean and spread, one with few takes the
    pool's: the pool's mean counts like as many blocks as the spread within places holds of
    that between them, its spread like 12. Each error is measured by a mean and a spread that do
    not know its block, so that the shapes are those of a *next* error (conformal prediction with
    scaled scores). Errors of a block go together, so blocks are counted, not errors. For means
    and spreads only, the extreme 1 % on both sides count like the 1 %.

    Args:
        rates: `item`, `location`, `block`, `error_rate`, at least one row.

    Example:
        A errs by 10 % and B by 40 % as a rule: an error of B of 40 % speaks to A of one of 10 %.
    """
    raw = rates["error_rate"].to_numpy(float)
    mild = np.clip(raw, *np.quantile(raw, [0.01, 0.99])) if len(raw) > FEW_ERRORS else raw
    at = rates.groupby(PLACE, sort=True).ngroup().to_numpy()
    block = rates.groupby([*PLACE, "block"], sort=True).ngroup().to_numpy()
    firsts = np.unique(block, return_index=True)[1]
    by_block, by_place = _sum_by(block, mild), _sum_by(at, mild)
    by_place["blocks"] = np.bincount(at[firsts]).astype(float)
    whole, within, prior = _judge_pool(mild, by_place)
    others = by_place.iloc[at].reset_index(drop=True) - by_block.iloc[block].assign(
        blocks=1.0
    ).reset_index(drop=True)
    usual, spread = _draw(others, whole, within, prior)
    means, spreads = _draw(by_place, whole, within, prior)
    named = rates[PLACE].drop_duplicates().sort_values(PLACE)
    keys = [(str(item), str(place)) for item, place in named.to_numpy()]
    return Pool(
        np.sort((raw - usual) / np.maximum(spread, EPS)),
        dict(zip(keys, means.tolist(), strict=True)),
        dict(zip(keys, spreads.tolist(), strict=True)),
        whole,
        float(np.sqrt(within * (1 + 1 / prior))),
    )


def _sum_by(group: Array, values: Array) -> pd.DataFrame:
    """Return count, sum and sum of squares of each group, numbered from 0."""
    return pd.DataFrame(
        {
            "count": np.bincount(group).astype(float),
            "sum": np.bincount(group, values),
            "square": np.bincount(group, values**2),
        }
    )


def _judge_pool(rates: Array, places: pd.DataFrame) -> tuple[float, float, float]:
    """Return the pool's mean, variance within places, and how many blocks its mean counts like.

    Within: squares around each place's mean, as if a block's errors were one. Between: variance
    of the means less what chance puts into it.
    """
    whole = float(rates.mean())
    free = (places["count"] * (1 - 1 / places["blocks"])).sum()
    if free <= 0:
        return whole, float(rates.var(ddof=1)) if len(rates) > 1 else 0.0, MOST_PRIOR
    within = float(_squares(places).sum() / free)
    means = places["sum"] / places["count"]
    chance = within * float((1 / places["blocks"]).mean())
    between = float(means.var(ddof=1)) - chance if len(means) > 1 else 0.0
    prior = within / between if between > 0 else MOST_PRIOR
    return whole, within, float(np.clip(prior, LEAST_PRIOR, MOST_PRIOR))


def _squares(sums: pd.DataFrame) -> pd.Series:
    """Return the sum of squares around the mean."""
    mean = sums["sum"] / sums["count"].where(sums["count"] > 0, 1.0)
    return (sums["square"] - sums["sum"] * mean).clip(lower=0.0)


def _draw(sums: pd.DataFrame, whole: float, within: float, prior: float) -> tuple[Array, Array]:
    """Return mean and spread of a next error: own, drawn to the pool's by how little is known.

    The spread is that around the mean, and what the mean itself may be off.
    """
    count, blocks = sums["count"].to_numpy(float), sums["blocks"].to_numpy(float)
    own = np.where(count > 0, sums["sum"].to_numpy(float) / np.maximum(count, 1.0), whole)
    mean = (blocks * own + prior * whole) / (blocks + prior)
    free = np.maximum(blocks - 1, 0.0)
    a_block = np.maximum(count, 1.0) / np.maximum(blocks, 1.0)  # errors a block
    squares = np.where(free > 0, _squares(sums).to_numpy(float) / a_block, 0.0)
    variance = (squares + PRIOR_SPREAD * within) / (free + PRIOR_SPREAD)
    return mean, np.sqrt(variance * (1 + 1 / (blocks + prior)))


def choose_pools(
    rates: pd.DataFrame, places: pd.DataFrame, enough: Array
) -> list[list[tuple[Pool, str]]]:
    """Return for each place whose errors count, and their name, the nearest first.

    Its own where 24 do not overlap, its segment's, its family's where they are 24, at last all;
    as far as the first of them that holds `enough`, so that a higher level may ask further pools
    and never fewer. A place forecast at nothing asks its family before its segment.

    Args:
        rates: `item`, `location`, `block`, `segment`, `family` (blank text: not known),
            `error_rate`.
        places: `item`, `location`, `segment`, `family`, `forecast_zero` (it was forecast at
            nothing whenever it was forecast); one row per place.
        enough: errors from which each place's level has a rank among them.

    Returns:
        (pool, basis) per place: error, segment_error, family_error, all_error; none where no
        error is known.
    """
    counted = rates.groupby(PLACE)["block"].agg(["size", "nunique"])
    counted = counted.reindex(pd.MultiIndex.from_frame(places[PLACE])).fillna(0).astype(int)
    many = places.loc[counted["nunique"].to_numpy() >= FEW_ERRORS, PLACE]
    book = _Book.of(rates, many)
    known = zip(enough, counted["size"].tolist(), strict=True)
    records = zip(places.to_dict("records"), known, strict=True)
    return [_ask_pools(book, place, *one) for place, one in records]


@dataclass(frozen=True)
class _Book:
    """All errors, those of places that have many, and by kind; pools once made are kept."""

    rates: pd.DataFrame
    own: dict[tuple[str, str], Array]
    kin: dict[str, dict[str, pd.DataFrame]]
    made: dict[tuple[str, str], Pool]

    @staticmethod
    def of(rates: pd.DataFrame, many: pd.DataFrame) -> _Book:
        found = rates.merge(many, on=PLACE, how="inner", validate="many_to_one")
        own = {
            (str(item), str(at)): rows.to_numpy(float)
            for (item, at), rows in found.groupby(PLACE)["error_rate"]
        }
        kin = {
            name: {str(key): rows for key, rows in rates.groupby(name) if key}
            for name in ("segment", "family")
        }
        return _Book(rates, own, {**kin, "all": {"": rates}}, {})

    def pool(self, kind: str, name: str) -> Pool:
        if (kind, name) not in self.made:
            self.made[kind, name] = pool_places(self.kin[kind][name])
        return self.made[kind, name]


def _ask_pools(book: _Book, place: dict, least: float, size: int) -> list[tuple[Pool, str]]:
    """Return one place's pools, the nearest first, until one holds `least` errors.

    Args:
        size: errors of its own; a pool that holds no others is not asked.
    """
    asked, most = [], 0
    mine = book.own.get((place["item"], place["location"]))
    if mine is not None:
        asked, most = [(pool_own(mine), "error")], len(mine)
    kinds = ("family", "segment") if place["forecast_zero"] else ("segment", "family")
    for kind, name in [*((kind, place[kind]) for kind in kinds), ("all", "")]:
        count = len(book.kin[kind].get(name, ()))
        least_here = 1 if kind == "all" else FEW_ERRORS
        if most < least and count >= least_here and count > max(size, most):
            asked.append((book.pool(kind, name), f"{kind}_error"))
            most = count
    if not asked and size:
        asked.append((pool_own(book.rates["error_rate"].to_numpy(float)), "error"))
    return asked
