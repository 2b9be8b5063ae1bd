"""Decisions of earlier months, joined from file, planbook and sopkit's own tables."""

import pandas as pd
from builders import table

from sopkit.consensus.decisions import join_decisions, tell_titles
from sopkit.messages import catalogue
from sopkit.tables import TABLES, fit_columns

RECORD = [
    "number", "cycle", "status", "decision", "title", "kind", "subject", "option", "owner",
    "due_date", "expected_value", "diff",
]  # fmt: skip


def asked(*rows):
    return table("cycle decision option kind subject margin_value recommended owner due_date",
                 *rows).assign(recommended=lambda f: f["recommended"] == "True")  # fmt: skip


def records(*rows):
    return pd.DataFrame([dict(zip(RECORD, row, strict=True)) for row in rows], columns=RECORD)


ASKED = asked(
    "2026-10 2026-10-D1 A bottleneck L1 100 False production 2026-10-20",
    "2026-10 2026-10-D1 B bottleneck L1 300 True production 2026-10-20",
    "2026-10 2026-10-D2 A shortage X 50 True purchasing 2026-10-25",
)
FILE = fit_columns(
    table("decision cycle title owner status expected_value", "J1 2026-07 Pre-build me done 180"),
    TABLES["past_decision"],
)


def test_the_newest_word_on_a_decision_counts():
    book = records(
        ("D-1", "2026-10", "decided", "2026-10-D1", "Extra shift", "bottleneck", "L1", "A",
         "plant", pd.Timestamp("2026-10-21"), None, "- capacity: L1"),
    )  # fmt: skip
    rows = join_decisions(FILE, book, ASKED, "2026-11").set_index("decision")
    assert rows.index.tolist() == ["2026-10-D1", "2026-10-D2", "J1"]
    first = rows.loc["2026-10-D1"]
    assert (first["status"], first["option"], first["expected_value"]) == ("open", "A", 100)
    assert (first["title"], first["owner"], first["diff"]) == (
        "Extra shift",
        "plant",
        "- capacity: L1",
    )
    assert rows.loc["2026-10-D2", "status"] == "asked"
    assert rows.loc["J1", "status"] == "done"


def test_withdrawn_records_and_this_cycles_own_do_not_count():
    book = records(
        ("D-1", "2026-10", "withdrawn", "2026-10-D9", "t", "k", "s", "A", "o", None, 1.0, None),
        ("D-2", "2026-11", "decided", "2026-11-D1", "t", "k", "s", "A", "o", None, 1.0, None),
    )
    rows = join_decisions(FILE, book, ASKED.iloc[:0], "2026-11")
    assert rows["decision"].tolist() == ["J1"]


def test_with_nothing_kept_the_list_is_empty_and_fits_its_contract():
    none = TABLES["past_decision"].empty()
    rows = join_decisions(none, records(), asked().assign(cycle=""), "2026-11")
    assert rows.empty and list(rows.columns) == TABLES["past_decision"].column_names


def test_titles_of_decisions_that_a_run_asked_for_are_told_in_either_language():
    book = pd.DataFrame(
        [
            ("2026-09-D1", "sopkit", "shortage", "TEA"),
            ("2026-09-D2", "li", "other", "COLA"),
        ],
        columns=["decision", "author", "kind", "subject"],
    )
    past = pd.DataFrame(
        [("2026-09-D2", "shortage", "COLA"), ("2026-10-D1", "capacity", "L1")],
        columns=["decision", "kind", "subject"],
    )
    told = tell_titles(book, past)
    assert set(told) == {"2026-09-D1", "2026-10-D1"}
    key, values = told["2026-10-D1"]
    assert catalogue("zh")(key, **values) == "产能，L1"
    assert catalogue("en")(key, **values) == "capacity, L1"
    assert tell_titles(book.iloc[:0], past.iloc[:0]) == {}
