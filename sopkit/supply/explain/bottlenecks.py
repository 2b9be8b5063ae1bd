"""Which limits are worth most: one more hour or unit, from a plan solved anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.explain.probe import Bound, Probe
from sopkit.supply.explain.shortages import start_living
from sopkit.supply.inputs.case import Case
from sopkit.supply.results.read_plan import Plan
from sopkit.supply.solver.living import Answer, Living
from sopkit.tables import ALL, TABLES, fit_columns

ROWS = {
    "capacity_limit": "resource",
    "lane_limit": "lane",
    "stock_limit": "stock",
    "storage_limit": "storage",
}
LEAST_WORTH = 1e-6
MOST_TRIES = 3
SPAN_TRIES = 8
SAME = 1e-5


@dataclass(frozen=True)
class Bottleneck:
    """One limit of one month that has a price in a plan.

    Args:
        kind: resource, supplier, lane, stock or storage; code, item, location: which one.
        month: column.
        bound: where it stands in the model.
        limit: what it allows [base units].
        worth: the plan's price of one more (dual): no more than that can be gained.
    """

    kind: str
    code: str
    item: str
    location: str
    month: int
    bound: Bound
    limit: float
    worth: float


def rank_bottlenecks(
    case: Case,
    demand: pd.DataFrame,
    plan: Plan,
    *,
    most: int = 10,
    living: Living | None = None,
) -> pd.DataFrame:
    """Return the limits that bind, by what one more hour or unit would save.

    The worth is the difference of two plans, with and without one more hour (regular), unit of a
    supplier, unit on a lane, unit or place in stock. A plan's price of a limit (dual) is not always
    unique: it lies between what one more saves and what one less costs, and both are shown. The
    span is for how many hours or units one more is worth the same, at most as many as there are.

    Args:
        demand: contract `net_demand`, which the plan answers.
        plan: of this case, with all solved months.
        most: most limits.
        living: a solver that holds the plan (`start_living`), if there is one.

    Returns:
        Contract `bottleneck`, the dearest first.

    Example:
        130 wanted at 100, made at 4, line full at 100: one more hour is worth 96, for 30 hours.
    """
    living = living or start_living(case, plan)
    probe = Probe(living.base)
    found: list[tuple[Bottleneck, float]] = []
    for one in find_bottlenecks(living.base)[: MOST_TRIES * most]:
        worths = sorted((worth for _, worth in found), reverse=True)
        if len(worths) >= most and one.worth <= worths[most - 1]:
            break
        found.append((one, probe.cost - probe.ask([(one.bound, 1.0)])))
    ranked = sorted(found, key=lambda one: (-round(one[1], 6), one[0].code, one[0].month))
    ranked = [one for one in ranked if one[1] > LEAST_WORTH][:most]
    rows = [
        {
            "limit_kind": one.kind,
            "limit_code": one.code,
            "item": one.item,
            "location": one.location,
            "period": case.periods[one.month],
            "rank": rank,
            "worth_value": round(worth, 6),
            "worth_low_value": round(worth, 6),
            "worth_high_value": round(max(cost_of_less(probe, one), worth), 6),
            "span": round(find_span(probe, one, worth), 6),
        }
        for rank, (one, worth) in enumerate(ranked, start=1)
    ]
    table = TABLES["bottleneck"]
    return fit_columns(pd.DataFrame(rows), table) if rows else table.empty()


def find_bottlenecks(base: Answer) -> list[Bottleneck]:
    """Return the limits that have a price in a plan, the dearest first."""
    bounds = [*_find_rows(base), *_find_suppliers(base)]
    return sorted(bounds, key=lambda one: (-round(one.worth, 6), one.kind, one.code, one.month))


def _find_rows(base: Answer) -> list[Bottleneck]:
    case, lp, model = base.arrays.case, base.arrays.lp, base.arrays.model
    bounds = []
    for name, kind in ROWS.items():
        if name not in model.rows:
            continue
        worth = -base.duals[name]
        keys, unit = model.dims[model.rows[name].dim].keys, model.dims[model.rows[name].dim].unit
        for row, month in np.argwhere(worth > LEAST_WORTH):
            key = keys[row]
            stock = kind == "stock"
            limit = float(model.rows[name].upper[row, month])
            if kind == "resource":
                limit = float(case.regular_hours[row, month])
            bounds.append(
                Bottleneck(
                    kind=kind,
                    code=str(key[0] if stock else key),
                    item=str(key[0]) if stock else ALL,
                    location=str(key[1]) if stock else ALL,
                    month=int(month),
                    bound=Bound(True, int(lp.rows[name][row, month]), float(unit[row])),
                    limit=limit,
                    worth=float(worth[row, month]),
                )
            )
    return bounds


def _find_suppliers(base: Answer) -> list[Bottleneck]:
    """Return the monthly limits of suppliers that have a price: bounds of columns."""
    case, lp, model = base.arrays.case, base.arrays.lp, base.arrays.model
    at = lp.columns["flow"]
    costs = lp.cost - lp.matrix.T @ base.row_dual
    unit = model.dims["way"].unit
    worth = -costs[at] * lp.money / unit[:, None]
    bought = (case.ways["flow_kind"] == "buy").to_numpy()[:, None]
    limited = bought & np.isfinite(case.way_limit) & (worth > LEAST_WORTH)
    limited &= model.blocks["flow"].upper >= case.way_limit  # not where a fence is tighter
    return [
        Bottleneck(
            kind="supplier",
            code=str(case.ways["source"].iloc[way]),
            item=str(case.ways["item"].iloc[way]),
            location=str(case.ways["location"].iloc[way]),
            month=int(month),
            bound=Bound(False, int(at[way, month]), float(unit[way])),
            limit=float(case.way_limit[way, month]),
            worth=float(worth[way, month]),
        )
        for way, month in np.argwhere(limited)
    ]


def cost_of_less(probe: Probe, one: Bottleneck) -> float:
    """Return what one hour or unit less costs; where there is less than one, in proportion."""
    less = min(1.0, one.limit)
    return (probe.ask([(one.bound, -less)]) - probe.cost) / less if less > 0 else 0.0


def find_span(probe: Probe, one: Bottleneck, worth: float) -> float:
    """Return for how many more the gain stays in proportion, at most as many as there are.

    The gain of more is concave: where the line from 0 meets the tangent at a larger quantity lies
    the next quantity to try, until it is on the line.
    """
    more = max(one.limit, 1.0)
    for _ in range(SPAN_TRIES):
        gained = probe.cost - probe.ask([(one.bound, more)])
        slope = probe.price(one.bound)
        if gained >= worth * more * (1 - SAME) or worth <= slope:
            break
        more = max((gained - slope * more) / (worth - slope), 1.0)
        if more <= 1.0:
            break
    return more
