"""Plans in whole numbers: lots, loads, people. A good plan first, then the search for a better one.

The linear plan costs no more than any plan in whole numbers, so it is the bound. From it whole
numbers are searched month by month, later months staying linear; where there are few of them, or no
time, they are rounded stage by stage, from the parts to what customers take. What is found that way
is mostly within a percent of the bound, and then it is the plan; otherwise the solver's search of
the whole starts from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from sopkit.supply.model.lp import Array, Lp
from sopkit.supply.solver.highs import (
    Solution,
    hand_over,
    has_plan,
    set_basis,
    set_options,
    solve_lp,
    status_of,
)

NEAR, WHOLE = 0.5, 1e-5
FEW = 150
MONTHS_GAP, MONTH_NODES = 0.8, 50
DIVE_SECONDS = 120.0
SEARCH_SHARE = 0.8
Propose = Callable[[dict[str, Array], float], tuple[dict[str, Array], dict[str, Array]]]


@dataclass(frozen=True)
class Hints:
    """What a rule knows of its whole numbers.

    Args:
        propose: whole numbers near a linear plan (values by block, share from which more is taken;
            1: none) and how far they are away; by block, in base units. Blocks it does not name
            are rounded.
        stages: by block, the order in which its cells are fixed.
        outside: blocks of what goes outside of whole numbers at a price.
        month: stages in a month.
    """

    propose: Propose
    stages: dict[str, Array]
    outside: tuple[str, ...]
    month: int


def solve_whole(
    lp: Lp,
    hints: Hints,
    *,
    time_limit: float = 300.0,
    basis: tuple[Array, Array] | None = None,
    gap: float = 0.01,
    constant: float = 0.0,
) -> Solution:
    """Return a plan in whole numbers, its prices with them fixed, and the proven bound.

    Args:
        time_limit: seconds for all of it; where they run out, what is left is rounded.
        basis: to start the linear plan from.
        gap: share of its cost by which the plan may be dearer than the best.
        constant: cost that no variable changes; part of that cost, not of the bound.
    """
    until = perf_counter() + time_limit
    whole = lp.whole.astype(bool)
    linear = replace(lp, whole=np.zeros_like(lp.whole))
    relaxed = solve_lp(linear, time_limit=time_limit, basis=basis)
    if relaxed.x is None:
        return relaxed
    few = int(whole.sum()) <= FEW
    tries = 0.0 if few else MONTHS_GAP * gap
    found = search_months(lp, relaxed, hints, gap=tries, constant=constant, until=until)
    planned = solve_lp(_fix(linear, whole, found), time_limit=time_limit)
    if planned.x is None:
        return planned
    status, bound = relaxed.status, -np.inf if relaxed.bound is None else relaxed.bound
    cost = float(lp.cost @ planned.x)
    if cost - bound > gap * abs(cost + constant):
        found, status, proven = _search(lp, planned.x, gap, constant, until)
        bound = max(bound, proven)
        planned = solve_lp(_fix(linear, whole, found), time_limit=time_limit)
    return replace(planned, status=status, bound=bound if np.isfinite(bound) else None)


def _fix(linear: Lp, whole: Array, x: Array) -> Lp:
    """Return the linear model with its whole numbers fixed."""
    lower, upper = linear.lower.copy(), linear.upper.copy()
    lower[whole] = upper[whole] = np.floor(x[whole] + WHOLE)
    return replace(linear, lower=lower, upper=upper)


def search_months(
    lp: Lp, relaxed: Solution, hints: Hints, *, gap: float, constant: float, until: float
) -> Array:
    """Return a plan in whole numbers, found month by month.

    Only a month's numbers are whole while it is searched: later months stay linear, earlier ones
    are fixed. A month is rounded (`dive`); where that costs more than its part of `gap`, the solver
    searches on from there, in its share of the time that is left.

    Args:
        gap: share of the plan's cost that all months together may be dearer than the linear plan;
            0: only rounded.
        until: second (of `perf_counter`) at which it should be done.
    """
    whole = lp.whole.astype(bool)
    months = _group_months(np.floor(_gather(lp, hints.stages) / hints.month), whole)
    part, x = replace(lp, whole=np.zeros_like(lp.whole)), np.asarray(relaxed.x)
    named = np.unique(months[whole])
    gap = gap / max(len(named), 1)
    for count, month in enumerate(named):
        now = whole & (months == month)
        before = float(lp.cost @ x)
        found = dive(part, now, replace(relaxed, x=x), hints)
        seconds = SEARCH_SHARE * (until - perf_counter()) / (len(named) - count)
        dearer = float(lp.cost @ found) - before > gap * abs(before + constant)
        if gap and dearer and seconds > 1:
            month_lp = replace(part, whole=now.astype(lp.whole.dtype))
            solver = _run_search(month_lp, gap, constant, seconds, MONTH_NODES, found)
            found = _better(solver, lp, found)
        x, part = found, _fix(part, now, found)
    return x


def _group_months(months: Array, whole: Array) -> Array:
    """Return months, small ones joined until their whole numbers are worth a search."""
    group, size, joined = 0, 0, months.copy()
    for month in np.unique(months[whole]):
        count = int((whole & (months == month)).sum())
        group, size = (group + 1, count) if size + count > FEW else (group, size + count)
        joined[months == month] = group
    return joined


def _run_search(
    lp: Lp,
    gap: float,
    constant: float,
    seconds: float,
    nodes: int | None = None,
    start: Array | None = None,
) -> Any:
    """Return the solver after its search for whole numbers."""
    import highspy

    solver = hand_over(lp)
    solver.changeObjectiveOffset(constant)
    solver.setOptionValue("mip_rel_gap", gap)
    if nodes is not None:
        solver.setOptionValue("mip_max_nodes", nodes)
    set_options(solver, "choose", seconds)
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = list(start)
        solver.setSolution(given)
    solver.run()
    return solver


def dive(linear: Lp, whole: Array, relaxed: Solution, hints: Hints) -> Array:
    """Return a plan in whole numbers, fixed stage by stage, the rest planned anew after each step.

    Each step fixes the half of a stage's numbers that are nearest to whole ones. Where these do
    not fit together with what is fixed (no plan, or something would go outside of lots), they are
    rounded down, which fits: what is used is fixed after what supplies it.
    """
    solver = hand_over(linear)
    set_options(solver, "simplex", DIVE_SECONDS)
    if relaxed.basis is not None:
        set_basis(solver, relaxed.basis)
    x = np.asarray(relaxed.x)
    stage = _gather(linear, hints.stages)
    outside = linear.cost * _gather(
        linear, {name: at >= 0.0 for name, at in linear.columns.items() if name in hints.outside}
    )
    for one in np.unique(stage[whole]):
        left = np.flatnonzero(whole & (stage == one))
        while len(left):
            x, left = _step(solver, linear, left, x, hints, outside)
    if (np.abs(x[whole] - np.round(x[whole])) <= WHOLE).all():
        return x
    lower, _ = _round_columns(linear, x, hints, 1.0)
    planned = solve_lp(_fix(linear, whole, np.where(whole, lower, x)), time_limit=DIVE_SECONDS)
    return x if planned.x is None else planned.x


def _gather(lp: Lp, values: dict[str, Array], usual: float = 0.0) -> Array:
    """Return values by block as one array over the columns; `usual` where a block has none."""
    found = np.full(len(lp.cost), usual)
    for name, cells in values.items():
        if name in lp.columns:
            at = lp.columns[name]
            found[at[at >= 0]] = cells[at >= 0]
    return found


def _step(
    solver: Any, lp: Lp, left: Array, x: Array, hints: Hints, outside: Array
) -> tuple[Array, Array]:
    """Fix the nearer half of the columns; return the plan that follows and the other half."""
    near, away = _round_columns(lp, x, hints, NEAR)
    lower, _ = _round_columns(lp, x, hints, 1.0)
    chosen = left[away[left] <= max(float(np.median(away[left])), WHOLE)]
    chosen = chosen[np.argsort(away[chosen], kind="stable")]
    waiting = [chosen]
    while waiting:
        group = waiting.pop()
        planned = _try(solver, lp, group, near)
        if planned is not None and outside @ planned <= outside @ x + WHOLE:
            x = planned
        elif len(np.unique(away[group])) > 1:
            lower_bounds, upper_bounds = lp.lower[group], lp.upper[group]
            solver.changeColsBounds(len(group), group.astype(np.int32), lower_bounds, upper_bounds)
            half = away[group] <= np.median(away[group])
            half = half if not half.all() else away[group] < away[group].max()
            waiting += [group[~half], group[half]]
        else:
            planned = _try(solver, lp, group, lower)
            x = x if planned is None else planned
    return x, np.setdiff1d(left, chosen)


def _round_columns(lp: Lp, x: Array, hints: Hints, up_from: float) -> tuple[Array, Array]:
    """Return whole numbers near `x`, and how far away they are; blocks without hint are rounded."""
    near, away = hints.propose(lp.values(x), up_from)
    found = _gather(lp, near, np.nan) / lp.column_unit
    usual = np.floor(x + 1 - min(max(up_from, WHOLE), 1 - WHOLE))
    whole = np.where(np.isnan(found), usual, found)
    distance = _gather(lp, away, np.nan)
    return whole, np.where(np.isnan(distance), np.abs(usual - x), distance)


def _try(solver: Any, lp: Lp, columns: Array, whole: Array) -> Array | None:
    """Return the plan with the columns fixed, None where there is none."""
    fixed = np.clip(whole[columns], np.ceil(lp.lower[columns]), np.floor(lp.upper[columns]))
    solver.changeColsBounds(len(columns), columns.astype(np.int32), fixed, fixed)
    solver.run()
    if status_of(solver) != "optimal":
        return None
    return np.asarray(solver.getSolution().col_value)


def _search(
    lp: Lp, start: Array, gap: float, constant: float, until: float
) -> tuple[Array, str, float]:
    """Return the best plan that the solver's search finds from a start, its status and bound."""
    seconds = max(until - perf_counter(), 1.0)
    solver = _run_search(lp, gap, constant, seconds, start=start)
    proven = float(solver.getInfo().mip_dual_bound) - constant
    proven = proven if np.isfinite(proven) else -np.inf
    return _better(solver, lp, start), status_of(solver), proven


def _better(solver: Any, lp: Lp, start: Array) -> Array:
    """Return the plan of a solver that has searched, or the start where it has no better one."""
    if not has_plan(solver):
        return start
    found = np.asarray(solver.getSolution().col_value)
    return found if lp.cost @ found <= lp.cost @ start else start
