"""How far people's forecasts may draw the baseline: weights learned from what they were worth.

A stream's number is first freed of its past bias, then the blend

    demand = baseline + sum over streams of weight x (number / (1 + bias) - baseline)

gets the weights that would have missed least in the past, all streams together, so that two which
know the same thing do not count twice. Both are drawn towards no influence (bias 0, weight 0) by
how unsure whole months leave them, as in a normal prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.levels import LEVEL

Matrix = NDArray[np.float64]
Index = NDArray[np.int64]
MIN_MONTHS = 6
PRIOR_BIAS, PRIOR_LAG_BIAS, PRIOR_WEIGHT = 0.10, 0.05, 0.30
LEAST_WEIGHT = 0.005
NOISE_OF_A_WEIGHT = 2.0
OWNER, GROUP = ["stream", "owner"], ["stream", "owner", "lag"]
CELL = ["cycle", *LEVEL, "period"]


def learn_weights(
    compared: pd.DataFrame,
    stream_weight: float,
    *,
    fixed: pd.DataFrame | None = None,
    min_months: int = MIN_MONTHS,
) -> pd.DataFrame:
    """Learn each stream's weight and bias from the past: the rule that `apply_streams` follows.

    Bias: sum (forecast - actual) / sum actual of a stream and owner, drawn towards 0 by its
    variance over months V: bias x 0.1^2 / (0.1^2 + V); each lag's own deviation from it likewise
    with 0.05. Weights: those that minimise

        sum over cells (actual - reference - sum of weight x (forecast / (1 + bias) - reference))^2
        / size of the cell, over the noise of a cell and the design effect of whole months,
        + sum (weight / 0.3)^2,     0 <= weight <= stream_weight, together <= 1

    then times 1 - 2 x weights in use / what they explain: few or restless months leave little.

    Args:
        compared: what `compare_streams` returned: numbers whose month is known.
        stream_weight: the most that one stream may weigh, 0..1; 0 ignores people.
        fixed: a planner's own word, `stream`, `owner` (blank or `all`: every owner) and
            `weight_rate`; 0 refuses the stream. It is followed whatever was learned; what is
            learned for the others makes room for it.
        min_months: months below which a stream weighs nothing.

    Returns:
        A row for each `stream`, `owner`, `lag`: `cell_count`, `month_count` (of stream and owner),
        `bias_rate` (as measured), `bias_used_rate` (taken off), `weight_rate`, `source`: learned,
        no_value (learned to be 0), too_few (months), fixed, refused.

    Example:
        A stream that was right for a year where the baseline missed: weight stream_weight. One
        that was always 15 % too high and else right: bias_used_rate just under 0.15, same weight.
    """
    streams = _to_arrays(compared)
    every = np.ones(len(streams.month), dtype=bool)
    return _learn(streams, every, stream_weight, fixed, min_months)


def replay_streams(
    compared: pd.DataFrame,
    stream_weight: float,
    *,
    fixed: pd.DataFrame | None = None,
    min_months: int = MIN_MONTHS,
) -> pd.DataFrame:
    """Blend every past cycle by the weights that could have been learned before it.

    Args:
        compared: what `compare_streams` returned.
        stream_weight, fixed, min_months: as for `learn_weights`.

    Returns:
        The rows of `compared` with `consensus_qty`, the blend of the row's cell (reference and all
        streams at that level), and `without_qty`, the blend had this stream been silent.

    Example:
        Before six months are known every weight is 0: both equal the reference.
    """
    streams = _to_arrays(compared)
    cycles = np.unique(streams.cycle)
    change = np.zeros(len(compared))
    weight = np.zeros(len(compared))
    for cycle in cycles:
        known = (streams.month < cycle) & (streams.cycle < cycle)
        now = streams.cycle == cycle
        rule = _learn(streams, known, stream_weight, fixed, min_months)
        by_group = rule.set_index(GROUP).reindex(streams.groups)
        used = by_group["bias_used_rate"].fillna(0.0).to_numpy()[streams.group[now]]
        weight[now] = by_group["weight_rate"].fillna(0.0).to_numpy()[streams.group[now]]
        freed = streams.forecast[now] / (1 + used)
        change[now] = weight[now] * (freed - streams.reference[now])
    cells = int(streams.cell.max()) + 1 if len(compared) else 0
    changes = np.bincount(streams.cell, change, cells)[streams.cell]
    weights = np.bincount(streams.cell, weight, cells)[streams.cell]
    alone = changes - change, weights - weight
    blended = streams.reference + changes / np.maximum(weights, 1.0)
    without = streams.reference + alone[0] / np.maximum(alone[1], 1.0)
    return compared.assign(
        consensus_qty=np.maximum(blended, 0.0), without_qty=np.maximum(without, 0.0)
    )


def summarise_rule(rule: pd.DataFrame) -> pd.DataFrame:
    """Return the rule by stream and owner, heaviest first, to be shown.

    Returns:
        `stream`, `owner`, `month_count`, `cell_count` (all lags), `bias_rate`, `bias_used_rate`
        (means over lags, weighted by cells), `weight_rate`, `source`.
    """
    cells = rule["cell_count"].clip(lower=1)
    told = rule.assign(
        bias=rule["bias_rate"] * cells, used=rule["bias_used_rate"] * cells, cells=cells
    )
    sums = told.groupby(OWNER, as_index=False).agg(
        month_count=("month_count", "max"),
        cell_count=("cell_count", "sum"),
        bias=("bias", "sum"),
        used=("used", "sum"),
        cells=("cells", "sum"),
        weight_rate=("weight_rate", "max"),
        source=("source", "first"),
    )
    sums["bias_rate"] = sums["bias"] / sums["cells"]
    sums["bias_used_rate"] = sums["used"] / sums["cells"]
    shown = [*OWNER, "month_count", "cell_count", "bias_rate", "bias_used_rate", "weight_rate"]
    return sums[[*shown, "source"]].sort_values(
        ["weight_rate", *OWNER], ascending=[False, True, True], kind="stable", ignore_index=True
    )


@dataclass(frozen=True)
class _Streams:
    """Compared cells as arrays, a place a row.

    Args:
        groups: names (stream, owner, lag) of each number in `group`.
        owners: names (stream, owner) of each number in `owner`.
        group, owner, cell, month, cycle: numbers; month and cycle count months since year 0.
        forecast, reference, actual: quantities.
    """

    groups: pd.MultiIndex
    owners: pd.MultiIndex
    group: Index
    owner: Index
    cell: Index
    month: Index
    cycle: Index
    forecast: Matrix
    reference: Matrix
    actual: Matrix


def _to_arrays(compared: pd.DataFrame) -> _Streams:
    group = compared.groupby(GROUP, sort=True)
    owner = compared.groupby(OWNER, sort=True)
    period = compared["period"]
    first = pd.to_datetime(compared["cycle"], format="%Y-%m")
    amounts = [compared[f"{name}_qty"].to_numpy(float) for name in _AMOUNTS]
    return _Streams(
        groups=_names(compared, GROUP),
        owners=_names(compared, OWNER),
        group=_whole(group.ngroup()),
        owner=_whole(owner.ngroup()),
        cell=_whole(compared.groupby(CELL, sort=False).ngroup()),
        month=_whole(period.dt.year * 12 + period.dt.month),
        cycle=_whole(first.dt.year * 12 + first.dt.month),
        forecast=amounts[0],
        reference=amounts[1],
        actual=amounts[2],
    )


def _whole(numbers: pd.Series) -> Index:
    return np.asarray(numbers, dtype=np.int64)


_AMOUNTS = ("forecast", "reference", "actual")


def _names(compared: pd.DataFrame, columns: list[str]) -> pd.MultiIndex:
    unique = compared[columns].drop_duplicates().sort_values(columns, kind="stable")
    return pd.MultiIndex.from_frame(unique)


def _learn(
    streams: _Streams,
    known: NDArray[np.bool_],
    most: float,
    fixed: pd.DataFrame | None,
    min_months: int,
) -> pd.DataFrame:
    rule = _measure_bias(streams, known)
    counts = _count_months(streams, known)
    enough = counts >= min_months
    wanted = _find_fixed(streams.owners, fixed)
    used = rule["bias_used_rate"].to_numpy()[streams.group]
    freed = streams.forecast / (1 + used) - streams.reference
    learned = _find_weights(streams, known, freed, most, np.where(enough, wanted, 0.0))
    is_fixed = np.isfinite(wanted)
    weight = np.where(is_fixed, wanted, np.where(enough, learned, 0.0))
    weight = np.where(is_fixed, weight, np.round(np.where(weight < LEAST_WEIGHT, 0.0, weight), 3))
    source = np.select(
        [is_fixed & (weight == 0), is_fixed, ~enough, weight == 0],
        ["refused", "fixed", "too_few", "no_value"],
        "learned",
    )
    owner_of = streams.owners.get_indexer(streams.groups.droplevel("lag"))
    rule["month_count"] = counts[owner_of]
    rule["weight_rate"] = weight[owner_of]
    rule["source"] = source[owner_of]
    columns = ["cell_count", "month_count", "bias_rate", "bias_used_rate", "weight_rate", "source"]
    return _add_unheard(rule.reset_index()[[*GROUP, *columns]], fixed)


def _find_fixed(owners: pd.MultiIndex, fixed: pd.DataFrame | None) -> Matrix:
    """Return the weight a planner gave each stream and owner; blank where none."""
    wanted = np.full(len(owners), np.nan)
    if fixed is None:
        return wanted
    for row in fixed.itertuples():
        whom = row.owner if isinstance(row.owner, str) and row.owner not in ("", "all") else None
        stream = owners.get_level_values("stream") == row.stream
        owner = owners.get_level_values("owner") == whom
        wanted[stream & (owner if whom else True)] = float(str(row.weight_rate))
    return wanted


def _add_unheard(rule: pd.DataFrame, fixed: pd.DataFrame | None) -> pd.DataFrame:
    """Add streams that a planner gave a weight and that were never heard before."""
    if fixed is None:
        return rule
    new = fixed[~fixed["stream"].isin(rule["stream"])]
    named = new["owner"].where(new["owner"].notna() & new["owner"].ne("all"), new["stream"])
    blank = dict.fromkeys(["lag", "cell_count", "month_count"], 0)
    rows = new[["stream", "weight_rate"]].assign(
        owner=named, **blank, bias_rate=0.0, bias_used_rate=0.0, source="fixed"
    )
    rows["source"] = rows["source"].where(rows["weight_rate"] > 0, "refused")
    return pd.concat([rule, rows[list(rule.columns)]], ignore_index=True) if len(rows) else rule


def _count_months(streams: _Streams, known: NDArray[np.bool_]) -> Index:
    pairs = pd.DataFrame({"owner": streams.owner[known], "month": streams.month[known]})
    count = pairs.drop_duplicates()["owner"].value_counts()
    return _whole(count.reindex(range(len(streams.owners)), fill_value=0))


def _measure_bias(streams: _Streams, known: NDArray[np.bool_]) -> pd.DataFrame:
    """Return `cell_count`, `bias_rate` and `bias_used_rate` of each stream, owner and lag."""
    error = (streams.forecast - streams.actual)[known]
    actual, month = streams.actual[known], streams.month[known]
    whole, unsure = _ratio(error, actual, streams.owner[known], month, len(streams.owners))
    drawn = whole * PRIOR_BIAS**2 / (PRIOR_BIAS**2 + unsure)
    by_lag, unsure_lag = _ratio(error, actual, streams.group[known], month, len(streams.groups))
    base = drawn[streams.owners.get_indexer(streams.groups.droplevel("lag"))]
    used = base + (by_lag - base) * PRIOR_LAG_BIAS**2 / (PRIOR_LAG_BIAS**2 + unsure_lag)
    count = np.bincount(streams.group[known], minlength=len(streams.groups))
    frame = {"cell_count": count, "bias_rate": by_lag, "bias_used_rate": np.maximum(used, -0.9)}
    return pd.DataFrame(frame, index=streams.groups)


def _ratio(
    part: Matrix, whole: Matrix, group: Index, month: Index, groups: int
) -> tuple[Matrix, Matrix]:
    """Return sum(part) / sum(whole) by group, and its variance over whole months."""
    if not len(part):
        return np.zeros(groups), np.full(groups, np.inf)
    start = month.min()
    months = int(month.max() - start) + 1
    place = group * months + (month - start)
    sums = [np.bincount(place, v, groups * months).reshape(groups, -1) for v in (part, whole)]
    there = np.bincount(place, minlength=groups * months).reshape(groups, -1) > 0
    count, total = there.sum(axis=1), sums[1].sum(axis=1)
    fit = (count > 1) & (total > 0)
    safe = np.where(fit, total, 1.0)
    ratio = np.where(total > 0, sums[0].sum(axis=1) / np.where(total > 0, total, 1.0), 0.0)
    squares = ((sums[0] - ratio[:, None] * sums[1]) ** 2).sum(axis=1)
    variance = squares / safe**2 * count / np.maximum(count - 1, 1)
    return ratio, np.where(fit, variance, np.inf)


def _find_weights(
    streams: _Streams, known: NDArray[np.bool_], change: Matrix, most: float, wanted: Matrix
) -> Matrix:
    """Return the weight of each stream and owner; `wanted` names those that are settled."""
    count = len(streams.owners)
    cell, row = np.unique(streams.cell[known], return_inverse=True)
    if not len(cell) or most <= 0:
        return np.zeros(count)
    moves = np.zeros((len(cell), count))
    np.add.at(moves, (row, streams.owner[known]), change[known])
    first = np.zeros(len(cell), dtype=np.int64)
    first[row[::-1]] = np.flatnonzero(known)[::-1]
    reference, month = streams.reference[first], streams.month[first]
    missed = streams.actual[first] - reference
    floor = max(0.05 * float(np.median(reference)), 1e-9)
    return _solve(moves, missed, 1 / np.maximum(reference, floor), month, most, wanted)


def _solve(
    moves: Matrix, missed: Matrix, worth: Matrix, month: Index, most: float, wanted: Matrix
) -> Matrix:
    """Return the weights that miss least, drawn towards 0; see `learn_weights`.

    The design effect says how many times more whole months vary than cells by themselves would.
    """
    count = moves.shape[1]
    weighted = moves * worth[:, None]
    square = weighted.T @ moves
    square += np.eye(count) * (1e-9 * np.trace(square) / count + 1e-12)
    fitted = np.linalg.solve(square, weighted.T @ missed)
    left = missed - moves @ fitted
    noise = float((worth * left**2).mean()) + 1e-12
    codes = np.unique(month, return_inverse=True)[1]
    months = int(codes.max()) + 1
    scores = np.zeros((months, count))
    np.add.at(scores, codes, weighted * left[:, None])
    inverse = np.linalg.inv(square)
    clustered = inverse @ (scores.T @ scores) @ inverse * months / max(months - 1, 1)
    effect = max(float(np.mean(np.diag(clustered) / (noise * np.diag(inverse)))), 1.0)
    pull = square / (noise * effect) + np.eye(count) / PRIOR_WEIGHT**2
    aim = weighted.T @ missed / (noise * effect)
    weight = _share_one(pull, aim, most, wanted)
    return _trust(weight, aim, wanted)


def _trust(weight: Matrix, aim: Matrix, wanted: Matrix) -> Matrix:
    """Shrink learned weights by 1 - 2 x (weights in use) / (what they explain, in units of noise).

    Noise alone explains about one unit for each weight (James and Stein 1961 take off one; two
    cost next to nothing where people know something and save most of the harm where they do not).
    """
    learned = np.isnan(wanted)
    explained = float((aim * weight)[learned].sum())
    used = int((weight[learned] > 0).sum())
    trust = max(1 - NOISE_OF_A_WEIGHT * used / explained, 0.0) if explained > 0 else 0.0
    return np.where(learned, trust * weight, weight)


def _share_one(pull: Matrix, aim: Matrix, most: float, wanted: Matrix) -> Matrix:
    """Return the best weights that sum to 1 at most: every aim is lowered alike until they do."""
    weight = _descend(pull, aim, most, wanted)
    low, high = 0.0, float(np.abs(aim).max(initial=0.0))
    if weight.sum() <= 1.0:
        return weight
    for _ in range(50):
        middle = (low + high) / 2
        weight = _descend(pull, aim - middle, most, wanted)
        low, high = (middle, high) if weight.sum() > 1.0 else (low, middle)
    return _descend(pull, aim - high, most, wanted)


def _descend(pull: Matrix, aim: Matrix, most: float, wanted: Matrix) -> Matrix:
    """Minimise w'Pw / 2 - a'w in 0..most, one weight after another, until nothing moves."""
    settled = np.isfinite(wanted)
    weight = np.where(settled, np.nan_to_num(wanted), 0.0)
    for _ in range(500):
        before = weight.copy()
        for place in np.flatnonzero(~settled):
            best = weight[place] + (aim[place] - pull[place] @ weight) / pull[place, place]
            weight[place] = np.clip(best, 0.0, most)
        if np.abs(weight - before).max(initial=0.0) < 1e-9:
            break
    return weight
