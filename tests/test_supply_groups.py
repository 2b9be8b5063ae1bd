"""A large plan group by group: the same optimum, a plan on the way."""

import numpy as np
import pandas as pd
import pytest
from supply_cases import random_company

from sopkit.supply import SupplyTables, check_plan, prepare_case, solve_case
from sopkit.supply.inputs.streams import to_streams
from sopkit.supply.model.build import build_model
from sopkit.supply.model.lp import to_lp
from sopkit.supply.model.units import find_money
from sopkit.supply.solver import groups as groups_module
from sopkit.supply.solver import solve as solve_module
from sopkit.supply.solver.groups import SHARED, list_groups, solve_groups

CODES = ("item", "component", "operation")


def many_products(seed, count=4):
    """Return companies of the same plants and lines with their own products, parts shared."""
    parts = [random_company(seed + number) for number in range(count)]

    def named(frame, number):
        changed = {
            name: frame[name].where(
                frame[name].isin(["all", "M1", "M2"]), frame[name] + f"-{number}"
            )
            for name in CODES
            if name in frame
        }
        return frame.assign(**changed)

    joined = {}
    for name in SupplyTables.names():
        frames = [named(getattr(one[0], name), number) for number, one in enumerate(parts)]
        if name in ("capacity", "resource", "lane", "service_class", "purchase_term"):
            frames = frames[:1]
        joined[name] = pd.concat(frames, ignore_index=True)
    stock, orders = joined["opening_stock"], joined["open_supply"]
    joined["opening_stock"] = stock.drop_duplicates(["item", "location"], ignore_index=True)
    joined["open_supply"] = orders.assign(supply_order=[f"o{n}" for n in range(len(orders))])
    demand = pd.concat([named(one[1], n) for n, one in enumerate(parts)], ignore_index=True)
    return SupplyTables(**joined), demand, parts[0][2]


def small_groups(monkeypatch):
    monkeypatch.setattr(groups_module, "GROUP_COLUMNS", 1_200)
    monkeypatch.setattr(solve_module, "LARGE_COLUMNS", 100)


def to_parts(bundle, wanted, periods):
    case = prepare_case(bundle, wanted, periods)
    streams = to_streams(case, wanted)
    model = build_model(case, streams)
    return case, streams, model, to_lp(model, find_money(streams, model.dims["stream"].unit))


@pytest.mark.parametrize("seed", [801, 811, 821])
def test_group_by_group_the_optimum_is_the_same(seed, monkeypatch):
    bundle, wanted, periods = many_products(seed)
    case = prepare_case(bundle, wanted, periods)
    whole = solve_case(case, wanted)
    small_groups(monkeypatch)
    apart = solve_case(case, wanted)
    assert apart.status == whole.status == "optimal"
    assert apart.objective == pytest.approx(whole.objective, rel=1e-7)
    assert check_plan(bundle, apart)["passed"].all()


def test_the_groups_plan_keeps_every_row_and_costs_no_less(monkeypatch):
    bundle, wanted, periods = many_products(831)
    small_groups(monkeypatch)
    case, streams, model, lp = to_parts(bundle, wanted, periods)
    groups = list_groups(case, streams, model, lp)
    assert groups is not None and groups.count > 1
    assert {SHARED, *range(groups.count)} == set(groups.column.tolist())
    start = solve_groups(case, streams, model, lp, time_limit=60.0)
    sums = lp.matrix @ start.x
    assert (sums <= lp.row_upper + 1e-6).all() and (sums >= lp.row_lower - 1e-6).all()
    best = solve_case(case, wanted)
    constant = sum(money.sum() for money in model.constants.values())
    cost = lp.cost @ start.x * lp.money + constant
    assert best.objective - 1e-6 <= cost <= 1.2 * best.objective


def test_shares_of_what_groups_share_add_up(monkeypatch):
    bundle, wanted, periods = many_products(841)
    small_groups(monkeypatch)
    groups = list_groups(*to_parts(bundle, wanted, periods))
    for share in groups.shares.values():
        assert np.allclose(share.sum(axis=-1), 1.0)


def test_one_product_is_not_split(monkeypatch):
    bundle, wanted, periods = random_company(851)
    small_groups(monkeypatch)
    assert list_groups(*to_parts(bundle, wanted, periods)) is None


def test_without_any_time_groups_leave_the_plan_by_rules(monkeypatch):
    bundle, wanted, periods = many_products(861)
    small_groups(monkeypatch)
    plan = solve_case(prepare_case(bundle, wanted, periods), wanted, time_limit=0.0)
    assert plan.status == "time limit reached: plan by rules"
    assert check_plan(bundle, plan)["passed"].all()
