"""The mapping file: read as a planner means it, with all its problems at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_files import mapping

from sopkit.errors import ParameterError
from sopkit.sources import read_mapping, source_folder


def read(tmp_path: Path, text: str):
    path = tmp_path / "acme.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


HEAD = "company: Acme\nfolder: .\ntables:\n"


def test_every_problem_of_a_mapping_is_told_at_once(tmp_path):
    text = (
        "company: Acme\nfolders: .\ntables:\n"
        "  item:\n    - {file: a.csv, colums: {item: x}, columns: {}}\n"
        "  place: {file: b.csv, columns: {location: x}}\n"
        "  location: {file: b.csv, columns: {place: x}}\n"
        "  cost: {file: /etc/passwd, columns: {item: x, unit_cost_value: {colunm: y}}}\n"
    )
    with pytest.raises(ParameterError) as told:
        read(tmp_path, text)
    message = str(told.value)
    assert message.startswith("acme.yaml is not a mapping")
    for line in (
        "folder: is missing",
        "folders: there is no such word in a mapping",
        "tables.item.colums: there is no such word in a mapping",
        "tables.place: there is no such table",
        "tables.location: columns.place: location has no such column",
        "tables.location: columns.location is missing (location code)",
        "tables.cost.file: /etc/passwd must lie below the mapping's folder",
        "tables.cost.columns.unit_cost_value.colunm: there is no such word in a mapping",
    ):
        assert line in message


@pytest.mark.parametrize("file", ["../a.csv", "/a.csv", "x/../../a.csv", "C:\\a.csv"])
def test_a_file_outside_the_folder_is_not_read(tmp_path, file):
    with pytest.raises(ParameterError, match="must lie below"):
        mapping(tmp_path, location=f"{{file: '{file}', columns: {{location: x}}}}")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{expr: \"__import__('os').getcwd()\"}", "`@` and `__` are not allowed"),
        ("{expr: qty.sum()}", "only arithmetic"),
        ("{column: a, value: 1}", "needs exactly one of column, join, value, expr"),
        ("{scale: 3}", "needs exactly one of"),
        ("{column: a, else: drop}", "'refuse' or 'keep'"),
        ("{column: a, scale: many}", "valid number"),
        ("{from_file: '(a)(b)'}", "one bracketed group is needed"),
        ("{from_file: '('}", "is no pattern"),
    ],
)
def test_a_wrong_rule_of_a_column_is_named(tmp_path, rule, problem):
    with pytest.raises(ParameterError) as told:
        mapping(tmp_path, location=f"{{file: a.csv, columns: {{location: {rule}}}}}")
    assert problem in str(told.value)
    assert "tables.location" in str(told.value)


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("where: 'x = 1'", "cannot be read as an expression"),
        ("header: [4, 3]", "header names rows from 1 on"),
        ("months: {columns: '('}", "needs `columns` and `value`"),
        ("months: {columns: '(', value: qty}", "is no pattern"),
        ("group: total", "'sum', 'mean'"),
        ("weight: qty", "weight goes with `group: mean`"),
        ("join: {file: b.csv}", "join"),
    ],
)
def test_a_wrong_word_of_a_part_is_named(tmp_path, extra, problem):
    with pytest.raises(ParameterError) as told:
        mapping(tmp_path, location=f"{{file: a.csv, {extra}, columns: {{location: x}}}}")
    assert problem in str(told.value)


def test_yaml_does_not_turn_texts_into_other_things(tmp_path):
    text = (
        HEAD + "  item:\n    file: a.csv\n    join: [{file: b.csv, on: id, columns: [no]}]\n"
        "    columns:\n      item: 007\n"
        "      sellable: {column: no, codes: {yes: true, 01: no, 2026-10-01: 1, 1: false}}\n"
    )
    part = read(tmp_path, text).tables["item"][0]
    assert part.join[0].on == {"id": "id"}
    assert part.columns["item"].column == "007"
    codes = {"yes": "True", "01": "no", "2026-10-01": "1", "1": "False"}
    assert part.columns["sellable"].codes == codes


def test_a_word_that_stands_twice_is_an_error(tmp_path):
    with pytest.raises(ParameterError, match="item stands twice in the block at line 4"):
        read(tmp_path, HEAD + "  item: {}\n  cost: {}\n  item: {}\n")


def test_anchors_repeat_a_block(tmp_path):
    text = HEAD + (
        "  price:\n    file: a.csv\n    columns: {item: &i {column: code, prefix: A}, price_value: p}\n"
        "  cost:\n    file: a.csv\n    columns: {item: *i, unit_cost_value: c}\n"
    )
    tables = read(tmp_path, text).tables
    assert tables["cost"][0].columns["item"] == tables["price"][0].columns["item"]


def test_what_is_no_yaml_or_not_there_is_told(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read as YAML"):
        read(tmp_path, "company: [")
    with pytest.raises(ParameterError, match="holds no mapping"):
        read(tmp_path, "just text")
    with pytest.raises(ParameterError, match="There is no mapping"):
        read_mapping(tmp_path / "nobody.yaml")


def test_the_folder_may_name_a_variable(tmp_path, monkeypatch):
    made = mapping(tmp_path).model_copy(update={"folder": "${SOME_CASES}/bikes"})
    monkeypatch.setenv("SOME_CASES", "/cases")
    assert source_folder(made, tmp_path).as_posix() == "/cases/bikes"
    monkeypatch.delenv("SOME_CASES")
    with pytest.raises(ParameterError, match="SOME_CASES is not set"):
        source_folder(made, tmp_path)
