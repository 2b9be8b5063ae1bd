"""Firm orders in whole lots, small enough to check by hand, and sums on random companies."""

import numpy as np
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.supply import Rates, prepare_case, round_orders, solve_case

HELD = {"cost": table("item unit_cost_value holding_value", "A 12 1")}
PRICED = {"price": table("item price_value", "A 100")}


def firm(company, *rows, count=3, rates=FREE, **options):
    wanted = demand(*rows)
    case = prepare_case(company, wanted, months(count), rates=rates)
    return round_orders(case, solve_case(case, wanted), **options)


def bought(terms, **more):
    return tables(purchase_term=terms, **PRICED, **HELD, service_class=service(0.05, 1, 1), **more)


def column(orders, name):
    return orders[name].tolist()


def test_the_remainder_is_carried_into_the_next_month():
    terms = table("supplier item price_value multiple_qty slushy_days", "S A 4 50 90")
    orders = firm(bought(terms), "A P 2026-01 40", "A P 2026-02 40", "A P 2026-03 40")
    assert column(orders, "flow_qty") == [40, 40, 40]
    assert column(orders, "order_qty") == [50, 50, 50]
    assert column(orders, "carried_qty") == [10, 20, 30]
    assert column(orders, "rounding_value") == [10, 20, 30]  # a unit early costs 1 a month


def test_an_order_is_rounded_down_where_that_is_cheaper():
    terms = table("supplier item price_value multiple_qty slushy_days", "S A 4 50 59")
    orders = firm(bought(terms), "A P 2026-01 51", "A P 2026-02 60", "A P 2026-03 40")
    # 49 units early would cost 49, one unit late costs 5; then 61 are needed
    assert column(orders, "order_qty") == [50, 100]
    assert column(orders, "carried_qty") == [-1, 39]
    assert column(orders, "rounding_value") == [5, 39]


def test_only_the_first_month_is_firm_without_a_fence():
    terms = table("supplier item price_value multiple_qty", "S A 4 50")
    orders = firm(bought(terms), "A P 2026-01 40", "A P 2026-02 40")
    assert len(orders) == 1 and column(orders, "lot_qty") == [50]


def test_without_lots_whole_base_units_are_ordered_and_measures_as_they_are():
    terms = table("supplier item price_value", "S A 4")
    assert column(firm(bought(terms), "A P 2026-01 40.4"), "order_qty") == [41]
    weighed = bought(terms, item=table("item base_unit", "A kg"))
    assert column(firm(weighed, "A P 2026-01 40.4"), "order_qty") == [40.4]


def test_what_is_bought_and_moved_comes_in_pallets_if_they_are_known():
    terms = table("supplier item price_value", "S A 4")
    pallets = table("item unit base_qty", "A pallet 60", "A case 6")
    orders = firm(bought(terms), "A P 2026-01 100", uom_conversion=pallets)
    assert column(orders, "order_qty") == [120] and column(orders, "lot_qty") == [60]


def test_a_smallest_order_is_ordered_in_full():
    terms = table("supplier item price_value min_qty", "S A 4 50")
    assert column(firm(bought(terms), "A P 2026-01 40"), "order_qty") == [50]
    assert column(firm(bought(terms), "A P 2026-01 70"), "order_qty") == [70]


def test_no_order_goes_above_a_limit_or_the_hours_there_are():
    terms = table("supplier item price_value multiple_qty max_qty", "S A 4 50 90")
    assert column(firm(bought(terms), "A P 2026-01 80"), "order_qty") == [50]
    given = {**line(hours="90", count=3), **HELD, "service_class": service(0.05, 1, 1)}
    given["operation"] = table(
        "operation item location unit_cost_value lot_multiple_qty", "opA A P 4 50"
    )
    orders = firm(tables(**given), "A P 2026-01 80")
    assert column(orders, "order_qty") == [50] and column(orders, "carried_qty") == [-30]


def test_a_larger_lot_takes_no_parts_that_are_not_there():
    given = dict(
        operation=table("operation item location lot_multiple_qty", "opA A P 50"),
        bom=table("item component component_qty", "A cap 2"),
        **PRICED,
        **HELD,
        service_class=service(0.05, 1, 1),
    )
    few = tables(**given, opening_stock=table("item location on_hand_qty", "cap P 90"))
    orders = firm(few, "A P 2026-01 60")
    assert column(orders, "flow_qty") == [45] and column(orders, "order_qty") == [0]
    many = tables(**given, opening_stock=table("item location on_hand_qty", "cap P 200"))
    assert column(firm(many, "A P 2026-01 60"), "order_qty") == [100]


def test_a_load_is_filled_with_what_is_wanted_next():
    company = tables(
        lane=table("from_location to_location unit_cost_value multiple_qty", "P D 1 100"),
        opening_stock=table("item location on_hand_qty", "A P 500", "B P 500"),
        price=table("item price_value", "A 100", "B 100"),
        cost=table("item unit_cost_value holding_value", "A 12 0.1", "B 12 0.1"),
        service_class=service(0.05, 1, 1),
    )
    wanted = ("A D 2026-01 30", "B D 2026-01 40", "A D 2026-02 60")
    orders = firm(company, *wanted).set_index("item")
    assert orders["order_qty"].to_dict() == {"A": 60, "B": 40}
    assert orders["carried_qty"].to_dict() == {"A": 30, "B": 0}


@pytest.mark.parametrize("seed", [51, 52])
def test_orders_less_wants_are_carried_and_stay_below_a_lot(seed):
    company, wanted, periods = random_company(seed)
    draw = np.random.default_rng(seed)
    frames = {name: getattr(company, name) for name in company.names()}
    frames["operation"] = company.operation.assign(
        lot_multiple_qty=draw.choice([5.0, 20.0], len(company.operation)), slushy_days=45.0
    )
    frames["purchase_term"] = company.purchase_term.assign(
        multiple_qty=draw.choice([10.0, 25.0], len(company.purchase_term)), slushy_days=70.0
    )
    case = prepare_case(tables(**frames), wanted, periods, rates=Rates())
    orders = round_orders(case, solve_case(case, wanted))
    key = ["flow_kind", "item", "location", "source"]
    sums = orders.groupby(key)[["order_qty", "flow_qty"]].cumsum()
    np.testing.assert_allclose(
        sums["order_qty"] - sums["flow_qty"], orders["carried_qty"], atol=1e-4
    )
    early = orders["carried_qty"] > 0
    assert (orders.loc[early, "carried_qty"] < orders.loc[early, "lot_qty"] + 1e-6).all()
    lots = orders["order_qty"] / orders["lot_qty"]
    assert (lots - lots.round()).abs().max() < 1e-4
    limits = company.purchase_term.set_index(["supplier", "item", "location"])["max_qty"]
    ordered = orders[orders["flow_kind"] == "buy"]
    most = limits.loc[
        list(zip(ordered["source"], ordered["item"], ordered["location"], strict=True))
    ]
    assert (ordered["order_qty"].to_numpy() <= most.to_numpy() + 1e-6).all()
