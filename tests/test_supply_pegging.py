"""What serves what: small plans whose pegging one can write down."""

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, random_company, service, tables

from sopkit.supply import prepare_case, solve_case
from sopkit.supply.pegging import list_expiring, peg_plan, what_it_serves, what_serves


def solve(frames, wanted, periods):
    case = prepare_case(tables(**frames), wanted, periods, rates=FREE)
    return case, solve_case(case, wanted)


def pairs(pegging):
    return {
        (row.demand_key, row.supply_key): row.pegged_qty for row in pegging.itertuples(index=False)
    }


def test_stock_goes_first_then_what_is_made():
    frames = {
        **line("100", count=2),
        "service_class": service(),
        "opening_stock": table("item location on_hand_qty", "A P 10"),
    }
    case, plan = solve(frames, demand("A P 2026-01 12", "A P 2026-02 30"), months(2))
    first = "forecast 2 A P all 2026-01"
    found = pairs(peg_plan(case, plan))
    assert found[first, "stock A P"] == 10
    assert found[first, "make A P opA 2026-01"] == 2
    assert sum(found.values()) == 42


def test_the_batch_that_expires_first_goes_first_and_priority_1_before_2():
    frames = {
        **line("0", count=1),
        "item": table("item shelf_life_days", "A 91.2"),
        "service_class": table("customer priority late_months", "K 1 0", "X 2 0"),
        "opening_stock": table(
            "item location batch expiry_date on_hand_qty",
            "A P young 2026-03-20 10",
            "A P old 2026-02-10 10",
        ),
    }
    wanted = table(
        "item location customer period demand_qty priority",
        "A P X 2026-01 10 2",
        "A P K 2026-01 6 1",
    ).assign(demand_class="forecast")
    case, plan = solve(frames, wanted, months(1))
    assert pairs(peg_plan(case, plan)) == {
        ("forecast 1 A P K 2026-01", "stock A P old"): 6,
        ("forecast 2 A P X 2026-01", "stock A P old"): 4,
        ("forecast 2 A P X 2026-01", "stock A P young"): 6,
    }


def test_a_customer_who_wants_it_fresh_gets_the_younger_batch():
    frames = {
        **line("0", count=1),
        "item": table("item shelf_life_days", "A 91.2"),
        "service_class": table(
            "customer priority late_months remaining_life_rate", "K 1 0 0.67", "X 2 0 0"
        ),
        "opening_stock": table(
            "item location batch expiry_date on_hand_qty",
            "A P young 2026-03-31 10",
            "A P old 2026-01-20 10",
        ),
    }
    wanted = table(
        "item location customer period demand_qty priority",
        "A P X 2026-01 10 2",
        "A P K 2026-01 6 1",
    ).assign(demand_class="forecast")
    case, plan = solve(frames, wanted, months(1))
    pegging = peg_plan(case, plan)
    assert pairs(pegging) == {
        ("forecast 1 A P K 2026-01", "stock A P young"): 6,
        ("forecast 2 A P X 2026-01", "stock A P old"): 10,
    }
    assert pegging["in_life"].all()


CHAIN = {
    **line("100", count=2),
    "bom": table("item component component_qty", "A cap 2"),
    "purchase_term": table("supplier item location price_value", "S cap P 1"),
    "opening_stock": table("item location on_hand_qty", "cap P 30"),
    "lane": table("from_location to_location item lead_time_days", "P D A 30.4"),
    "service_class": service(late_months=0),
}


def test_a_demand_is_followed_over_the_lane_and_through_production_to_its_parts():
    case, plan = solve(CHAIN, demand("A D 2026-02 40"), months(2))
    pegging = peg_plan(case, plan)
    found = what_serves(pegging, "A", "D", "all", pd.Timestamp("2026-02-01"))
    rows = found[["level", "supply_key", "via", "pegged_qty"]].fillna("")
    assert rows.to_numpy().tolist() == [
        [0, "make A P opA 2026-01", "P > D", 40],
        [1, "buy cap P S 2026-01", "", 50],
        [1, "stock cap P", "", 30],
    ]


def test_a_supply_is_followed_to_the_customers_it_serves():
    wanted = demand("A D 2026-02 40", "A P 2026-01 10")
    case, plan = solve(CHAIN, wanted, months(2))
    found = what_it_serves(peg_plan(case, plan), "stock cap P")
    top = found[found["demand_kind"] == "demand"]
    # 30 caps are behind 15 of the 50 units made; the share of each customer in what was made
    assert found.loc[found["level"] == 0, "pegged_qty"].tolist() == [30]
    assert dict(zip(top["location"], top["pegged_qty"], strict=True)) == pytest.approx(
        {"D": 40 * 0.3, "P": 10 * 0.3}
    )


@pytest.mark.parametrize("seed", range(6))
def test_pegged_quantities_tie_on_both_sides(seed):
    company, wanted, periods = random_company(seed)
    case = prepare_case(company, wanted, periods)
    plan = solve_case(case, wanted)
    pegging = peg_plan(case, plan)
    key = ["item", "location", "customer", "period", "demand_class"]
    served = plan.plan_service.set_index(key)[["on_time_qty", "late_qty"]].sum(axis=1)
    of_demand = pegging[pegging["demand_kind"] == "demand"]
    named = of_demand.assign(
        period=of_demand["demand_period"], demand_class=of_demand["demand_key"].str.split().str[0]
    )
    pegged = named.groupby(key)["pegged_qty"].sum().reindex(served.index).fillna(0.0)
    assert np.abs(pegged - served).max() < 1e-3
    flows = plan.plan_flow[plan.plan_flow["flow_kind"] != "move"]
    names = flows[["flow_kind", "item", "location", "source"]].agg(" ".join, axis=1)
    made = pd.Series(
        flows["flow_qty"].to_numpy(), index=names + flows["period"].dt.strftime(" %Y-%m")
    )
    taken = pegging.groupby("supply_key")["pegged_qty"].sum()
    known = taken.index.intersection(made.index)
    assert len(known) and (taken[known] <= made[known] + 1e-3).all()


def test_batches_that_will_expire_are_listed_with_their_value():
    frames = {
        **line("0", count=3),
        "item": table("item shelf_life_days", "A 91.2"),
        "service_class": service(),
        "opening_stock": table(
            "item location batch expiry_date on_hand_qty",
            "A P gone 2025-12-20 5",
            "A P old 2026-02-10 60",
        ),
    }
    case, plan = solve(frames, demand("A P 2026-01 20", "A P 2026-02 20"), months(3))
    found = list_expiring(case, plan).groupby("batch")[["expired_qty", "loss_value"]].sum()
    assert found.loc["gone"].tolist() == [5, 60]
    assert found.loc["old"].tolist() == [20, 240]
    assert list_expiring(case, plan)["planned"].all()
