"""Every missed demand with the limit that stops it, and the one that would hold after that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.explain.limits import PROBED, Limit, loosen
from sopkit.supply.explain.trace import Cause, Tracer
from sopkit.supply.inputs.case import Case
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.solver.living import Living
from sopkit.tables import PLACE, TABLES, fit_columns

KEY = [*PLACE, "period"]
SUMS = ["short_qty", "late_qty", "short_value", "late_value"]
PROBES = 12
LEFT_SHARE = 0.01
STILL_SCARCE = 0.5
POOLED = ("lead_time", "fence")


def explain_shortages(
    case: Case, plan: Plan, *, probes: int = PROBES, living: Living | None = None
) -> pd.DataFrame:
    """Return every demand served late or not at all, with its binding cause and money.

    The cause is read from the plan's prices (`Tracer.trace`). Then the plan is solved anew without
    the limit that is named: what stays missed, or as scarce as before, is stopped by a second one,
    which is named too. Where a long lead time may be what really stops a demand, the plan without
    it decides (`_look_behind`). Shortages of one limit share a solve; the dearest limits get one
    each, the others one together.

    Args:
        plan: of this case, with all solved months (not cut by `within`).
        probes: most solves; 0: no second cause is looked for.
        living: a solver that holds the plan (`start_living`), if there is one.

    Returns:
        Contract `shortage`, dearest first.

    Example:
        130 wanted, line full at 100, lane at 110: cause `resource`, also `lane`.
    """
    rows = list_missed(case, plan)
    causes = trace_all(case, plan, rows)
    also: list[Limit | None] = [None] * len(rows)
    groups = _group(rows, [cause.limit for cause in causes], probes)
    living = living or (start_living(case, plan) if groups else None)
    for members in groups:
        assert living is not None
        found = _look_behind(living, rows.iloc[members], [causes[m] for m in members])
        for member, (cause, limit) in zip(members, found, strict=True):
            causes[member], also[member] = cause, limit
    return fit_columns(_name_causes(case, rows, causes, also), TABLES["shortage"])


def _name_causes(
    case: Case, rows: pd.DataFrame, causes: list[Cause], also: list[Limit | None]
) -> pd.DataFrame:
    """Return the rows with the columns of causes; a material's own cause is its root."""
    named = pd.DataFrame(
        {
            "cause": ["material" if c.material else c.limit.kind for c in causes],
            "cause_code": [c.material or c.limit.code for c in causes],
            "root_cause": [c.limit.kind if c.material else None for c in causes],
            "root_code": [c.limit.code if c.material else None for c in causes],
            "also_cause": [limit.kind if limit else None for limit in also],
            "also_code": [limit.code if limit else None for limit in also],
        },
        index=rows.index,
        dtype=object,
    )
    return rows.join(named.assign(cause_period=case.periods[[c.month for c in causes]]))


def list_missed(case: Case, plan: Plan) -> pd.DataFrame:
    """Return what is short or late by item, location and month, dearest first.

    Returns:
        `item`, `location`, `period`, `short_qty`, `late_qty`, `short_value`, `late_value` (net
        price x quantity), `place` and `month` (row and column of the case), `lost_value` (what
        losing a unit of the dearest of its demands costs; infinite where all are only late).
    """
    service = plan.plan_service
    missed = service[(service["short_qty"] > 0) | (service["late_qty"] > 0)]
    keys = [*PLACE, "customer", "period", "demand_class"]
    of = plan.streams.rows
    lost = plan.streams.lost_cost[of["stream"].to_numpy(int), of["month"].to_numpy(int)]
    prices = of[[*keys, "price_value"]].assign(lost_value=lost)
    missed = missed.merge(prices, on=keys, how="left", validate="one_to_one")
    missed["short_value"] = missed["short_qty"] * missed["price_value"]
    missed["late_value"] = missed["late_qty"] * missed["price_value"]
    missed["lost_value"] = missed["lost_value"].where(missed["short_qty"] > 0, np.inf)
    rows = missed.groupby(KEY, as_index=False)[SUMS].sum()
    numbers = case.places[PLACE].assign(place=case.places.index)
    rows = rows.merge(numbers, on=PLACE, how="left", validate="many_to_one")
    rows["month"] = case.periods.get_indexer(pd.Index(rows["period"]))
    dearest = missed.sort_values("short_value", ascending=False, kind="stable")
    lost = dearest.drop_duplicates(KEY)[[*KEY, "lost_value"]]
    rows = rows.merge(lost, on=KEY, how="left", validate="one_to_one")
    order = ["short_value", "late_value", *KEY]
    return rows.sort_values(order, ascending=[False, False, True, True, True], ignore_index=True)


def trace_all(case: Case, plan: Plan, rows: pd.DataFrame) -> list[Cause]:
    """Return the cause of each row of `list_missed`."""
    if rows.empty:
        return []
    tracer = Tracer.prepare(case, plan)
    return list_causes(tracer, rows)


def list_causes(tracer: Tracer, rows: pd.DataFrame) -> list[Cause]:
    """Return the cause of each row of `list_missed`."""
    cells = zip(*(rows[name].tolist() for name in ("place", "month", "lost_value")), strict=True)
    return [tracer.trace_demand(int(place), int(month), price) for place, month, price in cells]


def start_living(case: Case, plan: Plan) -> Living:
    """Return a solver that holds a plan's case, without whole lots or people, at its optimum."""
    names = [column.name for column in TABLES["net_demand"].columns]
    linear = replace(
        case,
        rates=replace(case.rates, lot_months=0, whole_people=False),
        lots=replace(case.lots, months=0),
        people=replace(case.people, whole=False),
    )
    return Living(linear, plan.streams.rows[names], plan)


def list_also_hit(shortage: pd.DataFrame, cause: str, code: str) -> pd.DataFrame:
    """Return who else is hit by the same limit, the dearest first.

    Args:
        shortage: contract `shortage`.
        cause, code: of a limit, as in `cause`, `root_cause` or `also_cause`.

    Returns:
        The rows that name it, with `hit`: first (it binds), behind (it binds a material), also
        (it would bind next).

    Example:
        Line L is full for A, and for the part of B: A is hit first, B behind.
    """
    named = [
        ("first", "cause", "cause_code"),
        ("behind", "root_cause", "root_code"),
        ("also", "also_cause", "also_code"),
    ]
    hit = pd.Series("", index=shortage.index, dtype=object)
    for word, kind, which in named:
        same = (shortage[kind] == cause) & (shortage[which] == code)
        hit = hit.where((hit != "") | ~same, word)
    rows = shortage.assign(hit=hit)[hit != ""]
    order = ["short_value", "late_qty", *KEY]
    return rows.sort_values(order, ascending=[False, False, True, True, True], ignore_index=True)


def _group(rows: pd.DataFrame, limits: list[Limit], probes: int) -> list[list[int]]:
    """Return which rows share a solve: by limit, lead times and fences of all items together."""
    groups: dict[tuple[str, str], list[int]] = {}
    for member, limit in enumerate(limits):
        if limit.kind in PROBED:
            key = (limit.kind, "" if limit.kind in POOLED else limit.code)
            groups.setdefault(key, []).append(member)
    money = rows["short_value"].to_numpy() + rows["late_value"].to_numpy()
    ranked = sorted(groups.values(), key=lambda members: -money[members].sum())
    if len(ranked) > probes > 0:
        ranked = [*ranked[: probes - 1], [m for group in ranked[probes - 1 :] for m in group]]
    return ranked if probes else []


def count_missed(plan: Plan, rows: pd.DataFrame) -> np.ndarray:
    """Return what a plan serves late or not at all at rows of item, location, period."""
    service = plan.plan_service
    missed = (service["short_qty"] + service["late_qty"]).groupby([service[key] for key in KEY])
    asked = pd.MultiIndex.from_frame(rows[KEY])
    return missed.sum().reindex(asked).fillna(0.0).to_numpy(float)


def _look_behind(
    living: Living, rows: pd.DataFrame, causes: list[Cause]
) -> list[tuple[Cause, Limit | None]]:
    """Return cause and second limit of rows that one limit stops.

    Where a long lead time may be what really stops a row, the plan is solved without it too: the
    one without which the row misses less is the cause; if neither misses anything, the one without
    which the plan is cheaper.
    """
    first = _Without.ask(living, {cause.limit for cause in causes})
    found = first.judge(rows, causes)
    if all(cause.rival is None for cause in causes):
        return found
    rivals = [cause.rival or cause for cause in causes]
    other = _Without.ask(living, {cause.rival.limit for cause in causes if cause.rival})
    least = LEFT_SHARE * _missed_of(rows)
    now, then = count_missed(other.plan, rows), count_missed(first.plan, rows)
    cheaper = other.plan.objective < first.plan.objective
    better = (now < then - least) | ((now <= then + least) & cheaper)
    judged = other.judge(rows, rivals)
    return [
        judged[row] if better[row] and causes[row].rival else found[row] for row in range(len(rows))
    ]


def _missed_of(rows: pd.DataFrame) -> np.ndarray:
    return (rows["short_qty"] + rows["late_qty"]).to_numpy(float)


@dataclass(frozen=True)
class _Without:
    """A plan without some limits."""

    limits: set[Limit]
    case: Case
    plan: Plan

    @classmethod
    def ask(cls, living: Living, limits: set[Limit]) -> _Without:
        loose = loosen(living.base.arrays.case, limits)
        return cls(limits, loose, living.ask(loose, living.demand).plan)

    def judge(self, rows: pd.DataFrame, causes: list[Cause]) -> list[tuple[Cause, Limit | None]]:
        """Return each cause with the limit that holds now; None: what was missed is served."""
        left = count_missed(self.plan, rows) > LEFT_SHARE * _missed_of(rows)
        if not left.any():
            return [(cause, None) for cause in causes]
        second = trace_all(self.case, self.plan, rows)
        return [
            (then, now.limit if self._holds(now, then, stays) else None)
            for now, then, stays in zip(second, causes, left.tolist(), strict=True)
        ]

    def _holds(self, now: Cause, then: Cause, stays: bool) -> bool:
        scarce = stays or now.scarcity > STILL_SCARCE * then.scarcity
        return scarce and now.limit not in self.limits
