"""The weekly look: month to date, orders at risk, triggers, tasks; files of a made month."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml
from builders import table
from small_month import parameter_file
from typer.testing import CliRunner

from sopkit.cli.commands import app
from sopkit.cycle import Manifest, TableRecord, hash_file, to_paths, write_manifest, write_parquet
from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.messages import catalogue
from sopkit.planbook import open_planbook
from sopkit.refresh import (
    compare_month,
    enter_tasks,
    find_orders_at_risk,
    find_triggers,
    measure_share,
    refresh_cycle,
    write_look,
)
from sopkit.refresh.month import share_of_days
from sopkit.refresh.orders import find_on_hand, list_arrivals
from sopkit.refresh.triggers import Thresholds, add_working_days, list_owners
from sopkit.tables import TABLES, fit_columns

DAY = pd.Timestamp("2026-11-13")  # 10 of November's 21 working days are over
FAMILY = {"A": "F", "B": "G"}
LIMITS = Thresholds(0.1, 0.1, 0.95, 3, "supply_planner", ("production",))


def fit(name, frame):
    if name == "consensus_demand":
        frame = frame.assign(baseline_qty=frame["demand_qty"], stream_qty=0.0, override_qty=0.0)
    return fit_columns(frame, TABLES[name])


def lines(*rows):
    head = "order line item location customer order_date requested_date ordered_qty shipped_qty "
    frame = table(head + "shipped_date cancelled_qty net_value", *rows)
    return fit("sales_order_line", frame)


# Each past month: 60 ordered on its first working days, 40 on its last ones.
PAST = [
    f"{month}{half} 1 A P K {day} {month}-28 {qty} {qty} {month}-28 0 {qty * 10}"
    for month in ("2026-08", "2026-09", "2026-10")
    for half, day, qty in (("a", f"{month}-04", 60), ("b", f"{month}-27", 40))
]
NOW = [
    "N1 1 A P K 2026-11-03 2026-11-10 30 30 2026-11-10 0 300",
    "N2 1 A P K 2026-11-10 2026-11-20 15 0 - 0 150",
]


def month(plan=100, now=NOW, past=PAST, production=None, served=None):
    known = lines(*past, *now) if past or now else TABLES["sales_order_line"].empty()
    return compare_month(
        table("item period plan_qty", f"A 2026-11 {plan if served is None else served}"),
        fit("consensus_demand", table("item location customer period demand_qty lo_80_qty hi_80_qty",
                                      f"A P K 2026-11 {plan} {plan * 0.8} {plan * 1.2}")),
        table("item period make_qty", "A 2026-11 84"),
        known,
        TABLES["production_actual"].empty() if production is None else production,
        measure_share(known, FAMILY, DAY),
        FAMILY,
        DAY,
        below_rate=0.1,
        above_rate=0.1,
    )  # fmt: skip


def test_the_share_usually_in_comes_from_the_order_days_of_past_months():
    share = measure_share(lines(*PAST), FAMILY, DAY).set_index("family")
    assert share.loc["F", "share_rate"] == pytest.approx(0.6)
    assert share.loc["F", "month_count"] == 3
    assert share_of_days(DAY) == pytest.approx(10 / 21)
    # a family without orders takes the company's share; without any orders working days stand in
    assert share.loc["G", "share_rate"] == pytest.approx(0.6)
    none = measure_share(TABLES["sales_order_line"].empty(), FAMILY, DAY).set_index("family")
    assert none.loc["all", "share_rate"] == pytest.approx(10 / 21)
    assert none["month_count"].tolist() == [0, 0, 0, 0]


def test_orders_stand_against_agreed_demand_where_the_plan_cannot_serve_it():
    now = [NOW[0], "N2 1 A P K 2026-11-10 2026-11-20 30 0 - 0 300"]
    row = month(now=now, served=50).set_index("family").loc["F"]
    # agreed 100, of which 60 are usually ordered by now: 60 ordered is as agreed, whatever is served
    assert (row["demand_qty"], row["expected_qty"], row["ordered_qty"]) == (100, 60, 60)
    assert row["state"] == "inside"
    # the plan serves 50: after 10 of 21 working days 23.8 are to be shipped
    assert (row["plan_qty"], row["shipped_qty"]) == (50, 30)
    assert row["ship_plan_qty"] == pytest.approx(50 * 10 / 21)
    nothing = month(now=now, served=0)
    assert nothing["state"].tolist() == ["inside", "inside"]


def test_the_month_so_far_is_held_against_what_agreed_demand_expects_by_now():
    row = month().set_index("family").loc["F"]
    assert (row["expected_qty"], row["ordered_qty"]) == (pytest.approx(60), 45)
    assert row["change_rate"] == pytest.approx(-0.25) and row["state"] == "below"
    assert (row["low_qty"], row["high_qty"]) == (pytest.approx(48), pytest.approx(72))
    assert row["month_qty"] == pytest.approx(75) and row["shipped_qty"] == 30
    assert month(plan=75)["state"].tolist() == ["inside", "inside"]
    assert month(plan=60)["state"].tolist() == ["above", "above"]
    assert month()["family"].tolist() == ["F", "all"]


def test_what_was_made_stands_against_the_plan_by_working_days():
    made = fit("production_actual", table("item location period made_qty", "A P 2026-11 50"))
    row = month(production=made).iloc[0]
    assert (row["made_qty"], row["make_plan_qty"]) == (50, pytest.approx(40))
    assert month()["made_qty"].isna().all()


def test_orders_take_stock_and_arrivals_in_the_order_in_which_they_are_due():
    known = lines(
        "X 1 A P K 2026-11-01 2026-11-16 4 0 - 0 40",
        "Y 1 A P K 2026-11-01 2026-11-18 6 0 - 0 60",
        "Z 1 A P K 2026-11-01 2026-12-18 600 0 - 0 6000",
    )
    stock = table("item location on_hand_qty", "A P 5")
    coming = table("item location due_date arrive_qty", "A P 2026-11-20 10")
    found = find_orders_at_risk(known, stock, coming, FAMILY, DAY, 14)
    assert found[["order", "short_qty", "short_value"]].to_numpy().tolist() == [["Y", 5, 50]]
    assert found["covered_date"].iloc[0] == pd.Timestamp("2026-11-20")
    late = find_orders_at_risk(known, stock, coming.iloc[:0], FAMILY, pd.Timestamp("2026-11-30"), 1)
    assert late["is_late"].tolist() == [True] and pd.isna(late["covered_date"].iloc[0])


def test_stock_is_carried_on_from_its_count():
    stock = fit("opening_stock", table(
        "item location on_hand_qty plannable snapshot_date", "A P 50 True 2026-10-31"))  # fmt: skip
    coming = table("item location due_date arrive_qty", "A P 2026-11-12 7", "A P 2026-11-14 9")
    first = pd.Timestamp("2026-11-01")
    on_hand, counted = find_on_hand(stock, lines(*NOW), coming, first, DAY)
    assert on_hand["on_hand_qty"].tolist() == [50 - 30 + 7] and not counted
    again = stock.assign(snapshot_date=pd.Timestamp("2026-11-11"))
    on_hand, counted = find_on_hand(again, lines(*NOW), coming, first, DAY)
    assert on_hand["on_hand_qty"].tolist() == [57] and counted


def test_released_orders_count_once_where_the_files_hold_them_already():
    released = table(
        "flow_kind item location source release_date due_date order_qty",
        "move A D P 2026-11-02 2026-11-05 10",
        "move A D P 2026-11-16 2026-11-19 10",
    )
    old = fit("open_supply", table("supply_order item location supply_kind order_date due_date "
                                   "open_qty", "S1 A D move 2026-10-20 2026-11-14 3"))  # fmt: skip
    first = pd.Timestamp("2026-11-01")
    both = list_arrivals(released, old, first, DAY)
    assert both.groupby("location")["arrive_qty"].sum().to_dict() == {"D": 23, "P": -20}
    fresh = old.assign(order_date=pd.Timestamp("2026-11-02"))
    left = list_arrivals(released, fresh, first, DAY)
    assert left.groupby("location")["arrive_qty"].sum().to_dict() == {"D": 13, "P": -10}


def test_triggers_say_who_is_told_and_by_when():
    owners = list_owners(
        table("family location channel sales_owner supply_planner", "F all all s p")
    )
    orders = find_orders_at_risk(
        lines("X 1 A P K 2026-11-01 2026-11-16 4 0 - 0 40"),
        table("item location on_hand_qty", "A P 0"),
        table("item location due_date arrive_qty"),
        FAMILY, DAY, 14,
    )  # fmt: skip
    target = fit("target", table("owner family period target_qty", "x F 2026-11 100"))
    rows = find_triggers(month(), orders, target, owners, LIMITS, DAY)
    fired = rows[rows["fired"]].set_index(["trigger", "family"])
    assert fired.index.tolist() == [
        ("below", "F"),
        ("below", "all"),
        ("risk", "F"),
        ("target", "F"),
    ]
    assert fired.loc[("below", "F"), "told"] == "s, supply_planner"
    assert fired.loc[("risk", "F"), "owner"] == "p" and fired.loc[("risk", "F"), "seen"] == 40
    assert fired.loc[("target", "F"), "seen"] == pytest.approx(0.75)
    assert fired["due_date"].unique().tolist() == [pd.Timestamp("2026-11-18")]
    assert add_working_days(pd.Timestamp("2026-11-30"), 1) == pd.Timestamp("2026-12-01")


# --- a planning folder whose files go on after the cycle's month began ---

MAPPING = {
    "company": "Small", "folder": "raw",
    "tables": {
        "item": {"file": "item.csv", "columns": {n: n for n in ("item", "family", "base_unit")}},
        "location": {"file": "location.csv", "columns": {n: n for n in ("location", "location_kind")}},
        "sales_order_line": {"file": "orders.csv", "columns": {n: n for n in (
            "order", "line", "item", "location", "customer", "order_date", "requested_date",
            "shipped_date", "ordered_qty", "shipped_qty", "net_value")}},
        "opening_stock": {"file": "stock.csv", "columns": {n: n for n in (
            "item", "location", "on_hand_qty", "snapshot_date")}},
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SOPKIT_HOME", str(tmp_path))
    parameter_file(tmp_path)
    file = tmp_path / "params/mapping/demo.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(MAPPING, sort_keys=False), encoding="utf-8")
    (tmp_path / "raw").mkdir()
    write_raw(tmp_path, [*PAST, *NOW])
    publish(tmp_path)
    return tmp_path


def write_raw(folder: Path, rows):
    raw = folder / "raw"
    (raw / "item.csv").write_text("item,family,base_unit\nA,F,unit\n")
    (raw / "location.csv").write_text("location,location_kind\nP,plant\n")
    (raw / "stock.csv").write_text("item,location,on_hand_qty,snapshot_date\nA,P,35,2026-10-31\n")
    lines(*rows).drop(columns="cancelled_qty").to_csv(raw / "orders.csv", index=False)


def publish(folder: Path, state="published"):
    paths = to_paths("2026-11", folder)
    place = "item location customer period"
    frames = {
        "item": table("item family base_unit", "A F unit"),
        "consensus_demand": table(f"{place} demand_qty lo_80_qty hi_80_qty",
                                  "A P K 2026-11 100 80 120"),
        "consensus_plan": table(
            f"{place} demand_qty plan_qty short_qty revenue_value margin_value",
            "A P K 2026-11 100 100 0 1000 400"),
    }  # fmt: skip
    if state == "published":
        frames["approved_plan"] = frames["consensus_plan"]
    manifest = Manifest("2026-11", company="demo", state=state)
    manifest.parameter_file = "params/runs/demo.yaml"
    for name, frame in frames.items():
        sha = write_parquet(paths.table_file(name), fit(name, frame), TABLES[name])
        manifest.tables[name] = TableRecord(sha, len(frame), "publish")
    write_manifest(paths, manifest)
    return paths


def test_a_published_cycle_is_looked_at_and_none_of_its_tables_changes(folder):
    paths = to_paths("2026-11", folder)
    before = {path.name: hash_file(path) for path in paths.tables_dir.glob("*.parquet")}
    look = refresh_cycle(paths, DAY)
    assert look.is_published and look.newest == pd.Timestamp("2026-11-10")
    assert look.month.set_index("family").loc["F", "change_rate"] == pytest.approx(-0.25)
    # 35 in stock less 30 shipped: 10 of the 15 due on the 20th are missing
    assert look.orders["short_qty"].tolist() == [10]
    first = write_look(look, paths.root)
    bytes_of = {path.name: path.read_bytes() for path in first.iterdir()}
    write_look(refresh_cycle(paths, DAY), paths.root)
    assert {path.name: path.read_bytes() for path in first.iterdir()} == bytes_of
    after = {path.name: hash_file(path) for path in paths.tables_dir.glob("*.parquet")}
    assert after == before and (paths.root / "refresh" / "2026-11-13") == first


def test_a_trigger_asks_once(folder):
    look = refresh_cycle(to_paths("2026-11", folder), DAY)
    now = datetime(2026, 11, 13, 9, tzinfo=UTC)
    entered = enter_tasks(look, catalogue("en"), now).tasks
    assert entered["origin"].tolist() == [
        "refresh 2026-11 below F", "refresh 2026-11 below all", "refresh 2026-11 risk F",
    ]  # fmt: skip
    assert enter_tasks(look, catalogue("en"), now).tasks.empty
    with open_planbook(folder, company="demo") as book:
        assert len(book.read("task", "2026-11")) == 3
        book.withdraw("task", entered["number"].iloc[0], "li", "asked in error")
    assert len(enter_tasks(look, catalogue("en")).tasks) == 1


def test_the_command_tells_writes_both_pages_and_speaks_json(folder):
    run = CliRunner()
    told = run.invoke(app, ["refresh", "2026-11", "--as-of", "2026-11-13", "--lang", "zh"])
    assert told.exit_code == 0, told.output
    assert "低 25%" in told.output and "refresh-2026-11-13.html" in told.output
    pages = sorted(path.name for path in (folder / "reports/2026-11").glob("*.html"))
    assert pages == [f"refresh-2026-11-13{end}.html" for end in (".en", "", ".zh")]
    page = (folder / "reports/2026-11/refresh-2026-11-13.en.html").read_text("utf-8")
    page = page.replace("\u00a0", " ")
    assert "25 % below what agreed demand expects" in page and "src=" not in page
    shipped = "By now 30 cases are shipped; the plan has 47.6 cases for 47.6 % of the working days"
    assert shipped in page
    again = run.invoke(app, ["refresh", "--as-of", "2026-11-13", "--json"])
    look = json.loads(again.output)
    assert look["published"] and look["tasks"] == [] and len(look["orders"]) == 1


def test_an_unpublished_month_is_looked_at_by_its_proposal(folder):
    paths = to_paths("2026-11", folder)
    paths.table_file("approved_plan").unlink()
    publish(folder, "draft")
    assert not refresh_cycle(paths, DAY).is_published


def test_bad_input_is_told(folder):
    paths = to_paths("2026-11", folder)
    with pytest.raises(ParameterError, match=r"2026-12-01 lies outside the month of cycle 2026-11"):
        refresh_cycle(paths, pd.Timestamp("2026-12-01"))
    write_raw(folder, PAST)
    with pytest.raises(InputError, match=r"hold nothing dated 2026-11-01 to 2026-11-13"):
        refresh_cycle(paths, DAY)
    for name in ("approved_plan", "consensus_plan"):
        paths.table_file(name).unlink()
    with pytest.raises(CycleError, match="no plan to look at yet"):
        refresh_cycle(paths, DAY)
    run = CliRunner()
    assert run.invoke(app, ["refresh", "2026-11", "--as-of", "Friday"]).exit_code == 2
    assert run.invoke(app, ["refresh", "2026-10", "--as-of", "2026-10-05"]).exit_code == 5


def test_a_mapping_without_order_lines_says_what_is_missing(folder):
    small = {**MAPPING, "tables": {k: v for k, v in MAPPING["tables"].items() if "order" not in k}}
    (folder / "params/mapping/demo.yaml").write_text(yaml.safe_dump(small), encoding="utf-8")
    with pytest.raises(InputError, match="no sales_order_line"):
        refresh_cycle(to_paths("2026-11", folder), DAY)
