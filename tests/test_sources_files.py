"""Files in the encodings and forms that exports have."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from sopkit.errors import InputError
from sopkit.sources.files import name_headers, read_source


def lines(source) -> list[list[str]]:
    return source.cells.to_numpy().tolist()


def test_a_gb18030_file_is_read_with_its_chinese_headers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("物料编码,名称\n001,可乐㐀\n".encode("gb18030"))
    source = read_source(path, "a.csv", [1], "gb18030")
    assert list(source.cells.columns) == ["物料编码", "名称"]
    assert lines(source) == [["001", "可乐㐀"]]


def test_utf8_is_read_with_and_without_its_mark(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text("物料,量\n001,2\n", encoding=encoding)
        assert list(read_source(path, "a.csv", [1]).cells.columns) == ["物料", "量"]


def test_a_gb18030_file_read_as_utf8_says_which_encoding_fits(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("item\n001\n可乐\n".encode("gb18030"))
    with pytest.raises(InputError, match=r"row 3 cannot be read.*encoding: gb18030"):
        read_source(path, "a.csv", [1])


def test_a_utf8_file_declared_gb18030_is_not_read_as_nonsense(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("物料编码,名称\n001,可口可乐\n", encoding="utf-8")
    with pytest.raises(InputError, match="is in UTF-8, not in gb18030"):
        read_source(path, "a.csv", [1], "gb18030")


def test_an_unknown_encoding_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with pytest.raises(InputError, match="utf-9 is no encoding"):
        read_source(path, "a.csv", [1], "utf-9")


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('report of May\n\na,b\n1,"two\nlines"\n\n3,4\n')
    source = read_source(path, "a.csv", [3])
    assert lines(source) == [["1", "two\nlines"], ["3", "4"]]
    assert source.cells.index.tolist() == [4, 6]


def test_semicolons_and_tabs_are_found(tmp_path):
    for mark in ";\t|":
        path = tmp_path / "a.csv"
        path.write_text(f"a{mark}b\n1{mark}2,5\n")
        assert lines(read_source(path, "a.csv", [1])) == [["1", "2,5"]]


def test_a_row_with_more_cells_than_the_header_is_marked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n1,2,3\n4,5,\n6\n")
    source = read_source(path, "a.csv", [1])
    assert source.spilled.tolist() == [False, True, False, False]
    assert lines(source)[3] == ["6", ""]


def test_an_open_quotation_mark_is_one_clear_sentence(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"2\n3,4\n')
    with pytest.raises(InputError, match=r"a.csv is not a readable table"):
        read_source(path, "a.csv", [1])


@pytest.mark.parametrize(("name", "text"), [("a.csv", "is empty"), ("a.xlsx", "is empty")])
def test_an_empty_file_is_named(tmp_path, name, text):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=text):
        read_source(tmp_path / name, name, [1])


def test_a_file_of_another_kind_says_what_to_save_it_as(tmp_path):
    (tmp_path / "a.xls").write_bytes(b"x")
    with pytest.raises(InputError, match="save it as one of them"):
        read_source(tmp_path / "a.xls", "a.xls", [1])


def test_a_broken_excel_file_says_so(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"no zip")
    with pytest.raises(InputError, match="cannot be opened as an Excel file"):
        read_source(tmp_path / "a.xlsx", "a.xlsx", [1])


def sheet(tmp_path, rows, title="上海", merges=()):
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    for cells in merges:
        page.merge_cells(cells)
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def test_merged_header_rows_are_joined(tmp_path):
    rows = [
        ["月报", None, None, None, None],
        ["物料", "销量", None, "备注", None],
        [None, "箱", "元", None, None],
        ["001", 5, 10.5, "x", None],
    ]
    path = sheet(tmp_path, rows, merges=["A2:A3", "B2:C2", "D2:D3"])
    source = read_source(path, "a.xlsx", [2, 3])
    assert source.name == "a.xlsx[上海]"
    assert list(source.cells.columns) == ["物料", "销量/箱", "销量/元", "备注"]
    assert lines(source) == [["001", "5", "10.5", "x"]]
    assert source.cells.index.tolist() == [4]


def test_a_cell_right_of_a_downward_merged_header_belongs_to_no_group():
    assert name_headers([["物料", "", "销量", ""], ["", "规格", "箱", "元"]]) == [
        "物料",
        "规格",
        "销量/箱",
        "销量/元",
    ]


def test_excel_cells_become_the_text_one_sees(tmp_path):
    path = sheet(tmp_path, [["a", "b", "c", "d", "e"]])
    book = openpyxl.load_workbook(path)
    page = book.active
    page.append([dt.datetime(2026, 10, 5), 12.0, 0.1, True, 42])
    page["E2"].number_format = "00000"
    book.save(path)
    assert lines(read_source(path, "a.xlsx", [1])) == [["2026-10-05", "12", "0.1", "TRUE", "00042"]]


def test_a_date_in_a_header_is_its_month(tmp_path):
    path = sheet(
        tmp_path, [["item", dt.datetime(2026, 10, 1), dt.datetime(2026, 11, 1)], [1, 2, 3]]
    )
    source = read_source(path, "a.xlsx", [1])
    assert list(source.cells.columns) == ["item", "2026-10", "2026-11"]


def test_a_sheet_is_found_by_name_or_number(tmp_path):
    path = sheet(tmp_path, [["a"], [1]], title="一")
    assert read_source(path, "a.xlsx", [1], sheet="一").name == "a.xlsx[一]"
    assert read_source(path, "a.xlsx", [1], sheet=1).name == "a.xlsx[一]"
    with pytest.raises(InputError, match="has no sheet 二; it has 一"):
        read_source(path, "a.xlsx", [1], sheet="二")


def test_a_header_beyond_the_file_is_named(tmp_path):
    path = sheet(tmp_path, [["a"], [1]])
    with pytest.raises(InputError, match="has no header in row 5"):
        read_source(path, "a.xlsx", [5])


def test_a_name_that_stands_twice_is_numbered():
    assert name_headers([["qty", "item", "qty"]]) == ["qty#1", "item", "qty#2"]
