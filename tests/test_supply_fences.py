import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.supply import Rates, check_plan, prepare_case, solve_case, solve_plan

CHANGE = Rates(
    holding_rate=0.0,
    below_target_rate=0.0,
    deep_target_rate=0.0,
    fair_share_rate=0.0,
    change_rate=0.1,
    preference_rate=0.0,
)


def fenced(frozen: str, slushy: str = "0", released: tuple[str, ...] = (), **line_options):
    frames = line(**line_options)
    frames["operation"] = table(
        "operation item location unit_cost_value frozen_days slushy_days",
        f"opA A P 4 {frozen} {slushy}",
    )
    if released:
        frames["released_plan"] = table(
            "flow_kind item location source period flow_qty",
            *[f"make A P opA {row}" for row in released],
        )
    return frames | {"service_class": service()}


def flows(plan, periods, source="opA") -> list[float]:
    rows = plan.plan_flow[plan.plan_flow["source"] == source]
    return rows.groupby("period")["flow_qty"].sum().reindex(periods).fillna(0.0).tolist()


def cost(plan, term: str) -> float:
    return plan.plan_cost.set_index("term")["cost_value"].get(term, 0.0)


def solve(frames, wanted, periods, rates=FREE, **options):
    bundle = tables(**frames)
    plan = solve_plan(bundle, wanted, periods, rates=rates, **options)
    checks = check_plan(bundle, plan).set_index("check")
    assert checks["passed"].all(), checks
    return plan


def test_in_a_first_cycle_nothing_new_is_started_inside_the_fence():
    """31 frozen days: January is closed, its demand is lost; February is free."""
    wanted = demand("A P 2026-01 10", "A P 2026-02 10")
    plan = solve(fenced("31"), wanted, months(2))
    assert flows(plan, months(2)) == [0.0, 10.0]
    assert plan.plan_service["short_qty"].tolist() == [10.0, 0.0]
    assert plan.plan_change.empty and cost(plan, "change") == 0


def test_in_a_first_cycle_open_orders_are_the_plan_inside_the_fence():
    frames = fenced("31")
    frames["open_supply"] = table(
        "supply_order item location supply_kind due_date open_qty", "o1 A P make 2026-01-20 7"
    )
    plan = solve(frames, demand("A P 2026-01 10"), months(1))
    assert plan.plan_service["on_time_qty"].tolist() == [7.0]


def test_the_released_plan_is_kept_although_nobody_wants_it_any_more():
    """25 released and frozen in January, 5 wanted: 25 are made all the same, and no more."""
    plan = solve(fenced("31", released=("2026-01 25",)), demand("A P 2026-01 5"), months(1))
    assert flows(plan, months(1)) == [25.0]
    assert cost(plan, "change") == 0


def test_nothing_is_added_to_the_released_plan_inside_the_fence():
    plan = solve(fenced("31", released=("2026-01 25",)), demand("A P 2026-01 40"), months(1))
    assert flows(plan, months(1)) == [25.0]
    assert plan.plan_service["short_qty"].tolist() == [15.0]


def test_a_month_partly_inside_is_frozen_for_its_share_of_days():
    """April has 30 days, 15 frozen: of 40 released 20 are firm; the rest of the month can make
    half of the line's 100 hours on top, so at most 70."""
    periods = months(1, "2026-04-01")
    capacity = table("resource period regular_hours", "L 2026-04 100")
    frames = fenced("15", released=("2026-04 40",)) | {"capacity": capacity}
    low = solve(frames, demand("A P 2026-04 5"), periods)
    high = solve(frames, demand("A P 2026-04 90"), periods)
    assert flows(low, periods) == [20.0]
    assert flows(high, periods) == [70.0]


def test_a_partly_frozen_month_of_a_supplier_and_of_a_lane_takes_its_limit_by_share():
    """Half of April is frozen, nothing released elsewhere: 30 of the supplier's 60, 20 of the
    lane's 40; without a limit what is free stays free."""
    periods = months(1, "2026-04-01")
    terms = "supplier item location price_value frozen_days max_qty"
    lanes = "from_location to_location item frozen_days max_qty"
    wanted = demand("A P 2026-04 90")
    price = {"price": table("item price_value", "A 100"), "service_class": service()}
    bought = {"purchase_term": table(terms, "S A P 1 15 60")}
    free = {"purchase_term": table(terms, "S A P 1 15 -")}
    moved = {"purchase_term": table(terms, "S A Q 1 0 -"), "lane": table(lanes, "Q P all 15 40")}
    assert flows(solve(bought | price, wanted, periods), periods, "S") == [30.0]
    assert flows(solve(free | price, wanted, periods), periods, "S") == [90.0]
    assert flows(solve(moved | price, wanted, periods), periods, "Q") == [20.0]


def test_a_released_plan_without_parts_is_broken_at_a_price_and_told():
    """30 released and frozen, one part each, 12 parts there: 12 are made, 18 are missing."""
    frames = fenced("31", released=("2026-01 30",))
    frames |= {
        "bom": table("item component component_qty", "A B 1"),
        "opening_stock": table("item location status on_hand_qty", "B P free 12"),
    }
    plan = solve(frames, demand("A P 2026-01 30"), months(1))
    assert flows(plan, months(1)) == [12.0]
    change = plan.plan_change.iloc[0]
    assert (change["zone"], change["released_qty"], change["change_qty"]) == ("frozen", 30, -18)
    assert change["broken_qty"] == 18
    assert cost(plan, "change") == pytest.approx(change["cost_value"]) and change["cost_value"] > 0


def test_a_dearer_sale_does_not_break_the_released_plan():
    """The line's 10 hours: 10 of A released, price 100; B sells at 900 an hour. A is kept."""
    frames = fenced("31", released=("2026-01 10",), hours="10", count=1)
    frames["operation"] = table(
        "operation item location unit_cost_value frozen_days", "opA A P 4 31", "opB B P 4 0"
    )
    frames["resource_need"] = table("operation resource hours_per_unit", "opA L 1", "opB L 0.1")
    frames["price"] = table("item price_value", "A 100", "B 90")
    plan = solve(frames, demand("A P 2026-01 1", "B P 2026-01 50"), months(1))
    assert flows(plan, months(1)) == [10.0] and flows(plan, months(1), "opB") == [0.0]


def test_a_slushy_change_costs_more_the_nearer_the_fence():
    """No frozen, 60 slushy days, April and May: days of April count 0.75 on average, of May
    59.5/61 x ... ; a unit costs 12, rate 0.1. 10 more in April cost 10 x 1.2 x 0.75 = 9."""
    periods = months(3, "2026-04-01")
    capacity = table(
        "resource period regular_hours", "L 2026-04 100", "L 2026-05 100", "L 2026-06 100"
    )
    released = ("2026-04 10", "2026-05 10", "2026-06 10")
    frames = fenced("0", "60", released) | {"capacity": capacity}
    wanted = demand("A P 2026-04 20", "A P 2026-05 10", "A P 2026-06 10")
    plan = solve(frames, wanted, periods, CHANGE)
    assert flows(plan, periods) == [20.0, 10.0, 10.0]
    assert cost(plan, "change") == pytest.approx(10 * 0.1 * 12 * 0.75)
    later = demand("A P 2026-04 10", "A P 2026-05 20", "A P 2026-06 10")
    plan = solve(frames, later, periods, CHANGE)
    # May: days 30 to 60 of 60, mean nearness over its 31 days: (30 / 2 / 2) / 31
    assert cost(plan, "change") == pytest.approx(10 * 0.1 * 12 * 7.5 / 31)
    row = plan.plan_change.iloc[0]
    assert (row["zone"], row["change_qty"], row["broken_qty"]) == ("slushy", 10, 0)


def test_a_change_that_costs_more_than_it_saves_is_not_made():
    """Holding 10 units for a month costs 2; not making them early would cost 9 in April."""
    periods = months(2, "2026-04-01")
    capacity = table("resource period regular_hours", "L 2026-04 100", "L 2026-05 100")
    frames = fenced("0", "60", ("2026-04 10", "2026-05 0.5")) | {"capacity": capacity}
    frames["cost"] = table("item unit_cost_value holding_value", "A 12 0.2")
    wanted = demand("A P 2026-05 10.5")
    kept = solve(frames, wanted, periods, CHANGE)
    assert flows(kept, periods) == [10.0, 0.5]
    free = solve(frames, wanted, periods, FREE)
    assert flows(free, periods) == [0.0, 10.5]
    assert cost(free, "change") == 0


def test_frozen_days_of_a_month_are_firm_and_the_rest_of_it_is_slushy():
    """April, 15 days frozen, 30 slushy after them: of 40 released 20 are firm at any price; the
    other 20 may go at the mean nearness of days 15 to 30 over the month: (15 - 3.75) / 30."""
    periods = months(1, "2026-04-01")
    capacity = table("resource period regular_hours", "L 2026-04 100")
    frames = fenced("15", "30", ("2026-04 40",)) | {"capacity": capacity}
    plan = solve(frames, demand("A P 2026-04 5"), periods, CHANGE)
    assert flows(plan, periods) == [20.0]
    assert cost(plan, "change") == pytest.approx(20 * 1.2 * (15 - 3.75) / 30)


def test_released_flows_that_no_way_can_carry_out_are_named():
    frames = fenced("31", released=("2026-01 25", "2025-12 3"))
    gone = table(
        "flow_kind item location source period flow_qty",
        "make A P opOld 2026-01 8",
        "make A P opOld 2026-02 4",
    )
    frames["released_plan"] = pd.concat([frames["released_plan"], gone], ignore_index=True)
    case = prepare_case(tables(**frames), demand("A P 2026-01 5"), months(2))
    found = case.warnings[case.warnings["table"] == "released_plan"]
    assert found[["kind", "subject", "value"]].to_numpy().tolist() == [
        ["released_unknown", "make, A, P, opOld", "12"],
        ["released_past", "make, A, P, opA", "3"],
    ]


def test_a_released_item_without_demand_is_still_made():
    frames = fenced("31", released=("2026-01 25",))
    frames["operation"] = pd.concat(
        [
            frames["operation"],
            table(
                "operation item location unit_cost_value frozen_days slushy_days", "opB B P 1 0 0"
            ),
        ],
        ignore_index=True,
    )
    plan = solve(frames, demand("B P 2026-01 5"), months(1))
    assert flows(plan, months(1)) == [25.0]


def test_last_months_plan_can_be_handed_on_and_is_kept():
    """The plan of January, cut from February on, is February's released plan."""
    frames = fenced("31")
    wanted = demand("A P 2026-01 10", "A P 2026-02 30", "A P 2026-03 20")
    first = solve(fenced("0"), wanted, months(3))
    later = months(2, "2026-02-01")
    frames["released_plan"] = first.plan_flow[first.plan_flow["period"].isin(later)]
    moved = demand("A P 2026-02 50", "A P 2026-03 20")
    second = solve(frames, moved, later)
    assert flows(second, later) == [30.0, 20.0]
    assert second.plan_service["short_qty"].tolist() == [20.0, 0.0]


def test_a_plan_that_breaks_the_fence_silently_does_not_pass_the_check():
    bundle = tables(**fenced("31", released=("2026-01 25",)))
    wanted = demand("A P 2026-01 5")
    case = prepare_case(bundle, wanted, months(1), rates=FREE)
    loose = tables(**fenced("0", released=("2026-01 25",)))
    plan = solve_case(prepare_case(loose, wanted, months(1), rates=FREE), wanted)
    checks = check_plan(case.tables, plan).set_index("check")
    assert not checks.loc["fences", "passed"] and checks.loc["fences", "worst"] == 20
