from dataclasses import replace

import pytest
from builders import table
from supply_cases import FREE, demand, months, service, tables

from sopkit.errors import PlanError
from sopkit.supply import check_plan, prepare_case, solve_case, solve_plan

PRICE = table("item price_value", "A 100")
HEADER = "supplier item location price_value max_qty min_share_rate max_share_rate"


def solve(wanted, *rows: str, count=1, **frames):
    bundle = tables(
        price=PRICE, service_class=service(), purchase_term=table(HEADER, *rows), **frames
    )
    plan = solve_plan(bundle, wanted, months(count), rates=FREE)
    checks = check_plan(bundle, plan).set_index("check")
    assert checks["passed"].all(), checks
    return plan


def bought(plan):
    return plan.plan_flow.groupby("source")["flow_qty"].sum().to_dict()


def test_the_dearer_supplier_gets_his_agreed_share():
    plan = solve(demand("A P 2026-01 100"), "S A P 1 - 0 1", "T A P 2 - 0.3 1")
    assert bought(plan) == pytest.approx({"S": 70, "T": 30})


def test_the_cheaper_supplier_gets_no_more_than_his_agreed_share():
    plan = solve(demand("A P 2026-01 100"), "S A P 1 - 0 0.6", "T A P 2 - 0 1")
    assert bought(plan) == pytest.approx({"S": 60, "T": 40})


def test_a_supplier_at_his_limit_holds_the_others_to_the_share():
    """T may give 20 and must have at least 40 %: 50 in all, the other 50 wanted are lost."""
    plan = solve(demand("A P 2026-01 100"), "S A P 1 - 0 1", "T A P 2 20 0.4 1")
    assert bought(plan) == pytest.approx({"S": 30, "T": 20})
    assert plan.plan_service["short_qty"].sum() == pytest.approx(50)


def test_shares_hold_place_by_place_and_item_by_item():
    """Terms for all places: 30 % at each of two places, and item B is free."""
    wanted = demand("A P 2026-01 100", "A Q 2026-01 10", "B P 2026-01 8")
    plan = solve(
        wanted, "S A all 1 - 0 1", "T A all 2 - 0.3 1", "S B all 1 - 0 1", "T B all 2 - 0 1"
    )
    flows = plan.plan_flow.set_index(["item", "location", "source"])["flow_qty"]
    assert flows["A", "P", "T"] == pytest.approx(30) and flows["A", "Q", "T"] == pytest.approx(3)
    assert ("B", "P", "T") not in flows.index


def test_shares_hold_month_by_month_and_follow_dated_terms():
    header = HEADER.replace("price_value", "start_date price_value")
    terms = table(
        header,
        "S A P 2025-01-01 1 - 0 1",
        "T A P 2025-01-01 2 - 0.3 1",
        "T A P 2026-02-01 2 - 0.5 1",
    )
    held = table("item unit_cost_value holding_value", "A 2 5")
    bundle = tables(price=PRICE, cost=held, service_class=service(), purchase_term=terms)
    plan = solve_plan(bundle, demand("A P 2026-01 100", "A P 2026-02 100"), months(2), rates=FREE)
    assert check_plan(bundle, plan)["passed"].all()
    rows = plan.plan_flow[plan.plan_flow["source"] == "T"]
    assert rows["flow_qty"].tolist() == pytest.approx([30, 50])


def test_a_firm_order_comes_before_the_share():
    """50 from S are firm in January; T should have half of all, but only 10 are sold at all."""
    header = HEADER + " frozen_days"
    terms = table(header, "S A P 1 - 0 1 31", "T A P 2 - 0.5 1 31")
    released = table("flow_kind item location source period flow_qty", "buy A P S 2026-01 50")
    bundle = tables(
        price=PRICE, service_class=service(), purchase_term=terms, released_plan=released
    )
    plan = solve_plan(bundle, demand("A P 2026-01 10"), months(1), rates=FREE)
    assert bought(plan) == pytest.approx({"S": 50})
    assert check_plan(bundle, plan)["passed"].all()
    assert plan.plan_cost.set_index("term")["cost_value"]["over_limit"] > 0


def test_a_plan_that_ignores_the_share_does_not_pass_the_check():
    agreed = table(HEADER, "S A P 1 - 0 1", "T A P 2 - 0.3 1")
    loose = tables(price=PRICE, purchase_term=agreed.assign(min_share_rate=0.0))
    wanted = demand("A P 2026-01 100")
    plan = solve_case(prepare_case(loose, wanted, months(1), rates=FREE), wanted)
    checks = check_plan(
        replace(loose, purchase_term=tables(purchase_term=agreed).purchase_term), plan
    )
    assert checks.set_index("check").loc["shares", "worst"] == pytest.approx(30)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("S A P 1 - 0.6 1", "T A P 2 - 0.5 1"), r"S, T.*1\.1"),
        (("S A P 1 - 0 0.4", "T A P 2 - 0 0.5"), r"S, T.*0\.9"),
        (("S A P 1 - 0.5 0.4", "T A P 2 - 0 1"), r"S, A.*0\.5 > 0\.4"),
        (("S A P 1 - 0 0.8",), r"S.*0\.8"),
        (("S A P 1 - 0 1.4", "T A P 2 - 0 1"), r"1\.4"),
    ],
)
def test_shares_that_contradict_each_other_are_named_before_solving(rows, said):
    with pytest.raises(PlanError, match=said):
        solve(demand("A P 2026-01 100"), *rows)
