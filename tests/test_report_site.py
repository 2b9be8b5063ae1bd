from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from report_case import built_site

import sopkit
from sopkit.cycle import read_manifest, to_paths, write_manifest
from sopkit.errors import CycleError, SopkitError
from sopkit.messages import catalogue, split_name
from sopkit.report.offline import check_offline, find_remote
from sopkit.report.site import build_site, prepare_workbook, read_bundle
from sopkit.report.workbook import make_workbook, to_workbook
from sopkit.run.month import Tell
from sopkit.run.site import build_report, find_index

REVIEWS = ("03_supply_review", "05_executive_review")


@pytest.fixture
def reports():
    return built_site() / "reports"


def read(path):
    return path.read_text(encoding="utf-8")


def without_scripts(html):
    return re.sub(r"<(script|style).*?</\1>", "", html, flags=re.S)


@pytest.mark.slow
def test_one_run_of_a_notebook_gives_a_page_in_each_language(reports):
    names = {path.name for path in (reports / "2026-11").iterdir()}
    assert names == {f"{r}.{lang}.html" for r in REVIEWS for lang in ("en", "zh")} | {"plan.xlsx"}
    english = read(reports / "2026-11" / "05_executive_review.en.html")
    chinese = read(reports / "2026-11" / "05_executive_review.zh.html")
    assert '<html lang="en">' in english
    assert '<html lang="zh-CN">' in chinese
    assert "<title>Executive review 2026-11, Clearspring Drinks</title>" in english
    assert "<title>高管评审 2026-11, 清泉饮料</title>" in chinese
    assert "We propose 9.24\u00a0M\u00a0cases" in english
    assert "建议未来六个月计划 924\u00a0万箱" in chinese


@pytest.mark.slow
def test_a_page_shows_no_code_and_carries_one_bundle(reports):
    html = read(reports / "2026-11" / "05_executive_review.en.html")
    assert "open_page" not in html
    assert "import pandas" not in html
    assert html.count("window.vegaEmbed=") == 1
    assert html.count('class="spec"') == 2
    assert len(html.encode()) < 2_000_000
    assert "vegaEmbed" not in read(reports / "2026-11" / "03_supply_review.en.html")


@pytest.mark.slow
def test_data_is_text_on_the_page(reports):
    html = read(reports / "2026-11" / "03_supply_review.en.html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html


@pytest.mark.slow
def test_pages_lead_to_each_other_by_relative_links(reports):
    for page in [*reports.glob("*.html"), *(reports / "2026-11").glob("*.html")]:
        links = re.findall(r'href="([^"]+)"', without_scripts(read(page)))
        assert links
        for link in links:
            assert (page.parent / link).is_file(), f"{page.name}: {link}"


@pytest.mark.slow
def test_the_footer_says_how_to_repeat_the_page(reports):
    html = read(reports / "2026-11" / "05_executive_review.en.html")
    text = re.sub(r"<[^>]+>", "", without_scripts(html))
    assert re.search(rf"Cycle 2026-11\s*sopkit {re.escape(sopkit.__version__)}", text)
    assert re.search(r"Fingerprint of inputs [0-9a-f]{12}", text)
    assert "Run 2026-11-05 08:30" in text
    assert "service_level" in text


@pytest.mark.slow
def test_no_page_holds_a_remote_reference(reports):
    for page in reports.rglob("*.html"):
        assert find_remote(read(page)) == []


@pytest.mark.slow
def test_the_list_of_months_speaks_both_languages(reports):
    english, chinese = read(reports / "index.en.html"), read(reports / "index.zh.html")
    assert read(reports / "index.html") == english
    assert "Nov 2026" in english
    assert "2026 年 11 月" in chinese
    assert "We propose 9.24 M cases" in english
    assert "建议未来六个月计划 924 万箱" in chinese
    assert '<span class="off">Demand</span>' in english


@pytest.mark.slow
def test_building_again_changes_no_byte_and_takes_stale_pages_away(reports):
    before = {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()}
    (reports / "2026-11" / "02_demand_review.en.html").write_text("old")
    build_site(reports.parent, "2026-11")
    assert {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()} == before


@pytest.mark.slow
def test_the_state_of_the_cycle_is_shown(reports):
    folder = reports.parent
    manifest = read_manifest(to_paths("2026-11", folder))
    page = reports / "2026-11" / "03_supply_review.en.html"
    assert '<span class="state draft">draft</span>' in read(page)
    manifest.state = "published"
    write_manifest(to_paths("2026-11", folder), manifest)
    try:
        build_site(folder, "2026-11")
        assert '<span class="state published">published</span>' in read(page)
        assert "figures may change" not in read(page)
    finally:
        manifest.state = "draft"
        write_manifest(to_paths("2026-11", folder), manifest)
        build_site(folder, "2026-11")


@pytest.mark.slow
def test_the_bundle_is_made_once_and_kept(reports):
    kept = list((reports / ".cache").glob("*.js"))
    assert len(kept) == 1
    assert read_bundle(reports) == read(kept[0])


@pytest.mark.slow
def test_the_workbook_holds_the_plan(reports):
    book = openpyxl.load_workbook(reports / "2026-11" / "plan.xlsx")
    assert book.sheetnames == [
        "Plan",
        "Supply plan",
        "Make, buy, move",
        "Orders to release",
        "Released orders",
        "Shortages",
        "Fixes",
        "Capacity",
        "About",
    ]
    sheet = book["Shortages"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("Item", "Name", "Location", "Name", "Month")
    codes = {row[0] for row in rows[1:]}
    assert codes == {"=1+1", "A-100", "A-200"}
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    short = rows[0].index("Short (cases)")
    assert sum(row[short] for row in rows[1:]) == 41000 + 12500 + 3200 + 100 + 10 + 1
    assert "capacity" in {row[rows[0].index("Cause")] for row in rows[1:]}
    assert book["Plan"]["A1"].value == "This month has no such table."
    about = dict(book["About"].iter_rows(values_only=True))
    assert about["Company"] == "Clearspring Drinks"
    assert about["Cycle"] == "2026-11"


def test_cells_that_begin_like_a_formula_are_text(tmp_path):
    frame = pd.DataFrame(
        {"action": ["=1+1", "+1", "-1", "@x", "http://a"], "rule": [True, None, "é", "", "x"]}
    )
    path = tmp_path / "book.xlsx"
    path.write_bytes(to_workbook({"plan": frame}, catalogue("zh"), {"公司": "=cmd"}))
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert book["计划"]["A2"].value == "=1+1"


@pytest.mark.slow
def test_a_workbook_made_beforehand_is_the_one_that_is_written(reports):
    make_workbook.cache_clear()
    written = (reports / "2026-11" / "plan.xlsx").read_bytes()
    prepare_workbook(reports.parent, "2026-11", "en")
    assert make_workbook.cache_info().misses == 1
    build_site(reports.parent, "2026-11")
    assert make_workbook.cache_info().hits == 1
    assert (reports / "2026-11" / "plan.xlsx").read_bytes() == written
    build_site(reports.parent, "2026-11", "zh")
    assert make_workbook.cache_info().misses == 2
    build_site(reports.parent, "2026-11")


class Heard(Tell):
    def __init__(self):
        self.said = []

    def begin(self, step, why):
        self.said.append("built")

    def skip(self, step):
        self.said.append("unchanged")


@pytest.mark.slow
def test_a_report_is_built_again_only_when_a_page_would_change(reports, tmp_path):
    folder = Path(shutil.copytree(reports.parent, tmp_path / "again"))
    find_index(folder).unlink()
    paths, heard = to_paths("2026-11", folder), Heard()

    def build(**options):
        build_report(paths, read_manifest(paths), tell=heard, **{"lang": "en"} | options)
        return heard.said[-1]

    assert build() == "built"  # there was none
    assert build() == "unchanged"  # also right after the first
    assert build(always=True) == "built"
    assert build(lang="zh") == "built"
    find_index(folder).unlink()
    assert build(lang="zh") == "built"
    assert find_index(folder).exists()
    assert build(lang="zh") == "unchanged"


def test_the_same_tables_give_the_same_workbook():
    frame = pd.DataFrame({"item": ["A"], "period": [pd.Timestamp("2026-11-01")], "plan_qty": [1.5]})
    first, second = (to_workbook({"plan": frame}, catalogue("en"), {}) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://example.org/a.png">',
        '<script src="//cdn.example.org/x.js"></script>',
        "<link rel=stylesheet href=http://example.org/a.css>",
        "<style>@import 'a.css';</style>",
        "<style>a{background:url(https://example.org/a.png)}</style>",
        '<p style="background:url(a.png)">x</p>',
        '<script type="module">import x from "https://example.org/x.js"</script>',
        '<meta http-equiv="Refresh" content="0;url=https://example.org">',
        '<a href="https://example.org">x</a>',
        '<iframe srcset="a.png, https://example.org/b.png 2x">',
        '<base href="x">',
        '<svg><image xlink:href="https://example.org/a.png"/></svg>',
    ],
)
def test_a_page_that_would_reach_out_is_refused(html):
    assert find_remote(html)
    with pytest.raises(SopkitError, match=r"page\.html is not written"):
        check_offline(html, "page.html")


@pytest.mark.parametrize(
    "html",
    [
        '<a href="../index.html">x</a><a href="#a">y</a><img src="data:image/png;base64,AA==">',
        "<p>see https://example.org</p>",
        '<script type="application/json">{"a": "import x from \\"https://example.org\\""}</script>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(#g)"/></svg>',
        "<script>// https://vega.github.io/schema is a name</script>",
    ],
)
def test_a_page_that_stands_alone_passes(html):
    assert find_remote(html) == []


def test_a_cycle_that_was_never_run_is_named(tmp_path):
    with pytest.raises(CycleError, match="2026-11 was never run"):
        build_site(tmp_path, "2026-11")


def test_a_folder_without_months_has_an_empty_list(tmp_path):
    index = build_site(tmp_path, lang="zh")
    assert "尚未运行任何月份" in read(index)


def test_a_companys_name_is_split_by_language():
    assert split_name("清泉饮料 / Clearspring Drinks") == {
        "en": "Clearspring Drinks",
        "zh": "清泉饮料",
    }
    assert split_name("Acme") == {"en": "Acme", "zh": "Acme"}


def test_a_text_in_one_language_is_never_cut():
    for text in ("Line 1 / line 2", "一线 / 二线", "气泡茶", ""):
        assert split_name(text) == {"en": text, "zh": text}
    both = split_name("茶 / 果汁 / Tea / juice")
    assert both == {"en": "Tea / juice", "zh": "茶 / 果汁"}


@pytest.mark.slow
def test_the_executed_notebook_stays_a_plain_notebook(reports):
    path = to_paths("2026-11", reports.parent).executed_dir / "05_executive_review.ipynb"
    notebook = json.loads(read(path))
    outputs = [o for cell in notebook["cells"] for o in cell["outputs"]]
    shown = [o["data"]["text/plain"] for o in outputs if o["output_type"] == "execute_result"]
    assert "".join(shown[0]).startswith("We propose 9.24 M cases")
    assert len(shown) == 9
