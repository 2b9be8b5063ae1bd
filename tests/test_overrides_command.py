"""The command `sopkit override`: files read, problems named, changes shown and entered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from builders import table
from small_month import parameter_file
from test_scenario_preview import company
from typer.testing import CliRunner

from sopkit.cli.commands import app
from sopkit.cli.override_file import HEADERS, read_override_file, write_template
from sopkit.cycle import open_cycle, read_manifest, to_paths, write_manifest
from sopkit.errors import InputError
from sopkit.planbook import find_book_file, join_overrides, open_planbook
from sopkit.tables import TABLES, check_table

CYCLE = "2026-11"
CODES = {"item": {"0101", "0102"}, "family": {"WATER"}, "location": {"D1"}, "customer": {"k"}}
ENGLISH = "item,family,location,customer,start_period,end_period,method,amount,reason_code,owner"


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    """Return a planning folder whose demand and supply reviews left their tables."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "notebooks").mkdir()
    parameter_file(folder, company="tiny")
    stages = {"02_demand_review": "demand", "03_supply_review": "supply"}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SOPKIT_HOME", "SOPKIT_STAGING", "SOPKIT_COMPANY"):
            patch.delenv(name, raising=False)
        tables = company()
        tables["location"] = check_table(table("location", "D1"), TABLES["location"])
        tables["label"] = check_table(
            table("field code lang label", "item A en Oolong", "family tea en Drink"),
            TABLES["label"],
        )
        tables["override"] = TABLES["override"].empty()
        for name, frame in tables.items():
            owner = "demand" if name == "override" else stages.get(TABLES[name].owner, "data")
            c = open_cycle(CYCLE, owner, folder, interactive=False, company="tiny")
            c.write(name, frame)
    return folder


@pytest.fixture
def home(month, monkeypatch) -> Path:
    for name in ("SOPKIT_STAGING", "SOPKIT_COMPANY", "SOPKIT_PLANBOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOPKIT_HOME", str(month))
    monkeypatch.setenv("SOPKIT_USER", "li")
    for part in find_book_file(month).parent.glob("planbook.sqlite*"):
        part.unlink()
    return month


def call(*words: object):
    return CliRunner().invoke(app, ["override", *map(str, words)])


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def changes(folder: Path, *lines: str) -> Path:
    return write(folder / "changes.csv", ENGLISH, *lines)


def read(path: Path):
    return read_override_file(path, CODES)


def test_chinese_headers_words_and_numbers_are_read(tmp_path):
    path = write(
        tmp_path / "调整.csv",
        "需求调整单,,,,,,,,,",
        "物料编码,产品系列,仓库,客户组,开始月份,结束月份,方式,数值（箱/月）,原因,提出,备注",
        "０１０１,,D1,,2026年12月,202701,增减,\"1,200\",促销,华东大区经理,加急",
        ",WATER,,k,2026/12/15,,百分比,8%,天气,华北大区经理,",
        "# 注释",
        ",,,,,,,,,,",
        encoding="gb18030",
    )  # fmt: skip
    given = read(path)
    assert given.problems == []
    assert given.unread == ["备注"]
    assert given.rows.index.tolist() == [3, 4]
    names = ["item", "family", "location", "customer", "method", "amount", "reason_code", "owner"]
    assert given.rows[names].to_numpy().tolist() == [
        ["0101", "all", "D1", "all", "delta", 1200.0, "promotion", "华东大区经理"],
        ["all", "WATER", "all", "k", "percent", 0.08, "weather", "华北大区经理"],
    ]
    assert given.rows["end_period"].dt.strftime("%Y-%m").tolist() == ["2027-01", "2026-12"]


def test_a_name_stands_for_its_code(tmp_path):
    path = changes(tmp_path, "绿茶,,上海仓,,2026-12,,delta,5,other,N")
    names = {"item": {"绿茶": "0102"}, "location": {"上海仓": "D1"}}
    given = read_override_file(path, CODES, names)
    assert given.problems == []
    assert given.rows[["item", "location"]].to_numpy().tolist() == [["0102", "D1"]]


def test_excel_keeps_codes_and_names_rows_as_the_sheet_counts(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["2026-11 changes"])
    book.active.append(ENGLISH.split(","))
    december = pd.Timestamp("2026-12-01").to_pydatetime()
    book.active.append(["0101", None, "D1", None, december, december, "absolute", 0, "other", "N"])
    book.active.append([101, None, "D1", None, december, december, "delta", None, "other", "N"])
    book.save(tmp_path / "changes.xlsx")
    given = read(tmp_path / "changes.xlsx")
    assert given.rows["amount"].tolist()[0] == 0
    assert given.problems == [
        "row 4, amount: not blank",
        "row 4, item: no such item (perhaps 0101); there stands 101",
    ]


def test_yaml_blocks_keep_leading_zeros(tmp_path):
    path = write(
        tmp_path / "changes.yaml",
        "- {item: 0101, start_period: 2026-12, method: absolute, amount: 0, reason_code: other,"
        " owner: N}",
        "- {物料: 0102, 开始月份: 2026-12, 方式: 改为, 数值: null, 原因: 其他, 提出: N}",
    )
    with pytest.raises(InputError, match="no column"):
        read(write(tmp_path / "other.yaml", "- {item: 0101}"))
    given = read(path)
    assert given.rows["item"].tolist()[0] == "0101"
    assert given.problems[0].startswith("block 2, amount: not blank")


def test_every_problem_is_named_by_row_and_column_at_once(tmp_path):
    given = read(
        changes(
            tmp_path,
            "0103,,D1,,2026-12,2026-12,delta,5,other,N",
            "0101,WATER,D9,,2026-12,2026-11,delta,5,other,N",
            "0101,,D1,,2026-13,,delta,many,other,",
            "0101,,D1,,2026-12,2026-12,percent,8,other,N",
            "0101,,D1,,2026-12,2026-12,percent,1200%,other,N",
            "0101,,D1,,2026-12,2026-12,raise,5,other,N",
            "0101,,D1,,2026-12,2026-12,percent,150%,other,N",
        )
    )
    assert given.problems == [
        "row 2, item: no such item (perhaps 0102); there stands 0103",
        "row 3, end_period: not before the first month; there stands 2026-11",
        "row 3, family: an item or a family, not both; there stands WATER",
        "row 3, location: no such location; there stands D9",
        "row 4, start_period: a month, such as 2026-12; there stands 2026-13",
        "row 4, amount: a number; there stands many",
        "row 4, owner: not blank",
        "row 5, amount: write 8 % or 0.08; from 100 % on with %; there stands 8",
        "row 6, amount: a ratio from -1 to 10; there stands 12.0",
        "row 7, method: one of delta, absolute, percent; there stands raise",
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("none.csv", None, "is not there"),
        ("a.csv", "", "is empty"),
        ("a.csv", "item,amount\n0101,5\n", "has no column start_period"),
        ("a.csv", ENGLISH + "\n", "holds no change"),
        ("a.txt2", "x", "is none of"),
        ("a.xlsx", "no workbook", "cannot be opened as an Excel file"),
        ("a.yaml", "item: {", "cannot be read as YAML"),
        ("a.yaml", "item: 5", "holds no list of changes"),
    ],
)
def test_a_file_that_is_no_list_of_changes_says_why(tmp_path, name, text, says):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        read(tmp_path / name)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_template_can_be_filled_and_read(tmp_path, lang):
    lines = write_template(lang).splitlines()
    assert len(lines[0].split(",")) == len(HEADERS)
    row = ",0101,,D1,,2026-12,,delta,5,other,,N,,"
    given = read(write(tmp_path / "t.csv", *lines, row))
    assert given.problems == []
    assert given.rows["amount"].tolist() == [5]
    assert lines[0] in call("--template", "--lang", lang).stdout


def test_changes_are_entered_and_the_next_command_is_named(home, tmp_path):
    path = changes(
        tmp_path, "Oolong,,D1,,2026-11,2026-12,delta,5,other,N", "B,,,,2026-12,,absolute,0,other,S"
    )
    done = call(path)
    assert done.exit_code == 0, done.output
    assert (
        "2 changes entered for cycle 2026-11 by li: O-2026-11-001 to O-2026-11-002" in done.output
    )
    assert "Next: sopkit run 2026-11 --from demand" in done.output
    with open_planbook(home, company="tiny") as book:
        records = book.read_override_records(CYCLE)
    assert records[["item", "amount"]].to_numpy().tolist() == [["A", 5], ["B", 0]]
    assert records["source"].tolist() == ["changes.csv"] * 2


def test_one_bad_row_and_nothing_is_entered(home, tmp_path):
    path = changes(
        tmp_path, "A,,D1,,2026-11,2026-12,delta,5,other,N", "Z,,,,2026-12,,absolute,,other,S"
    )
    done = call(path)
    assert done.exit_code == 1
    assert "row 3, item: no such item" in done.output
    assert "row 3, amount: not blank" in done.output
    assert "Nothing was entered" in done.output
    assert not find_book_file(home).exists()


def test_the_same_file_twice_is_refused(home, tmp_path):
    path = changes(tmp_path, "A,,D1,,2026-11,2026-12,delta,5,other,N")
    assert call(path).exit_code == 0
    again = call(path)
    assert again.exit_code == 1
    assert "row 2: the same change stands already, as O-2026-11-001" in again.output


def test_a_change_can_be_taken_back_with_a_reason(home, tmp_path):
    path = changes(tmp_path, "A,,D1,,2026-11,2026-12,delta,5,other,N")
    call(path)
    assert "the reason is blank" in call("--withdraw", "O-2026-11-001").output
    done = call("--withdraw", "O-2026-11-001", "--reason", "entered too early")
    assert (done.exit_code, "is withdrawn" in done.output) == (0, True)
    assert call(path).exit_code == 0


def test_a_preview_shows_volume_stock_capacity_money_and_clashes_and_enters_nothing(home, tmp_path):
    call(changes(tmp_path, "A,,D1,,2026-11,2026-11,delta,1,other,North"))
    path = changes(tmp_path, "A,,D1,,2026-11,2026-12,delta,6,promotion,South")
    done = call(path, "--preview")
    assert done.exit_code == 0, done.output
    told = [" ".join(line.split()) for line in done.output.splitlines()]
    assert told[0] == "Preview of changes.csv on cycle 2026-11; nothing is entered."
    assert "row 2 +12 applied" in told
    assert "tea 2026-11 7 13 +6 +85.7%" in told
    assert "A D1 2026-11 2 0 -12" in told  # 2 - 6, then 0 - 12
    assert any("1 newly over, 1 newly in overtime" in line for line in told)
    assert "tea 170 290 +120 68 116 +48" in told
    assert told[-1] == (
        "O-2026-11-001 (North) and row 2 (South): item A location D1, 2026-11; "
        "apart +1 and +6, together +7 units"
    )
    with open_planbook(home, company="tiny") as book:
        assert len(book.read_overrides()) == 1


def test_a_published_cycle_takes_no_change(home, tmp_path):
    paths = to_paths(CYCLE, home)
    manifest = read_manifest(paths)
    assert manifest is not None
    manifest.state = "published"
    write_manifest(paths, manifest)
    path = changes(tmp_path, "A,,D1,,2026-11,2026-12,delta,5,other,N")
    try:
        for words in ((path,), (path, "--preview"), ("--withdraw", "O-1", "--reason", "x")):
            done = call(*words)
            assert done.exit_code == 5
            assert "is published" in done.output
    finally:
        manifest.state = "open"
        write_manifest(paths, manifest)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "Name a file of changes, or --withdraw NUMBER"),
        (("a.csv", "--cycle", "2020-01"), 5, "Cycle 2020-01 was never run"),
        (("a.csv", "--cycle", "../x"), 2, "is not a month"),
        (("a.csv",), 1, "a.csv is not there"),
        (("--withdraw", "O-9", "--reason", "x"), 1, "No override of tiny has the number O-9"),
    ],
)
def test_wrong_words_are_one_message(home, words, code, says):
    done = call(*words)
    assert (done.exit_code, says in done.output) == (code, True), done.output


def overrides(*rows: str) -> pd.DataFrame:
    header = "override owner item start_period end_period method amount status"
    raw = table(header, *rows).assign(reason_code="other")
    return check_table(raw, TABLES["override"])


def test_files_and_planbook_make_one_table_and_the_planbook_knows_better():
    files = overrides(
        "T1 N A 2026-12 2026-12 delta 5 active", "T2 N B 2026-12 2026-12 delta 5 active"
    )
    book = overrides(
        "T1 N A 2026-12 2026-12 delta 5 withdrawn", "O1 S A 2026-12 2026-12 delta 5 active"
    )
    got = join_overrides(files, book)
    assert got[["override", "status"]].to_numpy().tolist() == [
        ["O1", "active"],
        ["T1", "withdrawn"],
        ["T2", "active"],
    ]
    assert join_overrides(files, TABLES["override"].empty()).equals(files)
    assert join_overrides(TABLES["override"].empty(), book)["override"].tolist() == ["O1", "T1"]


def test_one_change_in_both_under_two_numbers_is_refused():
    files = overrides("T2 N B 2026-12 2026-12 delta 5 active")
    book = overrides("O1 N B 2026-12 2026-12 delta 5 active")
    with pytest.raises(InputError, match="T2 of the company's file is the same change as O1"):
        join_overrides(files, book)
