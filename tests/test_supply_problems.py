"""Every kind of bad input, through prepare_case and solve_case, and through solve_folder."""

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.errors import InputError, PlanError, SopkitError
from sopkit.solving import solve_folder
from sopkit.supply import check_plan, find_supply_problems, prepare_case, solve_case
from sopkit.supply.problems import find_mixed_units

WANTED = demand("A P 2026-01 10", "A P 2026-02 10")
TERM = "supplier item location price_value lead_time_days min_qty max_qty"
LANE = "from_location to_location item max_qty"


def company(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {**line(count=2), "service_class": service(), **changed}


def write(folder, frames: dict[str, pd.DataFrame], wanted: pd.DataFrame):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in {**frames, "net_demand": wanted}.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def solve_both(tmp_path, frames, wanted=WANTED, count=2):
    """Return the plan by the library and the summary by the folder; both pass every check."""
    bundle = tables(**frames)
    case = prepare_case(bundle, wanted, months(count), rates=FREE)
    plan = solve_case(case, wanted)
    checks = check_plan(bundle, plan).set_index("check")
    assert checks["passed"].all(), checks[~checks["passed"]]
    assert plan.status == "optimal"
    summary = solve_folder(write(tmp_path / "in", frames, wanted), tmp_path / "out")
    assert all(check["passed"] for check in summary["checks"].values()), summary["checks"]
    return case, plan, summary


def refuse_both(tmp_path, frames, wanted=WANTED, count=2) -> tuple[str, str]:
    """Return what the library and the folder say; nothing is written."""
    with pytest.raises(SopkitError) as library:
        prepare_case(tables(**frames), wanted, months(count))
    with pytest.raises(SopkitError) as by_folder:
        solve_folder(write(tmp_path / "in", frames, wanted), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return str(library.value), str(by_folder.value)


def kinds(case) -> set[tuple[str, str]]:
    return set(zip(case.warnings["kind"], case.warnings["subject"], strict=True))


BAD = {
    "negative cost": (
        {"operation": table("operation item location unit_cost_value", "opA A P -4")},
        ["operation", "unit_cost_value below 0", "opA -4"],
    ),
    "negative bound": (
        {"purchase_term": table(TERM, "S A P 1 0 0 -5")},
        ["purchase_term", "max_qty", "-5"],
    ),
    "negative hours": (
        {"capacity": table("resource period regular_hours", "L 2026-01 -1", "L 2026-02 9")},
        ["capacity", "regular_hours", "-1"],
    ),
    "unknown resource": (
        {"resource_need": table("operation resource hours_per_unit", "opA XX 1")},
        ["resource_need", "resource is not in table resource", "XX"],
    ),
    "people of an unknown resource": (
        {"workforce": table("resource heads hours_per_head", "YY 5 160")},
        ["workforce", "resource is not in table resource", "YY"],
    ),
    "more people than there may be": (
        {"workforce": table("resource heads hours_per_head max_heads", "L 5 160 4")},
        ["workforce", "people at the start", "L 5 > 4"],
    ),
    "more machines down than there are": (
        {
            "capacity": table(
                "resource period regular_hours machines_down", "L 2026-01 9 3", "L 2026-02 9 0"
            )
        },
        ["capacity", "machines stand still", "L, 2026-01 3 > 1"],
    ),
    "duplicate lanes": (
        {"lane": table(LANE, "P Q A 5", "P Q A 7")},
        ["lane", "doubled key", "P, Q, A"],
    ),
    "doubled capacity": (
        {"capacity": table("resource period regular_hours", *["L 2026-01 9"] * 2, "L 2026-02 9")},
        ["capacity", "doubled key", "L, 2026-01"],
    ),
    "supplier minimum above maximum": (
        {"purchase_term": table(TERM, "S A P 1 0 50 20")},
        ["purchase_term", "smallest order", "S, A 50 > 20"],
    ),
    "not a number": (
        {"price": table("item price_value", "A 100").assign(price_value=np.inf)},
        ["price", "price_value is not a finite number", "A"],
    ),
    "blank where a number must be": (
        {"purchase_term": table(TERM, "S A P - 0 0 5").astype({"price_value": float})},
        ["purchase_term", "price_value", "lank"],
    ),
    "a yield of 0": (
        {"operation": table("operation item location yield_rate", "opA A P 0")},
        ["operation", "yield_rate", "0.01"],
    ),
    "a shelf life of 0": (
        {"item": table("item shelf_life_days", "A 0")},
        ["item", "shelf life of no days", "A"],
    ),
    "a BOM loop": (
        {
            "bom": table("item component component_qty", "A B 1", "B C 1", "C A 1"),
            "operation": table("operation item location", "a A P", "b B P", "c C P"),
            "resource_need": table("operation resource hours_per_unit", "a L 1"),
        },
        ["bom", "an item is a part of itself", "A > B > C > A"],
    ),
    "an item in two base units": (
        {"item": table("item base_unit", "A case", "A piece")},
        ["item", "doubled key", "A"],
    ),
    "agreed shares above 1": (
        {
            "purchase_term": table(
                "supplier item location price_value min_share_rate", "S A P 1 0.7", "T A P 1 0.6"
            )
        },
        ["purchase_term", "sum to more than 1", "S, T, A, P 1.3"],
    ),
}


@pytest.mark.parametrize("bad", list(BAD))
def test_what_contradicts_itself_is_refused_with_table_row_and_rule(tmp_path, bad):
    changed, words = BAD[bad]
    for said in refuse_both(tmp_path, company(**changed)):
        for word in words[:2]:
            assert word in said or word.split(" ")[0] in said, said
    assert all(word in refuse_both(tmp_path / "again", company(**changed))[0] for word in words)


def test_all_errors_are_told_at_once_each_with_what_to_do():
    frames = company(
        operation=table("operation item location unit_cost_value yield_rate", "opA A P -4 0"),
        lane=table(LANE, "P Q A 5", "P Q A 7"),
        purchase_term=table(TERM, "S A P 1 0 50 20"),
        resource_need=table("operation resource hours_per_unit", "opA XX 1"),
    )
    with pytest.raises(PlanError) as broken:
        prepare_case(tables(**frames), WANTED, months(2))
    lines = [part for part in str(broken.value).splitlines() if part.startswith("  * ")]
    assert len(lines) == 5
    assert "  * lane: doubled key: P, Q, A. Keep one of the rows that share the key." in lines
    assert all(part.endswith(".") for part in lines)


def test_many_rows_with_one_fault_are_one_line_with_the_first_of_them():
    rows = [f"S{n} A P 1 0 50 20" for n in range(8)]
    frames = company(purchase_term=table(TERM, *rows))
    with pytest.raises(PlanError, match=r"S0, A 50 > 20; .*S4, A 50 > 20 and 3 more"):
        prepare_case(tables(**frames), WANTED, months(2))


def test_two_loops_are_both_named_and_a_dead_bom_row_makes_none():
    bom = table(
        "item component component_qty start_date end_date",
        "A B 1 2020-01-01 -",
        "B A 1 2020-01-01 -",
        "C D 1 2020-01-01 -",
        "D C 1 2020-01-01 2025-12-31",
        "E E 1 2020-01-01 -",
    )
    operation = table("operation item location", *[f"op{i} {i} P" for i in "ABCDE"])
    found = find_supply_problems(tables(bom=bom, operation=operation), WANTED, months(2))
    assert found["subject"][found["table"] == "bom"].tolist() == ["A > B > A", "E > E"]


@pytest.mark.parametrize("qty", [np.nan, np.inf, -3.0])
def test_demand_that_is_no_quantity_is_refused(tmp_path, qty):
    wanted = WANTED.assign(demand_qty=[10.0, qty])
    for said in refuse_both(tmp_path, company(), wanted):
        assert "net_demand" in said and "demand_qty" in said


def test_demand_given_twice_is_refused(tmp_path):
    wanted = pd.concat([WANTED, WANTED.head(1)], ignore_index=True)
    for said in refuse_both(tmp_path, company(), wanted):
        assert "net_demand" in said and "doubled key" in said and "A, P, all, 2026-01" in said


def test_quantities_in_two_units_are_refused(tmp_path):
    frames = company(item=table("item base_unit", "A piece"))
    for said in refuse_both(tmp_path, frames, WANTED.assign(unit=["piece", "pallet"])):
        assert "net_demand" in said and "quantities in two units" in said
        assert "A pallet, not piece" in said
    carried = table("item location status on_hand_qty unit", "A P free 3 case", "A Q free 3 piece")
    found = find_mixed_units({"opening_stock": carried}, tables().item)
    assert [one[3:5] for one in found] == [("A", "piece, not case")]
    with pytest.raises(InputError, match=r"opening_stock.*A case, not piece"):
        source = write(tmp_path / "stock", frames | {"opening_stock": carried}, WANTED)
        solve_folder(source, tmp_path / "out")


def test_demand_with_no_source_is_short_and_named(tmp_path):
    wanted = pd.concat([WANTED, demand("Z P 2026-01 5")], ignore_index=True)
    case, plan, summary = solve_both(tmp_path, company(), wanted)
    assert ("no_source", "Z") in kinds(case)
    assert plan.plan_service.set_index("item").loc["Z", "short_qty"] == 5
    assert summary["service"]["short_qty"] == 5


def test_demand_where_nothing_leads_is_short_and_named(tmp_path):
    wanted = pd.concat([WANTED, demand("A Q 2026-01 5")], ignore_index=True)
    case, plan, _ = solve_both(tmp_path, company(), wanted)
    assert kinds(case) == {("no_way_there", "A, Q")}
    assert plan.plan_service.set_index("location").loc["Q", "short_qty"] == 5


def test_a_part_without_source_is_named(tmp_path):
    frames = company(bom=table("item component component_qty", "A B 1"))
    case, plan, _ = solve_both(tmp_path, frames)
    assert ("part_without_source", "B, P") in kinds(case)
    assert plan.plan_service["short_qty"].sum() == 20


def test_a_lead_time_beyond_the_horizon_serves_nothing_and_is_named(tmp_path):
    frames = company(purchase_term=table(TERM, "S B P 1 400 0 -"))
    wanted = demand("B P 2026-01 5", "B P 2026-02 5")
    case, plan, _ = solve_both(tmp_path, frames, wanted)
    assert ("lead_beyond_horizon", "S, B") in kinds(case)
    assert plan.plan_service["short_qty"].sum() == 10 and plan.plan_flow.empty


def test_a_month_without_capacity_takes_the_others_and_is_named(tmp_path):
    frames = company(capacity=table("resource period regular_hours", "L 2026-01 6"))
    case, plan, _ = solve_both(tmp_path, frames)
    assert kinds(case) == {("capacity_missing", "L")}
    assert plan.plan_resource["regular_hours"].tolist() == [6, 6]
    assert plan.plan_service["short_qty"].sum() == 8


def test_hours_for_an_operation_that_is_not_there_are_named(tmp_path):
    needs = table("operation resource hours_per_unit", "opA L 1", "opGone L 1")
    case, _, _ = solve_both(tmp_path, company(resource_need=needs))
    assert kinds(case) == {("unknown_operation", "opGone")}


def test_no_capacity_at_all_leaves_everything_short(tmp_path):
    frames = company(capacity=table("resource period regular_hours", "L 2026-01 0", "L 2026-02 0"))
    _, plan, summary = solve_both(tmp_path, frames)
    assert plan.plan_service["short_qty"].sum() == 20 and plan.plan_flow.empty
    assert summary["service"]["short_qty"] == 20


def test_a_horizon_of_one_month_is_planned(tmp_path):
    _, plan, _ = solve_both(tmp_path, company(), demand("A P 2026-01 10"), 1)
    assert plan.plan_flow["flow_qty"].tolist() == [10]


def test_no_demand_is_an_empty_plan_in_the_library_and_a_message_in_the_folder(tmp_path):
    nothing = WANTED.iloc[:0]
    for frames in (
        {},
        company(),
        company(opening_stock=table("item location status on_hand_qty", "A P free 12")),
    ):
        bundle = tables(**frames)
        case = prepare_case(bundle, nothing, months(2), rates=FREE)
        plan = solve_case(case, nothing)
        assert plan.status == "optimal" and plan.plan_flow.empty and plan.plan_service.empty
        assert plan.objective == 0
        assert check_plan(bundle, plan)["passed"].all()
    with pytest.raises(InputError, match="no rows; there is nothing to plan"):
        solve_folder(write(tmp_path / "in", company(), nothing), tmp_path / "out")
    with pytest.raises(InputError, match="nothing to plan"):
        none_wanted = WANTED.assign(demand_qty=0.0)
        solve_folder(write(tmp_path / "zero", company(), none_wanted), tmp_path / "out")


def test_no_months_are_refused():
    with pytest.raises(PlanError, match="follow each other"):
        prepare_case(tables(**company()), WANTED, months(3)[[0, 2]])
    with pytest.raises(PlanError, match="follow each other"):
        prepare_case(tables(**company()), WANTED, months(0))


def test_a_stock_limit_below_the_stock_there_is_is_broken_at_a_price_and_told(tmp_path):
    frames = company(
        opening_stock=table("item location status on_hand_qty", "A P free 50"),
        stock_policy=table("item location max_qty", "A P 5"),
        storage=table("location max_places", "P 8"),
    )
    _, plan, _ = solve_both(tmp_path, frames)
    assert plan.constrained_plan["closing_qty"].tolist() == [40, 30]
    told = plan.overflow.set_index(["limit_kind", "period"])["over"]
    assert told.tolist() == [35, 25, 32, 22] and set(told.index.levels[0]) == {"stock", "storage"}
    assert pd.read_csv(tmp_path / "out" / "overflow.csv")["over"].tolist() == [35, 25, 32, 22]


def test_quantities_from_a_millionth_to_a_billion_are_each_right_to_a_millionth(tmp_path):
    """Dye, pallets and caps in one plan, tied by one line and by a BOM; each is short by a third."""
    sizes = {"DYE": 3.7e-6, "PALLET": 41.0, "CAP": 2.3e9}
    rows = list(sizes.items())
    frames = {
        "operation": table(
            "operation item location unit_cost_value", *[f"op{i} {i} P {4 / q}" for i, q in rows]
        ),
        "resource_need": table(
            "operation resource hours_per_unit", *[f"op{i} L{i} {1 / q:.15e}" for i, q in rows]
        ),
        "resource": table("resource location", *[f"L{i} P" for i, _ in rows]),
        "capacity": table(
            "resource period regular_hours",
            *[f"L{i} 2026-0{m} {2 / 3:.15f}" for i, _ in rows for m in (1, 2)],
        ),
        "price": table("item price_value", *[f"{i} {100 / q:.15e}" for i, q in rows]),
        "service_class": service(),
    }
    wanted = demand(*[f"{i} P 2026-0{m} {q:.15e}" for i, q in rows for m in (1, 2)])
    _, plan, _ = solve_both(tmp_path, frames, wanted)
    made = plan.plan_flow.groupby("item")["flow_qty"].sum()
    short = plan.plan_service.groupby("item")["short_qty"].sum()
    for item, qty in rows:
        assert made[item] == pytest.approx(2 * qty * 2 / 3, rel=1e-6)
        assert short[item] == pytest.approx(2 * qty / 3, rel=1e-6)
    stock = plan.constrained_plan
    gap = stock["opening_qty"] + stock["make_qty"] - stock["served_qty"] - stock["closing_qty"]
    assert (gap.abs() <= 1e-6 * stock["item"].map(sizes)).all()
