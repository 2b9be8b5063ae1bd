"""A cycle's copy of the company's files, and the fingerprint that tells of change."""

from __future__ import annotations

import pytest
from small_files import AS_OF, CYCLE, FILES, TABLES, mapping, write

from sopkit.errors import InputError
from sopkit.sources import (
    fingerprint_files,
    mapping_template,
    raise_if_unfit,
    read_mapping,
    read_tables,
    snapshot_files,
    write_excel_templates,
)


@pytest.fixture
def company(tmp_path):
    """The planning folder with raw files below `raw`, and their mapping."""
    write(tmp_path / "raw", {**FILES, "nobody_maps.csv": "x\n"})
    made = mapping(tmp_path)
    return tmp_path, made.model_copy(update={"folder": "raw"})


def test_mapped_files_alone_are_copied(company):
    home, made = company
    copied = snapshot_files(made, home, to=home / "input")
    assert [name for name, _ in copied] == ["items.csv", "places.csv", "sales.csv"]
    assert sorted(p.name for p in (home / "input").iterdir()) == [name for name, _ in copied]
    raise_if_unfit(read_tables(made, home / "input", CYCLE, AS_OF))


def test_only_what_changed_is_written_again(company):
    home, made = company
    snapshot_files(made, home, to=home / "input")
    times = {p.name: p.stat().st_mtime_ns for p in (home / "input").iterdir()}
    write(home / "raw", {"places.csv": "place\nP2\n"})
    snapshot_files(made, home, to=home / "input")
    changed = [p.name for p in (home / "input").iterdir() if p.stat().st_mtime_ns != times[p.name]]
    assert changed == ["places.csv"]
    assert (home / "input/places.csv").read_text() == "place\nP2\n"


def test_a_file_that_is_gone_leaves_the_copy_too(company):
    home, made = company
    snapshot_files(made, home, to=home / "input")
    (home / "raw/sales.csv").unlink()
    snapshot_files(made, home, to=home / "input")
    loaded = read_tables(made, home / "input", CYCLE, AS_OF)
    assert loaded.errors[0].startswith("sales_history: sales.csv: no such file in raw")


def test_a_copy_outlives_the_folder_it_was_made_from(company):
    home, made = company
    first = snapshot_files(made, home, to=home / "input")
    (home / "raw").rename(home / "moved")
    assert snapshot_files(made, home, to=home / "input") == first
    with pytest.raises(InputError, match="The folder raw of the company's files is not there"):
        snapshot_files(made, home, to=home / "other")


def test_the_fingerprint_follows_content_and_mapping_of_the_tables_asked_for(company):
    home, made = company
    every, items = fingerprint_files(made, home), fingerprint_files(made, home, ["item"])
    assert every == fingerprint_files(made, home)
    write(home / "raw", {"sales.csv": FILES["sales.csv"] + "\n"})
    assert fingerprint_files(made, home) != every
    assert fingerprint_files(made, home, ["item"]) == items
    other = mapping(home, item=TABLES["item"].replace("family: family", "category: family"))
    other = other.model_copy(update={"folder": "raw"})
    assert fingerprint_files(other, home, ["item"]) != items


def test_joined_files_belong_to_the_copy(company):
    home, _ = company
    write(home / "raw", {"more.csv": "item,group\n001,A\n002,B\n"})
    item = "{file: items.csv, join: {file: more.csv, on: item, columns: [group]}, columns: {item: item, family: group}}"
    made = mapping(home, item=item).model_copy(update={"folder": "raw"})
    names = [name for name, _ in snapshot_files(made, home, to=home / "input", tables=["item"])]
    assert names == ["items.csv", "more.csv"]


def test_the_template_mapping_reads_the_excel_templates(tmp_path):
    import openpyxl

    files = write_excel_templates(tmp_path / "data/raw")
    assert [path.name for path in files] == ["demand.xlsx", "master.xlsx", "supply.xlsx"]
    assert write_excel_templates(tmp_path / "data/raw") == []
    rows = {
        "master.xlsx": {"item": {"item": "001"}, "location": {"location": "P1"}},
        "demand.xlsx": {
            "sales_history": {"item": "001", "location": "P1", "period": "2026-10", "actual_qty": 5}
        },
    }
    for name, sheets in rows.items():
        book = openpyxl.load_workbook(tmp_path / "data/raw" / name)
        for title, cells in sheets.items():
            page = book[title]
            heads = [cell.value for cell in page[1]]
            page.append([cells.get(head) for head in heads])
        book.save(tmp_path / "data/raw" / name)
    path = tmp_path / "acme.yaml"
    path.write_text(mapping_template("acme"), encoding="utf-8")
    loaded = read_tables(read_mapping(path), tmp_path / "data/raw", CYCLE, AS_OF)
    assert loaded.refused.empty, loaded.refused.to_dict("records")
    raise_if_unfit(loaded)
    assert loaded.tables["sales_history"]["actual_qty"].tolist() == [5.0]


def test_every_table_of_the_template_can_be_switched_on(tmp_path):
    from sopkit.tables import INPUT_TABLES

    text = mapping_template("acme")
    start, end = text.index("tables:\n"), text.index("# Forms that exports often take")
    on = "\n".join(line.removeprefix("#") for line in text[start:end].splitlines())
    path = tmp_path / "acme.yaml"
    path.write_text(text[:start] + on, encoding="utf-8")
    assert set(read_mapping(path).tables) == set(INPUT_TABLES)
