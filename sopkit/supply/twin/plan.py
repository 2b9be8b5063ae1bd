"""A plan by rules that a planner can follow by hand, priced like the cheapest plan."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pandas as pd

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.inputs.streams import Streams, to_streams
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import Model
from sopkit.supply.results.read_plan import Plan, read_plan
from sopkit.supply.rules.people import hours_of_heads
from sopkit.supply.twin.fill import fill_values, keep_people
from sopkit.supply.twin.net import Level, list_levels
from sopkit.supply.twin.ranks import fill_targets, leave, list_ranks, serve_leftovers, serve_ranks
from sopkit.supply.twin.repair import repair_values
from sopkit.supply.twin.room import Room, open_room
from sopkit.supply.twin.run import run_plan

STATUS = "plan by rules"


def plan_by_rules(case: Case, demand: pd.DataFrame) -> Plan:
    """Return the plan that simple rules give: what a careful planner does without a solver.

    Rank after rank (overdue orders, open orders, forecast; then priority): what a place lacks is
    started just in time on its cheapest way, then on the next; where hours, a lane or a supplier
    are full, in overtime or in an earlier month, whichever is cheaper; parts are exploded down the
    BOM the same way. Then month after month what parts and hours allow is started; what cannot be
    served is tried on other ways, then late, then lost. Last, stock is brought to its targets.
    Released production is kept inside the fence, nobody is hired or laid off, no order is hurried
    or cancelled, nothing is made that costs more than its loss.

    The plan keeps every limit of the model and is priced by the same function, so its gap to the
    cheapest plan is what planning by simple rules costs.

    Args:
        demand: contract `net_demand`.

    Example:
        A line of 100 hours a month and demand 50, 80, 160 of one hour each: 90, 100 and 100 are
        made.
    """
    started = perf_counter()
    streams = to_streams(case, demand)
    model = build_model(case, streams)
    plan = read_plan(case, streams, model, rule_values(case, streams, model), status=STATUS)
    plan.seconds.update(rules=perf_counter() - started)
    return plan


def rule_values(case: Case, streams: Streams, model: Model) -> dict[str, Array]:
    """Return a value for every variable of the model (base units, by block), found by rules.

    Two ways to share what is scarce are tried, and the cheaper plan counts: rank after rank, each
    planning with what the ranks before leave (fits where hours and parts are short for long), and
    all ranks in one plan, in which each month's stock goes to the first rank first (fits where
    stock can be replaced in time). Where stock then ends above a maximum or the room there is, the
    plan is made once more without pre-build at the places that may not hold it.
    """
    free = np.full(len(case.places), len(case.periods))
    best: dict[str, Array] = {}
    for together in (False, True):
        tried = _follow_rules(case, streams, model, free, together)
        over = _places_over(case, tried)
        best = _cheaper(model, best, tried)
        if over.any():
            ahead = np.where(over, 0, free)
            best = _cheaper(model, best, _follow_rules(case, streams, model, ahead, together))
    return repair_values(case, streams, model, best)


def _cheaper(model: Model, one: dict[str, Array], other: dict[str, Array]) -> dict[str, Array]:
    return one if one and _cost(model, one) <= _cost(model, other) else other


def _follow_rules(
    case: Case, streams: Streams, model: Model, ahead: Array, together: bool
) -> dict[str, Array]:
    """Return the values of a plan in which places make at most so many months ahead.

    Args:
        together: all ranks in one plan, not rank after rank.
    """
    levels = list_levels(case, ahead)
    ranks = list_ranks(streams)
    groups = [ranks] if together and ranks else [[rank] for rank in ranks]
    longest = max((int(rank.patience.max(initial=0)) for rank in ranks), default=0)
    served = [np.zeros_like(streams.demand_qty) for _ in range(longest + 1)]
    people = keep_people(case)
    hours = hours_of_heads(case.people, people, case.regular_hours, case.overtime_hours)
    everything = open_room(case, model.blocks["flow"].upper, *hours)
    flow, room = _keep_released(case, levels, everything)
    more, room = serve_ranks(case, levels, room, groups, served)
    flow += more
    for _ in range(2):
        more, room = fill_targets(case, streams, levels, room, flow, served)
        flow += more
        serve_leftovers(case, streams, levels, room, ranks, flow, served)
    return fill_values(case, streams, model, flow, served)


def _keep_released(case: Case, levels: list[Level], room: Room) -> tuple[Array, Room]:
    """Return what is firm of the released plan, as far as it can be done, and what it leaves."""
    firm = case.fences.firm()
    if not firm.any():
        return np.zeros_like(firm), room
    run = run_plan(levels, room, firm, [])
    return run.flow, leave(levels, room, run)


def _places_over(case: Case, values: dict[str, Array]) -> Array:
    """Return which places hold more than they may."""
    over = np.zeros(len(case.places), dtype=bool)
    if "over_stock" in values:
        over |= values["over_stock"].any(axis=1)
    if "over_storage" in values:
        full = np.asarray(values["over_storage"].any(axis=1))
        over |= (case.limits.store >= 0) & full[case.limits.store]
    return over


def _cost(model: Model, values: dict[str, Array]) -> float:
    return float(model.cost_of(values).to_numpy().sum())


def compare_plans(plan: Plan, twin: Plan) -> pd.DataFrame:
    """Return what both plans cost, term by term: contract `plan_compare`.

    Args:
        plan: the cheapest plan; twin: the plan by rules for the same case and demand.

    Example:
        A plan of 100 (make 90, hold 10) beside one of 120 (make 120): four rows.
    """
    from sopkit.tables import TABLES, fit_columns

    rows = pd.concat(
        [plan.plan_cost.assign(plan="optimal"), twin.plan_cost.assign(plan="rules")],
        ignore_index=True,
    )
    return fit_columns(rows, TABLES["plan_compare"])
