"""Two owners who change the same demand: shown to both, settled by neither alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sopkit.demand.leaf_panel import LeafPanel, Places, Record, to_leaf_panel, to_records
from sopkit.demand.levels import LEVEL, add_family
from sopkit.demand.overrides import add_places, judge_overrides, to_order
from sopkit.tables import ALL

CLASH = [
    *("override", "other_override", "owner", "other_owner", *LEVEL),
    *("first_period", "last_period", "month_count"),
    *("effect_qty", "other_effect_qty", "together_qty"),
]
Flags = NDArray[np.bool_]
Codes = NDArray[np.object_]


def find_clashes(
    override: pd.DataFrame,
    item: pd.DataFrame,
    periods: pd.DatetimeIndex,
    as_of: pd.Timestamp,
    rows: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return pairs of overrides by different owners that touch the same leaves and months.

    Both are kept and applied, the earlier entered first, then by number; nothing is settled here.

    Args:
        override: contract `override`; only active ones that hold in `periods` are compared.
        item: contract `item`, for the family of an item.
        periods: planned months.
        as_of: last day of what is known.
        rows: what `apply_overrides` takes; with it, only pairs that share a leaf there count, and
            the effects on the shared leaves and months are measured.
        history: contract `demand_history`; needed with `rows`.

    Returns:
        A row a pair: `override` (applied first), `other_override`, `owner`, `other_owner`, what
        they share (`item`, `family`, `location`, `customer`: codes, or all), `first_period`,
        `last_period`, `month_count`, and there `effect_qty` (the first alone),
        `other_effect_qty` (the other alone), `together_qty` (both, as applied); blank without
        `rows`. Sorted by both numbers.

    Example:
        100 stand; North adds 20, South sets 90: apart +20 and -10, together -10: South wins.
    """
    states = judge_overrides(override, periods.to_numpy(), as_of)
    active = to_order(override[(states == "applied").to_numpy()]).reset_index(drop=True)
    known = add_family(active[["item"]], item)["family"].to_numpy(dtype=object)
    family = np.where(active["item"] == ALL, active["family"].to_numpy(dtype=object), known)
    pairs = np.argwhere(_find_shared(active, family))
    if len(pairs) == 0:
        return _to_frame([])
    records = to_records(active.assign(family=family))
    found = [_describe(records[a], records[b], periods) for a, b in pairs]
    if rows is not None and history is not None:
        grown = add_places(rows, active, periods.to_numpy())
        leaves = to_leaf_panel(grown, history, item)
        measured = _measure(leaves, records, pairs)
        found = [{**one, **effect} for one, effect in zip(found, measured, strict=True) if effect]
    return _to_frame(found)


def _to_frame(found: list[Record]) -> pd.DataFrame:
    numbers = dict.fromkeys(CLASH[-3:], "float64")
    frame = pd.DataFrame(found, columns=CLASH).astype({**numbers, "month_count": "int64"})
    months = ["first_period", "last_period"]
    frame[months] = frame[months].astype("datetime64[ns]")
    return frame.sort_values(CLASH[:2], kind="stable", ignore_index=True)


def _find_shared(active: pd.DataFrame, family: Codes) -> Flags:
    """Return for each pair (the earlier, the later) whether owners differ and they overlap."""
    item = active["item"].to_numpy(dtype=object)
    both_named = _both(item != ALL)
    shared = np.where(both_named, _same(item), _same_or_all(family))
    for name in ("location", "customer"):
        shared &= _same_or_all(active[name].to_numpy(dtype=object))
    first, last = active["start_period"].to_numpy(), active["end_period"].to_numpy()
    shared &= (first[:, None] <= last[None, :]) & (first[None, :] <= last[:, None])
    shared &= ~_same(active["owner"].to_numpy(dtype=object))
    return np.asarray(np.triu(shared, k=1))


def _both(flags: Flags) -> Flags:
    return np.asarray(flags[:, None] & flags[None, :])


def _same(codes: Codes) -> Flags:
    numbers = pd.factorize(codes)[0]
    return np.asarray(numbers[:, None] == numbers[None, :])


def _same_or_all(codes: Codes) -> Flags:
    free = codes == ALL
    return np.asarray(_same(codes) | free[:, None] | free[None, :])


def _describe(one: Record, other: Record, periods: pd.DatetimeIndex) -> Record:
    """Return a pair with the level and months they share."""
    level = {name: other[name] if one[name] == ALL else one[name] for name in LEVEL}
    if level["item"] != ALL:
        level["family"] = ALL
    first = max(one["start_period"], other["start_period"], periods[0])
    last = min(one["end_period"], other["end_period"], periods[-1])
    months = int(((periods >= first) & (periods <= last)).sum())
    return {
        "override": one["override"],
        "other_override": other["override"],
        "owner": one["owner"],
        "other_owner": other["owner"],
        **level,
        "first_period": first,
        "last_period": last,
        "month_count": months,
    }


def _measure(leaves: LeafPanel, records: list[Record], pairs: Places) -> list[dict[str, float]]:
    """Return each pair's effects on the cells they share; empty where they share none."""
    where = {n: (leaves.find(records[n]), leaves.span(records[n])) for n in np.unique(pairs)}
    alone = {n: leaves.split(records[n], *at, leaves.start) for n, at in where.items()}
    measured: list[dict[str, float]] = []
    for first, second in pairs:
        (one, months), (other, others) = where[first], where[second]
        _, mine, theirs = np.intersect1d(one, other, assume_unique=True, return_indices=True)
        span = slice(max(months.start, others.start), min(months.stop, others.stop))
        if not len(mine) or span.start >= span.stop:
            measured.append({})
            continue
        own = slice(span.start - months.start, span.stop - months.start)
        their = slice(span.start - others.start, span.stop - others.start)
        now = leaves.start.copy()
        now[one, months] += alone[first]
        then = leaves.split(records[second], other, others, now)
        effect = float(alone[first][mine, own].sum())
        measured.append(
            {
                "effect_qty": effect,
                "other_effect_qty": float(alone[second][theirs, their].sum()),
                "together_qty": effect + float(then[theirs, their].sum()),
            }
        )
    return measured
