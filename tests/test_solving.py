import json
from pathlib import Path

import pandas as pd
import pytest
from builders import table
from supply_cases import line

from sopkit.cli.singles import tell_plan
from sopkit.errors import InputError, ParameterError, PlanError
from sopkit.solving import list_settings, solve_folder


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
        "on_time_rate": 0.8,
    }
    assert sum(summary["cost"].values()) == pytest.approx(summary["objective"])
    assert all(check["passed"] for check in summary["checks"].values())
    assert set(summary["seconds"]) == {"prepare", "build", "solve", "read", "total"}
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted([*summary["files"], "summary.json"])
    assert {
        "bottleneck.csv",
        "capacity_load.csv",
        "constrained_plan.csv",
        "firm_order.csv",
        "order_change.csv",
        "pegging.csv",
        "plan_change.csv",
        "plan_compare.csv",
        "plan_cost.csv",
        "plan_flow.csv",
        "plan_people.csv",
        "plan_resource.csv",
        "plan_service.csv",
        "shortage.csv",
        "shortage_fix.csv",
    } <= set(names)
    assert summary["gap"] == 0 and summary["bound"] == pytest.approx(summary["objective"])
    assert summary["sizes"]["months"] == 2 and summary["settings"]["objective"] == "cost"


def test_margin_is_what_is_served_at_its_price_less_what_is_paid(tmp_path):
    """100 made in January and 20 + 30 late in February at 4 each, sold at 100; no holding."""
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    summary = solve_folder(source, tmp_path / "out")
    paid = sum(summary["cost"].get(name, 0) for name in ("make", "regular", "overtime", "hold"))
    assert paid == 150 * 4
    assert summary["margin"] == pytest.approx(150 * 100 - 150 * 4)


@pytest.mark.parametrize("name", ["red_tomato", "factory_planning"])
def test_textbook_folders_are_solved_with_their_settings(tmp_path, name):
    summary = solve_folder(Path(__file__).parent / "textbook" / name, tmp_path / "out")
    assert summary["status"] == "optimal" and all(c["passed"] for c in summary["checks"].values())
    if name == "factory_planning":
        assert summary["margin"] == pytest.approx(93_715.18, abs=0.005)


def test_settings_change_the_plan_and_are_told(tmp_path):
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    (source / "settings.yaml").write_text("objective: margin\nmonths: 1\ntime_limit: 20\n")
    summary = solve_folder(source, tmp_path / "out")
    assert summary["settings"]["objective"] == "margin"
    assert summary["sizes"]["months"] == 1 and summary["settings"]["time_limit"] == 20
    assert summary["service"]["demand_qty"] == 130


def test_wrong_settings_are_named_all_at_once_with_those_that_are_known(tmp_path):
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    (source / "settings.yaml").write_text(
        "objektive: margin\nobjective: profit\nlot_months: 1.5\nholding_rate: -1\n"
        "whole_people: maybe\ntime_limit: 0\ncountry: China\nchange_rate: .inf\n"
    )
    with pytest.raises(ParameterError) as wrong:
        solve_folder(source, tmp_path / "out")
    text = str(wrong.value)
    assert "objektive is not a setting; known: below_target_rate, change_rate, country" in text
    for part in ("'profit' is not one of cost, margin", "lot_months: 1.5", "holding_rate: -1"):
        assert part in text
    for part in ("whole_people: 'maybe'", "time_limit: 0", "country: 'China'", "change_rate: inf"):
        assert part in text
    assert not (tmp_path / "out").exists()
    for bad in ("[1, 2]", "a: [1", "just words"):
        (source / "settings.yaml").write_text(bad)
        with pytest.raises(ParameterError, match=r"settings\.yaml"):
            solve_folder(source, tmp_path / "out")


def test_stock_targets_and_policies_are_used_where_given(tmp_path):
    frames = line(count=2) | {
        "net_demand": NET.head(1).assign(demand_qty=10.0),
        "stock_target": table(
            "item location period safety_stock_qty cycle_stock_qty protection_months basis",
            "A P 2026-01 5 0 1 policy",
        ),
    }
    both = {**frames, "stock_policy": table("item location closing_qty", "A P 8")}
    left = {}
    for name, given in {"target": frames, "both": both}.items():
        solve_folder(folder(tmp_path / name, **given), tmp_path / f"{name}_out")
        plan = pd.read_csv(tmp_path / f"{name}_out" / "constrained_plan.csv")
        left[name] = plan["closing_qty"].tolist()
    assert left == {"target": [5.0], "both": [8.0]}


def test_parquet_and_csv_give_the_same_plan_and_a_table_in_both_is_refused(tmp_path):
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    first = solve_folder(source, tmp_path / "out")
    NET.to_parquet(source / "net_demand.parquet")
    with pytest.raises(InputError, match="as CSV and as Parquet"):
        solve_folder(source, tmp_path / "out")
    (source / "net_demand.csv").unlink()
    assert solve_folder(source, tmp_path / "out")["cost"] == first["cost"]


def test_a_full_disk_leaves_the_old_results_whole(tmp_path, monkeypatch):
    source, out = folder(tmp_path / "in", **line(), net_demand=NET), tmp_path / "out"
    solve_folder(source, out)
    before = {path.name: path.read_text() for path in out.iterdir()}
    written = Path.write_text

    def full(path, *args, **options):
        if path.name == ".summary.json.part":
            raise OSError(28, "No space left on device")
        return written(path, *args, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        solve_folder(source, out)
    assert {path.name: path.read_text() for path in out.iterdir()} == before


def test_the_command_tells_the_gap_the_service_and_the_doubts():
    summary = {
        "status": "time limit reached",
        "gap": 0.032,
        "objective": 1234.5,
        "margin": 99.0,
        "service": {"on_time_rate": 0.9, "late_qty": 5.0, "short_qty": 2.0},
        "seconds": {"total": 3.21},
        "checks": {"balance": {"passed": False}, "hours": {"passed": True}},
        "warnings": [{"table": "operation", "kind": "no_source", "subject": "Z"}],
    }
    lines = tell_plan(summary)
    assert lines[0] == (
        "time limit reached; at most 3.2% dearer than the best plan, objective 1,234.50, "
        "margin 99.00"
    )
    assert lines[1] == "on time 90.0%, late 5, short 2, in 3.2 s"
    assert lines[2:] == ["CHECKS FAILED: balance", "warning: operation: no_source: Z"]
    assert "no bound is proven" in tell_plan({**summary, "gap": None})[0]
    assert tell_plan({**summary, "gap": 0, "status": "optimal"})[0].startswith("optimal, ")


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


GUIDE = Path(__file__).parents[1] / "docs" / "supply_case.md"


def read_smallest_case(guide: str) -> dict[str, str]:
    """Return the files of the guide's smallest case as text."""
    block = guide.split("## The smallest case")[1].split("110 are made")[0]
    files: dict[str, str] = {}
    for row in (one.split() for one in block.splitlines() if one.startswith("    ")):
        if row[0].endswith(".csv"):
            files[row[0]] = row[1] + "\n"
        else:
            files[list(files)[-1]] += row[0] + "\n"
    return files


def test_the_guides_smallest_case_is_solved_as_it_says(tmp_path):
    files = read_smallest_case(GUIDE.read_text(encoding="utf-8"))
    (tmp_path / "in").mkdir()
    for name, text in files.items():
        (tmp_path / "in" / name).write_text(text)
    summary = solve_folder(tmp_path / "in", tmp_path / "out")
    assert summary["service"]["on_time_qty"] == 110 and summary["service"]["short_qty"] == 20
    assert pd.read_csv(tmp_path / "out" / "shortage.csv")["cause_code"].tolist() == ["L"]


def test_the_guide_names_every_setting_with_its_usual_value_and_every_file(tmp_path):
    guide = GUIDE.read_text(encoding="utf-8")
    settings = guide.split("## Settings")[1].split("## What comes out")[0].splitlines()
    for name, value in list_settings().items():
        row = next(one for one in settings if one.startswith("| `") and f"`{name}`" in one)
        shown = str(value).lower() if isinstance(value, bool) else f"{value}"
        assert shown.removesuffix(".0").lower() in row.lower(), (name, value)
    source = folder(tmp_path / "in", **line(), net_demand=NET)
    for name in solve_folder(source, tmp_path / "out")["files"]:
        assert f"`{name.removesuffix('.csv')}`" in guide, name
