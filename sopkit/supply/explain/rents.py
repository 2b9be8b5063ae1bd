"""What each limit takes of what a unit is worth: the plan's prices, arranged by way and month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopkit.supply.explain.limits import name_policy
from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import Model, Term
from sopkit.supply.results.read_plan import Plan

FENCE = "released"


@dataclass(frozen=True)
class Rents:
    """The prices of a plan, all money a unit started on a way, or a unit held.

    Args:
        worth: of a unit at a place in a month (places x periods).
        gap: what a unit started on a way costs, limits included, less the worth of what it brings
            (ways x periods): about 0 where the way is used, below 0 where a bound of the way
            itself stops it (a supplier's limit, a fence), above 0 where it does not pay.
        plain: what it costs when nothing is scarce; brings: worth of what it brings (both ways x
            periods).
        hour: rent of each need (needs x periods); part: of each use (uses x periods), above the
            part's plain cost; lane: of each way (ways x periods).
        fence: of each way; policy: of each way by name of the policy.
        carry: of a unit held from a month to the next (places x periods) by name of the policy.
        hold: plain cost of that (places).
        expired: units thrown away (places x periods).
    """

    worth: Array
    gap: Array
    plain: Array
    brings: Array
    hour: Array
    part: Array
    lane: Array
    fence: Array
    policy: dict[str, Array]
    carry: dict[str, Array]
    hold: Array
    expired: Array


def read_rents(case: Case, plan: Plan) -> Rents:
    """Return a plan's prices by way and month."""
    model = build_model(case, plan.streams)
    flow = price_rows(model, plan.duals, "flow")
    own = np.sum(list(model.blocks["flow"].prices.values()), axis=0)
    gap = own + np.sum(list(flow.values()), axis=0)
    worth, needs, uses = plan.worth["unit"], case.needs, case.uses
    hour = _hour_worth(case, model, plan)[needs["resource"].to_numpy(int)]
    base = case.places["base_cost"].to_numpy(float)[uses["place"].to_numpy(int)][:, None]
    with np.errstate(invalid="ignore"):
        parts = np.where(case.use_qty > 0, base * case.use_qty, 0.0)
    used = worth[uses["place"].to_numpy(int)] * case.use_qty
    plain, brings = own.copy(), -flow["stock_balance"]
    np.add.at(plain, uses["way"].to_numpy(int), parts)
    np.add.at(brings, uses["way"].to_numpy(int), used)
    none = np.zeros_like(gap)
    stock = price_rows(model, plan.duals, "stock")
    return Rents(
        worth=worth,
        gap=gap,
        plain=plain,
        brings=brings,
        hour=hour * needs["need_hours"].to_numpy(float)[:, None],
        part=np.where(np.isfinite(parts), used - parts, used),
        lane=flow.get("lane_limit", none),
        fence=flow.get(FENCE, none),
        policy=_sum_policies(flow),
        carry=_sum_policies(stock),
        hold=case.hold_value,
        expired=plan.values.get("expired", np.zeros_like(worth)),
    )


def _sum_policies(rents: dict[str, Array]) -> dict[str, Array]:
    """Return rents by policy; rows of the network, fences and prices of swings are none."""
    policies: dict[str, Array] = {}
    for row, rent in rents.items():
        name = name_policy(row)
        if name:
            policies[name] = policies.get(name, np.zeros_like(rent)) + rent
    return policies


def _hour_worth(case: Case, model: Model, plan: Plan) -> Array:
    """Return the worth of an hour; of a crew also what its most hours of work are worth."""
    hour = plan.worth["hour"].copy()
    if "work_limit" in model.rows:
        crew = case.people.crews["resource"].to_numpy(int)
        hour[crew] += np.maximum(-plan.duals["work_limit"], 0.0)
    return hour


def price_rows(model: Model, duals: dict[str, Array], variable: str) -> dict[str, Array]:
    """Return what each kind of row adds to the price of a variable (its block's shape).

    A row with dual y adds -coef x y. The variable's own prices and these sum to its reduced cost.

    Example:
        A line's hour is worth 40 (dual -40), a unit takes 0.5 hours: `capacity_limit` adds 20.
    """
    shape = model.blocks[variable].upper.shape
    prices: dict[str, Array] = {}
    for name, rows in model.rows.items():
        for term in rows.terms:
            if term.variable == variable:
                total = prices.setdefault(name, np.zeros(shape))
                _add_price(total, term, duals[name])
    return prices


def _add_price(total: Array, term: Term, dual: Array) -> None:
    months = total.shape[1]
    until = max(months - term.delay, 0)
    pick = np.arange(len(total)) if term.pick is None else term.pick
    to = np.arange(len(dual)) if term.to is None else term.to
    coef = np.broadcast_to(np.asarray(term.coef, dtype=float), (len(pick), months))
    seen = np.zeros((len(pick), months))
    seen[:, :until] = -coef[:, :until] * dual[to][:, months - until :]
    np.add.at(total, pick, seen)
