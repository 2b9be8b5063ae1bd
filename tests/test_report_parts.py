from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from builders import table

from sopkit.messages import catalogue
from sopkit.report import Amount, Band, Card, Figure, Say, Spark, open_page
from sopkit.report.parts import PART_TYPE
from sopkit.tables import TABLES

LABELS = table(
    "field code lang label", "item A zh 可乐", "item A en Cola", "resource L2 zh 罐装二线"
)
ITEMS = table("item item_name", "A Kele", "B Apple")
OWN = {
    "en": {"x.title": "{n:count} items short, {v:money}", "x.note": "in {u}", "x.b": "b {v:money}"},
    "zh": {
        "x.title": "{n:count} 个品项短缺，{v:money}",
        "x.note": "单位 {u}",
        "x.b": "乙 {v:money}",
    },
}


class SmallCycle:
    name = "2026-11"
    company = "demo"

    def read_optional(self, name):
        return {"label": LABELS, "item": ITEMS}.get(name, TABLES[name].empty())


@pytest.fixture
def page():
    return open_page(SmallCycle(), "supply", lang="en", interactive=False, messages=OWN)


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr.*?</tr>", html, re.S)
    return [
        [re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)]
        for row in rows
    ]


def test_a_part_carries_both_languages_and_shows_the_one_asked_for(page):
    part = page.answer("x.title", sub="x.note", n=3, v=4.9e6, u="k")
    bundle = part._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", PART_TYPE}
    assert bundle["text/plain"] == "3 items short, ¥ 4.9 M"
    assert "<h1>3 items short, ¥\u00a04.9\u00a0M</h1>" in bundle[PART_TYPE]["en"]
    assert "<h1>3\u00a0个品项短缺，490\u00a0万元</h1>" in bundle[PART_TYPE]["zh"]
    assert bundle[PART_TYPE]["en"] in bundle["text/html"]
    assert bundle[PART_TYPE]["kind"] == "answer"


def test_a_table_is_written_by_suffix_label_and_word(page):
    frame = table(
        "item period short_qty short_value cause late_rate bias_qty due_date",
        "A 2026-11 41000 3800000.4 resource .123 -20 2026-12-20",
        "B 2026-12 2 - lane 1 5 -",
    )
    part = page.table(frame)
    assert cells(part.html["en"]) == [
        [
            "Item",
            "Month",
            "Short cases",
            "Short ¥",
            "Cause",
            "Cost of late",
            "Bias cases",
            "Last day",
        ],
        [
            "Cola A",
            "2026-11",
            "41,000",
            "3,800,000",
            "capacity",
            "12.3\u00a0%",
            "−20",
            "2026-12-20",
        ],
        ["Apple B", "2026-12", "2", "n/a", "lane", "100.0\u00a0%", "+5", ""],
    ]
    assert cells(part.html["zh"])[1][0] == "可乐 A"
    assert cells(part.html["zh"])[2] == [
        "Apple B",
        "2026-12",
        "2",
        "暂无",
        "运输线路",
        "100.0%",
        "+5",
        "",
    ]
    assert part.text["en"].startswith("2 x 8: Item, Month")


def test_a_long_table_says_how_many_rows_there_are(page):
    frame = pd.DataFrame({"item": ["A"] * 30})
    assert "2 of 30 rows." in page.table(frame, limit=2).html["en"]
    assert "显示 2 行，共 30 行。" in page.table(frame, limit=2).html["zh"]
    assert "rows." not in page.table(frame, limit=30).html["en"]


def test_an_empty_table_says_so(page):
    assert "Nothing to show." in page.table(pd.DataFrame({"item": []})).html["en"]


def test_judged_cells_and_the_marked_row_carry_their_class(page):
    frame = pd.DataFrame({"item": ["A", "B"], "short_qty": [1.0, 2.0]})
    html = page.table(
        frame, tones={"short_qty": pd.Series(["bad", None])}, pick=pd.Series([False, True])
    ).html["en"]
    assert '<td class="n bad">1</td>' in html
    assert '<tr class="pick"><td>Apple' in html


def test_formats_and_headings_can_be_given(page):
    frame = pd.DataFrame({"item": ["A"], "gap_value": [2.5e6]})
    html = page.table(
        frame, formats={"gap_value": "signed_money"}, headings={"gap_value": "col.margin_value"}
    ).html["zh"]
    assert cells(html) == [["品项", "毛利"], ["可乐 A", "+250\u00a0万元"]]


def test_whatever_data_holds_is_shown_as_text(page):
    evil = "<script>alert(1)</script>"
    frame = pd.DataFrame({"item": [evil], "cause": [evil], "action": [evil]})
    parts = [
        page.table(frame),
        page.note("x.note", u=evil),
        page.answer("x.note", u=evil),
        page.section("x.note", u=evil),
        page.figures([Figure("x.note", evil, values={"u": evil}, note="x.note")]),
        page.cards([Card(("x.note", {"u": evil}), ("x.note", {"u": evil}), frame, who=evil)]),
        page.record({evil: evil}),
        page.table(pd.DataFrame({"ask": [Say("x.note", {"u": evil})]})),
    ]
    for part in parts:
        for lang in ("en", "zh"):
            assert "<script" not in part.html[lang]
            assert "&lt;script&gt;" in part.html[lang]


def test_cells_write_themselves_in_each_language(page):
    frame = pd.DataFrame(
        {
            "kpi": [Say("x.b", {"v": 1e6})],
            "kpi_number": [Amount(0.948, "rate")],
            "band": [Band(0.948, 0.95, 0.97, "warn", "rate")],
            "trend": [Spark([1.0, float("nan"), 3.0, 2.0])],
        }
    )
    part = page.table(frame)
    assert "b ¥\u00a01\u00a0M" in part.html["en"]
    assert "乙 100\u00a0万元" in part.html["zh"]
    assert 'aria-label="94.8 % against a target of 95 % to 97 %"' in part.html["en"]
    assert 'aria-label="94.8%，目标 95% 至 97%"' in part.html["zh"]
    assert "3 months, last 2" in part.html["en"]


def test_the_dot_of_a_band_stands_left_of_a_band_above_it():
    svg = str(Band(5.0, 6.0, 8.0).render(catalogue("en")))
    dot = float(re.search(r'cx="([\d.]+)"', svg).group(1))
    low = float(re.search(r'rect x="([\d.]+)"', svg).group(1))
    assert 4 < dot < low < 146


def test_a_band_with_one_end_is_open_at_the_other():
    svg = str(Band(5.0, 6.0, None).render(catalogue("en")))
    low, width = re.search(r'<rect x="([\d.]+)" y="5" width="([\d.]+)"', svg).groups()
    assert float(low) + float(width) == pytest.approx(146)
    assert "at least 6" in svg
    assert Band(float("nan"), 1, 2).render(catalogue("zh")) == "暂无"


def test_options_of_a_card_are_compact_and_the_proposal_is_marked(page):
    options = pd.DataFrame(
        {"action": ["a", "b"], "stock_value": [0, 3.1e6], "recommended": [False, True]}
    )
    card = Card(
        ("x.b", {"v": 1}), None, options, who="Supply", when=pd.Timestamp("2026-12-20"), tone="bad"
    )
    html = page.cards([card], numbered=True).html
    assert "<h3>1. b ¥\u00a01</h3>" in html["en"]
    assert 'class="card bad"' in html["en"]
    assert cells(html["zh"])[1:] == [["a", "0\u00a0元"], ["b", "310\u00a0万元"]]
    assert html["zh"].count('class="pick"') == 1
    assert "12\u00a0月 20\u00a0日前" in html["zh"]


def line_spec(t):
    rows = [{"period": "2026-11-01", "amount": 1.23456789, "name": "</script><b>"}]
    return {"data": {"values": rows}, "mark": "line", "encoding": {}, "height": 200}


def test_a_chart_carries_its_spec_as_data_that_cannot_end_the_script(page):
    page.section("x.b", v=1)
    part = page.chart(line_spec)
    text = re.search(r'class="spec">(.*?)</script>', part.html["en"], re.S).group(1)
    spec = json.loads(text)
    assert "<" not in text
    assert spec["data"]["values"][0] == {
        "period": "2026-11-01",
        "amount": 1.23457,
        "name": "</script><b>",
    }
    assert spec["width"] == "container"
    assert "$schema" not in spec
    assert 'aria-label="Chart: b ¥ 1"' in part.html["en"]
    assert json.loads(re.search(r'class="spec">(.*?)</script>', part.html["zh"], re.S).group(1))[
        "config"
    ]["locale"]["number"]
    assert "spec" not in part._repr_mimebundle_()["text/html"]


def test_a_chart_that_reads_from_an_address_is_refused(page):
    with pytest.raises(ValueError, match="must carry its data"):
        page.chart(lambda t: {"data": {"url": "https://example.org/a.csv"}, "mark": "line"})


def test_by_hand_a_chart_is_a_still_that_needs_no_network():
    page = open_page(SmallCycle(), "supply", lang="zh", interactive=True, messages=OWN)
    page.section("x.b", v=1)
    html = page.chart(line_spec)._repr_mimebundle_()["text/html"]
    assert "<svg" in html
    assert "var(--" not in html
    assert "http" not in html.replace("http://www.w3.org/", "")


def test_parts_side_by_side_keep_their_order(page):
    part = page.beside(
        page.note("x.note", u="1"), [page.note("x.note", u="2"), page.note("x.note", u="3")]
    )
    assert re.findall(r"in (\d)", part.html["en"]) == ["1", "2", "3"]
    assert part.html["en"].count("<div>") == 2


def test_a_fold_holds_its_parts_behind_one_line(page):
    part = page.fold("x.note", page.note("x.note", u="k"), u="k")
    assert part.html["en"].startswith('<details class="fold"><summary>')
    assert part.html["en"].count("<p") == 1 and part.html["en"].endswith("</details>")


def test_the_record_names_cycle_version_and_parameters(page):
    html = page.record({"horizon_months": 18, "company": "演示", "on": [1, 2]}).html["zh"]
    assert "<b>2026-11</b>" in html
    assert cells(html) == [["horizon_months", "18"], ["company", "演示"], ["on", "[1, 2]"]]


def test_the_same_call_gives_the_same_bytes(page):
    frame = pd.DataFrame({"item": ["A"], "short_qty": [1.0]})
    assert page.table(frame)._repr_mimebundle_() == page.table(frame)._repr_mimebundle_()
