"""`sopkit collect` as people call it: sheets out, sheets back into the planbook, who is late."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from builders import table
from small_month import parameter_file
from typer.testing import CliRunner

from sopkit.cli.commands import app
from sopkit.cycle import CyclePaths, Manifest, read_manifest, write_manifest, write_parquet
from sopkit.planbook import open_planbook
from sopkit.tables import TABLES

CYCLE = "2026-11"
LEVEL = "item family location customer"
MONTHS = [f"{p:%Y-%m}" for p in pd.date_range("2026-10", "2027-04", freq="MS")]
ITEM = table("item item_name family base_unit", "A 纯净水 WATER case", "B 绿茶 TEA case")
PLACES = ["A S K1", "A S K2", "B S K1"]


def fitted(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with every required column of its contract that the test does not care for."""
    filled = frame.copy()
    for column in TABLES[name].columns:
        if column.name not in filled and column.required:
            number = column.kind in ("number", "whole")
            filled[column.name] = 0.0 if number else (column.allowed or ("x",))[0]
    return filled


def demand(first: str) -> pd.DataFrame:
    rows = [f"{place} {month} 110 100 10 0 80 140" for place in PLACES for month in MONTHS]
    rows = [row for row in rows if row.split()[3] >= first]
    head = "item location customer period demand_qty baseline_qty stream_qty override_qty"
    return table(f"{head} lo_80_qty hi_80_qty", *rows)


def write_cycle(folder: Path, cycle: str, **frames: pd.DataFrame) -> None:
    paths = CyclePaths(folder, cycle)
    for name, frame in frames.items():
        write_parquet(paths.table_file(name), fitted(name, frame), TABLES[name])
    write_manifest(paths, Manifest(cycle, "demo", parameter_file="params/runs/demo.yaml"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A planning folder whose demand reviews of October and November have run."""
    home = tmp_path / "plan"
    parameter_file(home)
    (home / "notebooks").mkdir()
    responsibility = table(
        "family location channel sales_owner", "WATER all all 华东经理", "TEA all all Tea/Lead"
    )
    history = [f"{place} 2026-10 120 120" for place in PLACES]
    history += [f"{place} 2025-11 90 90" for place in PLACES]
    write_cycle(
        home,
        CYCLE,
        item=ITEM,
        location=table("location", "S"),
        customer=table("customer channel", "K1 KA", "K2 DT"),
        responsibility=responsibility,
        demand_history=table(
            "item location customer period actual_qty cleaned_qty", *sorted(history)
        ),
        segment=table("item location pattern", "A S smooth", "B S smooth"),
        consensus_demand=demand(CYCLE),
        forecast_stream=table(
            f"cycle stream owner {LEVEL} period forecast_qty",
            "2026-10 sales 华东经理 A all S all 2026-10 250",
            "2026-10 sales 华东经理 A all S all 2026-11 300",
        ),
    )
    write_cycle(
        home,
        "2026-10",
        consensus_demand=demand("2026-10"),
        stream_value=table(
            "stream owner lag cell_count month_count wape_rate reference_wape_rate weight_rate",
            "sales 华东经理 0 10 12 0.1 0.2 0.5",
        ),
    )
    monkeypatch.setenv("SOPKIT_HOME", str(home))
    for name in ("SOPKIT_PLANBOOK_URL", "SOPKIT_COMPANY", "SOPKIT_STAGING"):
        monkeypatch.delenv(name, raising=False)
    return home


def collect(*words: object) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["collect", CYCLE, *map(str, words)])
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return told.exit_code, told.output


def send(out: Path, *words: object) -> Path:
    code, text = collect("--out", out, "--due", "2026-11-06", *words)
    assert code == 0, text
    return out / "2026-11_sales_华东经理.xlsx"


def type_into(path: Path, to: Path, **cells: object) -> Path:
    book = openpyxl.load_workbook(path)
    for address, value in cells.items():
        book.worksheets[0][address] = value
    to.parent.mkdir(exist_ok=True)
    book.save(to)
    return to


def standing(folder: Path) -> dict[tuple[str, str], float]:
    with open_planbook(folder, company="demo") as book:
        rows = book.read_streams(CYCLE)
    return {(r.item, f"{r.period:%Y-%m}"): r.forecast_qty for r in rows.itertuples()}


def test_each_sender_gets_a_sheet_with_what_is_known(folder, tmp_path):
    path = send(tmp_path / "out", "--lang", "zh")
    names = sorted(p.name for p in path.parent.iterdir())
    assert names == ["2026-11_sales_Tea Lead.xlsx", "2026-11_sales_华东经理.xlsx"]
    fill, answer, _ = openpyxl.load_workbook(path).worksheets
    heads = {(fill.cell(5, n).value, fill.cell(6, n).value): n for n in range(2, 40)}
    assert [fill.cell(8, n).value for n in (2, 3, 4)] == ["A", "纯净水", "S"]
    shown = {head[0]: fill.cell(8, n).value for head, n in heads.items() if head[0]}
    assert shown["基线（系统预测）"] == 200
    assert shown["去年同月实际"] == 180
    assert shown["上次共识"] == 220
    assert shown["您上次的预测（2026-10）"] == 300
    assert "您预测 250，基线 200，实际 240；1 行中有 1 行您比基线更接近" in fill["B3"].value
    assert answer["A1"].value.startswith("销售预测按 50% 的权重计入共识")
    texts = [cell.value for row in answer.iter_rows() for cell in row]
    for number in (250, 200, 20, 220, 240, 10, -40):
        assert number in texts
    assert "您" in texts


def test_what_comes_back_is_in_the_planbook_once_with_its_source_and_remark(folder, tmp_path):
    path = send(tmp_path / "out", "--lang", "zh")
    back = type_into(path, tmp_path / "back" / "回复.xlsx", E8="２６０箱", F8=0, K8="双十一")
    code, text = collect("--read", tmp_path / "back", "--lang", "zh", "--preview")
    assert (code, "新 2" in text, "仅预览" in text) == (0, True, True)
    assert not (folder / "data" / "planbook.sqlite").exists()
    code, text = collect("--read", back)
    assert (code, text.splitlines()[0]) == (
        0,
        "Cells accepted: 2 (new 2, changed 0, as before 0); senders: 1.",
    )
    assert standing(folder) == {("A", "2026-11"): 260.0, ("A", "2026-12"): 0.0}
    with open_planbook(folder, company="demo") as book:
        first = book.read_stream_records(CYCLE).iloc[0]
    assert first[["stream", "owner", "author", "source", "note"]].tolist() == [
        *("sales", "华东经理", "S&OP lead", "回复.xlsx 填报!E8", "双十一")
    ]


def test_reading_again_changes_nothing_and_a_later_file_supersedes(folder, tmp_path):
    path = send(tmp_path / "out")
    first = type_into(path, tmp_path / "back" / "1.xlsx", E8=260, F8=280)
    collect("--read", first)
    record = (folder / f"data/cycles/{CYCLE}/collect.json").read_bytes()
    code, text = collect("--read", first, "--json")
    assert (code, json.loads(text)["entered"]) == (0, 0)
    assert (folder / f"data/cycles/{CYCLE}/collect.json").read_bytes() == record
    second = type_into(path, tmp_path / "back" / "2.xlsx", E8=270)
    code, text = collect("--read", tmp_path / "back")
    assert "new 0, changed 1, as before 1" in text
    assert standing(folder) == {("A", "2026-11"): 270.0, ("A", "2026-12"): 280.0}
    collect("--read", first)  # an old file does not win over a newer one
    assert standing(folder)["A", "2026-11"] == 270.0
    code, text = collect("--read", type_into(second, tmp_path / "3.xlsx", E8=None, G8=5))
    assert "blank now: 2" in text


def test_refused_cells_are_told_by_address_and_the_others_are_kept(folder, tmp_path):
    path = send(tmp_path / "out", "--lang", "zh")
    back = type_into(path, tmp_path / "b.xlsx", E8="约260", F8=-3, G8=250)
    code, text = collect("--read", back, "--lang", "zh")
    assert code == 1
    assert "b.xlsx 填报!E8　约260　不是数字。请只填数字，单位：箱。" in text
    assert "b.xlsx 填报!F8　-3　负数。" in text
    assert standing(folder) == {("A", "2027-01"): 250.0}
    code, text = collect("--read", back, "--json")
    told = json.loads(text)
    assert [one["address"] for one in told["refused"]] == ["填报!E8", "填报!F8"]
    assert [(one["address"], one["state"]) for one in told["accepted"]] == [("填报!G8", "same")]
    assert told["accepted"][0]["period"] == "2027-01-01"


def test_several_files_may_follow_read(folder, tmp_path):
    path = send(tmp_path / "out")
    tea = path.with_name("2026-11_sales_Tea Lead.xlsx")
    files = [type_into(path, tmp_path / "a.xlsx", E8=1), type_into(tea, tmp_path / "b.xlsx", E8=2)]
    collect("--read", *files)
    assert standing(folder) == {("A", "2026-11"): 1.0, ("B", "2026-11"): 2.0}


def test_the_status_tells_who_sent_and_who_is_late(folder, tmp_path):
    path = send(tmp_path / "out")
    assert collect("--status", "--due", "2999-01-01")[1].splitlines() == [
        "Cycle 2026-11, expected back by 1 Jan 2999",
        "Tea/Lead (sales): not sent",
        "华东经理 (sales): not sent",
        "0 of 2 sent, 0 late.",
    ]
    collect("--read", tmp_path / "out")  # sheets as sent are no answer
    collect("--read", type_into(path, tmp_path / "a.xlsx", E8=1, F8="x"))
    told = collect("--status", "--due", "2020-01-01", "--json")[1]
    rows = {one["owner"]: one for one in json.loads(told)}
    assert rows["Tea/Lead"]["state"] == "late" and rows["Tea/Lead"]["late_days"] > 2000
    assert [rows["华东经理"][name] for name in ("state", "cell_count", "refused_count")] == [
        *("sent", 1, 1)
    ]


def test_sheets_that_hold_unread_numbers_are_not_overwritten(folder, tmp_path):
    path = send(tmp_path / "out")
    type_into(path, path, E8=260)
    code, text = collect("--out", tmp_path / "out")
    assert code == 2
    assert "2026-11_sales_华东经理.xlsx holds 1 cells that nobody has read" in text
    collect("--read", tmp_path / "out")
    assert collect("--out", tmp_path / "out")[0] == 0


def test_a_sheet_of_fewer_months_is_older_once_more_are_asked_for(folder, tmp_path):
    old = type_into(send(tmp_path / "out", "--months", "2"), tmp_path / "old.xlsx", E8=1)
    send(tmp_path / "new", "--months", "3", "--sender", "华东经理")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["2026-11_sales_华东经理.xlsx"]
    code, text = collect("--read", old)
    assert code == 1
    assert "an older version of the sheet. Version 2 was sent; fill that one." in text


def test_numbers_collected_last_month_come_back_on_this_months_sheet(folder, tmp_path):
    with open_planbook(folder, company="demo") as book:
        given = table(
            f"stream owner {LEVEL} period forecast_qty", "sales Tea/Lead B all S all 2026-11 77"
        )
        book.add_streams(given, "2026-10", "li", "sheet")
    path = send(tmp_path / "out", "--lang", "en").with_name("2026-11_sales_Tea Lead.xlsx")
    texts = [c.value for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for c in row]
    assert 77 in texts and "Your last forecast (2026-10)" in texts


def test_a_cycle_without_a_demand_review_says_what_to_run(folder, tmp_path):
    CyclePaths(folder, CYCLE).table_file("consensus_demand").unlink()
    code, text = collect("--out", tmp_path / "out")
    assert code == 1
    assert "Run the demand review first: sopkit run 2026-11 --only 02" in text


def test_the_command_says_what_is_wrong_with_it(folder, tmp_path):
    assert collect()[0] == 2
    assert "Give one of --out DIR" in collect("--status", "--out", "x")[1]
    assert collect("--out", tmp_path / "o", "--due", "soon")[0] == 2
    assert collect("--out", tmp_path / "o", "--sender", "nobody")[0] == 2
    assert collect("--status")[0] == 5
    assert collect("--read", tmp_path / "none")[0] == 2
    assert "No sheet was sent" in collect("--read", tmp_path)[1]


def test_a_published_cycle_takes_no_more_numbers(folder, tmp_path):
    send(tmp_path / "out")
    paths = CyclePaths(folder, CYCLE)
    manifest = read_manifest(paths)
    manifest.state = "published"
    write_manifest(paths, manifest)
    assert collect("--read", tmp_path / "out")[0] == 5
    assert collect("--out", tmp_path / "again")[0] == 5
    assert collect("--status")[0] == 0
