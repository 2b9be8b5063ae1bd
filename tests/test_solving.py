import json

import pytest
from builders import table
from supply_cases import line

from sopkit.errors import InputError, PlanError
from sopkit.solving import solve_folder


def folder(path, **frames):
    path.mkdir()
    for name, frame in frames.items():
        frame.to_csv(path / f"{name}.csv", index=False)
    return path


NET = table(
    "item location customer period demand_class demand_qty priority",
    "A P all 2026-01 forecast 130 2",
    "A P all 2026-02 forecast 20 2",
)


def test_a_folder_of_tables_becomes_a_plan_and_a_summary(tmp_path):
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    summary = solve_folder(source, tmp_path / "out")
    assert json.loads((tmp_path / "out/summary.json").read_text()) == summary
    assert summary["status"] == "optimal"
    assert summary["service"] == {
        "demand_qty": 150,
        "on_time_qty": 120,
        "late_qty": 30,
        "short_qty": 0,
    }
    assert sum(summary["cost"].values()) == pytest.approx(summary["objective"])
    assert all(check["passed"] for check in summary["checks"].values())
    assert set(summary["seconds"]) == {"prepare", "build", "solve", "read", "total"}
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "capacity_load.csv",
        "constrained_plan.csv",
        "plan_cost.csv",
        "plan_flow.csv",
        "plan_resource.csv",
        "plan_service.csv",
        "shortage.csv",
        "summary.json",
    ]


def test_agreed_demand_is_netted_when_there_is_no_net_demand(tmp_path):
    agreed = NET.drop(columns=["demand_class", "priority"]).assign(
        baseline_qty=0, stream_qty=0, override_qty=0, lo_80_qty=0, hi_80_qty=0
    )
    orders = table(
        "order item location customer order_date requested_date ordered_qty",
        "1 A P K 2025-12-01 2025-12-20 7",
    )
    source = folder(tmp_path / "in", **line(), consensus_demand=agreed, sales_order_line=orders)
    assert solve_folder(source, tmp_path / "out")["service"]["demand_qty"] == 157


def test_all_broken_files_are_named_and_nothing_is_written(tmp_path):
    source = folder(
        tmp_path / "in",
        net_demand=NET.assign(demand_qty="many"),
        operation=table("operation item", "a A"),
    )
    with pytest.raises(InputError, match=r"(?s)net_demand\.csv.*operation\.csv.*location"):
        solve_folder(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_demand_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither net_demand nor consensus_demand"):
        solve_folder(folder(tmp_path / "in", **line()), tmp_path / "out")
    with pytest.raises(InputError, match="is not there"):
        solve_folder(tmp_path / "nowhere", tmp_path / "out")


def test_contradictions_are_named_all_at_once(tmp_path):
    frames = line()
    frames["bom"] = table("item component component_qty", "A B 1", "B A 1")
    frames["operation"] = table("operation item location unit_cost_value", "a A P -4", "b B P 1")
    frames["purchase_term"] = table("supplier item price_value min_qty max_qty", "S C 1 50 20")
    source = folder(
        tmp_path / "in",
        **{**frames, "resource_need": table("operation resource hours_per_unit", "a XX 1")},
        net_demand=NET,
    )
    with pytest.raises(PlanError) as broken:
        solve_folder(source, tmp_path / "out")
    text = str(broken.value)
    assert "part of itself: A > B > A" in text and "unit_cost_value below 0: a -4" in text
    assert "S, C 50 > 20" in text and "not in table resource: XX" in text
    assert not (tmp_path / "out").exists()


def test_doubts_are_warnings_in_the_summary(tmp_path):
    frames = line(count=1)
    wanted = table(
        "item location customer period demand_class demand_qty priority",
        "A P all 2026-01 forecast 5 2",
        "A P all 2026-02 forecast 5 2",
        "Z P all 2026-02 forecast 5 2",
    )
    term = table("supplier item price_value lead_time_days", "S A 1 400")
    need = table("operation resource hours_per_unit setup_hours_per_lot", "opA L 1 2")
    frames |= {"net_demand": wanted, "purchase_term": term, "resource_need": need}
    summary = solve_folder(folder(tmp_path / "in", **frames), tmp_path / "out")
    found = {(row["kind"], row["subject"]) for row in summary["warnings"]}
    assert found == {
        ("no_source", "Z"),
        ("lead_beyond_horizon", "S, A"),
        ("capacity_missing", "L"),
        ("setup_without_lot", "opA"),
    }
