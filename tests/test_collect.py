"""Sheets for senders: who is asked, what is prefilled, what is told, and what is read back."""

from __future__ import annotations

import hashlib
import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from benchmarks.round_trips import run, store_results
from builders import table

from sopkit.collect.answer import tell_outcome, tell_weights
from sopkit.collect.answer_sheet import Answer
from sopkit.collect.layout import INPUT, Sheet, list_columns
from sopkit.collect.numbers import read_cell
from sopkit.collect.prefill import own_cells, prefill_rows, score_by
from sopkit.collect.read_back import Expected, list_files, read_files
from sopkit.collect.record import Record, add_received, add_sent, number_sheet, tell_status
from sopkit.collect.round import default_due, name_workbooks
from sopkit.collect.who import ROW, find_owner, list_past_rows, list_rows
from sopkit.collect.write import to_workbook
from sopkit.messages import LANGUAGES, catalogue

TEST_SEED = 90_210  # the benchmark uses another
LEVEL = "item family location customer"
ITEM = table("item family", "A WATER", "B TEA")
CUSTOMER = table("customer channel", "K1 KA", "D1 DT")
RESPONSIBILITY = table(
    "family location channel sales_owner",
    "all all all Chief",
    "WATER all all Li",
    "all S KA Wang",
)
SEGMENT = table("item location pattern", "A S smooth", "B S smooth", "B N ended")
DEMAND = table(
    "item location customer period demand_qty baseline_qty",
    "A S K1 2026-11 70 60",
    "A S D1 2026-11 40 40",
    "A S K1 2026-12 80 80",
    "A S D1 2026-12 50 50",
    "B S K1 2026-11 10 10",
    "B S D1 2026-11 20 20",
    "B N D1 2026-11  0  0",
)
HISTORY = table(
    "item location customer period actual_qty",
    "A S K1 2025-11 55",
    "A S D1 2025-11 45",
    "A S K1 2026-10 100",
    "A S D1 2026-10  20",
    "B S K1 2026-10  30",
)
STREAMS = table(
    f"cycle stream owner {LEVEL} period forecast_qty",
    "2026-10 sales Old A all S all 2026-10 130",
    "2026-10 sales Old A all S all 2026-11 120",
    "2026-10 finance Zhao all WATER all all 2026-10 90",
    "2026-10 finance Zhao all BEER all all 2026-10 90",
)


def asked(**changed):
    given = {"cycle": "2026-11", "months": 2} | changed
    return list_rows(DEMAND, SEGMENT, ITEM, CUSTOMER, RESPONSIBILITY, STREAMS, **given)


def sales_sheet(version: int = 1, months: tuple[str, ...] = ("2026-11", "2026-12")) -> Sheet:
    rows = table(f"{LEVEL} wape_rate bias_rate", "A all S all 0.25 0.05", "B all S all - -")
    cells = rows[LEVEL.split()].merge(
        pd.DataFrame({"period": pd.to_datetime(list(months))}), how="cross"
    )
    grey = {"baseline_qty": 100.0, "last_year_qty": 90.0, "agreed_qty": 95.0, "own_qty": None}
    return Sheet(
        *("demo", "2026-11", "sales", "Li", version, "2026-11-06", months),
        rows.astype({"wape_rate": float, "bias_rate": float}),
        cells.assign(**grey),
        "2026-10",
    )


def nothing_told() -> Answer:
    columns = ["actual_qty", "baseline_qty", "period", "own_qty", "nearer"]
    weight = {"stream": "sales", "verdict": "unscored", "weight_rate": None}
    rates = ["wape_rate", "reference_wape_rate", "bias_used_rate"]
    weight |= dict.fromkeys(["month_count", *rates])
    return Answer(pd.DataFrame(columns=columns), weight, pd.DataFrame(), 12)


def workbook(sheet: Sheet | None = None, lang: str = "zh") -> bytes:
    return to_workbook(sheet or sales_sheet(), nothing_told(), catalogue(lang), "清泉")


def expected(**changed) -> Expected:
    given = {"company": "demo", "cycle": "2026-11", "versions": {("sales", "Li"): 1}}
    return Expected(**(given | {"units": ("case", "cases", "箱")} | changed))


@pytest.fixture
def sent(tmp_path):
    """Return a function that types into a sheet as sent, saves it and reads it back."""

    def type_and_read(change=None, *, sheet=None, name="sheet.xlsx", results=None, **wanted):
        book = openpyxl.load_workbook(io.BytesIO(workbook(sheet)))
        if change is not None:
            change(book.worksheets[0])
        saved = io.BytesIO()
        book.save(saved)
        path = tmp_path / name
        path.write_bytes(store_results(saved.getvalue(), 0, results or {}))
        return read_files([path], expected(**wanted))

    return type_and_read


def put(**cells):
    """Return a change that types values by address."""

    def change(page):
        for address, value in cells.items():
            page[address] = value

    return change


def accepted(back) -> dict[str, float]:
    return {
        a.rpartition("!")[2]: q for a, q in back.accepted[["address", "forecast_qty"]].to_numpy()
    }


def refused(back) -> dict[str, str]:
    return {a.rpartition("!")[2]: rule for a, rule in back.refused[["address", "rule"]].to_numpy()}


# --- who is asked ---


def test_the_responsibility_that_names_most_wins():
    rows = table(
        "family location channel", "TEA N DT", "WATER N KA", "TEA S KA", "WATER S KA", "TEA S DT"
    )
    assert find_owner(rows, RESPONSIBILITY).tolist() == ["Chief", "Li", "Wang", "Wang", "Chief"]


def test_a_row_is_a_place_and_a_customer_only_where_owners_share_the_place():
    only_families = RESPONSIBILITY[RESPONSIBILITY["channel"] == "all"]
    told = list_rows(
        *(DEMAND, SEGMENT, ITEM, CUSTOMER, only_families, STREAMS), cycle="2026-11", months=2
    )
    sales = told.rows[told.rows["stream"] == "sales"]
    assert sales[["owner", "item", "location", "customer"]].to_numpy().tolist() == [
        ["Chief", "B", "S", "all"],
        ["Li", "A", "S", "all"],
    ]
    shared = asked().rows
    assert shared[shared["stream"] == "sales"][
        ["owner", "item", "customer"]
    ].to_numpy().tolist() == [
        ["Chief", "B", "D1"],
        ["Li", "A", "D1"],
        ["Wang", "A", "K1"],
        ["Wang", "B", "K1"],
    ]


def test_whoever_gave_another_stream_last_is_asked_for_the_same_cells_again():
    others = asked().rows.query("stream == 'finance'")
    assert others[ROW].to_numpy().tolist() == [["finance", "Zhao", "all", "WATER", "all", "all"]]
    leaves = table(f"{LEVEL}", "A WATER S K1")
    old = STREAMS.assign(cycle="2026-06")
    assert list_past_rows(old, leaves, "2026-11", {"sales"}).empty


def test_without_responsibilities_those_who_gave_sales_numbers_are_asked():
    nobody = RESPONSIBILITY.iloc[:0]
    told = list_rows(*(DEMAND, SEGMENT, ITEM, CUSTOMER, nobody, STREAMS), cycle="2026-11", months=2)
    assert told.rows["owner"].tolist() == ["Zhao", "Old"]
    assert told.unowned.empty


def test_leaves_nobody_answers_for_are_named_and_ended_ones_left_out():
    only_water = RESPONSIBILITY.query("sales_owner == 'Li'")
    told = list_rows(
        *(DEMAND, SEGMENT, ITEM, CUSTOMER, only_water, STREAMS), cycle="2026-11", months=2
    )
    assert told.unowned[["item", "location", "customer"]].to_numpy().tolist() == [
        ["B", "S", "D1"],
        ["B", "S", "K1"],
    ]
    assert "N" not in told.rows["location"].tolist()


# --- what is prefilled and told ---


def test_grey_numbers_are_sums_of_leaves_and_blank_where_nothing_is_known():
    rows = table(" ".join(ROW), "sales Li A all S all")
    agreed = table(
        "item location customer period demand_qty", "A S K1 2026-11 64", "A S D1 2026-11 41"
    )
    cells = prefill_rows(
        *(rows, pd.date_range("2026-11", periods=2, freq="MS")),
        demand=DEMAND.assign(event_qty=5.0, stream_qty=9.0),
        history=HISTORY,
        agreed=agreed,
        streams=STREAMS,
        item=ITEM,
        cycle="2026-11",
    )
    shown = cells[["baseline_qty", "last_year_qty", "agreed_qty", "own_qty"]]
    assert shown.iloc[0].tolist() == [110.0, 100.0, 105.0, 120.0]  # events in, people not
    assert shown.iloc[1].fillna(-1).tolist() == [140.0, -1, -1, -1]


def test_a_new_owner_sees_what_the_function_said_before_and_how_good_it_was():
    rows = table(" ".join(ROW), "sales Li A all S all")
    compared = table(
        f"stream owner lag cycle {LEVEL} period forecast_qty reference_qty actual_qty",
        "sales Old 0 2026-09 A all S all 2026-09 90 130 100",
        "sales Old 1 2026-09 A all S all 2026-10 120 130 100",
        "finance Zhao 0 2026-09 A all S all 2026-09 1 130 100",
    )
    own = own_cells(compared, rows, ITEM, CUSTOMER, RESPONSIBILITY.iloc[:0])
    score = score_by(own, ROW).iloc[0]
    assert score["owner"] == "Li"
    assert (score["wape_rate"], score["bias_rate"]) == pytest.approx((0.15, 0.05))
    assert score["reference_wape_rate"] == pytest.approx(0.3)
    assert score_by(own, ["stream", "lag"])["bias_rate"].tolist() == pytest.approx([-0.1, 0.2])


def test_each_last_number_is_followed_to_what_came():
    past = table(
        "item location customer period demand_qty baseline_qty stream_qty override_qty",
        "A S K1 2026-10 95 80 10 5",
        "A S D1 2026-10 20 20 0 0",
        "A S K1 2026-11 60 55 5 0",
    )
    rows = table(" ".join(ROW), "sales Li A all S all")
    told = tell_outcome(
        rows,
        streams=STREAMS,
        past_demand=past,
        compared=table(f"stream cycle {LEVEL} period reference_qty").assign(period=pd.NaT),
        history=HISTORY,
        item=ITEM,
        cycle="2026-11",
    )
    october = told.iloc[0]
    assert october[["own_qty", "baseline_qty", "stream_qty", "override_qty"]].tolist() == [
        *(130.0, 100.0, 10.0, 5.0)
    ]
    assert october[["agreed_qty", "actual_qty"]].tolist() == [115.0, 120.0]
    assert october[["own_error_qty", "baseline_error_qty"]].tolist() == [10.0, -20.0]
    assert october["nearer"] == "own"
    november = told.iloc[1]
    assert pd.isna(november["actual_qty"]) and november["nearer"] == ""


def test_the_weight_of_the_last_cycle_is_told_with_its_reason():
    rows = table(" ".join(ROW), "finance Zhao A all S all", "sales Li A all S all")
    value = table(
        "stream owner lag cell_count month_count wape_rate reference_wape_rate weight_rate"
        " bias_used_rate source",
        "sales Old 0 10 12 0.16 0.20 0.5 0.02 learned",
        "sales Old 1 30 12 0.20 0.24 0.5 0.06 learned",
        "finance Zhao 0 10 12 0.30 0.20 0 0 no_value",
    )
    told = tell_weights(rows, value)
    assert told["verdict"].tolist() == ["worse", "kept"]  # Li takes the record of the stream
    assert told["wape_rate"].tolist() == pytest.approx([0.30, 0.19])
    assert told["bias_used_rate"].tolist() == pytest.approx([0.0, 0.05])
    assert tell_weights(rows, value.iloc[:0])["verdict"].tolist() == ["unscored", "unscored"]
    better = value.assign(weight_rate=0.0, source=["no_value", "no_value", "refused"])
    assert tell_weights(rows, better)["verdict"].tolist() == ["refused", "nothing_new"]
    young = tell_weights(rows, value.assign(month_count=3.0, weight_rate=0.0))
    assert young["verdict"].tolist() == ["too_few", "too_few"]


# --- the workbook ---


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sheet_is_frozen_locked_and_checked_and_speaks_its_language(lang):
    book = openpyxl.load_workbook(io.BytesIO(workbook(lang=lang)))
    page, _, hidden = book.worksheets
    assert page.freeze_panes == "E8"
    assert page.protection.sheet and not page.protection.password
    assert not page["E8"].protection.locked and page["B8"].protection.locked
    assert [v.type for v in page.data_validations.dataValidation] == ["decimal", "textLength"]
    assert hidden.sheet_state == "hidden"
    assert page.column_dimensions["A"].hidden and page.row_dimensions[4].hidden
    assert page["E6"].value == "2026-11"
    assert page["J8"].value == 100
    assert ("请在 2026 年 11 月 6 日 前" in page["B2"].value) == (lang == "zh")
    assert ("by 6 Nov 2026" in page["B2"].value) == (lang == "en")


def test_the_same_sheet_gives_the_same_bytes():
    assert workbook() == workbook()


def test_file_names_hold_nothing_a_file_system_refuses():
    sheets = [sales_sheet()] * 2
    odd = [Sheet(**{**vars(sheet), "owner": "A/B: C"}) for sheet in sheets]
    names = [path.name for path in name_workbooks(odd, Path())]
    assert names == ["2026-11_sales_A B C.xlsx", "2026-11_sales_A B C_2.xlsx"]


# --- what a cell says ---


@pytest.mark.parametrize(
    ("written", "quantity"),
    [
        *[(5, 5.0), (0, 0.0), ("0", 0.0), (None, None), ("", None), ("　", None), (12.5, 12.5)],
        *[("１２３", 123.0), ("１，２００箱", 1200.0), ("1,234.5", 1234.5), ("1 234", 1234.0)],
        *[("1.2万", 12_000.0), ("3千箱", 3000.0), ("100 cases", 100.0), ("1234.5", 1234.5)],
    ],
)
def test_numbers_are_read_as_people_write_them(written, quantity):
    assert read_cell(written, "#,##0", "n", ("箱", "cases")).quantity == quantity
    assert read_cell(written, "#,##0", "n", ("箱", "cases")).rule == ""


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        *[("12%", "percent"), (-1, "negative"), ("(30)", "negative"), ("约100", "text")],
        *[("12,5", "text"), ("-", "dash"), ("3元", "money"), (True, "flag"), ("#N/A", "error")],
        *[(datetime(2026, 11, 1), "date"), ("2026-11", "date"), (1e13, "huge")],
        *[("12 托", "text"), ("nan", "text"), (float("nan"), "huge")],
    ],
)
def test_what_is_no_quantity_is_refused_by_name(written, rule):
    assert read_cell(written, "#,##0", "n", ("箱",)).rule == rule


def test_a_number_shown_as_a_percentage_is_refused():
    assert read_cell(0.12, "0.0%", "n", ()).rule == "percent"
    assert read_cell(12, '#,##0" % of"', "n", ()).quantity == 12


# --- what is read back ---


def test_blank_is_no_opinion_and_zero_is_zero(sent):
    back = sent(put(E8=0, F9="１５０箱"))
    assert accepted(back) == {"E8": 0.0, "F9": 150.0}
    assert back.accepted[["item", "location", "customer"]].to_numpy().tolist() == [
        ["A", "S", "all"],
        ["B", "S", "all"],
    ]
    assert back.accepted["period"].dt.month.tolist() == [11, 12]
    assert back.received[["asked", "accepted", "refused"]].to_numpy().tolist() == [[4, 2, 0]]


def test_a_refused_cell_is_named_by_sheet_and_address_with_what_stood_there(sent):
    back = sent(put(E8="about 5", F8=7))
    assert accepted(back) == {"F8": 7.0}
    assert back.refused[["file", "address", "value", "rule"]].to_numpy().tolist() == [
        ["sheet.xlsx", "填报!E8", "about 5", "text"]
    ]


def test_a_formula_counts_by_its_stored_result_and_is_refused_without_one(sent):
    back = sent(put(E8="=50*2", F8="=50*3"), results={"E8": 100})
    assert accepted(back) == {"E8": 100.0}
    assert refused(back) == {"F8": "no_value"}


def test_rows_are_known_by_key_wherever_they_stand(sent):
    def sort_rows(page):
        page["E8"], page["E9"] = 11, 22
        for column in range(1, page.max_column + 1):
            first, second = page.cell(8, column), page.cell(9, column)
            first.value, second.value = second.value, first.value
        page.insert_rows(8, 2)
        page.title = "It's ours"

    back = sent(sort_rows)
    assert back.accepted[["item", "forecast_qty"]].to_numpy().tolist() == [["A", 11.0], ["B", 22.0]]
    assert back.accepted["address"].tolist() == ["'It''s ours'!E11", "'It''s ours'!E10"]


def test_a_row_sorted_without_its_key_is_refused(sent):
    def swap_names(page):
        page["E8"], page["E9"] = 11, 22
        page["B8"], page["B9"] = "B", "A"

    assert refused(sent(swap_names)) == {"E8": "key_moved", "E9": "key_moved"}


def test_keys_months_and_grey_numbers_that_were_changed_are_seen(sent):
    assert refused(sent(put(A8="abc", E8=1))) == {"E8": "key_unknown"}
    assert refused(sent(put(A8=None, E8=1))) == {"E8": "key_missing"}
    assert refused(sent(put(E6="2027-01", E8=1, F8=2))) == {"E8": "heading_changed"}
    assert refused(sent(put(J8=555))) == {"J8": "grey_changed"}
    assert refused(sent(put(E7=400))) == {"E7": "total"}
    assert refused(sent(put(G8="a reason alone"))) == {"G8": "reason_alone"}
    assert accepted(sent(put(E6=datetime(2026, 11, 1), E8=1))) == {"E8": 1.0}


def test_merged_names_are_no_fault_and_merged_inputs_are_refused(sent):
    def merge(page):
        page["E8"], page["E9"], page["F9"] = 1, 2, 3
        page.merge_cells("D8:D9")
        page.merge_cells("E9:F9")

    back = sent(merge)
    assert accepted(back) == {"E8": 1.0}
    assert refused(back) == {"E9": "merged"}


def test_a_copied_row_counts_when_it_says_the_same_and_is_refused_when_not(sent):
    def copy_row(second):
        def change(page):
            page["E8"] = 10
            for column in range(1, page.max_column + 1):
                page.cell(12, column).value = page.cell(8, column).value
            page["E12"] = second

        return change

    assert accepted(sent(copy_row(10))) == {"E8": 10.0}
    back = sent(copy_row(11))
    assert back.accepted.empty
    assert refused(back) == {"E8": "conflict", "E12": "conflict"}
    assert back.refused["other"].tolist() == ["sheet.xlsx 填报!E12 = 11", "sheet.xlsx 填报!E8 = 10"]


def test_a_number_far_from_the_baseline_is_accepted_and_asked_about(sent):
    back = sent(put(E8=1000, F8=999))
    assert back.accepted["far"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"company": "other"}, "company"),
        ({"cycle": "2026-12"}, "cycle"),
        ({"versions": {("sales", "Wang"): 1}}, "sender"),
        ({"versions": {("sales", "Li"): 2}}, "older"),
    ],
)
def test_a_sheet_of_another_company_cycle_sender_or_version_is_refused_whole(sent, changed, rule):
    back = sent(put(E8=1), **changed)
    assert back.accepted.empty and back.received.empty
    assert back.refused["rule"].tolist() == [rule]
    assert back.refused["address"].tolist() == [""]


def test_a_sheet_newer_than_what_was_sent_is_refused(sent):
    assert sent(sheet=sales_sheet(version=2)).refused["rule"].tolist() == ["newer"]


def test_a_touched_hidden_sheet_is_refused_and_a_renamed_one_is_not(sent):
    def touch(page):
        page["E8"] = 1
        page.parent["_sopkit"]["B5"] = "marketing"

    def rename(page):
        page["E8"] = 1
        page.parent["_sopkit"].title = "x"

    def remove(page):
        del page.parent["_sopkit"]

    assert sent(touch).refused["rule"].tolist() == ["sealed"]
    assert accepted(sent(rename)) == {"E8": 1.0}
    assert sent(remove).refused["rule"].tolist() == ["not_ours"]


def test_files_that_are_no_sheets_are_named_with_their_fault(tmp_path):
    (tmp_path / "a.et").write_bytes(b"x")
    (tmp_path / "b.xlsx").write_bytes(b"no zip")
    (tmp_path / "~$b.xlsx").write_bytes(b"lock")
    (tmp_path / ".~b.xlsx").write_bytes(b"lock")
    (tmp_path / "notes.txt").write_text("x")
    other = openpyxl.Workbook()
    other.save(tmp_path / "c.xlsx")
    back = read_files(list_files([tmp_path]), expected())
    assert back.refused[["file", "rule"]].to_numpy().tolist() == [
        ["a.et", "not_xlsx"],
        ["b.xlsx", "unreadable"],
        ["c.xlsx", "not_ours"],
    ]


def test_a_workbook_as_it_was_sent_is_no_answer(tmp_path):
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(workbook())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    back = read_files([path], expected(untouched=frozenset({sha256})))
    assert all(len(part) == 0 for part in back)


def test_a_file_read_before_gives_way_to_a_new_one(sent, tmp_path):
    sent(put(E8=1, F8=2), name="first.xlsx")
    first = hashlib.sha256((tmp_path / "first.xlsx").read_bytes()).hexdigest()
    sent(put(E8=5), name="second.xlsx")
    files = [tmp_path / "first.xlsx", tmp_path / "second.xlsx"]
    assert refused(read_files(files, expected())) == {"E8": "conflict"}
    back = read_files(files, expected(known=frozenset({first})))
    assert accepted(back) == {"E8": 5.0, "F8": 2.0}
    assert back.accepted["earlier"].tolist() == [False, True]


def test_every_rule_has_words_and_advice_in_both_languages():
    for t in (catalogue(lang) for lang in LANGUAGES):
        rules = [key for key in t._source("collect.title") if key.startswith("collect.rule.")]
        assert len(rules) > 20
        assert all(t.has(key.replace(".rule.", ".advice.")) for key in rules)


# --- the record of a round ---


def test_a_sheet_gets_a_new_version_only_when_its_cells_change():
    record = add_sent(Record(), [(sales_sheet(), "a.xlsx", "aa")])
    assert number_sheet(sales_sheet(), record).version == 1
    longer = sales_sheet(months=("2026-11", "2026-12", "2027-01"))
    assert number_sheet(longer, record).version == 2
    again = add_sent(record, [(sales_sheet(), "a.xlsx", "bb")])
    assert again.untouched == {"aa", "bb"}


def test_senders_are_late_from_the_day_after():
    record = add_sent(Record(), [(sales_sheet(), "a.xlsx", "aa")])
    none = pd.Series(dtype=int)
    assert tell_status(record, none, date(2026, 11, 6))["state"].tolist() == ["waiting"]
    late = tell_status(record, none, date(2026, 11, 8))
    assert late[["state", "late_days"]].to_numpy().tolist() == [["late", 2]]
    assert (
        tell_status(record, none, date(2026, 11, 8), due=date(2026, 11, 9))["state"][0] == "waiting"
    )
    came = table("file sha256 stream owner asked accepted refused", "a ff sales Li 4 2 1")
    got = add_received(add_received(record, came, date(2026, 11, 5)), came, date(2026, 11, 7))
    assert len(got.received) == 1
    counts = pd.Series([2], index=pd.MultiIndex.from_tuples([("sales", "Li")]))
    told = tell_status(got, counts, date(2026, 11, 8)).iloc[0]
    assert told[["state", "cell_count", "asked_count", "refused_count"]].tolist() == [
        *("sent", 2, 4, 1)
    ]


def test_the_default_deadline_is_the_fifth_working_day():
    assert default_due("2026-11", "CN") == date(2026, 11, 6)
    assert default_due("2026-10", "CN") == date(2026, 10, 14)  # after Golden Week
    assert default_due("2026-10", "") == date(2026, 10, 7)


def test_the_columns_of_a_sheet_are_marked_by_month():
    marks = list_columns(sales_sheet())
    assert [mark for mark in marks if mark.startswith(INPUT)] == [
        "sopkit:in:2026-11",
        "sopkit:in:2026-12",
    ]


# --- nothing is lost ---


def test_nothing_is_lost_or_changed_in_random_round_trips():
    trips, _ = run(40, TEST_SEED)
    assert [fault for trip in trips for fault in trip.faults] == []
    assert sum(trip.typed for trip in trips) > 300
    assert sum(trip.accepted for trip in trips) > 100
